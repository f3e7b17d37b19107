package main

import (
	"math"

	. "github.com/mmcloughlin/avo/operand"
)

// exp is e^x: x = n ln 2 + r with whole n, and a polynomial in r.
func (p *prog) exp(x V) V {
	x = p.maxC(p.minC(x, K(p.pick(89, 709.9))), K(p.pick(-104, -746)))
	n := p.round(p.mul(x, K(math.Log2E)))
	r := p.reduceLn2(x, n)
	q := p.expm1Poly(r)
	return p.scale(p.add(q, K(1)), n)
}

// expNeg is e^x for x that are not positive, which saves steps where there is no instruction that scales by a power of two.
func (p *prog) expNeg(x V) V {
	if p.wide {
		return p.exp(x)
	}
	x = p.maxC(x, K(p.pick(-104, -746)))
	n := p.round(p.mul(x, K(math.Log2E)))
	q := p.expm1Poly(p.reduceLn2(x, n))
	// 2^n goes in two parts, the first with a normal result, so that the last multiplication alone rounds.
	up := p.pick(64, 512)
	t := p.add(n, K(p.pick(12582912+127, 6755399441055744+1023)+up))
	d := p.mul(p.add(q, K(1)), p.shift("SHL", t, p.mant()))
	return p.mul(d, K(math.Ldexp(1, -int(up))))
}

// reduceLn2 is x - n ln 2, in place of x, with ln 2 in two parts.
func (p *prog) reduceLn2(x, n V) V {
	p.fma(x, n, K(p.pick(-0.693359375, -6.93147180369123816490e-01)))
	return p.fma(x, n, K(p.pick(2.12194440054690583e-4, -1.90821492927058770002e-10)))
}

// expm1Poly is e^r - 1 for |r| <= ln 2/2.
func (p *prog) expm1Poly(r V) V {
	c := expP32
	if p.f64 {
		c = expP64
	}
	d := p.poly(r, c)
	return p.horner(d, p.mul(r, r), r)
}

// log1 is the logarithm of a positive normal number: x = 2^e (1+m), 1+m from sqrt(1/2) to sqrt(2). exponentLess, if not nil,
// is taken from e.
func (p *prog) log1(x, exponentLess V) V {
	mant := p.mant()
	var bias, one kb = 0x3f800000 - 0x3f3504f3, 0x3f800000
	if p.f64 {
		bias, one = 0x3ff0000000000000-0x3fe6a09e667f3bcd, 0x3ff0000000000000
	}
	e := p.shift("SHR", p.op2("IADD", x, bias), mant) // with the type's bias
	m := p.sub(p.op2("IADD", p.op2("ISUB", x, p.shift("SHL", e, mant)), one), K(1))
	// The biased exponent as a number: put it into the low bits of 2^23 or 2^52.
	if p.f64 {
		e = p.sub(p.or(e, kb(0x4330000000000000)), K(1<<52+1023))
	} else {
		e = p.sub(p.or(e, kb(0x4b000000)), K(1<<23+127))
	}
	if exponentLess != nil {
		e = p.sub(e, exponentLess)
	}
	if !p.f64 {
		z := p.mul(m, m)
		y := p.mul(p.mul(p.poly(m, logP32), m), z)
		p.fma(y, e, K(-2.12194440054690583e-4))
		p.fma(y, z, K(-0.5))
		y = p.add(y, m)
		return p.fma(y, e, K(0.693359375))
	}
	s := p.div(m, p.add(m, K(2)))
	s2 := p.mul(s, s)
	R := p.mul(s2, p.poly(s2, []float64{1.479819860511658591e-01, 1.531383769920937332e-01, 1.818357216161805012e-01,
		2.222219843214978396e-01, 2.857142874366239149e-01, 3.999999999940941908e-01, 6.666666666666735130e-01}))
	hf := p.mul(p.mul(m, m), K(0.5))
	y := p.mul(e, K(1.90821492927058770002e-10))
	p.fma(y, s, p.add(hf, R))
	y = p.sub(m, p.sub(hf, y))
	return p.fma(y, e, K(6.93147180369123816490e-01))
}

// log is the logarithm of any number.
func (p *prog) log(x V) V {
	tiny := K(p.pick(0x1p-126, 0x1p-1022))
	xs := p.sel(lt, x, tiny, p.mul(x, K(1<<54)), x)
	less := p.sel(lt, x, tiny, p.c(K(54)), p.c(K(0)))
	y := p.log1(xs, less)
	y = p.sel(lt, x, K(math.Inf(1)), y, x)
	zero := p.sel(eq, x, K(0), p.c(K(math.Inf(-1))), p.c(K(math.NaN())))
	return p.sel(gt, x, K(0), y, zero)
}

