package exec

import (
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"sync/atomic"
	"unsafe"

	"github.com/priorlab/priorlab/kernel/cell/internal/rt"
)

// expr compiles an expression with one value.
func (c *compiler) expr(e ast.Expr) ex {
	if tv, ok := c.info.Types[e]; ok && tv.Value != nil {
		return c.constant(e, tv.Value, c.typ(tv.Type))
	}
	if x, ok := c.held[e]; ok {
		return x
	}
	switch e := e.(type) {
	case *ast.ParenExpr:
		return c.expr(e.X)
	case *ast.Ident:
		return c.ident(e)
	case *ast.SelectorExpr:
		return c.selector(e)
	case *ast.BinaryExpr:
		return c.binary(e)
	case *ast.UnaryExpr:
		return c.unary(e)
	case *ast.StarExpr:
		return c.deref(e, c.expr(e.X))
	case *ast.IndexExpr:
		return c.index(e)
	case *ast.IndexListExpr:
		return c.instance(e, e.X)
	case *ast.SliceExpr:
		return c.slice(e)
	case *ast.CompositeLit:
		return c.composite(e, c.typeOf(e))
	case *ast.FuncLit:
		return c.literal(e)
	case *ast.CallExpr:
		return c.callExpr(e)
	case *ast.TypeAssertExpr:
		return c.assertion(e)
	}
	c.fail(e, "this expression (%T) is not supported in a cell", e)
	return ex{}
}

// exprTo compiles e and converts its value to t, as an assignment does.
func (c *compiler) exprTo(e ast.Expr, t types.Type) ex {
	if tv, ok := c.info.Types[e]; ok && tv.Value != nil {
		if b, basic := t.Underlying().(*types.Basic); basic && b.Info()&types.IsUntyped == 0 {
			return c.constant(e, tv.Value, t)
		}
	}
	return c.convert(e, c.expr(e), t)
}

func (c *compiler) ident(e *ast.Ident) ex {
	switch o := c.info.ObjectOf(e).(type) {
	case *types.Nil:
		return c.zeroValue(types.Typ[types.UntypedNil])
	case *types.Const:
		return c.constant(e, o.Val(), c.typ(o.Type()))
	case *types.Var:
		return c.varExpr(e, o)
	case *types.Func:
		return c.funcValue(e, o)
	case *types.Builtin:
		c.fail(e, "%s must be called", e.Name)
	}
	c.fail(e, "%s is not a value", e.Name)
	return ex{}
}

func (c *compiler) zeroValue(t types.Type) ex {
	x := ex{t: t, rt: c.m.rtype(t)}
	x.isNil = t == types.Typ[types.UntypedNil]
	x.fn = x.lane().constant(reflect.Zero(x.rt))
	return x
}

func (c *compiler) varExpr(e ast.Node, o *types.Var) ex {
	if g, ok := c.m.globals[o]; ok {
		p := g.p
		return ex{t: c.typ(o.Type()), rt: g.rt, fn: laneOf(g.rt).at(p), addr: func(*frame) unsafe.Pointer { return p }}
	}
	if o.Pkg() != nil && packageLevel(o) && o.Pkg().Path() != "main" {
		v := c.m.cfg.Values(o.Pkg().Path())[o.Name()]
		if !v.IsValid() || !v.CanAddr() {
			c.fail(e, "the variable %s.%s is not bound", o.Pkg().Name(), o.Name())
		}
		p := v.Addr().UnsafePointer()
		return ex{t: o.Type(), rt: v.Type(), fn: laneOf(v.Type()).at(p), addr: func(*frame) unsafe.Pointer { return p }}
	}
	return c.variable(o, e)
}

// selector compiles x.f: a package's name, a field, or a method value.
func (c *compiler) selector(e *ast.SelectorExpr) ex {
	sel := c.info.Selections[e]
	if sel == nil { // package-qualified
		return c.ident(e.Sel)
	}
	switch sel.Kind() {
	case types.FieldVal:
		return c.field(e, c.expr(e.X), c.typeOf(e.X), e.Sel.Name, sel)
	case types.MethodVal:
		return c.methodValue(e)
	default:
		return c.methodExpr(e)
	}
}

