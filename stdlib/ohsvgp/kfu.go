package ohsvgp

import (
	"math"

	"github.com/priorlab/priorlab/stdlib/gp"
	"github.com/priorlab/priorlab/stdlib/hippo"
	"gonum.org/v1/gonum/mat"
)

// kufLegS is the exact K_uf (M by len(x)), K[m,n] = int_0^t k(x_n - s) phi_m(s) ds,
// of LegS variables with end time t; on request also its derivative by every
// parameter of the kernel. x may lie before 0 or after t.
func kufLegS(k gp.Stationary, x []float64, t float64, M int, grad bool) (*mat.Dense, []*mat.Dense) {
	switch k := k.(type) {
	case *gp.Radial:
		if k.Family == gp.FamilySE {
			return kufSE(k, x, t, M, grad)
		}
		if halfInteger(k) {
			return kufMatern(k, x, t, M, grad)
		}
	case *gp.SumKernel:
		var K *mat.Dense
		var dK []*mat.Dense
		for _, part := range k.Parts {
			s, _ := gp.StationaryOf(part)
			Kp, dKp := kufLegS(s, x, t, M, grad)
			if K == nil {
				K = Kp
			} else {
				K.Add(K, Kp)
			}
			dK = append(dK, dKp...)
		}
		return K, dK
	}
	return kufQuadrature(k, x, t, M, grad)
}

// kufQuadrature is the route for any stationary kernel: composite
// Gauss-Legendre, split at s = x_n where the kernel has a kink.
func kufQuadrature(k gp.Stationary, x []float64, t float64, M int, grad bool) (*mat.Dense, []*mat.Dense) {
	n := len(x)
	K := mat.NewDense(M, n, nil)
	var dK []*mat.Dense
	if grad {
		for i := 0; i < k.Params().Len(); i++ {
			dK = append(dK, mat.NewDense(M, n, nil))
		}
	}
	h := math.Min(t/4, k.Scale())
	nodes := max(32, M/2+20)
	shared := newRow(M, t)
	shared.add(0, t, h, nodes)
	for i, xi := range x {
		r := shared
		if !k.Smooth() && xi > 0 && xi < t {
			r = newRow(M, t)
			r.add(0, xi, h, nodes)
			r.add(xi, t, h, nodes)
		}
		lags := make([]float64, len(r.s))
		for q, s := range r.s {
			lags[q] = xi - s
		}
		r.contract(K, i, k.Lag(lags))
		if grad {
			for p, d := range k.LagGrad(lags) {
				r.contract(dK[p], i, d)
			}
		}
	}
	return K, dK
}

// rowRule is a quadrature rule with phi at its nodes, weights included.
type rowRule struct {
	M   int
	t   float64
	s   []float64
	phi []float64 // len(s) rows of M
}

func newRow(M int, t float64) *rowRule { return &rowRule{M: M, t: t} }

func (r *rowRule) add(lo, hi, h float64, n int) {
	s, w := hippo.Panels(lo, hi, h, n)
	g := make([]float64, r.M)
	for q := range s {
		hippo.Legendre(g, 2*s[q]/r.t-1)
		for _, v := range g {
			r.phi = append(r.phi, v*w[q]/r.t)
		}
	}
	r.s = append(r.s, s...)
}

// contract puts sum_q k_q phi(s_q) into column i of K.
func (r *rowRule) contract(K *mat.Dense, i int, k []float64) {
	v := make([]float64, r.M)
	for q, kq := range k {
		if kq == 0 {
			continue
		}
		for m, p := range r.phi[q*r.M : (q+1)*r.M] {
			v[m] += kq * p
		}
	}
	K.SetCol(i, v)
}
