package sgpa

import (
	"fmt"
	"math"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/nn"
)

// CorrelatedLayer is correlated Gaussian-process attention (Bui et al. 2024): queries, keys and latent points have
// projections of their own, and are tied through a latent process. The mathematics is in the comment of Correlated. With
// Inducing points it is the sparse form of SparseCorrelated, whose points are learned averages of tokens.
//
// The scale factors s = sqrt(1 + softplus(.)) are at least one, without which the joint covariance would not be positive
// semi-definite.
type CorrelatedLayer struct {
	heads             int
	Wq, Wk, Wz, Wv    *linalg.Tensor // [H d D]; Wz makes the latent points
	LogScale          *linalg.Tensor // [H d]
	RawSq, RawSk      *linalg.Tensor // [H]; s = sqrt(1 + softplus(raw))
	MixM, MixL        *linalg.Tensor // [M T], sparse form only
	O                 nn.Mapper
	Mode              Mode
	Jitter, OutJitter float64
	Noise             float64 // standard deviation of the sparse form
	Alpha             float64 // weight of -log p(z_k | z_o), with z_o drawn from its prior; full form only
}

// NewCorrelatedLayer draws a layer; sparse asks for the sparse form, for sequences of exactly as many tokens as c describes.
func NewCorrelatedLayer(r *linalg.Rand, c Config, sparse bool) *CorrelatedLayer {
	c = c.withDefaults()
	H, d, D, dt := c.Heads, c.Width/c.Heads, c.Width, c.dtype()
	bound := 1 / math.Sqrt(float64(D))
	draw := func() *linalg.Tensor {
		return linalg.Param(linalg.Uniform(r, dt, H, d, D).MulS(2 * bound).AddS(-bound))
	}
	l := &CorrelatedLayer{heads: H, Wq: draw(), Wk: draw(), Wz: draw(), Wv: draw(), O: nn.NewLinear(r, dt, D, D), Mode: c.Mode,
		Jitter: c.Jitter, OutJitter: c.OutJitter, Noise: 0.1,
		LogScale: linalg.Param(linalg.Full(dt, 0.5*math.Log(float64(d)), H, d)),
		RawSq:    linalg.Param(linalg.Full(dt, -2, H)), RawSk: linalg.Param(linalg.Full(dt, -2, H))}
	if sparse {
		T := c.tokens()
		mix := func() *linalg.Tensor {
			return linalg.Param(linalg.Normal(r, dt, c.Inducing, T).MulS(1 / math.Sqrt(float64(T))))
		}
		l.MixM, l.MixL = mix(), mix()
	}
	return l
}

// Params are the projections, the kernel, the scale factors and, in the sparse form, the averages.
func (l *CorrelatedLayer) Params() []nn.Param {
	out := []nn.Param{{Name: "Wq", Value: l.Wq}, {Name: "Wk", Value: l.Wk}, {Name: "Wz", Value: l.Wz}, {Name: "Wv", Value: l.Wv}, {Name: "LogScale", Value: l.LogScale}}
	if l.MixM != nil {
		out = append(out, nn.Param{Name: "MixM", Value: l.MixM}, nn.Param{Name: "MixL", Value: l.MixL})
	} else {
		out = append(out, nn.Param{Name: "RawSq", Value: l.RawSq}, nn.Param{Name: "RawSk", Value: l.RawSk})
	}
	return nn.Join(out, nn.Under("O", l.O.Params()))
}

// Attend draws S outputs.
func (l *CorrelatedLayer) Attend(r Request) *Result {
	if r.Mask != nil {
		fail(r.Name, "use decoupled SGPA for sequences of different lengths", "correlated attention takes no mask")
	}
	p := projection{heads: l.heads, Wqk: l.Wq, Wv: l.Wv, O: l.O}
	q, v := p.queries(r)
	k, o := p.apply(r.X, l.Wk), p.apply(r.X, l.Wz)
	var res *Result
	if l.MixM != nil {
		if T := l.MixM.Shape()[1]; q.Shape()[2] != T {
			fail(r.Name, "", "%d tokens, but the layer was made for %d", q.Shape()[2], T)
		}
		res = sparseCorrelated(q, k, o, l.MixM.MatMul(o), l.MixL.MatMul(k), v, l.LogScale, l.Noise, r.Name)
	} else {
		var density *linalg.Tensor
		res, density = correlated(q, k, o, v, l.LogScale, scaleFactor(l.RawSq), scaleFactor(l.RawSk), l.Jitter, l.latent(r, v), r.Name)
		if density != nil {
			r.Pass.Penalise(r.Name+" density of keys", density.Sum(1, 2).Mean().Neg(), l.Alpha)
		}
	}
	if l.Mode == Joint {
		fail(r.Name, "use sgpa.Full or sgpa.Diag", "correlated attention has no joint form")
	}
	res.Out = p.output(res.draw(r, l.Mode, l.OutJitter), r)
	return res
}

// latent is noise for z_o when its density is wanted, [B H T dv].
func (l *CorrelatedLayer) latent(r Request, v *linalg.Tensor) *linalg.Tensor {
	if l.Alpha == 0 || r.Pass.Rand == nil {
		return nil
	}
	return r.Pass.Normal(r.Name, v.DType(), v.Shape()...)
}

// scaleFactor is s^2 = 1 + softplus(raw).
func scaleFactor(raw *linalg.Tensor) *linalg.Tensor { return raw.Softplus().AddS(1) }

