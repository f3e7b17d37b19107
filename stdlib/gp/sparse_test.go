package gp

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/priorlab/priorlab/linalg"
	"gonum.org/v1/gonum/mat"
)

func differences(t *testing.T, what string, set interface {
	Free() []float64
	SetFree([]float64) error
}, grad []float64, value func() float64) {
	t.Helper()
	free := set.Free()
	if len(free) != len(grad) {
		t.Fatalf("%s: %d derivatives of %d numbers", what, len(grad), len(free))
	}
	for p := range free {
		at := func(h float64) float64 {
			f := append([]float64(nil), free...)
			f[p] += h
			if err := set.SetFree(f); err != nil {
				t.Fatal(err)
			}
			return value()
		}
		d := (at(1e-5) - at(-1e-5)) / 2e-5
		if math.Abs(d-grad[p]) > 2e-6*(1+math.Abs(d)) {
			t.Errorf("%s, number %d: %.9g, differences give %.9g", what, p, grad[p], d)
		}
	}
	if err := set.SetFree(free); err != nil {
		t.Fatal(err)
	}
}

func TestSGPRBound(t *testing.T) {
	x, y := curve(20)
	Z := Column([]float64{0.2, 1.1, 2.3, 3.4})
	g := NewSGPR(Matern52(1, 0.8), 0.1, Z)
	if err := g.Condition(x, y); err != nil {
		t.Fatal(err)
	}
	v, grad, err := g.Bound()
	if err != nil {
		t.Fatal(err)
	}
	e := NewExact(g.Kernel, 0.1)
	if err := e.Condition(x, y); err != nil {
		t.Fatal(err)
	}
	exact, _, err := e.LogMarginal()
	if err != nil {
		t.Fatal(err)
	}
	if v > exact {
		t.Errorf("bound %g above the evidence %g", v, exact)
	}
	differences(t, "SGPR", g.Params(), grad, func() float64 {
		v, _, err := g.Bound()
		if err != nil {
			t.Fatal(err)
		}
		return v
	})
	// with Z at the data it is exact
	full := NewSGPR(Matern52(1, 0.8), 0.1, x)
	if err := full.Condition(x, y); err != nil {
		t.Fatal(err)
	}
	if v, _, _ := full.Bound(); math.Abs(v-exact) > 1e-4 {
		t.Errorf("bound %.8g with Z at the data, evidence %.8g", v, exact)
	}
	a, va, err := full.Predict(Column([]float64{0.55, 5}))
	if err != nil {
		t.Fatal(err)
	}
	b, vb, err := e.Predict(Column([]float64{0.55, 5}))
	if err != nil {
		t.Fatal(err)
	}
	for i := range a {
		if math.Abs(a[i]-b[i]) > 1e-5 || math.Abs(va[i]-vb[i]) > 1e-5 {
			t.Errorf("prediction %g, %g; exact %g, %g", a[i], va[i], b[i], vb[i])
		}
	}
}

func TestSGPRFit(t *testing.T) {
	x, y := curve(60)
	g := NewSGPR(SE(0.5, 2), 0.3, Column([]float64{0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7}))
	if err := g.Condition(x, y); err != nil {
		t.Fatal(err)
	}
	fit, err := g.Fit(context.Background(), 200)
	if err != nil {
		t.Fatal(err)
	}
	if fit.End < fit.Start+20 {
		t.Errorf("fit: %s", fit)
	}
	mean, _, err := g.Predict(x)
	if err != nil {
		t.Fatal(err)
	}
	s := 0.0
	for i := range y {
		s += (mean[i] - y[i]) * (mean[i] - y[i]) / float64(len(y))
	}
	if math.Sqrt(s) > 0.1 {
		t.Errorf("RMSE %g", math.Sqrt(s))
	}
}

