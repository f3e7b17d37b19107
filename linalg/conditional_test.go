package linalg

import (
	"fmt"
	"testing"
)

// plainConditional is SparseConditional written like its equations, of operators that were there before.
func plainConditional(l, kuf, kff, mu, s *Tensor) (mean, variance *Tensor) {
	w := SolveTri(l, kuf, false)
	return w.T().MatMul(mu), w.Mul(s.AddDiag(-1).MatMul(w)).Sum(-2).Add(kff)
}

// conditionalOf makes a factor and a symmetric matrix of any input, and joins the two results.
func conditionalOf(f func(l, kuf, kff, mu, s *Tensor) (*Tensor, *Tensor)) func(x []*Tensor) *Tensor {
	return func(x []*Tensor) *Tensor {
		s := x[4].Add(x[4].T())
		mean, variance := f(Cholesky(spd(x[0]), 0), x[1], x[2], x[3], s)
		lead, _ := broadcastShape(mean.shape[:mean.Rank()-2], variance.shape[:variance.Rank()-1])
		n, p := mean.Dim(-2), mean.Dim(-1)
		return Concat(-1, mean.BroadcastTo(append(lead, n, p)...), variance.Unsqueeze(-1).BroadcastTo(append(lead, n, 1)...))
	}
}

var _ = addCases(
	opCase{name: "SparseConditional", shapes: [][]int{{6, 6}, {6, 9}, {}, {6, 1}, {6, 6}}, f: conditionalOf(SparseConditional)},
	opCase{name: "SparseConditional of two functions", shapes: [][]int{{5, 5}, {5, 7}, {7}, {5, 2}, {5, 5}}, f: conditionalOf(SparseConditional)},
	opCase{name: "SparseConditional batch", shapes: [][]int{{3, 4, 4}, {2, 1, 4, 5}, {2, 1, 5}, {4, 3}, {3, 4, 4}}, f: conditionalOf(SparseConditional)},
	opCase{name: "SparseConditional of many factors", shapes: [][]int{{9, 3, 3}, {3, 4}, {1}, {9, 3, 1}, {3, 3}}, f: conditionalOf(SparseConditional)},
)

// It agrees with its plain twin, values and gradients, over several parts of columns and for derivatives of either sign.
func TestSparseConditionalWide(t *testing.T) {
	for _, dt := range []DType{F64, F32} {
		tol := 1e-11
		if dt == F32 {
			tol = 2e-4
		}
		for _, c := range []struct{ batch, m, n, p int }{{1, 7, 700, 1}, {1, 70, 1300, 2}, {2, 33, 121, 1}, {9, 20, 250, 1}, {1, 1, 130, 1}, {1, 40, 1, 1}} {
			t.Run(fmt.Sprint(dt, c), func(t *testing.T) {
				r := NewRand(uint64(c.m))
				x := []*Tensor{
					Normal(r, dt, c.batch, c.m, c.m).MulS(0.3), Normal(r, dt, c.batch, c.m, c.n), Normal(r, dt, c.n),
					Normal(r, dt, c.batch, c.m, c.p), Normal(r, dt, c.batch, c.m, c.m),
				}
				fast := opCase{f: conditionalOf(SparseConditional)}
				y, grads := fast.run(x)
				plain := opCase{f: conditionalOf(plainConditional)}
				want, wantGrads := plain.run(x)
				near(t, "values", y.Float64s(), want.Float64s(), tol)
				scale := wantGrads[1].Abs().MaxOver().Item()
				for i := range grads {
					near(t, fmt.Sprint("gradient ", i), grads[i].MulS(1/scale).Float64s(), wantGrads[i].MulS(1/scale).Float64s(), 10*tol)
				}
				NoGrad(func() { near(t, "values alone", fast.f(x).Float64s(), y.Float64s(), 0) })
			})
		}
	}
}

// A gradient that is not asked for leaves the others as they are.
func TestSparseConditionalWantsLittle(t *testing.T) {
	r := NewRand(3)
	x := []*Tensor{Eye(F64, 5).MulS(2), Normal(r, F64, 5, 40), Ones(F64, 40), Normal(r, F64, 5, 1), Eye(F64, 5)}
	gradients := func(trained ...int) []*Tensor {
		p := append([]*Tensor(nil), x...)
		for _, i := range trained {
			p[i] = Param(x[i])
		}
		mean, variance := SparseConditional(p[0], p[1], p[2], p[3], p[4])
		mean.Squeeze(-1).Mul(variance).Sum().Backward()
		return []*Tensor{p[0].Grad(), p[1].Grad(), p[2].Grad(), p[3].Grad(), p[4].Grad()}
	}
	all := gradients(0, 1, 2, 3, 4)
	for i := range x {
		for k, g := range gradients(i) {
			if (g != nil) != (k == i) {
				t.Fatalf("with input %d trained, input %d has the gradient %v", i, k, g)
			}
			if g != nil {
				near(t, fmt.Sprint("gradient ", k), g.Float64s(), all[k].Float64s(), 1e-13)
			}
		}
	}
}

func TestSparseConditionalErrors(t *testing.T) {
	l, k, one, mu, s := Eye(F64, 3), Zeros(F64, 3, 5), Ones(F64, 5), Zeros(F64, 3, 1), Eye(F64, 3)
	mustFail(t, "want l [M M], kuf [M N], mu [M P] and s [M M]; write the mean of one function as one column", func() { SparseConditional(l, k, one, Zeros(F64, 3), s) })
	mustFail(t, "kuf [4 5]", func() { SparseConditional(l, Zeros(F64, 4, 5), one, mu, s) })
	mustFail(t, "s [3 2]", func() { SparseConditional(l, k, one, mu, Zeros(F64, 3, 2)) })
	mustFail(t, "kff is [4]", func() { SparseConditional(l, k, Ones(F64, 4), mu, s) })
	mustFail(t, "the element types differ", func() { SparseConditional(l, k, one, mu.To(F32), s) })
	mustFail(t, "leading axes", func() { SparseConditional(l, Zeros(F64, 2, 3, 5), one, mu, Zeros(F64, 4, 3, 3)) })
}
