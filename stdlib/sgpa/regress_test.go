package sgpa

import (
	"context"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/calib"
	"github.com/priorlab/priorlab/stdlib/nn"
	"github.com/priorlab/priorlab/stdlib/train"
)

// counts is a toy of graphs: the target is a weighted number of atoms of each type, far from zero.
func counts(seed uint64, n int) (*Inputs, []float64) {
	r := linalg.NewRand(seed)
	in, y := &Inputs{}, make([]float64, n)
	for i := range y {
		var g Graph
		for range 3 + r.Intn(4) {
			a := r.Intn(3)
			g.Atoms, g.Walks = append(g.Atoms, a), append(g.Walks, []float64{float64(a) / 2})
			y[i] += float64(a) - 1
		}
		y[i] = 50 + 10*y[i]/float64(len(g.Atoms)) + r.Normal()
		in.Graphs = append(in.Graphs, g)
	}
	return in, y
}

func TestRegressorLearnsNoiseAndMean(t *testing.T) {
	ctx := context.Background()
	x, y := counts(1, 400)
	test, want := counts(2, 200)
	for _, m := range []Method{KernelAttention, SGPA} {
		g := NewRegressor(linalg.NewRand(1), Config{Method: m, Width: 8, Heads: 2, Inducing: 3, AtomTypes: 3, WalkFeatures: 1, MaxTokens: 6, KLWeight: 0.01})
		if _, err := g.Fit(ctx, x, y, RampUp, train.Options{Epochs: 15, Batch: 40, Seed: 1, Schedule: train.Cosine{Epochs: 15, Base: 0.01}}); err != nil {
			t.Fatal(err)
		}
		p, err := g.Predict(ctx, test, Passes{Samples: 10, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		mean, sd := p.Moments()
		if rmse := calib.RMSE(want, mean); rmse > 2.5 {
			t.Errorf("%s: error %v, the noise is 1 and the spread of the targets 4", m, rmse)
		}
		if p.Noise < 0.4 || p.Noise > 3 {
			t.Errorf("%s: the noise is found to be %v, it is 1", m, p.Noise)
		}
		if c := calib.Coverage(want, mean, sd, 0.95); c < 0.8 {
			t.Errorf("%s: 95 %% intervals cover %v", m, c)
		}
		path := filepath.Join(t.TempDir(), "regressor")
		if err := g.Save(path); err != nil {
			t.Fatal(err)
		}
		again, err := LoadRegressor(path)
		if err != nil {
			t.Fatal(err)
		}
		q, err := again.Predict(ctx, test, Passes{Samples: 10, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		closeTo(t, "predictions of the loaded regressor", raw(q.Means), raw(p.Means), 0)
		if _, err := Load(path); err == nil || !strings.Contains(err.Error(), "holds a sgpa.Regressor") {
			t.Errorf("a regressor read as a classifier gives %v", err)
		}
	}
}

func TestRegressionLossByHand(t *testing.T) {
	out := linalg.FromFloat64([]float64{1, 2, 3, 4}, 4, 1) // two samples of each of two targets
	p := nn.Eval()
	p.Penalise("KL", linalg.Scalar(linalg.F64, 2), 0.5)
	l := RegressionLoss(out, linalg.FromFloat64([]float64{math.Log(2)}), []float64{0, 3}, p, 0.1)
	want := math.Log(2) + 0.5*math.Log(2*math.Pi) + (1+4+0+1)/(2*4.0*4)
	closeTo(t, "data term", []float64{l.CE}, []float64{want}, 1e-12)
	closeTo(t, "total", l.Total.Float64s(), []float64{want + 0.1*0.5*2}, 1e-12)
}

func TestRegressorErrors(t *testing.T) {
	g := NewRegressor(linalg.NewRand(1), Config{Width: 4, Heads: 2, AtomTypes: 3, MaxTokens: 3})
	in := &Inputs{Graphs: []Graph{{Atoms: []int{0}, Walks: [][]float64{{1}}}}}
	for want, y := range map[string][]float64{"1 inputs and 2 targets": {1, 2}, "target 0 is NaN": {math.NaN()}} {
		if _, err := g.Fit(context.Background(), in, y, Whole, train.Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
}

// A network with distributions over its weights is asked as often as the passes say; a point estimate once.
func TestRegressorSamplesItsWeights(t *testing.T) {
	in := &Inputs{Graphs: []Graph{{Atoms: []int{0, 1}, Walks: [][]float64{{1}, {0.5}}}}}
	for _, meanField := range []bool{false, true} {
		g := NewRegressor(linalg.NewRand(1), Config{Method: Softmax, MeanField: meanField, TrainSize: 10, Width: 8, Heads: 2, Depth: 1, Classes: 1, AtomTypes: 3, WalkFeatures: 1, MaxTokens: 4})
		m, err := g.Predict(context.Background(), in, Passes{Samples: 4, Seed: 2})
		if err != nil {
			t.Fatal(err)
		}
		samples, _ := m.Means.Dims()
		if want := map[bool]int{false: 1, true: 4}[meanField]; samples != want {
			t.Errorf("mean field %v: %d samples, want %d", meanField, samples, want)
		}
		if meanField && m.Means.At(0, 0) == m.Means.At(1, 0) {
			t.Error("two draws of the weights are the same")
		}
	}
}
