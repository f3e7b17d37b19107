package linalg

import (
	"math"
	"testing"
)

// opCase is one operation on float inputs of the given shapes, drawn from a normal distribution and passed through in.
type opCase struct {
	name   string
	shapes [][]int
	f      func(x []*Tensor) *Tensor
	in     func(v float64) float64 // moves a normal number into the function's domain; nil leaves it
	tol    float64                 // of the gradient, relative; 0 means 1e-6
	tol32  float64                 // of float32 against float64, relative; 0 means 1e-4
}

func positive(v float64) float64 { return 0.2 + math.Abs(v) }

// away keeps kinks out of the reach of central differences.
func away(v float64) float64 { return v + math.Copysign(0.05, v) }

// opCases is the table of everything that has a gradient; the files of the single operations add to it.
var opCases []opCase

func addCases(cs ...opCase) bool { opCases = append(opCases, cs...); return true }

func one(f func(x *Tensor) *Tensor) func([]*Tensor) *Tensor {
	return func(x []*Tensor) *Tensor { return f(x[0]) }
}
func two(f func(x, y *Tensor) *Tensor) func([]*Tensor) *Tensor {
	return func(x []*Tensor) *Tensor { return f(x[0], x[1]) }
}
func three(f func(x, y, z *Tensor) *Tensor) func([]*Tensor) *Tensor {
	return func(x []*Tensor) *Tensor { return f(x[0], x[1], x[2]) }
}

