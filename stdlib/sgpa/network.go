package sgpa

import (
	"fmt"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/nn"
)

// Network is a transformer whose attention is any of the kinds of this package:
//
//	x_1 = LN(e),  h = e + Attn_1(x_1),  h = h + MLP_1(LN(h))
//	x_l = LN(h),  G(Z_l) = LN(Z_l + MLP_{l-1}(Z_l)),  h = h + Attn_l(x_l; G(Z_l)),  h = h + MLP_l(LN(h))
//
// then pooling, LN, and a linear map to logits. One LayerNorm serves all places inside; the embedding and the head have
// their own. After the first layer there is a row for each sample: [B*S T D].
type Network struct {
	Config  Config
	Encoder Encoder
	Layers  []*Layer
	Norm    *nn.LayerNorm // shared; nil with SeparateNorms
	NormIn  *nn.LayerNorm
	NormOut *nn.LayerNorm
	Pool    *nn.SeqPool // images; nil for the mean over tokens
	Head    nn.Mapper
}

// Layer is attention and the feed-forward block after it.
type Layer struct {
	Attn         Attention
	Feed         *nn.MLP
	norm1, norm2 *nn.LayerNorm // their own, with SeparateNorms
}

// New draws a network from r. It panics with a *linalg.Error when the configuration makes no sense.
func New(r *linalg.Rand, c Config) *Network {
	c = c.withDefaults()
	c.check()
	dt := c.dtype()
	n := &Network{Config: c, NormIn: nn.NewLayerNorm(dt, c.Width), NormOut: nn.NewLayerNorm(dt, c.Width)}
	switch {
	case c.Size > 0:
		n.Encoder, n.Pool = newImageEncoder(r, c), nn.NewSeqPool(r, dt, c.Width)
	case c.Vocabulary > 0:
		n.Encoder = newTextEncoder(r, c)
	default:
		n.Encoder = newGraphEncoder(r, c)
	}
	if !c.SeparateNorms {
		n.Norm = nn.NewLayerNorm(dt, c.Width)
	}
	for range c.Depth {
		l := &Layer{Attn: newAttention(r, c), Feed: nn.NewMLP(r, dt, c.Width, c.Hidden, c.Width, c.Dropout)}
		if c.SeparateNorms {
			l.norm1, l.norm2 = nn.NewLayerNorm(dt, c.Width), nn.NewLayerNorm(dt, c.Width)
		}
		n.Layers = append(n.Layers, l)
	}
	n.Head = nn.NewLinear(r, dt, c.Width, c.Classes)
	if c.MeanField {
		n.spreadWeights()
	}
	return n
}

func newAttention(r *linalg.Rand, c Config) Attention {
	switch c.Method {
	case Softmax:
		return NewSoftmaxLayer(r, c)
	case KernelAttention:
		return NewKernelLayer(r, c)
	case SGPA:
		return NewDecoupledLayer(r, c)
	case StandardSGPA:
		return NewStandardLayer(r, c)
	case CorrelatedGP:
		return NewCorrelatedLayer(r, c, false)
	case SparseCorrelatedGP:
		return NewCorrelatedLayer(r, c, true)
	case EigenPairs:
		return NewEigenPairLayer(r, c)
	case RandomFeatures:
		return NewRandomFeatureLayer(r, c)
	}
	fail("New", `use "softmax", "kernel", "sgpa", "standard", "correlated", "sparse correlated", "eigenpairs" or "random features"`, "there is no kind of attention %q", string(c.Method))
	return nil
}

// Params lists all parameters, named by their place.
func (n *Network) Params() []nn.Param {
	out := nn.Under("encoder", n.Encoder.Params())
	for i, l := range n.Layers {
		at := fmt.Sprintf("layers.%d", i)
		out = nn.Join(out, nn.Under(at+".attention", l.Attn.Params()), nn.Under(at+".mlp", l.Feed.Params()))
		if l.norm1 != nil {
			out = nn.Join(out, nn.Under(at+".norm1", l.norm1.Params()), nn.Under(at+".norm2", l.norm2.Params()))
		}
	}
	if n.Norm != nil {
		out = nn.Join(out, nn.Under("norm", n.Norm.Params()))
	}
	out = nn.Join(out, nn.Under("norm_in", n.NormIn.Params()), nn.Under("norm_out", n.NormOut.Params()))
	if n.Pool != nil {
		out = nn.Join(out, nn.Under("pool", n.Pool.Params()))
	}
	return nn.Join(out, nn.Under("head", n.Head.Params()))
}

