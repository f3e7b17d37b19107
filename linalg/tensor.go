package linalg

import (
	"fmt"
	"slices"
	"unsafe"

	"github.com/priorlab/priorlab/linalg/internal/kernel"
	"github.com/priorlab/priorlab/linalg/internal/par"
)

// DType is the element type of a tensor.
type DType uint8

// The element types: single and double precision, integers (indices, labels) and truth values.
const (
	F32 DType = iota
	F64
	I64
	Bool
)

// String names the type as it is written in code.
func (d DType) String() string {
	if d > Bool {
		return fmt.Sprintf("DType(%d)", uint8(d))
	}
	return [...]string{"F32", "F64", "I64", "Bool"}[d]
}

// size is the number of bytes of an element.
func (d DType) size() int { return [...]int{4, 8, 8, 1}[d] }

// float reports whether d can carry gradients and arithmetic.
func (d DType) float() bool { return d <= F64 }

// Tensor is an array of any number of axes with a run-time element type. It may be a view: several tensors can share
// memory, but no operation changes its inputs, so views are an economy and not a hazard. Methods return new tensors.
type Tensor struct {
	dt      DType
	shape   []int
	strides []int // in elements
	off     int
	buf     *buffer
	rec     *record // how to differentiate; nil if nothing upstream is a parameter
}

// numel is the number of elements of a shape.
func numel(shape []int) int {
	n := 1
	for _, s := range shape {
		n *= s
	}
	return n
}

// denseStrides are the strides of a row-major layout.
func denseStrides(shape []int) []int {
	st := make([]int, len(shape))
	for i, n := len(shape)-1, 1; i >= 0; i-- {
		st[i] = n
		n *= shape[i]
	}
	return st
}

// newTensor allocates a dense tensor with undefined contents. It keeps shape.
func newTensor(dt DType, shape []int) *Tensor {
	b, _ := newBuffer(numel(shape) * dt.size())
	return &Tensor{dt: dt, shape: shape, strides: denseStrides(shape), buf: b}
}

// zeros allocates a dense tensor of zeros. It keeps shape.
func zeros(dt DType, shape []int) *Tensor {
	b, zero := newBuffer(numel(shape) * dt.size())
	if !zero {
		par.For(len(b.raw), 1<<18, func(lo, hi int) { clear(b.raw[lo:hi]) })
	}
	return &Tensor{dt: dt, shape: shape, strides: denseStrides(shape), buf: b}
}

// checkShape copies a shape that came from outside and refuses negative axes.
func checkShape(op string, shape []int) []int {
	for _, s := range shape {
		if s < 0 {
			fail(op, "shape %v has a negative axis", shape)
		}
	}
	return slices.Clone(shape)
}

// elem are the element types as Go has them.
type elem interface {
	~float32 | ~float64 | ~int64 | ~bool
}

// alive panics if the tensor's memory was taken back.
func (t *Tensor) alive(op string) {
	if t == nil {
		fail(op, "a tensor is nil")
	}
	if t.buf.released.Load() {
		failHint(op, "call Keep on results that leave a Scope", "a tensor of shape %v is used after the Scope that made it ended", t.shape)
	}
}

// data is the memory from t's first element on, for a tensor of element type T.
func data[T elem](t *Tensor) []T {
	t.alive("tensor")
	var z T
	if len(t.buf.raw) == 0 {
		return nil
	}
	return unsafe.Slice((*T)(unsafe.Pointer(&t.buf.raw[0])), len(t.buf.raw)/int(unsafe.Sizeof(z)))[t.off:]
}

// vals are exactly the elements of a dense tensor, in order.
func vals[T elem](t *Tensor) []T { return data[T](t)[:numel(t.shape)] }

// isDense reports whether the elements lie in order without gaps.
func (t *Tensor) isDense() bool {
	n := 1
	for i := len(t.shape) - 1; i >= 0; i-- {
		if t.shape[i] != 1 && t.strides[i] != n {
			return n == 0 || numel(t.shape) == 0
		}
		n *= t.shape[i]
	}
	return true
}

// dense returns t or an untracked row-major copy of its values.
func (t *Tensor) dense() *Tensor {
	t.alive("tensor")
	if t.isDense() {
		return t
	}
	out := newTensor(t.dt, t.shape)
	copyStrided(out, t)
	return out
}

// copyStrided writes the elements of src, in order, into the dense tensor dst of the same size.
func copyStrided(dst, src *Tensor) {
	switch src.dt.size() {
	case 4:
		kernel.CopyStrided(vals[float32](dst), data[float32](src), src.shape, src.strides)
	case 8:
		kernel.CopyStrided(vals[float64](dst), data[float64](src), src.shape, src.strides)
	default:
		kernel.CopyStrided(vals[bool](dst), data[bool](src), src.shape, src.strides)
	}
}

