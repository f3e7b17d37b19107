package pseudovideo

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/nn"
)

// TrainOptions say how a model is trained. Steps counts from the very beginning: calling Fit again with the same
// options after an interrupt goes on where it stopped, with the same numbers as an uninterrupted run.
type TrainOptions struct {
	Steps       int     // optimiser steps in all
	Batch       int     // images in each; 0 means 64
	LR          float64 // learning rate; 0 means 1e-3
	Cosine      bool    // let the rate fall to zero along a cosine; otherwise it stays
	Warmup      int     // steps over which the rate rises from zero
	WeightDecay float64 // decoupled
	Clip        float64 // largest gradient norm; 0 means any
	Average     float64 // decay of the running average of the weights that sampling uses; 0 means none
	Seed        uint64  // of data order, augmentation and noise
	Every       int     // call Watch after every so many steps; 0 means 50
	Watch       func(p Progress)
}

// Progress is what a training run reports.
type Progress struct {
	Step, Steps int
	Loss        float64
	PerFrame    []float64 // the main loss of each frame, most corrupted first; nil if the model has none
	Note        string    // what else there is to say, such as the perplexity of a codebook
	Elapsed     time.Duration
}

// String is one line.
func (p Progress) String() string {
	s := fmt.Sprintf("step %d/%d  loss %.4f", p.Step, p.Steps, p.Loss)
	if n := len(p.PerFrame); n > 1 {
		s += fmt.Sprintf("  last frame %.4f", p.PerFrame[n-1])
	}
	if p.Note != "" {
		s += "  " + p.Note
	}
	return s
}

func (o TrainOptions) filled() TrainOptions {
	if o.Batch == 0 {
		o.Batch = 64
	}
	if o.LR == 0 {
		o.LR = 1e-3
	}
	if o.Every == 0 {
		o.Every = 50
	}
	return o
}

// rate is the learning rate at a step.
func (o TrainOptions) rate(step int) float64 {
	lr := o.LR
	if step < o.Warmup {
		return lr * float64(step+1) / float64(o.Warmup)
	}
	if o.Cosine {
		lr *= 0.5 * (1 + math.Cos(math.Pi*float64(step-o.Warmup)/float64(max(o.Steps-o.Warmup, 1))))
	}
	return lr
}

// training is the state of a run that can be stopped and taken up again.
type training struct {
	opt  *adamW
	step int
	time time.Duration

	epoch int
	order []int
}

// batch lists which of n images step takes: every image once in each pass, in an order that depends on seed and pass
// alone.
func (r *training) batch(step, size, n int, seed uint64) []int {
	out := make([]int, 0, size)
	for p := step * size; p < (step+1)*size; p++ {
		if e := p / n; r.order == nil || len(r.order) != n || e != r.epoch {
			r.epoch, r.order = e, linalg.NewRand(seed).Split(streamOrder).Split(uint64(e)).Perm(n)
		}
		out = append(out, r.order[p%n])
	}
	return out
}

// stepResult is what the loss of one step is, for reports.
type stepResult struct {
	perFrame []float64
	note     string
	after    func() // called once the parameters have moved
}

// fit runs steps until opt.Steps are done or ctx ends. lossOf gets the numbers of the images to use and a random source
// that belongs to the step.
func (r *training) fit(ctx context.Context, params []nn.Param, n int, o TrainOptions, lossOf func(rows []int, rng *linalg.Rand) (*linalg.Tensor, stepResult, error)) error {
	o = o.filled()
	if n < 1 || o.Steps < 0 || o.Batch < 1 || o.LR <= 0 {
		return fmt.Errorf("pseudovideo: training on %d images for %d steps of %d with rate %g; these must be positive", n, o.Steps, o.Batch, o.LR)
	}
	if r.opt == nil {
		r.opt = newAdamW(params, o.WeightDecay, o.Average)
	}
	began := time.Now().Add(-r.time)
	for r.step < o.Steps {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("pseudovideo: training stopped after %d of %d steps (call Fit again to go on): %w", r.step, o.Steps, err)
		}
		var value float64
		var res stepResult
		var err error
		failed := linalg.Try(func() {
			linalg.Scope(func() {
				var loss *linalg.Tensor
				loss, res, err = lossOf(r.batch(r.step, o.Batch, n, o.Seed), linalg.NewRand(o.Seed).Split(uint64(r.step)))
				if err != nil {
					return
				}
				value = loss.Item()
				if math.IsNaN(value) || math.IsInf(value, 0) {
					err = fmt.Errorf("pseudovideo: the loss is %g at step %d; lower the learning rate (now %g) or set Clip", value, r.step, o.rate(r.step))
					return
				}
				loss.Backward()
				r.opt.apply(o.rate(r.step), o.Clip)
			})
		})
		if failed != nil {
			for _, p := range params {
				p.Value.ZeroGrad()
			}
			return failed
		}
		if err != nil {
			return err
		}
		if res.after != nil {
			res.after()
		}
		r.step++
		r.time = time.Since(began)
		if o.Watch != nil && (r.step%o.Every == 0 || r.step == o.Steps) {
			o.Watch(Progress{r.step, o.Steps, value, res.perFrame, res.note, r.time})
		}
	}
	return nil
}

// rowsOf takes images by number.
func rowsOf(x *linalg.Tensor, rows []int) *linalg.Tensor { return x.Gather(0, linalg.FromInts(rows)) }

// Fit trains the model on images [N, C, H, W], building their pseudo videos anew whenever they are used.
func (d *Diffusion) Fit(ctx context.Context, x *linalg.Tensor, o TrainOptions) error {
	if _, err := d.videos(x.Slice(0, 0, min(1, x.Dim(0))), linalg.NewRand(0)); err != nil {
		return err
	}
	if d.run.step == 0 && d.Config.Standardise {
		if err := d.measure(x, linalg.NewRand(o.Seed).Split(streamVideo)); err != nil {
			return err
		}
	}
	return d.run.fit(ctx, d.Params(), x.Dim(0), o, func(rows []int, rng *linalg.Rand) (*linalg.Tensor, stepResult, error) {
		loss, parts, err := d.Loss(rowsOf(x, rows), rng)
		return loss, stepResult{perFrame: parts.Simple}, err
	})
}

// Trained is how many optimiser steps the model has had.
func (d *Diffusion) Trained() int { return d.run.step }
