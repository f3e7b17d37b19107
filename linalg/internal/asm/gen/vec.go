package main

import (
	"fmt"
	"math"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets of the fields of asm.Args.
const fN, fP, fS, fR = 0, 8, 56, 120

// V is some units of 64 bytes of numbers: one register each with AVX-512, two with AVX2, four with NEON.
type V []reg.VecVirtual

// K is a constant operand, kb one given by its bits.
type (
	K  float64
	kb uint64
)

// prog is a function being written for one type and level. Its bodies are written once and serve all six.
type prog struct {
	f64, wide bool
	neon      *neon // for arm64
	small     bool  // NEON: units of 32 bytes
	narrow    bool  // registers of 16 bytes, for a translation to NEON
	units     int   // units in hand: several in the main loop, one in the tail
	args      reg.GPPhysical
	idx, n    reg.GPPhysical
	ptr       []reg.GPVirtual
	tail      bool
	disp      int               // bytes added to every address
	thin      bool              // narrow: one register of a unit at a time, namely
	part      int               // this one
	k         reg.OpmaskVirtual // wide tail: lanes in use
	masks     V                 // narrow tail: the same as vectors
}

func (p *prog) pick(f32, f64 float64) float64 {
	if p.f64 {
		return f64
	}
	return f32
}

func (p *prog) lanes() int { // numbers in a unit
	n := 64
	if p.small {
		n = 32
	}
	return n / p.es()
}

func (p *prog) reg() reg.VecVirtual {
	switch {
	case p.neon != nil:
		return p.neon.regs.XMM()
	case p.wide:
		return ctx.ZMM()
	case p.narrow:
		return ctx.XMM()
	}
	return ctx.YMM()
}

func (p *prog) count() int {
	if p.thin {
		return 1
	}
	return p.perUnit() * p.units
}

func (p *prog) new() V {
	v := make(V, p.count())
	for i := range v {
		v[i] = p.reg()
	}
	return v
}

// form is an instruction for both types, with its broadcast forms.
type form [4]func(*build.Context, ...Op)

var forms = map[string]form{
	"ADD":      {(*build.Context).VADDPS, (*build.Context).VADDPD, (*build.Context).VADDPS_BCST, (*build.Context).VADDPD_BCST},
	"SUB":      {(*build.Context).VSUBPS, (*build.Context).VSUBPD, (*build.Context).VSUBPS_BCST, (*build.Context).VSUBPD_BCST},
	"MUL":      {(*build.Context).VMULPS, (*build.Context).VMULPD, (*build.Context).VMULPS_BCST, (*build.Context).VMULPD_BCST},
	"DIV":      {(*build.Context).VDIVPS, (*build.Context).VDIVPD, (*build.Context).VDIVPS_BCST, (*build.Context).VDIVPD_BCST},
	"MAX":      {(*build.Context).VMAXPS, (*build.Context).VMAXPD, (*build.Context).VMAXPS_BCST, (*build.Context).VMAXPD_BCST},
	"MIN":      {(*build.Context).VMINPS, (*build.Context).VMINPD, (*build.Context).VMINPS_BCST, (*build.Context).VMINPD_BCST},
	"AND":      {(*build.Context).VANDPS, (*build.Context).VANDPD, (*build.Context).VANDPS_BCST, (*build.Context).VANDPD_BCST},
	"OR":       {(*build.Context).VORPS, (*build.Context).VORPD, (*build.Context).VORPS_BCST, (*build.Context).VORPD_BCST},
	"XOR":      {(*build.Context).VXORPS, (*build.Context).VXORPD, (*build.Context).VXORPS_BCST, (*build.Context).VXORPD_BCST},
	"FMA231":   {(*build.Context).VFMADD231PS, (*build.Context).VFMADD231PD, (*build.Context).VFMADD231PS_BCST, (*build.Context).VFMADD231PD_BCST},
	"FMA213":   {(*build.Context).VFMADD213PS, (*build.Context).VFMADD213PD, (*build.Context).VFMADD213PS_BCST, (*build.Context).VFMADD213PD_BCST},
	"FMSUB213": {(*build.Context).VFMSUB213PS, (*build.Context).VFMSUB213PD, (*build.Context).VFMSUB213PS_BCST, (*build.Context).VFMSUB213PD_BCST},
	"FNMA231":  {(*build.Context).VFNMADD231PS, (*build.Context).VFNMADD231PD, (*build.Context).VFNMADD231PS_BCST, (*build.Context).VFNMADD231PD_BCST},
	"IADD":     {(*build.Context).VPADDD, (*build.Context).VPADDQ, (*build.Context).VPADDD_BCST, (*build.Context).VPADDQ_BCST},
	"ISUB":     {(*build.Context).VPSUBD, (*build.Context).VPSUBQ, (*build.Context).VPSUBD_BCST, (*build.Context).VPSUBQ_BCST},
	"MULU":     {nil, (*build.Context).VPMULUDQ, nil, (*build.Context).VPMULUDQ_BCST},
	"SQRT":     {(*build.Context).VSQRTPS, (*build.Context).VSQRTPD, nil, nil},
	"SHL":      {(*build.Context).VPSLLD, (*build.Context).VPSLLQ, nil, nil},
	"SHR":      {(*build.Context).VPSRLD, (*build.Context).VPSRLQ, nil, nil},
	"MOV":      {(*build.Context).VMOVUPS, (*build.Context).VMOVUPD, nil, nil},
}

func (p *prog) do(name string, bcst bool, ops ...Op) {
	if p.neon != nil {
		p.neonDo(name, ops)
		return
	}
	i := 0
	if p.f64 {
		i = 1
	}
	if bcst && p.wide {
		i += 2
	}
	forms[name][i](ctx, ops...)
}

// bits are the bits of a constant in the program's type.
func (p *prog) bits(x any) uint64 {
	switch v := x.(type) {
	case kb:
		return uint64(v)
	case K:
		if p.f64 {
			return math.Float64bits(float64(v))
		}
		return uint64(math.Float32bits(float32(v)))
	}
	panic("not a constant")
}

// tables are the constants in memory, by size and repetition.
var tables map[string]Mem

// mem is a constant in memory: one number for broadcasting, or a whole AVX2 register.
func (p *prog) mem(x any) Mem {
	b := p.bits(x)
	es, n := 4, 1
	if p.f64 {
		es = 8
	}
	if !p.wide {
		n = 32 / es
	}
	name := fmt.Sprintf("c%dx%d_%x", es, n, b)
	if m, ok := tables[name]; ok {
		return m
	}
	m := ctx.StaticGlobal(name)
	ctx.DataAttributes(attr.RODATA | attr.NOPTR)
	for i := 0; i < n; i++ {
		if p.f64 {
			ctx.AddDatum(8*i, U64(b))
		} else {
			ctx.AddDatum(4*i, U32(uint32(b)))
		}
	}
	tables[name] = m
	return m
}

// c is a constant in a register, shared by all units.
func (p *prog) c(x any) V {
	if p.neon != nil {
		return V{p.neonConst(func(int) uint64 { return p.bits(x) })}
	}
	r := p.reg()
	switch {
	case !p.wide:
		ctx.VMOVUPS(p.mem(x), r)
	case p.f64:
		ctx.VBROADCASTSD(p.mem(x), r)
	default:
		ctx.VBROADCASTSS(p.mem(x), r)
	}
	return V{r}
}

// at is operand i of x, which may be a constant or one register shared by all.
func (p *prog) at(x any, i int) (Op, bool) {
	if v, ok := x.(V); ok {
		if len(v) == 1 {
			return v[0], false
		}
		return v[i], false
	}
	return p.mem(x), true
}

// operand is b, a vector or a constant, in a form for instructions: NEON has none that read memory.
func (p *prog) operand(b any) any {
	if _, ok := b.(V); !ok && p.neon != nil {
		return p.c(b)
	}
	return b
}

// op2 is a name b, with b a vector or a constant.
func (p *prog) op2(name string, a V, b any) V {
	d := p.new()
	b = p.operand(b)
	for i := range d {
		x, _ := p.at(a, i)
		y, k := p.at(b, i)
		p.do(name, k, y, x, d[i])
	}
	return d
}

func (p *prog) add(a V, b any) V { return p.op2("ADD", a, b) }
func (p *prog) sub(a V, b any) V { return p.op2("SUB", a, b) }
func (p *prog) mul(a V, b any) V { return p.op2("MUL", a, b) }
func (p *prog) div(a V, b any) V { return p.op2("DIV", a, b) }
func (p *prog) and(a V, b any) V { return p.op2("AND", a, b) }
func (p *prog) or(a V, b any) V  { return p.op2("OR", a, b) }
func (p *prog) xor(a V, b any) V { return p.op2("XOR", a, b) }

// min and max with a constant; a number that is not one (NaN) passes through.
func (p *prog) minC(a V, k any) V { return p.op2("MIN", p.c(k), a) }
func (p *prog) maxC(a V, k any) V { return p.op2("MAX", p.c(k), a) }

// Three-operand forms that overwrite their first argument.
func (p *prog) in3(name string, d, a V, b any) V {
	b = p.operand(b)
	for i := range d {
		x, _ := p.at(a, i)
		y, k := p.at(b, i)
		p.do(name, k, y, x, d[i])
	}
	return d
}

// fma adds a b to d; fnma subtracts it; horner makes d = d a + b.
func (p *prog) fma(d, a V, b any) V    { return p.in3("FMA231", d, a, b) }
func (p *prog) fnma(d, a V, b any) V   { return p.in3("FNMA231", d, a, b) }
func (p *prog) horner(d, a V, b any) V { return p.in3("FMA213", d, a, b) }

func (p *prog) copy(a V) V {
	d := p.new()
	for i := range d {
		x, _ := p.at(a, i)
		if p.neon != nil {
			p.neon.move(d[i], x.(reg.VecVirtual))
		} else {
			ctx.VMOVAPS(x, d[i])
		}
	}
	return d
}

// fill is a constant in every unit's own registers, to be overwritten.
func (p *prog) fill(x any) V { return p.copy(p.c(x)) }

// poly evaluates a polynomial, highest power first.
func (p *prog) poly(x V, c []float64) V {
	d := p.fill(K(c[0]))
	for _, k := range c[1:] {
		p.horner(d, x, K(k))
	}
	return d
}

func (p *prog) round(a V) V {
	d := p.new()
	for i := range d {
		switch {
		case p.neon != nil:
			p.neonOp("ROUND", d[i], a[i])
		case p.wide && p.f64:
			ctx.VRNDSCALEPD(Imm(8), a[i], d[i])
		case p.wide:
			ctx.VRNDSCALEPS(Imm(8), a[i], d[i])
		case p.f64:
			ctx.VROUNDPD(Imm(8), a[i], d[i])
		default:
			ctx.VROUNDPS(Imm(8), a[i], d[i])
		}
	}
	return d
}

func (p *prog) shift(name string, a V, by int) V {
	d := p.new()
	for i := range d {
		if p.neon != nil {
			p.neonShift(name, d[i], a[i], by)
		} else {
			p.do(name, false, Imm(uint64(by)), a[i], d[i])
		}
	}
	return d
}

// mantissa and bias of the type.
func (p *prog) mant() int {
	if p.f64 {
		return 52
	}
	return 23
}

// pow2 is 2^n for whole n with a normal result.
func (p *prog) pow2(n V) V {
	if p.wide {
		d := p.new()
		one := p.c(K(1))
		for i := range d {
			p.scalef(n[i], one[0], d[i])
		}
		return d
	}
	// n plus a large constant has n in its low bits.
	t := p.add(n, K(p.pick(12582912+127, 6755399441055744+1023)))
	return p.shift("SHL", t, p.mant())
}

func (p *prog) scalef(n, a, d Op) {
	if p.f64 {
		ctx.VSCALEFPD(n, a, d)
	} else {
		ctx.VSCALEFPS(n, a, d)
	}
}

// scale is a 2^n for whole n, with gradual underflow and overflow.
func (p *prog) scale(a, n V) V {
	if p.wide {
		d := p.new()
		for i := range d {
			p.scalef(n[i], a[i], d[i])
		}
		return d
	}
	h := p.round(p.mul(n, K(0.5)))
	l := p.sub(n, h)
	return p.mul(p.mul(a, p.pow2(h)), p.pow2(l))
}

// Predicates of sel.
const (
	eq = 0
	lt = 17
	gt = 30
)

// sel is x where a pred b holds and y elsewhere.
func (p *prog) sel(pred int, a V, b any, x, y V) V {
	d := p.new()
	b = p.operand(b)
	for i := range d {
		m, bcst := p.at(b, i)
		xa, _ := p.at(x, i)
		ya, _ := p.at(y, i)
		if p.neon != nil {
			p.neonSel(pred, d[i], a[i], m.(reg.VecVirtual), xa.(reg.VecVirtual), ya.(reg.VecVirtual))
			continue
		}
		if !p.wide {
			t := p.reg()
			if p.f64 {
				ctx.VCMPPD(Imm(uint64(pred)), m, a[i], t)
				ctx.VBLENDVPD(t, xa, ya, d[i])
			} else {
				ctx.VCMPPS(Imm(uint64(pred)), m, a[i], t)
				ctx.VBLENDVPS(t, xa, ya, d[i])
			}
			continue
		}
		k := ctx.K()
		switch {
		case p.f64 && bcst:
			ctx.VCMPPD_BCST(Imm(uint64(pred)), m, a[i], k)
		case p.f64:
			ctx.VCMPPD(Imm(uint64(pred)), m, a[i], k)
		case bcst:
			ctx.VCMPPS_BCST(Imm(uint64(pred)), m, a[i], k)
		default:
			ctx.VCMPPS(Imm(uint64(pred)), m, a[i], k)
		}
		if p.f64 {
			ctx.VBLENDMPD(xa, ya, k, d[i])
		} else {
			ctx.VBLENDMPS(xa, ya, k, d[i])
		}
	}
	return d
}

// selSign is x where the sign bit of m is set and y elsewhere.
func (p *prog) selSign(m, x, y V) V {
	d := p.new()
	for i := range d {
		xa, _ := p.at(x, i)
		ya, _ := p.at(y, i)
		switch {
		case p.neon != nil:
			p.neonShift("SAR", d[i], m[i], 8*p.es()-1)
			p.neonOp("BSL", d[i], xa.(reg.VecVirtual), ya.(reg.VecVirtual))
		case !p.wide && p.f64:
			ctx.VBLENDVPD(m[i], xa, ya, d[i])
		case !p.wide:
			ctx.VBLENDVPS(m[i], xa, ya, d[i])
		case p.f64:
			k := ctx.K()
			ctx.VPMOVQ2M(m[i], k)
			ctx.VBLENDMPD(xa, ya, k, d[i])
		default:
			k := ctx.K()
			ctx.VPMOVD2M(m[i], k)
			ctx.VBLENDMPS(xa, ya, k, d[i])
		}
	}
	return d
}

func (p *prog) signBit() kb {
	if p.f64 {
		return 1 << 63
	}
	return 1 << 31
}

func (p *prog) abs(a V) V { return p.and(a, p.signBit()-1) }
