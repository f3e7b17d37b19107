package cell_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/priorlab/priorlab/kernel/cell"
)

// TestInterruptedPlace interrupts loops without statements: the traceback names
// the loop.
func TestInterruptedPlace(t *testing.T) {
	for src, want := range map[string]string{
		"n := 1\nfor {}":       "In[1]:2:1",
		"n := 1\nfor n > 0 {}": "In[1]:2:5",
		"n := 1\nfor range 3 { n++ }\nagain:\ngoto again":   "In[1]:4:1",
		"func f() {\n\tn := 1\n\tn++\n\tfor {\n\t}\n}\nf()": "In[1]:4:2 in f()",
	} {
		for wait := 50 * time.Millisecond; ; wait *= 4 { // a busy machine may not have come to the loop
			s, _ := newSession(t)
			ctx, cancel := context.WithTimeout(context.Background(), wait)
			o := s.Eval(ctx, cell.Cell{Name: "In[1]", Source: src})
			cancel()
			var in *cell.Interrupted
			if !errors.As(o.Err, &in) {
				t.Fatalf("%q ended with %v", src, o.Err)
			}
			text := strings.Join(in.Traceback, "\n")
			if strings.Contains(text, want) {
				break
			}
			if wait > 2*time.Second {
				t.Fatalf("%q: %q is not in\n%s", src, want, text)
			}
		}
	}
}

// TestTracebackArguments reads tracebacks: each must hold the lines in their
// order.
func TestTracebackArguments(t *testing.T) {
	for _, c := range []struct {
		name, src string
		want      []string
	}{
		{"slice, int and string", "func fit(x []float64, n int, name string) float64 {\n\treturn x[n]\n}\nfit(make([]float64, 200), 300, \"abc\")",
			[]string{"runtime error: index out of range [300] with length 200", `In[1]:2:2 in fit(x=[]float64 len 200 [0 0 0 0 0 0 …], n=300, name="abc")`, "return x[n]", "^", "In[1]:4:1"}},
		{"method of a cell's type and a matrix", "type Model struct{ W []float64; opts map[string]int }\nfunc (m *Model) Fit(x *mat.Dense, d time.Duration) { var out mat.Dense; out.Mul(x, x) }\n(&Model{W: []float64{1, 2}}).Fit(mat.NewDense(2, 3, nil), 3*time.Second)",
			[]string{"mat.Error: mat: dimension mismatch", "compiled code: mat.(*Dense).Mul", "in (*Model).Fit(m=&Model{W: [1 2], opts: nil}, x=*mat.Dense 2x3 [0 0 0 0 0 0], d=3s)"}},
		{"sizes of matrices", "a, b := mat.NewDense(2, 3, nil), mat.NewDense(2, 4, nil)\nvar c mat.Dense\nc.Mul(a, b)",
			[]string{"mat.Error: mat: dimension mismatch", "a is 2x3, b is 2x4", "In[1]:3:3", "c.Mul(a, b)"}},
		{"sizes in a function", "func f(x []float64) float64 { return floats.Dot(x, []float64{1, 2}) }\nf(make([]float64, 3))",
			[]string{"floats: slice lengths do not match", "x has 3 values, the slice has 2 values"}},
		{"sizes beside others", "w := []float64{1}\nm := mat.NewDense(2, 2, []float64{1, 2, 3})",
			[]string{"mat: dimension mismatch", "the slice has 3 values"}},
		{"tensor", "func f(t *linalg.Tensor) *linalg.Tensor { return t.Add(linalg.Ones(linalg.F64, 5, 7)) }\nf(linalg.Ones(linalg.F64, 2, 2))",
			[]string{"linalg.Error: Add: shapes", "compiled code: linalg.(*Tensor).Add", "in f(t=*linalg.Tensor 2x2 [1 1 1 1])"}},
		{"callback of compiled code", "func less(i, j int) bool { return []bool{}[i+j] }\nsort.Slice([]int{3, 2, 1}, less)",
			[]string{"index out of range", "in less(i=1, j=0)", "In[1]:2:6"}},
		{"goroutine", "func work(k int) { panic(fmt.Sprint(\"job \", k)) }\ngo work(7)\nselect {}",
			[]string{"panic: job 7", "In[1]:1:20 in work(k=7)", "In[1]:2:1 began the goroutine"}},
		{"argument that escapes", "func f(k int) func() { g := func() { k++; panic(k) }; g(); return g }\nf(4)",
			[]string{"panic: 5", "in f.func()", "in f(k=5)"}},
		{"value of a cell's type", "type E struct{ Code int }\nfunc (e E) Error() string { return fmt.Sprintf(\"code %d\", e.Code) }\npanic(E{3})",
			[]string{"E: code 3", "In[1]:3:1"}},
		{"plain error", "panic(fmt.Errorf(\"reading: %w\", io.EOF))", []string{"error: reading: EOF"}},
		{"recursion", "func down(n int) int { return down(n+1) + 1 }\ndown(0)", []string{"runtime error: stack overflow", "in down(n=", "(this call "}},
		{"a String method that loops is not called", "type L struct{ n int }\nfunc (l L) String() string { for {} }\nfunc f(l L) { panic(\"x\") }\nf(L{3})", []string{"panic: x", "in f(l=L{n: 3})"}},
		{"message of several lines", "panic(\"first\\nsecond\")", []string{"panic: first", "second", "In[1]:1:1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, _ := newSession(t)
			var re *cell.RuntimeError
			if o := eval(s, c.src); !errors.As(o.Err, &re) {
				t.Fatalf("ended with %v", o.Err)
			}
			text := strings.Join(re.Traceback, "\n")
			rest := text
			for _, w := range c.want {
				_, after, ok := strings.Cut(rest, w)
				if !ok {
					t.Fatalf("%q is not in its place in\n%s", w, text)
				}
				rest = after
			}
			if strings.ContainsAny(re.Value, "\n") {
				t.Errorf("value %q has several lines", re.Value)
			}
		})
	}
}
