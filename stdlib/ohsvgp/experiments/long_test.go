package experiments

import (
	"context"
	"math"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/data"
	"github.com/priorlab/priorlab/stdlib/gp"
	"github.com/priorlab/priorlab/stdlib/internal/meter"
	"github.com/priorlab/priorlab/stdlib/ohsvgp"
)

// loudness is 100,000 points of the slow loudness of speech: the mean square
// under a Hann window of a quarter of a second. Without the file it is that of
// noise with an envelope.
func loudness(t *testing.T) data.Series {
	y, err := subband()
	if err != nil {
		t.Logf("made-up speech instead: %v", err)
		r := linalg.NewRand(8)
		y = make([]float64, 100000)
		for i := range y {
			y[i] = r.Normal() * (1.2 + math.Sin(float64(i)/2500)*math.Sin(float64(i)/8700))
		}
	}
	const n, half = 100000, 2000
	s := data.Series{Name: "loudness"}
	weight := make([]float64, half+1)
	total := 0.0
	for j := range weight {
		weight[j] = 1 + math.Cos(math.Pi*float64(j)/(half+1))
		total += weight[j]
	}
	total = 2*total - weight[0]
	square := make([]float64, len(y))
	for i, v := range y {
		square[i] = v * v
	}
	at := func(i int) float64 { return square[max(0, min(len(y)-1, i))] }
	// the window is applied to every 50th sample, then read off in between
	var knots []float64
	for i := 0; i <= n; i += 50 {
		v := weight[0] * at(i)
		for j := 1; j <= half; j++ {
			v += weight[j] * (at(i-j) + at(i+j))
		}
		knots = append(knots, math.Log(v/total+1e-6))
	}
	r := linalg.NewRand(9)
	for i := 0; i < n; i++ {
		k, f := i/50, float64(i%50)/50
		s.X, s.Y = append(s.X, float64(i)/16000), append(s.Y, (1-f)*knots[k]+f*knots[k+1])
	}
	s.Y, _ = data.Standardize(s.Y)
	for i := range s.Y {
		s.Y[i] += r.Normal() / 10
	}
	return s
}

// 100,000 points in 100 tasks: what is held and what a task costs stay flat, and
// the first task is still known at the end.
func TestLongStream(t *testing.T) {
	if os.Getenv("PRIORLAB_LONG") == "" {
		t.Skip("100,000 points take a while: set PRIORLAB_LONG=1 to run this")
	}
	ctx := context.Background()
	s := loudness(t)
	const parts, size = 100, 1000
	for _, make := range []func(ohsvgp.Options) (*ohsvgp.Model, error){ohsvgp.New, ohsvgp.NewOSGPR} {
		m, err := make(ohsvgp.Options{M: 100, Kernel: gp.SE(1, 0.1), Noise: 0.01, Hyper: ohsvgp.HyperFixed, Origin: -1e-5, ZSteps: 10})
		if err != nil {
			t.Fatal(err)
		}
		var learned, heap0 float64
		var took [parts]time.Duration
		for i := 0; i < parts; i++ {
			lo, hi := i*size, (i+1)*size
			began := meter.CPU()
			if err := m.Update(ctx, s.X[lo:hi], s.Y[lo:hi]); err != nil {
				t.Fatal(err)
			}
			took[i] = meter.CPU() - began
			if i == 0 || i == 9 || i == parts-1 {
				mean, _, err := m.Predict(ctx, s.X[:size])
				if err != nil {
					t.Fatal(err)
				}
				e := ohsvgp.RMSE(s.Y[:size], mean)
				heap := held()
				t.Logf("%s after task %d: RMSE on the first %.4f, heap %.1f MB", m.Name(), i+1, e, heap/1e6)
				if i == 0 {
					learned = e
				}
				if i == 9 {
					heap0 = heap
				}
				if i == parts-1 && m.Name() == "OHSVGP" {
					if e > 1.5*learned {
						t.Errorf("the first task was learned to %.4f and is known to %.4f at the end", learned, e)
					}
					if heap > heap0+2e6 {
						t.Errorf("the heap grew from %.1f to %.1f MB", heap0/1e6, heap/1e6)
					}
				}
			}
		}
		early, late := sumOf(took[5:25]), sumOf(took[parts-20:])
		t.Logf("%s: 20 tasks took %v of processor time early and %v late", m.Name(), early, late)
		if m.Name() == "OHSVGP" && late > 3*early {
			t.Errorf("a task takes %v early and %v late", early/20, late/20)
		}
	}
}

// held is the least that the heap holds in a few readings: a worker on a busy
// machine may give its scratch back a moment after the work is done.
func held() float64 {
	least := math.Inf(1)
	for range 5 {
		linalg.ReleaseMemory() // scratch of products, which no model holds
		runtime.GC()
		runtime.GC() // what a pool lends lives through one collection
		var mem runtime.MemStats
		runtime.ReadMemStats(&mem)
		least = math.Min(least, float64(mem.HeapAlloc))
		time.Sleep(time.Millisecond)
	}
	return least
}

func sumOf(d []time.Duration) (s time.Duration) {
	for _, v := range d {
		s += v
	}
	return s
}
