package pseudovideo

import (
	"context"
	"fmt"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/nn"
	"gonum.org/v1/gonum/mat"
)

// DenoiserConfig describes a predictor of the image from the corrupted frames before it.
type DenoiserConfig struct {
	Video     Spec
	History   int // how many of the frames before the image it sees, nearest first; 0 means all
	Width     int // of the two hidden layers; 0 means 256
	Precision linalg.DType
	Seed      uint64
}

// Denoiser predicts the image from its pseudo video's other frames. Comparing one that sees the nearest frame with one
// that sees all measures what older frames know.
type Denoiser struct {
	Config  DenoiserConfig
	H, W, C int
	layers  [3]*linearLayer
	params  []nn.Param
	run     training
}

// NewDenoiser makes an untrained predictor for images of height h, width w and c channels.
func NewDenoiser(cfg DenoiserConfig, h, w, c int) (*Denoiser, error) {
	if err := cfg.Video.Check(); err != nil {
		return nil, err
	}
	if cfg.History == 0 {
		cfg.History = cfg.Video.F() - 1
	}
	if cfg.Width == 0 {
		cfg.Width = 256
	}
	if cfg.History < 1 || cfg.History >= cfg.Video.F() {
		return nil, fmt.Errorf("pseudovideo: a predictor from %d frames, but %d stand before the image", cfg.History, cfg.Video.F()-1)
	}
	b := newBuilder(cfg.Precision, cfg.Seed, false)
	d := h * w * c
	p := &Denoiser{Config: cfg, H: h, W: w, C: c}
	p.layers = [3]*linearLayer{b.linear("0", d*cfg.History, cfg.Width), b.linear("1", cfg.Width, cfg.Width), b.linear("2", cfg.Width, d)}
	p.params = b.params
	return p, nil
}

// Params are the trained parameters.
func (p *Denoiser) Params() []nn.Param { return p.params }

// pair is what the predictor sees, the last frames before the image as rows, and the image.
func (p *Denoiser) pair(x *linalg.Tensor, rng *linalg.Rand) (seen, image *linalg.Tensor, err error) {
	v, err := Build(x, p.Config.Video, rng)
	if err != nil {
		return nil, nil, err
	}
	f, n := v.Dim(2), v.Dim(0)
	return v.Slice(2, f-1-p.Config.History, f-1).Reshape(n, -1).To(p.Config.Precision), x.Reshape(n, -1).To(p.Config.Precision), nil
}

func (p *Denoiser) forward(seen *linalg.Tensor) *linalg.Tensor {
	h := p.layers[0].apply(seen).SiLU()
	return p.layers[2].apply(p.layers[1].apply(h).SiLU())
}

// Fit trains the predictor on images [N, C, H, W], corrupting them anew at every use.
func (p *Denoiser) Fit(ctx context.Context, x *linalg.Tensor, o TrainOptions) error {
	if x.Rank() != 4 || x.Dim(1) != p.C || x.Dim(2) != p.H || x.Dim(3) != p.W {
		return fmt.Errorf("pseudovideo: images have shape %v; this predictor takes [N, %d, %d, %d]", x.Shape(), p.C, p.H, p.W)
	}
	return p.run.fit(ctx, p.params, x.Dim(0), o, func(rows []int, rng *linalg.Rand) (*linalg.Tensor, stepResult, error) {
		seen, image, err := p.pair(rowsOf(x, rows), rng.Split(streamVideo))
		if err != nil {
			return nil, stepResult{}, err
		}
		return p.forward(seen).Sub(image).Square().Mean(), stepResult{}, nil
	})
}

// Error is the mean squared error per number on images, corrupted the given number of times.
func (p *Denoiser) Error(x *linalg.Tensor, times int, rng *linalg.Rand) (float64, error) {
	total := 0.0
	for range times {
		seen, image, err := p.pair(x, rng)
		if err != nil {
			return 0, err
		}
		failed := linalg.Try(func() {
			linalg.NoGrad(func() {
				linalg.Scope(func() { total += p.forward(seen).Sub(image).Square().To(linalg.F64).Mean().Item() })
			})
		})
		if failed != nil {
			return 0, failed
		}
	}
	return total / float64(times), nil
}

