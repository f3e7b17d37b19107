package ohsvgp_test

import (
	"context"
	"fmt"
	"math"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
	"github.com/priorlab/priorlab/stdlib/ohsvgp"
	"gonum.org/v1/gonum/mat"
)

// A stream in three tasks; the first is still known at the end.
func ExampleNew() {
	ctx := context.Background()
	m, err := ohsvgp.New(ohsvgp.Options{M: 20, Kernel: gp.SE(1, 0.5), Noise: 0.01, Hyper: ohsvgp.HyperFixed})
	if err != nil {
		fmt.Println(err)
		return
	}
	noise := linalg.NewRand(1)
	for task := 0; task < 3; task++ {
		var x, y []float64
		for i := 1; i <= 50; i++ {
			t := float64(task) + float64(i)/50
			x, y = append(x, t), append(y, math.Sin(3*t)+0.1*noise.Normal())
		}
		if err := m.Update(ctx, x, y); err != nil { // earlier data are not needed
			fmt.Println(err)
			return
		}
	}
	mean, variance, err := m.Predict(ctx, []float64{0.5})
	fmt.Printf("sin(1.5) = %.2f; remembered %.1f, sd below 0.1: %v (%v)\n", math.Sin(1.5), mean[0], math.Sqrt(variance[0]) < 0.1, err)
	// Output: sin(1.5) = 1.00; remembered 1.0, sd below 0.1: true (<nil>)
}

// Prior functions that become posterior ones: the same normals throughout.
func ExampleModel_SampleWith() {
	ctx := context.Background()
	m, _ := ohsvgp.New(ohsvgp.Options{M: 12, Kernel: gp.Matern32(1, 0.4), Noise: 0.05, Hyper: ohsvgp.HyperFixed})
	x := []float64{0.25, 0.5, 0.75, 1}
	base := m.BaseNormals(3, len(x), linalg.NewRand(7))
	before, _ := m.SampleWith(ctx, x, base)
	_ = m.Update(ctx, []float64{0.5, 0.5, 0.5, 1}, []float64{2, 2, 2, 1})
	after, _ := m.SampleWith(ctx, x, base)
	r, c := before.Dims()
	near := math.Abs(after.At(0, 1)-2) < 0.6 && math.Abs(after.At(1, 1)-2) < 0.6
	fmt.Println(r, c, near)
	// Output: 3 4 true
}

// All methods, and the two that keep every point, learn by one loop.
func ExampleOnline() {
	ctx := context.Background()
	o := ohsvgp.Options{M: 15, Kernel: gp.Matern52(1, 0.5), Noise: 0.01, Hyper: ohsvgp.HyperFixed, Interval: [2]float64{0, 2}, Margin: 3}
	ohs, _ := ohsvgp.New(o)
	osg, _ := ohsvgp.NewOSGPR(o)
	ovc, _ := ohsvgp.NewOVC(o)
	off, _ := ohsvgp.NewOVFF(o)
	batch, _ := ohsvgp.NewBatch(o)
	exact, _ := ohsvgp.NewReference(o)
	for _, m := range []ohsvgp.Online{ohs, osg, ovc, off, batch, exact} {
		for task := 0; task < 2; task++ {
			var x, y []float64
			for i := 1; i <= 40; i++ {
				t := float64(task) + float64(i)/40
				x, y = append(x, t), append(y, math.Sin(3*t))
			}
			if err := m.Update(ctx, x, y); err != nil {
				fmt.Println(err)
				return
			}
		}
		mean, _, err := m.Predict(ctx, []float64{0.5})
		fmt.Printf("%s: %.1f after %d tasks (%v)\n", m.Name(), mean[0], m.Tasks(), err)
	}
	// Output:
	// OHSVGP: 1.0 after 2 tasks (<nil>)
	// OSGPR: 1.0 after 2 tasks (<nil>)
	// OVC: 1.0 after 2 tasks (<nil>)
	// OVFF: 1.0 after 2 tasks (<nil>)
	// batch SGPR: 1.0 after 2 tasks (<nil>)
	// exact GP: 1.0 after 2 tasks (<nil>)
}

