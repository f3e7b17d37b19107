package linalg

import (
	"slices"

	"github.com/priorlab/priorlab/linalg/internal/kernel"
	"github.com/priorlab/priorlab/linalg/internal/par"
)

// Zeros makes a tensor of zeros (false for Bool).
func Zeros(dt DType, shape ...int) *Tensor { return zeros(dt, checkShape("Zeros", shape)) }

// Ones makes a tensor of ones.
func Ones(dt DType, shape ...int) *Tensor { return Full(dt, 1, shape...) }

// Full makes a tensor with every element v.
func Full(dt DType, v float64, shape ...int) *Tensor {
	t := newTensor(dt, checkShape("Full", shape))
	switch dt {
	case F32:
		fill(vals[float32](t), float32(v))
	case F64:
		fill(vals[float64](t), v)
	case I64:
		fill(vals[int64](t), int64(v))
	default:
		fill(vals[bool](t), v != 0)
	}
	return t
}

func fill[T elem](x []T, v T) {
	for i := range x {
		x[i] = v
	}
}

// Scalar makes a tensor without axes.
func Scalar(dt DType, v float64) *Tensor { return Full(dt, v) }

// checkLen refuses data whose length does not fit the shape.
func checkLen(op string, n int, shape []int) []int {
	shape = checkShape(op, shape)
	if len(shape) == 0 {
		shape = []int{n}
	}
	if numel(shape) != n {
		fail(op, "%d numbers cannot fill shape %v, which has %d elements", n, shape, numel(shape))
	}
	return shape
}

// FromFloat32 copies data into an F32 tensor. Without a shape it makes a vector.
func FromFloat32(data []float32, shape ...int) *Tensor {
	t := newTensor(F32, checkLen("FromFloat32", len(data), shape))
	copy(vals[float32](t), data)
	return t
}

// FromFloat64 copies data into an F64 tensor. Without a shape it makes a vector.
func FromFloat64(data []float64, shape ...int) *Tensor {
	t := newTensor(F64, checkLen("FromFloat64", len(data), shape))
	copy(vals[float64](t), data)
	return t
}

// FromInts copies data into an I64 tensor. Without a shape it makes a vector.
func FromInts(data []int, shape ...int) *Tensor {
	t := newTensor(I64, checkLen("FromInts", len(data), shape))
	y := vals[int64](t)
	for i, v := range data {
		y[i] = int64(v)
	}
	return t
}

// FromBools copies data into a Bool tensor. Without a shape it makes a vector.
func FromBools(data []bool, shape ...int) *Tensor {
	t := newTensor(Bool, checkLen("FromBools", len(data), shape))
	copy(vals[bool](t), data)
	return t
}

// Arange makes the vector 0, 1, ..., n-1.
func Arange(dt DType, n int) *Tensor {
	x := make([]int, max(n, 0))
	for i := range x {
		x[i] = i
	}
	return FromInts(x).cast(dt)
}

// Linspace makes n numbers from a to b, both included.
func Linspace(dt DType, a, b float64, n int) *Tensor {
	x := make([]float64, max(n, 0))
	for i := range x {
		x[i] = a
		if n > 1 {
			x[i] += (b - a) * float64(i) / float64(n-1)
		}
	}
	return FromFloat64(x).cast(dt)
}

// Eye makes the n by n identity matrix.
func Eye(dt DType, n int) *Tensor {
	t := Zeros(F64, n, n)
	x := vals[float64](t)
	for i := 0; i < n; i++ {
		x[i*n+i] = 1
	}
	return t.cast(dt)
}

// randomGrain is how many numbers a chunk draws; a multiple of four, so that chunks begin at whole blocks.
const randomGrain = 8192

// Normal draws independent standard normal numbers. The element at position i (row-major) does not depend on how the
// work is divided.
func Normal(r *Rand, dt DType, shape ...int) *Tensor {
	t := newTensor(dt, checkShape("Normal", shape))
	n, from := t.Len(), r.pos
	switch dt {
	case F32:
		x := vals[float32](t)
		par.For(n, randomGrain, func(lo, hi int) { r.fillNormal32At(x[lo:hi], from+uint64(lo)/2) })
		r.pos += uint64(n+1) / 2
	case F64:
		x := vals[float64](t)
		par.For(n, randomGrain, func(lo, hi int) { r.fillNormalAt(x[lo:hi], from+uint64(lo)) })
		r.pos += uint64(n)
	default:
		fail("Normal", "numbers of type %v cannot be normal", dt)
	}
	return t
}

// Uniform draws independent numbers from [0, 1).
func Uniform(r *Rand, dt DType, shape ...int) *Tensor {
	t := newTensor(dt, checkShape("Uniform", shape))
	n, from := t.Len(), r.pos
	r.pos += uint64(n)
	switch dt {
	case F32:
		x := vals[float32](t)
		par.For(n, randomGrain, func(lo, hi int) {
			r.words(from, lo, hi, func(i int, w uint64) { x[i] = kernel.Unit[float32](w) })
		})
	case F64:
		x := vals[float64](t)
		par.For(n, randomGrain, func(lo, hi int) {
			r.words(from, lo, hi, func(i int, w uint64) { x[i] = kernel.Unit[float64](w) })
		})
	default:
		fail("Uniform", "numbers of type %v cannot be uniform in [0, 1)", dt)
	}
	return t
}

// words calls put with i and word from+i of the stream for lo <= i < hi. A block of the generator makes two words.
func (r *Rand) words(from uint64, lo, hi int, put func(i int, w uint64)) {
	for i := lo; i < hi; i++ {
		at := from + uint64(i)
		b := kernel.Philox(at/2, r.stream, r.key)
		put(i, word(b, at&1))
		if at&1 == 0 && i+1 < hi {
			i++
			put(i, word(b, 1))
		}
	}
}

// RandInts draws I64 numbers uniformly from 0 to n-1.
func RandInts(r *Rand, n int, shape ...int) *Tensor {
	t := newTensor(I64, checkShape("RandInts", shape))
	x := vals[int64](t)
	for i := range x {
		x[i] = int64(r.Intn(n))
	}
	return t
}

// like is a dense tensor with the type and shape of t and undefined contents.
func like(t *Tensor) *Tensor { return newTensor(t.dt, slices.Clone(t.shape)) }
