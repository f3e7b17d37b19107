package gp

import (
	"sync"
	"sync/atomic"

	"github.com/priorlab/priorlab/linalg"
	"gonum.org/v1/gonum/mat"
)

// inParts calls f for consecutive parts of n rows on as many goroutines as
// linalg may use. The parts do not depend on how many there are. f must not
// call linalg: an interrupt would unwind a goroutine that nobody catches.
func inParts(n, size int, f func(lo, hi int)) {
	parts := (n + size - 1) / size
	var next atomic.Int64
	work := func() {
		for {
			p := int(next.Add(1)) - 1
			if p >= parts {
				return
			}
			f(p*size, min(n, (p+1)*size))
		}
	}
	var others sync.WaitGroup
	for i := 1; i < min(linalg.Threads(), parts); i++ {
		others.Add(1)
		go func() {
			defer others.Done()
			work()
		}()
	}
	work()
	others.Wait()
}

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