func TestSVGPGaussianIsSGPR(t *testing.T) {
	x, y := curve(20)
	Z := Column([]float64{0.2, 1.1, 2.3, 3.4})
	g := NewSGPR(Matern52(1, 0.8), 0.1, Z)
	if err := g.Condition(x, y); err != nil {
		t.Fatal(err)
	}
	want, wantGrad, err := g.Bound()
	if err != nil {
		t.Fatal(err)
	}
	s := NewSVGP(Matern52(1, 0.8), Gaussian(0.1), Z)
	if err := s.Fit(context.Background(), x, y, SVGPOptions{Steps: 1, Natural: 1, Rate: -1}); err != nil {
		t.Fatal(err)
	}
	st := new(svgpState)
	if err := s.evaluate(st, x, y, 1, true); err != nil {
		t.Fatal(err)
	}
	if math.Abs(st.elbo-want) > 1e-8 {
		t.Errorf("one natural step gives %.10g, the collapsed bound is %.10g", st.elbo, want)
	}
	for i, v := range s.gradient(st) {
		if math.Abs(v-wantGrad[i]) > 1e-6*(1+math.Abs(v)) {
			t.Errorf("gradient %d: %g, collapsed %g", i, v, wantGrad[i])
		}
	}
}

func TestSVGPGradientAndClasses(t *testing.T) {
	r := linalg.NewRand(5)
	x := randomInputs(120, 2, 8)
	y := make([]float64, 120)
	for i := range y {
		if x.At(i, 0)*x.At(i, 1) > 0 {
			y[i] = 1
		}
	}
	Z := mat.NewDense(12, 2, nil)
	r.FillNormal(Z.RawMatrix().Data)
	s := NewSVGP(SE(1, 1), BernoulliLogit(), Z)
	if err := s.Fit(context.Background(), x, y, SVGPOptions{Steps: 3, Rate: -1}); err != nil {
		t.Fatal(err)
	}
	svgpDifferences(t, "SVGP", s, x, y)
	if err := s.Fit(context.Background(), x, y, SVGPOptions{Steps: 300, Batch: 40, Natural: 0.1, Rate: 0.05}); err != nil {
		t.Fatal(err)
	}
	mean, _, err := s.Predict(x)
	if err != nil {
		t.Fatal(err)
	}
	right := 0
	for i := range y {
		if (mean[i] > 0) == (y[i] == 1) {
			right++
		}
	}
	if right < 105 {
		t.Errorf("%d of 120 right", right)
	}
	if err := s.Fit(context.Background(), x, append([]float64{2}, y[1:]...), SVGPOptions{}); err == nil {
		t.Error("class 2 was accepted")
	}
	before, _ := s.Bound(x, y)
	ctx, cancel := context.WithCancel(context.Background())
	err = s.Fit(ctx, x, y, SVGPOptions{Steps: 50, Progress: func(step int, _ float64) {
		if step == 5 {
			cancel()
		}
	}})
	if after, _ := s.Bound(x, y); !errors.Is(err, context.Canceled) || after != before {
		t.Errorf("cancelled fit: %v, bound %g before and %g after", err, before, after)
	}
}

// svgpDifferences compares the gradient of the bound, every term doubled, with
// differences.
func svgpDifferences(t *testing.T, what string, s *SVGP, x *mat.Dense, y []float64) {
	t.Helper()
	at := func() *svgpState {
		st := new(svgpState)
		if err := s.evaluate(st, x, y, 2, true); err != nil {
			t.Fatal(err)
		}
		return st
	}
	differences(t, what, s.Params(), s.Params().Pack(s.gradient(at())), func() float64 { return at().elbo })
}

// A likelihood that is not log-concave, where some data ask for a negative
// precision.
func TestSVGPGradientWithOutliers(t *testing.T) {
	x, y := curve(30)
	y[3], y[20] = 4, -5
	l := StudentT(3, 0.8)
	l.Points = 60
	s := NewSVGP(Matern32(1, 0.8), l, Column([]float64{0.2, 1.1, 2.3, 3.4}))
	if err := s.Fit(context.Background(), x, y, SVGPOptions{Steps: 4, Rate: -1}); err != nil {
		t.Fatal(err)
	}
	st := new(svgpState)
	if err := s.evaluate(st, x, y, 1, true); err != nil {
		t.Fatal(err)
	}
	if st.convex == nil {
		t.Fatal("no datum asks for a negative precision: the test tests nothing")
	}
	svgpDifferences(t, "Student t", s, x, y)
}

