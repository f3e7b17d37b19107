package exec

import (
	"cmp"
	"go/token"
	"reflect"
	"unsafe"
)

type integer interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uintptr
}

type float interface{ ~float32 | ~float64 }

type complexNumber interface{ ~complex64 | ~complex128 }

// operand is one side of a binary operation. A local variable or a constant
// saves a call.
type operand struct {
	fn    any
	local bool
	off   uintptr
	konst reflect.Value // valid for a constant
}

type operator interface {
	// binary joins x and y; a comparison gives func(*frame) bool.
	binary(op token.Token, x, y operand) any
	unary(op token.Token, x any) any
	// shift moves x by the count y.
	shift(op token.Token, x any, y func(*frame) uint64) any
}

type intOps[T integer] struct{}
type floatOps[T float] struct{}
type complexOps[T complexNumber] struct{}
type stringOps struct{}
type boolOps struct{}
type pointerOps struct{}

var operators = map[reflect.Kind]operator{
	reflect.Int: intOps[int]{}, reflect.Int8: intOps[int8]{}, reflect.Int16: intOps[int16]{}, reflect.Int32: intOps[int32]{}, reflect.Int64: intOps[int64]{},
	reflect.Uint: intOps[uint]{}, reflect.Uint8: intOps[uint8]{}, reflect.Uint16: intOps[uint16]{}, reflect.Uint32: intOps[uint32]{}, reflect.Uint64: intOps[uint64]{},
	reflect.Uintptr: intOps[uintptr]{}, reflect.Float32: floatOps[float32]{}, reflect.Float64: floatOps[float64]{},
	reflect.Complex64: complexOps[complex64]{}, reflect.Complex128: complexOps[complex128]{},
	reflect.String: stringOps{}, reflect.Bool: boolOps{},
	reflect.Pointer: pointerOps{}, reflect.UnsafePointer: pointerOps{}, reflect.Chan: pointerOps{}, reflect.Map: pointerOps{}, reflect.Func: pointerOps{},
}

func konst[T any](v reflect.Value) T {
	p := reflect.New(v.Type())
	p.Elem().Set(v)
	return *(*T)(p.UnsafePointer())
}

func loc[T any](fr *frame, off uintptr) T { return *(*T)(unsafe.Add(fr.p, off)) }

func (intOps[T]) unary(op token.Token, x any) any {
	f := x.(func(*frame) T)
	switch op {
	case token.SUB:
		return func(fr *frame) T { return -f(fr) }
	case token.XOR:
		return func(fr *frame) T { return ^f(fr) }
	}
	return f
}

func (intOps[T]) shift(op token.Token, x any, y func(*frame) uint64) any {
	f := x.(func(*frame) T)
	if op == token.SHL {
		return func(fr *frame) T { a := f(fr); return a << y(fr) }
	}
	return func(fr *frame) T { a := f(fr); return a >> y(fr) }
}

func (intOps[T]) binary(op token.Token, x, y operand) any {
	if f := sums[T](op, x, y); f != nil {
		return f
	}
	if f := compare[T](op, x, y); f != nil {
		return f
	}
	f, g := x.fn.(func(*frame) T), y.fn.(func(*frame) T)
	switch op {
	case token.QUO:
		return func(fr *frame) T { a := f(fr); return a / g(fr) }
	case token.REM:
		return func(fr *frame) T { a := f(fr); return a % g(fr) }
	case token.AND:
		return func(fr *frame) T { a := f(fr); return a & g(fr) }
	case token.OR:
		return func(fr *frame) T { a := f(fr); return a | g(fr) }
	case token.XOR:
		return func(fr *frame) T { a := f(fr); return a ^ g(fr) }
	case token.AND_NOT:
		return func(fr *frame) T { a := f(fr); return a &^ g(fr) }
	}
	return nil
}

func (floatOps[T]) unary(op token.Token, x any) any {
	f := x.(func(*frame) T)
	if op == token.SUB {
		return func(fr *frame) T { return -f(fr) }
	}
	return f
}

func (floatOps[T]) shift(token.Token, any, func(*frame) uint64) any { return nil }

