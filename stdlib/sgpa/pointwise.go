package sgpa

import (
	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/nn"
)

// KernelLayer is kernel attention without uncertainty, F = K_qq v_a. Its parameters carry the names that SGPA layers
// give to theirs, so that a trained one starts them.
type KernelLayer struct{ projection }

// NewKernelLayer draws a layer from r.
func NewKernelLayer(r *linalg.Rand, c Config) *KernelLayer {
	return &KernelLayer{newProjection(r, c.withDefaults())}
}

// Params are those of the projection.
func (l *KernelLayer) Params() []nn.Param { return l.params() }

// Attend gives one output a sequence.
func (l *KernelLayer) Attend(r Request) *Result {
	q, va := l.queries(r)
	res := &Result{Mean: gram(l.kind, q, nil, l.LogVar, l.LogScale).MatMul(va)}
	res.Out = l.output(res.Mean.Unsqueeze(1), r)
	return res
}

// SoftmaxLayer is scaled dot-product attention, the ordinary transformer's.
type SoftmaxLayer struct{ *nn.Attention }

// NewSoftmaxLayer draws a layer from r.
func NewSoftmaxLayer(r *linalg.Rand, c Config) *SoftmaxLayer {
	c = c.withDefaults()
	return &SoftmaxLayer{nn.NewAttention(r, c.dtype(), c.Width, c.Heads)}
}

// Attend gives one output a sequence.
func (l *SoftmaxLayer) Attend(r Request) *Result {
	return &Result{Out: l.Forward(r.X, r.Mask, r.Pass)}
}

var _ = []Attention{(*DecoupledLayer)(nil), (*StandardLayer)(nil), (*KernelLayer)(nil), (*SoftmaxLayer)(nil)}
