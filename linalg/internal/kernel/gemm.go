package kernel

import (
	"github.com/priorlab/priorlab/linalg/internal/mem"
	"github.com/priorlab/priorlab/linalg/internal/par"
)

// Matrix is a strided matrix: element (i, j) lies at Data[i*RS+j*CS].
type Matrix[T Float] struct {
	Data   []T
	RS, CS int
}

// at is the matrix that begins at element (i, j).
func (m Matrix[T]) at(i, j int) Matrix[T] {
	return Matrix[T]{m.Data[i*m.RS+j*m.CS:], m.RS, m.CS}
}

// parallelFlops is the number of floating-point operations that make a chunk worth its while.
const parallelFlops = 1 << 21

// Gemm computes C = alpha A B, or C += alpha A B if acc, for A of m by k, B of k by n and C of m by n with rows ldc
// apart. It divides large products among threads; every element is summed in the same order whatever the division.
func Gemm[T Float](m, n, k int, alpha T, a, b Matrix[T], c []T, ldc int, acc bool) {
	gemm(m, n, k, alpha, a, b, c, ldc, acc, divides[T](m, n, k))
}

// divides says whether a product takes long enough, some ten microseconds, to be divided among threads. With a vector on one
// side it waits for memory.
func divides[T Float](m, n, k int) bool {
	flops := 2 * m * n * k
	if m == 1 || n == 1 {
		flops *= 4
	}
	return flops*size[T]() >= 3<<20
}

// loopFor is the way to divide so many floating-point operations among threads.
func loopFor(flops int) func(n, chunk int, f func(lo, hi int)) {
	if flops < 2*parallelFlops {
		return par.Brief
	}
	return par.For
}

// apart calls f for [0, n) in chunks, divided among threads, in such an order that chunks worked on at the same time are not
// neighbours: threads that write to one cache line wait for each other.
func apart(loop func(n, chunk int, f func(lo, hi int)), n, chunk int, f func(lo, hi int)) {
	chunks := (n + chunk - 1) / chunk
	half := (chunks + 1) / 2
	loop(chunks, 1, func(q, _ int) {
		q = q/2 + q%2*half
		f(q*chunk, min(n, (q+1)*chunk))
	})
}

// gemm is Gemm, divided among threads if parallel says so.
func gemm[T Float](m, n, k int, alpha T, a, b Matrix[T], c []T, ldc int, acc, parallel bool) {
	switch {
	case m == 0 || n == 0 || k == 0 && acc:
	case k == 0:
		for i := 0; i < m; i++ {
			clear(c[i*ldc : i*ldc+n])
		}
	case level == Portable:
		gemmGo(m, n, k, alpha, a, b, c, ldc, acc, parallel)
	default:
		gemmAsm(m, n, k, alpha, a, b, c, ldc, acc, parallel)
	}
}

// GemmLower is Gemm for a square C of which only the lower triangle is wanted: what lies above the diagonal is left or
// overwritten, as the tiles fall.
func GemmLower[T Float](n, k int, alpha T, a, b Matrix[T], c []T, ldc int, acc bool) {
	gemmLower(n, n, k, alpha, a, b, c, ldc, acc, n*n*k >= parallelFlops)
}

// gemmLower is GemmLower for a C of m by n, at least as high as wide.
func gemmLower[T Float](m, n, k int, alpha T, a, b Matrix[T], c []T, ldc int, acc, parallel bool) {
	if level == Portable || n <= 1 || k == 0 {
		gemm(m, n, k, alpha, a, b, c, ldc, acc, parallel)
		return
	}
	gemmTiles(m, n, k, alpha, a, b, c, ldc, acc, parallel, true)
}

// GemmBatch computes C_i = alpha A_i B_i (or adds) for matrices that begin at the given offsets. The batch is divided
// among threads if it is long, otherwise each product is.
func GemmBatch[T Float](m, n, k int, alpha T, a, b Matrix[T], c []T, ldc int, offA, offB, offC []int, acc bool) {
	batch := len(offC)
	one := func(i int, parallel bool) {
		x, y := Matrix[T]{a.Data[offA[i]:], a.RS, a.CS}, Matrix[T]{b.Data[offB[i]:], b.RS, b.CS}
		gemm(m, n, k, alpha, x, y, c[offC[i]:], ldc, acc, parallel)
	}
	if m == 0 || n == 0 || batch == 0 {
		return
	}
	if flops := 2 * m * n * k; batch < 8 && flops >= parallelFlops {
		for i := 0; i < batch; i++ {
			one(i, true)
		}
	} else {
		// Operands from far beyond the L2 cache are asked for one product ahead.
		ahead := batch*(m*k+k*n+m*n)*size[T]() > 8<<20
		par.For(batch, max(1, parallelFlops/(flops+1)), func(lo, hi int) {
			for i := lo; i < hi; i++ {
				if ahead && i+1 < hi {
					prefetch(a.Data[offA[i+1]:], a, m, k)
					prefetch(b.Data[offB[i+1]:], b, k, n)
				}
				one(i, false)
			}
		})
	}
}

// gemmGo is the plain product: four rows of C at a time, B read by rows where it has them.
func gemmGo[T Float](m, n, k int, alpha T, a, b Matrix[T], c []T, ldc int, acc, parallel bool) {
	if b.CS != 1 {
		// Lay B out by rows once, so that the inner loop is along memory.
		raw, _ := mem.Get(k * n * size[T]())
		defer mem.Put(raw)
		t := mem.Slice[T](raw)[:k*n]
		CopyStrided(t, b.Data, []int{k, n}, []int{b.RS, b.CS})
		b = Matrix[T]{t, n, 1}
	}
	rows := m
	if parallel {
		rows = 16
	}
	par.For(m, rows, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			row := c[i*ldc : i*ldc+n]
			if !acc {
				clear(row)
			}
			p := 0
			for ; p+3 < k; p += 4 {
				at := i*a.RS + p*a.CS
				a0, a1, a2, a3 := alpha*a.Data[at], alpha*a.Data[at+a.CS], alpha*a.Data[at+2*a.CS], alpha*a.Data[at+3*a.CS]
				b0, b1, b2, b3 := b.Data[p*b.RS:][:n], b.Data[(p+1)*b.RS:][:n], b.Data[(p+2)*b.RS:][:n], b.Data[(p+3)*b.RS:][:n]
				for j := range row {
					row[j] += T(a0*b0[j]) + T(a1*b1[j]) + T(a2*b2[j]) + T(a3*b3[j])
				}
			}
			for ; p < k; p++ {
				v := alpha * a.Data[i*a.RS+p*a.CS]
				for j, w := range b.Data[p*b.RS:][:n] {
					row[j] += T(v * w)
				}
			}
		}
	})
}
