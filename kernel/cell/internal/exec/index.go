package exec

import (
	"go/ast"
	"go/types"
	"reflect"
	"unsafe"
)

func (c *compiler) index(e *ast.IndexExpr) ex {
	if tv := c.info.Types[e.X]; tv.IsType() {
		c.fail(e, "a type is not a value")
	}
	xt := c.typeOf(e.X)
	if _, ok := xt.Underlying().(*types.Signature); ok {
		return c.instance(e, e.X)
	}
	switch u := xt.Underlying().(type) {
	case *types.Map:
		return c.mapIndex(e, u)
	case *types.Basic: // string
		s, ix := c.exprTo(e.X, types.Default(xt)).fn.(func(*frame) string), c.indexOf(e.Index)
		t := types.Typ[types.Uint8]
		i, unsigned := ix.fn, ix.unsigned
		return ex{t: t, rt: c.m.rtype(t), fn: func(fr *frame) uint8 {
			a := s(fr)
			n := i(fr)
			if uint(n) >= uint(len(a)) {
				indexPanic(n, len(a), unsigned)
			}
			return a[n]
		}}
	}
	x := c.expr(e.X)
	at, elem, value := c.elementAt(e, x, c.indexOf(e.Index))
	r := c.m.rtype(elem)
	res := ex{t: elem, rt: r, fn: laneOf(r).load(at)}
	if !value {
		res.addr = at
	}
	return res
}

// index is a compiled index; unsigned tells the error about a bad one how to
// read it.
type index struct {
	fn       func(*frame) int
	unsigned bool
}

func (c *compiler) indexOf(e ast.Expr) index {
	x := c.expr(e)
	return index{c.intOf(x), x.rt.Kind() == reflect.Uint || x.rt.Kind() == reflect.Uint64 || x.rt.Kind() == reflect.Uintptr}
}

// elementAt compiles the address of an element of a slice or array; value
// reports that the array is not addressable.
func (c *compiler) elementAt(e ast.Node, x ex, ix index) (at addrFunc, elem types.Type, value bool) {
	i, unsigned := ix.fn, ix.unsigned
	switch u := x.t.Underlying().(type) {
	case *types.Slice:
		elem = u.Elem()
		size := x.rt.Elem().Size()
		if x.local {
			off := x.off
			return func(fr *frame) unsafe.Pointer {
				n := i(fr)
				s := (*slice)(unsafe.Add(fr.p, off))
				if uint(n) >= uint(s.len) {
					indexPanic(n, s.len, unsigned)
				}
				return unsafe.Add(s.p, uintptr(n)*size)
			}, elem, false
		}
		f := x.fn.(func(*frame) slice)
		return func(fr *frame) unsafe.Pointer {
			s := f(fr)
			n := i(fr)
			if uint(n) >= uint(s.len) {
				indexPanic(n, s.len, unsigned)
			}
			return unsafe.Add(s.p, uintptr(n)*size)
		}, elem, false
	case *types.Pointer:
		return c.elementAt(e, c.deref(e, x), ix)
	case *types.Array:
		elem = u.Elem()
		n, size := x.rt.Len(), x.rt.Elem().Size()
		base := x.addr
		if base == nil {
			base = x.fn.(addrFunc)
			// The array's memory must survive the evaluation of the index.
			off := c.temp(x.rt)
			set := x.lane().setLocal(off, x.fn)
			base = func(fr *frame) unsafe.Pointer { set(fr); return unsafe.Add(fr.p, off) }
			value = true
		}
		return func(fr *frame) unsafe.Pointer {
			p := base(fr)
			k := i(fr)
			if uint(k) >= uint(n) {
				indexPanic(k, n, unsigned)
			}
			return unsafe.Add(p, uintptr(k)*size)
		}, elem, value
	}
	c.fail(e, "%s cannot be indexed", x.t)
	return nil, nil, false
}

// slice compiles x[lo:hi:max].
func (c *compiler) slice(e *ast.SliceExpr) ex {
	before := c.orderSlice(e)
	return c.slicing(e).before(before)
}

func (c *compiler) slicing(e *ast.SliceExpr) ex {
	x := c.expr(e.X)
	t := c.typeOf(e)
	var unsigned [2]bool
	num := func(n ast.Expr) func(*frame) int {
		if n == nil {
			return nil
		}
		ix := c.indexOf(n)
		switch n {
		case e.Low:
			unsigned[0] = ix.unsigned
		case e.High:
			unsigned[1] = ix.unsigned
		}
		return ix.fn
	}
	lo, hi, mx := num(e.Low), num(e.High), num(e.Max)
	if x.rt.Kind() == reflect.String {
		s := x.fn.(func(*frame) string)
		return ex{t: t, rt: x.rt, fn: func(fr *frame) string {
			a := s(fr)
			l, h := 0, len(a)
			if lo != nil {
				l = lo(fr)
			}
			if hi != nil {
				h = hi(fr)
			}
			if uint(h) > uint(len(a)) || uint(l) > uint(h) {
				slicePanic(l, h, len(a), len(a), unsigned, true)
			}
			return a[l:h]
		}}
	}
	var base func(*frame) slice
	var size uintptr
	isArray := x.rt.Kind() != reflect.Slice
	switch u := x.t.Underlying().(type) {
	case *types.Slice:
		base, size = x.fn.(func(*frame) slice), x.rt.Elem().Size()
	case *types.Pointer:
		x = c.deref(e, x)
		base, size = arraySlice(x)
	case *types.Array:
		if x.addr == nil {
			c.fail(e, "an array that is not a variable cannot be sliced")
		}
		base, size = arraySlice(x)
	default:
		c.fail(e, "%s cannot be sliced", u)
	}
	r := c.m.rtype(t)
	return ex{t: t, rt: r, fn: func(fr *frame) slice {
		s := base(fr)
		l, h, m := 0, s.len, s.cap
		if lo != nil {
			l = lo(fr)
		}
		if hi != nil {
			h = hi(fr)
		}
		if mx != nil {
			m = mx(fr)
			if uint(m) > uint(s.cap) || uint(h) > uint(m) || uint(l) > uint(h) {
				if isArray && uint(m) > uint(s.cap) {
					arrayBoundsPanic(m, s.cap)
				}
				_ = make([]struct{}, s.len, s.cap)[l:h:m]
			}
		} else if uint(h) > uint(s.cap) || uint(l) > uint(h) {
			slicePanic(l, h, s.len, s.cap, unsigned, isArray)
		}
		p := s.p
		if l < m { // an empty slice at the end must not point past the array
			p = unsafe.Add(p, uintptr(l)*size)
		}
		return slice{p, h - l, m - l}
	}}
}

func arraySlice(x ex) (func(*frame) slice, uintptr) {
	n, addr := x.rt.Len(), x.addr
	return func(fr *frame) slice { return slice{addr(fr), n, n} }, x.rt.Elem().Size()
}
