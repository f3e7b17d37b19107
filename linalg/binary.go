package linalg

import (
	"slices"

	"github.com/priorlab/priorlab/linalg/internal/kernel"
	"github.com/priorlab/priorlab/linalg/internal/par"
)

// broadcastShape is the common shape of two, axes aligned from the last one; ok is false if there is none.
func broadcastShape(a, b []int) (shape []int, ok bool) {
	if len(a) < len(b) {
		a, b = b, a
	}
	shape = slices.Clone(a)
	for i, n := range b {
		s := &shape[len(a)-len(b)+i]
		switch {
		case *s == n || n == 1:
		case *s == 1:
			*s = n
		default:
			return nil, false
		}
	}
	return shape, true
}

// broadcastStrides are the strides with which t reads as a tensor of the given shape.
func broadcastStrides(t *Tensor, shape []int) (st []int, ok bool) {
	d := len(shape) - len(t.shape)
	if d < 0 {
		return nil, false
	}
	st = make([]int, len(shape))
	for i, n := range t.shape {
		if n == shape[d+i] {
			st[d+i] = t.strides[i]
		} else if n != 1 {
			return nil, false
		}
	}
	return st, true
}

// pair checks the operands of a binary operation and returns their common shape.
func pair(op string, t, u *Tensor) []int {
	t.alive(op)
	u.alive(op)
	if t.dt != u.dt {
		failHint(op, "convert one with To", "the element types differ: %v and %v", t.dt, u.dt)
	}
	shape, ok := broadcastShape(t.shape, u.shape)
	if !ok {
		failHint(op, "axes are aligned from the last one and must be equal or one", "shapes %v and %v do not go together", t.shape, u.shape)
	}
	return shape
}

// zip computes op element by element over broadcast operands, without recording.
func zip(name string, op kernel.Op2, t, u *Tensor) *Tensor {
	shape := pair(name, t, u)
	if !t.dt.float() {
		failHint(name, "convert with To", "the elements are %v, not floating-point numbers", t.dt)
	}
	out := newTensor(t.dt, shape)
	if t.dt == F32 {
		zipInto[float32](op, out, t, u)
	} else {
		zipInto[float64](op, out, t, u)
	}
	return out
}

// zipInto walks the broadcast operands in runs along the last merged axis, on which each operand either advances by
// one or stands still.
func zipInto[T kernel.Float](op kernel.Op2, out, t, u *Tensor) {
	a, b := t.dense(), u.dense()
	dst, x, y := vals[T](out), data[T](a), data[T](b)
	if len(dst) == 0 {
		return
	}
	if slices.Equal(a.shape, out.shape) && slices.Equal(b.shape, out.shape) {
		par.For(len(dst), kernel.Grain, func(lo, hi int) { kernel.Zip(op, dst[lo:hi], x[lo:hi], y[lo:hi]) })
		return
	}
	sa, _ := broadcastStrides(a, out.shape)
	sb, _ := broadcastStrides(b, out.shape)
	dims := mergeAxes(out.shape, sa, sb)
	n, ia, ib := 1, 0, 0
	if k := len(dims) - 1; k >= 0 {
		n, ia, ib = dims[k].n, dims[k].a, dims[k].b
		dims = dims[:k]
	}
	rows := len(dst) / n
	par.For(rows, max(1, kernel.Grain/n), func(lo, hi int) {
		for r := lo; r < hi; r++ {
			pa, pb := 0, 0
			for i, q := len(dims)-1, r; i >= 0; i-- {
				d := dims[i]
				k := q % d.n
				q /= d.n
				pa += k * d.a
				pb += k * d.b
			}
			row := dst[r*n : r*n+n]
			switch {
			case ia == 1 && ib == 1:
				kernel.Zip(op, row, x[pa:pa+n], y[pb:pb+n])
			case ia == 1:
				kernel.ZipScalar(op, row, x[pa:pa+n], y[pb])
			case ib == 1:
				kernel.ScalarZip(op, row, x[pa], y[pb:pb+n])
			default:
				kernel.ZipScalar(op, row[:1], x[pa:pa+1], y[pb])
				fill(row, row[0])
			}
		}
	})
}

