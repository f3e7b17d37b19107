package linalg

import (
	"slices"

	"github.com/priorlab/priorlab/linalg/internal/kernel"
)

// AttentionOptions says how scores become weights. The zero value is plain attention.
type AttentionOptions struct {
	Scale  float64 // of the scores; 0 means 1/sqrt(width)
	Causal bool    // a query sees keys up to its own position
	Bias   *Tensor // [Tq, Tk], added to the scaled scores of every head; minus infinity hides a key; nil for none
}

// Attention is softmax(scale q k^T + bias) v for each entry of a batch and each head: q [batch, heads, Tq, width], k
// [batch, heads, Tk, width], v [batch, heads, Tk, width of v], result [batch, heads, Tq, width of v]. The inputs may be
// views such as SplitHeads makes; in the result, the heads of a token lie side by side, so that MergeHeads copies nothing.
func Attention(q, k, v *Tensor, opt AttentionOptions) *Tensor {
	q.mustFloat("Attention")
	if len(q.shape) != 4 || len(k.shape) != 4 || len(v.shape) != 4 || !slices.Equal(q.shape[:2], k.shape[:2]) ||
		!slices.Equal(k.shape[:3], v.shape[:3]) || q.shape[3] != k.shape[3] || q.dt != k.dt || q.dt != v.dt {
		failHint("Attention", "each is [batch, heads, tokens, width]; k and v have the same tokens, q and k the same width",
			"q is %v %v, k %v %v, v %v %v", q.dt, q.shape, k.dt, k.shape, v.dt, v.shape)
	}
	if b := opt.Bias; b != nil && (!slices.Equal(b.shape, []int{q.shape[2], k.shape[2]}) || b.dt != q.dt || opt.Causal) {
		fail("Attention", "bias is %v %v for scores %v [%d %d] (and does not go with Causal)", b.dt, b.shape, q.dt, q.shape[2], k.shape[2])
	}
	if opt.Scale == 0 {
		opt.Scale = kernel.DefaultScale(max(1, q.shape[3]))
	}
	if q.dt == F32 {
		return attention[float32](q, k, v, opt)
	}
	return attention[float64](q, k, v, opt)
}

// headsOf views t, which is copied if its last axis has gaps.
func headsOf[T kernel.Float](t *Tensor) kernel.Heads[T] {
	if s := t.strides; t.shape[3] > 1 && s[3] != 1 || slices.Contains(s[:3], 0) {
		t = t.dense()
	}
	s := t.strides
	return kernel.Heads[T]{Data: data[T](t), Batch: s[0], Head: s[1], Row: max(s[2], t.shape[3]),
		NB: t.shape[0], NH: t.shape[1], NT: t.shape[2], Width: t.shape[3]}
}

// newHeads allocates [batch, heads, tokens, width] with the heads of a token side by side.
func newHeads(dt DType, s []int) *Tensor {
	return newTensor(dt, []int{s[0], s[2], s[1], s[3]}).Permute(0, 2, 1, 3)
}

func attention[T kernel.Float](q, k, v *Tensor, opt AttentionOptions) *Tensor {
	shape := []int{q.shape[0], q.shape[1], q.shape[2], v.shape[3]}
	out := newHeads(q.dt, shape)
	p := newTensor(q.dt, []int{shape[0], shape[1], q.shape[2], k.shape[2]})
	if out.Len() == 0 || p.Len() == 0 {
		return zeros(q.dt, shape)
	}
	hq, hk, hv := headsOf[T](q), headsOf[T](k), headsOf[T](v)
	kernel.Attention(headsOf[T](out), hq, hk, hv, vals[T](p), T(opt.Scale), opt.Causal, optional[T](opt.Bias))
	return track(out, func(g *Tensor) []*Tensor {
		dq, dk, dv := newHeads(q.dt, q.shape), newHeads(k.dt, k.shape), newHeads(v.dt, v.shape)
		gs := []*Tensor{dq, dk, dv, nil}
		if wanted(opt.Bias) {
			gs[3] = like(opt.Bias)
		}
		kernel.AttentionGrad(headsOf[T](dq), headsOf[T](dk), headsOf[T](dv), headsOf[T](g), hq, hk, hv, vals[T](p), T(opt.Scale), optional[T](gs[3]))
		return gs
	}, q, k, v, opt.Bias)
}

// SplitHeads views [batch, tokens, heads*width] as [batch, heads, tokens, width].
func (t *Tensor) SplitHeads(heads int) *Tensor {
	if len(t.shape) != 3 || heads <= 0 || t.shape[2]%heads != 0 {
		fail("SplitHeads", "shape %v cannot be split into %d heads: it must be [batch, tokens, heads*width]", t.shape, heads)
	}
	return t.Unflatten(2, heads, t.shape[2]/heads).SwapAxes(1, 2)
}

// MergeHeads is the inverse of SplitHeads.
func (t *Tensor) MergeHeads() *Tensor {
	if len(t.shape) != 4 {
		fail("MergeHeads", "shape %v is not [batch, heads, tokens, width]", t.shape)
	}
	s := t.shape
	return t.SwapAxes(1, 2).Reshape(s[0], s[2], s[1]*s[3])
}

// Unflatten splits an axis into two, outer by inner. It is a view.
func (t *Tensor) Unflatten(axis, outer, inner int) *Tensor {
	axis = t.axis("Unflatten", axis)
	if outer*inner != t.shape[axis] || outer < 0 || inner < 0 {
		fail("Unflatten", "axis %d of shape %v cannot become %d by %d", axis, t.shape, outer, inner)
	}
	shape := slices.Replace(slices.Clone(t.shape), axis, axis+1, outer, inner)
	st := t.strides[axis]
	strides := slices.Replace(slices.Clone(t.strides), axis, axis+1, st*inner, st)
	return track(t.view(shape, strides, t.off), func(g *Tensor) []*Tensor { return []*Tensor{g.Reshape(t.shape...)} }, t)
}
