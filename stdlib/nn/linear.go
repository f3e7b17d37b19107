package nn

import (
	"github.com/priorlab/priorlab/linalg"
)

// Linear is y = x W' + b over the last axis.
type Linear struct {
	W *linalg.Tensor // [out in]
	B *linalg.Tensor // [out]; nil for none
}

// NewLinear draws W and b uniformly from +-1/sqrt(in).
func NewLinear(r *linalg.Rand, dt linalg.DType, in, out int) *Linear {
	positive("NewLinear", "the number of inputs", in)
	positive("NewLinear", "the number of outputs", out)
	return &Linear{W: uniform(r, dt, fanIn(in), out, in), B: uniform(r, dt, fanIn(in), out)}
}

// Params are W and b.
func (l *Linear) Params() []Param {
	if l.B == nil {
		return []Param{{"W", l.W}}
	}
	return []Param{{"W", l.W}, {"b", l.B}}
}

// Forward maps [..., in] to [..., out].
func (l *Linear) Forward(x *linalg.Tensor, _ *Pass) *linalg.Tensor {
	last("Linear", x, l.W.Shape()[1])
	return linalg.Linear(x, l.W, l.B)
}

// LayerNorm normalises the last axis to mean 0 and variance 1 (biased, with 1e-5 added), then scales and shifts.
type LayerNorm struct {
	Gain, Bias *linalg.Tensor // [D]
}

// NewLayerNorm begins with gain 1 and bias 0.
func NewLayerNorm(dt linalg.DType, width int) *LayerNorm {
	positive("NewLayerNorm", "the width", width)
	return &LayerNorm{Gain: linalg.Param(linalg.Ones(dt, width)), Bias: linalg.Param(linalg.Zeros(dt, width))}
}

// Params are gain and bias.
func (l *LayerNorm) Params() []Param { return []Param{{"gain", l.Gain}, {"bias", l.Bias}} }

// Forward keeps the shape.
func (l *LayerNorm) Forward(x *linalg.Tensor, _ *Pass) *linalg.Tensor {
	last("LayerNorm", x, l.Gain.Len())
	return linalg.LayerNorm(x, l.Gain, l.Bias)
}

// Mapper is a layer that keeps everything but the last axis: Linear, or another layer in its place, such as one with a
// distribution over its weights.
type Mapper interface {
	Module
	Forward(x *linalg.Tensor, p *Pass) *linalg.Tensor
}

// MLP is W2 gelu(W1 x + b1) + b2 with dropout after each linear map and the exact GELU.
type MLP struct {
	In, Out Mapper
	Rate    float64 // dropout
}

// NewMLP maps in to out through hidden units.
func NewMLP(r *linalg.Rand, dt linalg.DType, in, hidden, out int, dropout float64) *MLP {
	return &MLP{In: NewLinear(r, dt, in, hidden), Out: NewLinear(r, dt, hidden, out), Rate: dropout}
}

// Params are those of both linear maps.
func (m *MLP) Params() []Param { return Join(Under("in", m.In.Params()), Under("out", m.Out.Params())) }

// Forward maps [..., in] to [..., out].
func (m *MLP) Forward(x *linalg.Tensor, p *Pass) *linalg.Tensor {
	h := p.Dropout(m.In.Forward(x, p), m.Rate).GELU()
	return p.Dropout(m.Out.Forward(h, p), m.Rate)
}
