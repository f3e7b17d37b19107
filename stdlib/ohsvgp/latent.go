package ohsvgp

import (
	"context"
	"fmt"
	"math"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
	"gonum.org/v1/gonum/mat"
)

// Latent is one latent channel of a sparse GP-VAE (Jazbec et al. 2021) with the
// LegS memory (or inducing points): an encoder's outputs ytil_n, vtil_n are read as Gaussian
// pseudo-observations of f at x_n, and q(u) follows in closed form. Kernel
// parameters are fixed here.
//
// In streaming mode the old q(u) enters the next task's as in a regression; in
// amortised mode q(u) comes from the current task alone, as the publication
// suggests, and nothing is remembered but through the networks.
type Latent struct {
	M         int
	Kernel    gp.Kernel
	Amortised bool
	Points    bool    // inducing points picked by pivoted Cholesky (OVC) instead of the LegS memory
	Jitter    float64 // relative to k(x,x); 0 means 1e-8, negative means none

	q *posterior
}

// LatentPosterior is what one channel makes of a task's pseudo-observations.
type LatentPosterior struct {
	Mean, Variance []float64 // of q(f_n)
	// KL is the regulariser of the bound: KL(q(u)||p(u)), in streaming mode less
	// the correction for the old memory.
	KL float64

	c          *Latent
	q          *posterior
	W          *mat.Dense
	S          *mat.Dense // D^-1
	ytil, vtil []float64
	e          *elbo
}

// Posterior conditions the channel on pseudo-observations of a task that ends
// at end. Nothing is kept until Accept.
func (c *Latent) Posterior(ctx context.Context, end float64, x, ytil, vtil []float64) (*LatentPosterior, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	t, err := c.prepare(end, x)
	if err != nil {
		return nil, err
	}
	return t.condition(ytil, vtil)
}

// latentTask is what a channel knows of a task before the encoder speaks: the
// covariances, and the old memory moved to the new end time.
type latentTask struct {
	c *Latent
	b basis
	k gp.Kernel // a copy, as it is now
	e *elbo
	x *mat.Dense
}

func (c *Latent) prepare(end float64, x []float64) (*latentTask, error) {
	X := gp.Column(append([]float64(nil), x...))
	if err := gp.CheckData(X, make([]float64, len(x))); err != nil {
		return nil, fmt.Errorf("ohsvgp: latent channel: %w", err)
	}
	b, err := c.basis(end, X)
	if err != nil {
		return nil, err
	}
	return c.on(b, X)
}

// basis is that of the next task.
func (c *Latent) basis(end float64, X *mat.Dense) (basis, error) {
	if c.Points {
		return pickPoints(c.Kernel, X, c.oldBasis(), c.M)
	}
	return &legs{c.M, end}, nil
}

// old is the memory that enters the next task; nil when none does.
func (c *Latent) old() *posterior {
	if c.Amortised {
		return nil
	}
	return c.q
}

func (c *Latent) oldBasis() basis {
	if old := c.old(); old != nil {
		return old.basis
	}
	return nil
}

// on is prepare for given inducing variables.
func (c *Latent) on(b basis, X *mat.Dense) (*latentTask, error) {
	if err := b.check(c.Kernel); err != nil {
		return nil, err
	}
	bl, err := b.blocks(c.Kernel, X, c.oldBasis())
	if err != nil {
		return nil, err
	}
	m := &Model{opt: Options{Jitter: c.Jitter}}
	if c.Jitter == 0 {
		m.opt.Jitter = 1e-8
	}
	n, _ := X.Dims()
	// a Gaussian likelihood only lends its data term to elbo; sites are given
	e, err := newElbo(bl, make([]float64, n), gp.Gaussian(1), c.old(), m.jitter(c.Kernel, X))
	if err != nil {
		return nil, fmt.Errorf("ohsvgp: latent channel: %w", err)
	}
	return &latentTask{c, b, c.Kernel.Clone(), e, X}, nil
}

// sibling is the task of another channel with the same kernel and the same old
// variables.
func (t *latentTask) sibling(c *Latent) *latentTask {
	s := *t
	s.c, s.e = c, t.e.sibling(c.old())
	return &s
}

// pull takes a derivative by whitened covariances, or a sum over siblings, to the
// basis's own numbers and to the trained ones of the kernel.
func (t *latentTask) pull(g *whitenedGradient) (own, kernel []float64, err error) {
	grad := make([]float64, t.k.Params().Len())
	own, err = t.b.backward(t.k, t.x, t.c.oldBasis(), t.e.pull(g), grad)
	return own, t.k.Params().Pack(grad), err
}

// condition is q for pseudo-observations. It may be called many times.
func (t *latentTask) condition(ytil, vtil []float64) (*LatentPosterior, error) {
	n, _ := t.x.Dims()
	if len(ytil) != n || len(vtil) != n {
		return nil, fmt.Errorf("ohsvgp: latent channel: %d frames, %d means and %d variances", n, len(ytil), len(vtil))
	}
	s := &sites{make([]float64, n), make([]float64, n)}
	for i, v := range vtil {
		if !(v > 0) || !finite(v) || !finite(ytil[i]) {
			return nil, fmt.Errorf("ohsvgp: latent channel: pseudo-observation %d is %g with variance %g", i, ytil[i], v)
		}
		s.lam[i], s.nu[i] = 1/v, ytil[i]/v
	}
	e := *t.e
	q, _, err := s.posterior(&e)
	if err != nil {
		return nil, err
	}
	q.basis, q.kernel = t.b, t.k
	return &LatentPosterior{Mean: e.fmean, Variance: e.fvar, KL: e.kl - e.correction, c: t.c, q: q, W: e.W, S: e.S,
		ytil: ytil, vtil: vtil, e: &e}, nil
}

