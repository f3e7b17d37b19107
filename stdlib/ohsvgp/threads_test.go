package ohsvgp

import (
	"context"
	"math"
	"runtime"
	"testing"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
	"gonum.org/v1/gonum/mat"
)

// Learning and prediction have the same bits on any number of threads.
func TestSameBitsOnAnyNumberOfThreads(t *testing.T) {
	defer linalg.SetThreads(runtime.NumCPU())
	ctx := context.Background()
	x, y := wave(700)
	z := make([]float64, 24)
	for i := range z {
		z[i] = 10 * float64(i) / 23
	}
	wide := mat.NewDense(len(x), 2, nil)
	for i, v := range x {
		wide.SetRow(i, []float64{v, math.Cos(v)})
	}
	online := func(make func(Options) (*Model, error), k gp.Kernel) func() []float64 {
		return func() []float64 {
			m, err := make(Options{M: 24, Kernel: k, Noise: 0.1, Hyper: HyperOnline, FitSteps: 3, ZSteps: 3, Interval: [2]float64{0, 10}, Margin: 1})
			must(t, err)
			must(t, m.Update(ctx, x[:400], y[:400]))
			must(t, m.Update(ctx, x[400:], y[400:]))
			mean, v, err := m.Predict(ctx, x[:50])
			must(t, err)
			return append(append(mean, v...), m.Bound())
		}
	}
	svgp := func(k gp.Kernel, l func() *gp.Likelihood, X *mat.Dense) func() []float64 {
		return func() []float64 {
			_, d := X.Dims()
			Z := mat.DenseCopyOf(X.Slice(0, 24, 0, d))
			s := gp.NewSVGP(k.Clone(), l(), Z)
			must(t, s.Fit(ctx, X, y, gp.SVGPOptions{Steps: 4}))
			mean, v, err := s.Predict(X)
			must(t, err)
			return append(mean, v...)
		}
	}
	gauss := func() *gp.Likelihood { return gp.Gaussian(0.1) }
	for name, f := range map[string]func() []float64{
		"OHSVGP":             online(New, gp.SE(1, 0.6)),
		"OHSVGP, Matern":     online(New, gp.Matern32(1, 0.6)),
		"OSGPR":              online(NewOSGPR, gp.SE(1, 0.6)),
		"OVC":                online(NewOVC, gp.Matern52(1, 0.6)),
		"OVFF":               online(NewOVFF, gp.Matern52(1, 0.6)),
		"SVGP":               svgp(gp.SE(1, 0.6), gauss, gp.Column(x)),
		"SVGP, two inputs":   svgp(gp.Matern32(1, 0.6), gauss, wide),
		"SVGP, with a t law": svgp(gp.SE(1, 0.6), func() *gp.Likelihood { return gp.StudentT(3, 0.5) }, gp.Column(x)),
		"SGPR": func() []float64 {
			g := gp.NewSGPR(gp.SE(1, 0.6), 0.1, gp.Column(z))
			must(t, g.Condition(gp.Column(x), y))
			_, err := g.Fit(ctx, 3)
			must(t, err)
			b, grad, err := g.Bound()
			must(t, err)
			return append(grad, b)
		},
	} {
		var want []float64
		for _, threads := range []int{1, 2, 5} {
			linalg.SetThreads(threads)
			got := f()
			if want == nil {
				want = got
			}
			for i, v := range got {
				if math.Float64bits(v) != math.Float64bits(want[i]) {
					t.Errorf("%s: number %d is %v on %d threads and %v on one", name, i, v, threads, want[i])
					break
				}
			}
		}
	}
}
