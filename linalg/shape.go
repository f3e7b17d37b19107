package linalg

import (
	"slices"

	"github.com/priorlab/priorlab/linalg/internal/kernel"
)

// Contiguous returns t with its elements in row-major order, copying only if they are not.
func (t *Tensor) Contiguous() *Tensor {
	if t.isDense() {
		return t
	}
	return track(t.dense(), func(g *Tensor) []*Tensor { return []*Tensor{g} }, t)
}

// Clone copies t into memory of its own, detached from gradients.
func (t *Tensor) Clone() *Tensor {
	t.alive("Clone")
	out := like(t)
	copyStrided(out, t)
	return out
}

// Reshape gives the same elements, in row-major order, another shape. One axis may be -1: it is worked out.
func (t *Tensor) Reshape(shape ...int) *Tensor {
	s := slices.Clone(shape)
	free, known := -1, 1
	for i, v := range s {
		switch {
		case v == -1 && free < 0:
			free = i
		case v < 0:
			fail("Reshape", "shape %v: one axis may be -1, no other may be negative", shape)
		default:
			known *= v
		}
	}
	if free >= 0 && known > 0 && t.Len()%known == 0 {
		s[free] = t.Len() / known
		known *= s[free]
	}
	if known != t.Len() || (free >= 0 && s[free] < 0) {
		fail("Reshape", "%v has %d elements, which do not fit %v", t.shape, t.Len(), shape)
	}
	d := t.dense()
	out := d.view(s, denseStrides(s), d.off)
	return track(out, func(g *Tensor) []*Tensor { return []*Tensor{g.Reshape(t.shape...)} }, t)
}

// Flatten makes a vector of all elements in row-major order.
func (t *Tensor) Flatten() *Tensor { return t.Reshape(-1) }

// Permute reorders the axes: axis i of the result is axis axes[i] of t. It is a view.
func (t *Tensor) Permute(axes ...int) *Tensor {
	n := len(t.shape)
	if len(axes) != n {
		fail("Permute", "%d axes for shape %v", len(axes), t.shape)
	}
	shape, strides, back := make([]int, n), make([]int, n), make([]int, n)
	seen := make([]bool, n)
	for i, a := range axes {
		a = t.axis("Permute", a)
		if seen[a] {
			fail("Permute", "axis %d comes twice in %v", a, axes)
		}
		seen[a], shape[i], strides[i], back[a] = true, t.shape[a], t.strides[a], i
	}
	return track(t.view(shape, strides, t.off), func(g *Tensor) []*Tensor { return []*Tensor{g.Permute(back...)} }, t)
}

// T swaps the last two axes. It is a view.
func (t *Tensor) T() *Tensor {
	n := len(t.shape)
	if n < 2 {
		fail("T", "shape %v has no two axes to swap", t.shape)
	}
	return t.SwapAxes(n-2, n-1)
}

// SwapAxes swaps two axes. It is a view.
func (t *Tensor) SwapAxes(a, b int) *Tensor {
	axes := make([]int, len(t.shape))
	for i := range axes {
		axes[i] = i
	}
	a, b = t.axis("SwapAxes", a), t.axis("SwapAxes", b)
	axes[a], axes[b] = b, a
	return t.Permute(axes...)
}

// Unsqueeze inserts an axis of length one so that it becomes axis number axis (negative: counted in the result).
func (t *Tensor) Unsqueeze(axis int) *Tensor {
	if axis < 0 {
		axis += len(t.shape) + 1
	}
	if axis < 0 || axis > len(t.shape) {
		fail("Unsqueeze", "an axis cannot be inserted at %d in shape %v", axis, t.shape)
	}
	out := t.view(slices.Insert(slices.Clone(t.shape), axis, 1), slices.Insert(slices.Clone(t.strides), axis, 0), t.off)
	return track(out, func(g *Tensor) []*Tensor { return []*Tensor{g.Squeeze(axis)} }, t)
}

// Squeeze removes an axis of length one.
func (t *Tensor) Squeeze(axis int) *Tensor {
	axis = t.axis("Squeeze", axis)
	if t.shape[axis] != 1 {
		fail("Squeeze", "axis %d of shape %v is not of length one", axis, t.shape)
	}
	out := t.view(slices.Delete(slices.Clone(t.shape), axis, axis+1), slices.Delete(slices.Clone(t.strides), axis, axis+1), t.off)
	return track(out, func(g *Tensor) []*Tensor { return []*Tensor{g.Unsqueeze(axis)} }, t)
}

