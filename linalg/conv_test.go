package linalg

import (
	"math"
	"testing"
)

var _ = addCases(
	opCase{name: "Conv", shapes: [][]int{{2, 5, 6, 3}, {3, 3, 3, 4}, {4}}, f: three(func(x, w, b *Tensor) *Tensor {
		return Conv(x, w, b, ConvOptions{Pad: 1})
	})},
	opCase{name: "Conv stride", shapes: [][]int{{2, 6, 7, 2}, {4, 4, 2, 5}}, f: two(func(x, w *Tensor) *Tensor {
		return Conv(x, w, nil, ConvOptions{Stride: 2, Pad: 1})
	})},
	opCase{name: "Conv point", shapes: [][]int{{2, 3, 3, 4}, {1, 1, 4, 5}}, f: two(func(x, w *Tensor) *Tensor {
		return Conv(x, w, nil, ConvOptions{})
	})},
	opCase{name: "Conv volume", shapes: [][]int{{1, 3, 4, 4, 2}, {2, 3, 3, 2, 3}, {3}}, f: three(func(x, w, b *Tensor) *Tensor {
		return Conv(x, w, b, ConvOptions{Strides: []int{1, 2, 1}, Pads: []int{0, 1, 1}})
	})},
	opCase{name: "ConvTranspose", shapes: [][]int{{2, 3, 4, 3}, {4, 4, 2, 3}, {2}}, f: three(func(x, w, b *Tensor) *Tensor {
		return ConvTranspose(x, w, b, ConvOptions{Stride: 2, Pad: 1})
	})},
	opCase{name: "ConvTranspose OutPad", shapes: [][]int{{1, 2, 3, 3, 2}, {3, 3, 3, 2, 2}}, f: two(func(x, w *Tensor) *Tensor {
		return ConvTranspose(x, w, nil, ConvOptions{Stride: 2, Pad: 1, OutPad: 1})
	})},
	opCase{name: "GroupNorm", shapes: [][]int{{2, 3, 4, 6}, {6}, {6}}, f: three(func(x, g, b *Tensor) *Tensor { return GroupNorm(x, 3, g, b) }), tol32: 1e-3},
	opCase{name: "GroupNorm of each image", shapes: [][]int{{3, 5, 6}, {3, 6}, {3, 6}}, f: three(func(x, g, b *Tensor) *Tensor { return GroupNorm(x, 2, g, b) }), tol32: 1e-3},
	opCase{name: "GroupNorm plain", shapes: [][]int{{2, 5, 4}}, f: one(func(x *Tensor) *Tensor { return GroupNorm(x, 2, nil, nil) }), tol32: 1e-3},
	opCase{name: "AvgPool Upsample", shapes: [][]int{{2, 4, 6, 3}}, f: one(func(x *Tensor) *Tensor { return Upsample(AvgPool(x, 2).Square(), 3) })},
	opCase{name: "ChannelsLast", shapes: [][]int{{2, 3, 4, 5}}, f: one(func(x *Tensor) *Tensor { return ChannelsLast(ChannelsFirst(ChannelsLast(x)).Square()) })},
)

func TestConvShapesAndErrors(t *testing.T) {
	y := Conv(Zeros(F32, 2, 28, 28, 1), Zeros(F32, 4, 4, 1, 8), nil, ConvOptions{Stride: 2, Pad: 1})
	if s := y.Shape(); s[1] != 14 || s[2] != 14 || s[3] != 8 {
		t.Errorf("convolution gives %v", s)
	}
	y = ConvTranspose(y, Zeros(F32, 4, 4, 1, 8), nil, ConvOptions{Stride: 2, Pad: 1})
	if s := y.Shape(); s[1] != 28 || s[2] != 28 || s[3] != 1 {
		t.Errorf("transposed convolution gives %v", s)
	}
	mustFail(t, "channels or types differ", func() { Conv(Zeros(F32, 2, 8, 8, 3), Zeros(F32, 3, 3, 4, 8), nil, ConvOptions{}) })
	mustFail(t, "smaller than the kernel", func() { Conv(Zeros(F32, 2, 2, 2, 3), Zeros(F32, 3, 3, 3, 8), nil, ConvOptions{}) })
	mustFail(t, "height, width, channels", func() { Conv(Zeros(F32, 2, 2), Zeros(F32, 3, 3), nil, ConvOptions{}) })
}

// A step written from the definition, on a problem with known gradients.
func TestAdamW(t *testing.T) {
	for _, dt := range []DType{F32, F64} {
		w := []float64{1, -2, 3, 0.5, -0.25}
		p := Param(FromFloat64(w).To(dt))
		o := NewAdamW(0.1, p)
		o.Decay = 0.01
		m, v := make([]float64, 5), make([]float64, 5)
		for k := 1; k <= 5; k++ {
			p.Square().Sum().Backward()
			o.Step()
			for i := range w {
				g := 2 * w[i]
				m[i] = 0.9*m[i] + 0.1*g
				v[i] = 0.999*v[i] + 0.001*g*g
				w[i] = w[i]*(1-0.1*0.01) - 0.1*m[i]/(1-math.Pow(0.9, float64(k)))/(math.Sqrt(v[i]/(1-math.Pow(0.999, float64(k))))+1e-8)
			}
			tol := 1e-12
			if dt == F32 {
				tol = 1e-5
			}
			near(t, "parameters", p.Float64s(), w, tol)
		}
		n, s := o.State()
		q := NewAdamW(0.1, Param(p))
		q.SetState(n, s)
		if q.Steps() != 5 {
			t.Error("the state was not taken over")
		}
	}
	p := Param(FromFloat64([]float64{3, 4}))
	o := NewAdamW(1, p)
	o.Clip = 1
	p.Square().MulS(0.5).Sum().Backward()
	if n := o.GradNorm(); math.Abs(n-5) > 1e-12 {
		t.Errorf("norm of the gradient is %g, want 5", n)
	}
	mustFail(t, "not a parameter", func() { NewAdamW(1, Zeros(F64, 2)) })
}
