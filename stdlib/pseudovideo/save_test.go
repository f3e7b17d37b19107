package pseudovideo

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/priorlab/priorlab/linalg"
)

func TestModelsComeBackFromFiles(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	file := func(name string) string { return filepath.Join(dir, name) }
	x := linalg.Normal(linalg.NewRand(1), linalg.F64, 12, 1, 4, 4).MulS(0.4)
	o := TrainOptions{Steps: 4, Batch: 6, Average: 0.5}

	d := tiny(t, 2, Factorised, func(c *DiffusionConfig) { c.Standardise = true })
	if err := d.Fit(ctx, x, o); err != nil {
		t.Fatal(err)
	}
	if err := d.Save(file("d")); err != nil {
		t.Fatal(err)
	}
	d2, err := LoadDiffusion(file("d"))
	if err != nil {
		t.Fatal(err)
	}
	a, _ := d.Sample(ctx, 3, linalg.NewRand(2), SampleOptions{Steps: 4})
	b, _ := d2.Sample(ctx, 3, linalg.NewRand(2), SampleOptions{Steps: 4})
	near(t, "diffusion samples", b.Float64s(), a.Float64s(), 0)

	k := tinyTokenizer(t, Causal, 2, nil)
	if err := k.Fit(ctx, x, TrainOptions{Steps: 4, Batch: 6}); err != nil {
		t.Fatal(err)
	}
	p, _ := NewPrior(PriorConfig{Width: 12, Precision: linalg.F64}, k)
	if err := p.Fit(ctx, k, x, o); err != nil {
		t.Fatal(err)
	}
	if err := k.Save(file("k")); err != nil {
		t.Fatal(err)
	}
	if err := p.Save(file("p")); err != nil {
		t.Fatal(err)
	}
	k2, err := LoadTokenizer(file("k"))
	if err != nil {
		t.Fatal(err)
	}
	p2, err := LoadPrior(file("p"))
	if err != nil {
		t.Fatal(err)
	}
	a, _ = Generate(ctx, k, p, 3, linalg.NewRand(2), TokenOptions{})
	if b, err = Generate(ctx, k2, p2, 3, linalg.NewRand(2), TokenOptions{}); err != nil {
		t.Fatal(err)
	}
	near(t, "token samples", b.Float64s(), a.Float64s(), 0)

	m, _ := NewHVAE(HVAEConfig{Levels: 3, Width: 8, States: DiffusionStates(3)}, 4, 4, 1)
	if err := m.Fit(ctx, x, o); err != nil {
		t.Fatal(err)
	}
	if err := m.Save(file("m")); err != nil {
		t.Fatal(err)
	}
	m2, err := LoadHVAE(file("m"))
	if err != nil {
		t.Fatal(err)
	}
	a, _ = m.Sample(ctx, 3, linalg.NewRand(2))
	if b, err = m2.Sample(ctx, 3, linalg.NewRand(2)); err != nil {
		t.Fatal(err)
	}
	near(t, "HVAE samples", b.Float64s(), a.Float64s(), 0)

	if _, err := LoadPrior(file("k")); err == nil || !strings.Contains(err.Error(), "pseudovideo.Tokenizer") {
		t.Errorf("a tokenizer was read as a prior: %v", err)
	}
	if _, err := LoadDiffusion(file("nothing")); err == nil {
		t.Error("a file that does not exist was read")
	}
}
