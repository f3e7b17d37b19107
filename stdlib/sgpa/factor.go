package sgpa

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/priorlab/priorlab/linalg"
)

// maxJitter is where factorisation gives up.
const maxJitter = 1e-2

// cholesky factorises a batch K [..., n, n] of float64 matrices, each plus jitter on its diagonal, ten times more after
// each failure up to 1e-2. It returns the lower factors and the jitter used. where names matrix i of the batch.
func cholesky(K *linalg.Tensor, jitter float64, where func(i int) string) (L *linalg.Tensor, used float64) {
	checkGram(K, where)
	for used = jitter; ; used = math.Max(10*used, 1e-12) {
		err := linalg.Try(func() { L = linalg.Cholesky(K, used) })
		if err == nil {
			return L, used
		}
		if _, numeric := err.(*linalg.Error); !numeric {
			panic(err) // an interrupt goes on its way
		}
		if 10*used > maxJitter {
			explain(K, used, where)
			panic(err)
		}
	}
}

// checkGram refuses a batch of matrices with entries that are not finite: no jitter helps them.
func checkGram(K *linalg.Tensor, where func(i int) string) {
	s := K.Shape()
	n := s[len(s)-1]
	for k, v := range K.Float64s() {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			fail(where(k/(n*n)), "lower the learning rate; with the exponential kernel, begin with larger length-scales",
				"entry (%d,%d) of the matrix is %v", k/n%n, k%n, v)
		}
	}
}

// explain fails with the name of the first matrix that cannot be factorised.
func explain(K *linalg.Tensor, jitter float64, where func(i int) string) {
	s := K.Shape()
	n := s[len(s)-1]
	src := K.Float64s()
	for i := 0; i*n*n < len(src); i++ {
		if _, err := linalg.Chol(mat.NewDense(n, n, src[i*n*n:(i+1)*n*n]), linalg.JitterPolicy{Start: jitter}); err != nil {
			fail(where(i), "raise Jitter, or lower the learning rate if values ran away", "with jitter %g: %v", jitter, err)
		}
	}
}
