package pseudovideo

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/priorlab/priorlab/linalg"
)

// On scalar Gaussians a trained predictor must come within 3 % of the closed forms.
func TestDenoiserReachesTheGaussianClosedForms(t *testing.T) {
	x := linalg.Normal(linalg.NewRand(1), linalg.F32, 20000, 1, 1, 1)
	stds := []float64{0.6, 0.4, 0.2}
	for _, kind := range []string{NoiseMarkov, NoiseIndependent} {
		want, _ := WhatThePastKnows(kind, 1, stds...)
		for history, bound := range map[int]float64{1: want.Nearest, 3: want.All} {
			d, err := NewDenoiser(DenoiserConfig{Video: Spec{Frames: 4, Kind: kind, Ladder: Levels(stds...)}, History: history, Width: 16}, 1, 1, 1)
			if err != nil {
				t.Fatal(err)
			}
			if err := d.Fit(context.Background(), x, TrainOptions{Steps: 1200, Batch: 256, LR: 5e-3, Cosine: true}); err != nil {
				t.Fatal(err)
			}
			got, err := d.Error(x, 10, linalg.NewRand(9))
			if err != nil || math.Abs(got/bound-1) > 0.03 {
				t.Errorf("%s, %d frames: error %.5f (%v), closed form %.5f", kind, history, got, err, bound)
			}
		}
	}
}

func TestLinearBoundOfAGaussian(t *testing.T) {
	x := linalg.Normal(linalg.NewRand(1), linalg.F64, 4000, 1, 2, 2)
	s := Spec{Frames: 4, Kind: NoiseIndependent, Ladder: Levels(0.6, 0.4, 0.2)}
	near1, all, err := LinearBound(x, s)
	if err != nil || math.Abs(near1-0.038462) > 2e-3 || math.Abs(all-0.028549) > 2e-3 {
		t.Errorf("bounds %.5f and %.5f (%v)", near1, all, err)
	}
	d := Digits()
	s.Ladder = Levels(1.2, 0.9, 0.6)
	near1, all, err = LinearBound(d.Train, s)
	if err != nil || math.Abs(near1-0.0914) > 5e-4 || math.Abs(all-0.0682) > 5e-4 {
		t.Errorf("digits: %.4f and %.4f (%v), measured before 0.0914 and 0.0682", near1, all, err)
	}
	if _, _, err := LinearBound(x, Spec{}); err == nil {
		t.Error("one frame has no history")
	}
}

func TestClassifierFeatures(t *testing.T) {
	d := Digits()
	c, err := NewClassifier(context.Background(), d.Train, d.TrainY, d.Test, d.TestY, 1)
	if err != nil {
		t.Fatal(err)
	}
	if c.Accuracy < 0.96 || !strings.Contains(c.Caption(), "seed 1") || !strings.Contains(c.Caption(), "not comparable with published FID") {
		t.Errorf("accuracy %.3f, caption %q", c.Accuracy, c.Caption())
	}
	floor, err := Distance(c, d.Test, d.Train)
	if err != nil {
		t.Fatal(err)
	}
	blurred, _ := Build(d.Train, Spec{Frames: 2, Ladder: Levels(0.5)}, nil)
	off, _ := Distance(c, d.Test, blurred.Select(2, 0).Contiguous())
	if off.Value < 2*floor.Value {
		t.Errorf("blurred digits are at %.3f, real ones at %.3f", off.Value, floor.Value)
	}
	if _, err := NewClassifier(context.Background(), d.Train, d.TestY, d.Test, d.TestY, 1); err == nil {
		t.Error("360 labels for 1437 images")
	}
}

func TestDenoiserErrors(t *testing.T) {
	if _, err := NewDenoiser(DenoiserConfig{}, 2, 2, 1); err == nil {
		t.Error("one frame has no history")
	}
	if _, err := NewDenoiser(DenoiserConfig{Video: Spec{Frames: 3}, History: 3}, 2, 2, 1); err == nil || !strings.Contains(err.Error(), "2 stand before") {
		t.Error(err)
	}
}
