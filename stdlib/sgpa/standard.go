package sgpa

import (
	"fmt"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/nn"
)

// StandardLayer is standard SGPA: the keys of the sequence are the inducing points, which needs a factorisation of T by
// T for each sequence and head. It is for small T and a fixed number of tokens, for which the covariance factors are
// parameters. The mathematics is in the comment of Standard.
type StandardLayer struct {
	projection
	Ltri, LogDiag *linalg.Tensor // [H d T T], [H d T]; see Covariance for the other families

	Mode              Mode
	Jitter, OutJitter float64
	Weight            float64 // factor of the divergence in the loss: 1 unless tempered
}

// NewStandardLayer draws a layer for sequences of exactly as many tokens as c describes.
func NewStandardLayer(r *linalg.Rand, c Config) *StandardLayer {
	c = c.withDefaults()
	if c.tokens() < 1 {
		fail("NewStandardLayer", "set MaxTokens, or Size and Patch", "standard SGPA needs to know the number of tokens")
	}
	l := &StandardLayer{projection: newProjection(r, c), Mode: c.Mode, Jitter: c.Jitter, OutJitter: c.OutJitter, Weight: c.KLWeight}
	l.Ltri, l.LogDiag = drawFactor(r, c, c.tokens())
	return l
}

// Params are those of the projection, then the covariance factors.
func (l *StandardLayer) Params() []nn.Param {
	return nn.Join(l.params(), factorParams(l.Ltri, l.LogDiag))
}

// Attend draws S outputs from the posterior and adds the divergence to the pass.
func (l *StandardLayer) Attend(r Request) *Result {
	if r.Mask != nil {
		fail(r.Name, "use decoupled SGPA for sequences of different lengths", "standard SGPA has one covariance factor a token and takes no mask")
	}
	q, va := l.queries(r)
	if T := l.LogDiag.Shape()[2]; q.Shape()[2] != T {
		fail(r.Name, "use decoupled SGPA for sequences of different lengths", "%d tokens, but the layer was made for %d", q.Shape()[2], T)
	}
	res := standard(l.kind, q, nil, va, l.Ltri, l.LogDiag, l.LogVar, l.LogScale, l.Jitter, l.Mode, r.Name)
	res.Out = l.output(res.draw(r, l.Mode, l.OutJitter), r)
	r.Pass.Penalise(r.Name+" KL", res.KLg.Sum(1, 2).Mean(), l.Weight)
	return res
}

// standard is the posterior of a batch: q [B H T d], k [B H N d] (nil for q), v [B H N dv], factors [(B) H dv N N].
func standard(kind Kind, q, k, v, ltri, logdiag, logVar, logScale *linalg.Tensor, jitter float64, mode Mode, name string) *Result {
	dt := q.DType()
	Kqq := gram(kind, q, nil, logVar, logScale)
	Kkk, Kkq := Kqq, Kqq
	if k != nil {
		Kkk, Kkq = gram(kind, k, nil, logVar, logScale), gram(kind, k, q, logVar, logScale)
	}
	H := q.Shape()[1]
	L64, used := cholesky(Kkk.To(linalg.F64), jitter, func(i int) string {
		return fmt.Sprintf("%s, sequence %d, head %d, Gram matrix of the keys", name, i/H, i%H)
	})
	L := L64.To(dt)
	A := linalg.SolveTri(L, Kkq, false) // [B H N T]
	res := &Result{Jitter: used, Mean: Kkq.T().MatMul(v)}
	R := whitened(ltri, logdiag)
	rest := A.Square().Sum(-2).Neg().Add(gramDiag(kind, q, logVar, logScale))
	res.Var = rest.Unsqueeze(-1).Add(R.variance(A)).BroadcastTo(res.Mean.Shape()...)
	res.between(mode, Kqq, A, R)
	res.KLg = R.divergence(L.T().MatMul(v))
	return res
}
