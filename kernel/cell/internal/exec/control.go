package exec

import (
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"unsafe"
)

// switchStmt compiles an expression switch as a chain of tests.
func (c *compiler) switchStmt(s *ast.SwitchStmt, label int) stmtFunc {
	var init stmtFunc
	if s.Init != nil {
		init = c.stmt(s.Init)
	}
	var tag ex
	var setTag frameFunc
	if s.Tag != nil {
		t := c.typeOf(s.Tag)
		if isUntyped(t) {
			t = types.Default(t)
		}
		before := c.order(s.Tag)
		setTag, tag = c.save(c.exprTo(s.Tag, t).before(before))
	}
	type clause struct {
		tests []func(*frame) bool
		body  stmtFunc
		fall  bool
	}
	var cs []clause
	def := -1
	for i, st := range s.Body.List {
		cc := st.(*ast.CaseClause)
		var cl clause
		if cc.List == nil {
			def = i
		}
		for _, e := range cc.List {
			cl.tests = append(cl.tests, c.caseTest(s, e, tag))
		}
		body := cc.Body
		if n := len(body); n > 0 {
			if b, ok := body[n-1].(*ast.BranchStmt); ok && b.Tok == token.FALLTHROUGH {
				cl.fall = true
				body = body[:n-1]
			}
		}
		cl.body = c.block(body)
		cs = append(cs, cl)
	}
	pos := s.Pos()
	return func(fr *frame) ctl {
		if init != nil {
			init(fr)
		}
		fr.pos = pos
		if setTag != nil {
			setTag(fr)
		}
		hit := def
	search:
		for i := range cs {
			for _, t := range cs[i].tests {
				if t(fr) {
					hit = i
					break search
				}
			}
		}
		for hit >= 0 && hit < len(cs) {
			r := cs[hit].body(fr)
			if r == ctlBreak || r == ctlBreakLabel && label != 0 && fr.target == label {
				return ctlNext
			}
			if r != ctlNext || !cs[hit].fall {
				return r
			}
			hit++
		}
		return ctlNext
	}
}

func (c *compiler) caseTest(s *ast.SwitchStmt, e ast.Expr, tag ex) func(*frame) bool {
	before := c.order(e)
	test := c.caseTestOf(s, e, tag)
	if before == nil {
		return test
	}
	return func(fr *frame) bool { before(fr); return test(fr) }
}

func (c *compiler) caseTestOf(s *ast.SwitchStmt, e ast.Expr, tag ex) func(*frame) bool {
	if s.Tag == nil {
		x := c.expr(e)
		if f, ok := x.fn.(func(*frame) bool); ok {
			return f
		}
		f := c.toAny(x) // an interface is compared with true
		return func(fr *frame) bool { return f(fr) == true }
	}
	et := c.typeOf(e)
	if _, isNil := c.info.ObjectOf(identOf(e)).(*types.Nil); isNil {
		switch f := tag.fn.(type) {
		case addrFunc:
			return func(fr *frame) bool { return f(fr) == nil }
		case func(*frame) iface:
			return func(fr *frame) bool { return f(fr).tab == nil }
		case func(*frame) slice:
			return func(fr *frame) bool { return f(fr).p == nil }
		}
	}
	common := tag.t
	if types.IsInterface(et) && !types.IsInterface(tag.t) {
		common = et
	}
	var y ex
	if types.IsInterface(common) && isUntyped(et) {
		y = c.convert(e, c.exprTo(e, types.Default(et)), common)
	} else {
		y = c.exprTo(e, common)
	}
	x := c.convert(e, tag, common)
	switch x.rt.Kind() {
	case reflect.Interface:
		return c.equalValues(token.EQL, c.toAny(x), c.toAny(y)).(func(*frame) bool)
	case reflect.Struct, reflect.Array:
		return c.equalValues(token.EQL, c.peek(x), c.peek(y)).(func(*frame) bool)
	}
	return operators[x.rt.Kind()].binary(token.EQL, x.operand(), y.operand()).(func(*frame) bool)
}

func (c *compiler) typeSwitch(s *ast.TypeSwitchStmt, label int) stmtFunc {
	var init stmtFunc
	if s.Init != nil {
		init = c.stmt(s.Init)
	}
	var subject ast.Expr
	switch a := s.Assign.(type) {
	case *ast.AssignStmt:
		subject = a.Rhs[0]
	case *ast.ExprStmt:
		subject = a.X
	}
	of := ast.Unparen(subject).(*ast.TypeAssertExpr).X
	before := c.order(of)
	set, val := c.save(c.expr(of).before(before))
	get := val.fn.(func(*frame) iface)
	type clause struct {
		tests []func(*frame) bool
		bind  frameFunc
		body  stmtFunc
	}
	var cs []clause
	def := -1
	for i, st := range s.Body.List {
		cc := st.(*ast.CaseClause)
		var cl clause
		if cc.List == nil {
			def = i
		}
		var only ex
		for _, e := range cc.List {
			if _, isNil := c.info.ObjectOf(identOf(e)).(*types.Nil); isNil {
				cl.tests = append(cl.tests, func(fr *frame) bool { return get(fr).tab == nil })
				only = val
				continue
			}
			t := c.typeOf(e)
			r := c.m.rtype(t)
			off := c.temp(r)
			test := c.asserter(val, t, r)
			cl.tests = append(cl.tests, func(fr *frame) bool { return test(get(fr), unsafe.Add(fr.p, off)) })
			only = ex{t: t, rt: r, fn: laneOf(r).local(off), local: true, off: off}
		}
		if o := c.info.Implicits[cc]; o != nil {
			src := val
			if len(cc.List) == 1 {
				src = only
			}
			src = c.convert(cc, src, c.typ(o.Type()))
			cl.bind = c.declare(o).init(src)
		}
		cl.body = c.block(cc.Body)
		cs = append(cs, cl)
	}
	pos := s.Pos()
	return func(fr *frame) ctl {
		if init != nil {
			init(fr)
		}
		fr.pos = pos
		set(fr)
		hit := def
	search:
		for i := range cs {
			for _, t := range cs[i].tests {
				if t(fr) {
					hit = i
					break search
				}
			}
		}
		if hit < 0 {
			return ctlNext
		}
		if b := cs[hit].bind; b != nil {
			b(fr)
		}
		r := cs[hit].body(fr)
		if r == ctlBreak || r == ctlBreakLabel && label != 0 && fr.target == label {
			return ctlNext
		}
		return r
	}
}
