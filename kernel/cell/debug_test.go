package cell_test

import (
	"context"

	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/priorlab/priorlab/kernel/cell"
	"github.com/priorlab/priorlab/kernel/debug"
)

// debugged is a session under a debugger; cells are known by their text.
type debugged struct {
	t      *testing.T
	s      *cell.Session
	d      *cell.Debugger
	out    *buffer
	events chan debug.Event
	done   chan cell.Outcome
	cancel context.CancelFunc
	n      int
	thread int
	last   cell.Outcome
}

func newDebugged(t *testing.T) *debugged {
	t.Helper()
	x := &debugged{t: t, out: &buffer{}, events: make(chan debug.Event, 1000), done: make(chan cell.Outcome, 1), thread: 1}
	s, err := cell.NewSession(cell.Options{Stdout: x.out, Stderr: x.out})
	if err != nil {
		t.Fatal(err)
	}
	x.s, x.d = s, s.Debugger(func(text string) string { return text })
	t.Cleanup(func() {
		if err := x.d.Detach(); err != nil {
			t.Error(err)
		}
		s.Close()
	})
	return x
}

func (x *debugged) attach() {
	x.t.Helper()
	if err := x.d.Attach(func(e debug.Event) { x.events <- e }); err != nil {
		x.t.Fatal(err)
	}
}

// start begins a cell.
func (x *debugged) start(src string) {
	x.n++
	name := fmt.Sprintf("In[%d]", x.n)
	var ctx context.Context
	ctx, x.cancel = context.WithTimeout(context.Background(), time.Minute)
	go func() { x.done <- x.s.Eval(ctx, cell.Cell{Name: name, Source: src}) }()
}

// run runs a cell that is not to stop.
func (x *debugged) run(src string) {
	x.t.Helper()
	x.start(src)
	if got := x.wait(); got != "done" {
		x.t.Fatalf("%q: %s", src, got)
	}
}

// wait is what happens next: a stop, or the end of the cell.
func (x *debugged) wait() string {
	x.t.Helper()
	for {
		select {
		case e := <-x.events:
			if e.Kind != debug.Stopped {
				continue
			}
			x.thread = e.Thread
			text := e.Reason
			if e.Text != "" {
				text += " " + e.Text
			}
			return text + " " + x.top()
		case x.last = <-x.done:
			if x.last.Err != nil {
				return "failed " + x.last.Err.Error()
			}
			return "done"
		case <-time.After(50 * time.Second):
			x.t.Fatal("nothing happens")
		}
	}
}

func (x *debugged) frames() []debug.Frame {
	x.t.Helper()
	fs, err := x.d.Stack(x.thread)
	if err != nil || len(fs) == 0 {
		x.t.Fatalf("stack of %d: %v %v", x.thread, fs, err)
	}
	return fs
}

// top is where the goroutine stands, such as "In[1]:3 f".
func (x *debugged) top() string {
	f := x.frames()[0]
	return fmt.Sprintf("%s:%d %s", f.Source.Name, f.Line, f.Name)
}

func (x *debugged) stack() string {
	var s []string
	for _, f := range x.frames() {
		s = append(s, fmt.Sprintf("%s:%d", f.Name, f.Line))
	}
	return strings.Join(s, " ")
}

// scope lists the variables of a scope of the innermost frame.
func (x *debugged) scope(name string) string {
	x.t.Helper()
	scopes, err := x.d.Scopes(x.frames()[0].ID)
	if err != nil {
		x.t.Fatal(err)
	}
	for _, s := range scopes {
		if strings.EqualFold(s.Name, name) {
			return x.list(s.Reference)
		}
	}
	return ""
}

func (x *debugged) list(ref int) string {
	x.t.Helper()
	vs, err := x.d.Variables(ref, 0, 0)
	if err != nil {
		x.t.Fatal(err)
	}
	var out []string
	for _, v := range vs {
		out = append(out, v.Name+"="+v.Value)
	}
	return strings.Join(out, " ")
}

