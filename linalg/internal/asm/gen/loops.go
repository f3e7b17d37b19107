package main

import (
	"math"

	. "github.com/mmcloughlin/avo/operand"
)

// shifted is the same program some bytes further on.
func (p prog) shifted(by int) *prog { p.disp += by; return &p }

// zips emits the arithmetic of two vectors, of a vector and a scalar, and the fused passes.
func zips() {
	tables, iotas = map[string]Mem{}, map[bool]Mem{}
	for _, o := range []struct{ name, op string }{{"Add", "ADD"}, {"Sub", "SUB"}, {"Mul", "MUL"}, {"Div", "DIV"}, {"Max", "MAX"}, {"Min", "MIN"}} {
		each(o.name, 3, [2]int{4, 2}, func(p *prog, in []V) V { return p.op2(o.op, in[0], in[1]) })
		eachArgs(o.name+"Scalar", 2, 1, [2]int{4, 2}, func(p *prog, in, s []V) V { return p.op2(o.op, in[0], s[0]) })
	}
	eachArgs("ScalarSub", 2, 1, [2]int{4, 2}, func(p *prog, in, s []V) V { return p.sub(s[0], in[0]) })
	eachArgs("ScalarDiv", 2, 1, [2]int{4, 2}, func(p *prog, in, s []V) V { return p.div(s[0], in[0]) })
	// dst = a x + b
	eachArgs("Affine", 2, 2, [2]int{4, 2}, func(p *prog, in, s []V) V { return p.horner(in[0], s[0], s[1]) })
	// dst = x + a y
	eachArgs("AxpyTo", 3, 1, [2]int{4, 2}, func(p *prog, in, s []V) V { return p.fma(in[0], in[1], s[0]) })
	// dst += x y
	vector("MulAdd", 3, [2]int{4, 2}, nil, func(p *prog) {
		d, x, y := p.load(0), p.load(1), p.load(2)
		p.store(p.fma(d, x, y), 0)
	}, nil)
	// dst = x a + b
	each("MulAddTo", 4, [2]int{4, 2}, func(p *prog, in []V) V { return p.horner(in[0], in[1], in[2]) })
	// dst = scale (x + c) y
	eachArgs("ShiftMul", 3, 2, [2]int{4, 2}, func(p *prog, in, s []V) V { return p.mul(p.mul(p.add(in[0], s[0]), in[1]), s[1]) })
	// dst = exp(a x + b)
	eachArgs("ExpAffine", 2, 2, [2]int{4, 1}, func(p *prog, in, s []V) V { return p.exp(p.horner(in[0], s[0], s[1])) })
	// dst = exp(min(x + v + c, 0) + l)
	eachArgs("ExpClamp", 3, 2, [2]int{4, 1}, func(p *prog, in, s []V) V {
		return p.exp(p.add(p.minC(p.add(p.add(in[0], in[1]), s[0]), K(0)), s[1]))
	})
	// AdamW: pointers w, g, m, v; scalars beta1, 1-beta1, beta2, 1-beta2, c1 lr, c2, eps, 1-lr decay.
	vector("AdamW", 4, [2]int{2, 1}, nil, func(p *prog) {
		w, g, m, v := p.load(0), p.load(1), p.load(2), p.load(3)
		m = p.fma(p.mul(m, p.arg(0)), g, p.arg(1))
		v = p.fma(p.mul(v, p.arg(2)), p.mul(g, g), p.arg(3))
		p.store(m, 2)
		p.store(v, 3)
		q := p.mul(v, p.arg(5))
		d := p.new()
		for i := range d {
			p.do("SQRT", false, q[i], d[i])
		}
		u := p.div(p.mul(m, p.arg(4)), p.add(d, p.arg(6)))
		p.store(p.sub(p.mul(w, p.arg(7)), u), 0)
	}, nil)
}

