package linalg

import (
	"math"
	"slices"

	"github.com/priorlab/priorlab/linalg/internal/kernel"
)

// reduction brings a tensor into the form [outer, n, inner], in which axis 1 is to be reduced.
type reduction struct {
	x               *Tensor // dense
	outer, n, inner int
	kept            []int // shape of the result without the reduced axes
	ones            []int // the same with ones in their place
}

// reduction prepares the reduction of t over axes (all if there are none).
func (t *Tensor) reduction(op string, axes []int) reduction {
	r := len(t.shape)
	reduced := make([]bool, r)
	for _, a := range axes {
		reduced[t.axis(op, a)] = true
	}
	if len(axes) == 0 {
		for i := range reduced {
			reduced[i] = true
		}
	}
	d := reduction{outer: 1, n: 1, inner: 1}
	var front, back []int // axes in the order kept, reduced, if they are not one run
	first, last, count := r, -1, 0
	for i, s := range t.shape {
		if reduced[i] {
			first, last, count = min(first, i), i, count+1
			d.n *= s
			d.ones = append(d.ones, 1)
			back = append(back, i)
		} else {
			d.kept = append(d.kept, s)
			d.ones = append(d.ones, s)
			front = append(front, i)
		}
	}
	x := t.detached()
	if count > 0 && last-first+1 != count {
		x = x.Permute(append(front, back...)...)
		d.outer = numel(d.kept)
	} else {
		for i := 0; i < first && i < r; i++ {
			d.outer *= t.shape[i]
		}
		for i := last + 1; i < r && count > 0; i++ {
			d.inner *= t.shape[i]
		}
	}
	d.x = x.dense()
	return d
}

// reduce runs a kernel over the prepared tensor.
func (d reduction) reduce(op kernel.Reduction) *Tensor {
	out := newTensor(d.x.dt, d.kept)
	if d.x.dt == F32 {
		kernel.Reduce(op, vals[float32](out), vals[float32](d.x), d.outer, d.n, d.inner)
	} else {
		kernel.Reduce(op, vals[float64](out), vals[float64](d.x), d.outer, d.n, d.inner)
	}
	return out
}

func (t *Tensor) mustFloat(op string) {
	t.alive(op)
	if !t.dt.float() {
		failHint(op, "convert with To", "the elements are %v, not floating-point numbers", t.dt)
	}
}

// Sum adds over the given axes, or over all; the axes go.
func (t *Tensor) Sum(axes ...int) *Tensor {
	t.mustFloat("Sum")
	d := t.reduction("Sum", axes)
	return track(d.reduce(kernel.Sum), func(g *Tensor) []*Tensor {
		return []*Tensor{g.Reshape(d.ones...).BroadcastTo(t.shape...)}
	}, t)
}

// Mean averages over the given axes, or over all; the axes go.
func (t *Tensor) Mean(axes ...int) *Tensor {
	t.mustFloat("Mean")
	d := t.reduction("Mean", axes)
	if d.n == 0 {
		fail("Mean", "there is nothing to average in shape %v", t.shape)
	}
	return t.Sum(axes...).MulS(1 / float64(d.n))
}

// Var is the variance (the mean squared distance from the mean) over the given axes, or over all; the axes go.
func (t *Tensor) Var(axes ...int) *Tensor {
	d := t.reduction("Var", axes)
	return t.Sub(t.Mean(axes...).Reshape(d.ones...)).Square().Mean(axes...)
}

// MaxOver is the largest value over the given axes, or over all; the gradient is shared among equals.
func (t *Tensor) MaxOver(axes ...int) *Tensor { return t.extreme("MaxOver", kernel.MaxOf, axes) }

// MinOver is the smallest value over the given axes, or over all; the gradient is shared among equals.
func (t *Tensor) MinOver(axes ...int) *Tensor { return t.extreme("MinOver", kernel.MinOf, axes) }

func (t *Tensor) extreme(name string, op kernel.Reduction, axes []int) *Tensor {
	t.mustFloat(name)
	d := t.reduction(name, axes)
	if d.n == 0 {
		fail(name, "there is nothing to choose from in shape %v", t.shape)
	}
	out := d.reduce(op)
	return track(out, func(g *Tensor) []*Tensor {
		hit := zip(name, kernel.Equal, t.detached(), out.detached().Reshape(d.ones...))
		count := hit.Sum(axes...)
		return []*Tensor{hit.Mul(g.Div(count).Reshape(d.ones...))}
	}, t)
}

// ArgMax is the position (I64) of the largest value along an axis; of equals the first.
func (t *Tensor) ArgMax(axis int) *Tensor {
	t.mustFloat("ArgMax")
	d := t.reduction("ArgMax", []int{axis})
	if d.n == 0 {
		fail("ArgMax", "axis %d of shape %v is empty", axis, t.shape)
	}
	out := newTensor(I64, d.kept)
	if t.dt == F32 {
		argMax(vals[int64](out), vals[float32](d.x), d)
	} else {
		argMax(vals[int64](out), vals[float64](d.x), d)
	}
	return out
}

func argMax[T kernel.Float](out []int64, x []T, d reduction) {
	for o := 0; o < d.outer; o++ {
		for i := 0; i < d.inner; i++ {
			best, at := T(math.Inf(-1)), 0
			for k := 0; k < d.n; k++ {
				if v := x[(o*d.n+k)*d.inner+i]; v > best {
					best, at = v, k
				}
			}
			out[o*d.inner+i] = int64(at)
		}
	}
}

// LogSumExp is log of the sum of e^x over the given axes, or over all, computed without overflow; the axes go.
func (t *Tensor) LogSumExp(axes ...int) *Tensor {
	t.mustFloat("LogSumExp")
	d := t.reduction("LogSumExp", axes)
	m := t.detached().MaxOver(axes...)
	m = Where(m.Abs().Equal(m.scalar(math.Inf(1))), zeros(m.dt, slices.Clone(m.shape)), m)
	e := t.detached().Sub(m.Reshape(d.ones...)).Exp()
	s := e.Sum(axes...)
	return track(s.Log().Add(m), func(g *Tensor) []*Tensor {
		return []*Tensor{e.Mul(g.Div(s).Reshape(d.ones...))}
	}, t)
}
