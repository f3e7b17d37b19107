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

// Shared is how many batch entries in a row have the matrix of the first, at the given offsets: the same for every run of them, as
// an axis that is stretched is stretched everywhere.
func Shared(off []int) int {
	n := 1
	for n < len(off) && off[n] == off[0] {
		n++
	}
	return n
}

// QuadraticGrad computes the gradients of Quadratic: ds = B diag(g) B^T for each batch entry, and db = 2 S B diag(g), added up over
// entries in a row that share their B. Unless keep is nil, it is S B as Quadratic kept it, and no two entries in a row share. B is
// row-major.
func QuadraticGrad[T Float](ds, db, g, keep []T, k, n int, s, b Matrix[T], offS, offB []int) {
	if k*n == 0 {
		clear(ds)
		return
	}
	share := Shared(offB)
	sumOfStrips(ds, share*k*k, len(offS)/share, n, sumStrip, 2*k, 4*share*k*k*n, func(i, j, w int, work, ds []T, first bool) {
		bi := Matrix[T]{b.Data[offB[i*share]:], b.RS, b.CS}.at(0, j)
		bg, bt, d := work[:k*w], bi.transposed(), db[i*k*n+j:]
		if share > 1 {
			bt = Matrix[T]{work[k*w : 2*k*w], k, 1}
			CopyStrided(bt.Data, bi.Data, []int{w, k}, []int{bi.CS, bi.RS})
		}
		for e := range share {
			q := i*share + e
			gi := g[q*n+j : q*n+j+w]
			for r := 0; r < k; r++ {
				Zip(Mul, bg[r*w:(r+1)*w], bi.Data[r*bi.RS:r*bi.RS+w], gi)
				if keep != nil {
					shiftMul(d[r*n:r*n+w], keep[q*k*n+r*n+j:][:w], gi, 0, 2)
				}
			}
			gemmLower(k, k, w, 1, Matrix[T]{bg, w, 1}, bt, ds[e*k*k:], k, !first, false)
			if keep == nil {
				gemm(k, w, k, 2, Matrix[T]{s.Data[offS[q]:], s.RS, s.CS}, Matrix[T]{bg, w, 1}, d, n, e > 0, false)
			}
		}
	})
	for i := range offS { // symmetric: the lower triangle serves for the upper one
		Mirror(k, ds[i*k*k:(i+1)*k*k], k)
	}
}
