package pseudovideo

import (
	"fmt"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/nn"
)

// DiffusionConfig describes a diffusion model of images or of pseudo videos: the image model is the case of one frame.
type DiffusionConfig struct {
	Video        Spec      // the pseudo videos; the zero value trains on images
	Schedule     string    // "cosine" (default) or "linear"
	Steps        int       // T; 0 means 1000
	LearnSigma   bool      // the network also gives the variance of each step
	Loss         string    // "simple" (default), "hybrid" or "bound"; the last two need LearnSigma
	Importance   bool      // draw steps in proportion to the losses seen there; for the loss "bound"
	RawTimes     bool      // tell the network t itself instead of t * 1000/T
	Standardise  bool      // bring every frame to the mean and spread that its level has in the training set
	FrameWeights []float64 // weight of each frame in the loss; nil means equal
	UNet         UNetConfig
	Precision    linalg.DType // F32 (the zero value) or F64
	Seed         uint64
}

// Diffusion is a diffusion model over all frames of a pseudo video at once; what it generates are the last frames.
type Diffusion struct {
	Config   DiffusionConfig
	Schedule *Schedule
	H, W, C  int // of the images

	net       *unet
	run       training
	steps     *importance
	mean, std []float64 // of each frame, when standardised
	weights   []float64 // of each frame in the loss, mean 1
}

// NewDiffusion makes an untrained model for images of height h, width w and c channels.
func NewDiffusion(cfg DiffusionConfig, h, w, c int) (*Diffusion, error) {
	return newDiffusion(cfg, h, w, c, false)
}

func newDiffusion(cfg DiffusionConfig, h, w, c int, dry bool) (*Diffusion, error) {
	if err := cfg.Video.Check(); err != nil {
		return nil, err
	}
	if cfg.Steps == 0 {
		cfg.Steps = 1000
	}
	s, err := NewSchedule(cfg.Schedule, cfg.Steps)
	if err != nil {
		return nil, err
	}
	switch cfg.Loss {
	case "":
		cfg.Loss = "simple"
	case "simple":
	case "hybrid", "bound":
		if !cfg.LearnSigma {
			return nil, fmt.Errorf("pseudovideo: the loss %q trains the variance of each step; set LearnSigma", cfg.Loss)
		}
	default:
		return nil, fmt.Errorf("pseudovideo: diffusion loss %q is not known; use simple, hybrid or bound", cfg.Loss)
	}
	f, outputs := cfg.Video.F(), 1
	if cfg.LearnSigma {
		outputs = 2
	}
	d := &Diffusion{Config: cfg, Schedule: s, H: h, W: w, C: c, steps: newImportance(cfg.Steps)}
	if d.weights, err = frameWeights(cfg.FrameWeights, f); err != nil {
		return nil, err
	}
	d.mean, d.std = make([]float64, f), make([]float64, f)
	for i := range d.std {
		d.std[i] = 1
	}
	if cfg.Importance && !dry {
		d.keepImportance()
	}
	d.net, err = newUNet(newBuilder(cfg.Precision, cfg.Seed, dry), cfg.UNet, f, h, w, c, outputs)
	return d, err
}

// keepImportance makes the losses that the choice of steps goes by part of what checkpoints hold.
func (d *Diffusion) keepImportance() {
	t := linalg.Param(linalg.FromFloat64(d.steps.numbers(), d.Schedule.Steps(), importanceDepth+1))
	d.run.state = []nn.Param{{Name: "importance", Value: t}}
	d.run.loaded = func() { d.steps.setNumbers(t.Float64s()) }
}

// noteImportance copies them there.
func (d *Diffusion) noteImportance() {
	for _, p := range d.run.state {
		p.Value.Set(linalg.FromFloat64(d.steps.numbers(), p.Value.Shape()...))
	}
}

