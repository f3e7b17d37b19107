//go:build unix

package ohsvgp

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"math"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
)

var (
	peerPython  = flag.String("python", "", "a Python that has PyTorch; TestBesidePeer then measures")
	peerThreads = flag.Int("threads", 1, "threads on both sides of TestBesidePeer: one compares CPU time, more wall time")
	peerOnly    = flag.String("only", "", "TestBesidePeer: rows whose name contains this")
)

// svgpSteps is ten steps of SVGP.Fit on all data: value, gradient and the move.
func svgpSteps(M, n int) (func() error, error) {
	x, y := wave(n)
	z := make([]float64, M)
	for i := range z {
		z[i] = 10 * float64(i) / float64(M-1)
	}
	X := gp.Column(x)
	return func() error {
		s := gp.NewSVGP(gp.SE(1, 0.6), gp.Gaussian(0.13), gp.Column(z))
		return s.Fit(context.Background(), X, y, gp.SVGPOptions{Steps: 10})
	}, nil
}

// TestBesidePeer prints how long our steps take beside PyTorch's, which
// bench/peer.py holds; both run in turn. It needs a Python with PyTorch:
//
//	go test ./stdlib/ohsvgp -run BesidePeer -v -python /usr/bin/python3 -threads 1
func TestBesidePeer(t *testing.T) {
	if *peerPython == "" {
		t.Skip("give -python to measure beside PyTorch")
	}
	linalg.SetThreads(*peerThreads)
	defer linalg.SetThreads(runtime.NumCPU())
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(*peerThreads))
	peer := startPeer(t)
	fmt.Printf("%-24s %12s %12s %8s\n", "workload", "ours", "peer", "ratio")
	for _, name := range []string{"svgp", "osgpr", "ohsvgp", "update"} {
		for _, s := range [][2]int{{50, 1000}, {50, 5000}, {100, 1000}, {100, 5000}} {
			row := fmt.Sprintf("%s M%d N%d", name, s[0], s[1])
			if !strings.Contains(row, *peerOnly) {
				continue
			}
			var step func() error
			var err error
			per := 1.0
			switch name {
			case "svgp":
				step, err = svgpSteps(s[0], s[1])
				per = 10
			case "osgpr":
				step, err = pointStep(s[0], s[1])
			default:
				step, err = legsStep(s[0], s[1], name == "ohsvgp")
			}
			if err != nil {
				t.Fatal(err)
			}
			ours, theirs := math.Inf(1), math.Inf(1)
			for round := 0; round < 4; round++ {
				ours = math.Min(ours, leastTime(t, step)/per)
				theirs = math.Min(theirs, peer(name, s[0], s[1]))
			}
			fmt.Printf("%-24s %9.3f ms %9.3f ms %8.2f\n", row, 1e3*ours, 1e3*theirs, theirs/ours)
		}
	}
}

// startPeer runs the peer and returns what asks it.
func startPeer(t *testing.T) func(name string, M, n int) float64 {
	cmd := exec.Command(*peerPython, "bench/peer.py", fmt.Sprint(*peerThreads))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); _ = cmd.Wait() })
	lines := bufio.NewReader(out)
	return func(name string, M, n int) float64 {
		if _, err := io.WriteString(in, fmt.Sprintf("%s %d %d 0.5\n", name, M, n)); err != nil {
			t.Fatal(err)
		}
		var v float64
		if _, err := fmt.Fscan(lines, &v); err != nil {
			t.Fatalf("the peer's answer to %s: %v", name, err)
		}
		return v
	}
}

// leastTime is the least time of a step within half a second: the process's CPU
// time with one thread, which counts the collector too, else wall time.
func leastTime(t *testing.T, step func() error) float64 {
	now := func() float64 { return float64(time.Now().UnixNano()) * 1e-9 }
	clock := now
	if *peerThreads == 1 {
		clock = func() float64 {
			var u syscall.Rusage
			if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
				t.Fatal(err)
			}
			return float64(u.Utime.Nano()+u.Stime.Nano()) * 1e-9
		}
	}
	best := math.Inf(1)
	for end := now() + 0.5; math.IsInf(best, 1) || now() < end; {
		began, n := clock(), 0
		for n == 0 || clock()-began < 0.02 {
			if err := step(); err != nil {
				t.Fatal(err)
			}
			n++
		}
		best = math.Min(best, (clock()-began)/float64(n))
	}
	return best
}
