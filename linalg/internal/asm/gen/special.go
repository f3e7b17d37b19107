package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// specials emits the kernels of matrix-vector products, packing, and factorisations of many matrices at once.
func specials() {
	tables, iotas = map[string]Mem{}, map[bool]Mem{}
	// dst += s0 x0 + s1 x1 + s2 x2 + s3 x3, added in this order: four rows of a product of a row and a matrix.
	eachArgs4()
	dot4()
	copyRows("Copy48", 48)
	copyRows("Copy96", 96)
	for _, f64 := range []bool{false, true} {
		for _, wide := range []bool{false, true} {
			cholColumn(f64, wide)
		}
	}
}

func eachArgs4() {
	var s []V
	vector("Axpy4", 5, [2]int{2, 2}, func(p *prog) {
		s = nil
		for i := 0; i < 4; i++ {
			s = append(s, p.arg(i))
		}
	}, func(p *prog) {
		d := p.load(0)
		for i := range s {
			p.fma(d, p.load(1+i), s[i])
		}
		p.store(d, 0)
	}, nil)
}

// dot4 is the inner products of four rows (pointers 0 to 3) with a fifth.
func dot4() {
	var acc []V
	vector("Dot4", 5, [2]int{2, 1}, func(p *prog) {
		q := *p
		q.units = 1
		acc = nil
		for i := 0; i < 4; i++ {
			acc = append(acc, q.fill(K(0)))
		}
	}, func(p *prog) {
		q := *p
		q.units = 1
		for u := 0; u < p.units; u++ {
			at := q.shifted(64 * u)
			x := at.load(4)
			for i := range acc {
				at.fma(acc[i], x, at.load(i))
			}
		}
	}, func(p *prog) {
		for i := range acc {
			p.joinLanes(acc[i], "ADD", fR+8*i)
		}
	})
}

// copyRows copies rows of so many bytes, n of them, between arrays of different strides.
func copyRows(name string, size int) {
	begin(name, "func(n int, src *byte, lds uintptr, dst *byte, ldd uintptr)",
		fmt.Sprintf("%s copies n rows of %d bytes; strides in bytes.", name, size))
	n, src, lds, dst, ldd := reg.RAX, reg.RBX, reg.RCX, reg.RDX, reg.RSI
	ctx.Load(ctx.Param("n"), n)
	ctx.Load(ctx.Param("src"), src)
	ctx.Load(ctx.Param("lds"), lds)
	ctx.Load(ctx.Param("dst"), dst)
	ctx.Load(ctx.Param("ldd"), ldd)
	ctx.Label("loop")
	var parts []reg.VecVirtual
	for i := 0; i < 3; i++ {
		r := ctx.XMM()
		if size == 96 {
			r = ctx.YMM()
		}
		parts = append(parts, r)
		ctx.VMOVUPS(Mem{Base: src, Disp: size / 3 * i}, r)
	}
	for i, r := range parts {
		ctx.VMOVUPS(r, Mem{Base: dst, Disp: size / 3 * i})
	}
	ctx.ADDQ(lds, src)
	ctx.ADDQ(ldd, dst)
	ctx.DECQ(n)
	ctx.JNZ(LabelRef("loop"))
	ctx.VZEROUPPER()
	ctx.RET()
}

