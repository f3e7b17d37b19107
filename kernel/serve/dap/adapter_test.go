package dap

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/priorlab/priorlab/stdlib/lab"
)

// program is a Target with one thread, which stands still from the start.
type program struct {
	mu      sync.Mutex
	calls   []string
	report  func(Event)
	refuses error
	vars    []Variable
}

func (p *program) note(format string, args ...any) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls = append(p.calls, fmt.Sprintf(format, args...))
	return p.refuses
}

func (p *program) Attach(report func(Event)) error {
	p.report = report
	return p.note("attach")
}
func (p *program) Detach() error { return p.note("detach") }
func (p *program) SetBreakpoints(path, code string, wanted []Breakpoint) []Breakpoint {
	p.note("breakpoints of %q", code)
	lines := strings.Count(code, "\n") + 1
	var set []Breakpoint
	for i, b := range wanted {
		b.ID, b.Verified = i+1, b.Line <= lines
		if !b.Verified {
			b.Message = fmt.Sprintf("the cell has %d lines", lines)
		}
		set = append(set, b)
	}
	return set
}
func (p *program) StopOnPanic(on bool) { p.note("stop on panic %v", on) }
func (p *program) Threads() []Thread   { return []Thread{{ID: 1, Name: "cell"}} }
func (p *program) Stack(thread int) ([]Frame, error) {
	at := Source{Name: "In[1]", Path: "p"}
	return []Frame{{ID: 1, Name: "f", Source: at, Line: 2, Column: 1}, {ID: 2, Name: "cell", Source: at, Line: 5, Column: 1}}, p.note("stack %d", thread)
}
func (p *program) Scopes(frame int) ([]Scope, error) {
	return []Scope{{Name: "Locals", Reference: 10}, {Name: "Session", Reference: 11, Expensive: true}}, p.note("scopes %d", frame)
}
func (p *program) Variables(ref, start, count int) ([]Variable, error) {
	if ref == 13 {
		panic("a String method")
	}
	if p.vars != nil {
		return slices.Clone(p.vars), nil
	}
	return []Variable{{Name: "x", Value: "1", Type: "int"}, {Name: "y", Value: "[]", Reference: 12}, {Name: "z"}}, p.note("variables %d %d %d", ref, start, count)
}
func (p *program) SetVariable(_ context.Context, ref int, name, expr string) (Variable, error) {
	return Variable{Name: name, Value: "<" + expr + ">", Type: "int"}, p.note("set %d %s", ref, name)
}
func (p *program) Cells() []Cell {
	return []Cell{{Source: Source{Name: "In[7]", Path: "seven"}, Text: "7"}}
}
func (p *program) Evaluate(_ context.Context, frame int, expr string) (Variable, error) {
	return Variable{Value: "<" + expr + ">", Type: "string"}, p.note("evaluate %d", frame)
}
func (p *program) Resume(thread int, how Step) error { return p.note("resume %d %d", thread, how) }
func (p *program) Pause(thread int) error            { return p.note("pause %d", thread) }
func (p *program) Globals() ([]Variable, error) {
	return []Variable{{Name: "g", Value: "7"}}, p.note("globals")
}
func (p *program) Rich(_ context.Context, frame int, name string) (lab.Bundle, error) {
	return lab.Bundle{Data: map[string]any{"text/plain": name, "image/png": []byte{1, 2}, "text/html": []byte("<b>")}}, p.note("rich %d %s", frame, name)
}
func (p *program) CopyToGlobals(frame int, from, to string) error {
	return p.note("copy %d %s %s", frame, from, to)
}

// dialogue sends requests and keeps events.
type dialogue struct {
	t      *testing.T
	a      *Adapter
	p      *program
	seq    int
	events []message
}

func begin(t *testing.T) *dialogue {
	d := &dialogue{t: t, p: &program{}}
	d.a = New(t.Context(), d.p)
	d.a.DebugEvents(func(e json.RawMessage) {
		var m message
		if err := json.Unmarshal(e, &m); err != nil || m.Type != "event" {
			t.Errorf("event %s: %v", e, err)
		}
		d.events = append(d.events, m)
	})
	return d
}

