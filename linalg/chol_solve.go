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
func (c *CholFactor) HalfTo(dst, b *mat.Dense) { c.solveTo("HalfTo", &c.forward, dst, b) }

// HalfTTo writes L^-T b (n by k) into dst, as HalfTo does L^-1 b.
func (c *CholFactor) HalfTTo(dst, b *mat.Dense) { c.solveTo("HalfTTo", &c.back, dst, b) }

func (c *CholFactor) solveTo(op string, p *prepared, dst, b *mat.Dense) {
	r, k := b.Dims()
	c.check(op, r)
	d, s := dst.RawMatrix(), b.RawMatrix()
	if d.Rows != r || d.Cols != k || d.Stride != s.Stride {
		panic(fmt.Sprintf("linalg: %s of %d by %d with rows %d apart into %d by %d with rows %d apart", op, r, k, s.Stride, d.Rows, d.Cols, d.Stride))
	}
	if r > 0 && k > 0 {
		c.prepare(p).Solve(k, d.Data, s.Data, s.Stride)
	}
}

// prepare returns L or, for back, its transpose, made ready for right sides.
func (c *CholFactor) prepare(p *prepared) kernel.Solver[float64] {
	p.once.Do(func() { p.solver = p.solver.Again(p == &c.forward, false, c.n, c.matrix(p == &c.forward)) })
	return p.solver
}

// matrix is L or its transpose.
func (c *CholFactor) matrix(lower bool) kernel.Matrix[float64] {
	r := c.l.RawMatrix()
	if lower {
		return kernel.Matrix[float64]{Data: r.Data, RS: r.Stride, CS: 1}
	}
	return kernel.Matrix[float64]{Data: r.Data, RS: 1, CS: r.Stride}
}

// SymHalfTo writes L^-1 x L^-T for a symmetric x into dst, which may be x: exactly symmetric, and quicker than by halves.
func (c *CholFactor) SymHalfTo(dst, x *mat.Dense) { c.congruence("SymHalfTo", &c.forward, dst, x) }

// SymHalfTTo writes L^-T x L^-1 for a symmetric x into dst, as SymHalfTo does L^-1 x L^-T.
func (c *CholFactor) SymHalfTTo(dst, x *mat.Dense) { c.congruence("SymHalfTTo", &c.back, dst, x) }

func (c *CholFactor) congruence(op string, p *prepared, dst, x *mat.Dense) {
	for _, m := range []*mat.Dense{dst, x} {
		r, k := m.Dims()
		c.check(op, r)
		c.check(op, k)
	}
	if c.n == 0 {
		return
	}
	if dst != x {
		dst.Copy(x)
	}
	d := dst.RawMatrix()
	c.prepare(p).Congruence(d.Data, d.Stride)
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
	out := mat.NewDense(c.n, c.n, nil)
	c.InverseTo(out)
	return out
}

// InverseTo writes (L L')^-1 into dst.
func (c *CholFactor) InverseTo(dst *mat.Dense) {
	r, k := dst.Dims()
	c.check("InverseTo", r)
	c.check("InverseTo", k)
	d := dst.RawMatrix()
	kernel.CholInverse(c.n, c.matrix(true), d.Data, d.Stride)
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
	Mirror(out)
	return out
}

// Mirror copies the lower triangle of a square matrix to the upper one.
func Mirror(a *mat.Dense) {
	r := squareDense("Mirror", a)
	kernel.Mirror(r.Rows, r.Data, r.Stride)
}

// MulLower writes the lower triangle of a b into dst, all n by n, for products that are symmetric or half wanted. What is above
// the diagonal of dst is of no meaning afterwards.
func MulLower(dst, a, b *mat.Dense) {
	const op = "MulLower"
	d, x, y := squareDense(op, dst), squareDense(op, a), squareDense(op, b)
	if x.Rows != d.Rows || y.Rows != d.Rows {
		fail(op, "matrices of %d, %d and %d rows", d.Rows, x.Rows, y.Rows)
	}
	if d.Rows > 0 {
		kernel.GemmLower(d.Rows, d.Rows, 1, matrixArg(blas.NoTrans, x.Data, x.Stride), matrixArg(blas.NoTrans, y.Data, y.Stride), d.Data, d.Stride, false)
	}
}

func squareDense(op string, a *mat.Dense) blas64.General {
	r := a.RawMatrix()
	if r.Rows != r.Cols {
		fail(op, "a %d by %d matrix: it must be square", r.Rows, r.Cols)
	}
	return r
}
