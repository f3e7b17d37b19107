package pseudovideo

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/priorlab/priorlab/linalg"
	"gonum.org/v1/gonum/mat"
)

func TestHVAEGradients(t *testing.T) {
	x := linalg.Normal(linalg.NewRand(1), linalg.F64, 3, 1, 2, 2)
	for name, states := range map[string]Spec{"free": {}, "supervised": DiffusionStates(3)} {
		m, err := NewHVAE(HVAEConfig{Levels: 3, Width: 6, States: states, Precision: linalg.F64, Seed: 2}, 2, 2, 1)
		if err != nil {
			t.Fatal(err)
		}
		rng := linalg.NewRand(7)
		for _, p := range m.Params() {
			p.Value.Set(p.Value.Add(linalg.Normal(rng, linalg.F64, p.Value.Shape()...).MulS(0.2)))
		}
		loss := func() *linalg.Tensor {
			if m.Supervised() {
				l, err := m.supervisedLoss(x, linalg.NewRand(4))
				if err != nil {
					t.Fatal(err)
				}
				return l
			}
			return m.freeLoss(x, 0.7, linalg.NewRand(4))
		}
		loss().Backward()
		for _, p := range m.Params() {
			i, old, g := p.Value.Len()/2, p.Value.Float64s(), p.Value.Grad().Float64s()
			at := func(d float64) float64 {
				moved := append([]float64(nil), old...)
				moved[i] += d
				p.Value.Set(linalg.FromFloat64(moved, p.Value.Shape()...))
				return loss().Item()
			}
			const h = 1e-5
			want := (at(h) - at(-h)) / (2 * h)
			at(0)
			if math.Abs(g[i]-want) > 1e-7*max(1, math.Abs(want)) {
				t.Errorf("%s, %s: gradient %.9g, differences give %.9g", name, p.Name, g[i], want)
			}
		}
	}
}

// A Gaussian image distribution has a known evidence: the bound must come near it, and never exceed it.
func TestHVAELearnsAGaussian(t *testing.T) {
	rng := linalg.NewRand(1)
	x := linalg.Normal(rng, linalg.F32, 512, 1, 1, 2).MulS(0.5).AddS(0.2)
	evidence := -0.5*math.Log(2*math.Pi*0.25) - 0.5
	for name, states := range map[string]Spec{"free": {}, "supervised": DiffusionStates(4)} {
		m, err := NewHVAE(HVAEConfig{Levels: 4, Width: 16, States: states, Seed: 3}, 1, 2, 1)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Fit(context.Background(), x, TrainOptions{Steps: 600, Batch: 64, LR: 5e-3, Cosine: true}); err != nil {
			t.Fatal(err)
		}
		if !m.Supervised() {
			b, err := m.Bound(x, rng)
			if err != nil || b > evidence+0.1 || b < evidence-0.3 {
				t.Errorf("bound %.3f nats (%v), the evidence is %.3f", b, err, evidence)
			}
		}
		states, err := m.States(context.Background(), 2000, linalg.NewRand(2))
		if err != nil || len(states) != 5 {
			t.Fatalf("%v, %d states", err, len(states))
		}
		px := states[4].Float64s()
		if mean := sumOf(px) / float64(len(px)); math.Abs(mean-0.2) > 0.1 {
			t.Errorf("%s: samples have mean %.3f, the data 0.2", name, mean)
		}
	}
}

func TestSupervisedStatesAreDiffusion(t *testing.T) {
	s := DiffusionStates(8)
	if s.Order() != FirstOrder || s.F() != 9 {
		t.Errorf("%v", s)
	}
	levels, _ := s.Ladder.Values(9)
	if levels[0] < 0.99 || levels[7] > 0.1 || levels[8] != 0 {
		t.Errorf("levels %v: from almost nothing left to almost nothing lost", levels)
	}
	free, _ := NewHVAE(HVAEConfig{}, 8, 8, 1)
	sup, _ := NewHVAE(HVAEConfig{States: s}, 8, 8, 1)
	if free.DecoderEvaluations() != 8 || sup.DecoderEvaluations() != 1 {
		t.Error("decoder evaluations")
	}
	if a, b := sup.Parameters(), free.Parameters(); a < 160000 || a > 175000 || b < 2*a {
		t.Errorf("%d parameters supervised, %d free", a, b)
	}
}

// The shrunken covariance follows the formula written out, and is nearer the truth than the sample's when there are few rows.
func TestShrink(t *testing.T) {
	const n, p = 30, 20
	e := linalg.Normal(linalg.NewRand(2), linalg.F64, n, p).Float64s()
	x := mat.NewDense(n, p, nil)
	for i := range n {
		for j := range p {
			x.Set(i, j, e[i*p+j]+0.5*e[i*p]+1) // one shared direction, and a mean
		}
	}
	truth := func(i, j int) (v float64) {
		if i == j {
			v = 1
		}
		v += 0.25
		if i == 0 {
			v += 0.5
		}
		if j == 0 {
			v += 0.5
		}
		return v
	}
	mean, s := moments(x)
	got := mat.NewSymDense(p, nil)
	got.CopySym(s)
	shrink(got, x, mean)

	mu := mat.Trace(s) / p
	d2, b2 := 0.0, 0.0
	for i := range p {
		for j := range p {
			v := s.At(i, j)
			if i == j {
				v -= mu
			}
			d2 += v * v
			for k := range n {
				c := (x.At(k, i)-mean[i])*(x.At(k, j)-mean[j]) - s.At(i, j)*(n-1.0)/n
				b2 += c * c / (n * n)
			}
		}
	}
	rho := min(b2, d2) / d2
	before, after := 0.0, 0.0
	for i := range p {
		for j := range p {
			want := (1 - rho) * s.At(i, j)
			if i == j {
				want += rho * mu
			}
			if math.Abs(got.At(i, j)-want) > 0.01 { // the divisor of S, n or n-1, is all that differs
				t.Fatalf("entry %d, %d is %.4f, by the formula %.4f", i, j, got.At(i, j), want)
			}
			before += math.Pow(s.At(i, j)-truth(i, j), 2)
			after += math.Pow(got.At(i, j)-truth(i, j), 2)
		}
	}
	if after > 0.7*before {
		t.Errorf("squared distance from the covariance of the source: %.2f, the sample's %.2f", after, before)
	}
}

func TestHVAEErrors(t *testing.T) {
	if _, err := NewHVAE(HVAEConfig{Levels: -1}, 2, 2, 1); err == nil {
		t.Error("-1 levels")
	}
	if _, err := NewHVAE(HVAEConfig{States: Spec{Kind: "smear"}}, 2, 2, 1); err == nil {
		t.Error("an unknown corruption")
	}
	m, _ := NewHVAE(HVAEConfig{States: DiffusionStates(8)}, 2, 2, 1)
	if _, err := m.Sample(context.Background(), 1, linalg.NewRand(1)); err == nil || !strings.Contains(err.Error(), "call it first") {
		t.Errorf("sampling before training: %v", err)
	}
	if _, err := m.Bound(linalg.Zeros(linalg.F32, 1, 1, 2, 2), linalg.NewRand(1)); err == nil {
		t.Error("a supervised model gave the free bound")
	}
	if err := m.Fit(context.Background(), linalg.Zeros(linalg.F32, 3, 1, 4, 4), TrainOptions{Steps: 1}); err == nil {
		t.Error("images of another size")
	}
}
