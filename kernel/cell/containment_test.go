package cell_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/priorlab/priorlab/kernel/cell"
)

func newSession(t testing.TB) (*cell.Session, *buffer) {
	t.Helper()
	out := &buffer{}
	s, err := cell.NewSession(cell.Options{Stdout: out, Stderr: out, Capture: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, out
}

func eval(s *cell.Session, src string) cell.Outcome {
	return s.Eval(context.Background(), cell.Cell{Name: "In[1]", Source: src})
}

func mustEval(t testing.TB, s *cell.Session, src string) []any {
	t.Helper()
	o := eval(s, src)
	if o.Err != nil {
		t.Fatalf("%s\n%s", src, explain(o.Err))
	}
	return o.Values
}

// TestInterrupt stops cells that would never end; each must be over soon, the
// variables intact, and the next cell must run.
func TestInterrupt(t *testing.T) {
	for name, src := range map[string]string{
		"loop":             "for { n++ }",
		"empty loop":       "for {}",
		"goto":             "again: n++; goto again",
		"call":             "var f func(); f = func() { n++; g() }; for { f() }",
		"recursion":        "var f func(int) int; f = func(k int) int { if k == 0 { return 0 }; return f(k-1) + f(k-1) }; f(60)",
		"range int":        "for i := range 1 << 60 { n = i }",
		"range func":       "for range func(y func(int) bool) { for y(1) {} } { n++ }",
		"sleep":            "time.Sleep(time.Hour)",
		"receive":          "ch := make(chan int); <-ch",
		"nil receive":      "var ch chan int; <-ch",
		"send":             "ch := make(chan int); ch <- 1",
		"select":           "select {}",
		"select two":       "a, b := make(chan int), make(chan int); select { case <-a: case b <- 1: }",
		"range channel":    "ch := make(chan int); for range ch {}",
		"wait group":       "var wg sync.WaitGroup; wg.Add(1); wg.Wait()",
		"mutex":            "var mu sync.Mutex; mu.Lock(); mu.Lock()",
		"deferred loop":    "func() { defer func() { for {} }(); for {} }()",
		"recover does not": "for { func() { defer func() { recover() }(); for { n++ } }() }",
		"callback":         "sort.Slice(make([]int, 1<<20), func(i, j int) bool { for { n++ } })",
		"cond":             "c := sync.NewCond(&sync.Mutex{}); c.L.Lock(); c.Wait()",
		"goroutines":       "for range 4 { go func() { for { g() } }() }; select {}",
		"deadlock":         "ch := make(chan int); go func() { ch <- 1 }(); <-ch; <-ch",
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := newSession(t)
			mustEval(t, s, "n := 1; keep := []int{1, 2}; func g() {}")
			ctx, cancel := context.WithCancel(context.Background())
			time.AfterFunc(60*time.Millisecond, cancel)
			began := time.Now()
			o := s.Eval(ctx, cell.Cell{Name: "In[2]", Source: src})
			took := time.Since(began)
			if !errors.Is(o.Err, cell.ErrInterrupted) {
				t.Fatalf("ended with %v", o.Err)
			}
			var in *cell.Interrupted
			if errors.As(o.Err, &in); in.Detached != "" {
				t.Errorf("was left behind: %s", in.Detached)
			}
			if took > 1500*time.Millisecond {
				t.Errorf("took %v", took)
			}
			if v := mustEval(t, s, "len(keep) + 40"); v[0] != 42 {
				t.Errorf("the next cell gave %v", v)
			}
		})
	}
}

