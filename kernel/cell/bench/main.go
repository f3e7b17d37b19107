// Bench prints what a session costs, in one table:
//
//	go run ./kernel/cell/bench
//
// Start and round trip are measured through the protocol, in turn with
// ipykernel; everyday code within this process, in turn with Python, with plain
// yaegi and with what the toolchain builds, in processor time. A figure is the
// least of several slices, which a busy machine disturbs least. A ratio is the
// peer's figure divided by ours.
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
	if err := everyday(w, *rounds, *python); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
	}
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
