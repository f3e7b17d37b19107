package linalg

import (
	"math"
	"slices"
	"testing"
)

var _ = addCases(
	opCase{name: "MaxS MinS", shapes: [][]int{{20}}, f: one(func(x *Tensor) *Tensor { return x.MaxS(-0.3).MinS(0.6).Mul(x) }), in: func(v float64) float64 { return 0.1*math.Round(10*v) + 0.05 }},
	opCase{name: "To", shapes: [][]int{{7}}, f: one(func(x *Tensor) *Tensor { return x.To(F64).Square().To(x.DType()) })},
	opCase{name: "Unflatten Flatten", shapes: [][]int{{3, 8}}, f: one(func(x *Tensor) *Tensor {
		return x.Unflatten(1, 2, 4).SwapAxes(0, 1).Flatten().Square()
	})},
	opCase{name: "AddDiag", shapes: [][]int{{2, 4, 4}}, f: one(func(x *Tensor) *Tensor { return x.AddDiag(0.7).Square() })},
	opCase{name: "Contiguous Unsqueeze", shapes: [][]int{{3, 5}}, f: one(func(x *Tensor) *Tensor { return x.T().Contiguous().Unsqueeze(1).Square() })},
)

// What has no gradient, or one that is not the derivative of its value.
func TestRemainingOperators(t *testing.T) {
	x := FromFloat64([]float64{3, -1, 2, 2, 5, -4}, 2, 3)
	for name, c := range map[string]struct{ got, want []float64 }{
		"Less":    {x.Less(Scalar(F64, 2)).To(F64).Float64s(), []float64{0, 1, 0, 0, 0, 1}},
		"Not":     {x.Less(Scalar(F64, 2)).Not().To(F64).Float64s(), []float64{1, 0, 1, 1, 1, 0}},
		"Bools":   {FromBools([]bool{true, false}).To(F64).Float64s(), []float64{1, 0}},
		"ArgMax":  {x.ArgMax(1).To(F64).Float64s(), []float64{0, 1}},
		"OneHot":  {OneHot(F64, FromInts([]int{2, 0}), 3).Float64s(), []float64{0, 0, 1, 1, 0, 0}},
		"Flatten": {x.Flatten().Float64s(), x.Float64s()},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
	u := Uniform(NewRand(3), F64, 4000).Float64s()
	slices.Sort(u)
	if u[0] < 0 || u[3999] >= 1 || u[2000] < 0.45 || u[2000] > 0.55 {
		t.Errorf("uniform numbers from %g to %g with median %g", u[0], u[3999], u[2000])
	}
	z, q := Param(x), Param(x.MulS(2))
	y := StraightThrough(z, q)
	if !slices.Equal(y.Float64s(), q.Float64s()) {
		t.Errorf("StraightThrough has the value %v", y)
	}
	y.Add(Detach(z).Mul(q)).Sum().Backward()
	if g := z.Grad().Float64s(); !slices.Equal(g, []float64{1, 1, 1, 1, 1, 1}) {
		t.Errorf("StraightThrough's gradient is %v", g)
	}
	if g := q.Grad(); !slices.Equal(g.Float64s(), x.Float64s()) {
		t.Errorf("the gradient beside a detached factor is %v", g)
	}
	if ps := NewAdamW(1, z, q).Params(); len(ps) != 2 || ps[1] != q {
		t.Errorf("the optimiser has the parameters %v", ps)
	}
}