// preNorm and midNorm are the norms before attention and before the feed-forward block of layer i.
func (n *Network) preNorm(i int) *nn.LayerNorm {
	if n.Norm != nil {
		return n.Norm
	}
	return n.Layers[i].norm1
}

func (n *Network) midNorm(i int) *nn.LayerNorm {
	if n.Norm != nil {
		return n.Norm
	}
	return n.Layers[i].norm2
}

// Stochastic reports whether attention draws samples.
func (n *Network) Stochastic() bool {
	return n.Config.Method != Softmax && n.Config.Method != KernelAttention
}

// Forward gives logits [B*S C]: one row an input for point estimates, S rows an input, one after the other, for posteriors.
// noise has one tensor [B S H T d] for each layer ([B*S 1 H T d] after the first), or is nil to draw it from the pass.
func (n *Network) Forward(in *Inputs, p *nn.Pass, noise []*linalg.Tensor) *linalg.Tensor {
	return n.Head.Forward(n.PooledFeatures(in, p, noise), p)
}

// PooledFeatures are what the last linear map sees: [B*S D].
func (n *Network) PooledFeatures(in *Inputs, p *nn.Pass, noise []*linalg.Tensor) *linalg.Tensor {
	h, mask := n.tokens(in, p, noise, nil)
	if n.Pool != nil {
		return n.NormOut.Forward(n.Pool.Forward(h, mask, p), p)
	}
	return n.NormOut.Forward(nn.MeanPool(h, mask), p)
}

// Posteriors passes inputs through the network and gives what each attention layer said on the way: means, variances,
// divergences, jitters. Nothing is recorded for gradients.
func (n *Network) Posteriors(in *Inputs, p *nn.Pass) []*Result {
	var out []*Result
	linalg.NoGrad(func() { n.tokens(in, p, nil, &out) })
	return out
}

// tokens runs encoder and layers: h [B*S T D] and its mask.
func (n *Network) tokens(in *Inputs, p *nn.Pass, noise []*linalg.Tensor, keep *[]*Result) (h, mask *linalg.Tensor) {
	if noise != nil && len(noise) != len(n.Layers) {
		fail("Forward", "", "noise for %d layers, but there are %d", len(noise), len(n.Layers))
	}
	h, mask = n.Encoder.Encode(in, p)
	x := n.NormIn.Forward(h, p)
	for i, l := range n.Layers {
		req := Request{X: x, Mask: mask, Pass: p, Samples: 1, Name: fmt.Sprintf("layer %d", i)}
		if i == 0 {
			req.Samples = max(p.Samples, 1)
		} else {
			req.X = n.preNorm(i).Forward(h, p)
			req.Features = n.features(i, p)
		}
		if noise != nil {
			req.Noise = noise[i]
		}
		res := l.Attn.Attend(req)
		if keep != nil {
			*keep = append(*keep, res)
		}
		S := res.Out.Shape()[0] / h.Shape()[0]
		h, mask = repeat(h, S).Add(p.Dropout(res.Out, n.Config.Dropout)), repeat(mask, S)
		h = h.Add(l.Feed.Forward(n.midNorm(i).Forward(h, p), p))
	}
	return h, mask
}

// features is G of layer i > 0: global inputs go through the feed-forward block before, as tokens did, and the norm.
func (n *Network) features(i int, p *nn.Pass) func(*linalg.Tensor) *linalg.Tensor {
	return func(z *linalg.Tensor) *linalg.Tensor {
		return n.preNorm(i).Forward(z.Add(n.Layers[i-1].Feed.Forward(z, p)), p)
	}
}
