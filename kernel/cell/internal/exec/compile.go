package exec

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/types"
	"reflect"
	"unsafe"

	"github.com/priorlab/priorlab/kernel/cell/internal/rt"
)

// compiler turns one function body into closures.
type compiler struct {
	m       *Machine
	info    *types.Info
	env     *env
	code    *code
	size    uintptr
	outer   *compiler
	vars    map[types.Object]*variable
	caps    []types.Object
	capIdx  map[types.Object]int
	esc     map[types.Object]bool
	sig     *types.Signature
	results []*variable
	named   bool // results have names
	defers  bool
	labels  map[types.Object]int
	pend    *ast.LabeledStmt  // label of the statement being compiled
	held    map[ast.Expr]ex   // operands that were evaluated ahead of their turn
	places  map[ast.Expr]bool // map elements that are assigned to

	unwatched bool // the code is the debugger's own
}

// variable is where a local variable lives: at off in the frame, itself or, if
// boxed, the pointer to its box.
type variable struct {
	t     types.Type
	rt    reflect.Type
	off   uintptr
	boxed bool
}

// ex is a compiled expression.
type ex struct {
	t     types.Type
	rt    reflect.Type
	fn    any                          // func(*frame) T
	addr  addrFunc                     // where it lies, if addressable
	fresh func(*frame, unsafe.Pointer) // builds it in new memory
	konst reflect.Value                // valid for a constant
	local bool                         // an unboxed local variable at off
	off   uintptr
	isNil bool
}

func (x ex) lane() lane { return laneOf(x.rt) }

func (x ex) into() func(*frame, unsafe.Pointer) { return x.lane().into(x.fn) }

// intoFresh stores x in memory that nothing else refers to yet.
func (x ex) intoFresh() func(*frame, unsafe.Pointer) {
	if x.fresh != nil {
		return x.fresh
	}
	return x.into()
}

func (x ex) operand() operand { return operand{fn: x.fn, local: x.local, off: x.off, konst: x.konst} }

func (c *compiler) fail(n ast.Node, format string, args ...any) {
	panic(&Refusal{Pos: n.Pos(), Msg: fmt.Sprintf(format, args...)})
}

// alloc places a slot in the frame.
func (c *compiler) alloc(t reflect.Type) uintptr {
	a := uintptr(t.Align())
	off := (c.size + a - 1) &^ (a - 1)
	c.size = off + t.Size()
	c.code.fields = append(c.code.fields, t)
	return off
}

func (c *compiler) temp(t reflect.Type) uintptr { return c.alloc(t) }

func (c *compiler) typ(t types.Type) types.Type { return c.m.subst(c.env, t) }

func (c *compiler) typeOf(e ast.Expr) types.Type {
	t := c.info.TypeOf(e)
	if t == nil {
		if id, ok := e.(*ast.Ident); ok {
			if o := c.info.ObjectOf(id); o != nil {
				t = o.Type()
			}
		}
	}
	if t == nil {
		c.fail(e, "the checker gave this expression no type")
	}
	return c.typ(t)
}

var boxType = reflect.TypeFor[unsafe.Pointer]()

// declare makes room for a local variable.
func (c *compiler) declare(o types.Object) *variable {
	t := c.typ(o.Type())
	v := &variable{t: t, rt: c.m.rtype(t), boxed: c.esc[o]}
	if v.boxed {
		v.off = c.alloc(boxType)
	} else {
		v.off = c.alloc(v.rt)
	}
	c.vars[o] = v
	return v
}

// renew gives the variable a new box, if it has one, with the zero value.
func (v *variable) zero() frameFunc {
	d, off := rt.Pointer(v.rt), v.off
	if v.boxed {
		return func(fr *frame) { *(*unsafe.Pointer)(unsafe.Add(fr.p, off)) = unsafeNew(d) }
	}
	if v.rt.Size() == 8 && (v.rt.Kind() == reflect.Int || v.rt.Kind() == reflect.Float64) {
		return func(fr *frame) { *(*uint64)(unsafe.Add(fr.p, off)) = 0 }
	}
	z := unsafeNew(d)
	cp := laneOf(v.rt).copy
	return func(fr *frame) { cp(unsafe.Add(fr.p, off), z) }
}

