package exec

import (
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"unsafe"

	"github.com/priorlab/priorlab/kernel/cell/internal/rt"
)

// callee is a function ready to be called: interpreted code with what it
// closes over, or compiled code that finds its arguments in a block laid out
// as at the start of a frame and leaves its results there.
type callee struct {
	code   *code
	boxes  []unsafe.Pointer
	recv   unsafe.Pointer // where the receiver's value lies
	native func(block unsafe.Pointer)
	wraps  bool // native only leads to a method of a type made here
	none   bool // a method of a nil interface
}

// start copies a bound receiver and runs the entered frame.
func (k *callee) start(nf *frame) {
	if k.native != nil {
		k.native(nf.p)
		nf.th.sp--
		nf.th.goOn()
		return
	}
	if k.recv != nil {
		typedmemmove(rt.Pointer(k.code.recvT), unsafe.Add(nf.p, k.code.recvOff), k.recv)
	}
	nf.exec()
}

// goOn panics again with what compiled code recovered from and must not stop.
func (th *thread) goOn() {
	if s := th.sticky; s != nil {
		th.sticky = nil
		panic(s)
	}
}

func (k *callee) frameCode(l *sigLayout) *code {
	if k.native != nil {
		return l.native
	}
	return k.code
}

// argument stores one argument in the callee's block.
type argument struct {
	off  uintptr
	into func(*frame, unsafe.Pointer)
	recv bool // the receiver, which lies behind parameters and results
}

// resolver finds the callee when the call is reached.
type resolver func(fr *frame, k *callee)

// plan is a compiled call.
type plan struct {
	static  *function // set for a plain call of a declared function
	resolve resolver
	layout  *sigLayout
	args    []argument
	pos     token.Pos
	sig     *types.Signature
	typed   *ex // a call of compiled code without reflection
	first   frameFunc
}

// callExpr compiles a call with one value, a conversion, or a built-in.
func (c *compiler) callExpr(e *ast.CallExpr) ex {
	tv := c.info.Types[e.Fun]
	if tv.IsType() {
		return c.conversion(e)
	}
	if id := calleeIdent(e.Fun); id != nil {
		if b, ok := c.info.Uses[id].(*types.Builtin); ok {
			return c.builtin(e, b.Name())
		}
	}
	p := c.plan(e)
	if p.sig.Results().Len() != 1 {
		c.fail(e, "a call with %d results is used as one value", p.sig.Results().Len())
	}
	t := p.sig.Results().At(0).Type()
	if p.typed != nil {
		p.typed.t = t
		return *p.typed
	}
	r := p.layout.results[0]
	return ex{t: t, rt: r, fn: laneOf(r).call(p.invoke(), p.layout.resultOffs[0])}
}

func calleeIdent(e ast.Expr) *ast.Ident {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		return e
	case *ast.SelectorExpr:
		return e.Sel
	case *ast.IndexExpr:
		return calleeIdent(e.X)
	case *ast.IndexListExpr:
		return calleeIdent(e.X)
	}
	return nil
}

// conversion compiles T(x).
func (c *compiler) conversion(e *ast.CallExpr) ex {
	t := c.typeOf(e)
	arg := e.Args[0]
	if tv := c.info.Types[arg]; tv.Value != nil {
		if b, ok := t.Underlying().(*types.Basic); ok && convertibleConst(tv.Value.Kind().String(), b) {
			_, made := c.typ(tv.Type).Underlying().(*types.Basic)
			if c.info.Types[e].Value == nil && made { // converted to a type parameter
				return c.constant(e, tv.Value, t)
			}
		}
	}
	var before frameFunc
	if c.temporary(e) {
		before = c.order(arg)
	}
	return c.convert(e, c.expr(arg), t).before(before)
}

func convertibleConst(kind string, b *types.Basic) bool {
	switch kind {
	case "Int", "Float", "Complex":
		return b.Info()&types.IsNumeric != 0
	case "String":
		return b.Info()&types.IsString != 0
	case "Bool":
		return b.Info()&types.IsBoolean != 0
	}
	return false
}

