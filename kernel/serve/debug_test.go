package serve_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/priorlab/priorlab/kernel/msg"
	"github.com/priorlab/priorlab/kernel/serve"
	"github.com/priorlab/priorlab/kernel/serve/client"
	"github.com/priorlab/priorlab/kernel/serve/dap"
	"github.com/priorlab/priorlab/stdlib/lab"
)

// debuggable is the fake with a debugger that stops before lines of a cell.
type debuggable struct {
	*fake
	*dap.Adapter
	*target
}

func (d debuggable) Execute(ctx context.Context, x serve.Execution, out serve.Output) serve.Reply {
	for i, line := range strings.Split(x.Code, "\n") {
		if d.stops(x.Code, i+1) {
			d.stand(ctx, x, i+1)
		}
		y := x
		y.Code = line
		if r := d.fake.Execute(ctx, y, out); r.Failure != nil || r.Result != nil {
			return r
		}
	}
	return serve.Reply{}
}

func (d debuggable) Evaluate(ctx context.Context, expr string) (lab.Bundle, *serve.Failure) {
	return d.fake.Evaluate(ctx, expr)
}

// target is the part of dap.Target that the test needs.
type target struct {
	mu     sync.Mutex
	report func(dap.Event)
	lines  map[string][]int
	at     dap.Frame
	resume chan dap.Step
	step   bool
}

func (d *target) stops(code string, line int) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.report != nil && (d.step || slices.Contains(d.lines[dap.CellPath(code)], line))
}

func (d *target) stand(ctx context.Context, x serve.Execution, line int) {
	d.mu.Lock()
	d.at = dap.Frame{ID: 1, Name: x.Cell, Source: dap.Source{Name: x.Cell, Path: dap.CellPath(x.Code)}, Line: line, Column: 1}
	report := d.report
	d.mu.Unlock()
	report(dap.Event{Kind: dap.Stopped, Thread: 1, Reason: "breakpoint"})
	select {
	case how := <-d.resume:
		d.mu.Lock()
		d.step = how == dap.Next
		d.mu.Unlock()
	case <-ctx.Done():
		report(dap.Event{Kind: dap.Continued, Thread: 1})
	}
}

func (d *target) Attach(report func(dap.Event)) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.report = report
	return nil
}
func (d *target) Detach() error { return d.Attach(nil) }
func (d *target) SetBreakpoints(path, code string, wanted []dap.Breakpoint) []dap.Breakpoint {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines[path] = nil
	for i := range wanted {
		wanted[i].Verified = true
		d.lines[path] = append(d.lines[path], wanted[i].Line)
	}
	return wanted
}
func (d *target) StopOnPanic(bool)      {}
func (d *target) Threads() []dap.Thread { return []dap.Thread{{ID: 1, Name: "main"}} }
func (d *target) Stack(int) ([]dap.Frame, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return []dap.Frame{d.at}, nil
}
func (d *target) Scopes(int) ([]dap.Scope, error) {
	return []dap.Scope{{Name: "Locals", Reference: 10}}, nil
}
func (d *target) Cells() []dap.Cell { return nil }
func (d *target) SetVariable(context.Context, int, string, string) (dap.Variable, error) {
	return dap.Variable{}, nil
}
func (d *target) Variables(int, int, int) ([]dap.Variable, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return []dap.Variable{{Name: "line", Value: fmt.Sprint(d.at.Line), Type: "int"}}, nil
}
func (d *target) Resume(_ int, how dap.Step) error { d.resume <- how; return nil }
func (d *target) Pause(int) error                  { return nil }
func (d *target) Globals() ([]dap.Variable, error) {
	return []dap.Variable{{Name: "x", Value: "1"}}, nil
}
func (d *target) Rich(context.Context, int, string) (lab.Bundle, error) {
	return lab.Bundle{}, nil
}
func (d *target) CopyToGlobals(int, string, string) error { return nil }

// slow is an evaluation that lasts until the kernel ends.
type slowTarget struct{ *target }

func (slowTarget) Evaluate(ctx context.Context, _ int, _ string) (dap.Variable, error) {
	<-ctx.Done()
	return dap.Variable{}, ctx.Err()
}

func startDebuggable(t *testing.T) *rig {
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	return startWith(t, func(f *fake) serve.Backend {
		tg := &target{lines: map[string][]int{}, resume: make(chan dap.Step, 1)}
		return debuggable{fake: f, Adapter: dap.New(ctx, slowTarget{tg}), target: tg}
	})
}

// debugRequest sends a command and returns the body of its response.
func debugRequest(t *testing.T, c *client.Client, command string, args any) map[string]any {
	t.Helper()
	o := ask(t, c, "control", "debug_request", map[string]any{"seq": 1, "type": "request", "command": command, "arguments": args})
	if shape(o) != "busy idle" {
		// A stopped cell's busy and events may stand between.
		if s := shape(o); !strings.HasPrefix(s, "busy") || !strings.Contains(s, "idle") {
			t.Errorf("%s: %s", command, s)
		}
	}
	r := content[struct {
		Success bool
		Message string
		Body    map[string]any
	}](t, o.Reply)
	if !r.Success {
		t.Errorf("%s: %s", command, r.Message)
	}
	return r.Body
}

