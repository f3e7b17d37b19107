package sgpa

import (
	"fmt"
	"math"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/nn"
)

// Mode says how a layer draws its output.
type Mode string

// Diag draws tokens independently with their marginal variances; Full draws them together. In Diag, averaging over T
// tokens shrinks the uncertainty by about 1/T; in Full it survives.
//
// Joint has the distribution of Full at the cost of one factorisation a head instead of one a channel: the channels share
// the factor of K_qq - A'A, and (R_j'A)' times M normal numbers is added. Its draws differ from those of Full.
const (
	Diag  Mode = "diag"
	Full  Mode = "full"
	Joint Mode = "joint"
)

// Start says where the variational posterior begins.
type Start string

// Calm begins at R = Rho I, v_g = 0 and global inputs of small norm: its divergence is near zero. Cold is the random
// start of the published code, whose divergence is enormous.
const (
	Calm Start = "calm"
	Cold Start = "cold"
)

// Request is what a network asks of an attention layer.
type Request struct {
	X        *linalg.Tensor                        // [B T D], normalised tokens
	Mask     *linalg.Tensor                        // [B T], 1 for real tokens; nil for none
	Features func(z *linalg.Tensor) *linalg.Tensor // what global inputs go through before the projection; nil for nothing
	Noise    *linalg.Tensor                        // [B S H T d]; nil draws it from Pass
	Samples  int                                   // S, when Noise is nil
	Pass     *nn.Pass
	Name     string // of the layer, for errors and penalties
}

// Result is what a layer gives. Only Out is set by layers without a posterior.
type Result struct {
	Out       *linalg.Tensor // [B*S T D], sequences outer, samples inner
	Mean, Var *linalg.Tensor // [B H T d]
	Cov       *linalg.Tensor // [B H d T T], or [B H 1 T T] where the channels of a head share it; Full mode only
	KLa, KLg  *linalg.Tensor // [B H d] and [H d] ([B H d] for standard SGPA)
	Jitter    float64        // what the factorised Gram matrices needed

	rest, spread *linalg.Tensor // of Joint: K_qq - A'A [B H T T] or nil for zero, R_j'A [B H d M T] or [B H 1 M T]
}

// Attention is one kind of attention: point estimates and posteriors have the same face.
type Attention interface {
	nn.Module
	Attend(r Request) *Result
}

// projection holds what every kernel attention has: the tied projection, the values, the kernel and the output map.
type projection struct {
	kind             Kind
	heads            int
	Wqk, Wv          *linalg.Tensor // [H d D]
	LogVar, LogScale *linalg.Tensor // [H], [H d]
	O                nn.Mapper
}

func newProjection(r *linalg.Rand, c Config) projection {
	H, d, D := c.Heads, c.Width/c.Heads, c.Width
	bound := 1 / math.Sqrt(float64(D))
	draw := func() *linalg.Tensor {
		return linalg.Param(linalg.Uniform(r, c.dtype(), H, d, D).MulS(2 * bound).AddS(-bound))
	}
	p := projection{kind: c.Kernel, heads: H, Wqk: draw(), Wv: draw(), O: nn.NewLinear(r, c.dtype(), D, D)}
	variance, scale := 0.0, 0.0
	if c.Kernel == Exponential { // see the notes on overflow: large length-scales keep the exponent small
		variance, scale = -4, 4
	}
	spread := 1.0
	if c.Start == Calm {
		spread = 0.1
		if c.Kernel == ARD {
			scale = 0.5 * math.Log(float64(d)) // typical squared distances of order one
		} else {
			variance, scale = 0, 0.5*math.Log(float64(d))
		}
	}
	p.LogVar = linalg.Param(linalg.Full(c.dtype(), variance, H))
	p.LogScale = linalg.Param(linalg.Normal(r, c.dtype(), H, d).MulS(spread).AddS(scale))
	return p
}

func (p *projection) params() []nn.Param {
	return nn.Join([]nn.Param{{Name: "Wqk", Value: p.Wqk}, {Name: "Wv", Value: p.Wv}, {Name: "LogVar", Value: p.LogVar},
		{Name: "LogScale", Value: p.LogScale}}, nn.Under("O", p.O.Params()))
}

// apply maps x [B T D] by w [H d D] to [B H T d].
func (p *projection) apply(x, w *linalg.Tensor) *linalg.Tensor {
	s := w.Shape()
	return nn.SplitHeads(x.MatMul(w.Reshape(s[0]*s[1], s[2]).T()), p.heads)
}

