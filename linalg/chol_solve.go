package linalg

import (
	"fmt"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"

	"github.com/priorlab/priorlab/linalg/internal/kernel"
)

func (c *CholFactor) triangle() blas64.Triangular {
	r := c.l.RawMatrix()
	return blas64.Triangular{N: c.n, Stride: r.Stride, Data: r.Data, Uplo: blas.Lower, Diag: blas.NonUnit}
}

func (c *CholFactor) check(op string, n int) {
	if n != c.n {
		panic(fmt.Sprintf("linalg: %s with a factor of %d rows and a right side of %d", op, c.n, n))
	}
}

// Half returns L^-1 b (n by k).
func (c *CholFactor) Half(b *mat.Dense) *mat.Dense { return c.trsm("Half", blas.NoTrans, b) }

// HalfT returns L^-T b (n by k).
func (c *CholFactor) HalfT(b *mat.Dense) *mat.Dense { return c.trsm("HalfT", blas.Trans, b) }

// HalfTo writes L^-1 b (n by k) into dst, which may be b, on the calling goroutine. What it needs of L is made at the first
// call, so that it suits many right sides in turn. dst and b have their rows equally far apart.
func (c *CholFactor) HalfTo(dst, b *mat.Dense) {
	r, k := b.Dims()
	c.check("HalfTo", r)
	d, s := dst.RawMatrix(), b.RawMatrix()
	if d.Rows != r || d.Cols != k || d.Stride != s.Stride {
		panic(fmt.Sprintf("linalg: HalfTo of %d by %d with rows %d apart into %d by %d with rows %d apart", r, k, s.Stride, d.Rows, d.Cols, d.Stride))
	}
	if r == 0 || k == 0 {
		return
	}
	c.once.Do(func() {
		t := c.triangle()
		c.solver = kernel.NewSolver(true, false, c.n, kernel.Matrix[float64]{Data: t.Data, RS: t.Stride, CS: 1})
	})
	c.solver.Solve(k, d.Data, s.Data, s.Stride)
}

func (c *CholFactor) trsm(op string, t blas.Transpose, b *mat.Dense) *mat.Dense {
	r, k := b.Dims()
	c.check(op, r)
	out := mat.DenseCopyOf(b)
	if k > 0 && r > 0 {
		blas64.Trsm(blas.Left, t, 1, c.triangle(), out.RawMatrix())
	}
	return out
}

// RightHalf returns b L^-T (k by n), the same as the transpose of Half of b'.
func (c *CholFactor) RightHalf(b *mat.Dense) *mat.Dense { return c.right("RightHalf", blas.Trans, b) }

// RightHalfT returns b L^-1 (k by n).
func (c *CholFactor) RightHalfT(b *mat.Dense) *mat.Dense {
	return c.right("RightHalfT", blas.NoTrans, b)
}

func (c *CholFactor) right(op string, t blas.Transpose, b *mat.Dense) *mat.Dense {
	k, r := b.Dims()
	c.check(op, r)
	out := mat.DenseCopyOf(b)
	if k > 0 && r > 0 {
		blas64.Trsm(blas.Right, t, 1, c.triangle(), out.RawMatrix())
	}
	return out
}

// Solve returns (L L')^-1 b.
func (c *CholFactor) Solve(b *mat.Dense) *mat.Dense {
	out := c.Half(b)
	blas64.Trsm(blas.Left, blas.Trans, 1, c.triangle(), out.RawMatrix())
	return out
}

// HalfVec returns L^-1 b.
func (c *CholFactor) HalfVec(b []float64) []float64 { return c.trsv("HalfVec", b, blas.NoTrans) }

// HalfTVec returns L^-T b.
func (c *CholFactor) HalfTVec(b []float64) []float64 { return c.trsv("HalfTVec", b, blas.Trans) }

// SolveVec returns (L L')^-1 b.
func (c *CholFactor) SolveVec(b []float64) []float64 { return c.HalfTVec(c.HalfVec(b)) }

func (c *CholFactor) trsv(op string, b []float64, t blas.Transpose) []float64 {
	c.check(op, len(b))
	out := append([]float64(nil), b...)
	if len(b) > 0 {
		blas64.Trsv(t, c.triangle(), blas64.Vector{N: len(out), Inc: 1, Data: out})
	}
	return out
}

// MulVec returns L b.
func (c *CholFactor) MulVec(b []float64) []float64 {
	c.check("MulVec", len(b))
	out := append([]float64(nil), b...)
	if len(b) > 0 {
		blas64.Trmv(blas.NoTrans, c.triangle(), blas64.Vector{N: len(out), Inc: 1, Data: out})
	}
	return out
}

// Mul returns L b (n by k).
func (c *CholFactor) Mul(b *mat.Dense) *mat.Dense {
	r, k := b.Dims()
	c.check("Mul", r)
	out := mat.DenseCopyOf(b)
	if r > 0 && k > 0 {
		blas64.Trmm(blas.Left, blas.NoTrans, 1, c.triangle(), out.RawMatrix())
	}
	return out
}

// Inverse returns (L L')^-1, symmetric.
func (c *CholFactor) Inverse() *mat.Dense {
	eye := mat.NewDense(c.n, c.n, nil)
	for i := 0; i < c.n; i++ {
		eye.Set(i, i, 1)
	}
	h := c.Half(eye)
	return SymProduct(h, true)
}

// SymProduct returns a a' (or a' a when transposed), with both triangles
// filled and exactly symmetric.
func SymProduct(a *mat.Dense, transposed bool) *mat.Dense {
	r, k := a.Dims()
	t, n := blas.NoTrans, r
	if transposed {
		t, n = blas.Trans, k
	}
	out := mat.NewDense(n, n, nil)
	o := out.RawMatrix()
	blas64.Syrk(t, 1, a.RawMatrix(), 0, blas64.Symmetric{N: n, Stride: o.Stride, Data: o.Data, Uplo: blas.Lower})
	for i := 0; i < n; i++ {
		for j := 0; j < i; j++ {
			o.Data[j*o.Stride+i] = o.Data[i*o.Stride+j]
		}
	}
	return out
}
