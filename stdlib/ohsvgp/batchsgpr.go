package ohsvgp

import (
	"context"
	"fmt"
	"time"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
	"github.com/priorlab/priorlab/stdlib/param"
	"gonum.org/v1/gonum/mat"
)

// Batch is the batch sparse GP on all data so far with the memory's basis at the
// end of the last task: what OHSVGP would reach if nothing were lost where tasks
// meet. It keeps every point and begins anew with each task.
type Batch struct {
	m     *Model
	x, y  []float64
	tasks []Task
}

var _ Online = (*Batch)(nil)

// NewBatch makes the batch model with the interface of the online methods; it
// reads the same options as New.
func NewBatch(o Options) (*Batch, error) {
	m, err := New(o)
	if err != nil {
		return nil, err
	}
	return &Batch{m: m}, nil
}

// Name is "batch SGPR", or "batch SVGP" with a likelihood that has no closed form.
func (b *Batch) Name() string {
	if b.m.lik != nil {
		return "batch SVGP"
	}
	return "batch SGPR"
}

// Update adds one task, which ends at its largest input, to the data and fits
// them all. On an error, or when ctx is cancelled, the model is as before.
func (b *Batch) Update(ctx context.Context, x, y []float64) error {
	return b.UpdateTo(ctx, last(x), x, y)
}

// UpdateTo is Update with a known end of the task, at or after its inputs.
func (b *Batch) UpdateTo(ctx context.Context, end float64, x, y []float64) error {
	began := time.Now()
	check := *b.m
	check.tasks = b.tasks
	if err := check.checkData(gp.Column(x), y); err != nil {
		return err
	}
	if err := check.checkTime(x, end); err != nil {
		return fmt.Errorf("ohsvgp: task %d: %w", len(b.tasks)+1, err)
	}
	next := *b.m
	next.q, next.tasks = nil, nil
	r := *b.m.rand
	next.rand = &r
	if b.m.kernel != nil {
		next.kernel = b.m.kernel.Clone()
	}
	if b.m.noise != nil {
		next.noise = b.m.noise.Clone()
	}
	if b.m.lik != nil {
		next.lik = b.m.lik.Clone()
	}
	if len(b.tasks) > 0 && next.opt.Hyper == HyperFirstTask {
		next.opt.Hyper = HyperFixed
	}
	X := append(append([]float64(nil), b.x...), x...)
	Y := append(append([]float64(nil), b.y...), y...)
	if err := next.UpdateTo(ctx, end, X, Y); err != nil {
		return fmt.Errorf("%s of %d tasks: %w", b.Name(), len(b.tasks)+1, err)
	}
	task := next.tasks[0]
	task.N, task.Bound, task.Took = len(y), task.Bound-b.Bound(), time.Since(began)
	b.m, b.x, b.y, b.tasks = &next, X, Y, append(b.tasks, task)
	return nil
}

// Predict is the posterior mean and variance of f at x.
func (b *Batch) Predict(ctx context.Context, x []float64) (mean, variance []float64, err error) {
	return b.m.Predict(ctx, x)
}

// Sample draws n joint functions at x.
func (b *Batch) Sample(ctx context.Context, x []float64, n int, r *linalg.Rand) (*mat.Dense, error) {
	return b.m.Sample(ctx, x, n, r)
}

// LogDensity is log p(y_i | x_i) of every observation, as Model.LogDensity.
func (b *Batch) LogDensity(ctx context.Context, X *mat.Dense, y []float64) ([]float64, error) {
	return b.m.LogDensity(ctx, X, y)
}

// Observe is the predictive mean and variance of observations at the rows of X.
func (b *Batch) Observe(ctx context.Context, X *mat.Dense) (mean, variance []float64, err error) {
	return b.m.Observe(ctx, X)
}

// SampleObservations draws n independent observations at every row of X: one set a
// row.
func (b *Batch) SampleObservations(ctx context.Context, X *mat.Dense, n int, r *linalg.Rand) ([][]float64, error) {
	return b.m.SampleObservations(ctx, X, n, r)
}

// Bound is the bound on the evidence of all data so far.
func (b *Batch) Bound() float64 { return b.m.Bound() }

// Noise is the observation variance.
func (b *Batch) Noise() float64 { return b.m.Noise() }

// Tasks is how many tasks have been learned.
func (b *Batch) Tasks() int { return len(b.tasks) }

// History is the record of all tasks; Bound is the gain.
func (b *Batch) History() []Task { return append([]Task(nil), b.tasks...) }

// Params are the parameters of kernel and likelihood, live until the next Update.
func (b *Batch) Params() param.Set { return b.m.Params() }
