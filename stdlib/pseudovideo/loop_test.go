package pseudovideo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/nn"
)

// A loss that is linear in theta has the stored gradients: the optimiser under Fit must take the stored steps.
func TestGoldenAdamW(t *testing.T) {
	for _, c := range golden(t, "vq") {
		if c.Op != "adam" {
			continue
		}
		theta := linalg.Param(linalg.FromFloat64(num(t, c.Inputs, "theta").Data))
		var run training
		for i := 1; i <= 3; i++ {
			step := value[map[string]json.RawMessage](t, c.Expected, fmt.Sprintf("step%d", i))
			g := linalg.FromFloat64(num(t, step, "grad").Data)
			o := TrainOptions{Steps: i, Batch: 1, LR: value[float64](t, c.Inputs, "lr"), WeightDecay: value[float64](t, c.Inputs, "decoupled_weight_decay")}
			err := run.fit(context.Background(), []nn.Param{{Name: "theta", Value: theta}}, 1, o, func([]int, *linalg.Rand) (*linalg.Tensor, stepResult, error) {
				return theta.Mul(g).Sum(), stepResult{}, nil
			})
			if err != nil {
				t.Fatal(err)
			}
			near(t, "theta", theta.Float64s(), num(t, step, "theta").Data, 1e-10)
		}
		return
	}
	t.Fatal("the case is missing")
}

func TestRates(t *testing.T) {
	o := TrainOptions{Steps: 110, LR: 2, Warmup: 10, Cosine: true}
	near(t, "rates", []float64{o.rate(0), o.rate(9), o.rate(10), o.rate(60), o.rate(110)}, []float64{0.2, 2, 2, 1, 0}, 1e-12)
	o.Cosine = false
	near(t, "constant", []float64{o.rate(10), o.rate(100)}, []float64{2, 2}, 0)
}

func TestBatchesVisitEveryImageOncePerPass(t *testing.T) {
	var a, b training
	count := make([]int, 10)
	var whole []int
	for step := range 5 {
		rows := a.batch(step, 4, 10, 3)
		whole = append(whole, rows...)
		for _, r := range rows {
			count[r]++
		}
	}
	for r, n := range count {
		if n != 2 {
			t.Errorf("image %d came %d times in two passes", r, n)
		}
	}
	sameInts(t, "step 3 asked for alone", b.batch(3, 4, 10, 3), whole[12:16])
}

