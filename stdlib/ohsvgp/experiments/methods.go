package experiments

import (
	"context"
	"math"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
	"github.com/priorlab/priorlab/stdlib/ohsvgp"
	"gonum.org/v1/gonum/mat"
)

// online adapts a model of package ohsvgp.
type online struct {
	observer
	learn func(ctx context.Context, t Task) error
}

// observer is what predicts observations.
type observer interface {
	Observe(ctx context.Context, X *mat.Dense) (mean, variance []float64, err error)
	LogDensity(ctx context.Context, X *mat.Dense, y []float64) ([]float64, error)
	SampleObservations(ctx context.Context, X *mat.Dense, n int, r *linalg.Rand) ([][]float64, error)
}

// onLine adapts one whose tasks have ends in time.
func onLine(m interface {
	observer
	UpdateTo(ctx context.Context, end float64, x, y []float64) error
}) Model {
	return online{m, func(ctx context.Context, t Task) error {
		return m.UpdateTo(ctx, t.End, mat.Col(nil, 0, t.X), t.Y)
	}}
}

// anywhere adapts one with any number of inputs.
func anywhere(m *ohsvgp.Model) Model {
	return online{m, func(ctx context.Context, t Task) error { return m.UpdateX(ctx, t.X, t.Y) }}
}

func (o online) Learn(ctx context.Context, t Task) error { return o.learn(ctx, t) }

func (o online) Test(ctx context.Context, x *mat.Dense, y []float64) (mean, logp []float64, err error) {
	if mean, _, err = o.Observe(ctx, x); err != nil {
		return nil, nil, err
	}
	logp, err = o.LogDensity(ctx, x, y)
	return mean, logp, err
}

func (o online) Draw(ctx context.Context, x *mat.Dense, n int, seed uint64) ([][]float64, error) {
	return o.SampleObservations(ctx, x, n, linalg.NewRand(seed))
}

// reference adapts the exact GP.
type reference struct{ r *ohsvgp.Reference }

func (e reference) Learn(ctx context.Context, t Task) error {
	return e.r.Update(ctx, mat.Col(nil, 0, t.X), t.Y)
}

func (e reference) Test(ctx context.Context, x *mat.Dense, y []float64) (mean, logp []float64, err error) {
	mean, v, err := e.r.Predict(ctx, mat.Col(nil, 0, x))
	if err != nil {
		return nil, nil, err
	}
	lik := gp.Gaussian(e.r.Noise())
	for i := range y {
		logp = append(logp, lik.LogDensity(y[i], mean[i], v[i]))
	}
	return mean, logp, nil
}

func (e reference) Draw(ctx context.Context, x *mat.Dense, n int, seed uint64) ([][]float64, error) {
	mean, v, err := e.r.Predict(ctx, mat.Col(nil, 0, x))
	if err != nil {
		return nil, err
	}
	r := linalg.NewRand(seed)
	out := make([][]float64, n)
	for s := range out {
		for i := range mean {
			out[s] = append(out[s], mean[i]+math.Sqrt(v[i]+e.r.Noise())*r.Normal())
		}
	}
	return out, nil
}

// span is where the first task begins and where the last one ends.
func span(tasks []Task) (begin, all float64) {
	begin = math.Inf(1)
	for _, x := range [][]float64{mat.Col(nil, 0, tasks[0].X), mat.Col(nil, 0, tasks[0].TestX)} {
		for _, v := range x {
			begin = math.Min(begin, v)
		}
	}
	return begin, tasks[len(tasks)-1].End
}

// lineMethod makes a method on the line from options that do not name M, seed
// or origin yet.
func lineMethod(name string, make func(ohsvgp.Options) (*ohsvgp.Model, error), o func(length float64) ohsvgp.Options) Method {
	return Method{name, func(M int, seed uint64, tasks []Task) (Model, error) {
		m, err := make(placed(o, M, seed, tasks))
		return onLine(m), err
	}}
}

// placed are the options for a stream.
func placed(o func(length float64) ohsvgp.Options, M int, seed uint64, tasks []Task) ohsvgp.Options {
	begin, all := span(tasks)
	opt := o(tasks[0].End - begin)
	opt.M, opt.Seed, opt.Origin = M, seed, begin
	opt.Interval = [2]float64{begin, all}
	return opt
}

// lineMethods are the chapter's methods for regression on the line. The kernel
// is learned by the exact marginal likelihood of the first task, as published.
func lineMethods(kernel, fourier func(length float64) gp.Kernel, noise float64, zSteps int) []Method {
	opt := func(k func(float64) gp.Kernel, z int) func(float64) ohsvgp.Options {
		return func(length float64) ohsvgp.Options {
			return ohsvgp.Options{Kernel: k(length), Noise: noise, ZSteps: z}
		}
	}
	margin := func(length float64) ohsvgp.Options {
		o := opt(fourier, 0)(length)
		o.Margin = length
		return o
	}
	return []Method{
		lineMethod("OHSVGP", ohsvgp.New, opt(kernel, 0)),
		lineMethod("OSGPR", ohsvgp.NewOSGPR, opt(kernel, zSteps)),
		lineMethod("OVC", ohsvgp.NewOVC, opt(kernel, 0)),
		lineMethod("OVC-optZ", ohsvgp.NewOVC, opt(kernel, zSteps)),
		lineMethod("OVFF", ohsvgp.NewOVFF, margin),
		{"batch SGPR", func(M int, seed uint64, tasks []Task) (Model, error) {
			b, err := ohsvgp.NewBatch(placed(opt(kernel, 0), M, seed, tasks))
			return onLine(b), err
		}},
		{"exact GP", func(M int, seed uint64, tasks []Task) (Model, error) {
			r, err := ohsvgp.NewReference(placed(opt(kernel, 0), M, seed, tasks))
			return reference{r}, err
		}},
	}
}
