package gp

import (
	"context"
	"fmt"
	"math"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/param"
	"gonum.org/v1/gonum/blas"
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

// svgpState is one evaluation: covariances, marginals and derivatives at a
// batch. Its matrices over the data are kept for the next evaluation.
type svgpState struct {
	Z, x    *mat.Dense
	Kuu     *mat.Dense
	L, D    *linalg.CholFactor
	K, W, V scratch // K_uf, L^-1 K_uf and (S-I) L^-1 K_uf
	spare   scratch
	C       *mat.Dense // S - I
	v       []float64
	mean    []float64
	varf    []float64
	dm, dv  []float64
	elbo    float64
	y       []float64
	scale   float64
}

// evaluate fills t for a batch whose terms count scale times.
func (s *SVGP) evaluate(t *svgpState, x *mat.Dense, y []float64, scale float64) error {
	t.Z, t.x, t.y, t.scale, t.elbo = rowsOf(s.Z, s.cols), x, y, scale, 0
	t.Kuu = s.Kernel.Matrix(t.Z, t.Z)
	var err error
	if t.L, err = linalg.Chol(t.Kuu, sparseJitter(s.Kernel, t.Z)); err != nil {
		return fmt.Errorf("gp: inducing inputs under %s: %w", s.Kernel, err)
	}
	if t.D, err = linalg.Chol(s.D, linalg.JitterPolicy{}); err != nil {
		return fmt.Errorf("gp: precision of q: %w", err)
	}
	M, n := len(s.eta), len(y)
	t.v, t.C = t.D.SolveVec(s.eta), t.D.Inverse()
	kl := t.D.LogDet() - float64(M)
	for i, v := range t.v {
		kl += t.C.At(i, i) + v*v
		t.C.Set(i, i, t.C.At(i, i)-1)
	}
	t.elbo = -0.5 * kl
	kernelInto(s.Kernel, &t.K, t.Z, x)
	W := t.W.copyOf(t.K.Dense)
	solveHalf(t.L, blas.NoTrans, W)
	V := t.V.sized(M, n)
	V.Mul(t.C, W)
	// q(f) has mean w'v and variance k - w'w + w'Sw = k + w'(S-I)w
	t.mean, t.varf = make([]float64, n), s.Kernel.Diag(x)
	inParts(n, 512, func(lo, hi int) {
		for i := 0; i < M; i++ {
			w, v := row(W, i)[lo:hi], row(V, i)[lo:hi]
			mean, varf, vi := t.mean[lo:hi], t.varf[lo:hi], t.v[i]
			for j, a := range w {
				mean[j] += vi * a
				varf[j] += a * v[j]
			}
		}
	})
	if err := floorVariance(t.varf, s.Kernel.Diag(x)); err != nil {
		return err
	}
	t.dm, t.dv = make([]float64, n), make([]float64, n)
	for i := range y {
		e, a, b := s.Likelihood.Expect(y[i], t.mean[i], t.varf[i])
		t.elbo += scale * e
		t.dm[i], t.dv[i] = scale*a, scale*b
	}
	if math.IsNaN(t.elbo) {
		return fmt.Errorf("gp: the bound is not a number")
	}
	return nil
}

// Bound is the evidence lower bound on all of x, y.
func (s *SVGP) Bound(x *mat.Dense, y []float64) (float64, error) {
	t := new(svgpState)
	if err := s.evaluate(t, x, y, 1); err != nil {
		return 0, err
	}
	return t.elbo, nil
}

// step is one evaluation's gradient by all numbers of Params (nil unless
// learn), with the whitened q held fixed, and after it a move of q a share rho
// towards the Gaussian whose sites match the batch. The precision that the data
// ask for, W lam W' with lam = -2 dE/dvariance, serves both.
func (s *SVGP) step(t *svgpState, rho float64, learn bool) []float64 {
	M, n := len(s.eta), len(t.y)
	W := t.W.Dense
	lam, nu, concave := make([]float64, n), make([]float64, n), true
	for j, d := range t.dv {
		lam[j] = math.Max(0, -2*d)
		nu[j] = t.dm[j] + lam[j]*t.mean[j]
		concave = concave && d <= 0
	}
	Wdm := product(W, t.dm)
	scaled := t.spare.sized(M, n)
	columnsTimes(scaled, W, roots(lam))
	data := linalg.SymProduct(scaled, false)
	var grad []float64
	if learn {
		G := data // -2 W diag(dv) W'
		if !concave {
			columnsTimes(scaled, W, t.dv)
			G = newMatrix(M, M)
			G.Mul(scaled, W.T())
			G.Scale(-2, G)
		}
		grad = s.gradient(t, G, Wdm, scaled)
	}
	for i, e := range product(W, nu) {
		s.eta[i] += rho * (e - s.eta[i])
		data.Set(i, i, data.At(i, i)+1)
	}
	data.Sub(data, s.D)
	data.Scale(rho, data)
	s.D.Add(s.D, data)
	return grad
}

// gradient is the derivative of the bound by all numbers of Params. With C = S-I,
// dF/dW = v dm' + 2 C W diag(dv), so that (dF/dW) W' = v (W dm)' - C G; spare is
// an M by n matrix to write into.
func (s *SVGP) gradient(t *svgpState, G *mat.Dense, Wdm []float64, spare *mat.Dense) []float64 {
	X := newMatrix(len(t.v), len(t.v)) // -(dF/dW) W', lower triangle halved on the diagonal
	X.Mul(t.C, G)
	for i, v := range t.v {
		for j := 0; j < i; j++ {
			X.Set(i, j, 0.5*(X.At(i, j)-v*Wdm[j]))
			X.Set(j, i, X.At(i, j))
		}
		X.Set(i, i, 0.5*(X.At(i, i)-v*Wdm[i]))
	}
	u := t.L.HalfTVec(t.v)
	solveHalf(t.L, blas.Trans, t.V.Dense) // L^-T C W
	inParts(len(u), 8, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			o, v := row(spare, i), row(t.V.Dense, i)
			for j, d := range t.dv {
				o[j] = 2*v[j]*d + u[i]*t.dm[j]
			}
		}
	})
	dk, dZ := pointGradient(s.Kernel, t.Z, t.x, t.Kuu, t.K.Dense, t.L.RightHalfT(t.L.HalfT(X)), spare, t.dv)
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
	t := new(svgpState)
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
		if err := s.evaluate(t, bx, by, float64(len(y))/float64(len(by))); err != nil {
			return err
		}
		if o.Progress != nil {
			o.Progress(step, t.elbo)
		}
		g := s.step(t, o.Natural, o.Rate > 0)
		if o.Rate > 0 {
			_, prior := set.LogPrior()
			free := set.Free()
			for i, d := range adam.step(set.Pack(g), prior) {
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
	Z := rowsOf(s.Z, s.cols)
	L, err := linalg.Chol(s.Kernel.Matrix(Z, Z), sparseJitter(s.Kernel, Z))
	if err != nil {
		return nil, nil, fmt.Errorf("gp: inducing inputs under %s: %w", s.Kernel, err)
	}
	D, err := linalg.Chol(s.D, linalg.JitterPolicy{})
	if err != nil {
		return nil, nil, fmt.Errorf("gp: precision of q: %w", err)
	}
	return predictWhitened(L.Half(s.Kernel.Matrix(Z, x)), D.SolveVec(s.eta), D, s.Kernel.Diag(x))
}
