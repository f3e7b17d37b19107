package main

import (
	"fmt"
	"strings"
)

// neonTile describes one product kernel of arm64: rows by nv vectors of sixteen bytes. General registers: R0 has the arguments, R1
// counts the sum, R2 is A and R3 its stride along the sum, R4 to R8 are the offsets of its rows, R9 and R10 are B and its stride,
// R11 and R12 C and its stride, R13 and R14 the segments and their number. Vectors: the tile from V0 on, then a row of B, then
// numbers of A.
type neonTile struct {
	neonText
	rows, nv int
	f64      bool
}

const neonB, neonA = 24, 28 // registers of B and A

func (k *neonTile) es() int { return (&prog{f64: k.f64}).es() }

// pairs loads or stores a row of the tile from vector v on, through general register base.
func (k *neonTile) pairs(load bool, v, base int) {
	word, name := uint32(0xad000000), "stp"
	if load {
		word, name = 0xad400000, "ldp"
	}
	for j := 0; j < k.nv; j += 2 {
		k.word(word|uint32(j<<15|(v+j+1)<<10|base<<5|v+j), "%s q%d, q%d, %s", name, v+j, v+j+1, address(base, 16*j))
	}
}

// byLane emits d += a b, d -= a b or d = a b with the first number of b for all lanes of a.
func (k *neonTile) byLane(name string, d, a, b int) {
	word, s := map[string]uint32{"fmla": 0x4f801000, "fmls": 0x4f805000, "fmul": 0x4f809000}[name], "s"
	if k.f64 {
		word, s = word|1<<22, "d"
	}
	lanes := arrangement(k.f64)
	k.word(word|uint32(b<<16|a<<5|d), "%s v%d.%s, v%d.%s, v%d.%s[0]", name, d, lanes, a, lanes, b, s)
}

// number loads one number of the element type, disp bytes from a general register on.
func (k *neonTile) number(v, base, disp int) {
	word, s := uint32(0xbd400000), "s"
	if k.f64 {
		word, s = 0xfd400000, "d"
	}
	k.word(word|uint32(disp/k.es()<<10|base<<5|v), "ldr %s%d, %s", s, v, address(base, disp))
}

// emit writes the kernel: for each segment, C tile += A[segment] B, and then the epilogue that the mode asks for.
func (k *neonTile) emit(name string) string {
	fmt.Fprintf(k, "TEXT %s<>(SB), NOSPLIT, $0-16\n", name)
	k.line("MOVD t+8(FP), R0")
	for _, f := range [][2]int{{fRSA, 4}, {fCSA, 3}, {fB, 9}, {fLDB, 10}, {fC, 11}, {fLDC, 12}, {fSeg, 13}, {fNSeg, 14}} {
		k.line("MOVD %d(R0), R%d", f[0], f[1])
	}
	for i := 2; i < k.rows; i++ {
		k.line("ADD R4, R%d, R%d", 2+i, 3+i)
	}
	for i := 0; i < k.rows*k.nv; i++ {
		k.word(0x6f00e400|uint32(i), "movi v%d.2d, #0x0", i)
	}
	k.label("segment")
	k.line("MOVD (R13), R1")
	k.line("MOVD %d(R0), R2", fA)
	k.line("ADD R1, R2")
	k.line("MOVD %d(R0), R1", fK)
	k.line("CBZ R1, done")
	k.label("loop")
	k.pairs(true, neonB, 9)
	k.line("ADD R10, R9")
	for i := 0; i < k.rows; i++ {
		a := neonA + i%4
		at := uint32((3+i)<<16 | 2<<5 | a)
		switch {
		case i == 0:
			k.number(a, 2, 0)
		case k.f64:
			k.word(0xfc606800|at, "ldr d%d, [x2, x%d]", a, 3+i)
		default:
			k.word(0xbc606800|at, "ldr s%d, [x2, x%d]", a, 3+i)
		}
		for j := 0; j < k.nv; j++ {
			k.byLane("fmla", k.nv*i+j, neonB+j, a)
		}
	}
	k.line("ADD R3, R2")
	k.line("SUBS $1, R1")
	k.line("BNE loop")
	k.label("done")
	k.line("ADD $8, R13")
	k.line("SUBS $1, R14")
	k.line("BNE segment")
	k.epilogue()
	return k.String()
}