// Accept makes the posterior the channel's memory.
func (p *LatentPosterior) Accept() { p.c.q = p.q }

// Memory is the mean and covariance of u under q.
func (p *LatentPosterior) Memory() (mean []float64, cov *mat.Dense) { return p.q.moments() }

// CrossEntropy is E_q[log N(f_n; ytil_n, vtil_n)] of every frame.
func (p *LatentPosterior) CrossEntropy() []float64 {
	out := make([]float64, len(p.ytil))
	for i, v := range p.vtil {
		d := p.Mean[i] - p.ytil[i]
		out[i] = -0.5*math.Log(2*math.Pi*v) - 0.5*(d*d+p.Variance[i])/v
	}
	return out
}

// HensmanBound is L_H of the published objective; less the cross entropies it
// is -KL, so that the whole objective is reconstruction - KL.
func (p *LatentPosterior) HensmanBound() float64 { return sum(p.CrossEntropy()) - p.KL }

// adjoint is what a derivative by Mean, Variance and KL comes to at q: r by eta, G
// by Lam.
type adjoint struct {
	r []float64
	G *mat.Dense
}

func (p *LatentPosterior) adjoint(dMean, dVar []float64, dKL float64) adjoint {
	M := len(p.q.v)
	dmu := times(p.W, dMean)
	var WV mat.Dense
	WV.Apply(func(_, j int, v float64) float64 { return v * dVar[j] }, p.W)
	dS := mul(&WV, p.W.T())
	// KL = tr[(I+C)S]/2 + mu'(I+C)mu/2 - eta0'mu + log|D|/2 + constant, C = T Lam_a T'
	for i := 0; i < M; i++ {
		dmu[i] += dKL * p.q.v[i]
		dS.Set(i, i, dS.At(i, i)+0.5*dKL)
	}
	if C := p.e.carried; C != nil {
		for i, v := range times(C, p.q.v) {
			dmu[i] += dKL * (v - p.e.carriedEta[i])
		}
		dS.Add(dS, scaled(C, 0.5*dKL))
	}
	r := times(p.S, dmu)
	G := mul(mul(p.S, dS), p.S)
	for i := 0; i < M; i++ {
		row := G.RawRowView(i)
		for j := range row {
			row[j] = 0.5*dKL*p.S.At(i, j) - row[j] - 0.5*(r[i]*p.q.v[j]+r[j]*p.q.v[i])
		}
	}
	return adjoint{r, G}
}

// Backward takes the derivative of a scalar by Mean, Variance and KL and returns
// it by the pseudo-observations.
func (p *LatentPosterior) Backward(dMean, dVar []float64, dKL float64) (dYtil, dVtil []float64) {
	return p.byData(p.adjoint(dMean, dVar, dKL))
}

func (p *LatentPosterior) byData(a adjoint) (dYtil, dVtil []float64) {
	GW := mul(a.G, p.W)
	dYtil, dVtil = make([]float64, len(p.ytil)), make([]float64, len(p.ytil))
	for n, v := range p.vtil {
		dlam, dnu := 0.0, 0.0
		for i, r := range a.r {
			w := p.W.At(i, n)
			dlam += w * GW.At(i, n)
			dnu += w * r
		}
		dYtil[n] = dnu / v
		dVtil[n] = -(dlam + p.ytil[n]*dnu) / (v * v)
	}
	return dYtil, dVtil
}

// byWhitened is the derivative by the covariances, with the pseudo-observations
// held:
//
//	dW = mu dMean' + 2 (S-I) W diag(dVar) + 2 G W diag(1/vtil) + r (ytil/vtil)'
//	dT = 2 G T Lam_a + r eta_a' + dKL [(S + mu mu' - I) T Lam_a - mu eta_a']
func (p *LatentPosterior) byWhitened(a adjoint, dMean, dVar []float64, dKL float64) *whitenedGradient {
	mu := p.q.v
	C := addDiagonal(p.S, -1)
	out, GW := &whitenedGradient{W: mul(C, p.W), kff: append([]float64(nil), dVar...)}, mul(a.G, p.W)
	for i := range mu {
		d, g := out.W.RawRowView(i), GW.RawRowView(i)
		for n, v := range p.vtil {
			d[n] = 2*d[n]*dVar[n] + mu[i]*dMean[n] + 2*g[n]/v + a.r[i]*p.ytil[n]/v
		}
	}
	if old := p.e.old; old != nil {
		by := scaled(a.G, 2)
		for i := range mu {
			row, c := by.RawRowView(i), C.RawRowView(i)
			for j := range row {
				row[j] += dKL * (c[j] + mu[i]*mu[j])
			}
		}
		out.T = mul(mul(by, p.e.T), old.Lam)
		for i := range mu {
			row := out.T.RawRowView(i)
			for j, e := range old.eta {
				row[j] += (a.r[i] - dKL*mu[i]) * e
			}
		}
		out.Kaa = scaled(old.byKaa(), -dKL)
	}
	return out
}

// Predict is the mean and variance of f at x under the channel's memory.
func (c *Latent) Predict(x []float64) (mean, variance []float64, err error) {
	if c.q == nil {
		return nil, nil, fmt.Errorf("ohsvgp: the latent channel has no memory yet: call Accept on a posterior first")
	}
	return (&Model{q: c.q}).Predict(context.Background(), x)
}

// Sample draws n joint functions at x under the channel's memory.
func (c *Latent) Sample(x []float64, n int, r *linalg.Rand) (*mat.Dense, error) {
	if c.q == nil {
		return nil, fmt.Errorf("ohsvgp: the latent channel has no memory yet: call Accept on a posterior first")
	}
	return (&Model{q: c.q, opt: Options{M: c.M}}).Sample(context.Background(), x, n, r)
}