// TestCrash runs cells that end a compiled program; each must be an error that
// says what happened, and the next cell must run.
func TestCrash(t *testing.T) {
	for name, c := range map[string]struct{ src, want string }{
		"panic":             {"panic(\"boom\")", "boom"},
		"panic error":       {"panic(errors.New(\"bad\"))", "bad"},
		"goroutine panic":   {"go func() { panic(\"in goroutine\") }(); time.Sleep(time.Second)", "in goroutine"},
		"timer panic":       {"time.AfterFunc(time.Millisecond, func() { panic(\"in timer\") }); time.Sleep(time.Second)", "in timer"},
		"index":             {"s := []int{1}; i := 3; s[i]", "index out of range [3] with length 1"},
		"nil map":           {"var m map[string]int; m[\"a\"] = 1", "assignment to entry in nil map"},
		"nil pointer":       {"var p *struct{ a [5000]int; b int }; p.b", "nil pointer dereference"},
		"divide":            {"z := 0; 1 / z", "integer divide by zero"},
		"assertion":         {"var x any = 1; x.(string)", "interface {} is int, not string"},
		"recursion":         {"func down(n int) int { return down(n+1) + 1 }; down(0)", "stack overflow"},
		"stringer forever":  {"type T struct{}; func (t T) String() string { return fmt.Sprint(t) }; fmt.Sprint(T{})", "stack overflow"},
		"exit":              {"os.Exit(3)", "os.Exit(3)"},
		"fatal":             {"log.Fatal(\"gone\")", "os.Exit(1)"},
		"negative make":     {"k := -1; make([]int, k)", "makeslice: len out of range"},
		"too much memory":   {"k := 1 << 40; make([]byte, k)", "make([]uint8"},
		"array too big":     {"x := [1 << 40]int{}", "takes 8192 GiB"},
		"array in a struct": {"new(struct{ a [1 << 20][1 << 20]int })", "takes 8192 GiB"},
		"array of a length": {"[...]byte{1 << 40: 1}", "takes 1024 GiB"},
		"closed channel":    {"c := make(chan int); close(c); close(c)", "close of closed channel"},
		"close of nil":      {"var c chan int; close(c)", "close of nil channel"},
		"send on closed":    {"c := make(chan int, 1); close(c); c <- 1", "send on closed channel"},
		"unhashable":        {"m := map[any]int{}; m[[]int{1}] = 1", "hash of unhashable type []int"},
		"negative shift":    {"k := -1; 1 << k", "negative shift amount"},
		"nil func":          {"var f func(); f()", "nil pointer dereference"},
		"nil interface":     {"var e error; e.Error()", "nil pointer dereference"},
		"library panic":     {"mat.NewDense(2, 2, []float64{1})", "mat"},
		"panic in deferred": {"func() { defer func() { panic(\"second\") }(); panic(\"first\") }()", "second"},
		"free mutex":        {"var mu sync.Mutex; mu.Unlock()", "sync: unlock of unlocked mutex"},
		"free lock":         {"var mu sync.RWMutex; mu.RUnlock()", "RUnlock of unlocked"},
		"free write lock":   {"var mu sync.RWMutex; mu.RLock(); mu.Unlock()", "Unlock of unlocked"},
		"lock and unlock":   {"var mu sync.RWMutex; mu.Lock(); mu.Unlock(); mu.RLock(); mu.RUnlock(); mu.Lock(); mu.Unlock(); panic(\"through\")", "through"},
		"constant":          {"1 << 70", "overflows"},
		"wait group":        {"var wg sync.WaitGroup; wg.Done()", "negative WaitGroup counter"},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := newSession(t)
			mustEval(t, s, "n := 41")
			o := eval(s, c.src)
			if o.Err == nil || !strings.Contains(o.Err.Error(), c.want) {
				t.Fatalf("ended with %v, want %q", o.Err, c.want)
			}
			if v := mustEval(t, s, "n + 1"); v[0] != 42 {
				t.Errorf("the next cell gave %v", v)
			}
		})
	}
}

