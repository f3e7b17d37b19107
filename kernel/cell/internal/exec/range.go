package exec

import (
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"unsafe"
)

// rangeStmt compiles the loops over values.
func (c *compiler) rangeStmt(s *ast.RangeStmt, label int) stmtFunc {
	before := c.order(s.X)
	loop := c.rangeLoop(s, label)
	if before == nil {
		return loop
	}
	return func(fr *frame) ctl { before(fr); return loop(fr) }
}

func (c *compiler) rangeLoop(s *ast.RangeStmt, label int) stmtFunc {
	t := c.typeOf(s.X)
	if isUntyped(t) {
		t = types.Default(t)
		if s.Key != nil && identOf(s.Key).Name != "_" && t.Underlying().(*types.Basic).Info()&types.IsNumeric != 0 {
			t = c.typeOf(s.Key)
		}
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		if u.Info()&types.IsString != 0 {
			return c.rangeString(s, label)
		}
		return c.rangeInt(s, t, label)
	case *types.Slice, *types.Array, *types.Pointer:
		return c.rangeSlice(s, t, label)
	case *types.Map:
		return c.rangeMap(s, u, label)
	case *types.Chan:
		return c.rangeChan(s, u, label)
	case *types.Signature:
		return c.rangeFunc(s, u, label)
	}
	c.fail(s, "range over %s is not defined", t)
	return nil
}

// rangeVar makes the loop variable e take the value in the local at off.
func (c *compiler) rangeVar(s *ast.RangeStmt, e ast.Expr, src ex) frameFunc {
	if e == nil || identOf(e).Name == "_" {
		return func(*frame) {}
	}
	if s.Tok == token.DEFINE {
		o := c.info.Defs[identOf(e)]
		return c.declare(o).init(c.convert(e, src, c.typ(o.Type())))
	}
	return c.assignAll([]ast.Expr{e}, c.standFor(e, []ex{src}))
}

// rangeVars makes both loop variables take their values: the first function
// runs when the key is there, the second when the value is there too.
func (c *compiler) rangeVars(s *ast.RangeStmt, key, val ex) (setK, setV frameFunc) {
	blank := func(e ast.Expr) bool { return e == nil || identOf(e).Name == "_" }
	if s.Tok == token.DEFINE || blank(s.Key) || blank(s.Value) {
		return c.rangeVar(s, s.Key, key), c.rangeVar(s, s.Value, val)
	}
	keep, val := c.save(val)
	return func(*frame) {}, first(keep, c.assignAll([]ast.Expr{s.Key, s.Value}, c.standFor(s.X, []ex{key, val})))
}

func (c *compiler) slot(t types.Type) ex {
	r := c.m.rtype(t)
	off := c.temp(r)
	return ex{t: t, rt: r, fn: laneOf(r).local(off), local: true, off: off}
}

func poll(fr *frame) {
	if fr.th.run.stop.Load() != 0 {
		fr.th.checkStop()
	}
}

func (c *compiler) rangeInt(s *ast.RangeStmt, t types.Type, label int) stmtFunc {
	n := c.exprTo(s.X, t)
	r := n.rt
	cur := c.slot(t)
	limit, lim := c.save(n)
	set := c.rangeVar(s, s.Key, cur)
	body := c.loopBody(s.Body, nil)
	ops := operators[r.Kind()]
	less := ops.binary(token.LSS, cur.operand(), lim.operand()).(func(*frame) bool)
	one := reflect.New(r).Elem()
	if one.CanInt() {
		one.SetInt(1)
	} else {
		one.SetUint(1)
	}
	inc := laneOf(r).setLocal(cur.off, ops.binary(token.ADD, cur.operand(), operand{fn: laneOf(r).constant(one), konst: one}))
	zero := laneOf(r).setLocal(cur.off, c.zeroValue(t).fn)
	pos := s.Pos()
	return func(fr *frame) ctl {
		fr.pos = pos
		limit(fr)
		for zero(fr); less(fr); inc(fr) {
			poll(fr)
			set(fr)
			if r := body(fr); r != ctlNext {
				if leave, out := loopEnd(fr, r, label); leave {
					return out
				}
			}
		}
		return ctlNext
	}
}

func (c *compiler) rangeString(s *ast.RangeStmt, label int) stmtFunc {
	setStr, str := c.save(c.exprTo(s.X, types.Typ[types.String]))
	key, val := c.slot(types.Typ[types.Int]), c.slot(types.Typ[types.Rune])
	setK, setV := c.rangeVars(s, key, val)
	body := c.loopBody(s.Body, nil)
	pos := s.Pos()
	return func(fr *frame) ctl {
		fr.pos = pos
		setStr(fr)
		for i, r := range *(*string)(unsafe.Add(fr.p, str.off)) {
			poll(fr)
			*(*int)(unsafe.Add(fr.p, key.off)) = i
			*(*rune)(unsafe.Add(fr.p, val.off)) = r
			setK(fr)
			setV(fr)
			if r := body(fr); r != ctlNext {
				if leave, out := loopEnd(fr, r, label); leave {
					return out
				}
			}
		}
		return ctlNext
	}
}

