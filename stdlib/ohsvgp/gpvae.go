package ohsvgp

import (
	"context"
	"fmt"
	"math"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
	"github.com/priorlab/priorlab/stdlib/nn"
	"github.com/priorlab/priorlab/stdlib/train"
	"gonum.org/v1/gonum/mat"
)

// GPVAEOptions describe a GP-VAE. The zero value of every field has a meaning.
type GPVAEOptions struct {
	Latents     int       // channels; 0 means 20
	M           int       // inducing variables of each channel; 0 means 50
	Width       int       // hidden units of encoder and decoder; 0 means 128
	Kernel      gp.Kernel // of every channel; nil means Matern-3/2 sized from the first task
	LearnKernel bool      // the kernel of every channel is learned with the networks in the first task, then frozen, as published
	Origin      float64   // where time begins
	Steps       int       // of Adam per task, on the whole task; 0 means 300
	Rate        float64   // of Adam; 0 means 0.005
	Amortised   bool      // q(u) from the current task alone, instead of streaming memory
	Points      bool      // inducing points by pivoted Cholesky (OVC) instead of the LegS memory
	LearnZ      bool      // inducing points, shared by the channels and learned with the networks (OSVGP, as in SVGP-VAE)
	EWC         float64   // strength of elastic weight consolidation between tasks; 0 means none
	Seed        uint64
}

func (o GPVAEOptions) filled() GPVAEOptions {
	set := func(p *int, v int) {
		if *p == 0 {
			*p = v
		}
	}
	set(&o.Latents, 20)
	set(&o.M, 50)
	set(&o.Width, 128)
	set(&o.Steps, 300)
	if o.Rate == 0 {
		o.Rate = 0.005
	}
	return o
}

// GPVAE is the sparse Gaussian-process variational auto-encoder (Jazbec et al.
// 2021) with the LegS memory, learned task by task: y_t ~ N(dec(f_t), s2 I), f of
// independent [Latent] channels over time, and an encoder that proposes
// pseudo-observations of f. The objective of a task is
//
//	sum_t E_q log p(y_t|f_t) - sum_l KL_l
//
// with one reparametrised draw of f. Encoder and decoder have one hidden layer
// of tanh units. Kernel parameters are fixed, or learned in the first task alone.
type GPVAE struct {
	opt      GPVAEOptions
	dims     int
	enc, dec [2]*nn.Linear
	logNoise *linalg.Tensor
	channels []*Latent
	tasks    int
	z        *linalg.Tensor   // LearnZ: M by 1, in units of the first task's length
	unit     float64          // that length
	theta    *linalg.Tensor   // LearnKernel, in the first task: the kernels' free numbers, a row a channel
	fisher   []*linalg.Tensor // accumulated over tasks
	star     []*linalg.Tensor // parameters at the end of the last task
}

// NewGPVAE makes a model; networks are drawn at the first task.
func NewGPVAE(o GPVAEOptions) *GPVAE { return &GPVAE{opt: o.filled()} }

// Params are encoder, decoder and log noise variance, and inducing points and
// kernels where they are learned.
func (g *GPVAE) Params() []nn.Param {
	p := g.networks()
	if g.z != nil {
		p = append(p, nn.Param{Name: "Z", Value: g.z})
	}
	if g.theta != nil {
		p = append(p, nn.Param{Name: "kernels", Value: g.theta})
	}
	return p
}

// Kernels are copies of the channels' kernels; none before the first task.
func (g *GPVAE) Kernels() []gp.Kernel {
	var out []gp.Kernel
	for _, c := range g.channels {
		out = append(out, c.Kernel.Clone())
	}
	return out
}

// networks are the parameters that one task hands to the next.
func (g *GPVAE) networks() []nn.Param {
	if g.dims == 0 {
		return nil
	}
	return nn.Join(nn.Under("enc.0", g.enc[0].Params()), nn.Under("enc.1", g.enc[1].Params()),
		nn.Under("dec.0", g.dec[0].Params()), nn.Under("dec.1", g.dec[1].Params()), []nn.Param{{Name: "log noise", Value: g.logNoise}})
}

