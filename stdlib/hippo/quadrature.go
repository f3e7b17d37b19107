package hippo

import (
	"math"
	"sync"

	"gonum.org/v1/gonum/integrate/quad"
)

// GaussLegendre returns the n-node rule on [-1,1]; it is exact for polynomials
// of degree 2n-1. The slices are shared: do not write into them.
func GaussLegendre(n int) (x, w []float64) {
	if r, ok := rules.Load(n); ok {
		p := r.(*rule)
		return p.x, p.w
	}
	p := &rule{make([]float64, n), make([]float64, n)}
	quad.Legendre{}.FixedLocations(p.x, p.w, -1, 1)
	if !p.exact() {
		// gonum 0.17 tabulates n = 26 wrongly
		p.newton()
	}
	rules.Store(n, p)
	return p.x, p.w
}

type rule struct{ x, w []float64 }

var rules sync.Map

// exact checks the rule on the orthonormal polynomials it must integrate to
// zero, and on the constant.
func (r *rule) exact() bool {
	n := len(r.x)
	g, s := make([]float64, 2*n), make([]float64, 2*n)
	for q := range r.x {
		Legendre(g, r.x[q])
		for m, v := range g {
			s[m] += r.w[q] * v
		}
	}
	s[0] -= 2
	for _, v := range s {
		if math.Abs(v) > 1e-12 {
			return false
		}
	}
	return true
}

// newton computes the rule from scratch: roots of P_n by Newton's method from
// Tricomi's estimate, weights 2/((1-x^2) P_n'(x)^2).
func (r *rule) newton() {
	n := len(r.x)
	for i := 0; i < (n+1)/2; i++ {
		x := math.Cos(math.Pi * (float64(i) + 0.75) / (float64(n) + 0.5))
		var d float64
		for step := 0; step < 10; step++ {
			p0, p1 := 1.0, x
			for k := 2; k <= n; k++ {
				p0, p1 = p1, (float64(2*k-1)*x*p1-float64(k-1)*p0)/float64(k)
			}
			d = float64(n) * (p0 - x*p1) / (1 - x*x)
			x -= p1 / d
		}
		w := 2 / ((1 - x*x) * d * d)
		r.x[i], r.w[i] = x, w
		r.x[n-1-i], r.w[n-1-i] = -x, w
	}
}