func (d *dialogue) send(command string, args any) (body map[string]any, failure string) {
	d.t.Helper()
	d.seq++
	q, err := json.Marshal(map[string]any{"seq": d.seq, "type": "request", "command": command, "arguments": args})
	if err != nil {
		d.t.Fatal(err)
	}
	var r struct {
		message
		Body map[string]any `json:"body"`
	}
	if err := json.Unmarshal(d.a.Debug(q), &r); err != nil {
		d.t.Fatal(err)
	}
	if r.Type != "response" || r.Command == nil || *r.Command != command || r.RequestSeq == nil || *r.RequestSeq != d.seq || r.Seq == 0 || r.Success == nil || *r.Success == (r.Message != "") {
		d.t.Errorf("%s: response %+v", command, r)
	}
	return r.Body, r.Message
}

func (d *dialogue) ok(command string, args any) map[string]any {
	d.t.Helper()
	body, failure := d.send(command, args)
	if failure != "" {
		d.t.Errorf("%s: %s", command, failure)
	}
	return body
}

func (d *dialogue) fails(command string, args any, says string) {
	d.t.Helper()
	if _, failure := d.send(command, args); !strings.Contains(failure, says) || failure == "" {
		d.t.Errorf("%s: %q, expected %q", command, failure, says)
	}
}

func (d *dialogue) lastEvent() string {
	if len(d.events) == 0 {
		return ""
	}
	m := d.events[len(d.events)-1]
	b, _ := json.Marshal(m.Body)
	return m.Event + " " + string(b)
}

// The sequence of JupyterLab: connect, switch on, set a breakpoint, stop, look,
// step, go on, switch off.
func TestSession(t *testing.T) {
	d := begin(t)
	if info := d.ok("debugInfo", nil); info["isStarted"] != false || info["hashMethod"] != "Murmur2" || info["hashSeed"] != 3339675911.0 ||
		fmt.Sprint(info["breakpoints"], info["stoppedThreads"]) != "[] []" || info["copyToGlobals"] != true || info["richRendering"] != true {
		t.Errorf("%v", info)
	}
	if body := d.ok("initialize", map[string]any{"clientID": "jupyterlab", "linesStartAt1": true}); body["supportsConfigurationDoneRequest"] != true {
		t.Errorf("%v", body)
	}
	d.ok("attach", map[string]any{})
	if d.lastEvent() != "initialized null" {
		t.Errorf("%s", d.lastEvent())
	}
	code := "a := 1\nb := a\n"
	path := d.ok("dumpCell", map[string]any{"code": code})["sourcePath"]
	if path != CellPath(code) {
		t.Errorf("path %v", path)
	}
	at := map[string]any{"path": path}
	got := d.ok("setBreakpoints", map[string]any{"source": at, "breakpoints": []any{map[string]any{"line": 2}, map[string]any{"line": 9}}, "sourceModified": false})
	if s := strings.ReplaceAll(fmt.Sprint(got["breakpoints"]), path.(string), "PATH"); s != "[map[id:1 line:2 source:map[path:PATH] verified:true] map[id:2 line:9 message:the cell has 3 lines source:map[path:PATH] verified:false]]" {
		t.Errorf("%s", s)
	}
	d.ok("configurationDone", nil)
	if s := fmt.Sprint(d.ok("debugInfo", nil)["breakpoints"]); !strings.Contains(s, "source:"+path.(string)) || !strings.Contains(s, "line:2") {
		t.Errorf("%s", s)
	}
	if body := d.ok("source", map[string]any{"source": at}); body["content"] != code {
		t.Errorf("%v", body)
	}

	d.p.report(Event{Kind: ThreadStarted, Thread: 1})
	d.p.report(Event{Kind: Stopped, Thread: 1, Reason: "breakpoint"})
	if e := d.lastEvent(); e != `stopped {"allThreadsStopped":false,"reason":"breakpoint","threadId":1}` {
		t.Errorf("%s", e)
	}
	if s := fmt.Sprint(d.ok("debugInfo", nil)["stoppedThreads"]); s != "[1]" {
		t.Errorf("%s", s)
	}
	if s := fmt.Sprint(d.ok("threads", nil)["threads"]); s != "[map[id:1 name:cell]]" {
		t.Errorf("%s", s)
	}
	stack := d.ok("stackTrace", map[string]any{"threadId": 1, "startFrame": 1, "levels": 1})
	if s := fmt.Sprint(stack["stackFrames"]); stack["totalFrames"] != 2.0 || s != "[map[column:1 id:2 line:5 name:cell source:map[name:In[1] path:p]]]" {
		t.Errorf("%v", stack)
	}
	if s := fmt.Sprint(d.ok("scopes", map[string]any{"frameId": 1})["scopes"]); !strings.Contains(s, "name:Locals variablesReference:10") {
		t.Errorf("%s", s)
	}
	if s := fmt.Sprint(d.ok("variables", map[string]any{"variablesReference": 10, "start": 0, "count": 3})["variables"]); strings.Count(s, "name:") != 3 {
		t.Errorf("%s", s)
	}
	if body := d.ok("setVariable", map[string]any{"variablesReference": 10, "name": "x", "value": "2"}); body["value"] != "<2>" || body["type"] != "int" {
		t.Errorf("%v", body)
	}
	if body := d.ok("modules", nil); fmt.Sprint(body["modules"]) != "[map[id:In[7] isUserCode:true name:In[7] path:seven]]" {
		t.Errorf("%v", body)
	}
	if body := d.ok("source", map[string]any{"source": map[string]any{"path": "seven"}}); body["content"] != "7" {
		t.Errorf("%v", body)
	}
	if body := d.ok("evaluate", map[string]any{"expression": "a+b", "frameId": 1, "context": "hover"}); body["result"] != "<a+b>" {
		t.Errorf("%v", body)
	}
	d.ok("copyToGlobals", map[string]any{"srcVariableName": "a", "dstVariableName": "A", "srcFrameId": 1})
	d.ok("next", map[string]any{"threadId": 1})
	if e := d.lastEvent(); e != `continued {"allThreadsContinued":false,"threadId":1}` {
		t.Errorf("%s", e)
	}
	d.p.report(Event{Kind: Stopped, Thread: 1, Reason: "step"})
	d.ok("stepIn", map[string]any{"threadId": 1})
	d.p.report(Event{Kind: Stopped, Thread: 1, Reason: "exception", Text: "boom"})
	if e := d.lastEvent(); !strings.Contains(e, `"text":"boom"`) {
		t.Errorf("%s", e)
	}
	d.ok("continue", map[string]any{"threadId": 1})
	d.p.report(Event{Kind: ThreadExited, Thread: 1})
	d.ok("setExceptionBreakpoints", map[string]any{"filters": []string{"panic"}})
	d.ok("disconnect", map[string]any{"restart": false, "terminateDebuggee": false})
	if info := d.ok("debugInfo", nil); info["isStarted"] != false || fmt.Sprint(info["breakpoints"]) != "[]" {
		t.Errorf("%v", info)
	}
	calls := strings.Join(d.p.calls, ", ")
	want := `attach, breakpoints of "a := 1\nb := a\n", stack 1, scopes 1, variables 10 0 3, set 10 x, evaluate 1, copy 1 a A, resume 1 1, resume 1 2, resume 1 0, stop on panic true, detach`
	if calls != want {
		t.Errorf("calls\n%s, want\n%s", calls, want)
	}
}

