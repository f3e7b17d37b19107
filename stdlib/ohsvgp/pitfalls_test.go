package ohsvgp

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
	"gonum.org/v1/gonum/mat"
)

// Each test here is a mistake that is easily made with this method, and shows
// that it is not made.

// path sample: one SE function with noise, T/ls = 20.
func longStream() (x, y []float64, k *gp.Radial) {
	k = gp.SE(1, 0.5)
	for i := 1; i <= 500; i++ {
		x = append(x, 10*float64(i)/500)
	}
	base := mat.NewDense(1, 500, nil)
	linalg.NewRand(21).FillNormal(base.RawMatrix().Data)
	f, err := gp.DrawNormal(make([]float64, 500), k.Matrix(gp.Column(x), gp.Column(x)), base)
	if err != nil {
		panic(err)
	}
	r := linalg.NewRand(22)
	for i := range x {
		y = append(y, f.At(0, i)+0.1*r.Normal())
	}
	return x, y, k
}

func conditional(t *testing.T, b *blocks) float64 {
	t.Helper()
	L, err := linalg.Chol(b.Kbb, linalg.JitterPolicy{Start: 1e-8, Max: 1e-4})
	must(t, err)
	W := L.Half(b.Kbf)
	low := math.Inf(1)
	for j, v := range b.kff {
		for i := 0; i < L.N(); i++ {
			v -= W.At(i, j) * W.At(i, j)
		}
		low = math.Min(low, v)
	}
	return low
}

// Exact K_uf with K_uu from random features is not a joint Gaussian: the
// conditional variance turns negative. Every basis makes all blocks itself, and
// bases of different kinds refuse each other.
func TestBlocksCannotBeMixed(t *testing.T) {
	k := gp.SE(1, 0.1)
	x := gp.Column([]float64{0.11, 0.3, 0.52, 0.77, 0.9})
	base, err := drawBase(gp.FamilySE, 100, linalg.NewRand(3))
	must(t, err)
	exact, rff := &legs{20, 1}, &features{M: 20, at: span{T: 1}, base: base}
	a, err := exact.blocks(k, x, nil)
	must(t, err)
	b, err := rff.blocks(k, x, nil)
	must(t, err)
	if v := conditional(t, &blocks{Kbb: b.Kbb, Kbf: a.Kbf, kff: a.kff}); v > -1e-2 {
		t.Errorf("the mixture looks consistent (%g): this test shows nothing", v)
	}
	pf := &Model{opt: Options{M: 20, Features: 300, Step: 0.005}, rand: linalg.NewRand(4)}
	grid, err := beginGrid(pf, k, 1)
	must(t, err)
	for name, b := range map[string]basis{"exact": exact, "features": rff, "ODE": grid, "points": &points{x}, "FouT": &features{M: 9, at: span{"FouT", 1, 0.6}}} {
		bl, err := b.blocks(k, x, nil)
		must(t, err)
		if v := conditional(t, bl); v < -1e-8 {
			t.Errorf("%s: conditional variance %g", name, v)
		}
	}
	for _, pair := range [][2]basis{{exact, rff}, {rff, exact}, {&points{x}, exact}, {exact, &points{x}}, {grid, exact}} {
		if _, err := pair[0].blocks(k, x, pair[1]); err == nil {
			t.Errorf("%T took an old %T", pair[0], pair[1])
		}
	}
}

// Jitter costs nats: hundreds at 1e-4, a few at 1e-6, next to nothing at the
// default.
func TestJitterCost(t *testing.T) {
	x, y, k := longStream()
	bound := func(jitter float64) float64 {
		m, err := New(Options{M: 60, Kernel: k, Noise: 0.01, Hyper: HyperFixed, Jitter: jitter})
		must(t, err)
		tasks(t, m, x, y, 10)
		return m.Bound()
	}
	r, err := NewReference(Options{Kernel: k, Noise: 0.01, Hyper: HyperFixed})
	must(t, err)
	must(t, r.Update(context.Background(), x, y))
	exact := r.Bound()
	if d := exact - bound(1e-4); d < 100 {
		t.Errorf("jitter 1e-4 costs %.3g nats", d)
	}
	if d := exact - bound(1e-6); d < 1 || d > 30 {
		t.Errorf("jitter 1e-6 costs %.3g nats", d)
	}
	if d := exact - bound(0); math.Abs(d) > 0.3 {
		t.Errorf("the default jitter costs %.3g nats", d)
	}
}

