package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"time"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/lab"
	"github.com/priorlab/priorlab/stdlib/nn"
)

// Fit minimises a problem. It returns the history with every error; after an interrupt the error wraps ctx.Err() (or is
// the linalg.Interrupted of the operation it met), and the model stands as the last finished step left it.
func Fit(ctx context.Context, p *Problem, o Options) (*History, error) {
	t, err := NewTrainer(p, o)
	if err != nil {
		return &History{Best: -1}, err
	}
	return t.Fit(ctx)
}

// Trainer is a fit that can be interrupted and continued: it holds the state of the optimiser, the place in the data and
// the history.
type Trainer struct {
	Problem *Problem
	Options Options
	History *History

	rng    *linalg.Rand
	params []nn.Param
	adam   Adam
	pos    position
	best   []*linalg.Tensor // parameters of the best epoch
	clock  time.Time
	bar    *lab.Progress
}

// position is where the trainer stands, and the sums of the epoch it is in.
type position struct {
	Epoch, Step, Total int // Step within the epoch, Total over all
	Loss, GradNorm     float64
	Parts              []Part
	Seconds            float64
	Stale              int // epochs since the best
}

// NewTrainer checks a problem and its options, and reads the checkpoint if it is to resume.
func NewTrainer(p *Problem, o Options) (*Trainer, error) {
	o = o.withDefaults()
	if err := p.check(o); err != nil {
		return nil, err
	}
	t := &Trainer{Problem: p, Options: o, History: &History{Best: -1}, rng: linalg.NewRand(o.Seed), params: p.Model.Params(), adam: o.Adam}
	t.adam.begin(t.params)
	if o.Resume {
		if _, err := os.Stat(o.Checkpoint); err == nil {
			if err := t.restore(o.Checkpoint); err != nil {
				return nil, err
			}
		} else if !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("train: checkpoint: %w", err)
		}
	}
	return t, nil
}

// Fit trains until the epochs are done, patience is at its end, an error happens or ctx is cancelled. After that it may
// be called again: it goes on where it stopped. Raise Options.Epochs to train longer.
func (t *Trainer) Fit(ctx context.Context) (*History, error) {
	if o := t.Options; o.Show != "" {
		steps := (t.Problem.N + o.Batch - 1) / o.Batch
		t.bar = lab.NewProgress(o.Show, o.Epochs*steps)
		t.bar.Set(t.pos.Total)
		defer func() { t.bar.Done(); t.bar = nil }()
	}
	for t.pos.Epoch < t.Options.Epochs {
		if err := t.epoch(ctx); err != nil {
			t.History.Ended = "error"
			if stopped(ctx, err) {
				t.History.Ended = "interrupted"
				err = errors.Join(err, t.checkpoint())
			}
			return t.History, err
		}
		if t.Options.Patience > 0 && t.pos.Stale >= t.Options.Patience {
			t.History.Ended = "early stop"
			t.takeBest()
			return t.History, t.checkpoint()
		}
	}
	t.History.Ended = "all epochs"
	if t.Options.Patience > 0 {
		t.takeBest()
	}
	return t.History, nil
}

func stopped(ctx context.Context, err error) bool {
	var i linalg.Interrupted
	return ctx.Err() != nil || errors.As(err, &i)
}

// Streams of the seed.
const (
	streamOrder = 1 << 40 // + epoch
	streamStep  = 2 << 40 // + step
)

func (t *Trainer) epoch(ctx context.Context) error {
	o := t.Options
	t.clock = time.Now()
	if o.ResetMoments && t.pos.Step == 0 {
		t.adam.begin(t.params)
	}
	order := t.rng.Split(streamOrder + uint64(t.pos.Epoch)).Perm(t.Problem.N)
	steps := (t.Problem.N + o.Batch - 1) / o.Batch
	rate := o.Schedule.Rate(t.pos.Epoch)
	for t.pos.Step < steps {
		if err := ctx.Err(); err != nil {
			t.pos.Seconds += time.Since(t.clock).Seconds()
			return fmt.Errorf("train: interrupted in epoch %d, step %d: %w", t.pos.Epoch, t.pos.Step, err)
		}
		batch := order[t.pos.Step*o.Batch : min((t.pos.Step+1)*o.Batch, t.Problem.N)]
		if err := t.step(batch, rate); err != nil {
			t.pos.Seconds += time.Since(t.clock).Seconds()
			return err
		}
	}
	return t.endEpoch(ctx, steps, rate)
}

