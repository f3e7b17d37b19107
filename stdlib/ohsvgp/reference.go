package ohsvgp

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
	"github.com/priorlab/priorlab/stdlib/param"
	"gonum.org/v1/gonum/mat"
)

// Reference is the exact GP on all data so far: what an online method could
// reach at best. It keeps every point, and its cost grows with their cube.
type Reference struct {
	opt   Options
	gp    *gp.Exact
	x, y  []float64
	bound float64
	tasks []Task
}

// NewReference makes the exact GP with the interface of the online methods. Of
// the options it reads Kernel, Noise, Hyper, Origin and FitSteps.
func NewReference(o Options) (*Reference, error) {
	o, err := o.filled()
	if err != nil {
		return nil, err
	}
	r := &Reference{opt: o}
	if o.Kernel != nil && o.Noise > 0 {
		r.gp = gp.NewExact(o.Kernel.Clone(), o.Noise)
	}
	return r, nil
}

// Name is "exact GP".
func (r *Reference) Name() string { return "exact GP" }

// Update adds one task to the data and conditions on all of them. On an error
// the model is as before.
func (r *Reference) Update(ctx context.Context, x, y []float64) error {
	began := time.Now()
	if err := ctx.Err(); err != nil {
		return err
	}
	X := append(append([]float64(nil), r.x...), x...)
	Y := append(append([]float64(nil), r.y...), y...)
	for i := len(r.x); i < len(X); i++ {
		X[i] -= r.opt.Origin
	}
	if err := gp.CheckData(gp.Column(X[len(r.x):]), y); err != nil {
		return fmt.Errorf("exact GP, task %d: %w", len(r.tasks)+1, err)
	}
	g := r.sized(X, Y)
	if err := g.Condition(gp.Column(X), Y); err != nil {
		return err
	}
	task := Task{N: len(y), End: X[len(X)-1] + r.opt.Origin}
	if r.opt.Hyper == HyperOnline || (r.opt.Hyper == HyperFirstTask && len(r.tasks) == 0) {
		fit, err := g.Fit(ctx, r.opt.FitSteps)
		if err != nil {
			return err
		}
		task.Learned = "exact marginal likelihood " + fit.String()
	}
	v, _, err := g.LogMarginal()
	if err != nil {
		return err
	}
	task.Bound, task.Took = v-r.bound, time.Since(began)
	r.x, r.y, r.gp, r.bound = X, Y, g, v
	r.tasks = append(r.tasks, task)
	return nil
}

// sized is a working copy of the model, sized from the data where the options
// left it open.
func (r *Reference) sized(x, y []float64) *gp.Exact {
	if r.gp != nil {
		g := gp.NewExact(r.gp.Kernel.Clone(), r.gp.Noise.Value())
		g.Noise = r.gp.Noise.Clone()
		return g
	}
	m := &Model{opt: r.opt, kernel: r.opt.Kernel}
	if r.opt.Noise > 0 {
		m.noise = param.Positive("noise", r.opt.Noise)
	}
	k, noise := m.parameters(gp.Column(x), y)
	return &gp.Exact{Kernel: k, Noise: noise}
}

// Predict is the posterior mean and variance of f at x.
func (r *Reference) Predict(ctx context.Context, x []float64) (mean, variance []float64, err error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	if len(r.tasks) == 0 {
		return nil, nil, fmt.Errorf("exact GP: nothing to predict from yet: call Update first")
	}
	return r.gp.Predict(r.inputs(x))
}

func (r *Reference) inputs(x []float64) *mat.Dense {
	t := make([]float64, len(x))
	for i, v := range x {
		t[i] = v - r.opt.Origin
	}
	return gp.Column(t)
}

// Sample draws n joint functions at x.
func (r *Reference) Sample(ctx context.Context, x []float64, n int, rnd *linalg.Rand) (*mat.Dense, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if r.gp == nil || n < 1 || len(x) == 0 {
		return nil, fmt.Errorf("exact GP: cannot draw %d functions at %d inputs before kernel and noise are known", n, len(x))
	}
	base := mat.NewDense(n, len(x), nil)
	rnd.FillNormal(base.RawMatrix().Data)
	return r.gp.SampleWith(r.inputs(x), base)
}

// Bound is the log marginal likelihood of all data so far.
func (r *Reference) Bound() float64 { return r.bound }

// Noise is the observation variance.
func (r *Reference) Noise() float64 {
	if r.gp == nil {
		return math.NaN()
	}
	return r.gp.Noise.Value()
}

// Tasks is how many tasks have been learned.
func (r *Reference) Tasks() int { return len(r.tasks) }

// History is the record of all tasks; Bound is the gain in log evidence.
func (r *Reference) History() []Task { return append([]Task(nil), r.tasks...) }

// Params are the kernel's parameters and the noise, live.
func (r *Reference) Params() param.Set {
	if r.gp == nil {
		return nil
	}
	return r.gp.Params()
}
