package linalg

import (
	"slices"

	"github.com/priorlab/priorlab/linalg/internal/kernel"
	"github.com/priorlab/priorlab/linalg/internal/par"
)

// Linear is x w^T + b: x [..., in], w [out, in], b [out] or nil, result [..., out].
func Linear(x, w, b *Tensor) *Tensor {
	if len(w.shape) != 2 || len(x.shape) < 1 || x.shape[len(x.shape)-1] != w.shape[1] {
		failHint("Linear", "w has shape [out, in]", "x is %v, w is %v: last axes differ", x.shape, w.shape)
	}
	in, out := w.shape[1], w.shape[0]
	if b != nil && (len(b.shape) != 1 || b.shape[0] != out) {
		fail("Linear", "b is %v, w is %v: b must be [%d]", b.shape, w.shape, out)
	}
	if x.dt != w.dt || (b != nil && b.dt != w.dt) || !x.dt.float() {
		failHint("Linear", "convert with To", "the element types of x, w and b differ or are not F32 or F64: x is %v, w is %v", x.dt, w.dt)
	}
	flat := x.dense().detached().Reshape(-1, max(in, 0))
	if in == 0 {
		flat = x.dense().detached().Reshape(numel(x.shape[:len(x.shape)-1]), 0)
	}
	rows := flat.shape[0]
	shape := append(slices.Clone(x.shape[:len(x.shape)-1]), out)
	y := newTensor(x.dt, shape)
	wd := w.detached()
	if x.dt == F32 {
		linearInto[float32](y, flat, wd, b)
	} else {
		linearInto[float64](y, flat, wd, b)
	}
	return track(y, func(g *Tensor) []*Tensor {
		g2 := g.dense().Reshape(rows, out)
		gs := make([]*Tensor, 3)
		if wanted(x) {
			gs[0] = g2.MatMul(wd).Reshape(x.shape...)
		}
		if wanted(w) {
			gs[1] = g2.T().MatMul(flat)
		}
		if wanted(b) {
			gs[2] = g2.Sum(0)
		}
		return gs
	}, x, w, b)
}

func linearInto[T kernel.Float](y, x, w, b *Tensor) {
	out := vals[T](y)
	n := w.shape[0]
	if b != nil {
		kernel.FillRows(out, vals[T](b.dense()))
	}
	x, a := matrixOf[T](x)
	w, wt := matrixOf[T](w)
	kernel.Gemm(x.shape[0], n, x.shape[1], 1, a, kernel.Matrix[T]{Data: wt.Data, RS: wt.CS, CS: wt.RS}, out, n, b != nil)
}

// lastAxis brings axis to the end, calls f on the result, and brings it back.
func (t *Tensor) lastAxis(op string, axis int, f func(t *Tensor) *Tensor) *Tensor {
	axis = t.axis(op, axis)
	if last := len(t.shape) - 1; axis != last {
		return f(t.SwapAxes(axis, last)).SwapAxes(axis, last)
	}
	return f(t)
}

// Softmax is e^x divided by its sum along axis. A row of minus infinities becomes zeros.
func (t *Tensor) Softmax(axis int) *Tensor {
	t.mustFloat("Softmax")
	return t.lastAxis("Softmax", axis, func(t *Tensor) *Tensor {
		x := t.dense()
		y := like(t)
		n := t.shape[len(t.shape)-1]
		if t.dt == F32 {
			kernel.Softmax(vals[float32](y), vals[float32](x), n)
		} else {
			kernel.Softmax(vals[float64](y), vals[float64](x), n)
		}
		return track(y, func(g *Tensor) []*Tensor {
			dx, g := like(t), g.dense()
			if t.dt == F32 {
				kernel.SoftmaxGrad(vals[float32](dx), vals[float32](g), vals[float32](y), n)
			} else {
				kernel.SoftmaxGrad(vals[float64](dx), vals[float64](g), vals[float64](y), n)
			}
			return []*Tensor{dx}
		}, t)
	})
}

// LogSoftmax is the logarithm of Softmax, computed without overflow.
func (t *Tensor) LogSoftmax(axis int) *Tensor {
	return t.lastAxis("LogSoftmax", axis, func(t *Tensor) *Tensor { return t.Sub(t.LogSumExp(-1).Unsqueeze(-1)) })
}

// normEps is added to the variance in layer and group norm.
const normEps = 1e-5

