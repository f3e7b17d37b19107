package ohsvgp

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"testing"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
	"gonum.org/v1/gonum/mat"
)

// weather is n frames of 6 numbers made from two smooth hidden series.
func weather(n int, length float64) (x []float64, Y *mat.Dense) {
	Y = mat.NewDense(n, 6, nil)
	r := linalg.NewRand(3)
	for i := 0; i < n; i++ {
		t := length * float64(i+1) / float64(n)
		x = append(x, t)
		a, b := math.Sin(2*t), math.Cos(3.1*t)
		for j := 0; j < 6; j++ {
			Y.Set(i, j, math.Tanh(a*math.Cos(float64(j))+b*math.Sin(2*float64(j)))+0.05*r.Normal())
		}
	}
	return x, Y
}

func rmseDense(a, b *mat.Dense) float64 {
	var d mat.Dense
	d.Sub(a, b)
	r, c := d.Dims()
	return mat.Norm(&d, 2) / math.Sqrt(float64(r*c))
}

// Streaming memory keeps the first task's frames; amortised it does not.
func TestGPVAERemembers(t *testing.T) {
	ctx := context.Background()
	x, Y := weather(120, 4)
	half := func(lo, hi int) *mat.Dense { return mat.DenseCopyOf(Y.Slice(lo, hi, 0, 6)) }
	at := map[bool]float64{}
	for _, amortised := range []bool{false, true} {
		g := NewGPVAE(GPVAEOptions{Latents: 3, M: 24, Width: 24, Kernel: gp.Matern52(1, 0.7), Steps: 250, Rate: 0.01, Amortised: amortised, EWC: 10, Seed: 1})
		must(t, g.Update(ctx, x[59], x[:60], half(0, 60)))
		mean, v, err := g.Predict(ctx, x[:60], 20, linalg.NewRand(1))
		must(t, err)
		if e := rmseDense(mean, half(0, 60)); e > 0.2 {
			t.Errorf("%s: RMSE %.3f on the task just learned", g.Mode(), e)
		}
		if mat.Min(v) <= 0 {
			t.Errorf("variance %g", mat.Min(v))
		}
		must(t, g.Update(ctx, x[119], x[60:], half(60, 120)))
		mean, _, err = g.Predict(ctx, x[:60], 20, linalg.NewRand(1))
		must(t, err)
		at[amortised] = rmseDense(mean, half(0, 60))
	}
	if at[false] > 0.35 || at[false] > 0.7*at[true] {
		t.Errorf("RMSE on the first task after the second: %.3f streaming, %.3f amortised", at[false], at[true])
	}
}

// The gradient of the loss by the networks and by learned inducing points
// against differences.
func TestGPVAELossGradient(t *testing.T) {
	for _, o := range []GPVAEOptions{{}, {LearnZ: true}} {
		o.Latents, o.M, o.Width, o.Kernel, o.Steps, o.EWC, o.Seed = 2, 7, 5, gp.Matern32(1, 0.4), 3, 2, 4
		x, Y := weather(24, 1)
		g := NewGPVAE(o)
		must(t, g.Update(context.Background(), x[11], x[:12], mat.DenseCopyOf(Y.Slice(0, 12, 0, 6))))
		lossGradient(t, g, x[12:], mat.DenseCopyOf(Y.Slice(12, 24, 0, 6)))
	}
}

// The same in the first task by the kernels of the channels.
func TestGPVAEKernelGradient(t *testing.T) {
	for _, o := range []GPVAEOptions{{}, {Kernel: gp.SE(1, 0.4)}, {LearnZ: true}, {Points: true}} {
		o.Latents, o.M, o.Width, o.LearnKernel, o.Seed = 2, 7, 5, true, 4
		x, Y := weather(12, 1)
		g := NewGPVAE(o)
		g.begin(6, 1)
		lossGradient(t, g, x, Y)
	}
}

func lossGradient(t *testing.T, g *GPVAE, x []float64, Y *mat.Dense) {
	task := &vaeTask{g: g, learn: g.opt.LearnKernel, y: linalg.FromFloat64(flatten(Y), len(x), 6), n: len(x), x: gp.Column(x), noise: linalg.NewRand(5)}
	must(t, task.begin(x[len(x)-1]))
	loss := func() *linalg.Tensor {
		task.noise = linalg.NewRand(8) // the same draw every time
		return task.loss()
	}
	for _, p := range g.Params() {
		p.Value.ZeroGrad()
	}
	loss().Backward()
	for _, p := range g.Params() {
		v, d := p.Value.Float64s(), p.Value.Grad().Float64s()
		for _, i := range []int{0, len(v) / 2, len(v) - 1} {
			at := func(h float64) float64 {
				w := append([]float64(nil), v...)
				w[i] += h
				p.Value.Set(linalg.FromFloat64(w, p.Value.Shape()...))
				return loss().Float64s()[0]
			}
			diff := (at(1e-5) - at(-1e-5)) / 2e-5
			p.Value.Set(linalg.FromFloat64(v, p.Value.Shape()...))
			near(t, p.Name, d[i:i+1], []float64{diff}, 1e-6)
		}
	}
}

