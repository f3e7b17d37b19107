package hippo

import (
	"fmt"
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// projected is int f(x) phi_n(x) dx on [lo,hi] for given phi.
func projected(f func(float64) float64, phi func(x float64) []float64, lo, hi, h float64) []float64 {
	x, w := Panels(lo, hi, h, 60)
	var c []float64
	for q, v := range x {
		p := phi(v)
		if c == nil {
			c = make([]float64, len(p))
		}
		for n := range c {
			c[n] += w[q] * f(v) * p[n]
		}
	}
	return c
}

// legsMemory is the LegS memory of f at t.
func legsMemory(f func(float64) float64, N int, t float64) []float64 {
	return projected(f, func(x float64) []float64 { return Projection([]float64{x}, N, t).RawRowView(0) }, 0, t, 0.2)
}

// right is (-A c + B f)/scale.
func right(t *testing.T, m Measure, c []float64, f, scale float64) []float64 {
	t.Helper()
	A, B, err := Operator(m, len(c))
	if err != nil {
		t.Fatal(err)
	}
	out := make([]float64, len(c))
	mat.NewVecDense(len(c), out).MulVec(A, mat.NewVecDense(len(c), c))
	for i := range out {
		out[i] = (B[i]*f - out[i]) / scale
	}
	return out
}

// differenced is the time derivative of a memory.
func differenced(c func(t float64) []float64, t, h float64) []float64 {
	hi, lo := c(t+h), c(t-h)
	for i := range hi {
		hi[i] = (hi[i] - lo[i]) / (2 * h)
	}
	return hi
}

func TestLegSConstantSignal(t *testing.T) {
	for _, N := range []int{1, 2, 4, 8, 16, 32} {
		A, B, err := Operator(LegS, N)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "A e0 = B", mat.Col(nil, 0, A), B, 1e-14)
		for n := 0; n < N; n++ {
			if A.At(n, n) != float64(n+1) {
				t.Errorf("N = %d: eigenvalue %d is %g", N, n, A.At(n, n))
			}
		}
	}
}

// The operators are the time derivatives of the exact projections: LegS and LagT
// for any signal, LegT and FouT for signals that their windows close on.
func TestOperatorsAreTheDerivativeOfTheMemory(t *testing.T) {
	f := func(x float64) float64 { return math.Sin(2.3*x) + 0.2*x }
	for _, N := range []int{2, 4, 8, 16, 32} {
		c := func(t float64) []float64 { return legsMemory(f, N, t) }
		tol := 1e-6
		if N > 8 {
			tol = 2e-5
		}
		near(t, fmt.Sprintf("LegS, N = %d", N), differenced(c, 0.9, 1e-4), right(t, LegS, c(0.9), f(0.9), 0.9), tol)
	}
	const theta, at, h, N = 0.7, 1.3, 1e-5, 8
	poly := func(x float64) float64 { return 0.3 - x + 2*x*x - 0.7*math.Pow(x, 5) }
	legt := func(t float64) []float64 {
		return projected(poly, func(x float64) []float64 {
			p := make([]float64, N)
			Legendre(p, 2*(x-t)/theta+1)
			for n := range p {
				p[n] /= theta
			}
			return p
		}, t-theta, t, theta)
	}
	near(t, "LegT", differenced(legt, at, h), right(t, LegT, legt(at), poly(at), theta), 1e-7)
	wave := func(x float64) float64 { return math.Cos(0.8 * x) }
	lagt := func(t float64) []float64 {
		return projected(func(a float64) float64 { return wave(t - a) }, func(a float64) []float64 {
			p := make([]float64, N)
			e := math.Exp(-a)
			l0, l1 := 1.0, 1-a
			for n := range p {
				p[n] = e * l0
				l0, l1 = l1, ((float64(2*n+3)-a)*l1-float64(n+1)*l0)/float64(n+2)
			}
			return p
		}, 0, 60, 1)
	}
	near(t, "LagT", differenced(lagt, at, h), right(t, LagT, lagt(at), wave(at), 1), 1e-7)
	periodic := func(x float64) float64 {
		return 0.4 + math.Cos(4*math.Pi*x/theta) - 0.3*math.Sin(8*math.Pi*x/theta)
	}
	fout := func(t float64) []float64 {
		return projected(periodic, func(x float64) []float64 {
			p := make([]float64, N+1)
			s := 2 * math.Pi * (t - x) / theta
			p[0] = 1 / theta
			for n := 1; n <= N; n++ {
				by := math.Cos
				if n%2 == 0 {
					by = math.Sin
				}
				p[n] = math.Sqrt2 * by(float64((n+1)/2)*s) / theta
			}
			return p
		}, t-theta, t, theta/4)
	}
	near(t, "FouT", differenced(fout, at, h), right(t, FouT, fout(at), periodic(at), theta), 1e-6)
}