var _ = addCases(
	opCase{name: "Neg", shapes: [][]int{{7}}, f: one((*Tensor).Neg)},
	opCase{name: "Abs", shapes: [][]int{{5, 3}}, f: one((*Tensor).Abs), in: away},
	opCase{name: "Square", shapes: [][]int{{33}}, f: one((*Tensor).Square)},
	opCase{name: "Sqrt", shapes: [][]int{{17}}, f: one((*Tensor).Sqrt), in: positive},
	opCase{name: "Recip", shapes: [][]int{{9}}, f: one((*Tensor).Recip), in: positive},
	opCase{name: "ReLU", shapes: [][]int{{40}}, f: one((*Tensor).ReLU), in: away},
	opCase{name: "Exp", shapes: [][]int{{3, 19}}, f: one((*Tensor).Exp)},
	opCase{name: "Log", shapes: [][]int{{19}}, f: one((*Tensor).Log), in: positive},
	opCase{name: "Sin", shapes: [][]int{{35}}, f: one((*Tensor).Sin)},
	opCase{name: "Cos", shapes: [][]int{{35}}, f: one((*Tensor).Cos)},
	opCase{name: "Tanh", shapes: [][]int{{2, 31}}, f: one((*Tensor).Tanh)},
	opCase{name: "Erf", shapes: [][]int{{31}}, f: one((*Tensor).Erf)},
	opCase{name: "Sigmoid", shapes: [][]int{{31}}, f: one((*Tensor).Sigmoid)},
	opCase{name: "Softplus", shapes: [][]int{{31}}, f: one((*Tensor).Softplus)},
	opCase{name: "GELU", shapes: [][]int{{65}}, f: one((*Tensor).GELU)},
	opCase{name: "SiLU", shapes: [][]int{{65}}, f: one((*Tensor).SiLU)},
	opCase{name: "Unary of a view", shapes: [][]int{{6, 5}}, f: one(func(x *Tensor) *Tensor { return x.T().Slice(0, 1, 4).Exp() })},
	opCase{name: "Add", shapes: [][]int{{4, 5}, {4, 5}}, f: two((*Tensor).Add)},
	opCase{name: "Add row", shapes: [][]int{{4, 5}, {5}}, f: two((*Tensor).Add)},
	opCase{name: "Sub column", shapes: [][]int{{4, 5}, {4, 1}}, f: two((*Tensor).Sub)},
	opCase{name: "Mul outer", shapes: [][]int{{4, 1, 3}, {5, 1}}, f: two((*Tensor).Mul)},
	opCase{name: "Mul middle", shapes: [][]int{{2, 3, 4}, {3, 1}}, f: two((*Tensor).Mul)},
	opCase{name: "Mul self", shapes: [][]int{{6}}, f: one(func(x *Tensor) *Tensor { return x.Mul(x).Mul(x) })},
	opCase{name: "Div", shapes: [][]int{{2, 3}, {2, 3}}, f: two((*Tensor).Div), in: positive},
	opCase{name: "Div scalar", shapes: [][]int{{}, {2, 3}}, f: two((*Tensor).Div), in: positive},
	opCase{name: "Max", shapes: [][]int{{6, 3}, {3}}, f: two((*Tensor).Max)},
	opCase{name: "Min", shapes: [][]int{{6}, {6}}, f: two((*Tensor).Min)},
	opCase{name: "AddS MulS", shapes: [][]int{{6}}, f: one(func(x *Tensor) *Tensor { return x.AddS(3).MulS(-2) })},
	opCase{name: "PowS", shapes: [][]int{{6}}, f: one(func(x *Tensor) *Tensor { return x.PowS(1.7).Add(x.PowS(2)) }), in: positive},
	opCase{name: "Clamp", shapes: [][]int{{20}}, f: one(func(x *Tensor) *Tensor { return x.Clamp(-0.5, 0.7) })},
	opCase{name: "Where", shapes: [][]int{{4, 5}, {5}}, f: two(func(x, y *Tensor) *Tensor {
		return Where(x.Greater(y), x.Square(), y.MulS(3))
	})},
	opCase{name: "Reshape Permute", shapes: [][]int{{2, 3, 4}}, f: one(func(x *Tensor) *Tensor { return x.Permute(2, 0, 1).Reshape(4, -1).Square() })},
	opCase{name: "Slice Concat", shapes: [][]int{{3, 8}}, f: one(func(x *Tensor) *Tensor {
		return Concat(1, x.Slice(1, 5, 8).Square(), x.Slice(1, 0, 5))
	})},
	opCase{name: "Split Stack", shapes: [][]int{{3, 8}}, f: one(func(x *Tensor) *Tensor {
		p := x.Split(1, 4)
		return Stack(0, p[3], p[1].Square(), p[0])
	})},
	opCase{name: "BroadcastTo", shapes: [][]int{{3, 1}}, f: one(func(x *Tensor) *Tensor { return x.BroadcastTo(2, 3, 5).Square() })},
	opCase{name: "Sum", shapes: [][]int{{3, 4, 5}}, f: one(func(x *Tensor) *Tensor { return x.Square().Sum() })},
	opCase{name: "Sum last", shapes: [][]int{{3, 4, 5}}, f: one(func(x *Tensor) *Tensor { return x.Sum(-1).Square() })},
	opCase{name: "Sum first", shapes: [][]int{{3, 4, 5}}, f: one(func(x *Tensor) *Tensor { return x.Sum(0).Square() })},
	opCase{name: "Sum middle", shapes: [][]int{{3, 4, 5}}, f: one(func(x *Tensor) *Tensor { return x.Sum(1).Square() })},
	opCase{name: "Sum apart", shapes: [][]int{{3, 4, 5}}, f: one(func(x *Tensor) *Tensor { return x.Sum(0, 2).Square() })},
	opCase{name: "Mean", shapes: [][]int{{3, 4}}, f: one(func(x *Tensor) *Tensor { return x.Mean(1).Square() })},
	opCase{name: "Var", shapes: [][]int{{3, 4}}, f: one(func(x *Tensor) *Tensor { return x.Var(0) })},
	opCase{name: "MaxOver", shapes: [][]int{{3, 4, 2}}, f: one(func(x *Tensor) *Tensor { return x.MaxOver(1).Square() })},
	opCase{name: "MinOver", shapes: [][]int{{3, 4}}, f: one(func(x *Tensor) *Tensor { return x.MinOver() })},
	opCase{name: "LogSumExp", shapes: [][]int{{3, 4}}, f: one(func(x *Tensor) *Tensor { return x.LogSumExp(-1) })},
	opCase{name: "MatMul", shapes: [][]int{{5, 7}, {7, 3}}, f: two((*Tensor).MatMul)},
	opCase{name: "MatMul T", shapes: [][]int{{7, 5}, {3, 7}}, f: two(func(x, y *Tensor) *Tensor { return x.T().MatMul(y.T()) })},
	opCase{name: "MatMul batch", shapes: [][]int{{2, 5, 7}, {2, 7, 3}}, f: two((*Tensor).MatMul)},
	opCase{name: "MatMul batch by one", shapes: [][]int{{4, 5, 7}, {7, 3}}, f: two((*Tensor).MatMul)},
	opCase{name: "MatMul one by batch", shapes: [][]int{{5, 7}, {4, 7, 3}}, f: two((*Tensor).MatMul)},
	opCase{name: "MatMul broadcast", shapes: [][]int{{2, 1, 5, 7}, {3, 7, 3}}, f: two((*Tensor).MatMul)},
	opCase{name: "MatMul vector", shapes: [][]int{{5, 7}, {7}}, f: two((*Tensor).MatMul)},
	opCase{name: "MatMul dot", shapes: [][]int{{7}, {7}}, f: two((*Tensor).MatMul)},
	opCase{name: "Vector MatMul", shapes: [][]int{{7}, {2, 7, 3}}, f: two((*Tensor).MatMul)},
	opCase{name: "MatMul heads", shapes: [][]int{{2, 6, 12}, {2, 6, 12}}, f: two(func(x, y *Tensor) *Tensor {
		h := func(t *Tensor) *Tensor { return t.Reshape(2, 6, 3, 4).SwapAxes(1, 2) }
		return h(x).MatMul(h(y).T())
	})},
)