func (floatOps[T]) binary(op token.Token, x, y operand) any {
	if f := sums[T](op, x, y); f != nil {
		return f
	}
	if f := compare[T](op, x, y); f != nil {
		return f
	}
	f, g := x.fn.(func(*frame) T), y.fn.(func(*frame) T)
	if op == token.QUO {
		return func(fr *frame) T { a := f(fr); return a / g(fr) }
	}
	return nil
}

func sums[T integer | float](op token.Token, x, y operand) any {
	f, g := x.fn.(func(*frame) T), y.fn.(func(*frame) T)
	xo, yo := x.off, y.off
	switch op {
	case token.ADD:
		switch {
		case x.local && y.konst.IsValid():
			c := konst[T](y.konst)
			return func(fr *frame) T { return loc[T](fr, xo) + c }
		case x.local && y.local:
			return func(fr *frame) T { return loc[T](fr, xo) + loc[T](fr, yo) }
		case x.local:
			return func(fr *frame) T { a := loc[T](fr, xo); return a + g(fr) }
		case y.konst.IsValid():
			c := konst[T](y.konst)
			return func(fr *frame) T { return f(fr) + c }
		}
		return func(fr *frame) T { a := f(fr); return a + g(fr) }
	case token.SUB:
		switch {
		case x.local && y.konst.IsValid():
			c := konst[T](y.konst)
			return func(fr *frame) T { return loc[T](fr, xo) - c }
		case x.local && y.local:
			return func(fr *frame) T { return loc[T](fr, xo) - loc[T](fr, yo) }
		case y.konst.IsValid():
			c := konst[T](y.konst)
			return func(fr *frame) T { return f(fr) - c }
		}
		return func(fr *frame) T { a := f(fr); return a - g(fr) }
	case token.MUL:
		switch {
		case x.local && y.konst.IsValid():
			c := konst[T](y.konst)
			return func(fr *frame) T { return loc[T](fr, xo) * c }
		case x.local && y.local:
			return func(fr *frame) T { return loc[T](fr, xo) * loc[T](fr, yo) }
		case y.konst.IsValid():
			c := konst[T](y.konst)
			return func(fr *frame) T { return f(fr) * c }
		}
		return func(fr *frame) T { a := f(fr); return a * g(fr) }
	}
	return nil
}

func compare[T cmp.Ordered](op token.Token, x, y operand) any {
	f, g := x.fn.(func(*frame) T), y.fn.(func(*frame) T)
	xo, yo := x.off, y.off
	lk, ll := x.local && y.konst.IsValid(), x.local && y.local
	var c T
	if y.konst.IsValid() {
		c = konst[T](y.konst)
	}
	switch op {
	case token.LSS:
		switch {
		case lk:
			return func(fr *frame) bool { return loc[T](fr, xo) < c }
		case ll:
			return func(fr *frame) bool { return loc[T](fr, xo) < loc[T](fr, yo) }
		}
		return func(fr *frame) bool { a := f(fr); return a < g(fr) }
	case token.LEQ:
		switch {
		case lk:
			return func(fr *frame) bool { return loc[T](fr, xo) <= c }
		case ll:
			return func(fr *frame) bool { return loc[T](fr, xo) <= loc[T](fr, yo) }
		}
		return func(fr *frame) bool { a := f(fr); return a <= g(fr) }
	case token.GTR:
		if lk {
			return func(fr *frame) bool { return loc[T](fr, xo) > c }
		}
		return func(fr *frame) bool { a := f(fr); return a > g(fr) }
	case token.GEQ:
		if lk {
			return func(fr *frame) bool { return loc[T](fr, xo) >= c }
		}
		return func(fr *frame) bool { a := f(fr); return a >= g(fr) }
	}
	return equal[T](op, x, y)
}

func equal[T comparable](op token.Token, x, y operand) any {
	f, g := x.fn.(func(*frame) T), y.fn.(func(*frame) T)
	switch op {
	case token.EQL:
		if y.konst.IsValid() {
			c := konst[T](y.konst)
			return func(fr *frame) bool { return f(fr) == c }
		}
		return func(fr *frame) bool { a := f(fr); return a == g(fr) }
	case token.NEQ:
		if y.konst.IsValid() {
			c := konst[T](y.konst)
			return func(fr *frame) bool { return f(fr) != c }
		}
		return func(fr *frame) bool { a := f(fr); return a != g(fr) }
	}
	return nil
}

func (complexOps[T]) unary(op token.Token, x any) any {
	f := x.(func(*frame) T)
	if op == token.SUB {
		return func(fr *frame) T { return -f(fr) }
	}
	return f
}