// plan compiles everything of a call but the call itself.
func (c *compiler) plan(e *ast.CallExpr) *plan {
	sig, ok := c.typeOf(e.Fun).Underlying().(*types.Signature)
	if !ok {
		c.fail(e, "%s cannot be called", c.typeOf(e.Fun))
	}
	p := &plan{sig: sig, pos: e.Pos()}
	if sel, ok := ast.Unparen(e.Fun).(*ast.SelectorExpr); ok {
		p.pos = sel.Sel.Pos()
	}
	p.layout = c.m.sigLayout(sig)
	before := c.orderCall(e, sig)
	if !c.planTarget(e, p) {
		f := c.expr(e.Fun).fn.(addrFunc)
		m, l := c.m, p.layout
		p.resolve = func(fr *frame, k *callee) { m.resolveFunc(f(fr), l, k) }
	}
	if p.typed != nil {
		*p.typed = p.typed.before(before)
		return p
	}
	c.planArgs(e, p)
	if before != nil {
		p.first = first(before, p.first)
	}
	return p
}

// orderCall orders the function or receiver and the arguments of a call.
func (c *compiler) orderCall(e *ast.CallExpr, sig *types.Signature) frameFunc {
	if len(e.Args) == 1 && calls(e.Fun, c.info) {
		if _, several := c.info.TypeOf(e.Args[0]).(*types.Tuple); several {
			return steps(c.hoistAll(nil, []ast.Expr{e.Fun}))
		}
	}
	var pre []frameFunc
	if f := c.calleeValue(e); f != nil && len(e.Args) > 0 && c.callsAny(f) {
		pre = c.hoistAll(nil, []ast.Expr{f})
		c.keeper(&pre)(f)
	}
	return first(steps(pre), c.orderBy(func(a *ahead) { a.call(e, sig) }, func(i int) types.Type {
		if i == 0 {
			return nil
		}
		t, _ := paramType(sig, i-1, e.Ellipsis.IsValid())
		return t
	}, append([]ast.Expr{e.Fun}, e.Args...)...))
}

// calleeValue is the expression whose value decides what a call calls, if its
// type does not: a function or an interface. The toolchain evaluates it before
// the arguments if something is called in it.
func (c *compiler) calleeValue(e *ast.CallExpr) ast.Expr {
	fun := ast.Unparen(e.Fun)
	switch f := fun.(type) {
	case *ast.Ident, *ast.FuncLit:
		return nil
	case *ast.SelectorExpr:
		sel := c.info.Selections[f]
		switch {
		case sel == nil || sel.Kind() == types.MethodExpr:
			return nil
		case sel.Kind() == types.FieldVal:
			return fun
		case len(sel.Index()) == 1 && types.IsInterface(sel.Recv()):
			return ast.Unparen(f.X)
		}
		return nil
	case *ast.IndexExpr:
		if _, generic := c.typeOf(f.X).Underlying().(*types.Signature); generic {
			return nil
		}
	case *ast.IndexListExpr:
		return nil
	}
	return fun
}

// callsAny is calls that counts all built-ins as calls.
func (c *compiler) callsAny(e ast.Expr) (found bool) {
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.CallExpr:
			found = found || !c.info.Types[n.Fun].IsType() && c.info.Types[n].Value == nil
		case *ast.UnaryExpr:
			found = found || n.Op == token.ARROW
		}
		return !found
	})
	return found
}

// planTarget resolves calls of functions and methods known by name.
func (c *compiler) planTarget(e *ast.CallExpr, p *plan) bool {
	fun := ast.Unparen(e.Fun)
	if x, ok := fun.(*ast.IndexExpr); ok {
		fun = ast.Unparen(x.X)
	} else if x, ok := fun.(*ast.IndexListExpr); ok {
		fun = ast.Unparen(x.X)
	}
	switch f := fun.(type) {
	case *ast.Ident:
		if o, ok := c.info.Uses[f].(*types.Func); ok {
			c.planFunc(e, p, o, f)
			return true
		}
	case *ast.SelectorExpr:
		sel := c.info.Selections[f]
		if sel == nil {
			if o, ok := c.info.Uses[f.Sel].(*types.Func); ok {
				c.planFunc(e, p, o, f.Sel)
				return true
			}
			return false
		}
		if sel.Kind() == types.MethodVal {
			c.planMethod(e, p, f)
			return true
		}
	}
	return false
}

