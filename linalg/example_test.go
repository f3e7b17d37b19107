package linalg_test

import (
	"fmt"

	la "github.com/priorlab/priorlab/linalg"
)

// A sparse Gaussian process that knows the sine at five inducing inputs, at one of them, between two and away from all.
func ExampleSparseConditional() {
	z, x := la.Linspace(la.F64, 0, 4, 5).Reshape(5, 1), la.FromFloat64([]float64{1, 1.5, 6}, 3, 1)
	logVar, logScale := la.Scalar(la.F64, 0), la.Scalar(la.F64, 0)
	L := la.Cholesky(la.KernelMatrix("rbf", z, z, logVar, logScale), 1e-10)
	Kuf := la.KernelMatrix("rbf", z, x, logVar, logScale)
	mu := la.SolveTri(L, z.Sin(), false) // the values at z, whitened
	S := la.Zeros(la.F64, 5, 5)          // and known for certain

	mean, variance := la.SparseConditional(L, Kuf, logVar.Exp(), mu, S)
	for i := range 3 {
		fmt.Printf("f(%.1f) has mean %.2f and variance %.2f\n", x.At(i, 0), mean.At(i, 0), variance.At(i))
	}
	// Output:
	// f(1.0) has mean 0.84 and variance 0.00
	// f(1.5) has mean 1.01 and variance 0.01
	// f(6.0) has mean -0.15 and variance 0.97
}
