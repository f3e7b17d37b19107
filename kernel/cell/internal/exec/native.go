package exec

import (
	"cmp"
	"go/ast"
	"go/types"
	"reflect"
	"slices"
	"unsafe"
)

// fastNative compiles a call of a compiled function of a common type without
// reflection; nil for other types.
func (c *compiler) fastNative(e *ast.CallExpr, p *plan, v reflect.Value) *ex {
	if p.later || !v.CanInterface() {
		return nil
	}
	if p.sig.Variadic() {
		return c.fastFormat(e, p, v)
	}
	if len(e.Args) != p.sig.Params().Len() {
		return nil
	}
	arg := func(i int) any { return c.exprTo(e.Args[i], p.sig.Params().At(i).Type()).fn }
	pos := p.pos
	res := func(fn any) *ex {
		r := p.layout.results[0]
		return &ex{rt: r, fn: fn}
	}
	switch f := v.Interface().(type) {
	case func(float64) float64:
		return res(call1[float64, float64](f, arg(0), pos))
	case func(float64, float64) float64:
		return res(call2[float64, float64, float64](f, arg(0), arg(1), pos))
	case func(string) string:
		return res(call1[string, string](f, arg(0), pos))
	case func(string, string) bool:
		return res(call2[string, string, bool](f, arg(0), arg(1), pos))
	case func(string, string) int:
		return res(call2[string, string, int](f, arg(0), arg(1), pos))
	case func(int) string:
		return res(call1[int, string](f, arg(0), pos))
	case func(rune) bool:
		return res(call1[rune, bool](f, arg(0), pos))
	case func(rune) rune:
		return res(call1[rune, rune](f, arg(0), pos))
	case func() float64:
		return res(call0[float64](f, pos))
	case func(int) int:
		return res(call1[int, int](f, arg(0), pos))
	}
	return nil
}

// fastFormat does the same for functions such as fmt.Sprint and fmt.Errorf. They
// call methods of their arguments, and recover from what panics in these.
func (c *compiler) fastFormat(e *ast.CallExpr, p *plan, v reflect.Value) *ex {
	fixed := p.sig.Params().Len() - 1
	for _, a := range e.Args {
		if _, several := c.info.TypeOf(a).(*types.Tuple); several {
			return nil
		}
	}
	rest := func() func(*frame) slice {
		t := p.sig.Params().At(fixed).Type()
		if e.Ellipsis.IsValid() {
			return c.exprTo(e.Args[fixed], t).fn.(func(*frame) slice)
		}
		var xs []ex
		for _, a := range e.Args[fixed:] {
			xs = append(xs, c.exprTo(a, t.Underlying().(*types.Slice).Elem()))
		}
		return c.sliceOf(t, xs, p.borrows).fn.(func(*frame) slice)
	}
	format := func() func(*frame) string {
		return c.exprTo(e.Args[0], types.Typ[types.String]).fn.(func(*frame) string)
	}
	res := func(fn any) *ex { return &ex{rt: p.layout.results[0], fn: fn} }
	pos := p.pos
	switch f := v.Interface().(type) {
	case func(...any) string:
		args := rest()
		return res(func(fr *frame) string {
			s := args(fr)
			fr.pos = pos
			r := f(anys(s)...)
			fr.th.goOn()
			return r
		})
	case func(string, ...any) string:
		head, args := format(), rest()
		return res(func(fr *frame) string {
			h := head(fr)
			s := args(fr)
			fr.pos = pos
			r := f(h, anys(s)...)
			fr.th.goOn()
			return r
		})
	case func(string, ...any) error:
		head, args := format(), rest()
		return res(func(fr *frame) iface {
			h := head(fr)
			s := args(fr)
			fr.pos = pos
			r := f(h, anys(s)...)
			fr.th.goOn()
			return *(*iface)(unsafe.Pointer(&r))
		})
	}
	return nil
}

func anys(s slice) []any { return *(*[]any)(unsafe.Pointer(&s)) }