// cholColumn makes column j of the Cholesky factors of several matrices of order n that are interleaved: the element
// (i, k) of all is the 64 bytes number i ld + k. It returns the lanes whose pivot is positive as bits.
func cholColumn(f64, wide bool) {
	p := &prog{f64: f64, wide: wide, units: 1}
	name, rows := "CholColumn"+typeName(f64), 4
	if wide {
		name, rows = name+"x512", 8
	} else {
		name += "x256"
	}
	begin(name, "func(base *byte, n, ld, j int) uint64",
		name+" makes column j of the Cholesky factors of interleaved matrices of order n; it returns the lanes with a positive pivot.")
	base, n, j := ctx.Load(ctx.Param("base"), ctx.GP64()).(reg.GPVirtual), ctx.Load(ctx.Param("n"), ctx.GP64()).(reg.GPVirtual), ctx.Load(ctx.Param("j"), ctx.GP64()).(reg.GPVirtual)
	rs, jb := ctx.GP64(), ctx.GP64()
	ctx.Load(ctx.Param("ld"), rs)
	ctx.SHLQ(Imm(6), rs)
	ctx.MOVQ(j, jb)
	ctx.SHLQ(Imm(6), jb)
	q := ctx.GP64()
	ctx.MOVQ(j, q)
	ctx.IMULQ(rs, q)
	ctx.ADDQ(base, q) // row j
	unit := func(ptr, idx reg.Register) []Mem {
		if wide {
			return []Mem{{Base: ptr, Index: idx, Scale: 1}}
		}
		return []Mem{{Base: ptr, Index: idx, Scale: 1}, {Base: ptr, Index: idx, Scale: 1, Disp: 32}}
	}
	load := func(ms []Mem) V {
		v := p.new()
		for i, m := range ms {
			ctx.VMOVUPS(m, v[i])
		}
		return v
	}
	store := func(v V, ms []Mem) {
		for i, m := range ms {
			ctx.VMOVUPS(v[i], m)
		}
	}
	k := ctx.GP64()
	// The pivot.
	d := load(unit(q, jb))
	ctx.XORQ(k, k)
	ctx.CMPQ(k, jb)
	ctx.JGE(LabelRef("pivot"))
	ctx.Label("diagonal")
	l := load(unit(q, k))
	p.fnma(d, l, l)
	ctx.ADDQ(Imm(64), k)
	ctx.CMPQ(k, jb)
	ctx.JL(LabelRef("diagonal"))
	ctx.Label("pivot")
	ok := ctx.GP64()
	if wide {
		m := ctx.K()
		zero := p.c(K(0))
		if f64 {
			ctx.VCMPPD(Imm(gt), zero[0], d[0], m)
			ctx.KMOVB(m, ok.As32())
		} else {
			ctx.VCMPPS(Imm(gt), zero[0], d[0], m)
			ctx.KMOVW(m, ok.As32())
		}
	} else {
		zero := p.c(K(0))
		hi := ctx.GP64()
		for i, r := range []reg.GPVirtual{ok, hi} {
			t := p.reg()
			if f64 {
				ctx.VCMPPD(Imm(gt), zero[0], d[i], t)
				ctx.VMOVMSKPD(t, r.As32())
			} else {
				ctx.VCMPPS(Imm(gt), zero[0], d[i], t)
				ctx.VMOVMSKPS(t, r.As32())
			}
		}
		if f64 {
			ctx.SHLQ(Imm(4), hi)
		} else {
			ctx.SHLQ(Imm(8), hi)
		}
		ctx.ORQ(hi, ok)
	}
	ctx.Store(ok, ctx.ReturnIndex(0))
	s := p.new()
	for i := range s {
		p.do("SQRT", false, d[i], s[i])
	}
	store(s, unit(q, jb))
	inv := p.div(p.c(K(1)), s)
	// The rows below, several at a time and then one by one.
	left, row := ctx.GP64(), ctx.GP64()
	ctx.MOVQ(n, left)
	ctx.SUBQ(j, left)
	ctx.DECQ(left)
	ctx.MOVQ(q, row)
	ctx.ADDQ(rs, row)
	below := func(rows int, loop, inner, done, next string) {
		ctx.SUBQ(Imm(uint64(rows)), left)
		ctx.JL(LabelRef(next))
		ctx.Label(loop)
		ptrs := []reg.GPVirtual{row}
		for i := 3; i < rows; i += 3 {
			r := ctx.GP64()
			ctx.LEAQ(Mem{Base: ptrs[len(ptrs)-1], Index: rs, Scale: 2}, r)
			ctx.ADDQ(rs, r)
			ptrs = append(ptrs, r)
		}
		// The address of each row, as it must be: no room for a second index, so rows are stepped through pointers.
		addr := make([]reg.GPVirtual, rows)
		for i := range addr {
			addr[i] = ptrs[i/3]
			if i%3 > 0 {
				addr[i] = ctx.GP64()
				ctx.LEAQ(Mem{Base: ptrs[i/3], Index: rs, Scale: uint8(i % 3)}, addr[i])
			}
		}
		acc := make([]V, rows)
		for i := range acc {
			acc[i] = load(unit(addr[i], jb))
		}
		ctx.XORQ(k, k)
		ctx.CMPQ(k, jb)
		ctx.JGE(LabelRef(done))
		ctx.Label(inner)
		l := load(unit(q, k))
		for i := range acc {
			for u, m := range unit(addr[i], k) {
				p.do("FNMA231", false, m, l[u], acc[i][u])
			}
		}
		ctx.ADDQ(Imm(64), k)
		ctx.CMPQ(k, jb)
		ctx.JL(LabelRef(inner))
		ctx.Label(done)
		for i := range acc {
			store(p.mul(acc[i], inv), unit(addr[i], jb))
		}
		last := addr[rows-1]
		ctx.LEAQ(Mem{Base: last, Index: rs, Scale: 1}, row)
		ctx.SUBQ(Imm(uint64(rows)), left)
		ctx.JGE(LabelRef(loop))
		ctx.Label(next)
		ctx.ADDQ(Imm(uint64(rows)), left)
	}
	below(rows, "many", "manyInner", "manyDone", "few")
	below(1, "one", "oneInner", "oneDone", "end")
	ctx.VZEROUPPER()
	ctx.RET()
}
