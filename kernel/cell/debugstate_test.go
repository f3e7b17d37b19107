package cell_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/priorlab/priorlab/kernel/cell"
	"github.com/priorlab/priorlab/kernel/debug"
)

// expect runs command lines of a script and compares what comes of them.
func (x *debugged) expect(lines ...string) {
	x.t.Helper()
	for _, line := range lines {
		command, want, _ := strings.Cut(line, " -> ")
		if got := x.do(command); got != want {
			x.t.Fatalf("%s -> %s, want %s\n%s", command, got, want, x.out)
		}
	}
}

func TestConditionHitCountAndLogMessage(t *testing.T) {
	const src = "total := 0\nfor i := range 10 {\n\ttotal += i\n}\ntotal"
	for _, c := range []struct {
		name string
		b    debug.Breakpoint
		want []string
		out  string
	}{
		{"condition", debug.Breakpoint{Condition: "i%4 == 3"}, []string{"i=3", "i=7"}, ""},
		{"condition on the session", debug.Breakpoint{Condition: "total > 40"}, nil, ""},
		{"hits", debug.Breakpoint{HitCondition: "9"}, []string{"i=8", "i=9"}, ""},
		{"every fourth", debug.Breakpoint{HitCondition: "% 4"}, []string{"i=3", "i=7"}, ""},
		{"both", debug.Breakpoint{Condition: "i > 4", HitCondition: "== 2"}, []string{"i=6"}, ""},
		{"log", debug.Breakpoint{LogMessage: "i is {i}, twice {i * 2}", Condition: "i < 2"}, nil, "i is 0, twice 0\ni is 1, twice 2\n"},
		{"wrong condition", debug.Breakpoint{Condition: "j > 1", HitCondition: "== 1"}, []string{"i=0"}, "breakpoint at In[1]:3: the condition j > 1: undefined: j\n"},
		{"not a condition", debug.Breakpoint{Condition: "i + 1", HitCondition: "== 1"}, []string{"i=0"}, "breakpoint at In[1]:3: the condition i + 1 is not a boolean\n"},
		{"panicking condition", debug.Breakpoint{Condition: "1/(i-i) > 0", HitCondition: "== 1"}, []string{"i=0"}, "breakpoint at In[1]:3: the condition 1/(i-i) > 0: it panicked: runtime error: integer divide by zero\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := newDebugged(t)
			x.attach()
			c.b.Line = 3
			if got := places(x.d.SetBreakpoints("", src, []debug.Breakpoint{c.b})); got != "3" {
				t.Fatal(got)
			}
			x.start(src)
			for _, want := range c.want {
				if got := x.wait(); got != "breakpoint In[1]:3 In[1]" {
					t.Fatal(got, x.out)
				}
				if got := x.scope("locals"); !strings.HasPrefix(got, want+" ") {
					t.Errorf("%s, want %s", got, want)
				}
				if err := x.d.Resume(1, debug.Continue); err != nil {
					t.Fatal(err)
				}
			}
			if got := x.wait(); got != "done" || x.out.String() != c.out {
				t.Errorf("%s %q", got, x.out)
			}
		})
	}
}

func TestWhereBreakpointsComeToLie(t *testing.T) {
	const src = "// a comment\nx := max(1,\n\t2,\n)\n\nfunc f() int {\n\n\tif x > 0 {\n\t\treturn 1\n\t}\n\treturn func() int {\n\t\treturn 2\n\t}()\n}\n// end"
	x := newDebugged(t)
	for lines, want := range map[[2]int]string{
		{1, 2}: "2, 2", {3, 4}: "2, 2", {5, 6}: "8, 8", {7, 9}: "8, 9", {10, 11}: "11, 11", {12, 13}: "12, 11", {15, 99}: "no: no statement begins on line 15 or below, no: no statement begins on line 99 or below",
	} {
		if got := x.breakpoints(src, lines[0], lines[1]); got != want {
			t.Errorf("%v: %s, want %s", lines, got, want)
		}
	}
	if got := x.breakpoints("x := (", 1); !strings.HasPrefix(got, "no: the cell cannot be parsed: ") {
		t.Error(got)
	}
	for _, b := range []debug.Breakpoint{{Line: 2, Condition: "x >"}, {Line: 2, HitCondition: "often"}} {
		if bs := x.d.SetBreakpoints("", src, []debug.Breakpoint{b}); bs[0].Verified || bs[0].Message == "" {
			t.Errorf("%+v", bs)
		}
	}
}

