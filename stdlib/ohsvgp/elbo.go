package ohsvgp

import (
	"math"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
	"gonum.org/v1/gonum/mat"
)

// elbo is the uncollapsed online bound of a whitened q(v) = N(mu, S) and what
// its gradients need: varexp - KL(q(b)||p(b)) + correction, where the correction
// E_q(a)[log q_old(a) - log p_old(a)] sees the old memory alone and is
//
//	-1/2 tr[Lam_a (R - T'T + T'ST)] - 1/2 (T'mu)'Lam_a(T'mu) + eta_a'T'mu
//	+ 1/2 log|D_a| - 1/2 eta_a'D_a^-1 eta_a,      R = La^-1 Kaa La^-T
type elbo struct {
	b   *blocks
	L   *linalg.CholFactor
	W   *mat.Dense // L^-1 Kbf
	T   *mat.Dense // L^-1 Kba La^-T; nil in the first task
	R   *mat.Dense // with T
	old *posterior
	lik *gp.Likelihood
	y   []float64

	mu           []float64
	S            *mat.Dense
	fmean, fvar  []float64 // marginals at the data
	dm, dv       []float64 // derivatives of the data term by them
	varexp, kl   float64
	correction   float64
	carried      *mat.Dense // T Lam_a T'
	carriedEta   []float64  // T eta_a
	constantPart float64    // of the correction
}

// newElbo prepares what does not depend on q.
func newElbo(b *blocks, y []float64, lik *gp.Likelihood, old *posterior, jitter linalg.JitterPolicy) (*elbo, error) {
	L, err := linalg.Chol(b.Kbb, jitter)
	if err != nil {
		return nil, err
	}
	e := &elbo{b: b, L: L, W: L.Half(b.Kbf), lik: lik, y: y}
	if old != nil {
		e.T = old.L.RightHalf(L.Half(b.Kba))
		e.R = addDiagonal(b.Kaa, L.Jitter())
		old.L.SymHalfTo(e.R, e.R)
		e.carry(old)
	}
	return e, nil
}

// sibling is the bound of another q under the same covariances, with a memory of
// its own of the same old variables.
func (e *elbo) sibling(old *posterior) *elbo {
	s := *e
	if old != nil {
		s.carry(old)
	}
	return &s
}

// carry moves an old memory to the new variables.
func (e *elbo) carry(old *posterior) {
	e.old = old
	e.carried = mul(mul(e.T, old.Lam), e.T.T())
	symmetrise(e.carried)
	e.carriedEta = times(e.T, old.eta)
	e.constantPart = 0.5*old.D.LogDet() - 0.5*(dot(old.Lam, e.R)-trace(e.carried))
	for i, v := range old.v {
		e.constantPart -= 0.5 * v * old.eta[i]
	}
}

// at evaluates the bound for a mean, a covariance and its log determinant.
func (e *elbo) at(mu []float64, S *mat.Dense, logDet float64) float64 {
	e.marginals(mu, S, logDet)
	return e.expect()
}

// expect adds the data's term to the marginals.
func (e *elbo) expect() float64 {
	e.varexp = 0
	for j := range e.y {
		v, a, b := e.lik.Expect(e.y[j], e.fmean[j], e.fvar[j])
		e.varexp += v
		e.dm[j], e.dv[j] = a, b
	}
	return e.value()
}

// marginals is at without the data's term.
func (e *elbo) marginals(mu []float64, S *mat.Dense, logDet float64) {
	e.mu, e.S = mu, S
	M := len(mu)
	var SW mat.Dense
	SW.Mul(S, e.W)
	n := len(e.y)
	e.fmean, e.dm, e.dv = make([]float64, n), make([]float64, n), make([]float64, n)
	e.fvar = append([]float64(nil), e.b.kff...)
	for i := 0; i < M; i++ {
		w, sw := e.W.RawRowView(i), SW.RawRowView(i)
		for j := range w {
			e.fmean[j] += mu[i] * w[j]
			e.fvar[j] += w[j] * (sw[j] - w[j])
		}
	}
	for j, v := range e.fvar {
		e.fvar[j] = math.Max(0, v)
	}
	e.kl = 0.5 * (trace(S) + square(mu) - float64(M) - logDet)
	e.correction = 0
	if e.old != nil {
		e.correction = e.constantPart - 0.5*dot(e.carried, S)
		for i, v := range times(e.carried, mu) {
			e.correction += mu[i] * (e.carriedEta[i] - 0.5*v)
		}
	}
}

func (e *elbo) value() float64 { return e.varexp - e.kl + e.correction }

