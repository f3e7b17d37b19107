package sgpa

import (
	"fmt"
	"math"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/nn"
)

// RandomFeatureLayer is Gaussian-process regression of the values on the keys, read at the queries, through random features of
// the kernel; see RandomFeature. Queries and keys share one projection. There are no inducing points and no divergence: the
// uncertainty is that of a regression with noise, and the loss is the cross-entropy of its draws. A layer takes B T H times
// F^2 + F d multiply-adds and B H factorisations of 2F by 2F, linear in the tokens.
//
// The frequencies are drawn once, saved, and never trained: they stand for the kernel, and its length-scales are what learns.
//
// With Full, tokens are drawn together by the Cholesky factor of their covariance, T by T. Joint has the same distribution by 2F
// normal numbers a channel, as a draw of the weights of the features: no matrix of the tokens.
type RandomFeatureLayer struct {
	projection
	LogNoise  *linalg.Tensor // [H], log standard deviation of the noise of the regression
	Omega     *linalg.Tensor // [H F d], frequencies of the kernel with unit length-scales
	Mode      Mode
	OutJitter float64
}

// NewRandomFeatureLayer draws a layer with c.Features frequencies a head.
func NewRandomFeatureLayer(r *linalg.Rand, c Config) *RandomFeatureLayer {
	c = c.withDefaults()
	l := &RandomFeatureLayer{projection: newProjection(r, c), Mode: c.Mode, OutJitter: c.OutJitter}
	l.LogNoise = linalg.Param(linalg.Full(c.dtype(), math.Log(startNoise), c.Heads))
	l.Omega = linalg.Param(linalg.Normal(r, c.dtype(), c.Heads, c.Features, c.Width/c.Heads))
	return l
}

// startNoise lets attention average over similar tokens from the start: with little noise a regression repeats the value of each
// token, with much its draws hide what it says.
const startNoise = 0.3

// Params are those of the projection, the noise, and the frequencies.
func (l *RandomFeatureLayer) Params() []nn.Param {
	return nn.Join(l.params(), []nn.Param{{Name: "LogNoise", Value: l.LogNoise}, {Name: "Omega", Value: l.Omega}})
}

// Attend draws S outputs. Padded tokens are no observations.
func (l *RandomFeatureLayer) Attend(r Request) *Result {
	q, va := l.queries(r)
	res := randomFeature(l.kind, q, nil, va, r.Mask, linalg.Detach(l.Omega), l.LogVar, l.LogScale, l.LogNoise, l.Mode, r.Name)
	res.Out = l.output(res.draw(r, l.Mode, l.OutJitter), r)
	return res
}

// randomFeature is the posterior of a batch: q [B H T d], k [B H N d] (nil for q), v [B H N dv] with zeros at padded tokens, their
// mask [B N] or nil, omega [H F d], logNoise [H]. C is never formed: with L L' = C^-1, half is L^-1 Phi'.
func randomFeature(kind Kind, q, k, v, mask, omega, logVar, logScale, logNoise *linalg.Tensor, mode Mode, name string) *Result {
	dt, H := q.DType(), q.Shape()[1]
	Phi := featureMap(kind, q, omega, logVar, logScale) // [B H T 2F]
	seen := Phi
	if k != nil {
		seen = featureMap(kind, k, omega, logVar, logScale)
	}
	if mask != nil {
		seen = seen.Mul(mask.Unsqueeze(1).Unsqueeze(-1))
	}
	head := func(x *linalg.Tensor) *linalg.Tensor { return x.Unsqueeze(-1).Unsqueeze(-1) }
	noise := logNoise.Exp()
	P := seen.T().MatMul(seen).To(linalg.F64)
	P = P.Add(head(noise.Square().To(linalg.F64)).Mul(linalg.Eye(linalg.F64, P.Shape()[3])))
	L, _ := cholesky(P, 0, func(i int) string {
		return fmt.Sprintf("%s, sequence %d, head %d, precision of the random features", name, i/H, i%H)
	})
	half := linalg.SolveTri(L.To(dt), Phi.T(), false) // [B H 2F T]
	res := &Result{Mean: half.T().MatMul(linalg.SolveTri(L.To(dt), seen.T().MatMul(v), false))}
	spread := half.Mul(head(noise)).Unsqueeze(2) // [B H 1 2F T]
	res.Var = spread.Square().Sum(-2).T().BroadcastTo(res.Mean.Shape()...)
	switch mode {
	case Full:
		res.Cov = spread.T().MatMul(spread)
	case Joint:
		res.spread = spread
	}
	return res
}

// featureMap is Phi [B H T 2F], whose products Phi(a)'Phi(b) estimate the kernel; see features.
func featureMap(kind Kind, x, omega, logVar, logScale *linalg.Tensor) *linalg.Tensor {
	x = x.Mul(logScale.Neg().Exp().Unsqueeze(-2))
	u := x.MatMul(omega.T()) // [B H T F]
	F := float64(omega.Shape()[1])
	s := logVar.MulS(0.5).Exp().Unsqueeze(-1).Unsqueeze(-1)
	if kind == ARD {
		return linalg.Concat(-1, u.Cos(), u.Sin()).Mul(s.MulS(1 / math.Sqrt(F)))
	}
	down := x.Square().Sum(-1).MulS(-0.5).Unsqueeze(-1)
	return linalg.Concat(-1, u.Add(down).Exp(), down.Sub(u).Exp()).Mul(s.MulS(1 / math.Sqrt(2*F)))
}