// Two inputs in the order of a spiral, which is the path that the memory follows.
func ExampleNewPath() {
	ctx := context.Background()
	m, err := ohsvgp.NewPath(ohsvgp.Options{M: 30, Kernel: gp.SE(1, 0.8, 0.8), Noise: 0.01, Hyper: ohsvgp.HyperFixed, Features: 300})
	if err != nil {
		fmt.Println(err)
		return
	}
	at := func(i int) (a, b float64) {
		s, c := math.Sincos(float64(i) / 20)
		return float64(i) / 400 * s, float64(i) / 400 * c
	}
	for task := 0; task < 2; task++ {
		X, y := mat.NewDense(200, 2, nil), make([]float64, 200)
		for i := range y {
			a, b := at(200*task + i)
			X.SetRow(i, []float64{a, b})
			y[i] = a * b
		}
		if err := m.UpdateX(ctx, X, y); err != nil {
			fmt.Println(err)
			return
		}
	}
	a, b := at(100)
	mean, _, err := m.PredictX(ctx, mat.NewDense(1, 2, []float64{a, b}))
	fmt.Println(math.Abs(mean[0]-a*b) < 0.05, err)
	// Output: true <nil>
}

// Three classes along time, of which the second task has one alone.
func ExampleNewClassifier() {
	ctx := context.Background()
	m, _ := ohsvgp.New(ohsvgp.Options{M: 12, Kernel: gp.SE(4, 0.4), Hyper: ohsvgp.HyperFixed})
	c, err := ohsvgp.NewClassifier(3, m)
	if err != nil {
		fmt.Println(err)
		return
	}
	for task := 0; task < 2; task++ {
		var x []float64
		var labels []int
		for i := 1; i <= 30; i++ {
			t := float64(task) + float64(i)/30
			x, labels = append(x, t), append(labels, min(2, int(2*t)))
		}
		if err := c.Update(ctx, gp.Column(x), labels); err != nil {
			fmt.Println(err)
			return
		}
	}
	p, err := c.Probabilities(ctx, gp.Column([]float64{0.25, 0.75, 1.6}))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p.At(0, 0) > 0.6, p.At(1, 1) > 0.6, p.At(2, 2) > 0.6)
	// Output: true true true
}

// Frames of five numbers that follow one hidden series, in two tasks.
func ExampleNewGPVAE() {
	ctx := context.Background()
	g := ohsvgp.NewGPVAE(ohsvgp.GPVAEOptions{Latents: 2, M: 20, Width: 16, Kernel: gp.Matern52(1, 0.5), Steps: 300, Rate: 0.01, EWC: 100, Seed: 1})
	frame := func(t float64) []float64 {
		var out []float64
		for j := 0; j < 5; j++ {
			out = append(out, math.Sin(3*t)*math.Cos(float64(j)))
		}
		return out
	}
	for task := 0; task < 2; task++ {
		var x []float64
		Y := mat.NewDense(40, 5, nil)
		for i := range 40 {
			x = append(x, float64(task)+float64(i+1)/40)
			Y.SetRow(i, frame(x[i]))
		}
		if err := g.Update(ctx, float64(task+1), x, Y); err != nil {
			fmt.Println(err)
			return
		}
	}
	mean, _, err := g.Predict(ctx, []float64{0.5}, 30, linalg.NewRand(1)) // of the first task, from memory
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(math.Abs(mean.At(0, 0)-frame(0.5)[0]) < 0.25)
	// Output: true
}

// One channel by itself: pseudo-observations in, a memory out.
func ExampleLatent() {
	ctx := context.Background()
	c := &ohsvgp.Latent{M: 12, Kernel: gp.SE(1, 0.4)}
	var x, y, v []float64
	for i := 1; i <= 30; i++ {
		x = append(x, float64(i)/30)
		y, v = append(y, math.Sin(4*x[i-1])), append(v, 0.01)
	}
	p, err := c.Posterior(ctx, 1, x, y, v)
	if err != nil {
		fmt.Println(err)
		return
	}
	p.Accept()
	mean, _, err := c.Predict([]float64{0.5})
	fmt.Printf("%.1f, really %.1f (%v); KL above zero: %v\n", mean[0], math.Sin(2), err, p.KL > 0)
	// Output: 0.9, really 0.9 (<nil>); KL above zero: true
}
