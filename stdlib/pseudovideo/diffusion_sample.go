package pseudovideo

import (
	"context"
	"fmt"

	"github.com/priorlab/priorlab/linalg"
)

// SampleOptions say how a diffusion model is sampled. The zero value is ancestral sampling with every step.
type SampleOptions struct {
	Steps int                                  // sampling steps; 0 means all
	DDIM  bool                                 // the implicit sampler
	Eta   float64                              // its noise: 0 none, 1 as ancestral sampling with the small variance
	Batch int                                  // videos denoised together; 0 means 240
	Every int                                  // call Watch after this many steps; 0 means never
	Watch func(step int, x, x0 *linalg.Tensor) // noisy videos and their estimates [N, C, F, H, W], while t falls
}

// Sample generates n images [n, C, H, W]: whole pseudo videos are denoised from pure noise and their last frames kept,
// clipped to [-1, 1]. Equal positions of rng give equal images.
func (d *Diffusion) Sample(ctx context.Context, n int, rng *linalg.Rand, opt SampleOptions) (*linalg.Tensor, error) {
	v, err := d.SampleVideos(ctx, n, rng, opt)
	if err != nil {
		return nil, err
	}
	return v.Select(2, v.Dim(2)-1).Clamp(-1, 1).Contiguous(), nil
}

// SampleVideos is Sample with all frames: [n, C, F, H, W].
func (d *Diffusion) SampleVideos(ctx context.Context, n int, rng *linalg.Rand, opt SampleOptions) (*linalg.Tensor, error) {
	s := d.Schedule
	if opt.Steps != 0 {
		var err error
		if s, err = s.Respace(opt.Steps); err != nil {
			return nil, err
		}
	}
	if n < 1 {
		return nil, fmt.Errorf("pseudovideo: %d samples asked for; ask for at least one", n)
	}
	size := opt.Batch
	if size <= 0 {
		size = 240
	}
	base := linalg.NewRand(rng.Uint64())
	var all []*linalg.Tensor
	for from := 0; from < n; from += size {
		var v *linalg.Tensor
		var err error
		d.run.withAverage(func() {
			linalg.NoGrad(func() {
				failed := linalg.Try(func() { v, err = d.denoise(ctx, s, min(size, n-from), base.Split(uint64(from)), opt) })
				if failed != nil {
					err = failed
				}
			})
		})
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return firstChannels(linalg.Concat(0, all...)), nil
}

// denoise runs the reversed process for one batch.
func (d *Diffusion) denoise(ctx context.Context, s *Schedule, n int, rng *linalg.Rand, opt SampleOptions) (*linalg.Tensor, error) {
	f := d.Config.Video.F()
	shape := []int{n, f, d.H, d.W, d.C}
	per := f * d.H * d.W * d.C
	x, x0, z := make([]float64, n*per), make([]float64, n*per), make([]float64, n*per)
	rng.FillNormal(x)
	times := make([]float64, n)
	tensor := func(v []float64) *linalg.Tensor { return linalg.FromFloat64(v, shape...) }
	for k := s.Steps() - 1; k >= 0; k-- {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for i := range times {
			times[i] = s.NetworkTime(k, !d.Config.RawTimes)
		}
		var y []float64
		linalg.Scope(func() { y = d.net.forward(tensor(x).To(d.Config.Precision), times, nil).Float64s() })
		rng.FillNormal(z)
		d.advance(s, k, x, x0, z, y, opt)
		if opt.Watch != nil && opt.Every > 0 && (k%opt.Every == 0) {
			opt.Watch(k, d.public(tensor(x)), d.public(tensor(x0)))
		}
	}
	return d.unscaled(tensor(x)).To(d.Config.Precision), nil
}

func (d *Diffusion) public(v *linalg.Tensor) *linalg.Tensor { return firstChannels(d.unscaled(v)) }

// unscaled undoes scaled.
func (d *Diffusion) unscaled(v *linalg.Tensor) *linalg.Tensor {
	if !d.Config.Standardise {
		return v
	}
	f := len(d.mean)
	return v.Mul(linalg.FromFloat64(d.std, f, 1, 1, 1).To(v.DType())).Add(linalg.FromFloat64(d.mean, f, 1, 1, 1).To(v.DType()))
}

// advance takes x from step k to k-1, in place, given the network's output y and fresh noise z.
func (d *Diffusion) advance(s *Schedule, k int, x, x0, z, y []float64, opt SampleOptions) {
	c, outputs, pixels, f := d.C, d.net.outC, d.H*d.W, d.Config.Video.F()
	lo, hi := make([]float64, f), make([]float64, f)
	for i := range f {
		lo[i], hi[i] = d.limits(i)
	}
	for q := range x {
		p, ch := q/c, q%c
		at := p*outputs*c + ch
		frame := p / pixels % f
		x0[q] = min(max(s.X0(k, x[q], y[at]), lo[frame]), hi[frame])
		if opt.DDIM {
			x[q] = s.DDIM(k, x[q], x0[q], opt.Eta, z[q])
			continue
		}
		lv := s.PosteriorLogVar[k]
		if outputs == 2 {
			lv = s.LearnedLogVar(k, y[at+c])
		}
		x[q] = s.Ancestral(k, x[q], x0[q], lv, z[q])
	}
}

// limits is where the clean values of a frame can lie, on the network's scale: [-1, 1] where nothing was added to the
// image, three standard deviations beyond it for noisy frames.
func (d *Diffusion) limits(frame int) (lo, hi float64) {
	r := 1.0
	if f := d.Config.Video.F(); frame < f-1 && d.Config.Video.Random() {
		r = 1 + 3*d.Config.Video.noiseAt(frame)
	}
	return (-r - d.mean[frame]) / d.std[frame], (r - d.mean[frame]) / d.std[frame]
}
