package main

import (
	"fmt"
	"math/bits"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// panelCols is how many columns the kernels for interleaved matrices make at a time.
const panelCols = 3

// lanes is what the kernels for Cholesky factors of interleaved matrices have in common. The element (i, k) of all
// matrices is one register, number i ld + k. The panel in hand is columns j to j+2.
type lanes struct {
	*prog
	n, j, rs, jb reg.GPVirtual // rs: bytes of a row; jb: bytes up to column j
	step         int           // bytes of a register
}

// beginLanes opens such a kernel.
func beginLanes(name, sig, doc string, f64 bool, step int) *lanes {
	p := &lanes{prog: &prog{f64: f64, wide: step == 64, narrow: step == 16, units: 1, thin: step < 64}, step: step}
	name += fmt.Sprintf("%sx%d", typeName(f64), 8*step)
	shift := uint64(bits.TrailingZeros(uint(step)))
	begin(name, sig, name+" "+doc)
	p.n, p.rs, p.j, p.jb = loadGP("n"), loadGP("ld"), loadGP("j"), ctx.GP64()
	ctx.SHLQ(Imm(shift), p.rs)
	ctx.MOVQ(p.j, p.jb)
	ctx.SHLQ(Imm(shift), p.jb)
	return p
}

func loadGP(param string) reg.GPVirtual {
	return ctx.Load(ctx.Param(param), ctx.GP64()).(reg.GPVirtual)
}

// rowJ is the address of row j of the matrices at base.
func (p *lanes) rowJ(base reg.GPVirtual) reg.GPVirtual {
	q := ctx.GP64()
	ctx.MOVQ(p.j, q)
	ctx.IMULQ(p.rs, q)
	ctx.ADDQ(base, q)
	return q
}

// sum is the address of a + b in a register of its own.
func sum(a, b reg.GPVirtual) reg.GPVirtual {
	s := ctx.GP64()
	ctx.LEAQ(Mem{Base: a, Index: b, Scale: 1}, s)
	return s
}

// in is the element r rows down and c columns right of addr.
func (p *lanes) in(addr reg.GPVirtual, r, c int) Mem {
	m := Mem{Base: addr, Disp: c * p.step}
	if r > 0 {
		m.Index, m.Scale = p.rs, uint8(r)
	}
	return m
}

func (p *lanes) get(m Mem) V {
	v := p.new()
	ctx.VMOVUPS(m, v[0])
	return v
}

func (p *lanes) put(v V, m Mem) { ctx.VMOVUPS(v[0], m) }

// less is d - a m with m in memory.
func (p *lanes) less(d, a V, m Mem) { p.do("FNMA231", false, m, a[0], d[0]) }

func (p *lanes) times(a V, m Mem) V {
	d := p.new()
	p.do("MUL", false, m, a[0], d[0])
	return d
}

// forRows runs body for left rows, which it counts down, unless there are none.
func forRows(label string, left reg.GPVirtual, body func()) {
	ctx.TESTQ(left, left)
	ctx.JLE(LabelRef(label + "End"))
	ctx.Label(label)
	body()
	ctx.DECQ(left)
	ctx.JNZ(LabelRef(label))
	ctx.Label(label + "End")
}

// below is n - j - 3, the number of rows below the panel's diagonal block.
func (p *lanes) below() reg.GPVirtual {
	left := ctx.GP64()
	ctx.MOVQ(p.n, left)
	ctx.SUBQ(p.j, left)
	ctx.SUBQ(Imm(panelCols), left)
	return left
}

// positive narrows ok to the lanes in which a is positive.
func (p *lanes) positive(a V, ok reg.GPVirtual) {
	zero, bits := p.c(K(0)), ctx.GP64()
	k, t := ctx.K(), reg.VecVirtual(nil)
	if !p.wide {
		t = p.reg()
	}
	switch {
	case p.wide && p.f64:
		ctx.VCMPPD(Imm(gt), zero[0], a[0], k)
		ctx.KMOVB(k, bits.As32())
	case p.wide:
		ctx.VCMPPS(Imm(gt), zero[0], a[0], k)
		ctx.KMOVW(k, bits.As32())
	case p.f64:
		ctx.VCMPPD(Imm(gt), zero[0], a[0], t)
		ctx.VMOVMSKPD(t, bits.As32())
	default:
		ctx.VCMPPS(Imm(gt), zero[0], a[0], t)
		ctx.VMOVMSKPS(t, bits.As32())
	}
	ctx.ANDQ(bits, ok)
}

func (p *lanes) sqrt(a V) V {
	s := p.new()
	p.do("SQRT", false, a[0], s[0])
	return s
}

// cholPanel makes a panel of the factors in place. It returns the lanes all of whose pivots are positive as bits.
func cholPanel(f64 bool, step int) {
	p := beginLanes("CholPanel", "func(base *byte, n, ld, j int) uint64",
		"makes columns j to j+2 of the Cholesky factors of interleaved matrices of order n; it returns the lanes with positive pivots.", f64, step)
	q := p.rowJ(loadGP("base"))
	d := sum(q, p.jb) // the diagonal block
	// Products of the rows before the panel: a tile of rows by columns reads rows + 3 numbers for each index of the sum.
	tile := func(label string, rows []reg.GPVirtual, keep func(i, c int) bool) [][panelCols]V {
		acc := make([][panelCols]V, len(rows))
		for i, r := range rows {
			for c := 0; c < panelCols; c++ {
				if keep(i, c) {
					acc[i][c] = p.get(Mem{Base: r, Index: p.jb, Scale: 1, Disp: c * p.step})
				}
			}
		}
		k, off := ctx.GP64(), ctx.GP64()
		ctx.MOVQ(p.j, k)
		ctx.XORQ(off, off)
		forRows(label, k, func() {
			at := sum(q, off)
			var l [panelCols]V
			for c := range l {
				l[c] = p.get(p.in(at, c, 0))
			}
			for i, r := range rows {
				x := p.get(Mem{Base: r, Index: off, Scale: 1})
				for c := range l {
					if keep(i, c) {
						p.fnma(acc[i][c], l[c], x)
					}
				}
			}
			ctx.ADDQ(Imm(uint64(p.step)), off)
		})
		return acc
	}
	q1 := sum(q, p.rs)
	a := tile("diagonal", []reg.GPVirtual{q, q1, sum(q1, p.rs)}, func(i, c int) bool { return c <= i })
	ok := ctx.GP64()
	ctx.MOVQ(I32(-1), ok)
	// The reciprocals of the diagonal go where the upper triangle has room.
	inverse := [panelCols]Mem{p.in(d, 0, 1), p.in(d, 0, 2), p.in(d, 1, 2)}
	one := p.c(K(1))
	for c := 0; c < panelCols; c++ {
		p.positive(a[c][c], ok)
		s := p.sqrt(a[c][c])
		p.put(s, p.in(d, c, c))
		inv := p.div(one, s)
		p.put(inv, inverse[c])
		for i := c + 1; i < panelCols; i++ {
			a[i][c] = p.mul(a[i][c], inv)
			p.put(a[i][c], p.in(d, i, c))
			for b := c + 1; b <= i; b++ {
				p.fnma(a[i][b], a[i][c], a[b][c])
			}
		}
	}
	ctx.Store(ok, ctx.ReturnIndex(0))
	left, row := p.below(), ctx.GP64()
	ctx.LEAQ(Mem{Base: q1, Index: p.rs, Scale: 2}, row)
	for _, rows := range []int{4, 1} {
		label := map[int]string{4: "many", 1: "one"}[rows]
		ctx.SUBQ(Imm(uint64(rows)), left)
		ctx.JL(LabelRef(label + "Rest"))
		ctx.Label(label + "Rows")
		addr := []reg.GPVirtual{row}
		for i := 1; i < rows; i++ {
			addr = append(addr, sum(addr[i-1], p.rs))
		}
		acc := tile(label, addr, func(int, int) bool { return true })
		for c := range inverse {
			for i := range acc {
				for b := 0; b < c; b++ {
					p.less(acc[i][c], acc[i][b], p.in(d, c, b))
				}
				acc[i][c] = p.times(acc[i][c], inverse[c])
				p.put(acc[i][c], Mem{Base: addr[i], Index: p.jb, Scale: 1, Disp: c * p.step})
			}
		}
		ctx.LEAQ(Mem{Base: addr[rows-1], Index: p.rs, Scale: 1}, row)
		ctx.SUBQ(Imm(uint64(rows)), left)
		ctx.JGE(LabelRef(label + "Rows"))
		ctx.Label(label + "Rest")
		ctx.ADDQ(Imm(uint64(rows)), left)
	}
	ctx.VZEROUPPER()
	ctx.RET()
}

// cholPanelGrad goes back through cholPanel: g holds the derivatives by the factors l, and in columns j to j+2 those by the
// matrices afterwards; columns before j lose what the panel took from them.
func cholPanelGrad(f64 bool, step int) {
	p := beginLanes("CholPanelGrad", "func(grad, base *byte, n, ld, j int)",
		"turns the derivatives by columns j to j+2 of the factors into those by the matrices; panels go from the last to the first.", f64, step)
	gq, lq := p.rowJ(loadGP("grad")), p.rowJ(loadGP("base"))
	gd, ld := sum(gq, p.jb), sum(lq, p.jb)
	one, half := p.c(K(1)), K(0.5)
	inverse := [panelCols]Mem{p.in(ld, 0, 1), p.in(ld, 0, 2), p.in(ld, 1, 2)}
	for c := range inverse {
		p.put(p.div(one, p.get(p.in(ld, c, c))), inverse[c])
	}
	// The rows below: x_c = (a_c - sum_b<c x_b l_cb) / l_cc.
	var e [panelCols][panelCols]V
	for i := range e {
		for c := 0; c <= i; c++ {
			e[i][c] = p.get(p.in(gd, i, c))
		}
	}
	g3, l3, left := ctx.GP64(), ctx.GP64(), p.below()
	third := func(from, to reg.GPVirtual) {
		ctx.LEAQ(Mem{Base: from, Index: p.rs, Scale: 2}, to)
		ctx.ADDQ(p.rs, to)
	}
	third(gd, g3)
	third(ld, l3)
	forRows("solved", left, func() {
		var y [panelCols]V
		for c := range y {
			y[c] = p.get(p.in(g3, 0, c))
		}
		for c := panelCols - 1; c >= 0; c-- {
			y[c] = p.times(y[c], inverse[c])
			p.put(y[c], p.in(g3, 0, c))
			for b := 0; b < c; b++ {
				p.less(y[b], y[c], p.in(ld, c, b))
				p.less(e[c][b], y[c], p.in(l3, 0, b))
			}
			p.less(e[c][c], y[c], p.in(l3, 0, c))
		}
		ctx.ADDQ(p.rs, g3)
		ctx.ADDQ(p.rs, l3)
	})
	// The diagonal block, pivots from the last: a = d^2 + sum of squares, and what is below a pivot is divided by it. What is
	// stored on the diagonal is the derivative by the matrix; twice that is what the rest sees.
	for c := panelCols - 1; c >= 0; c-- {
		for i := panelCols - 1; i > c; i-- {
			e[i][c] = p.times(e[i][c], inverse[c])
			p.put(e[i][c], p.in(gd, i, c))
			p.less(e[c][c], e[i][c], p.in(ld, i, c))
			for b := 0; b < c; b++ {
				p.less(e[i][b], e[i][c], p.in(ld, c, b))
				p.less(e[c][b], e[i][c], p.in(ld, i, b))
			}
		}
		e[c][c] = p.times(e[c][c], inverse[c])
		for b := 0; b < c; b++ {
			p.less(e[c][b], e[c][c], p.in(ld, c, b))
		}
		p.put(p.mul(e[c][c], half), p.in(gd, c, c))
	}
	// The sums over the columns before, two columns at a time and then one.
	off, k := ctx.GP64(), ctx.GP64()
	ctx.XORQ(off, off)
	ctx.MOVQ(p.j, k)
	for _, cols := range []int{2, 1} {
		label := map[int]string{2: "two", 1: "last"}[cols]
		ctx.SUBQ(Imm(uint64(cols)), k)
		ctx.JL(LabelRef(label + "Rest"))
		ctx.Label(label + "Cols")
		lk, gk := sum(lq, off), sum(gq, off)
		var r, acc [panelCols][]V
		for c := range r {
			for t := 0; t < cols; t++ {
				r[c] = append(r[c], p.get(p.in(lk, c, t)))
				acc[c] = append(acc[c], p.get(p.in(gk, c, t)))
			}
		}
		for i := range r {
			for c := 0; c <= i; c++ {
				for t := 0; t < cols; t++ {
					p.less(acc[i][t], r[c][t], p.in(gd, i, c))
					p.less(acc[c][t], r[i][t], p.in(gd, i, c))
				}
			}
		}
		gi, li, gc, rows := ctx.GP64(), ctx.GP64(), ctx.GP64(), p.below()
		third(gk, gi)
		third(lk, li)
		third(gd, gc)
		forRows(label, rows, func() {
			var y [panelCols]V
			for c := range y {
				y[c] = p.get(p.in(gc, 0, c))
			}
			for t := 0; t < cols; t++ {
				b := p.get(p.in(gi, 0, t))
				for c := range y {
					p.fnma(b, y[c], r[c][t])
					p.less(acc[c][t], y[c], p.in(li, 0, t))
				}
				p.put(b, p.in(gi, 0, t))
			}
			ctx.ADDQ(p.rs, gi)
			ctx.ADDQ(p.rs, li)
			ctx.ADDQ(p.rs, gc)
		})
		for c := range acc {
			for t := range acc[c] {
				p.put(acc[c][t], p.in(gk, c, t))
			}
		}
		ctx.ADDQ(Imm(uint64(cols*p.step)), off)
		ctx.SUBQ(Imm(uint64(cols)), k)
		ctx.JGE(LabelRef(label + "Cols"))
		ctx.Label(label + "Rest")
		ctx.ADDQ(Imm(uint64(cols)), k)
	}
	ctx.VZEROUPPER()
	ctx.RET()
}