// M far above 1.5 T/ls makes K_uu singular to rounding: results stay right.
func TestManyMoreVariablesThanNeeded(t *testing.T) {
	ctx := context.Background()
	x, y := stream(100, 2, 0.1)
	o := Options{M: 80, Kernel: gp.SE(1, 0.6), Noise: 0.01, Hyper: HyperFixed}
	m, err := New(o)
	must(t, err)
	r, err := NewReference(o)
	must(t, err)
	tasks(t, m, x, y, 4)
	tasks(t, r, x, y, 4)
	a, va, err := m.Predict(ctx, x)
	must(t, err)
	b, vb, err := r.Predict(ctx, x)
	must(t, err)
	near(t, "mean", a, b, 1e-4)
	near(t, "variance", va, vb, 1e-5)
}

// Nothing is subtracted: Lam stays positive semi-definite at a condition number
// where S^-1 - K^-1 would not.
func TestPrecisionStaysSemidefinite(t *testing.T) {
	x, y, k := longStream()
	m, err := New(Options{M: 60, Kernel: k, Noise: 0.01, Hyper: HyperFixed})
	must(t, err)
	tasks(t, m, x, y, 10)
	var e mat.EigenSym
	sym := mat.NewSymDense(60, nil)
	top := 0.0
	for i := 0; i < 60; i++ {
		for j := i; j < 60; j++ {
			sym.SetSym(i, j, m.q.Lam.At(i, j))
			top = math.Max(top, math.Abs(m.q.Lam.At(i, j)))
		}
	}
	if !e.Factorize(sym, false) {
		t.Fatal("no eigenvalues")
	}
	for _, v := range e.Values(nil) {
		if v < -1e-10*top {
			t.Errorf("eigenvalue %g of Lam, largest entry %g", v, top)
		}
	}
}

// The whitened transition is a matrix of canonical correlations.
func TestTransitionIsAContraction(t *testing.T) {
	for _, k := range []gp.Kernel{gp.SE(1, 0.1), gp.Matern32(1, 0.3)} {
		a, b := &legs{20, 0.9}, &legs{20, 1}
		x := gp.Column([]float64{0.5})
		ba, err := a.blocks(k, x, nil)
		must(t, err)
		bb, err := b.blocks(k, x, a)
		must(t, err)
		La, err := linalg.Chol(ba.Kbb, *fixedJitter(1e-10))
		must(t, err)
		Lb, err := linalg.Chol(bb.Kbb, *fixedJitter(1e-10))
		must(t, err)
		var svd mat.SVD
		svd.Factorize(La.RightHalf(Lb.Half(bb.Kba)), mat.SVDNone)
		if s := svd.Values(nil)[0]; s > 1+1e-6 {
			t.Errorf("%s: singular value %g", k, s)
		}
	}
}

// Random frequencies are drawn once: the bound is one smooth function of the
// length-scale, and old and new memory share them.
func TestFrequenciesAreDrawnOnce(t *testing.T) {
	x, y := stream(40, 2, 0.1)
	m, err := New(Options{M: 10, Kernel: gp.SE(1, 0.5), Noise: 0.02, Hyper: HyperOnline, Route: RandomFeatures, Features: 80})
	must(t, err)
	must(t, m.Update(context.Background(), x[:20], y[:20]))
	first := m.q.basis.(*features).base
	must(t, m.Update(context.Background(), x[20:], y[20:]))
	near(t, "frequencies", m.q.basis.(*features).base, first, 0)
}

// The trapezoid in frequency repeats itself beyond the lag it was made for;
// prediction far ahead must return to the prior instead.
func TestFarAheadIsThePrior(t *testing.T) {
	x, y := stream(40, 2, 0.05)
	for _, o := range []Options{{}, {Measure: "LegT", Window: 1.5}, {Measure: "LagT", Window: 0.5}} {
		o.M, o.Kernel, o.Noise, o.Hyper = 15, gp.SE(1.3, 0.4), 0.01, HyperFixed
		m, err := New(o)
		must(t, err)
		tasks(t, m, x, y, 2)
		far := []float64{-50, 10, 30, 47.3, 100, 1000}
		mean, v, err := m.Predict(context.Background(), far)
		must(t, err)
		for i := range far {
			if math.Abs(mean[i]) > 1e-6 || math.Abs(v[i]-1.3) > 1e-6 {
				t.Errorf("%s: at %g mean %g, variance %g", o.Measure, far[i], mean[i], v[i])
			}
		}
	}
}

