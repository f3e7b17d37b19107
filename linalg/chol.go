package linalg

import (
	"fmt"
	"math"
	"sync"

	"github.com/priorlab/priorlab/linalg/internal/kernel"
	"gonum.org/v1/gonum/mat"
)

// JitterPolicy says what may be added to the diagonal of a matrix that is
// meant to be positive definite and is not quite so in floating point.
// Start is added at once (0 adds nothing); after each failure the amount is
// multiplied by 10, up to Max. The zero value allows no jitter at all.
type JitterPolicy struct {
	Start float64 // first amount, absolute
	Max   float64 // largest amount tried; below Start means Start alone
}

// ScaledJitter is the policy of the Gaussian-process packages: start at rel
// times scale (a typical diagonal entry), and give up at 1e-4 times scale.
func ScaledJitter(rel, scale float64) JitterPolicy {
	return JitterPolicy{Start: rel * scale, Max: 1e-4 * scale}
}

// CholFactor is the lower Cholesky factor L of a symmetric positive definite
// n by n matrix A + jitter I = L L'. It is never changed after it is made.
type CholFactor struct {
	n      int
	l      *mat.Dense // lower triangle; zeros above
	jitter float64

	once   sync.Once
	solver kernel.Solver[float64] // see HalfTo
}

// Chol factorises the symmetric matrix a (its lower triangle is read; a is
// not changed) under the jitter policy p. When even the largest jitter fails
// the error is a *NotPositiveDefinite that names the pivot, and the pair of
// equal rows if there is one.
func Chol(a *mat.Dense, p JitterPolicy) (*CholFactor, error) {
	n, c := a.Dims()
	if n != c {
		return nil, fmt.Errorf("linalg: Cholesky of a %d by %d matrix: it must be square", n, c)
	}
	for i := 0; i < n; i++ {
		for j := 0; j <= i; j++ {
			if v := a.At(i, j); math.IsNaN(v) || math.IsInf(v, 0) {
				return nil, fmt.Errorf("linalg: Cholesky of a matrix whose entry (%d,%d) is %v", i, j, v)
			}
		}
	}
	l := mat.NewDense(n, n, nil)
	jitter := p.Start
	for {
		loadLower(l, a, jitter)
		if lower(l) {
			return &CholFactor{n: n, l: l, jitter: jitter}, nil
		}
		next := 10 * jitter
		if jitter == 0 {
			next = 1e-12 * p.Max
		}
		if next > p.Max*(1+1e-9) || p.Max == 0 {
			return nil, diagnose(a, jitter)
		}
		jitter = next
	}
}

// loadLower copies the lower triangle of a plus jitter on the diagonal into l.
func loadLower(l, a *mat.Dense, jitter float64) {
	l.Zero()
	lr, ar := l.RawMatrix(), a.RawMatrix()
	for i := 0; i < lr.Rows; i++ {
		copy(lr.Data[i*lr.Stride:i*lr.Stride+i+1], ar.Data[i*ar.Stride:i*ar.Stride+i+1])
		lr.Data[i*lr.Stride+i] += jitter
	}
}

// lower factorises the lower triangle of l in place.
func lower(l *mat.Dense) bool {
	r := l.RawMatrix() // made here: its rows lie without gaps
	return kernel.Chol(r.Data, r.Data, r.Rows, 0) == nil
}

// N is the number of rows.
func (c *CholFactor) N() int { return c.n }

// Jitter is what was added to the diagonal.
func (c *CholFactor) Jitter() float64 { return c.jitter }

// L is the lower factor, n by n with zeros above the diagonal. Do not write
// into it.
func (c *CholFactor) L() *mat.Dense { return c.l }

// LogDet is log|A + jitter I|.
func (c *CholFactor) LogDet() float64 {
	s := 0.0
	for i := 0; i < c.n; i++ {
		s += math.Log(c.l.At(i, i))
	}
	return 2 * s
}

// FactorFromLower wraps a lower factor that was computed before (a saved
// one, for instance); l is kept, not copied. Every diagonal entry must be
// positive and finite.
func FactorFromLower(l *mat.Dense, jitter float64) (*CholFactor, error) {
	n, c := l.Dims()
	if n != c {
		return nil, fmt.Errorf("linalg: a Cholesky factor is square, this is %d by %d", n, c)
	}
	for i := 0; i < n; i++ {
		if d := l.At(i, i); !(d > 0) || math.IsInf(d, 0) {
			return nil, fmt.Errorf("linalg: diagonal entry %d of the Cholesky factor is %v, it must be positive", i, d)
		}
	}
	return &CholFactor{n: n, l: l, jitter: jitter}, nil
}
