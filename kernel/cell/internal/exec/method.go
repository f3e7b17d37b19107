package exec

import (
	"go/ast"
	"go/types"
	"reflect"
	"sync/atomic"
	"unsafe"

	"github.com/priorlab/priorlab/kernel/cell/internal/rt"
)

// methodTarget is a method of one concrete type as interface values reach it.
type methodTarget struct {
	word   unsafe.Pointer // the type's descriptor
	gen    int64
	fn     *function      // interpreted, or
	native unsafe.Pointer // compiled, with the receiver as first parameter
	ft     reflect.Type   // its type
	how    atomic.Pointer[calling]
	recvT  reflect.Type // of the native receiver
	inner  reflect.Type // or a method of an embedded interface of this type
	name   string
	pkg    *types.Package
	direct bool // values of the type lie in the interface's data word
	ptr    bool // the type is a pointer
	made   bool // here, or its base
	steps  []step
	onPtr  bool
}

// step goes from a struct to an embedded field.
type step struct {
	off uintptr
	ptr bool // the field is a pointer to follow
}

type targetKey struct {
	word unsafe.Pointer
	pkg  string
	name string
}

// target finds the method of the type at w.
func (m *Machine) target(w unsafe.Pointer, pkg *types.Package, name string) *methodTarget {
	k := targetKey{w, "", name}
	if !rt.Exported(name) && pkg != nil {
		k.pkg = pkg.Path()
	}
	gen := m.generation.Load()
	if t, ok := m.entries.Load(k); ok && t.(*methodTarget).gen == gen {
		return t.(*methodTarget)
	}
	m.lookup.Lock()
	defer m.lookup.Unlock()
	t := m.findTarget(w, pkg, name)
	t.gen = gen
	m.entries.Store(k, t)
	return t
}

func (m *Machine) findTarget(w unsafe.Pointer, pkg *types.Package, name string) *methodTarget {
	r := rt.TypeAt(w)
	t := &methodTarget{word: w, name: name, pkg: pkg, direct: rt.Direct(r), ptr: r.Kind() == reflect.Pointer}
	nt := m.madeHere(r)
	t.made = nt != nil
	if nt == nil {
		mt, ok := r.MethodByName(name)
		if !ok {
			panic(&Refusal{Msg: r.String() + " has no method " + name + " that a cell can call"})
		}
		t.native, t.ft, t.recvT = funcPointer(mt.Func), mt.Type, r
		return t
	}
	obj, path, _ := types.LookupFieldOrMethod(types.NewPointer(nt.t), true, pkg, name)
	mo := obj.(*types.Func)
	cur := nt.n.Type
	ct := types.Type(nt.t)
	for _, i := range path[:len(path)-1] {
		f := cur.Field(i)
		st := ct.Underlying().(*types.Struct)
		ct = st.Field(i).Type()
		s := step{off: f.Offset}
		cur = f.Type
		if p, ok := ct.Underlying().(*types.Pointer); ok {
			s.ptr = true
			ct = p.Elem()
			cur = cur.Elem()
		}
		t.steps = append(t.steps, s)
	}
	if types.IsInterface(ct) {
		t.inner = cur
		return t
	}
	if rv := mo.Type().(*types.Signature).Recv(); rv != nil {
		_, t.onPtr = types.Unalias(rv.Type()).(*types.Pointer)
	}
	if t.fn = m.funcFor(mo, nil); t.fn != nil {
		if t.fn.code == nil {
			m.Flush()
		}
		return t
	}
	t.recvT = cur
	if t.onPtr {
		t.recvT = reflect.PointerTo(cur)
	}
	mt, ok := t.recvT.MethodByName(name)
	if !ok || m.madeHere(cur) != nil { // the compiled method would only lead here again
		panic(&Refusal{Msg: cur.String() + " has no method " + name + " that a cell can call"})
	}
	t.native, t.ft = funcPointer(mt.Func), mt.Type
	return t
}

// compiled is the compiled method as a callee.
func (t *methodTarget) compiled(recv unsafe.Pointer, l *sigLayout) callee {
	how := t.how.Load()
	if how == nil || how.layout != l {
		how = newCalling(t.ft, l, t.recvT)
		t.how.Store(how)
	}
	return callee{fn: t.native, how: how, recv: recv}
}

