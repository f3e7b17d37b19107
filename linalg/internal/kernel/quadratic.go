package kernel

import (
	"github.com/priorlab/priorlab/linalg/internal/mem"
	"github.com/priorlab/priorlab/linalg/internal/par"
)

// Quadratic computes, for each batch entry, out_j = b_j^T S b_j for the columns b_j of B, k by n, and a symmetric S of
// order k. Unless keep is nil, it keeps S B for the gradient.
func Quadratic[T Float](out, keep []T, k, n int, s, b Matrix[T], offS, offB []int) {
	strips := (n + sumStrip - 1) / sumStrip
	par.For(len(offS)*strips, max(1, parallelFlops/(2*k*k*min(n, sumStrip)+1)), func(lo, hi int) {
		raw, _ := mem.Get(max(1, k*sumStrip) * size[T]())
		defer mem.Put(raw)
		for q := lo; q < hi; q++ {
			i, j := q/strips, q%strips*sumStrip
			w := min(sumStrip, n-j)
			c, ld := mem.Slice[T](raw), w
			if keep != nil {
				c, ld = keep[i*k*n+j:], n
			}
			o, bi := out[i*n+j:i*n+j+w], Matrix[T]{b.Data[offB[i]:], b.RS, b.CS}.at(0, j)
			clear(o)
			gemm(k, w, k, 1, Matrix[T]{s.Data[offS[i]:], s.RS, s.CS}, bi, c, ld, false, false)
			for r := 0; r < k; r++ {
				MulAdd(o, c[r*ld:r*ld+w], bi.Data[r*bi.RS:r*bi.RS+w])
			}
		}
	})
}

// QuadraticGrad computes the gradients of Quadratic for each batch entry: ds = B diag(g) B^T and db = 2 S B diag(g), with
// S B as Quadratic kept it, or made again if keep is nil. B is row-major.
func QuadraticGrad[T Float](ds, db, g, keep []T, k, n int, s, b Matrix[T], offS, offB []int) {
	if k*n == 0 {
		clear(ds)
		return
	}
	sumOfStrips(ds, k*k, len(offS), n, sumStrip, k, 4*k*k*n, func(i, j, w int, bg, ds []T, first bool) {
		bi, gi := Matrix[T]{b.Data[offB[i]:], b.RS, b.CS}.at(0, j), g[i*n+j:i*n+j+w]
		d, c := db[i*k*n+j:], db[i*k*n+j:]
		if keep != nil {
			c = keep[i*k*n+j:]
		} else {
			gemm(k, w, k, 1, Matrix[T]{s.Data[offS[i]:], s.RS, s.CS}, bi, d, n, false, false)
		}
		for r := 0; r < k; r++ {
			shiftMul(d[r*n:r*n+w], c[r*n:r*n+w], gi, 0, 2)
			Zip(Mul, bg[r*w:(r+1)*w], bi.Data[r*bi.RS:r*bi.RS+w], gi)
		}
		gemmLower(k, k, w, 1, Matrix[T]{bg, w, 1}, bi.transposed(), ds, k, !first, false)
	})
	for i := range offS { // symmetric: the lower triangle serves for the upper one
		mirrorLower(ds[i*k*k:(i+1)*k*k], k)
	}
}
