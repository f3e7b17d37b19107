package pseudovideo

import (
	"math"

	"github.com/priorlab/priorlab/linalg"
)

// block is one pre-norm transformer layer on sequences [B, L, C]: h + out(attention(qkv(LN h))), then
// h + fc2(gelu(fc1(LN h))).
type block struct {
	heads, c      int
	gain1, bias1  *linalg.Tensor
	gain2, bias2  *linalg.Tensor
	qkv, out      *linearLayer
	widen, narrow *linearLayer
}

func (b *builder) block(name string, c, heads, hidden int) *block {
	return &block{heads: heads, c: c,
		gain1: b.full(name+".norm1.gain", 1, c), bias1: b.full(name+".norm1.bias", 0, c),
		gain2: b.full(name+".norm2.gain", 1, c), bias2: b.full(name+".norm2.bias", 0, c),
		qkv: b.linear(name+".qkv", c, 3*c), out: b.linear(name+".out", c, c),
		widen: b.linear(name+".mlp.in", c, hidden), narrow: b.linear(name+".mlp.out", hidden, c)}
}

// apply runs the layer on whole sequences.
func (k *block) apply(h *linalg.Tensor, opt linalg.AttentionOptions, c *call) *linalg.Tensor {
	qkv := k.qkv.apply(linalg.LayerNorm(h, k.gain1, k.bias1))
	var z *linalg.Tensor
	if c != nil && c.rng != nil && c.attention > 0 {
		z = k.attendDropping(qkv, opt.Causal, c)
	} else {
		z = attendTo(qkv, k.heads, opt)
	}
	return k.feed(h.Add(c.dropout(k.out.apply(z))), c)
}

// attendDropping is attention of which a share of the weights is dropped.
func (k *block) attendDropping(qkv *linalg.Tensor, causal bool, c *call) *linalg.Tensor {
	part := func(i int) *linalg.Tensor { return qkv.Slice(2, i*k.c, (i+1)*k.c).SplitHeads(k.heads) }
	scores := part(0).MatMul(part(1).T()).MulS(1 / math.Sqrt(float64(k.c/k.heads)))
	if causal {
		scores = scores.Add(causalMask(qkv.Dim(1), scores.DType()))
	}
	return linalg.Dropout(c.rng, scores.Softmax(-1), c.attention).MatMul(part(2)).MergeHeads()
}

func (k *block) feed(h *linalg.Tensor, c *call) *linalg.Tensor {
	z := k.widen.apply(linalg.LayerNorm(h, k.gain2, k.bias2)).GELU()
	return h.Add(c.dropout(k.narrow.apply(z)))
}

// biased runs the layer with a bias of its own for each head: bias [heads, L, L].
func (k *block) biased(h, bias *linalg.Tensor, causal bool, c *call) *linalg.Tensor {
	qkv := k.qkv.apply(linalg.LayerNorm(h, k.gain1, k.bias1))
	l := h.Dim(1)
	if causal {
		bias = bias.Add(causalMask(l, bias.DType()))
	}
	part := func(i, head int) *linalg.Tensor {
		w := k.c / k.heads
		return qkv.Slice(2, i*k.c+head*w, i*k.c+(head+1)*w).SplitHeads(1)
	}
	var z []*linalg.Tensor
	for i := range k.heads {
		opt := linalg.AttentionOptions{Bias: bias.Select(0, i)}
		z = append(z, linalg.Attention(part(0, i), part(1, i), part(2, i), opt).MergeHeads())
	}
	return k.feed(h.Add(c.dropout(k.out.apply(linalg.Concat(2, z...)))), c)
}

// causalMask is minus infinity above the diagonal.
func causalMask(l int, dt linalg.DType) *linalg.Tensor {
	m := make([]float64, l*l)
	for i := range l {
		for j := i + 1; j < l; j++ {
			m[i*l+j] = math.Inf(-1)
		}
	}
	return linalg.FromFloat64(m, l, l).To(dt)
}

// cache keeps the keys and values of the n tokens that a block has seen: [B, heads, L, width] with room for L.
type cache struct {
	k, v *linalg.Tensor
	n    int
}

// room makes a cache for sequences of length l.
func (k *block) room(batch, l int, dt linalg.DType) cache {
	empty := linalg.Zeros(dt, batch, k.heads, l, k.c/k.heads)
	return cache{k: linalg.Param(empty), v: linalg.Param(empty)}
}

// next runs the layer on one more token [B, 1, C], causally, remembering its key and value.
func (k *block) next(h *linalg.Tensor, past *cache) *linalg.Tensor {
	qkv := k.qkv.apply(linalg.LayerNorm(h, k.gain1, k.bias1))
	part := func(i int) *linalg.Tensor { return qkv.Slice(2, i*k.c, (i+1)*k.c).SplitHeads(k.heads) }
	past.k.SetSlice(2, past.n, part(1))
	past.v.SetSlice(2, past.n, part(2))
	past.n++
	z := linalg.Attention(part(0), past.k.Slice(2, 0, past.n), past.v.Slice(2, 0, past.n), linalg.AttentionOptions{}).MergeHeads()
	return k.feed(h.Add(k.out.apply(z)), nil)
}

// macs are the multiply-adds for l tokens of which each sees the given number.
func (k *block) macs(l, seen int64) int64 {
	c := int64(k.c)
	return l*(4*c*c+2*c*int64(k.widen.out)) + 2*l*seen*c
}

// alongTime is a causal transformer block over the frames at each site, with learned positions. With one frame it maps
// each site on its own.
type alongTime struct {
	of        *block
	positions *linalg.Tensor // [F, C]
}

func (b *builder) alongTime(name string, c, heads, frames int) *alongTime {
	return &alongTime{b.block(name, c, heads, 2*c), b.normal(name+".positions", 0.02, frames, c)}
}

func (l *alongTime) forward(h *linalg.Tensor, c *call) *linalg.Tensor {
	n, t, y, x, w := h.Dim(0), h.Dim(1), h.Dim(2), h.Dim(3), h.Dim(4)
	z := h.Permute(0, 2, 3, 1, 4).Reshape(n*y*x, t, w).Add(l.positions.Slice(0, 0, t))
	z = l.of.apply(z, linalg.AttentionOptions{Causal: true}, c)
	return z.Reshape(n, y, x, t, w).Permute(0, 3, 1, 2, 4)
}

func (l *alongTime) cost(s volumeShape) (volumeShape, int64) {
	return s, int64(s.h*s.w) * l.of.macs(int64(s.t), int64(s.t))
}
