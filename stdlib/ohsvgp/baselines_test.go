package ohsvgp

import (
	"context"
	"strings"
	"testing"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
	"gonum.org/v1/gonum/mat"
)

func TestGoldenPivots(t *testing.T) {
	for _, c := range golden(t, "baselines")[2:4] {
		var in struct {
			Kernel                string
			Variance, Lengthscale float64
			X                     array
			M                     int
		}
		var want struct{ Pivots, Residual_variance array }
		c.read(t, &in, &want)
		k := kernelNamed(t, in.Kernel, in.Variance, []float64{in.Lengthscale}, 0)
		picks, v := Pivots(k, in.X.dense(), in.M)
		got := make([]float64, len(picks))
		for i, p := range picks {
			got[i] = float64(p)
		}
		near(t, c.Name, got, want.Pivots.Data, 0)
		near(t, c.Name+" variance", v, want.Residual_variance.Data, c.Tolerance)
	}
}

func TestGoldenFourierFeatures(t *testing.T) {
	ctx := context.Background()
	for _, c := range golden(t, "baselines")[4:] {
		t.Run(c.Name, func(t *testing.T) {
			var in struct {
				Kernel                                string
				Variance, Lengthscale, Noise_variance float64
				A, B                                  float64
				F                                     int
				X, Y, X_test                          array
				Task_sizes                            []int
			}
			var want struct {
				K_uu, K_uf, M, S, Pred_mean, Pred_var_latent array
				Sum_of_bounds                                float64
			}
			c.read(t, &in, &want)
			k := kernelNamed(t, in.Kernel, in.Variance, []float64{in.Lengthscale}, 0)
			if want.K_uu.Data != nil {
				b, err := (&vff{in.A, in.B, in.F}).blocks(k, gp.Column(in.X.Data), nil)
				must(t, err)
				nearM(t, "K_uu", b.Kbb, want.K_uu, c.Tolerance)
				nearM(t, "K_uf", b.Kbf, want.K_uf, c.Tolerance)
				return
			}
			m, err := NewOVFF(Options{M: 2*in.F + 1, Kernel: k, Noise: in.Noise_variance, Hyper: HyperFixed, Jitter: -1, Interval: [2]float64{in.A, in.B}})
			must(t, err)
			at := 0
			for _, n := range in.Task_sizes {
				must(t, m.Update(ctx, in.X.Data[at:at+n], in.Y.Data[at:at+n]))
				at += n
			}
			near(t, "sum of bounds", []float64{m.Bound()}, []float64{want.Sum_of_bounds}, c.Tolerance)
			mean, S, err := m.Memory()
			must(t, err)
			near(t, "m", mean, want.M.Data, c.Tolerance)
			nearM(t, "S", S, want.S, c.Tolerance)
			pm, pv, err := m.Predict(ctx, in.X_test.Data)
			must(t, err)
			near(t, "mean", pm, want.Pred_mean.Data, c.Tolerance)
			near(t, "variance", pv, want.Pred_var_latent.Data, c.Tolerance)
		})
	}
}

