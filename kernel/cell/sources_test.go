package cell_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/priorlab/priorlab/kernel/cell"
	"github.com/priorlab/priorlab/kernel/debug"
)

// many is enough cells that a session forgets those that left nothing.
const many = 2500

// evalMany runs cells that leave nothing behind: variables that are declared
// again and again, functions and goroutines that end, and mistakes.
func evalMany(s *cell.Session) {
	for i := range many {
		src := []string{
			"n := %d\nm, k := n, n*2\nk", "var again [%d%%7 + 1]int\nagain[0]++", `panic("%d")`, "missing%d", "nonsense%d {",
			"once := func() int { return %d }\nonce()", "done := make(chan int)\ngo func() { done <- %d }()\n<-done", "self := %d\nself, more := self+1, 2\nmore",
		}[i%8]
		s.Eval(context.Background(), cell.Cell{Name: fmt.Sprintf("Old[%d]", i), Source: fmt.Sprintf(src, i)})
		if i%200 == 0 {
			runtime.GC() // what is left of a cell is known when memory has been looked through
		}
	}
}

// TestForgetsWhatIsGone runs many cells that leave nothing and weighs the
// session.
func TestForgetsWhatIsGone(t *testing.T) {
	s, _ := newSession(t)
	d := s.Debugger(func(text string) string { return text })
	heap := func() int {
		for range 3 {
			runtime.GC()
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc)
	}
	evalMany(s)
	before := heap()
	for range 2 {
		evalMany(s)
	}
	if grown := heap() - before; grown > 1<<20 { // 2.5 MB when all is remembered
		t.Errorf("%d cells left %d KiB", 2*many, grown>>10)
	}
	if n := len(d.Cells()); n < 300 || n > many/2 {
		t.Errorf("the texts of %d cells are kept", n)
	}
}

// TestRemembersWhatIsLeft checks what of a cell of long ago is still known: its
// declarations, the lines of its functions, literals and goroutines, and the
// types of values.
func TestRemembersWhatIsLeft(t *testing.T) {
	s, out := newSession(t)
	d := s.Debugger(func(text string) string { return text })
	for i, src := range []string{
		"// Half is a half.\nfunc Half(i int) int {\n\tif i < 0 {\n\t\tpanic(\"no halves\")\n\t}\n\treturn i / 2\n}",
		"type Pair struct{ A, B int }\nfunc (p Pair) Sum() int { return p.A + p.B*zero(p) }\nfunc zero(p Pair) int { return 1 }",
		"var handler func()\nvar held any\nwake := make(chan int)\ncount := 1",
		"handler = func() {\n\tvar m map[string]int\n\tm[\"x\"]++ // of the handler\n}",
		"held = Pair{1, 2}\ngo func() {\n\t<-wake\n\tpanic(\"woken\") // of the goroutine\n}()",
		"next := func() int {\n\tcount++\n\treturn count\n}",
	} {
		if o := s.Eval(context.Background(), cell.Cell{Name: fmt.Sprintf("In[%d]", i+1), Source: src}); o.Err != nil {
			t.Fatal(explain(o.Err))
		}
	}
	evalMany(s)

	o := eval(s, "Half(-1)")
	if text := explain(o.Err); !strings.Contains(text, "In[1]:4:3 in Half(i=-1)") || !strings.Contains(text, `panic("no halves")`) {
		t.Errorf("the function of an early cell:\n%s", text)
	}
	if where, doc := s.Defined(s.Live()["Half"]); where != "In[1]:2" || doc != "Half is a half." {
		t.Errorf("Half is said to be of %q, %q", where, doc)
	}
	if text := explain(eval(s, "handler()").Err); !strings.Contains(text, `m["x"]++ // of the handler`) {
		t.Errorf("a literal of an early cell:\n%s", text)
	}
	mustEval(t, s, "close(wake)")
	for end := time.Now().Add(20 * time.Second); !strings.Contains(out.String(), "// of the goroutine"); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("a goroutine of an early cell ended with:\n%s", out)
		}
	}
	mustEval(t, s, "type Pair struct{ A, B int }")
	if text := explain(eval(s, "var q Pair = held.(Pair)").Err); !strings.Contains(text, "main.Pair") {
		t.Errorf("a value of an earlier type:\n%s", text)
	}

	// Code that is left is compiled again when a debugger comes and goes.
	mustEval(t, s, "count := 10")
	evalMany(s)
	want := 10
	for _, change := range []func() error{
		func() error { return nil }, func() error { return d.Attach(func(debug.Event) {}) }, d.Detach,
	} {
		if err := change(); err != nil {
			t.Fatal(err)
		}
		want++
		if v := mustEval(t, s, "next()"); v[0] != want {
			t.Errorf("next() is %v, want %d", v[0], want)
		}
		if v := mustEval(t, s, "held.(interface{ Sum() int }).Sum()"); v[0] != 3 {
			t.Errorf("Sum() is %v", v[0])
		}
	}
}
