package hippo

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Sliding is the memory of a signal's recent past: LegT and FouT see a window of
// length Scale, LagT a past that fades over the time Scale. Its equation
// dc/dt = (-A c + B f)/Scale has constant coefficients.
//
// LagT is exact: C is the projection of the past. LegT and FouT must guess what
// leaves the window from their own reconstruction of it, so that C approaches the
// projection as far as the reconstruction is good.
type Sliding struct {
	Measure Measure
	Scale   float64
	T       float64   // time reached
	C       []float64 // coefficients

	a *mat.Dense
	b []float64
}

// NewSliding is an empty memory of N coefficients at time 0: the past is zero.
func NewSliding(m Measure, N int, scale float64) (*Sliding, error) {
	if m == LegS || m == "" {
		return nil, fmt.Errorf("hippo: LegS remembers all of the past: use NewMemory")
	}
	if !(scale > 0) || math.IsInf(scale, 0) {
		return nil, fmt.Errorf("hippo: the %s memory needs a positive window or fading time, not %g", m, scale)
	}
	A, B, err := Operator(m, N)
	if err != nil {
		return nil, err
	}
	return &Sliding{Measure: m, Scale: scale, C: make([]float64, N), a: A, b: B}, nil
}

// fades is exp(-A d), d in units of Scale.
func (s *Sliding) fades(d float64) *mat.Dense {
	var scaled, out mat.Dense
	scaled.Scale(-d, s.a)
	out.Exp(&scaled)
	return &out
}

// Advance solves the equation up to time t2,
//
//	c(t2) = exp(-A d) c(T) + int_T^t2 exp(-A (t2-x)/Scale) B f(x) dx/Scale,
//
// with the integral by Gauss-Legendre panels of length at most h (0 means a
// quarter of Scale).
func (s *Sliding) Advance(t2 float64, f func(x float64) float64, h float64) error {
	if !(t2 > s.T) || math.IsInf(t2, 0) {
		return fmt.Errorf("hippo: the memory is at time %g and cannot go to %g", s.T, t2)
	}
	if h <= 0 {
		h = s.Scale / 4
	}
	N := len(s.C)
	const nodes = 24
	panels := max(1, int(math.Ceil((t2-s.T)/h)))
	length := (t2 - s.T) / float64(panels)
	x, w := GaussLegendre(nodes)
	E := s.fades(length / s.Scale)
	in := mat.NewDense(N, nodes, nil) // what f at a node of a panel leaves at its end
	for q := range x {
		v := mat.NewVecDense(N, nil)
		v.MulVec(s.fades(length/s.Scale*(1-x[q])/2), mat.NewVecDense(N, s.b))
		v.ScaleVec(w[q]*length/2/s.Scale, v)
		in.SetCol(q, v.RawVector().Data)
	}
	c, at, next := mat.NewVecDense(N, append([]float64(nil), s.C...)), mat.NewVecDense(nodes, nil), mat.NewVecDense(N, nil)
	for p := 0; p < panels; p++ {
		for q := range x {
			at.SetVec(q, f(s.T+length*(float64(p)+(1+x[q])/2)))
		}
		next.MulVec(in, at)
		var kept mat.VecDense
		kept.MulVec(E, c)
		c.AddVec(&kept, next)
	}
	s.T, s.C = t2, c.RawVector().Data
	return nil
}

