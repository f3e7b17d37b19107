package sgpa

import (
	"fmt"
	"testing"

	"github.com/priorlab/priorlab/linalg"
)

// The posterior of a batch agrees with the plain version, head by head and sequence by sequence, at sizes that exercise
// blocks and tails of the products.
func TestBatchAgreesWithPlainTwin(t *testing.T) {
	for i, s := range []struct{ B, H, T, M, d int }{{1, 1, 1, 1, 1}, {2, 3, 17, 5, 4}, {3, 2, 33, 16, 8}, {1, 4, 64, 32, 32}} {
		for _, kind := range []Kind{ARD, Exponential} {
			for _, dt := range []linalg.DType{linalg.F64, linalg.F32} {
				name := fmt.Sprintf("%s %v %v", kind, dt, s)
				tol := 1e-9
				if dt == linalg.F32 {
					tol = 2e-4
				}
				r := linalg.NewRand(uint64(i))
				draw := func(scale float64, shape ...int) *linalg.Tensor {
					return linalg.Normal(r, linalg.F64, shape...).MulS(scale).To(dt)
				}
				q, kg := draw(0.8, s.B, s.H, s.T, s.d), draw(0.8, s.H, s.M, s.d)
				va, vg := draw(0.3, s.B, s.H, s.T, s.d), draw(0.3, s.H, s.M, s.d)
				ltri, logdiag := draw(0.2, s.H, s.d, s.M, s.M), draw(0.2, s.H, s.d, s.M)
				logVar, logScale := draw(0.2, s.H), draw(0.2, s.H, s.d).AddS(0.5)
				res := decoupled(kind, q, kg, va, vg, ltri, logdiag, logVar, logScale, 1e-4, Diag, "twin")
				for h := 0; h < s.H; h++ {
					k := Kernel{kind, logVar.At(h), logScale.Select(0, h).Float64s()}
					R := factors(arrayOf(ltri.Select(0, h)), arrayOf(logdiag.Select(0, h)))
					for b := 0; b < s.B; b++ {
						one := func(x *linalg.Tensor) *linalg.Tensor { return x.Select(0, b).Select(0, h) }
						p, err := Decoupled(k, arrayOf(one(q)).dense(), arrayOf(kg.Select(0, h)).dense(), arrayOf(one(va)).dense(), arrayOf(vg.Select(0, h)).dense(), R, 1e-4)
						if err != nil {
							t.Fatal(err)
						}
						closeTo(t, name+" mean", one(res.Mean).Float64s(), raw(p.Mean), tol)
						closeTo(t, name+" variance", one(res.Var).Float64s(), raw(p.Var), tol)
						closeTo(t, name+" KL_a", one(res.KLa).Float64s(), p.KLa, tol)
						closeTo(t, name+" KL_g", res.KLg.Select(0, h).Float64s(), p.KLg, tol)
					}
				}
			}
		}
	}
}

func arrayOf(x *linalg.Tensor) array { return array{x.Shape(), x.Float64s()} }
