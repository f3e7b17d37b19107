package linalg

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/blas/gonum"

	"github.com/priorlab/priorlab/linalg/internal/kernel"
)

// UseInGonum makes gonum's mat, blas64 and blas32 use this package's products, symmetric updates and triangular solves
// from now on. Everything else stays gonum's own.
func UseInGonum() {
	blas64.Use(blasImpl{})
	blas32.Use(blasImpl{})
}

// blasImpl is gonum's implementation with the level 3 routines that take the time replaced. Calls with faulty
// arguments go to gonum, which panics with its usual messages.
type blasImpl struct{ gonum.Implementation }

// matrixArg views a BLAS argument, transposed or not.
func matrixArg[T kernel.Float](t blas.Transpose, a []T, lda int) kernel.Matrix[T] {
	if t == blas.NoTrans {
		return kernel.Matrix[T]{Data: a, RS: lda, CS: 1}
	}
	return kernel.Matrix[T]{Data: a, RS: 1, CS: lda}
}

// fits reports whether a row-major matrix of r by c lies within n numbers.
func fits(r, c, ld, n int) bool {
	return r > 0 && c > 0 && ld >= c && n >= (r-1)*ld+c
}

// storage is the stored shape of an argument that is r by c after transposition.
func storage(t blas.Transpose, r, c int) (int, int) {
	if t == blas.NoTrans {
		return r, c
	}
	return c, r
}

func gemmFits(ta, tb blas.Transpose, m, n, k, lda, la, ldb, lb, ldc, lc int) bool {
	ar, ac := storage(ta, m, k)
	br, bc := storage(tb, k, n)
	return fits(ar, ac, lda, la) && fits(br, bc, ldb, lb) && fits(m, n, ldc, lc)
}

// scaleBeta prepares C for accumulation and reports whether anything is left of it.
func scaleBeta[T kernel.Float](beta T, m, n int, c []T, ldc int) (acc bool) {
	if beta == 0 {
		return false
	}
	if beta != 1 {
		for i := 0; i < m; i++ {
			row := c[i*ldc : i*ldc+n]
			kernel.ZipScalar(kernel.Mul, row, row, beta)
		}
	}
	return true
}

// Dgemm computes C = alpha op(A) op(B) + beta C.
func (b blasImpl) Dgemm(ta, tb blas.Transpose, m, n, k int, alpha float64, a []float64, lda int, x []float64, ldb int, beta float64, c []float64, ldc int) {
	if !gemmFits(ta, tb, m, n, k, lda, len(a), ldb, len(x), ldc, len(c)) || alpha == 0 {
		b.Implementation.Dgemm(ta, tb, m, n, k, alpha, a, lda, x, ldb, beta, c, ldc)
		return
	}
	kernel.Gemm(m, n, k, alpha, matrixArg(ta, a, lda), matrixArg(tb, x, ldb), c, ldc, scaleBeta(beta, m, n, c, ldc))
}

// Sgemm computes C = alpha op(A) op(B) + beta C.
func (b blasImpl) Sgemm(ta, tb blas.Transpose, m, n, k int, alpha float32, a []float32, lda int, x []float32, ldb int, beta float32, c []float32, ldc int) {
	if !gemmFits(ta, tb, m, n, k, lda, len(a), ldb, len(x), ldc, len(c)) || alpha == 0 {
		b.Implementation.Sgemm(ta, tb, m, n, k, alpha, a, lda, x, ldb, beta, c, ldc)
		return
	}
	kernel.Gemm(m, n, k, alpha, matrixArg(ta, a, lda), matrixArg(tb, x, ldb), c, ldc, scaleBeta(beta, m, n, c, ldc))
}

func order(s blas.Side, m, n int) int {
	if s == blas.Left {
		return m
	}
	return n
}

// Dtrsm solves op(A) X = alpha B or X op(A) = alpha B in place of B.
func (b blasImpl) Dtrsm(s blas.Side, ul blas.Uplo, ta blas.Transpose, d blas.Diag, m, n int, alpha float64, a []float64, lda int, x []float64, ldb int) {
	k := order(s, m, n)
	if !fits(k, k, lda, len(a)) || !fits(m, n, ldb, len(x)) || alpha == 0 {
		b.Implementation.Dtrsm(s, ul, ta, d, m, n, alpha, a, lda, x, ldb)
		return
	}
	kernel.Trsm(s == blas.Left, (ul == blas.Lower) == (ta == blas.NoTrans), d == blas.Unit, m, n, alpha, matrixArg(ta, a, lda), x, ldb)
}

// Strsm solves op(A) X = alpha B or X op(A) = alpha B in place of B.
func (b blasImpl) Strsm(s blas.Side, ul blas.Uplo, ta blas.Transpose, d blas.Diag, m, n int, alpha float32, a []float32, lda int, x []float32, ldb int) {
	k := order(s, m, n)
	if !fits(k, k, lda, len(a)) || !fits(m, n, ldb, len(x)) || alpha == 0 {
		b.Implementation.Strsm(s, ul, ta, d, m, n, alpha, a, lda, x, ldb)
		return
	}
	kernel.Trsm(s == blas.Left, (ul == blas.Lower) == (ta == blas.NoTrans), d == blas.Unit, m, n, alpha, matrixArg(ta, a, lda), x, ldb)
}

// scaleTriangle multiplies one triangle of C by beta.
func scaleTriangle[T kernel.Float](lower bool, n int, beta T, c []T, ldc int) {
	if beta == 1 {
		return
	}
	for i := 0; i < n; i++ {
		row := c[i*ldc : i*ldc+i+1]
		if !lower {
			row = c[i*ldc+i : i*ldc+n]
		}
		if beta == 0 {
			clear(row)
		} else {
			kernel.ZipScalar(kernel.Mul, row, row, beta)
		}
	}
}

// Dsyrk computes one triangle of C = alpha A A^T + beta C, or with A^T A.
func (b blasImpl) Dsyrk(ul blas.Uplo, ta blas.Transpose, n, k int, alpha float64, a []float64, lda int, beta float64, c []float64, ldc int) {
	r, w := storage(ta, n, k)
	if !fits(r, w, lda, len(a)) || !fits(n, n, ldc, len(c)) || alpha == 0 {
		b.Implementation.Dsyrk(ul, ta, n, k, alpha, a, lda, beta, c, ldc)
		return
	}
	scaleTriangle(ul == blas.Lower, n, beta, c, ldc)
	kernel.Syrk(ul == blas.Lower, n, k, alpha, matrixArg(ta, a, lda), c, ldc)
}

// Ssyrk computes one triangle of C = alpha A A^T + beta C, or with A^T A.
func (b blasImpl) Ssyrk(ul blas.Uplo, ta blas.Transpose, n, k int, alpha float32, a []float32, lda int, beta float32, c []float32, ldc int) {
	r, w := storage(ta, n, k)
	if !fits(r, w, lda, len(a)) || !fits(n, n, ldc, len(c)) || alpha == 0 {
		b.Implementation.Ssyrk(ul, ta, n, k, alpha, a, lda, beta, c, ldc)
		return
	}
	scaleTriangle(ul == blas.Lower, n, beta, c, ldc)
	kernel.Syrk(ul == blas.Lower, n, k, alpha, matrixArg(ta, a, lda), c, ldc)
}