// fastMethod does the same for methods of compiled pointer types, whose
// receiver is one word.
func (c *compiler) fastMethod(e *ast.CallExpr, p *plan, recv ex, f reflect.Value) *ex {
	if p.later || e.Ellipsis.IsValid() || p.sig.Variadic() || len(e.Args) != p.sig.Params().Len() || recv.rt.Kind() != reflect.Pointer {
		return nil
	}
	in := func(ts ...reflect.Kind) bool {
		if len(p.layout.params) != len(ts) {
			return false
		}
		for i, t := range ts {
			if p.layout.params[i].Kind() != t {
				return false
			}
		}
		return true
	}
	out := reflect.Invalid
	if len(p.layout.results) == 1 {
		out = p.layout.results[0].Kind()
	} else if len(p.layout.results) > 1 {
		return nil
	}
	arg := func(i int) any { return c.exprTo(e.Args[i], p.sig.Params().At(i).Type()).fn }
	fp := funcPointer(f)
	r := recv.fn.(addrFunc)
	pos := p.pos
	res := func(fn any) *ex { return &ex{rt: p.layout.results[0], fn: fn} }
	switch {
	case out == reflect.Float64 && in(reflect.Int, reflect.Int):
		g := *(*func(unsafe.Pointer, int, int) float64)(unsafe.Pointer(&fp))
		return res(call3[unsafe.Pointer, int, int, float64](g, r, arg(0), arg(1), pos))
	case out == reflect.Float64 && in(reflect.Int):
		g := *(*func(unsafe.Pointer, int) float64)(unsafe.Pointer(&fp))
		return res(call2[unsafe.Pointer, int, float64](g, r, arg(0), pos))
	case out == reflect.Float64 && in(reflect.Float64):
		g := *(*func(unsafe.Pointer, float64) float64)(unsafe.Pointer(&fp))
		return res(call2[unsafe.Pointer, float64, float64](g, r, arg(0), pos))
	case out == reflect.Float64 && in():
		g := *(*func(unsafe.Pointer) float64)(unsafe.Pointer(&fp))
		return res(call1[unsafe.Pointer, float64](g, r, pos))
	case out == reflect.Int && in(reflect.Int):
		g := *(*func(unsafe.Pointer, int) int)(unsafe.Pointer(&fp))
		return res(call2[unsafe.Pointer, int, int](g, r, arg(0), pos))
	case out == reflect.Int && in():
		g := *(*func(unsafe.Pointer) int)(unsafe.Pointer(&fp))
		return res(call1[unsafe.Pointer, int](g, r, pos))
	case out == reflect.Invalid && in(reflect.Int, reflect.Int, reflect.Float64):
		g := *(*func(unsafe.Pointer, int, int, float64))(unsafe.Pointer(&fp))
		a, b, v := arg(0).(func(*frame) int), arg(1).(func(*frame) int), arg(2).(func(*frame) float64)
		return &ex{rt: reflect.TypeFor[struct{}](), fn: func(fr *frame) unsafe.Pointer {
			x := r(fr)
			i, j, z := a(fr), b(fr), v(fr)
			fr.pos = pos
			g(x, i, j, z)
			return nil
		}}
	}
	return nil
}

// hotNative serves instances of generic library functions that are slow from
// source with compiled ones.
func (m *Machine) hotNative(o *types.Func, targs []types.Type, c *compiler) reflect.Value {
	if o.Pkg() == nil || len(targs) == 0 || o.Type().(*types.Signature).Recv() != nil {
		return reflect.Value{}
	}
	fs := hot[o.Pkg().Path()+"."+o.Name()]
	if fs == nil {
		return reflect.Value{}
	}
	return fs[m.rtype(targs[0])]
}

func byType[T cmp.Ordered](m map[string]map[reflect.Type]reflect.Value) {
	put := func(name string, t reflect.Type, f any) {
		if m[name] == nil {
			m[name] = map[reflect.Type]reflect.Value{}
		}
		m[name][t] = reflect.ValueOf(f)
	}
	s, e := reflect.TypeFor[[]T](), reflect.TypeFor[T]()
	put("slices.Sort", s, slices.Sort[[]T])
	put("slices.Max", s, slices.Max[[]T])
	put("slices.Min", s, slices.Min[[]T])
	put("slices.Contains", s, slices.Contains[[]T])
	put("slices.Index", s, slices.Index[[]T])
	put("slices.Reverse", s, slices.Reverse[[]T])
	put("slices.IsSorted", s, slices.IsSorted[[]T])
	put("slices.Equal", s, slices.Equal[[]T])
	put("slices.BinarySearch", s, slices.BinarySearch[[]T])
	put("cmp.Compare", e, cmp.Compare[T])
	put("cmp.Less", e, cmp.Less[T])
}

var hot = func() map[string]map[reflect.Type]reflect.Value {
	m := map[string]map[reflect.Type]reflect.Value{}
	byType[int](m)
	byType[float64](m)
	byType[string](m)
	return m
}()
