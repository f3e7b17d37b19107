package sgpa

import (
	"math"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/nn"
)

// LayerState is what to watch in an SGPA layer. When Signal falls towards zero, the divergences hold the posterior at the
// prior: attention adds noise of variance Var and carries nothing. At weight one that is what the objective asks for: the
// cross-entropy of C classes is never worth more than log C nats a sequence, and KLa alone is tens of nats when
// attention works. Less weight on the divergences (Config.KLWeight) brings the signal back; longer training does not, but
// lets the rest of the network learn to do without it.
type LayerState struct {
	Layer    int
	Variance float64 // s2, mean over heads
	Scale    float64 // ell, geometric mean over heads and dimensions
	R        float64 // geometric mean of the diagonal of R; 1 is the prior
	Mean2    float64 // mean square of the posterior mean
	Var      float64 // mean posterior variance
	Signal   float64 // Mean2/Var
	KLa, KLg float64 // divergences: mean over sequences of the amortised part, and the global part
	Jitter   float64
	Clamped  int // variances that rounding pushed below the floor
}

// State passes inputs through the network and gives one row for each layer with a posterior; layers without one (softmax
// and kernel attention) give none. seed is that of the noise on the way.
func (n *Network) State(in *Inputs, seed uint64) []LayerState {
	var out []LayerState
	linalg.Scope(func() {
		for i, res := range n.Posteriors(in, nn.Sampling(linalg.NewRand(seed), 1)) {
			if res.Var == nil {
				continue
			}
			s := LayerState{Layer: i, Mean2: res.Mean.Square().Mean().Item(), Var: res.Var.Mean().Item(), Jitter: res.Jitter, Clamped: res.Clamped()}
			s.Signal = s.Mean2 / s.Var
			if res.KLa != nil {
				s.KLa = res.KLa.Sum(1, 2).Mean().Item()
			}
			if k := res.KLg; k != nil && len(k.Shape()) == 2 {
				s.KLg = k.Sum().Item()
			} else if k != nil {
				s.KLg = k.Sum(1, 2).Mean().Item()
			}
			s.parameters(n.Layers[i].Attn)
			out = append(out, s)
		}
	})
	return out
}

func (s *LayerState) parameters(a Attention) {
	linalg.NoGrad(func() {
		switch l := a.(type) {
		case *DecoupledLayer:
			s.Variance, s.Scale = l.LogVar.Exp().Mean().Item(), math.Exp(l.LogScale.Mean().Item())
			s.R = math.Exp(l.LogDiag.Mean().Item())
		case *StandardLayer:
			s.Variance, s.Scale = l.LogVar.Exp().Mean().Item(), math.Exp(l.LogScale.Mean().Item())
			s.R = math.Exp(l.LogDiag.Mean().Item())
		case *CorrelatedLayer:
			s.Variance, s.Scale, s.R = 1, math.Exp(l.LogScale.Mean().Item()), math.NaN()
		case *RandomFeatureLayer:
			s.Variance, s.Scale, s.R = l.LogVar.Exp().Mean().Item(), math.Exp(l.LogScale.Mean().Item()), math.NaN()
		case *EigenPairLayer:
			s.Variance, s.Scale = math.NaN(), math.NaN()
			s.R = math.Exp(l.LogDiag.Mean().Item())
		}
	})
}
