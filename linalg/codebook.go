package linalg

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/priorlab/priorlab/linalg/internal/kernel"
	"github.com/priorlab/priorlab/linalg/internal/par"
)

// Nearest is the number (I64) of the row of codes [K, d] closest to each vector of z [..., d], in Euclidean distance; of
// equals the first. It has no gradient: see StraightThrough.
func Nearest(z, codes *Tensor) *Tensor {
	z.mustFloat("Nearest")
	r := len(z.shape)
	if r < 1 || len(codes.shape) != 2 || codes.shape[1] != z.shape[r-1] || codes.dt != z.dt || codes.shape[0] == 0 {
		failHint("Nearest", "z ends in [d], codes are [K, d]", "z is %v %v, codes %v %v", z.dt, z.shape, codes.dt, codes.shape)
	}
	out := newTensor(I64, append([]int(nil), z.shape[:r-1]...))
	if z.dt == F32 {
		nearest[float32](out, z, codes)
	} else {
		nearest[float64](out, z, codes)
	}
	return out
}

// nearest maximises z.e - |e|^2/2 over the codes e.
func nearest[T kernel.Float](out, z, codes *Tensor) {
	d, k := codes.shape[1], codes.shape[0]
	x, e, at := vals[T](z.detached().dense()), vals[T](codes.dense()), vals[int64](out)
	half := make([]T, k)
	for i := range half {
		row := e[i*d : (i+1)*d]
		half[i] = -0.5 * kernel.Dot(row, row)
	}
	const rows = 64
	par.For(len(at), rows, func(lo, hi int) {
		s := make([]T, (hi-lo)*k)
		kernel.FillRows(s, half)
		kernel.Gemm(hi-lo, k, d, 1, kernel.Matrix[T]{Data: x[lo*d:], RS: d, CS: 1}, kernel.Matrix[T]{Data: e, RS: 1, CS: d}, s, k, true)
		for r := lo; r < hi; r++ {
			row := s[(r-lo)*k : (r-lo+1)*k]
			m := kernel.Row(kernel.MaxOf, row)
			at[r] = 0
			for i, v := range row {
				if v == m {
					at[r] = int64(i)
					break
				}
			}
		}
	})
}

// EigSym is the eigendecomposition of each symmetric F64 matrix a [..., n, n]: values [..., n] in ascending order, and
// vectors [..., n, n] with one eigenvector a column. It has no gradient. It is gonum's.
func EigSym(a *Tensor) (values, vectors *Tensor) {
	n := square("EigSym", a)
	if a.dt != F64 {
		failHint("EigSym", "convert with To(F64)", "the elements are %v", a.dt)
	}
	x := a.detached().dense()
	values = newTensor(F64, append([]int(nil), a.shape[:len(a.shape)-1]...))
	vectors = newTensor(F64, append([]int(nil), a.shape...))
	if n == 0 {
		return values, vectors
	}
	src, val, vec := vals[float64](x), vals[float64](values), vals[float64](vectors)
	for i := 0; i < len(src)/(n*n); i++ {
		m := src[i*n*n : (i+1)*n*n]
		for j, v := range m {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				fail("EigSym", "matrix %d has the element %g at row %d, column %d", i, v, j/n, j%n)
			}
		}
		var eig mat.EigenSym
		var v mat.Dense
		own, ok := mat.NewSymDense(n, append([]float64(nil), m...)), false
		par.Aside(func() {
			if ok = eig.Factorize(own, true); ok {
				eig.VectorsTo(&v)
			}
		})
		if !ok {
			fail("EigSym", "the iteration for matrix %d did not converge", i)
		}
		eig.Values(val[i*n : (i+1)*n])
		copy(vec[i*n*n:(i+1)*n*n], v.RawMatrix().Data)
	}
	return values, vectors
}
