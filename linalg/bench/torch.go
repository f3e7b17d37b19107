package main

import (
	"bufio"
	_ "embed"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

//go:embed peer.py
var peerProgram string

// torch is a running PyTorch process that answers one workload at a time.
type torch struct {
	in  io.WriteCloser
	out *bufio.Reader
}

// startTorch starts it, with PyTorch's own kernels on the given instruction set and the OpenMP build of OpenBLAS where
// that is installed, which is the faster one.
func startTorch() (*torch, error) {
	cmd := exec.Command(*python, "-c", peerProgram, strconv.Itoa(*threads))
	n := strconv.Itoa(*threads)
	cmd.Env = append(os.Environ(), "OMP_NUM_THREADS="+n, "OPENBLAS_NUM_THREADS="+n, "OPENBLAS_CORETYPE="+*core,
		"ATEN_CPU_CAPABILITY="+*aten, "LD_LIBRARY_PATH=/usr/lib/x86_64-linux-gnu/openblas-openmp:"+os.Getenv("LD_LIBRARY_PATH"))
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	t := &torch{in, bufio.NewReader(out)}
	if l, err := t.out.ReadString('\n'); err != nil || strings.TrimSpace(l) != "ready" {
		return nil, fmt.Errorf("%s with PyTorch did not start: %q, %v", *python, l, err)
	}
	return t, nil
}

// run asks for a workload and returns the least seconds of a step, or -1.
func (t *torch) run(name string, seconds float64) float64 {
	fmt.Fprintf(t.in, "%s %g\n", name, seconds)
	l, err := t.out.ReadString('\n')
	if err != nil {
		return -1
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(l), 64)
	if err != nil {
		return -1
	}
	return v
}