// Code of cells that ran before the debugger came can stop too, also where it
// uses what a later cell has hidden.
func TestFunctionsOfEarlierCells(t *testing.T) {
	x := newDebugged(t)
	first := "k := 5\ntype T struct{}\nfunc f(a int) int {\n\treturn a + k\n}\ng := func(a int) int {\n\treturn f(a) * 2\n}\nfunc (T) M() int {\n\treturn k\n}\nfunc gen[E any](e E) E {\n\treturn e\n}\ngen(1)"
	x.run(first)
	x.run("k := \"another\"")
	x.attach()
	if got := x.breakpoints(first, 4, 7, 10, 13); got != "4, 7, 10, 13" {
		t.Fatal(got)
	}
	x.start("g(1) + T{}.M() + gen(2)")
	x.expect("wait -> breakpoint In[1]:7 func", "continue -> breakpoint In[1]:4 f", "locals -> a=1", "eval a * 3 -> 3",
		"stack -> f:4 func:7 In[3]:1", "continue -> breakpoint In[1]:10 T.M", "continue -> breakpoint In[1]:13 gen", "locals -> e=2", "continue -> done")
	if fmt.Sprint(x.last.Values) != "[19]" {
		t.Errorf("%v", x.last.Values)
	}
	if err := x.d.Detach(); err != nil {
		t.Fatal(err)
	}
	x.run("g(1) + T{}.M()")
	x.attach() // breakpoints are gone
	x.run("g(1)")
}

func TestBreakpointsWhileTheCellRuns(t *testing.T) {
	x := newDebugged(t)
	x.attach()
	src := "n := 0\nfmt.Println(\"begun\")\nfor n >= 0 {\n\tn++\n\ttime.Sleep(time.Millisecond)\n}\nn"
	x.start(src)
	x.printed("begun")
	x.breakpoints(src, 5)
	x.expect("wait -> breakpoint In[1]:5 In[1]")
	x.breakpoints(src)
	if got := x.eval(0, "n = -5"); got != "" {
		t.Error(got)
	}
	x.expect("next -> step In[1]:3 In[1]", "next -> step In[1]:7 In[1]", "next -> done")
	if fmt.Sprint(x.last.Values) != "[-5]" {
		t.Errorf("%v", x.last.Values)
	}
}

func TestPause(t *testing.T) {
	x := newDebugged(t)
	x.attach()
	if err := x.d.Pause(1); err == nil {
		t.Error("nothing runs")
	}
	x.start("stop := false\nfmt.Println(\"begun\")\nfor !stop {\n}\n7")
	x.printed("begun")
	if err := x.d.Pause(1); err != nil {
		t.Fatal(err)
	}
	x.expect("wait -> pause In[1]:3 In[1]", "eval stop = true -> ", "continue -> done")
}

// printed waits until the cell has printed text.
func (x *debugged) printed(text string) {
	x.t.Helper()
	for deadline := time.Now().Add(50 * time.Second); !strings.Contains(x.out.String(), text); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			x.t.Fatalf("%q was not printed", text)
		}
	}
}

func TestInterruptWhileStopped(t *testing.T) {
	x := newDebugged(t)
	x.attach()
	src := "defer fmt.Println(\"deferred\")\nx := 1\nfunc() {\n\tdefer func() {\n\t\tx = 2\n\t}()\n\tx++\n}()"
	x.breakpoints(src, 5, 7)
	x.start(src)
	x.expect("wait -> breakpoint In[1]:7 func")
	x.cancel()
	if got := x.wait(); got != "failed interrupted" {
		t.Fatal(got)
	}
	if !strings.Contains(x.out.String(), "deferred") {
		t.Errorf("%q", x.out)
	}
	x.run("if x != 2 { panic(x) }")
}

