package main

import (
	"math"

	. "github.com/mmcloughlin/avo/operand"
)

// byUnit calls f for each unit in hand with its part of the accumulators, as reductions do.
func (p *prog) byUnit(acc V, f func(p *prog, acc V)) {
	if p.tail {
		f(p, acc[:p.count()])
		return
	}
	per := p.perUnit()
	q := *p
	q.units = 1
	for u := 0; u < p.units; u++ {
		f(q.shifted(64*u), acc[u*per:(u+1)*per])
	}
}

// reduce goes over the row with four units of accumulators, joins them, and returns the result in every lane; it is stored as
// result number r too.
func (p *prog) reduce(label string, init K, join string, r int, f func(p *prog, acc V)) V {
	p.units = 4
	acc := p.fill(init)
	p.sweep(label, 4, func(p *prog) { p.byUnit(acc, f) })
	return p.joinUnits(acc, join, r)
}

// joinUnits joins four units of accumulators into result number r, which it returns in every lane.
func (p *prog) joinUnits(acc V, join string, r int) V {
	per := len(acc) / 4
	for _, h := range []int{2, 1} {
		for u := 0; u < h; u++ {
			for i := 0; i < per; i++ {
				p.do(join, false, acc[(u+h)*per+i], acc[u*per+i], acc[u*per+i])
			}
		}
	}
	p.joinLanes(acc[:per], join, fR+8*r)
	return p.result(r)
}

// rowKernels emits softmax and layer norm of a row.
func rowKernels() {
	tables, iotas = map[string]Mem{}, map[bool]Mem{}
	// dst = softmax(s x): pointers dst, x; the largest element is result 0.
	variants("SoftmaxRow", 2, func(p *prog) {
		top := p.reduce("max", K(math.Inf(-1)), "MAX", 0, func(p *prog, acc V) {
			x := p.keep(p.load(1), acc) // the loaded number comes last, so that NaN wins
			for i := range acc {
				p.do("MAX", false, x[i], acc[i], acc[i])
			}
		})
		s := p.arg(0)
		shift := p.mul(s, top)[:1]
		main := 1
		if p.wide {
			main = 4
		}
		p.units = main
		acc := p.fill(K(0))
		p.sweep("exp", main, func(p *prog) {
			x := p.load(1)
			for i := range x {
				p.do("FMSUB213", false, shift[0], s[0], x[i])
			}
			e := p.expNeg(x)
			p.store(e, 0)
			e = p.keep(e, p.c(K(0)))
			for i := range e {
				p.do("ADD", false, e[i], acc[i], acc[i])
			}
		})
		for len(acc) > p.perUnit() {
			h := len(acc) / 2
			for i := 0; i < h; i++ {
				p.do("ADD", false, acc[h+i], acc[i], acc[i])
			}
			acc = acc[:h]
		}
		p.joinLanes(acc, "ADD", fR+8)
		p.units = 1
		inv := p.div(p.c(K(1)), p.result(1))[:1]
		p.sweep("scale", main, func(p *prog) { p.store(p.mul(p.load(0), inv), 0) })
	})
	// dx = s y (g - sum(g y)): pointers dx, g, y.
	variants("SoftmaxGradRow", 3, func(p *prog) {
		dot := p.reduce("dot", 0, "ADD", 0, func(p *prog, acc V) { p.fma(acc, p.load(1), p.load(2)) })
		s := p.arg(0)
		main := 2
		if p.wide {
			main = 4
		}
		p.sweep("grad", main, func(p *prog) { p.store(p.mul(p.mul(p.sub(p.load(1), dot), p.load(2)), s), 0) })
	})
	// y = (x - mean) rstd gain + bias: pointers y, x, gain, bias; scalars 1/n and eps; results mean and, as number 2, rstd.
	variants("LayerNormRow", 4, func(p *prog) {
		sum := p.reduce("sum", 0, "ADD", 0, func(p *prog, acc V) { p.in3("ADD", acc, acc, p.load(1)) })
		p.units = 1
		mean := p.mul(p.arg(0), sum)[:1]
		squares := p.reduce("squares", 0, "ADD", 1, func(p *prog, acc V) {
			d := p.keep(p.sub(p.load(1), mean), p.c(K(0)))
			p.fma(acc, d, d)
		})
		p.units = 1
		v := p.add(p.mul(squares, p.arg(0)), p.arg(1))
		root := p.new()
		for i := range root {
			p.do("SQRT", false, v[i], root[i])
		}
		rstd := p.div(p.c(K(1)), root)[:1]
		p.putResult(0, mean)
		p.putResult(2, rstd)
		main := 2
		if p.wide {
			main = 4
		}
		p.sweep("norm", main, func(p *prog) {
			d := p.mul(p.sub(p.load(1), mean), rstd)
			p.store(p.horner(d, p.load(2), p.load(3)), 0)
		})
	})
}
