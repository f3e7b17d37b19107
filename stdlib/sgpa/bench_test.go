package sgpa

import (
	"fmt"
	"testing"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/nn"
)

// benchmarkStep is one training step, forward and backward, of a ViT of depth layers, width 128, 4 heads, hidden 512, on a
// batch of 32 x 32 x 3 images in patches of 4 (64 tokens).
func benchmarkStep(b *testing.B, method Method, batch, size, depth int) {
	r := linalg.NewRand(1)
	n := New(r, Config{Method: method, Width: 128, Heads: 4, Depth: depth, Hidden: 512, Inducing: 32, Classes: 10, Channels: 3, Size: size, Patch: 4})
	in := &Inputs{Images: linalg.Normal(r, linalg.F32, batch, 3, size, size)}
	y := make([]int, batch)
	for i := range y {
		y[i] = i % 10
	}
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		linalg.Scope(func() {
			for _, p := range n.Params() {
				p.Value.ZeroGrad()
			}
			p := nn.Training(r.Split(uint64(i)))
			ClassLoss(n.Forward(in, p, nil), y, p, 1).Total.Backward()
		})
	}
	tokens := float64(batch * n.Config.tokens())
	b.ReportMetric(tokens*float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
}

func BenchmarkStepSoftmax(b *testing.B)  { benchmarkStep(b, Softmax, 100, 32, 5) }
func BenchmarkStepKernel(b *testing.B)   { benchmarkStep(b, KernelAttention, 100, 32, 5) }
func BenchmarkStepSGPA(b *testing.B)     { benchmarkStep(b, SGPA, 100, 32, 5) }
func BenchmarkStepStandard(b *testing.B) { benchmarkStep(b, StandardSGPA, 10, 32, 5) }

// How time and memory grow with the number of tokens (64, 144, 256, 484) in one layer of each form, two images.
func BenchmarkTokens(b *testing.B) {
	for _, method := range []Method{SGPA, StandardSGPA} {
		for _, size := range []int{32, 48, 64, 88} {
			b.Run(fmt.Sprintf("%s/T=%d", method, size*size/16), func(b *testing.B) {
				b.ReportAllocs()
				benchmarkStep(b, method, 2, size, 1)
			})
		}
	}
}