func (c *compiler) planFunc(e *ast.CallExpr, p *plan, o *types.Func, id *ast.Ident) {
	fn, v := c.function0(e, o, id)
	if fn != nil {
		p.static = fn
		return
	}
	if x := c.fastNative(e, p, v); x != nil {
		p.typed = x
		return
	}
	call := nativeCaller(v, p.layout, reflect.Value{})
	p.resolve = func(fr *frame, k *callee) { k.native = call }
}

// function0 finds what a function's name stands for: interpreted, or compiled.
func (c *compiler) function0(n ast.Node, o *types.Func, id *ast.Ident) (*function, reflect.Value) {
	var targs []types.Type
	if inst, ok := c.info.Instances[id]; ok {
		for i := range inst.TypeArgs.Len() {
			targs = append(targs, c.typ(inst.TypeArgs.At(i)))
		}
	}
	if v := c.m.hotNative(o, targs, c); v.IsValid() {
		return nil, v
	}
	if fn := c.m.funcFor(o, targs); fn != nil {
		return fn, reflect.Value{}
	}
	path := ""
	if o.Pkg() != nil {
		path = o.Pkg().Path()
	}
	if v := helpers[path+"."+o.Name()]; v.IsValid() {
		return nil, v
	}
	if c.m.cfg.Replace != nil {
		if v := c.m.cfg.Replace(path, o.Name()); v.IsValid() {
			return nil, v
		}
	}
	v := c.m.cfg.Values(path)[o.Name()]
	if !v.IsValid() || v.Kind() != reflect.Func {
		if len(targs) > 0 {
			c.fail(n, "the generic function %s.%s is compiled and cannot be instantiated in a cell; write a function of your own that does the same", o.Pkg().Name(), o.Name())
		}
		c.fail(n, "the function %s is not available in a cell", o.FullName())
	}
	return nil, v
}

// funcFor returns the interpreted function of an object, instantiated for
// targs; nil if it is a compiled one.
func (m *Machine) funcFor(o *types.Func, targs []types.Type) *function {
	origin := o.Origin()
	key := funcKey{obj: origin}
	base := m.funcs[key]
	if base == nil {
		if m.cfg.Source == nil {
			return nil
		}
		obj, decl, info := m.cfg.Source(origin)
		if decl == nil {
			return nil
		}
		sig := obj.Type().(*types.Signature)
		base = &function{name: obj.Name(), obj: origin, decl: decl, info: info, sig: sig, tparams: typeParams(sig)}
		if origin.Type().(*types.Signature).Recv() != nil && sig.Recv() == nil {
			base.sig, base.decl = methodForm(sig, decl)
		}
		m.declare(base)
	}
	if r := o.Type().(*types.Signature).Recv(); r != nil && len(targs) == 0 {
		if n, ok := derefNamed(r.Type()); ok && n.TypeArgs() != nil {
			for i := range n.TypeArgs().Len() {
				targs = append(targs, n.TypeArgs().At(i))
			}
		}
	}
	params := base.tparams
	if params.Len() == 0 || len(targs) < params.Len() {
		return base
	}
	key.targs = m.argsKey(targs)
	if f := m.funcs[key]; f != nil && f.decl == base.decl {
		return f
	}
	f := &function{name: base.name, obj: base.obj, decl: base.decl, info: base.info, sig: base.sig, tparams: params, env: m.newEnv(nil, params, targs)}
	m.funcs[key] = f
	m.queue = append(m.queue, f)
	return f
}

func derefNamed(t types.Type) (*types.Named, bool) {
	t = types.Unalias(t)
	if p, ok := t.(*types.Pointer); ok {
		t = types.Unalias(p.Elem())
	}
	n, ok := t.(*types.Named)
	return n, ok
}

