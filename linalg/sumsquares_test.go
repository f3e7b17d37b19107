package linalg

import (
	"fmt"
	"testing"
)

var _ = addCases(
	opCase{name: "SumSquaresMatMul of few rows, broadcast", shapes: [][]int{{3, 2, 5}, {2, 1, 5, 7}}, f: two(func(a, b *Tensor) *Tensor { return SumSquaresMatMul(a, b, -2) })},
	opCase{name: "QuadraticForm of many", shapes: [][]int{{2, 9, 4, 4}, {2, 1, 4, 6}}, f: two(func(a, b *Tensor) *Tensor { return QuadraticForm(a.Add(a.T()), b) })},
)

// Factors that share what they are multiplied by have the sum of their gradients, over several strips of columns.
func TestSharedFactorsWide(t *testing.T) {
	r := NewRand(7)
	b, w := Normal(r, F64, 2, 1, 30, 700), Normal(r, F64, 2, 3, 700)
	for _, rows := range []int{20, 30, 45} {
		a := Normal(r, F64, 3, rows, 30)
		for name, c := range map[string]struct{ fast, plain func(a, b *Tensor) *Tensor }{
			"SumSquaresMatMul": {func(a, b *Tensor) *Tensor { return SumSquaresMatMul(a, b, -2) }, func(a, b *Tensor) *Tensor { return a.MatMul(b).Square().Sum(-2) }},
			"QuadraticForm": {func(a, b *Tensor) *Tensor { return QuadraticForm(a.T().MatMul(a), b) }, func(a, b *Tensor) *Tensor {
				return b.Mul(a.T().MatMul(a).MatMul(b)).Sum(-2)
			}},
		} {
			pa, pb, qa, qb := Param(a), Param(b), Param(a), Param(b)
			y, z := c.fast(pa, pb), c.plain(qa, qb)
			near(t, fmt.Sprint(name, " value ", rows), y.Float64s(), z.Float64s(), 1e-11)
			y.Mul(w).Sum().Backward()
			z.Mul(w).Sum().Backward()
			near(t, fmt.Sprint(name, " gradient of a ", rows), pa.Grad().Float64s(), qa.Grad().Float64s(), 1e-10)
			near(t, fmt.Sprint(name, " gradient of b ", rows), pb.Grad().Float64s(), qb.Grad().Float64s(), 1e-10)
		}
	}
}