// norms emits the passes of the gradients of layer and group norm.
func norms() {
	tables, iotas = map[string]Mem{}, map[bool]Mem{}
	// Layer norm, one row: x, g, gain, dgain, dbias; xh = s0 x + s1. dgain += g xh, dbias += g, and the sums of g gain and
	// of g gain xh.
	var s []V
	var sums [2]V
	vector("LayerNormGrad1", 5, [2]int{1, 1}, func(p *prog) {
		s = []V{p.arg(0), p.arg(1)}
		sums = [2]V{p.fill(K(0)), p.fill(K(0))}
	}, func(p *prog) {
		xh := p.horner(p.load(0), s[0], s[1])
		g := p.load(1)
		p.store(p.fma(p.load(3), g, xh), 3)
		p.store(p.add(p.load(4), g), 4)
		gg := p.mul(g, p.load(2))
		p.in3("ADD", sums[0], sums[0], gg)
		p.fma(sums[1], gg, p.keep(xh, p.c(K(0))))
	}, func(p *prog) {
		p.joinLanes(sums[0], "ADD", fR)
		p.joinLanes(sums[1], "ADD", fR+8)
	})
	// dx = s0 g gain + s1 x + s2; pointers dx, g, x, gain.
	eachArgs("LayerNormGrad2", 4, 3, [2]int{4, 1}, func(p *prog, in, s []V) V {
		d := p.horner(in[1], s[1], s[2])
		return p.fma(d, p.mul(in[0], in[2]), s[0])
	})
	// s += (x + v)^2; pointers s, x, v.
	vector("AddSquares", 3, [2]int{4, 2}, nil, func(p *prog) {
		d := p.add(p.load(1), p.load(2))
		p.store(p.fma(p.load(0), d, d), 0)
	}, nil)
	// Group norm: s1 += g, s2 += (x + v) g; pointers s1, s2, g, x, v.
	vector("GroupNormGrad1", 5, [2]int{4, 1}, nil, func(p *prog) {
		g := p.load(2)
		p.store(p.add(p.load(0), g), 0)
		p.store(p.fma(p.load(1), p.add(p.load(3), p.load(4)), g), 1)
	}, nil)
	// dx = x a + b + g c; pointers dx, x, a, b, g, c.
	each("GroupNormGrad2", 6, [2]int{4, 1}, func(p *prog, in []V) V {
		return p.fma(p.horner(in[0], in[1], in[2]), in[3], in[4])
	})
}

// reductions emits sums, extremes and inner products.
func reductions() {
	tables, iotas = map[string]Mem{}, map[bool]Mem{}
	num := func(v float64) func(*prog) any { return func(*prog) any { return K(v) } }
	join := func(p *prog, op string, acc, x V) { p.in3(op, acc, acc, x) }
	reduction("Sum", 1, 0, num(0), "ADD", func(p *prog, acc V, _ []V) { join(p, "ADD", acc, p.load(0)) })
	reduction("MaxOf", 1, 0, num(math.Inf(-1)), "MAX", func(p *prog, acc V, _ []V) {
		// The loaded number comes last, so that NaN wins.
		x := p.keep(p.load(0), acc)
		for i := range acc {
			p.do("MAX", false, x[i], acc[i], acc[i])
		}
	})
	reduction("MinOf", 1, 0, num(math.Inf(1)), "MIN", func(p *prog, acc V, _ []V) {
		x := p.keep(p.load(0), acc)
		for i := range acc {
			p.do("MIN", false, x[i], acc[i], acc[i])
		}
	})
	reduction("Dot", 2, 0, num(0), "ADD", func(p *prog, acc V, _ []V) { p.fma(acc, p.load(0), p.load(1)) })
	reduction("SumSquaresFrom", 1, 1, num(0), "ADD", func(p *prog, acc V, s []V) {
		x := p.load(0)
		d := p.keep(p.sub(x, s[0]), p.c(K(0)))
		p.fma(acc, d, d)
	})
}
