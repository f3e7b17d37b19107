package ohsvgp

import (
	"math"
	"testing"

	"github.com/priorlab/priorlab/stdlib/gp"
	"gonum.org/v1/gonum/mat"
)

// The direct equation goes to the exact covariance at first order, without being
// one: an eigenvalue is negative; and with few steps it runs through huge values.
func TestDirectKuu(t *testing.T) {
	k := gp.SE(1, 0.2)
	for _, M := range []int{10, 20} {
		exact, err := (&legs{M, 1}).blocks(k, gp.Column([]float64{0}), nil)
		must(t, err)
		far := func(steps int) float64 {
			K, _, err := DirectKuu(k, M, 1, steps)
			must(t, err)
			var d mat.Dense
			d.Sub(K, exact.Kbb)
			return math.Max(mat.Max(&d), -mat.Min(&d))
		}
		a, b := far(2000), far(4000)
		if a > 5e-4 || !(a/b > 1.8 && a/b < 2.2) {
			t.Errorf("M = %d: error %.2g with 2000 steps, %.2g with 4000", M, a, b)
		}
		K, _, err := DirectKuu(k, M, 1, 2000)
		must(t, err)
		var e mat.EigenSym
		if !e.Factorize(mat.NewSymDense(M, flatten(K)), false) {
			t.Fatal("no eigenvalues")
		}
		if low := e.Values(nil)[0]; low > -1e-7 || low < -1e-3 {
			t.Errorf("M = %d: smallest eigenvalue %.2g", M, low)
		}
	}
	if _, peak, err := DirectKuu(k, 20, 1, 200); err != nil || peak < 1e4 {
		t.Errorf("200 steps at M = 20 pass through %.2g (%v)", peak, err)
	}
	if _, _, err := DirectKuu(gp.Linear(1, 0), 5, 1, 10); err == nil {
		t.Error("a kernel that is not stationary")
	}
	if _, _, err := DirectKuu(k, 5, 0, 10); err == nil {
		t.Error("no time at all")
	}
}
