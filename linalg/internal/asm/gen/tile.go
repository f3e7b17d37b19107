package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets of the fields of asm.Tile.
const (
	fA, fB, fC, fK             = 0, 8, 16, 24
	fRSA, fCSA, fLDB, fLDC     = 32, 40, 48, 56
	fCols, fMode, fAlpha, fSeg = 64, 72, 80, 88
	fNSeg, fD                  = 96, 104
)

// tileNames are the product kernels in the order of the table: level, type, kind, rows.
var tileNames []string

// Registers of every tile kernel.
var (
	rK, rRS, rCS, rB = reg.RAX, reg.RBX, reg.RCX, reg.RDX
	rLDB, rC, rLDC   = reg.RSI, reg.RDI, reg.R8
	rP               = []reg.GPPhysical{reg.R9, reg.R10, reg.R11, reg.R12}
	rT, rSeg, rN     = reg.R13, reg.R14, reg.R15
)

// tile describes one product kernel: rows by nv vectors of the given width.
type tile struct {
	rows, nv, unroll int
	f64, wide        bool
	masked           bool // wide: loads and stores under a mask of columns
	z                []reg.VecPhysical
}

func (k *tile) bytes() int {
	if k.wide {
		return 64
	}
	return 32
}
func (k *tile) acc(i, j int) reg.VecPhysical { return k.z[i*k.nv+j] }
func (k *tile) b(j int) reg.VecPhysical      { return k.z[k.rows*k.nv+j] }
func (k *tile) bcast(i int) reg.VecPhysical {
	nb := k.rows*k.nv + k.nv
	nt := min(4, len(k.z)-nb)
	return k.z[nb+i%nt]
}

// emit writes the kernel: for each segment, C tile += A[segment] B, and then the epilogue that the mode asks for.
func (k *tile) emit(name string) {
	tileNames = append(tileNames, name)
	ctx.Function(name)
	ctx.Attributes(attr.NOSPLIT)
	ctx.Pragma("noescape")
	ctx.SignatureExpr("func(kern uintptr, t *byte)")
	np := (k.rows + 2) / 3
	at := func(f int) Mem { return Mem{Base: rT, Disp: f} }
	ctx.Load(ctx.Param("t"), rT)
	ctx.MOVQ(at(fRSA), rRS)
	ctx.MOVQ(at(fCSA), rCS)
	ctx.MOVQ(at(fB), rB)
	ctx.MOVQ(at(fLDB), rLDB)
	ctx.MOVQ(at(fC), rC)
	ctx.MOVQ(at(fLDC), rLDC)
	ctx.MOVQ(at(fSeg), rSeg)
	ctx.MOVQ(at(fNSeg), rN)
	if k.rows >= 6 && k.nv == 2 && !k.masked {
		ctx.MOVQ(rC, rK)
		for i := 0; i < k.rows; i++ {
			ctx.PREFETCHT0(Mem{Base: rK})
			if k.wide {
				ctx.PREFETCHT0(Mem{Base: rK, Disp: 64})
			}
			if i < k.rows-1 {
				ctx.ADDQ(rLDC, rK)
			}
		}
	}
	if k.masked {
		ctx.MOVQ(at(fCols), rK)
		for v := 0; v < k.nv; v++ {
			if k.f64 {
				ctx.KMOVB(rK.As32(), kmask(v))
				ctx.SHRQ(Imm(8), rK)
			} else {
				ctx.KMOVW(rK.As32(), kmask(v))
				ctx.SHRQ(Imm(16), rK)
			}
		}
	}
	for i := 0; i < k.rows*k.nv; i++ {
		if k.wide {
			ctx.VPXORQ(k.z[i], k.z[i], k.z[i])
		} else {
			ctx.VXORPS(k.z[i], k.z[i], k.z[i])
		}
	}
	ctx.Label("segment")
	ctx.MOVQ(Mem{Base: rSeg}, rP[0])
	ctx.ADDQ(at(fA), rP[0])
	for i := 1; i < np; i++ {
		ctx.LEAQ(Mem{Base: rP[i-1], Index: rRS, Scale: 2}, rP[i])
		ctx.ADDQ(rRS, rP[i])
	}
	ctx.MOVQ(at(fK), rK)
	if k.unroll > 1 {
		ctx.SUBQ(Imm(uint64(k.unroll)), rK)
		ctx.JL(LabelRef("tail"))
		ctx.Label("loop")
		for u := 0; u < k.unroll; u++ {
			k.step(np)
		}
		ctx.SUBQ(Imm(uint64(k.unroll)), rK)
		ctx.JGE(LabelRef("loop"))
		ctx.Label("tail")
		ctx.ADDQ(Imm(uint64(k.unroll)), rK)
	} else {
		ctx.TESTQ(rK, rK)
	}
	ctx.JZ(LabelRef("done"))
	ctx.Label("single")
	k.step(np)
	ctx.DECQ(rK)
	ctx.JNZ(LabelRef("single"))
	ctx.Label("done")
	ctx.ADDQ(Imm(8), rSeg)
	ctx.DECQ(rN)
	ctx.JNZ(LabelRef("segment"))
	k.epilogue(at)
}

