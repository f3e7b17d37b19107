// Package scratch lends matrices that a step of learning makes anew and has no
// use for after it, so that learning does not live from the collector.
package scratch

import (
	"math/bits"
	"sync"

	"gonum.org/v1/gonum/mat"
)

var pool [48]sync.Pool // by the power of two that holds it

// Lease takes a matrix, whose content is whatever was there. One that is never
// released costs nothing but its memory.
func Lease(r, c int) *mat.Dense {
	n := r * c
	if n == 0 {
		return &mat.Dense{}
	}
	size := bits.Len(uint(n - 1))
	if p, ok := pool[size].Get().(*[]float64); ok {
		return mat.NewDense(r, c, (*p)[:n])
	}
	return mat.NewDense(r, c, make([]float64, n, 1<<size))
}

// Zeros is a leased matrix of zeros.
func Zeros(r, c int) *mat.Dense {
	out := Lease(r, c)
	clear(out.RawMatrix().Data)
	return out
}

// Copy is a leased copy of a.
func Copy(a *mat.Dense) *mat.Dense {
	out := Lease(a.Dims())
	if !out.IsEmpty() {
		out.Copy(a)
	}
	return out
}

// Release takes matrices that nobody looks at any more; nil and empty ones are
// left alone.
func Release(matrices ...*mat.Dense) {
	for _, a := range matrices {
		if a == nil || a.IsEmpty() {
			continue
		}
		d := a.RawMatrix().Data
		if size := bits.Len(uint(cap(d) - 1)); cap(d) == 1<<size {
			pool[size].Put(&d)
		}
	}
}