// queries checks the request and gives q and the masked v_a, both [B H T d].
func (p *projection) queries(r Request) (q, va *linalg.Tensor) {
	s := r.X.Shape()
	D := p.Wqk.Shape()[2]
	if len(s) != 3 || s[2] != D || s[0] == 0 || s[1] == 0 {
		fail(r.Name, "tokens are [B T D]", "the input has shape %v for a width of %d", s, D)
	}
	q, va = p.apply(r.X, p.Wqk), p.apply(r.X, p.Wv)
	if r.Mask != nil {
		m := r.Mask.Shape()
		if len(m) != 2 || m[0] != s[0] || m[1] != s[1] {
			fail(r.Name, "", "the mask has shape %v for %d sequences of %d tokens", m, s[0], s[1])
		}
		va = va.Mul(r.Mask.Reshape(s[0], 1, s[1], 1))
	}
	return q, va
}

// output joins heads of draws F [B S H T d], maps them and masks: [B*S T D].
func (p *projection) output(F *linalg.Tensor, r Request) *linalg.Tensor {
	s := F.Shape()
	B, S, H, T, d := s[0], s[1], s[2], s[3], s[4]
	out := p.O.Forward(F.Permute(0, 1, 3, 2, 4).Reshape(B*S, T, H*d), r.Pass)
	return nn.ApplyMask(out, repeat(r.Mask, S))
}

// repeat gives each row of x S times in a row; nil stays nil.
func repeat(x *linalg.Tensor, S int) *linalg.Tensor {
	if x == nil || S == 1 {
		return x
	}
	s := x.Shape()
	wide := append([]int{s[0], S}, s[1:]...)
	return x.Unsqueeze(1).BroadcastTo(wide...).Reshape(append([]int{s[0] * S}, s[1:]...)...)
}

// noise is the request's noise for a posterior of the given mean [B H T d], drawn if it was not given: [B S H T d].
func (r Request) noise(mean *linalg.Tensor) *linalg.Tensor {
	s := mean.Shape()
	S := max(r.Samples, 1)
	if r.Noise == nil {
		return r.Pass.Normal(r.Name, mean.DType(), s[0], S, s[1], s[2], s[3])
	}
	n := r.Noise.Shape()
	if len(n) != 5 || n[0] != s[0] || n[2] != s[1] || n[3] != s[2] || n[4] != s[3] {
		fail(r.Name, "", "the noise has shape %v for a posterior of %v; it should be [B S H T d]", n, s)
	}
	return r.Noise
}

// draw gives samples [B S H T d] of a posterior.
func (res *Result) draw(r Request, mode Mode, outJitter float64) *linalg.Tensor {
	if mode == Joint {
		return res.drawJoint(r, outJitter)
	}
	eps := r.noise(res.Mean)
	if mode != Full {
		return res.Mean.Unsqueeze(1).Add(res.Var.MaxS(varFloor).Sqrt().Unsqueeze(1).Mul(eps))
	}
	C, _ := cholesky(res.Cov.To(linalg.F64), outJitter, func(i int) string {
		return fmt.Sprintf("%s, posterior covariance %d of [sequence, head, channel]", r.Name, i)
	})
	e := eps.Permute(0, 2, 4, 3, 1)                              // [B H d T S]
	n := C.To(res.Mean.DType()).MatMul(e).Permute(0, 4, 1, 3, 2) // [B S H T d]
	return res.Mean.Unsqueeze(1).Add(n)
}

// drawJoint is m_j + chol(K_qq - A'A + outJitter I) eps_j + (R_j'A)' e_j with e_j of M further numbers. Where the inducing points
// leave nothing, as random features do, there is no first part.
func (res *Result) drawJoint(r Request, outJitter float64) *linalg.Tensor {
	dt, H := res.Mean.DType(), res.Mean.Shape()[1]
	F, S := res.Mean.Unsqueeze(1), max(r.Samples, 1)
	if res.rest != nil {
		C, _ := cholesky(res.rest.To(linalg.F64), outJitter, func(i int) string {
			return fmt.Sprintf("%s, sequence %d, head %d, covariance that the inducing points leave", r.Name, i/H, i%H)
		})
		eps := r.noise(res.Mean)
		S, F = eps.Shape()[1], F.Add(C.To(dt).Unsqueeze(1).MatMul(eps)) // [B S H T d]
	} else if r.Noise != nil {
		fail(r.Name, "leave Noise nil, or use sgpa.Diag or sgpa.Full", "joint draws of random features are draws of weights, which noise [B S H T d] does not say")
	}
	s := res.spread.Shape() // [B H d M T], or [B H 1 M T]
	extra := r.Pass.Normal(r.Name, dt, s[0], s[1], res.Mean.Shape()[3], s[3], S)
	return F.Add(res.spread.T().MatMul(extra).Permute(0, 4, 1, 3, 2)) // [B H d T S] -> [B S H T d]
}

// Clamped counts variances that rounding pushed below the floor.
func (res *Result) Clamped() int {
	if res.Var == nil {
		return 0
	}
	n := 0
	for _, v := range res.Var.Float64s() {
		if v < varFloor {
			n++
		}
	}
	return n
}