// init gives a newly declared variable the value x.
func (v *variable) init(x ex) frameFunc {
	off := v.off
	if v.boxed {
		d, into := rt.Pointer(v.rt), x.intoFresh()
		return func(fr *frame) {
			p := unsafeNew(d)
			into(fr, p)
			*(*unsafe.Pointer)(unsafe.Add(fr.p, off)) = p
		}
	}
	return laneOf(v.rt).setLocal(off, x.fn)
}

// address is where the variable's value lies.
func (v *variable) address() addrFunc {
	off := v.off
	if v.boxed {
		return func(fr *frame) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Add(fr.p, off)) }
	}
	return func(fr *frame) unsafe.Pointer { return unsafe.Add(fr.p, off) }
}

// variable finds a local or captured variable.
func (c *compiler) variable(o types.Object, at ast.Node) ex {
	t := c.typ(o.Type())
	r := c.m.rtype(t)
	l := laneOf(r)
	if v := c.vars[o]; v != nil {
		if !v.boxed {
			return ex{t: t, rt: r, fn: l.local(v.off), addr: v.address(), local: true, off: v.off}
		}
		return ex{t: t, rt: r, fn: l.load(v.address()), addr: v.address()}
	}
	i := c.capture(o, at)
	addr := func(fr *frame) unsafe.Pointer { return fr.boxes[i] }
	return ex{t: t, rt: r, fn: l.load(addr), addr: addr}
}

func (c *compiler) capture(o types.Object, at ast.Node) int {
	if i, ok := c.capIdx[o]; ok {
		return i
	}
	if c.outer == nil {
		c.fail(at, "%s has no storage here", o.Name())
	}
	i := len(c.caps)
	c.caps = append(c.caps, o)
	c.capIdx[o] = i
	return i
}

// box is the address of a captured variable's box, seen from c.
func (c *compiler) box(o types.Object, at ast.Node) addrFunc {
	if v := c.vars[o]; v != nil {
		if !v.boxed {
			c.fail(at, "%s is captured but has no box", o.Name())
		}
		return v.address()
	}
	i := c.capture(o, at)
	return func(fr *frame) unsafe.Pointer { return fr.boxes[i] }
}

// compileFunction compiles the body of a declared function.
func (m *Machine) compileFunction(f *function) {
	if f.code != nil {
		return
	}
	if f.decl.Body == nil {
		panic(&Refusal{Pos: f.decl.Pos(), Msg: fmt.Sprintf("func %s has no body", f.name)})
	}
	cd := &code{name: f.name, m: m, pos: f.decl.Pos()}
	// Recursive calls find the code while it is compiled.
	f.code = cd
	ok := false
	defer func() {
		if !ok {
			f.code = nil
		}
	}()
	decl, info, env, sig := f.decl, f.info, f.env, f.sig
	compile := func(into *code) {
		s := m.subst(env, sig).(*types.Signature)
		c := &compiler{m: m, info: info, env: env, sig: s, esc: m.escapes(decl, info)}
		ft := m.funcType(nil, s)
		m.finish()
		c.function(into, ft, decl.Recv, decl.Type, decl.Body, sig)
	}
	compile(cd)
	m.register(cd, compile)
	ok = true
}

// Flush compiles every function that was declared or instantiated and is not
// compiled yet.
func (m *Machine) Flush() {
	m.finish()
	for len(m.queue) > 0 {
		f := m.queue[0]
		m.queue = m.queue[1:]
		m.compileFunction(f)
	}
}

// Reset forgets functions whose compilation failed half way.
func (m *Machine) Reset() { m.queue, m.swaps = nil, nil }

