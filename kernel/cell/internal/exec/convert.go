package exec

import (
	"go/ast"
	"go/types"
	"reflect"
	"slices"
	"unsafe"

	"github.com/priorlab/priorlab/kernel/cell/internal/rt"
)

// convert makes x a value of type t: an implicit or explicit conversion.
func (c *compiler) convert(n ast.Node, x ex, t types.Type) ex {
	if b, ok := t.(*types.Basic); ok && b.Info()&types.IsUntyped != 0 {
		return x
	}
	r := c.m.rtype(t)
	if r == x.rt && !x.isNil {
		x.t = t
		return x
	}
	if x.isNil || x.t == types.Typ[types.UntypedNil] {
		return c.zeroValue(t)
	}
	from, to := x.rt.Kind(), r.Kind()
	switch {
	case to == reflect.Interface:
		if from == reflect.Interface {
			return c.widen(n, x, t, r)
		}
		return c.box1(x, t, r)
	case from == reflect.Interface:
		c.fail(n, "cannot convert %s to %s", x.t, t)
	}
	res := ex{t: t, rt: r}
	switch {
	case converters[to] != nil && converters[from] != nil:
		if from == to {
			break
		}
		res.fn = converters[to].from(from, x.fn)
		return res
	case to == reflect.String && from != reflect.String:
		return c.toString(n, x, res)
	case from == reflect.String && to == reflect.Slice:
		f := x.fn.(func(*frame) string)
		switch {
		case r.Elem().Kind() == reflect.Uint8 && x.konst.IsValid(): // as large as the constant, as the toolchain makes it
			res.fn = func(fr *frame) slice { b := slices.Clip([]byte(f(fr))); return *(*slice)(unsafe.Pointer(&b)) }
		case r.Elem().Kind() == reflect.Uint8:
			res.fn = func(fr *frame) slice { b := []byte(f(fr)); return *(*slice)(unsafe.Pointer(&b)) }
		default:
			res.fn = func(fr *frame) slice { b := []rune(f(fr)); return *(*slice)(unsafe.Pointer(&b)) }
		}
		return res
	case from == reflect.Complex64 && to == reflect.Complex128:
		f := x.fn.(func(*frame) complex64)
		res.fn = func(fr *frame) complex128 { return complex128(f(fr)) }
		return res
	case from == reflect.Complex128 && to == reflect.Complex64:
		f := x.fn.(func(*frame) complex128)
		res.fn = func(fr *frame) complex64 { return complex64(f(fr)) }
		return res
	case from == reflect.Slice && to == reflect.Array:
		f, want := x.fn.(func(*frame) slice), r.Len()
		res.fn = func(fr *frame) unsafe.Pointer { return arrayOf(f(fr), want) }
		return res
	case from == reflect.Slice && to == reflect.Pointer:
		f, want := x.fn.(func(*frame) slice), r.Elem().Len()
		res.fn = func(fr *frame) unsafe.Pointer { return arrayOf(f(fr), want) }
		return res
	case from == reflect.UnsafePointer && to == reflect.Uintptr:
		f := x.fn.(addrFunc)
		res.fn = func(fr *frame) uintptr { return uintptr(f(fr)) }
		return res
	case from == reflect.Pointer && to == reflect.Uintptr:
		c.fail(n, "cannot convert %s to %s", x.t, t)
	case from == reflect.Uintptr && (to == reflect.UnsafePointer):
		f := x.fn.(func(*frame) uintptr)
		res.fn = func(fr *frame) unsafe.Pointer { u := f(fr); return *(*unsafe.Pointer)(unsafe.Pointer(&u)) }
		return res
	}
	if from != to && !(from == reflect.Pointer && to == reflect.UnsafePointer) && !(from == reflect.UnsafePointer && to == reflect.Pointer) {
		c.fail(n, "cannot convert %s to %s", x.t, t)
	}
	// The same layout under another name.
	x.t, x.rt = t, r
	if x.konst.IsValid() {
		k := reflect.New(r).Elem()
		typedmemmove(rt.Pointer(r), k.Addr().UnsafePointer(), constPointer(x.konst))
		x.konst = k
	}
	return x
}

func constPointer(v reflect.Value) unsafe.Pointer {
	p := reflect.New(v.Type())
	p.Elem().Set(v)
	return p.UnsafePointer()
}

func arrayOf(s slice, n int) unsafe.Pointer {
	if s.len < n {
		conversionPanic(s.len, n)
	}
	return s.p
}

func (c *compiler) toString(n ast.Node, x ex, res ex) ex {
	switch x.rt.Kind() {
	case reflect.Slice:
		f := x.fn.(func(*frame) slice)
		if x.rt.Elem().Kind() == reflect.Uint8 {
			res.fn = func(fr *frame) string { s := f(fr); return string(*(*[]byte)(unsafe.Pointer(&s))) }
		} else {
			res.fn = func(fr *frame) string { s := f(fr); return string(*(*[]rune)(unsafe.Pointer(&s))) }
		}
	default:
		cv := converters[reflect.Int64]
		if cv == nil || converters[x.rt.Kind()] == nil {
			c.fail(n, "cannot convert %s to string", x.t)
		}
		f := cv.from(x.rt.Kind(), x.fn).(func(*frame) int64)
		res.fn = func(fr *frame) string {
			v := f(fr)
			if int64(rune(v)) != v {
				return "\uFFFD"
			}
			return string(rune(v))
		}
	}
	return res
}

