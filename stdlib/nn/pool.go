package nn

import "github.com/priorlab/priorlab/linalg"

// SeqPool averages tokens with weights softmax(w . h_t + b).
type SeqPool struct {
	Score *Linear // [1 D]
}

// NewSeqPool pools tokens of the given width.
func NewSeqPool(r *linalg.Rand, dt linalg.DType, width int) *SeqPool {
	return &SeqPool{Score: NewLinear(r, dt, width, 1)}
}

// Params are those of the score.
func (s *SeqPool) Params() []Param { return s.Score.Params() }

// Forward maps [B T D] to [B D]. Padded tokens (mask, or nil) have no weight.
func (s *SeqPool) Forward(h, mask *linalg.Tensor, p *Pass) *linalg.Tensor {
	a := s.Score.Forward(h, p).Squeeze(-1)
	if mask != nil {
		checkMask("SeqPool", mask, h.Shape()[0], h.Shape()[1])
		a = a.Add(mask.AddS(-1).MulS(maskedScore))
	}
	return a.Softmax(-1).Unsqueeze(1).MatMul(h).Squeeze(1)
}

// MeanPool averages the real tokens of h [B T D]: [B D]. mask may be nil.
func MeanPool(h, mask *linalg.Tensor) *linalg.Tensor {
	if mask == nil {
		return h.Mean(1)
	}
	return ApplyMask(h, mask).Sum(1).Div(mask.Sum(1).Unsqueeze(-1))
}