func (c *compiler) rangeSlice(s *ast.RangeStmt, t types.Type, label int) stmtFunc {
	x := c.expr(s.X)
	var base func(*frame) slice
	var elem types.Type
	wantValue := s.Value != nil && identOf(s.Value).Name != "_"
	switch u := t.Underlying().(type) {
	case *types.Slice:
		base, elem = x.fn.(func(*frame) slice), u.Elem()
	case *types.Pointer:
		elem = u.Elem().Underlying().(*types.Array).Elem()
		n := int(u.Elem().Underlying().(*types.Array).Len())
		f := x.fn.(addrFunc)
		base = func(fr *frame) slice {
			p := f(fr)
			if p == nil && wantValue && n > 0 {
				nilDeref()
			}
			return slice{p, n, n}
		}
	case *types.Array:
		elem = u.Elem()
		n := int(u.Len())
		if wantValue { // the loop runs over a copy
			set, cp := c.save(x)
			off := cp.off
			base = func(fr *frame) slice { set(fr); return slice{unsafe.Add(fr.p, off), n, n} }
		} else {
			base = func(*frame) slice { return slice{nil, n, n} }
			if calls(s.X, c.info) {
				run := x.lane().run(x.fn)
				base = func(fr *frame) slice { run(fr); return slice{nil, n, n} }
			}
		}
	}
	er := c.m.rtype(elem)
	keep := c.temp(reflect.TypeFor[[]byte]())
	key := c.slot(types.Typ[types.Int])
	var setK, setV frameFunc
	size := er.Size()
	if wantValue {
		at := func(fr *frame) unsafe.Pointer {
			return unsafe.Add((*slice)(unsafe.Add(fr.p, keep)).p, uintptr(*(*int)(unsafe.Add(fr.p, key.off)))*size)
		}
		setK, setV = c.rangeVars(s, key, ex{t: elem, rt: er, fn: laneOf(er).load(at)})
	} else {
		setK = c.rangeVar(s, s.Key, key)
	}
	hasKey := s.Key != nil && identOf(s.Key).Name != "_"
	body := c.loopBody(s.Body, nil)
	pos := s.Pos()
	return func(fr *frame) ctl {
		fr.pos = pos
		b := base(fr)
		*(*slice)(unsafe.Add(fr.p, keep)) = b
		for i := range b.len {
			poll(fr)
			*(*int)(unsafe.Add(fr.p, key.off)) = i
			if hasKey {
				setK(fr)
			}
			if setV != nil {
				setV(fr)
			}
			if r := body(fr); r != ctlNext {
				if leave, out := loopEnd(fr, r, label); leave {
					return out
				}
			}
		}
		return ctlNext
	}
}

func (c *compiler) rangeMap(s *ast.RangeStmt, u *types.Map, label int) stmtFunc {
	x := c.expr(s.X)
	mv := toReflect(x.rt, x.fn)
	key, val := c.slot(u.Key()), c.slot(u.Elem())
	setK, setV := c.rangeVars(s, key, val)
	body := c.loopBody(s.Body, nil)
	pos := s.Pos()
	wantValue := s.Value != nil && identOf(s.Value).Name != "_"
	return func(fr *frame) ctl {
		fr.pos = pos
		it := mv(fr).MapRange()
		for it.Next() {
			poll(fr)
			reflect.NewAt(key.rt, unsafe.Add(fr.p, key.off)).Elem().SetIterKey(it)
			setK(fr)
			if wantValue {
				reflect.NewAt(val.rt, unsafe.Add(fr.p, val.off)).Elem().SetIterValue(it)
				setV(fr)
			}
			if r := body(fr); r != ctlNext {
				if leave, out := loopEnd(fr, r, label); leave {
					return out
				}
			}
		}
		return ctlNext
	}
}

func (c *compiler) rangeChan(s *ast.RangeStmt, u *types.Chan, label int) stmtFunc {
	set, ch := c.save(c.expr(s.X))
	recv, elem := c.receiverOf(ch, s.X.Pos())
	val := c.slot(elem)
	setK := c.rangeVar(s, s.Key, val)
	body := c.loopBody(s.Body, nil)
	pos := s.Pos()
	return func(fr *frame) ctl {
		fr.pos = pos
		set(fr)
		for {
			poll(fr)
			if !recv(fr, unsafe.Add(fr.p, val.off)) {
				return ctlNext
			}
			setK(fr)
			if r := body(fr); r != ctlNext {
				if leave, out := loopEnd(fr, r, label); leave {
					return out
				}
			}
		}
	}
}
