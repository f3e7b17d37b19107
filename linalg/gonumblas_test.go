package linalg

import (
	"testing"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
	"gonum.org/v1/gonum/blas/testblas"
	"gonum.org/v1/gonum/mat"
)

// gonum's own tests of BLAS implementations, on the routines that this package replaces.
func TestBlasByGonumsTests(t *testing.T) {
	testblas.TestDgemm(t, blasImpl{})
	testblas.DtrsmTest(t, blasImpl{})
	testblas.DsyrkTest(t, blasImpl{})
}

func TestBlasSingle(t *testing.T) {
	var ref gonum.Implementation
	r := NewRand(4)
	draw := func(n int) []float32 {
		x := make([]float32, n)
		r.FillNormal32(x)
		return x
	}
	const m, n, k, ld = 17, 23, 19, 29
	for _, ta := range []blas.Transpose{blas.NoTrans, blas.Trans} {
		for _, tb := range []blas.Transpose{blas.NoTrans, blas.Trans} {
			a, b, c := draw(ld*ld), draw(ld*ld), draw(ld*ld)
			for i := 0; i < ld; i++ {
				a[i*ld+i] += 10
			}
			check := func(what string, run func(impl interface {
				Sgemm(ta, tb blas.Transpose, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int)
				Ssyrk(ul blas.Uplo, t blas.Transpose, n, k int, alpha float32, a []float32, lda int, beta float32, c []float32, ldc int)
				Strsm(s blas.Side, ul blas.Uplo, ta blas.Transpose, d blas.Diag, m, n int, alpha float32, a []float32, lda int, b []float32, ldb int)
			}, c []float32)) {
				got, want := append([]float32(nil), c...), append([]float32(nil), c...)
				run(blasImpl{}, got)
				run(ref, want)
				near(t, what, FromFloat32(got).Float64s(), FromFloat32(want).Float64s(), 1e-4)
			}
			type impl = interface {
				Sgemm(ta, tb blas.Transpose, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int)
				Ssyrk(ul blas.Uplo, t blas.Transpose, n, k int, alpha float32, a []float32, lda int, beta float32, c []float32, ldc int)
				Strsm(s blas.Side, ul blas.Uplo, ta blas.Transpose, d blas.Diag, m, n int, alpha float32, a []float32, lda int, b []float32, ldb int)
			}
			for _, beta := range []float32{0, 1, 0.5} {
				check("Sgemm", func(i impl, c []float32) { i.Sgemm(ta, tb, m, n, k, 0.7, a, ld, b, ld, beta, c, ld) })
				check("Ssyrk", func(i impl, c []float32) { i.Ssyrk(blas.Lower, ta, n, k, 0.7, a, ld, beta, c, ld) })
			}
			check("Strsm", func(i impl, c []float32) { i.Strsm(blas.Right, blas.Upper, ta, blas.NonUnit, m, n, 2, a, ld, c, ld) })
			check("Strsm", func(i impl, c []float32) { i.Strsm(blas.Left, blas.Lower, ta, blas.NonUnit, m, n, 2, a, ld, c, ld) })
		}
	}
}

func TestUseInGonum(t *testing.T) {
	UseInGonum()
	x := Normal(NewRand(1), F64, 80, 80)
	d := x.Dense()
	var p mat.Dense
	p.Mul(d, d.T())
	near(t, "product", FromDense(&p).Float64s(), x.MatMul(x.T()).Float64s(), 1e-12)
	var s mat.SymDense
	s.SymOuterK(1, d)
	var c mat.Cholesky
	if !c.Factorize(&s) {
		t.Fatal("Cholesky failed")
	}
	var back mat.SymDense
	c.ToSym(&back)
	near(t, "Cholesky", FromDense(&back).Float64s(), FromDense(&s).Float64s(), 1e-10)
}
