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
	one := func(i, j, w int, bg, ds []T, first bool) {
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
		// The upper right quarter of what is symmetric comes from the lower left one.
		h := k
		if k >= 64 {
			h = k / 2
			gemm(k-h, k, w, 1, Matrix[T]{bg[h*w:], w, 1}, bi.transposed(), ds[h*k:], k, !first, false)
		}
		gemm(h, h, w, 1, Matrix[T]{bg, w, 1}, bi.transposed(), ds, k, !first, false)
	}
	mirror := func(ds []T) {
		if k < 64 {
			return
		}
		for r := k / 2; r < k; r++ {
			for c, v := range ds[r*k : r*k+k/2] {
				ds[c*k+r] = v
			}
		}
	}
	strips := (n + sumStrip - 1) / sumStrip
	if len(offS) >= 4 || strips == 1 {
		par.For(len(offS), max(1, parallelFlops/(4*k*k*n)), func(lo, hi int) {
			raw, _ := mem.Get(k * sumStrip * size[T]())
			defer mem.Put(raw)
			for i := lo; i < hi; i++ {
				for q := 0; q < strips; q++ {
					one(i, q*sumStrip, min(sumStrip, n-q*sumStrip), mem.Slice[T](raw), ds[i*k*k:(i+1)*k*k], q == 0)
				}
				mirror(ds[i*k*k : (i+1)*k*k])
			}
		})
		return
	}
	// Few and wide: strips in at most eight groups, each with its own partial ds.
	group := (strips + 7) / 8
	groups := (strips + group - 1) / group
	rawPart, _ := mem.Get(len(offS) * groups * k * k * size[T]())
	defer mem.Put(rawPart)
	part := mem.Slice[T](rawPart)
	par.For(len(offS)*groups, 1, func(lo, hi int) {
		raw, _ := mem.Get(k * sumStrip * size[T]())
		defer mem.Put(raw)
		for q := lo; q < hi; q++ {
			i, s0 := q/groups, q%groups*group
			for s := s0; s < min(strips, s0+group); s++ {
				one(i, s*sumStrip, min(sumStrip, n-s*sumStrip), mem.Slice[T](raw), part[q*k*k:(q+1)*k*k], s == s0)
			}
			mirror(part[q*k*k : (q+1)*k*k])
		}
	})
	for i := range offS {
		sumParts(ds[i*k*k:(i+1)*k*k], part[i*groups*k*k:], groups, k*k)
	}
}
