package sgpa

import (
	"fmt"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/nn"
)

// DecoupledLayer is decoupled SGPA: amortised keys carry the mean, M global points a head the covariance. The
// mathematics is in the comment of Decoupled.
type DecoupledLayer struct {
	projection
	Zg            *linalg.Tensor // [H M D]
	Vg            *linalg.Tensor // [H M d]
	Ltri, LogDiag *linalg.Tensor // [H d M M] (strict lower part), [H d M]; see Covariance for the other families

	Mode              Mode
	Jitter, OutJitter float64
	Weight            float64 // factor of KL_a in the loss: 1 unless tempered
	GlobalScale       float64 // factor of KL_g in the loss: Weight, or Weight/N
}

// NewDecoupledLayer draws a layer from r.
func NewDecoupledLayer(r *linalg.Rand, c Config) *DecoupledLayer {
	c = c.withDefaults()
	H, d, M, dt := c.Heads, c.Width/c.Heads, c.Inducing, c.dtype()
	l := &DecoupledLayer{projection: newProjection(r, c), Mode: c.Mode, Jitter: c.Jitter, OutJitter: c.OutJitter, Weight: c.KLWeight, GlobalScale: c.globalScale()}
	l.Zg = linalg.Param(linalg.Normal(r, dt, H, M, c.Width))
	if c.Start == Cold {
		l.Vg = linalg.Param(linalg.Normal(r, dt, H, M, d))
	} else {
		l.Vg = linalg.Param(linalg.Zeros(dt, H, M, d))
	}
	l.Ltri, l.LogDiag = drawFactor(r, c, M)
	return l
}

// Params are those of the projection, then the variational ones.
func (l *DecoupledLayer) Params() []nn.Param {
	return nn.Join(l.params(), []nn.Param{{Name: "Zg", Value: l.Zg}, {Name: "Vg", Value: l.Vg}}, factorParams(l.Ltri, l.LogDiag))
}

// Attend draws S outputs from the posterior and adds the divergences to the pass.
func (l *DecoupledLayer) Attend(r Request) *Result {
	q, va := l.queries(r)
	res := l.posterior(q, va, r)
	F := res.draw(r, l.Mode, l.OutJitter)
	res.Out = l.output(F, r)
	r.Pass.Penalise(r.Name+" KL_a", res.KLa.Sum(1, 2).Mean(), l.Weight)
	r.Pass.Penalise(r.Name+" KL_g", res.KLg.Sum(), l.GlobalScale)
	return res
}

// GlobalKeys are k_g [H M d]: the global inputs, through features, under the projection that the tokens go through too.
func (l *DecoupledLayer) GlobalKeys(features func(*linalg.Tensor) *linalg.Tensor) *linalg.Tensor {
	z := l.Zg
	if features != nil {
		z = features(z)
	}
	return z.MatMul(l.Wqk.T())
}

func (l *DecoupledLayer) posterior(q, va *linalg.Tensor, r Request) *Result {
	return decoupled(l.kind, q, l.GlobalKeys(r.Features), va, l.Vg, l.Ltri, l.LogDiag, l.LogVar, l.LogScale, l.Jitter, l.Mode, r.Name)
}

// decoupled is the posterior of a batch: q, va [B H T d], kg [H M d], vg [H M dv], and the factor ltri [H dv M M],
// logdiag [H dv M], or one of the cheaper families. The Gram matrix of the global keys is factorised in float64; it is small and common to the batch. So are the global keys
// themselves: what they have to do with the tokens is computed for all sequences at once, as one long row of tokens.
func decoupled(kind Kind, q, kg, va, vg, ltri, logdiag, logVar, logScale *linalg.Tensor, jitter float64, mode Mode, name string) *Result {
	dt := q.DType()
	B, T, M := q.Shape()[0], q.Shape()[2], kg.Shape()[1]
	Kgg := gram(kind, kg.To(linalg.F64), nil, logVar.To(linalg.F64), logScale.To(linalg.F64))
	L, used := cholesky(Kgg, jitter, func(h int) string { return fmt.Sprintf("%s, head %d, Gram matrix of the global keys", name, h) })
	half := linalg.SolveTri(L, linalg.Eye(linalg.F64, M), false).To(dt) // L^-1, [H M M]
	Kqq := gram(kind, q, nil, logVar, logScale)
	all := joinTokens(q)                         // [H B*T d]
	Kgq := gram(kind, kg, all, logVar, logScale) // [H M B*T]
	Aall := half.MatMul(Kgq)
	A := partTokens(Aall, B, T)              // [B H M T]
	Ava, Kva := A.MatMul(va), Kqq.MatMul(va) // [B H M dv], [B H T dv]
	res := &Result{Jitter: used}
	global := partTokens(vg.T().MatMul(Kgq), B, T).T() // [B H T dv]
	res.Mean = Kva.Sub(A.T().MatMul(Ava)).Add(global)
	R := whitened(ltri, logdiag)
	own := R.sumSquares(Aall)                                                                    // [H dv B*T], or [H 1 B*T]
	rest := Aall.Square().Sum(-2).Neg().Add(gramDiag(kind, all, logVar, logScale)).Unsqueeze(-2) // [H 1 B*T]
	res.Var = partTokens(rest.Add(own), B, T).T().BroadcastTo(res.Mean.Shape()...)
	res.between(mode, Kqq, A, R)
	res.KLa = va.Mul(Kva).Sum(-2).Sub(Ava.Square().Sum(-2)).MulS(0.5)
	Lv := L.T().MatMul(vg.To(linalg.F64)).To(dt)
	res.KLg = R.divergence(Lv)
	return res
}

// joinTokens puts the tokens of all sequences side by side: x [B H T d] to [H B*T d].
func joinTokens(x *linalg.Tensor) *linalg.Tensor {
	s := x.Shape()
	return x.Permute(1, 0, 2, 3).Reshape(s[1], s[0]*s[2], s[3])
}

// partTokens is the way back, for tokens in columns: x [H n B*T] viewed as [B H n T].
func partTokens(x *linalg.Tensor, B, T int) *linalg.Tensor {
	s := x.Shape()
	return x.Reshape(s[0], s[1], B, T).Permute(2, 0, 1, 3)
}

// between keeps what draws of dependent tokens need.
func (res *Result) between(mode Mode, Kqq, A *linalg.Tensor, R factor) {
	if mode == Diag {
		return
	}
	rest, spread := Kqq.Sub(A.T().MatMul(A)), R.times(A)
	if mode == Joint {
		res.rest, res.spread = rest, spread
		return
	}
	res.Cov = rest.Unsqueeze(2).Add(spread.T().MatMul(spread))
}
