package exec

import (
	"fmt"
	"go/ast"
	"go/types"
	"reflect"
	"unsafe"

	"github.com/priorlab/priorlab/kernel/cell/internal/rt"
)

//go:linkname mapaccess2 runtime.mapaccess2
//go:noescape
func mapaccess2(t, m, key unsafe.Pointer) (unsafe.Pointer, bool)

//go:linkname mapassign runtime.mapassign
//go:noescape
func mapassign(t, m, key unsafe.Pointer) unsafe.Pointer

//go:linkname mapdelete runtime.mapdelete
//go:noescape
func mapdelete(t, m, key unsafe.Pointer)

//go:linkname growslice reflect.growslice
func growslice(t unsafe.Pointer, old slice, num int) slice

// maxMake is the most memory that one make may ask for.
const maxMake = 16 << 30

// builtin compiles a call of a predeclared function.
func (c *compiler) builtin(e *ast.CallExpr, name string) ex {
	if name == "new" && c.info.Types[e.Args[0]].IsType() {
		return c.builtinCall(e, name)
	}
	if len(e.Args) == 1 {
		if _, several := c.info.TypeOf(e.Args[0]).(*types.Tuple); several && name != "print" && name != "println" {
			run, spread := c.spreadOut(e)
			return c.builtinCall(spread, name).before(run)
		}
	}
	if name == "append" && !e.Ellipsis.IsValid() {
		elem := c.typeOf(e).Underlying().(*types.Slice).Elem()
		before := c.orderBy(func(a *ahead) { a.appended(e.Args, elem) }, func(i int) types.Type {
			if i == 0 {
				return nil
			}
			return elem
		}, e.Args...)
		return c.builtinCall(e, name).before(before)
	}
	if name == "append" {
		if size := c.madeSize(e.Args[1]); size != nil {
			// The slice is looked at before the size is.
			operands := []ast.Expr{e.Args[0], size}
			before := c.orderBy(func(a *ahead) { a.places(operands) }, nil, operands...)
			return c.builtinCall(e, name).before(before)
		}
	}
	before := c.orderBy(func(a *ahead) { a.arguments(name, e.Args) }, nil, e.Args...)
	return c.builtinCall(e, name).before(before)
}

// madeSize is the n of make([]T, n), and nil for other expressions.
func (c *compiler) madeSize(e ast.Expr) ast.Expr {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok || len(call.Args) != 2 {
		return nil
	}
	if b, ok := c.info.ObjectOf(identOf(call.Fun)).(*types.Builtin); ok && b.Name() == "make" {
		return call.Args[1]
	}
	return nil
}

// spreadOut turns f(g()), where g has several results, into a call whose
// arguments are those results.
func (c *compiler) spreadOut(e *ast.CallExpr) (frameFunc, *ast.CallExpr) {
	run, slots := c.tuple(e.Args[0])
	call := &ast.CallExpr{Fun: e.Fun, Lparen: e.Lparen, Rparen: e.Rparen, Args: c.standFor(e.Args[0], slots)}
	c.info.Types[call] = c.info.Types[e]
	return run, call
}

// standFor makes names for the results of e.
func (c *compiler) standFor(e ast.Expr, results []ex) []ast.Expr {
	names := make([]ast.Expr, len(results))
	for i, x := range results {
		names[i] = &ast.Ident{NamePos: e.Pos(), Name: "result"}
		c.info.Types[names[i]] = types.TypeAndValue{Type: x.t}
		c.hold(names[i], x)
	}
	return names
}

