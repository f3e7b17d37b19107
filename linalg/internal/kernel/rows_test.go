package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

func rowsCase[T Float](t *testing.T, tol float64) {
	r := rand.New(rand.NewPCG(61, 62))
	best := CurrentLevel()
	for n := 1; n < 300; n += 1 + n/9 {
		const rows = 3
		x, g, gain, bias := randoms[T](r, rows*n), randoms[T](r, rows*n), randoms[T](r, n), randoms[T](r, n)
		x[n-1] = T(math.Inf(-1)) // a masked key
		run := func(l Level) (out []T) {
			SetLevel(l)
			defer SetLevel(best)
			y, dx, ln := make([]T, rows*n), make([]T, rows*n), make([]T, rows*n)
			mean, rstd := make([]T, rows), make([]T, rows)
			for i := 0; i < rows; i++ {
				a, b := i*n, (i+1)*n
				softmaxRow(y[a:b], x[a:b], 0.7)
				softmaxGradRow(dx[a:b], g[a:b], y[a:b], 1.3)
			}
			LayerNorm(ln, g, gain, bias, mean, rstd, n, 1e-5)
			for _, v := range [][]T{y, dx, ln, mean, rstd} {
				out = append(out, v...)
			}
			return out
		}
		got, want := run(best), run(Portable)
		for i := range want {
			if n == 1 && i == 0 {
				continue // minus infinity alone: below
			}
			if !(math.Abs(float64(got[i]-want[i])) <= tol*(1+math.Abs(float64(want[i])))) {
				t.Fatalf("n %d: number %d is %g, want %g", n, i, got[i], want[i])
			}
		}
	}
	hidden, y := []T{T(math.Inf(-1)), T(math.Inf(-1))}, []T{5, 5}
	if softmaxRow(y, hidden, 1); y[0] != 0 || y[1] != 0 {
		t.Errorf("a row of minus infinities becomes %v, want zeros", y)
	}
	if softmaxRow(y, []T{1, T(math.NaN())}, 1); !math.IsNaN(float64(y[0])) {
		t.Errorf("a row with NaN becomes %v", y)
	}
}

func TestRows(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		rowsCase[float32](t, 1e-5)
		rowsCase[float64](t, 1e-13)
	})
}
