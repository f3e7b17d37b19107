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
	m    *ohsvgp.Model
	line bool
}

func (o online) Learn(ctx context.Context, t Task) error {
	if o.line {
		return o.m.UpdateTo(ctx, t.End, mat.Col(nil, 0, t.X), t.Y)
	}
	return o.m.UpdateX(ctx, t.X, t.Y)
}

func (o online) Test(ctx context.Context, x *mat.Dense, y []float64) (mean, logp []float64, err error) {
	if mean, _, err = o.m.Observe(ctx, x); err != nil {
		return nil, nil, err
	}
	logp, err = o.m.LogDensity(ctx, x, y)
	return mean, logp, err
}

func (o online) Draw(ctx context.Context, x *mat.Dense, n int, seed uint64) ([][]float64, error) {
	return o.m.SampleObservations(ctx, x, n, linalg.NewRand(seed))
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
		begin, all := span(tasks)
		opt := o((tasks[0].End - begin))
		opt.M, opt.Seed, opt.Origin = M, seed, begin
		opt.Interval = [2]float64{begin, all}
		m, err := make(opt)
		return online{m, true}, err
	}}
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
		{"exact GP", func(M int, seed uint64, tasks []Task) (Model, error) {
			begin, _ := span(tasks)
			o := opt(kernel, 0)(tasks[0].End - begin)
			o.Origin = begin
			r, err := ohsvgp.NewReference(o)
			return reference{r}, err
		}},
	}
}
