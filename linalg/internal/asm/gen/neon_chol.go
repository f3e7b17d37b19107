package main

import (
	"fmt"
	"log"
	"strings"

	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// narrowLanes emits the kernels for interleaved matrices with registers of sixteen bytes, for toNEON.
func narrowLanes() {
	tables = map[string]operand.Mem{}
	for _, f64 := range []bool{false, true} {
		cholPanel(f64, 16)
		cholPanelGrad(f64, 16)
	}
}

// translation writes functions of amd64, after registers were given out, for arm64. General registers and the sixteen vector
// registers keep their numbers; R19, R20, V16 and V17 are for what reads memory.
type translation struct{ neonText }

// laneBits are the bits of the lanes in the results of comparisons.
const laneBits = `DATA laneBitsF32<>+0(SB)/8, $0x0000000200000001
DATA laneBitsF32<>+8(SB)/8, $0x0000000800000004
GLOBL laneBitsF32<>(SB), RODATA|NOPTR, $16

DATA laneBitsF64<>+0(SB)/8, $1
DATA laneBitsF64<>+8(SB)/8, $2
GLOBL laneBitsF64<>(SB), RODATA|NOPTR, $16
`

// toNEON is the assembly file for arm64 of compiled functions of amd64 that use vectors of sixteen bytes.
func toNEON(file *ir.File) []byte {
	t := &translation{}
	t.WriteString(neonHeader + laneBits)
	for _, s := range file.Sections {
		switch s := s.(type) {
		case *ir.Global:
			t.WriteString("\n")
			for _, d := range s.Data {
				fmt.Fprintf(t, "DATA %s+%d(SB)/%d, %s\n", s.Symbol, d.Offset, d.Value.Bytes(), d.Value.Asm())
			}
			fmt.Fprintf(t, "GLOBL %s(SB), RODATA|NOPTR, $%d\n", s.Symbol, s.Size)
		case *ir.Function:
			fmt.Fprintf(t, "\n// %s\nTEXT ·%s(SB), NOSPLIT, $%d-%d\n", s.Stub(), s.Name, s.FrameBytes(), s.ArgumentBytes())
			for _, n := range s.Nodes {
				switch n := n.(type) {
				case ir.Label:
					t.label(string(n))
				case *ir.Instruction:
					if !t.whole(n.Opcode, n.Operands) && !t.vector(n.Opcode, n.Operands) {
						log.Fatalf("%s: no translation of %s", s.Name, n.Opcode)
					}
				}
			}
		}
	}
	return []byte(t.String())
}

// general is a general register, constant or argument in the form of arm64.
func general(op operand.Op) string {
	if r, ok := op.(reg.Physical); ok {
		return fmt.Sprintf("R%d", r.PhysicalIndex())
	}
	return op.Asm()
}

// whole translates instructions on whole numbers; it reports whether it did.
func (t *translation) whole(opcode string, ops []operand.Op) bool {
	if jump := map[string]string{"JLE": "BLE", "JL": "BLT", "JGE": "BGE", "JNE": "BNE", "JNZ": "BNE"}[opcode]; jump != "" {
		t.line("%s %s", jump, ops[0].Asm())
		return true
	}
	two := map[string]string{"MOVQ": "MOVD", "ADDQ": "ADD", "SUBQ": "SUBS", "SHLQ": "LSL", "IMULQ": "MUL", "ANDQ": "AND"}
	switch {
	case two[opcode] != "":
		t.line("%s %s, %s", two[opcode], general(ops[0]), general(ops[1]))
	case opcode == "DECQ":
		t.line("SUBS $1, %s", general(ops[0]))
	case opcode == "XORQ" && ops[0] == ops[1]:
		t.line("MOVD $0, %s", general(ops[1]))
	case opcode == "TESTQ" && ops[0] == ops[1]:
		t.line("CMP $0, %s", general(ops[0]))
	case opcode == "LEAQ" && ops[0].(operand.Mem).Disp == 0:
		t.sum(ops[0].(operand.Mem), general(ops[1]))
	case opcode == "RET":
		t.line("RET")
	default:
		return opcode == "VZEROUPPER"
	}
	return true
}

// access loads or stores a vector register.
func (t *translation) access(load bool, v int, m operand.Mem) {
	base, disp := 19, m.Disp
	switch {
	case m.Base == reg.StaticBase:
		t.line("MOVD $%s(SB), R19", m.Symbol)
	case m.Index == nil:
		base = int(m.Base.(reg.Physical).PhysicalIndex())
	case m.Scale == 1 && disp == 0:
		word, name := uint32(0x3ca06800), "str"
		if load {
			word, name = 0x3ce06800, "ldr"
		}
		b, i := m.Base.(reg.Physical).PhysicalIndex(), m.Index.(reg.Physical).PhysicalIndex()
		t.word(word|uint32(i)<<16|uint32(b)<<5|uint32(v), "%s q%d, [x%d, x%d]", name, v, b, i)
		return
	default:
		t.sum(m, "R19")
	}
	t.move(load, v, base, disp)
}

// sum writes the sum of base and index.
func (t *translation) sum(m operand.Mem, to string) {
	shift := map[uint8]int{1: 0, 2: 1}[m.Scale]
	t.line("ADD %s<<%d, %s, %s", general(m.Index), shift, general(m.Base), to)
}

// operand is the number of a vector register, into which memory is loaded.
func (t *translation) operand(op operand.Op) int {
	if m, ok := op.(operand.Mem); ok {
		t.access(true, 16, m)
		return 16
	}
	return int(op.(reg.Physical).PhysicalIndex())
}

// vector translates instructions on vectors; it reports whether it did.
func (t *translation) vector(opcode string, ops []operand.Op) bool {
	f64 := strings.HasSuffix(opcode, "PD")
	name := strings.TrimSuffix(strings.TrimSuffix(opcode, "PD"), "PS")
	last := ops[len(ops)-1]
	three := map[string]string{"VADD": "ADD", "VSUB": "SUB", "VMUL": "MUL", "VDIV": "DIV", "VFMADD231": "FMLA", "VFNMADD231": "FMLS"}
	switch {
	case name == "VMOVU" || name == "VMOVA":
		if m, ok := last.(operand.Mem); ok {
			t.access(false, t.operand(ops[0]), m)
		} else if m, ok := ops[0].(operand.Mem); ok {
			t.access(true, t.operand(last), m)
		} else {
			t.three("OR", false, t.operand(last), t.operand(ops[0]), t.operand(ops[0]))
		}
	case three[name] != "":
		t.three(three[name], f64, t.operand(last), t.operand(ops[1]), t.operand(ops[0]))
	case name == "VSQRT":
		o, lanes := neonWord("SQRT", f64)
		a, d := t.operand(ops[0]), t.operand(last)
		t.word(o.word|uint32(a<<5|d), "%s v%d.%s, v%d.%s", o.name, d, lanes, a, lanes)
	case name == "VCMP" && ops[0] == operand.U8(gt):
		t.three("GT", f64, t.operand(last), t.operand(ops[2]), t.operand(ops[1]))
	case name == "VMOVMSK":
		t.line("MOVD $laneBits%s<>(SB), R19", typeName(f64))
		t.move(true, 17, 19, 0)
		t.three("AND", false, 17, 17, t.operand(ops[0]))
		to := last.(reg.Physical).PhysicalIndex()
		if f64 {
			t.word(0x5ef1b800|17<<5|17, "addp d17, v17.2d")
			t.word(0x9e660000|17<<5|uint32(to), "fmov x%d, d17", to)
		} else {
			t.word(0x4eb1b800|17<<5|17, "addv s17, v17.4s")
			t.word(0x1e260000|17<<5|uint32(to), "fmov w%d, s17", to)
		}
	default:
		return false
	}
	return true
}
