package gp

import (
	"math"

	"github.com/priorlab/priorlab/linalg"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
)

// scratch is a matrix that is written anew in every step of a fit: the memory
// stays, so that a fit does not live from the collector.
type scratch struct {
	*mat.Dense
	memory []float64
}

// sized makes it r by c, with any content.
func (s *scratch) sized(r, c int) *mat.Dense {
	if cap(s.memory) < r*c {
		s.memory = make([]float64, r*c)
	}
	s.Dense = &mat.Dense{}
	if r*c > 0 {
		s.Dense = mat.NewDense(r, c, s.memory[:r*c])
	}
	return s.Dense
}

// copyOf makes it a copy of a.
func (s *scratch) copyOf(a *mat.Dense) *mat.Dense {
	out := s.sized(a.Dims())
	if !out.IsEmpty() {
		out.Copy(a)
	}
	return out
}

// kernelInto writes k(x, y) into s, without new memory where the kernel can.
func kernelInto(k Kernel, s *scratch, x, y *mat.Dense) {
	if r, ok := k.(*Radial); ok {
		n, _ := x.Dims()
		m, _ := y.Dims()
		r.matrixInto(s.sized(n, m), x, y)
		return
	}
	s.Dense = k.Matrix(x, y)
}

// solveHalf is b = L^-1 b, or L^-T b, in place.
func solveHalf(c *linalg.CholFactor, t blas.Transpose, b *mat.Dense) {
	l := c.L().RawMatrix()
	if !b.IsEmpty() {
		blas64.Trsm(blas.Left, t, 1, blas64.Triangular{N: c.N(), Stride: l.Stride, Data: l.Data, Uplo: blas.Lower, Diag: blas.NonUnit}, b.RawMatrix())
	}
}

// product is a x.
func product(a *mat.Dense, x []float64) []float64 {
	r, c := a.Dims()
	out := make([]float64, r)
	if r > 0 && c > 0 {
		mat.NewVecDense(r, out).MulVec(a, mat.NewVecDense(c, x))
	}
	return out
}

// columnsTimes is dst = a with column j times v[j].
func columnsTimes(dst, a *mat.Dense, v []float64) {
	n, _ := a.Dims()
	inParts(n, 8, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			d, r := row(dst, i), row(a, i)
			for j, w := range v {
				d[j] = r[j] * w
			}
		}
	})
}

func roots(x []float64) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = math.Sqrt(v)
	}
	return out
}