// E(t1,t2) is exp(-A log(t2/t1)), by another algorithm, and a contraction.
func TestTransitionIsTheExponential(t *testing.T) {
	for _, N := range []int{8, 32} {
		A, _, err := Operator(LegS, N)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range []float64{0.5, 0.9, 0.99} {
			E, err := Transition(N, r, 1)
			if err != nil {
				t.Fatal(err)
			}
			var scaled, want mat.Dense
			scaled.Scale(math.Log(r), A)
			want.Exp(&scaled)
			near(t, fmt.Sprintf("N = %d, ratio %g", N, r), E.RawMatrix().Data, want.RawMatrix().Data, 5e-14*float64(N))
			var svd mat.SVD
			svd.Factorize(E, mat.SVDNone)
			if norm := svd.Values(nil)[0]; norm > math.Sqrt(r)+1e-12 {
				t.Errorf("N = %d: norm %g, above sqrt(%g)", N, norm, r)
			}
		}
	}
}

// Memories made segment by segment are the direct projections, finer panels
// change nothing, and a cubic comes back whole.
func TestMemoryIsTheProjection(t *testing.T) {
	for _, name := range []string{"sines", "cubic"} {
		f := signal(name)
		for _, N := range []int{4, 16, 32} {
			what := fmt.Sprintf("%s, N = %d: ", name, N)
			direct := legsMemory(f, N, 1.4)
			for _, h := range []float64{0.2, 0.05} {
				m := NewMemory(N)
				if err := m.Advance(1.4, f, h); err != nil {
					t.Fatal(err)
				}
				near(t, what+"one segment", m.C, direct, 1e-12)
			}
			m := NewMemory(N)
			for _, s := range []float64{0.3, 0.35, 0.8, 1.1, 1.4} {
				if err := m.Advance(s, f, 0.2); err != nil {
					t.Fatal(err)
				}
			}
			near(t, what+"five segments", m.C, direct, 1e-11)
			if name == "cubic" {
				var x, want []float64
				for i := 0; i < 9; i++ {
					x = append(x, 1.4*float64(i)/8)
					want = append(want, f(x[i]))
				}
				near(t, what+"reconstruction", m.Reconstruct(x), want, 1e-11)
			}
		}
	}
}

// The hold of order zero is exact for a signal that is constant between the
// grid's points.
func TestZOHIsExactForSteps(t *testing.T) {
	f := make([]float64, 40)
	for i := range f {
		f[i] = math.Sin(float64(7*i*i%13)) + 0.3*float64(i%3)
	}
	for _, N := range []int{6, 16} {
		got, err := Run(N, f, ZOH)
		if err != nil {
			t.Fatal(err)
		}
		want := make([]float64, N)
		for k, v := range f {
			part := projected(func(float64) float64 { return v }, func(x float64) []float64 { return Projection([]float64{x}, N, 1).RawRowView(0) },
				float64(k)/40, float64(k+1)/40, 1)
			for n := range want {
				want[n] += part[n]
			}
		}
		near(t, fmt.Sprintf("N = %d", N), got, want, 1e-11)
	}
}
