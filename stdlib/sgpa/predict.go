package sgpa

import (
	"context"
	"fmt"

	"gonum.org/v1/gonum/mat"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/calib"
	"github.com/priorlab/priorlab/stdlib/nn"
)

// Prediction is what a model says about N inputs: class probabilities, N x C, from one or several Monte Carlo passes or
// ensemble members. Probabilities are averaged, never logits.
type Prediction struct {
	Samples []*mat.Dense
}

// Probs is the average over the samples, N x C.
func (p *Prediction) Probs() *mat.Dense { return calib.MeanProbs(p.Samples) }

// Entropy is the total uncertainty of each input, in nats.
func (p *Prediction) Entropy() []float64 { return calib.Entropy(p.Probs()) }

// MutualInfo is the part of the entropy about which the samples disagree.
func (p *Prediction) MutualInfo() []float64 { return calib.MutualInfo(p.Samples) }

// Predictor is anything that predicts: a network, an ensemble, a network with a post-hoc correction.
type Predictor interface {
	Predict(ctx context.Context, in *Inputs) (*Prediction, error)
}

// Passes predicts with a network as it is: one pass for a point estimate, Samples for anything that draws.
type Passes struct {
	Net     *Network
	Samples int    // S; 0 is 1
	Dropout bool   // Monte Carlo dropout: dropout stays on
	Seed    uint64 // of dropout and noise
	Batch   int    // inputs at a time; 0 is 100
}

// Predict gives the probabilities of each pass. The random numbers of a batch belong to its place among the inputs.
func (m *Passes) Predict(ctx context.Context, in *Inputs) (*Prediction, error) {
	out := &Prediction{}
	err := m.logits(ctx, in, func(z []*mat.Dense) {
		for s := range z {
			p := calib.Softmax(z[s])
			if s == len(out.Samples) {
				out.Samples = append(out.Samples, p)
				continue
			}
			both := new(mat.Dense)
			both.Stack(out.Samples[s], p)
			out.Samples[s] = both
		}
	})
	return out, err
}

// logits calls each with the logits of one batch after the other, one matrix a sample.
func (m *Passes) logits(ctx context.Context, in *Inputs, each func(z []*mat.Dense)) error {
	S := max(m.Samples, 1)
	return m.batches(ctx, in, func(part *Inputs, r *linalg.Rand) {
		n, C := part.Len(), m.Net.Config.Classes
		z := make([]*mat.Dense, S)
		for s := range z {
			z[s] = mat.NewDense(n, C, nil)
		}
		if m.Net.Stochastic() && !m.Dropout {
			all := m.Net.Forward(part, nn.Sampling(r, S), nil).Float64s()
			for i := 0; i < n; i++ {
				for s := range z {
					z[s].SetRow(i, all[(i*S+s)*C:(i*S+s+1)*C])
				}
			}
		} else {
			for s := range z {
				p := &nn.Pass{Train: m.Dropout, Rand: r, Samples: 1}
				z[s] = mat.NewDense(n, C, m.Net.Forward(part, p, nil).Float64s())
			}
		}
		each(z)
	})
}

// batches cuts inputs into batches and calls f on each, without gradients and inside a scope.
func (m *Passes) batches(ctx context.Context, in *Inputs, f func(part *Inputs, r *linalg.Rand)) error {
	N, size := in.Len(), m.Batch
	if N == 0 {
		return fmt.Errorf("sgpa: there are no inputs to predict")
	}
	if size < 1 {
		size = 100
	}
	r := linalg.NewRand(m.Seed)
	for from := 0; from < N; from += size {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("sgpa: prediction interrupted after %d of %d inputs: %w", from, N, err)
		}
		at := make([]int, min(size, N-from))
		for i := range at {
			at[i] = from + i
		}
		err := linalg.Try(func() {
			linalg.Scope(func() { linalg.NoGrad(func() { f(in.Take(at), r.Split(uint64(from))) }) })
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Logits are the mean logits over the passes, N x C: what temperature scaling works on.
func (m *Passes) Logits(ctx context.Context, in *Inputs) (*mat.Dense, error) {
	var out *mat.Dense
	err := m.logits(ctx, in, func(z []*mat.Dense) {
		mean := meanMatrix(z)
		if out == nil {
			out = mean
			return
		}
		both := new(mat.Dense)
		both.Stack(out, mean)
		out = both
	})
	return out, err
}

func meanMatrix(z []*mat.Dense) *mat.Dense {
	mean := mat.DenseCopyOf(z[0])
	for _, m := range z[1:] {
		mean.Add(mean, m)
	}
	mean.Scale(1/float64(len(z)), mean)
	return mean
}

// Features are what the last linear map sees, N x D, of one deterministic pass.
func (m *Passes) Features(ctx context.Context, in *Inputs) (*mat.Dense, error) {
	var out *mat.Dense
	err := m.batches(ctx, in, func(part *Inputs, r *linalg.Rand) {
		h := m.Net.PooledFeatures(part, nn.Sampling(r, 1), nil)
		f := mat.NewDense(h.Shape()[0], h.Shape()[1], h.Float64s())
		if out == nil {
			out = f
			return
		}
		both := new(mat.Dense)
		both.Stack(out, f)
		out = both
	})
	return out, err
}

// Tempered divides the logits of a network by a temperature.
type Tempered struct {
	Passes
	T *calib.Temperature
}

// Temper fits a temperature to validation data.
func Temper(ctx context.Context, m Passes, valid *Data) (*Tempered, error) {
	z, err := m.Logits(ctx, valid.X)
	if err != nil {
		return nil, err
	}
	out := &Tempered{Passes: m}
	err = linalg.Try(func() { out.T = calib.FitTemperature(z, valid.Y) })
	return out, err
}

// Predict gives one matrix of probabilities.
func (t *Tempered) Predict(ctx context.Context, in *Inputs) (*Prediction, error) {
	z, err := t.Logits(ctx, in)
	if err != nil {
		return nil, err
	}
	return &Prediction{Samples: []*mat.Dense{t.T.Apply(z)}}, nil
}

// Ensemble averages the probabilities of its members: a deep ensemble, or one of SGPA when the members sample.
type Ensemble []Predictor

// Predict gives one averaged matrix a member.
func (e Ensemble) Predict(ctx context.Context, in *Inputs) (*Prediction, error) {
	if len(e) == 0 {
		return nil, fmt.Errorf("sgpa: the ensemble has no members")
	}
	out := &Prediction{}
	for i, m := range e {
		p, err := m.Predict(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("sgpa: member %d: %w", i, err)
		}
		out.Samples = append(out.Samples, p.Probs())
	}
	return out, nil
}