// LayerNorm normalises the last axis to mean zero and variance one, then multiplies by gain and adds bias (each of the
// length of that axis, or nil).
func LayerNorm(x, gain, bias *Tensor) *Tensor {
	x.mustFloat("LayerNorm")
	r := len(x.shape)
	if r == 0 || x.shape[r-1] == 0 {
		fail("LayerNorm", "shape %v has nothing to normalise", x.shape)
	}
	n := x.shape[r-1]
	for _, p := range []*Tensor{gain, bias} {
		if p != nil && (len(p.shape) != 1 || p.shape[0] != n || p.dt != x.dt) {
			fail("LayerNorm", "x is %v %v, so gain and bias must be %v [%d], not %v %v", x.dt, x.shape, x.dt, n, p.dt, p.shape)
		}
	}
	if x.dt == F32 {
		return layerNorm[float32](x, gain, bias, n)
	}
	return layerNorm[float64](x, gain, bias, n)
}

// optional are the numbers of a vector that may be absent.
func optional[T kernel.Float](t *Tensor) []T {
	if t == nil {
		return nil
	}
	return vals[T](t.dense())
}

func layerNorm[T kernel.Float](x, gain, bias *Tensor, n int) *Tensor {
	d := x.dense()
	y := like(x)
	rows := x.Len() / n
	stats := newTensor(x.dt, []int{2, rows})
	kernel.LayerNorm(vals[T](y), vals[T](d), optional[T](gain), optional[T](bias), vals[T](stats)[:rows], vals[T](stats)[rows:], n, normEps)
	return track(y, func(g *Tensor) []*Tensor {
		gs := make([]*Tensor, 3)
		for i, p := range []*Tensor{x, gain, bias} {
			if wanted(p) {
				gs[i] = like(p)
			}
		}
		s := vals[T](stats)
		kernel.LayerNormGrad(optional[T](gs[0]), optional[T](gs[1]), optional[T](gs[2]), vals[T](g.dense()), vals[T](d), optional[T](gain), s[:rows], s[rows:], n)
		return gs
	}, x, gain, bias)
}

// CrossEntropy is the mean of -log softmax(logits)[label]: logits [..., classes], labels I64 of the leading shape.
func CrossEntropy(logits, labels *Tensor) *Tensor {
	logits.mustFloat("CrossEntropy")
	r := len(logits.shape)
	if labels.dt != I64 || r == 0 || !slices.Equal(labels.shape, logits.shape[:r-1]) || labels.Len() == 0 {
		failHint("CrossEntropy", "labels are I64 class numbers of the leading shape of the logits",
			"logits are %v, labels %v %v", logits.shape, labels.dt, labels.shape)
	}
	n := logits.shape[r-1]
	y := vals[int64](labels.dense())
	for i, c := range y {
		if c < 0 || int(c) >= n {
			fail("CrossEntropy", "label %d is %d, but there are %d classes", i, c, n)
		}
	}
	if logits.dt == F32 {
		return crossEntropy[float32](logits, y, n)
	}
	return crossEntropy[float64](logits, y, n)
}

func crossEntropy[T kernel.Float](logits *Tensor, labels []int64, n int) *Tensor {
	x := logits.dense()
	xs := vals[T](x)
	rows := len(labels)
	lse := make([]T, rows)
	kernel.LogSumExpRows(lse, xs, n)
	loss := 0.0
	for i, c := range labels {
		loss += float64(lse[i] - xs[i*n+int(c)])
	}
	return track(Full(x.dt, loss/float64(rows)), func(g *Tensor) []*Tensor {
		dx := like(x)
		d := vals[T](dx)
		kernel.Softmax(d, xs, n)
		s := T(g.Item() / float64(rows))
		kernel.ScaleAll(d, s)
		for i, c := range labels {
			d[i*n+int(c)] -= s
		}
		return []*Tensor{dx}
	}, logits)
}

// StraightThrough has the value of q and passes its gradient to z unchanged (Bengio et al., 2013): for codes q that
// were looked up for z.
func StraightThrough(z, q *Tensor) *Tensor {
	if !slices.Equal(z.shape, q.shape) || z.dt != q.dt {
		fail("StraightThrough", "z is %v %v, q is %v %v", z.dt, z.shape, q.dt, q.shape)
	}
	out := *q.detached()
	return track(&out, func(g *Tensor) []*Tensor { return []*Tensor{g} }, z)
}