// Every basis has the gradient of its own bound, by kernel and, for points, by Z.
func TestGradientsOfEveryBasis(t *testing.T) {
	x, y := stream(24, 2, 0.1)
	rff, err := drawBase(gp.FamilyMatern52, 40, linalg.NewRand(1))
	must(t, err)
	Z := func(v ...float64) *points { return &points{mat.NewDense(len(v), 1, v)} }
	for name, c := range map[string]struct {
		k    gp.Kernel
		a, b basis
	}{
		"LegS, SE":              {gp.SE(1.1, 0.5), &legs{7, 1}, &legs{7, 2}},
		"LegS, Matern32":        {gp.Matern32(1.1, 0.5), &legs{7, 1}, &legs{7, 2}},
		"LegS, RQ":              {gp.RQ(1.1, 0.8, 0.5), &legs{7, 1}, &legs{7, 2}},
		"LegS, sum":             {gp.Sum(gp.Matern52(0.6, 0.4), gp.Product(gp.SE(1, 2), gp.Periodic(1, 1, 0.8))), &legs{7, 1}, &legs{7, 2}},
		"LegS, Matern x period": {gp.Product(gp.Matern32(1, 1), gp.Periodic(1, 1, 0.8)), &legs{6, 1}, &legs{6, 2}},
		"features":              {gp.Matern52(1.1, 0.5), &features{M: 7, at: span{T: 1}, base: rff}, &features{M: 7, at: span{T: 2}, base: rff}},
		"FouT":                  {gp.SE(1.1, 0.4), &features{M: 7, at: span{"FouT", 1, 0.7}}, &features{M: 7, at: span{"FouT", 2, 0.7}}},
		"LagT":                  {gp.SE(1.1, 0.4), &features{M: 7, at: span{"LagT", 1, 0.3}}, &features{M: 7, at: span{"LagT", 2, 0.3}}},
		"points":                {gp.Matern52(1.1, 0.5), Z(0.1, 0.5, 0.9), Z(0.2, 0.8, 1.3, 1.9)},
		"Fourier, Matern12":     {gp.Matern12(1.1, 0.5), &vff{-1, 3, 4}, &vff{-1, 3, 4}},
		"Fourier, Matern32":     {gp.Matern32(1.1, 0.5), &vff{-1, 3, 4}, &vff{-1, 3, 4}},
		"Fourier, Matern52":     {gp.Matern52(1.1, 0.5), &vff{-1, 3, 4}, &vff{-1, 3, 4}},
	} {
		m, err := New(Options{Kernel: c.k, Noise: 0.05, Hyper: HyperFixed})
		must(t, err)
		m.policy = fixedJitter(1e-8)
		l := &learner{m: m, k: c.k.Clone(), noise: m.noise, x: gp.Column(x[:12]), y: y[:12], jitter: *m.policy}
		u, err := l.update(c.a)
		must(t, err)
		m.q = u.q
		l.k, l.x, l.y = c.k, gp.Column(x[12:]), y[12:]
		_, grad, err := l.value(c.b, true, false)
		must(t, err)
		set := append(l.k.Params(), l.noise)
		free := set.Free()
		for p := range free {
			at := func(h float64) float64 {
				f := append([]float64(nil), free...)
				f[p] += h
				must(t, set.SetFree(f))
				u, err := l.update(c.b)
				must(t, err)
				return u.bound
			}
			d := (at(1e-4) - at(-1e-4)) / 2e-4
			near(t, name+", "+set[p].Name, []float64{grad[p]}, []float64{d}, 5e-5)
		}
		must(t, set.SetFree(free))
		if b, ok := c.b.(*points); ok {
			_, grad, err := l.value(b, false, true)
			must(t, err)
			for i := range grad {
				at := func(h float64) float64 {
					z := mat.DenseCopyOf(b.Z)
					z.Set(i, 0, z.At(i, 0)+h)
					u, err := l.update(&points{z})
					must(t, err)
					return u.bound
				}
				near(t, "dZ", grad[i:i+1], []float64{(at(1e-5) - at(-1e-5)) / 2e-5}, 1e-5)
			}
		}
	}
}

// One column is measured from the origin by every entrance.
func TestOriginHoldsForEveryMethod(t *testing.T) {
	ctx := context.Background()
	x, y := stream(60, 2, 0.05)
	for i := range x {
		x[i] += 1600
	}
	o := Options{M: 21, Kernel: gp.Matern52(1, 0.5), Noise: 0.01, Hyper: HyperFixed, Interval: [2]float64{1600, 1602}, Margin: 1.5, ZSteps: 10, Origin: 1600}
	for _, make := range []func(Options) (*Model, error){New, NewOSGPR, NewOVC, NewOVFF, NewPath} {
		m, err := make(o)
		must(t, err)
		must(t, m.Update(ctx, x[:30], y[:30]))
		must(t, m.UpdateX(ctx, gp.Column(x[30:]), y[30:]))
		a, _, err := m.Predict(ctx, x)
		must(t, err)
		b, _, err := m.PredictX(ctx, gp.Column(x))
		must(t, err)
		near(t, m.Name()+": PredictX", b, a, 0)
		if e := RMSE(y, a); e > 0.2 {
			t.Errorf("%s: RMSE %.3f away from zero", m.Name(), e)
		}
	}
}

func TestEveryMethodOnOneStream(t *testing.T) {
	x, y := stream(90, 3, 0.1)
	o := Options{M: 21, Kernel: gp.Matern52(1, 0.5), Noise: 0.01, Hyper: HyperFixed, Interval: [2]float64{0, 3}, Margin: 1.5, ZSteps: 30}
	for _, make := range []func(Options) (*Model, error){New, NewOSGPR, NewOVC, NewOVFF} {
		m, err := make(o)
		must(t, err)
		tasks(t, m, x, y, 3)
		mean, v, err := m.Predict(context.Background(), x)
		must(t, err)
		if e := RMSE(y, mean); e > 0.2 {
			t.Errorf("%s: RMSE %.3f", m.Name(), e)
		}
		for i := range v {
			if v[i] < 0 || v[i] > 1.1 {
				t.Errorf("%s: variance %g", m.Name(), v[i])
			}
		}
		if h := m.HTML(); strings.Count(h, "<tr>") < 1+3+1+3 || !strings.Contains(h, "lengthscale") {
			t.Errorf("%s: HTML %s", m.Name(), h)
		}
		if s := m.String(); !strings.Contains(s, m.Name()) || !strings.Contains(s, "3 tasks") {
			t.Errorf("printed as %q", s)
		}
	}
	m, err := NewOVFF(o)
	must(t, err)
	must(t, m.Update(context.Background(), x, y))
	if _, _, err := m.Predict(context.Background(), []float64{9}); err == nil || !strings.Contains(err.Error(), "outside the interval") {
		t.Errorf("prediction outside the interval: %v", err)
	}
	if _, err := NewOVFF(Options{}); err == nil {
		t.Error("OVFF without an interval")
	}
}
