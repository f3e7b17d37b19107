package pseudovideo

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/priorlab/priorlab/linalg"
)

func tinyPrior(t *testing.T, family string, change func(*PriorConfig)) *Prior {
	t.Helper()
	cfg := PriorConfig{Family: family, Width: 12, Layers: 2, Heads: 2, Precision: linalg.F64, Seed: 4}
	if change != nil {
		change(&cfg)
	}
	p, err := newPrior(cfg, [3]int{3, 2, 2}, 5, false)
	if err != nil {
		t.Fatal(err)
	}
	rng := linalg.NewRand(9) // move the output layer away from zero
	p.logits.w.Set(linalg.Normal(rng, p.Config.Precision, 5, p.Config.Width))
	return p
}

func TestPriorIsCausal(t *testing.T) {
	p := tinyPrior(t, Autoregressive, nil)
	seq := []int{0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1}
	a := p.forward([][]int{seq}, nil)
	for j := range seq {
		other := append([]int(nil), seq...)
		other[j] = (seq[j] + 2) % 5
		b := p.forward([][]int{other}, nil)
		near(t, "logits up to the change", b.Slice(1, 0, j+1).Float64s(), a.Slice(1, 0, j+1).Float64s(), 0)
		if j+1 < len(seq) && equal(b.Slice(1, j+1, j+2).Float64s(), a.Slice(1, j+1, j+2).Float64s()) {
			t.Errorf("the token after %d does not notice it", j)
		}
	}
	m := tinyPrior(t, Masked, nil)
	u, w := m.forward([][]int{seq}, nil), m.forward([][]int{append(append([]int(nil), seq[:11]...), 5)}, nil)
	if equal(u.Slice(1, 0, 1).Float64s(), w.Slice(1, 0, 1).Float64s()) {
		t.Error("the masked prior's first token does not see the last")
	}
}

func TestCacheGivesTheSameLogits(t *testing.T) {
	p := tinyPrior(t, Autoregressive, nil)
	seqs := [][]int{{0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1}, {4, 4, 0, 0, 1, 1, 2, 2, 3, 3, 1, 0}}
	whole := p.forward(seqs, nil)
	past := make([]cache, len(p.blocks))
	for k, b := range p.blocks {
		past[k] = b.room(2, 12, p.Config.Precision)
	}
	var last []int
	for i := range 12 {
		got := p.extend(last, 2, p.places().Slice(0, i, i+1), past)
		near(t, "logits", got, whole.Slice(1, i, i+1).Float64s(), 1e-12)
		last = []int{seqs[0][i], seqs[1][i]}
	}
}

func TestPriorGradients(t *testing.T) {
	for _, family := range []string{Autoregressive, Masked} {
		p := tinyPrior(t, family, nil)
		seqs := [][]int{{0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1}, {4, 4, 0, 0, 1, 1, 2, 2, 3, 3, 1, 0}}
		loss := func() *linalg.Tensor { return p.loss(seqs, linalg.NewRand(3)) }
		loss().Backward()
		for _, q := range p.Params() {
			if q.Value.Grad() == nil {
				if family == Masked && q.Name == "start" {
					continue
				}
				t.Errorf("%s: %s has no gradient", family, q.Name)
				continue
			}
			i, old, g := q.Value.Len()/2, q.Value.Float64s(), q.Value.Grad().Float64s()
			at := func(d float64) float64 {
				moved := append([]float64(nil), old...)
				moved[i] += d
				q.Value.Set(linalg.FromFloat64(moved, q.Value.Shape()...))
				return loss().Item()
			}
			const h = 1e-5
			want := (at(h) - at(-h)) / (2 * h)
			at(0)
			if math.Abs(g[i]-want) > 1e-5*max(1, math.Abs(want)) {
				t.Errorf("%s, %s: gradient %.9g, differences give %.9g", family, q.Name, g[i], want)
			}
		}
	}
}

func TestGoldenCrossEntropy(t *testing.T) {
	for _, c := range golden(t, "vq") {
		if c.Op != "cross_entropy" {
			continue
		}
		a := num(t, c.Inputs, "logits")
		x := linalg.Param(linalg.FromFloat64(a.Data, a.Shape...))
		l := linalg.CrossEntropy(x, linalg.FromInts(num(t, c.Inputs, "targets").ints()))
		l.Backward()
		near(t, "loss", []float64{l.Item()}, num(t, c.Expected, "loss").Data, 1e-10)
		near(t, "gradient", x.Grad().Float64s(), num(t, c.Expected, "grad_logits").Data, 1e-9)
		return
	}
	t.Fatal("the case is missing")
}

