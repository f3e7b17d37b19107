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
// n by n matrix A + jitter I = L L'. It is never changed after it is made,
// unless by Refactor.
type CholFactor struct {
	n      int
	l      *mat.Dense // lower triangle; zeros above
	jitter float64

	forward, back prepared // see HalfTo and HalfTTo
}

// prepared is L or its transpose, made ready for many right sides.
type prepared struct {
	once   sync.Once
	solver kernel.Solver[float64]
}

// Chol factorises the symmetric matrix a (its lower triangle is read; a is
// not changed) under the jitter policy p. When even the largest jitter fails
// the error is a *NotPositiveDefinite that names the pivot, and the pair of
// equal rows if there is one.
func Chol(a *mat.Dense, p JitterPolicy) (*CholFactor, error) {
	c := new(CholFactor)
	if err := c.Refactor(a, p); err != nil {
		return nil, err
	}
	return c, nil
}

// Refactor is Chol into c, whose memory it uses again if the size is the same:
// for loops that need a factor for one pass only. What L returned before
// changes too. After an error c is of no use but for another Refactor.
func (c *CholFactor) Refactor(a *mat.Dense, p JitterPolicy) error {
	n, m := a.Dims()
	if n != m {
		return fmt.Errorf("linalg: Cholesky of a %d by %d matrix: it must be square", n, m)
	}
	if c.l == nil || c.n != n || c.l.RawMatrix().Stride != n {
		c.n, c.l = n, mat.NewDense(n, n, nil)
	}
	c.forward.once, c.back.once = sync.Once{}, sync.Once{}
	for c.jitter = p.Start; !lower(c.l, a, c.jitter); {
		if err := finite(a); err != nil {
			return err
		}
		next := 10 * c.jitter
		if c.jitter == 0 {
			next = 1e-12 * p.Max
		}
		if next > p.Max*(1+1e-9) || p.Max == 0 {
			return diagnose(a, c.jitter)
		}
		c.jitter = next
	}
	return nil
}

// finite refuses a lower triangle with an entry that is not a number. Every
// such entry reaches a pivot, so that only a failed factorisation need look.
func finite(a *mat.Dense) error {
	n, _ := a.Dims()
	for i := 0; i < n; i++ {
		for j, v := range a.RawRowView(i)[:i+1] {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return fmt.Errorf("linalg: Cholesky of a matrix whose entry (%d,%d) is %v", i, j, v)
			}
		}
	}
	return nil
}

// lower factorises a, whose lower triangle it reads, plus jitter on the diagonal.
func lower(l, a *mat.Dense, jitter float64) bool {
	r, from := l.RawMatrix(), a.RawMatrix() // the rows of l lie without gaps
	if from.Stride != from.Cols {
		for i := 0; i < r.Rows; i++ {
			copy(r.Data[i*r.Stride:], from.Data[i*from.Stride:i*from.Stride+i+1])
		}
		from = r
	}
	return kernel.Chol(r.Data, from.Data[:r.Rows*r.Rows], r.Rows, jitter) == nil
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
