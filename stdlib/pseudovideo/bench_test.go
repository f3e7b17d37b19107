package pseudovideo

import (
	"context"
	"testing"

	"github.com/priorlab/priorlab/linalg"
)

// The sizes are those of the chapter's laptop runs (8 x 8) and of the programs that measure other libraries (28 x 28,
// padded to 32 for the U-Net; batch 64).

func trainingSteps(b *testing.B, fit func(steps int) error) {
	if err := fit(2); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	if err := fit(2 + b.N); err != nil {
		b.Fatal(err)
	}
}

func noise(n, c, side int) *linalg.Tensor {
	return linalg.Uniform(linalg.NewRand(1), linalg.F32, n, c, side, side).MulS(2).AddS(-1)
}

func benchUNet(b *testing.B, v Spec, side int, net UNetConfig) *Diffusion {
	d, err := NewDiffusion(DiffusionConfig{Video: v, UNet: net}, side, side, 1)
	if err != nil {
		b.Fatal(err)
	}
	return d
}

func BenchmarkUNetStep(b *testing.B) {
	small := UNetConfig{Width: 16, Multiples: []int{1, 2}, Blocks: 1, Attention: []int{4}, Groups: 8, Dropout: 0.05}
	peer := UNetConfig{Width: 32, Multiples: []int{1, 2, 2}, Blocks: 1, Groups: 8}
	for _, c := range []struct {
		name string
		v    Spec
		side int
		net  UNetConfig
	}{
		{"8x8-image", Spec{}, 8, small}, {"8x8-2frames", Spec{Frames: 2, Kind: Blur, Ladder: Levels(2)}, 8, small}, {"32x32-image", Spec{}, 32, peer},
	} {
		b.Run(c.name, func(b *testing.B) {
			d, x := benchUNet(b, c.v, c.side, c.net), noise(256, 1, c.side)
			trainingSteps(b, func(n int) error {
				return d.Fit(context.Background(), x, TrainOptions{Steps: n, LR: 2e-4})
			})
			b.ReportMetric(float64(d.Parameters()), "parameters")
			b.ReportMetric(float64(d.MACs())/1e6, "MMAC/image")
		})
	}
}

func BenchmarkDDIM32x32(b *testing.B) {
	d := benchUNet(b, Spec{}, 32, UNetConfig{Width: 32, Multiples: []int{1, 2, 2}, Blocks: 1, Groups: 8})
	for b.Loop() {
		if _, err := d.Sample(context.Background(), 16, linalg.NewRand(1), SampleOptions{Steps: 10, DDIM: true}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(16*float64(b.N)/b.Elapsed().Seconds(), "samples/s")
}

func BenchmarkTokenizerStep28x28(b *testing.B) {
	k, err := NewTokenizer(TokenizerConfig{Family: Conv2D, Width: 64, Codes: 256, Dim: 64}, 28, 28, 1)
	if err != nil {
		b.Fatal(err)
	}
	x := noise(256, 1, 28)
	enc, dec := k.MACs()
	trainingSteps(b, func(n int) error { return k.Fit(context.Background(), x, TrainOptions{Steps: n, LR: 2e-4}) })
	b.ReportMetric(float64(enc+dec)/1e6, "MMAC/image")
}

func BenchmarkCachedSampling(b *testing.B) {
	p, err := newPrior(PriorConfig{Width: 64}, [3]int{2, 4, 4}, 64, false)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := p.Sample(context.Background(), 64, linalg.NewRand(1), TokenOptions{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(64*float64(b.N)/b.Elapsed().Seconds(), "samples/s")
}