func (c *compiler) builtinCall(e *ast.CallExpr, name string) ex {
	t := c.typeOf(e)
	if isUntyped(t) {
		t = types.Default(t)
	}
	res := ex{t: t}
	if name != "panic" && name != "print" && name != "println" && name != "close" && name != "delete" && name != "clear" {
		if _, empty := t.(*types.Tuple); !empty {
			res.rt = c.m.rtype(t)
		}
	}
	switch name {
	case "len", "cap":
		res.fn = c.length(e, name)
	case "append":
		return c.appendCall(e, t)
	case "copy":
		res.fn = c.copyCall(e)
	case "make":
		res.fn = c.makeCall(e, t)
	case "new":
		r := c.m.rtype(t.Underlying().(*types.Pointer).Elem())
		d := rt.Pointer(r)
		if tv := c.info.Types[e.Args[0]]; !tv.IsType() { // new(expression)
			into := c.exprTo(e.Args[0], t.Underlying().(*types.Pointer).Elem()).intoFresh()
			res.fn = func(fr *frame) unsafe.Pointer { p := unsafeNew(d); into(fr, p); return p }
			return res
		}
		res.fn = func(*frame) unsafe.Pointer { return unsafeNew(d) }
	case "complex", "real", "imag":
		res.fn = c.complexCall(e, name, t, res.rt)
	case "min", "max":
		res.fn = c.minMax(e, name, t)
	case "recover":
		res.fn = func(fr *frame) iface {
			v := fr.recover()
			return *(*iface)(unsafe.Pointer(&v))
		}
	case "panic", "print", "println", "close", "delete", "clear":
		run := c.effect(e, name)
		res.rt = reflect.TypeFor[struct{}]()
		res.fn = func(fr *frame) unsafe.Pointer { run(fr); return nil }
	case "Sizeof", "Alignof", "Offsetof":
		return c.sizeCall(e, name, t)
	case "Add":
		p, n := c.expr(e.Args[0]).fn.(addrFunc), c.intOf(c.expr(e.Args[1]))
		res.fn = func(fr *frame) unsafe.Pointer { return unsafe.Add(p(fr), n(fr)) }
	case "Slice":
		p, n := c.expr(e.Args[0]).fn.(addrFunc), c.intOf(c.expr(e.Args[1]))
		size := res.rt.Elem().Size()
		res.fn = func(fr *frame) slice {
			q, k := p(fr), n(fr)
			if size > 1 && uint(k) > ^uint(0)/uint(size) {
				k = -1
			}
			_ = unsafe.Slice((*byte)(q), k*int(max(size, 1))) // panics as Go does
			if q == nil {
				return slice{}
			}
			return slice{q, k, k}
		}
	case "SliceData":
		f := c.expr(e.Args[0]).fn.(func(*frame) slice)
		res.fn = func(fr *frame) unsafe.Pointer { return f(fr).p }
	case "String":
		p, n := c.expr(e.Args[0]).fn.(addrFunc), c.intOf(c.expr(e.Args[1]))
		res.fn = func(fr *frame) string { return unsafe.String((*byte)(p(fr)), n(fr)) }
	case "StringData":
		f := c.exprTo(e.Args[0], types.Typ[types.String]).fn.(func(*frame) string)
		res.fn = func(fr *frame) unsafe.Pointer { return unsafe.Pointer(unsafe.StringData(f(fr))) }
	default:
		c.fail(e, "the built-in function %s is not supported in a cell", name)
	}
	return res
}

func (c *compiler) sizeCall(e *ast.CallExpr, name string, t types.Type) ex {
	var n uintptr
	r := c.m.rtype(c.typeOf(e.Args[0]))
	switch name {
	case "Sizeof":
		n = r.Size()
	case "Alignof":
		n = uintptr(r.Align())
	default:
		// Not constant: a field of a generic type.
		sel := ast.Unparen(e.Args[0]).(*ast.SelectorExpr)
		obj, path, _ := types.LookupFieldOrMethod(c.typeOf(sel.X), true, c.info.Selections[sel].Obj().Pkg(), sel.Sel.Name)
		if obj == nil {
			c.fail(e, "%s has no field %s", c.typeOf(sel.X), sel.Sel.Name)
		}
		st := c.m.rtype(c.typeOf(sel.X))
		if st.Kind() == reflect.Pointer {
			st = st.Elem()
		}
		for _, i := range path {
			n += st.Field(i).Offset
			st = st.Field(i).Type
		}
	}
	return ex{t: t, rt: c.m.rtype(t), fn: func(*frame) uintptr { return n }}
}

