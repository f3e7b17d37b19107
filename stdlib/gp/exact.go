package gp

import (
	"context"
	"fmt"
	"math"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/param"
	"gonum.org/v1/gonum/mat"
)

// Exact is Gaussian-process regression with all data: y = f(X) + noise,
// f ~ GP(0, k). Cost grows with the cube of the number of points.
type Exact struct {
	Kernel Kernel
	Noise  *param.Param // observation variance s2

	x     *mat.Dense
	y     []float64
	chol  *linalg.CholFactor
	alpha []float64
}

// NewExact makes a model with a kernel and an observation variance.
func NewExact(k Kernel, noise float64) *Exact {
	return &Exact{Kernel: k, Noise: param.Positive("noise", noise)}
}

// Params are those of the kernel and the noise.
func (g *Exact) Params() param.Set { return append(g.Kernel.Params(), g.Noise) }

// CheckData returns an error for data that no model can use: no points,
// lengths that differ, NaN or infinite numbers.
func CheckData(x *mat.Dense, y []float64) error {
	n, d := x.Dims()
	if n == 0 || len(y) == 0 {
		return fmt.Errorf("no data: %d inputs and %d targets were given", n, len(y))
	}
	if n != len(y) {
		return fmt.Errorf("%d inputs and %d targets were given: they must be as many", n, len(y))
	}
	for i, v := range y {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("y[%d] is %v: remove or fill missing values first", i, v)
		}
	}
	return checkInputs(x, n, d)
}

// checkAt refuses inputs that a model of so many columns cannot be asked about.
func checkAt(x *mat.Dense, cols int) error {
	n, d := x.Dims()
	if d != cols && n > 0 {
		return fmt.Errorf("gp: inputs with %d columns, Z has %d", d, cols)
	}
	if err := checkInputs(x, n, d); err != nil {
		return fmt.Errorf("gp: %w", err)
	}
	return nil
}

func checkInputs(x *mat.Dense, n, d int) error {
	for i := 0; i < n; i++ {
		for j, v := range row(x, i) {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				if d == 1 {
					return fmt.Errorf("x[%d] is %v: remove it first", i, v)
				}
				return fmt.Errorf("x[%d,%d] is %v: remove the row first", i, j, v)
			}
		}
	}
	return nil
}

// Condition gives the model its data and computes the posterior. On an error
// the model keeps what it had.
func (g *Exact) Condition(x *mat.Dense, y []float64) error {
	if err := CheckData(x, y); err != nil {
		return fmt.Errorf("gp: %w", err)
	}
	c, err := g.factor(x)
	if err != nil {
		return err
	}
	g.x, g.y, g.chol = mat.DenseCopyOf(x), append([]float64(nil), y...), c
	g.alpha = c.SolveVec(y)
	return nil
}

func (g *Exact) factor(x *mat.Dense) (*linalg.CholFactor, error) {
	k := g.Kernel.Matrix(x, x)
	n, _ := k.Dims()
	scale := 0.0
	for i := 0; i < n; i++ {
		scale = math.Max(scale, k.At(i, i))
		k.Set(i, i, k.At(i, i)+g.Noise.Value())
	}
	c, err := linalg.Chol(k, linalg.JitterPolicy{Max: 1e-6 * scale})
	if err != nil {
		return nil, fmt.Errorf("gp: %s on %d points with noise %.3g: %w", g.Kernel, n, g.Noise.Value(), err)
	}
	return c, nil
}

// LogMarginal is log p(y) of the data given, with its gradient over all
// numbers of Params with respect to the free numbers.
func (g *Exact) LogMarginal() (float64, []float64, error) {
	if g.x == nil {
		return 0, nil, fmt.Errorf("gp: no data yet: call Condition first")
	}
	c, err := g.factor(g.x)
	if err != nil {
		return 0, nil, err
	}
	n := c.N()
	alpha := c.SolveVec(g.y)
	v := -0.5 * (float64(n)*math.Log(2*math.Pi) + c.LogDet())
	for i, a := range alpha {
		v -= 0.5 * a * g.y[i]
	}
	// dF/dK = (alpha alpha' - K^-1)/2
	w := c.Inverse()
	trace := 0.0
	for i := 0; i < n; i++ {
		r := row(w, i)
		for j := range r {
			r[j] = 0.5 * (alpha[i]*alpha[j] - r[j])
		}
		trace += r[i]
	}
	set := g.Params()
	grad := make([]float64, set.Len())
	g.Kernel.Backward(g.x, g.x, w, grad[:len(grad)-1])
	grad[len(grad)-1] = trace * g.Noise.Slope(0)
	return v, grad, nil
}

