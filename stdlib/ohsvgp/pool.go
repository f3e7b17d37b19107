package ohsvgp

import (
	"math/bits"
	"sync"

	"gonum.org/v1/gonum/mat"
)

// Matrices over the data are the bulk of what a step of learning makes and are
// of no use after it. lease takes one from a pool and release gives it back, so
// that learning does not live from the collector. The content of a leased matrix
// is whatever was there. A matrix that is never released costs nothing but its
// memory.
var pool [48]sync.Pool // by the power of two that holds it

func lease(r, c int) *mat.Dense {
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

func release(matrices ...*mat.Dense) {
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

// leaseCopy is a leased copy of a.
func leaseCopy(a *mat.Dense) *mat.Dense {
	out := lease(a.Dims())
	if !out.IsEmpty() {
		out.Copy(a)
	}
	return out
}