// planMethod compiles the receiver of x.m() and finds the method.
func (c *compiler) planMethod(e *ast.CallExpr, p *plan, s *ast.SelectorExpr) {
	recv, fn, native, dyn := c.method(s)
	switch {
	case dyn != nil:
		p.resolve = dyn
	case fn != nil:
		p.static = fn
		into := recv.into()
		t := recv.rt
		// The receiver lies behind parameters and results; its place is known
		// from the layout alone.
		off := recvOffset(p.layout, t)
		p.args = append(p.args, argument{off: off, into: into, recv: true})
	default:
		if x := c.fastMethod(e, p, recv, native); x != nil {
			p.typed = x
			return
		}
		d := rt.Pointer(recv.rt)
		into := recv.into()
		l, rtt := p.layout, recv.rt
		p.resolve = func(fr *frame, k *callee) {
			q := unsafeNew(d)
			into(fr, q)
			k.native = nativeCaller(native, l, reflect.NewAt(rtt, q).Elem())
		}
	}
}

// recvOffset is where a function's receiver lies: behind parameters and
// results.
func recvOffset(l *sigLayout, t reflect.Type) uintptr {
	var size uintptr
	for _, f := range l.fields {
		a := uintptr(f.Align())
		size = (size+a-1)&^(a-1) + f.Size()
	}
	a := uintptr(t.Align())
	return (size + a - 1) &^ (a - 1)
}

// method finds the method that a selector means and compiles the receiver: fn
// for an interpreted method, native (with the receiver as first parameter) for
// a compiled one, dyn for a method of an interface.
func (c *compiler) method(s *ast.SelectorExpr) (recv ex, fn *function, native reflect.Value, dyn resolver) {
	x := c.expr(s.X)
	sel := c.info.Selections[s]
	name := s.Sel.Name
	obj, path, _ := types.LookupFieldOrMethod(x.t, true, sel.Obj().Pkg(), name)
	mo, ok := obj.(*types.Func)
	if !ok {
		c.fail(s, "%s has no method %s", x.t, name)
	}
	x = c.fieldPath(s, x, path[:len(path)-1])
	if types.IsInterface(x.t) {
		return x, nil, native, c.dynamic(x, mo)
	}
	ptrRecv := false
	if r := mo.Type().(*types.Signature).Recv(); r != nil {
		_, ptrRecv = types.Unalias(r.Type()).(*types.Pointer)
	}
	_, isPtr := x.t.Underlying().(*types.Pointer)
	switch {
	case ptrRecv && !isPtr:
		if x.addr == nil {
			c.fail(s, "the method %s needs a variable", name)
		}
		t := types.NewPointer(x.t)
		x = ex{t: t, rt: reflect.PointerTo(x.rt), fn: x.addr}
	case !ptrRecv && isPtr:
		x = c.deref(s, x)
	}
	if fn := c.m.funcFor(mo, nil); fn != nil {
		return x, fn, native, nil
	}
	if n, ok := derefNamed(x.t); ok && n.Obj().Pkg() != nil && c.m.cfg.ReplaceMethod != nil {
		if v := c.m.cfg.ReplaceMethod(n.Obj().Pkg().Path(), n.Obj().Name()+"."+name); v.IsValid() {
			return x, nil, v, nil
		}
	}
	mt, ok := x.rt.MethodByName(name)
	if !ok {
		c.fail(s, "the method %s of %s is not available in a cell", name, x.t)
	}
	return x, nil, mt.Func, nil
}

// dynamic resolves a method of an interface value.
func (c *compiler) dynamic(x ex, mo *types.Func) resolver {
	f := x.fn.(func(*frame) iface)
	from, m := x.rt, c.m
	name, pkg := mo.Name(), mo.Pkg()
	layout := m.sigLayout(c.typ(mo.Type()).(*types.Signature))
	var last *methodTarget
	return func(fr *frame, k *callee) {
		i := f(fr)
		if i.tab == nil { // arguments are evaluated before the call fails
			k.native, k.none = func(unsafe.Pointer) { nilDeref() }, true
			return
		}
		w := typeWord(from, i)
		t := last
		if t == nil || t.word != w || t.gen != m.generation.Load() {
			t = m.target(w, pkg, name)
			last = t
		}
		t.bind(m, i, layout, k)
	}
}

