package ohsvgp

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
	"github.com/priorlab/priorlab/stdlib/param"
	"gonum.org/v1/gonum/mat"
)

// subject is a method as the tests below see it: something that learns a task
// from a series and can say all that it knows.
type subject struct {
	learn  func(ctx context.Context, x, y []float64) error
	know   func(t *testing.T) []float64 // predictions and parameters; bits count
	counts bool                         // targets are counts
	labels bool                         // targets are classes 0 and 1
	timed  bool                         // time goes forward from 0
	whole  bool                         // every call learns from its data alone
}

// conditioned is a regression that keeps its data.
func conditioned(g interface {
	Condition(x *mat.Dense, y []float64) error
	Fit(ctx context.Context, steps int) (param.Fit, error)
	Predict(x *mat.Dense) (mean, variance []float64, err error)
	Params() param.Set
}, steps int) subject {
	return subject{learn: func(ctx context.Context, x, y []float64) error {
		if err := g.Condition(gp.Column(x), y); err != nil {
			return err
		}
		_, err := g.Fit(ctx, steps)
		return err
	}, know: func(t *testing.T) []float64 {
		mean, v, err := g.Predict(gp.Column(query))
		must(t, err)
		return append(append(mean, v...), g.Params().Free()...)
	}, whole: true}
}

// query are inputs of predictions.
var query = []float64{0.3, 1.1, 1.9}

