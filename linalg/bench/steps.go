package main

import (
	"math"

	la "github.com/priorlab/priorlab/linalg"
)

// rng feeds parameters and data.
var rng = la.NewRand(1)

// trainer collects parameters.
type trainer struct{ params []*la.Tensor }

func (t *trainer) normal(scale float64, shape ...int) *la.Tensor {
	p := la.Param(la.Normal(rng, la.F32, shape...).MulS(scale))
	t.params = append(t.params, p)
	return p
}

func (t *trainer) full(v float64, shape ...int) *la.Tensor {
	p := la.Param(la.Full(la.F32, v, shape...))
	t.params = append(t.params, p)
	return p
}

// linear is a layer with bias.
func (t *trainer) linear(in, out int) func(*la.Tensor) *la.Tensor {
	w, b := t.normal(1/math.Sqrt(float64(in)), out, in), t.full(0, out)
	return func(x *la.Tensor) *la.Tensor { return la.Linear(x, w, b) }
}

func (t *trainer) norm(n int) func(*la.Tensor) *la.Tensor {
	g, b := t.full(1, n), t.full(0, n)
	return func(x *la.Tensor) *la.Tensor { return la.LayerNorm(x, g, b) }
}

func (t *trainer) group(c int) func(*la.Tensor) *la.Tensor {
	g, b := t.full(1, c), t.full(0, c)
	return func(x *la.Tensor) *la.Tensor { return la.GroupNorm(x, 8, g, b) }
}

func (t *trainer) conv(k, in, out, stride, pad int) func(*la.Tensor) *la.Tensor {
	w, b := t.normal(1/math.Sqrt(float64(k*k*in)), k, k, in, out), t.full(0, out)
	return func(x *la.Tensor) *la.Tensor { return la.Conv(x, w, b, la.ConvOptions{Stride: stride, Pad: pad}) }
}

func (t *trainer) convTranspose(k, in, out, stride, pad int) func(*la.Tensor) *la.Tensor {
	w, b := t.normal(1/math.Sqrt(float64(k*k*in)), k, k, out, in), t.full(0, out)
	return func(x *la.Tensor) *la.Tensor {
		return la.ConvTranspose(x, w, b, la.ConvOptions{Stride: stride, Pad: pad})
	}
}

// step makes a training step of a loss.
func (t *trainer) step(loss func() *la.Tensor) func() {
	opt := la.NewAdamW(1e-3, t.params...)
	return func() {
		la.Scope(func() {
			loss().Backward()
			opt.Step()
		})
	}
}

const (
	width, heads, tokens, inducing = 128, 4, 64, 32
	headWidth                      = width / heads
)

// vit is the classifier over 64 tokens with the given attention, which also returns a divergence or nil.
func vit(attention func(t *trainer) func(x *la.Tensor) (*la.Tensor, *la.Tensor)) func() {
	t := &trainer{}
	patch, pos := t.linear(48, width), t.normal(0.02, tokens, width)
	type block struct {
		n1, n2, a, b func(*la.Tensor) *la.Tensor
		at           func(x *la.Tensor) (*la.Tensor, *la.Tensor)
	}
	var blocks []block
	for i := 0; i < 5; i++ {
		blocks = append(blocks, block{t.norm(width), t.norm(width), t.linear(width, 4*width), t.linear(4*width, width), attention(t)})
	}
	n, pool, head := t.norm(width), t.linear(width, 1), t.linear(width, 10)
	x, y := la.Normal(rng, la.F32, 100, tokens, 48), la.RandInts(rng, 10, 100)
	return t.step(func() *la.Tensor {
		h := patch(x).Add(pos)
		var kl *la.Tensor
		for _, b := range blocks {
			a, k := b.at(b.n1(h))
			if k != nil && kl != nil {
				k = k.Add(kl)
			}
			kl = k
			h = h.Add(a)
			h = h.Add(b.b(b.a(b.n2(h)).GELU()))
		}
		h = n(h)
		loss := la.CrossEntropy(head(pool(h).Softmax(1).Mul(h).Sum(1)), y)
		if kl != nil {
			loss = loss.Add(kl.MulS(1e-4))
		}
		return loss
	})
}

