package exec

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"reflect"
	"slices"
	"unsafe"

	"github.com/priorlab/priorlab/kernel/cell/internal/rt"
)

// defineAll declares the new names among lhs and gives all their values.
func (c *compiler) defineAll(lhs, rhs []ast.Expr, want types.Type) frameFunc {
	named := func(e ast.Expr) (types.Object, bool) {
		id := ast.Unparen(e).(*ast.Ident)
		if id.Name == "_" {
			return nil, false
		}
		if o := c.info.Defs[id]; o != nil {
			return o, true
		}
		return c.info.Uses[id], false
	}
	assignTo := func(e ast.Expr, x ex) frameFunc {
		o, isNew := named(e)
		if o == nil {
			return x.lane().run(x.fn)
		}
		x = c.convert(e, x, c.typ(o.Type()))
		if isNew {
			if _, ok := c.m.globals[o.(*types.Var)]; !ok {
				return c.declare(o).init(x)
			}
		}
		return c.store(e, x)
	}
	if len(lhs) == 1 && len(rhs) == 1 {
		o, _ := named(lhs[0])
		if want == nil && o != nil {
			want = c.typ(o.Type())
		}
		before := c.orderTo(func(int) types.Type { return want }, rhs[0])
		var x ex
		if want != nil {
			x = c.exprTo(rhs[0], want)
		} else {
			x = c.expr(rhs[0])
		}
		return first(before, assignTo(lhs[0], x))
	}
	if len(rhs) > 1 {
		ts := make([]target, len(lhs))
		for i, l := range lhs {
			o, _ := named(l)
			ts[i] = target{t: want, v: o, store: func(x ex) frameFunc { return assignTo(l, x) }}
			if o != nil {
				ts[i].t = c.typ(o.Type())
			}
		}
		return c.several(ts, rhs)
	}
	run, vals := c.multi(rhs[0])
	fs := []frameFunc{run}
	for i, e := range lhs {
		x := vals[i]
		if want != nil {
			x = c.convert(rhs[0], x, want)
		}
		if o, _ := named(e); o != nil {
			fs = append(fs, assignTo(e, x))
		}
	}
	return sequence(fs)
}

// multi compiles an expression with several values: a call, or one of the
// forms that also tell whether they succeeded.
func (c *compiler) multi(e ast.Expr) (frameFunc, []ex) {
	boolT := types.Typ[types.Bool]
	okSlot := func() (uintptr, ex) {
		r := c.m.rtype(boolT)
		off := c.temp(r)
		return off, ex{t: boolT, rt: r, fn: laneOf(r).local(off), local: true, off: off}
	}
	slot := func(t types.Type) (uintptr, ex) {
		r := c.m.rtype(t)
		off := c.temp(r)
		return off, ex{t: t, rt: r, fn: laneOf(r).local(off), local: true, off: off}
	}
	switch x := ast.Unparen(e).(type) {
	case *ast.CallExpr:
		return c.tuple(x)
	case *ast.IndexExpr:
		mt := c.typeOf(x.X).Underlying().(*types.Map)
		before := c.orderKey(x, mt)
		look, elem, er := c.mapLookup(x, mt)
		vo, v := slot(elem)
		oo, ok := okSlot()
		cp := laneOf(er).copy
		return first(before, func(fr *frame) {
			p, found := look(fr)
			cp(unsafe.Add(fr.p, vo), p)
			*(*bool)(unsafe.Add(fr.p, oo)) = found
		}), []ex{v, ok}
	case *ast.TypeAssertExpr:
		t := c.typeOf(x.Type)
		before := c.order(x.X)
		y := c.expr(x.X).before(before)
		r := c.m.rtype(t)
		test := c.asserter(y, t, r)
		f := y.fn.(func(*frame) iface)
		vo, v := slot(t)
		oo, ok := okSlot()
		z, cp := unsafeNew(rt.Pointer(r)), laneOf(r).copy
		return func(fr *frame) {
			dst := unsafe.Add(fr.p, vo)
			found := test(f(fr), dst)
			if !found {
				cp(dst, z)
			}
			*(*bool)(unsafe.Add(fr.p, oo)) = found
		}, []ex{v, ok}
	case *ast.UnaryExpr:
		if x.Op == token.ARROW {
			recv, elem := c.receiver(x)
			vo, v := slot(elem)
			oo, ok := okSlot()
			return func(fr *frame) {
				*(*bool)(unsafe.Add(fr.p, oo)) = recv(fr, unsafe.Add(fr.p, vo))
			}, []ex{v, ok}
		}
	}
	c.fail(e, "this expression has not several values")
	return nil, nil
}

