package ohsvgp

import (
	"context"
	"fmt"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
	"gonum.org/v1/gonum/mat"
)

// UpdateX is Update for several inputs: the rows of X, in the order of the path
// where that matters. One column is measured from Options.Origin, several are
// taken as they are.
func (m *Model) UpdateX(ctx context.Context, X *mat.Dense, y []float64) error {
	if _, d := X.Dims(); d == 1 || m.timed() {
		x, err := column(X)
		if err != nil {
			return err
		}
		return m.Update(ctx, x, y)
	}
	if err := m.checkData(X, y); err != nil {
		return err
	}
	if q := m.q; q != nil {
		if _, d := X.Dims(); d != m.columns {
			return fmt.Errorf("ohsvgp: task %d: inputs with %d columns, earlier tasks have %d", len(m.tasks)+1, d, m.columns)
		}
	}
	return m.learn(ctx, X, y, float64(len(m.tasks)+1))
}

// PredictX is Predict at the rows of X.
func (m *Model) PredictX(ctx context.Context, X *mat.Dense) (mean, variance []float64, err error) {
	n, d := X.Dims()
	if n == 0 {
		return nil, nil, nil
	}
	if d == 1 || m.timed() {
		x, err := column(X)
		if err != nil {
			return nil, nil, err
		}
		return m.Predict(ctx, x)
	}
	if m.q != nil && d != m.columns {
		return nil, nil, fmt.Errorf("ohsvgp: inputs with %d columns, the tasks had %d", d, m.columns)
	}
	if err := gp.CheckData(X, make([]float64, n)); err != nil {
		return nil, nil, fmt.Errorf("ohsvgp: %w", err)
	}
	return m.predict(ctx, X)
}

// checkData refuses what no task can be.
func (m *Model) checkData(X *mat.Dense, y []float64) error {
	if err := gp.CheckData(X, y); err != nil {
		return fmt.Errorf("ohsvgp: task %d: %w", len(m.tasks)+1, err)
	}
	if m.lik != nil {
		if err := m.lik.Check(y); err != nil {
			return fmt.Errorf("ohsvgp: task %d: %s: %w", len(m.tasks)+1, m.lik.Name, err)
		}
	}
	return nil
}

// LogDensity is log p(y_i | x_i) under the predictive distribution of every
// observation; minus its mean is the NLPD.
func (m *Model) LogDensity(ctx context.Context, X *mat.Dense, y []float64) ([]float64, error) {
	mean, variance, err := m.PredictX(ctx, X)
	if err != nil {
		return nil, err
	}
	if len(mean) != len(y) {
		return nil, fmt.Errorf("ohsvgp: %d inputs and %d targets", len(mean), len(y))
	}
	lik := m.likelihood()
	for i, v := range y {
		if !finite(v) {
			return nil, fmt.Errorf("ohsvgp: y[%d] is %v", i, v)
		}
	}
	if err := lik.Check(y); err != nil {
		return nil, fmt.Errorf("ohsvgp: %s: %w", lik.Name, err)
	}
	out := make([]float64, len(y))
	for i := range y {
		out[i] = lik.LogDensity(y[i], mean[i], variance[i])
	}
	return out, nil
}

// Observe is the predictive mean and variance of observations at the rows of X.
func (m *Model) Observe(ctx context.Context, X *mat.Dense) (mean, variance []float64, err error) {
	if mean, variance, err = m.PredictX(ctx, X); err != nil {
		return nil, nil, err
	}
	lik := m.likelihood()
	for i := range mean {
		mean[i], variance[i] = lik.Observation(mean[i], variance[i])
	}
	return mean, variance, err
}

// SampleObservations draws n independent observations at every row of X from
// the predictive distribution: one set a row.
func (m *Model) SampleObservations(ctx context.Context, X *mat.Dense, n int, r *linalg.Rand) ([][]float64, error) {
	if n < 1 {
		return nil, fmt.Errorf("ohsvgp: %d sets of observations asked", n)
	}
	mean, variance, err := m.PredictX(ctx, X)
	if err != nil {
		return nil, err
	}
	return drawObservations(m.likelihood(), mean, variance, n, r), nil
}

func (m *Model) likelihood() *gp.Likelihood {
	if m.lik != nil {
		return m.lik
	}
	return gp.Gaussian(m.noise.Value())
}
