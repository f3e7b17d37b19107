package gp

import (
	"context"
	"fmt"
	"math"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/param"
	"gonum.org/v1/gonum/mat"
)

// SVGP is the sparse variational GP for any likelihood and for minibatches
// (Hensman, Fusi and Lawrence 2013): whitened q(v) = N(D^-1 eta, D^-1) at inducing
// inputs Z. q follows natural gradients, which for a Gaussian likelihood and step
// 1 on all data is the exact answer; kernel, likelihood and Z follow Adam.
type SVGP struct {
	Kernel     Kernel
	Likelihood *Likelihood
	Z          *param.Param // M x D numbers, row by row

	cols int
	D    *mat.Dense // precision of v
	eta  []float64
}

// NewSVGP makes a model with q equal to the prior.
func NewSVGP(k Kernel, l *Likelihood, Z *mat.Dense) *SVGP {
	n, d := Z.Dims()
	s := &SVGP{Kernel: k, Likelihood: l, Z: inducing(Z), cols: d, D: mat.NewDense(n, n, nil), eta: make([]float64, n)}
	for i := 0; i < n; i++ {
		s.D.Set(i, i, 1)
	}
	return s
}

// Params are those of the kernel, the likelihood and Z.
func (s *SVGP) Params() param.Set {
	return append(append(s.Kernel.Params(), s.Likelihood.Params()...), s.Z)
}

// SVGPOptions say how Fit learns. The zero value of every field has a meaning.
type SVGPOptions struct {
	Steps    int     // 0 means 500
	Batch    int     // 0 means all data
	Natural  float64 // share of a natural-gradient step; 0 means 0.5
	Rate     float64 // Adam's rate for parameters; 0 means 0.01, negative leaves them alone
	Seed     uint64  // for the minibatches
	Progress func(step int, elbo float64)
}

func (o SVGPOptions) filled(n int) SVGPOptions {
	if o.Steps == 0 {
		o.Steps = 500
	}
	if o.Batch <= 0 || o.Batch > n {
		o.Batch = n
	}
	if o.Natural == 0 {
		o.Natural = 0.5
	}
	if o.Rate == 0 {
		o.Rate = 0.01
	}
	return o
}

// state is one evaluation: covariances, marginals and derivatives at a batch.
type svgpState struct {
	Z, x   *mat.Dense
	L, D   *linalg.CholFactor
	W      *mat.Dense
	v      []float64
	mean   []float64
	varf   []float64
	dm, dv []float64
	elbo   float64
	y      []float64
	scale  float64
	S      *mat.Dense
}

func (s *SVGP) at(x *mat.Dense, y []float64, scale float64) (*svgpState, error) {
	t := &svgpState{Z: rowsOf(s.Z, s.cols), x: x, y: y, scale: scale}
	var err error
	if t.L, err = linalg.Chol(s.Kernel.Matrix(t.Z, t.Z), sparseJitter(s.Kernel, t.Z)); err != nil {
		return nil, fmt.Errorf("gp: inducing inputs under %s: %w", s.Kernel, err)
	}
	if t.D, err = linalg.Chol(s.D, linalg.JitterPolicy{}); err != nil {
		return nil, fmt.Errorf("gp: precision of q: %w", err)
	}
	t.W, t.v, t.S = t.L.Half(s.Kernel.Matrix(t.Z, x)), t.D.SolveVec(s.eta), t.D.Inverse()
	if t.mean, t.varf, err = predictWhitened(t.W, t.v, t.D, s.Kernel.Diag(x)); err != nil {
		return nil, err
	}
	t.dm, t.dv = make([]float64, len(y)), make([]float64, len(y))
	for i := range y {
		e, a, b := s.Likelihood.Expect(y[i], t.mean[i], t.varf[i])
		t.elbo += scale * e
		t.dm[i], t.dv[i] = scale*a, scale*b
	}
	kl := t.D.LogDet() - float64(len(t.v))
	for i, v := range t.v {
		kl += t.S.At(i, i) + v*v
	}
	t.elbo -= 0.5 * kl
	if math.IsNaN(t.elbo) {
		return nil, fmt.Errorf("gp: the bound is not a number")
	}
	return t, nil
}

// Bound is the evidence lower bound on all of x, y.
func (s *SVGP) Bound(x *mat.Dense, y []float64) (float64, error) {
	t, err := s.at(x, y, 1)
	if err != nil {
		return 0, err
	}
	return t.elbo, nil
}

// natural moves q a share rho towards the Gaussian whose sites match the batch.
func (s *SVGP) natural(t *svgpState, rho float64) {
	n := len(s.eta)
	WV := mat.DenseCopyOf(t.W)
	nu := make([]float64, len(t.y))
	for j := range t.y {
		lam := math.Max(0, -2*t.dv[j])
		nu[j] = t.dm[j] + lam*t.mean[j]
		for i := 0; i < n; i++ {
			WV.Set(i, j, WV.At(i, j)*math.Sqrt(lam))
		}
	}
	target := linalg.SymProduct(WV, false)
	for i := 0; i < n; i++ {
		target.Set(i, i, target.At(i, i)+1)
		e := 0.0
		for j, w := range row(t.W, i) {
			e += w * nu[j]
		}
		s.eta[i] += rho * (e - s.eta[i])
	}
	target.Sub(target, s.D)
	target.Scale(rho, target)
	s.D.Add(s.D, target)
}

