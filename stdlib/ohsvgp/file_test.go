package ohsvgp

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
	"gonum.org/v1/gonum/mat"
)

// A model that was saved half way and loaded goes on with the same bits.
func TestResumeBitForBit(t *testing.T) {
	ctx := context.Background()
	x, y := stream(60, 3, 0.1)
	o := Options{M: 15, Kernel: gp.Matern52(1, 0.5), Noise: 0.02, Interval: [2]float64{0, 3}, Margin: 1, Features: 60, ZSteps: 10, Seed: 9}
	counts := make([]float64, len(y))
	for i := range counts {
		counts[i] = float64(i % 4)
	}
	rff, lag, poisson, online, ode := o, o, o, o, o
	ode.Route, ode.Step = ODE, 0.01
	rff.Route = RandomFeatures
	lag.Measure, lag.Window, lag.Kernel = "LagT", 0.7, gp.SE(1, 0.5)
	poisson.Likelihood, poisson.Kernel = gp.Poisson(), gp.Sum(gp.SE(1, 0.8), gp.Constant(1))
	online.Hyper, online.Kernel = HyperOnline, nil
	for name, c := range map[string]struct {
		make func(Options) (*Model, error)
		o    Options
		y    []float64
	}{
		"OHSVGP": {New, o, y}, "ODE": {New, ode, y}, "features": {New, rff, y}, "LagT": {New, lag, y}, "counts": {New, poisson, counts}, "online": {New, online, y},
		"OSGPR": {NewOSGPR, o, y}, "OVC": {NewOVC, o, y}, "OVFF": {NewOVFF, o, y}, "path": {NewPath, o, y},
		"path exact": {func(o Options) (*Model, error) { o.Route = Exact; return NewPath(o) }, o, y},
	} {
		m, err := c.make(c.o)
		must(t, err)
		update := func(m *Model, lo, hi int) {
			must(t, m.UpdateX(ctx, gp.Column(append([]float64(nil), x[lo:hi]...)), c.y[lo:hi]))
		}
		update(m, 0, 20)
		update(m, 20, 40)
		path := filepath.Join(t.TempDir(), "model")
		must(t, m.Save(path))
		again, err := Load(path)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		update(m, 40, 60)
		update(again, 40, 60)
		if again.Bound() != m.Bound() || again.String() != m.String() {
			t.Errorf("%s: bound %v, resumed %v", name, m.Bound(), again.Bound())
		}
		a, va, err := m.PredictX(ctx, gp.Column(x))
		must(t, err)
		b, vb, err := again.PredictX(ctx, gp.Column(x))
		must(t, err)
		for i := range a {
			if a[i] != b[i] || va[i] != vb[i] {
				t.Errorf("%s: prediction %d is %v, resumed %v", name, i, a[i], b[i])
				break
			}
		}
		if name == "OHSVGP" {
			s, err := m.Sample(ctx, x, 2, linalg.NewRand(3))
			must(t, err)
			r, err := again.Sample(ctx, x, 2, linalg.NewRand(3))
			must(t, err)
			if !mat.Equal(s, r) {
				t.Error("samples differ after a resume")
			}
		}
	}
}

func TestBeforeTheFirstTask(t *testing.T) {
	m, err := New(Options{M: 7, Seed: 3})
	must(t, err)
	path := filepath.Join(t.TempDir(), "model")
	must(t, m.Save(path))
	again, err := Load(path)
	must(t, err)
	x, y := stream(20, 1, 0.1)
	must(t, m.Update(context.Background(), x, y))
	must(t, again.Update(context.Background(), x, y))
	if m.Bound() != again.Bound() {
		t.Errorf("bounds %v and %v", m.Bound(), again.Bound())
	}
}

func TestDamagedFiles(t *testing.T) {
	x, y := stream(20, 1, 0.1)
	m, err := New(Options{M: 7})
	must(t, err)
	must(t, m.Update(context.Background(), x, y))
	path := filepath.Join(t.TempDir(), "model")
	must(t, m.Save(path))
	data, err := os.ReadFile(path)
	must(t, err)
	for _, cut := range []int{0, 10, len(data) / 2, len(data) - 1} {
		must(t, os.WriteFile(path, data[:cut], 0o644))
		if _, err := Load(path); err == nil {
			t.Errorf("a file cut to %d bytes was loaded", cut)
		}
	}
	if _, err := Load(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a file that is not there was loaded")
	}
	// whole files with wrong contents
	f, err := m.file()
	must(t, err)
	f.Kind = "sgpa.Network"
	if _, err := fromFile(f); err == nil {
		t.Error("another kind of model was loaded")
	}
	f, err = m.file()
	must(t, err)
	f.Tensors = f.Tensors[:1]
	if _, err := fromFile(f); err == nil {
		t.Error("a model without Lam was loaded")
	}
}
