package assist_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/priorlab/priorlab/kernel/assist"
	"github.com/priorlab/priorlab/kernel/cell"
)

// longCells are cells of 200 lines, to be completed at their end.
func longCells() map[string]string {
	var stmts, funcs, mixed strings.Builder
	for i := range 100 {
		fmt.Fprintf(&stmts, "v%d := float64(%d) + math.Sqrt(2)\nif v%d > 3 { fmt.Println(v%d, strings.Repeat(\"x\", %d)) }\n", i, i, i, i, i)
	}
	for i := range 40 {
		fmt.Fprintf(&funcs, "func f%d(x []float64) (s float64) {\n\tfor i, v := range x {\n\t\ts += v * float64(i) / math.Exp(v)\n\t}\n\treturn s\n}\n", i)
	}
	for i := range 25 {
		fmt.Fprintf(&mixed, "type T%[1]d struct {\n\tA, B float64\n}\nfunc (t *T%[1]d) Sum() float64 { return t.A + t.B }\na%[1]d := mat.NewDense(3, 3, nil)\nfor i := range 3 {\n\ta%[1]d.Set(i, i, float64(i))\n}\n", i)
	}
	again := strings.Repeat("x := alpha.X\nfmt.Println(x)\n", 100)
	return map[string]string{"redefinitions": again, "statements": stmts.String(), "functions": funcs.String(), "mixed": mixed.String()}
}

// BenchmarkComplete reports the median and the 95th percentile of completion
// and inspection in several places, with packages loaded.
func BenchmarkComplete(b *testing.B) {
	s, err := cell.NewSession(cell.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	s.Eval(context.Background(), cell.Cell{Source: "type Point struct{ X, Y float64 }\nalpha := Point{}\nm := mat.NewDense(2, 2, nil)\nconf := map[string]int{\"a\": 1}\nfunc Map[T, U any](xs []T, f func(T) U) []U { return nil }"})
	type question struct{ name, code string }
	questions := []question{
		{"package member", "mat.|"}, {"struct field", "alpha.|"}, {"method on a live value", "m.M|"}, {"map key", "conf[\"|"},
		{"import path", "import \"gonum.org/v1/gonum/|"}, {"incomplete expression", "if alpha.X > 3 && alpha.|"}, {"call arguments", "fmt.Println(al|"},
		{"generic call", "Map([]Point{}, func(p Point) float64 { return p.|"}, {"behind a command", "%time alpha.|"}, {"name", "p|"},
		{"literal", "ohsvgp.Options{|"},
	}
	for name, text := range longCells() {
		questions = append(questions, question{name + " of 200 lines, member", text + "\nalpha.|"}, question{name + " of 200 lines, name", text + "\nfor i := range 3 {\n\tal|"})
	}
	for _, c := range questions {
		before, after, _ := strings.Cut(c.code, "|")
		for _, q := range []struct {
			name string
			ask  func()
		}{
			{"complete", func() { assist.Complete(s, before+after, utf8.RuneCountInString(before)) }},
			{"inspect", func() { assist.Inspect(s, before+after, utf8.RuneCountInString(before), 0) }},
		} {
			b.Run(c.name+"/"+q.name, func(b *testing.B) {
				q.ask()
				var took []time.Duration
				b.ResetTimer()
				for range b.N {
					begun := time.Now()
					q.ask()
					took = append(took, time.Since(begun))
				}
				slices.Sort(took)
				b.ReportMetric(float64(took[len(took)/2])/1e6, "p50-ms")
				b.ReportMetric(float64(took[len(took)*95/100])/1e6, "p95-ms")
			})
		}
	}
}

// BenchmarkCompleteFirst measures the first completion in a package that the
// session has not used.
func BenchmarkCompleteFirst(b *testing.B) {
	for _, pkg := range []string{"mat", "plot", "stat", "http"} {
		b.Run(pkg, func(b *testing.B) {
			for range b.N {
				b.StopTimer()
				s := session(b, "1 + 1")
				b.StartTimer()
				if r := assist.Complete(s, pkg+".", len(pkg)+1); len(r.Matches) == 0 {
					b.Fatal("nothing was found")
				}
			}
		})
	}
}