// LinearBound is the mean squared error per number of the best linear predictor, if the images had the mean and
// covariance of x and the noise of the frames were Gaussian: from the nearest corrupted frame and from all of them. It
// covers the kinds noise-markov and noise-independent, in which all frames together say as much about the image as one
// frame with the summed precision does.
func LinearBound(x *linalg.Tensor, s Spec) (nearest, all float64, err error) {
	levels, err := s.Ladder.Values(s.F())
	if err != nil {
		return 0, 0, err
	}
	if s.F() < 2 {
		return 0, 0, fmt.Errorf("pseudovideo: one frame has no history")
	}
	know, err := WhatThePastKnows(s.kind(), 1, levels...)
	if err != nil {
		return 0, 0, err
	}
	_, cov := moments(pixelRows(x))
	values, _ := eigSym(cov)
	risk := func(v float64) (total float64) { // v: posterior variance for unit prior; 1/v - 1 is the precision seen
		for _, l := range values {
			if l > 1e-12 {
				total += 1 / (1/l + 1/v - 1) / float64(len(values))
			}
		}
		return total
	}
	return risk(know.Nearest), risk(know.All), nil
}

// ClassifierFeatures are the 64 outputs of the last hidden layer of a small classifier trained on labelled images
// (fd-clf). They are the most sensitive to what is shown, and comparable only within one trained classifier; Seed and
// Accuracy are part of the caption.
type ClassifierFeatures struct {
	Seed     uint64
	Accuracy float64 // on the held-out images
	layers   [3]*linearLayer
	d        int
}

// NewClassifier trains a classifier on images x with labels y and measures it on held-out images.
func NewClassifier(ctx context.Context, x *linalg.Tensor, y []int, heldX *linalg.Tensor, heldY []int, seed uint64) (*ClassifierFeatures, error) {
	if len(y) != x.Dim(0) || len(heldY) != heldX.Dim(0) || len(y) == 0 || len(heldY) == 0 {
		return nil, fmt.Errorf("pseudovideo: %d labels for %d images, %d for %d held out", len(y), x.Dim(0), len(heldY), heldX.Dim(0))
	}
	classes := 0
	for _, l := range append(append([]int(nil), y...), heldY...) {
		classes = max(classes, l+1)
	}
	b := newBuilder(linalg.F32, seed, false)
	d := x.Len() / x.Dim(0)
	c := &ClassifierFeatures{Seed: seed, d: d, layers: [3]*linearLayer{b.linear("0", d, 128), b.linear("1", 128, 64), b.linear("2", 64, classes)}}
	flat := x.Reshape(x.Dim(0), d).To(linalg.F32)
	var run training
	o := TrainOptions{Steps: 1500, Batch: 64, LR: 2e-3, Cosine: true, WeightDecay: 0.01, Seed: seed}
	err := run.fit(ctx, b.params, len(y), o, func(rows []int, rng *linalg.Rand) (*linalg.Tensor, stepResult, error) {
		labels := make([]int, len(rows))
		for i, r := range rows {
			labels[i] = y[r]
		}
		in := rowsOf(flat, rows)
		in = in.Add(linalg.Normal(rng, in.DType(), in.Shape()...).MulS(0.2)) // blurs the memory of single images
		return linalg.CrossEntropy(c.layers[2].apply(c.hidden(in)), linalg.FromInts(labels)), stepResult{}, nil
	})
	if err != nil {
		return nil, err
	}
	guess := c.layers[2].apply(c.hidden(heldX.Reshape(len(heldY), d).To(linalg.F32))).ArgMax(1).Ints()
	for i, g := range guess {
		if g == heldY[i] {
			c.Accuracy += 1 / float64(len(heldY))
		}
	}
	return c, nil
}

func (c *ClassifierFeatures) hidden(x *linalg.Tensor) *linalg.Tensor {
	return c.layers[1].apply(c.layers[0].apply(x).GELU()).GELU()
}

// Name is fd-clf.
func (c *ClassifierFeatures) Name() string { return "fd-clf" }

// Caption tells which classifier it is and what the number is not.
func (c *ClassifierFeatures) Caption() string {
	return fmt.Sprintf("classifier of seed %d, %.1f %% accurate, comparable only within it; %s", c.Seed, 100*c.Accuracy, notFID)
}

// Of gives 64 features for each image.
func (c *ClassifierFeatures) Of(x *linalg.Tensor) (*mat.Dense, error) {
	if x.Len() != x.Dim(0)*c.d {
		return nil, fmt.Errorf("pseudovideo: the classifier takes images of %d numbers, these are %v", c.d, x.Shape())
	}
	var out *mat.Dense
	err := linalg.Try(func() {
		linalg.NoGrad(func() {
			linalg.Scope(func() { out = mat.NewDense(x.Dim(0), 64, c.hidden(x.Reshape(x.Dim(0), c.d).To(linalg.F32)).Float64s()) })
		})
	})
	return out, err
}