func TestDebuggerIsAdvertisedWhenThereIsOne(t *testing.T) {
	for want, r := range map[bool]*rig{true: startDebuggable(t), false: start(t)} {
		info := content[msg.KernelInfoReply](t, ask(t, r.client(), "control", "kernel_info_request", map[string]any{}).Reply)
		if info.Debugger != want {
			t.Errorf("debugger is %v, want %v", info.Debugger, want)
		}
	}
}

func TestBreakpointStepAndContinue(t *testing.T) {
	c := startDebuggable(t).client()
	events := make(chan string, 20)
	c.Watch(func(m client.Message) {
		if err := msg.Validate(m.Header.Type, m.Content); err != nil {
			t.Error(err)
		}
		if m.Header.Type == "debug_event" {
			var e struct{ Event string }
			_ = json.Unmarshal(m.Content, &e)
			events <- e.Event
		}
	})
	expect := func(event string) {
		t.Helper()
		select {
		case e := <-events:
			if e != event {
				t.Fatalf("event %s, want %s", e, event)
			}
		case <-time.After(3 * time.Second):
			t.Fatalf("no event %s", event)
		}
	}
	code := "print one\nprint two\nprint three\nresult done"
	debugRequest(t, c, "initialize", map[string]any{})
	debugRequest(t, c, "attach", map[string]any{})
	expect("initialized")
	path := debugRequest(t, c, "dumpCell", map[string]any{"code": code})["sourcePath"]
	debugRequest(t, c, "setBreakpoints", map[string]any{"source": map[string]any{"path": path}, "breakpoints": []any{map[string]any{"line": 2}}})
	debugRequest(t, c, "configurationDone", nil)

	p, err := c.Start("shell", c.NewHeader("execute_request"), client.Cell(code))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	line := func() string {
		return fmt.Sprint(debugRequest(t, c, "stackTrace", map[string]any{"threadId": 1})["stackFrames"].([]any)[0].(map[string]any)["line"])
	}
	expect("stopped")
	if at := line(); at != "2" {
		t.Errorf("stopped at line %s", at)
	}
	debugRequest(t, c, "next", map[string]any{"threadId": 1})
	expect("continued")
	expect("stopped")
	if at := line(); at != "3" {
		t.Errorf("stepped to line %s", at)
	}
	debugRequest(t, c, "continue", map[string]any{"threadId": 1})
	expect("continued")
	if o := finish(t, p); o.Result() != "done" || o.Texts("stdout") != "one\ntwo\nthree\n" {
		t.Errorf("%s %q", o.Reply.Content, o.Texts("stdout"))
	}
}

// JupyterLab asks for the variables at each message whose parent is a cell. The
// kernel's busy after the answer must not be one.
func TestDebugRequestsDoNotFeedThemselves(t *testing.T) {
	c := startDebuggable(t).client()
	cell := begin(t, c, "", "spin")
	var mu sync.Mutex
	var seen []string
	c.Watch(func(m client.Message) {
		if m.Header.Type == "status" {
			var s msg.Status
			_ = json.Unmarshal(m.Content, &s)
			mu.Lock()
			seen = append(seen, s.ExecutionState+" of "+m.Parent.Type)
			mu.Unlock()
		}
	})
	debugRequest(t, c, "inspectVariables", nil)
	debugRequest(t, c, "inspectVariables", nil)
	ask(t, c, "control", "interrupt_request", map[string]any{})
	finish(t, cell)
	mu.Lock()
	defer mu.Unlock()
	one := "busy of debug_request,idle of debug_request,busy of ,"
	if s := strings.Join(seen, ","); !strings.HasPrefix(s, one+one) {
		t.Errorf("%s", s)
	}
}

func TestInterruptPassesALastingEvaluation(t *testing.T) {
	c := startDebuggable(t).client()
	cell := begin(t, c, "", "spin")
	if _, err := c.Send("control", "debug_request", map[string]any{"seq": 1, "type": "request", "command": "evaluate", "arguments": map[string]any{"expression": "x"}}); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	ask(t, c, "control", "interrupt_request", map[string]any{})
	if d := time.Since(begun); d > 500*time.Millisecond {
		t.Errorf("the interrupt waited %v for the debugger", d)
	}
	finish(t, cell)
}

func TestWithoutDebuggerThereIsNoReply(t *testing.T) {
	c := start(t).client()
	p, err := c.Start("control", c.NewHeader("debug_request"), map[string]any{"command": "debugInfo"})
	if err != nil {
		t.Fatal(err)
	}
	if m, err := p.Next(within(t, 200*time.Millisecond)); err == nil {
		t.Errorf("%s", m.Header.Type)
	}
}