// subjects makes every method that learns, afresh.
func subjects(t *testing.T) map[string]func() subject {
	ctx := context.Background()
	model := func(make func(Options) (*Model, error), o Options) func() subject {
		return func() subject {
			o := o
			o.M, o.Seed = 8, 3
			o.Interval, o.Margin = [2]float64{0, 4}, 1
			if o.Kernel == nil {
				o.Kernel = gp.SE(1, 0.5)
			}
			if o.Noise == 0 && o.Likelihood == nil {
				o.Noise = 0.05
			}
			if o.FitSteps == 0 {
				o.FitSteps = 4
			}
			m, err := make(o)
			must(t, err)
			_, path := m.method.(*pathMethod)
			at := func(x []float64) *mat.Dense { // a path has two inputs
				if !path || len(x) == 0 {
					return gp.Column(x)
				}
				X := mat.NewDense(len(x), 2, nil)
				for i, v := range x {
					X.SetRow(i, []float64{v, math.Cos(v)})
				}
				return X
			}
			return subject{
				learn: func(ctx context.Context, x, y []float64) error { return m.UpdateX(ctx, at(x), y) },
				know: func(t *testing.T) []float64 {
					mean, v, err := m.PredictX(ctx, at(query))
					must(t, err)
					return append(append(append(mean, v...), m.Bound(), float64(m.Tasks())), m.Params().Free()...)
				},
				counts: o.Likelihood != nil, timed: m.timed(),
			}
		}
	}
	vae := func(o GPVAEOptions) func() subject {
		return func() subject {
			o.Latents, o.M, o.Width, o.Steps, o.Kernel = 2, 6, 8, 3, gp.Matern32(1, 0.5)
			g := NewGPVAE(o)
			return subject{
				learn: func(ctx context.Context, x, y []float64) error {
					Y := &mat.Dense{}
					if len(y) > 0 {
						Y = mat.NewDense(len(y), 3, nil)
						for i, v := range y {
							Y.SetRow(i, []float64{v, -v, 0.5})
						}
					}
					end := 0.0
					for _, v := range x {
						end = math.Max(end, v)
					}
					return g.Update(ctx, end, x, Y)
				},
				know: func(t *testing.T) []float64 {
					mean, v, err := g.Predict(ctx, query, 5, linalg.NewRand(2))
					must(t, err)
					out := append(flat(mean), flat(v)...)
					for _, p := range g.Params() {
						out = append(out, p.Value.Float64s()...)
					}
					return append(out, float64(g.tasks))
				},
				timed: !o.Points && !o.LearnZ,
			}
		}
	}
	batch := func(o Options) func() subject {
		return func() subject {
			o := o
			o.M, o.Kernel, o.FitSteps = 8, gp.SE(1, 0.5), 4
			if o.Likelihood == nil {
				o.Noise = 0.05
			}
			b, err := NewBatch(o)
			must(t, err)
			return subject{
				learn: b.Update,
				know: func(t *testing.T) []float64 {
					mean, v, err := b.Predict(ctx, query)
					must(t, err)
					return append(append(append(mean, v...), b.Bound(), float64(b.Tasks())), b.Params().Free()...)
				},
				counts: o.Likelihood != nil, timed: true,
			}
		}
	}
	const few = 4
	return map[string]func() subject{
		"OHSVGP":                  model(New, Options{}),
		"OHSVGP, online":          model(New, Options{Hyper: HyperOnline}),
		"OHSVGP, Matern":          model(New, Options{Kernel: gp.Matern32(1, 0.5), Hyper: HyperFixed}),
		"OHSVGP, random features": model(New, Options{Route: RandomFeatures, Features: 40, Hyper: HyperFixed}),
		"OHSVGP, recurrence":      model(New, Options{Route: ODE, Features: 40, Hyper: HyperFixed}),
		"OHSVGP, counts":          model(New, Options{Likelihood: gp.Poisson()}),
		"OHSVGP, counts in parts": model(New, Options{Likelihood: gp.NegativeBinomial(4), Batch: 5}),
		"OSGPR":                   model(NewOSGPR, Options{ZSteps: few}),
		"OSVGP, counts":           model(NewOSGPR, Options{ZSteps: few, Likelihood: gp.NegativeBinomial(4), Hyper: HyperOnline}),
		"OVC":                     model(NewOVC, Options{}),
		"OVC-optZ":                model(NewOVC, Options{ZSteps: few}),
		"OVFF":                    model(NewOVFF, Options{Kernel: gp.Matern52(1, 0.5)}),
		"path":                    model(NewPath, Options{Features: 40, Hyper: HyperFixed}),
		"path, nearest":           model(NewPath, Options{Features: 40, Hyper: HyperFixed, Order: OrderNearest}),
		"batch SGPR":              batch(Options{}),
		"batch SVGP":              batch(Options{Likelihood: gp.NegativeBinomial(4)}),
		"GP-VAE":                  vae(GPVAEOptions{EWC: 10}),
		"GP-VAE, kernels learned": vae(GPVAEOptions{EWC: 10, LearnKernel: true}),
		"GP-VAE, amortised":       vae(GPVAEOptions{Amortised: true}),
		"GP-VAE, picked points":   vae(GPVAEOptions{Points: true}),
		"GP-VAE, learned points":  vae(GPVAEOptions{LearnZ: true}),
		"classifier": func() subject {
			m, err := New(Options{M: 6, Kernel: gp.SE(1, 0.5), FitSteps: 3})
			must(t, err)
			c, err := NewClassifier(2, m)
			must(t, err)
			return subject{
				learn: func(ctx context.Context, x, y []float64) error {
					l := make([]int, len(y))
					for i, v := range y {
						l[i] = int(v)
					}
					return c.Update(ctx, gp.Column(x), l)
				},
				know: func(t *testing.T) []float64 {
					p, err := c.Probabilities(ctx, gp.Column(query))
					must(t, err)
					return append(append(flat(p), c.Bound(), float64(c.Tasks())), c.Params().Free()...)
				},
				labels: true, timed: true,
			}
		},
		"reference": func() subject {
			r, err := NewReference(Options{Kernel: gp.SE(1, 0.5), Noise: 0.05, Hyper: HyperOnline, FitSteps: few})
			must(t, err)
			return subject{learn: r.Update, know: func(t *testing.T) []float64 {
				mean, v, err := r.Predict(ctx, query)
				must(t, err)
				return append(append(append(mean, v...), r.Bound(), float64(r.Tasks())), r.Params().Free()...)
			}}
		},
		"exact GP": func() subject { return conditioned(gp.NewExact(gp.SE(1, 0.5), 0.05), few) },
		"SGPR": func() subject {
			return conditioned(gp.NewSGPR(gp.SE(1, 0.5), 0.05, gp.Column([]float64{0.1, 0.6, 1.2, 1.7})), few)
		},
		"SVGP": func() subject {
			s := gp.NewSVGP(gp.SE(1, 0.5), gp.Gaussian(0.05), gp.Column([]float64{0.1, 0.6, 1.2, 1.7}))
			return subject{learn: func(ctx context.Context, x, y []float64) error {
				return s.Fit(ctx, gp.Column(x), y, gp.SVGPOptions{Steps: 6, Batch: 7})
			}, know: func(t *testing.T) []float64 {
				mean, v, err := s.Predict(gp.Column(query))
				must(t, err)
				return append(append(mean, v...), s.Params().Free()...)
			}}
		},
	}
}

