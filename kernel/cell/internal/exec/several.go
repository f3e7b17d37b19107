package exec

import (
	"go/ast"
	"go/token"
	"go/types"
)

// Assignments of several values, x, y = a, b. The toolchain makes them one after
// the other; only what an earlier one of them may change is evaluated before the
// first. That gives the values that the language asks for, and decides what is
// assigned when one of them panics.

// target is what one of several values is assigned to.
type target struct {
	t      types.Type         // nil for _
	place  ast.Expr           // nil for a result or a new variable
	v      types.Object       // the variable, or of which it is a part
	result bool               // of a function with deferred calls, which may see it
	store  func(ex) frameFunc // at once
}

// several compiles the assignment of rhs to ts.
func (c *compiler) several(ts []target, rhs []ast.Expr) frameFunc {
	var fs, late []frameFunc
	for _, t := range ts {
		if t.place != nil {
			c.assigned(t.place)
			fs = append(fs, c.hoistAll(nil, []ast.Expr{t.place})...)
		}
	}
	fs = append(fs, c.hoistAll(func(i int) types.Type { return ts[i].t }, rhs)...)
	changed := &changes{c: c, vars: map[types.Object]bool{}}
	for i, t := range ts {
		r := rhs[i]
		early, apart := changed.affect(r), t.place != nil && changed.affectPlace(t.place)
		into := &late
		if early {
			into = &fs
		}
		store := t.store
		switch {
		case t.place != nil && c.mapElement(t.place): // which is made before its value is evaluated
			ix := ast.Unparen(t.place).(*ast.IndexExpr)
			mt := c.typeOf(ix.X).Underlying().(*types.Map)
			if !apart {
				c.orderPanics(&late, func(a *ahead) { a.mapRead(ix, mt, false) })
			}
			pre, made, at := c.elementToBe(ix, mt)
			if apart {
				fs = append(fs, pre...)
			} else {
				late = append(late, pre...)
			}
			late = append(late, made)
			store = func(x ex) frameFunc { return x.lane().set(at, x.fn) }
		case apart:
			store = func(x ex) frameFunc {
				pre, s := c.deferredStore(t.place, x)
				fs = append(fs, pre...)
				return s
			}
		}
		c.orderPanics(into, func(a *ahead) {
			if t.place != nil && !apart && !early && !c.mapElement(t.place) {
				a.assignment(t.place, r, t.t)
			} else {
				a.visit(r, t.t, false)
			}
		})
		var x ex
		if t.t == nil {
			x = c.expr(r)
		} else {
			x = c.exprTo(r, t.t)
		}
		var keep frameFunc
		if early {
			keep, x = c.save(x)
		}
		s := store(x)
		if early {
			fs = append(fs, keep)
		}
		late = append(late, s)
		changed.by(t)
	}
	return sequence(append(fs, late...))
}

// changes are what assignments made so far have changed.
type changes struct {
	c    *compiler
	vars map[types.Object]bool
	mem  bool // anything that a pointer may lead to
	all  bool
}

func (ch *changes) by(t target) {
	v, isVar := t.v.(*types.Var)
	switch {
	case t.t == nil:
	case t.result:
		ch.all = true
	case t.place != nil && !isVar, isVar && ch.c.shared(v):
		ch.mem = true
	case isVar:
		ch.vars[v] = true
	}
}

// root is the variable that a place is, or is a part of; nil if a pointer leads
// there.
func (c *compiler) root(e ast.Expr) types.Object {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		return c.info.ObjectOf(e)
	case *ast.SelectorExpr:
		sel := c.info.Selections[e]
		if sel == nil {
			return c.info.ObjectOf(e.Sel)
		}
		if !c.isPointer(e.X) && !sel.Indirect() {
			return c.root(e.X)
		}
	case *ast.IndexExpr:
		if _, array := c.typeOf(e.X).Underlying().(*types.Array); array {
			return c.root(e.X)
		}
	}
	return nil
}

// affectPlace reports whether an operand of a place may have changed.
func (ch *changes) affectPlace(e ast.Expr) bool {
	e = ast.Unparen(e)
	switch e := e.(type) {
	case *ast.SelectorExpr:
		sel := ch.c.info.Selections[e]
		if sel == nil {
			return false
		}
		if _, ptr := ch.c.typeOf(e.X).Underlying().(*types.Pointer); ptr || sel.Indirect() {
			return ch.affect(e.X) || ch.mem && sel.Indirect()
		}
		return ch.affectPlace(e.X)
	case *ast.StarExpr:
		return ch.affect(e.X)
	case *ast.IndexExpr:
		if _, array := ch.c.typeOf(e.X).Underlying().(*types.Array); array {
			return ch.affect(e.Index) || ch.affectPlace(e.X)
		}
		return ch.affect(e.X) || ch.affect(e.Index)
	}
	return false
}

// affect reports whether the value of e may have changed.
func (ch *changes) affect(e ast.Expr) bool {
	if e == nil {
		return false
	}
	if ch.all {
		return true
	}
	c := ch.c
	e = ast.Unparen(e)
	if tv, ok := c.info.Types[e]; ok && (tv.Value != nil || tv.IsType() || tv.IsNil()) {
		return false
	}
	if _, ok := c.held[e]; ok {
		return false
	}
	switch e := e.(type) {
	case *ast.Ident:
		v, ok := c.info.ObjectOf(e).(*types.Var)
		return ok && (ch.vars[v] || ch.mem && c.shared(v))
	case *ast.SelectorExpr:
		sel := c.info.Selections[e]
		if sel == nil {
			return ch.affect(e.Sel)
		}
		return ch.mem && (c.isPointer(e.X) || sel.Indirect() || sel.Kind() == types.MethodVal) || ch.affect(e.X)
	case *ast.BinaryExpr:
		switch e.Op {
		case token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
			if ch.mem {
				return true
			}
		}
		return ch.mem && isString(c.typeOf(e).Underlying()) || ch.affect(e.X) || ch.affect(e.Y)
	case *ast.UnaryExpr:
		return ch.mem && (e.Op == token.NOT || e.Op == token.AND) || ch.affect(e.X)
	case *ast.CallExpr: // a conversion
		return ch.mem && c.rebuilds(e) || ch.affect(e.Args[0])
	case *ast.TypeAssertExpr:
		return ch.affect(e.X)
	case *ast.IndexExpr:
		return ch.mem || ch.affect(e.X) || ch.affect(e.Index)
	case *ast.StarExpr:
		return ch.mem || ch.affect(e.X)
	case *ast.CompositeLit:
		if ch.mem {
			return true
		}
		for _, el := range e.Elts {
			if kv, ok := el.(*ast.KeyValueExpr); ok {
				el = kv.Value
			}
			if ch.affect(el) {
				return true
			}
		}
		return false
	}
	return ch.mem
}

// rebuilds reports whether a conversion makes a string of something else, or an
// array of a slice.
func (c *compiler) rebuilds(e *ast.CallExpr) bool {
	from, to := c.typeOf(e.Args[0]).Underlying(), c.typeOf(e).Underlying()
	if isString(from) != isString(to) {
		return true
	}
	_, a := from.(*types.Slice)
	_, b := to.(*types.Slice)
	return a && !b && !types.IsInterface(to)
}