func softmaxAttention(t *trainer) func(x *la.Tensor) (*la.Tensor, *la.Tensor) {
	qkv, o := t.linear(width, 3*width), t.linear(width, width)
	return func(x *la.Tensor) (*la.Tensor, *la.Tensor) {
		p := qkv(x).Split(2, 3)
		a := la.Attention(p[0].SplitHeads(heads), p[1].SplitHeads(heads), p[2].SplitHeads(heads), la.AttentionOptions{})
		return o(a.MergeHeads()), nil
	}
}

func sparseGPAttention(t *trainer) func(x *la.Tensor) (*la.Tensor, *la.Tensor) {
	qk, v := t.normal(0.09, width, width), t.normal(0.09, width, width)
	o := t.linear(width, width)
	lv, ls := t.full(0, heads), t.full(1, heads, headWidth)
	zg, vg := t.normal(1, heads, inducing, width), t.normal(0.1, heads, inducing, headWidth)
	lt, ld := t.normal(0.02, heads, headWidth, inducing, inducing), t.full(-1, heads, headWidth, inducing)
	strict := la.Tril(la.Ones(la.F32, inducing, inducing)).Sub(la.Eye(la.F32, inducing))
	return func(x *la.Tensor) (*la.Tensor, *la.Tensor) {
		n := x.Dim(0)
		q, va := la.Linear(x, qk, nil).SplitHeads(heads), la.Linear(x, v, nil).SplitHeads(heads)
		K := la.KernelMatrix("rbf", q, q, lv, ls)
		kg := zg.MatMul(qk.Reshape(heads, headWidth, width).T())
		Kg := la.KernelMatrix("rbf", kg, q, lv, ls) // [n, H, M, T]
		L := la.Cholesky(la.KernelMatrix("rbf", kg, kg, lv, ls), 1e-3)
		R := lt.Mul(strict).Add(ld.Exp().DiagEmbed())
		// The factor is shared by the batch: its entries are further columns.
		wide := Kg.Permute(1, 2, 0, 3).Reshape(heads, inducing, n*tokens)
		A := la.SolveTri(L, wide, false)
		q2 := la.SumSquaresMatMul(R.T(), A.Unsqueeze(1), -2) // [H, d, n T]
		a := A.Unflatten(2, n, tokens).Permute(2, 0, 1, 3)   // [n, H, M, T]
		ava, kva := a.MatMul(va), K.MatMul(va)
		mean := kva.Sub(a.T().MatMul(ava)).Add(Kg.T().MatMul(vg))
		kl := va.Mul(kva).Sum().Sub(ava.Square().Sum()).MulS(0.5 / float64(n)).
			Add(L.T().MatMul(vg).Square().Sum().Add(R.Square().Sum()).MulS(0.5)).Sub(ld.Sum())
		prior := lv.Exp().Reshape(1, heads, 1, 1)
		spent := A.Square().Sum(1).Unflatten(1, n, tokens).Permute(1, 0, 2).Unsqueeze(-1)
		variance := prior.Sub(spent).Add(q2.Unflatten(2, n, tokens).Permute(2, 0, 3, 1))
		noise := la.Normal(rng, la.F32, n, heads, tokens, headWidth)
		f := mean.Add(variance.MaxS(1e-8).Sqrt().Mul(noise))
		return o(f.MergeHeads()), kl
	}
}

