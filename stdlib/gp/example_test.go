package gp_test

import (
	"context"
	"fmt"
	"math"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
	"gonum.org/v1/gonum/mat"
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

// Eight inducing inputs stand for 200 data; functions are drawn from given normals.
func ExampleNewSGPR() {
	var x, y []float64
	for i := 0; i < 200; i++ {
		x = append(x, float64(i)/40)
		y = append(y, math.Sin(2*x[i]))
	}
	g := gp.NewSGPR(gp.SE(1, 1), 0.1, gp.Column([]float64{0, 0.7, 1.4, 2.1, 2.8, 3.5, 4.2, 5}))
	if err := g.Condition(gp.Column(x), y); err != nil {
		fmt.Println(err)
	}
	if _, err := g.Fit(context.Background(), 100); err != nil {
		fmt.Println(err)
	}
	at := gp.Column([]float64{0.55, 3.3})
	base := mat.NewDense(1, 2, []float64{0.3, -1})
	f, err := g.SampleWith(at, base)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.2f %.2f, really %.2f %.2f\n", f.At(0, 0), f.At(0, 1), math.Sin(1.1), math.Sin(6.6))
	// Output: 0.89 0.31, really 0.89 0.31
}

// Counts with a rate that grows tenfold.
func ExampleNewSVGP() {
	r := linalg.NewRand(1)
	count := gp.Poisson()
	var x, y []float64
	for i := 0; i < 100; i++ {
		x = append(x, float64(i)/99)
		y = append(y, count.Draw(math.Log(2)+x[i]*math.Log(10), r))
	}
	s := gp.NewSVGP(gp.Sum(gp.SE(1, 0.5), gp.Constant(4)), count, gp.Column([]float64{0, 0.25, 0.5, 0.75, 1}))
	if err := s.Fit(context.Background(), gp.Column(x), y, gp.SVGPOptions{Steps: 100}); err != nil {
		fmt.Println(err)
	}
	f, _, err := s.Predict(gp.Column([]float64{0, 1}))
	if err != nil {
		fmt.Println(err)
		return
	}
	first, last := math.Exp(f[0]), math.Exp(f[1])
	fmt.Println(first > 1 && first < 4, last > 15 && last < 25)
	// Output: true true
}

// A kernel that changes its length-scale at 2, on the second of two columns.
func ExampleChangePoint() {
	fmt.Println(gp.Active(gp.ChangePoint(gp.SE(1, 0.1), gp.SE(1, 2), 2, 10), 1))
	// Output: ChangePoint(SE(1, 0.1) | SE(1, 2) at 2)[1]
}
