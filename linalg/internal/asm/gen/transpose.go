package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// transposes emits the in-register transposes and the prefetch loop.
func transposes() {
	begin("Transpose16F32", "func(n int, src *byte, lds, nexts uintptr, dst *byte, ldd, nextd uintptr)",
		"Transpose16F32 transposes n blocks of 16 by 16: the rows of a block are lds and ldd apart, the blocks nexts and nextd, in bytes.")
	transposeLoop(16, func(z []reg.VecPhysical) {
		for i := 0; i < 16; i += 2 {
			ctx.VUNPCKLPS(z[i+1], z[i], z[16+i])
			ctx.VUNPCKHPS(z[i+1], z[i], z[17+i])
		}
		for i := 0; i < 16; i += 4 {
			ctx.VUNPCKLPD(z[18+i], z[16+i], z[i])
			ctx.VUNPCKHPD(z[18+i], z[16+i], z[i+1])
			ctx.VUNPCKLPD(z[19+i], z[17+i], z[i+2])
			ctx.VUNPCKHPD(z[19+i], z[17+i], z[i+3])
		}
		// Lane L of z[4g+c] now holds rows 4g ... 4g+3 of column 4L+c; two rounds of shuffles gather the lanes.
		for c := 0; c < 4; c++ {
			ctx.VSHUFF32X4(Imm(0x88), z[4+c], z[c], z[16+c])
			ctx.VSHUFF32X4(Imm(0xdd), z[4+c], z[c], z[20+c])
			ctx.VSHUFF32X4(Imm(0x88), z[12+c], z[8+c], z[24+c])
			ctx.VSHUFF32X4(Imm(0xdd), z[12+c], z[8+c], z[28+c])
		}
		for c := 0; c < 4; c++ {
			ctx.VSHUFF32X4(Imm(0x88), z[24+c], z[16+c], z[c])
			ctx.VSHUFF32X4(Imm(0xdd), z[24+c], z[16+c], z[8+c])
			ctx.VSHUFF32X4(Imm(0x88), z[28+c], z[20+c], z[4+c])
			ctx.VSHUFF32X4(Imm(0xdd), z[28+c], z[20+c], z[12+c])
		}
	}, 0, zmm())

	begin("Transpose8F64", "func(n int, src *byte, lds, nexts uintptr, dst *byte, ldd, nextd uintptr)",
		"Transpose8F64 transposes n blocks of 8 by 8: the rows of a block are lds and ldd apart, the blocks nexts and nextd, in bytes.")
	transposeLoop(8, func(z []reg.VecPhysical) {
		for i := 0; i < 8; i += 2 {
			ctx.VUNPCKLPD(z[i+1], z[i], z[16+i])
			ctx.VUNPCKHPD(z[i+1], z[i], z[17+i])
		}
		for c := 0; c < 2; c++ {
			ctx.VSHUFF64X2(Imm(0x88), z[18+c], z[16+c], z[c])
			ctx.VSHUFF64X2(Imm(0xdd), z[18+c], z[16+c], z[2+c])
			ctx.VSHUFF64X2(Imm(0x88), z[22+c], z[20+c], z[4+c])
			ctx.VSHUFF64X2(Imm(0xdd), z[22+c], z[20+c], z[6+c])
		}
		for c := 0; c < 2; c++ {
			ctx.VSHUFF64X2(Imm(0x88), z[4+c], z[c], z[16+c])
			ctx.VSHUFF64X2(Imm(0xdd), z[4+c], z[c], z[20+c])
			ctx.VSHUFF64X2(Imm(0x88), z[6+c], z[2+c], z[18+c])
			ctx.VSHUFF64X2(Imm(0xdd), z[6+c], z[2+c], z[22+c])
		}
	}, 16, zmm())

	begin("Transpose8F32", "func(n int, src *byte, lds, nexts uintptr, dst *byte, ldd, nextd uintptr)",
		"Transpose8F32 transposes n blocks of 8 by 8 with AVX: src has 8 rows of 8n, dst 8n rows of 8; strides in bytes.")
	transposeLoop(8, func(y []reg.VecPhysical) {
		for i := 0; i < 8; i += 2 {
			ctx.VUNPCKLPS(y[i+1], y[i], y[8+i])
			ctx.VUNPCKHPS(y[i+1], y[i], y[9+i])
		}
		for i := 0; i < 8; i += 4 {
			ctx.VUNPCKLPD(y[10+i], y[8+i], y[i])
			ctx.VUNPCKHPD(y[10+i], y[8+i], y[i+1])
			ctx.VUNPCKLPD(y[11+i], y[9+i], y[i+2])
			ctx.VUNPCKHPD(y[11+i], y[9+i], y[i+3])
		}
		for c := 0; c < 4; c++ {
			ctx.VPERM2F128(Imm(0x20), y[4+c], y[c], y[8+c])
			ctx.VPERM2F128(Imm(0x31), y[4+c], y[c], y[12+c])
		}
	}, 8, ymm())

	begin("Transpose4F64", "func(n int, src *byte, lds, nexts uintptr, dst *byte, ldd, nextd uintptr)",
		"Transpose4F64 transposes n blocks of 4 by 4 with AVX: src has 4 rows of 4n, dst 4n rows of 4; strides in bytes.")
	transposeLoop(4, func(y []reg.VecPhysical) {
		for i := 0; i < 4; i += 2 {
			ctx.VUNPCKLPD(y[i+1], y[i], y[8+i])
			ctx.VUNPCKHPD(y[i+1], y[i], y[9+i])
		}
		for c := 0; c < 2; c++ {
			ctx.VPERM2F128(Imm(0x20), y[10+c], y[8+c], y[c])
			ctx.VPERM2F128(Imm(0x31), y[10+c], y[8+c], y[2+c])
		}
	}, 0, ymm())

	begin("Prefetch", "func(lines int, p *byte)", "Prefetch asks for so many cache lines from p on.")
	ctx.Load(ctx.Param("lines"), reg.RAX)
	ctx.Load(ctx.Param("p"), reg.RBX)
	ctx.Label("loop")
	ctx.PREFETCHT0(Mem{Base: reg.RBX})
	ctx.ADDQ(Imm(64), reg.RBX)
	ctx.DECQ(reg.RAX)
	ctx.JNZ(LabelRef("loop"))
	ctx.RET()

	begin("PrefetchRows", "func(n int, p *byte, stride uintptr)", "PrefetchRows asks for the cache lines at p and n-1 further addresses, stride bytes apart.")
	ctx.Load(ctx.Param("n"), reg.RAX)
	ctx.Load(ctx.Param("p"), reg.RBX)
	ctx.Load(ctx.Param("stride"), reg.RCX)
	ctx.Label("loop")
	ctx.PREFETCHT0(Mem{Base: reg.RBX})
	ctx.ADDQ(reg.RCX, reg.RBX)
	ctx.DECQ(reg.RAX)
	ctx.JNZ(LabelRef("loop"))
	ctx.RET()
}

