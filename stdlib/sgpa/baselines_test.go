package sgpa

import (
	"context"
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/calib"
	"github.com/priorlab/priorlab/stdlib/nn"
	"github.com/priorlab/priorlab/stdlib/train"
)

func baseline(t *testing.T, name string) goldenCase {
	t.Helper()
	for _, c := range golden(t, "baselines") {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("no case %s", name)
	return goldenCase{}
}

func TestMeanFieldGolden(t *testing.T) {
	c := baseline(t, "mean_field_linear")
	get := func(n string) *linalg.Tensor { return linalg.Param(c.in(t, n).tensor()) }
	l := &MeanFieldLinear{WMean: get("w_mean"), WLogStd: get("w_log_std"), BMean: get("b_mean"), BLogStd: get("b_log_std"), PriorStd: c.PriorStd, Scale: 1}
	x := c.in(t, "x").tensor()
	out := l.draw(x, linalg.Linear(x, l.WMean, l.BMean), c.in(t, "eps").tensor())
	closeTo(t, "output", out.Float64s(), c.out(t, "out").Data, 1e-9)
	closeTo(t, "divergence", l.KL().Float64s(), c.out(t, "kl").Data, 1e-9)
}

func TestFeatureHeadGolden(t *testing.T) {
	c := baseline(t, "random_feature_gp_head")
	h := &FeatureHead{Omega: linalg.Param(c.in(t, "omega").tensor()), Phase: linalg.Param(c.in(t, "phase").tensor()), Beta: linalg.Param(c.in(t, "beta").tensor().T())}
	if err := h.FitPrecision(c.in(t, "train_features").dense(), c.Ridge); err != nil {
		t.Fatal(err)
	}
	P := linalg.SymProduct(h.precision.L(), false)
	closeTo(t, "precision", raw(P), c.out(t, "precision").Data, 1e-9)
	v, z, err := h.Variance(c.in(t, "test_features").dense())
	if err != nil {
		t.Fatal(err)
	}
	closeTo(t, "variance", v, c.out(t, "test_variance").Data, 1e-9)
	closeTo(t, "logits", raw(z), c.out(t, "test_logits").Data, 1e-9)
	closeTo(t, "mean-field logits", raw(MeanFieldLogits(z, v)), c.out(t, "test_logits_mean_field").Data, 1e-9)
}

func TestKronGolden(t *testing.T) {
	c := baseline(t, "kronecker_last_layer_laplace")
	k, err := NewKron(c.in(t, "train_features").dense(), c.in(t, "train_logits").dense())
	if err != nil {
		t.Fatal(err)
	}
	closeTo(t, "A", raw(k.A), c.out(t, "A").Data, 1e-9)
	closeTo(t, "G", raw(k.G), c.out(t, "G").Data, 1e-9)
	x := c.in(t, "test_features")
	for i := 0; i < x.Shape[0]; i++ {
		closeTo(t, "covariance of the logits", raw(k.LogitCov(x.at(i).Data, c.PriorPrecision)), c.out(t, "logit_cov").at(i).Data, 1e-9)
	}
}

func TestTemperatureGoldenThroughTemper(t *testing.T) {
	c := baseline(t, "temperature_scaling")
	fit := calib.FitTemperature(c.in(t, "logits").dense(), c.in(t, "labels").ints())
	closeTo(t, "NLL after scaling", []float64{fit.NLLAfter}, c.out(t, "nll_after").Data, 1e-9)
}

// glyphs are small images of four kinds of strokes with noise: enough to learn in seconds.
func glyphs(seed uint64, n int, noise float64) *Data {
	r := linalg.NewRand(seed)
	const size = 8
	pix := make([]float64, n*size*size)
	y := make([]int, n)
	for i := range y {
		y[i] = r.Intn(4)
		at := 1 + r.Intn(size-2)
		for row := 0; row < size; row++ {
			for col := 0; col < size; col++ {
				on := []bool{row == at, col == at, (row+col)%size == at, (row-col+size)%size == at}[y[i]]
				v := noise * r.Normal()
				if on {
					v++
				}
				pix[(i*size+row)*size+col] = v
			}
		}
	}
	return &Data{X: &Inputs{Images: linalg.FromFloat64(pix, n, 1, size, size).To(linalg.F32)}, Y: y}
}

var glyphConfig = Config{Width: 16, Heads: 2, Depth: 2, Inducing: 6, Classes: 4, Channels: 1, Size: 8, Patch: 2, Dropout: 0.1}

var glyphTraining = train.Options{Epochs: 12, Batch: 50, Seed: 3, Schedule: train.Cosine{Warmup: 1, Epochs: 12, Base: 5e-3, Min: 1e-4}}

// Every kind of model learns the glyphs, predicts probabilities, and does so again from the same seed.
func TestEveryMethodLearns(t *testing.T) {
	ctx := context.Background()
	d, valid, test := glyphs(1, 600, 0.2), glyphs(2, 100, 0.2), glyphs(3, 200, 0.2)
	build := func(method Method) *Network {
		c := glyphConfig
		c.Method = method
		return New(linalg.NewRand(7), c)
	}
	fitted := func(n *Network, anneal Anneal, o train.Options) Passes {
		h, err := Fit(ctx, n, d, valid, anneal, o)
		if err != nil {
			t.Fatal(err)
		}
		if first, last := h.Epochs[0], h.Final(); last.Valid > first.Valid {
			t.Errorf("%s: validation NLL went from %v to %v", n.Config.Method, first.Valid, last.Valid)
		}
		return Passes{Net: n}
	}
	must := func(p Predictor, err error) Predictor {
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	mle := fitted(build(Softmax), Whole, glyphTraining)
	dropout, post := mle, mle
	dropout.Dropout, dropout.Samples = true, 5
	long := glyphTraining // whole divergences slow learning down: attention carries little, and the rest must learn without it
	long.Epochs, long.Schedule = 48, train.Cosine{Warmup: 1, Epochs: 48, Base: 5e-3, Min: 1e-4}
	sgpa := fitted(build(SGPA), RampUp, long)
	sgpa.Samples = 5
	mf := MeanFieldNetwork(linalg.NewRand(7), glyphConfig, len(d.Y))
	mfvi := fitted(mf, RampUp, glyphTraining)
	mfvi.Samples = 5
	sn := NewSNGP(linalg.NewRand(7), glyphConfig, 64, 0.95)
	if _, err := sn.Fit(ctx, d, valid, glyphTraining); err != nil {
		t.Fatal(err)
	}
	kern := fitted(build(KernelAttention), Whole, glyphTraining)
	models := map[string]Predictor{
		"mle": &mle, "kernel": &kern, "dropout": &dropout, "sgpa": &sgpa, "mfvi": &mfvi, "sngp": sn,
		"tempered": must(Temper(ctx, mle, valid)), "laplace": must(NewLaplace(ctx, post, d, valid)),
		"ensemble": Ensemble{&mle, &kern},
	}
	samples := map[string]int{"dropout": 5, "sgpa": 5, "mfvi": 5, "laplace": 10, "ensemble": 2}
	for name, m := range models {
		p, err := m.Predict(ctx, test.X)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if want := max(samples[name], 1); len(p.Samples) != want {
			t.Errorf("%s: %d samples, want %d", name, len(p.Samples), want)
		}
		if acc := calib.Accuracy(p.Probs(), test.Y); acc < 0.8 {
			t.Errorf("%s: accuracy %v, want at least 0.8", name, acc)
		}
		again, err := m.Predict(ctx, test.X)
		if err != nil {
			t.Fatal(err)
		}
		if !mat.Equal(p.Probs(), again.Probs()) {
			t.Errorf("%s: one seed gives two predictions", name)
		}
		mean := 0.0
		for _, s := range p.Samples {
			mean += calib.NLL(s, test.Y) / float64(len(p.Samples))
		}
		if calib.NLL(p.Probs(), test.Y) > mean+1e-12 {
			t.Errorf("%s: the NLL of the mean exceeds the mean NLL", name)
		}
	}
	for _, l := range sn.Net.Layers {
		if norm := sn.spectral(linalg.Zeros(linalg.F64, 1), l.Feed.In.(*nn.Linear).W.To(linalg.F64).Dense(), 200); norm > 0.95*1.02 {
			t.Errorf("a feed-forward weight has spectral norm %v", norm)
		}
	}
	if h := sgpaOut(t, sgpa, test); !(h > 0) {
		t.Error("the samples of SGPA agree entirely")
	}
}

func sgpaOut(t *testing.T, m Passes, d *Data) float64 {
	p, err := m.Predict(context.Background(), d.X)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, v := range p.MutualInfo() {
		sum += v
	}
	return sum
}

// The largest singular value by power iteration is the one of the decomposition.
func TestSpectralNorm(t *testing.T) {
	W := randomDense(linalg.NewRand(1), 5, 7, 1)
	var svd mat.SVD
	if !svd.Factorize(W, mat.SVDNone) {
		t.Fatal("no decomposition")
	}
	s := &SNGP{u: map[*linalg.Tensor]*mat.VecDense{}}
	if got := s.spectral(linalg.Zeros(linalg.F64, 1), W, 500); math.Abs(got-svd.Values(nil)[0]) > 1e-6 {
		t.Errorf("spectral norm %v, want %v", got, svd.Values(nil)[0])
	}
}
