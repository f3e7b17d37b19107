package ohsvgp

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"testing"
	"time"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
	"golang.org/x/sys/unix"
)

func TestYSlider(t *testing.T) {
	linalg.SetThreads(1)
	runtime.GOMAXPROCS(1)
	runtime.LockOSThread()
	now := func() float64 {
		var ts unix.Timespec
		unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts)
		return float64(ts.Nano()) * 1e-6
	}
	kernels := map[string]func(float64, ...float64) *gp.Radial{"SE": gp.SE, "Matern12": gp.Matern12, "Matern32": gp.Matern32, "Matern52": gp.Matern52}
	for _, name := range []string{"SE", "Matern12", "Matern32", "Matern52"} {
		for _, M := range []int{50, 100} {
			x, y := wave(500)
			grid := make([]float64, 200)
			for i := range grid {
				grid[i] = 10 * float64(i) / 199
			}
			ctx := context.Background()
			var base = (&Model{opt: Options{M: M}}).BaseNormals(20, len(grid), linalg.NewRand(1))
			best := math.Inf(1)
			i := 0
			for end := time.Now().Add(time.Second); time.Now().Before(end); i++ {
				b := now()
				m, _ := New(Options{M: M, Kernel: kernels[name](1, 0.5), Noise: 0.01, Hyper: HyperFixed})
				m.Update(ctx, x, y)
				m.SampleWith(ctx, grid, base)
				best = math.Min(best, now()-b)
			}
			fmt.Printf("slider %s M%d %8.3f ms\n", name, M, best)
		}
	}
}