// Mode says how the memory is treated, for captions: "streaming" or "amortised".
func (g *GPVAE) Mode() string {
	if g.opt.Amortised {
		return "amortised"
	}
	return "streaming"
}

// begin sizes the model from its first task.
func (g *GPVAE) begin(dims int, length float64) {
	o := g.opt
	r := linalg.NewRand(o.Seed)
	g.dims, g.unit = dims, length
	g.enc = [2]*nn.Linear{nn.NewLinear(r.Split(1), linalg.F64, dims, o.Width), nn.NewLinear(r.Split(2), linalg.F64, o.Width, 2*o.Latents)}
	g.dec = [2]*nn.Linear{nn.NewLinear(r.Split(3), linalg.F64, o.Latents, o.Width), nn.NewLinear(r.Split(4), linalg.F64, o.Width, dims)}
	g.logNoise = linalg.Param(linalg.Full(linalg.F64, math.Log(0.1), 1))
	if o.Kernel == nil {
		o.Kernel = gp.Matern32(1, length/8)
	}
	g.opt.Kernel = o.Kernel
	for l := 0; l < o.Latents; l++ {
		g.channels = append(g.channels, &Latent{M: o.M, Kernel: o.Kernel.Clone(), Amortised: o.Amortised, Points: o.Points})
	}
}

// encode returns pseudo-observations, frames by channels; variances lie in
// [1e-3, 10].
func (g *GPVAE) encode(y *linalg.Tensor) (ytil, vtil *linalg.Tensor) {
	h := g.enc[1].Forward(g.enc[0].Forward(y, nil).Tanh(), nil)
	L := g.opt.Latents
	return h.Slice(1, 0, L), h.Slice(1, L, 2*L).Clamp(math.Log(1e-3), math.Log(10)).Exp()
}

func (g *GPVAE) decode(f *linalg.Tensor) *linalg.Tensor {
	return g.dec[1].Forward(g.dec[0].Forward(f, nil).Tanh(), nil)
}

