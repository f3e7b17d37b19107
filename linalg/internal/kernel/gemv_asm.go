//go:build amd64 || arm64

package kernel

import (
	"unsafe"

	"github.com/priorlab/priorlab/linalg/internal/asm"
	"github.com/priorlab/priorlab/linalg/internal/mem"
	"github.com/priorlab/priorlab/linalg/internal/par"
)

// gemv does products in which one side is a vector; it reports whether it did. A row times a matrix goes along the
// matrix's rows in memory: as inner products where the sum runs along them, as sums of multiples where it runs across.
func gemv[T Float](m, n, k int, alpha T, a, b Matrix[T], c []T, ldc int, acc, parallel bool) bool {
	switch {
	case m == 1 && b.CS == 1 && n >= 8:
		axpyRows(n, k, alpha, a.Data, a.CS, b.Data, b.RS, c, acc, parallel)
	case m == 1 && b.RS == 1 && k >= 8:
		x, done := contiguous(a.Data, a.CS, k)
		dotRows(n, k, alpha, x, b.Data, b.CS, c, 1, acc, parallel)
		done()
	case n == 1 && a.CS == 1 && k >= 8:
		x, done := contiguous(b.Data, b.RS, k)
		dotRows(m, k, alpha, x, a.Data, a.RS, c, ldc, acc, parallel)
		done()
	case n == 1 && a.RS == 1 && m >= 8 && ldc == 1:
		axpyRows(m, k, alpha, b.Data, b.RS, a.Data, a.CS, c, acc, parallel)
	default:
		return false
	}
	return true
}

// contiguous gathers n numbers a stride apart, unless they lie together.
func contiguous[T Float](x []T, stride, n int) ([]T, func()) {
	if stride == 1 {
		return x[:n], func() {}
	}
	raw, _ := mem.Get(n * size[T]())
	y := mem.Slice[T](raw)[:n]
	for i := range y {
		y[i] = x[i*stride]
	}
	return y, func() { mem.Put(raw) }
}

// axpyRows computes c = alpha sum_p x_p row_p (or adds) over k rows of n numbers.
func axpyRows[T Float](n, k int, alpha T, x []T, xs int, rows []T, ld int, c []T, acc, parallel bool) {
	chunk := n
	if parallel {
		chunk = 1024
		if par.Threads() > 1 {
			chunk = max(256, eighth(n, 64))
		}
	}
	loopFor(8*n*k)(n, chunk, func(lo, hi int) {
		d := c[lo:hi]
		if !acc {
			clear(d)
		}
		a := asm.Args{N: hi - lo}
		a.P[0] = ptr(d)
		p := 0
		for ; p+4 <= k; p += 4 {
			for i := 0; i < 4; i++ {
				a.P[1+i] = ptr(rows[(p+i)*ld+lo:])
				a.S[i] = alphaBits(alpha * x[(p+i)*xs])
			}
			runVec[T](asm.VAxpy4, &a)
		}
		for ; p < k; p++ {
			axpyTo(d, d, rows[p*ld+lo:p*ld+hi], alpha*x[p*xs])
		}
	})
}

// dotRows computes c_i = alpha x.row_i (or adds) for m rows of k numbers, with results step apart.
func dotRows[T Float](m, k int, alpha T, x, rows []T, ld int, c []T, step int, acc, parallel bool) {
	chunk := m
	if parallel {
		chunk = 64
		if par.Threads() > 1 {
			chunk = max(8, eighth(m, 4))
		}
	}
	loopFor(8*m*k)(m, chunk, func(lo, hi int) {
		put := func(i int, v T) {
			if v = T(alpha * v); acc { // rounded before the addition on every machine
				v += c[i*step]
			}
			c[i*step] = v
		}
		a := asm.Args{N: k}
		a.P[4] = ptr(x)
		// The last rows go with the ones before them, so that every row is summed in the same way.
		for i := lo; i < hi; i += 4 {
			for q := 0; q < 4; q++ {
				a.P[q] = ptr(rows[min(i+q, m-1)*ld:])
			}
			runVec[T](asm.VDot4, &a)
			for q := 0; q < 4 && i+q < hi; q++ {
				put(i+q, *(*T)(unsafe.Pointer(&a.R[q])))
			}
		}
	})
}
