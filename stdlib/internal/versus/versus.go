//go:build unix

// Package versus times workloads beside those of another program. Every measurement is a process of its own: ours and the
// peer's alternate, in short slices, and the least time counts, so that a busy machine disturbs both alike. With one thread
// the CPU time of a process is compared, with more the wall time. Peak memory is that of the whole process.
package versus

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/internal/meter"
)

// A Workload is one line of the table.
type Workload struct {
	Name  string
	Items int // what one step gets through, for the throughput
	Unit  string
	Make  func() func() // prepares the work and returns one step of it

	Peer   string // file in the folder of peers; "" for none
	Source string // or the text of a program of ours for the peer's side, which may import what the folder has
	Row    string // the name of the peer's row
	Batch  int    // items of one step of the peer; 0 means Items
}

var (
	peers   = flag.String("peers", "", "folder of the peer's programs; empty measures ours alone")
	python  = flag.String("python", "/usr/bin/python3", "interpreter of the peer")
	core    = flag.String("core", "Cooperlake", "OpenBLAS kernels of the peer; empty lets it choose")
	only    = flag.String("only", "", "regular expression of workloads to run")
	threads = flag.Int("threads", 1, "threads on both sides")
	seconds = flag.Float64("seconds", 3, "time of a slice")
	rounds  = flag.Int("rounds", 2, "slices of each side; the peer's alternate between its instruction sets")
	one     = flag.String("one", "", "run one workload of ours and print its figures (used by the program itself)")
)

// sample is what a slice found, in milliseconds and megabytes.
type sample struct{ Wall, CPU, Memory float64 }

func (s sample) time() float64 {
	if *threads == 1 {
		return s.CPU
	}
	return s.Wall
}

// least takes the smaller times, and the larger memory, of two samples.
func (s sample) least(o sample) sample {
	return sample{math.Min(s.Wall, o.Wall), math.Min(s.CPU, o.CPU), math.Max(s.Memory, o.Memory)}
}

var never = sample{Wall: math.Inf(1), CPU: math.Inf(1)}

// Main runs the workloads that the flags choose and prints the table.
func Main(work []Workload) error {
	flag.Parse()
	if *one != "" {
		return child(work, *one)
	}
	match, err := regexp.Compile(*only)
	if err != nil {
		return err
	}
	kind := "CPU time, one thread"
	if *threads != 1 {
		kind = fmt.Sprintf("wall time, %d threads", *threads)
	}
	fmt.Printf("least %s; ratio is the peer's time by ours\n%-36s %10s %10s %6s  %24s  %s\n", kind, "workload", "ours ms", "peer ms", "ratio", "throughput ours / peer", "peak MB ours / peer")
	for _, w := range work {
		if match.MatchString(w.Name) {
			if err := compare(w); err != nil {
				return fmt.Errorf("%s: %w", w.Name, err)
			}
		}
	}
	return nil
}

func compare(w Workload) error {
	ours, peer := never, never
	for r := range *rounds {
		s, err := runOurs(w)
		if err != nil {
			return err
		}
		ours = ours.least(s)
		if *peers == "" || w.Row == "" {
			continue
		}
		if s, err = runPeer(w, []string{"avx512", "avx2"}[r%2]); err != nil {
			return err
		}
		peer = peer.least(s)
	}
	fmt.Println(line(w, ours, peer))
	return nil
}

func line(w Workload, ours, peer sample) string {
	rate := func(s sample, items int) string {
		if math.IsInf(s.time(), 1) || items == 0 {
			return "-"
		}
		return fmt.Sprintf("%.4g", float64(items)/s.time()*1000)
	}
	number := func(v float64, format string) string {
		if math.IsInf(v, 0) || math.IsNaN(v) || v == 0 {
			return "-"
		}
		return fmt.Sprintf(format, v)
	}
	batch := w.Batch
	if batch == 0 {
		batch = w.Items
	}
	ratio := peer.time() / float64(batch) / (ours.time() / float64(w.Items))
	return fmt.Sprintf("%-36s %10s %10s %6s  %24s  %s / %s", w.Name, number(ours.time(), "%.2f"), number(peer.time(), "%.2f"), number(ratio, "%.2f"),
		rate(ours, w.Items)+" / "+rate(peer, batch)+" "+w.Unit, number(ours.Memory, "%.0f"), number(peer.Memory, "%.0f"))
}

