package hippo

import (
	"math"
	"testing"
)

func sliding(t *testing.T, m Measure, N int, scale float64) *Sliding {
	t.Helper()
	s, err := NewSliding(m, N, scale)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func gap(a, b []float64) float64 {
	worst := 0.0
	for i := range a {
		worst = math.Max(worst, math.Abs(a[i]-b[i]))
	}
	return worst
}

func wave(x float64) float64 {
	if x < 0 {
		return 0
	}
	return math.Sin(6*x) + 0.5*math.Cos(13*x) - 0.5
}

// The equation of LagT is exact: its solution is the projection of the past, in
// one piece or in several.
func TestFadingMemoryIsTheProjection(t *testing.T) {
	s, one, want := sliding(t, LagT, 12, 0.3), sliding(t, LagT, 12, 0.3), sliding(t, LagT, 12, 0.3)
	for _, to := range []float64{0.2, 0.9, 2.3} {
		if err := s.Advance(to, wave, 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := one.Advance(2.3, wave, 0.05); err != nil {
		t.Fatal(err)
	}
	want.Project(2.3, wave, 0.02)
	if e := gap(s.C, want.C); e > 1e-11 {
		t.Errorf("off by %g", e)
	}
	if e := gap(s.C, one.C); e > 1e-12 {
		t.Errorf("pieces and one piece differ by %g", e)
	}
}

// A signal that the window's basis holds leaves nothing to guess: a projection
// stays one as time goes on. For FouT that is a signal of the window's period.
func TestWindowsKeepWhatTheirBasisHolds(t *testing.T) {
	signals := map[Measure]func(float64) float64{
		LegT: func(x float64) float64 { return 1 - 2*x + 0.7*x*x*x },
		FouT: func(x float64) float64 { return 0.3 + math.Sin(2*math.Pi*x/0.8) - 0.4*math.Cos(6*math.Pi*x/0.8) },
	}
	for m, f := range signals {
		s, want := sliding(t, m, 9, 0.8), sliding(t, m, 9, 0.8)
		s.Project(1, f, 0)
		for _, to := range []float64{1.1, 1.7, 2.4} {
			if err := s.Advance(to, f, 0); err != nil {
				t.Fatal(err)
			}
			want.Project(to, f, 0)
			if e := gap(s.C, want.C); e > 1e-10 {
				t.Errorf("%s at %g: off by %g", m, to, e)
			}
			x := []float64{to - 0.75, to - 0.4, to}
			for i, v := range s.Reconstruct(x) {
				if math.Abs(v-f(x[i])) > 1e-9 {
					t.Errorf("%s: at %g reconstructed %g, it was %g", m, x[i], v, f(x[i]))
				}
			}
		}
	}
}

// From nothing, LegT comes to hold the last window of a smooth signal and nothing
// before it.
func TestWindowForgets(t *testing.T) {
	s := sliding(t, LegT, 24, 1)
	f := func(x float64) float64 { return math.Sin(4 * x) }
	if err := s.Advance(5, func(x float64) float64 {
		if x < 2 {
			return 50 // long gone
		}
		return f(x)
	}, 0.05); err != nil {
		t.Fatal(err)
	}
	x := []float64{4.05, 4.5, 4.98}
	for i, v := range s.Reconstruct(x) {
		if math.Abs(v-f(x[i])) > 0.02 {
			t.Errorf("at %g reconstructed %g, it was %g", x[i], v, f(x[i]))
		}
	}
}

// All rules come to the solution as the step falls; zero-order hold is exact for
// an input that is held.
func TestSlidingRules(t *testing.T) {
	for _, m := range []Measure{LegT, LagT, FouT} {
		exact := sliding(t, m, 8, 0.5)
		if err := exact.Advance(1, wave, 0.01); err != nil {
			t.Fatal(err)
		}
		for _, rule := range []Rule{Bilinear, Backward, Euler, ZOH} {
			err := func(n int) float64 {
				s := sliding(t, m, 8, 0.5)
				f := make([]float64, n)
				for i := range f {
					f[i] = wave(float64(i+1) / float64(n))
				}
				if err := s.Run(1/float64(n), f, rule); err != nil {
					t.Fatal(err)
				}
				return gap(s.C, exact.C)
			}
			a, b := err(2000), err(4000)
			if b > 0.05 || a/b < 1.8 || a/b > 2.2 {
				t.Errorf("%s, %s: errors %g and %g at 2000 and 4000 steps: not first order", m, rule, a, b)
			}
		}
		held, steps := sliding(t, m, 8, 0.5), []float64{1, -2, 0.5}
		if err := held.Run(0.3, steps, ZOH); err != nil {
			t.Fatal(err)
		}
		whole := sliding(t, m, 8, 0.5)
		for i, v := range steps {
			if err := whole.Advance(0.3*float64(i+1), func(float64) float64 { return v }, 0.1); err != nil {
				t.Fatal(err)
			}
		}
		if e := gap(held.C, whole.C); e > 1e-10 {
			t.Errorf("%s: a held input is off by %g", m, e)
		}
	}
}

func TestSlidingErrors(t *testing.T) {
	for _, bad := range []struct {
		m     Measure
		N     int
		scale float64
	}{{LegS, 4, 1}, {"", 4, 1}, {"no such", 4, 1}, {LegT, 0, 1}, {LegT, 4, 0}, {LagT, 4, math.NaN()}} {
		if _, err := NewSliding(bad.m, bad.N, bad.scale); err == nil {
			t.Errorf("%+v was accepted", bad)
		}
	}
	s := sliding(t, LegT, 4, 1)
	if err := s.Advance(0, wave, 0); err == nil {
		t.Error("time stood still")
	}
	if err := s.Run(0, []float64{1}, Bilinear); err == nil {
		t.Error("a step of no length")
	}
	if err := s.Run(1, []float64{1}, ZOHLeft); err == nil {
		t.Error("a rule that only LegS has")
	}
}
