//go:build unix

// Command speed prints how long training steps and sampling of the chapter's models take beside PyTorch programs that do
// the same work:
//
//	speed -peers folder             # CPU time of one thread
//	speed -peers folder -threads 2  # wall time of two
//
// The folder has vqvae.py and ddpm_unet.py; the other peers are the programs beside this one, which import its parts. The
// first row is our own image network, the second the published one of vqvae.py, with two 1x1 maps to and from the codes more.
package main

import (
	"context"
	_ "embed" // the peers beside this program
	"fmt"
	"os"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/internal/versus"
	pv "github.com/priorlab/priorlab/stdlib/pseudovideo"
)

var (
	//go:embed ddim.py
	ddimPeer string
	//go:embed cached.py
	cachedPeer string
	//go:embed vqvae.py
	vqvaePeer string
)

func main() {
	if err := versus.Main(workloads()); err != nil {
		fmt.Fprintln(os.Stderr, "speed:", err)
		os.Exit(1)
	}
}

func workloads() []versus.Workload {
	const batch = 64
	return []versus.Workload{
		{Name: "VQ-VAE step, 28x28", Items: batch, Unit: "images/s", Make: tokenizerStep, Source: vqvaePeer, Row: "vqvae/same"},
		{Name: "VQ-VAE step, published sizes", Items: batch, Unit: "images/s", Make: publishedStep, Peer: "vqvae.py", Row: "vqvae/train_step"},
		{Name: "U-Net step, 32x32", Items: batch, Unit: "images/s", Make: unetStep, Peer: "ddpm_unet.py", Row: "ddpm_unet/train_step"},
		{Name: "DDIM sampling, 10 steps, 32x32", Items: 16, Unit: "samples/s", Make: ddim, Source: ddimPeer, Row: "ddim/sample"},
		{Name: "cached sampling, 32 tokens", Items: batch, Unit: "samples/s", Make: cached, Source: cachedPeer, Row: "cached/sample"},
		{Name: "cached sampling, 256 tokens", Items: batch, Unit: "samples/s", Make: cachedLong, Source: cachedPeer, Row: "cached/long"},
		{Name: "laptop U-Net step, 8x8, 2 frames", Items: batch, Unit: "images/s", Make: laptopUNetStep},
		{Name: "laptop tokenizer step, 8x8, 2 frames", Items: batch, Unit: "images/s", Make: laptopTokenizerStep},
	}
}

func must[T any](v T, err error) T {
	check(err)
	return v
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "speed:", err)
		os.Exit(1)
	}
}

// fit makes steps of a training run: each call goes one step further.
func fit(run func(o pv.TrainOptions) error) func() {
	n := 0
	return func() {
		n++
		check(run(pv.TrainOptions{Steps: n, Batch: 64, LR: 2e-4}))
	}
}

func pictures(n, side int) *linalg.Tensor {
	return linalg.Uniform(linalg.NewRand(1), linalg.F32, n, 1, side, side).MulS(2).AddS(-1)
}

func tokenizerStep() func() { return imageTokenizer(pv.TokenizerConfig{}) }
func publishedStep() func() {
	return imageTokenizer(pv.TokenizerConfig{Outer: 32, Hidden: 32, Mixing: true})
}

func imageTokenizer(c pv.TokenizerConfig) func() {
	c.Family, c.Width, c.Codes, c.Dim = pv.Conv2D, 64, 256, 64
	k, x := must(pv.NewTokenizer(c, 28, 28, 1)), pictures(256, 28)
	return fit(func(o pv.TrainOptions) error { return k.Fit(context.Background(), x, o) })
}

func unet() *pv.Diffusion {
	return must(pv.NewDiffusion(pv.DiffusionConfig{UNet: pv.UNetConfig{Width: 32, Multiples: []int{1, 2, 2}, Blocks: 1, Groups: 8}}, 32, 32, 1))
}

func unetStep() func() {
	d, x := unet(), pictures(256, 32)
	return fit(func(o pv.TrainOptions) error { return d.Fit(context.Background(), x, o) })
}

func ddim() func() {
	d := unet()
	return func() {
		must(d.Sample(context.Background(), 16, linalg.NewRand(1), pv.SampleOptions{Steps: 10, DDIM: true}))
	}
}

func cached() func()     { return tokens(16) }
func cachedLong() func() { return tokens(32 * 4) }

// tokens samples 2 x (side/4) x 4 tokens of pictures of side x 16.
func tokens(side int) func() {
	video := pv.Spec{Frames: 2, Kind: pv.Dup}
	k := must(pv.NewTokenizer(pv.TokenizerConfig{Video: video, Width: 8, Codes: 64, Dim: 8}, side, 16, 1))
	p := must(pv.NewPrior(pv.PriorConfig{Width: 64, Layers: 3, Heads: 4}, k))
	return func() { must(p.Sample(context.Background(), 64, linalg.NewRand(1), pv.TokenOptions{})) }
}

func laptopUNetStep() func() {
	v := pv.Spec{Frames: 2, Kind: pv.Blur, Ladder: pv.Levels(2)}
	d := must(pv.NewDiffusion(pv.DiffusionConfig{Video: v, UNet: pv.UNetConfig{Width: 16, Multiples: []int{1, 2}, Blocks: 1, Attention: []int{4}, Groups: 8}}, 8, 8, 1))
	x := pictures(256, 8)
	return fit(func(o pv.TrainOptions) error { return d.Fit(context.Background(), x, o) })
}

func laptopTokenizerStep() func() {
	v := pv.Spec{Frames: 2, Kind: pv.Blur, Ladder: pv.Levels(2)}
	k, x := must(pv.NewTokenizer(pv.TokenizerConfig{Video: v, Width: 48, Codes: 8, Dim: 16, Decay: 0.95}, 8, 8, 1)), pictures(256, 8)
	return fit(func(o pv.TrainOptions) error { return k.Fit(context.Background(), x, o) })
}
