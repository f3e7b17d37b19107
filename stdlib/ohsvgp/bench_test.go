package ohsvgp

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
	"gonum.org/v1/gonum/mat"
)

// BenchmarkSlider is what one move of a length-scale slider costs: new
// hyper-parameters, one update on N points, 20 posterior functions at 200.
func BenchmarkSlider(b *testing.B) {
	kernels := map[string]func(float64, ...float64) *gp.Radial{"SE": gp.SE, "Matern12": gp.Matern12, "Matern32": gp.Matern32, "Matern52": gp.Matern52}
	for _, name := range []string{"SE", "Matern12", "Matern32", "Matern52"} {
		for _, shape := range [][2]int{{500, 50}, {500, 100}} {
			n, M := shape[0], shape[1]
			b.Run(fmt.Sprintf("%s/N%d_M%d", name, n, M), func(b *testing.B) {
				x, y := wave(n)
				grid := make([]float64, 200)
				for i := range grid {
					grid[i] = 10 * float64(i) / 199
				}
				ctx := context.Background()
				var base = (&Model{opt: Options{M: M}}).BaseNormals(20, len(grid), linalg.NewRand(1))
				for i := 0; b.Loop(); i++ {
					ls := 0.5 + 0.01*float64(i%10)
					m, err := New(Options{M: M, Kernel: kernels[name](1, ls), Noise: 0.01, Hyper: HyperFixed})
					if err != nil {
						b.Fatal(err)
					}
					if err := m.Update(ctx, x, y); err != nil {
						b.Fatal(err)
					}
					if _, err := m.SampleWith(ctx, grid, base); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func wave(n int) (x, y []float64) {
	r := linalg.NewRand(3)
	for i := 0; i < n; i++ {
		v := 10 * float64(i+1) / float64(n)
		x = append(x, v)
		y = append(y, math.Sin(2*v)+0.1*r.Normal())
	}
	return x, y
}

// BenchmarkStep is value and gradient of the online bound by kernel and noise, the
// step of hyper-parameter learning.
func BenchmarkStep(b *testing.B) {
	benchmarkSteps(b, func(M, n int) (func() error, error) { return legsStep(M, n, true) })
}

// BenchmarkPoints is value and gradient of the online bound by inducing inputs,
// kernel and noise: the step of OSGPR.
func BenchmarkPoints(b *testing.B) { benchmarkSteps(b, pointStep) }

func benchmarkSteps(b *testing.B, prepare func(M, n int) (func() error, error)) {
	for _, s := range [][2]int{{50, 1000}, {50, 5000}, {100, 1000}, {100, 5000}} {
		b.Run(fmt.Sprintf("M%d_N%d", s[0], s[1]), func(b *testing.B) {
			step, err := prepare(s[0], s[1])
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if err := step(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// pointStep is OSGPR's step: value and gradient of the online bound by inducing
// inputs, kernel and noise.
func pointStep(M, n int) (func() error, error) {
	x, y := wave(2 * n)
	Z := func(lo, hi float64) *points {
		z := make([]float64, M)
		for i := range z {
			z[i] = lo + (hi-lo)*float64(i)/float64(M-1)
		}
		return &points{gp.Column(z)}
	}
	m, err := newModel(Options{Kernel: gp.SE(1, 0.6), Noise: 0.13, Hyper: HyperFixed}, &pointMethod{})
	if err != nil {
		return nil, err
	}
	m.policy = fixedJitter(1e-6)
	l := &learner{m: m, k: m.kernel, noise: m.noise, x: gp.Column(x[:n]), y: y[:n], jitter: *m.policy}
	u, err := l.update(Z(0, 5))
	if err != nil {
		return nil, err
	}
	m.q, l.x, l.y = u.q, gp.Column(x[n:]), y[n:]
	basis := Z(0, 10)
	return func() error { _, _, err := l.value(basis, true, true); return err }, nil
}

// legsStep is OHSVGP's: by kernel and noise, or the closed update without a
// gradient.
func legsStep(M, n int, learn bool) (func() error, error) {
	x, y := wave(2 * n)
	m, err := New(Options{M: M, Kernel: gp.SE(1, 0.6), Noise: 0.13, Hyper: HyperFixed})
	if err != nil {
		return nil, err
	}
	if err := m.Update(context.Background(), x[:n], y[:n]); err != nil {
		return nil, err
	}
	l := &learner{m: m, k: m.kernel, noise: m.noise, x: gp.Column(x[n:]), y: y[n:], jitter: m.jitter(m.kernel, gp.Column(x[:1]))}
	if !learn {
		return func() error {
			u, err := l.update(&legs{M, 10})
			if err == nil {
				u.done()
			}
			return err
		}, nil
	}
	return func() error { _, _, err := l.value(&legs{M, 10}, true, false); return err }, nil
}

// BenchmarkLagTable is what a number of inducing variables costs once.
func BenchmarkLagTable(b *testing.B) {
	for _, M := range []int{50, 100, 150, 200} {
		b.Run(fmt.Sprintf("M%d", M), func(b *testing.B) {
			for b.Loop() {
				buildLagTable(M)
			}
		})
	}
}

// BenchmarkGPVAE is ten steps of learning a second task of 150 frames of 45
// numbers with 10 latent channels.
func BenchmarkGPVAE(b *testing.B) {
	ctx := context.Background()
	r := linalg.NewRand(1)
	var x []float64
	Y := mat.NewDense(300, 45, nil)
	for i := 0; i < 300; i++ {
		x = append(x, float64(i+1))
		for j := 0; j < 45; j++ {
			Y.Set(i, j, math.Sin(float64(i)/20+float64(j))+0.1*r.Normal())
		}
	}
	for name, o := range map[string]GPVAEOptions{"memory": {}, "points learned": {LearnZ: true}} {
		for _, M := range []int{50, 100} {
			b.Run(fmt.Sprintf("%s/M%d", name, M), func(b *testing.B) {
				o.Latents, o.M, o.Kernel, o.Steps, o.EWC = 10, M, gp.Matern32(1, 18), 10, 100
				for b.Loop() {
					g := NewGPVAE(o)
					for part := 0; part < 300; part += 150 {
						if err := g.Update(ctx, x[part+149], x[part:part+150], mat.DenseCopyOf(Y.Slice(part, part+150, 0, 45))); err != nil {
							b.Fatal(err)
						}
					}
				}
			})
		}
	}
}