// store compiles the assignment of x to the place lhs.
func (c *compiler) store(lhs ast.Expr, x ex) frameFunc {
	lhs = ast.Unparen(lhs)
	if id, ok := lhs.(*ast.Ident); ok {
		if id.Name == "_" {
			return x.lane().run(x.fn)
		}
		o := c.info.ObjectOf(id).(*types.Var)
		l := x.lane()
		if g, ok := c.m.globals[o]; ok {
			return l.setAt(g.p, x.fn)
		}
		if v := c.vars[o]; v != nil && !v.boxed {
			return l.setLocal(v.off, x.fn)
		}
	}
	if ix, ok := lhs.(*ast.IndexExpr); ok {
		if mt, ok := c.typeOf(ix.X).Underlying().(*types.Map); ok {
			return c.storeMap(ix, mt, x)
		}
	}
	p := c.expr(lhs)
	if p.addr == nil {
		c.fail(lhs, "cannot assign to this expression")
	}
	return x.lane().set(p.addr, x.fn)
}

func (c *compiler) storeMap(ix *ast.IndexExpr, mt *types.Map, x ex) frameFunc {
	m := c.expr(ix.X)
	k := c.exprTo(ix.Index, mt.Key())
	ko, vo := c.temp(k.rt), c.temp(x.rt)
	setK, setV := k.lane().setLocal(ko, k.fn), x.lane().setLocal(vo, x.fn)
	f, d, cp := m.fn.(addrFunc), rt.Pointer(m.rt), laneOf(m.rt.Elem()).copy
	return func(fr *frame) {
		setV(fr)
		m := f(fr)
		setK(fr)
		cp(mapassign(d, m, unsafe.Add(fr.p, ko)), unsafe.Add(fr.p, vo))
	}
}

func (c *compiler) assign(s *ast.AssignStmt) frameFunc {
	switch s.Tok {
	case token.DEFINE:
		return c.defineAll(s.Lhs, s.Rhs, nil)
	case token.ASSIGN:
		return c.assignAll(s.Lhs, s.Rhs)
	}
	op := map[token.Token]token.Token{
		token.ADD_ASSIGN: token.ADD, token.SUB_ASSIGN: token.SUB, token.MUL_ASSIGN: token.MUL, token.QUO_ASSIGN: token.QUO, token.REM_ASSIGN: token.REM,
		token.AND_ASSIGN: token.AND, token.OR_ASSIGN: token.OR, token.XOR_ASSIGN: token.XOR, token.SHL_ASSIGN: token.SHL, token.SHR_ASSIGN: token.SHR, token.AND_NOT_ASSIGN: token.AND_NOT,
	}[s.Tok]
	return c.update(s.Lhs[0], op, s.Rhs[0])
}

// assignAll compiles a = b and a, b = c, d.
func (c *compiler) assignAll(lhs, rhs []ast.Expr) frameFunc {
	place := func(e ast.Expr) types.Type {
		if id := identOf(e); id.Name == "_" {
			return nil
		}
		return c.typeOf(e)
	}
	if len(lhs) == 1 && len(rhs) == 1 {
		t := place(lhs[0])
		if t == nil {
			before := c.order(rhs[0])
			x := c.expr(rhs[0])
			return first(before, x.lane().run(x.fn))
		}
		before := c.orderAssign(lhs[0], rhs[0], t)
		return first(before, c.store(lhs[0], c.exprTo(rhs[0], t)))
	}
	var fs []frameFunc
	if len(rhs) == 1 {
		fs = c.hoistPlaces(lhs)
		run, slots := c.multi(rhs[0])
		fs, rhs = append(fs, run), c.standFor(rhs[0], slots)
	}
	ts := make([]target, len(lhs))
	for i, l := range lhs {
		ts[i] = target{t: place(l), place: l, store: func(x ex) frameFunc { return c.store(l, x) }}
		if ts[i].t == nil {
			ts[i].place = nil
		} else {
			ts[i].v = c.root(l)
		}
		ts[i].result = c.defers && slices.ContainsFunc(c.results, func(v *variable) bool { return v == c.vars[ts[i].v] })
	}
	return sequence(append(fs, c.several(ts, rhs)))
}

