package experiment

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/priorlab/priorlab/linalg"
	pv "github.com/priorlab/priorlab/stdlib/pseudovideo"
)

// Options say what to run.
type Options struct {
	Parts []string  // of "A", "B", "C", "D"; nil means A, B and C
	Seeds int       // 0 means 1
	Scale float64   // multiplies every number of training steps; 0 means 1
	Log   io.Writer // a line for each arm and seed; nil for none

	// Train and Test replace the digits by images [N, 1, 8, 8] or larger on [-1, 1]; labels are needed for fd-clf.
	Train, Test   *linalg.Tensor
	TrainY, TestY []int
}

// lab is what the parts share.
type bench struct {
	ctx      context.Context
	o        Options
	report   *Report
	features []pv.Features
	h, w, c  int
}

// Run runs the parts and returns their tables; when ctx ends, the tables finished so far come with the error.
func Run(ctx context.Context, o Options) (*Report, error) {
	began := time.Now()
	if o.Seeds == 0 {
		o.Seeds = 1
	}
	if o.Scale == 0 {
		o.Scale = 1
	}
	if o.Parts == nil {
		o.Parts = []string{"A", "B", "C"}
	}
	if o.Train == nil {
		d := pv.Digits()
		o.Train, o.Test, o.TrainY, o.TestY = d.Train, d.Test, d.TrainY, d.TestY
	}
	if o.Seeds < 0 || o.Scale < 0 || o.Test == nil || o.Train.Rank() != 4 {
		return nil, fmt.Errorf("experiment: %d seeds at scale %g on images %v; seeds and scale must be positive, images [N, C, H, W] with held-out ones", o.Seeds, o.Scale, o.Train.Shape())
	}
	b := &bench{ctx: ctx, o: o, report: &Report{}, c: o.Train.Dim(1), h: o.Train.Dim(2), w: o.Train.Dim(3)}
	parts := map[string]func() error{"A": b.past, "B": b.states, "C": b.tokens, "D": b.diffusion}
	for _, p := range o.Parts {
		if parts[p] == nil {
			return nil, fmt.Errorf("experiment: part %q is not known; the parts are A, B, C and D", p)
		}
	}
	if err := b.judges(); err != nil {
		return nil, err
	}
	for _, p := range o.Parts {
		if err := parts[p](); err != nil {
			b.report.Seconds = time.Since(began).Seconds()
			return b.report, fmt.Errorf("experiment: part %s: %w", p, err)
		}
	}
	b.report.Seconds = time.Since(began).Seconds()
	return b.report, nil
}

// judges prepares the features, and reports the floor: how far the training images are from the held-out ones.
func (b *bench) judges() error {
	b.features = nil
	if b.o.TrainY != nil && slices.ContainsFunc(b.o.Parts, func(p string) bool { return p != "A" }) {
		c, err := pv.NewClassifier(b.ctx, b.o.Train, b.o.TrainY, b.o.Test, b.o.TestY, 1)
		if err != nil {
			return err
		}
		b.features = append(b.features, c)
	}
	if b.h%4 == 0 && b.w%4 == 0 {
		b.features = append(b.features, pv.RandomFeatures())
	}
	if b.h*b.w*b.c <= 256 {
		b.features = append(b.features, pv.PixelFeatures())
	}
	t := Table{Title: "Floor: training images against held-out ones", Columns: []string{"distance", "value", "images", "caption"}}
	for _, f := range b.features {
		s, err := pv.Distance(f, b.o.Test, b.o.Train.Slice(0, 0, min(b.samples(), b.o.Train.Dim(0))))
		if err != nil {
			return err
		}
		t.Rows = append(t.Rows, []string{s.Name, fmt.Sprintf("%.3f", s.Value), fmt.Sprintf("%d and %d", s.Real, s.Fake), s.Caption})
	}
	near, err := pv.Nearest(b.o.Test, b.o.Train)
	if err != nil {
		return err
	}
	t.Notes = []string{fmt.Sprintf("Held-out images lie %.3f from their nearest training image, on average.", near)}
	b.report.add(t)
	return nil
}

// samples is how many images every arm generates.
func (b *bench) samples() int { return 720 }

// steps scales a number of training steps.
func (b *bench) steps(n int) int { return max(int(float64(n)*b.o.Scale), 1) }

func (b *bench) log(format string, args ...any) {
	if b.o.Log != nil {
		fmt.Fprintf(b.o.Log, format+"\n", args...)
	}
}

// scores are the distances and the nearest-neighbour distance of one set of samples, in the order of scoreNames.
func (b *bench) scores(x *linalg.Tensor) ([]float64, error) {
	var out []float64
	for _, f := range b.features {
		s, err := pv.Distance(f, b.o.Test, x)
		if err != nil {
			return nil, err
		}
		out = append(out, s.Value)
	}
	near, err := pv.Nearest(x, b.o.Train)
	return append(out, near), err
}

func (b *bench) scoreNames() []string {
	var out []string
	for _, f := range b.features {
		out = append(out, f.Name())
	}
	return append(out, "nearest")
}

// captions stand under every table with distances.
func (b *bench) captions() []string {
	var out []string
	for _, f := range b.features {
		out = append(out, f.Name()+": "+f.Caption()+".")
	}
	return append(out, "Distances are of the last frames from the held-out images; nearest: mean distance of a sample to its nearest training image.")
}

// seeds runs one arm once for each seed and collects what it measures.
func (b *bench) seeds(arm string, run func(seed uint64) ([]float64, error)) ([]figures, error) {
	var out []figures
	for s := range b.o.Seeds {
		began := time.Now()
		v, err := run(uint64(s))
		if err != nil {
			return nil, err
		}
		if out == nil {
			out = make([]figures, len(v))
		}
		for i := range v {
			out[i] = append(out[i], v[i])
		}
		b.log("%-40s seed %d  %6.1f s  %.4g", arm, s, time.Since(began).Seconds(), v)
	}
	return out, nil
}

func texts(f []figures) []string {
	out := make([]string, len(f))
	for i, v := range f {
		out[i] = v.String()
	}
	return out
}