// Discretise turns a step of length dt with a sample f at its right edge into
// c <- P c + q f.
func (s *Sliding) Discretise(dt float64, rule Rule) (P *mat.Dense, q []float64, err error) {
	if !(dt > 0) || math.IsInf(dt, 0) {
		return nil, nil, fmt.Errorf("hippo: a step of length %g", dt)
	}
	N, d := len(s.C), dt/s.Scale
	if rule == ZOH { // exp of [-A B; 0 0] d holds both; A itself may be singular (FouT, N even)
		var out mat.Dense
		joined := mat.NewDense(N+1, N+1, nil)
		for i := 0; i < N; i++ {
			for j := 0; j < N; j++ {
				joined.Set(i, j, -d*s.a.At(i, j))
			}
			joined.Set(i, N, d*s.b[i])
		}
		out.Exp(joined)
		return mat.DenseCopyOf(out.Slice(0, N, 0, N)), mat.Col(nil, N, out.Slice(0, N, 0, N+1)), nil
	}
	var explicit, implicit float64
	switch rule {
	case Euler:
		explicit = d
	case Backward:
		implicit = d
	case Bilinear, "":
		explicit, implicit = d/2, d/2
	default:
		return nil, nil, fmt.Errorf("hippo: no rule %q for %s; there are bilinear, euler, backward, zoh", rule, s.Measure)
	}
	left, right := mat.NewDense(N, N, nil), mat.NewDense(N, N+1, nil)
	for i := 0; i < N; i++ {
		for j := 0; j < N; j++ {
			left.Set(i, j, implicit*s.a.At(i, j))
			right.Set(i, j, -explicit*s.a.At(i, j))
		}
		left.Set(i, i, 1+left.At(i, i))
		right.Set(i, i, 1+right.At(i, i))
		right.Set(i, N, d*s.b[i])
	}
	var both mat.Dense
	if err := both.Solve(left, right); err != nil {
		return nil, nil, fmt.Errorf("hippo: %s with %d coefficients: %w", s.Measure, N, err)
	}
	return mat.DenseCopyOf(both.Slice(0, N, 0, N)), mat.Col(nil, N, &both), nil
}

// Run takes the memory through samples dt apart by a rule.
func (s *Sliding) Run(dt float64, f []float64, rule Rule) error {
	P, q, err := s.Discretise(dt, rule)
	if err != nil {
		return err
	}
	c := append([]float64(nil), s.C...)
	next := mat.NewVecDense(len(c), nil)
	for _, v := range f {
		next.MulVec(P, mat.NewVecDense(len(c), c))
		copy(c, next.RawVector().Data)
		floats.AddScaled(c, v, q)
	}
	s.T, s.C = s.T+dt*float64(len(f)), c
	return nil
}

// basis fills g with the basis at an age, in units of Scale: 0 is now.
func (s *Sliding) basis(g []float64, age float64) {
	switch s.Measure {
	case LegT:
		Legendre(g, 1-2*age)
	case LagT:
		now, last := 1.0, 0.0 // Laguerre polynomials
		for n := range g {
			g[n] = now
			k := float64(n)
			now, last = ((2*k+1-age)*now-k*last)/(k+1), now
		}
	default:
		for n := range g {
			sin, cos := math.Sincos(2 * math.Pi * float64((n+1)/2) * age)
			switch {
			case n == 0:
				g[n] = 1
			case n%2 == 1:
				g[n] = math.Sqrt2 * cos
			default:
				g[n] = math.Sqrt2 * sin
			}
		}
	}
}

// Reconstruct is what the memory says the signal was at x, from T back to T -
// Scale (with LagT to any age).
func (s *Sliding) Reconstruct(x []float64) []float64 {
	out := make([]float64, len(x))
	g := make([]float64, len(s.C))
	for i, v := range x {
		s.basis(g, (s.T-v)/s.Scale)
		out[i] = floats.Dot(s.C, g)
	}
	return out
}

// Project sets C to the projection of a signal's past at time t itself, which
// needs that past: the integral over the window, or over 40 fading times, by
// panels of length at most h (0 means a sixteenth of Scale).
func (s *Sliding) Project(t float64, f func(x float64) float64, h float64) {
	span := 1.0
	if s.Measure == LagT {
		span = 40
	}
	if h <= 0 {
		h = s.Scale / 16
	}
	x, w := Panels(t-span*s.Scale, t, h, 24)
	c, g := make([]float64, len(s.C)), make([]float64, len(s.C))
	for q, v := range x {
		age := (t - v) / s.Scale
		s.basis(g, age)
		weight := w[q] / s.Scale * f(v)
		if s.Measure == LagT {
			weight *= math.Exp(-age)
		}
		floats.AddScaled(c, weight, g)
	}
	s.T, s.C = t, c
}
