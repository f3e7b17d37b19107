package linalg

import (
	"math"
	"testing"
)

var _ = addCases(
	opCase{name: "Linear", shapes: [][]int{{3, 4, 7}, {5, 7}, {5}}, f: three(Linear)},
	opCase{name: "Linear without bias", shapes: [][]int{{4, 7}, {5, 7}}, f: two(func(x, w *Tensor) *Tensor { return Linear(x, w, nil) })},
	opCase{name: "Softmax", shapes: [][]int{{5, 19}}, f: one(func(x *Tensor) *Tensor { return x.Softmax(-1) })},
	opCase{name: "Softmax first axis", shapes: [][]int{{5, 3}}, f: one(func(x *Tensor) *Tensor { return x.Softmax(0) })},
	opCase{name: "LogSoftmax", shapes: [][]int{{5, 19}}, f: one(func(x *Tensor) *Tensor { return x.LogSoftmax(1) })},
	opCase{name: "LayerNorm", shapes: [][]int{{4, 3, 19}, {19}, {19}}, f: three(LayerNorm)},
	opCase{name: "LayerNorm plain", shapes: [][]int{{4, 8}}, f: one(func(x *Tensor) *Tensor { return LayerNorm(x, nil, nil) })},
	opCase{name: "CrossEntropy", shapes: [][]int{{4, 5}}, f: one(func(x *Tensor) *Tensor {
		return CrossEntropy(x, FromInts([]int{0, 4, 2, 2}))
	})},
	opCase{name: "Gather", shapes: [][]int{{6, 3}}, f: one(func(x *Tensor) *Tensor {
		return x.Gather(0, FromInts([]int{5, 0, 5, 2}, 2, 2)).Square()
	})},
	opCase{name: "Gather middle", shapes: [][]int{{2, 6, 3}}, f: one(func(x *Tensor) *Tensor {
		return x.Gather(1, FromInts([]int{5, 0, 5})).Square()
	})},
	opCase{name: "ScatterAdd", shapes: [][]int{{2, 4, 3}}, f: one(func(x *Tensor) *Tensor {
		return ScatterAdd(1, 6, FromInts([]int{5, 0, 5, 2}), x).Square()
	})},
	opCase{name: "Dropout", shapes: [][]int{{5, 7}}, f: one(func(x *Tensor) *Tensor { return Dropout(NewRand(3), x, 0.4) })},
	opCase{name: "Slice of a parameter", shapes: [][]int{{4, 9}}, f: one(func(x *Tensor) *Tensor {
		a, b := x.Slice(1, 0, 5), x.Slice(1, 3, 9)
		return a.Square().Sum(1).Add(b.Sum(1)).Add(x.Exp().Sum(1)).Add(x.Slice(1, 2, 3).Squeeze(1))
	})},
)

func TestSoftmaxRows(t *testing.T) {
	x := FromFloat64([]float64{1000, 1000, -1000, math.Inf(-1), math.Inf(-1), math.Inf(-1)}, 2, 3)
	near(t, "softmax", x.Softmax(-1).Float64s(), []float64{0.5, 0.5, 0, 0, 0, 0}, 1e-15)
}

func TestStraightThrough(t *testing.T) {
	z := Param(FromFloat64([]float64{1, 2}))
	q := FromFloat64([]float64{3, 5})
	y := StraightThrough(z, q)
	near(t, "value", y.Float64s(), []float64{3, 5}, 0)
	y.Square().Sum().Backward()
	near(t, "gradient", z.Grad().Float64s(), []float64{6, 10}, 0)
}

func TestNetworkErrors(t *testing.T) {
	x := Zeros(F32, 100, 784)
	mustFail(t, "Linear: x is [100 784], w is [10 785]: last axes differ", func() { Linear(x, Zeros(F32, 10, 785), nil) })
	mustFail(t, "b is [11]", func() { Linear(x, Zeros(F32, 10, 784), Zeros(F32, 11)) })
	mustFail(t, "label 1 is 3, but there are 3 classes", func() { CrossEntropy(Zeros(F32, 2, 3), FromInts([]int{0, 3})) })
	mustFail(t, "index number 0 is 9", func() { x.Gather(1, FromInts([]int{9000})); x.Gather(0, FromInts([]int{900})) })
	mustFail(t, "[0, 1)", func() { Dropout(NewRand(1), x, 1) })
}

func TestBackwardRules(t *testing.T) {
	p := Param(FromFloat64([]float64{1, 2, 3}))
	p.Square().Sum().Backward()
	p.Square().Sum().Backward()
	near(t, "two calls add", p.Grad().Float64s(), []float64{4, 8, 12}, 0)
	p.ZeroGrad()
	if p.Grad() != nil {
		t.Error("ZeroGrad leaves a gradient")
	}
	y := p.Exp()
	l := y.Sum()
	l.Backward()
	mustFail(t, "already differentiated", func() { y.Square().Sum().Backward() })
	NoGrad(func() { mustFail(t, "parameter", func() { p.Exp().Sum().Backward() }) })
	c := Custom([]*Tensor{p}, p.Square(), func(g *Tensor) []*Tensor { return []*Tensor{g.MulS(7)} })
	p.ZeroGrad()
	c.Sum().Backward()
	near(t, "custom", p.Grad().Float64s(), []float64{7, 7, 7}, 0)
	p.Set(FromFloat64([]float64{4, 5, 6}))
	if p.At(2) != 6 {
		t.Error("Set did not set")
	}
}
