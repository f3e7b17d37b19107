package sgpa

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/priorlab/priorlab/linalg"
)

// This file holds attention as a Gaussian process for one head and one sequence, in float64 and written like the
// equations: it is what a notebook draws, and the twin against which the layers are tested.

// Posterior is what one head says about one sequence: dv independent Gaussian processes (channels) at T queries.
type Posterior struct {
	Mean   *mat.Dense   // T x dv
	Var    *mat.Dense   // T x dv, marginal variances
	Cov    []*mat.Dense // dv of T x T
	KLa    []float64    // dv, of the amortised part; zeros for standard SGPA
	KLg    []float64    // dv, of the inducing part
	Jitter float64      // what was added to the diagonal of the factorised Gram matrix
}

// jitterPolicy starts at the given amount, which the golden numbers contain, and gives up at 1e-2.
func jitterPolicy(start float64) linalg.JitterPolicy {
	return linalg.JitterPolicy{Start: start, Max: 1e-2}
}

// Whitened is the factor R of a whitened covariance S = L R R' L': the strict lower triangle of ltri with exp(logdiag)
// on the diagonal.
func Whitened(ltri *mat.Dense, logdiag []float64) *mat.Dense {
	n := len(logdiag)
	if r, c := ltri.Dims(); r != n || c != n {
		fail("Whitened", "", "the triangle is %d by %d, the diagonal has %d entries", r, c, n)
	}
	R := mat.NewDense(n, n, nil)
	for i := 0; i < n; i++ {
		for j := 0; j < i; j++ {
			R.Set(i, j, ltri.At(i, j))
		}
		R.Set(i, i, math.Exp(logdiag[i]))
	}
	return R
}

// KAttention is kernel attention without uncertainty, F = K_qk v (T x dv): the point-estimate baseline, and the mean of
// standard SGPA.
func KAttention(k Kernel, q, keys, v *mat.Dense) *mat.Dense {
	checkRows("KAttention", "keys", "values", keys, v)
	var F mat.Dense
	F.Mul(k.Gram(q, keys), v)
	return &F
}

// Standard is SGPA with the keys as inducing points: for each channel j, with K = K_kk + jitter I = L L' and
// S_j = L R_j R_j' L',
//
//	m_j     = K_qk v_j
//	Sigma_j = K_qq - A'A + (R_j'A)'(R_j'A),   A = L^-1 K_kq
//	KL_j    = 1/2 (|L'v_j|^2 + |R_j|_F^2 - N) - sum_i log R_j[i,i]
//
// q is T x d, keys N x d, v N x dv, and R holds dv factors of N x N. The error says when K is not positive definite.
func Standard(k Kernel, q, keys, v *mat.Dense, R []*mat.Dense, jitter float64) (*Posterior, error) {
	checkRows("Standard", "keys", "values", keys, v)
	checkFactors("Standard", R, keys, v)
	c, err := linalg.Chol(k.Gram(keys, keys), jitterPolicy(jitter))
	if err != nil {
		return nil, fmt.Errorf("sgpa.Standard: the Gram matrix of the keys: %w", err)
	}
	A := c.Half(k.Gram(keys, q))
	_, dv := v.Dims()
	p := &Posterior{Mean: KAttention(k, q, keys, v), KLa: make([]float64, dv), Jitter: c.Jitter()}
	p.spread(k.Gram(q, q), A, R)
	p.KLg = inducingKL(c, v, R)
	return p, nil
}

// Decoupled is SGPA with T amortised keys (the queries themselves) for the mean and M global points for the
// covariance: with L = chol(K_gg + jitter I) and A = L^-1 K_gq,
//
//	m_j     = (K_qq - A'A) va_j + K_qg vg_j
//	Sigma_j = K_qq - A'A + (R_j'A)'(R_j'A)
//	KLa_j   = 1/2 va_j'(K_qq - A'A) va_j
//	KLg_j   = 1/2 (|L'vg_j|^2 + |R_j|_F^2 - M) - sum_i log R_j[i,i]
//
// q is T x d, kg M x d, va T x dv, vg M x dv, and R holds dv factors of M x M. Padded tokens have zero rows in va.
func Decoupled(k Kernel, q, kg, va, vg *mat.Dense, R []*mat.Dense, jitter float64) (*Posterior, error) {
	checkRows("Decoupled", "queries", "values", q, va)
	checkRows("Decoupled", "global keys", "global values", kg, vg)
	checkFactors("Decoupled", R, kg, vg)
	c, err := linalg.Chol(k.Gram(kg, kg), jitterPolicy(jitter))
	if err != nil {
		return nil, fmt.Errorf("sgpa.Decoupled: the Gram matrix of the global keys: %w", err)
	}
	Kqq, Kqg := k.Gram(q, q), k.Gram(q, kg)
	A := c.Half(mat.DenseCopyOf(Kqg.T()))
	var Kva, Ava, back, global mat.Dense
	Kva.Mul(Kqq, va)
	Ava.Mul(A, va)
	back.Mul(A.T(), &Ava)
	global.Mul(Kqg, vg)
	var mean mat.Dense
	mean.Sub(&Kva, &back)
	mean.Add(&mean, &global)
	_, dv := va.Dims()
	p := &Posterior{Mean: &mean, KLa: make([]float64, dv), Jitter: c.Jitter()}
	p.spread(Kqq, A, R)
	for j := range p.KLa {
		p.KLa[j] = 0.5 * (mat.Dot(va.ColView(j), Kva.ColView(j)) - sumSquares(Ava.ColView(j)))
	}
	p.KLg = inducingKL(c, vg, R)
	return p, nil
}