func (c *compiler) length(e *ast.CallExpr, name string) any {
	x := c.expr(e.Args[0])
	if p, ok := x.t.Underlying().(*types.Pointer); ok {
		n := int(p.Elem().Underlying().(*types.Array).Len())
		run := x.lane().run(x.fn)
		return func(fr *frame) int { run(fr); return n }
	}
	switch x.rt.Kind() {
	case reflect.String:
		f := x.fn.(func(*frame) string)
		return func(fr *frame) int { return len(f(fr)) }
	case reflect.Slice:
		if x.local {
			off := x.off
			if name == "len" {
				return func(fr *frame) int { return (*slice)(unsafe.Add(fr.p, off)).len }
			}
		}
		f := x.fn.(func(*frame) slice)
		if name == "cap" {
			return func(fr *frame) int { return f(fr).cap }
		}
		return func(fr *frame) int { return f(fr).len }
	case reflect.Array:
		n, run := x.rt.Len(), x.lane().run(x.fn)
		return func(fr *frame) int { run(fr); return n }
	case reflect.Map:
		f := x.fn.(addrFunc)
		return func(fr *frame) int {
			m := f(fr)
			return len(*(*map[int]int)(unsafe.Pointer(&m)))
		}
	case reflect.Chan:
		f := x.fn.(addrFunc)
		if name == "cap" {
			return func(fr *frame) int { q := f(fr); return cap(*(*chan int)(unsafe.Pointer(&q))) }
		}
		return func(fr *frame) int { q := f(fr); return len(*(*chan int)(unsafe.Pointer(&q))) }
	}
	c.fail(e, "%s of %s is not defined", name, x.t)
	return nil
}

func (c *compiler) appendCall(e *ast.CallExpr, t types.Type) ex {
	r := c.m.rtype(t)
	res := ex{t: t, rt: r}
	base := c.exprTo(e.Args[0], t).fn.(func(*frame) slice)
	elem := t.Underlying().(*types.Slice).Elem()
	er := r.Elem()
	d, size := rt.Pointer(er), er.Size()
	if e.Ellipsis.IsValid() {
		x := c.expr(e.Args[1])
		var more func(*frame) slice
		if x.rt.Kind() == reflect.String {
			f := x.fn.(func(*frame) string)
			more = func(fr *frame) slice { s := f(fr); return slice{unsafe.Pointer(unsafe.StringData(s)), len(s), len(s)} }
		} else if x.isNil {
			res.fn = base
			return res
		} else {
			more = x.fn.(func(*frame) slice)
		}
		res.fn = func(fr *frame) slice {
			s := base(fr)
			m := more(fr)
			if m.len == 0 {
				return s
			}
			n := s.len
			s = extend(d, s, m.len)
			copySlice(d, er, slice{unsafe.Add(s.p, uintptr(n)*size), m.len, m.len}, m)
			return s
		}
		return res
	}
	var xs []ex
	for _, a := range e.Args[1:] {
		xs = append(xs, c.exprTo(a, elem))
	}
	if len(xs) == 1 {
		// The value is complete before the slice grows: it may read the slice.
		off := c.temp(er)
		store, cp := xs[0].lane().setLocal(off, xs[0].fn), laneOf(er).copy
		res.fn = func(fr *frame) slice {
			s := base(fr)
			store(fr)
			n := s.len
			if n < s.cap {
				s.len++
			} else {
				s = extend(d, s, 1)
			}
			cp(unsafe.Add(s.p, uintptr(n)*size), unsafe.Add(fr.p, off))
			return s
		}
		return res
	}
	if len(xs) == 0 {
		res.fn = base
		return res
	}
	more := c.sliceOf(t, xs, false).fn.(func(*frame) slice)
	res.fn = func(fr *frame) slice {
		s := base(fr)
		m := more(fr)
		n := s.len
		s = extend(d, s, m.len)
		copySlice(d, er, slice{unsafe.Add(s.p, uintptr(n)*size), m.len, m.len}, m)
		return s
	}
	return res
}

func extend(d unsafe.Pointer, s slice, by int) slice {
	if uint(s.len+by) <= uint(s.cap) {
		s.len += by
		return s
	}
	n := s.len
	s = growslice(d, s, by)
	s.len = n + by
	return s
}

func copySlice(d unsafe.Pointer, er reflect.Type, dst, src slice) int {
	return typedslicecopy(d, dst, src)
}

//go:linkname typedslicecopy reflect.typedslicecopy
//go:noescape
func typedslicecopy(t unsafe.Pointer, dst, src slice) int

