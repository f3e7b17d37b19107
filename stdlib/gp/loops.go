package gp

import "gonum.org/v1/gonum/mat"

// fill evaluates f at every pair of rows.
func fill(x, y *mat.Dense, f func(a, b []float64) float64) *mat.Dense {
	n, _ := x.Dims()
	m, _ := y.Dims()
	out := newMatrix(n, m)
	for i := 0; i < n && m > 0; i++ {
		r, a := row(out, i), row(x, i)
		for j := range r {
			r[j] = f(a, row(y, j))
		}
	}
	return out
}

// each calls f for every pair of rows whose weight is not zero.
func each(x, y, w *mat.Dense, f func(a, b []float64, wt float64)) {
	n, _ := x.Dims()
	for i := 0; i < n; i++ {
		a := row(x, i)
		for j, wt := range row(w, i) {
			if wt != 0 {
				f(a, row(y, j), wt)
			}
		}
	}
}

// eachX is each with row i of an n by D result to add to.
func eachX(x, y, w *mat.Dense, f func(a, b []float64, wt float64, out []float64)) *mat.Dense {
	n, d := x.Dims()
	out := newMatrix(n, d)
	for i := 0; i < n; i++ {
		a, o := row(x, i), row(out, i)
		for j, wt := range row(w, i) {
			if wt != 0 {
				f(a, row(y, j), wt, o)
			}
		}
	}
	return out
}