// correlated is the posterior of a batch, with squared scale factors sq2 and sk2 [H]. With L_o and L_k the factors of
// K_oo and s_k^2 K_kk and W = L_k^-1 K_ko G', the covariance s_q^2 K_qq - G K_oq + G (K_oo - K_ok (s_k^2 K_kk)^-1 K_ko) G'
// is s_q^2 K_qq - W'W, because G K_oo G' = G K_oq.
//
// With latent noise it also gives log p(z_k | z_o) for z_o drawn from the prior and z_k = s_k^2 K_kk v: [B H dv].
func correlated(q, k, o, v, logScale, sq2, sk2 *linalg.Tensor, jitter float64, latent *linalg.Tensor, name string) (res *Result, density *linalg.Tensor) {
	dt := q.DType()
	H := q.Shape()[1]
	zero := linalg.Zeros(dt, H)
	where := func(what string) func(int) string {
		return func(i int) string {
			return fmt.Sprintf("%s, sequence %d, head %d, Gram matrix of the %s", name, i/H, i%H, what)
		}
	}
	heads := func(s *linalg.Tensor) *linalg.Tensor { return s.Unsqueeze(-1).Unsqueeze(-1) }
	Koo := gram(ARD, o, nil, zero, logScale)
	Kkk := gram(ARD, k, nil, zero, logScale).Mul(heads(sk2))
	Lo, used := cholesky(Koo.To(linalg.F64), jitter, where("latent points"))
	Lk, _ := cholesky(Kkk.To(linalg.F64), jitter, where("keys"))
	Lof, Lkf := Lo.To(dt), Lk.To(dt)
	Koq, Kok := gram(ARD, o, q, zero, logScale), gram(ARD, o, k, zero, logScale)
	Gt := linalg.SolveTri(Lof, linalg.SolveTri(Lof, Koq, false), true) // K_oo^-1 K_oq
	W := linalg.SolveTri(Lkf, Kok.T().MatMul(Gt), false)
	res = &Result{Jitter: used, Mean: Gt.T().MatMul(Kok.MatMul(v))}
	Kqq := gram(ARD, q, nil, zero, logScale).Mul(heads(sq2))
	res.Cov = Kqq.Sub(W.T().MatMul(W)).Unsqueeze(2)
	variance := sq2.Unsqueeze(-1).Sub(W.Square().Sum(-2)) // [B H T]
	res.Var = variance.Unsqueeze(-1).BroadcastTo(v.Shape()...)
	if latent == nil {
		return res, nil
	}
	half := linalg.SolveTri(Lof, Kok, false) // L_o^-1 K_ok
	Lr, _ := cholesky(Kkk.Sub(half.T().MatMul(half)).To(linalg.F64), jitter, where("keys given the latent points"))
	miss := linalg.SolveTri(Lr.To(dt), Kkk.MatMul(v).Sub(half.T().MatMul(latent)), false)
	T := float64(q.Shape()[2])
	return res, miss.Square().Sum(-2).AddS(T * math.Log(2*math.Pi)).Add(linalg.LogDetChol(Lr).To(dt).Unsqueeze(-1)).MulS(-0.5)
}

// sparseCorrelated is the posterior of a batch with inducing points zm, zl [B H M d] and noise s; see SparseCorrelated.
func sparseCorrelated(q, k, o, zm, zl, v, logScale *linalg.Tensor, noise float64, name string) *Result {
	Gt, half := lowRankTensor(q, o, zm, logScale, noise, name)  // [B H T T], [B H M T]
	Ht, halfO := lowRankTensor(o, k, zl, logScale, noise, name) // weights transposed; L^-1 K
	res := &Result{Mean: Gt.T().MatMul(Ht.T().MatMul(v))}
	spread := halfO.MatMul(Gt)
	s2 := noise * noise
	cov := half.T().MatMul(half).Add(Gt.T().MatMul(Gt).MulS(s2)).Add(spread.T().MatMul(spread)).AddDiag(s2)
	res.Cov = cov.Unsqueeze(2)
	res.Var = cov.Diag().Unsqueeze(-1).BroadcastTo(v.Shape()...)
	return res
}

// lowRankTensor is regression of values at x on a process with inducing points z, read at a: with P = K_zz + K_zx K_xz/s^2
// = L L', the transposed weights K_xz P^-1 K_za/s^2 and L^-1 K_za.
func lowRankTensor(a, x, z, logScale *linalg.Tensor, noise float64, name string) (weights, half *linalg.Tensor) {
	dt := a.DType()
	H := a.Shape()[1]
	zero := linalg.Zeros(dt, H)
	Kzx, Kza := gram(ARD, z, x, zero, logScale), gram(ARD, z, a, zero, logScale)
	s2 := noise * noise
	P := gram(ARD, z, nil, zero, logScale).Add(Kzx.MatMul(Kzx.T()).MulS(1 / s2))
	L, _ := cholesky(P.To(linalg.F64), 1e-12, func(i int) string {
		return fmt.Sprintf("%s, sequence %d, head %d, precision of the inducing points", name, i/H, i%H)
	})
	Lf := L.To(dt)
	half = linalg.SolveTri(Lf, Kza, false)
	return Kzx.T().MatMul(linalg.SolveTri(Lf, half, true)).MulS(1 / s2), half
}