func (c *compiler) copyCall(e *ast.CallExpr) any {
	x, y := c.expr(e.Args[0]), c.expr(e.Args[1])
	d, er := rt.Pointer(x.rt.Elem()), x.rt.Elem()
	f := x.fn.(func(*frame) slice)
	if y.rt.Kind() == reflect.String {
		g := y.fn.(func(*frame) string)
		return func(fr *frame) int {
			s := f(fr)
			return copy(*(*[]byte)(unsafe.Pointer(&s)), g(fr))
		}
	}
	g := y.fn.(func(*frame) slice)
	return func(fr *frame) int { s := f(fr); return copySlice(d, er, s, g(fr)) }
}

func (c *compiler) makeCall(e *ast.CallExpr, t types.Type) any {
	r := c.m.rtype(t)
	num := func(i int) func(*frame) int {
		if i < len(e.Args) {
			return c.intOf(c.expr(e.Args[i]))
		}
		return nil
	}
	n, k := num(1), num(2)
	switch r.Kind() {
	case reflect.Slice:
		d, size := rt.Pointer(r.Elem()), r.Elem().Size()
		return func(fr *frame) slice {
			l := n(fr)
			cp := l
			if k != nil {
				cp = k(fr)
			}
			if l < 0 || cp < l || size > 0 && uint(cp) > 1<<47/uint(size) {
				_ = make([]int, l, cp) // panics with Go's own error
			}
			if uintptr(cp)*size > maxMake {
				panic(fmt.Errorf("make(%s, %d) asks for %d GiB; a cell may ask for %d at once", r, l, uintptr(cp)*size>>30, maxMake>>30))
			}
			return slice{newArray(d, cp), l, cp}
		}
	case reflect.Map:
		return func(fr *frame) unsafe.Pointer {
			size := 0
			if n != nil {
				size = max(n(fr), 0)
			}
			return reflect.MakeMapWithSize(r, size).UnsafePointer()
		}
	case reflect.Chan:
		both := r
		if r.ChanDir() != reflect.BothDir {
			both = reflect.ChanOf(reflect.BothDir, r.Elem())
		}
		return func(fr *frame) unsafe.Pointer {
			size := 0
			if n != nil {
				size = n(fr)
			}
			if size < 0 {
				_ = make(chan int, size)
			}
			return reflect.MakeChan(both, size).UnsafePointer()
		}
	}
	c.fail(e, "make of %s is not defined", t)
	return nil
}

func (c *compiler) complexCall(e *ast.CallExpr, name string, t types.Type, r reflect.Type) any {
	if name == "complex" {
		if r.Kind() == reflect.Complex64 {
			x, y := c.exprTo(e.Args[0], types.Typ[types.Float32]).fn.(func(*frame) float32), c.exprTo(e.Args[1], types.Typ[types.Float32]).fn.(func(*frame) float32)
			return func(fr *frame) complex64 { a := x(fr); return complex(a, y(fr)) }
		}
		x, y := c.exprTo(e.Args[0], types.Typ[types.Float64]).fn.(func(*frame) float64), c.exprTo(e.Args[1], types.Typ[types.Float64]).fn.(func(*frame) float64)
		return func(fr *frame) complex128 { a := x(fr); return complex(a, y(fr)) }
	}
	x := c.expr(e.Args[0])
	switch f := x.fn.(type) {
	case func(*frame) complex64:
		if name == "real" {
			return func(fr *frame) float32 { return real(f(fr)) }
		}
		return func(fr *frame) float32 { return imag(f(fr)) }
	case func(*frame) complex128:
		if name == "real" {
			return func(fr *frame) float64 { return real(f(fr)) }
		}
		return func(fr *frame) float64 { return imag(f(fr)) }
	}
	c.fail(e, "%s of %s is not defined", name, x.t)
	return nil
}

func extremum[T int | int8 | int16 | int32 | int64 | uint | uint8 | uint16 | uint32 | uint64 | uintptr | float32 | float64 | string](fs []any, isMin bool) any {
	typed := make([]func(*frame) T, len(fs))
	for i, f := range fs {
		typed[i] = f.(func(*frame) T)
	}
	return func(fr *frame) T {
		v := typed[0](fr)
		for _, f := range typed[1:] {
			if isMin {
				v = min(v, f(fr))
			} else {
				v = max(v, f(fr))
			}
		}
		return v
	}
}

