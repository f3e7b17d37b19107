package main

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// load reads the units in hand through pointer j.
func (p *prog) load(j int) V {
	if p.neon != nil {
		return p.neonLoad(j)
	}
	d := p.new()
	w := 32
	if p.wide {
		w = 64
	}
	for i := range d {
		m := Mem{Base: p.ptr[j], Index: p.idx, Scale: 1, Disp: p.disp + w*(i+p.part)}
		switch {
		case !p.tail:
			ctx.VMOVUPS(m, d[i])
		case p.wide && p.f64:
			ctx.VMOVUPD_Z(m, p.k, d[i])
		case p.wide:
			ctx.VMOVUPS_Z(m, p.k, d[i])
		case p.f64:
			ctx.VMASKMOVPD(m, p.masks[i+p.part], d[i])
		default:
			ctx.VMASKMOVPS(m, p.masks[i+p.part], d[i])
		}
	}
	return d
}

// store writes the units in hand through pointer j.
func (p *prog) store(v V, j int) {
	if p.neon != nil {
		p.neonStore(v, j)
		return
	}
	w := 32
	if p.wide {
		w = 64
	}
	for i := range v {
		m := Mem{Base: p.ptr[j], Index: p.idx, Scale: 1, Disp: p.disp + w*(i+p.part)}
		switch {
		case !p.tail:
			ctx.VMOVUPS(v[i], m)
		case p.wide && p.f64:
			ctx.VMOVUPD(v[i], p.k, m)
		case p.wide:
			ctx.VMOVUPS(v[i], p.k, m)
		case p.f64:
			ctx.VMASKMOVPD(v[i], p.masks[i+p.part], m)
		default:
			ctx.VMASKMOVPS(v[i], p.masks[i+p.part], m)
		}
	}
}

// keep replaces the lanes beyond the tail's end by those of other.
func (p *prog) keep(v, other V) V {
	if !p.tail {
		return v
	}
	d := p.new()
	for i := range d {
		o, _ := p.at(other, i)
		switch {
		case p.neon != nil:
			p.neon.move(d[i], p.masks[i])
			p.neonOp("BSL", d[i], v[i], o.(reg.VecVirtual))
		case p.wide && p.f64:
			ctx.VBLENDMPD(v[i], o, p.k, d[i])
		case p.wide:
			ctx.VBLENDMPS(v[i], o, p.k, d[i])
		case p.f64:
			ctx.VBLENDVPD(p.masks[i+p.part], v[i], o, d[i])
		default:
			ctx.VBLENDVPS(p.masks[i+p.part], v[i], o, d[i])
		}
	}
	return d
}

// arg is scalar argument i in a register.
func (p *prog) arg(i int) V { return p.everywhere(fS + 8*i) }

// result is result i of a reduction in every lane, as arg is an argument.
func (p *prog) result(i int) V { return p.everywhere(fR + 8*i) }

// everywhere is the number so many bytes into the arguments, in every lane.
func (p *prog) everywhere(disp int) V {
	if p.neon != nil {
		return p.neonScalar(disp)
	}
	r := p.reg()
	m := Mem{Base: p.args, Disp: disp}
	if p.f64 {
		ctx.VBROADCASTSD(m, r)
	} else {
		ctx.VBROADCASTSS(m, r)
	}
	return V{r}
}

// putResult stores the first lane of v as result i.
func (p *prog) putResult(i int, v V) {
	if p.neon != nil {
		p.neon.scalar(p.f64, false, v[0], fR+8*i)
		return
	}
	m := Mem{Base: p.args, Disp: fR + 8*i}
	if p.f64 {
		ctx.VMOVSD(v[0].AsX(), m)
	} else {
		ctx.VMOVSS(v[0].AsX(), m)
	}
}

// perUnit is how many registers make a unit.
func (p *prog) perUnit() int {
	switch {
	case p.wide:
		return 1
	case p.neon != nil && !p.small:
		return 4
	}
	return 2
}

// tailMasks sets the masks for the n numbers that are left.
func (p *prog) tailMasks() {
	if p.wide {
		ones, m := ctx.GP64(), ctx.GP64()
		ctx.MOVQ(I32(-1), ones)
		ctx.BZHIQ(p.n, ones, m)
		p.k = ctx.K()
		if p.f64 {
			ctx.KMOVB(m.As32(), p.k)
		} else {
			ctx.KMOVW(m.As32(), p.k)
		}
		return
	}
	io, _ := iota256(p.f64)
	x := ctx.XMM()
	p.masks = V{ctx.YMM(), ctx.YMM()}
	nb := ctx.YMM()
	ctx.VMOVQ(p.n, x)
	if p.f64 {
		ctx.VPBROADCASTQ(x, nb)
		ctx.VPCMPGTQ(io, nb, p.masks[0])
		ctx.VPCMPGTQ(io.Offset(32), nb, p.masks[1])
	} else {
		ctx.VPBROADCASTD(x, nb)
		ctx.VPCMPGTD(io, nb, p.masks[0])
		ctx.VPCMPGTD(io.Offset(32), nb, p.masks[1])
	}
}
