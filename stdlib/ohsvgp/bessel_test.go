package ohsvgp

import (
	"math"
	"math/big"
	"testing"
)

// Spherical Bessel functions on both sides of the largest order are those of the
// downward recurrence in 300 bits.
func TestSphericalBesselInManyDigits(t *testing.T) {
	number := func(v float64) *big.Float { return new(big.Float).SetPrec(300).SetFloat64(v) }
	for _, M := range []int{1, 2, 100, 200} {
		for _, z := range []float64{0.3, 7.7, 99.5, 120.5, 220.5, 1000.3, 2900.9} {
			values := make([]*big.Float, M)
			above, here, sum := number(0), number(1e-100), number(0)
			for m := max(M, int(z)) + 300; m >= 0; m-- {
				if m < M {
					values[m] = here
				}
				odd := number(float64(2*m + 1))
				square := number(0).Mul(here, here)
				sum.Add(sum, square.Mul(square, odd))
				next := odd.Mul(odd, here)
				next.Quo(next, number(z))
				above, here = here, next.Sub(next, above)
			}
			norm := number(0).Sqrt(sum)
			if j0, _ := values[0].Float64(); j0*math.Sin(z) < 0 {
				norm.Neg(norm)
			}
			got := make([]float64, M)
			sphericalBessel(got, z)
			for m, v := range values {
				want, _ := number(0).Quo(v, norm).Float64()
				if d := math.Abs(got[m]-want) * math.Max(1, z); !(d < 5e-14) {
					t.Errorf("j_%d(%g) is %g, want %g", m, z, got[m], want)
				}
			}
		}
	}
}