// orderAssign orders lhs = rhs. The right side is evaluated before the place, but
// what is kept of the place comes first.
func (c *compiler) orderAssign(lhs, rhs ast.Expr, t types.Type) frameFunc {
	c.assigned(lhs)
	to := func(int) types.Type { return t }
	walk := func(a *ahead) { a.assignment(lhs, rhs, t) }
	if pre := c.holdGrown(lhs, rhs); pre != nil {
		pre = append(pre, c.hoistAll(to, []ast.Expr{rhs})...)
		c.orderPanics(&pre, walk)
		return steps(pre)
	}
	s := &scan{c: c}
	s.visit(lhs)
	if s.clash || calls(lhs, c.info) || c.hoists(lhs) && (calls(rhs, c.info) || c.mayPanic(rhs)) {
		pre := append(c.hoistAll(nil, []ast.Expr{lhs}), c.hoistAll(to, []ast.Expr{rhs})...)
		c.orderPanics(&pre, walk)
		return steps(pre)
	}
	return c.orderBy(walk, to, rhs)
}

// holdGrown evaluates the map and the key of m[k] = append(m[k], x), which the
// toolchain does once.
func (c *compiler) holdGrown(lhs, rhs ast.Expr) (pre []frameFunc) {
	call, ok := ast.Unparen(rhs).(*ast.CallExpr)
	if !ok || !c.mapElement(lhs) || !c.isAppend(call) || !c.sameSafe(lhs, call.Args[0]) {
		return nil
	}
	to, from := ast.Unparen(lhs).(*ast.IndexExpr), ast.Unparen(call.Args[0]).(*ast.IndexExpr)
	pre = c.hoistAll(nil, []ast.Expr{lhs})
	for _, e := range [][2]ast.Expr{{to.X, from.X}, {to.Index, from.Index}} {
		a, b := ast.Unparen(e[0]), ast.Unparen(e[1])
		if _, name := a.(*ast.Ident); name || c.info.Types[a].Value != nil {
			continue
		}
		if _, held := c.held[a]; !held {
			c.keeper(&pre)(a)
		}
		c.hold(b, c.held[a])
	}
	return pre
}

func (c *compiler) isAppend(e *ast.CallExpr) bool {
	id := calleeIdent(e.Fun)
	if id == nil {
		return false
	}
	b, ok := c.info.Uses[id].(*types.Builtin)
	return ok && b.Name() == "append"
}

// sameSafe reports whether two expressions without calls are written alike.
func (c *compiler) sameSafe(a, b ast.Expr) bool {
	a, b = ast.Unparen(a), ast.Unparen(b)
	if u, v := c.info.Types[a].Value, c.info.Types[b].Value; u != nil || v != nil {
		return u != nil && v != nil && types.Identical(c.typeOf(a), c.typeOf(b)) && constant.Compare(u, token.EQL, v)
	}
	switch a := a.(type) {
	case *ast.Ident:
		b, ok := b.(*ast.Ident)
		return ok && c.info.ObjectOf(a) == c.info.ObjectOf(b)
	case *ast.SelectorExpr:
		b, ok := b.(*ast.SelectorExpr)
		return ok && c.info.ObjectOf(a.Sel) == c.info.ObjectOf(b.Sel) && (c.info.Selections[a] == nil || c.sameSafe(a.X, b.X))
	case *ast.StarExpr:
		b, ok := b.(*ast.StarExpr)
		return ok && c.sameSafe(a.X, b.X)
	case *ast.IndexExpr:
		b, ok := b.(*ast.IndexExpr)
		return ok && c.sameSafe(a.X, b.X) && c.sameSafe(a.Index, b.Index)
	case *ast.UnaryExpr:
		b, ok := b.(*ast.UnaryExpr)
		return ok && a.Op == b.Op && a.Op != token.AND && a.Op != token.ARROW && c.sameSafe(a.X, b.X)
	case *ast.CallExpr:
		b, ok := b.(*ast.CallExpr)
		return ok && c.info.Types[a.Fun].IsType() && c.info.Types[b.Fun].IsType() && types.Identical(c.typeOf(a), c.typeOf(b)) && c.sameSafe(a.Args[0], b.Args[0])
	}
	return false
}

// hoistPlaces evaluates what is kept of places that are assigned to.
func (c *compiler) hoistPlaces(es []ast.Expr) []frameFunc {
	for _, e := range es {
		c.assigned(e)
	}
	return c.hoistAll(nil, es)
}

