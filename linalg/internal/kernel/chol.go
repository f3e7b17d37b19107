package kernel

import (
	"math"

	"github.com/priorlab/priorlab/linalg/internal/mem"
	"github.com/priorlab/priorlab/linalg/internal/par"
)

// CholFailure says where a factorisation met a pivot that is not positive.
type CholFailure struct {
	Matrix, Pivot int
	Value         float64
}

// Chol replaces each n by n matrix of a, one after another, by its lower Cholesky factor: only the lower triangle is
// read, the upper one becomes zero, and jitter is added to the diagonal first. The failure that is returned is the
// first matrix's, or nil.
func Chol[T Float](a []T, n int, jitter T) *CholFailure {
	if n == 0 {
		return nil
	}
	count := len(a) / (n * n)
	if f, ok := cholLanes(a, n, jitter); ok {
		return f
	}
	fails := make([]*CholFailure, count)
	par.For(count, max(1, 3*parallelFlops/(n*n*n+1)), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			m := a[i*n*n : (i+1)*n*n]
			for d := 0; d < n; d++ {
				m[d*n+d] += jitter
			}
			if p, v := chol1(m, n, count == 1); p >= 0 {
				fails[i] = &CholFailure{i, p, v}
			}
		}
	})
	return firstFailure(fails)
}

func firstFailure(fails []*CholFailure) *CholFailure {
	for _, f := range fails {
		if f != nil {
			return f
		}
	}
	return nil
}

// chol1 factors one matrix: panels of triBlock columns, the diagonal block by scalars, the rest by products with its
// inverse. It returns the failing pivot and its value, or -1.
func chol1[T Float](a []T, n int, parallel bool) (int, float64) {
	raw, _ := mem.Get((n*triBlock + triBlock*triBlock) * size[T]())
	defer mem.Put(raw)
	work := mem.Slice[T](raw)
	inv, pan := work[:triBlock*triBlock], work[triBlock*triBlock:]
	for j := 0; j < n; j += triBlock {
		jb := min(triBlock, n-j)
		d := a[j*n+j:]
		if p, v := cholSmall(d, n, jb); p >= 0 {
			return j + p, v
		}
		m := n - j - jb
		if m == 0 {
			break
		}
		clear(inv)
		invertLower(false, jb, Matrix[T]{d, n, 1}, inv, 1, triBlock) // transposed
		r := j + jb
		below := a[r*n+j:]
		gemm(m, jb, jb, 1, Matrix[T]{below, n, 1}, Matrix[T]{inv, triBlock, 1}, pan, jb, false, false)
		for i := 0; i < m; i++ {
			copy(below[i*n:i*n+jb], pan[i*jb:(i+1)*jb])
		}
		// The trailing matrix loses the panel times its transpose, in strips so that little beyond the triangle is touched.
		const strip = 96
		strips := (m + strip - 1) / strip
		update := func(lo, hi int) {
			for s := lo; s < hi; s++ {
				c := s * strip
				w := min(strip, m-c)
				gemm(m-c, w, jb, -1, Matrix[T]{pan[c*jb:], jb, 1}, Matrix[T]{pan[c*jb:], 1, jb}, a[(r+c)*n+r+c:], n, true, false)
			}
		}
		if parallel && m*m*jb > parallelFlops {
			par.For(strips, 1, update)
		} else {
			update(0, strips)
		}
	}
	for i := 0; i < n; i++ {
		clear(a[i*n+i+1 : (i+1)*n])
	}
	return -1, 0
}

