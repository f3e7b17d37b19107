package exec

import (
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"unsafe"

	"github.com/priorlab/priorlab/kernel/cell/internal/rt"
)

// update compiles lhs op= rhs; the operands of lhs are evaluated once.
func (c *compiler) update(lhs ast.Expr, op token.Token, rhs ast.Expr) frameFunc {
	t := c.typeOf(lhs)
	c.assigned(lhs)
	walk := func(a *ahead) {
		switch {
		case c.mapElement(lhs):
			a.visit(rhs, nil, false)
		case isString(t.Underlying()):
			a.extended(lhs, summands(nil, rhs))
		default:
			a.visit(rhs, nil, a.place(lhs, false))
		}
	}
	var before frameFunc
	if c.mapElement(lhs) && c.hoists(lhs) && (calls(rhs, c.info) || c.mayPanic(rhs)) { // which is found after rhs
		pre := c.hoistAll(nil, []ast.Expr{lhs, rhs})
		c.orderPanics(&pre, walk)
		before = steps(pre)
	} else {
		before = c.orderBy(walk, nil, lhs, rhs)
	}
	shift := op == token.SHL || op == token.SHR
	var y ex
	if shift {
		y = c.expr(rhs)
	} else {
		y = c.exprTo(rhs, t)
	}
	return first(before, c.updateWith(lhs, op, y, t, shift))
}

func (c *compiler) updateWith(lhs ast.Expr, op token.Token, y ex, t types.Type, shift bool) frameFunc {
	join := func(x ex) ex {
		if shift {
			x.fn = operators[x.rt.Kind()].shift(op, x.fn, c.countOf(y))
		} else if o := operators[x.rt.Kind()]; o != nil {
			x.fn = o.binary(op, x.operand(), y.operand())
		}
		if x.fn == nil {
			c.fail(lhs, "operator %s is not defined on %s", op, t)
		}
		x.addr, x.local, x.fresh = nil, false, nil
		return x
	}
	lhs = ast.Unparen(lhs)
	if ix, ok := lhs.(*ast.IndexExpr); ok {
		if mt, ok := c.typeOf(ix.X).Underlying().(*types.Map); ok {
			if op == token.QUO || op == token.REM {
				return c.divideInMap(ix, mt, join)
			}
			var first frameFunc
			if !y.konst.IsValid() {
				first, y = c.save(y)
			}
			return c.updateMap(ix, mt, first, join)
		}
	}
	x := c.expr(lhs)
	if x.local {
		return x.lane().setLocal(x.off, join(x).fn)
	}
	if id, ok := lhs.(*ast.Ident); ok && packageLevel(c.info.ObjectOf(id)) {
		return c.store(id, join(x))
	}
	if run := updateAt(op, x, y); run != nil {
		return run
	}
	if id, ok := lhs.(*ast.Ident); ok {
		return c.store(id, join(x))
	}
	off := c.temp(boxType)
	addr := x.addr
	saved := func(fr *frame) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Add(fr.p, off)) }
	y = join(ex{t: x.t, rt: x.rt, fn: x.lane().load(saved)})
	set := x.lane().set(saved, y.fn)
	return func(fr *frame) {
		*(*unsafe.Pointer)(unsafe.Add(fr.p, off)) = addr(fr)
		set(fr)
	}
}

// updateAt compiles the commonest updates of what lies at an address; nil for
// others.
func updateAt(op token.Token, x, y ex) frameFunc {
	switch f := y.fn.(type) {
	case func(*frame) int:
		if x.rt.Kind() == reflect.Int {
			return arithmeticAt(op, x.addr, f)
		}
	case func(*frame) float64:
		if x.rt.Kind() == reflect.Float64 {
			return arithmeticAt(op, x.addr, f)
		}
	}
	return nil
}

func arithmeticAt[T int | float64](op token.Token, addr addrFunc, f func(*frame) T) frameFunc {
	switch op {
	case token.ADD:
		return func(fr *frame) { p := (*T)(addr(fr)); v := *p; *p = v + f(fr) }
	case token.SUB:
		return func(fr *frame) { p := (*T)(addr(fr)); v := *p; *p = v - f(fr) }
	case token.MUL:
		return func(fr *frame) { p := (*T)(addr(fr)); v := *p; *p = v * f(fr) }
	}
	return nil
}