// spread fills Cov and Var: K_qq - A'A + (R_j'A)'(R_j'A).
func (p *Posterior) spread(Kqq, A *mat.Dense, R []*mat.Dense) {
	T, _ := Kqq.Dims()
	var rest mat.Dense
	rest.Mul(A.T(), A)
	rest.Sub(Kqq, &rest)
	p.Var = mat.NewDense(T, len(R), nil)
	for j, Rj := range R {
		var RA mat.Dense
		RA.Mul(Rj.T(), A)
		cov := mat.NewDense(T, T, nil)
		cov.Mul(RA.T(), &RA)
		cov.Add(cov, &rest)
		p.Cov = append(p.Cov, cov)
		for t := 0; t < T; t++ {
			p.Var.Set(t, j, cov.At(t, t))
		}
	}
}

// inducingKL is the divergence of N(K v_j, L R_j R_j' L') from N(0, L L') for each channel.
func inducingKL(c *linalg.CholFactor, v *mat.Dense, R []*mat.Dense) []float64 {
	var Lv mat.Dense
	Lv.Mul(c.L().T(), v)
	kl := make([]float64, len(R))
	for j, Rj := range R {
		n, _ := Rj.Dims()
		kl[j] = 0.5 * (sumSquares(Lv.ColView(j)) + sumSquares(Rj) - float64(n))
		for i := 0; i < n; i++ {
			kl[j] -= math.Log(Rj.At(i, i))
		}
	}
	return kl
}

func sumSquares(m mat.Matrix) float64 {
	f := mat.Norm(m, 2)
	return f * f
}

// KL is the sum of both divergences over channels.
func (p *Posterior) KL() float64 {
	sum := 0.0
	for j := range p.KLg {
		sum += p.KLa[j] + p.KLg[j]
	}
	return sum
}

// SampleDiag is a draw with independent tokens, mean + sqrt(var) eps, for standard normal eps (T x dv).
func (p *Posterior) SampleDiag(eps *mat.Dense) *mat.Dense {
	var F mat.Dense
	F.Apply(func(t, j int, e float64) float64 {
		return p.Mean.At(t, j) + math.Sqrt(math.Max(p.Var.At(t, j), varFloor))*e
	}, eps)
	return &F
}

// varFloor keeps variances, and the derivative of their roots, finite.
const varFloor = 1e-12

// SampleFull is a draw with the covariance between tokens, mean_j + chol(Sigma_j + outJitter I) eps_j.
func (p *Posterior) SampleFull(eps *mat.Dense, outJitter float64) (*mat.Dense, error) {
	F := mat.DenseCopyOf(p.Mean)
	T, dv := F.Dims()
	for j := 0; j < dv; j++ {
		c, err := linalg.Chol(p.Cov[j], jitterPolicy(outJitter))
		if err != nil {
			return nil, fmt.Errorf("sgpa.SampleFull: channel %d: %w", j, err)
		}
		noise := c.MulVec(mat.Col(nil, j, eps))
		for t := 0; t < T; t++ {
			F.Set(t, j, F.At(t, j)+noise[t])
		}
	}
	return F, nil
}

// CachedVariance is the operator C_j = K_gg^-1 (S_j - K_gg) K_gg^-1 of each channel (M x M), with which the variance at
// a token is k(q,q) + k_qg C_j k_gq: no solve for each sequence at test time. The layers have no such solve either, and do without
// C_j: they form L^-1 once a batch, H M^3 beside the B T H d M^2 of the variances, and their products keep the digits that K_gg^-1
// loses in single precision.
func CachedVariance(k Kernel, kg *mat.Dense, R []*mat.Dense, jitter float64) ([]*mat.Dense, error) {
	c, err := linalg.Chol(k.Gram(kg, kg), jitterPolicy(jitter))
	if err != nil {
		return nil, fmt.Errorf("sgpa.CachedVariance: the Gram matrix of the global keys: %w", err)
	}
	Kinv := c.Inverse()
	out := make([]*mat.Dense, len(R))
	for j, Rj := range R {
		P := c.HalfT(Rj)
		out[j] = new(mat.Dense)
		out[j].Mul(P, P.T())
		out[j].Sub(out[j], Kinv)
	}
	return out, nil
}

func checkRows(op, nameA, nameB string, a, b *mat.Dense) {
	n, _ := a.Dims()
	if m, _ := b.Dims(); m != n {
		fail(op, "", "%d %s but %d %s", n, nameA, m, nameB)
	}
}

func checkFactors(op string, R []*mat.Dense, points, v *mat.Dense) {
	n, _ := points.Dims()
	_, dv := v.Dims()
	if len(R) != dv {
		fail(op, "", "%d covariance factors for %d channels", len(R), dv)
	}
	for j, Rj := range R {
		if r, c := Rj.Dims(); r != n || c != n {
			fail(op, "", "covariance factor %d is %d by %d for %d inducing points", j, r, c, n)
		}
	}
}
