package ohsvgp

import (
	"context"
	"errors"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
)

// With one basis for all tasks, any cut of the data and any order of the tasks
// gives the batch answer: nothing is lost at a hand-over.
func TestFrozenBasisIsBatch(t *testing.T) {
	ctx := context.Background()
	x, y := stream(48, 3, 0.1)
	run := func(cuts ...[2]int) *Model {
		m, err := newModel(Options{M: 14, Kernel: gp.Matern52(1, 0.5), Noise: 0.03, Hyper: HyperFixed}, &frozen{end: 3})
		must(t, err)
		m.policy = fixedJitter(1e-8)
		for _, c := range cuts {
			must(t, m.Update(ctx, x[c[0]:c[1]], y[c[0]:c[1]]))
		}
		return m
	}
	batch := run([2]int{0, 48})
	want, wantV, err := batch.Predict(ctx, x)
	must(t, err)
	for _, cuts := range [][][2]int{{{0, 24}, {24, 48}}, {{30, 48}, {0, 1}, {1, 30}}, {{12, 24}, {36, 48}, {0, 12}, {24, 36}}} {
		m := run(cuts...)
		near(t, "sum of bounds", []float64{m.Bound()}, []float64{batch.Bound()}, 1e-8)
		got, gotV, err := m.Predict(ctx, x)
		must(t, err)
		near(t, "mean", got, want, 1e-7)
		near(t, "variance", gotV, wantV, 1e-7)
	}
}

// The first task's bound is one, for every kind of inducing variable.
func TestFirstBoundIsBelowTheEvidence(t *testing.T) {
	ctx := context.Background()
	x, y := stream(40, 2, 0.1)
	o := Options{M: 13, Kernel: gp.Matern52(1, 0.4), Noise: 0.02, Hyper: HyperFixed, Interval: [2]float64{0, 2}, Margin: 2.5, ZSteps: 30}
	r, err := NewReference(o)
	must(t, err)
	must(t, r.Update(ctx, x, y))
	exact := r.Bound()
	closest := math.Inf(-1)
	for _, make := range []func(Options) (*Model, error){New, NewOSGPR, NewOVC, NewOVFF} {
		m, err := make(o)
		must(t, err)
		must(t, m.Update(ctx, x, y))
		if m.Bound() > exact+1e-6 {
			t.Errorf("%s: bound %g above the evidence %g", m.Name(), m.Bound(), exact)
		}
		closest = math.Max(closest, m.Bound())
	}
	if closest < exact-30 {
		t.Errorf("the best bound, %g, is far from %g", closest, exact)
	}
}

// The table that depends on M alone is the same whoever builds it.
func TestLagTableIsReproducible(t *testing.T) {
	build := func(cores int) []float64 {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
		return buildLagTable(30).coef
	}
	near(t, "coefficients", build(4), build(1), 0)
}

func TestReferenceKeepsItsState(t *testing.T) {
	ctx := context.Background()
	x, y := stream(40, 2, 0.1)
	r, err := NewReference(Options{Hyper: HyperOnline})
	must(t, err)
	if _, _, err := r.Predict(ctx, x); err == nil {
		t.Error("predicted without data")
	}
	if _, err := r.Sample(ctx, x, 1, linalg.NewRand(1)); err == nil || !math.IsNaN(r.Noise()) || r.Params() != nil {
		t.Error("sampled before the kernel was known")
	}
	must(t, r.Update(ctx, x[:20], y[:20]))
	before := r.Params().String()
	for _, bad := range [][2][]float64{{x[20:22], {1, math.NaN()}}, {x[20:22], {1}}, {nil, nil}} {
		if err := r.Update(ctx, bad[0], bad[1]); err == nil {
			t.Errorf("%v was accepted", bad)
		}
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if err := r.Update(cancelled, x[20:], y[20:]); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if r.Tasks() != 1 || r.Params().String() != before {
		t.Error("failed updates changed the reference")
	}
	must(t, r.Update(ctx, x[20:], y[20:]))
	if h := r.History(); len(h) != 2 || !strings.Contains(h[1].Learned, "marginal likelihood") {
		t.Errorf("history %+v", h)
	}
	s, err := r.Sample(ctx, x[:5], 3, linalg.NewRand(2))
	must(t, err)
	if n, c := s.Dims(); n != 3 || c != 5 {
		t.Errorf("samples %d by %d", n, c)
	}
}

// Features converge to the integrals as their number grows, like its root.
func TestRandomFeaturesConverge(t *testing.T) {
	k := gp.Matern32(1, 0.4)
	exact, err := (&legs{6, 1}).blocks(k, gp.Column([]float64{0.3}), nil)
	must(t, err)
	miss := func(n int) float64 {
		total := 0.0
		for seed := uint64(0); seed < 10; seed++ {
			base, err := drawBase(gp.FamilyMatern32, n, linalg.NewRand(seed))
			must(t, err)
			b, err := (&features{M: 6, at: span{T: 1}, base: base}).blocks(k, gp.Column([]float64{0.3}), nil)
			must(t, err)
			for i, v := range flat(b.Kbb) {
				d := v - flat(exact.Kbb)[i]
				total += d * d
			}
		}
		return math.Sqrt(total)
	}
	if few, many := miss(100), miss(6400); many > few/4 || many < few/16 {
		t.Errorf("error %.3g with 100 features and %.3g with 6400: a factor near 8 was expected", few, many)
	}
}

// The batch model after three tasks is one update with all data under the first
// task's hyper-parameters, and its bound on the evidence is below the exact one
// and above that of a shorter memory.
func TestBatchIsOneUpdate(t *testing.T) {
	ctx := context.Background()
	x, y := stream(60, 3, 0.1)
	b, err := NewBatch(Options{M: 24, FitSteps: 20})
	must(t, err)
	tasks(t, b, x, y, 3)
	k, noise := b.m.Kernel(), b.Noise()
	m, err := New(Options{M: 24, Kernel: k, Noise: noise, Hyper: HyperFixed})
	must(t, err)
	must(t, m.Update(ctx, x, y))
	at := []float64{0.2, 1.7, 2.9, 4}
	want, wantV, err := m.Predict(ctx, at)
	must(t, err)
	got, gotV, err := b.Predict(ctx, at)
	must(t, err)
	near(t, "mean", got, want, 1e-9)
	near(t, "variance", gotV, wantV, 1e-9)
	near(t, "bound", []float64{b.Bound()}, []float64{m.Bound()}, 1e-9)
	h, total := b.History(), 0.0
	for _, task := range h {
		total += task.Bound
	}
	near(t, "gains", []float64{total}, []float64{b.Bound()}, 1e-9)
	if len(h) != 3 || b.Tasks() != 3 || h[0].Learned == "" || h[1].Learned != "" || h[2].N != 20 {
		t.Errorf("the record is %+v", h)
	}
	exact, err := NewReference(Options{Kernel: k, Noise: noise, Hyper: HyperFixed})
	must(t, err)
	must(t, exact.Update(ctx, x, y))
	small, err := NewBatch(Options{M: 4, Kernel: k, Noise: noise, Hyper: HyperFixed})
	must(t, err)
	must(t, small.Update(ctx, x, y))
	if !(small.Bound() < b.Bound() && b.Bound() < exact.Bound()+1e-6) {
		t.Errorf("bounds %g with M = 4, %g with M = 24, the evidence is %g", small.Bound(), b.Bound(), exact.Bound())
	}
	f, err := b.Sample(ctx, at, 3, linalg.NewRand(1))
	must(t, err)
	if r, c := f.Dims(); r != 3 || c != 4 {
		t.Errorf("%d by %d draws", r, c)
	}
}
