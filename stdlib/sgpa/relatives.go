package sgpa

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/priorlab/priorlab/linalg"
)

// This file holds the relatives of SGPA, for one head and one sequence, in plain form: mean (T x dv) and covariance
// (T x T, shared by the channels unless said otherwise).

// Correlated is correlated Gaussian-process attention (Bui et al. 2024), which needs no tied projection: queries q,
// keys and latent points o (T x d each) are tied through a latent process at o. With unit-variance kernels inside,
// scale factors sq, sk >= 1 and G = K_qo K_oo^-1,
//
//	mean = G K_ok v
//	cov  = sq^2 K_qq - G K_oq + G (K_oo - K_ok (sk^2 K_kk)^-1 K_ko) G'
func Correlated(k Kernel, q, keys, o, v *mat.Dense, sq, sk, jitter float64) (mean, cov *mat.Dense, err error) {
	if !(sq >= 1 && sk >= 1) {
		fail("Correlated", "below one the joint covariance is not positive semi-definite",
			"the scale factors are %v and %v: both must be at least 1", sq, sk)
	}
	checkRows("Correlated", "keys", "values", keys, v)
	Kkk, Koo := k.Gram(keys, keys), k.Gram(o, o)
	Kkk.Scale(sk*sk, Kkk)
	ck, err := linalg.Chol(Kkk, jitterPolicy(jitter))
	if err != nil {
		return nil, nil, fmt.Errorf("sgpa.Correlated: the Gram matrix of the keys: %w", err)
	}
	co, err := linalg.Chol(Koo, jitterPolicy(jitter))
	if err != nil {
		return nil, nil, fmt.Errorf("sgpa.Correlated: the Gram matrix of the latent points: %w", err)
	}
	Koq, Kko := k.Gram(o, q), k.Gram(keys, o)
	G := mat.DenseCopyOf(co.Solve(Koq).T())
	mean, cov = new(mat.Dense), k.Gram(q, q)
	mean.Mul(Kko.T(), v)
	mean.Mul(G, mean)

	cov.Scale(sq*sq, cov)
	var GK, inner mat.Dense
	GK.Mul(G, Koq)
	cov.Sub(cov, &GK)
	half := ck.Half(Kko)
	inner.Mul(half.T(), half)
	inner.Sub(linalg.SymProduct(co.L(), false), &inner)
	cov.Add(cov, sandwich(G, &inner))
	return mean, cov, nil
}

// sandwich is G B G'.
func sandwich(G, B mat.Matrix) *mat.Dense {
	var out mat.Dense
	out.Mul(G, B)
	out.Mul(&out, G.T())
	return &out
}

// SparseCorrelated is the linear-cost form of Correlated with inducing points zm and zl (M x d) and noise variance s^2:
// two low-rank regressions in a chain,
//
//	B_m = (K_mm + K_mo K_om/s^2)^-1,  G = K_qm B_m K_mo/s^2
//	B_l = (K_ll + K_lk K_kl/s^2)^-1,  H = K_ol B_l K_lk/s^2
//	mean = G H v
//	cov  = s^2 I + K_qm B_m K_mq + G (s^2 I + K_ol B_l K_lo) G'
func SparseCorrelated(k Kernel, q, keys, o, zm, zl, v *mat.Dense, noise float64) (mean, cov *mat.Dense, err error) {
	if !(noise > 0) {
		fail("SparseCorrelated", "", "the noise is %v: it must be positive", noise)
	}
	checkRows("SparseCorrelated", "keys", "values", keys, v)
	G, covQ, err := lowRank(k, q, o, zm, noise)
	if err != nil {
		return nil, nil, err
	}
	H, covO, err := lowRank(k, o, keys, zl, noise)
	if err != nil {
		return nil, nil, err
	}
	mean = new(mat.Dense)
	mean.Mul(H, v)
	mean.Mul(G, mean)
	covQ.Add(covQ, sandwich(G, covO))
	return mean, covQ, nil
}

// lowRank is regression of values at x on a latent process with inducing points z, read at a: weights and covariance.
func lowRank(k Kernel, a, x, z *mat.Dense, noise float64) (weights, cov *mat.Dense, err error) {
	Kzx, Kza := k.Gram(z, x), k.Gram(z, a)
	var P mat.Dense
	P.Mul(Kzx, Kzx.T())
	P.Scale(1/(noise*noise), &P)
	P.Add(&P, k.Gram(z, z))
	c, err := linalg.Chol(&P, linalg.JitterPolicy{})
	if err != nil {
		return nil, nil, fmt.Errorf("sgpa.SparseCorrelated: the precision of the inducing points: %w", err)
	}
	weights, cov = new(mat.Dense), new(mat.Dense)
	weights.Mul(c.Solve(Kza).T(), Kzx)
	weights.Scale(1/(noise*noise), weights)
	half := c.Half(Kza)
	cov.Mul(half.T(), half)
	addDiag(cov, noise*noise)
	return weights, cov, nil
}

func addDiag(m *mat.Dense, v float64) {
	n, _ := m.Dims()
	for i := 0; i < n; i++ {
		m.Set(i, i, m.At(i, i)+v)
	}
}

// EigenPair is what KernelEigenPair finds.
type EigenPair struct {
	Mean   *mat.Dense   // T x s
	Cov    []*mat.Dense // s of T x T, one for each channel
	KL     float64
	E, R   *mat.Dense // left and right scores, T x s
	Energy float64    // the two score terms of the singular-value penalty
}

