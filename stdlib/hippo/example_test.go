package hippo_test

import (
	"fmt"

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