// step is one mini-batch. It counts only when all of it succeeded.
func (t *Trainer) step(batch []int, rate float64) error {
	at := Moment{Epoch: t.pos.Epoch, Epochs: t.Options.Epochs, Step: t.pos.Total}
	var loss, norm float64
	var parts []Part
	var fault error
	err := linalg.Try(func() {
		linalg.Scope(func() {
			for _, p := range t.params {
				p.Value.ZeroGrad()
			}
			pass := nn.Training(t.rng.Split(streamStep + uint64(t.pos.Total)))
			pass.Samples = t.Options.Samples
			var l *linalg.Tensor
			l, parts = t.Problem.Loss(batch, pass, at)
			if loss = l.Item(); math.IsNaN(loss) || math.IsInf(loss, 0) {
				fault = t.lossFault(loss, pass)
				return
			}
			l.Backward()
			if norm = t.adam.opt.GradNorm(); math.IsNaN(norm) || math.IsInf(norm, 0) {
				fault = t.gradFault()
				return
			}
			t.adam.step(rate, t.Options.ClipNorm)
		})
	})
	if err = errors.Join(err, fault); err != nil {
		return fmt.Errorf("train: epoch %d, step %d: %w", t.pos.Epoch, t.pos.Step, err)
	}
	t.count(loss, norm, parts)
	if t.bar != nil {
		t.bar.Step()
		t.bar.Note("epoch %d, loss %.4f", at.Epoch, loss)
	}
	if t.Options.OnStep != nil {
		t.Options.OnStep(at, loss)
	}
	return nil
}

// count notes a step that succeeded.
func (t *Trainer) count(loss, norm float64, parts []Part) {
	t.pos.Step++
	t.pos.Total++
	t.pos.Loss += loss
	t.pos.GradNorm += norm
	if t.pos.Parts == nil {
		t.pos.Parts = slices.Clone(parts)
		return
	}
	for i := range t.pos.Parts {
		t.pos.Parts[i].Value += parts[i].Value
	}
}

// lossFault says where a loss that is not finite came from.
func (t *Trainer) lossFault(loss float64, pass *nn.Pass) error {
	for _, p := range t.params {
		if !finite(p.Value) {
			return fmt.Errorf("the loss is %v: parameter %s is not finite; lower the learning rate or set ClipNorm", loss, p.Name)
		}
	}
	for _, p := range pass.Penalties {
		if !finite(p.Value) {
			return fmt.Errorf("the loss is %v: the penalty of %s is not finite", loss, p.Name)
		}
	}
	return fmt.Errorf("the loss is %v although all parameters and penalties are finite: look at the data of this batch", loss)
}

func (t *Trainer) gradFault() error {
	for _, p := range t.params {
		if g := p.Value.Grad(); g != nil && !finite(g) {
			return fmt.Errorf("the gradient of %s is not finite; lower the learning rate or raise jitter", p.Name)
		}
	}
	return fmt.Errorf("the norm of the gradients overflows")
}

func finite(t *linalg.Tensor) bool {
	for _, v := range t.Float64s() {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}

// endEpoch writes the history, validates, and moves to the next epoch.
func (t *Trainer) endEpoch(ctx context.Context, steps int, rate float64) error {
	n := float64(steps)
	e := Epoch{Epoch: t.pos.Epoch, Steps: steps, Rate: rate, Loss: t.pos.Loss / n, GradNorm: t.pos.GradNorm / n, Valid: math.NaN()}
	for _, p := range t.pos.Parts {
		e.Parts = append(e.Parts, Part{p.Name, p.Value / n})
	}
	if t.Problem.Validate != nil {
		v, err := t.validate(ctx)
		if err != nil {
			return fmt.Errorf("train: validation after epoch %d: %w", t.pos.Epoch, err)
		}
		e.Valid = v
	}
	e.Seconds = t.pos.Seconds + time.Since(t.clock).Seconds()
	t.History.Epochs = append(t.History.Epochs, e)
	stale := t.pos.Stale + 1
	if h := t.History; t.Problem.Validate != nil && (h.Best < 0 || e.Valid < h.Epochs[h.Best].Valid) {
		h.Best, stale = len(h.Epochs)-1, 0
		linalg.Uninterrupted(t.keepBest)
	}
	t.pos = position{Epoch: t.pos.Epoch + 1, Total: t.pos.Total, Stale: stale}
	if t.Options.Log != nil {
		fmt.Fprintln(t.Options.Log, e)
	}
	if t.Options.OnEpoch != nil {
		if err := t.Options.OnEpoch(e); err != nil {
			return errors.Join(fmt.Errorf("train: OnEpoch after epoch %d: %w", e.Epoch, err), t.checkpoint())
		}
	}
	return t.checkpoint()
}

func (t *Trainer) validate(ctx context.Context) (v float64, err error) {
	try := linalg.Try(func() {
		linalg.Scope(func() { linalg.NoGrad(func() { v, err = t.Problem.Validate(ctx) }) })
	})
	return v, errors.Join(try, err)
}

// keepBest copies the parameters, if they may be asked for again.
func (t *Trainer) keepBest() {
	if t.Options.Patience == 0 {
		return
	}
	t.best = t.best[:0]
	for _, p := range t.params {
		t.best = append(t.best, linalg.Param(p.Value))
	}
}

func (t *Trainer) takeBest() {
	for i, b := range t.best {
		t.params[i].Value.Set(linalg.Detach(b))
	}
}