func TestDetachWhileStopped(t *testing.T) {
	x := newDebugged(t)
	x.attach()
	src := "a := 1\nfor i := range 3 {\n\ta += i\n}\na"
	x.breakpoints(src, 3)
	x.start(src)
	x.expect("wait -> breakpoint In[1]:3 In[1]")
	if err := x.d.Detach(); err != nil {
		t.Fatal(err)
	}
	if got := x.wait(); got != "done" || fmt.Sprint(x.last.Values) != "[4]" {
		t.Errorf("%s %v", got, x.last.Values)
	}
}

func TestStopOnPanic(t *testing.T) {
	x := newDebugged(t)
	x.d.StopOnPanic(true)
	x.attach()
	x.start("func f(xs []int, i int) int {\n\treturn xs[i]\n}\nfunc safe() (err any) {\n\tdefer func() { err = recover() }()\n\tf(nil, 3)\n\treturn nil\n}\nfmt.Println(safe())\nvar m map[string]int\nm[\"a\"] = 1")
	x.expect("wait -> exception runtime error: index out of range [3] with length 0 In[1]:2 f", "locals -> i=3 xs=nil", "stack -> f:2 safe:6 In[1]:9",
		"continue -> exception runtime error: assignment to entry in nil map In[1]:11 In[1]", "continue -> failed runtime error: assignment to entry in nil map")
	if !strings.Contains(x.out.String(), "index out of range") {
		t.Errorf("%q", x.out)
	}
	// A panic that goes through compiled code is one panic.
	x.start("sort.Slice([]int{2, 1}, func(i, j int) bool {\n\tpanic(\"no order\")\n})")
	x.expect("wait -> exception panic: no order In[2]:2 func", "continue -> failed panic: no order")
	x.d.StopOnPanic(false)
	x.start("panic(\"unseen\")")
	x.expect("wait -> failed panic: unseen")
	// Interrupts and exits are no panics.
	x.d.StopOnPanic(true)
	x.start("func() { os.Exit(3) }()")
	if got := x.wait(); !strings.HasPrefix(got, "failed os.Exit") {
		t.Error(got)
	}
}

func TestGoroutinesAreThreads(t *testing.T) {
	x := newDebugged(t)
	x.attach()
	src := "var wg sync.WaitGroup\nresults := make([]int, 3)\nfor i := range 3 {\n\twg.Go(func() {\n\t\tsq := i * i\n\t\tresults[i] = sq\n\t})\n}\nwg.Wait()\nresults"
	x.breakpoints(src, 6)
	x.start(src)
	seen := map[string]bool{}
	for range 3 {
		if got := x.wait(); !strings.HasPrefix(got, "breakpoint In[1]:6 ") {
			t.Fatal(got)
		}
		if x.thread == 1 {
			t.Error("a goroutine is not the cell's own thread")
		}
		seen[x.scope("locals")] = true
		names := ""
		for _, th := range x.d.Threads() {
			names += fmt.Sprintf("%d %s;", th.ID, th.Name)
		}
		if !strings.Contains(names, "1 In[1];") || !strings.Contains(names, fmt.Sprintf("%d goroutine %d of In[1];", x.thread, x.thread)) {
			t.Error(names)
		}
		if err := x.d.Resume(x.thread, debug.Continue); err != nil {
			t.Fatal(err)
		}
	}
	if got := x.wait(); got != "done" || fmt.Sprint(x.last.Values) != "[[0 1 4]]" || len(seen) != 3 {
		t.Errorf("%s %v %v", got, x.last.Values, seen)
	}
}

// A deep recursion can be looked at, and one without end still ends.
func TestDeepRecursion(t *testing.T) {
	x := newDebugged(t)
	x.attach()
	src := "func down(n int) int {\n\tif n == 0 {\n\t\treturn 0\n\t}\n\treturn 1 + down(n-1)\n}\ndown(20000)"
	x.breakpoints(src, 3)
	x.start(src)
	x.expect("wait -> breakpoint In[1]:3 down", "locals -> n=0")
	if n := len(x.frames()); n != 500 {
		t.Errorf("%d frames", n)
	}
	x.expect("continue -> done")
	x.start("func forever(n int) int { return forever(n + 1) }\nforever(0)")
	if got := x.wait(); !strings.HasPrefix(got, "failed runtime error: stack overflow") {
		t.Error(got)
	}
}

