package gp

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/priorlab/priorlab/stdlib/param"
	"gonum.org/v1/gonum/mat"
)

func curve(n int) (*mat.Dense, []float64) {
	x := make([]float64, n)
	y := make([]float64, n)
	for i := range x {
		x[i] = 4 * float64(i) / float64(n-1)
		y[i] = math.Sin(2*x[i]) + 0.05*math.Cos(37*x[i])
	}
	return Column(x), y
}

func TestLogMarginalGradient(t *testing.T) {
	x, y := curve(15)
	for _, k := range []Kernel{SE(1, 0.6), Sum(Matern32(0.5, 1), Linear(0.1, 0.3)), Product(SE(1, 1), Periodic(1, 1, 3))} {
		g := NewExact(k, 0.1)
		if err := g.Condition(x, y); err != nil {
			t.Fatal(err)
		}
		set := g.Params()
		_, grad, err := g.LogMarginal()
		if err != nil {
			t.Fatal(err)
		}
		free := set.Free()
		for p := range free {
			at := func(h float64) float64 {
				f := append([]float64(nil), free...)
				f[p] += h
				if err := set.SetFree(f); err != nil {
					t.Fatal(err)
				}
				v, _, err := g.LogMarginal()
				if err != nil {
					t.Fatal(err)
				}
				return v
			}
			check(t, k.String(), grad[p], (at(1e-5)-at(-1e-5))/2e-5)
		}
		if err := set.SetFree(free); err != nil {
			t.Fatal(err)
		}
	}
}

// The posterior against the textbook formula for two points, by hand.
func TestTwoPointPosterior(t *testing.T) {
	g := NewExact(SE(1, 1), 0.5)
	if err := g.Condition(Column([]float64{0, 1}), []float64{1, -1}); err != nil {
		t.Fatal(err)
	}
	mean, v, err := g.Predict(Column([]float64{0.5}))
	if err != nil {
		t.Fatal(err)
	}
	k1, k2 := math.Exp(-0.5), math.Exp(-0.125)
	if math.Abs(mean[0]) > 1e-15 {
		t.Errorf("mean %g half way between 1 and -1", mean[0])
	}
	check(t, "variance", v[0], 1-2*k2*k2/(1.5+k1))
}

func TestFitRaisesTheEvidence(t *testing.T) {
	x, y := curve(40)
	g := NewExact(SE(0.3, 3), 0.5)
	if err := g.Condition(x, y); err != nil {
		t.Fatal(err)
	}
	fit, err := g.Fit(context.Background(), 100)
	if err != nil {
		t.Fatal(err)
	}
	if !fit.Converged || fit.End < fit.Start+20 {
		t.Errorf("fit: %s", fit)
	}
	_, grad, err := g.LogMarginal()
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range grad {
		if math.Abs(v) > 1e-2 {
			t.Errorf("gradient %d at the optimum is %g", i, v)
		}
	}
	mean, _, err := g.Predict(x)
	if err != nil {
		t.Fatal(err)
	}
	for i := range mean {
		if math.Abs(mean[i]-y[i]) > 0.1 {
			t.Errorf("the fit misses y[%d] by %g", i, mean[i]-y[i])
		}
	}
}

// A prior pulls: with a tight one the fit stays near its mode.
func TestMAP(t *testing.T) {
	x, y := curve(40)
	k := SE(1, 2)
	k.Lengthscale.WithPrior(param.LogNormal{Mu: math.Log(2), Sigma: 0.01})
	g := NewExact(k, 0.1)
	if err := g.Condition(x, y); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Fit(context.Background(), 100); err != nil {
		t.Fatal(err)
	}
	if l := k.Lengthscale.Value(); math.Abs(l-2) > 0.1 {
		t.Errorf("length-scale %g under a prior that holds it at 2", l)
	}
}

func TestExactErrors(t *testing.T) {
	g := NewExact(SE(1, 1), 0.1)
	if _, err := g.Fit(context.Background(), 5); err == nil {
		t.Error("fitted without data")
	}
	for says, c := range map[string]struct {
		x *mat.Dense
		y []float64
	}{
		"y[1] is NaN":              {Column([]float64{0, 1}), []float64{0, math.NaN()}},
		"x[1] is +Inf":             {Column([]float64{0, math.Inf(1)}), []float64{0, 1}},
		"no data":                  {Column(nil), nil},
		"2 inputs and 1 targets":   {Column([]float64{0, 1}), []float64{1}},
		"x[0,1] is NaN: remove th": {mat.NewDense(1, 2, []float64{0, math.NaN()}), []float64{1}},
	} {
		if err := g.Condition(c.x, c.y); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, want one with %q", err, says)
		}
	}
	x, y := curve(10)
	if err := g.Condition(x, y); err != nil {
		t.Fatal(err)
	}
	before := g.Params().Free()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := g.Fit(ctx, 50); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v from a cancelled fit", err)
	}
	for i, v := range g.Params().Free() {
		if v != before[i] {
			t.Error("a cancelled fit moved the parameters")
		}
	}
	if _, _, err := g.Predict(mat.NewDense(1, 2, nil)); err == nil {
		t.Error("predicted at inputs of another width")
	}
}

func TestExactSamples(t *testing.T) {
	x, y := curve(12)
	g := NewExact(Matern32(1, 0.8), 0.01)
	at := Column([]float64{0.1, 2.2, 5})
	base := randomInputs(5000, 3, 9)
	if _, err := g.SampleWith(at, base); err != nil {
		t.Errorf("prior samples: %v", err)
	}
	if err := g.Condition(x, y); err != nil {
		t.Fatal(err)
	}
	s, err := g.SampleWith(at, base)
	if err != nil {
		t.Fatal(err)
	}
	mean, v, err := g.Predict(at)
	if err != nil {
		t.Fatal(err)
	}
	for j := range mean {
		a, b := 0.0, 0.0
		for i := 0; i < 5000; i++ {
			d := s.At(i, j) - mean[j]
			a += d / 5000
			b += d * d / 5000
		}
		if math.Abs(a) > 5*math.Sqrt(v[j]/5000) || math.Abs(b/v[j]-1) > 0.1 {
			t.Errorf("samples at %d: mean off by %g, variance %g of %g", j, a, b, v[j])
		}
	}
}

// Posterior draws of hyper-parameters: their mean lies near the fit for much
// data, and the posterior at a draw can be used.
func TestHyperparameterDraws(t *testing.T) {
	x, y := curve(40)
	k := SE(1, 0.7)
	for _, p := range k.Params() {
		p.WithPrior(param.LogNormal{Mu: 0, Sigma: 1})
	}
	g := NewExact(k, 0.05)
	g.Noise.WithPrior(param.LogNormal{Mu: -3, Sigma: 2})
	if err := g.Condition(x, y); err != nil {
		t.Fatal(err)
	}
	d, err := g.Params().Sample(context.Background(), g.LogMarginal, param.SampleOptions{Draws: 150, Warmup: 150, Depth: 5, Seed: 2})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Fit(context.Background(), 100); err != nil {
		t.Fatal(err)
	}
	mean := d.Mean()
	if r := mean[1] / k.Lengthscale.Value(); r < 0.7 || r > 1.4 {
		t.Errorf("length-scale: mean of draws %.3f, fit %.3f", mean[1], k.Lengthscale.Value())
	}
	if d.Diverged > 10 || d.Accept < 0.5 {
		t.Errorf("%s", d)
	}
}
