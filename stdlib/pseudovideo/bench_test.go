package pseudovideo

import (
	"context"
	"testing"

	"github.com/priorlab/priorlab/linalg"
)

func BenchmarkDiffusionStep8x8(b *testing.B) {
	for name, v := range map[string]Spec{"image": {}, "2frames": {Frames: 2, Kind: Blur, Ladder: Linear(2)}} {
		b.Run(name, func(b *testing.B) {
			d, err := NewDiffusion(DiffusionConfig{Video: v, UNet: UNetConfig{Width: 16, Multiples: []int{1, 2}, Blocks: 1, Attention: []int{4}, Groups: 8, Dropout: 0.05}}, 8, 8, 1)
			if err != nil {
				b.Fatal(err)
			}
			x := linalg.Uniform(linalg.NewRand(1), linalg.F32, 256, 1, 8, 8).MulS(2).AddS(-1)
			o := TrainOptions{Steps: 3, LR: 1.5e-3, Average: 0.995}
			if err := d.Fit(context.Background(), x, o); err != nil {
				b.Fatal(err)
			}
			b.ResetTimer()
			o.Steps += b.N
			if err := d.Fit(context.Background(), x, o); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(d.Parameters()), "parameters")
			b.ReportMetric(float64(d.MACs())/1e6, "MMAC/image")
		})
	}
}
