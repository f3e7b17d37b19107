// Command bench prints how long the work of package linalg takes beside its peers': OpenBLAS for products and
// factorisations (by cgo), PyTorch for networks (by a Python process). It is a module of its own, so that neither is a
// dependency of PriorLab. On Debian:
//
//	apt-get install libopenblas-dev python3-torch libopenblas0-openmp
//	go run . -table all                     # everything, about a quarter of an hour
//	go run . -table products,steps2         # some sections
//	go run . -only 'gemm f32' -threads 2    # rows by name
//	go run . -lines                         # how much code there is
//
// Both sides of a row run alternately within a second, each in many short slices; the least CPU time of a slice counts with one
// thread. With more it is the least wall time, in turns of several slices, which needs a quiet machine: PyTorch's threads stand
// still on a busy one. The ratio is the peer's time by ours: above one we are faster. The gain, with several threads, is our time
// with one by our time. With -peers DIR the steps' peer times come from the programs vit_softmax.py, vit_sgpa.py, vqvae.py,
// ddpm_unet.py and svgp_step.py in DIR, which answer "--threads N --seconds S --only ROW --json" with cpu_min_ms and min_ms.
package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"runtime/pprof"
	"strings"
	"time"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/linalg/internal/kernel"
	"golang.org/x/sys/unix"
)

// row is one line of the table: ours and peer do the same work once.
type row struct {
	group, name string
	flops       float64
	ours, peer  func()
	prepare     func() func() // makes ours
	torch       bool          // the peer is PyTorch's workload of the same name
}

var (
	only    = flag.String("only", "", "regular expression of rows to run (group/name)")
	threads = flag.Int("threads", 1, "threads on both sides")
	budget  = flag.Duration("time", 400*time.Millisecond, "time for a row")
	table   = flag.String("table", "", "sections to print, with commas, or all: products, products2, kernels, steps, steps2 (2: two threads)")
	lines   = flag.Bool("lines", false, "count the lines of package linalg instead: by hand, of tests, generated")
	peers   = flag.String("peers", "", "folder of PyTorch programs to take the steps' peer times from")
	core    = flag.String("core", best("Cooperlake", "Haswell"), "OpenBLAS kernels: Cooperlake, SkylakeX (AVX-512), Zen, Haswell (AVX2)")
	profile = flag.String("cpuprofile", "", "file for a CPU profile")
	aten    = flag.String("aten", best("avx512", "avx2"), "instruction set of PyTorch's own kernels: avx512 or avx2")
	python  = flag.String("python", "/usr/bin/python3", "interpreter that has PyTorch")
)

// usePeerKernels starts the program again with the OpenBLAS kernels that -core names, whatever the environment says: its
// own choice on processors newer than it knows is AVX2, a third as fast.
func usePeerKernels() {
	const started = "LINALG_BENCH_CORE"
	if os.Getenv(started) == *core {
		return
	}
	env := []string{started + "=" + *core, "OPENBLAS_CORETYPE=" + *core, fmt.Sprint("OPENBLAS_NUM_THREADS=", *threads)}
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "OPENBLAS_") && !strings.HasPrefix(e, started) {
			env = append(env, e)
		}
	}
	exe, err := os.Executable()
	if err == nil {
		err = unix.Exec(exe, os.Args, env)
	}
	fmt.Fprintln(os.Stderr, "bench: cannot start again:", err)
}

// match says which rows are wanted; the data of others are not made.
var match *regexp.Regexp

func wanted(group, name string) bool { return match.MatchString(group + "/" + name) }

// best is a for processors with AVX-512 and b for others.
func best(a, b string) string {
	if kernel.Best == kernel.AVX512 {
		return a
	}
	return b
}

