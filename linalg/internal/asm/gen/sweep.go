package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// vecNames are the element-wise kernels in the order of the table; each has four variants, and two for arm64.
var vecNames []string

// vector writes the variants of a function over n numbers behind ptrs pointers: setup runs once (it may be nil),
// body once a group of units, finish at the end. units gives the main loop's units with AVX-512 and AVX2, 0 standing for half
// a unit at a time.
func vector(name string, ptrs int, units [2]int, setup, body, finish func(p *prog)) {
	variants(name, ptrs, func(p *prog) {
		main := units[1]
		switch {
		case p.wide:
			main = units[0]
		case p.neon != nil:
			main = max(main, 1)
		}
		p.units = main
		if setup != nil {
			setup(p)
		}
		p.sweep("", main, body)
		if finish != nil {
			finish(p)
		}
	})
}

// variants writes the variants of a function over n numbers behind ptrs pointers, each of which f emits.
func variants(name string, ptrs int, f func(p *prog)) {
	vecNames = append(vecNames, name)
	for variant := 0; variant < 4; variant++ {
		f(beginVec(name, variant, ptrs))
		ctx.VZEROUPPER()
		ctx.RET()
	}
	neonKernel(name, ptrs, f)
}

// beginVec opens one variant of a function over n numbers behind ptrs pointers.
func beginVec(name string, variant, ptrs int) *prog {
	p := &prog{f64: variant&1 == 1, wide: variant&2 == 2, args: reg.RAX, idx: reg.RBX, n: reg.RCX}
	ctx.Function(variantName(name, variant))
	ctx.Attributes(attr.NOSPLIT)
	ctx.Pragma("noescape")
	ctx.SignatureExpr("func(kern uintptr, a *byte)")
	ctx.Load(ctx.Param("a"), p.args)
	for i := 0; i < ptrs; i++ {
		r := ctx.GP64()
		ctx.MOVQ(Mem{Base: p.args, Disp: fP + 8*i}, r)
		p.ptr = append(p.ptr, r)
	}
	return p
}

// sweep runs body over all numbers, main units at a time (0 standing for half a unit at a time) and then unit by unit under a
// mask. label is the beginning of its labels.
func (p *prog) sweep(label string, main int, body func(p *prog)) {
	if p.neon != nil {
		p.neonSweep(label, main, body)
		return
	}
	once := body
	if p.units = main; main == 0 { // AVX2 has too few registers for whole units: one register at a time
		main, p.units, p.thin = 1, 1, true
		once = func(p *prog) {
			for p.part = 0; p.part < 2; p.part++ {
				body(p)
			}
			p.part = 0
		}
	}
	step := uint32(main * p.lanes())
	ctx.MOVQ(Mem{Base: p.args, Disp: fN}, p.n)
	ctx.XORQ(p.idx, p.idx)
	ctx.SUBQ(U32(step), p.n)
	ctx.JL(LabelRef(label + "tail"))
	ctx.Label(label + "loop")
	once(p)
	ctx.ADDQ(U32(uint32(64*main)), p.idx)
	ctx.SUBQ(U32(step), p.n)
	ctx.JGE(LabelRef(label + "loop"))
	ctx.Label(label + "tail")
	ctx.ADDQ(U32(step), p.n)
	ctx.JZ(LabelRef(label + "done"))
	ctx.Label(label + "rest")
	p.units, p.tail = 1, true
	p.tailMasks()
	once(p)
	ctx.ADDQ(Imm(64), p.idx)
	ctx.SUBQ(Imm(uint64(p.lanes())), p.n)
	ctx.JG(LabelRef(label + "rest"))
	ctx.Label(label + "done")
	p.tail = false
}

func variantName(name string, variant int) string {
	return "v" + name + []string{"F32x256", "F64x256", "F32x512", "F64x512", "F32", "F64"}[variant]
}

// each writes a function from ptrs-1 inputs (pointers 1 and up) to one output (pointer 0).
func each(name string, ptrs int, units [2]int, f func(p *prog, in []V) V) {
	vector(name, ptrs, units, nil, func(p *prog) {
		var in []V
		for i := 1; i < ptrs; i++ {
			in = append(in, p.load(i))
		}
		p.store(f(p, in), 0)
	}, nil)
}

// eachArgs is each with scalar arguments.
func eachArgs(name string, ptrs, args int, units [2]int, f func(p *prog, in, s []V) V) {
	var s []V
	vector(name, ptrs, units, func(p *prog) {
		s = nil
		for i := 0; i < args; i++ {
			s = append(s, p.arg(i))
		}
	}, func(p *prog) {
		var in []V
		for i := 1; i < ptrs; i++ {
			in = append(in, p.load(i))
		}
		p.store(f(p, in, s), 0)
	}, nil)
}

// reduction writes a function that joins all numbers into one: init is the neutral element, f folds what it loads into
// the accumulator it is given, join joins two accumulators.
func reduction(name string, ptrs, args int, init func(p *prog) any, join string, f func(p *prog, acc V, s []V)) {
	var acc V
	var s []V
	vector(name, ptrs, [2]int{4, 4}, func(p *prog) {
		s = nil
		for i := 0; i < args; i++ {
			s = append(s, p.arg(i))
		}
		acc = p.fill(init(p))
	}, func(p *prog) {
		if p.tail {
			f(p, acc[:p.count()], s)
			return
		}
		// Unit by unit, so that AVX2 has registers enough.
		per := p.perUnit()
		q := *p
		q.units = 1
		for u := 0; u < p.units; u++ {
			f(q.shifted(64*u), acc[u*per:(u+1)*per], s)
		}
	}, func(p *prog) {
		per := len(acc) / 4
		for _, h := range []int{2, 1} {
			for u := 0; u < h; u++ {
				for i := 0; i < per; i++ {
					p.do(join, false, acc[(u+h)*per+i], acc[u*per+i], acc[u*per+i])
				}
			}
		}
		p.joinLanes(acc[:per], join, fR)
	})
}

// joinLanes joins the lanes of one unit and stores the result.
func (p *prog) joinLanes(acc V, join string, at int) {
	if p.neon != nil {
		p.neonJoin(acc, join, at)
		return
	}
	y := acc[0].AsY()
	if p.wide {
		t := ctx.YMM()
		ctx.VEXTRACTF64X4(Imm(1), acc[0], t)
		p.do(join, false, t, y, y)
	} else {
		p.do(join, false, acc[1], y, y)
	}
	x, t := acc[0].AsX(), ctx.XMM()
	ctx.VEXTRACTF128(Imm(1), y, t)
	p.do(join, false, t, x, x)
	ctx.VPERMILPD(Imm(1), x, t)
	p.do(join, false, t, x, x)
	if !p.f64 {
		ctx.VMOVSHDUP(x, t)
		p.do(join, false, t, x, x)
		ctx.VMOVSS(x, Mem{Base: p.args, Disp: at})
	} else {
		ctx.VMOVSD(x, Mem{Base: p.args, Disp: at})
	}
}