// JupyterLab's tree of variables shows a type in place of the value.
func TestVariablesAsJupyterLabShowsThem(t *testing.T) {
	d := begin(t)
	d.p.vars = []Variable{{Name: "x", Value: "1.5", Type: "float64"}, {Name: "y", Value: "len 2 [1 2]", Type: "[]int", Reference: 12}, {Name: "z", Value: "true", Type: "bool"}}
	show := func() (s string) {
		for _, v := range d.ok("variables", map[string]any{"variablesReference": 1})["variables"].([]any) {
			v := v.(map[string]any)
			s += fmt.Sprint(v["type"], "|", v["value"], ";")
		}
		return s
	}
	if s := show(); s != "float64|1.5;[]int|len 2 [1 2];bool|true;" {
		t.Error(s)
	}
	d.ok("initialize", map[string]any{"clientID": "jupyterlab"})
	if s := show(); s != "<nil>|1.5;<nil>|[]int len 2 [1 2];bool|true;" {
		t.Error(s)
	}
}

func TestDisconnectLetsStoppedThreadsGoOn(t *testing.T) {
	d := begin(t)
	d.ok("attach", nil)
	d.p.report(Event{Kind: Stopped, Thread: 4, Reason: "pause"})
	d.ok("disconnect", nil)
	if e := d.lastEvent(); !strings.Contains(e, `continued`) || !strings.Contains(e, `"threadId":4`) {
		t.Errorf("%s", e)
	}
	d.ok("disconnect", nil) // a second time
	if n := strings.Count(strings.Join(d.p.calls, " "), "detach"); n != 1 {
		t.Errorf("detached %d times", n)
	}
}