// field selects a field, through embedded ones where needed.
func (c *compiler) field(e ast.Node, x ex, t types.Type, name string, sel *types.Selection) ex {
	obj, path, _ := types.LookupFieldOrMethod(t, true, sel.Obj().Pkg(), name)
	if obj == nil {
		c.fail(e, "%s has no field %s", t, name)
	}
	return c.fieldPath(e, x, path)
}

func (c *compiler) fieldPath(e ast.Node, x ex, path []int) ex {
	for _, i := range path {
		x = c.oneField(e, x, i)
	}
	return x
}

func (c *compiler) oneField(e ast.Node, x ex, i int) ex {
	if _, ptr := x.t.Underlying().(*types.Pointer); ptr {
		x = c.deref(e, x)
	}
	st, ok := x.t.Underlying().(*types.Struct)
	if !ok {
		c.fail(e, "%s is not a struct", x.t)
	}
	ft := c.typ(st.Field(i).Type())
	off := x.rt.Field(i).Offset
	frt := x.rt.Field(i).Type
	l := laneOf(frt)
	if x.local {
		loff := x.off + off
		return ex{t: ft, rt: frt, fn: l.local(loff), addr: func(fr *frame) unsafe.Pointer { return unsafe.Add(fr.p, loff) }, local: true, off: loff}
	}
	base := x.fn.(addrFunc)
	if x.addr != nil {
		base = x.addr
	}
	at := func(fr *frame) unsafe.Pointer { return unsafe.Add(base(fr), off) }
	r := ex{t: ft, rt: frt, fn: l.load(at)}
	if x.addr != nil {
		r.addr = at
	}
	return r
}

func (c *compiler) deref(e ast.Node, x ex) ex {
	p, ok := x.t.Underlying().(*types.Pointer)
	if !ok {
		c.fail(e, "%s is not a pointer", x.t)
	}
	f := x.fn.(addrFunc)
	t := p.Elem()
	r := c.m.rtype(t)
	addr := func(fr *frame) unsafe.Pointer {
		q := f(fr)
		if q == nil {
			nilDeref()
		}
		return q
	}
	return ex{t: t, rt: r, fn: laneOf(r).load(addr), addr: addr}
}

func (c *compiler) unary(e *ast.UnaryExpr) ex {
	t := c.typeOf(e)
	switch e.Op {
	case token.AND:
		return c.addressOf(e, t)
	case token.ARROW:
		return c.receive(e)
	}
	x := c.exprTo(e.X, t)
	return ex{t: t, rt: x.rt, fn: operators[x.rt.Kind()].unary(e.Op, x.fn)}
}

func (c *compiler) addressOf(e *ast.UnaryExpr, t types.Type) ex {
	r := c.m.rtype(t)
	if lit, ok := ast.Unparen(e.X).(*ast.CompositeLit); ok {
		return c.newLiteral(lit, t)
	}
	x := c.expr(e.X)
	if x.addr == nil {
		c.fail(e, "the address of this expression cannot be taken")
	}
	return ex{t: t, rt: r, fn: x.addr}
}

func (c *compiler) newLiteral(lit *ast.CompositeLit, t types.Type) ex {
	elem := t.Underlying().(*types.Pointer).Elem()
	v := c.composite(lit, elem)
	d, into := rt.Pointer(v.rt), v.intoFresh()
	return ex{t: t, rt: c.m.rtype(t), fn: func(fr *frame) unsafe.Pointer {
		p := unsafeNew(d)
		into(fr, p)
		return p
	}}
}

// save evaluates x into a temporary and returns the read of it: for a struct or
// array whose memory another evaluation might overwrite.
func (c *compiler) save(x ex) (frameFunc, ex) {
	off := c.temp(x.rt)
	l := x.lane()
	return l.setLocal(off, x.fn), ex{t: x.t, rt: x.rt, fn: l.local(off), local: true, off: off}
}

