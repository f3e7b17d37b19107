package linalg

import (
	"fmt"
	"math"
	"testing"
)

// plainKernelMatrix is KernelMatrix made of one difference after another.
func plainKernelMatrix(kind string, x, y, logVar, logScale *Tensor) *Tensor {
	w := logScale.Neg().Exp()
	xs, ys := x.Mul(w).Unsqueeze(-2), y.Mul(w).Unsqueeze(-3)
	if kind == "exp" {
		return xs.Mul(ys).Sum(-1).Add(logVar).Exp()
	}
	r2 := xs.Sub(ys).Square().Sum(-1)
	if kind == "rbf" {
		return r2.MulS(-0.5).Add(logVar).Exp()
	}
	r := r2.Sqrt().MulS(map[string]float64{"matern12": 1, "matern32": math.Sqrt(3), "matern52": math.Sqrt(5)}[kind])
	poly := map[string]*Tensor{"matern12": r.MulS(0).AddS(1), "matern32": r.AddS(1), "matern52": r.Square().MulS(1.0 / 3).Add(r).AddS(1)}[kind]
	return poly.Mul(r.Neg().Exp()).Mul(logVar.Exp())
}

// Matrices of several blocks in either direction have the values and gradients of their plain twin, whichever of their inputs
// are trained; on one column of inputs, which goes a way of its own, and on several.
func TestKernelMatrixWide(t *testing.T) {
	for _, kind := range []string{"rbf", "matern12", "matern32", "matern52", "exp"} {
		for _, s := range []struct{ batch, n, m, d int }{{1, 130, 700, 1}, {1, 260, 300, 3}, {5, 7, 250, 2}, {2, 100, 3, 1}} {
			t.Run(fmt.Sprint(kind, s), func(t *testing.T) {
				r := NewRand(uint64(s.n))
				x := []*Tensor{
					Normal(r, F64, s.batch, s.n, s.d).MulS(0.7).AddS(3), Normal(r, F64, s.m, s.d).AddS(3), Normal(r, F64, s.batch), Normal(r, F64, s.d).MulS(0.2),
				}
				if kind == "exp" {
					x[0], x[1] = x[0].AddS(-3), x[1].AddS(-3)
				}
				tol := 1e-10
				if kind == "matern12" { // the slope of close inputs is large
					tol = 1e-8
				}
				for _, fixed := range []bool{false, true} {
					y := func(p []*Tensor) *Tensor {
						if fixed {
							return x[1]
						}
						return p[1]
					}
					got, grads := opCase{f: func(p []*Tensor) *Tensor { return KernelMatrix(kind, p[0], y(p), p[2], p[3]) }}.run(x)
					want, wantGrads := opCase{f: func(p []*Tensor) *Tensor {
						return plainKernelMatrix(kind, p[0], y(p), p[2].Reshape(s.batch, 1, 1), p[3])
					}}.run(x)
					near(t, "values", got.Float64s(), want.Float64s(), 1e-12)
					for i := range grads {
						near(t, fmt.Sprint("gradient ", i), grads[i].Float64s(), wantGrads[i].Float64s(), tol)
					}
				}
			})
		}
	}
}

// The diagonal of a kernel of inputs in one column is the variance exactly too.
func TestKernelMatrixLineDiagonal(t *testing.T) {
	x, zero := Normal(NewRand(1), F64, 600, 1).AddS(1e6), Zeros(F64)
	for _, kind := range []string{"rbf", "matern12", "matern32", "matern52"} {
		k := KernelMatrix(kind, x, x, zero.AddS(0.3), zero)
		for i := 0; i < 600; i++ {
			if k.At(i, i) != math.Exp(0.3) {
				t.Errorf("%s: diagonal element %d is %.17g, want %.17g", kind, i, k.At(i, i), math.Exp(0.3))
			}
		}
	}
}
