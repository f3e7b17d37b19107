package sgpa

import (
	"math"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/nn"
)

// EigenPairLayer is attention by the eigen-pairs of an asymmetric kernel (Chen et al. 2024), left and right scores summed;
// see KernelEigenPair. Its cost grows linearly with the tokens. The projections of the scores are parameters.
type EigenPairLayer struct {
	heads         int
	Wq, Wk        *linalg.Tensor // [H d D]
	We, Wr        *linalg.Tensor // [H d s]
	Theta         *linalg.Tensor // [H s]; singular values exp(-2 theta)
	Mu            *linalg.Tensor // [H s s], a column for each channel
	Ltri, LogDiag *linalg.Tensor // [H s s s], [H s s]
	Out           *linalg.Tensor // [H s d]
	O             nn.Mapper
	Weight        float64 // factor of the divergence in the loss: 1 unless tempered
	Eta           float64 // weight of the singular-value penalty
}

// NewEigenPairLayer draws a layer with c.Inducing pairs a head.
func NewEigenPairLayer(r *linalg.Rand, c Config) *EigenPairLayer {
	c = c.withDefaults()
	H, d, D, s, dt := c.Heads, c.Width/c.Heads, c.Width, c.Inducing, c.dtype()
	draw := func(fan int, shape ...int) *linalg.Tensor {
		b := 1 / math.Sqrt(float64(fan))
		return linalg.Param(linalg.Uniform(r, dt, shape...).MulS(2 * b).AddS(-b))
	}
	return &EigenPairLayer{heads: H, Wq: draw(D, H, d, D), Wk: draw(D, H, d, D), We: draw(d, H, d, s), Wr: draw(d, H, d, s),
		Theta: linalg.Param(linalg.Zeros(dt, H, s)), Mu: linalg.Param(linalg.Normal(r, dt, H, s, s).MulS(0.1)),
		Ltri: linalg.Param(linalg.Zeros(dt, H, s, s, s)), LogDiag: linalg.Param(linalg.Full(dt, math.Log(c.Rho), H, s, s)),
		Out: draw(s, H, s, d), O: nn.NewLinear(r, dt, D, D), Weight: c.KLWeight, Eta: 1}
}

// Params lists everything.
func (l *EigenPairLayer) Params() []nn.Param {
	return nn.Join([]nn.Param{{Name: "Wq", Value: l.Wq}, {Name: "Wk", Value: l.Wk}, {Name: "We", Value: l.We}, {Name: "Wr", Value: l.Wr},
		{Name: "Theta", Value: l.Theta}, {Name: "Mu", Value: l.Mu}, {Name: "Ltri", Value: l.Ltri}, {Name: "LogDiag", Value: l.LogDiag},
		{Name: "Out", Value: l.Out}}, nn.Under("O", l.O.Params()))
}

// Attend draws S outputs. Padded tokens have zero scores.
func (l *EigenPairLayer) Attend(r Request) *Result {
	p := projection{heads: l.heads, Wqk: l.Wq, Wv: l.Wk, O: l.O}
	q, k := p.queries(Request{X: r.X, Name: r.Name})
	if r.Mask != nil {
		nn.ApplyMask(r.X, r.Mask) // checks the shape
		m := r.Mask.Unsqueeze(1).Unsqueeze(-1)
		q, k = q.Mul(m), k.Mul(m)
	}
	res, kl, energy := eigenPair(q, k, l.We, l.Wr, l.Theta, l.Mu, l.Ltri, l.LogDiag)
	F := res.draw(r, Diag, 0) // [B S H T s]
	res.Out = p.output(F.MatMul(l.Out), r)
	r.Pass.Penalise(r.Name+" KL", kl.Sum(), l.Weight)
	trace := l.We.Mul(l.Wr).Sum(-1, -2)
	r.Pass.Penalise(r.Name+" singular values", energy.Sub(trace).Square().Sum(1).Mean(), l.Eta)
	return res
}

// eigenPair is the posterior of a batch (mean and variance [B H T s]), its divergence [H], and the energy [B H].
func eigenPair(q, k, we, wr, theta, mu, ltri, logdiag *linalg.Tensor) (res *Result, kl, energy *linalg.Tensor) {
	unit := func(x *linalg.Tensor) *linalg.Tensor {
		return x.Div(x.Square().Sum(-1).AddS(1e-24).Sqrt().Unsqueeze(-1))
	}
	E, R := unit(q).MatMul(we), unit(k).MatMul(wr) // [B H T s]
	lambda := theta.MulS(-2).Exp()                 // [H s]
	row, column := lambda.Unsqueeze(-2), lambda.Unsqueeze(-1)
	U := E.Add(R).Div(row)
	C := whitened(ltri, logdiag).R // [H s s s], channel first
	res = &Result{Mean: U.MatMul(mu)}
	res.Var = U.Unsqueeze(2).MatMul(C).Square().Sum(-1).T() // [B H s T] -> [B H T s]
	s := float64(theta.Shape()[1])
	spread := C.Div(column.Unsqueeze(1)).Square().Sum(-1, -2, -3)
	means := mu.Div(column).Square().Sum(-1, -2)
	kl = spread.Add(means).MulS(0.5).Add(theta.MulS(-2).Sum(-1).MulS(s)).Sub(logdiag.Sum(-1, -2)).AddS(-0.5 * s * s)
	energy = E.Square().Add(R.Square()).Div(row).Sum(-1).Mean(-1).MulS(0.5)
	return res, kl, energy
}
