package sgpa

import (
	"errors"

	"gonum.org/v1/gonum/mat"

	"github.com/priorlab/priorlab/linalg"
)

// cholesky factorises a batch K [..., n, n] of float64 matrices, each plus jitter on its diagonal, ten times more after
// each failure up to 1e-2. It returns the lower factors and the jitter each needed. where names what is factorised.
//
// With P = Phi(L'Lbar), the lower triangle with half the diagonal, the gradient is the symmetric part of L^-T P L^-1.
func cholesky(K *linalg.Tensor, jitter float64, where func(i int) string) (*linalg.Tensor, []float64) {
	shape := K.Shape()
	n := shape[len(shape)-1]
	count := K.Len() / (n * n)
	src := K.Float64s()
	factors, used, out := make([]*linalg.CholFactor, count), make([]float64, count), make([]float64, len(src))
	for i := range factors {
		c, err := linalg.Chol(mat.NewDense(n, n, src[i*n*n:(i+1)*n*n]), jitterPolicy(jitter))
		if err != nil {
			fail(where(i), "raise Jitter, or lower the learning rate if values ran away", "%v", err)
		}
		factors[i], used[i] = c, c.Jitter()
		copy(out[i*n*n:], c.L().RawMatrix().Data)
	}
	L := linalg.Custom([]*linalg.Tensor{K}, linalg.FromFloat64(out, shape...), func(g *linalg.Tensor) []*linalg.Tensor {
		grad, back := g.Float64s(), make([]float64, len(out))
		for i, c := range factors {
			cholBack(mat.NewDense(n, n, back[i*n*n:(i+1)*n*n]), c, mat.NewDense(n, n, grad[i*n*n:(i+1)*n*n]))
		}
		return []*linalg.Tensor{linalg.FromFloat64(back, shape...)}
	})
	return L, used
}

// cholBack writes the gradient of K, given that of its factor.
func cholBack(dst *mat.Dense, c *linalg.CholFactor, Lbar *mat.Dense) {
	n := c.N()
	keepLower(Lbar)
	var P mat.Dense
	P.Mul(c.L().T(), Lbar)
	keepLower(&P)
	for i := 0; i < n; i++ {
		P.Set(i, i, P.At(i, i)/2)
	}
	S := c.RightHalfT(c.HalfT(&P))
	for i := 0; i < n; i++ {
		for j := 0; j < n; j++ {
			dst.Set(i, j, (S.At(i, j)+S.At(j, i))/2)
		}
	}
}

func keepLower(m *mat.Dense) {
	n, _ := m.Dims()
	for i := 0; i < n; i++ {
		row := m.RawRowView(i)
		clear(row[i+1:])
	}
}

// inverseLower is L^-1 for a batch of float64 lower factors [..., n, n]. With X = L^-1 the gradient of L is
// -tril(X' Xbar X').
func inverseLower(L *linalg.Tensor) *linalg.Tensor {
	shape := L.Shape()
	n := shape[len(shape)-1]
	count := L.Len() / (n * n)
	src, out := L.Float64s(), make([]float64, L.Len())
	for i := 0; i < count; i++ {
		X := mat.NewTriDense(n, mat.Lower, nil)
		if err := X.InverseTri(mat.NewTriDense(n, mat.Lower, src[i*n*n:(i+1)*n*n])); err != nil && !isCondition(err) {
			fail("inverseLower", "", "factor %d cannot be inverted: %v", i, err)
		}
		dst := mat.NewDense(n, n, out[i*n*n:(i+1)*n*n])
		dst.Copy(X)
	}
	X := linalg.FromFloat64(out, shape...)
	return linalg.Custom([]*linalg.Tensor{L}, X, func(g *linalg.Tensor) []*linalg.Tensor {
		back := X.T().MatMul(g).MatMul(X.T()).MulS(-1)
		return []*linalg.Tensor{back.Mul(lowerOnes(n))}
	})
}

// isCondition reports a result that is there although the matrix is badly conditioned.
func isCondition(err error) bool {
	var c mat.Condition
	return errors.As(err, &c)
}

// lowerOnes is one on and below the diagonal.
func lowerOnes(n int) *linalg.Tensor {
	x := make([]float64, n*n)
	for i := 0; i < n; i++ {
		for j := 0; j <= i; j++ {
			x[i*n+j] = 1
		}
	}
	return linalg.FromFloat64(x, n, n)
}

// whitened is R = strict_tril(ltri) + diag(exp(logdiag)): ltri [..., n, n], logdiag [..., n].
func whitened(ltri, logdiag *linalg.Tensor) *linalg.Tensor {
	shape := ltri.Shape()
	n := shape[len(shape)-1]
	dt := ltri.DType()
	eye := linalg.Eye(dt, n)
	strict := lowerOnes(n).To(dt).Sub(eye)
	return ltri.Mul(strict).Add(logdiag.Exp().Unsqueeze(-1).Mul(eye))
}