// frameWeights scales weights to mean one; none means equal weights.
func frameWeights(w []float64, f int) ([]float64, error) {
	out, total := make([]float64, f), 0.0
	for i := range out {
		out[i] = 1
		if w != nil {
			if len(w) != f || w[i] < 0 {
				return nil, fmt.Errorf("pseudovideo: frame weights %v for %d frames; give one that is not negative for each frame", w, f)
			}
			out[i] = w[i]
		}
		total += out[i]
	}
	if total == 0 {
		return nil, fmt.Errorf("pseudovideo: all frame weights are zero")
	}
	scale(out, float64(f)/total)
	return out, nil
}

// Params are the network's parameters.
func (d *Diffusion) Params() []nn.Param { return d.net.params }

// Parameters is how many numbers are trained.
func (d *Diffusion) Parameters() int { return d.net.paramCount }

// MACs are the multiply-adds of one network evaluation for one image, all its frames included.
func (d *Diffusion) MACs() int64 { return d.net.macs(d.H, d.W) }

// lastChannels brings videos [N, C, F, H, W] to [N, F, H, W, C].
func lastChannels(v *linalg.Tensor) *linalg.Tensor { return v.Permute(0, 2, 3, 4, 1).Contiguous() }

// firstChannels is the way back.
func firstChannels(v *linalg.Tensor) *linalg.Tensor { return v.Permute(0, 4, 1, 2, 3).Contiguous() }

// videos builds the batch's pseudo videos as the network takes them.
func (d *Diffusion) videos(x *linalg.Tensor, rng *linalg.Rand) (*linalg.Tensor, error) {
	if x.Rank() != 4 || x.Dim(1) != d.C || x.Dim(2) != d.H || x.Dim(3) != d.W {
		return nil, fmt.Errorf("pseudovideo: images have shape %v; this model takes [N, %d, %d, %d]", x.Shape(), d.C, d.H, d.W)
	}
	v, err := Build(x, d.Config.Video, rng)
	if err != nil {
		return nil, err
	}
	return d.scaled(lastChannels(v).To(d.Config.Precision)), nil
}

// scaled standardises frames if the model does so.
func (d *Diffusion) scaled(v *linalg.Tensor) *linalg.Tensor {
	if !d.Config.Standardise {
		return v
	}
	f := len(d.mean)
	m := linalg.FromFloat64(d.mean, f, 1, 1, 1).To(v.DType())
	s := linalg.FromFloat64(d.std, f, 1, 1, 1).To(v.DType())
	return v.Sub(m).Div(s)
}

// measure sets the mean and spread of each frame from images.
func (d *Diffusion) measure(x *linalg.Tensor, rng *linalg.Rand) error {
	v, err := Build(x, d.Config.Video, rng)
	if err != nil {
		return err
	}
	for f := range d.mean {
		px := v.Select(2, f).Float64s()
		d.mean[f] = sumOf(px) / float64(len(px))
		d.std[f] = spread(px)
	}
	return nil
}

func sumOf(x []float64) (s float64) {
	for _, v := range x {
		s += v
	}
	return s
}

// Losses are the parts of one batch's training loss, for curves.
type Losses struct {
	Total     float64
	Simple    []float64 // mean squared error of the noise, for each frame
	BoundBits []float64 // bound term in bits per number, for each frame; nil without LearnSigma
}

// Loss draws a batch's pseudo videos, diffusion steps and noise, and returns the loss to differentiate. x is
// [N, C, H, W] on [-1, 1].
func (d *Diffusion) Loss(x *linalg.Tensor, rng *linalg.Rand) (*linalg.Tensor, Losses, error) {
	v, err := d.videos(x, rng.Split(streamVideo))
	if err != nil {
		return nil, Losses{}, err
	}
	n := v.Dim(0)
	times := rng.Split(streamTimes)
	var t []int
	weight := make([]float64, n)
	if d.Config.Importance {
		t, weight = d.steps.draw(n, times)
	} else {
		for i := range n {
			t, weight[i] = append(t, times.Intn(d.Schedule.Steps())), 1
		}
	}
	noise := linalg.Normal(rng.Split(streamNoise), v.DType(), v.Shape()...)
	loss, parts := d.lossAt(v, noise, t, weight, rng.Split(streamDropout))
	return loss, parts, nil
}