func (x *debugged) eval(frame int, text string) string {
	f := x.frames()
	v, err := x.d.Evaluate(context.Background(), f[frame].ID, text)
	if err != nil {
		return "error: " + err.Error()
	}
	return v.Value
}

// do carries out one line of a script and returns what came of it.
func (x *debugged) do(line string) string {
	x.t.Helper()
	word, rest, _ := strings.Cut(line, " ")
	steps := map[string]debug.Step{"continue": debug.Continue, "next": debug.Next, "in": debug.StepIn, "out": debug.StepOut}
	if how, ok := steps[word]; ok {
		if err := x.d.Resume(x.thread, how); err != nil {
			return "error: " + err.Error()
		}
		return x.wait()
	}
	switch word {
	case "wait":
		return x.wait()
	case "stack":
		return x.stack()
	case "locals", "captured", "session":
		return x.scope(word)
	case "eval":
		return x.eval(0, rest)
	case "caller":
		return x.eval(1, rest)
	}
	x.t.Fatalf("what is %q?", line)
	return ""
}

// breakpoints sets the breakpoints of a text and returns where they lie.
func (x *debugged) breakpoints(src string, lines ...int) string {
	var want []debug.Breakpoint
	for _, l := range lines {
		want = append(want, debug.Breakpoint{Line: l})
	}
	return places(x.d.SetBreakpoints("", src, want))
}