// mapElement reports whether e is an element of a map.
func (c *compiler) mapElement(e ast.Expr) bool {
	ix, ok := ast.Unparen(e).(*ast.IndexExpr)
	return ok && c.isMap(ix.X)
}

func (c *compiler) isPointer(e ast.Expr) bool {
	_, ok := c.typeOf(e).Underlying().(*types.Pointer)
	return ok
}

func (c *compiler) isMap(e ast.Expr) bool {
	_, ok := c.typeOf(e).Underlying().(*types.Map)
	return ok
}

// deferredStore splits an assignment: pre evaluates the operands of the place,
// the store then only writes.
func (c *compiler) deferredStore(lhs ast.Expr, x ex) (pre []frameFunc, store frameFunc) {
	lhs = ast.Unparen(lhs)
	if id, ok := lhs.(*ast.Ident); ok {
		return nil, c.store(id, x)
	}
	p := c.deferredPlace(lhs, &pre)
	if p.addr == nil {
		c.fail(lhs, "cannot assign to this expression")
	}
	if p.local {
		return pre, x.lane().setLocal(p.off, x.fn)
	}
	return pre, x.lane().set(p.addr, x.fn)
}

// elementToBe splits the making of an element of a map: pre evaluates the
// operands, made makes it, and then it is at an address.
func (c *compiler) elementToBe(ix *ast.IndexExpr, mt *types.Map) (pre []frameFunc, made frameFunc, at addrFunc) {
	m := c.expr(ix.X)
	k := c.exprTo(ix.Index, mt.Key())
	mo, ko, eo := c.temp(boxType), c.temp(k.rt), c.temp(boxType)
	f, d := m.fn.(addrFunc), rt.Pointer(m.rt)
	pre = []frameFunc{func(fr *frame) { *(*unsafe.Pointer)(unsafe.Add(fr.p, mo)) = f(fr) }, k.lane().setLocal(ko, k.fn)}
	made = func(fr *frame) {
		*(*unsafe.Pointer)(unsafe.Add(fr.p, eo)) = mapassign(d, *(*unsafe.Pointer)(unsafe.Add(fr.p, mo)), unsafe.Add(fr.p, ko))
	}
	return pre, made, func(fr *frame) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Add(fr.p, eo)) }
}

// deferredPlace evaluates the pointers, slices and indices of a place in pre;
// that they are good is checked when the place is used.
func (c *compiler) deferredPlace(e ast.Expr, pre *[]frameFunc) ex {
	save := func(x ex) ex {
		f, v := c.save(x)
		*pre = append(*pre, f)
		return v
	}
	e = ast.Unparen(e)
	switch e := e.(type) {
	case *ast.StarExpr:
		return c.deref(e, save(c.expr(e.X)))
	case *ast.SelectorExpr:
		sel := c.info.Selections[e]
		if sel == nil {
			break
		}
		t := c.typeOf(e.X)
		_, path, _ := types.LookupFieldOrMethod(t, true, sel.Obj().Pkg(), e.Sel.Name)
		var x ex
		if _, ptr := t.Underlying().(*types.Pointer); ptr {
			x = c.expr(e.X)
		} else {
			x = c.deferredPlace(e.X, pre)
		}
		for _, i := range path {
			if _, ptr := x.t.Underlying().(*types.Pointer); ptr {
				x = save(x)
			}
			x = c.oneField(e, x, i)
		}
		return x
	case *ast.IndexExpr:
		var x ex
		switch c.typeOf(e.X).Underlying().(type) {
		case *types.Array:
			x = c.deferredPlace(e.X, pre)
		case *types.Slice, *types.Pointer:
			x = save(c.expr(e.X))
		default:
			return c.expr(e)
		}
		io := c.temp(reflect.TypeFor[int]())
		ix := c.indexOf(e.Index)
		idx := ix.fn
		*pre = append(*pre, func(fr *frame) { *(*int)(unsafe.Add(fr.p, io)) = idx(fr) })
		ix.fn = func(fr *frame) int { return *(*int)(unsafe.Add(fr.p, io)) }
		at, elem, _ := c.elementAt(e, x, ix)
		r := c.m.rtype(elem)
		return ex{t: elem, rt: r, fn: laneOf(r).load(at), addr: at}
	}
	return c.expr(e)
}
