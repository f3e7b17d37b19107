package linalg

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// NotPositiveDefinite says which matrix could not be factorised and why.
type NotPositiveDefinite struct {
	N      int     // rows
	Pivot  int     // first row whose conditional variance is not positive
	Value  float64 // that variance
	Jitter float64 // largest jitter that was tried
	EqualI int     // with EqualJ: two equal rows; both -1 when there are none
	EqualJ int
}

// Error names the equal rows when there are any, else the pivot.
func (e *NotPositiveDefinite) Error() string {
	s := fmt.Sprintf("the %d by %d matrix is not positive definite", e.N, e.N)
	if e.EqualI >= 0 {
		s += fmt.Sprintf(": rows %d and %d are equal", e.EqualI, e.EqualJ)
	} else {
		s += fmt.Sprintf(": row %d adds nothing to the rows before it (its remaining variance is %.3g)", e.Pivot, e.Value)
	}
	if e.Jitter > 0 {
		s += fmt.Sprintf("; jitter up to %.3g on the diagonal did not help", e.Jitter)
	} else {
		s += "; no jitter was allowed"
	}
	return s
}

// diagnose repeats the factorisation slowly to find the pivot that failed and
// looks for two equal rows.
func diagnose(a *mat.Dense, jitter float64) error {
	n, _ := a.Dims()
	e := &NotPositiveDefinite{N: n, Jitter: jitter, EqualI: -1, EqualJ: -1}
	l := make([]float64, n*n)
pivots:
	for i := 0; i < n; i++ {
		for j := 0; j <= i; j++ {
			s := a.At(i, j)
			if i == j {
				s += jitter
			}
			for k := 0; k < j; k++ {
				s -= l[i*n+k] * l[j*n+k]
			}
			if i != j {
				l[i*n+j] = s / l[j*n+j]
				continue
			}
			if !(s > 0) {
				e.Pivot, e.Value = i, s
				break pivots
			}
			l[i*n+i] = math.Sqrt(s)
		}
	}
	for i := 0; i < n; i++ {
		for j := i + 1; j < n; j++ {
			if sameRow(a, i, j) {
				e.EqualI, e.EqualJ = i, j
				return e
			}
		}
	}
	return e
}

// sameRow reports whether rows i and j of the symmetric a (lower triangle)
// agree in every column.
func sameRow(a *mat.Dense, i, j int) bool {
	n, _ := a.Dims()
	at := func(r, c int) float64 { return a.At(max(r, c), min(r, c)) }
	for k := 0; k < n; k++ {
		if at(i, k) != at(j, k) {
			return false
		}
	}
	return true
}
