package hippo

import (
	"math"
	"sync/atomic"

	"gonum.org/v1/gonum/mat"
)

// Legendre fills dst[m] = sqrt(2m+1) P_m(s), the orthonormal Legendre
// polynomials under the uniform measure on [-1,1], by the three-term recurrence.
func Legendre(dst []float64, s float64) {
	LegendreP(dst, s)
	norm := tableFor(len(dst)).norm
	for m := range dst {
		dst[m] *= norm[m]
	}
}

// LegendreP fills dst[m] = P_m(s), not normalised.
func LegendreP(dst []float64, s float64) {
	t := tableFor(len(dst))
	up, back := t.up[:len(dst)], t.back[:len(dst)]
	p0, p1 := 1.0, s
	for m := range dst {
		dst[m] = p0
		p0, p1 = p1, up[m]*s*p1-back[m]*p0
	}
}

// table holds, for every m, sqrt(2m+1) and the recurrence
// P_{m+2} = up s P_{m+1} - back P_m, up = (2m+3)/(m+2), back = (m+1)/(m+2).
type table struct{ norm, up, back []float64 }

var tables atomic.Pointer[table]

func tableFor(n int) *table {
	if t := tables.Load(); t != nil && len(t.norm) >= n {
		return t
	}
	t := &table{make([]float64, 2*n), make([]float64, 2*n), make([]float64, 2*n)}
	for m := range t.norm {
		t.norm[m] = math.Sqrt(float64(2*m + 1))
		t.up[m] = float64(2*m+3) / float64(m+2)
		t.back[m] = float64(m+1) / float64(m+2)
	}
	tables.Store(t)
	return t
}

// Basis is g_m(x) on [0,t], one row for every x: what the memory multiplies in
// a reconstruction.
func Basis(x []float64, M int, t float64) *mat.Dense {
	if len(x) == 0 {
		return &mat.Dense{}
	}
	out := mat.NewDense(len(x), M, nil)
	for i, v := range x {
		Legendre(out.RawRowView(i), 2*v/t-1)
	}
	return out
}

// Projection is phi_m(x) = g_m(x)/t on [0,t], one row for every x, and zero
// outside: what the signal is multiplied with.
func Projection(x []float64, M int, t float64) *mat.Dense {
	out := Basis(x, M, t)
	for i, v := range x {
		r := out.RawRowView(i)
		for m := range r {
			if v < 0 || v > t {
				r[m] = 0
			} else {
				r[m] /= t
			}
		}
	}
	return out
}

// Panels is the composite n-node Gauss-Legendre rule on [lo,hi] with equal
// panels no longer than h.
func Panels(lo, hi, h float64, n int) (x, w []float64) {
	k := max(1, int(math.Ceil((hi-lo)/h)))
	s, ws := GaussLegendre(n)
	x, w = make([]float64, 0, k*n), make([]float64, 0, k*n)
	for p := 0; p < k; p++ {
		a := lo + (hi-lo)*float64(p)/float64(k)
		b := lo + (hi-lo)*float64(p+1)/float64(k)
		for i := range s {
			x = append(x, (a+b)/2+(b-a)/2*s[i])
			w = append(w, (b-a)/2*ws[i])
		}
	}
	return x, w
}
