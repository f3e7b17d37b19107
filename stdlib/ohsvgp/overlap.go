package ohsvgp

import (
	"math"
	"math/cmplx"

	"github.com/priorlab/priorlab/stdlib/hippo"
)

// span is a measure at a time: what of the past its variables see.
type span struct {
	measure hippo.Measure
	T       float64 // end time
	window  float64 // theta of LegT and FouT, tau of LagT
}

// support is where the projections live; LagT fades below rounding there.
func (s span) support() (lo, hi float64) {
	switch s.measure {
	case hippo.LegT, hippo.FouT:
		return s.T - s.window, s.T
	case hippo.LagT:
		return s.T - 40*s.window, s.T
	}
	return 0, s.T
}

// overlap fills f[m] = int exp(iwx) phi_m(x) dx and, unless df is nil, its
// derivative by w:
//
//	LegS  sqrt(2m+1) i^m exp(iwt/2) j_m(wt/2);  LegT the same on the window
//	LagT  exp(iwt) p^m/(1+p)^(m+1), p = i w tau
//	FouT  exp(iwt) times G(a), (G(a-b)+G(a+b))/sqrt2, (G(a-b)-G(a+b))/(i sqrt2),
//	      a = w theta, b = 2 pi j, G(a) = (1-exp(-ia))/(ia)
func (s span) overlap(w float64, f, df []complex128) {
	switch s.measure {
	case hippo.LegT:
		legendreOverlap(w, s.window, s.T-s.window/2, f, df)
	case hippo.LagT:
		laguerreOverlap(w, s.T, s.window, f, df)
	case hippo.FouT:
		fourierOverlap(w, s.T, s.window, f, df)
	default:
		legendreOverlap(w, s.T, s.T/2, f, df)
	}
}

// legendreOverlap is the overlap on an interval of some length about a centre.
func legendreOverlap(w, length, centre float64, f, df []complex128) {
	M := len(f)
	half := length / 2
	z := math.Abs(w) * half
	j := make([]float64, M)
	sphericalBessel(j, z)
	turn := cmplx.Exp(complex(0, w*centre))
	unit := complex(1, 0) // i^m, or (-i)^m for w < 0: j_m(-z) = (-1)^m j_m(z)
	step := complex(0, 1)
	if w < 0 {
		step = complex(0, -1)
	}
	for m := range f {
		c := complex(math.Sqrt(float64(2*m+1)), 0) * unit * turn
		f[m] = c * complex(j[m], 0)
		if df != nil {
			dj := besselSlope(j, m, z) * half
			if w < 0 {
				dj = -dj
			}
			df[m] = c * complex(dj, j[m]*centre)
		}
		unit *= step
	}
}

// besselSlope is j_m'(z) = j_{m-1} - (m+1)/z j_m.
func besselSlope(j []float64, m int, z float64) float64 {
	if z < 1e-8 {
		if m == 1 {
			return 1.0 / 3
		}
		if m == 0 {
			return -z / 3
		}
		return 0
	}
	if m == 0 {
		return (math.Cos(z) - j[0]) / z
	}
	return j[m-1] - float64(m+1)/z*j[m]
}

func laguerreOverlap(w, t, tau float64, f, df []complex128) {
	p := complex(0, w*tau)
	turn := cmplx.Exp(complex(0, w*t))
	v := turn / (1 + p)
	for m := range f {
		f[m] = v
		if df != nil {
			// d/dp p^m (1+p)^-(m+1) = (m/p - (m+1)/(1+p)) times itself
			d := -complex(float64(m+1), 0) / (1 + p) * v
			if m > 0 {
				d += complex(float64(m), 0) * f[m-1] / (1 + p)
			}
			df[m] = complex(0, t)*v + complex(0, tau)*d
		}
		v *= p / (1 + p)
	}
}

// box is G(a) = int_0^1 exp(-ias) ds and its derivative.
func box(a float64) (g, dg complex128) {
	if math.Abs(a) < 1e-4 {
		// the series to third order is exact to rounding here
		g = complex(1-a*a/6, -a/2+a*a*a/24)
		dg = complex(-a/3, -0.5+a*a/8)
		return g, dg
	}
	e := cmplx.Exp(complex(0, -a))
	g = (1 - e) / complex(0, a)
	return g, (e - g) / complex(a, 0)
}

func fourierOverlap(w, t, theta float64, f, df []complex128) {
	a := w * theta
	turn := cmplx.Exp(complex(0, w*t))
	r2 := complex(1/math.Sqrt2, 0)
	for m := range f {
		var v, d complex128
		if m == 0 {
			v, d = box(a)
		} else {
			b := 2 * math.Pi * float64((m+1)/2)
			g1, d1 := box(a - b)
			g2, d2 := box(a + b)
			if m%2 == 1 {
				v, d = (g1+g2)*r2, (d1+d2)*r2
			} else {
				v, d = (g1-g2)*r2/1i, (d1-d2)*r2/1i
			}
		}
		f[m] = turn * v
		if df != nil {
			df[m] = turn * (complex(0, t)*v + complex(theta, 0)*d)
		}
	}
}
