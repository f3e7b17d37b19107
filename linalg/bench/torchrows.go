package main

import (
	"fmt"

	la "github.com/priorlab/priorlab/linalg"
)

// torchRows are the rows whose peer is PyTorch. Their data are made when they are run.
func torchRows() []row {
	var rows []row
	add := func(group, name string, flops float64, make func() func()) {
		rows = append(rows, row{group: group, name: name, flops: flops, prepare: make, torch: true})
	}
	maths := func(dt la.DType, group, name string, f func(*la.Tensor) *la.Tensor, data func() *la.Tensor) {
		add(group, name, 0, func() func() {
			x := data()
			return func() { la.Scope(func() { f(x) }) }
		})
	}
	for group, dt := range map[string]la.DType{"maths f32": la.F32, "maths f64": la.F64} {
		uniform := func() *la.Tensor { return la.Uniform(rng, dt, 1<<18).AddS(0.1) }
		normal := func() *la.Tensor { return la.Normal(rng, dt, 1<<18) }
		maths(dt, group, "exp", (*la.Tensor).Exp, uniform)
		maths(dt, group, "log", (*la.Tensor).Log, uniform)
		maths(dt, group, "tanh", (*la.Tensor).Tanh, uniform)
		maths(dt, group, "erf", (*la.Tensor).Erf, uniform)
		maths(dt, group, "sigmoid", (*la.Tensor).Sigmoid, uniform)
		maths(dt, group, "sin", (*la.Tensor).Sin, uniform)
		maths(dt, group, "gelu", (*la.Tensor).GELU, normal)
		maths(dt, group, "silu", (*la.Tensor).SiLU, normal)
		maths(dt, group, "softplus", (*la.Tensor).Softplus, normal)
		maths(dt, group, "sum", func(t *la.Tensor) *la.Tensor { return t.Sum() }, normal)
		maths(dt, group, "normal", func(*la.Tensor) *la.Tensor { return la.Normal(rng, dt, 1<<18) }, normal)
	}
	type op func(p []*la.Tensor) *la.Tensor
	both := func(group, name string, flops float64, f op, inputs func() []*la.Tensor) {
		add(group, name+" forward", flops, func() func() {
			xs := inputs()
			return func() { la.Scope(func() { f(xs) }) }
		})
		add(group, name+" with gradients", 3*flops, func() func() { return withGradients(f, inputs()) })
	}
	n32 := func(shapes ...[]int) func() []*la.Tensor {
		return func() (xs []*la.Tensor) {
			for _, s := range shapes {
				xs = append(xs, la.Normal(rng, la.F32, s...))
			}
			return xs
		}
	}
	for _, s := range [][3]int{{64, 32, 28}, {64, 64, 14}, {64, 128, 7}, {100, 64, 32}} {
		b, c, n := s[0], s[1], s[2]
		both("conv", fmt.Sprintf("b%d %d-%d %dx%d", b, c, c, n, n), 2*9*float64(b*n*n)*float64(c*c),
			func(p []*la.Tensor) *la.Tensor { return la.Conv(p[0], p[1], nil, la.ConvOptions{Pad: 1}) }, n32([]int{b, n, n, c}, []int{3, 3, c, c}))
	}
	both("nn", "softmax 25600x64", 0, func(p []*la.Tensor) *la.Tensor { return p[0].Softmax(-1) }, n32([]int{25600, 64}))
	both("nn", "layer norm 6400x128", 0, func(p []*la.Tensor) *la.Tensor { return la.LayerNorm(p[0], p[1], p[2]) },
		n32([]int{6400, 128}, []int{128}, []int{128}))
	both("nn", "group norm 64x16x16x64", 0, func(p []*la.Tensor) *la.Tensor { return la.GroupNorm(p[0], 8, p[1], p[2]) },
		n32([]int{64, 16, 16, 64}, []int{64}, []int{64}))
	heads := []int{100, 4, 64, 32}
	both("nn", "attention 100x4x64x32", 4*100*4*64*64*32, func(p []*la.Tensor) *la.Tensor {
		return la.Attention(p[0], p[1], p[2], la.AttentionOptions{})
	}, n32(heads, heads, heads))
	both("nn", "cholesky 400 of 64", 400*64*64*64/3, func(p []*la.Tensor) *la.Tensor { return la.Cholesky(p[0], 0) }, func() []*la.Tensor {
		a := la.Normal(rng, la.F32, 400, 64, 64)
		return []*la.Tensor{a.MatMul(a.T()).AddDiag(64)}
	})
	add("steps", "ViT", 0, func() func() { return vit(softmaxAttention) })
	add("steps", "ViT sparse GP", 0, func() func() { return vit(sparseGPAttention) })
	add("steps", "VQ-VAE", 0, vqvae)
	add("steps", "DDPM U-Net", 0, unet)
	add("steps", "sparse GP bound M=50 N=1000", 0, func() func() { return svgp(50, 1000) })
	add("steps", "sparse GP bound M=100 N=5000", 0, func() func() { return svgp(100, 5000) })
	return rows
}

// withGradients is a pass forwards and backwards over inputs that are parameters.
func withGradients(f func(p []*la.Tensor) *la.Tensor, xs []*la.Tensor) func() {
	ps := make([]*la.Tensor, len(xs))
	for i, x := range xs {
		ps[i] = la.Param(x)
	}
	y := f(xs)
	g := la.Normal(rng, y.DType(), y.Shape()...)
	return func() {
		la.Scope(func() {
			f(ps).BackwardFrom(g)
			for _, p := range ps {
				p.ZeroGrad()
			}
		})
	}
}