// TestCallbackAfterInterrupt calls a closure of an interrupted cell from
// compiled code later: it must not be dead.
func TestCallbackAfterInterrupt(t *testing.T) {
	s, out := newSession(t)
	mustEval(t, s, "var f func() int\nn := 1")
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(50*time.Millisecond, cancel)
	o := s.Eval(ctx, cell.Cell{Name: "In[2]", Source: "f = func() int { n++; return n }\ntime.AfterFunc(300*time.Millisecond, func() { fmt.Println(\"late\", f()) })\nfor {}"})
	if !errors.Is(o.Err, cell.ErrInterrupted) {
		t.Fatal(o.Err)
	}
	if v := mustEval(t, s, "f()"); v[0] != 2 {
		t.Errorf("the closure gave %v", v)
	}
	mustEval(t, s, "time.Sleep(600 * time.Millisecond)")
	if !strings.Contains(out.String(), "late 3") {
		t.Errorf("the timer's callback printed %q", out)
	}
}

func TestExitZeroAndGoexitEndTheCell(t *testing.T) {
	s, out := newSession(t)
	o := eval(s, "fmt.Println(\"a\"); os.Exit(0); fmt.Println(\"b\")")
	if o.Err != nil || o.Exit == nil || *o.Exit != 0 || out.String() != "a\n" {
		t.Errorf("%+v %q", o, out)
	}
	if o := eval(s, "runtime.Goexit()"); o.Err != nil {
		t.Error(o.Err)
	}
	if o := eval(s, "func f() { defer fmt.Println(\"deferred\"); runtime.Goexit() }; f()"); o.Err != nil || !strings.HasSuffix(out.String(), "deferred\n") {
		t.Errorf("%v %q", o.Err, out)
	}
}

// TestTraceback checks the positions of the frames.
func TestTraceback(t *testing.T) {
	s, _ := newSession(t)
	mustEval(t, s, "func inner(xs []int, i int) int {\n\treturn xs[i]\n}")
	o := s.Eval(context.Background(), cell.Cell{Name: "In[7]", Source: "func outer() int {\n\treturn inner([]int{1}, 5)\n}\nx := 1\nouter() + x"})
	var re *cell.RuntimeError
	if !errors.As(o.Err, &re) {
		t.Fatal(o.Err)
	}
	text := strings.Join(re.Traceback, "\n")
	for _, w := range []string{"index out of range [5] with length 1", "In[1]:2:2 in inner", "In[7]:2:9 in outer", "In[7]:5:1", "return xs[i]", "^"} {
		if !strings.Contains(text, w) {
			t.Errorf("%q is not in\n%s", w, text)
		}
	}
	if re.Name != "runtime error" {
		t.Errorf("name %q", re.Name)
	}
}

func TestCompileErrors(t *testing.T) {
	s, _ := newSession(t)
	mustEval(t, s, "total := 3.5")
	for src, want := range map[string]string{
		"totl + 1":                            "did you mean total?",
		"fmt.Printn(1)":                       "did you mean fmt.Print",
		"x := 1\ny := \"a\"\nx + y":           "mismatched types",
		"func f() int {\n}":                   "missing return",
		"for {":                               "expected '}'",
		"import \"example.com/none\"":         "not available in cells",
		"var a int = \"s\"\nvar b string = 1": "(and 1 more)",
		"undefinedThing()":                    "undefined: undefinedThing",
	} {
		o := eval(s, src)
		var ce *cell.CompileError
		if !errors.As(o.Err, &ce) {
			t.Errorf("%q: %v", src, o.Err)
			continue
		}
		if all := explain(ce) + ce.Error(); !strings.Contains(all, want) {
			t.Errorf("%q: %q is not in\n%s", src, want, all)
		}
	}
	if v := mustEval(t, s, "total"); v[0] != 3.5 {
		t.Errorf("total is %v after cells that do not compile", v)
	}
	o := eval(s, "unused := func() int { a := 1; return 2 }\nunused()")
	if o.Err != nil || len(o.Notes) != 1 || !strings.Contains(o.Notes[0].Msg, "declared and not used: a") {
		t.Errorf("%v %v", o.Err, o.Notes)
	}
}
