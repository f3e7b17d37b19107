package kernel

import "github.com/priorlab/priorlab/linalg/internal/par"

// Matrix is a strided matrix: element (i, j) lies at Data[i*RS+j*CS].
type Matrix[T Float] struct {
	Data   []T
	RS, CS int
}

// Gemm computes C = alpha A B, or C += alpha A B if acc, for A of m by k, B of k by n and C of m by n, whose column
// stride is one.
func Gemm[T Float](m, n, k int, alpha T, a, b Matrix[T], c []T, ldc int, acc bool) {
	for i := 0; i < m; i++ {
		row := c[i*ldc : i*ldc+n]
		if !acc {
			clear(row)
		}
		for p := 0; p < k; p++ {
			v := alpha * a.Data[i*a.RS+p*a.CS]
			for j := range row {
				row[j] += v * b.Data[p*b.RS+j*b.CS]
			}
		}
	}
}

// GemmBatch computes C_i = alpha A_i B_i (or adds) for matrices that begin at the given offsets.
func GemmBatch[T Float](m, n, k int, alpha T, a, b Matrix[T], c []T, ldc int, offA, offB, offC []int, acc bool) {
	par.For(len(offC), 1, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			Gemm(m, n, k, alpha, Matrix[T]{a.Data[offA[i]:], a.RS, a.CS}, Matrix[T]{b.Data[offB[i]:], b.RS, b.CS}, c[offC[i]:], ldc, acc)
		}
	})
}