// gradient is the derivative of the bound by all numbers of Params, with the
// whitened q held fixed.
func (s *SVGP) gradient(t *svgpState) []float64 {
	n := len(t.v)
	C := mat.DenseCopyOf(t.S)
	for i := 0; i < n; i++ {
		C.Set(i, i, C.At(i, i)-1)
	}
	var dW, X mat.Dense // dF/dW = v dm' + 2 (S-I) W diag(dv)
	dW.Mul(C, t.W)
	for i := 0; i < n; i++ {
		r := row(&dW, i)
		for j := range r {
			r[j] = 2*r[j]*t.dv[j] + t.v[i]*t.dm[j]
		}
	}
	X.Mul(&dW, t.W.T())
	for i := 0; i < n; i++ {
		for j := 0; j < i; j++ {
			X.Set(i, j, -0.5*X.At(i, j))
			X.Set(j, i, X.At(i, j))
		}
		X.Set(i, i, -0.5*X.At(i, i))
	}
	dk, dZ := pointGradient(s.Kernel, t.Z, t.x, t.L.RightHalfT(t.L.HalfT(&X)), t.L.HalfT(&dW), t.dv)
	dl := make([]float64, s.Likelihood.Params().Len())
	for j := range t.y {
		s.Likelihood.ExpectGrad(t.y[j], t.mean[j], t.varf[j], dl)
	}
	for i := range dl {
		dl[i] *= t.scale
	}
	return append(append(dk, dl...), dZ...)
}

// Fit learns q and the trainable parameters. On an error, or when ctx is
// cancelled, the model is as before the call.
func (s *SVGP) Fit(ctx context.Context, x *mat.Dense, y []float64, o SVGPOptions) error {
	if err := CheckData(x, y); err != nil {
		return fmt.Errorf("gp: %w", err)
	}
	if err := s.Likelihood.Check(y); err != nil {
		return fmt.Errorf("gp: %s: %w", s.Likelihood.Name, err)
	}
	o = o.filled(len(y))
	before, D, eta := s.Params().Clone(), mat.DenseCopyOf(s.D), append([]float64(nil), s.eta...)
	done := false
	defer func() { // also when an interrupt unwinds a product
		if !done {
			s.D, s.eta = D, eta
			_ = s.Params().CopyFrom(before)
		}
	}()
	if err := s.climb(ctx, x, y, o); err != nil {
		return err
	}
	done = true
	return nil
}

func (s *SVGP) climb(ctx context.Context, x *mat.Dense, y []float64, o SVGPOptions) error {
	r := linalg.NewRand(o.Seed)
	set := s.Params()
	adam := newAdam(len(set.Free()), o.Rate)
	var order []int
	for step := 0; step < o.Steps; step++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		bx, by := x, y
		if o.Batch < len(y) {
			if len(order) < o.Batch {
				order = r.Perm(len(y))
			}
			bx, by = take(x, y, order[:o.Batch])
			order = order[o.Batch:]
		}
		t, err := s.at(bx, by, float64(len(y))/float64(len(by)))
		if err != nil {
			return err
		}
		if o.Progress != nil {
			o.Progress(step, t.elbo)
		}
		var g []float64
		if o.Rate > 0 {
			g = set.Pack(s.gradient(t))
		}
		s.natural(t, o.Natural)
		if o.Rate > 0 {
			_, prior := set.LogPrior()
			free := set.Free()
			for i, d := range adam.step(g, prior) {
				free[i] += d
			}
			if err := set.SetFree(free); err != nil {
				return err
			}
		}
	}
	return nil
}

func take(x *mat.Dense, y []float64, rows []int) (*mat.Dense, []float64) {
	_, d := x.Dims()
	bx, by := mat.NewDense(len(rows), d, nil), make([]float64, len(rows))
	for i, j := range rows {
		bx.SetRow(i, row(x, j))
		by[i] = y[j]
	}
	return bx, by
}

// adam is Kingma and Ba's rule, uphill.
type adam struct {
	rate float64
	m, v []float64
	t    int
}

func newAdam(n int, rate float64) *adam {
	return &adam{rate: rate, m: make([]float64, n), v: make([]float64, n)}
}

func (a *adam) step(g, prior []float64) []float64 {
	a.t++
	out := make([]float64, len(g))
	for i := range g {
		d := g[i] + prior[i]
		a.m[i] += 0.1 * (d - a.m[i])
		a.v[i] += 0.001 * (d*d - a.v[i])
		m := a.m[i] / (1 - math.Pow(0.9, float64(a.t)))
		v := a.v[i] / (1 - math.Pow(0.999, float64(a.t)))
		out[i] = a.rate * m / (math.Sqrt(v) + 1e-8)
	}
	return out
}

// Predict is the posterior mean and variance of the latent f at the rows of x.
func (s *SVGP) Predict(x *mat.Dense) (mean, variance []float64, err error) {
	n, d := x.Dims()
	if d != s.cols && n > 0 {
		return nil, nil, fmt.Errorf("gp: inputs with %d columns, Z has %d", d, s.cols)
	}
	t, err := s.at(x, nil, 1)
	if err != nil {
		return nil, nil, err
	}
	return t.mean, t.varf, nil
}
