package pseudovideo

import (
	"fmt"
	"slices"
	"strings"
)

// Config expresses a whole experiment: the data's shape, the family, its model or models, and their training.
type Config struct {
	Name    string
	Note    string // where the settings come from
	H, W, C int    // of the images

	Family    string // "diffusion", "tokens" or "hvae"
	Diffusion DiffusionConfig
	Tokenizer TokenizerConfig
	Prior     PriorConfig
	HVAE      HVAEConfig

	Train      TrainOptions // of the diffusion model, the tokenizer or the HVAE
	TrainPrior TrainOptions
	Sampling   SampleOptions
	Drawing    TokenOptions
	Samples    int // generated for the metrics
}

// notEstablished marks presets at the scale of the paper.
const notEstablished = "building-block settings; the paper's own are not established"

// Presets lists the names that Preset takes.
func Presets() []string {
	var out []string
	for name := range presets() {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// Preset is a named configuration.
func Preset(name string) (Config, error) {
	c, ok := presets()[name]
	if !ok {
		return Config{}, fmt.Errorf("pseudovideo: preset %q is not known; the presets are %s", name, strings.Join(Presets(), ", "))
	}
	c.Name = name
	return c, nil
}

// Blurred is a pseudo video of f frames taken from the blur ladder of inverse heat dissipation on CIFAR-10: 200 levels
// spaced geometrically from 24 down to 0.5 pixels.
func Blurred(f int) Spec {
	s := heated(f, 200, 24)
	s.Jitter = 0
	return s
}

func presets() map[string]Config {
	out := map[string]Config{}
	laptop := func(name string, v Spec) {
		out["laptop-diffusion"+name] = Config{Note: "measured at laptop size", H: 8, W: 8, C: 1, Family: "diffusion", Samples: 720,
			Diffusion: DiffusionConfig{Video: v, UNet: UNetConfig{Width: 16, Multiples: []int{1, 2}, Blocks: 1, Attention: []int{4}, Groups: 8, Dropout: 0.05}},
			Train:     TrainOptions{Steps: 1600, Batch: 64, LR: 1.5e-3, Warmup: 100, Average: 0.995}, Sampling: SampleOptions{Steps: 40}}
		out["laptop-tokens"+name] = Config{Note: "measured at laptop size", H: 8, W: 8, C: 1, Family: "tokens", Samples: 720,
			Tokenizer: TokenizerConfig{Video: v, Width: 48, Codes: 8, Dim: 16, Decay: 0.95},
			Prior:     PriorConfig{Width: 64, Layers: 3, Heads: 4, Dropout: 0.2},
			Train:     TrainOptions{Steps: 1000, Batch: 64, LR: 1e-3, Cosine: true}, TrainPrior: TrainOptions{Steps: 3000, Batch: 64, LR: 1e-3, Cosine: true, WeightDecay: 0.01}}
	}
	laptop("", Spec{})
	laptop("-video", Spec{Frames: 2, Kind: Blur, Ladder: Levels(2)})
	laptop("-copies", Spec{Frames: 2, Kind: Dup})
	for name, states := range map[string]Spec{"free": {}, "supervised": DiffusionStates(8)} {
		out["laptop-hvae-"+name] = Config{Note: "measured at laptop size", H: 8, W: 8, C: 1, Family: "hvae", Samples: 720,
			HVAE: HVAEConfig{Levels: 8, States: states}, Train: TrainOptions{Steps: 4000, Batch: 128, LR: 1e-3, Cosine: true}}
	}
	paperDiffusion(out)
	paperTokens(out)
	return out
}

// paperDiffusion adds the released Improved DDPM settings and their video counterparts.
func paperDiffusion(out map[string]Config) {
	add := func(name string, side int, video Spec, variant string) {
		net := UNetConfig{Width: 128, Multiples: []int{1, 2, 2, 2}, Blocks: 3, Attention: []int{16, 8}, Heads: 4, Dropout: 0.3, Variant: variant}
		if side == 64 {
			net.Multiples, net.Dropout = []int{1, 2, 3, 4}, 0
		}
		out[name] = Config{Note: notEstablished, H: side, W: side, C: 3, Family: "diffusion", Samples: 50000,
			Diffusion: DiffusionConfig{Video: video, Steps: 4000, LearnSigma: true, Loss: "hybrid", UNet: net},
			Train:     TrainOptions{Steps: 500000, Batch: 128, LR: 1e-4, Average: 0.9999}}
	}
	for prefix, side := range map[string]int{"cifar10": 32, "celeba64": 64} {
		add(prefix+"-iddpm", side, Spec{}, Stacked)
		for _, v := range []string{Stacked, Factorised, Inflate3D} {
			add(prefix+"-iddpm-video-"+v, side, Blurred(8), v)
		}
	}
}

// paperTokens adds the published VQ-VAE sizes and their video counterparts.
func paperTokens(out map[string]Config) {
	add := func(name string, side int, k TokenizerConfig) {
		out[name] = Config{Note: notEstablished, H: side, W: side, C: 3, Family: "tokens", Samples: 50000, Tokenizer: k,
			Prior: PriorConfig{Width: 576, Layers: 8, Heads: 4, Dropout: 0.2, Attention: 0.3},
			Train: TrainOptions{Steps: 250000, Batch: 128, LR: 2e-4}, TrainPrior: TrainOptions{Steps: 250000, Batch: 128, LR: 3e-4, Cosine: true}}
	}
	for prefix, side := range map[string]int{"cifar10": 32, "celeba64": 64} {
		add(prefix+"-vqvae", side, TokenizerConfig{Family: Conv2D, Width: 256, Codes: 512, Dim: 64, Variance: 0.24})
		add(prefix+"-vqvae-video", side, TokenizerConfig{Family: Conv3D, Video: Blurred(4), Width: 240, Blocks: 4, Codes: 2048, Dim: 256, Time: 2, Variance: 0.24})
		add(prefix+"-cvivit", side, TokenizerConfig{Family: CViViT, Video: Blurred(5), Width: 512, Blocks: 4, Heads: 8, Down: side / 8, Time: 2, Codes: 65536, Dim: 32, Cosine: true})
	}
}

// Size is what a configuration costs, found without making the model.
type Size struct {
	Name       string
	Parameters int     // trained numbers of all its models
	Train      int64   // multiply-adds of a forward pass for one image with all frames; a training step costs about three times that
	Sample     int64   // multiply-adds to generate one image
	Tokens     int     // of one image with all frames, or 0
	Bits       float64 // what they can say
	Memory     int64   // bytes in training: parameters, gradients, two moments and the weight average, in single precision, without activations
	Note       string
}

// DryRun sizes a configuration by shapes alone.
func (c Config) DryRun() (Size, error) {
	s := Size{Name: c.Name, Note: c.Note}
	copies := 4
	if c.Train.Average > 0 {
		copies++
	}
	switch c.Family {
	case "diffusion":
		d, err := newDiffusion(c.Diffusion, c.H, c.W, c.C, true)
		if err != nil {
			return s, err
		}
		s.Parameters, s.Train = d.Parameters(), d.MACs()
		evaluations := c.Sampling.Steps
		if evaluations == 0 {
			evaluations = d.Schedule.Steps()
		}
		s.Sample = s.Train * int64(evaluations)
	case "tokens":
		t, err := newTokenizer(c.Tokenizer, c.H, c.W, c.C, true)
		if err != nil {
			return s, err
		}
		p, err := newPrior(c.Prior, t.Grid, t.Config.Codes, true)
		if err != nil {
			return s, err
		}
		enc, dec := t.MACs()
		s.Parameters, s.Train, s.Sample = t.Parameters()+p.Parameters(), enc+dec+p.MACs(), p.MACs()+dec
		s.Tokens, s.Bits = t.Tokens(), t.Bits()
	case "hvae":
		m, err := newHVAE(c.HVAE, c.H, c.W, c.C, true)
		if err != nil {
			return s, err
		}
		s.Parameters, s.Train, s.Sample = m.Parameters(), m.MACs(), int64(m.Config.Levels)*m.MACs()/int64(m.DecoderEvaluations())
	default:
		return s, fmt.Errorf("pseudovideo: family %q is not known; use diffusion, tokens or hvae", c.Family)
	}
	s.Memory = int64(copies) * 4 * int64(s.Parameters)
	return s, nil
}

// String is one line with all figures.
func (s Size) String() string {
	line := fmt.Sprintf("%s: %.3g M parameters, %.4g M multiply-adds forward per image, %.4g M to sample one, %.3g MB without activations",
		s.Name, float64(s.Parameters)/1e6, float64(s.Train)/1e6, float64(s.Sample)/1e6, float64(s.Memory)/1e6)
	if s.Tokens > 0 {
		line += fmt.Sprintf(", %d tokens of %.0f bits in all", s.Tokens, s.Bits)
	}
	return line + " (" + s.Note + ")"
}