// begin starts a function.
func begin(name, sig, doc string) {
	ctx.Function(name)
	ctx.Attributes(attr.NOSPLIT)
	ctx.Pragma("noescape")
	ctx.SignatureExpr(sig)
	ctx.Doc(doc)
}

// transposeLoop loads rows vectors, shuffles them, and stores the rows registers from number out on.
func transposeLoop(rows int, shuffle func([]reg.VecPhysical), out int, v []reg.VecPhysical) {
	n, src, lds, dst, ldd, p, nexts, nextd := reg.RAX, reg.RBX, reg.RCX, reg.RDX, reg.RSI, reg.RDI, reg.R8, reg.R9
	ctx.Load(ctx.Param("n"), n)
	ctx.Load(ctx.Param("src"), src)
	ctx.Load(ctx.Param("lds"), lds)
	ctx.Load(ctx.Param("dst"), dst)
	ctx.Load(ctx.Param("ldd"), ldd)
	ctx.Load(ctx.Param("nexts"), nexts)
	ctx.Load(ctx.Param("nextd"), nextd)
	ctx.Label("loop")
	ctx.MOVQ(src, p)
	for i := 0; i < rows; i++ {
		ctx.VMOVUPS(Mem{Base: p}, v[i])
		if i < rows-1 {
			ctx.ADDQ(lds, p)
		}
	}
	shuffle(v)
	for i := 0; i < rows; i++ {
		if i == 0 {
			ctx.MOVQ(dst, p)
		} else {
			ctx.ADDQ(ldd, p)
		}
		ctx.VMOVUPS(v[out+i], Mem{Base: p})
	}
	ctx.ADDQ(nexts, src)
	ctx.ADDQ(nextd, dst)
	ctx.DECQ(n)
	ctx.JNZ(LabelRef("loop"))
	ctx.VZEROUPPER()
	ctx.RET()
}
