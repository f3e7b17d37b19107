package kernel

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/priorlab/priorlab/linalg/internal/par"
)

// Reductions of the middle axis, long rows and short ones, are those of the plain loop, and the same bits for any threads.
func TestReduceMiddleAxis(t *testing.T) {
	defer par.SetThreads(par.Threads())
	eachLevel(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(51, 52))
		for _, s := range [][3]int{{1, 150, 5001}, {2, 64, 4096}, {3, 129, 4200}, {2, 1, 9000}, {1, 3000, 40}, {3, 7, 5}} {
			outer, n, inner := s[0], s[1], s[2]
			x := randoms[float32](r, outer*n*inner)
			for op := Sum; op <= MinOf; op++ {
				var first []float32
				for _, threads := range []int{1, 2, 3} {
					par.SetThreads(threads)
					got := make([]float32, outer*inner)
					Reduce(op, got, x, outer, n, inner)
					if first == nil {
						first = got
					} else if !slices.Equal(first, got) {
						t.Fatalf("shape %v, reduction %d: %d threads give other bits than one", s, op, threads)
					}
				}
				for i, v := range first {
					o, c := i/inner, i%inner
					want := float64(x[o*n*inner+c])
					for q := 1; q < n; q++ {
						switch e := float64(x[(o*n+q)*inner+c]); op {
						case Sum:
							want += e
						case MaxOf:
							want = max(want, e)
						default:
							want = min(want, e)
						}
					}
					if math.Abs(float64(v)-want) > 1e-6*float64(n+10) {
						t.Fatalf("shape %v, reduction %d: element %d is %g, want %g", s, op, i, v, want)
					}
				}
			}
		}
	})
}