// gradQ is the derivative by the whitened mean and by the covariance S (each
// entry free); for a factor S = GG' that is 2 dS G, lower triangle.
func (e *elbo) gradQ() (dmu []float64, dS *mat.Dense, err error) {
	M := len(e.mu)
	dmu = times(e.W, e.dm)
	for i := range dmu {
		dmu[i] -= e.mu[i]
	}
	c, err := linalg.Chol(e.S, linalg.JitterPolicy{})
	if err != nil {
		return nil, nil, err
	}
	dS = c.Inverse()
	dS.Scale(0.5, dS)
	var WV, data mat.Dense
	WV.Apply(func(_, j int, v float64) float64 { return v * e.dv[j] }, e.W)
	data.Mul(&WV, e.W.T())
	dS.Add(dS, &data)
	for i := 0; i < M; i++ {
		dS.Set(i, i, dS.At(i, i)-0.5)
	}
	if e.old != nil {
		for i, v := range times(e.carried, e.mu) {
			dmu[i] += e.carriedEta[i] - v
		}
		var half mat.Dense
		half.Scale(0.5, e.carried)
		dS.Sub(dS, &half)
	}
	return dmu, dS, nil
}

// whitenedGradient is a derivative by W = L^-1 Kbf, by T = L^-1 Kba La^-T, by Kaa
// and by the prior variances.
type whitenedGradient struct {
	W, T, Kaa *mat.Dense // T and Kaa nil in the first task
	kff       []float64
}

// add adds that of a sibling.
func (g *whitenedGradient) add(o *whitenedGradient) {
	g.W.Add(g.W, o.W)
	if g.T != nil {
		g.T.Add(g.T, o.T)
		g.Kaa.Add(g.Kaa, o.Kaa)
	}
	for i, v := range o.kff {
		g.kff[i] += v
	}
}

// gradBlocks is the derivative by every block and by the likelihood's free
// parameters, with mu, S and everything old held fixed.
func (e *elbo) gradBlocks() (*blocks, []float64) {
	grad := make([]float64, e.lik.Params().Len())
	for j := range e.y {
		e.lik.ExpectGrad(e.y[j], e.fmean[j], e.fvar[j], grad)
	}
	return e.pull(e.gradWhitened()), grad
}

// gradWhitened is the same before it is pulled to the blocks.
func (e *elbo) gradWhitened() *whitenedGradient {
	M := len(e.mu)
	C := addDiagonal(e.S, -1) // S - I
	// dF/dW = mu dm' + 2 (S-I) W diag(dv)
	out := &whitenedGradient{W: mul(C, e.W), kff: append([]float64(nil), e.dv...)}
	for i := 0; i < M; i++ {
		r := out.W.RawRowView(i)
		for j := range r {
			r[j] = 2*r[j]*e.dv[j] + e.mu[i]*e.dm[j]
		}
	}
	if a := e.old; a != nil {
		// dF/dT = -(S - I + mu mu') T Lam_a + mu eta_a'
		for i := 0; i < M; i++ {
			r := C.RawRowView(i)
			for j := range r {
				r[j] += e.mu[i] * e.mu[j]
			}
		}
		out.T = mul(mul(C, e.T), a.Lam)
		for i := 0; i < M; i++ {
			r := out.T.RawRowView(i)
			for j := range r {
				r[j] = e.mu[i]*a.eta[j] - r[j]
			}
		}
		out.Kaa = scaled(a.byKaa(), 1)
	}
	return out
}

// pull takes a derivative, or a sum over siblings, to the blocks, through the
// factor: dK = L^-T Phi(-X) L^-1 with X = dW W' + dT T', Phi the lower triangle
// with half the diagonal, made symmetric.
func (e *elbo) pull(g *whitenedGradient) *blocks {
	out := &blocks{of: e.b, Kbf: e.L.HalfT(g.W), Kaa: g.Kaa, kff: g.kff}
	X := mul(g.W, e.W.T())
	if a := e.old; a != nil {
		out.Kba = a.L.RightHalfT(e.L.HalfT(g.T))
		X.Add(X, mul(g.T, e.T.T()))
	}
	M, _ := X.Dims()
	for i := 0; i < M; i++ {
		for j := 0; j < i; j++ {
			v := -0.5 * X.At(i, j)
			X.Set(i, j, v)
			X.Set(j, i, v)
		}
		X.Set(i, i, -0.5*X.At(i, i))
	}
	e.L.SymHalfTTo(X, X)
	out.Kbb = X
	return out
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