// runOurs measures one slice of ours in a process of its own.
func runOurs(w Workload) (sample, error) {
	exe, err := os.Executable()
	if err != nil {
		return never, err
	}
	cmd := exec.Command(exe, "-one", w.Name, "-threads", strconv.Itoa(*threads), "-seconds", fmt.Sprint(*seconds))
	return run(cmd, func(out []byte) (s sample, err error) {
		err = json.Unmarshal(out, &s)
		return s, err
	})
}

// runPeer measures one slice of the peer.
func runPeer(w Workload, aten string) (sample, error) {
	args := []string{"--threads", strconv.Itoa(*threads), "--seconds", fmt.Sprint(*seconds), "--only", w.Row, "--aten", aten, "--json"}
	file := *peers + "/" + w.Peer
	if w.Source != "" {
		f, err := os.CreateTemp("", "peer*.py")
		if err != nil {
			return never, err
		}
		defer os.Remove(f.Name())
		if _, err := io.WriteString(f, w.Source); err != nil {
			return never, err
		}
		if err := f.Close(); err != nil {
			return never, err
		}
		file = f.Name()
	}
	cmd := exec.Command(*python, append([]string{file}, args...)...)
	cmd.Env = append(os.Environ(), "PYTHONPATH="+*peers, "PYTHONDONTWRITEBYTECODE=1")
	if *core != "" {
		cmd.Env = append(cmd.Env, "OPENBLAS_CORETYPE="+*core)
	}
	return run(cmd, func(out []byte) (s sample, err error) {
		var row struct {
			Wall float64 `json:"min_ms"`
			CPU  float64 `json:"cpu_min_ms"`
		}
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		err = json.Unmarshal([]byte(lines[len(lines)-1]), &row)
		return sample{Wall: row.Wall, CPU: row.CPU}, err
	})
}

// run starts a process and reads what it prints; its peak memory comes from the operating system.
func run(cmd *exec.Cmd, read func(out []byte) (sample, error)) (sample, error) {
	var out, fault bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &fault
	if err := cmd.Run(); err != nil {
		return never, fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, fault.String())
	}
	s, err := read(out.Bytes())
	if err != nil {
		return never, fmt.Errorf("%s printed %q: %w", strings.Join(cmd.Args, " "), out.String(), err)
	}
	if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		s.Memory = float64(u.Maxrss) / 1024
	}
	return s, nil
}

// child is a slice of ours: a step to warm up, one to see how long they are, then steps until the time is over, in groups of
// at least 5 ms and at least five times unless one alone fills half of the slice.
func child(work []Workload, name string) error {
	for _, w := range work {
		if w.Name != name {
			continue
		}
		runtime.GOMAXPROCS(*threads)
		linalg.SetThreads(*threads)
		step := w.Make()
		step()
		began, spent := time.Now(), meter.CPU()
		step()
		took := time.Since(began)
		best := sample{Wall: 1000 * took.Seconds(), CPU: 1000 * (meter.CPU() - spent).Seconds()}
		slice := time.Duration(*seconds * float64(time.Second))
		least := 5
		if took > slice/2 {
			least = 0
		}
		group := max(1, int(5*time.Millisecond/max(took, time.Microsecond)))
		until := time.Now().Add(slice)
		for n := 0; n < least || time.Now().Before(until); n++ {
			c, t := meter.CPU(), time.Now()
			for range group {
				step()
			}
			k := 1000 / float64(group)
			best = best.least(sample{Wall: time.Since(t).Seconds() * k, CPU: (meter.CPU() - c).Seconds() * k})
		}
		return json.NewEncoder(os.Stdout).Encode(best)
	}
	return fmt.Errorf("there is no workload %q", name)
}
