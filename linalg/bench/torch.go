package main

import (
	"bufio"
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
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

// run asks for a workload and returns the least seconds of a step.
func (t *torch) run(name string, seconds float64) (float64, error) {
	fmt.Fprintf(t.in, "%s %g\n", name, seconds)
	l, err := t.out.ReadString('\n')
	if err != nil {
		return 0, fmt.Errorf("PyTorch's process ended: %v", err)
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(l), 64)
	if err == nil && v <= 0 {
		err = errors.New("PyTorch's process does not know this row")
	}
	return v, err
}

// running is the process that torchTime asks.
var running *torch

// torchTime is the least seconds of the peer of a row.
func torchTime(group, name string, seconds float64) (float64, error) {
	if p, ok := programs[name]; ok && group == "steps" && *peers != "" {
		return p.run(seconds)
	}
	if running == nil {
		var err error
		if running, err = startTorch(); err != nil {
			return 0, err
		}
	}
	return running.run(group+"/"+name, seconds)
}

// program is a PyTorch program of the folder -peers and the row of it that is wanted.
type program struct{ file, row string }

var programs = map[string]program{
	"ViT":                          {"vit_softmax.py", "train_step"},
	"ViT sparse GP":                {"vit_sgpa.py", "decoupled"},
	"VQ-VAE":                       {"vqvae.py", "train_step"},
	"DDPM U-Net":                   {"ddpm_unet.py", "train_step"},
	"sparse GP bound M=50 N=1000":  {"svgp_step.py", "svgp/M50_N1000"},
	"sparse GP bound M=100 N=5000": {"svgp_step.py", "svgp/M100_N5000"},
}

func (p program) run(seconds float64) (float64, error) {
	cmd := exec.Command(*python, filepath.Join(*peers, p.file), "--threads", strconv.Itoa(*threads), "--seconds", fmt.Sprint(seconds),
		"--only", p.row, "--aten", *aten, "--json")
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1", "OPENBLAS_CORETYPE="+*core)
	out, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("%s: %v", p.file, err)
	}
	best := 0.0
	for _, line := range bytes.Split(out, []byte("\n")) {
		var r struct {
			Min float64 `json:"min_ms"`
			CPU float64 `json:"cpu_min_ms"`
		}
		if json.Unmarshal(line, &r) != nil {
			continue
		}
		if t := r.Min; t > 0 {
			if *threads == 1 {
				t = r.CPU
			}
			if best == 0 || t < best {
				best = t
			}
		}
	}
	if best == 0 {
		return 0, fmt.Errorf("%s prints no row %q", p.file, p.row)
	}
	return best * 1e-3, nil
}
