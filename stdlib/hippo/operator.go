package hippo

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Measure says how the past is weighed.
type Measure string

// The measures. The zero value means LegS.
const (
	LegS Measure = "LegS" // the whole past [0,t], evenly
	LegT Measure = "LegT" // a window [t-theta,t], Legendre
	LagT Measure = "LagT" // exponentially fading past, Laguerre
	FouT Measure = "FouT" // a window [t-theta,t], Fourier
)

// Operator returns A (N by N) and B (N) of dc/dt = (-A c + B f)/s, where s is
// t for LegS, the window theta for LegT and FouT, the time constant for LagT.
// LegS and LagT are exact; LegT and FouT replace the value that leaves the
// window by their own reconstruction of it. (Gu et al. 2020, 2023; here with
// orthonormal bases and the sign absorbed.)
func Operator(m Measure, N int) (A *mat.Dense, B []float64, err error) {
	if N < 1 {
		return nil, nil, fmt.Errorf("hippo: %d coefficients asked, at least 1 is needed", N)
	}
	A, B = mat.NewDense(N, N, nil), make([]float64, N)
	switch m {
	case LegS, "":
		for n := range B {
			B[n] = math.Sqrt(2*float64(n) + 1)
			A.Set(n, n, float64(n)+1)
			for k := 0; k < n; k++ {
				A.Set(n, k, B[n]*B[k])
			}
		}
	case LegT:
		for n := range B {
			B[n] = math.Sqrt(2*float64(n) + 1)
		}
		for n := range B {
			for k := range B {
				v := B[n] * B[k]
				if k > n && (k-n)%2 == 1 {
					v = -v
				}
				A.Set(n, k, v)
			}
		}
	case LagT:
		for n := range B {
			B[n] = 1
			for k := 0; k <= n; k++ {
				A.Set(n, k, 1)
			}
		}
	case FouT:
		fourier(A, B)
	default:
		return nil, nil, fmt.Errorf("hippo: no measure %q; there are LegS, LegT, LagT, FouT", m)
	}
	return A, B, nil
}

// fourier fills the FouT operator: A = 2ee' + R, B = 2e, in the order
// 1, cos1, sin1, cos2, ...; R rotates each pair.
func fourier(A *mat.Dense, B []float64) {
	e := func(n int) float64 {
		if n == 0 {
			return 1
		}
		return math.Sqrt2 * float64(n%2)
	}
	for n := range B {
		B[n] = 2 * e(n)
		for k := range B {
			A.Set(n, k, 2*e(n)*e(k))
		}
	}
	for n := 1; n+1 < len(B); n += 2 {
		w := 2 * math.Pi * float64((n+1)/2)
		A.Set(n, n+1, A.At(n, n+1)+w)
		A.Set(n+1, n, A.At(n+1, n)-w)
	}
}

// legsTimes puts A x into dst for the LegS operator, in O(N).
func legsTimes(dst, x []float64) {
	s := 0.0
	for n, v := range x {
		q := math.Sqrt(2*float64(n) + 1)
		dst[n] = q*s + float64(n+1)*v
		s += q * v
	}
}

// legsSolve solves (I + alpha A) x = b in place for the LegS operator, in O(N).
func legsSolve(alpha float64, b []float64) {
	s := 0.0
	for n := range b {
		q := math.Sqrt(2*float64(n) + 1)
		b[n] = (b[n] - alpha*q*s) / (1 + alpha*float64(n+1))
		s += q * b[n]
	}
}
