package hippo_test

import (
	"fmt"
	"math"

	"github.com/priorlab/priorlab/stdlib/hippo"
)

// Four coefficients hold a cubic exactly, however often the memory moves on.
func ExampleMemory() {
	m := hippo.NewMemory(4)
	cubic := func(x float64) float64 { return 1 - 2*x + x*x*x }
	for _, t := range []float64{0.5, 1, 2} {
		if err := m.Advance(t, cubic, 0); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Printf("%.6f %.6f\n", m.Reconstruct([]float64{0.5, 1.5}), []float64{cubic(0.5), cubic(1.5)})
	// Output: [0.125000 1.375000] [0.125000 1.375000]
}

// A fading memory knows the recent past of a signal that began long ago.
func ExampleSliding() {
	m, err := hippo.NewSliding(hippo.LagT, 24, 0.5)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := m.Advance(6, math.Sin, 0); err != nil {
		fmt.Println(err)
	}
	x := []float64{5.5, 6}
	fmt.Printf("%.2f %.2f\n", m.Reconstruct(x), []float64{math.Sin(x[0]), math.Sin(x[1])})
	// Output: [-0.71 -0.28] [-0.71 -0.28]
}
