package main

import (
	"math"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// normals emits the generators of normal numbers. Each step makes eight blocks of Philox 4x32-10 with one 32-bit word a
// 64-bit lane, and from them Box-Muller pairs; every operation is the one that package kernel's plain form makes, in the same
// order, so that the bits agree. Arguments: N steps, P0 destination, P1 the round keys (ten pairs, each word four times over 64
// bits), S0 the first counter, S1 and S2 the words of the stream.
func normals() {
	tables, iotas = map[string]Mem{}, map[bool]Mem{}
	for _, wide := range []bool{false, true} {
		normalKernel(wide, true)
		normalKernel(wide, false)
		dropKernel(wide)
	}
}

// dropKernel emits the masks of dropout in single precision: argument S4 where a uniform number, the top 24 bits of a 64-bit
// word, is above S3, and zero elsewhere. The other arguments are those of normals.
func dropKernel(wide bool) {
	p, dst, keys, counter := beginPhilox("DropF32", "fills an array with the masks of dropout", wide, []uint64{0, 1, 2, 3, 4, 5, 6, 7})
	q := *p
	q.f64 = false
	rate, scale := q.arg(3), q.arg(4)
	ctx.Label("loop")
	for part := range counter {
		p.thin = !wide
		c := p.philox(counter[part:part+1], keys)
		w := p.or(p.low32(c[1]), p.shift("SHL", c[3], 32))
		q.thin = !wide
		u := q.shift("SHR", w, 8)
		ctx.VCVTDQ2PS(u[0], u[0])
		u = q.mul(u, K(0x1p-24))
		var keep reg.VecVirtual
		if wide {
			k := ctx.K()
			ctx.VCMPPS(Imm(gt), rate[0], u[0], k)
			keep = ctx.ZMM()
			ctx.VMOVAPS_Z(scale[0], k, keep)
		} else {
			t := ctx.YMM()
			ctx.VCMPPS(Imm(gt), rate[0], u[0], t)
			keep = q.and(V{t}, scale)[0]
		}
		ctx.VMOVUPS(keep, Mem{Base: dst, Disp: 32 * part})
	}
	p.thin = false
	p.endPhilox(counter, dst, 64)
}

func normalKernel(wide, double bool) {
	name := "NormalF32"
	if double {
		name = "NormalF64"
	}
	// Counters are dealt to the lanes so that the unpacking at the end leaves the numbers in order.
	order := []uint64{0, 2, 4, 6, 1, 3, 5, 7}
	switch {
	case wide && double:
		order = []uint64{0, 4, 1, 5, 2, 6, 3, 7}
	case double:
		order = []uint64{0, 2, 1, 3, 4, 6, 5, 7}
	case !wide:
		order = []uint64{0, 1, 2, 3, 4, 5, 6, 7}
	}
	p, dst, keys, counter := beginPhilox(name, "fills an array with normal numbers", wide, order)
	ctx.Label("loop")
	if wide {
		p.normalStep(counter, keys, dst, double)
	} else {
		p.thin = true
		for p.part = 0; p.part < 2; p.part++ {
			p.normalStep(counter[p.part:p.part+1], keys, dst, double)
		}
	}
	p.endPhilox(counter, dst, 128)
}

// beginPhilox opens a function over steps of eight blocks, the counters of which are dealt to the lanes in the given order.
func beginPhilox(name, does string, wide bool, order []uint64) (p *prog, dst, keys reg.GPVirtual, counter V) {
	p = &prog{f64: true, wide: wide, units: 1, args: reg.RAX, n: reg.RCX}
	suffix := "x256"
	if wide {
		suffix = "x512"
	}
	ctx.Function(name + suffix)
	ctx.Attributes(attr.NOSPLIT)
	ctx.Pragma("noescape")
	ctx.SignatureExpr("func(a *byte)")
	ctx.Doc(name + suffix + " " + does + "; see Args and the generator.")
	ctx.Load(ctx.Param("a"), p.args)
	ctx.MOVQ(Mem{Base: p.args, Disp: fN}, p.n)
	dst, keys = ctx.GP64(), ctx.GP64()
	ctx.MOVQ(Mem{Base: p.args, Disp: fP}, dst)
	ctx.MOVQ(Mem{Base: p.args, Disp: fP + 8}, keys)
	tab := ctx.StaticGlobal("order" + name + suffix)
	ctx.DataAttributes(attr.RODATA | attr.NOPTR)
	for i, v := range order {
		ctx.AddDatum(8*i, U64(v))
	}
	counter = p.new()
	first := p.arg(0)
	for i := range counter {
		w := 32
		if wide {
			w = 64
		}
		ctx.VMOVUPS(tab.Offset(w*i), counter[i])
		p.do("IADD", false, first[0], counter[i], counter[i])
	}
	return p, dst, keys, counter
}

// endPhilox closes the loop over steps, each of which has written so many bytes.
func (p *prog) endPhilox(counter V, dst reg.GPVirtual, bytes uint32) {
	for i := range counter {
		p.do("IADD", true, p.mem(kb(8)), counter[i], counter[i])
	}
	ctx.ADDQ(U32(bytes), dst)
	ctx.DECQ(p.n)
	ctx.JNZ(LabelRef("loop"))
	ctx.VZEROUPPER()
	ctx.RET()
}

// normalStep makes and stores the numbers of the blocks in hand.
func (p *prog) normalStep(counter V, keys, dst reg.GPVirtual, double bool) {
	c := p.philox(counter, keys)
	if !double {
		z := p.quads(c)
		p.storeQuads(z, dst)
		return
	}
	a := p.or(p.low32(c[0]), p.shift("SHL", c[1], 32))
	b := p.or(p.low32(c[2]), p.shift("SHL", c[3], 32))
	z0, z1 := p.pair(p.unit53(a), p.shift("SHR", b, 12))
	w := 32
	if p.wide {
		w = 64
	}
	lo, hi := p.reg(), p.reg()
	ctx.VUNPCKLPD(z1[0], z0[0], lo)
	ctx.VUNPCKHPD(z1[0], z0[0], hi)
	ctx.VMOVUPD(lo, Mem{Base: dst, Disp: 2 * w * p.part})
	ctx.VMOVUPD(hi, Mem{Base: dst, Disp: 2*w*p.part + w})
}

// quads makes the two pairs of each block. With AVX2 both go through one program side by side, since one alone waits for its own
// results most of the time.
func (p *prog) quads(c [4]V) []V {
	var a, b []V
	for i := 0; i < 4; i += 2 {
		a = append(a, p.low32(c[i]))
		b = append(b, p.shift("SHL", p.low32(c[i+1]), 20))
	}
	q := *p
	if !p.wide {
		q.thin, a, b = false, []V{{a[0][0], a[1][0]}}, []V{{b[0][0], b[1][0]}}
	}
	var z []V
	for i := range a {
		z0, z1 := q.pair(q.mul(q.add(q.number(a[i]), K(0.5)), K(0x1p-32)), b[i])
		for j := range z0 {
			z = append(z, V{z0[j]}, V{z1[j]})
		}
	}
	return z
}

// philox runs the ten rounds. Lanes carry rubbish above their 32 bits, which the multiplication does not look at.
func (p *prog) philox(counter V, keys reg.GPVirtual) [4]V {
	c := [4]V{p.copy(counter), p.shift("SHR", counter, 32), p.copy(p.arg(1)), p.copy(p.arg(2))}
	for r := 0; r < 10; r++ {
		l0, l1 := p.op2("MULU", c[0], kb(0xd2511f53)), p.op2("MULU", c[2], kb(0xcd9e8d57))
		h0, h1 := p.shift("SHR", l0, 32), p.shift("SHR", l1, 32)
		for i := range h0 {
			p.do("XOR", false, c[1][i], h1[i], h1[i])
			p.do("XOR", true, Mem{Base: keys, Disp: 64 * r}, h1[i], h1[i])
			p.do("XOR", false, c[3][i], h0[i], h0[i])
			p.do("XOR", true, Mem{Base: keys, Disp: 64*r + 32}, h0[i], h0[i])
		}
		c = [4]V{h1, l1, h0, l0}
	}
	return c
}

func (p *prog) low32(x V) V { return p.and(x, kb(0xffffffff)) }

// number is an integer below 2^52 as a number.
func (p *prog) number(x V) V { return p.sub(p.or(x, kb(0x4330000000000000)), K(1<<52)) }

// unit53 is ((a >> 11) + 1) / 2^53.
func (p *prog) unit53(a V) V {
	w := p.shift("SHR", a, 11)
	u := p.number(p.low32(w))
	p.fma(u, p.number(p.shift("SHR", w, 32)), K(1<<32))
	return p.mul(p.add(u, K(1)), K(0x1p-53))
}

// pair is the Box-Muller pair of u and the angle v, in 2^-52 of a turn.
func (p *prog) pair(u, v V) (z0, z1 V) {
	l := p.mul(p.log1(u, nil), K(-2))
	r := p.new()
	for i := range r {
		p.do("SQRT", false, l[i], r[i])
	}
	v = p.op2("IADD", v, kb(1<<49))
	t := p.mul(p.sub(p.or(p.and(v, kb(1<<50-1)), kb(0x4330000000000000)), K(1<<52+1<<49)), K(0x1p-52*2*math.Pi))
	z := p.mul(t, t)
	s := p.poly(z, []float64{1.58969099521155010221e-10, -2.50507602534068634195e-08, 2.75573137070700676789e-06,
		-1.98412698298579493134e-04, 8.33333333332248946124e-03, -1.66666666666666324348e-01})
	p.horner(s, p.mul(t, z), t)
	c := p.poly(z, []float64{-1.13596475577881948265e-11, 2.08757232129817482790e-09, -2.75573143513906633035e-07,
		2.48015872894767294178e-05, -1.38888888888741095749e-03, 4.16666666666666019037e-02})
	one := p.fma(p.fill(K(1)), z, K(-0.5))
	p.horner(c, p.mul(z, z), one)
	// Bit 50 of v swaps sine and cosine, with a sign; bit 51 turns both around.
	odd := p.shift("SHL", v, 13)
	sn := p.selSign(odd, c, s)
	cs := p.selSign(odd, p.xor(s, p.signBit()), c)
	half := p.and(p.shift("SHL", v, 12), p.signBit())
	return p.mul(r, p.xor(cs, half)), p.mul(r, p.xor(sn, half))
}

// storeQuads rounds four vectors to single precision and stores the four numbers of each lane together.
func (p *prog) storeQuads(z []V, dst reg.GPVirtual) {
	half := func() reg.VecVirtual {
		if p.wide {
			return ctx.YMM()
		}
		return ctx.XMM()
	}
	var f []reg.VecVirtual
	for _, v := range z {
		r := half()
		if p.wide {
			ctx.VCVTPD2PS(v[0], r)
		} else {
			ctx.VCVTPD2PSY(v[0], r)
		}
		f = append(f, r)
	}
	lo, hi, lo2, hi2 := half(), half(), half(), half()
	ctx.VUNPCKLPS(f[1], f[0], lo)
	ctx.VUNPCKHPS(f[1], f[0], hi)
	ctx.VUNPCKLPS(f[3], f[2], lo2)
	ctx.VUNPCKHPS(f[3], f[2], hi2)
	w, at := 16, 64*p.part
	if p.wide {
		w, at = 32, 0
	}
	for k, pair := range [][2]reg.VecVirtual{{lo, lo2}, {hi, hi2}} {
		a, b := half(), half()
		ctx.VUNPCKLPD(pair[1], pair[0], a)
		ctx.VUNPCKHPD(pair[1], pair[0], b)
		ctx.VMOVUPS(a, Mem{Base: dst, Disp: at + 2*k*w})
		ctx.VMOVUPS(b, Mem{Base: dst, Disp: at + (2*k+1)*w})
	}
}