// BroadcastTo stretches axes of length one, and adds axes in front, to reach shape. It is a view.
func (t *Tensor) BroadcastTo(shape ...int) *Tensor {
	s := checkShape("BroadcastTo", shape)
	st, ok := broadcastStrides(t, s)
	if !ok {
		fail("BroadcastTo", "%v cannot be stretched to %v", t.shape, shape)
	}
	return track(t.view(s, st, t.off), func(g *Tensor) []*Tensor { return []*Tensor{sumTo(g, t.shape)} }, t)
}

// Slice takes the elements from ... to-1 of an axis; negative positions count from the end. It is a view.
func (t *Tensor) Slice(axis, from, to int) *Tensor {
	axis = t.axis("Slice", axis)
	n := t.shape[axis]
	lo, hi := from, to
	if lo < 0 {
		lo += n
	}
	if hi < 0 {
		hi += n
	}
	if lo < 0 || hi < lo || hi > n {
		fail("Slice", "elements %d to %d of axis %d do not exist in shape %v", from, to, axis, t.shape)
	}
	shape := slices.Clone(t.shape)
	shape[axis] = hi - lo
	off := t.off
	if hi > lo {
		off += lo * t.strides[axis]
	}
	return track(t.view(shape, t.strides, off), func(g *Tensor) []*Tensor {
		t.addSlice(axis, lo, g)
		return []*Tensor{nil}
	}, t)
}

// Select takes one position of an axis, and the axis goes: Select(0, i) is row i. It is a view.
func (t *Tensor) Select(axis, i int) *Tensor {
	axis = t.axis("Select", axis)
	if i < 0 {
		i += t.shape[axis]
	}
	if i < 0 || i >= t.shape[axis] {
		fail("Select", "position %d does not exist on axis %d of shape %v", i, axis, t.shape)
	}
	return t.Slice(axis, i, i+1).Squeeze(axis)
}

// Split cuts an axis into n equal parts. They are views.
func (t *Tensor) Split(axis, n int) []*Tensor {
	axis = t.axis("Split", axis)
	if n <= 0 || t.shape[axis]%n != 0 {
		fail("Split", "axis %d of shape %v cannot be cut into %d equal parts", axis, t.shape, n)
	}
	w := t.shape[axis] / n
	parts := make([]*Tensor, n)
	for i := range parts {
		parts[i] = t.Slice(axis, i*w, (i+1)*w)
	}
	return parts
}

// storeStrided writes the elements of src, in order, to the places of the view dst of the same shape.
func storeStrided(dst, src *Tensor) {
	s := src.dense()
	switch dst.dt.size() {
	case 4:
		kernel.StoreStrided(data[float32](dst), vals[float32](s), dst.shape, dst.strides)
	case 8:
		kernel.StoreStrided(data[float64](dst), vals[float64](s), dst.shape, dst.strides)
	default:
		kernel.StoreStrided(data[bool](dst), vals[bool](s), dst.shape, dst.strides)
	}
}

// Concat joins tensors along an axis. Other axes and the types must agree.
func Concat(axis int, ts ...*Tensor) *Tensor {
	if len(ts) == 0 {
		fail("Concat", "there is nothing to join")
	}
	first := ts[0]
	axis = first.axis("Concat", axis)
	shape := slices.Clone(first.shape)
	shape[axis] = 0
	for i, t := range ts {
		s := slices.Clone(t.shape)
		if len(s) == len(shape) {
			shape[axis] += s[axis]
			s[axis] = shape[axis]
		}
		if !slices.Equal(s, shape) || t.dt != first.dt {
			fail("Concat", "tensor %d is %v %v, the first is %v %v: they may differ on axis %d alone", i, t.dt, t.shape, first.dt, first.shape, axis)
		}
	}
	out := newTensor(first.dt, shape)
	at := 0
	for _, t := range ts {
		storeStrided(out.view(t.shape, out.strides, at*out.strides[axis]), t)
		at += t.shape[axis]
	}
	inputs := slices.Clone(ts)
	return track(out, func(g *Tensor) []*Tensor {
		gs, at := make([]*Tensor, len(inputs)), 0
		for i, t := range inputs {
			gs[i] = g.Slice(axis, at, at+t.shape[axis])
			at += t.shape[axis]
		}
		return gs
	}, inputs...)
}

// Stack joins tensors of one shape along a new axis.
func Stack(axis int, ts ...*Tensor) *Tensor {
	us := make([]*Tensor, len(ts))
	for i, t := range ts {
		us[i] = t.Unsqueeze(axis)
	}
	if len(us) > 0 && axis < 0 {
		axis += us[0].Rank()
	}
	return Concat(axis, us...)
}