// signOf moves the sign of x onto y, which is not negative.
func (p *prog) signOf(x, y V) V { return p.or(p.abs(y), p.and(x, p.signBit())) }

// tanh is -E/(E+2) with E = e^(-2|x|) - 1, and the sign of x.
func (p *prog) tanh(x V) V {
	t := p.maxC(p.mul(p.abs(x), K(-2)), K(p.pick(-40, -80)))
	n := p.round(p.mul(t, K(math.Log2E)))
	q := p.expm1Poly(p.reduceLn2(t, n))
	s := p.pow2(n)
	e := p.fma(p.sub(s, K(1)), s, q)
	return p.signOf(x, p.div(e, p.add(e, K(2))))
}

func (p *prog) sigmoid(x V) V {
	e := p.exp(p.xor(x, p.signBit()))
	return p.div(p.c(K(1)), p.add(e, K(1)))
}

// softplus is max(x,0) + log(1+e) with e = e^-|x|; what 1+e loses of e is put back.
func (p *prog) softplus(x V) V {
	e := p.expNeg(p.or(x, p.signBit()))
	u := p.add(e, K(1))
	lost := p.sub(e, p.sub(u, K(1)))
	l := p.add(p.log1(u, nil), p.div(lost, u))
	return p.add(l, p.maxC(x, K(0)))
}

// erfcx is e^(t^2) erfc(t) for t from 0 up; beyond the fitted range, where it is multiplied by next to nothing, it stays.
func (p *prog) erfcx(t V) V {
	t = p.minC(t, K(p.pick(4.3, 6)))
	k, c := K(2), erfcxP32
	if p.f64 {
		k, c = 4, erfcxP64
	}
	u := p.div(p.sub(t, k), p.add(t, k))
	return p.poly(u, c)
}

// erf is a polynomial up to 0.9 and 1 - e^(-x^2) erfcx(|x|) beyond.
func (p *prog) erf(x V) V {
	a := p.abs(x)
	s := p.mul(x, x)
	e := p.expNeg(p.xor(s, p.signBit()))
	big := p.fnma(p.fill(K(1)), e, p.erfcx(a))
	big = p.signOf(x, big)
	c := erfP32
	if p.f64 {
		c = erfP64
	}
	small := p.mul(p.poly(s, c), x)
	return p.sel(lt, a, K(0.9), small, big)
}

// tailNormal is Phi(-|x|), and the exponential e^(-x^2/2) it contains.
func (p *prog) tailNormal(x V) (h, e V) {
	e = p.expNeg(p.mul(p.mul(x, x), K(-0.5)))
	q := p.erfcx(p.mul(p.abs(x), K(math.Sqrt2/2)))
	return p.mul(p.mul(e, K(0.5)), q), e
}

// gelu is x Phi(x) = max(x,0) - |x| Phi(-|x|).
func (p *prog) gelu(x V) V {
	h, _ := p.tailNormal(x)
	return p.fnma(p.maxC(x, K(0)), p.abs(x), h)
}

// geluSlope is Phi(x) + x phi(x).
func (p *prog) geluSlope(x V) V {
	h, e := p.tailNormal(x)
	phi := p.selSign(x, h, p.sub(p.c(K(1)), h))
	return p.fma(phi, x, p.mul(e, K(1/math.Sqrt(2*math.Pi))))
}

// sincos is the sine of x plus quarter turns, |x| moderate: r = x - n pi/2 with pi/2 in three parts.
func (p *prog) sincos(x V, quarter int) V {
	magic := K(p.pick(12582912, 6755399441055744))
	t := p.add(p.mul(x, K(2/math.Pi)), magic)
	n := p.sub(t, magic)
	r := p.copy(x)
	for _, c := range p.halfPi() {
		p.fma(r, n, K(-c))
	}
	if quarter != 0 {
		t = p.op2("IADD", t, kb(quarter))
	}
	s := p.mul(r, r)
	sp, cp := sinP32, cosP32
	if p.f64 {
		sp, cp = sinP64, cosP64
	}
	sn := p.fma(p.copy(r), p.mul(p.poly(s, sp), s), r)
	cs := p.fma(p.fill(K(1)), s, K(-0.5))
	p.fma(cs, p.mul(s, s), p.poly(s, cp))
	top := 31
	if p.f64 {
		top = 63
	}
	y := p.selSign(p.shift("SHL", t, top), cs, sn)
	return p.xor(y, p.and(p.shift("SHL", t, top-1), p.signBit()))
}