// KernelEigenPair is attention by the eigen-pairs of an asymmetric kernel (Chen et al. 2024), in the form that sums left
// and right scores. q and keys are T x d and are normalised to unit length; we and wr are d x s; logLambda holds theta
// with singular values exp(-2 theta); mu is s x s, a column for each channel; C holds one s x s factor a channel.
func KernelEigenPair(q, keys, we, wr *mat.Dense, logLambda []float64, mu *mat.Dense, C []*mat.Dense) *EigenPair {
	checkRows("KernelEigenPair", "queries", "keys", q, keys)
	s := len(logLambda)
	if len(C) != s {
		fail("KernelEigenPair", "", "%d covariance factors for %d pairs", len(C), s)
	}
	var E, R, U mat.Dense
	E.Mul(unitRows(q), we)
	R.Mul(unitRows(keys), wr)
	U.Add(&E, &R)
	lambda := make([]float64, s)
	for i, l := range logLambda {
		lambda[i] = math.Exp(-2 * l)
	}
	U.Apply(func(_, j int, v float64) float64 { return v / lambda[j] }, &U)
	out := &EigenPair{E: &E, R: &R, Mean: new(mat.Dense)}
	out.Mean.Mul(&U, mu)
	T, _ := q.Dims()
	for _, scores := range []*mat.Dense{&E, &R} {
		for i := 0; i < T; i++ {
			for j, l := range lambda {
				v := scores.At(i, j)
				out.Energy += 0.5 * v * v / l / float64(T)
			}
		}
	}
	_, channels := mu.Dims()
	for j, Cj := range C {
		var UC mat.Dense
		UC.Mul(&U, Cj)
		cov := new(mat.Dense)
		cov.Mul(&UC, UC.T())
		out.Cov = append(out.Cov, cov)
		for i, l := range lambda {
			for t := 0; t <= i; t++ {
				out.KL += 0.5 * math.Pow(Cj.At(i, t)/l, 2)
			}
			out.KL -= math.Log(Cj.At(i, i))
			if j < channels {
				out.KL += 0.5*math.Pow(mu.At(i, j)/l, 2) + math.Log(l) - 0.5
			}
		}
	}
	return out
}

// unitRows scales each row to length one.
func unitRows(x *mat.Dense) *mat.Dense {
	y := mat.DenseCopyOf(x)
	n, _ := y.Dims()
	for i := 0; i < n; i++ {
		row := y.RawRowView(i)
		norm := math.Sqrt(sumSquares(mat.NewVecDense(len(row), row)))
		for j := range row {
			row[j] /= norm
		}
	}
	return y
}

// RandomFeature is Gaussian-process regression of values on keys with noise variance s^2, through random features of the kernel;
// omega holds F frequencies, F x d, drawn from the standard normal distribution. With features Phi (2F a point, see below) and
// C = (Phi_k'Phi_k + s^2 I)^-1,
//
//	mean = Phi_q C Phi_k' v
//	cov  = s^2 Phi_q C Phi_q'
//
// which is regression with the kernel Phi Phi' in its place, at a cost that grows linearly with the points. With x scaled by the
// length-scales and u = omega x, the features of ARD are s2^(1/2) F^(-1/2) (cos u, sin u) (Rahimi and Recht 2007), those of Exponential
// s2^(1/2) (2F)^(-1/2) exp(-|x|^2/2) (exp u, exp -u) (Choromanski et al. 2021): their products have the kernel for expectation.
func RandomFeature(k Kernel, q, keys, v, omega *mat.Dense, noise float64) (mean, cov *mat.Dense, err error) {
	checkRows("RandomFeature", "keys", "values", keys, v)
	for _, x := range []*mat.Dense{q, keys, omega} {
		k.check("RandomFeature", x)
	}
	if !(noise > 0) {
		fail("RandomFeature", "", "the noise is %v: it must be positive", noise)
	}
	Fq, Fk := features(k, q, omega), features(k, keys, omega)
	var P, FkV mat.Dense
	P.Mul(Fk.T(), Fk)
	addDiag(&P, noise*noise)
	c, err := linalg.Chol(&P, linalg.JitterPolicy{})
	if err != nil {
		return nil, nil, fmt.Errorf("sgpa.RandomFeature: the precision of the features: %w", err)
	}
	FkV.Mul(Fk.T(), v)
	mean, cov = new(mat.Dense), new(mat.Dense)
	mean.Mul(Fq, c.Solve(&FkV))
	half := c.Half(mat.DenseCopyOf(Fq.T()))
	cov.Mul(half.T(), half)
	cov.Scale(noise*noise, cov)
	return mean, cov, nil
}

// features are the random features of each row of x, scaled so that their products estimate the kernel.
func features(k Kernel, x, omega *mat.Dense) *mat.Dense {
	scaled := mat.DenseCopyOf(x)
	scaled.Apply(func(_, t int, v float64) float64 { return v * math.Exp(-k.LogScale[t]) }, scaled)
	var proj mat.Dense
	proj.Mul(scaled, omega.T())
	n, f := proj.Dims()
	out := mat.NewDense(n, 2*f, nil)
	for i := 0; i < n; i++ {
		for j := 0; j < f; j++ {
			u := proj.At(i, j)
			if k.Kind == ARD {
				sin, cos := math.Sincos(u)
				out.Set(i, j, math.Exp(k.LogVar/2)*cos/math.Sqrt(float64(f)))
				out.Set(i, f+j, math.Exp(k.LogVar/2)*sin/math.Sqrt(float64(f)))
				continue
			}
			down := (k.LogVar - sumSquares(scaled.RowView(i))) / 2
			out.Set(i, j, math.Exp(down+u)/math.Sqrt(2*float64(f)))
			out.Set(i, f+j, math.Exp(down-u)/math.Sqrt(2*float64(f)))
		}
	}
	return out
}
