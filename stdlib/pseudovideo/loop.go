package pseudovideo

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/nn"
	"github.com/priorlab/priorlab/stdlib/train"
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
	Show        string // title of a progress bar; "" for none
	Checkpoint  string // file in which the run is kept: written now and then, on interrupt and at the end, and read if it exists
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

// training is the state of a run that can be stopped and taken up again. For train.Fit every step is an epoch of its
// own, so that the rate can change with every step and the history has one entry for each.
type training struct {
	trainer *train.Trainer
	shadow  []*linalg.Tensor // running average of each parameter, or nil
	state   []nn.Param       // what else belongs to the model and is kept in checkpoints
	loaded  func()           // called after a checkpoint filled state

	params []nn.Param
	last   stepResult
	pass   int
	order  []int
}

// stepLoss is the loss of one step: it gets the numbers of the images to use and a random source that belongs to the
// step.
type stepLoss func(rows []int, rng *linalg.Rand) (*linalg.Tensor, stepResult, error)

// stepResult is what else there is to say about a step.
type stepResult struct {
	perFrame []float64
	note     string
	after    func() // called once the parameters have moved
}

// done is how many steps the run has made.
func (r *training) done() int {
	if r.trainer == nil {
		return 0
	}
	return len(r.trainer.History.Epochs)
}

// batch lists which of n images a step takes: every image once in each pass, in an order that depends on seed and pass
// alone.
func (r *training) batch(step, size, n int, seed uint64) []int {
	out := make([]int, 0, size)
	for p := step * size; p < (step+1)*size; p++ {
		if e := p / n; len(r.order) != n || e != r.pass {
			r.pass, r.order = e, linalg.NewRand(seed).Split(streamOrder).Split(uint64(e)).Perm(n)
		}
		out = append(out, r.order[p%n])
	}
	return out
}

// everything is what a saved model consists of.
func (r *training) everything() nn.List {
	all := nn.List(nn.Join(r.params, r.state))
	for i, s := range r.shadow {
		all = append(all, nn.Param{Name: "average." + r.params[i].Name, Value: s})
	}
	return all
}

// begin prepares the first call of fit.
func (r *training) begin(params []nn.Param, o TrainOptions) error {
	r.params = params
	if o.Average > 0 && r.shadow == nil {
		r.makeShadow()
	}
	p := &train.Problem{Model: r.everything(), N: o.Batch, Loss: func([]int, *nn.Pass, train.Moment) (*linalg.Tensor, []train.Part) { return nil, nil }}
	t, err := train.NewTrainer(p, train.Options{Epochs: o.Steps, Batch: o.Batch, Seed: o.Seed, Adam: train.Adam{WeightDecay: o.WeightDecay},
		ClipNorm: o.Clip, Checkpoint: o.Checkpoint, Resume: o.Checkpoint != ""})
	if err != nil {
		return err
	}
	t.Options.Checkpoint = "" // written here, not after every step
	r.trainer = t
	if r.done() > 0 && r.loaded != nil {
		r.loaded()
	}
	return nil
}

func (r *training) makeShadow() {
	for _, p := range r.params {
		r.shadow = append(r.shadow, linalg.Param(linalg.Detach(p.Value)))
	}
}

// fit runs steps until o.Steps are done or ctx ends.
func (r *training) fit(ctx context.Context, params []nn.Param, n int, o TrainOptions, lossOf stepLoss) error {
	o = o.filled()
	if n < 1 || o.Steps < 1 || o.Batch < 1 || o.LR <= 0 {
		return fmt.Errorf("pseudovideo: training on %d images for %d steps of %d with rate %g; these must be positive", n, o.Steps, o.Batch, o.LR)
	}
	if r.trainer == nil {
		if err := r.begin(params, o); err != nil {
			return err
		}
	}
	if r.done() >= o.Steps {
		return nil
	}
	began := time.Now()
	r.trainer.Problem.Loss = func(_ []int, _ *nn.Pass, at train.Moment) (*linalg.Tensor, []train.Part) {
		loss, res, err := lossOf(r.batch(at.Epoch, o.Batch, n, o.Seed), linalg.NewRand(o.Seed).Split(uint64(at.Epoch)))
		if err != nil {
			panic(&linalg.Error{Op: "Fit", Msg: err.Error()})
		}
		r.last = res
		return loss, nil
	}
	t := &r.trainer.Options
	t.Epochs, t.Schedule, t.Show = o.Steps, rates{o}, o.Show
	t.OnEpoch = func(e train.Epoch) error { return r.after(e, o, began) }
	var err error
	if failed := linalg.Try(func() { _, err = r.trainer.Fit(ctx) }); failed != nil {
		err = failed
	}
	if err != nil {
		err = fmt.Errorf("pseudovideo: training stopped after %d of %d steps (call Fit again to go on): %w", r.done(), o.Steps, err)
		return errors.Join(err, r.save(o))
	}
	return r.save(o)
}