// Fourier features lose half the prior variance at the ends of their interval,
// however many there are; a margin repairs it.
func TestFourierFeaturesNeedAMargin(t *testing.T) {
	k := gp.Matern52(1.1, 0.7)
	missing := func(margin float64, F int) float64 {
		b := &vff{-margin, 3 + margin, F}
		bl, err := b.blocks(k, gp.Column([]float64{0}), nil)
		must(t, err)
		L, err := linalg.Chol(bl.Kbb, linalg.JitterPolicy{})
		must(t, err)
		return 1.1 - square(L.HalfVec(mat.Col(nil, 0, bl.Kbf)))
	}
	if v := missing(0, 400); math.Abs(v-0.54) > 0.02 {
		t.Errorf("%.3f of 1.1 is out of reach at an end without margin", v)
	}
	if v := missing(6*0.7, 400); v > 1e-5 {
		t.Errorf("%.3g is out of reach with a margin of six length-scales", v)
	}
	for margin, warned := range map[float64]bool{0: true, 1: true, 1.5: false} {
		m, err := NewOVFF(Options{Kernel: gp.Matern52(1, 0.5), Interval: [2]float64{0, 3}, Margin: margin})
		must(t, err)
		if s := m.String(); strings.Contains(s, "out of reach") != warned {
			t.Errorf("margin %g: %s", margin, s)
		}
	}
}

// Stretching time and length-scale together changes nothing.
func TestTimeUnitDoesNotMatter(t *testing.T) {
	x, y := stream(40, 2, 0.1)
	far := make([]float64, len(x))
	for i := range x {
		far[i] = 1610 + 73*x[i]
	}
	a, err := New(Options{M: 14, Kernel: gp.Matern32(1, 0.5), Noise: 0.02, Hyper: HyperFixed})
	must(t, err)
	b, err := New(Options{M: 14, Kernel: gp.Matern32(1, 0.5*73), Noise: 0.02, Hyper: HyperFixed, Origin: 1610})
	must(t, err)
	tasks(t, a, x, y, 4)
	tasks(t, b, far, y, 4)
	near(t, "bound", []float64{b.Bound()}, []float64{a.Bound()}, 1e-8)
	ma, va, err := a.Predict(context.Background(), x)
	must(t, err)
	mb, vb, err := b.Predict(context.Background(), far)
	must(t, err)
	near(t, "mean", mb, ma, 1e-8)
	near(t, "variance", vb, va, 1e-8)
}

// The ODE route tends to the exact one at first order in the step, on the same
// frequencies.
func TestODETendsToTheIntegral(t *testing.T) {
	k := gp.SE(1, 0.3)
	x := gp.Column([]float64{0.2, 0.6, 0.9})
	var last float64
	for i, step := range []float64{0.01, 0.001} {
		m := &Model{opt: Options{M: 8, Features: 200, Step: step}, rand: linalg.NewRand(5)}
		b, err := beginGrid(m, k, 1)
		must(t, err)
		f := b.(*pathFeatures)
		base := make([]float64, 200)
		for j := range base {
			base[j] = f.W.At(j, 0) * 0.3
		}
		got, err := b.blocks(k, x, nil)
		must(t, err)
		want, err := (&features{M: 8, at: span{T: 1}, base: base}).blocks(k, x, nil)
		must(t, err)
		worst := 0.0
		for j, v := range flat(got.Kbf) {
			worst = math.Max(worst, math.Abs(v-flat(want.Kbf)[j]))
		}
		if i == 1 && (worst > 0.2*last || worst > 5e-3) {
			t.Errorf("error %.2g at a tenth of the step that gave %.2g", worst, last)
		}
		last = worst
	}
	// and it runs as a model
	xs, ys := stream(60, 3, 0.1)
	m, err := New(Options{M: 20, Kernel: gp.SE(1, 0.5), Noise: 0.02, Hyper: HyperFixed, Route: ODE})
	must(t, err)
	tasks(t, m, xs, ys, 3)
	mean, _, err := m.Predict(context.Background(), xs)
	must(t, err)
	if e := RMSE(ys, mean); e > 0.2 {
		t.Errorf("RMSE %.3f on the ODE route", e)
	}
}

