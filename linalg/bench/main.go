// Command bench prints how long the work of package linalg takes beside its peers': OpenBLAS for products and
// factorisations (by cgo), PyTorch for networks (by a Python process). It is a module of its own, so that neither is a
// dependency of PriorLab. On Debian:
//
//	apt-get install libopenblas-dev python3-torch libopenblas0-openmp
//	go run . -only gemm
//
// Both sides of a row run alternately within a second, each in many short slices; the least CPU time of a slice counts with one
// thread, the least wall time with more. The ratio is the peer's time by ours: above one we are faster.
package main

import (
	"flag"
	"fmt"
	"math"
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
	torch       bool // the peer is PyTorch's workload of the same name
}

var (
	only    = flag.String("only", "", "regular expression of rows to run (group/name)")
	threads = flag.Int("threads", 1, "threads on both sides")
	budget  = flag.Duration("time", 400*time.Millisecond, "time for a row")
	core    = flag.String("core", "Cooperlake", "OpenBLAS kernels: Cooperlake, SkylakeX (AVX-512), Zen, Haswell (AVX2)")
	profile = flag.String("cpuprofile", "", "file for a CPU profile")
	aten    = flag.String("aten", "avx512", "instruction set of PyTorch's own kernels: avx512 or avx2")
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

func main() {
	flag.Parse()
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
	fmt.Printf("our level %v, OpenBLAS kernels for %s, %d threads\n", kernel.CurrentLevel(), peerCore(), *threads)
	fmt.Printf("%-44s %12s %12s %7s %9s\n", "workload", "ours", "peer", "ratio", "GFLOP/s")
	var peer *torch
	groups := map[string][]float64{}
	var order []string
	for _, r := range append(blasRows(), torchRows()...) {
		if r.ours == nil || !wanted(r.group, r.name) {
			continue
		}
		var a, b float64
		if r.torch {
			if peer == nil {
				var err error
				if peer, err = startTorch(); err != nil {
					fmt.Fprintln(os.Stderr, "bench: no PyTorch rows:", err)
					break
				}
			}
			for i := 0; i < 3; i++ {
				t := peer.run(r.group+"/"+r.name, budget.Seconds()/3)
				u, _ := measure(r.ours, func() {})
				if i == 0 {
					a, b = u, t
				}
				a, b = min(a, u), min(b, t)
			}
		} else {
			a, b = measure(r.ours, r.peer)
		}
		fmt.Printf("%-44s %12s %12s %7.2f", r.group+"/"+r.name, short(a), short(b), b/a)
		if r.flops > 0 {
			fmt.Printf(" %9.1f", r.flops/a/1e9)
		}
		fmt.Println()
		if groups[r.group] == nil {
			order = append(order, r.group)
		}
		groups[r.group] = append(groups[r.group], b/a)
	}
	for _, g := range order {
		s, worst := 0.0, math.Inf(1)
		for _, v := range groups[g] {
			s += math.Log(v)
			worst = min(worst, v)
		}
		fmt.Printf("%-44s geometric mean %.2f, worst %.2f over %d\n", g, math.Exp(s/float64(len(groups[g]))), worst, len(groups[g]))
	}
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

// measure is the least time of one call of f and of g, in seconds.
func measure(f, g func()) (a, b float64) {
	slice := func(f func(), n int) float64 {
		t := clock()
		for i := 0; i < n; i++ {
			f()
		}
		return max((clock()-t)/float64(n), 1e-9)
	}
	slice(f, 1)
	slice(g, 1)
	a, b = slice(f, 2), slice(g, 2)
	na, nb := calls(a), calls(b)
	for end := time.Now().Add(*budget); time.Now().Before(end); {
		a = min(a, slice(f, na))
		b = min(b, slice(g, nb))
	}
	return a, b
}

// calls is how many calls make a slice of about a millisecond.
func calls(t float64) int { return int(min(max(1, 1e-3/t), 1e5)) }

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