// Update learns one task: frames Y (n by channels of the data, standardised) at
// times x, with the task's end. On an error, or when ctx is cancelled, the model
// is as before.
func (g *GPVAE) Update(ctx context.Context, end float64, x []float64, Y *mat.Dense) error {
	n, d := Y.Dims()
	if n != len(x) || n == 0 {
		return fmt.Errorf("ohsvgp: GP-VAE: %d times and %d frames", len(x), n)
	}
	if g.dims != 0 && d != g.dims {
		return fmt.Errorf("ohsvgp: GP-VAE: frames of %d numbers, earlier ones had %d", d, g.dims)
	}
	for i, v := range Y.RawMatrix().Data {
		if !finite(v) {
			return fmt.Errorf("ohsvgp: GP-VAE: a number of frame %d is %v", i/Y.RawMatrix().Stride, v)
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if g.opt.LearnZ && g.opt.Points {
		return fmt.Errorf("ohsvgp: GP-VAE: Points picks the inducing points and LearnZ learns them: set one")
	}
	before := *g
	before.channels = append([]*Latent(nil), g.channels...)
	if g.dims == 0 {
		g.begin(d, end-g.opt.Origin)
	}
	var saved []*linalg.Tensor
	for _, p := range g.networks() {
		saved = append(saved, p.Value.Clone())
	}
	done := false
	defer func() { // also when an interrupt unwinds a product
		if !done {
			linalg.Uninterrupted(func() {
				for i, p := range g.networks() {
					p.Value.Set(saved[i])
				}
			})
			*g = before
		}
	}()
	if err := g.learn(ctx, end-g.opt.Origin, x, Y); err != nil {
		return fmt.Errorf("ohsvgp: GP-VAE, task %d: %w", before.tasks+1, err)
	}
	done = true
	return nil
}

func (g *GPVAE) learn(ctx context.Context, end float64, x []float64, Y *mat.Dense) error {
	t := &vaeTask{g: g, learn: g.opt.LearnKernel && g.tasks == 0, y: linalg.FromFloat64(flatten(Y), len(x), g.dims), n: len(x), noise: linalg.NewRand(g.opt.Seed).Split(uint64(10 + g.tasks))}
	at := make([]float64, len(x))
	if !finite(end) || end <= 0 {
		return fmt.Errorf("the task ends at %v, time begins at %g", end+g.opt.Origin, g.opt.Origin)
	}
	if q := g.channels[0].q; q != nil {
		if b, ok := q.basis.(*legs); ok && end <= b.T {
			return fmt.Errorf("the task ends at %g and the memory has already reached %g: time must go forward", end+g.opt.Origin, b.T+g.opt.Origin)
		}
	}
	for i, v := range x {
		at[i] = v - g.opt.Origin
		if !finite(v) {
			return fmt.Errorf("time %d is %v", i, v)
		}
		if at[i] < 0 || at[i] > end {
			return fmt.Errorf("time %g lies outside the task, which reaches from the origin %g to %g", v, g.opt.Origin, end+g.opt.Origin)
		}
	}
	t.x = gp.Column(at)
	if err := t.begin(end); err != nil {
		return err
	}
	_, err := train.Fit(ctx, &train.Problem{Model: g, N: t.n, Loss: func([]int, *nn.Pass, train.Moment) (*linalg.Tensor, []train.Part) {
		return t.loss(), nil
	}}, train.Options{Epochs: g.opt.Steps, Batch: t.n, Schedule: train.Constant(g.opt.Rate), Seed: g.opt.Seed})
	if t.err != nil {
		return t.err
	}
	if err != nil {
		return err
	}
	// the memory is q(u) for the networks as they ended
	linalg.NoGrad(func() { t.posterior() })
	if t.err != nil {
		return t.err
	}
	if g.opt.EWC > 0 {
		t.consolidate()
	}
	fresh := make([]*Latent, len(g.channels))
	for l, p := range t.posts {
		c := *g.channels[l]
		c.q = p.q
		fresh[l] = &c
	}
	g.channels, g.theta = fresh, nil
	g.tasks++
	return nil
}

// Predict reconstructs frames at times x from the carried memory, without
// looking at data: mean and variance of the observations, by draws of f.
func (g *GPVAE) Predict(ctx context.Context, x []float64, draws int, r *linalg.Rand) (mean, variance *mat.Dense, err error) {
	if g.tasks == 0 {
		return nil, nil, fmt.Errorf("ohsvgp: GP-VAE: nothing to predict from yet: call Update first")
	}
	if draws < 1 {
		return nil, nil, fmt.Errorf("ohsvgp: GP-VAE: %d draws asked, at least 1 is needed", draws)
	}
	n, L := len(x), g.opt.Latents
	if n == 0 {
		return &mat.Dense{}, &mat.Dense{}, nil
	}
	at := make([]float64, n)
	for i, v := range x {
		at[i] = v - g.opt.Origin
	}
	m, sd := make([]float64, n*L), make([]float64, n*L)
	for l, c := range g.channels {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		a, v, err := c.Predict(at)
		if err != nil {
			return nil, nil, err
		}
		for i := range a {
			m[i*L+l], sd[i*L+l] = a[i], math.Sqrt(v[i])
		}
	}
	mean, variance = mat.NewDense(n, g.dims, nil), mat.NewDense(n, g.dims, nil)
	noise := 0.0
	linalg.NoGrad(func() {
		noise = g.logNoise.Exp().Float64s()[0]
		f := make([]float64, n*L)
		for s := 0; s < draws; s++ {
			for i := range f {
				f[i] = m[i] + sd[i]*r.Normal()
			}
			for i, v := range g.decode(linalg.FromFloat64(f, n, L)).Float64s() {
				mean.RawMatrix().Data[i] += v / float64(draws)
				variance.RawMatrix().Data[i] += v * v / float64(draws)
			}
		}
	})
	for i, v := range mean.RawMatrix().Data {
		variance.RawMatrix().Data[i] += noise - v*v
	}
	return mean, variance, nil
}