func (c *compiler) binary(e *ast.BinaryExpr) ex {
	t := c.typeOf(e)
	switch e.Op {
	case token.SHL, token.SHR:
		x := c.exprTo(e.X, t)
		y := c.expr(e.Y)
		return ex{t: t, rt: x.rt, fn: operators[x.rt.Kind()].shift(e.Op, x.fn, c.countOf(y))}
	case token.LAND, token.LOR:
		before := c.order(e.X)
		x := c.expr(e.X).before(before)
		before = c.order(e.Y)
		y := c.expr(e.Y).before(before)
		return ex{t: t, rt: c.m.rtype(t), fn: boolOps{}.binary(e.Op, x.operand(), y.operand())}
	case token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
		return c.comparison(e, t)
	}
	x, y := c.exprTo(e.X, t), c.exprTo(e.Y, t)
	return ex{t: t, rt: x.rt, fn: c.operate(e.Op, x, y, e.X)}
}

// operate joins two operands of one type.
func (c *compiler) operate(op token.Token, x, y ex, xe ast.Expr) any {
	o := operators[x.rt.Kind()]
	if o == nil {
		c.fail(xe, "operator %s is not defined on %s", op, x.t)
	}
	if r := o.binary(op, x.operand(), y.operand()); r != nil {
		return r
	}
	c.fail(xe, "operator %s is not defined on %s", op, x.t)
	return nil
}

func (c *compiler) comparison(e *ast.BinaryExpr, t types.Type) ex {
	res := ex{t: t, rt: c.m.rtype(t)}
	isNil := func(n ast.Expr) bool {
		_, ok := c.info.ObjectOf(identOf(n)).(*types.Nil)
		return ok
	}
	if isNil(e.Y) || isNil(e.X) {
		side := e.X
		if isNil(e.X) {
			side = e.Y
		}
		res.fn = c.nilTest(side, e.Op == token.EQL)
		return res
	}
	xt, yt := c.typeOf(e.X), c.typeOf(e.Y)
	common := xt
	switch {
	case isUntyped(xt) && !isUntyped(yt):
		common = yt
	case types.IsInterface(yt) && !types.IsInterface(xt):
		common = yt
	case types.IsInterface(xt) && types.IsInterface(yt) && !types.AssignableTo(yt, xt):
		common = yt
	}
	if isUntyped(common) {
		common = types.Default(common)
		if tv := c.info.Types[e.X]; isUntyped(yt) && tv.Value != nil { // two untyped operands of different kinds
			common = types.Default(yt)
		}
	}
	x, y := c.exprTo(e.X, common), c.exprTo(e.Y, common)
	switch x.rt.Kind() {
	case reflect.Interface:
		res.fn = c.equalValues(e.Op, c.toAny(x), c.toAny(y))
	case reflect.Struct, reflect.Array:
		// The left value is kept while the right one is evaluated.
		first, xs := c.save(x)
		res.fn = word[bool]{}.after(first, c.equalValues(e.Op, c.peek(xs), c.peek(y)))
	default:
		res.fn = c.operate(e.Op, x, y, e.X)
	}
	return res
}

func identOf(e ast.Expr) *ast.Ident {
	if id, ok := ast.Unparen(e).(*ast.Ident); ok {
		return id
	}
	return &ast.Ident{}
}

func isUntyped(t types.Type) bool {
	b, ok := t.(*types.Basic)
	return ok && b.Info()&types.IsUntyped != 0
}

func (c *compiler) nilTest(e ast.Expr, want bool) any {
	x := c.expr(e)
	switch f := x.fn.(type) {
	case addrFunc:
		return func(fr *frame) bool { return (f(fr) == nil) == want }
	case func(*frame) slice:
		return func(fr *frame) bool { return (f(fr).p == nil) == want }
	case func(*frame) iface:
		return func(fr *frame) bool { return (f(fr).tab == nil) == want }
	}
	c.fail(e, "%s cannot be compared with nil", x.t)
	return nil
}

