package sgpa

import (
	"fmt"
	"math"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/nn"
)

// MeanFieldLinear is a linear map with an independent normal distribution over each weight, sampled by local
// reparameterisation: the output has mean x mu' + mu_b and variance x^2 (s^2)' + s_b^2. Each pass adds the divergence from
// the prior N(0, PriorStd^2).
type MeanFieldLinear struct {
	WMean, WLogStd *linalg.Tensor // [out in]
	BMean, BLogStd *linalg.Tensor // [out]; nil for a map without bias
	PriorStd       float64
	Scale          float64 // of the divergence in the loss: 1/N
	Name           string
}

// meanField puts a distribution with small spread round the weights of a linear map.
func meanField(m nn.Mapper, scale float64, name string) *MeanFieldLinear {
	l := m.(*nn.Linear)
	narrow := func(t *linalg.Tensor) *linalg.Tensor { return linalg.Param(linalg.Full(t.DType(), -5, t.Shape()...)) }
	f := &MeanFieldLinear{WMean: l.W, WLogStd: narrow(l.W), PriorStd: 1, Scale: scale, Name: name}
	if l.B != nil {
		f.BMean, f.BLogStd = l.B, narrow(l.B)
	}
	return f
}

// Params are means and log standard deviations.
func (l *MeanFieldLinear) Params() []nn.Param {
	out := []nn.Param{{Name: "W", Value: l.WMean}, {Name: "W.logstd", Value: l.WLogStd}}
	if l.BMean != nil {
		out = append(out, nn.Param{Name: "b", Value: l.BMean}, nn.Param{Name: "b.logstd", Value: l.BLogStd})
	}
	return out
}

// Forward draws an output; a pass without random numbers gives its mean.
func (l *MeanFieldLinear) Forward(x *linalg.Tensor, p *nn.Pass) *linalg.Tensor {
	mean := linalg.Linear(x, l.WMean, l.BMean)
	p.Penalise(l.Name, l.KL(), l.Scale)
	if p.Rand == nil {
		return mean
	}
	return l.draw(x, mean, linalg.Normal(p.Rand, mean.DType(), mean.Shape()...))
}

func (l *MeanFieldLinear) draw(x, mean, eps *linalg.Tensor) *linalg.Tensor {
	var b *linalg.Tensor
	if l.BLogStd != nil {
		b = l.BLogStd.MulS(2).Exp()
	}
	variance := linalg.Linear(x.Square(), l.WLogStd.MulS(2).Exp(), b)
	return mean.Add(variance.MaxS(varFloor).Sqrt().Mul(eps))
}

// KL is sum (s^2+mu^2)/(2 p^2) - log(s/p) - 1/2 over all weights.
func (l *MeanFieldLinear) KL() *linalg.Tensor {
	kl := l.divergence(l.WMean, l.WLogStd)
	if l.BMean != nil {
		kl = kl.Add(l.divergence(l.BMean, l.BLogStd))
	}
	return kl
}

func (l *MeanFieldLinear) divergence(mean, logStd *linalg.Tensor) *linalg.Tensor {
	p2 := l.PriorStd * l.PriorStd
	return logStd.MulS(2).Exp().Add(mean.Square()).MulS(0.5 / p2).Sub(logStd).AddS(math.Log(l.PriorStd) - 0.5).Sum()
}

// MeanFieldNetwork is a softmax network with distributions over all weights of attention and feed-forward blocks, for
// trainSize training inputs.
func MeanFieldNetwork(r *linalg.Rand, c Config, trainSize int) *Network {
	c.Method, c.MeanField, c.TrainSize = Softmax, true, trainSize
	return New(r, c)
}

// spreadWeights puts distributions over the weights of the blocks.
func (n *Network) spreadWeights() {
	scale := 1 / float64(n.Config.TrainSize)
	for i, l := range n.Layers {
		at := fmt.Sprintf("layer %d", i)
		a := l.Attn.(*SoftmaxLayer)
		a.Q, a.K, a.V, a.O = meanField(a.Q, scale, at+" Wq"), meanField(a.K, scale, at+" Wk"), meanField(a.V, scale, at+" Wv"), meanField(a.O, scale, at+" Wo")
		l.Feed.In, l.Feed.Out = meanField(l.Feed.In, scale, at+" W1"), meanField(l.Feed.Out, scale, at+" W2")
	}
}