func vqvae() func() {
	t := &trainer{}
	res := func() func(*la.Tensor) *la.Tensor {
		a, b := t.conv(3, 64, 32, 1, 1), t.conv(1, 32, 64, 1, 0)
		return func(x *la.Tensor) *la.Tensor { return x.Add(b(a(x.ReLU()).ReLU())) }
	}
	e1, e2, e3, e4, e5 := t.conv(4, 1, 32, 2, 1), t.conv(4, 32, 64, 2, 1), t.conv(3, 64, 64, 1, 1), res(), res()
	d1, d2, d3, d4, d5 := t.conv(3, 64, 64, 1, 1), res(), res(), t.convTranspose(4, 64, 32, 2, 1), t.convTranspose(4, 32, 1, 2, 1)
	x := la.Uniform(rng, la.F32, 64, 28, 28, 1)
	code, count := la.Normal(rng, la.F32, 256, 64), la.Ones(la.F32, 256)
	total := code.Clone()
	return t.step(func() *la.Tensor {
		z := e5(e4(e3(e2(e1(x).ReLU()).ReLU())))
		zf := z.Reshape(-1, 64)
		var q *la.Tensor
		la.NoGrad(func() {
			idx := la.Nearest(zf, code)
			q = code.Gather(0, idx)
			count = count.MulS(0.99).Add(la.ScatterAdd(0, 256, idx, la.Ones(la.F32, idx.Len())).MulS(0.01)).Keep()
			total = total.MulS(0.99).Add(la.ScatterAdd(0, 256, idx, la.Detach(zf)).MulS(0.01)).Keep()
			sum := count.Sum().Item()
			code = total.Div(count.AddS(1e-5).MulS(sum / (sum + 256e-5)).Unsqueeze(1)).Keep()
		})
		commit := zf.Sub(q).Square().Mean()
		h := d1(la.StraightThrough(zf, q).Reshape(z.Shape()...))
		y := d5(d4(d3(d2(h)).ReLU()).ReLU())
		return y.Sub(x).Square().Mean().Add(commit.MulS(0.25))
	})
}

