package cell_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/priorlab/priorlab/kernel/cell"
)

// BenchmarkCell measures what an evaluation costs: checking, compiling, running.
func BenchmarkCell(b *testing.B) {
	long := strings.Repeat("x = x*2 + 1\nif x > 100 { x = 1 }\n", 100)
	for _, c := range []struct{ name, setup, src string }{
		{"one line", "x := 1", "x + 1"},
		{"print", "x := 1", "fmt.Sprint(x)"},
		{"plain call", "x := 1.0", "y := math.Sqrt(x)"},
		{"200 lines", "x := 1", long},
		{"function", "", "func f(n int) int { if n < 2 { return n }; return f(n-1) + f(n-2) }"},
	} {
		b.Run(c.name, func(b *testing.B) {
			s, _ := newSession(b)
			mustEval(b, s, c.setup)
			mustEval(b, s, c.src)
			b.ResetTimer()
			for range b.N {
				if o := eval(s, c.src); o.Err != nil {
					b.Fatal(o.Err)
				}
			}
		})
	}
}

// BenchmarkRun measures running code: each cell does b.N steps.
func BenchmarkRun(b *testing.B) {
	for _, c := range []struct{ name, setup, src string }{
		{"empty loop", "", "func run(n int) { for i := 0; i < n; i++ {} }"},
		{"float loop", "", "func run(n int) { s := 0.0; x := 1.5; for i := 0; i < n; i++ { s += x * 0.5 } }"},
		{"slice element", "", "func run(n int) { a := make([]float64, 100); for i := 0; i < n; i++ { a[i%100] += 1.5 } }"},
		{"map element", "", "func run(n int) { m := map[int]int{}; for i := 0; i < n; i++ { m[i%100]++ } }"},
		{"call", "func f(a, b int) int { return a + b }", "func run(n int) { s := 0; for i := 0; i < n; i++ { s = f(s, i) } }"},
		{"closure call", "", "func run(n int) { s := 0; f := func(a int) int { return a + s }; for i := 0; i < n; i++ { f(i) } }"},
		{"method", "type T struct{ a int }; func (t *T) M(k int) { t.a += k }", "func run(n int) { t := &T{}; for i := 0; i < n; i++ { t.M(i) } }"},
		{"interface method", "type T struct{ a int }; func (t *T) M(k int) { t.a += k }; type I interface{ M(int) }", "func run(n int) { var t I = &T{}; for i := 0; i < n; i++ { t.M(i) } }"},
		{"native scalar", "", "func run(n int) { s := 0.0; for i := 0; i < n; i++ { s += math.Sqrt(s) } }"},
		{"native method", "m := mat.NewDense(2, 2, nil)", "func run(n int) { s := 0.0; for i := 0; i < n; i++ { s += m.At(0, 1) } }"},
		{"native any", "", "func run(n int) { for i := 0; i < n; i++ { fmt.Sprint(i) } }"},
		{"callback", "", "func run(n int) { sort.Search(1<<60, func(i int) bool { n--; return n < 0 }); for ; n > 0; n-- { sort.Search(1, func(int) bool { return true }) } }"},
		{"fib call", "func fib(n int) int { if n < 2 { return n }; return fib(n-1) + fib(n-2) }", "func run(n int) { for n > 0 { fib(10); n -= 177 } }"},
	} {
		b.Run(c.name, func(b *testing.B) {
			s, _ := newSession(b)
			mustEval(b, s, c.setup)
			mustEval(b, s, c.src)
			b.ResetTimer()
			mustEval(b, s, fmt.Sprintf("run(%d)", b.N))
		})
	}
}

func BenchmarkNewSession(b *testing.B) {
	for range b.N {
		s, err := cell.NewSession(cell.Options{})
		if err != nil {
			b.Fatal(err)
		}
		s.Eval(context.Background(), cell.Cell{Source: "1 + 1"})
		s.Close()
	}
}

// TestManyCells evaluates many small cells; the last must not be slower than
// the first ones beyond reason.
func TestManyCells(t *testing.T) {
	s, _ := newSession(t)
	n := 3000
	for i := range n {
		v := mustEval(t, s, fmt.Sprintf("v%d := %d\nv%d * 2", i%50, i, i%50))
		if v[0] != 2*i {
			t.Fatalf("cell %d gave %v", i, v)
		}
	}
}