// With Z at the data both sparse models draw what the exact GP draws, from the
// same normals: before any data, and after.
func TestSparseSamplesAreExactOnes(t *testing.T) {
	x, y := curve(12)
	exact, sgpr := NewExact(Matern32(1, 0.8), 0.05), NewSGPR(Matern32(1, 0.8), 0.05, x)
	svgp := NewSVGP(Matern32(1, 0.8), Gaussian(0.05), x)
	at := Column([]float64{-0.5, 0.33, 1.2, 2.9, 5})
	base := mat.NewDense(3, 5, nil)
	linalg.NewRand(1).FillNormal(base.RawMatrix().Data)
	type sampler interface {
		SampleWith(x, base *mat.Dense) (*mat.Dense, error)
		Predict(x *mat.Dense) (mean, variance []float64, err error)
		Posterior(x *mat.Dense) (mean []float64, cov *mat.Dense, err error)
	}
	compare := func(what string) {
		want, err := exact.SampleWith(at, base)
		if err != nil {
			t.Fatal(err)
		}
		for name, m := range map[string]sampler{"SGPR": sgpr, "SVGP": svgp} {
			got, err := m.SampleWith(at, base)
			if err != nil {
				t.Fatal(err)
			}
			if !mat.EqualApprox(got, want, 1e-5) {
				t.Errorf("%s, %s: draws\n%v\nnot\n%v", what, name, mat.Formatted(got), mat.Formatted(want))
			}
			if what == "prior" {
				continue
			}
			mean, v, err := m.Predict(at)
			if err != nil {
				t.Fatal(err)
			}
			whole, cov, err := m.Posterior(at)
			if err != nil {
				t.Fatal(err)
			}
			for i := range v {
				if math.Abs(mean[i]-whole[i]) > 1e-12 || math.Abs(v[i]-cov.At(i, i)) > 1e-12 {
					t.Errorf("%s, %s: at %d mean %g and variance %g, with the covariance %g and %g", what, name, i, mean[i], v[i], whole[i], cov.At(i, i))
				}
			}
		}
	}
	compare("prior")
	for _, err := range []error{exact.Condition(x, y), sgpr.Condition(x, y), svgp.Fit(context.Background(), x, y, SVGPOptions{Steps: 1, Natural: 1, Rate: -1})} {
		if err != nil {
			t.Fatal(err)
		}
	}
	compare("posterior")
	if _, err := sgpr.SampleWith(at, mat.NewDense(1, 2, nil)); err == nil {
		t.Error("normals for other inputs were taken")
	}
}

// The same steps give the same bits on any number of threads.
func TestSVGPStepsOnAnyThreads(t *testing.T) {
	defer linalg.SetThreads(linalg.Threads())
	x, y := curve(700)
	labels := make([]float64, len(y))
	for i, v := range y {
		if v > 0 {
			labels[i] = 1
		}
	}
	z := make([]float64, 45)
	for i := range z {
		z[i] = x.At(i*15, 0)
	}
	for name, f := range map[string]func() (*SVGP, []float64){
		"SE, Gaussian":         func() (*SVGP, []float64) { return NewSVGP(SE(1, 0.3), Gaussian(0.1), Column(z)), y },
		"Matern, classes":      func() (*SVGP, []float64) { return NewSVGP(Matern32(1, 0.3), BernoulliLogit(), Column(z)), labels },
		"SE, outliers allowed": func() (*SVGP, []float64) { return NewSVGP(SE(1, 0.3), StudentT(4, 0.3), Column(z)), y },
	} {
		var want []float64
		for _, threads := range []int{1, 2, 5} {
			linalg.SetThreads(threads)
			s, y := f()
			if err := s.Fit(context.Background(), x, y, SVGPOptions{Steps: 6}); err != nil {
				t.Fatal(err)
			}
			got := append(append(s.Params().Free(), s.eta...), s.D.RawMatrix().Data...)
			if want == nil {
				want = got
			}
			for i, v := range want {
				if got[i] != v {
					t.Fatalf("%s: number %d is %v on %d threads, %v on one", name, i, got[i], threads, v)
				}
			}
		}
	}
}