// epilogue stores the tile: mode 0 C = T, 1 C += T, 2 C += alpha T, 3 C = alpha T, 4 C = D^-1 (C - T).
func (k *neonTile) epilogue() {
	each := func(f func(v int)) {
		k.line("MOVD R11, R1")
		for i := 0; i < k.rows; i++ {
			f(k.nv * i)
			if i < k.rows-1 {
				k.line("ADD R12, R1")
			}
		}
	}
	// joined replaces the tile by C and the tile.
	joined := func(name string) {
		each(func(v int) {
			k.pairs(true, neonB, 1)
			for j := 0; j < k.nv; j++ {
				k.three(name, k.f64, v+j, neonB+j, v+j)
			}
		})
	}
	k.line("MOVD %d(R0), R2", fMode)
	k.line("CBZ R2, store")
	for mode, label := range []string{1: "add", 4: "solve"} {
		if label != "" {
			k.line("CMP $%d, R2", mode)
			k.line("BEQ %s", label)
		}
	}
	k.number(neonA, 0, fAlpha)
	k.line("CMP $2, R2")
	k.line("BEQ scaled")
	for v := 0; v < k.rows*k.nv; v++ {
		k.byLane("fmul", v, v, neonA)
	}
	k.label("store")
	each(func(v int) { k.pairs(false, v, 1) })
	k.line("RET")
	k.label("add")
	joined("ADD")
	k.line("B store")
	k.label("scaled")
	each(func(v int) {
		k.pairs(true, neonB, 1)
		for j := 0; j < k.nv; j++ {
			k.byLane("fmla", neonB+j, v+j, neonA)
		}
		k.pairs(false, neonB, 1)
	})
	k.line("RET")
	k.label("solve")
	joined("SUB")
	k.line("MOVD %d(R0), R2", fD)
	for p := 0; p < k.rows; p++ {
		for i := p; i < k.rows; i++ {
			s := neonA + i%4
			k.number(s, 2, (i*neonRows+p)*k.es())
			for j := 0; j < k.nv; j++ {
				if i == p {
					k.byLane("fmul", k.nv*p+j, k.nv*p+j, s)
				} else {
					k.byLane("fmls", k.nv*i+j, k.nv*p+j, s)
				}
			}
		}
	}
	k.line("B store")
}

// neonRows is the height of the tallest tile.
const neonRows = 6

// neonTiles is the assembly file of the product kernels: 1 to 6 rows of four vectors or two, as high and wide as those of AVX2,
// and of the requests for cache lines.
func neonTiles() []byte {
	var b, table strings.Builder
	n := 0
	for _, f64 := range []bool{false, true} {
		for kind, nv := range []int{4, 2} {
			for rows := 1; rows <= neonRows; rows++ {
				name := fmt.Sprintf("tile%s%s%d", typeName(f64), []string{"full", "half"}[kind], rows)
				b.WriteString("\n" + (&neonTile{rows: rows, nv: nv, f64: f64}).emit(name))
				fmt.Fprintf(&table, "DATA tileTable<>+%d(SB)/8, $%s<>(SB)\n", 8*n, name)
				n++
			}
		}
	}
	fmt.Fprintf(&table, "GLOBL tileTable<>(SB), RODATA, $%d\n\n", 8*n)
	table.WriteString("// func tiles() *uintptr\nTEXT ·tiles(SB), NOSPLIT, $0-8\n\tMOVD $tileTable<>(SB), R0\n\tMOVD R0, ret+0(FP)\n\tRET\n\n")
	table.WriteString("// func Run(kern uintptr, t *Tile)\nTEXT ·Run(SB), NOSPLIT, $0-16\n\tMOVD kern+0(FP), R0\n\tJMP (R0)\n\n")
	table.WriteString("// func Prefetch(lines int, p *byte)\nTEXT ·Prefetch(SB), NOSPLIT, $0-16\n\tMOVD lines+0(FP), R0\n\tMOVD p+8(FP), R1\n" +
		"loop:\n\tPRFM (R1), PLDL1KEEP\n\tADD $64, R1\n\tSUBS $1, R0\n\tBNE loop\n\tRET\n\n")
	table.WriteString("// func PrefetchRows(n int, p *byte, stride uintptr)\nTEXT ·PrefetchRows(SB), NOSPLIT, $0-24\n\tMOVD n+0(FP), R0\n\tMOVD p+8(FP), R1\n\tMOVD stride+16(FP), R2\n" +
		"loop:\n\tPRFM (R1), PLDL1KEEP\n\tADD R2, R1\n\tSUBS $1, R0\n\tBNE loop\n\tRET\n")
	return []byte(neonHeader + table.String() + neonTranspose(false) + neonTranspose(true) + b.String())
}

// neonTranspose transposes square blocks as wide as a register.
func neonTranspose(f64 bool) string {
	name, rows := "Transpose4F32", 4
	if f64 {
		name, rows = "Transpose2F64", 2
	}
	k := &neonTile{f64: f64}
	fmt.Fprintf(k, "\n// func %s(n int, src *byte, lds, nexts uintptr, dst *byte, ldd, nextd uintptr)\nTEXT ·%[1]s(SB), NOSPLIT, $0-56\n", name)
	for i, arg := range []string{"n", "src", "lds", "nexts", "dst", "ldd", "nextd"} {
		k.line("MOVD %s+%d(FP), R%d", arg, 8*i, i)
	}
	k.label("loop")
	// turn makes register d of the even or odd parts of a and b.
	turn := func(d, a, b, odd int, doubles bool) { k.three([]string{"EVEN", "ODD"}[odd], doubles, d, a, b) }
	k.line("MOVD R1, R7")
	for i := 0; i < rows; i++ {
		k.move(true, i, 7, 0)
		k.line("ADD R2, R7")
	}
	if !f64 {
		for i := 0; i < 4; i++ { // pairs of rows
			turn(4+i, i&2, i&2+1, i&1, false)
		}
	}
	k.line("MOVD R4, R7")
	for i := 0; i < rows; i++ {
		if f64 {
			turn(8, 0, 1, i, true)
		} else {
			turn(8, 4+i&1, 6+i&1, i>>1, true)
		}
		k.move(false, 8, 7, 0)
		k.line("ADD R5, R7")
	}
	k.line("ADD R3, R1")
	k.line("ADD R6, R4")
	k.line("SUBS $1, R0")
	k.line("BNE loop")
	k.line("RET")
	return k.String()
}