func (complexOps[T]) shift(token.Token, any, func(*frame) uint64) any { return nil }

func (complexOps[T]) binary(op token.Token, x, y operand) any {
	f, g := x.fn.(func(*frame) T), y.fn.(func(*frame) T)
	switch op {
	case token.ADD:
		return func(fr *frame) T { a := f(fr); return a + g(fr) }
	case token.SUB:
		return func(fr *frame) T { a := f(fr); return a - g(fr) }
	case token.MUL:
		return func(fr *frame) T { a := f(fr); return a * g(fr) }
	case token.QUO:
		return func(fr *frame) T { a := f(fr); return a / g(fr) }
	}
	return equal[T](op, x, y)
}

func (stringOps) unary(token.Token, any) any                       { return nil }
func (stringOps) shift(token.Token, any, func(*frame) uint64) any  { return nil }
func (boolOps) shift(token.Token, any, func(*frame) uint64) any    { return nil }
func (pointerOps) unary(token.Token, any) any                      { return nil }
func (pointerOps) shift(token.Token, any, func(*frame) uint64) any { return nil }
func (pointerOps) binary(op token.Token, x, y operand) any         { return equal[unsafe.Pointer](op, x, y) }

func (stringOps) binary(op token.Token, x, y operand) any {
	if op == token.ADD {
		f, g := x.fn.(func(*frame) string), y.fn.(func(*frame) string)
		return func(fr *frame) string { a := f(fr); return a + g(fr) }
	}
	return compare[string](op, x, y)
}

func (boolOps) unary(op token.Token, x any) any {
	f := x.(func(*frame) bool)
	return func(fr *frame) bool { return !f(fr) }
}

func (boolOps) binary(op token.Token, x, y operand) any {
	f, g := x.fn.(func(*frame) bool), y.fn.(func(*frame) bool)
	switch op {
	case token.LAND:
		return func(fr *frame) bool { return f(fr) && g(fr) }
	case token.LOR:
		return func(fr *frame) bool { return f(fr) || g(fr) }
	}
	return equal[bool](op, x, y)
}

// number conversion

type numberConv interface {
	from(k reflect.Kind, v any) any
}

type intConv[T integer] struct{}
type floatConv[T float] struct{}

func convInt[F integer | float, T integer | float](v any) any {
	f := v.(func(*frame) F)
	return func(fr *frame) T { return T(f(fr)) }
}

func convFrom[T integer | float](k reflect.Kind, v any) any {
	switch k {
	case reflect.Int:
		return convInt[int, T](v)
	case reflect.Int8:
		return convInt[int8, T](v)
	case reflect.Int16:
		return convInt[int16, T](v)
	case reflect.Int32:
		return convInt[int32, T](v)
	case reflect.Int64:
		return convInt[int64, T](v)
	case reflect.Uint:
		return convInt[uint, T](v)
	case reflect.Uint8:
		return convInt[uint8, T](v)
	case reflect.Uint16:
		return convInt[uint16, T](v)
	case reflect.Uint32:
		return convInt[uint32, T](v)
	case reflect.Uint64:
		return convInt[uint64, T](v)
	case reflect.Uintptr:
		return convInt[uintptr, T](v)
	case reflect.Float32:
		return convInt[float32, T](v)
	case reflect.Float64:
		return convInt[float64, T](v)
	}
	return nil
}

func (intConv[T]) from(k reflect.Kind, v any) any   { return convFrom[T](k, v) }
func (floatConv[T]) from(k reflect.Kind, v any) any { return convFrom[T](k, v) }

var converters = map[reflect.Kind]numberConv{
	reflect.Int: intConv[int]{}, reflect.Int8: intConv[int8]{}, reflect.Int16: intConv[int16]{}, reflect.Int32: intConv[int32]{}, reflect.Int64: intConv[int64]{},
	reflect.Uint: intConv[uint]{}, reflect.Uint8: intConv[uint8]{}, reflect.Uint16: intConv[uint16]{}, reflect.Uint32: intConv[uint32]{}, reflect.Uint64: intConv[uint64]{},
	reflect.Uintptr: intConv[uintptr]{}, reflect.Float32: floatConv[float32]{}, reflect.Float64: floatConv[float64]{},
}