func unet() func() {
	t := &trainer{}
	type layer func(x, e *la.Tensor) *la.Tensor
	plain := func(f func(*la.Tensor) *la.Tensor) layer { return func(x, _ *la.Tensor) *la.Tensor { return f(x) } }
	res := func(ci, co int) layer {
		n1, c1, n2, c2, em := t.group(ci), t.conv(3, ci, co, 1, 1), t.group(co), t.conv(3, co, co, 1, 1), t.linear(128, 2*co)
		skip := func(x *la.Tensor) *la.Tensor { return x }
		if ci != co {
			skip = t.conv(1, ci, co, 1, 0)
		}
		return func(x, e *la.Tensor) *la.Tensor {
			h := c1(n1(x).SiLU())
			s := em(e.SiLU()).Reshape(-1, 1, 1, 2*co).Split(3, 2)
			return skip(x).Add(c2(n2(h).Mul(s[0].AddS(1)).Add(s[1]).SiLU()))
		}
	}
	attn := func(c int) layer {
		n, qkv, o := t.group(c), t.conv(1, c, 3*c, 1, 0), t.conv(1, c, c, 1, 0)
		return func(x, _ *la.Tensor) *la.Tensor {
			s := x.Shape()
			p := qkv(n(x)).Reshape(s[0], s[1]*s[2], 3*c).Split(2, 3)
			a := la.Attention(p[0].SplitHeads(1), p[1].SplitHeads(1), p[2].SplitHeads(1), la.AttentionOptions{})
			return x.Add(o(a.MergeHeads().Reshape(s...)))
		}
	}
	t1, t2, inp := t.linear(32, 128), t.linear(128, 128), t.conv(3, 1, 32, 1, 1)
	var down, up []layer
	chans, c := []int{32}, 32
	for i, m := range []int{1, 2, 2} {
		down = append(down, res(c, 32*m))
		c = 32 * m
		chans = append(chans, c)
		if i < 2 {
			down = append(down, plain(t.conv(3, c, c, 2, 1)))
			chans = append(chans, c)
		}
	}
	m1, ma, m2 := res(c, c), attn(c), res(c, c)
	joins := map[int]bool{}
	for i, m := range []int{2, 2, 1} {
		for k := 0; k < 2; k++ {
			joins[len(up)] = true
			up = append(up, res(c+chans[len(chans)-1], 32*m))
			chans = chans[:len(chans)-1]
			c = 32 * m
		}
		if i < 2 {
			f := t.conv(3, c, c, 1, 1)
			up = append(up, plain(func(x *la.Tensor) *la.Tensor { return f(la.Upsample(x, 2)) }))
		}
	}
	n, out := t.group(c), t.conv(3, c, 1, 1, 1)
	x0 := la.Uniform(rng, la.F32, 64, 32, 32, 1).MulS(2).AddS(-1)
	freq := la.Arange(la.F32, 16).MulS(-math.Log(10000) / 16).Exp()
	abar := make([]float64, 1000)
	for i, p := 0, 1.0; i < 1000; i++ {
		p *= 1 - (1e-4 + (0.02-1e-4)*float64(i)/999)
		abar[i] = p
	}
	table := la.FromFloat64(abar).To(la.F32)
	return t.step(func() *la.Tensor {
		ts, eps := la.RandInts(rng, 1000, 64), la.Normal(rng, la.F32, 64, 32, 32, 1)
		ab := table.Gather(0, ts).Reshape(64, 1, 1, 1)
		x := ab.Sqrt().Mul(x0).Add(ab.Neg().AddS(1).Sqrt().Mul(eps))
		a := ts.To(la.F32).Unsqueeze(1).Mul(freq)
		e := t2(t1(la.Concat(1, a.Cos(), a.Sin())).SiLU())
		h := inp(x)
		hs := []*la.Tensor{h}
		for _, l := range down {
			h = l(h, e)
			hs = append(hs, h)
		}
		h = m2(ma(m1(h, e), e), e)
		for i, l := range up {
			if joins[i] {
				h = la.Concat(3, h, hs[len(hs)-1])
				hs = hs[:len(hs)-1]
			}
			h = l(h, e)
		}
		return out(n(h).SiLU()).Sub(eps).Square().Mean()
	})
}

// svgp is the value and gradient of the sparse variational bound.
func svgp(m, n int) func() {
	x := la.Uniform(rng, la.F64, n, 1).MulS(10)
	y := x.MulS(2).Sin().Add(la.Normal(rng, la.F64, n, 1).MulS(0.1)).Reshape(n)
	param := func(t *la.Tensor) *la.Tensor { return la.Param(t) }
	z, mu, lq := param(la.Linspace(la.F64, 0, 10, m).Reshape(m, 1)), param(la.Zeros(la.F64, m, 1)), param(la.Eye(la.F64, m).MulS(0.5))
	lv, ls, ln := param(la.Scalar(la.F64, 0)), param(la.Scalar(la.F64, -0.5)), param(la.Scalar(la.F64, -2))
	return func() {
		la.Scope(func() {
			L := la.Cholesky(la.KernelMatrix("rbf", z, z, lv, ls), 1e-6)
			R := la.Tril(lq)
			mean, variance := la.SparseConditional(L, la.KernelMatrix("rbf", z, x, lv, ls), lv.Exp(), mu, R.MatMul(R.T()))
			sq := y.Sub(mean.Squeeze(-1)).Square().Add(variance).Sum()
			ell := sq.Mul(ln.Neg().Exp()).Add(ln.MulS(float64(n))).AddS(math.Log(2*math.Pi) * float64(n)).MulS(-0.5)
			kl := R.Square().Sum().Add(mu.Square().Sum()).AddS(-float64(m)).MulS(0.5).Sub(R.Diag().Abs().Log().Sum())
			kl.Sub(ell).Backward()
			for _, p := range []*la.Tensor{z, mu, lq, lv, ls, ln} {
				p.ZeroGrad()
			}
		})
	}
}