// The gradient of a frame's reconstruction in closed form equals the one that runs
// through the whole posterior.
func TestGPVAEFrameGradient(t *testing.T) {
	x, Y := weather(24, 1)
	g := NewGPVAE(GPVAEOptions{Latents: 2, M: 7, Width: 5, Kernel: gp.Matern32(1, 0.4), Steps: 3, Seed: 4})
	part := func(lo, hi int) *mat.Dense { return mat.DenseCopyOf(Y.Slice(lo, hi, 0, 6)) }
	must(t, g.Update(context.Background(), x[11], x[:12], part(0, 12)))
	task := &vaeTask{g: g, y: linalg.FromFloat64(flatten(part(12, 24)), 12, 6), n: 12, x: gp.Column(x[12:])}
	must(t, task.begin(x[23]))
	gradients := func(run func()) [][]float64 {
		var out [][]float64
		for _, p := range g.networks() {
			p.Value.ZeroGrad()
		}
		run()
		for _, p := range g.networks() {
			out = append(out, p.Value.Grad().Float64s())
		}
		return out
	}
	for _, i := range []int{0, 7} {
		want := gradients(func() {
			one := &vaeTask{g: g, y: task.y.Slice(0, i, i+1), n: 1}
			one.reconstruction(task.posterior().Slice(0, i, i+1)).Backward()
		})
		got := gradients(func() { task.frameGradient(i) })
		for k, p := range g.networks() {
			near(t, p.Name, got[k], want[k], 1e-9)
		}
	}
}

// Kernels are learned in the first task and stay as they are afterwards.
func TestGPVAELearnsKernels(t *testing.T) {
	ctx := context.Background()
	x, Y := weather(60, 2)
	part := func(lo, hi int) *mat.Dense { return mat.DenseCopyOf(Y.Slice(lo, hi, 0, 6)) }
	bound := map[bool]float64{}
	for _, learn := range []bool{false, true} {
		g := NewGPVAE(GPVAEOptions{Latents: 2, M: 16, Width: 12, Kernel: gp.Matern52(1, 0.05), Steps: 200, Rate: 0.02, EWC: 1, LearnKernel: learn, Seed: 1})
		must(t, g.Update(ctx, x[29], x[:30], part(0, 30)))
		first := fmt.Sprint(g.Kernels())
		if moved := first != fmt.Sprint([]gp.Kernel{gp.Matern52(1, 0.05), gp.Matern52(1, 0.05)}); moved != learn {
			t.Errorf("learning %v: kernels %s after the first task", learn, first)
		}
		mean, _, err := g.Predict(ctx, x[:30], 20, linalg.NewRand(1))
		must(t, err)
		bound[learn] = rmseDense(mean, part(0, 30))
		must(t, g.Update(ctx, x[59], x[30:], part(30, 60)))
		if again := fmt.Sprint(g.Kernels()); again != first {
			t.Errorf("the second task changed the kernels from %s to %s", first, again)
		}
	}
	if bound[true] > bound[false] {
		t.Errorf("RMSE %.3f with learned kernels, %.3f with a length-scale far too short", bound[true], bound[false])
	}
}

func TestGPVAEErrors(t *testing.T) {
	ctx := context.Background()
	x, Y := weather(20, 1)
	g := NewGPVAE(GPVAEOptions{Latents: 2, M: 6, Width: 4, Steps: 5})
	if _, _, err := g.Predict(ctx, x, 1, linalg.NewRand(1)); err == nil {
		t.Error("predicted without a task")
	}
	bad := mat.DenseCopyOf(Y)
	bad.Set(3, 2, math.NaN())
	if err := g.Update(ctx, 1, x, bad); err == nil {
		t.Error("NaN was accepted")
	}
	if err := g.Update(ctx, 0.5, x, Y); err == nil || g.dims != 0 {
		t.Errorf("frames after the end: %v", err)
	}
	must(t, g.Update(ctx, 1, x, Y))
	a, _, err := g.Predict(ctx, x, 2, linalg.NewRand(1))
	must(t, err)
	if err := g.Update(ctx, 2, x[:2], mat.NewDense(2, 3, nil)); err == nil {
		t.Error("frames of another width")
	}
	late := []float64{1.2, 1.5, 1.7}
	if err := g.Update(&countdown{ctx, 4}, 2, late, mat.NewDense(3, 6, nil)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	b, _, err := g.Predict(ctx, x, 2, linalg.NewRand(1))
	must(t, err)
	if !mat.Equal(a, b) {
		t.Error("failed updates changed the model")
	}
}

// A GP-VAE that was saved after a task goes on with the same bits.
func TestGPVAEResumes(t *testing.T) {
	ctx := context.Background()
	x, Y := weather(40, 2)
	part := func(lo, hi int) *mat.Dense { return mat.DenseCopyOf(Y.Slice(lo, hi, 0, 6)) }
	for _, o := range []GPVAEOptions{{EWC: 3}, {Points: true}, {LearnZ: true, EWC: 1}, {Amortised: true, Kernel: gp.SE(1, 0.5)}, {LearnKernel: true, EWC: 1}} {
		o.Latents, o.M, o.Width, o.Steps, o.Seed = 2, 8, 6, 6, 3
		g := NewGPVAE(o)
		path := filepath.Join(t.TempDir(), "vae")
		must(t, g.Save(path)) // before the first task
		g, err := LoadGPVAE(path)
		must(t, err)
		must(t, g.Update(ctx, x[19], x[:20], part(0, 20)))
		must(t, g.Save(path))
		again, err := LoadGPVAE(path)
		must(t, err)
		for _, m := range []*GPVAE{g, again} {
			must(t, m.Update(ctx, x[39], x[20:], part(20, 40)))
		}
		a, va, err := g.Predict(ctx, x, 3, linalg.NewRand(1))
		must(t, err)
		b, vb, err := again.Predict(ctx, x, 3, linalg.NewRand(1))
		must(t, err)
		if !mat.Equal(a, b) || !mat.Equal(va, vb) {
			t.Errorf("%+v: the resumed model predicts otherwise", o)
		}
	}
	if err := NewGPVAE(GPVAEOptions{Points: true, LearnZ: true}).Update(ctx, x[39], x, Y); err == nil {
		t.Error("points that are picked and learned")
	}
	if _, err := LoadGPVAE("no such file"); err == nil {
		t.Error("a file that is not there")
	}
}