// inputs draws the case's inputs.
func (c opCase) inputs(dt DType) []*Tensor {
	r := NewRand(uint64(len(c.name)))
	var out []*Tensor
	for _, s := range c.shapes {
		v := make([]float64, numel(s))
		r.FillNormal(v)
		if c.in != nil {
			for i := range v {
				v[i] = c.in(v[i])
			}
		}
		x := FromFloat64(v)
		out = append(out, x.Reshape(s...).To(dt))
	}
	return out
}

// run evaluates the case and the gradients of a fixed weighting of its outputs.
func (c opCase) run(xs []*Tensor) (y *Tensor, grads []*Tensor) {
	ps := make([]*Tensor, len(xs))
	for i, x := range xs {
		ps[i] = Param(x)
	}
	y = c.f(ps)
	y.Mul(weighting(y)).Sum().Backward()
	for _, p := range ps {
		g := p.Grad()
		if g == nil {
			g = Zeros(p.dt, p.shape...)
		}
		grads = append(grads, g)
	}
	return y.detached(), grads
}

func weighting(y *Tensor) *Tensor {
	return Normal(NewRand(99), F64, y.shape...).To(y.dt)
}

func TestGradients(t *testing.T) {
	for _, c := range opCases {
		t.Run(c.name, func(t *testing.T) {
			xs := c.inputs(F64)
			y, grads := c.run(xs)
			tol := c.tol
			if tol == 0 {
				tol = 1e-6
			}
			for k, x := range xs {
				v := x.Float64s()
				g := grads[k].Float64s()
				for i := range v {
					const h = 1e-5
					at := func(d float64) float64 {
						w := append([]float64(nil), v...)
						w[i] += d
						zs := append([]*Tensor(nil), xs...)
						zs[k] = FromFloat64(w).Reshape(x.shape...)
						o := c.f(zs)
						return o.Mul(weighting(o)).Sum().Item()
					}
					want := (at(h) - at(-h)) / (2 * h)
					if math.Abs(g[i]-want) > tol*(1+math.Abs(want))+1e-9 {
						t.Fatalf("input %d, element %d: gradient %.10g, central difference %.10g", k, i, g[i], want)
					}
				}
			}
			// Single precision goes the same way.
			var x32 []*Tensor
			for _, x := range xs {
				x32 = append(x32, x.To(F32))
			}
			y32, g32 := c.run(x32)
			tol = c.tol32
			if tol == 0 {
				tol = 1e-4
			}
			near(t, "F32 value", y32.Float64s(), y.Float64s(), tol)
			for k := range grads {
				near(t, "F32 gradient", g32[k].Float64s(), grads[k].Float64s(), 10*tol)
			}
		})
	}
}

func TestSameBitsForAnyThreads(t *testing.T) {
	old := Threads()
	defer SetThreads(old)
	for _, c := range opCases {
		for _, dt := range []DType{F32, F64} {
			xs := c.inputs(dt)
			var first []float64
			for _, th := range []int{1, 2, 3} {
				SetThreads(th)
				y, grads := c.run(xs)
				all := y.Float64s()
				for _, g := range grads {
					all = append(all, g.Float64s()...)
				}
				if th == 1 {
					first = all
				}
				for i := range all {
					if math.Float64bits(all[i]) != math.Float64bits(first[i]) {
						t.Fatalf("%s %v: number %d is %g with %d threads, %g with one", c.name, dt, i, all[i], th, first[i])
					}
				}
			}
		}
	}
}