// mergedAxis is a run of axes that both operands cross as if it were one.
type mergedAxis struct{ n, a, b int }

// mergeAxes drops axes of length one and joins neighbours where both operands allow it.
func mergeAxes(shape, sa, sb []int) []mergedAxis {
	var out []mergedAxis
	for i, n := range shape {
		if n == 1 {
			continue
		}
		if k := len(out) - 1; k >= 0 && out[k].a == sa[i]*n && out[k].b == sb[i]*n {
			out[k] = mergedAxis{out[k].n * n, sa[i], sb[i]}
			continue
		}
		out = append(out, mergedAxis{n, sa[i], sb[i]})
	}
	return out
}

// sumTo undoes broadcasting: it adds g over the axes along which shape was stretched.
func sumTo(g *Tensor, shape []int) *Tensor {
	if slices.Equal(g.shape, shape) {
		return g
	}
	d := len(g.shape) - len(shape)
	var axes []int
	for i, n := range g.shape {
		if i < d || (shape[i-d] == 1 && n != 1) {
			axes = append(axes, i)
		}
	}
	return g.Sum(axes...).Reshape(shape...)
}

// addInPlace adds the dense tensor g to the dense tensor t.
func addInPlace(t, g *Tensor) {
	if t.dt == F32 {
		zipInto[float32](kernel.Add, t, t, g)
	} else {
		zipInto[float64](kernel.Add, t, t, g)
	}
}

// Add is x + y, broadcasting.
func (t *Tensor) Add(u *Tensor) *Tensor {
	return track(zip("Add", kernel.Add, t, u), func(g *Tensor) []*Tensor {
		return []*Tensor{sumTo(g, t.shape), sumTo(g, u.shape)}
	}, t, u)
}

// Sub is x - y, broadcasting.
func (t *Tensor) Sub(u *Tensor) *Tensor {
	return track(zip("Sub", kernel.Sub, t, u), func(g *Tensor) []*Tensor {
		gs := []*Tensor{sumTo(g, t.shape), nil}
		if wanted(u) {
			gs[1] = sumTo(g, u.shape).Neg()
		}
		return gs
	}, t, u)
}

// Mul is x y, element by element, broadcasting.
func (t *Tensor) Mul(u *Tensor) *Tensor {
	return track(zip("Mul", kernel.Mul, t, u), func(g *Tensor) []*Tensor {
		gs := make([]*Tensor, 2)
		if wanted(t) {
			gs[0] = sumTo(g.Mul(u), t.shape)
		}
		if wanted(u) {
			gs[1] = sumTo(g.Mul(t), u.shape)
		}
		return gs
	}, t, u)
}

// Div is x/y, element by element, broadcasting.
func (t *Tensor) Div(u *Tensor) *Tensor {
	out := zip("Div", kernel.Div, t, u)
	return track(out, func(g *Tensor) []*Tensor {
		gq := g.Div(u)
		gs := []*Tensor{sumTo(gq, t.shape), nil}
		if wanted(u) {
			gs[1] = sumTo(gq.Mul(out.detached()).Neg(), u.shape)
		}
		return gs
	}, t, u)
}

// Max is the larger of x and y, broadcasting; where they are equal the gradient goes to x.
func (t *Tensor) Max(u *Tensor) *Tensor { return pick("Max", kernel.Max, t, u) }

// Min is the smaller of x and y, broadcasting; where they are equal the gradient goes to x.
func (t *Tensor) Min(u *Tensor) *Tensor { return pick("Min", kernel.Min, t, u) }

func pick(name string, op kernel.Op2, t, u *Tensor) *Tensor {
	out := zip(name, op, t, u)
	return track(out, func(g *Tensor) []*Tensor {
		first := zip(name, kernel.Equal, t.BroadcastTo(out.shape...), out.detached())
		gt := g.Mul(first)
		return []*Tensor{sumTo(gt, t.shape), sumTo(g.Sub(gt), u.shape)}
	}, t, u)
}

// scalar is v as a tensor that goes with t.
func (t *Tensor) scalar(v float64) *Tensor { return Full(t.dt, v) }

