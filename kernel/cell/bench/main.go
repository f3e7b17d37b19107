// Bench prints what a session costs, in one table:
//
//	go run ./kernel/cell/bench
//
// Start and round trip are measured through the protocol, in turn with
// ipykernel; loops and calls within this process, in turn with Python. A figure
// is the least of several slices, which a busy machine disturbs least; cells are
// measured in processor time for the same reason. The ratio is the peer's figure
// divided by ours.
package main

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/priorlab/priorlab/kernel/cell"
)

func main() {
	rounds := flag.Int("rounds", 5, "how often each kernel is started, and each loop measured")
	python := flag.String("python", "/usr/bin/python3", "the peer")
	kernels := flag.Bool("kernels", true, "build and start the kernels, too")
	flag.Parse()
	w := tabwriter.NewWriter(os.Stdout, 2, 0, 2, ' ', 0)
	fmt.Fprintln(w, "workload\tours\tpeer\tratio")
	if *kernels {
		if err := throughProtocol(w, *rounds, *python); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
	}
	w.Flush()
	cells(w)
	w.Flush()
	loops(w, *rounds, *python)
	w.Flush()
	ten, last := growth(w, 10000)
	fmt.Fprintf(w, "cell 10,000 against cell 10\t%.2f\t\t\n", last/ten)
	w.Flush()
}