func kmask(v int) reg.OpmaskPhysical { return []reg.OpmaskPhysical{reg.K1, reg.K2}[v] }

// step is one index of the inner sum.
func (k *tile) step(np int) {
	for j := 0; j < k.nv; j++ {
		m := Mem{Base: rB, Disp: k.bytes() * j}
		switch {
		case k.masked && k.f64:
			ctx.VMOVUPD_Z(m, kmask(j), k.b(j))
		case k.masked:
			ctx.VMOVUPS_Z(m, kmask(j), k.b(j))
		default:
			ctx.VMOVUPS(m, k.b(j))
		}
	}
	ctx.ADDQ(rLDB, rB)
	for i := 0; i < k.rows; i++ {
		m := Mem{Base: rP[i/3]}
		if i%3 > 0 {
			m.Index, m.Scale = rRS, uint8(i%3)
		}
		if k.f64 {
			ctx.VBROADCASTSD(m, k.bcast(i))
		} else {
			ctx.VBROADCASTSS(m, k.bcast(i))
		}
		for j := 0; j < k.nv; j++ {
			if k.f64 {
				ctx.VFMADD231PD(k.b(j), k.bcast(i), k.acc(i, j))
			} else {
				ctx.VFMADD231PS(k.b(j), k.bcast(i), k.acc(i, j))
			}
		}
	}
	for i := 0; i < np; i++ {
		ctx.ADDQ(rCS, rP[i])
	}
}