func TestWeightAverage(t *testing.T) {
	p := linalg.Param(linalg.FromFloat64([]float64{0}))
	var run training
	mean := 0.0
	o := TrainOptions{Steps: 30, Batch: 1, LR: 0.1, Average: 0.9}
	var path []float64
	o.Every, o.Watch = 1, func(Progress) { path = append(path, p.Item()) }
	err := run.fit(context.Background(), []nn.Param{{Name: "p", Value: p}}, 1, o, func([]int, *linalg.Rand) (*linalg.Tensor, stepResult, error) {
		return p.AddS(-5).Square().Sum(), stepResult{}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range path {
		n := float64(i + 1)
		d := min(0.9, (1+n)/(10+n))
		mean = d*mean + (1-d)*v
	}
	last := p.Item()
	run.withAverage(func() { near(t, "average", []float64{p.Item()}, []float64{mean}, 1e-12) })
	near(t, "afterwards", []float64{p.Item()}, []float64{last}, 0)
}

func TestALossThatIsNoNumberStopsTheRun(t *testing.T) {
	p := linalg.Param(linalg.FromFloat64([]float64{1}))
	var run training
	err := run.fit(context.Background(), []nn.Param{{Name: "p", Value: p}}, 1, TrainOptions{Steps: 3}, func([]int, *linalg.Rand) (*linalg.Tensor, stepResult, error) {
		return p.MulS(math.NaN()).Sum(), stepResult{}, nil
	})
	if err == nil || !strings.Contains(err.Error(), "after 0 of 3 steps") {
		t.Error(err)
	}
	if err := run.fit(context.Background(), nil, 0, TrainOptions{Steps: 3}, nil); err == nil {
		t.Error("training on no images")
	}
}

// A run that ended with the process goes on from its file.
func TestCheckpointsGoOnInAnotherProcess(t *testing.T) {
	x := linalg.Normal(linalg.NewRand(1), linalg.F64, 10, 1, 4, 4)
	file := filepath.Join(t.TempDir(), "run.ckpt")
	o := TrainOptions{Steps: 6, Batch: 4, Seed: 5}
	change := func(c *TokenizerConfig) { c.Decay = 0.8 }
	whole := tinyTokenizer(t, Causal, 2, change)
	if err := whole.Fit(context.Background(), x, o); err != nil {
		t.Fatal(err)
	}
	o.Checkpoint = file
	ctx, cancel := context.WithCancel(context.Background())
	p := o
	p.Every, p.Watch = 4, func(Progress) { cancel() }
	if err := tinyTokenizer(t, Causal, 2, change).Fit(ctx, x, p); err == nil {
		t.Fatal("the run was not interrupted")
	}
	again := tinyTokenizer(t, Causal, 2, change)
	if err := again.Fit(context.Background(), x, o); err != nil {
		t.Fatal(err)
	}
	for i, w := range whole.Params() {
		near(t, w.Name, again.Params()[i].Value.Float64s(), w.Value.Float64s(), 0)
	}
	near(t, "codes", again.Book.Code, whole.Book.Code, 0)
	near(t, "counts", again.Book.Count, whole.Book.Count, 0)
}

// An interrupt at any time leaves weights, their average and the codes as a whole step left them: a run that goes on after
// each ends where an undisturbed one does.
func TestInterruptsAtAnyTime(t *testing.T) {
	x := linalg.Normal(linalg.NewRand(1), linalg.F64, 10, 1, 4, 4)
	o := TrainOptions{Steps: 12, Batch: 4, Seed: 5, Average: 0.9}
	build := func() *Tokenizer { return tinyTokenizer(t, Causal, 2, func(c *TokenizerConfig) { c.Decay = 0.8 }) }
	whole, cut := build(), build()
	if err := whole.Fit(context.Background(), x, o); err != nil {
		t.Fatal(err)
	}
	defer linalg.Interrupt(false)
	for k := 0; ; k++ {
		fired := false
		var done sync.WaitGroup
		done.Add(1)
		stop := time.AfterFunc(time.Duration(500+311*k)*time.Microsecond, func() { linalg.Interrupt(true); fired = true; done.Done() })
		var err error
		if early := linalg.Try(func() { err = cut.Fit(context.Background(), x, o) }); early != nil {
			err = early // before the first step
		}
		if stop.Stop() {
			done.Done()
		}
		done.Wait()
		linalg.Interrupt(false)
		if err == nil {
			break
		}
		var i linalg.Interrupted
		if !errors.As(err, &i) || !fired {
			t.Fatal(err)
		}
	}
	for i, w := range whole.run.everything() {
		near(t, w.Name, cut.run.everything()[i].Value.Float64s(), w.Value.Float64s(), 0)
	}
	near(t, "codes", cut.Book.Code, whole.Book.Code, 0)
}

func TestCheckpointsKeepTheChoiceOfSteps(t *testing.T) {
	x := linalg.Normal(linalg.NewRand(1), linalg.F64, 10, 1, 4, 4).MulS(0.3)
	change := func(c *DiffusionConfig) { c.Loss, c.Importance, c.Steps = "bound", true, 3 }
	o := TrainOptions{Steps: 14, Batch: 6, Seed: 5}
	whole := tiny(t, 1, Stacked, change)
	if err := whole.Fit(context.Background(), x, o); err != nil {
		t.Fatal(err)
	}
	p := o
	p.Steps, p.Checkpoint = 11, filepath.Join(t.TempDir(), "run")
	if err := tiny(t, 1, Stacked, change).Fit(context.Background(), x, p); err != nil {
		t.Fatal(err)
	}
	again := tiny(t, 1, Stacked, change)
	p.Steps = 14
	if err := again.Fit(context.Background(), x, p); err != nil {
		t.Fatal(err)
	}
	near(t, "probabilities", again.steps.weights(), whole.steps.weights(), 0)
	for i, w := range whole.Params() {
		near(t, w.Name, again.Params()[i].Value.Float64s(), w.Value.Float64s(), 0)
	}
}