// box1 puts a concrete value into an interface.
func (c *compiler) box1(x ex, t types.Type, r reflect.Type) ex {
	res := ex{t: t, rt: r}
	tab := rt.Pointer(x.rt)
	if r.NumMethod() > 0 {
		c.m.finish()
		tab = c.m.itabOf(r, x.rt)
	}
	if x.konst.IsValid() {
		p := unsafeNew(rt.Pointer(x.rt))
		typedmemmove(rt.Pointer(x.rt), p, constPointer(x.konst))
		i := iface{tab, p}
		if rt.Direct(x.rt) {
			i.data = *(*unsafe.Pointer)(p)
		}
		res.fn = func(*frame) iface { return i }
		return res
	}
	if rt.Direct(x.rt) {
		f := x.fn.(addrFunc)
		if x.rt.Kind() == reflect.Struct || x.rt.Kind() == reflect.Array {
			res.fn = func(fr *frame) iface { return iface{tab, *(*unsafe.Pointer)(f(fr))} }
		} else {
			res.fn = func(fr *frame) iface { return iface{tab, f(fr)} }
		}
		return res
	}
	d, into := rt.Pointer(x.rt), x.intoFresh()
	res.fn = func(fr *frame) iface {
		p := unsafeNew(d)
		into(fr, p)
		return iface{tab, p}
	}
	return res
}

// widen converts between interface types; the dynamic type stays.
func (c *compiler) widen(n ast.Node, x ex, t types.Type, r reflect.Type) ex {
	f := x.fn.(func(*frame) iface)
	from, m := x.rt, c.m
	return ex{t: t, rt: r, fn: func(fr *frame) iface {
		i := f(fr)
		if i.tab == nil {
			return iface{}
		}
		w := typeWord(from, i)
		if r.NumMethod() == 0 {
			return iface{w, i.data}
		}
		return iface{m.itabOf(r, rt.TypeAt(w)), i.data}
	}}
}

// assertion compiles x.(T) with one value.
func (c *compiler) assertion(e *ast.TypeAssertExpr) ex {
	t := c.typeOf(e.Type)
	before := c.order(e.X)
	x := c.expr(e.X).before(before)
	r := c.m.rtype(t)
	test := c.asserter(x, t, r)
	from, m := x.rt, c.m
	f := x.fn.(func(*frame) iface)
	off := c.temp(r)
	return ex{t: t, rt: r, fn: laneOf(r).viaInto(off, func(fr *frame, dst unsafe.Pointer) {
		i := f(fr)
		if !test(i, dst) {
			m.assertPanic(from, i, r)
		}
	})}
}

// asserter tests an interface value for type r and, if it has it, stores it.
func (c *compiler) asserter(x ex, t types.Type, r reflect.Type) func(i iface, dst unsafe.Pointer) bool {
	from := x.rt
	if r.Kind() == reflect.Interface {
		m := c.m
		return func(i iface, dst unsafe.Pointer) bool {
			w := typeWord(from, i)
			if w == nil {
				return false
			}
			if r.NumMethod() == 0 {
				*(*iface)(dst) = iface{w, i.data}
				return true
			}
			tab, ok := m.implements(r, w)
			if ok {
				*(*iface)(dst) = iface{tab, i.data}
			}
			return ok
		}
	}
	want := rt.Pointer(r)
	l := laneOf(r)
	direct := rt.Direct(r)
	return func(i iface, dst unsafe.Pointer) bool {
		if typeWord(from, i) != want {
			return false
		}
		if direct {
			*(*unsafe.Pointer)(dst) = i.data
		} else {
			l.copy(dst, i.data)
		}
		return true
	}
}

// implements returns the interface table of the type at w for r.
func (m *Machine) implements(r reflect.Type, w unsafe.Pointer) (unsafe.Pointer, bool) {
	k := itabKey{rt.Pointer(r), w}
	if p, ok := m.itabs.Load(k); ok {
		return p.(unsafe.Pointer), true
	}
	t := rt.TypeAt(w)
	if !t.Implements(r) {
		return nil, false
	}
	return m.itabOf(r, t), true
}

// typeAssertionError mirrors runtime.TypeAssertionError.
type typeAssertionError struct {
	_interface, concrete, asserted unsafe.Pointer
	missing                        string
}

func (m *Machine) assertPanic(from reflect.Type, i iface, want reflect.Type) {
	e := &typeAssertionError{_interface: rt.Pointer(from), concrete: typeWord(from, i), asserted: rt.Pointer(want)}
	if want.Kind() == reflect.Interface && e.concrete != nil {
		t := rt.TypeAt(e.concrete)
		for k := range want.NumMethod() {
			name := want.Method(k).Name
			if got, ok := t.MethodByName(name); !ok || !sameSignature(got.Type, want.Method(k).Type) {
				e.missing = name
				break
			}
		}
	}
	panic(newTypeAssertionError(e))
}

func sameSignature(withRecv, plain reflect.Type) bool {
	if withRecv.NumIn() != plain.NumIn()+1 || withRecv.NumOut() != plain.NumOut() {
		return false
	}
	for i := range plain.NumIn() {
		if withRecv.In(i+1) != plain.In(i) {
			return false
		}
	}
	for i := range plain.NumOut() {
		if withRecv.Out(i) != plain.Out(i) {
			return false
		}
	}
	return true
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