// equalValues compares two values as interfaces are compared.
func (c *compiler) equalValues(op token.Token, x, y func(*frame) any) any {
	if op == token.EQL {
		return func(fr *frame) bool { a := x(fr); return a == y(fr) }
	}
	return func(fr *frame) bool { a := x(fr); return a != y(fr) }
}

// peek views a struct or array as an interface without copying it; the result
// must not be kept.
func (c *compiler) peek(x ex) func(*frame) any {
	f := x.fn.(addrFunc)
	d := rt.Pointer(x.rt)
	if rt.Direct(x.rt) {
		return func(fr *frame) any {
			i := iface{d, *(*unsafe.Pointer)(f(fr))}
			return *(*any)(unsafe.Pointer(&i))
		}
	}
	return func(fr *frame) any {
		i := iface{d, f(fr)}
		return *(*any)(unsafe.Pointer(&i))
	}
}

// toAny evaluates an interface value as an empty interface.
func (c *compiler) toAny(x ex) func(*frame) any {
	f := x.fn.(func(*frame) iface)
	if x.rt.NumMethod() == 0 {
		return func(fr *frame) any { i := f(fr); return *(*any)(unsafe.Pointer(&i)) }
	}
	return func(fr *frame) any {
		i := f(fr)
		if i.tab != nil {
			i.tab = itabType(i.tab)
		}
		return *(*any)(unsafe.Pointer(&i))
	}
}

// itabType is the concrete type an interface table is for.
func itabType(tab unsafe.Pointer) unsafe.Pointer {
	return *(*unsafe.Pointer)(unsafe.Add(tab, unsafe.Sizeof(uintptr(0))))
}

// typeWord gives the concrete type of an interface value of type t.
func typeWord(t reflect.Type, i iface) unsafe.Pointer {
	if i.tab == nil || t.NumMethod() == 0 {
		return i.tab
	}
	return itabType(i.tab)
}

// literal compiles a function literal.
func (c *compiler) literal(e *ast.FuncLit) ex {
	t := c.typeOf(e)
	x := ex{t: t, rt: c.m.rtype(t)}
	cd, capture := c.capturing(e, t.Underlying().(*types.Signature))
	m, f := c.m, funcMaker(x.rt)
	if capture == nil { // one function value will do for a run
		var last atomic.Pointer[closure]
		x.fn = func(fr *frame) unsafe.Pointer {
			cl := last.Load()
			if cl == nil || cl.run != fr.th.run {
				cl = &closure{m: m, code: cd, run: fr.th.run}
				cl.value = f(cl)
				last.Store(cl)
			}
			return cl.value
		}
		return x
	}
	x.fn = func(fr *frame) unsafe.Pointer {
		return f(&closure{m: m, code: cd, boxes: capture(fr), run: fr.th.run})
	}
	return x
}

// capturing compiles a literal and returns what collects the variables that it
// captures; nil if it captures none.
func (c *compiler) capturing(e *ast.FuncLit, sig *types.Signature) (*code, func(*frame) []unsafe.Pointer) {
	in := &compiler{m: c.m, info: c.info, env: c.env, outer: c, esc: c.esc, sig: sig, unwatched: c.unwatched}
	name := c.code.name + ".func"
	if c.code.name == "" {
		name = "func"
	}
	cd := &code{name: name, pos: e.Pos()}
	in.function(cd, c.m.rtype(sig), nil, e.Type, e.Body, sig)
	if !c.unwatched {
		m, info, env, esc := c.m, c.info, c.env, c.esc
		c.m.register(cd, func(into *code) {
			again := &compiler{m: m, info: info, env: env, outer: &compiler{}, esc: esc, sig: sig}
			again.function(into, m.rtype(sig), nil, e.Type, e.Body, sig)
		})
	}
	boxes := make([]addrFunc, len(in.caps))
	for i, o := range in.caps {
		boxes[i] = c.box(o, e)
	}
	if len(boxes) == 0 {
		return cd, nil
	}
	return cd, func(fr *frame) []unsafe.Pointer {
		bs := make([]unsafe.Pointer, len(boxes))
		for i, b := range boxes {
			bs[i] = b(fr)
		}
		return bs
	}
}
