package sgpa

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/calib"
	"github.com/priorlab/priorlab/stdlib/nn"
	"github.com/priorlab/priorlab/stdlib/train"
)

var textConfig = Config{Width: 8, Heads: 2, Depth: 2, Inducing: 3, Classes: 2, Vocabulary: 9, MaxTokens: 6, Double: true}

// Padding never changes what real tokens say: alone or beside longer sequences, the logits agree.
func TestPaddingDoesNotMatter(t *testing.T) {
	for _, method := range []Method{Softmax, KernelAttention} {
		c := textConfig
		c.Method = method
		n := New(linalg.NewRand(1), c)
		short, long := []int{3, 1, 2}, []int{5, 4, 8, 8, 2, 1}
		alone := n.Forward(&Inputs{Tokens: [][]int{short}}, nn.Eval(), nil)
		both := n.Forward(&Inputs{Tokens: [][]int{short, long}}, nn.Eval(), nil)
		closeTo(t, string(method)+" logits beside a longer sequence", both.Select(0, 0).Float64s(), alone.Float64s(), 1e-10)
	}
	// With noise: the same numbers for the real tokens.
	n := New(linalg.NewRand(1), textConfig)
	n.Layers[0].Attn.(*DecoupledLayer).Mode = Full
	r := linalg.NewRand(2)
	e3 := []*linalg.Tensor{linalg.Normal(r, linalg.F64, 1, 1, 2, 3, 4), linalg.Normal(r, linalg.F64, 1, 1, 2, 3, 4)}
	e6 := make([]*linalg.Tensor, 2)
	for i := range e6 {
		wide := linalg.Concat(3, e3[i], linalg.Normal(r, linalg.F64, 1, 1, 2, 3, 4))
		e6[i] = linalg.Concat(0, wide, linalg.Normal(r, linalg.F64, 1, 1, 2, 6, 4))
	}
	alone := n.Forward(&Inputs{Tokens: [][]int{{3, 1, 2}}}, nn.Eval(), e3)
	both := n.Forward(&Inputs{Tokens: [][]int{{3, 1, 2}, {5, 4, 8, 8, 2, 1}}}, nn.Eval(), e6)
	closeTo(t, "SGPA logits beside a longer sequence", both.Select(0, 0).Float64s(), alone.Select(0, 0).Float64s(), 1e-9)
}

// Permuting tokens, and their noise, permutes the outputs of a layer in diag mode.
func TestTokensHaveNoOrderInALayer(t *testing.T) {
	l := NewDecoupledLayer(linalg.NewRand(1), textConfig)
	r := linalg.NewRand(2)
	x, eps := linalg.Normal(r, linalg.F64, 1, 5, 8), linalg.Normal(r, linalg.F64, 1, 1, 2, 5, 4)
	order := linalg.FromInts([]int{3, 0, 4, 1, 2})
	a := l.Attend(Request{X: x, Noise: eps, Pass: nn.Eval(), Name: "layer"})
	b := l.Attend(Request{X: x.Gather(1, order), Noise: eps.Gather(3, order), Pass: nn.Eval(), Name: "layer"})
	closeTo(t, "permuted outputs", b.Out.Float64s(), a.Out.Gather(1, order).Float64s(), 1e-10)
}

// Without uncertainty and global values, SGPA with far-away global points is kernel attention.
func TestKernelAttentionIsTheMean(t *testing.T) {
	c := textConfig
	c.Kernel = ARD
	l := NewDecoupledLayer(linalg.NewRand(1), c)
	l.Zg.Set(linalg.Detach(l.Zg).AddS(1e3))
	k := &KernelLayer{l.projection}
	x := linalg.Normal(linalg.NewRand(2), linalg.F64, 2, 4, 8)
	got := l.Attend(Request{X: x, Noise: linalg.Zeros(linalg.F64, 2, 1, 2, 4, 4), Pass: nn.Eval(), Name: "layer"})
	want := k.Attend(Request{X: x, Pass: nn.Eval(), Name: "layer"})
	closeTo(t, "output", got.Out.Float64s(), want.Out.Float64s(), 1e-9)
}