// series is n observations on (from, from+2], of the kind that s learns.
func (s subject) series(n int, from float64) (x, y []float64) {
	x, y = stream(n, 2, 0.1)
	for i := range x {
		x[i] += from
		switch {
		case s.counts:
			y[i] = math.Floor(3 + 2*y[i])
		case s.labels && y[i] > 0:
			y[i] = 1
		case s.labels:
			y[i] = 0
		}
	}
	return x, y
}

func sameBits(a, b []float64) error {
	if len(a) != len(b) {
		return fmt.Errorf("%d numbers, before %d", len(b), len(a))
	}
	for i, v := range a {
		if math.Float64bits(v) != math.Float64bits(b[i]) {
			return fmt.Errorf("number %d of %d is %v, before %v", i, len(a), b[i], v)
		}
	}
	return nil
}

// Every method refuses what no task can be, says why, and stays as it was.
func TestEveryMethodRefusesAndStays(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for name, fresh := range subjects(t) {
		s := fresh()
		x, y := s.series(20, 0)
		must(t, s.learn(context.Background(), x, y))
		for _, c := range []struct {
			what string
			x, y []float64
			when bool
			says string
		}{
			{"an empty task", nil, nil, true, ""},
			{"more inputs than targets", []float64{2.1, 2.2}, []float64{1}, true, ""},
			{"more targets than inputs", []float64{2.1}, []float64{1, 0}, true, ""},
			{"NaN among the targets", []float64{2.1, 2.2}, []float64{1, nan}, !s.labels, "NaN"},
			{"an infinite target", []float64{2.1, 2.2}, []float64{inf, 1}, !s.labels, "Inf"},
			{"NaN among the inputs", []float64{nan, 2.2}, []float64{1, 1}, true, "NaN"},
			{"an infinite input", []float64{2.1, inf}, []float64{1, 1}, true, "Inf"},
			{"time that goes backward", []float64{0.5, 0.7}, []float64{1, 1}, s.timed, "forward"},
			{"time before the origin", []float64{-1, 2.5}, []float64{1, 1}, s.timed, "origin"},
			{"a negative count", []float64{2.1, 2.2}, []float64{1, -2}, s.counts, "-2"},
			{"half a count", []float64{2.1, 2.2}, []float64{1, 0.5}, s.counts, "0.5"},
			{"a class that is not", []float64{2.1, 2.2}, []float64{1, 7}, s.labels, "7"},
		} {
			if !c.when {
				continue
			}
			before := s.know(t)
			err := s.learn(context.Background(), c.x, c.y)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: %s: error %v, want one with %q", name, c.what, err, c.says)
			}
			if err := sameBits(before, s.know(t)); err != nil {
				t.Errorf("%s: %s was refused and changed the model: %v", name, c.what, err)
			}
		}
	}
}

// Every method takes what is unusual but right: one point, duplicates, disorder,
// an outlier of 10^6.
func TestEveryMethodTakesTheUnusual(t *testing.T) {
	for name, fresh := range subjects(t) {
		odd := func(what string, f func(s subject, x, y []float64) ([]float64, []float64)) {
			s := fresh()
			x, y := s.series(20, 0)
			x, y = f(s, x, y)
			if err := s.learn(context.Background(), x, y); err != nil {
				t.Errorf("%s: %s: %v", name, what, err)
				return
			}
			for i, v := range s.know(t) {
				if !finite(v) {
					t.Errorf("%s: %s: number %d is %v", name, what, i, v)
					return
				}
			}
		}
		odd("one point", func(_ subject, x, y []float64) ([]float64, []float64) { return x[9:10], y[9:10] })
		odd("duplicates", func(_ subject, x, y []float64) ([]float64, []float64) {
			for i := 4; i < 12; i++ {
				x[i] = x[4]
			}
			return x, y
		})
		odd("disorder", func(_ subject, x, y []float64) ([]float64, []float64) {
			for i := 0; i < 10; i += 2 {
				x[i], x[19-i], y[i], y[19-i] = x[19-i], x[i], y[19-i], y[i]
			}
			return x, y
		})
		odd("an outlier", func(s subject, x, y []float64) ([]float64, []float64) {
			if !s.labels {
				y[7] = 1e6
			}
			return x, y
		})
	}
}

