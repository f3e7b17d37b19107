package linalg

import "testing"

// A leaf takes over the memory of its gradient where that is safe. The values are right step after step where it is not:
// the same tensor, or parts of one, for two leaves; the same leaf twice; a gradient that was kept.
func TestGradientsOfLeavesThatShare(t *testing.T) {
	a, b := Param(FromFloat64([]float64{1, 2, 3}, 3)), Param(FromFloat64([]float64{4, 5, 6}, 3))
	var kept *Tensor
	for step := 1; step <= 4; step++ {
		s := float64(step)
		check := func(what string, want ...float64) {
			t.Helper()
			for i, p := range []*Tensor{a, b} {
				for j := range 3 {
					if got := p.Grad().At(j); got != want[i*3+j] {
						t.Fatalf("%s, step %d: gradient %d of leaf %d is %g, want %g", what, step, j, i, got, want[i*3+j])
					}
				}
				p.ZeroGrad()
			}
		}
		run := func(back func(g *Tensor) []*Tensor) {
			Scope(func() {
				Custom([]*Tensor{a, b}, a.Add(b), back).BackwardFrom(Full(F64, s, 3))
			})
		}
		run(func(g *Tensor) []*Tensor { return []*Tensor{g.MulS(2), g.MulS(3)} })
		check("apart", 2*s, 2*s, 2*s, 3*s, 3*s, 3*s)
		run(func(g *Tensor) []*Tensor { d := g.MulS(2); return []*Tensor{d, d} })
		check("one tensor", 2*s, 2*s, 2*s, 2*s, 2*s, 2*s)
		run(func(g *Tensor) []*Tensor {
			d := Concat(0, g, g.MulS(5))
			return []*Tensor{d.Slice(0, 0, 3), d.Slice(0, 3, 6)}
		})
		check("parts of one", s, s, s, 5*s, 5*s, 5*s)
		run(func(g *Tensor) []*Tensor { d := g.MulS(7); return []*Tensor{d, d.Slice(0, 0, 3)} })
		check("a tensor and a view of it", 7*s, 7*s, 7*s, 7*s, 7*s, 7*s)
		Scope(func() { a.Mul(a).Add(b).BackwardFrom(Full(F64, s, 3)) })
		check("one leaf twice", 2*s, 4*s, 6*s, s, s, s)
		run(func(g *Tensor) []*Tensor {
			d := g.MulS(9).Keep()
			if kept == nil {
				kept = d
			}
			return []*Tensor{d, g}
		})
		check("kept", 9*s, 9*s, 9*s, s, s, s)
		if kept.At(0) != 9 {
			t.Fatalf("step %d: a gradient that was kept became %g", step, kept.At(0))
		}
	}
}