// bind makes the method of i a callee.
func (t *methodTarget) bind(m *Machine, i iface, l *sigLayout) callee {
	if !t.made {
		return t.compiled(t.receiver(i), l)
	}
	// p is the address of the struct or value that the type names.
	var p unsafe.Pointer
	if t.ptr {
		p = i.data
	} else {
		p = t.receiver(i)
	}
	for _, s := range t.steps {
		if p == nil {
			nilDeref()
		}
		p = unsafe.Add(p, s.off)
		if s.ptr {
			p = *(*unsafe.Pointer)(p)
		}
	}
	if t.inner != nil {
		in := *(*iface)(p)
		if in.tab == nil {
			nilDeref()
		}
		return m.target(typeWord(t.inner, in), t.pkg, t.name).bind(m, in, l)
	}
	switch {
	case t.onPtr:
		if t.fn != nil {
			return callee{code: t.fn.code, recv: p, word: true}
		}
		q := p
		return t.compiled(unsafe.Pointer(&q), l)
	case p == nil && len(t.steps) == 0:
		return callee{how: &calling{instead: func() { nilReceiver(rt.TypeAt(t.word).Elem(), t.name) }}}
	case p == nil:
		nilDeref()
	}
	if t.fn != nil {
		return callee{code: t.fn.code, recv: p}
	}
	return t.compiled(p, l)
}

// receiver is where the value in i lies.
func (t *methodTarget) receiver(i iface) unsafe.Pointer {
	if t.direct {
		q := new(unsafe.Pointer)
		*q = i.data
		return unsafe.Pointer(q)
	}
	return i.data
}

// methodEntry is what compiled code calls for a method of a type made here.
type methodEntry struct {
	m      *Machine
	word   unsafe.Pointer // the pointer type
	pkg    *types.Package
	name   string
	layout *sigLayout
}

// callReflect calls the method; recv points to the value, also for a method on
// the pointer.
func (e *methodEntry) callReflect(recv unsafe.Pointer, args []reflect.Value) []reflect.Value {
	return e.m.callTarget(e.m.target(e.word, e.pkg, e.name), iface{e.word, recv}, e.layout, args)
}

// callTarget calls a method with reflected arguments.
func (m *Machine) callTarget(t *methodTarget, i iface, l *sigLayout, args []reflect.Value) []reflect.Value {
	k := t.bind(m, i, l)
	if k.how == nil {
		return m.callback(nil, k.code, k.boxes, k.receiver(), args)
	}
	return k.reflected(l, args)
}

// reflected calls a compiled function with reflected arguments.
func (k *callee) reflected(l *sigLayout, args []reflect.Value) []reflect.Value {
	block := unsafeNew(l.native.ftype)
	for i, a := range args {
		reflect.NewAt(l.params[i], unsafe.Add(block, l.paramOffs[i])).Elem().Set(a)
	}
	k.how.call(k.fn, k.recv, block)
	out := make([]reflect.Value, len(l.results))
	for i, r := range l.results {
		out[i] = reflect.NewAt(r, unsafe.Add(block, l.resultOffs[i])).Elem()
	}
	return out
}

// methodValue compiles x.m where it is not called.
func (c *compiler) methodValue(s *ast.SelectorExpr) ex {
	t := c.typeOf(s)
	r := c.m.rtype(t)
	recv, fn, native, dyn := c.method(s)
	m := c.m
	l := m.layout(r)
	res := ex{t: t, rt: r}
	if dyn != nil {
		f, from := recv.fn.(func(*frame) iface), recv.rt
		name, pkg := s.Sel.Name, c.info.Selections[s].Obj().Pkg()
		res.fn = func(fr *frame) unsafe.Pointer {
			i := f(fr)
			if i.tab == nil {
				nilDeref()
			}
			i.tab = typeWord(from, i)
			t := m.target(i.tab, pkg, name)
			if rt.TypeAt(i.tab).Kind() == reflect.Pointer && (t.inner != nil || len(t.steps) > 0 || t.fn != nil && !t.onPtr) {
				// What the pointer leads to is read when the function is called.
				return funcPointer(reflect.MakeFunc(r, func(args []reflect.Value) []reflect.Value { return m.callTarget(t, i, l, args) }))
			}
			return m.bound(t.bind(m, i, l), r, l)
		}
		return res
	}
	d, into := rt.Pointer(recv.rt), recv.into()
	var compiled callee
	if fn == nil {
		compiled = callee{fn: funcPointer(native), how: newCalling(native.Type(), l, recv.rt)}
	}
	res.fn = func(fr *frame) unsafe.Pointer {
		p := unsafeNew(d)
		into(fr, p)
		if fn != nil {
			return (&closure{m: m, fn: fn, recv: p}).newFunc(r)
		}
		k := compiled
		k.recv = p
		return m.bound(k, r, l)
	}
	return res
}