// rule is a set of five sequences to learn: counting for the autoregressive prior, one token throughout for the masked
// one (which would have to learn arithmetic to count in both directions).
func rule(family string) (data [][]int, step int) {
	if family == Autoregressive {
		step = 1
	}
	data = make([][]int, 5)
	for i := range data {
		for j := range 12 {
			data[i] = append(data[i], (i+step*j)%5)
		}
	}
	return data, step
}

func TestPriorsLearnAndSample(t *testing.T) {
	for _, family := range []string{Autoregressive, Masked} {
		p := tinyPrior(t, family, func(c *PriorConfig) { c.Precision, c.Width = linalg.F32, 24 })
		data, step := rule(family)
		o := TrainOptions{Steps: 200, Batch: 10, LR: 5e-3, Cosine: true}
		err := p.run.fit(context.Background(), p.params, 5, o, func(rows []int, rng *linalg.Rand) (*linalg.Tensor, stepResult, error) {
			batch := make([][]int, len(rows))
			for i, r := range rows {
				batch[i] = data[r]
			}
			return p.loss(batch, rng), stepResult{}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		var frames []int
		got, err := p.Sample(context.Background(), 40, linalg.NewRand(1), TokenOptions{Batch: 16, Rounds: 12, Watch: func(f int, _ [][]int) { frames = append(frames, f) }})
		if err != nil {
			t.Fatal(err)
		}
		good := 0
		for _, s := range got {
			ok := true
			for j := 1; j < len(s); j++ {
				ok = ok && s[j] == (s[j-1]+step)%5
			}
			if ok {
				good++
			}
		}
		if good < 32 {
			t.Errorf("%s: %d of 40 samples follow the rule", family, good)
		}
		again, _ := p.Sample(context.Background(), 40, linalg.NewRand(1), TokenOptions{Batch: 16, Rounds: 12})
		for i := range got {
			sameInts(t, "the same seed", again[i], got[i])
		}
		if family == Autoregressive {
			sameInts(t, "frames shown", frames, []int{1, 2, 3, 1, 2, 3, 1, 2, 3})
			lp, err := p.LogProb(data)
			if err != nil || math.Abs(lp+math.Log(5)) > 0.3 { // the first token is free, the rest follow
				t.Errorf("log probability %.3f (%v), want about %.3f", lp, err, -math.Log(5))
			}
		} else if _, err := p.LogProb(data); err == nil {
			t.Error("the masked prior gave a likelihood")
		}
	}
}

func TestDraw(t *testing.T) {
	logits := []float64{math.Log(0.5), math.Log(0.3), math.Log(0.2)}
	o := TokenOptions{Temperature: 1}
	for u, want := range map[float64]int{0: 0, 0.49: 0, 0.51: 1, 0.79: 1, 0.81: 2, 0.999999: 2} {
		if got := draw(logits, o, u); got != want {
			t.Errorf("u = %g draws code %d, want %d", u, got, want)
		}
	}
	o.TopK = 2
	if got := draw(logits, o, 0.999999); got != 1 {
		t.Errorf("the third code was drawn among the top 2: %d", got)
	}
	if got := draw(logits, TokenOptions{Temperature: 0.01}, 0.99); got != 0 {
		t.Errorf("at low temperature the likeliest is drawn, got %d", got)
	}
}

// Attention with a vanishing share of dropped weights is attention; with a real one it is another in every draw.
func TestAttentionDropout(t *testing.T) {
	p, err := newPrior(PriorConfig{Width: 12, Layers: 1, Heads: 2, Precision: linalg.F64}, [3]int{1, 2, 2}, 5, false)
	if err != nil {
		t.Fatal(err)
	}
	x := linalg.Normal(linalg.NewRand(1), linalg.F64, 2, 4, 12)
	k, causal := p.blocks[0], linalg.AttentionOptions{Causal: true}
	with := func(rate float64, seed uint64) []float64 {
		return k.apply(x, causal, &call{rng: linalg.NewRand(seed), attention: rate}).Float64s()
	}
	near(t, "output with next to no dropout", with(1e-15, 1), k.apply(x, causal, nil).Float64s(), 1e-9)
	if equal(with(0.5, 1), with(0.5, 2)) || !equal(with(0.5, 1), with(0.5, 1)) {
		t.Error("half the weights dropped: the draws are not what their seeds say")
	}
	mean := make([]float64, x.Len())
	const draws = 4000
	qkv := linalg.Normal(linalg.NewRand(3), linalg.F64, 2, 4, 36)
	for s := range draws {
		for i, v := range k.attendDropping(qkv, true, &call{rng: linalg.NewRand(uint64(s)), attention: 0.3}).Float64s() {
			mean[i] += v / draws
		}
	}
	near(t, "mean over draws", mean, attendTo(qkv, 2, causal).Float64s(), 0.08)
}

func TestPriorErrors(t *testing.T) {
	for part, cfg := range map[string]PriorConfig{
		"family \"oracle\"":     {Family: "oracle"},
		"multiple of the heads": {Width: 10, Heads: 4},
		"dropout 1":             {Dropout: 1},
	} {
		if _, err := newPrior(cfg, [3]int{1, 2, 2}, 4, false); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error %v, want one with %q", err, part)
		}
	}
	p := tinyPrior(t, Autoregressive, nil)
	if _, err := p.Sample(context.Background(), 0, linalg.NewRand(1), TokenOptions{}); err == nil {
		t.Error("no sequences were sampled")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, family := range []string{Autoregressive, Masked} {
		if _, err := tinyPrior(t, family, nil).Sample(ctx, 1, linalg.NewRand(1), TokenOptions{}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s, cancelled: %v", family, err)
		}
	}
	k := tinyTokenizer(t, Causal, 2, nil)
	if err := p.Fit(context.Background(), k, linalg.Zeros(linalg.F64, 2, 1, 4, 4), TrainOptions{Steps: 1}); err == nil || !strings.Contains(err.Error(), "grid of [3 2 2]") {
		t.Errorf("a prior for another grid: %v", err)
	}
}

func TestGenerateFromRandomPseudoVideos(t *testing.T) {
	x := linalg.Normal(linalg.NewRand(1), linalg.F32, 8, 1, 4, 4).Clamp(-1, 1)
	k := tinyTokenizer(t, Causal, 2, func(c *TokenizerConfig) { c.Precision = linalg.F32; c.Video.Kind = NoiseIndependent })
	if err := k.Fit(context.Background(), x, TrainOptions{Steps: 3, Batch: 4}); err != nil {
		t.Fatal(err)
	}
	p, err := NewPrior(PriorConfig{Width: 12}, k)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Fit(context.Background(), k, x, TrainOptions{Steps: 3, Batch: 4, Average: 0.9}); err != nil {
		t.Fatal(err)
	}
	y, err := Generate(context.Background(), k, p, 5, linalg.NewRand(2), TokenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	sameInts(t, "shape", y.Shape(), []int{5, 1, 4, 4})
}

func TestTokensAndStatesDoNotDependOnThreads(t *testing.T) {
	x := linalg.Normal(linalg.NewRand(1), linalg.F32, 16, 1, 4, 4).Clamp(-1, 1)
	run := func(threads int) (tokens, states []float64) {
		old := linalg.Threads()
		linalg.SetThreads(threads)
		defer linalg.SetThreads(old)
		k := tinyTokenizer(t, Causal, 2, func(c *TokenizerConfig) { c.Precision = linalg.F32 })
		p, _ := NewPrior(PriorConfig{Width: 12}, k)
		m, _ := NewHVAE(HVAEConfig{Levels: 3, Width: 16}, 4, 4, 1)
		o := TrainOptions{Steps: 5, Batch: 8}
		for _, err := range []error{k.Fit(context.Background(), x, o), p.Fit(context.Background(), k, x, o), m.Fit(context.Background(), x, o)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		a, err := Generate(context.Background(), k, p, 6, linalg.NewRand(2), TokenOptions{})
		if err != nil {
			t.Fatal(err)
		}
		b, err := m.Sample(context.Background(), 6, linalg.NewRand(2))
		if err != nil {
			t.Fatal(err)
		}
		return a.Float64s(), b.Float64s()
	}
	a1, b1 := run(1)
	a2, b2 := run(2)
	near(t, "tokens", a2, a1, 0)
	near(t, "states", b2, b1, 0)
}
