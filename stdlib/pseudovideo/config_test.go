package pseudovideo

import (
	"strings"
	"testing"
)

func TestEveryPresetCanBeSized(t *testing.T) {
	names := Presets()
	if len(names) < 20 {
		t.Fatalf("%d presets", len(names))
	}
	for _, n := range names {
		c, err := Preset(n)
		if err != nil {
			t.Fatal(err)
		}
		s, err := c.DryRun()
		if err != nil {
			t.Errorf("%s: %v", n, err)
			continue
		}
		if s.Parameters <= 0 || s.Train <= 0 || s.Sample <= 0 || s.Memory <= 0 {
			t.Errorf("%s: %v", n, s)
		}
		if paper := !strings.HasPrefix(n, "laptop"); paper != strings.Contains(s.String(), "the paper's own are not established") {
			t.Errorf("%s: %q", n, s.String())
		}
	}
	if _, err := Preset("imagenet"); err == nil || !strings.Contains(err.Error(), "cifar10-iddpm") {
		t.Error(err)
	}
	if _, err := (Config{}).DryRun(); err == nil {
		t.Error("a configuration without a family was sized")
	}
}

// The released CIFAR-10 network has 52.5 million parameters; its frames-as-channels counterpart is nearly as large.
func TestPaperScaleSizes(t *testing.T) {
	size := func(name string) Size {
		c, err := Preset(name)
		if err != nil {
			t.Fatal(err)
		}
		s, err := c.DryRun()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	img := size("cifar10-iddpm")
	if img.Parameters < 51e6 || img.Parameters > 54e6 {
		t.Errorf("%v", img)
	}
	stacked, inflated := size("cifar10-iddpm-video-stacked"), size("cifar10-iddpm-video-inflate3d")
	if r := float64(stacked.Train) / float64(img.Train); r < 1 || r > 1.02 {
		t.Errorf("stacking frames multiplies the cost by %.3f", r)
	}
	if inflated.Parameters < 2*img.Parameters || inflated.Train < 16*img.Train {
		t.Errorf("%v", inflated)
	}
	if s := size("cifar10-vqvae"); s.Tokens != 64 || s.Bits != 64*9 {
		t.Errorf("%v", s)
	}
}

// Sizing must agree with the model that is made.
func TestDryRunEqualsTheModel(t *testing.T) {
	for _, n := range []string{"laptop-diffusion-video", "laptop-tokens-video", "laptop-hvae-free"} {
		c, _ := Preset(n)
		s, err := c.DryRun()
		if err != nil {
			t.Fatal(err)
		}
		made := 0
		switch c.Family {
		case "diffusion":
			d, _ := NewDiffusion(c.Diffusion, 8, 8, 1)
			for _, p := range d.Params() {
				made += p.Value.Len()
			}
		case "tokens":
			k, _ := NewTokenizer(c.Tokenizer, 8, 8, 1)
			p, _ := NewPrior(c.Prior, k)
			for _, q := range append(k.Params(), p.Params()...) {
				made += q.Value.Len()
			}
			made += len(k.Book.Code)
		case "hvae":
			m, _ := NewHVAE(c.HVAE, 8, 8, 1)
			for _, p := range m.Params() {
				made += p.Value.Len()
			}
		}
		if made != s.Parameters {
			t.Errorf("%s: %d parameters made, %d announced", n, made, s.Parameters)
		}
	}
}
