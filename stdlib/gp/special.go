package gp

import (
	"math"
	"sync"

	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/mathext"
)

// hermite returns the rule for E[g(sqrt(2v) x + m)]: weights sum to 1.
func hermite(n int) (x, w []float64) {
	if r, ok := hermites.Load(n); ok {
		p := r.([2][]float64)
		return p[0], p[1]
	}
	x, w = make([]float64, n), make([]float64, n)
	quad.Hermite{}.FixedLocations(x, w, math.Inf(-1), math.Inf(1))
	for i := range w {
		w[i] /= math.Sqrt(math.Pi)
	}
	hermites.Store(n, [2][]float64{x, w})
	return x, w
}

var hermites sync.Map

// softplus is log(1 + e^x) without overflow.
func softplus(x float64) float64 {
	if x > 0 {
		return x + math.Log1p(math.Exp(-x))
	}
	return math.Log1p(math.Exp(x))
}

func lgamma(x float64) float64 { v, _ := math.Lgamma(x); return v }

func digamma(x float64) float64 { return mathext.Digamma(x) }

// logPhi is the log of the normal distribution function, by the asymptotic
// series far out, where the function itself underflows.
func logPhi(z float64) float64 {
	if z > -20 {
		return math.Log(0.5 * math.Erfc(-z/math.Sqrt2))
	}
	u := 1 / (z * z)
	return -0.5*z*z - 0.5*math.Log(2*math.Pi) - math.Log(-z) + math.Log1p(-u*(1-u*(3-u*(15-105*u))))
}

func logSumExp(x []float64) float64 {
	top := math.Inf(-1)
	for _, v := range x {
		top = math.Max(top, v)
	}
	if math.IsInf(top, 0) {
		return top
	}
	s := 0.0
	for _, v := range x {
		s += math.Exp(v - top)
	}
	return top + math.Log(s)
}
