package gp

import (
	"context"
	"fmt"
	"math"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/internal/scratch"
	"github.com/priorlab/priorlab/stdlib/param"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
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

// svgpState is one evaluation: the bound of a batch, and sums over it. The next one
// uses its memory again.
type svgpState struct {
	Z       *mat.Dense
	Kuu     *mat.Dense
	L, D    *linalg.CholFactor
	C       *mat.Dense // S - I
	v       []float64
	elbo    float64
	data    *mat.Dense // W diag(lam) W', lam = max(0, -2 dv), dv the derivative of the bound by the marginal variances
	convex  *mat.Dense // W diag(-2dv) W' of the data where this is negative; nil without such
	Wdm     []float64  // W times the derivative by the marginal means
	Wnu     []float64  // W nu, nu = dm + lam mean
	dk, dl  []float64  // gradient through K_uf and k_ff by the kernel, and by the likelihood
	dZ      *mat.Dense // and by Z
	sums    []*svgpSums
	scale   float64
	learned bool
}

// svgpSums are those over one run of parts.
type svgpSums struct {
	elbo         float64
	data, convex *mat.Dense
	linear       *mat.Dense // Wdm and Wnu, in two rows
	cross        *crossGradient
	dk, dl       []float64 // through k_ff; by the likelihood
	err          error
}

// begin empties t for an evaluation.
func (t *svgpState) begin(M int) {
	scratch.Release(t.Kuu, t.C, t.data, t.convex)
	L, D := t.L, t.D
	if L == nil {
		L, D = new(linalg.CholFactor), new(linalg.CholFactor)
	}
	*t = svgpState{L: L, D: D, Kuu: scratch.Lease(M, M), C: scratch.Lease(M, M)}
}

// evaluate fills t for a batch whose terms count scale times, with the sums for a
// gradient if learn.
func (s *SVGP) evaluate(t *svgpState, x *mat.Dense, y []float64, scale float64, learn bool) error {
	M, n := len(s.eta), len(y)
	t.begin(M)
	t.Z, t.scale, t.learned = rowsOf(s.Z, s.cols), scale, learn
	kernelTo(t.Kuu, s.Kernel, t.Z, t.Z)
	if err := t.L.Refactor(t.Kuu, sparseJitter(s.Kernel, t.Z)); err != nil {
		return fmt.Errorf("gp: inducing inputs under %s: %w", s.Kernel, err)
	}
	if err := t.D.Refactor(s.D, linalg.JitterPolicy{}); err != nil {
		return fmt.Errorf("gp: precision of q: %w", err)
	}
	t.v = t.D.SolveVec(s.eta)
	t.D.InverseTo(t.C)
	kl := t.D.LogDet() - float64(M)
	for i, v := range t.v {
		kl += t.C.At(i, i) + v*v
		t.C.Set(i, i, t.C.At(i, i)-1)
	}
	count, run := runs(n)
	t.sums = make([]*svgpSums, count)
	A, u := scratch.Lease(M+1, M), t.L.HalfTVec(t.v) // L^-T C, and v' below it
	t.L.HalfTTo(rowsBetween(A, 0, M), t.C)
	A.SetRow(M, t.v)
	for r := range t.sums {
		t.sums[r] = &svgpSums{
			data: scratch.Zeros(M, M), linear: scratch.Zeros(2, M), cross: newCrossGradient(s.Kernel, t.Z, u),
			dk: make([]float64, s.Kernel.Params().Len()), dl: make([]float64, s.Likelihood.Params().Len()),
		}
	}
	run(func(r, lo, hi int) {
		if t.sums[r].err == nil {
			t.sums[r].err = s.part(t, t.sums[r], A, rowsBetween(x, lo, hi), y[lo:hi], scale)
		}
	})
	scratch.Release(A)
	t.elbo = -0.5 * kl
	return t.gather(s.Kernel.Params().Len(), s.Likelihood.Params().Len())
}

// Bound is the evidence lower bound on all of x, y.
func (s *SVGP) Bound(x *mat.Dense, y []float64) (float64, error) {
	if err := s.check(x, y); err != nil {
		return 0, err
	}
	t := new(svgpState)
	if err := s.evaluate(t, x, y, 1, false); err != nil {
		return 0, err
	}
	return t.elbo, nil
}

// check refuses what the model cannot learn from.
func (s *SVGP) check(x *mat.Dense, y []float64) error {
	if err := CheckData(x, y); err != nil {
		return fmt.Errorf("gp: %w", err)
	}
	if err := s.Likelihood.Check(y); err != nil {
		return fmt.Errorf("gp: %s: %w", s.Likelihood.Name, err)
	}
	return checkAt(x, s.cols)
}

// gather adds up the runs, in their order.
func (t *svgpState) gather(nk, nl int) error {
	M, d := t.Z.Dims()
	t.data, t.dZ = scratch.Zeros(M, M), newMatrix(M, d)
	t.Wdm, t.Wnu, t.dk, t.dl = make([]float64, M), make([]float64, M), make([]float64, nk), make([]float64, nl)
	for _, p := range t.sums {
		if p.err != nil {
			return p.err
		}
		t.elbo += p.elbo
		addLower(t.data, p.data)
		if p.convex != nil {
			if t.convex == nil {
				t.convex = scratch.Zeros(M, M)
			}
			t.convex.Add(t.convex, p.convex)
		}
		linalg.AddInto(t.Wdm, t.Wdm, row(p.linear, 0))
		linalg.AddInto(t.Wnu, t.Wnu, row(p.linear, 1))
		if t.learned {
			p.cross.finish()
			t.dZ.Add(t.dZ, p.cross.dZ)
			for i := range t.dk {
				t.dk[i] += p.cross.dk[i] + p.dk[i]
			}
			for i := range t.dl {
				t.dl[i] += p.dl[i]
			}
		}
		scratch.Release(p.data, p.convex, p.linear)
	}
	linalg.Mirror(t.data)
	if math.IsNaN(t.elbo) {
		return fmt.Errorf("gp: the bound is not a number")
	}
	return nil
}

// part adds one part of the batch to the sums. q(f) has mean w'v and variance
// k - w'w + w'Sw = k + w'Cw, and with U = L^-T C W the latter is k + K_j'U_j: one
// product serves the variance and dF/dK_uf = 2 U diag(dv) + u dm', u = L^-T v.
func (s *SVGP) part(t *svgpState, p *svgpSums, A, x *mat.Dense, y []float64, scale float64) error {
	M, n := len(s.eta), len(y)
	K, W, Um := scratch.Lease(M, n), scratch.Lease(M, n), scratch.Lease(M+1, n)
	vectors := scratch.Lease(5, n)
	defer scratch.Release(K, W, Um, vectors)
	kernelTo(K, s.Kernel, t.Z, x)
	t.L.HalfTo(W, K)
	gemm(1, A, W, 0, Um)
	U, mean := rowsBetween(Um, 0, M), row(Um, M)
	variance, dm, dv, lam, nu := row(vectors, 0), row(vectors, 1), row(vectors, 2), row(vectors, 3), row(vectors, 4)
	prior := s.Kernel.Diag(x)
	copy(variance, prior)
	linalg.ColumnDots(variance, K, U)
	if err := floorVariance(variance, prior); err != nil {
		return err
	}
	var dl []float64
	if t.learned {
		dl = p.dl
	}
	p.elbo += scale * s.Likelihood.expectAll(y, mean, variance, dm, dv, dl)
	even, convex := true, false
	for j := range y {
		dm[j] *= scale
		dv[j] *= scale
		lam[j] = max(0, -2*dv[j])
		even = even && lam[j] == lam[0]
		convex = convex || dv[j] > 0
		nu[j] = dm[j] + lam[j]*mean[j]
	}
	gemm(1, W, Column(dm), 1, Column(row(p.linear, 0)))
	gemm(1, W, Column(nu), 1, Column(row(p.linear, 1)))
	if t.learned {
		s.Kernel.BackwardDiag(x, dv, p.dk)
		p.cross.add(x, K, U, dv, dm)
	}
	if convex {
		if p.convex == nil {
			p.convex = scratch.Zeros(M, M)
		}
		V := scratch.Lease(M, n)
		columnsTimes(V, W, dv, func(d float64) float64 { return -2 * math.Max(0, d) })
		blas64.Gemm(blas.NoTrans, blas.Trans, 1, V.RawMatrix(), W.RawMatrix(), 1, p.convex.RawMatrix())
		scratch.Release(V)
	}
	if even {
		addSymmetric(lam[0], W, p.data)
	} else {
		columnsTimes(W, W, lam, math.Sqrt)
		addSymmetric(1, W, p.data)
	}
	return nil
}

// columnsTimes is dst = a with column j times f(v_j).
func columnsTimes(dst, a *mat.Dense, v []float64, f func(float64) float64) {
	by := make([]float64, len(v))
	for j, x := range v {
		by[j] = f(x)
	}
	n, _ := a.Dims()
	for i := 0; i < n; i++ {
		d, r := row(dst, i), row(a, i)
		for j, w := range by {
			d[j] = r[j] * w
		}
	}
}

// move takes q a share rho towards the Gaussian whose sites match the batch.
func (s *SVGP) move(t *svgpState, rho float64) {
	for i, e := range t.Wnu {
		s.eta[i] += rho * (e - s.eta[i])
	}
	D, d := s.D.RawMatrix().Data, t.data.RawMatrix().Data // rows without gaps
	for i, v := range d[:len(D)] {
		D[i] += rho * (v - D[i])
	}
	for i := range s.eta {
		s.D.Set(i, i, s.D.At(i, i)+rho)
	}
}

// gradient is the derivative of the bound by all numbers of Params, with the
// whitened q held fixed. With C = S-I, dF/dW = v dm' + 2 C W diag(dv), so that
// (dF/dW) W' = v (W dm)' - C W diag(-2dv) W'.
func (s *SVGP) gradient(t *svgpState) []float64 {
	M := len(t.v)
	G := t.data
	if t.convex != nil {
		G = scratch.Lease(M, M)
		defer scratch.Release(G)
		G.Add(t.data, t.convex)
	}
	X := scratch.Lease(M, M) // -(dF/dW) W', lower triangle halved on the diagonal
	defer scratch.Release(X)
	linalg.MulLower(X, t.C, G)
	for i, v := range t.v {
		r := row(X, i)
		for j, w := range t.Wdm[:i+1] {
			r[j] = 0.5 * (r[j] - v*w)
		}
	}
	linalg.Mirror(X)
	t.L.SymHalfTTo(X, X)
	dZ := BackwardAll(s.Kernel, t.Z, t.Z, t.Kuu, X, t.dk)
	dZ.Scale(2, dZ) // Z stands on both sides
	dZ.Add(dZ, t.dZ)
	out := append([]float64(nil), t.dk...)
	for _, d := range t.dl {
		out = append(out, d*t.scale)
	}
	for i := 0; i < M; i++ {
		out = append(out, row(dZ, i)...)
	}
	return out
}

// Fit learns q and the trainable parameters. On an error, or when ctx is
// cancelled, the model is as before the call.
func (s *SVGP) Fit(ctx context.Context, x *mat.Dense, y []float64, o SVGPOptions) error {
	if err := s.check(x, y); err != nil {
		return err
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
		if err := s.evaluate(t, bx, by, float64(len(y))/float64(len(by)), o.Rate > 0); err != nil {
			return err
		}
		if o.Progress != nil {
			o.Progress(step, t.elbo)
		}
		var g []float64
		if o.Rate > 0 {
			g = s.gradient(t)
		}
		s.move(t, o.Natural)
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
	m1, v1 := 1-math.Pow(0.9, float64(a.t)), 1-math.Pow(0.999, float64(a.t))
	for i := range g {
		d := g[i] + prior[i]
		a.m[i] += 0.1 * (d - a.m[i])
		a.v[i] += 0.001 * (d*d - a.v[i])
		out[i] = a.rate * (a.m[i] / m1) / (math.Sqrt(a.v[i]/v1) + 1e-8)
	}
	return out
}

func (s *SVGP) q() *sparseQ {
	Z := rowsOf(s.Z, s.cols)
	L, err := linalg.Chol(s.Kernel.Matrix(Z, Z), sparseJitter(s.Kernel, Z))
	if err != nil {
		return &sparseQ{err: fmt.Errorf("gp: inducing inputs under %s: %w", s.Kernel, err)}
	}
	D, err := linalg.Chol(s.D, linalg.JitterPolicy{})
	if err != nil {
		return &sparseQ{err: fmt.Errorf("gp: precision of q: %w", err)}
	}
	return &sparseQ{k: s.Kernel, Z: Z, L: L, D: D, v: D.SolveVec(s.eta)}
}

// Predict is the posterior mean and variance of the latent f at the rows of x.
func (s *SVGP) Predict(x *mat.Dense) (mean, variance []float64, err error) { return s.q().predict(x) }

// Posterior is the posterior mean and full covariance of the latent f at the rows
// of x.
func (s *SVGP) Posterior(x *mat.Dense) (mean []float64, cov *mat.Dense, err error) {
	return s.q().posterior(x)
}

// SampleWith draws joint functions at the rows of x from given standard normal
// numbers, as Exact.SampleWith does. Before Fit these are prior samples.
func (s *SVGP) SampleWith(x, base *mat.Dense) (*mat.Dense, error) { return s.q().sample(x, base) }