// AddS is x + v.
func (t *Tensor) AddS(v float64) *Tensor {
	return track(zip("AddS", kernel.Add, t, t.scalar(v)), func(g *Tensor) []*Tensor { return []*Tensor{g} }, t)
}

// MulS is v x.
func (t *Tensor) MulS(v float64) *Tensor {
	return track(zip("MulS", kernel.Mul, t, t.scalar(v)), func(g *Tensor) []*Tensor { return []*Tensor{g.MulS(v)} }, t)
}

// PowS is x^v.
func (t *Tensor) PowS(v float64) *Tensor {
	return track(zip("PowS", kernel.Pow, t, t.scalar(v)), func(g *Tensor) []*Tensor {
		return []*Tensor{g.Mul(t.detached().PowS(v - 1)).MulS(v)}
	}, t)
}

// MaxS is max(x, v), MinS min(x, v); where x equals v the gradient goes to x.
func (t *Tensor) MaxS(v float64) *Tensor { return t.Max(t.scalar(v)) }

// MinS is min(x, v).
func (t *Tensor) MinS(v float64) *Tensor { return t.Min(t.scalar(v)) }

// Clamp limits x to [lo, hi].
func (t *Tensor) Clamp(lo, hi float64) *Tensor { return t.MaxS(lo).MinS(hi) }

// compare evaluates an ordering element by element and returns truth values.
func compare(name string, op kernel.Op2, t, u *Tensor) *Tensor {
	if t.dt == I64 || t.dt == Bool {
		t = t.cast(F64)
	}
	if u.dt == I64 || u.dt == Bool {
		u = u.cast(F64)
	}
	return zip(name, op, t.detached(), u.detached()).cast(Bool)
}

// Greater is x > y as Bool, broadcasting.
func (t *Tensor) Greater(u *Tensor) *Tensor { return compare("Greater", kernel.Greater, t, u) }

// Less is x < y as Bool, broadcasting.
func (t *Tensor) Less(u *Tensor) *Tensor { return compare("Less", kernel.Greater, u, t) }

// Equal is x == y as Bool, broadcasting.
func (t *Tensor) Equal(u *Tensor) *Tensor { return compare("Equal", kernel.Equal, t, u) }

// Not is the negation of truth values.
func (t *Tensor) Not() *Tensor {
	if t.dt != Bool {
		fail("Not", "the elements are %v, not Bool", t.dt)
	}
	x := t.dense()
	out := newTensor(Bool, t.shape)
	y := vals[bool](out)
	for i, v := range vals[bool](x) {
		y[i] = !v
	}
	return out
}

// Where takes a's element where cond is true and b's where it is false, broadcasting.
func Where(cond, a, b *Tensor) *Tensor {
	if cond.dt != Bool {
		failHint("Where", "make it by Greater, Less or Equal", "the condition is %v, not Bool", cond.dt)
	}
	shape := pair("Where", a, b)
	shape, ok := broadcastShape(shape, cond.shape)
	if !ok {
		fail("Where", "condition %v does not go with %v and %v", cond.shape, a.shape, b.shape)
	}
	out := choose(cond, a, b, shape)
	return track(out, func(g *Tensor) []*Tensor {
		zero := zeros(g.dt, nil)
		return []*Tensor{nil, sumTo(choose(cond, g, zero, shape), a.shape), sumTo(choose(cond, zero, g, shape), b.shape)}
	}, cond, a, b)
}

func choose(cond, a, b *Tensor, shape []int) *Tensor {
	c := vals[bool](cond.BroadcastTo(shape...).dense())
	a, b = a.detached().BroadcastTo(shape...).dense(), b.detached().BroadcastTo(shape...).dense()
	out := newTensor(a.dt, shape)
	switch a.dt.size() {
	case 4:
		kernel.Choose(vals[float32](out), c, vals[float32](a), vals[float32](b))
	case 8:
		kernel.Choose(vals[float64](out), c, vals[float64](a), vals[float64](b))
	default:
		kernel.Choose(vals[bool](out), c, vals[bool](a), vals[bool](b))
	}
	return out
}
