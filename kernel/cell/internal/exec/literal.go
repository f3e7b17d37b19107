package exec

import (
	"go/ast"
	"go/types"
	"reflect"
	"unsafe"

	"github.com/priorlab/priorlab/kernel/cell/internal/rt"
)

// composite compiles a composite literal of type t (or of the type that the
// pointer t points to).
func (c *compiler) composite(e *ast.CompositeLit, t types.Type) ex {
	if p, ok := t.Underlying().(*types.Pointer); ok { // an elided &T in a slice or map
		return c.newLiteralOf(e, t, p.Elem())
	}
	r := c.m.rtype(t)
	res := ex{t: t, rt: r}
	switch u := t.Underlying().(type) {
	case *types.Struct:
		c.structLit(e, u, &res)
	case *types.Array:
		fill := c.elements(e, u.Elem(), r.Elem())
		z, cp := unsafeNew(rt.Pointer(r)), laneOf(r).copy
		res.fresh = func(fr *frame, dst unsafe.Pointer) { cp(dst, z); fill(fr, dst) }
	case *types.Slice:
		fill := c.elements(e, u.Elem(), r.Elem())
		d, n := rt.Pointer(r.Elem()), c.litLen(e)
		res.fn = func(fr *frame) slice {
			p := newArray(d, n)
			fill(fr, p)
			return slice{p, n, n}
		}
		return res
	case *types.Map:
		res.fn = c.mapLit(e, u, r)
		return res
	default:
		c.fail(e, "a composite literal of %s is not defined", t)
	}
	// Built in a temporary of its own, then copied by whoever takes it.
	res.fn = memory{rt.Pointer(r)}.viaInto(c.temp(r), res.fresh)
	return res
}

func (c *compiler) newLiteralOf(e *ast.CompositeLit, t, elem types.Type) ex {
	v := c.composite(e, elem)
	d, into := rt.Pointer(v.rt), v.intoFresh()
	return ex{t: t, rt: c.m.rtype(t), fn: func(fr *frame) unsafe.Pointer {
		p := unsafeNew(d)
		into(fr, p)
		return p
	}}
}

func (c *compiler) structLit(e *ast.CompositeLit, u *types.Struct, res *ex) {
	var fs []argument
	full := len(e.Elts) == u.NumFields()
	for i, el := range e.Elts {
		k, v := fieldIndex(u, i, el), el
		if kv, ok := el.(*ast.KeyValueExpr); ok {
			v = kv.Value
		}
		x := c.element(v, c.typ(u.Field(k).Type()))
		if u.Field(k).Name() == "_" { // evaluated and dropped
			run := x.lane().run(x.fn)
			fs = append(fs, argument{into: func(fr *frame, _ unsafe.Pointer) { run(fr) }})
			full = false
			continue
		}
		fs = append(fs, argument{off: res.rt.Field(k).Offset, into: x.intoFresh()})
	}
	z, cp := unsafeNew(rt.Pointer(res.rt)), laneOf(res.rt).copy
	res.fresh = func(fr *frame, dst unsafe.Pointer) {
		if !full {
			cp(dst, z)
		}
		for i := range fs {
			fs[i].into(fr, unsafe.Add(dst, fs[i].off))
		}
	}
}

// element compiles an element of a literal, whose type may be left out.
func (c *compiler) element(v ast.Expr, t types.Type) ex {
	if lit, ok := v.(*ast.CompositeLit); ok && lit.Type == nil {
		if x, ok := c.held[lit]; ok {
			return x
		}
		return c.composite(lit, t)
	}
	return c.exprTo(v, t)
}

func (c *compiler) litIndex(e *ast.CompositeLit, visit func(i int, v ast.Expr)) int {
	i, n := 0, 0
	for _, el := range e.Elts {
		v := el
		if kv, ok := el.(*ast.KeyValueExpr); ok {
			v = kv.Value
			k := c.info.Types[kv.Key].Value
			x := constantValue(k, reflect.TypeFor[int]())
			i = int(x.Int())
		}
		if visit != nil {
			visit(i, v)
		}
		i++
		n = max(n, i)
	}
	return n
}

func (c *compiler) litLen(e *ast.CompositeLit) int { return c.litIndex(e, nil) }

func (c *compiler) elements(e *ast.CompositeLit, elem types.Type, er reflect.Type) func(*frame, unsafe.Pointer) {
	var fs []argument
	size := er.Size()
	c.litIndex(e, func(i int, v ast.Expr) {
		fs = append(fs, argument{off: uintptr(i) * size, into: c.element(v, elem).intoFresh()})
	})
	return func(fr *frame, dst unsafe.Pointer) {
		for i := range fs {
			fs[i].into(fr, unsafe.Add(dst, fs[i].off))
		}
	}
}

func (c *compiler) mapLit(e *ast.CompositeLit, u *types.Map, r reflect.Type) any {
	type pair struct {
		key, val frameFunc
		ko, vo   uintptr
	}
	var ps []pair
	for _, el := range e.Elts {
		kv := el.(*ast.KeyValueExpr)
		before := c.orderPair(kv, u)
		k, v := c.element(kv.Key, u.Key()), c.element(kv.Value, u.Elem())
		p := pair{ko: c.temp(k.rt), vo: c.temp(v.rt)}
		p.key, p.val = k.lane().setLocal(p.ko, k.fn), first(before, v.lane().setLocal(p.vo, v.fn))
		ps = append(ps, p)
	}
	d, cp := rt.Pointer(r), laneOf(r.Elem()).copy
	return func(fr *frame) unsafe.Pointer {
		m := reflect.MakeMapWithSize(r, len(ps)).UnsafePointer()
		for i := range ps {
			p := &ps[i]
			p.val(fr)
			p.key(fr)
			cp(mapassign(d, m, unsafe.Add(fr.p, p.ko)), unsafe.Add(fr.p, p.vo))
		}
		return m
	}
}