// One seed gives the same bits on one and two threads.
func TestThreadsDoNotMatter(t *testing.T) {
	run := func(threads int) []float64 {
		linalg.SetThreads(threads)
		defer linalg.SetThreads(2)
		c := glyphConfig
		n := New(linalg.NewRand(1), c)
		d := glyphs(1, 32, 0.2)
		o := glyphTraining
		o.Epochs = 1
		if _, err := Fit(context.Background(), n, d, nil, Whole, o); err != nil {
			t.Fatal(err)
		}
		p, err := (&Passes{Net: n, Samples: 3}).Predict(context.Background(), d.X)
		if err != nil {
			t.Fatal(err)
		}
		return raw(p.Probs())
	}
	closeTo(t, "probabilities on two threads", run(2), run(1), 0)
}

// A cold start has the enormous divergence that was computed for it, a calm one almost none.
func TestStarts(t *testing.T) {
	kl := func(start Start) float64 {
		c := Config{Width: 128, Heads: 4, Inducing: 16, Vocabulary: 5, MaxTokens: 4, Kernel: ARD, Start: start, Rho: 1}
		l := NewDecoupledLayer(linalg.NewRand(1), c)
		p := nn.Sampling(linalg.NewRand(2), 1)
		l.Attend(Request{X: linalg.Normal(linalg.NewRand(3), linalg.F32, 1, 4, 128), Pass: p, Name: "layer"})
		return p.Penalties[1].Value.Item()
	}
	if cold := kl(Cold); cold < 10000 || cold > 25000 {
		t.Errorf("a cold start has divergence %v, some 15 thousand are expected", cold)
	}
	if calm := kl(Calm); math.Abs(calm) > 1e-3 {
		t.Errorf("a calm start at the prior has divergence %v", calm)
	}
}