// epilogue stores the tile: mode 0 C = T, 1 C += T, 2 C += alpha T, 3 C = alpha T, and 4 C = D^-1 (C - T) if
// the kernel solves.
func (k *tile) epilogue(at func(int) Mem) {
	n := len(k.z)
	alpha, tmp := k.z[n-2], k.z[n-1]
	mask := []reg.VecPhysical{k.z[k.rows*k.nv], k.z[k.rows*k.nv+1]} // AVX2 masks, where B was
	if !k.wide {
		// Columns within the tile, as vector masks.
		io, iof := iota256(k.f64)
		for v := 0; v < k.nv; v++ {
			if k.f64 {
				ctx.VPBROADCASTQ(at(fCols), mask[v])
				ctx.VPCMPGTQ(io.Offset(32*v), mask[v], mask[v])
			} else {
				ctx.VPBROADCASTD(at(fCols), mask[v])
				ctx.VPCMPGTD(io.Offset(32*v), mask[v], mask[v])
			}
		}
		_ = iof
	}
	load := func(m Mem, v int) {
		switch {
		case k.wide && !k.masked:
			ctx.VMOVUPS(m, tmp)
		case k.wide && k.f64:
			ctx.VMOVUPD_Z(m, kmask(v), tmp)
		case k.wide:
			ctx.VMOVUPS_Z(m, kmask(v), tmp)
		case k.f64:
			ctx.VMASKMOVPD(m, mask[v], tmp)
		default:
			ctx.VMASKMOVPS(m, mask[v], tmp)
		}
	}
	each := func(f func(m Mem, v int, a reg.VecPhysical)) {
		ctx.MOVQ(rC, rP[0])
		for i := 0; i < k.rows; i++ {
			for j := 0; j < k.nv; j++ {
				f(Mem{Base: rP[0], Disp: k.bytes() * j}, j, k.acc(i, j))
			}
			if i < k.rows-1 {
				ctx.ADDQ(rLDC, rP[0])
			}
		}
	}
	ctx.MOVQ(at(fMode), rK)
	ctx.TESTQ(rK, rK)
	ctx.JZ(LabelRef("store"))
	if k.solves() {
		ctx.CMPQ(rK, Imm(4))
		ctx.JEQ(LabelRef("solve"))
	}
	ctx.CMPQ(rK, Imm(1))
	ctx.JNE(LabelRef("scaled"))
	each(func(m Mem, v int, a reg.VecPhysical) {
		load(m, v)
		if k.f64 {
			ctx.VADDPD(tmp, a, a)
		} else {
			ctx.VADDPS(tmp, a, a)
		}
	})
	ctx.JMP(LabelRef("store"))
	ctx.Label("scaled")
	if k.f64 {
		ctx.VBROADCASTSD(at(fAlpha), alpha)
	} else {
		ctx.VBROADCASTSS(at(fAlpha), alpha)
	}
	ctx.CMPQ(rK, Imm(2))
	ctx.JNE(LabelRef("scale"))
	each(func(m Mem, v int, a reg.VecPhysical) {
		load(m, v)
		if k.f64 {
			ctx.VFMADD213PD(tmp, alpha, a)
		} else {
			ctx.VFMADD213PS(tmp, alpha, a)
		}
	})
	ctx.JMP(LabelRef("store"))
	ctx.Label("scale")
	for i := 0; i < k.rows*k.nv; i++ {
		if k.f64 {
			ctx.VMULPD(alpha, k.z[i], k.z[i])
		} else {
			ctx.VMULPS(alpha, k.z[i], k.z[i])
		}
	}
	ctx.Label("store")
	if !k.wide {
		ctx.CMPQ(at(fCols), Imm(uint64(k.nv*32/k.es())))
		ctx.JL(LabelRef("part"))
		each(func(m Mem, v int, a reg.VecPhysical) { ctx.VMOVUPS(a, m) })
		ctx.VZEROUPPER()
		ctx.RET()
		ctx.Label("part")
	}
	each(func(m Mem, v int, a reg.VecPhysical) {
		switch {
		case k.wide && !k.masked:
			ctx.VMOVUPS(a, m)
		case k.wide && k.f64:
			ctx.VMOVUPD(a, kmask(v), m)
		case k.wide:
			ctx.VMOVUPS(a, kmask(v), m)
		case k.f64:
			ctx.VMASKMOVPD(a, mask[v], m)
		default:
			ctx.VMASKMOVPS(a, mask[v], m)
		}
	})
	ctx.VZEROUPPER()
	ctx.RET()
	if k.solves() {
		ctx.Label("solve")
		each(func(m Mem, v int, a reg.VecPhysical) {
			load(m, v)
			if k.f64 {
				ctx.VSUBPD(a, tmp, a)
			} else {
				ctx.VSUBPS(a, tmp, a)
			}
		})
		k.substitute(at, alpha, tmp)
		ctx.JMP(LabelRef("store"))
	}
}

// solves says whether the kernel has mode 4.
func (k *tile) solves() bool { return !k.masked && (k.nv == 2 || !k.wide) }