func main() {
	flag.Parse()
	if *lines {
		if err := printLines(".."); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	if *table != "" {
		printTable()
		return
	}
	usePeerKernels()
	match = regexp.MustCompile(*only)
	linalg.SetThreads(*threads)
	setPeerThreads(*threads)
	runtime.LockOSThread()
	if *profile != "" {
		f, err := os.Create(*profile)
		if err == nil {
			err = pprof.StartCPUProfile(f)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		defer pprof.StopCPUProfile()
	}
	fmt.Printf("our level %v, OpenBLAS kernels for %s, PyTorch's for %s, %d threads\n", kernel.CurrentLevel(), peerCore(), *aten, *threads)
	fmt.Printf("%-44s %12s %12s %7s %9s", "workload", "ours", "peer", "ratio", "GFLOP/s")
	if *threads > 1 {
		fmt.Printf(" %7s", "gain")
	}
	fmt.Println()
	var sum summary
	for _, r := range append(blasRows(), torchRows()...) {
		if r.group == "" || !wanted(r.group, r.name) {
			continue
		}
		a, b, one, err := r.run()
		if err != nil {
			fmt.Fprintf(os.Stderr, "bench: %s/%s: %v\n", r.group, r.name, err)
			continue
		}
		fmt.Printf("%-44s %12s %12s %7.2f", r.group+"/"+r.name, short(a), short(b), b/a)
		if r.flops > 0 {
			fmt.Printf(" %9.1f", r.flops/a/1e9)
		} else if *threads > 1 {
			fmt.Printf(" %9s", "")
		}
		if *threads > 1 {
			fmt.Printf(" %7.2f", one/a)
		}
		fmt.Println()
		sum.add(r, b/a)
	}
	sum.print()
}

// run measures a row: the least seconds of ours and of the peer, and of ours with one thread if there are more.
func (r row) run() (a, b, one float64, err error) {
	ours := r.ours
	if !r.torch {
		a, b = measure(ours, r.peer, *budget)
	} else {
		ours = r.prepare()
		const rounds = 3
		for i := 0; i < rounds; i++ {
			t, err := torchTime(r.group, r.name, budget.Seconds()/rounds)
			if err != nil {
				return 0, 0, 0, err
			}
			u, _ := measure(ours, nil, *budget/rounds)
			if i == 0 {
				a, b = u, t
			}
			a, b = min(a, u), min(b, t)
		}
	}
	if *threads > 1 {
		linalg.SetThreads(1)
		one, _ = measure(ours, nil, *budget/3)
		linalg.SetThreads(*threads)
	}
	return a, b, one, nil
}

// clock is the CPU time of this thread, or the wall time if there are more.
func clock() float64 {
	if *threads > 1 {
		return float64(time.Now().UnixNano()) * 1e-9
	}
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return float64(t.Sec) + float64(t.Nsec)*1e-9
}

// turn is how long one side goes on, with several threads, before it is the other's turn.
const turn = 40 * time.Millisecond

// measure is the least time of one call of f and of g, which may be nil, in seconds.
func measure(f, g func(), budget time.Duration) (a, b float64) {
	slice := func(f func(), n int) float64 {
		if f == nil {
			return 0
		}
		t := clock()
		for i := 0; i < n; i++ {
			f()
		}
		return max((clock()-t)/float64(n), 1e-9)
	}
	// With one thread the two sides take turns slice by slice.
	least := func(f func(), n int, best float64) float64 {
		for from := time.Now(); ; {
			best = min(best, slice(f, n))
			if f == nil || *threads == 1 || time.Since(from) > turn {
				return best
			}
		}
	}
	slice(f, 1)
	slice(g, 1)
	end := time.Now().Add(budget)
	a, b = slice(f, 1), slice(g, 1)
	for na, nb := calls(a), calls(b); time.Now().Before(end); {
		if g != nil && *threads > 1 {
			settle()
		}
		a, b = least(f, na, a), least(g, nb, b)
	}
	return a, b
}

// settle waits until the threads of this process stand still: OpenBLAS's go on spinning for some tenth of a second after a call,
// and would take a core away from whoever is measured next.
func settle() {
	used := func() time.Duration {
		var r unix.Rusage
		if err := unix.Getrusage(unix.RUSAGE_SELF, &r); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return time.Duration(r.Utime.Nano() + r.Stime.Nano())
	}
	const pause = 4 * time.Millisecond
	for i := 0; i < 250; i++ {
		before := used()
		if time.Sleep(pause); used()-before < pause/8 {
			return
		}
	}
}

// calls is how many calls make a slice of about a millisecond.
func calls(t float64) int { return int(min(max(1, 1e-3/max(t, 1e-9)), 1e5)) }

// short writes seconds with a unit.
func short(t float64) string {
	switch {
	case t < 1e-6:
		return fmt.Sprintf("%.1f ns", t*1e9)
	case t < 1e-3:
		return fmt.Sprintf("%.2f us", t*1e6)
	}
	return fmt.Sprintf("%.3f ms", t*1e3)
}