func TestEvaluateInFrame(t *testing.T) {
	x := newDebugged(t)
	x.attach()
	x.run("type Shape interface{ Area() float64 }\ntype Sq struct{ side float64 }\nfunc (s Sq) Area() float64 {\n\treturn s.side * s.side\n}\nvar count int")
	src := "func use(s Shape, names map[string]int) {\n\tconst limit = 3\n\ttype pair struct{ a, b int }\n\tp := pair{1, 2}\n\tq := &p\n\t_ = q\n\tcount++\n}\nuse(Sq{2}, map[string]int{\"a\": 1})"
	x.breakpoints(src, 7)
	x.breakpoints("func (s Sq) Area() float64 {\n\treturn s.side * s.side\n}", 2)
	x.start(src)
	x.expect("wait -> breakpoint In[2]:7 use",
		"eval s.Area() -> 4", "eval len(names) + limit -> 4", "eval pair{3, 4}.b -> 4", "eval q.a -> 1", "eval *q -> {a: 1 b: 2}",
		"eval s.(Sq).side -> 2", "eval strings.Repeat(\"ab\", limit) -> \"ababab\"", "eval func() int { return p.a + count }() -> 1",
		"eval nope -> error: undefined: nope", "eval p + 1 -> error: invalid operation: p + 1 (mismatched types pair and untyped int)",
		"eval  -> error: there is nothing to evaluate", "eval a := 1 -> error: a debugger evaluates expressions and assignments; definitions belong in a cell",
		"eval names[\"b\"] = 9 -> ", "eval names -> len 2 {\"a\": 1, \"b\": 9}", "eval p.a = 77 -> ", "eval q.a -> 77", "caller count -> 0",
		"eval []int(nil)[3] -> error: it panicked: runtime error: index out of range [3] with length 0",
		"eval os.Exit(1) -> error: it called os.Exit",
		"continue -> done")
	if _, err := x.d.Evaluate(context.Background(), 9999, "1"); err == nil || !strings.Contains(err.Error(), "has gone on") {
		t.Error(err)
	}
	v, err := x.d.Evaluate(context.Background(), 0, "count + 1")
	if err != nil || v.Value != "2" || v.Type != "int" {
		t.Errorf("%+v %v", v, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := x.d.Evaluate(ctx, 0, "func() int { for {} }()"); err == nil {
		t.Error("an evaluation without end ended")
	}
}

// children lists the parts of a variable of the session.
func (x *debugged) children(name string) string {
	x.t.Helper()
	return x.list(x.global(name).Reference)
}

func (x *debugged) global(name string) debug.Variable {
	x.t.Helper()
	vs, err := x.d.Globals()
	if err != nil {
		x.t.Fatal(err)
	}
	for _, v := range vs {
		if v.Name == name {
			return v
		}
	}
	x.t.Fatalf("no variable %s among %v", name, vs)
	return debug.Variable{}
}

func TestStructuredValues(t *testing.T) {
	x := newDebugged(t)
	x.run(`type inner struct{ Name string; secret int }
type outer struct { In inner; P *inner; L []int; M map[string]float64; E error; A any; F func(int) string; D time.Duration }
o := outer{In: inner{"a", 1}, P: &inner{"b", 2}, L: []int{4, 5}, M: map[string]float64{"z": 1, "y": 2.5}, E: errors.New("bad"), A: 7, D: time.Second}
long := make([]int, 25000)
big := map[int]bool{1: true}
mx := mat.NewDense(2, 3, []float64{1, 2, 3, 4, 5, 6})
ts := linalg.FromFloat64([]float64{1, 2, 3, 4, 5, 6}, 3, 2)
var nothing *inner
text := "two\nlines"
var face any = inner{"c", 3}
pp := &o.P
`)
	for name, want := range map[string]string{
		"o":   `In={Name: "a" secret: 1} P=&{Name: "b" secret: 2} L=len 2 [4 5] M=len 2 {"y": 2.5, "z": 1} E=bad A=7 F=nil D=1s`,
		"big": "1=true", "mx": "[0]=[1 2 3] [1]=[4 5 6]", "ts": "shape=len 2 [3 2] data=6 elements", "face": `Name="c" secret=3`,
		"pp": `*=&{Name: "b" secret: 2}`,
	} {
		if got := x.children(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	for name, want := range map[string]string{
		"nothing": "*inner nil", "text": `string "two\nlines"`, "face": `any inner {Name: "c" secret: 3}`, "mx": "*mat.Dense 2x3 [1 2 3] [4 5 6]",
		"long": "[]int len 25000 [0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 …]", "big": "map[int]bool len 1 {1: true}",
	} {
		v := x.global(name)
		if got := v.Type + " " + v.Value; got != want && !(name == "face" && got == `inner {Name: "c" secret: 3}`) {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	// Many elements come in groups of groups, or in the pages a client asks for.
	long := x.global("long")
	groups, err := x.d.Variables(long.Reference, 0, 0)
	if err != nil || len(groups) != 3 || groups[1].Name != "[10000..19999]" || long.Indexed != 25000 {
		t.Fatalf("%v %v", groups, err)
	}
	hundreds, err := x.d.Variables(groups[2].Reference, 0, 0)
	if err != nil || len(hundreds) != 50 || hundreds[49].Name != "[24900..24999]" {
		t.Fatalf("%v %v", hundreds, err)
	}
	if last := x.list(hundreds[49].Reference); !strings.HasPrefix(last, "[24900]=0 ") || !strings.HasSuffix(last, " [24999]=0") {
		t.Error(last)
	}
	page, err := x.d.Variables(long.Reference, 24998, 10)
	if err != nil || len(page) != 2 || page[1].Name != "[24999]" || page[1].EvaluateName != "long[24999]" {
		t.Fatalf("%v %v", page, err)
	}
	if d := x.child("ts", "data"); x.list(d.Reference) != "[0]=1 [1]=2 [2]=3 [3]=4 [4]=5 [5]=6" {
		t.Error(x.list(d.Reference))
	}
	if row := x.child("mx", "[1]"); x.list(row.Reference) != "[0]=4 [1]=5 [2]=6" {
		t.Error(x.list(row.Reference))
	}
}

func (x *debugged) child(name, part string) debug.Variable {
	x.t.Helper()
	vs, err := x.d.Variables(x.global(name).Reference, 0, 0)
	if err != nil {
		x.t.Fatal(err)
	}
	for _, v := range vs {
		if v.Name == part {
			return v
		}
	}
	x.t.Fatalf("%s has no part %s", name, part)
	return debug.Variable{}
}

func TestSetVariableAndCopyToGlobals(t *testing.T) {
	x := newDebugged(t)
	x.attach()
	src := "type P struct{ X int; L []string }\nfunc f() int {\n\tp := &P{1, []string{\"a\", \"b\"}}\n\tn := 3\n\treturn n + p.X\n}\nf()"
	x.breakpoints(src, 5)
	x.start(src)
	x.expect("wait -> breakpoint In[1]:5 f")
	frame := x.frames()[0].ID
	scopes, err := x.d.Scopes(frame)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	if v, err := x.d.SetVariable(ctx, scopes[0].Reference, "n", "10 * 4"); err != nil || v.Value != "40" || v.Name != "n" {
		t.Errorf("%+v %v", v, err)
	}
	if _, err := x.d.SetVariable(ctx, scopes[0].Reference, "n", "\"text\""); err == nil {
		t.Error("a string became an int")
	}
	if _, err := x.d.SetVariable(ctx, scopes[0].Reference, "zz", "1"); err == nil {
		t.Error("there is no zz")
	}
	vs, err := x.d.Variables(scopes[0].Reference, 0, 0)
	if err != nil || vs[1].Name != "p" {
		t.Fatal(vs, err)
	}
	if v, err := x.d.SetVariable(ctx, vs[1].Reference, "X", "2"); err != nil || v.Value != "2" {
		t.Errorf("%+v %v", v, err)
	}
	if err := x.d.CopyToGlobals(frame, "p", "kept"); err != nil {
		t.Error(err)
	}
	if err := x.d.CopyToGlobals(frame, "n", "not a name"); err == nil {
		t.Error("that is no name")
	}
	if err := x.d.CopyToGlobals(frame, "n", "count"); err != nil {
		t.Error(err)
	}
	x.expect("continue -> done")
	if fmt.Sprint(x.last.Values) != "[42]" {
		t.Errorf("%v", x.last.Values)
	}
	x.run("if kept.X + count != 42 || kept.L[1] != \"b\" { panic(kept) }")
}

// The variable panel asks also while a cell runs: names and types are told,
// values are not read under the cell's hands.
func TestVariablesWhileACellRuns(t *testing.T) {
	x := newDebugged(t)
	x.run("m := map[int]int{}")
	x.start("fmt.Println(\"begun\")\nfor { m[len(m)%100]++ }")
	x.printed("begun")
	v := x.global("m")
	if v.Type != "map[int]int" || v.Value != "(a cell is running)" || v.Reference != 0 {
		t.Errorf("%+v", v)
	}
	if _, err := x.d.Evaluate(context.Background(), 0, "len(m)"); err == nil {
		t.Error("the values of a running cell were read")
	}
	x.cancel()
	x.wait()
}

// A method of a value that is looked at may fail or last; nothing stops in it.
func TestStringMethodsUnderTheDebugger(t *testing.T) {
	x := newDebugged(t)
	x.attach()
	src := "type bad struct{ n int }\nfunc (b bad) String() string {\n\tif b.n > 0 {\n\t\tpanic(\"no text\")\n\t}\n\treturn \"fine\"\n}\ngood, worse := bad{0}, bad{1}\nx := 1"
	x.breakpoints(src, 3, 9)
	x.start(src)
	x.expect("wait -> breakpoint In[1]:9 In[1]", "locals -> good=fine worse=(its text cannot be had)", "continue -> done")
}

// While one goroutine stands the others wait, and go on with it.
func TestTheOthersWait(t *testing.T) {
	x := newDebugged(t)
	x.attach()
	src := "var n atomic.Int64\nquit := make(chan bool)\ngo func() {\n\tfor {\n\t\tselect {\n\t\tcase <-quit:\n\t\t\treturn\n\t\tdefault:\n\t\t\tn.Add(1)\n\t\t}\n\t}\n}()\nfor n.Load() < 100 {\n}\nclose(quit)"
	x.breakpoints(src, 15)
	x.start(src)
	x.expect("wait -> breakpoint In[1]:15 In[1]")
	deadline := time.Now().Add(20 * time.Second)
	for before := ""; ; time.Sleep(20 * time.Millisecond) {
		now := x.eval(0, "n.Load()")
		if now == before {
			break
		}
		if before = now; time.Now().After(deadline) {
			t.Fatal("the goroutine did not wait")
		}
	}
	for _, th := range x.d.Threads() {
		if fs, err := x.d.Stack(th.ID); err != nil || len(fs) == 0 {
			t.Errorf("%v: %v %v", th, fs, err)
		}
	}
	x.expect("continue -> done")
}

// TestConformanceUnderTheDebugger runs the corpus with every panic stopping: the
// hooks must not change what a program does.
func TestConformanceUnderTheDebugger(t *testing.T) {
	files, err := filepath.Glob("testdata/conformance/*.go.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no programs: %v", err)
	}
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".go.txt")
		if strings.HasPrefix(name, "043") { // how it ends depends on the scheduler
			continue
		}
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(strings.TrimSuffix(f, ".go.txt") + ".out")
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) {
			var out buffer
			s, err := cell.NewSession(cell.Options{Stdout: &out, Capture: true})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			d := s.Debugger(func(text string) string { return text })
			d.StopOnPanic(true)
			if err := d.Attach(func(e debug.Event) {
				if e.Kind == debug.Stopped {
					go func() {
						if err := d.Resume(e.Thread, debug.Continue); err != nil {
							t.Error(err)
						}
					}()
				}
			}); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			if o := s.Eval(ctx, cell.Cell{Name: "In[1]", Source: string(src)}); o.Err != nil {
				t.Fatal(explain(o.Err))
			}
			if got := out.String(); got != string(want) {
				t.Fatalf("wrong output\n%s", difference(got, string(want)))
			}
		})
	}
}