// A cancelled call leaves every method as it was, wherever it is cancelled, and
// so does an interrupt, which unwinds a product in the middle.
func TestEveryMethodSurvivesInterrupts(t *testing.T) {
	defer linalg.Interrupt(false)
	for name, fresh := range subjects(t) {
		s := fresh()
		x, y := s.series(30, 0)
		must(t, s.learn(context.Background(), x, y))
		x, y = s.series(30, 2)
		if s.whole {
			must(t, s.learn(context.Background(), x, y)) // conditioning is a step of its own
		}
		before := s.know(t)
		cancelled := 0
		for left := 0; left < 8; left = 2*left + 1 {
			err := s.learn(&countdown{context.Background(), left}, x, y)
			if err == nil {
				break // it looked no further
			}
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("%s: cancelled at look %d: error %v", name, left, err)
			}
			cancelled++
			if err := sameBits(before, s.know(t)); err != nil {
				t.Errorf("%s: cancelled at look %d: %v", name, left, err)
			}
			if s.whole {
				before = s.know(t)
			}
		}
		if cancelled == 0 {
			t.Errorf("%s never looks at its context", name)
		}
		s = fresh()
		x, y = s.series(30, 0)
		must(t, s.learn(context.Background(), x, y))
		x, y = s.series(30, 2)
		if s.whole {
			must(t, s.learn(context.Background(), x, y))
		}
		before = s.know(t)
		for after := 30 * time.Microsecond; after < 4*time.Millisecond; after *= 2 {
			fired := make(chan bool)
			timer := time.AfterFunc(after, func() { linalg.Interrupt(true); close(fired) })
			err := linalg.Try(func() { _ = s.learn(context.Background(), x, y) })
			if !timer.Stop() {
				<-fired
			}
			linalg.Interrupt(false)
			if err == nil {
				break // it was quicker
			}
			if err := sameBits(before, s.know(t)); err != nil {
				t.Fatalf("%s: interrupted after %v: %v", name, after, err)
			}
		}
		if err := s.learn(context.Background(), x, y); err != nil && !s.timed {
			t.Errorf("%s: after the interrupts: %v", name, err)
		}
	}
}