// throughProtocol takes the first rows from the program that measures two
// kernels beside each other.
func throughProtocol(w *tabwriter.Writer, rounds int, python string) error {
	dir, err := os.MkdirTemp("", "cell-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "priorlab")
	const module = "github.com/priorlab/priorlab/kernel/"
	if out, err := exec.Command("go", "build", "-o", program, module+"cmd/priorlab").CombinedOutput(); err != nil {
		return fmt.Errorf("building priorlab: %s", out)
	}
	out, err := exec.Command("go", "run", module+"serve/bench", "-load=false", "-rounds", strconv.Itoa(rounds),
		"-a", program+" kernel --connection-file {}", "-b", python+" -m ipykernel_launcher -f {}").Output()
	if err != nil {
		return fmt.Errorf("comparing the kernels: %w", err)
	}
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Scan() // the heads
	for lines.Scan() {
		var cols []string
		for _, c := range strings.Split(lines.Text(), "  ") {
			if c = strings.TrimSpace(c); c != "" {
				cols = append(cols, c)
			}
		}
		if len(cols) >= 4 {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", cols[0], cols[1], cols[2], cols[3])
		}
	}
	return nil
}

func session() *cell.Session {
	s, err := cell.NewSession(cell.Options{})
	if err != nil {
		panic(err) // without capture nothing can fail
	}
	return s
}

func eval(s *cell.Session, src string) cell.Outcome {
	o := s.Eval(context.Background(), cell.Cell{Name: "In[1]", Source: src})
	if o.Err != nil {
		fmt.Fprintf(os.Stderr, "bench: %s\n%v\n", src, o.Err)
		os.Exit(1)
	}
	return o
}

func micro(d time.Duration) string {
	return strconv.FormatFloat(float64(d)/1e3, 'f', 1, 64) + " us"
}

// cells measures whole cells; checking, lowering and running stand apart.
func cells(w *tabwriter.Writer) {
	long := strings.Repeat("x = x*2 + 1\nif x > 100 { x = 1 }\n", 100)
	var functions strings.Builder
	for i := range 50 {
		fmt.Fprintf(&functions, "func f%d(a []float64) float64 {\n\ts := 0.0\n\tfor i, v := range a { s += v * float64(i) }\n\treturn s\n}\n", i)
	}
	for _, c := range []struct{ name, setup, src string }{
		{"one-line cell, x + 1", "x := 1", "x + 1"},
		{"one-line cell, fmt.Sprint(x)", "x := 1", "fmt.Sprint(x)"},
		{"one-line cell, y := math.Sqrt(x)", "x := 1.0", "y := math.Sqrt(x)"},
		{"one-line cell, m.At(0, 1)", "m := mat.NewDense(2, 2, nil)", "m.At(0, 1)"},
		{"200 lines of statements", "x := 1", long},
		{"250 lines of functions", "", functions.String()},
	} {
		s := session()
		eval(s, c.setup)
		first := eval(s, c.src).Timing
		var all []cell.Timing
		for begun := time.Now(); len(all) < 20 || time.Since(begun) < 300*time.Millisecond; {
			all = append(all, eval(s, c.src).Timing)
		}
		least := slices.MinFunc(all, func(a, b cell.Timing) int { return int(total(a) - total(b)) })
		fmt.Fprintf(w, "%s\t%s\t\t\n", c.name, micro(total(least)))
		fmt.Fprintf(w, "  checking, lowering, running\t%s, %s, %s\t\t\n", micro(least.Check), micro(least.Lower), micro(least.Run))
		fmt.Fprintf(w, "  the first time\t%s\t\t\n", micro(total(first)))
		s.Close()
	}
}

func total(t cell.Timing) time.Duration { return t.Check + t.Lower + t.Run }

// loops measures running code against Python's; a figure is nanoseconds for
// one step.
func loops(w *tabwriter.Writer, rounds int, python string) {
	for _, c := range []struct{ name, setup, run, pySetup, pyStep string }{
		{"interpreted loop, s += x*0.5", "", "s := 0.0; x := 1.5; for i := 0; i < n; i++ { s += x * 0.5 }", "s = 0.0; x = 1.5", "s += x * 0.5"},
		{"slice element, a[i%100] += 1.5", "", "a := make([]float64, 100); for i := 0; i < n; i++ { a[i%100] += 1.5 }", "a = [0.0] * 100; i = 7", "i += 1; a[i%100] += 1.5"},
		{"map element", "", "m := map[int]int{}; for i := 0; i < n; i++ { m[i%100]++ }", "m = dict.fromkeys(range(100), 0); i = 7", "i += 1; m[i%100] += 1"},
		{"call of a cell's function", "func f(a, b int) int { return a + b }", "s := 0; for i := 0; i < n; i++ { s = f(s, i) }", "def f(a, b): return a + b\ns = 0", "s = f(s, 1)"},
		{"method of a cell's type", "type T struct{ a int }; func (t *T) M(k int) { t.a += k }", "t := &T{}; for i := 0; i < n; i++ { t.M(i) }", "class T:\n  a = 0\n  def m(self, k): self.a += k\nt = T()", "t.m(1)"},
		{"native call, math.Sqrt", "", "s := 0.0; for i := 0; i < n; i++ { s += math.Sqrt(s) }", "import math; s = 0.0", "s += math.sqrt(s)"},
		{"native method, m.At(0, 1)", "m := mat.NewDense(2, 2, nil)", "s := 0.0; for i := 0; i < n; i++ { s += m.At(0, 1) }", "import numpy as np; m = np.zeros((2, 2)); s = 0.0", "s += m[0, 1]"},
		{"native call with any, fmt.Sprint(i)", "", "for i := 0; i < n; i++ { fmt.Sprint(i) }", "i = 12345", "str(i)"},
		{"callback into a cell", "calls := 0", "sort.Search(1<<62, func(i int) bool { calls++; return false }); for i := 0; i < n; i += 62 { sort.Search(1<<62, func(int) bool { return false }) }", "import bisect\nclass K:\n  def __lt__(self, o): return True\nx = [K()] * (1 << 16); k = K()", "bisect.bisect_left(x, k)"},
	} {
		s := session()
		if c.setup != "" {
			eval(s, c.setup)
		}
		eval(s, "func run(n int) { "+c.run+" }")
		per := 1.0
		if strings.HasPrefix(c.name, "callback") { // a bisection of 2^16 compares 17 times
			per = 17
		}
		ours, peer := 0.0, 0.0
		for range rounds {
			ours = least(ours, ourStep(s))
			peer = least(peer, pythonStep(python, c.pySetup, c.pyStep)/per)
		}
		ratio, them := "", ""
		if peer > 0 {
			them, ratio = fmt.Sprintf("%.1f ns", peer), fmt.Sprintf("%.2f", peer/ours)
		}
		fmt.Fprintf(w, "%s\t%.1f ns\t%s\t%s\n", c.name, ours, them, ratio)
		s.Close()
	}
}

func least(a, b float64) float64 {
	if a == 0 || b > 0 && b < a {
		return b
	}
	return a
}

// ourStep runs n steps, enough for 50 ms.
func ourStep(s *cell.Session) float64 {
	for n := 1000; ; n *= 4 {
		took := eval(s, fmt.Sprintf("run(%d)", n)).Timing.Run
		if took > 50*time.Millisecond {
			return float64(took) / float64(n)
		}
	}
}

func pythonStep(python, setup, step string) float64 {
	const program = `import sys, timeit
t = timeit.Timer(sys.argv[2], sys.argv[1])
n = 1000
while t.timeit(n) < 0.05: n *= 4
print(min(t.repeat(3, n)) / n * 1e9)`
	out, err := exec.Command(python, "-c", program, setup, step).Output()
	if err != nil {
		return 0
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	if err != nil {
		return 0
	}
	return v
}

// growth evaluates many cells that define and redefine, and says what the early
// and the late ones cost, in microseconds, and what each leaves in memory.
func growth(w *tabwriter.Writer, n int) (early, late float64) {
	s := session()
	defer s.Close()
	var times []float64
	var held []uint64
	for i := range n {
		begun := time.Now()
		eval(s, cellNumber(i))
		times = append(times, float64(time.Since(begun))/1e3)
		if i == n/10 || i == n-1 {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			held = append(held, m.HeapAlloc)
		}
	}
	around := func(i, reach int) float64 { return slices.Min(times[max(i-reach, 0):min(i+reach, n)]) }
	early, late = times[10], around(n-100, 100)
	for range 50 { // the first cells of a session come once: take many sessions
		early = min(early, tenth())
	}
	fmt.Fprintf(w, "cell 10\t%.1f us\t\t\ncell 1,000\t%.1f us\t\t\ncell %d\t%.1f us\t\t\n", early, around(1000, 100), n, late)
	fmt.Fprintf(w, "memory a cell leaves behind\t%.2f KiB\t\t\n", float64(held[1]-held[0])/float64(n-n/10)/1024)
	return early, late
}

// tenth is the least of what cells 8 to 15 of a session cost, in microseconds.
func tenth() float64 {
	s := session()
	defer s.Close()
	var times []float64
	for i := range 16 {
		begun := time.Now()
		eval(s, cellNumber(i))
		times = append(times, float64(time.Since(begun))/1e3)
	}
	return slices.Min(times[8:])
}

func cellNumber(i int) string {
	switch i % 4 {
	case 0:
		return fmt.Sprintf("v%d := %d", i%200, i)
	case 1:
		return fmt.Sprintf("func f%d(x int) int { return x + %d }", i%40, i)
	case 2:
		return fmt.Sprintf("fmt.Sprint(v%d)", (i-2)%200)
	}
	return fmt.Sprintf("f%d(%d)", (i-2)%40, i)
}
