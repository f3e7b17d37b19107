package ohsvgp_test

import (
	"context"
	"fmt"
	"math"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
	"github.com/priorlab/priorlab/stdlib/ohsvgp"
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