// updateMap compiles m[k] op= y, which makes the element first, where y, if it
// is not constant, has been evaluated by first.
func (c *compiler) updateMap(ix *ast.IndexExpr, mt *types.Map, first frameFunc, join func(ex) ex) frameFunc {
	m := c.expr(ix.X)
	k := c.exprTo(ix.Index, mt.Key())
	er := m.rt.Elem()
	mo, ko, at := c.temp(boxType), c.temp(k.rt), c.temp(boxType)
	setK := k.lane().setLocal(ko, k.fn)
	f, d, l := m.fn.(addrFunc), rt.Pointer(m.rt), laneOf(er)
	element := func(fr *frame) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Add(fr.p, at)) }
	set := l.set(element, join(ex{t: mt.Elem(), rt: er, fn: l.load(element)}).fn)
	return func(fr *frame) {
		if first != nil {
			first(fr)
		}
		*(*unsafe.Pointer)(unsafe.Add(fr.p, mo)) = f(fr)
		setK(fr)
		*(*unsafe.Pointer)(unsafe.Add(fr.p, at)) = mapassign(d, *(*unsafe.Pointer)(unsafe.Add(fr.p, mo)), unsafe.Add(fr.p, ko))
		set(fr)
	}
}

// divideInMap compiles m[k] op= y for a division: it reads the element before y,
// and makes none if the division panics.
func (c *compiler) divideInMap(ix *ast.IndexExpr, mt *types.Map, join func(ex) ex) frameFunc {
	m := c.expr(ix.X)
	k := c.exprTo(ix.Index, mt.Key())
	er := m.rt.Elem()
	mo, ko, vo := c.temp(boxType), c.temp(k.rt), c.temp(er)
	setK := k.lane().setLocal(ko, k.fn)
	f, d, l := m.fn.(addrFunc), rt.Pointer(m.rt), laneOf(er)
	cur := ex{t: mt.Elem(), rt: er, fn: l.load(func(fr *frame) unsafe.Pointer {
		p, _ := mapaccess2(d, *(*unsafe.Pointer)(unsafe.Add(fr.p, mo)), unsafe.Add(fr.p, ko))
		return p
	})}
	setV := l.setLocal(vo, join(cur).fn)
	return func(fr *frame) {
		*(*unsafe.Pointer)(unsafe.Add(fr.p, mo)) = f(fr)
		setK(fr)
		setV(fr)
		l.copy(mapassign(d, *(*unsafe.Pointer)(unsafe.Add(fr.p, mo)), unsafe.Add(fr.p, ko)), unsafe.Add(fr.p, vo))
	}
}

func (c *compiler) incDec(s *ast.IncDecStmt) frameFunc {
	op := token.ADD
	if s.Tok == token.DEC {
		op = token.SUB
	}
	t := c.typeOf(s.X)
	r := c.m.rtype(t)
	if id, ok := ast.Unparen(s.X).(*ast.Ident); ok && r.Kind() == reflect.Int {
		if v := c.vars[c.info.ObjectOf(id)]; v != nil && !v.boxed {
			off := v.off
			if s.Tok == token.INC {
				return func(fr *frame) { *(*int)(unsafe.Add(fr.p, off))++ }
			}
			return func(fr *frame) { *(*int)(unsafe.Add(fr.p, off))-- }
		}
	}
	one := reflect.New(r).Elem()
	switch {
	case one.CanInt():
		one.SetInt(1)
	case one.CanUint():
		one.SetUint(1)
	case one.CanFloat():
		one.SetFloat(1)
	default:
		one.SetComplex(1)
	}
	lit := &ast.BasicLit{ValuePos: s.Pos(), Kind: token.INT, Value: "1"}
	c.info.Types[lit] = types.TypeAndValue{Type: t, Value: constOne}
	return c.update(s.X, op, lit)
}