// JupyterLab lets thread 1 go on, whichever has stopped.
func TestThreadOneIsWhicheverStopped(t *testing.T) {
	d := begin(t)
	d.ok("attach", nil)
	d.p.report(Event{Kind: Stopped, Thread: 7, Reason: "breakpoint"})
	d.ok("stackTrace", map[string]any{"threadId": 1})
	d.ok("next", map[string]any{"threadId": 1})
	if e := d.lastEvent(); !strings.Contains(e, `"threadId":7`) {
		t.Errorf("%s", e)
	}
	d.fails("next", map[string]any{"threadId": 1}, "thread 1 is not stopped")
	if s := strings.Join(d.p.calls, ", "); s != "attach, stack 7, resume 7 1" {
		t.Error(s)
	}
}

func TestVariablePanelWithoutSession(t *testing.T) {
	d := begin(t)
	if s := fmt.Sprint(d.ok("inspectVariables", nil)["variables"]); s != "[map[name:g value:7 variablesReference:0]]" {
		t.Errorf("%s", s)
	}
	body := d.ok("richInspectVariables", map[string]any{"variableName": "g"})
	if s := fmt.Sprint(body["data"]); s != "map[image/png:AQI= text/html:<b> text/plain:g]" || body["metadata"] == nil {
		t.Errorf("%v", body)
	}
}

func TestRefusals(t *testing.T) {
	d := begin(t)
	d.fails("setBreakpoints", map[string]any{}, "no debugging session")
	d.fails("setExceptionBreakpoints", map[string]any{}, "no debugging session")
	d.fails("pause", map[string]any{"threadId": 1}, "no debugging session")
	d.ok("attach", nil)
	d.fails("dance", nil, `"dance" is not supported`)
	d.fails("dumpCell", map[string]any{}, `"code" is missing`)
	d.fails("dumpCell", map[string]any{"code": 5}, "wrong arguments")
	d.fails("setBreakpoints", map[string]any{"source": map[string]any{"path": "nowhere"}}, "send dumpCell first")
	d.fails("source", map[string]any{"source": map[string]any{"path": "nowhere"}}, `no cell is known as "nowhere"`)
	d.fails("next", map[string]any{"threadId": 3}, "thread 3 is not stopped")
	d.fails("stackTrace", "x", "wrong arguments")
	d.fails("copyToGlobals", map[string]any{"srcVariableName": "a"}, "are needed")
	d.fails("variables", map[string]any{"variablesReference": 13}, "the debugger failed: a String method")
	d.p.refuses = errors.New("not now")
	for _, command := range []string{"stackTrace", "scopes", "variables", "evaluate", "inspectVariables", "richInspectVariables", "pause"} {
		d.fails(command, map[string]any{}, "not now")
	}
	for _, raw := range []string{"", "[]", "5", "{", `{"command":5}`} {
		var m message
		if err := json.Unmarshal(d.a.Debug(json.RawMessage(raw)), &m); err != nil || m.Message == "" {
			t.Errorf("%q: %+v, %v", raw, m, err)
		}
	}
}

func TestFailedAttachIsNoSession(t *testing.T) {
	d := begin(t)
	d.p.refuses = errors.New("cannot be debugged")
	d.fails("attach", nil, "cannot be debugged")
	if d.ok("debugInfo", nil)["isStarted"] != false {
		t.Error("the session counts as started")
	}
}

func TestMurmur2(t *testing.T) {
	for text, want := range map[string]uint32{
		"": 3990065800, "a": 2167009006, "ab": 2805137849, "abc": 3350977461, "abcd": 804720481, "x := 1\ny := \"é🙂\"\n": 3611111799,
	} {
		if got := murmur2([]byte(text), hashSeed); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

func TestMurmur2AsIPykernelHasIt(t *testing.T) {
	const python = "/usr/bin/python3"
	script := "import sys\nfrom ipykernel.compiler import murmur2_x86\nfor t in sys.argv[1:]: print(murmur2_x86(t, 0xc70f6907))"
	texts := []string{"", "a", "ab", "abc", "abcd", "x := 1\ny := \"é🙂\"\n", strings.Repeat("long ", 1000)}
	out, err := exec.Command(python, append([]string{"-c", script}, texts...)...).Output()
	if err != nil {
		t.Skipf("%s has no ipykernel (Debian: python3-ipykernel)", python)
	}
	for i, line := range strings.Fields(string(out)) {
		if got := fmt.Sprint(murmur2([]byte(texts[i]), hashSeed)); got != line {
			t.Errorf("%q: %s, ipykernel says %s", texts[i], got, line)
		}
	}
}
