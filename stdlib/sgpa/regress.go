package sgpa

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/nn"
	"github.com/priorlab/priorlab/stdlib/train"
)

// Regressor is a network with one output and a Gaussian likelihood of learned noise. Targets are centred and scaled
// inside.
type Regressor struct {
	Net         *Network
	LogNoise    *linalg.Tensor // [1], log standard deviation on the scaled targets
	Shift, Unit float64        // target = Shift + Unit * output
}

// NewRegressor draws one; the number of classes is set to 1.
func NewRegressor(r *linalg.Rand, c Config) *Regressor {
	c.Classes = 1
	n := New(r, c)
	return &Regressor{Net: n, LogNoise: linalg.Param(linalg.Zeros(n.Config.dtype(), 1)), Unit: 1}
}

// Params are those of the network and the noise.
func (g *Regressor) Params() []nn.Param {
	return nn.Join(g.Net.Params(), []nn.Param{{Name: "LogNoise", Value: g.LogNoise}})
}

// Fit trains on inputs and targets; see train.Fit.
func (g *Regressor) Fit(ctx context.Context, in *Inputs, y []float64, anneal Anneal, o train.Options) (*train.History, error) {
	p, err := g.Problem(in, y, anneal)
	if err != nil {
		return &train.History{Best: -1}, err
	}
	return train.Fit(ctx, p, o)
}

// Problem is the training problem: Gaussian negative log-likelihood plus the weighted divergences. It sets Shift and Unit
// from the targets.
func (g *Regressor) Problem(in *Inputs, y []float64, anneal Anneal) (*train.Problem, error) {
	if in == nil || in.Len() == 0 || in.Len() != len(y) {
		n := 0
		if in != nil {
			n = in.Len()
		}
		return nil, fmt.Errorf("sgpa: %d inputs and %d targets", n, len(y))
	}
	var sum, square float64
	for i, v := range y {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("sgpa: target %d is %v", i, v)
		}
		sum += v
	}
	g.Shift = sum / float64(len(y))
	for _, v := range y {
		square += (v - g.Shift) * (v - g.Shift)
	}
	if g.Unit = math.Sqrt(square / float64(len(y))); g.Unit == 0 {
		g.Unit = 1
	}
	return &train.Problem{Model: g, N: len(y), Loss: func(batch []int, pass *nn.Pass, at train.Moment) (*linalg.Tensor, []train.Part) {
		targets := make([]float64, len(batch))
		for i, k := range batch {
			targets[i] = (y[k] - g.Shift) / g.Unit
		}
		beta := anneal.beta(at)
		l := RegressionLoss(g.Net.Forward(in.Take(batch), pass, nil), g.LogNoise, targets, pass, beta)
		return l.Total, []train.Part{{Name: "NLL", Value: l.CE}, {Name: "KL", Value: l.KL}, {Name: "beta", Value: beta}}
	}}, nil
}

// Means are the predictions of N inputs by S passes.
type Means struct {
	Means *mat.Dense // S x N
	Noise float64    // standard deviation of the likelihood
}

// Predict passes the inputs through the network; the network of p is ignored.
func (g *Regressor) Predict(ctx context.Context, in *Inputs, p Passes) (*Means, error) {
	p.Net = g.Net
	if !g.Net.Stochastic() && !g.Net.Config.MeanField && !p.Dropout {
		p.Samples = 1
	}
	var rows [][]float64
	err := p.logits(ctx, in, func(z []*mat.Dense) {
		if rows == nil {
			rows = make([][]float64, len(z))
		}
		for s := range z {
			for _, v := range mat.Col(nil, 0, z[s]) {
				rows[s] = append(rows[s], g.Shift+g.Unit*v)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	out := &Means{Means: mat.NewDense(len(rows), len(rows[0]), nil), Noise: g.Unit * math.Exp(g.LogNoise.Item())}
	for s, r := range rows {
		out.Means.SetRow(s, r)
	}
	return out, nil
}

// Moments are mean and standard deviation of each prediction, noise included.
func (m *Means) Moments() (mean, sd []float64) {
	S, N := m.Means.Dims()
	mean, sd = make([]float64, N), make([]float64, N)
	for i := range mean {
		v := 0.0
		for s := 0; s < S; s++ {
			mean[i] += m.Means.At(s, i) / float64(S)
		}
		for s := 0; s < S; s++ {
			d := m.Means.At(s, i) - mean[i]
			v += d * d / float64(S)
		}
		sd[i] = math.Sqrt(v + m.Noise*m.Noise)
	}
	return mean, sd
}

const regressorKind = "sgpa.Regressor"

// regressorConfig is what a saved regressor needs beside its tensors.
type regressorConfig struct {
	Network     Config
	Shift, Unit float64
}

// Save writes the regressor with its configuration.
func (g *Regressor) Save(path string) error {
	f, err := train.NewFile(regressorKind, fileVersion, regressorConfig{g.Net.Config, g.Shift, g.Unit}, g)
	if err != nil {
		return err
	}
	return f.Save(path)
}

// LoadRegressor reads a regressor that Save wrote.
func LoadRegressor(path string) (g *Regressor, err error) {
	var c regressorConfig
	f, err := open(path, regressorKind, &c)
	if err != nil {
		return nil, err
	}
	if err := linalg.Try(func() { g = NewRegressor(linalg.NewRand(0), c.Network) }); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	g.Shift, g.Unit = c.Shift, c.Unit
	return g, f.Into(g)
}
