package main

import (
	"encoding/binary"
	"fmt"
	"log"
	"strings"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// neon is an element-wise kernel for arm64 being written, by the same bodies as the others. General registers are fixed: R0 has the
// arguments, R1 the numbers left, R2 the constants, R3 to R8 the arrays, and R9 to R13 are free.
//
// A unit of 64 bytes is four registers, or, where there are too few of them, a small unit of 32 bytes is two.
type neon struct {
	name   string
	ptrs   int
	code   []neonLine
	regs   *reg.Collection
	consts map[reg.ID]int            // registers that hold a constant, and its place in the table
	alias  map[reg.ID]reg.VecVirtual // what holds a register's number instead
	fresh  map[reg.ID]bool           // registers defined since the last label
	labels int
}

// neonLine is a line of Go's assembler, or a word and what it says of its registers.
type neonLine struct {
	text          string
	word          uint32
	regs          []neonReg
	label, target string
}

// neonReg is a vector register and where it stands in a word.
type neonReg struct {
	reg.VecVirtual
	at       int
	def, use bool
}

// word emits an instruction. Registers are numbered in the text from one; the first is a result if def says so, and an input
// too if use does.
func (n *neon) word(word uint32, text string, def, use bool, rs ...reg.VecVirtual) {
	l := neonLine{text: text, word: word}
	for i, r := range rs {
		l.regs = append(l.regs, neonReg{n.now(r), []int{0, 5, 16}[i], i == 0 && def, i > 0 || use})
	}
	if def && !use {
		n.fresh[l.regs[0].ID()] = true
	}
	n.code = append(n.code, l)
}

// now is the register that holds the number of r.
func (n *neon) now(r reg.VecVirtual) reg.VecVirtual {
	for n.alias[r.ID()] != nil {
		r = n.alias[r.ID()]
	}
	return r
}

// line emits a line of Go's assembler.
func (n *neon) line(format string, a ...any) {
	n.code = append(n.code, neonLine{text: fmt.Sprintf(format, a...)})
}

func (n *neon) label(name string) {
	n.fresh = map[reg.ID]bool{}
	n.code = append(n.code, neonLine{text: name + ":", label: name})
}

func (n *neon) branch(op, to string) {
	n.code = append(n.code, neonLine{text: op + " " + to, target: to})
}

// pair emits a load or store of two registers.
func (n *neon) pair(load bool, a, b reg.VecVirtual, base, disp int) {
	word, name := uint32(0xad000000), "stp"
	if load {
		word, name = 0xad400000, "ldp"
	}
	n.word(word|uint32(disp/16&0x7f)<<15|uint32(base)<<5, name+" q%[1]d, q%[2]d, "+address(base, disp), load, !load, a)
	l := &n.code[len(n.code)-1]
	l.regs = append(l.regs, neonReg{n.now(b), 10, load, !load})
	n.fresh[b.ID()] = load
}

// scalar emits a load or store of one number from or to the arguments.
func (n *neon) scalar(f64, load bool, r reg.VecVirtual, disp int) {
	word, s, shift := uint32(0xbd000000), "s", 2
	if f64 {
		word, s, shift = 0xfd000000, "d", 3
	}
	name := "str "
	if load {
		word, name = word|0x400000, "ldr "
	}
	n.word(word|uint32(disp>>shift)<<10, name+s+"%[1]d, "+address(0, disp), load, !load, r)
}

// neonOp emits an instruction of that table, results first. Some overwrite what they read there.
func (p *prog) neonOp(name string, rs ...reg.VecVirtual) {
	o, lanes := neonWord(name, p.f64)
	text := fmt.Sprintf("%s v%%[1]d.%[2]s, v%%[2]d.%[2]s", o.name, lanes)
	if len(rs) == 3 {
		text += ", v%[3]d." + lanes
	}
	p.neon.word(o.word, text, true, name == "FMLA" || name == "FMLS" || name == "BSL", rs...)
}

// neonDo is do: sources come before results.
func (p *prog) neonDo(name string, ops []operand.Op) {
	v := make([]reg.VecVirtual, len(ops))
	for i, o := range ops {
		v[len(ops)-1-i] = o.(reg.VecVirtual)
	}
	switch d := v[0]; name {
	case "FMA231":
		p.neonOp("FMLA", v...)
	case "FNMA231":
		p.neonOp("FMLS", v...)
	case "FMA213", "FMSUB213": // these add to a copy of their last operand, which takes the place of the result
		t := p.reg()
		p.neon.move(t, v[2])
		if name == "FMA213" {
			p.neonOp("FMLA", t, d, v[1])
		} else {
			p.neonOp("FMLS", t, d, v[1])
			p.neonOp("NEG", t, t)
		}
		p.neon.become(d, t)
	default:
		p.neonOp(name, v...)
	}
}

// move copies a, or loads it again if it is a constant.
func (n *neon) move(d, a reg.VecVirtual) {
	if at, ok := n.consts[a.ID()]; ok {
		n.loadConst(d, at)
		return
	}
	n.word(0x4ea01c00, "mov v%[1]d.16b, v%[2]d.16b", true, false, d, a, a)
}

// become makes t the number of d.
func (n *neon) become(d, t reg.VecVirtual) {
	if r := n.now(d); n.fresh[r.ID()] {
		n.alias[r.ID()] = t
	} else {
		n.move(d, t)
	}
}

// neonTable is the table of constants of all kernels, sixteen bytes each.
var neonTable struct {
	data []byte
	at   map[[16]byte]int
}

func (n *neon) loadConst(d reg.VecVirtual, at int) {
	n.word(0x3dc00000|uint32(at/16)<<10|2<<5, "ldr q%[1]d, "+address(2, at), true, false, d)
}

// neonConst is a constant of sixteen bytes in a register.
func (p *prog) neonConst(lane func(i int) uint64) reg.VecVirtual {
	var b [16]byte
	for i := 0; i < 16/p.es(); i++ {
		if p.f64 {
			binary.LittleEndian.PutUint64(b[8*i:], lane(i))
		} else {
			binary.LittleEndian.PutUint32(b[4*i:], uint32(lane(i)))
		}
	}
	t := &neonTable
	at, ok := t.at[b]
	if !ok {
		if t.at == nil {
			t.at = map[[16]byte]int{}
		}
		at = len(t.data)
		t.at[b], t.data = at, append(t.data, b[:]...)
	}
	r := p.reg()
	p.neon.loadConst(r, at)
	p.neon.consts[r.ID()] = at
	return r
}

func (p *prog) es() int {
	if p.f64 {
		return 8
	}
	return 4
}

// neonShift is a shift by a constant: SHL, SHR, or SAR, which repeats the sign.
func (p *prog) neonShift(name string, d, a reg.VecVirtual, by int) {
	bits := 8 * p.es()
	word, mn, imm := uint32(0x4f005400), "shl", bits+by
	switch name {
	case "SHR":
		word, mn, imm = 0x6f000400, "ushr", 2*bits-by
	case "SAR":
		word, mn, imm = 0x4f000400, "sshr", 2*bits-by
	}
	lanes := arrangement(p.f64)
	p.neon.word(word|uint32(imm)<<16, fmt.Sprintf("%s v%%[1]d.%[2]s, v%%[2]d.%[2]s, #%[3]d", mn, lanes, by), true, false, d, a)
}

// neonLane spreads a lane over the register.
func (p *prog) neonLane(d, a reg.VecVirtual, lane int) {
	imm, s := 8*lane+4, "s"
	if p.f64 {
		imm, s = 16*lane+8, "d"
	}
	p.neon.word(0x4e000400|uint32(imm)<<16, fmt.Sprintf("dup v%%[1]d.%s, v%%[2]d.%s[%d]", arrangement(p.f64), s, lane), true, false, d, a)
}

// neonScalar is a number among the arguments in every lane.
func (p *prog) neonScalar(disp int) V {
	r, d := p.reg(), p.reg()
	p.neon.scalar(p.f64, true, r, disp)
	p.neonLane(d, r, 0)
	return V{d}
}

// neonSel is sel for one register.
func (p *prog) neonSel(pred int, d, a, b, x, y reg.VecVirtual) {
	switch pred {
	case eq:
		p.neonOp("EQ", d, a, b)
	case lt:
		p.neonOp("GT", d, b, a)
	default:
		p.neonOp("GT", d, a, b)
	}
	p.neonOp("BSL", d, x, y)
}

// neonLoad reads the units in hand through pointer j. The tail's numbers come by way of the stack, with zeros after them.
func (p *prog) neonLoad(j int) V {
	n, base, disp := p.neon, 3+j, p.disp
	if p.tail {
		n.line("MOVD $rest-64(SP), R9")
		for i := 0; i < 64; i += 16 {
			n.line("STP (ZR, ZR), %d(R9)", i)
		}
		p.neonRest(base, 9)
		n.line("MOVD $rest-64(SP), R9")
		base = 9
	}
	d := p.new()
	for i := 0; i < len(d); i += 2 {
		n.pair(true, d[i], d[i+1], base, disp+16*i)
	}
	return d
}

// neonStore writes the units in hand through pointer j.
func (p *prog) neonStore(v V, j int) {
	n, base := p.neon, 3+j
	if p.tail {
		base = 9
		n.line("MOVD $rest-64(SP), R9")
	}
	for i := 0; i < len(v); i += 2 {
		n.pair(false, v[i], v[i+1], base, p.disp+16*i)
	}
	if p.tail {
		p.neonRest(9, 3+j)
	}
}

// neonRest copies the numbers that are left.
func (p *prog) neonRest(from, to int) {
	n := p.neon
	n.labels++
	loop := fmt.Sprintf("rest%d", n.labels)
	n.line("MOVD R%d, R10", from)
	n.line("MOVD R%d, R11", to)
	n.line("MOVD R1, R12")
	n.code = append(n.code, neonLine{text: loop + ":", label: loop})
	if p.f64 {
		n.line("MOVD.P 8(R10), R13")
		n.line("MOVD.P R13, 8(R11)")
	} else {
		n.line("MOVWU.P 4(R10), R13")
		n.line("MOVW.P R13, 4(R11)")
	}
	n.line("SUBS $1, R12")
	n.branch("BNE", loop)
}

// neonMasks sets the masks for the numbers that are left.
func (p *prog) neonMasks() {
	n := p.reg()
	word, w := uint32(0x4e040c00), "w1"
	if p.f64 {
		word, w = 0x4e080c00, "x1"
	}
	p.neon.word(word|1<<5, fmt.Sprintf("dup v%%[1]d.%s, %s", arrangement(p.f64), w), true, false, n)
	p.masks = p.new()
	for i, m := range p.masks {
		io := p.neonConst(func(l int) uint64 { return uint64(16/p.es()*i + l) })
		p.neonOp("IGT", m, n, io)
	}
}

// neonJoin joins the lanes of one unit and stores the result, as joinLanes.
func (p *prog) neonJoin(acc V, join string, at int) {
	for h := len(acc) / 2; h > 0; h /= 2 {
		for i := 0; i < h; i++ {
			p.neonOp(join, acc[i], acc[i], acc[i+h])
		}
	}
	x, t := acc[0], p.reg()
	p.neon.word(0x6e004000, "ext v%[1]d.16b, v%[2]d.16b, v%[3]d.16b, #8", true, false, t, x, x)
	p.neonOp(join, x, x, t)
	if !p.f64 {
		u := p.reg()
		p.neonLane(u, x, 1)
		p.neonOp(join, x, x, u)
	}
	p.neon.scalar(p.f64, false, x, at)
}

// neonSweep is sweep: main units at a time, then unit by unit, then the rest.
func (p *prog) neonSweep(label string, main int, body func(p *prog)) {
	n := p.neon
	loop := func(name, next string, units int) {
		p.units = units
		n.line("SUBS $%d, R1", units*p.lanes())
		n.branch("BLT", label+next)
		n.label(label + name)
		body(p)
		for j := 0; j < n.ptrs; j++ {
			n.line("ADD $%d, R%d", units*p.lanes()*p.es(), 3+j)
		}
		n.line("SUBS $%d, R1", units*p.lanes())
		n.branch("BGE", label+name)
		n.label(label + next)
		n.line("ADDS $%d, R1", units*p.lanes())
		n.branch("BEQ", label+"done")
	}
	n.line("MOVD %d(R0), R1", fN)
	for j := 0; j < n.ptrs; j++ {
		n.line("MOVD %d(R0), R%d", fP+8*j, 3+j)
	}
	loop("loop", "units", main)
	if main > 1 {
		loop("unit", "tail", 1)
	}
	p.units, p.tail = 1, true
	p.neonMasks()
	body(p)
	n.label(label + "done")
	p.tail = false
}

// neonBodies are the kernels so far.
var neonBodies neonText

// neonKernel writes a kernel for both types, with small units if the registers do not suffice.
func neonKernel(name string, ptrs int, f func(p *prog)) {
	for variant := 4; variant < 6; variant++ {
		done := false
		for _, small := range []bool{false, true} {
			p := &prog{f64: variant == 5, small: small, neon: &neon{
				name: variantName(name, variant), ptrs: ptrs, regs: reg.NewCollection(), consts: map[reg.ID]int{},
				alias: map[reg.ID]reg.VecVirtual{}, fresh: map[reg.ID]bool{},
			}}
			f(p)
			if done = p.neon.write(); done {
				break
			}
		}
		if !done {
			log.Fatalf("%s on arm64 needs too many registers", name)
		}
	}
}

// neonFile is the assembly file of the element-wise kernels.
func neonFile() []byte {
	var b strings.Builder
	b.WriteString(neonHeader)
	t := neonTable.data
	for i := 0; i < len(t); i += 8 {
		fmt.Fprintf(&b, "DATA neonTable<>+%d(SB)/8, $0x%016x\n", i, binary.LittleEndian.Uint64(t[i:]))
	}
	fmt.Fprintf(&b, "GLOBL neonTable<>(SB), RODATA|NOPTR, $%d\n\n", len(t))
	for i, n := range vecNames {
		for v := 0; v < 2; v++ {
			fmt.Fprintf(&b, "DATA vecTable<>+%d(SB)/8, $%s<>(SB)\n", 16*i+8*v, variantName(n, 4+v))
		}
	}
	fmt.Fprintf(&b, "GLOBL vecTable<>(SB), RODATA, $%d\n\n", 16*len(vecNames))
	b.WriteString("// func vecs() *uintptr\nTEXT ·vecs(SB), NOSPLIT, $0-8\n\tMOVD $vecTable<>(SB), R0\n\tMOVD R0, ret+0(FP)\n\tRET\n\n")
	b.WriteString("// func RunVec(kern uintptr, a *Args)\nTEXT ·RunVec(SB), NOSPLIT, $0-16\n\tMOVD kern+0(FP), R0\n\tJMP (R0)\n\n")
	b.WriteString(neonBodies.String())
	return []byte(strings.TrimSuffix(b.String(), "\n"))
}
