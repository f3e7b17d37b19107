package hippo

import (
	"math"
	"testing"
)

// Every rule integrates polynomials of degree 2n-1 exactly, n = 26 included,
// whose table in gonum 0.17 is wrong.
func TestGaussLegendreIsExact(t *testing.T) {
	for n := 1; n <= 300; n++ {
		x, w := GaussLegendre(n)
		if !(&rule{x, w}).exact() {
			t.Errorf("the %d-node rule is not exact", n)
		}
	}
}

func TestNewtonAgreesWithTables(t *testing.T) {
	for _, n := range []int{1, 2, 5, 26, 64, 150} {
		r := &rule{make([]float64, n), make([]float64, n)}
		r.newton()
		if !r.exact() {
			t.Errorf("the %d-node rule by Newton's method is not exact", n)
		}
		x, _ := GaussLegendre(n)
		for i := range x {
			if math.Abs(x[i]-r.x[i]) > 1e-14 {
				t.Errorf("n = %d, node %d: %v and %v", n, i, x[i], r.x[i])
			}
		}
	}
}

func TestPanelsCoverTheInterval(t *testing.T) {
	x, w := Panels(0.5, 2, 0.4, 8)
	if len(x) != 4*8 {
		t.Fatalf("%d nodes, want 4 panels of 8", len(x))
	}
	s := 0.0
	for i := range x {
		s += w[i] * math.Exp(x[i])
	}
	if want := math.Exp(2) - math.Exp(0.5); math.Abs(s-want) > 1e-13 {
		t.Errorf("integral of exp is %v, want %v", s, want)
	}
}