// function lays out and compiles a body into cd.
func (c *compiler) function(cd *code, ft reflect.Type, recv *ast.FieldList, typ *ast.FuncType, body *ast.BlockStmt, sig *types.Signature) {
	c.code = cd
	c.vars = map[types.Object]*variable{}
	c.capIdx = map[types.Object]int{}
	c.labels = map[types.Object]int{}
	cd.sig = c.m.layout(ft)
	cd.m = c.m
	var prologue, epilogue []frameFunc
	for _, t := range cd.sig.fields {
		c.alloc(t)
	}
	addParam := func(o types.Object, off uintptr, t reflect.Type) {
		v := &variable{t: c.typ(o.Type()), rt: t, off: off}
		if c.esc[o] {
			v.boxed = true
			v.off = c.alloc(boxType)
			d, cp, boxOff := rt.Pointer(t), laneOf(t).copy, v.off
			prologue = append(prologue, func(fr *frame) {
				p := unsafeNew(d)
				cp(p, unsafe.Add(fr.p, off))
				*(*unsafe.Pointer)(unsafe.Add(fr.p, boxOff)) = p
			})
		}
		c.vars[o] = v
		cd.params = append(cd.params, param{o.Name(), t, v.off, v.boxed})
	}
	if recv != nil {
		r := sig.Recv()
		cd.recvT = c.m.rtype(c.recvType(r.Type()))
		cd.recvOff = c.alloc(cd.recvT)
		if o := c.paramObject(recv, 0, r); o != nil {
			addParam(o, cd.recvOff, cd.recvT)
		}
	}
	for i, o := range c.fieldObjects(typ.Params) {
		if o != nil {
			addParam(o, cd.sig.paramOffs[i], cd.sig.params[i])
		}
	}
	for i, o := range c.fieldObjects(typ.Results) {
		t, off := cd.sig.results[i], cd.sig.resultOffs[i]
		v := &variable{rt: t, off: off}
		z, cp := unsafeNew(rt.Pointer(t)), laneOf(t).copy
		prologue = append(prologue, func(fr *frame) { cp(unsafe.Add(fr.p, off), z) })
		if o != nil {
			v.t = c.typ(o.Type())
			if c.esc[o] {
				v.boxed = true
				v.off = c.alloc(boxType)
				d, boxOff := rt.Pointer(t), v.off
				prologue = append(prologue, func(fr *frame) { *(*unsafe.Pointer)(unsafe.Add(fr.p, boxOff)) = unsafeNew(d) })
				epilogue = append(epilogue, func(fr *frame) { cp(unsafe.Add(fr.p, off), *(*unsafe.Pointer)(unsafe.Add(fr.p, boxOff))) })
			}
			c.vars[o] = v
			c.named = c.named || o.Name() != ""
		} else {
			v.t = sig.Results().At(i).Type()
			v.t = c.typ(v.t)
		}
		c.results = append(c.results, v)
	}
	c.defers = hasDefer(body)
	run := c.block(body.List)
	if !c.defers && !c.named {
		prologue = prologue[:len(prologue)-len(cd.sig.results)]
	}
	do := c.watchedBody(func(fr *frame) { run(fr) })
	if c.defers {
		do = withDefers(do)
	}
	cd.body = c.watchedCall(wrap(prologue, do, epilogue))
	cd.frame, _ = pack(cd.fields)
	cd.ftype = rt.Pointer(cd.frame)
}

func wrap(pro []frameFunc, do frameFunc, epi []frameFunc) frameFunc {
	if len(pro) == 0 && len(epi) == 0 {
		return do
	}
	return func(fr *frame) {
		for _, f := range pro {
			f(fr)
		}
		do(fr)
		for _, f := range epi {
			f(fr)
		}
	}
}

func (c *compiler) recvType(t types.Type) types.Type { return c.typ(t) }

// paramObject is the object of the i-th name of a field list.
func (c *compiler) paramObject(l *ast.FieldList, i int, fallback *types.Var) types.Object {
	os := c.fieldObjects(l)
	if i < len(os) {
		return os[i]
	}
	return nil
}

// fieldObjects lists the objects of a parameter list, nil for unnamed ones.
func (c *compiler) fieldObjects(l *ast.FieldList) []types.Object {
	var os []types.Object
	if l == nil {
		return nil
	}
	for _, f := range l.List {
		if len(f.Names) == 0 {
			if o := c.info.Implicits[f]; o != nil {
				os = append(os, nil)
				continue
			}
			os = append(os, nil)
		}
		for _, n := range f.Names {
			if n.Name == "_" {
				if v, ok := c.info.Defs[n].(*types.Var); ok {
					os = append(os, v)
					continue
				}
				os = append(os, nil)
				continue
			}
			os = append(os, c.info.Defs[n])
		}
	}
	return os
}

func hasDefer(body *ast.BlockStmt) bool {
	found := false
	ast.Inspect(body, func(n ast.Node) bool {
		switch n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.DeferStmt:
			found = true
		}
		return !found
	})
	return found
}

// constant makes v a value of type t.
func (c *compiler) constant(n ast.Node, v constant.Value, t types.Type) ex {
	t = types.Default(t)
	r := c.m.rtype(t)
	if r.Kind() == reflect.Interface { // an untyped constant where an interface is wanted
		return c.convert(n, c.constant(n, v, defaultOf(v)), t)
	}
	rv := constantValue(v, r)
	return ex{t: t, rt: r, konst: rv, fn: laneOf(r).constant(rv)}
}