// planArgs compiles the arguments.
func (c *compiler) planArgs(e *ast.CallExpr, p *plan) {
	params := p.sig.Params()
	n := params.Len()
	add := func(i int, x ex) {
		p.args = append(p.args, argument{off: p.layout.paramOffs[i], into: x.intoFresh()})
	}
	if len(e.Args) == 1 && n != 0 {
		if _, ok := c.info.TypeOf(e.Args[0]).(*types.Tuple); ok { // f(g()) with several values
			run, slots := c.tuple(e.Args[0])
			c.spread(e, p, run, slots, add)
			return
		}
	}
	fixed := n
	if p.sig.Variadic() && !e.Ellipsis.IsValid() {
		fixed = n - 1
	}
	for i := range fixed {
		add(i, c.exprTo(e.Args[i], params.At(i).Type()))
	}
	if fixed < n {
		var rest []ex
		st := params.At(n - 1).Type().Underlying().(*types.Slice)
		for _, a := range e.Args[fixed:] {
			rest = append(rest, c.exprTo(a, st.Elem()))
		}
		add(fixed, c.sliceOf(params.At(n-1).Type(), rest))
	}
}

// spread passes the values of a tuple as arguments.
func (c *compiler) spread(e *ast.CallExpr, p *plan, run frameFunc, slots []ex, add func(int, ex)) {
	p.first = run
	params := p.sig.Params()
	n := params.Len()
	fixed := n
	if p.sig.Variadic() {
		fixed = n - 1
	}
	for i := range fixed {
		add(i, c.convert(e, slots[i], params.At(i).Type()))
	}
	if fixed < n {
		st := params.At(n - 1).Type().Underlying().(*types.Slice)
		var rest []ex
		for _, s := range slots[fixed:] {
			rest = append(rest, c.convert(e, s, st.Elem()))
		}
		add(fixed, c.sliceOf(params.At(n-1).Type(), rest))
	}
}

// sliceOf builds the slice of a variadic call; nil for no values.
func (c *compiler) sliceOf(t types.Type, xs []ex) ex {
	r := c.m.rtype(t)
	if len(xs) == 0 {
		return c.zeroValue(t)
	}
	d, size, n := rt.Pointer(r.Elem()), r.Elem().Size(), len(xs)
	var order []argument
	for i, x := range xs {
		order = append(order, argument{off: uintptr(i) * size, into: x.intoFresh()})
	}
	return ex{t: t, rt: r, fn: func(fr *frame) slice {
		p := newArray(d, n)
		for i := range order {
			order[i].into(fr, unsafe.Add(p, order[i].off))
		}
		return slice{p, n, n}
	}}
}

//go:linkname newArray reflect.unsafe_NewArray
func newArray(t unsafe.Pointer, n int) unsafe.Pointer

