package kernel

import (
	"github.com/priorlab/priorlab/linalg/internal/mem"
	"github.com/priorlab/priorlab/linalg/internal/par"
)

// strip is how many columns of the product live at a time.
const sumStrip = 256

// SumSquares computes, for each batch entry, the column sums of the squared elements of A B, A m by k, B k by n.
func SumSquares[T Float](out []T, m, k, n int, a, b Matrix[T], offA, offB []int) {
	strips := (n + sumStrip - 1) / sumStrip
	par.For(len(offA)*strips, max(1, parallelFlops/(2*m*k*min(n, sumStrip)+1)), func(lo, hi int) {
		raw, _ := mem.Get(max(1, m*sumStrip) * size[T]())
		defer mem.Put(raw)
		c := mem.Slice[T](raw)
		for q := lo; q < hi; q++ {
			i, j := q/strips, q%strips*sumStrip
			w := min(sumStrip, n-j)
			o := out[i*n+j : i*n+j+w]
			product(c, m, k, w, Matrix[T]{a.Data[offA[i]:], a.RS, a.CS}, Matrix[T]{b.Data[offB[i]:], b.RS, b.CS}.at(0, j))
			clear(o)
			for r := 0; r < m; r++ {
				row := c[r*w : (r+1)*w]
				MulAdd(o, row, row)
			}
		}
	})
}

// product computes C = A B with rows n apart, on this goroutine.
func product[T Float](c []T, m, k, n int, a, b Matrix[T]) { gemm(m, n, k, 1, a, b, c, n, false, false) }

// SumSquaresGrad computes the gradients of SumSquares: da for each batch entry, db added up over entries in a row that share their
// B. With S = A^T A they are those of b^T S b, and da = 2 A ds; where A has fewer rows than columns, with C = A B, made again strip
// by strip, and D = 2 C diag(g), they are da = D B^T and db = A^T D.
func SumSquaresGrad[T Float](da, db, g []T, m, k, n int, a, b Matrix[T], offA, offB []int) {
	if m*k*n == 0 {
		clear(da)
		clear(db)
		return
	}
	if k <= m && b.CS == 1 {
		raw, _ := mem.Get(2 * len(offA) * k * k * size[T]())
		defer mem.Put(raw)
		s := mem.Slice[T](raw)[:2*len(offA)*k*k]
		s, ds := s[:len(s)/2], s[len(s)/2:]
		offS, off := make([]int, len(offA)), make([]int, len(offA))
		for i := range offS {
			offS[i], off[i] = i*k*k, i*m*k
		}
		GemmBatch(k, k, m, 1, a.transposed(), a, s, k, offA, offA, offS, false)
		QuadraticGrad(ds, db, g, nil, k, n, Matrix[T]{s, k, 1}, b, offS, offB)
		GemmBatch(m, k, k, 2, a, Matrix[T]{ds, k, 1}, da, k, offA, offS, off, false)
		return
	}
	share := Shared(offB)
	sumOfStrips(da, share*m*k, len(offA)/share, n, sumStrip, m, 6*share*m*k*n, func(i, j, w int, c, da []T, first bool) {
		bi := Matrix[T]{b.Data[offB[i*share]:], b.RS, b.CS}.at(0, j)
		for e := range share {
			q := i*share + e
			ai := Matrix[T]{a.Data[offA[q]:], a.RS, a.CS}
			product(c, m, k, w, ai, bi)
			gi := g[q*n+j : q*n+j+w]
			for r := 0; r < m; r++ {
				Zip(Mul, c[r*w:(r+1)*w], c[r*w:(r+1)*w], gi)
			}
			gemm(m, k, w, 2, Matrix[T]{c, w, 1}, bi.transposed(), da[e*m*k:], k, !first, false)
			gemm(k, w, m, 2, ai.transposed(), Matrix[T]{c, w, 1}, db[i*k*n+j:], n, e > 0, false)
		}
	})
}

// sumOfStrips calls one for every strip of columns j ... j+w-1 of every batch entry i, with room for rows rows of a strip of
// width columns. What one makes of a strip goes into an array of per numbers, or is added to it but for the first strip, and ends
// in out, one array after another. flops is the work of an entry.
func sumOfStrips[T Float](out []T, per, batch, n, width, rows, flops int, one func(i, j, w int, work, out []T, first bool)) {
	strips := (n + width - 1) / width
	groups, chunk := 1, max(1, parallelFlops/flops)
	if batch < 8 && strips > 1 { // few and wide
		groups, chunk = min(strips, (8+batch-1)/batch), 1
	}
	part := out
	if groups > 1 {
		raw, _ := mem.Get(batch * groups * per * size[T]())
		defer mem.Put(raw)
		part = mem.Slice[T](raw)
	}
	par.For(batch*groups, chunk, func(lo, hi int) {
		raw, _ := mem.Get(rows * width * size[T]())
		defer mem.Put(raw)
		for q := lo; q < hi; q++ {
			i, g := q/groups, q%groups
			from := g * strips / groups
			for s := from; s < (g+1)*strips/groups; s++ {
				par.Check()
				one(i, s*width, min(width, n-s*width), mem.Slice[T](raw), part[q*per:(q+1)*per], s == from)
			}
		}
	})
	for i := 0; i < batch && groups > 1; i++ {
		sumParts(out[i*per:(i+1)*per], part[i*groups*per:], groups, per)
	}
}