// Questions that make no sense get an error that says so, before the first task
// and after it; none gets a panic.
func TestQuestionsAreChecked(t *testing.T) {
	ctx, nan, r := context.Background(), math.NaN(), linalg.NewRand(1)
	x, y := stream(20, 2, 0.1)
	m, err := New(Options{M: 6, Hyper: HyperFixed})
	must(t, err)
	counts, err := New(Options{M: 6, Kernel: gp.SE(1, 0.5), Likelihood: gp.Poisson(), Hyper: HyperFixed})
	must(t, err)
	path, err := NewPath(Options{M: 6, Kernel: gp.SE(1, 0.5), Noise: 0.1, Features: 20, Hyper: HyperFixed})
	must(t, err)
	ref, err := NewReference(Options{FitSteps: 3})
	must(t, err)
	base, err := New(Options{M: 6, Kernel: gp.SE(1, 0.5), Hyper: HyperFixed})
	must(t, err)
	class, err := NewClassifier(2, base)
	must(t, err)
	vae := NewGPVAE(GPVAEOptions{Latents: 2, M: 5, Width: 4, Steps: 2})
	ch := &Latent{M: 5, Kernel: gp.SE(1, 0.5)}
	exact := gp.NewExact(gp.SE(1, 0.5), 0.1)
	sgpr := gp.NewSGPR(gp.SE(1, 0.5), 0.1, gp.Column([]float64{0.5, 1.5}))
	svgp := gp.NewSVGP(gp.SE(1, 0.5), gp.Gaussian(0.1), gp.Column([]float64{0.5, 1.5}))
	two := func(v float64) *mat.Dense { return mat.NewDense(1, 2, []float64{v, 1}) }
	refuses := func(questions map[string]func() error) {
		t.Helper()
		for name, ask := range questions {
			func() {
				defer func() {
					if p := recover(); p != nil {
						t.Errorf("%s: panic: %v", name, p)
					}
				}()
				if err := ask(); err == nil {
					t.Errorf("%s was answered", name)
				}
			}()
		}
	}
	predict := func(x []float64) func() error { return func() error { _, _, err := m.Predict(ctx, x); return err } }
	early := map[string]func() error{
		"Predict":            predict(x),
		"Sample":             func() error { _, err := m.Sample(ctx, x, 2, r); return err },
		"Reconstruct":        func() error { _, _, err := m.Reconstruct(x); return err },
		"Memory":             func() error { _, _, err := m.Memory(); return err },
		"Observe":            func() error { _, _, err := m.Observe(ctx, gp.Column(x)); return err },
		"LogDensity":         func() error { _, err := m.LogDensity(ctx, gp.Column(x), y); return err },
		"SampleObservations": func() error { _, err := m.SampleObservations(ctx, gp.Column(x), 2, r); return err },
		"reference":          func() error { _, _, err := ref.Predict(ctx, x); return err },
		"reference, Sample":  func() error { _, err := ref.Sample(ctx, x, 2, r); return err },
		"Latents":            func() error { _, _, err := class.Latents(ctx, gp.Column(x)); return err },
		"Probabilities":      func() error { _, err := class.Probabilities(ctx, gp.Column(x)); return err },
		"GP-VAE":             func() error { _, _, err := vae.Predict(ctx, x, 2, r); return err },
		"channel":            func() error { _, _, err := ch.Predict(x); return err },
		"channel, Sample":    func() error { _, err := ch.Sample(x, 2, r); return err },
		"exact, LogMarginal": func() error { _, _, err := exact.LogMarginal(); return err },
		"exact, Fit":         func() error { _, err := exact.Fit(ctx, 2); return err },
		"SGPR":               func() error { _, _, err := sgpr.Predict(gp.Column(x)); return err },
		"SGPR, Bound":        func() error { _, _, err := sgpr.Bound(); return err },
		"SGPR, Fit":          func() error { _, err := sgpr.Fit(ctx, 2); return err },
	}
	refuses(early)
	must(t, m.Update(ctx, x, y))
	must(t, counts.Update(ctx, x, subject{counts: true}.only(20)))
	plane := mat.NewDense(20, 2, nil)
	for i, v := range x {
		plane.SetRow(i, []float64{v, -v})
	}
	must(t, path.UpdateX(ctx, plane, y))
	must(t, ref.Update(ctx, x, y))
	must(t, class.Update(ctx, gp.Column(x), make([]int, 20)))
	must(t, vae.Update(ctx, 2, x, plane))
	post, err := ch.Posterior(ctx, 2, x, y, x)
	must(t, err)
	post.Accept()
	must(t, exact.Condition(gp.Column(x), y))
	must(t, sgpr.Condition(gp.Column(x), y))
	for name, ask := range early {
		if err := ask(); err != nil {
			t.Errorf("%s after a task: %v", name, err)
		}
	}
	refuses(map[string]func() error{
		"Predict at NaN":                 predict([]float64{1, nan}),
		"Predict at infinity":            predict([]float64{math.Inf(1)}),
		"Sample of nothing":              func() error { _, err := m.Sample(ctx, nil, 2, r); return err },
		"no functions":                   func() error { _, err := m.Sample(ctx, x, 0, r); return err },
		"Sample at NaN":                  func() error { _, err := m.Sample(ctx, []float64{nan}, 2, r); return err },
		"normals of another shape":       func() error { _, err := m.SampleWith(ctx, x, mat.NewDense(2, 3, nil)); return err },
		"prior, another shape":           func() error { _, err := m.PriorWith(ctx, x, mat.NewDense(2, 3, nil)); return err },
		"Reconstruct after the end":      func() error { _, _, err := m.Reconstruct([]float64{7}); return err },
		"Reconstruct at NaN":             func() error { _, _, err := m.Reconstruct([]float64{nan}); return err },
		"Observe two columns":            func() error { _, _, err := m.Observe(ctx, two(1)); return err },
		"LogDensity of too few":          func() error { _, err := m.LogDensity(ctx, gp.Column(x), y[:3]); return err },
		"LogDensity of NaN":              func() error { _, err := m.LogDensity(ctx, gp.Column(x[:1]), []float64{nan}); return err },
		"LogDensity of a negative count": func() error { _, err := counts.LogDensity(ctx, gp.Column(x[:1]), []float64{-1}); return err },
		"minus one set":                  func() error { _, err := m.SampleObservations(ctx, gp.Column(x), -1, r); return err },
		"path at one column":             func() error { _, _, err := path.PredictX(ctx, gp.Column(x)); return err },
		"path at NaN":                    func() error { _, _, err := path.PredictX(ctx, two(nan)); return err },
		"path of three columns":          func() error { return path.UpdateX(ctx, mat.NewDense(2, 3, make([]float64, 6)), y[:2]) },
		"line of two columns":            func() error { return m.UpdateX(ctx, two(5), y[:1]) },
		"reference at NaN":               func() error { _, _, err := ref.Predict(ctx, []float64{nan}); return err },
		"reference, no functions":        func() error { _, err := ref.Sample(ctx, x, 0, r); return err },
		"Probabilities of nothing":       func() error { _, err := class.Probabilities(ctx, &mat.Dense{}); return err },
		"Probabilities at NaN":           func() error { _, err := class.Probabilities(ctx, gp.Column([]float64{nan})); return err },
		"Probabilities at two columns":   func() error { _, err := class.Probabilities(ctx, two(1)); return err },
		"GP-VAE at NaN":                  func() error { _, _, err := vae.Predict(ctx, []float64{nan}, 2, r); return err },
		"GP-VAE without draws":           func() error { _, _, err := vae.Predict(ctx, x, 0, r); return err },
		"GP-VAE, frames without times":   func() error { return vae.Update(ctx, 4, nil, plane) },
		"GP-VAE, an end that is NaN":     func() error { return vae.Update(ctx, nan, x, plane) },
		"channel at NaN":                 func() error { _, _, err := ch.Predict([]float64{nan}); return err },
		"exact at NaN":                   func() error { _, _, err := exact.Predict(gp.Column([]float64{nan})); return err },
		"exact at two columns":           func() error { _, _, err := exact.Predict(two(1)); return err },
		"exact, another shape":           func() error { _, err := exact.SampleWith(gp.Column(x), mat.NewDense(2, 3, nil)); return err },
		"SGPR at NaN":                    func() error { _, _, err := sgpr.Predict(gp.Column([]float64{nan})); return err },
		"SGPR at two columns":            func() error { _, _, err := sgpr.Predict(two(1)); return err },
		"SGPR of two columns":            func() error { return sgpr.Condition(two(1), y[:1]) },
		"SVGP at NaN":                    func() error { _, _, err := svgp.Predict(gp.Column([]float64{nan})); return err },
		"SVGP at two columns":            func() error { _, _, err := svgp.Predict(two(1)); return err },
		"SVGP of two columns":            func() error { return svgp.Fit(ctx, two(1), y[:1], gp.SVGPOptions{Steps: 1}) },
		"SVGP's bound of too few":        func() error { _, err := svgp.Bound(gp.Column(x), y[:3]); return err },
	})
	// nothing asked, nothing answered
	if mean, _, err := m.Predict(ctx, nil); err != nil || len(mean) != 0 {
		t.Errorf("no inputs: %v, %v", mean, err)
	}
	if mean, _, err := vae.Predict(ctx, nil, 2, r); err != nil || !mean.IsEmpty() {
		t.Errorf("no times: %v, %v", mean, err)
	}
}

// only is the targets of n observations.
func (s subject) only(n int) []float64 {
	_, y := s.series(n, 0)
	return y
}