// invoke makes the closure that performs the call and returns the callee's
// frame, where the results can be read until the next call.
func (p *plan) invoke() func(*frame) *frame {
	args, pos, first := p.args, p.pos, p.first
	if first != nil {
		q := *p
		q.first = nil
		f := q.invoke()
		return func(fr *frame) *frame { first(fr); return f(fr) }
	}
	if p.typed != nil {
		run := laneOf(p.typed.rt).run(p.typed.fn)
		return func(fr *frame) *frame { run(fr); return fr }
	}
	if fn := p.static; fn != nil {
		switch len(args) {
		case 0:
			return func(fr *frame) *frame {
				nf := fr.th.enter(fn.code, nil)
				fr.pos = pos
				nf.exec()
				return nf
			}
		case 1:
			a := args[0]
			return func(fr *frame) *frame {
				nf := fr.th.enter(fn.code, nil)
				a.into(fr, unsafe.Add(nf.p, a.off))
				fr.pos = pos
				nf.exec()
				return nf
			}
		case 2:
			a, b := args[0], args[1]
			return func(fr *frame) *frame {
				nf := fr.th.enter(fn.code, nil)
				a.into(fr, unsafe.Add(nf.p, a.off))
				b.into(fr, unsafe.Add(nf.p, b.off))
				fr.pos = pos
				nf.exec()
				return nf
			}
		}
		return func(fr *frame) *frame {
			nf := fr.th.enter(fn.code, nil)
			for i := range args {
				args[i].into(fr, unsafe.Add(nf.p, args[i].off))
			}
			fr.pos = pos
			nf.exec()
			return nf
		}
	}
	resolve, layout := p.resolve, p.layout
	return func(fr *frame) *frame {
		var k callee
		resolve(fr, &k)
		nf := fr.th.enter(k.frameCode(layout), k.boxes)
		for i := range args {
			args[i].into(fr, unsafe.Add(nf.p, args[i].off))
		}
		fr.pos = pos
		k.start(nf)
		return nf
	}
}

// resolveFunc makes a function value a callee.
func (m *Machine) resolveFunc(p unsafe.Pointer, l *sigLayout, k *callee) {
	if p == nil { // arguments are evaluated before the call fails
		k.native = func(unsafe.Pointer) { nilDeref() }
		return
	}
	if cl := closureOf(p); cl != nil {
		k.code, k.boxes, k.recv = cl.target(), cl.boxes, cl.recv
		return
	}
	pc := *(*uintptr)(p)
	k.wraps = pc == makeFuncPC || pc == methodValuePC || rt.IsEntry(pc)
	ft := reflect.FuncOf(l.params, l.results, l.variadic)
	k.native = nativeCaller(reflect.NewAt(ft, unsafe.Pointer(&p)).Elem(), l, reflect.Value{})
}

// nativeCaller calls a compiled function through reflection.
func nativeCaller(f reflect.Value, l *sigLayout, recv reflect.Value) func(unsafe.Pointer) {
	ft := f.Type()
	skip := 0
	if recv.IsValid() {
		skip = 1
	}
	return func(block unsafe.Pointer) {
		in := make([]reflect.Value, 0, len(l.params)+1)
		if recv.IsValid() {
			in = append(in, recv)
		}
		for i, t := range l.params {
			v := reflect.NewAt(t, unsafe.Add(block, l.paramOffs[i])).Elem()
			if want := ft.In(i + skip); want != t && t.Kind() != reflect.Interface {
				v = v.Convert(want) // an instance of a generic type that was built here
			}
			in = append(in, v)
		}
		var out []reflect.Value
		if l.variadic {
			out = f.CallSlice(in)
		} else {
			out = f.Call(in)
		}
		for i, t := range l.results {
			v := out[i]
			if v.Type() != t {
				v = v.Convert(t)
			}
			reflect.NewAt(t, unsafe.Add(block, l.resultOffs[i])).Elem().Set(v)
		}
	}
}

// tuple compiles an expression with several values into temporaries.
func (c *compiler) tuple(e ast.Expr) (frameFunc, []ex) {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok {
		c.fail(e, "this expression has not several values")
	}
	p := c.plan(call)
	inv := p.invoke()
	var slots []ex
	var copies []frameFuncFrom
	for i, r := range p.layout.results {
		off, src, cp := c.temp(r), p.layout.resultOffs[i], laneOf(r).copy
		copies = append(copies, func(fr, nf *frame) { cp(unsafe.Add(fr.p, off), unsafe.Add(nf.p, src)) })
		slots = append(slots, ex{t: p.sig.Results().At(i).Type(), rt: r, fn: laneOf(r).local(off), local: true, off: off})
	}
	return func(fr *frame) {
		nf := inv(fr)
		for _, f := range copies {
			f(fr, nf)
		}
	}, slots
}

type frameFuncFrom = func(fr, nf *frame)
