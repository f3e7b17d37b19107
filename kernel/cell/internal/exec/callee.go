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

// callee is a function ready to be called: interpreted code with what it
// closes over, or compiled code that finds its arguments in a block laid out
// as at the start of a frame and leaves its results there.
type callee struct {
	code  *code
	boxes []unsafe.Pointer
	recv  unsafe.Pointer // where the receiver's value lies, or
	word  bool           // recv is the receiver itself, a pointer
	fn    unsafe.Pointer // the compiled function
	how   *calling       // nil for interpreted code
	wraps bool           // fn only leads to a method of a type made here
	none  bool           // a method of a nil interface
}

// invoke makes the call of a callee that was found.
func (k *callee) invoke(fr *frame, args []argument, pos token.Pos, layout *sigLayout) *frame {
	nf := fr.th.enter(k.frameCode(layout), k.boxes)
	for i := range args {
		args[i].into(fr, unsafe.Add(nf.p, args[i].off))
	}
	fr.pos = pos
	k.start(nf)
	return nf
}

// start copies a bound receiver and runs the entered frame.
func (k *callee) start(nf *frame) {
	if k.how != nil {
		k.how.call(k.fn, k.recv, nf.p)
		nf.th.sp--
		nf.th.goOn()
		return
	}
	switch {
	case k.word:
		*(*unsafe.Pointer)(unsafe.Add(nf.p, k.code.recvOff)) = k.recv
	case k.recv != nil:
		typedmemmove(rt.Pointer(k.code.recvT), unsafe.Add(nf.p, k.code.recvOff), k.recv)
	}
	nf.exec()
}

// receiver is where the receiver's value lies.
func (k *callee) receiver() unsafe.Pointer {
	if k.word {
		p := k.recv
		return unsafe.Pointer(&p)
	}
	return k.recv
}

// goOn panics again with what compiled code recovered from and must not stop.
func (th *thread) goOn() {
	if s := th.sticky; s != nil {
		th.sticky = nil
		panic(s)
	}
}

func (k *callee) frameCode(l *sigLayout) *code {
	if k.how != nil {
		return l.native
	}
	return k.code
}

// resolver finds the callee when the call is reached.
type resolver func(fr *frame) callee

// planTarget resolves calls of literals, and of functions and methods known by
// name.
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
	case *ast.FuncLit:
		cd, capture := c.capturing(f, p.sig)
		if capture == nil {
			p.resolve = func(*frame) callee { return callee{code: cd} }
		} else {
			p.resolve = func(fr *frame) callee { return callee{code: cd, boxes: capture(fr)} }
		}
		return true
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
	p.borrows = o.Pkg() != nil && o.Pkg().Path() == "fmt" && !p.later
	if x := c.fastNative(e, p, v); x != nil {
		p.typed = x
		return
	}
	p.compiled(c, v, nil)
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
		p.recvT = t
		p.args = append(p.args, argument{off: off, into: into, recv: true})
	default:
		if x := c.fastMethod(e, p, recv, native); x != nil {
			p.typed = x
			return
		}
		p.compiled(c, native, recv.rt)
		p.args = append(p.args, argument{off: p.recvOff, into: recv.into(), recv: true})
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
	if !ok || c.m.madeHere(x.rt) != nil { // the compiled method would only lead here again
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
	var known [4]atomic.Pointer[methodTarget] // the latest
	var next atomic.Uint32
	return func(fr *frame) callee {
		i := f(fr)
		if i.tab == nil { // arguments are evaluated before the call fails
			return callee{how: &noFunction, none: true}
		}
		w := typeWord(from, i)
		gen := m.generation.Load()
		for n := range known {
			if t := known[n].Load(); t != nil && t.word == w && t.gen == gen {
				return t.bind(m, i, layout)
			}
		}
		t := m.target(w, pkg, name)
		known[next.Add(1)%uint32(len(known))].Store(t)
		return t.bind(m, i, layout)
	}
}

// resolveFunc makes a function value a callee.
func resolveFunc(p unsafe.Pointer, l *sigLayout) callee {
	if p == nil { // arguments are evaluated before the call fails
		return callee{how: &noFunction}
	}
	if cl := closureOf(p); cl != nil {
		return callee{code: cl.target(), boxes: cl.boxes, recv: cl.recv}
	}
	pc := *(*uintptr)(p)
	return callee{fn: p, how: l.plain, wraps: pc == makeFuncPC || pc == methodValuePC || rt.IsEntry(pc)}
}

// noFunction is what a call of nil comes to.
var noFunction = calling{instead: nilDeref}