func places(bs []debug.Breakpoint) string {
	var out []string
	for _, b := range bs {
		s := fmt.Sprint(b.Line)
		if !b.Verified {
			s = "no: " + b.Message
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

// TestStops is the table of cells, breakpoints and what is met on the way. A
// script's lines are commands and, after an arrow, what comes of them. The first
// breakpoint list is for the first cell, and so on; the last cell is the one
// that is run step by step.
func TestStops(t *testing.T) {
	for _, c := range []struct {
		name   string
		cells  []string
		breaks [][]int
		script string
	}{
		{"top level", []string{"a := 1\nb := a + 1\nc := a * b\nfmt.Sprint(c)"}, [][]int{{2}}, `
			wait -> breakpoint In[1]:2 In[1]
			locals -> a=1
			next -> step In[1]:3 In[1]
			locals -> a=1 b=2
			eval a + b -> 3
			next -> step In[1]:4 In[1]
			session -> a=1 b=2 c=2
			next -> done`},
		{"plain calls stop too", []string{"x := 4.0\ny := math.Sqrt(x)\nfmt.Println(y)\nz := strings.Repeat(\"a\", 2)"}, [][]int{{2, 3}}, `
			wait -> breakpoint In[1]:2 In[1]
			continue -> breakpoint In[1]:3 In[1]
			locals -> x=4 y=2
			continue -> done`},
		{"function of the cell", []string{"func f(n int) int {\n\tk := n * 2\n\treturn k + 1\n}\nr := f(20)\nr + 0"}, [][]int{{3}}, `
			wait -> breakpoint In[1]:3 f
			stack -> f:3 In[1]:5
			locals -> k=40 n=20
			out -> step In[1]:5 In[1]
			next -> step In[1]:6 In[1]
			locals -> r=41
			continue -> done`},
		{"function of an earlier cell", []string{"func g(s string) int {\n\tn := len(s)\n\treturn n\n}", "t := g(\"four\")\nt"}, [][]int{{2}, {1}}, `
			wait -> breakpoint In[2]:1 In[2]
			next -> breakpoint In[1]:2 g
			locals -> s="four"
			stack -> g:2 In[2]:1
			next -> step In[1]:3 g
			locals -> n=4 s="four"
			next -> step In[2]:1 In[2]
			next -> step In[2]:2 In[2]
			locals -> t=4
			next -> done`},
		{"step in", []string{"func h(a int) int { return a + 1 }\nfunc k(a int) int {\n\tb := h(a)\n\treturn b\n}\nv := k(1) + k(10)\nv"}, [][]int{{6}}, `
			wait -> breakpoint In[1]:6 In[1]
			in -> step In[1]:3 k
			in -> step In[1]:1 h
			out -> step In[1]:3 k
			out -> step In[1]:6 In[1]
			in -> step In[1]:3 k
			locals -> a=10
			continue -> done`},
		{"loop", []string{"s := 0\nfor i := 0; i < 3; i++ {\n\ts += i\n}\ns"}, [][]int{{2}}, `
			wait -> breakpoint In[1]:2 In[1]
			next -> step In[1]:3 In[1]
			locals -> i=0 s=0
			next -> step In[1]:2 In[1]
			next -> step In[1]:3 In[1]
			locals -> i=1 s=0
			next -> step In[1]:2 In[1]
			next -> step In[1]:3 In[1]
			next -> step In[1]:2 In[1]
			next -> step In[1]:5 In[1]
			next -> done`},
		{"range", []string{"for i, w := range []string{\"a\", \"b\"} {\n\tif w == \"b\" {\n\t\tbreak\n\t}\n\t_ = i\n}\nx := 1"}, [][]int{{2}}, `
			wait -> breakpoint In[1]:2 In[1]
			locals -> i=0 w="a"
			next -> step In[1]:5 In[1]
			next -> step In[1]:1 In[1]
			next -> breakpoint In[1]:2 In[1]
			locals -> i=1 w="b"
			next -> step In[1]:3 In[1]
			next -> step In[1]:7 In[1]
			next -> done`},
		{"literal", []string{"base := 10\nadd := func(d int) int {\n\tt := base + d\n\treturn t\n}\nadd(5)"}, [][]int{{4}}, `
			wait -> breakpoint In[1]:4 func
			locals -> d=5 t=15
			stack -> func:4 In[1]:6
			continue -> done`},
		{"captured", []string{"func counter() func() int {\n\tn := 0\n\tm := 7\n\t_ = m\n\treturn func() int {\n\t\tn++\n\t\treturn n\n\t}\n}\nc := counter()\nc()\nc()"}, [][]int{{7}}, `
			wait -> breakpoint In[1]:7 counter.func
			captured -> n=1
			eval m -> error: undefined: m
			continue -> breakpoint In[1]:7 counter.func
			captured -> n=2
			eval n*100 -> 200
			continue -> done`},
		{"shadowing", []string{"x := 1\nfunc() {\n\tx := \"in\"\n\tif true {\n\t\tx := 2.5\n\t\t_ = x\n\t}\n\t_ = x\n}()\nx"}, [][]int{{6, 8}}, `
			wait -> breakpoint In[1]:6 func
			locals -> x=2.5
			continue -> breakpoint In[1]:8 func
			locals -> x="in"
			eval x + "ner" -> "inner"
			continue -> done`},
		{"callback of compiled code", []string{"xs := []int{3, 1, 2}\nsort.Slice(xs, func(i, j int) bool {\n\treturn xs[i] < xs[j]\n})\nxs"}, [][]int{{3}, nil}, `
			wait -> breakpoint In[1]:3 func
			stack -> func:3 In[1]:2
			next -> breakpoint In[1]:3 func
			out -> breakpoint In[1]:3 func
			eval xs -> len 3 [1 2 3]
			continue -> done`},
		{"method", []string{"type P struct{ X, Y int }\nfunc (p *P) Move(d int) {\n\tp.X += d\n\tp.Y -= d\n}\nq := P{1, 2}\nq.Move(3)\nq"}, [][]int{{4}}, `
			wait -> breakpoint In[1]:4 (*P).Move
			locals -> d=3 p=&{X: 4 Y: 2}
			eval p.X*d -> 12
			caller q.Y -> 2
			continue -> done`},
		{"generic", []string{"func apply[T any](xs []T, f func(T) T) []T {\n\tfor i := range xs {\n\t\txs[i] = f(xs[i])\n\t}\n\treturn xs\n}\napply([]string{\"a\"}, strings.ToUpper)"}, [][]int{{3}}, `
			wait -> breakpoint In[1]:3 apply
			locals -> i=0 f=func(string) string xs=len 1 ["a"]
			eval append([]T(nil), xs...) -> len 1 ["a"]
			eval f(xs[0]) -> "A"
			continue -> done`},
		{"switch and defer", []string{"func f(k int) (r string) {\n\tdefer func() {\n\t\tr += \"!\"\n\t}()\n\tswitch {\n\tcase k > 1:\n\t\treturn \"big\"\n\tdefault:\n\t\treturn \"small\"\n\t}\n}\nf(2)"}, [][]int{{2}}, `
			wait -> breakpoint In[1]:2 f
			next -> step In[1]:5 f
			next -> step In[1]:7 f
			in -> step In[1]:3 f.func
			captured -> r="big"
			next -> step In[1]:7 f
			next -> step In[1]:12 In[1]
			next -> done`},
		{"loop over a function", []string{"func two(yield func(int) bool) {\n\tif !yield(1) {\n\t\treturn\n\t}\n\tyield(2)\n}\nsum := 0\nfor v := range two {\n\tsum += v\n}\nsum"}, [][]int{{9}}, `
			wait -> breakpoint In[1]:9 In[1]
			locals -> v=1 sum=0
			next -> step In[1]:8 In[1]
			next -> breakpoint In[1]:9 In[1]
			locals -> v=2 sum=1
			continue -> done`},
		{"command before a cell", []string{"%time\na := 1\nb := a\n"}, [][]int{{3}}, `
			wait -> breakpoint In[1]:3 In[1]
			locals -> a=1
			continue -> done`},
		{"program", []string{"package main\n\nimport \"fmt\"\n\nvar k = 2\n\nfunc main() {\n\tfmt.Println(k)\n}"}, [][]int{{8}}, `
			wait -> breakpoint In[1]:8 main
			stack -> main:8 In[1]:5
			continue -> done`},
		{"conditional loops and select", []string{"ch := make(chan int, 1)\nch <- 1\nselect {\ncase v := <-ch:\n\tfmt.Sprint(v)\ndefault:\n}\nn := 0\nfor n < 2 {\n\tn++\n}"}, [][]int{{5}}, `
			wait -> breakpoint In[1]:5 In[1]
			locals -> v=1 ch=len 0 cap 1
			next -> step In[1]:8 In[1]
			next -> step In[1]:9 In[1]
			next -> step In[1]:10 In[1]
			next -> step In[1]:9 In[1]
			next -> step In[1]:10 In[1]
			next -> step In[1]:9 In[1]
			next -> done`},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := newDebugged(t)
			x.attach()
			for i, b := range c.breaks {
				if i < len(c.cells) {
					x.breakpoints(c.cells[i], b...)
				}
			}
			for _, src := range c.cells[:len(c.cells)-1] {
				x.run(src)
			}
			x.start(c.cells[len(c.cells)-1])
			for line := range strings.SplitSeq(strings.TrimSpace(c.script), "\n") {
				command, want, _ := strings.Cut(strings.TrimSpace(line), " -> ")
				got := x.do(command)
				if want = strings.TrimSpace(want); got != want {
					t.Fatalf("%s -> %s, want %s\n%s", command, got, want, x.out)
				}
			}
		})
	}
}

// BenchmarkDebugger runs one loop as it is, under a debugger, and after the
// debugger has gone.
func BenchmarkDebugger(b *testing.B) {
	const src = "func add(a, b int) int { return a + b }\nfunc run(n int) {\n\ts, x := 0.0, 0\n\tfor i := 0; i < n; i++ {\n\t\ts += 1.5\n\t\tif i%3 == 0 {\n\t\t\tx = add(x, i)\n\t\t}\n\t}\n}"
	for _, when := range []string{"before", "attached", "after"} {
		b.Run(when, func(b *testing.B) {
			s, _ := newSession(b)
			d := s.Debugger(func(text string) string { return text })
			mustEval(b, s, src)
			if when != "before" {
				if err := d.Attach(func(debug.Event) {}); err != nil {
					b.Fatal(err)
				}
			}
			if when == "after" {
				if err := d.Detach(); err != nil {
					b.Fatal(err)
				}
			}
			b.ResetTimer()
			mustEval(b, s, fmt.Sprintf("run(%d)", b.N))
		})
	}
}
