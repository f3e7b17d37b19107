package exec

import (
	"go/token"
	"reflect"
	"unsafe"
)

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

// The helpers below call a compiled function of known type.

func call0[R any](f func() R, pos token.Pos) any {
	return func(fr *frame) R { fr.pos = pos; return f() }
}

func call1[A, R any](f func(A) R, a any, pos token.Pos) any {
	x := a.(func(*frame) A)
	return func(fr *frame) R {
		u := x(fr)
		fr.pos = pos
		return f(u)
	}
}

func call2[A, B, R any](f func(A, B) R, a, b any, pos token.Pos) any {
	x, y := a.(func(*frame) A), b.(func(*frame) B)
	return func(fr *frame) R {
		u := x(fr)
		v := y(fr)
		fr.pos = pos
		return f(u, v)
	}
}

func call3[A, B, C, R any](f func(A, B, C) R, a, b, c any, pos token.Pos) any {
	x, y, z := a.(func(*frame) A), b.(func(*frame) B), c.(func(*frame) C)
	return func(fr *frame) R {
		u := x(fr)
		v := y(fr)
		w := z(fr)
		fr.pos = pos
		return f(u, v, w)
	}
}