// The random streams of one training step, named so that arms of an experiment can share some and not others.
const (
	streamVideo = iota + 1
	streamTimes
	streamNoise
	streamDropout
	streamOrder
	streamSample
	streamCodes
)

// lossAt is the loss for given videos [N, F, H, W, C], noise of the same shape, and steps.
func (d *Diffusion) lossAt(v, noise *linalg.Tensor, t []int, weight []float64, dropout *linalg.Rand) (*linalg.Tensor, Losses) {
	n := v.Dim(0)
	per := v.Len() / n
	x0, e := v.Float64s(), noise.Float64s()
	xt := make([]float64, len(x0))
	for i := range xt {
		xt[i] = d.Schedule.QSample(t[i/per], x0[i], e[i])
	}
	out := d.net.forward(linalg.FromFloat64(xt, v.Shape()...).To(v.DType()), d.times(t), dropout)
	return d.compare(out, x0, xt, e, t, weight)
}

// times are what the network is told at steps t.
func (d *Diffusion) times(t []int) []float64 {
	out := make([]float64, len(t))
	for i, k := range t {
		out[i] = d.Schedule.NetworkTime(k, !d.Config.RawTimes)
	}
	return out
}

// compare turns the network's output into the loss, with its gradient written out:
//
//	simple: mean (e - eps)^2
//	hybrid: simple + 0.001 T bound, in which eps counts as a constant, so that only v learns from the bound
//	bound:  T bound, in which both learn
func (d *Diffusion) compare(out *linalg.Tensor, x0, xt, e []float64, t []int, weight []float64) (*linalg.Tensor, Losses) {
	n, f, c := out.Dim(0), out.Dim(1), d.C
	y := out.Float64s()
	grad := make([]float64, len(y))
	outputs, pixels := d.net.outC, d.H*d.W
	parts := Losses{Simple: make([]float64, f)}
	if outputs == 2 {
		parts.BoundBits = make([]float64, f)
	}
	count := float64(n * f * pixels * c)
	steps := float64(d.Schedule.Steps())
	perItem := make([]float64, n)
	for p := range n * f * pixels {
		i, frame := p/(f*pixels), p/pixels%f
		w := d.weights[frame] * weight[i] / count
		for k := range c {
			q, at := p*c+k, p*outputs*c+k
			eps := y[at]
			diff := eps - e[q]
			parts.Simple[frame] += diff * diff / count * float64(f)
			if d.Config.Loss != "bound" {
				parts.Total += w * diff * diff
				grad[at] += 2 * w * diff
			}
			if outputs == 1 {
				continue
			}
			b, de, dv := d.Schedule.boundTerm(t[i], x0[q], xt[q], eps, y[at+c])
			parts.BoundBits[frame] += b / count * float64(f)
			perItem[i] += b * d.weights[frame] / float64(f*pixels*c)
			switch d.Config.Loss {
			case "hybrid":
				parts.Total += 0.001 * steps * w * b
				grad[at+c] += 0.001 * steps * w * dv
			case "bound":
				parts.Total += steps * w * b
				grad[at] += steps * w * de
				grad[at+c] += steps * w * dv
			}
		}
	}
	if d.Config.Importance {
		d.steps.record(t, perItem)
	}
	g := linalg.FromFloat64(grad, out.Shape()...).To(out.DType())
	loss := linalg.Custom([]*linalg.Tensor{out}, linalg.Scalar(out.DType(), parts.Total), func(up *linalg.Tensor) []*linalg.Tensor {
		return []*linalg.Tensor{g.Mul(up)}
	})
	return loss, parts
}