// Dropout sets each element to zero with probability p and divides the others by 1-p.
func Dropout(r *Rand, x *Tensor, p float64) *Tensor {
	if p < 0 || p >= 1 {
		fail("Dropout", "the probability is %g, which does not lie in [0, 1)", p)
	}
	if p == 0 {
		return x
	}
	x.mustFloat("Dropout")
	if x.dt == F32 {
		return x.Mul(dropMask[float32](r, x, p))
	}
	return x.Mul(dropMask[float64](r, x, p))
}

// dropMask is 1/(1-p) where a number of Uniform would be above p, and zero elsewhere.
func dropMask[T kernel.Float](r *Rand, x *Tensor, p float64) *Tensor {
	t := like(x)
	mask, n, from := vals[T](t), t.Len(), r.pos
	r.pos += uint64(n)
	rate, scale := T(p), T(1/(1-p))
	par.For(n, randomGrain, func(lo, hi int) { dropAt(r, mask[lo:hi], from+uint64(lo), rate, scale) })
	return t
}

// dropAt writes the masks of words from, from+1, ... into dst.
func dropAt[T kernel.Float](r *Rand, dst []T, from uint64, rate, scale T) {
	one := func(i int) {
		if dst[i] = 0; kernel.Unit[T](r.Uint64At(from+uint64(i))) > rate {
			dst[i] = scale
		}
	}
	first := int(from & 1)
	if first == 1 && len(dst) > 0 {
		one(0)
	}
	n := max(len(dst)-first, 0) &^ 1
	if n > 0 {
		kernel.Drop(dst[first:first+n], rate, scale, (from+uint64(first))/2, r.stream, r.key)
	}
	for i := first + n; i < len(dst); i++ {
		one(i)
	}
}

// GroupNorm normalises each of a number of groups of neighbouring channels of each image, channels last, to mean zero
// and variance one over the group and all positions, then multiplies by gain and adds bias: one a channel, [C], or one a
// channel of each image, [N, C], or nil.
func GroupNorm(x *Tensor, groups int, gain, bias *Tensor) *Tensor {
	x.mustFloat("GroupNorm")
	r := len(x.shape)
	if r < 2 || groups < 1 || x.shape[r-1]%groups != 0 || x.Len() == 0 {
		failHint("GroupNorm", "channels are the last axis and must divide into the groups", "x is %v, groups %d", x.shape, groups)
	}
	c := x.shape[r-1]
	g := kernel.GroupShape{N: x.shape[0], Places: numel(x.shape[1 : r-1]), Channels: c, Groups: groups}
	for _, p := range []*Tensor{gain, bias} {
		if p == nil {
			continue
		}
		g.Own = len(p.shape) == 2
		if p.dt != x.dt || !slices.Equal(p.shape, []int{c}) && !slices.Equal(p.shape, []int{g.N, c}) {
			fail("GroupNorm", "x is %v %v, so gain and bias must be %v [%d] or [%d %d], not %v %v", x.dt, x.shape, x.dt, c, g.N, c, p.dt, p.shape)
		}
	}
	if gain != nil && bias != nil && len(gain.shape) != len(bias.shape) {
		fail("GroupNorm", "gain is %v and bias %v: both belong to all images, or both to each", gain.shape, bias.shape)
	}
	if x.dt == F32 {
		return groupNorm[float32](x, gain, bias, g)
	}
	return groupNorm[float64](x, gain, bias, g)
}

func groupNorm[T kernel.Float](x, gain, bias *Tensor, g kernel.GroupShape) *Tensor {
	d := x.dense()
	y := like(x)
	n := g.N * g.Groups
	stats := newTensor(x.dt, []int{2, n})
	kernel.GroupNorm(vals[T](y), vals[T](d), optional[T](gain), optional[T](bias), vals[T](stats)[:n], vals[T](stats)[n:], g, normEps)
	return track(y, func(gr *Tensor) []*Tensor {
		gs := []*Tensor{like(x), nil, nil}
		for i, p := range []*Tensor{gain, bias} {
			if wanted(p) {
				gs[i+1] = like(p)
			}
		}
		s := vals[T](stats)
		kernel.GroupNormGrad(vals[T](gs[0]), optional[T](gs[1]), optional[T](gs[2]), vals[T](gr.dense()), vals[T](d), optional[T](gain), s[:n], s[n:], g)
		return gs
	}, x, gain, bias)
}
