package hippo

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Transition returns E(t1,t2) of the LegS measure: the memory at t2 of a signal
// that is zero after t1 and has memory c at t1 is E c. E equals
// exp(-A log(t2/t1)), is lower triangular, depends on t1/t2 alone, and never
// lengthens a vector (its norm is at most sqrt(t1/t2)). It is computed by a
// Gauss-Legendre rule that is exact for the polynomials involved.
func Transition(N int, t1, t2 float64) (*mat.Dense, error) {
	if N < 1 || t1 < 0 || !(t2 >= t1) || t2 == 0 {
		return nil, fmt.Errorf("hippo: transition of %d coefficients from time %g to %g: time must go forward from 0", N, t1, t2)
	}
	E := mat.NewDense(N, N, nil)
	if t1 == 0 {
		return E, nil
	}
	rho := t1 / t2
	s, w := GaussLegendre(N)
	g, p := mat.NewDense(N, N, nil), mat.NewDense(N, N, nil)
	for q := range s {
		Legendre(g.RawRowView(q), s[q])
		r := p.RawRowView(q)
		Legendre(r, rho*(s[q]+1)-1)
		for n := range r {
			r[n] *= rho / 2 * w[q]
		}
	}
	E.Mul(p.T(), g)
	for n := 0; n < N; n++ {
		for k := n + 1; k < N; k++ {
			E.Set(n, k, 0)
		}
	}
	return E, nil
}

// Memory is the LegS memory of a signal on [0,T].
type Memory struct {
	T float64   // time reached
	C []float64 // coefficients c_0..c_{N-1}
}

// NewMemory is an empty memory of N coefficients at time 0.
func NewMemory(N int) *Memory { return &Memory{C: make([]float64, N)} }

// Advance takes the memory to time t2 exactly: the transition of what is held,
// plus the integral of f over the new segment alone by Gauss-Legendre panels of
// length at most h (0 means one panel).
func (m *Memory) Advance(t2 float64, f func(x float64) float64, h float64) error {
	if !(t2 > m.T) {
		return fmt.Errorf("hippo: the memory is at time %g and cannot go to %g", m.T, t2)
	}
	E, err := Transition(len(m.C), m.T, t2)
	if err != nil {
		return err
	}
	if h <= 0 {
		h = t2 - m.T
	}
	c := make([]float64, len(m.C))
	mat.NewVecDense(len(c), c).MulVec(E, mat.NewVecDense(len(c), m.C))
	x, w := Panels(m.T, t2, h, max(40, len(c)/2+20))
	g := make([]float64, len(c))
	for q := range x {
		Legendre(g, 2*x[q]/t2-1)
		v := w[q] * f(x[q]) / t2
		for n := range c {
			c[n] += v * g[n]
		}
	}
	m.T, m.C = t2, c
	return nil
}

// Reconstruct is what the memory says the signal was: sum_m c_m g_m(x), for x
// in [0,T].
func (m *Memory) Reconstruct(x []float64) []float64 {
	out := make([]float64, len(x))
	g := make([]float64, len(m.C))
	for i, v := range x {
		Legendre(g, 2*v/m.T-1)
		for n, c := range m.C {
			out[i] += c * g[n]
		}
	}
	return out
}

// Rule is a way to discretise the LegS equation on an even grid.
type Rule string

// The rules. The zero value means Bilinear.
const (
	Bilinear Rule = "bilinear" // trapezoid in c, input at the right edge
	Euler    Rule = "euler"    // explicit; grows beyond all bounds while k < N
	Backward Rule = "backward" // implicit Euler
	ZOH      Rule = "zoh"      // exact for an input held over ((k-1)dt, k dt]
	ZOHLeft  Rule = "zoh-left" // the step from k to k+1 paired with sample k; for comparison only
)

// Step applies one step of a rule in place: c becomes the memory after sample
// k = 1,2,... with value f; the length of the step cancels. Begin with c = 0.
func Step(c []float64, k int, f float64, rule Rule) error {
	if k < 1 {
		return fmt.Errorf("hippo: step %d: the first step is 1", k)
	}
	N := len(c)
	kk := float64(k)
	switch rule {
	case Euler:
		d := make([]float64, N)
		legsTimes(d, c)
		for n := range c {
			c[n] += (f*math.Sqrt(2*float64(n)+1) - d[n]) / kk
		}
	case Backward:
		for n := range c {
			c[n] += f * math.Sqrt(2*float64(n)+1) / kk
		}
		legsSolve(1/kk, c)
	case Bilinear, "":
		d := make([]float64, N)
		legsTimes(d, c)
		for n := range c {
			c[n] += f*math.Sqrt(2*float64(n)+1)/kk - d[n]/(2*kk)
		}
		legsSolve(1/(2*kk), c)
	case ZOH, ZOHLeft:
		if rule == ZOHLeft {
			kk++
		}
		E, err := Transition(N, kk-1, kk)
		if err != nil {
			return err
		}
		// E c + (I-E) e_0 f = e_0 f + E (c - e_0 f)
		c[0] -= f
		v := mat.VecDenseCopyOf(mat.NewVecDense(N, c))
		mat.NewVecDense(N, c).MulVec(E, v)
		c[0] += f
	default:
		return fmt.Errorf("hippo: no rule %q; there are bilinear, euler, backward, zoh, zoh-left", rule)
	}
	return nil
}

// Run applies a rule to a whole series of samples and returns the memory.
func Run(N int, f []float64, rule Rule) ([]float64, error) {
	c := make([]float64, N)
	for i, v := range f {
		if err := Step(c, i+1, v, rule); err != nil {
			return nil, err
		}
	}
	return c, nil
}