func (c *compiler) minMax(e *ast.CallExpr, name string, t types.Type) any {
	var fs []any
	for _, a := range e.Args {
		fs = append(fs, c.exprTo(a, t).fn)
	}
	isMin := name == "min"
	switch c.m.rtype(t).Kind() {
	case reflect.Int:
		return extremum[int](fs, isMin)
	case reflect.Int8:
		return extremum[int8](fs, isMin)
	case reflect.Int16:
		return extremum[int16](fs, isMin)
	case reflect.Int32:
		return extremum[int32](fs, isMin)
	case reflect.Int64:
		return extremum[int64](fs, isMin)
	case reflect.Uint:
		return extremum[uint](fs, isMin)
	case reflect.Uint8:
		return extremum[uint8](fs, isMin)
	case reflect.Uint16:
		return extremum[uint16](fs, isMin)
	case reflect.Uint32:
		return extremum[uint32](fs, isMin)
	case reflect.Uint64:
		return extremum[uint64](fs, isMin)
	case reflect.Uintptr:
		return extremum[uintptr](fs, isMin)
	case reflect.Float32:
		return extremum[float32](fs, isMin)
	case reflect.Float64:
		return extremum[float64](fs, isMin)
	}
	return extremum[string](fs, isMin)
}

// effect compiles the built-ins without a value.
func (c *compiler) effect(e *ast.CallExpr, name string) frameFunc {
	switch name {
	case "panic":
		x := c.exprTo(e.Args[0], types.NewInterfaceType(nil, nil))
		f := c.toAny(x)
		pos := e.Pos()
		return func(fr *frame) {
			v := f(fr)
			fr.pos = pos
			panic(v)
		}
	case "print", "println":
		spread, vals := c.printOperands(e)
		out := c.m.cfg.Print
		return first(spread, func(fr *frame) {
			vs := make([]any, len(vals))
			for i, v := range vals {
				vs[i] = v(fr)
			}
			if out != nil {
				out(printLine(name, vs))
			}
		})
	case "close":
		x := c.expr(e.Args[0])
		v := toReflect(x.rt, x.fn)
		return func(fr *frame) { v(fr).Close() }
	case "delete":
		x := c.expr(e.Args[0])
		mt := x.t.Underlying().(*types.Map)
		k := c.exprTo(e.Args[1], mt.Key())
		off := c.temp(k.rt)
		store := k.lane().setLocal(off, k.fn)
		f, d := x.fn.(addrFunc), rt.Pointer(x.rt)
		return func(fr *frame) {
			m := f(fr)
			store(fr)
			mapdelete(d, m, unsafe.Add(fr.p, off))
		}
	case "clear":
		x := c.expr(e.Args[0])
		v := toReflect(x.rt, x.fn)
		return func(fr *frame) { v(fr).Clear() }
	}
	c.fail(e, "the built-in function %s is not supported in a cell", name)
	return nil
}

// mapIndex compiles m[k].
func (c *compiler) mapIndex(e *ast.IndexExpr, mt *types.Map) ex {
	var before frameFunc
	if c.temporary(e) {
		before = c.orderKey(e, mt)
	}
	look, elem, er := c.mapLookup(e, mt)
	x := ex{t: elem, rt: er, fn: laneOf(er).load(func(fr *frame) unsafe.Pointer { p, _ := look(fr); return p })}
	return x.before(before)
}

// orderKey orders the operands of m[k].
func (c *compiler) orderKey(e *ast.IndexExpr, mt *types.Map) frameFunc {
	return c.orderTo(func(i int) types.Type { return []types.Type{nil, mt.Key()}[i] }, e.X, e.Index)
}

func (c *compiler) mapLookup(e *ast.IndexExpr, mt *types.Map) (func(*frame) (unsafe.Pointer, bool), types.Type, reflect.Type) {
	x := c.expr(e.X)
	k := c.exprTo(e.Index, mt.Key())
	off := c.temp(k.rt)
	store := k.lane().setLocal(off, k.fn)
	f, d := x.fn.(addrFunc), rt.Pointer(x.rt)
	er := x.rt.Elem()
	return func(fr *frame) (unsafe.Pointer, bool) {
		m := f(fr)
		store(fr)
		return mapaccess2(d, m, unsafe.Add(fr.p, off))
	}, mt.Elem(), er
}
