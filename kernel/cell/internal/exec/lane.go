package exec

import (
	"reflect"
	"unsafe"

	"github.com/priorlab/priorlab/kernel/cell/internal/rt"
)

//go:linkname typedmemmove runtime.typedmemmove
//go:noescape
func typedmemmove(t, dst, src unsafe.Pointer)

//go:linkname unsafeNew reflect.unsafe_New
func unsafeNew(t unsafe.Pointer) unsafe.Pointer

// slice and iface are how the runtime lays out these kinds.
type slice struct {
	p        unsafe.Pointer
	len, cap int
}

type iface struct{ tab, data unsafe.Pointer }

type frameFunc = func(*frame)

// A compiled expression is a closure func(*frame) T, where T is the Go type
// that lays out the value's kind in memory: int for every type whose kind is
// int, string, slice, iface, unsafe.Pointer for pointers, maps, channels and
// functions. A struct or array is evaluated to the address of memory that holds
// it; that memory is valid until the next evaluation.
//
// A lane makes and joins such closures for one kind; it keeps the type switch
// over kinds out of the compiler.
type lane interface {
	local(off uintptr) any
	load(addr func(*frame) unsafe.Pointer) any
	at(p unsafe.Pointer) any
	set(addr func(*frame) unsafe.Pointer, v any) frameFunc
	setLocal(off uintptr, v any) frameFunc
	setAt(p unsafe.Pointer, v any) frameFunc
	into(v any) func(*frame, unsafe.Pointer)
	constant(v reflect.Value) any
	after(run frameFunc, v any) any // run, then v
	pick(c func(*frame) bool, a, b any) any
	run(v any) frameFunc
	copy(dst, src unsafe.Pointer)
	viaInto(off uintptr, f func(*frame, unsafe.Pointer)) any // f fills the local at off
	call(invoke func(*frame) *frame, off uintptr) any
}

type word[T any] struct{}

func (word[T]) local(off uintptr) any {
	return func(fr *frame) T { return *(*T)(unsafe.Add(fr.p, off)) }
}

func (word[T]) load(addr func(*frame) unsafe.Pointer) any {
	return func(fr *frame) T { return *(*T)(addr(fr)) }
}

func (word[T]) at(p unsafe.Pointer) any {
	q := (*T)(p)
	return func(*frame) T { return *q }
}

func (word[T]) set(addr func(*frame) unsafe.Pointer, v any) frameFunc {
	f := v.(func(*frame) T)
	return func(fr *frame) {
		x := f(fr)
		*(*T)(addr(fr)) = x
	}
}

func (word[T]) setLocal(off uintptr, v any) frameFunc {
	f := v.(func(*frame) T)
	return func(fr *frame) { x := f(fr); *(*T)(unsafe.Add(fr.p, off)) = x }
}

func (word[T]) setAt(p unsafe.Pointer, v any) frameFunc {
	f, q := v.(func(*frame) T), (*T)(p)
	return func(fr *frame) { *q = f(fr) }
}

func (word[T]) into(v any) func(*frame, unsafe.Pointer) {
	f := v.(func(*frame) T)
	return func(fr *frame, dst unsafe.Pointer) { *(*T)(dst) = f(fr) }
}

func (word[T]) constant(v reflect.Value) any {
	p := reflect.New(v.Type())
	p.Elem().Set(v)
	c := *(*T)(p.UnsafePointer())
	return func(*frame) T { return c }
}

func (word[T]) after(run frameFunc, v any) any {
	f := v.(func(*frame) T)
	return func(fr *frame) T { run(fr); return f(fr) }
}

func (word[T]) pick(c func(*frame) bool, a, b any) any {
	f, g := a.(func(*frame) T), b.(func(*frame) T)
	return func(fr *frame) T {
		if c(fr) {
			return f(fr)
		}
		return g(fr)
	}
}

func (word[T]) run(v any) frameFunc {
	f := v.(func(*frame) T)
	return func(fr *frame) { f(fr) }
}

func (word[T]) copy(dst, src unsafe.Pointer) { *(*T)(dst) = *(*T)(src) }

func (word[T]) viaInto(off uintptr, f func(*frame, unsafe.Pointer)) any {
	return func(fr *frame) T {
		p := unsafe.Add(fr.p, off)
		f(fr, p)
		return *(*T)(p)
	}
}

func (word[T]) call(invoke func(*frame) *frame, off uintptr) any {
	return func(fr *frame) T {
		nf := invoke(fr)
		return *(*T)(unsafe.Add(nf.p, off))
	}
}