// save writes the checkpoint, if one is wanted.
func (r *training) save(o TrainOptions) error {
	if o.Checkpoint == "" {
		return nil
	}
	return r.trainer.Save(o.Checkpoint)
}

// after is what follows a step: codes move, the weight average follows, and the run is reported.
func (r *training) after(e train.Epoch, o TrainOptions, began time.Time) error {
	linalg.Uninterrupted(func() { // half a step would not come again
		if r.last.after != nil {
			r.last.after()
		}
		r.remember(o.Average)
	})
	step := e.Epoch + 1
	if o.Watch != nil && (step%o.Every == 0 || step == o.Steps) {
		o.Watch(Progress{step, o.Steps, e.Loss, r.last.perFrame, r.last.note, time.Since(began)})
	}
	if step%1000 == 0 {
		return r.save(o)
	}
	return nil
}

// remember moves the weight average, quickly at first: its decay is min(average, (1+n)/(10+n)) after n steps.
func (r *training) remember(average float64) {
	if r.shadow == nil {
		return
	}
	n := float64(r.done())
	d := min(average, (1+n)/(10+n))
	linalg.NoGrad(func() {
		linalg.Scope(func() {
			for i, s := range r.shadow {
				s.Set(s.MulS(d).Add(r.params[i].Value.MulS(1 - d)))
			}
		})
	})
}

// withAverage calls f while the parameters hold their running average.
func (r *training) withAverage(f func()) {
	if r.shadow == nil {
		f()
		return
	}
	var own []*linalg.Tensor
	for i, p := range r.params {
		own = append(own, linalg.Param(linalg.Detach(p.Value)))
		p.Value.Set(linalg.Detach(r.shadow[i]))
	}
	defer func() {
		for i, p := range r.params {
			p.Value.Set(linalg.Detach(own[i]))
		}
	}()
	f()
}

// rates gives train the learning rate of each step.
type rates struct{ o TrainOptions }

// Rate is the learning rate at a step.
func (s rates) Rate(step int) float64 { return s.o.rate(step) }

// rowsOf takes images by number.
func rowsOf(x *linalg.Tensor, rows []int) *linalg.Tensor { return x.Gather(0, linalg.FromInts(rows)) }

// Fit trains the model on images [N, C, H, W], building their pseudo videos anew whenever they are used.
func (d *Diffusion) Fit(ctx context.Context, x *linalg.Tensor, o TrainOptions) error {
	if _, err := d.videos(x.Slice(0, 0, min(1, x.Dim(0))), linalg.NewRand(0)); err != nil {
		return err
	}
	if d.run.done() == 0 && d.Config.Standardise {
		if err := d.measure(x, linalg.NewRand(o.Seed).Split(streamVideo)); err != nil {
			return err
		}
	}
	return d.run.fit(ctx, d.Params(), x.Dim(0), o, func(rows []int, rng *linalg.Rand) (*linalg.Tensor, stepResult, error) {
		loss, parts, err := d.Loss(rowsOf(x, rows), rng)
		return loss, stepResult{perFrame: parts.Simple, after: d.noteImportance}, err
	})
}

// Trained is how many optimiser steps the model has had.
func (d *Diffusion) Trained() int { return d.run.done() }
