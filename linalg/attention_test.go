package linalg

import (
	"math"
	"testing"
)

// plainAttention is the definition, from single operations.
func plainAttention(q, k, v *Tensor, scale float64, bias *Tensor) *Tensor {
	s := q.MatMul(k.T()).MulS(scale)
	if bias != nil {
		s = s.Add(bias)
	}
	return s.Softmax(-1).MatMul(v)
}

var _ = addCases(
	opCase{name: "Attention", shapes: [][]int{{2, 3, 5, 4}, {2, 3, 6, 4}, {2, 3, 6, 7}}, f: three(func(q, k, v *Tensor) *Tensor {
		return Attention(q, k, v, AttentionOptions{})
	})},
	opCase{name: "Attention causal", shapes: [][]int{{1, 2, 5, 4}, {1, 2, 5, 4}, {1, 2, 5, 4}}, f: three(func(q, k, v *Tensor) *Tensor {
		return Attention(q, k, v, AttentionOptions{Causal: true, Scale: 0.7})
	})},
	opCase{name: "Attention of one product", shapes: [][]int{{2, 5, 24}, {5, 5}}, f: two(func(x, b *Tensor) *Tensor {
		p := x.Split(2, 3)
		return Attention(p[0].SplitHeads(2), p[1].SplitHeads(2), p[2].SplitHeads(2), AttentionOptions{Bias: b}).MergeHeads()
	})},
)

func TestAttentionAgainstPlain(t *testing.T) {
	r := NewRand(8)
	for _, s := range [][5]int{{2, 3, 5, 6, 4}, {1, 4, 64, 64, 32}, {3, 1, 17, 33, 8}, {1, 1, 1, 1, 1}} {
		b, h, tq, tk, w := s[0], s[1], s[2], s[3], s[4]
		q, k, v := Normal(r, F64, b, h, tq, w), Normal(r, F64, b, h, tk, w), Normal(r, F64, b, tk, h, w).SwapAxes(1, 2)
		scale := 1 / math.Sqrt(float64(w))
		near(t, "plain", Attention(q, k, v, AttentionOptions{}).Float64s(), plainAttention(q, k, v, scale, nil).Float64s(), 1e-12)
		if tq != tk {
			continue
		}
		hide := Zeros(F64, tq, tk)
		x := hide.Float64s()
		for i := 0; i < tq; i++ {
			for j := i + 1; j < tk; j++ {
				x[i*tk+j] = math.Inf(-1)
			}
		}
		hide = FromFloat64(x, tq, tk)
		want := plainAttention(q, k, v, scale, hide).Float64s()
		near(t, "causal", Attention(q, k, v, AttentionOptions{Causal: true}).Float64s(), want, 1e-12)
		near(t, "bias", Attention(q, k, v, AttentionOptions{Bias: hide}).Float64s(), want, 1e-12)
	}
	mustFail(t, "[batch, heads, tokens, width]", func() {
		Attention(Zeros(F32, 2, 3, 4, 5), Zeros(F32, 2, 3, 4, 6), Zeros(F32, 2, 3, 4, 6), AttentionOptions{})
	})
}