// substitute solves D X = T for the tile T: D is a lower triangle, its rows as far apart as the tallest tile is high, with
// the reciprocals of its diagonal in place of that.
func (k *tile) substitute(at func(int) Mem, s0, s1 reg.VecPhysical) {
	ctx.MOVQ(at(fD), rRS)
	height := 6
	if k.wide {
		height = 12
	}
	broadcast := func(i, j int, to reg.VecPhysical) {
		m := Mem{Base: rRS, Disp: (i*height + j) * k.es()}
		if k.f64 {
			ctx.VBROADCASTSD(m, to)
		} else {
			ctx.VBROADCASTSS(m, to)
		}
	}
	for j := 0; j < k.rows; j++ {
		broadcast(j, j, s0)
		for v := 0; v < k.nv; v++ {
			if k.f64 {
				ctx.VMULPD(s0, k.acc(j, v), k.acc(j, v))
			} else {
				ctx.VMULPS(s0, k.acc(j, v), k.acc(j, v))
			}
		}
		for i := j + 1; i < k.rows; i++ {
			s := []reg.VecPhysical{s0, s1}[i%2]
			broadcast(i, j, s)
			for v := 0; v < k.nv; v++ {
				if k.f64 {
					ctx.VFNMADD231PD(s, k.acc(j, v), k.acc(i, v))
				} else {
					ctx.VFNMADD231PS(s, k.acc(j, v), k.acc(i, v))
				}
			}
		}
	}
}

func (k *tile) es() int {
	if k.f64 {
		return 8
	}
	return 4
}

func typeName(f64 bool) string {
	if f64 {
		return "F64"
	}
	return "F32"
}

// tiles512 emits the AVX-512 kernels: two vectors and one, full and masked, 1 to 12 rows.
func tiles512() {
	for _, f64 := range []bool{false, true} {
		for kind, nv := range []int{2, 2, 1, 1} {
			for rows := 1; rows <= 12; rows++ {
				k := &tile{rows: rows, nv: nv, f64: f64, wide: true, masked: kind%2 == 1, unroll: 1, z: zmm()}
				if rows >= 11 && kind == 0 {
					k.unroll = 2
				}
				k.emit(fmt.Sprintf("tile512%s%s%d", typeName(f64), []string{"full", "mask", "half", "halfmask"}[kind], rows))
			}
		}
	}
}

// tiles256 emits the AVX2 kernels: two vectors and one, 1 to 6 rows; C is stored under a mask, B is read whole.
func tiles256() {
	iotas = map[bool]Mem{}
	for _, f64 := range []bool{false, true} {
		for kind, nv := range []int{2, 1} {
			for rows := 1; rows <= 6; rows++ {
				k := &tile{rows: rows, nv: nv, f64: f64, unroll: 2, z: ymm()}
				k.emit(fmt.Sprintf("tile256%s%s%d", typeName(f64), []string{"full", "half"}[kind], rows))
			}
		}
	}
}

var iotas map[bool]Mem

// iota256 is a table of 0, 1, 2, ... over two vectors.
func iota256(f64 bool) (Mem, bool) {
	if m, ok := iotas[f64]; ok {
		return m, true
	}
	m := ctx.StaticGlobal("iota" + typeName(f64))
	ctx.DataAttributes(attr.RODATA | attr.NOPTR)
	n, es := 16, 4
	if f64 {
		n, es = 8, 8
	}
	for i := 0; i < n; i++ {
		if f64 {
			ctx.AddDatum(es*i, U64(uint64(i)))
		} else {
			ctx.AddDatum(es*i, U32(uint32(i)))
		}
	}
	iotas[f64] = m
	return m, false
}

func zmm() []reg.VecPhysical {
	return []reg.VecPhysical{reg.Z0, reg.Z1, reg.Z2, reg.Z3, reg.Z4, reg.Z5, reg.Z6, reg.Z7, reg.Z8, reg.Z9, reg.Z10,
		reg.Z11, reg.Z12, reg.Z13, reg.Z14, reg.Z15, reg.Z16, reg.Z17, reg.Z18, reg.Z19, reg.Z20, reg.Z21, reg.Z22,
		reg.Z23, reg.Z24, reg.Z25, reg.Z26, reg.Z27, reg.Z28, reg.Z29, reg.Z30, reg.Z31}
}

func ymm() []reg.VecPhysical {
	return []reg.VecPhysical{reg.Y0, reg.Y1, reg.Y2, reg.Y3, reg.Y4, reg.Y5, reg.Y6, reg.Y7, reg.Y8, reg.Y9, reg.Y10,
		reg.Y11, reg.Y12, reg.Y13, reg.Y14, reg.Y15}
}