func defaultOf(v constant.Value) types.Type {
	switch v.Kind() {
	case constant.Bool:
		return types.Typ[types.Bool]
	case constant.String:
		return types.Typ[types.String]
	case constant.Int:
		return types.Typ[types.Int]
	case constant.Float:
		return types.Typ[types.Float64]
	}
	return types.Typ[types.Complex128]
}

func constantValue(v constant.Value, r reflect.Type) reflect.Value {
	x := reflect.New(r).Elem()
	switch r.Kind() {
	case reflect.Bool:
		x.SetBool(constant.BoolVal(v))
	case reflect.String:
		if v.Kind() == constant.Int { // string(65)
			i, _ := constant.Int64Val(v)
			x.SetString(string(rune(i)))
		} else {
			x.SetString(constant.StringVal(v))
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		i, _ := constant.Int64Val(constant.ToInt(v))
		x.SetInt(i)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		i, _ := constant.Uint64Val(constant.ToInt(v))
		x.SetUint(i)
	case reflect.Float32:
		f, _ := constant.Float32Val(constant.ToFloat(v))
		x.SetFloat(float64(f))
	case reflect.Float64:
		f, _ := constant.Float64Val(constant.ToFloat(v))
		x.SetFloat(f)
	case reflect.Complex64, reflect.Complex128:
		v = constant.ToComplex(v)
		re, _ := constant.Float64Val(constant.Real(v))
		im, _ := constant.Float64Val(constant.Imag(v))
		x.SetComplex(complex(re, im))
	case reflect.UnsafePointer:
	}
	return x
}

// intOf evaluates x, of any integer type, to an int.
func (c *compiler) intOf(x ex) func(*frame) int {
	if x.konst.IsValid() {
		var n int
		if x.konst.CanInt() {
			n = int(x.konst.Int())
		} else if x.konst.CanUint() {
			n = int(x.konst.Uint())
		} else if x.konst.CanFloat() {
			n = int(x.konst.Float())
		} else {
			n = int(real(x.konst.Complex()))
		}
		return func(*frame) int { return n }
	}
	if f, ok := x.fn.(func(*frame) int); ok {
		return f
	}
	return converters[reflect.Int].from(x.rt.Kind(), x.fn).(func(*frame) int)
}

// countOf evaluates a shift count; a negative one panics as Go does.
func (c *compiler) countOf(x ex) func(*frame) uint64 {
	if x.konst.IsValid() {
		n := c.intOf(x)(nil)
		return func(*frame) uint64 { return uint64(n) }
	}
	k := x.rt.Kind()
	if k >= reflect.Int && k <= reflect.Int64 {
		f := converters[reflect.Int64].from(k, x.fn).(func(*frame) int64)
		return func(fr *frame) uint64 {
			n := f(fr)
			if n < 0 {
				one := 1
				_ = one << n // panics with Go's own error
			}
			return uint64(n)
		}
	}
	return converters[reflect.Uint64].from(k, x.fn).(func(*frame) uint64)
}

func nilDeref() { var p *int; *p = 0 }

func indexPanic(i, n int, unsigned bool) {
	if unsigned {
		_ = make([]struct{}, n)[uint(i)]
	}
	_ = make([]struct{}, n)[i]
}

// slicePanic raises the error of bad bounds of a slice, or of an array or
// string, whose length alone counts.
func slicePanic(lo, hi, length, capacity int, unsigned [2]bool, fixed bool) {
	if fixed {
		s := unsafe.String(new(byte), length)
		switch unsigned {
		case [2]bool{true, true}:
			_ = s[uint(lo):uint(hi)]
		case [2]bool{true, false}:
			_ = s[uint(lo):hi]
		case [2]bool{false, true}:
			_ = s[lo:uint(hi)]
		}
		_ = s[lo:hi]
	}
	s := make([]struct{}, length, capacity)
	switch unsigned {
	case [2]bool{true, true}:
		_ = s[uint(lo):uint(hi)]
	case [2]bool{true, false}:
		_ = s[uint(lo):hi]
	case [2]bool{false, true}:
		_ = s[lo:uint(hi)]
	}
	_ = s[lo:hi]
}
