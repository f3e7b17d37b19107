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
	for _, size := range []int{32, 48, 64, 96, 128} {
		copyRows(size)
	}
	for _, f64 := range []bool{false, true} {
		for _, step := range []int{32, 64} {
			cholPanel(f64, step)
			cholPanelGrad(f64, step)
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
func copyRows(size int) {
	name := fmt.Sprintf("Copy%d", size)
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
	width := 32
	if size%32 != 0 {
		width = 16
	}
	for i := 0; i < size/width; i++ {
		r := reg.VecVirtual(ctx.YMM())
		if width == 16 {
			r = ctx.XMM()
		}
		parts = append(parts, r)
		ctx.VMOVUPS(Mem{Base: src, Disp: width * i}, r)
	}
	for i, r := range parts {
		ctx.VMOVUPS(r, Mem{Base: dst, Disp: width * i})
	}
	ctx.ADDQ(lds, src)
	ctx.ADDQ(ldd, dst)
	ctx.DECQ(n)
	ctx.JNZ(LabelRef("loop"))
	ctx.VZEROUPPER()
	ctx.RET()
}