func (p *prog) halfPi() []float64 {
	if p.f64 {
		return []float64{1.5707963267948966, 6.123233995736766e-17, -1.4973849048591833e-33}
	}
	return []float64{1.57079637050628662109375, -4.37113900018624283e-8, -1.71512451000588185e-15}
}

// maps emits the functions of one argument.
func maps() {
	tables, iotas = map[string]Mem{}, map[bool]Mem{}
	one := func(name string, units [2]int, f func(p *prog, x V) V) {
		each(name, 2, units, func(p *prog, in []V) V { return f(p, in[0]) })
	}
	one("Neg", [2]int{4, 2}, func(p *prog, x V) V { return p.xor(x, p.signBit()) })
	one("Abs", [2]int{4, 2}, func(p *prog, x V) V { return p.abs(x) })
	one("Square", [2]int{4, 2}, func(p *prog, x V) V { return p.mul(x, x) })
	one("Sqrt", [2]int{4, 2}, func(p *prog, x V) V {
		d := p.new()
		for i := range d {
			p.do("SQRT", false, x[i], d[i])
		}
		return d
	})
	one("Recip", [2]int{4, 2}, func(p *prog, x V) V { return p.div(p.c(K(1)), x) })
	one("ReLU", [2]int{4, 2}, func(p *prog, x V) V { return p.maxC(x, K(0)) })
	one("Exp", [2]int{4, 2}, (*prog).exp)
	one("Log", [2]int{2, 1}, (*prog).log)
	one("Sin", [2]int{2, 1}, func(p *prog, x V) V { return p.sincos(x, 0) })
	one("Cos", [2]int{2, 1}, func(p *prog, x V) V { return p.sincos(x, 1) })
	one("Tanh", [2]int{4, 1}, (*prog).tanh)
	one("Erf", [2]int{2, 1}, (*prog).erf)
	one("Sigmoid", [2]int{4, 1}, (*prog).sigmoid)
	one("Softplus", [2]int{2, 0}, (*prog).softplus)
	one("GELU", [2]int{2, 1}, (*prog).gelu)
	one("SiLU", [2]int{4, 1}, func(p *prog, x V) V { return p.mul(x, p.sigmoid(x)) })
}

// slopes emits the gradients: dst, g, x, y.
func slopes() {
	tables, iotas = map[string]Mem{}, map[bool]Mem{}
	of := func(name string, units [2]int, f func(p *prog, g, a V) V) {
		each(name, 3, units, func(p *prog, in []V) V { return f(p, in[0], in[1]) })
	}
	of("AbsGrad", [2]int{4, 2}, func(p *prog, g, x V) V {
		s := p.xor(g, p.and(x, p.signBit()))
		return p.sel(eq, x, K(0), p.c(K(0)), s)
	})
	of("SquareGrad", [2]int{4, 2}, func(p *prog, g, x V) V { return p.mul(p.mul(g, x), K(2)) })
	of("SqrtGrad", [2]int{4, 2}, func(p *prog, g, y V) V { return p.div(p.mul(g, K(0.5)), y) })
	of("RecipGrad", [2]int{4, 2}, func(p *prog, g, y V) V { return p.xor(p.mul(g, p.mul(y, y)), p.signBit()) })
	of("ReLUGrad", [2]int{4, 2}, func(p *prog, g, x V) V { return p.sel(gt, x, K(0), g, p.c(K(0))) })
	of("TanhGrad", [2]int{4, 2}, func(p *prog, g, y V) V { return p.mul(g, p.fnma(p.fill(K(1)), y, y)) })
	of("ErfGrad", [2]int{4, 1}, func(p *prog, g, x V) V {
		e := p.expNeg(p.xor(p.mul(x, x), p.signBit()))
		return p.mul(p.mul(g, e), K(2/math.SqrtPi))
	})
	of("SigmoidGrad", [2]int{4, 2}, func(p *prog, g, y V) V { return p.mul(g, p.fnma(p.copy(y), y, y)) })
	of("SoftplusGrad", [2]int{4, 1}, func(p *prog, g, x V) V { return p.mul(g, p.sigmoid(x)) })
	of("GELUGrad", [2]int{2, 1}, func(p *prog, g, x V) V { return p.mul(g, p.geluSlope(x)) })
	of("SiLUGrad", [2]int{4, 1}, func(p *prog, g, x V) V {
		s := p.sigmoid(x)
		w := p.sub(p.c(K(1)), s)
		return p.mul(p.mul(g, s), p.horner(w, x, K(1)))
	})
}