// Fit learns the trainable parameters by maximum marginal likelihood (plus log
// priors, where parameters have one) in at most steps iterations, on the data
// given to Condition, and conditions again. When ctx is cancelled nothing changes.
func (g *Exact) Fit(ctx context.Context, steps int) (param.Fit, error) {
	if g.x == nil {
		return param.Fit{}, fmt.Errorf("gp: no data yet: call Condition first")
	}
	return learn(ctx, g.Params(), g.LogMarginal, steps, func() error { return g.Condition(g.x, g.y) })
}

// learn maximises and conditions again. Unless both are done, also when an
// interrupt unwinds a product, the parameters are as before.
func learn(ctx context.Context, set param.Set, objective func() (float64, []float64, error), steps int, condition func() error) (fit param.Fit, err error) {
	before, done := set.Clone(), false
	defer func() {
		if !done {
			_ = set.CopyFrom(before)
		}
	}()
	if fit, err = set.Maximise(ctx, objective, steps); err == nil {
		err = condition()
	}
	done = err == nil
	return fit, err
}

// Predict is the posterior mean and variance of f (without observation noise)
// at the rows of x.
func (g *Exact) Predict(x *mat.Dense) (mean, variance []float64, err error) {
	mean, w, err := g.cross(x)
	if err != nil {
		return nil, nil, err
	}
	variance = g.Kernel.Diag(x)
	if w != nil {
		n, _ := w.Dims()
		for i := 0; i < n; i++ {
			for j, v := range row(w, i) {
				variance[j] -= v * v
			}
		}
	}
	return mean, variance, floorVariance(variance, g.Kernel.Diag(x))
}

// cross returns the posterior mean and L^-1 k(X, x).
func (g *Exact) cross(x *mat.Dense) ([]float64, *mat.Dense, error) {
	n, d := x.Dims()
	if err := checkInputs(x, n, d); err != nil {
		return nil, nil, fmt.Errorf("gp: %w", err)
	}
	mean := make([]float64, n)
	if g.x == nil || n == 0 {
		return mean, nil, nil
	}
	if _, dd := g.x.Dims(); dd != d {
		return nil, nil, fmt.Errorf("gp: prediction at inputs with %d columns, the data have %d", d, dd)
	}
	k := g.Kernel.Matrix(g.x, x)
	for i, a := range g.alpha {
		for j, v := range row(k, i) {
			mean[j] += a * v
		}
	}
	return mean, g.chol.Half(k), nil
}

// floorVariance lifts rounding below zero to zero and refuses more.
func floorVariance(v, prior []float64) error {
	for i := range v {
		if v[i] < 0 {
			if v[i] < -1e-8*prior[i] {
				return fmt.Errorf("gp: the variance at point %d came out as %.3g: the covariances are not consistent", i, v[i])
			}
			v[i] = 0
		}
	}
	return nil
}

// Posterior is the posterior mean and full covariance of f at the rows of x.
func (g *Exact) Posterior(x *mat.Dense) (mean []float64, cov *mat.Dense, err error) {
	mean, w, err := g.cross(x)
	if err != nil {
		return nil, nil, err
	}
	cov = g.Kernel.Matrix(x, x)
	if w != nil {
		cov.Sub(cov, linalg.SymProduct(w, true))
	}
	return mean, cov, nil
}

// SampleWith draws joint functions at the rows of x from given standard normal
// numbers: one function for every row of base, which has as many columns as x
// has rows. The same base gives the same functions, moved smoothly when
// parameters or data move. Before Condition these are prior samples.
func (g *Exact) SampleWith(x, base *mat.Dense) (*mat.Dense, error) {
	mean, cov, err := g.Posterior(x)
	if err != nil {
		return nil, err
	}
	return DrawNormal(mean, cov, base)
}

// DrawNormal returns mean + L z for every row z of base, with L L' = cov (plus
// a little jitter). The result has the shape of base.
func DrawNormal(mean []float64, cov, base *mat.Dense) (*mat.Dense, error) {
	s, n := base.Dims()
	if n != len(mean) {
		return nil, fmt.Errorf("gp: samples at %d points need base normals with %d columns, there are %d", len(mean), len(mean), n)
	}
	scale := 1e-300
	for i := range mean {
		scale = math.Max(scale, cov.At(i, i))
	}
	c, err := linalg.Chol(cov, linalg.JitterPolicy{Start: 1e-10 * scale, Max: 1e-4 * scale})
	if err != nil {
		return nil, fmt.Errorf("gp: sampling: %w", err)
	}
	out := newMatrix(s, n)
	out.Mul(base, c.L().T())
	for i := 0; i < s; i++ {
		r := row(out, i)
		for j, m := range mean {
			r[j] += m
		}
	}
	return out, nil
}