func TestSaveLoadAndWarmStart(t *testing.T) {
	c := glyphConfig
	a := New(linalg.NewRand(1), c)
	path := filepath.Join(t.TempDir(), "net")
	if err := a.Save(path); err != nil {
		t.Fatal(err)
	}
	b, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	in := glyphs(1, 5, 0.1).X
	pa, err := (&Passes{Net: a, Samples: 2}).Predict(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	pb, err := (&Passes{Net: b, Samples: 2}).Predict(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	closeTo(t, "predictions of the loaded network", raw(pb.Probs()), raw(pa.Probs()), 0)

	mf := MeanFieldNetwork(linalg.NewRand(3), c, 100)
	if err := mf.Save(path); err != nil {
		t.Fatal(err)
	}
	if b, err = Load(path); err != nil {
		t.Fatal(err)
	}
	closeTo(t, "loaded spread of a weight", b.Layers[0].Feed.In.(*MeanFieldLinear).WLogStd.Float64s(), mf.Layers[0].Feed.In.(*MeanFieldLinear).WLogStd.Float64s(), 0)

	c.Method = KernelAttention
	point := New(linalg.NewRand(2), c)
	kept, err := train.WarmStart(a, point)
	if err != nil {
		t.Fatal(err)
	}
	if len(kept) != 2*4 {
		t.Errorf("a warm start leaves %v to SGPA, want four variational parameters a layer", kept)
	}
	closeTo(t, "tied projection", a.Layers[1].Attn.(*DecoupledLayer).Wqk.Float64s(), point.Layers[1].Attn.(*KernelLayer).Wqk.Float64s(), 0)
}

// A saved SNGP predicts what it predicted, and one without variances says what to do.
func TestSNGPComesBackFromItsFile(t *testing.T) {
	d := glyphs(1, 60, 0.2)
	a := NewSNGP(linalg.NewRand(1), glyphConfig, 12, 0.95)
	path := filepath.Join(t.TempDir(), "sngp")
	if err := a.Save(path); err != nil {
		t.Fatal(err)
	}
	b, err := LoadSNGP(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Predict(context.Background(), d.X); err == nil || !strings.Contains(err.Error(), "FitPrecision") {
		t.Errorf("without variances: %v", err)
	}
	o := glyphTraining
	o.Epochs = 1
	if _, err := a.Fit(context.Background(), d, nil, o); err != nil {
		t.Fatal(err)
	}
	if err := a.Save(path); err != nil {
		t.Fatal(err)
	}
	if b, err = LoadSNGP(path); err != nil {
		t.Fatal(err)
	}
	pa, err := a.Predict(context.Background(), d.X)
	if err != nil {
		t.Fatal(err)
	}
	pb, err := b.Predict(context.Background(), d.X)
	if err != nil {
		t.Fatal(err)
	}
	closeTo(t, "predictions of the loaded SNGP", raw(pb.Probs()), raw(pa.Probs()), 0)
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), "sgpa.SNGP") {
		t.Errorf("an SNGP read as a network: %v", err)
	}
}

// Fixed word vectors reach the output, are saved, and stay as they are while the rest is trained.
func TestWordVectors(t *testing.T) {
	c := textConfig
	c.VectorWidth, c.Method = 3, KernelAttention
	n := New(linalg.NewRand(1), c)
	in := &Inputs{Tokens: [][]int{{3, 1, 2}, {4, 5, 6}}}
	before := n.Forward(in, nn.Eval(), nil).Float64s()
	rows := make([][]float64, c.Vocabulary)
	rows[3] = []float64{1, -2, 3}
	if err := n.SetVectors(rows); err != nil {
		t.Fatal(err)
	}
	after := n.Forward(in, nn.Eval(), nil).Float64s()
	closeTo(t, "logits of words without vectors", after[2:], before[2:], 0)
	if math.Abs(after[0]-before[0]) < 1e-6 {
		t.Error("the vector of a word changes nothing")
	}
	if _, err := Fit(context.Background(), n, &Data{X: in, Y: []int{0, 1}}, nil, Whole, train.Options{Epochs: 3}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "net")
	if err := n.Save(path); err != nil {
		t.Fatal(err)
	}
	b, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	closeTo(t, "vectors after training, saving and loading", b.Encoder.(*textEncoder).fixed.Float64s()[9:12], rows[3], 0)
	for want, err := range map[string]error{
		"2 word vectors for a vocabulary of 9": n.SetVectors(rows[:2]),
		"vector of word 0 has 1 numbers":       n.SetVectors(append([][]float64{{1}}, rows[1:]...)),
		"set VectorWidth":                      New(linalg.NewRand(1), textConfig).SetVectors(rows),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
}

// An interrupt in the middle of an epoch keeps the network and the history, and fitting goes on to the same end.
func TestInterruptedFitGoesOn(t *testing.T) {
	d := glyphs(1, 100, 0.2)
	run := func(stop bool) *Network {
		n := New(linalg.NewRand(1), glyphConfig)
		p, err := n.Problem(d, nil, RampUp)
		if err != nil {
			t.Fatal(err)
		}
		o := glyphTraining
		o.Epochs = 3
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		o.OnStep = func(at train.Moment, _ float64) {
			if stop && at.Step == 2 {
				cancel()
			}
		}
		tr, err := train.NewTrainer(p, o)
		if err != nil {
			t.Fatal(err)
		}
		h, err := tr.Fit(ctx)
		if stop {
			if !errors.Is(err, context.Canceled) || len(h.Epochs) != 1 {
				t.Fatalf("error %v, history %v", err, h)
			}
			_, err = tr.Fit(context.Background())
		}
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	a, b := run(false).Params(), run(true).Params()
	for i := range a {
		closeTo(t, a[i].Name, b[i].Value.Float64s(), a[i].Value.Float64s(), 0)
	}
}

func TestGraphs(t *testing.T) {
	n := New(linalg.NewRand(1), Config{Width: 8, Heads: 2, AtomTypes: 4, WalkFeatures: 2, MaxTokens: 5, Classes: 1, Double: true, Method: KernelAttention})
	g := []Graph{{Atoms: []int{0, 1, 2}, Walks: [][]float64{{1, 0}, {0.5, 0.5}, {0, 1}}}, {Atoms: []int{3}, Walks: [][]float64{{1, 1}}}}
	out := n.Forward(&Inputs{Graphs: g}, nn.Eval(), nil)
	if s := out.Shape(); len(s) != 2 || s[0] != 2 || s[1] != 1 {
		t.Fatalf("output of shape %v", s)
	}
	turned := []Graph{{Atoms: []int{2, 0, 1}, Walks: [][]float64{{0, 1}, {1, 0}, {0.5, 0.5}}}}
	closeTo(t, "output of the graph with its atoms in another order", n.Forward(&Inputs{Graphs: turned}, nn.Eval(), nil).Float64s(), out.Float64s()[:1], 1e-10)
}

func TestNetworkErrors(t *testing.T) {
	r := linalg.NewRand(1)
	text := New(r, textConfig)
	image := New(r, glyphConfig)
	for _, c := range []struct {
		want string
		call func()
	}{
		{"describes 0 kinds of input", func() { New(r, Config{}) }},
		{"describes 2 kinds of input", func() { New(r, Config{Vocabulary: 4, MaxTokens: 3, AtomTypes: 3}) }},
		{"width of 30 cannot be divided among 4", func() { New(r, Config{Width: 30, Vocabulary: 4, MaxTokens: 3}) }},
		{"cannot be cut into patches of 3", func() { New(r, Config{Channels: 1, Size: 8, Patch: 3}) }},
		{`no kind of attention "magic"`, func() { New(r, Config{Method: "magic", Vocabulary: 4, MaxTokens: 3}) }},
		{`no family of covariances "banded"`, func() { New(r, Config{Covariance: "banded", Vocabulary: 4, MaxTokens: 3}) }},
		{"-1 random features", func() { New(r, Config{Features: -1, Vocabulary: 4, MaxTokens: 3}) }},
		{"dropout is 1", func() { New(r, Config{Dropout: 1, Vocabulary: 4, MaxTokens: 3}) }},
		{"MeanField with softmax attention and 0 training inputs", func() { MeanFieldNetwork(r, Config{Vocabulary: 4, MaxTokens: 3}, 0) }},
		{"only networks that read text", func() { New(r, Config{Channels: 1, Size: 8, Patch: 4, VectorWidth: 5}) }},
		{"set TrainSize", func() { New(r, Config{KLGlobalScale: PerDataset, Vocabulary: 4, MaxTokens: 3}) }},
		{"sequence 0 has 7 tokens, the position table has 6", func() { text.Forward(&Inputs{Tokens: [][]int{make([]int, 7)}}, nn.Eval(), nil) }},
		{"sequence 1 is empty", func() { text.Forward(&Inputs{Tokens: [][]int{{1}, {}}}, nn.Eval(), nil) }},
		{"the network reads token sequences", func() { text.Forward(&Inputs{Images: linalg.Zeros(linalg.F32, 1)}, nn.Eval(), nil) }},
		{"the network reads [B 1 8 8]", func() { image.Forward(&Inputs{Images: linalg.Zeros(linalg.F32, 1, 1, 9, 9)}, nn.Eval(), nil) }},
		{"noise for 1 layers", func() { text.Forward(&Inputs{Tokens: [][]int{{1}}}, nn.Eval(), make([]*linalg.Tensor, 1)) }},
		{"input 5 of 2", func() { (&Inputs{Tokens: [][]int{{1}, {2}}}).Take([]int{5}) }},
	} {
		if err := linalg.Try(c.call); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v does not say %q", err, c.want)
		}
	}
	d := glyphs(1, 4, 0.1)
	d.Y[2] = 4
	if _, err := Fit(context.Background(), image, d, nil, Whole, glyphTraining); err == nil || !strings.Contains(err.Error(), "label 2 of the training data is 4") {
		t.Errorf("a label out of range gives %v", err)
	}
	if _, err := Fit(context.Background(), image, &Data{X: &Inputs{}}, nil, Whole, glyphTraining); err == nil {
		t.Error("no data give no error")
	}
	if _, err := (&Passes{Net: image}).Predict(context.Background(), &Inputs{}); err == nil {
		t.Error("no inputs give no error")
	}
	if _, err := (Ensemble{}).Predict(context.Background(), d.X); err == nil {
		t.Error("an empty ensemble gives no error")
	}
}

// Draws of Joint and of Full have the mean and the covariance of the posterior, token by token and channel by channel, for every
// family of covariances.
func TestJointDrawsHaveTheFullCovariance(t *testing.T) {
	const T, M, d = 3, 2, 2
	for name, f := range map[Covariance][2][]int{FullCovariance: {{1, d, M, M}, {1, d, M}}, SharedCovariance: {{1, 1, M, M}, {1, 1, M}}, DiagonalCovariance: {nil, {1, d, M}}} {
		r := linalg.NewRand(1)
		draw := func(shape ...int) *linalg.Tensor { return linalg.Normal(r, linalg.F64, shape...) }
		q, kg, va, vg := draw(1, 1, T, 2), draw(1, M, 2), draw(1, 1, T, d), draw(1, M, d)
		var ltri *linalg.Tensor
		if f[0] != nil {
			ltri = draw(f[0]...)
		}
		logdiag, zero := draw(f[1]...).MulS(0.3), linalg.Zeros(linalg.F64, 1)
		post := func(m Mode) *Result {
			return decoupled(ARD, q, kg, va, vg, ltri, logdiag, zero, linalg.Zeros(linalg.F64, 1, 2), 1e-9, m, "layer")
		}
		want := post(Full)
		for _, mode := range []Mode{Joint, Full} {
			checkMoments(t, fmt.Sprintf("%s, %s", name, mode), post(mode), want, mode, r)
		}
	}
}

// checkMoments draws from a posterior of one sequence and one head and compares with the mean and covariance of another.
func checkMoments(t *testing.T, name string, post, want *Result, mode Mode, r *linalg.Rand) {
	t.Helper()
	const S = 40000
	T, d := want.Mean.Shape()[2], want.Mean.Shape()[3]
	F := post.draw(Request{Samples: S, Pass: nn.Sampling(r, S), Name: "layer"}, mode, 1e-12)
	dev := F.Sub(want.Mean.Unsqueeze(1)).Select(0, 0).Select(1, 0) // [S T d]
	if x, y := dev.Select(2, 0), dev.Select(2, 1); math.Abs(x.Mul(y).Mean().Item()) > 7*math.Sqrt(x.Square().Mean().Item()*y.Square().Mean().Item()/S) {
		t.Errorf("%s: draws of two channels are correlated", name)
	}
	for j := 0; j < d; j++ {
		cov := want.Cov.Select(0, 0).Select(0, 0).Select(0, min(j, want.Cov.Shape()[2]-1))
		x := dev.Select(2, j)
		mean, second := x.Mean(0), x.T().MatMul(x).MulS(1.0/S)
		for a := 0; a < T; a++ {
			sa := math.Sqrt(cov.At(a, a))
			if m := mean.At(a); math.Abs(m) > 5*sa/math.Sqrt(S) {
				t.Errorf("%s, channel %d, token %d: the mean is off by %v", name, j, a, m)
			}
			for b := 0; b < T; b++ {
				sb := math.Sqrt(cov.At(b, b))
				if e := second.At(a, b) - cov.At(a, b); math.Abs(e) > 7*sa*sb/math.Sqrt(S) {
					t.Errorf("%s, channel %d: covariance (%d,%d) is off by %v", name, j, a, b, e)
				}
			}
		}
	}
}

// Averaging over tokens shrinks independent noise, and not dependent noise: the pooled draws of Diag vary less.
func TestDiagLosesUncertaintyInPooling(t *testing.T) {
	spread := func(m Mode) float64 {
		c := textConfig
		c.Kernel, c.Mode, c.Rho = ARD, m, 1
		l := NewDecoupledLayer(linalg.NewRand(1), c)
		l.LogScale.Set(linalg.Full(linalg.F64, 3, 2, 4)) // long length-scales: tokens hang together
		res := l.Attend(Request{X: linalg.Normal(linalg.NewRand(2), linalg.F64, 1, 6, 8), Samples: 500, Pass: nn.Sampling(linalg.NewRand(3), 500), Name: "layer"})
		return res.Out.Mean(1).Var(0).Sum().Item()
	}
	diag, full, joint := spread(Diag), spread(Full), spread(Joint)
	if !(diag < 0.4*full) || math.Abs(joint-full) > 0.2*full {
		t.Errorf("variance of the pooled output: diag %v, full %v, joint %v", diag, full, joint)
	}
}

// A layer whose values are zero and whose R is one has no signal and no divergence; State says so.
func TestStateSeesAPosteriorAtThePrior(t *testing.T) {
	for _, m := range []Method{SGPA, StandardSGPA, CorrelatedGP, EigenPairs, RandomFeatures, Softmax} {
		c := glyphConfig
		c.Method, c.Rho, c.Double = m, 1, true
		n := New(linalg.NewRand(1), c)
		in := &Inputs{Images: linalg.Normal(linalg.NewRand(2), linalg.F64, 3, 1, 8, 8)}
		rows := n.State(in, 1)
		if m == Softmax {
			if len(rows) != 0 {
				t.Errorf("softmax layers have states %v", rows)
			}
			continue
		}
		if len(rows) != 2 || !(rows[0].Var > 0) || !(rows[0].Signal > 0) {
			t.Fatalf("%s: states %+v", m, rows)
		}
		l, ok := n.Layers[0].Attn.(*DecoupledLayer)
		if !ok {
			continue
		}
		l.Wv.Set(linalg.Zeros(linalg.F64, l.Wv.Shape()...))
		s := n.State(in, 1)[0]
		closeTo(t, "state at the prior", []float64{s.Mean2, s.Signal, s.KLa, s.KLg, s.R, s.Var}, []float64{0, 0, 0, 0, 1, s.Variance}, 1e-5)
	}
}

// What whole divergences do, and that it is the objective: without them attention uses far more nats a sequence than the
// labels could ever pay for, log C; with them it is left with less than that, whether or not those of the global points
// are divided by the number of inputs; a hundredth of them keeps the signal and the accuracy.
func TestWhatDivergencesAllow(t *testing.T) {
	if os.Getenv("PRIORLAB_LONG") == "" {
		t.Skip("PRIORLAB_LONG is not set: this comparison trains thirty networks")
	}
	d, test := glyphs(1, 600, 0.2), glyphs(3, 200, 0.2)
	type row struct {
		anneal Anneal
		times  int // as many epochs as glyphTraining has
		change func(c *Config)
	}
	same := func(*Config) {}
	perDataset := func(c *Config) { c.KLGlobalScale, c.TrainSize = PerDataset, 600 }
	point := func(c *Config) { c.Method = KernelAttention }
	names := []string{"none", "a hundredth", "whole", "KL_g by N", "from the prior", "full draws", "kernel", "whole, 576 steps", "KL_g by N, 576 steps", "kernel, 576 steps"}
	rows := map[string]row{
		"none":                 {NoKL, 1, same},
		"a hundredth":          {RampUp, 1, func(c *Config) { c.KLWeight = 0.01 }},
		"whole":                {RampUp, 1, same},
		"KL_g by N":            {RampUp, 1, perDataset},
		"from the prior":       {RampUp, 1, func(c *Config) { c.Rho = 1 }},
		"full draws":           {RampUp, 1, func(c *Config) { c.Mode = Full }},
		"kernel":               {RampUp, 1, point},
		"whole, 576 steps":     {RampUp, 4, same},
		"KL_g by N, 576 steps": {RampUp, 4, perDataset},
		"kernel, 576 steps":    {RampUp, 4, point},
	}
	nats, accuracy := map[string]float64{}, map[string]float64{}
	for _, name := range names {
		const seeds = 3
		var means [6][]float64 // KL_a and signal of both layers, accuracy, NLL
		for seed := range uint64(seeds) {
			c := glyphConfig
			rows[name].change(&c)
			n := New(linalg.NewRand(7+seed), c)
			o := glyphTraining
			o.Epochs, o.Seed = o.Epochs*rows[name].times, o.Seed+seed
			o.Schedule = train.Cosine{Warmup: 1, Epochs: o.Epochs, Base: 5e-3, Min: 1e-4}
			if _, err := Fit(context.Background(), n, d, nil, rows[name].anneal, o); err != nil {
				t.Fatal(err)
			}
			for i, s := range n.State(test.X, 1) {
				if n.Config.Method == SGPA {
					means[i], means[2+i] = append(means[i], s.KLa), append(means[2+i], s.Signal)
					nats[name] += s.KLa / seeds
				}
			}
			p, err := (&Passes{Net: n, Samples: 5}).Predict(context.Background(), test.X)
			if err != nil {
				t.Fatal(err)
			}
			a := calib.Accuracy(p.Probs(), test.Y)
			accuracy[name] += a / seeds
			means[4], means[5] = append(means[4], a), append(means[5], nllOf(p, test.Y))
		}
		line := "| " + name
		for _, m := range means {
			line += " | "
			if m != nil {
				line += fmt.Sprintf("%.3g ± %.2g", stat.Mean(m, nil), stat.StdDev(m, nil))
			}
		}
		t.Log(line + " |")
	}
	pays := math.Log(4)
	if nats["none"] < 10*pays || nats["a hundredth"] < pays {
		t.Errorf("KL_a without divergences %v, a hundredth %v; the labels pay for %v", nats["none"], nats["a hundredth"], pays)
	}
	for _, name := range []string{"whole", "KL_g by N", "from the prior", "full draws", "whole, 576 steps", "KL_g by N, 576 steps"} {
		if nats[name] > pays {
			t.Errorf("KL_a of %s is %v; the labels pay for %v", name, nats[name], pays)
		}
	}
	if accuracy["none"] < 0.9 || accuracy["a hundredth"] < 0.9 || accuracy["whole"] > accuracy["none"] || accuracy["whole, 576 steps"] < 0.9 {
		t.Errorf("accuracies %v", accuracy)
	}
}