// cholSmall factors the jb by jb lower triangle at the beginning of a, row by row.
func cholSmall[T Float](a []T, ld, jb int) (int, float64) {
	var recip [triBlock]T
	for i := 0; i < jb; i++ {
		ri := a[i*ld : i*ld+i+1]
		for k := 0; k < i; k++ {
			rk := a[k*ld : k*ld+k+1]
			s := ri[k]
			for p, v := range rk[:k] {
				s -= T(ri[p] * v)
			}
			ri[k] = s * recip[k]
		}
		s := ri[i]
		for _, v := range ri[:i] {
			s -= T(v * v)
		}
		if !(s > 0) || math.IsInf(float64(s), 1) {
			return i, float64(s)
		}
		ri[i] = T(math.Sqrt(float64(s)))
		recip[i] = 1 / ri[i]
	}
	return -1, 0
}

// CholGrad turns the gradients g of lower factors l, both count matrices of order n, into the gradients of the
// symmetric matrices, in place of g: S = L^-T Phi(L^T G) L^-1 made symmetric, where Phi keeps the lower triangle and halves
// the diagonal (Murray, "Differentiation of the Cholesky decomposition", 2016).
func CholGrad[T Float](g, l []T, n int) {
	if n == 0 {
		return
	}
	par.For(len(l)/(n*n), max(1, parallelFlops/(4*n*n*n+1)), func(lo, hi int) {
		raw, _ := mem.Get(n * n * size[T]())
		defer mem.Put(raw)
		w := mem.Slice[T](raw)[:n*n]
		for i := lo; i < hi; i++ {
			m, f := g[i*n*n:(i+1)*n*n], l[i*n*n:(i+1)*n*n]
			lower(m, n)
			gemm(n, n, n, 1, Matrix[T]{f, 1, n}, Matrix[T]{m, n, 1}, w, n, false, false)
			lower(w, n)
			for d := 0; d < n; d++ {
				w[d*n+d] /= 2
			}
			solve1(true, false, n, n, Matrix[T]{f, 1, n}, w, n) // L^-T w
			solve1(false, true, n, n, Matrix[T]{f, n, 1}, w, n) // w L^-1
			for r := 0; r < n; r++ {
				for c := 0; c <= r; c++ {
					v := (w[r*n+c] + w[c*n+r]) / 2
					m[r*n+c], m[c*n+r] = v, v
				}
			}
		}
	})
}

// lower clears the part above the diagonal.
func lower[T Float](a []T, n int) {
	for i := 0; i < n; i++ {
		clear(a[i*n+i+1 : (i+1)*n])
	}
}

// solve1 is Trsm on this goroutine.
func solve1[T Float](left, low bool, m, n int, a Matrix[T], b []T, ldb int) {
	if left && n <= 2 || !left && m <= 2 {
		trsv(left, low, false, m, n, 1, a, b, ldb)
		return
	}
	if left {
		solveLeft(low, m, n, 1, a, diagInverses(low, false, m, a), b, ldb)
	} else {
		solveRight(low, m, n, 1, a, diagInverses(low, false, n, a), b, ldb)
	}
}

// SolveBatch solves A_i X_i = B_i in place for left factors at the given offsets and right-hand sides of m by n that
// follow one another. The factors are lower triangles of order m, used transposed if trans.
func SolveBatch[T Float](trans bool, m, n int, l []T, offL []int, b []T) {
	at := func(i int) Matrix[T] {
		if trans {
			return Matrix[T]{l[offL[i]:], 1, m}
		}
		return Matrix[T]{l[offL[i]:], m, 1}
	}
	if m == 0 || n == 0 {
		return
	}
	if len(offL) < 8 {
		for i := range offL {
			Trsm(true, !trans, false, m, n, 1, at(i), b[i*m*n:(i+1)*m*n], n)
		}
		return
	}
	par.For(len(offL), max(1, parallelFlops/(m*m*n)), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			solve1(true, !trans, m, n, at(i), b[i*m*n:(i+1)*m*n], n)
		}
	})
}

// LowerOnly clears the part above the diagonal of every n by n matrix.
func LowerOnly[T Float](a []T, n int) {
	for i := 0; i+n*n <= len(a) && n > 0; i += n * n {
		lower(a[i:i+n*n], n)
	}
}