// bound makes a function value of a callee with its receiver.
func (m *Machine) bound(k callee, r reflect.Type, l *sigLayout) unsafe.Pointer {
	if k.how == nil {
		p := unsafeNew(rt.Pointer(k.code.recvT))
		typedmemmove(rt.Pointer(k.code.recvT), p, k.receiver())
		return (&closure{m: m, code: k.code, boxes: k.boxes, recv: p}).newFunc(r)
	}
	return funcPointer(reflect.MakeFunc(r, func(args []reflect.Value) []reflect.Value {
		return k.reflected(l, args)
	}))
}

// methodExpr compiles T.m: a function with the receiver as first parameter.
func (c *compiler) methodExpr(s *ast.SelectorExpr) ex {
	t := c.typeOf(s)
	r := c.m.rtype(t)
	m := c.m
	sel := c.info.Selections[s]
	name, pkg := s.Sel.Name, sel.Obj().Pkg()
	sig := t.Underlying().(*types.Signature)
	var ps []*types.Var
	for i := 1; i < sig.Params().Len(); i++ {
		ps = append(ps, sig.Params().At(i))
	}
	plain := types.NewSignatureType(nil, nil, nil, types.NewTuple(ps...), sig.Results(), sig.Variadic())
	l := m.layout(m.rtype(plain))
	recvT := r.In(0)
	p := funcPointer(reflect.MakeFunc(r, func(args []reflect.Value) []reflect.Value {
		v := reflect.New(recvT)
		v.Elem().Set(args[0])
		var i iface
		if recvT.Kind() == reflect.Interface {
			i = *(*iface)(v.UnsafePointer())
			if i.tab == nil {
				nilDeref()
			}
			i.tab = typeWord(recvT, i)
		} else if rt.Direct(recvT) {
			i = iface{rt.Pointer(recvT), *(*unsafe.Pointer)(v.UnsafePointer())}
		} else {
			i = iface{rt.Pointer(recvT), v.UnsafePointer()}
		}
		return m.callTarget(m.target(i.tab, pkg, name), i, l, args[1:])
	}))
	return ex{t: t, rt: r, fn: func(*frame) unsafe.Pointer { return p }}
}

// funcValue compiles the name of a function where it is not called.
func (c *compiler) funcValue(e *ast.Ident, o *types.Func) ex {
	t := c.typeOf(e)
	r := c.m.rtype(t)
	fn, v := c.function0(e, o, e)
	if fn == nil {
		p := funcPointer(v)
		return ex{t: t, rt: r, fn: func(*frame) unsafe.Pointer { return p }}
	}
	p := (&closure{m: c.m, fn: fn}).newFunc(r)
	return ex{t: t, rt: r, fn: func(*frame) unsafe.Pointer { return p }}
}

// instance compiles f[T] where it is not called.
func (c *compiler) instance(e ast.Expr, fun ast.Expr) ex {
	id := calleeIdent(fun)
	o, ok := c.info.Uses[id].(*types.Func)
	if !ok {
		c.fail(e, "this expression is not a function")
	}
	t := c.typeOf(e)
	r := c.m.rtype(t)
	fn, v := c.function0(e, o, id)
	if fn == nil {
		p := funcPointer(v)
		return ex{t: t, rt: r, fn: func(*frame) unsafe.Pointer { return p }}
	}
	p := (&closure{m: c.m, fn: fn}).newFunc(r)
	return ex{t: t, rt: r, fn: func(*frame) unsafe.Pointer { return p }}
}