// memory is the lane of structs and arrays.
type memory struct{ t unsafe.Pointer }

type addrFunc = func(*frame) unsafe.Pointer

func (memory) local(off uintptr) any {
	return func(fr *frame) unsafe.Pointer { return unsafe.Add(fr.p, off) }
}

func (memory) load(addr func(*frame) unsafe.Pointer) any { return addr }

func (memory) at(p unsafe.Pointer) any { return func(*frame) unsafe.Pointer { return p } }

func (l memory) set(addr func(*frame) unsafe.Pointer, v any) frameFunc {
	f := v.(addrFunc)
	// addr makes no calls: the compiler evaluates an address that does into a
	// temporary first. So src stays valid.
	return func(fr *frame) {
		src := f(fr)
		typedmemmove(l.t, addr(fr), src)
	}
}

func (l memory) setLocal(off uintptr, v any) frameFunc {
	f := v.(addrFunc)
	return func(fr *frame) { typedmemmove(l.t, unsafe.Add(fr.p, off), f(fr)) }
}

func (l memory) setAt(p unsafe.Pointer, v any) frameFunc {
	f := v.(addrFunc)
	return func(fr *frame) { typedmemmove(l.t, p, f(fr)) }
}

func (l memory) into(v any) func(*frame, unsafe.Pointer) {
	f := v.(addrFunc)
	return func(fr *frame, dst unsafe.Pointer) { typedmemmove(l.t, dst, f(fr)) }
}

func (memory) constant(v reflect.Value) any {
	p := reflect.New(v.Type())
	p.Elem().Set(v)
	q := p.UnsafePointer()
	return func(*frame) unsafe.Pointer { return q }
}

func (memory) after(run frameFunc, v any) any {
	f := v.(addrFunc)
	return func(fr *frame) unsafe.Pointer { run(fr); return f(fr) }
}

func (memory) pick(c func(*frame) bool, a, b any) any {
	return word[unsafe.Pointer]{}.pick(c, a, b)
}

func (memory) run(v any) frameFunc {
	f := v.(addrFunc)
	return func(fr *frame) { f(fr) }
}

func (l memory) copy(dst, src unsafe.Pointer) { typedmemmove(l.t, dst, src) }

func (memory) viaInto(off uintptr, f func(*frame, unsafe.Pointer)) any {
	return func(fr *frame) unsafe.Pointer {
		p := unsafe.Add(fr.p, off)
		f(fr, p)
		return p
	}
}

func (memory) call(invoke func(*frame) *frame, off uintptr) any {
	return func(fr *frame) unsafe.Pointer {
		nf := invoke(fr)
		return unsafe.Add(nf.p, off)
	}
}

var lanes = map[reflect.Kind]lane{
	reflect.Bool: word[bool]{}, reflect.String: word[string]{},
	reflect.Int: word[int]{}, reflect.Int8: word[int8]{}, reflect.Int16: word[int16]{}, reflect.Int32: word[int32]{}, reflect.Int64: word[int64]{},
	reflect.Uint: word[uint]{}, reflect.Uint8: word[uint8]{}, reflect.Uint16: word[uint16]{}, reflect.Uint32: word[uint32]{}, reflect.Uint64: word[uint64]{},
	reflect.Uintptr: word[uintptr]{}, reflect.Float32: word[float32]{}, reflect.Float64: word[float64]{},
	reflect.Complex64: word[complex64]{}, reflect.Complex128: word[complex128]{},
	reflect.Pointer: word[unsafe.Pointer]{}, reflect.UnsafePointer: word[unsafe.Pointer]{}, reflect.Map: word[unsafe.Pointer]{},
	reflect.Chan: word[unsafe.Pointer]{}, reflect.Func: word[unsafe.Pointer]{},
	reflect.Slice: word[slice]{}, reflect.Interface: word[iface]{},
}

func laneOf(t reflect.Type) lane {
	if l := lanes[t.Kind()]; l != nil {
		return l
	}
	return memory{t: rt.Pointer(t)}
}

// toReflect evaluates v to a reflect.Value of type t.
func toReflect(t reflect.Type, v any) func(*frame) reflect.Value {
	into := laneOf(t).into(v)
	d := rt.Pointer(t)
	return func(fr *frame) reflect.Value {
		p := unsafeNew(d)
		into(fr, p)
		return reflect.NewAt(t, p).Elem()
	}
}