// detached is a view of t without its record.
func (t *Tensor) detached() *Tensor {
	if t.rec == nil {
		return t
	}
	c := *t
	c.rec = nil
	return &c
}

// view is a new tensor over t's memory.
func (t *Tensor) view(shape, strides []int, off int) *Tensor {
	t.alive("view")
	return &Tensor{dt: t.dt, shape: shape, strides: strides, off: off, buf: t.buf}
}

// Shape is the length of each axis (a copy).
func (t *Tensor) Shape() []int { return slices.Clone(t.shape) }

// Dim is the length of one axis; negative axes count from the end.
func (t *Tensor) Dim(axis int) int { return t.shape[t.axis("Dim", axis)] }

// Rank is the number of axes.
func (t *Tensor) Rank() int { return len(t.shape) }

// Len is the number of elements.
func (t *Tensor) Len() int { return numel(t.shape) }

// DType is the element type.
func (t *Tensor) DType() DType { return t.dt }

// axis resolves a possibly negative axis.
func (t *Tensor) axis(op string, a int) int {
	r := a
	if r < 0 {
		r += len(t.shape)
	}
	if r < 0 || r >= len(t.shape) {
		fail(op, "axis %d does not exist in shape %v", a, t.shape)
	}
	return r
}

// index is the position in memory of the element at idx.
func (t *Tensor) index(op string, idx []int) int {
	if len(idx) != len(t.shape) {
		fail(op, "%d indices for shape %v", len(idx), t.shape)
	}
	p := 0
	for i, v := range idx {
		if v < 0 || v >= t.shape[i] {
			fail(op, "index %v lies outside shape %v", idx, t.shape)
		}
		p += v * t.strides[i]
	}
	return p
}

// At is one element as a float64 (truth values as 0 and 1).
func (t *Tensor) At(idx ...int) float64 {
	p := t.index("At", idx)
	switch t.dt {
	case F32:
		return float64(data[float32](t)[p])
	case F64:
		return data[float64](t)[p]
	case I64:
		return float64(data[int64](t)[p])
	}
	if data[bool](t)[p] {
		return 1
	}
	return 0
}

// Item is the value of a tensor with one element.
func (t *Tensor) Item() float64 {
	if t.Len() != 1 {
		failHint("Item", "use At for one of several elements", "shape %v has %d elements, not one", t.shape, t.Len())
	}
	return t.At(make([]int, len(t.shape))...)
}

// Float64s copies the elements, in row-major order, converted to float64.
func (t *Tensor) Float64s() []float64 { return slices.Clone(vals[float64](t.cast(F64).dense())) }

// Float32s copies the elements, in row-major order, converted to float32.
func (t *Tensor) Float32s() []float32 { return slices.Clone(vals[float32](t.cast(F32).dense())) }

// Ints copies the elements, in row-major order, converted to int (towards zero).
func (t *Tensor) Ints() []int {
	x := vals[int64](t.cast(I64).dense())
	out := make([]int, len(x))
	for i, v := range x {
		out[i] = int(v)
	}
	return out
}

// Bools copies the elements, in row-major order; numbers are true unless zero.
func (t *Tensor) Bools() []bool { return slices.Clone(vals[bool](t.cast(Bool).dense())) }

// To converts to another element type. Between F32 and F64 the gradient is carried along.
func (t *Tensor) To(dt DType) *Tensor {
	if t.dt == dt {
		return t
	}
	out := t.cast(dt)
	if dt.float() && t.dt.float() {
		track(out, func(g *Tensor) []*Tensor { return []*Tensor{g.cast(t.dt)} }, t)
	}
	return out
}

// cast is To without gradient.
func (t *Tensor) cast(dt DType) *Tensor {
	if t.dt == dt {
		return t.detached()
	}
	x := t.dense()
	out := newTensor(dt, t.shape)
	switch t.dt {
	case F32:
		castTo(out, vals[float32](x))
	case F64:
		castTo(out, vals[float64](x))
	case I64:
		castTo(out, vals[int64](x))
	default:
		b := vals[bool](x)
		n := make([]int64, len(b))
		for i, v := range b {
			if v {
				n[i] = 1
			}
		}
		castTo(out, n)
	}
	return out
}

// castTo converts numbers into the dense tensor out.
func castTo[S float32 | float64 | int64](out *Tensor, x []S) {
	switch out.dt {
	case F32:
		y := vals[float32](out)
		for i, v := range x {
			y[i] = float32(v)
		}
	case F64:
		y := vals[float64](out)
		for i, v := range x {
			y[i] = float64(v)
		}
	case I64:
		y := vals[int64](out)
		for i, v := range x {
			y[i] = int64(v)
		}
	default:
		y := vals[bool](out)
		for i, v := range x {
			y[i] = v != 0
		}
	}
}
