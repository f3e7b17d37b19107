package exec

import "go/token"

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
