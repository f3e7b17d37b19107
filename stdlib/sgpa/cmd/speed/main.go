//go:build unix

// Command speed prints how long a training step of the chapter's networks takes beside PyTorch programs that do the same
// work, and how time and memory grow with the number of tokens:
//
//	speed -peers folder             # CPU time of one thread
//	speed -peers folder -threads 2  # wall time of two
//
// A step is forward, backward and optimiser: five layers of width 128 with four heads and feed-forward blocks of 512, on 32 x 32
// pictures in 64 patches. The peers are vit_softmax.py and vit_sgpa.py.
package main

import (
	"fmt"
	"os"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/internal/versus"
	"github.com/priorlab/priorlab/stdlib/nn"
	"github.com/priorlab/priorlab/stdlib/sgpa"
)

func main() {
	if err := versus.Main(workloads()); err != nil {
		fmt.Fprintln(os.Stderr, "speed:", err)
		os.Exit(1)
	}
}

func workloads() []versus.Workload {
	const tokens = 64
	full, joint := sgpa.Config{Method: sgpa.SGPA, Mode: sgpa.Full}, sgpa.Config{Method: sgpa.SGPA, Mode: sgpa.Joint}
	decoupled, shared := sgpa.Config{Method: sgpa.SGPA}, sgpa.Config{Method: sgpa.SGPA, Covariance: sgpa.SharedCovariance}
	diagonal, features := sgpa.Config{Method: sgpa.SGPA, Covariance: sgpa.DiagonalCovariance}, sgpa.Config{Method: sgpa.RandomFeatures}
	standard := sgpa.Config{Method: sgpa.StandardSGPA}
	list := []versus.Workload{
		{Name: "softmax (MLE), batch 100", Items: 100 * tokens, Make: step(sgpa.Config{Method: sgpa.Softmax}, 100, 32, 5), Peer: "vit_softmax.py", Row: "vit_softmax/train_step"},
		{Name: "kernel attention, batch 100", Items: 100 * tokens, Make: step(sgpa.Config{Method: sgpa.KernelAttention}, 100, 32, 5)},
		{Name: "decoupled M=32, batch 100", Items: 100 * tokens, Make: step(decoupled, 100, 32, 5), Peer: "vit_sgpa.py", Row: "vit_sgpa/decoupled/train_step_b100"},
		{Name: "decoupled M=32, shared covariance, batch 100", Items: 100 * tokens, Make: step(shared, 100, 32, 5)},
		{Name: "decoupled M=32, diagonal covariance, batch 100", Items: 100 * tokens, Make: step(diagonal, 100, 32, 5)},
		{Name: "random features F=16, batch 100", Items: 100 * tokens, Make: step(features, 100, 32, 5)},
		{Name: "decoupled M=32, full draws, batch 10", Items: 10 * tokens, Make: step(full, 10, 32, 5), Peer: "vit_sgpa.py", Row: "vit_sgpa/txt_full/train_step_b10"},
		{Name: "decoupled M=32, joint draws, batch 10", Items: 10 * tokens, Make: step(joint, 10, 32, 5), Peer: "vit_sgpa.py", Row: "vit_sgpa/txt_full/train_step_b10"},
		{Name: "standard, batch 10", Items: 10 * tokens, Make: step(standard, 10, 32, 5), Peer: "vit_sgpa.py", Row: "vit_sgpa/txt_full/train_step_b10"},
	}
	for _, kind := range []struct {
		name string
		c    sgpa.Config
	}{{"decoupled M=32", decoupled}, {"shared M=32", shared}, {"diagonal M=32", diagonal}, {"random features F=16", features}, {"standard", standard}} {
		for _, size := range []int{32, 44, 64, 92} { // 64, 121, 256 and 529 tokens
			T := size * size / 16
			list = append(list, versus.Workload{Name: fmt.Sprintf("one layer, %s, T=%d", kind.name, T), Items: 2 * T, Make: step(kind.c, 2, size, 1)})
		}
	}
	for i := range list {
		list[i].Unit = "tokens/s"
	}
	return list
}

// step prepares a training step of a network with the attention of c on a batch of pictures of the given side.
func step(c sgpa.Config, batch, size, depth int) func() func() {
	return func() func() {
		r := linalg.NewRand(1)
		c.Width, c.Heads, c.Depth, c.Hidden, c.Inducing, c.Classes, c.Channels, c.Size, c.Patch = 128, 4, depth, 512, 32, 10, 3, size, 4
		n := sgpa.New(r, c)
		in := &sgpa.Inputs{Images: linalg.Normal(r, linalg.F32, batch, 3, size, size)}
		y := make([]int, batch)
		for i := range y {
			y[i] = i % 10
		}
		var params []*linalg.Tensor
		for _, p := range n.Params() {
			params = append(params, p.Value)
		}
		opt := linalg.NewAdamW(1e-3, params...)
		k := uint64(0)
		return func() {
			k++
			linalg.Scope(func() {
				p := nn.Training(r.Split(k))
				sgpa.ClassLoss(n.Forward(in, p, nil), y, p, 1).Total.Backward()
				opt.Step()
			})
		}
	}
}
