package ohsvgp

import (
	"math"
	"sync"

	"github.com/priorlab/priorlab/stdlib/gp"
	"github.com/priorlab/priorlab/stdlib/hippo"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// lagTable holds the part of K_uu that does not depend on kernel, parameters
// or time. On the unit interval,
//
//	H_lm(r) = int_0^{1-r} g_l(x) g_m(x+r) + g_l(x+r) g_m(x) dx
//	K_uu(t)[l,m] = int_0^1 k(t r) H_lm(r) dr
//
// H_lm is a polynomial of degree l+m+1 in r, zero for odd l+m. The table keeps
// its coefficients on the shifted Legendre polynomials P_j(2r-1), so that K_uu
// is a short sum over the moments kappa_j = int_0^1 k(t r) P_j(2r-1) dr.
type lagTable struct {
	M      int
	coef   []float64 // pairs l <= m with l+m even, in order; l+m+2 numbers each
	offset []int     // where each pair begins
}

var lagTables sync.Map // M -> *lagTable

// lagTableOf returns the table for M variables, built at the first call. Two
// first calls at once both build it, alike.
func lagTableOf(M int) *lagTable {
	if t, ok := lagTables.Load(M); ok {
		return t.(*lagTable)
	}
	t := buildLagTable(M)
	lagTables.Store(M, t)
	return t
}

func buildLagTable(M int) *lagTable {
	t := &lagTable{M: M}
	size := 0
	for l := 0; l < M; l++ {
		for m := l; m < M; m += 2 {
			t.offset = append(t.offset, size)
			size += l + m + 2
		}
	}
	t.coef = make([]float64, size)
	n := 2 * M // nodes in r: exact for degree 4M-1
	s, w := hippo.GaussLegendre(n)
	// H at all nodes, one row a pair, then all coefficients by one product
	h := mat.NewDense(len(t.offset), n, nil)
	for q := range s {
		at := lagPolynomials(M, (s[q]+1)/2)
		i := 0
		for l := 0; l < M; l++ {
			for m := l; m < M; m += 2 {
				h.Set(i, q, at.At(l, m)*w[q]/2)
				i++
			}
		}
	}
	p := mat.NewDense(n, n, nil)
	for q := range s {
		r := p.RawRowView(q)
		hippo.LegendreP(r, s[q])
		for j := range r {
			r[j] *= float64(2*j + 1)
		}
	}
	var c mat.Dense
	c.Mul(h, p)
	i := 0
	for l := 0; l < M; l++ {
		for m := l; m < M; m += 2 {
			copy(t.coef[t.offset[i]:t.offset[i]+l+m+2], c.RawRowView(i))
			i++
		}
	}
	return t
}

// lagPolynomials is H(r) (M by M), by an M-node Gauss-Legendre rule in x that is
// exact.
func lagPolynomials(M int, r float64) *mat.Dense {
	s, w := hippo.GaussLegendre(M)
	a, b := mat.NewDense(M, M, nil), mat.NewDense(M, M, nil)
	for q := range s {
		x := (1 - r) * (s[q] + 1) / 2
		hippo.Legendre(a.RawRowView(q), 2*x-1)
		rb := b.RawRowView(q)
		hippo.Legendre(rb, 2*(x+r)-1)
		for m := range rb {
			rb[m] *= (1 - r) / 2 * w[q]
		}
	}
	c, h := mat.NewDense(M, M, nil), mat.NewDense(M, M, nil)
	c.Mul(a.T(), b)
	h.Add(c, c.T())
	return h
}

// moments returns kappa_j, j < 2M, of k and, on request, of its derivative by
// every parameter.
func (t *lagTable) moments(k gp.Stationary, time float64, grad bool) (kappa []float64, dkappa [][]float64) {
	switch k := k.(type) {
	case *gp.Radial:
		if halfInteger(k) {
			return momentsMatern(k, time, 2*t.M, grad)
		}
	case *gp.SumKernel:
		kappa = make([]float64, 2*t.M)
		for _, part := range k.Parts {
			s, _ := gp.StationaryOf(part)
			one, d := t.moments(s, time, grad)
			floats.Add(kappa, one)
			dkappa = append(dkappa, d...)
		}
		return kappa, dkappa
	}
	return t.momentsQuadrature(k, time, grad)
}

// momentsQuadrature is the route for any stationary kernel. Its rule resolves
// both k and the polynomials.
func (t *lagTable) momentsQuadrature(k gp.Stationary, time float64, grad bool) (kappa []float64, dkappa [][]float64) {
	h := math.Min(0.25, k.Scale()/time)
	r, w := hippo.Panels(0, 1, h, max(32, t.M+20))
	lags := make([]float64, len(r))
	for q := range r {
		lags[q] = time * r[q]
	}
	rows := [][]float64{k.Lag(lags)}
	if grad {
		rows = append(rows, k.LagGrad(lags)...)
	}
	out := make([][]float64, len(rows))
	for i := range out {
		out[i] = make([]float64, 2*t.M)
	}
	floor := 1e-20 * k.Lag([]float64{0})[0]
	p := make([]float64, 2*t.M)
	for q := range r {
		live := false
		for i := range rows {
			live = live || math.Abs(rows[i][q]) > floor
		}
		if !live {
			continue
		}
		hippo.LegendreP(p, 2*r[q]-1)
		for i := range rows {
			v := w[q] * rows[i][q]
			o := out[i]
			for j := range o {
				o[j] += v * p[j]
			}
		}
	}
	return out[0], out[1:]
}

// kuu contracts the table with moments: an M by M symmetric matrix.
func (t *lagTable) kuu(kappa []float64) *mat.Dense {
	out := mat.NewDense(t.M, t.M, nil)
	i := 0
	for l := 0; l < t.M; l++ {
		for m := l; m < t.M; m += 2 {
			c := t.coef[t.offset[i] : t.offset[i]+l+m+2]
			s := 0.0
			for j, v := range c {
				s += v * kappa[j]
			}
			out.Set(l, m, s)
			out.Set(m, l, s)
			i++
		}
	}
	return out
}