// The NLPD is of observations: the noise is in it, also where f is well known.
func TestDensitiesCarryTheNoise(t *testing.T) {
	ctx := context.Background()
	x, y := stream(40, 2, 0.3)
	m, err := New(Options{M: 12, Kernel: gp.SE(1, 0.5), Noise: 0.09, Hyper: HyperFixed})
	must(t, err)
	must(t, m.Update(ctx, x, y))
	mean, v, err := m.Predict(ctx, x)
	must(t, err)
	logp, err := m.LogDensity(ctx, gp.Column(x), y)
	must(t, err)
	without := 0.0
	for i := range x {
		s := v[i] + 0.09
		d := y[i] - mean[i]
		near(t, "log density", logp[i:i+1], []float64{-0.5*math.Log(2*math.Pi*s) - 0.5*d*d/s}, 1e-12)
		without += 0.5*math.Log(2*math.Pi*v[i]) + 0.5*d*d/v[i]
	}
	if nlpd := -sum(logp) / 40; nlpd > 1 || without/40 < 2*nlpd {
		t.Errorf("NLPD %.3f, without the noise %.3f: the test tests nothing", nlpd, without/40)
	}
}

// A variance that is negative beyond rounding comes from covariances that do not
// belong together, and is an error, not a zero.
func TestNegativeVarianceIsAnError(t *testing.T) {
	ctx := context.Background()
	x, y := stream(40, 1, 0.1)
	o := Options{M: 20, Kernel: gp.SE(1, 0.1), Noise: 0.01, Hyper: HyperFixed}
	exact, err := New(o)
	must(t, err)
	must(t, exact.Update(ctx, x, y))
	o.Route, o.Features = RandomFeatures, 100
	waves, err := New(o)
	must(t, err)
	must(t, waves.Update(ctx, x, y))
	q := *waves.q
	q.basis = exact.q.basis // K_uf of one route, L and q of the other
	waves.q = &q
	if _, _, err := waves.Predict(ctx, []float64{0.11, 0.3, 0.52, 0.77, 0.9}); err == nil || !strings.Contains(err.Error(), "not consistent") {
		t.Errorf("mixed routes predicted with error %v", err)
	}
}

// Nothing divides by the logarithm of the amplitude: a step that crosses unit
// variance is as smooth as any.
func TestUnitAmplitudeIsNothingSpecial(t *testing.T) {
	ctx := context.Background()
	x, y := stream(60, 2, 0.1)
	bound := func(first, second float64) float64 {
		m, err := New(Options{M: 16, Kernel: gp.Matern32(first, 0.5), Noise: 0.01, Hyper: HyperFixed})
		must(t, err)
		must(t, m.Update(ctx, x[:30], y[:30]))
		p, err := m.Params().Get("variance")
		must(t, err)
		must(t, p.Set(second))
		must(t, m.Update(ctx, x[30:], y[30:]))
		return m.Bound()
	}
	for _, v := range [][2]float64{{1, 1}, {1, 1.3}, {0.7, 1}} {
		at := bound(v[0], v[1])
		for _, e := range []float64{-1e-7, 1e-7} {
			near(t, "bound", []float64{bound(v[0]+e, v[1]), bound(v[0], v[1]+e)}, []float64{at, at}, 1e-6)
		}
	}
}

// K_uu of many variables has no eigenvalue below zero but by rounding: the
// integrals are exact for their degree.
func TestManyVariablesStaySemidefinite(t *testing.T) {
	for _, k := range []gp.Kernel{gp.SE(1, 0.05), gp.Matern12(1, 0.1), gp.Matern32(1, 0.1), gp.Matern52(1, 0.3), gp.Periodic(1, 1.2, 0.3)} {
		for _, M := range []int{50, 100} {
			b, err := (&legs{M, 1}).blocks(k, gp.Column([]float64{0.5}), nil)
			must(t, err)
			var e mat.EigenSym
			if !e.Factorize(mat.NewSymDense(M, flat(b.Kbb)), false) {
				t.Fatal("no eigenvalues")
			}
			if low := e.Values(nil)[0]; low < -1e-13 {
				t.Errorf("%s, M = %d: smallest eigenvalue %g", k, M, low)
			}
		}
	}
}
