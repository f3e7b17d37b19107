package ohsvgp

import (
	"fmt"
	"math"

	"github.com/priorlab/priorlab/stdlib/gp"
	"gonum.org/v1/gonum/mat"
)

// DirectKuu is the covariance of the LegS memory at time t by forward Euler steps
// of its own differential equation,
//
//	dK/dt = (1/t) ( -(A K + K A') + B kap' + kap B' ),   kap_m(t) = (-1)^m ktil_m(t),
//
// where ktil is the memory of the function r -> k(r). It is here to be looked
// at, and no model uses it: the operator decays at up to twice the rate 2M/t of
// the memory itself, so that K runs through huge values while there are fewer than
// about 2M steps (peak is the largest entry on the way) and comes out with negative
// eigenvalues, and its errors are not those of any covariance with f.
func DirectKuu(k gp.Kernel, M int, t float64, steps int) (K *mat.Dense, peak float64, err error) {
	s, err := gp.StationaryOf(k)
	if err != nil {
		return nil, 0, err
	}
	if M < 1 || steps < 1 || !(t > 0) {
		return nil, 0, fmt.Errorf("ohsvgp: %d variables, %d steps to time %g: all must be positive", M, steps, t)
	}
	grid := make([]float64, steps+1)
	for i := range grid {
		grid[i] = t * float64(i) / float64(steps)
	}
	values := s.Lag(grid)
	q := make([]float64, M) // B
	for m := range q {
		q[m] = math.Sqrt(float64(2*m + 1))
	}
	K, ktil := mat.NewDense(M, M, nil), make([]float64, M)
	K.Set(0, 0, values[0])
	ktil[0] = values[0]
	for i := 1; i < steps; i++ { // from grid[i] to grid[i+1]
		AK := mat.NewDense(M, M, nil) // A K, a column at a time: (A x)_n = q_n sum_{j<n} q_j x_j + (n+1) x_n
		for c := 0; c < M; c++ {
			sum := 0.0
			for n := 0; n < M; n++ {
				AK.Set(n, c, q[n]*sum+float64(n+1)*K.At(n, c))
				sum += q[n] * K.At(n, c)
			}
		}
		for n := 0; n < M; n++ {
			for c := 0; c < M; c++ {
				drive := q[n]*signed(c, ktil) + signed(n, ktil)*q[c]
				v := K.At(n, c) + (drive-AK.At(n, c)-AK.At(c, n))/float64(i)
				K.Set(n, c, v)
				peak = math.Max(peak, math.Abs(v))
			}
		}
		sum := 0.0
		for n, x := range ktil {
			ktil[n] += (q[n]*values[i] - q[n]*sum - float64(n+1)*x) / float64(i)
			sum += q[n] * x
		}
	}
	return K, peak, nil
}

func signed(m int, x []float64) float64 {
	if m%2 == 1 {
		return -x[m]
	}
	return x[m]
}
