package gp_test

import (
	"context"
	"fmt"
	"math"

	"github.com/priorlab/priorlab/stdlib/gp"
)

// A kernel is built from parts; its parameters print as a table.
func ExampleSum() {
	k := gp.Sum(gp.SE(1, 0.5), gp.Product(gp.Matern32(2, 1), gp.Periodic(1, 1, 11)))
	fmt.Println(k)
	fmt.Print(k.Params())
	// Output:
	// SE(1, 0.5) + Matern32(2, 1) * Periodic(1, 1, 11)
	// parameter        value  transform  prior  trained
	// 1.variance       1      positive          yes
	// 1.lengthscale    0.5    positive          yes
	// 2.1.variance     2      positive          yes
	// 2.1.lengthscale  1      positive          yes
	// 2.2.variance     1      positive          yes
	// 2.2.lengthscale  1      positive          yes
	// 2.2.period       11     positive          yes
}

func ExampleNewExact() {
	var x, y []float64
	for i := 0; i < 30; i++ {
		x = append(x, float64(i)/10)
		y = append(y, math.Sin(2*x[i]))
	}
	g := gp.NewExact(gp.SE(1, 1), 0.1)
	if err := g.Condition(gp.Column(x), y); err != nil {
		fmt.Println(err)
	}
	if _, err := g.Fit(context.Background(), 100); err != nil {
		fmt.Println(err)
	}
	mean, _, _ := g.Predict(gp.Column([]float64{0.55}))
	fmt.Printf("%.3f, really %.3f\n", mean[0], math.Sin(1.1))
	// Output: 0.891, really 0.891
}
