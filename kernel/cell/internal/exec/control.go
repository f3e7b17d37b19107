package exec

import (
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"runtime"
	"unsafe"
)

// switchStmt compiles an expression switch as a chain of tests.
func (c *compiler) switchStmt(s *ast.SwitchStmt, label int) stmtFunc {
	var init stmtFunc
	if s.Init != nil {
		init = c.stmt(s.Init)
	}
	var tag ex
	var setTag frameFunc
	if s.Tag != nil {
		t := c.typeOf(s.Tag)
		if isUntyped(t) {
			t = types.Default(t)
		}
		before := c.order(s.Tag)
		setTag, tag = c.save(c.exprTo(s.Tag, t).before(before))
	}
	type clause struct {
		tests []func(*frame) bool
		body  stmtFunc
		fall  bool
	}
	var cs []clause
	def := -1
	for i, st := range s.Body.List {
		cc := st.(*ast.CaseClause)
		var cl clause
		if cc.List == nil {
			def = i
		}
		for _, e := range cc.List {
			cl.tests = append(cl.tests, c.caseTest(s, e, tag))
		}
		body := cc.Body
		if n := len(body); n > 0 {
			if b, ok := body[n-1].(*ast.BranchStmt); ok && b.Tok == token.FALLTHROUGH {
				cl.fall = true
				body = body[:n-1]
			}
		}
		cl.body = c.block(body)
		cs = append(cs, cl)
	}
	pos := s.Pos()
	return func(fr *frame) ctl {
		if init != nil {
			init(fr)
		}
		fr.pos = pos
		if setTag != nil {
			setTag(fr)
		}
		hit := def
	search:
		for i := range cs {
			for _, t := range cs[i].tests {
				if t(fr) {
					hit = i
					break search
				}
			}
		}
		for hit >= 0 && hit < len(cs) {
			r := cs[hit].body(fr)
			if r == ctlBreak || r == ctlBreakLabel && label != 0 && fr.target == label {
				return ctlNext
			}
			if r != ctlNext || !cs[hit].fall {
				return r
			}
			hit++
		}
		return ctlNext
	}
}

func (c *compiler) caseTest(s *ast.SwitchStmt, e ast.Expr, tag ex) func(*frame) bool {
	before := c.order(e)
	test := c.caseTestOf(s, e, tag)
	if before == nil {
		return test
	}
	return func(fr *frame) bool { before(fr); return test(fr) }
}

func (c *compiler) caseTestOf(s *ast.SwitchStmt, e ast.Expr, tag ex) func(*frame) bool {
	if s.Tag == nil {
		x := c.expr(e)
		if f, ok := x.fn.(func(*frame) bool); ok {
			return f
		}
		f := c.toAny(x) // an interface is compared with true
		return func(fr *frame) bool { return f(fr) == true }
	}
	et := c.typeOf(e)
	if _, isNil := c.info.ObjectOf(identOf(e)).(*types.Nil); isNil {
		switch f := tag.fn.(type) {
		case addrFunc:
			return func(fr *frame) bool { return f(fr) == nil }
		case func(*frame) iface:
			return func(fr *frame) bool { return f(fr).tab == nil }
		case func(*frame) slice:
			return func(fr *frame) bool { return f(fr).p == nil }
		}
	}
	common := tag.t
	if types.IsInterface(et) && !types.IsInterface(tag.t) {
		common = et
	}
	var y ex
	if types.IsInterface(common) && isUntyped(et) {
		y = c.convert(e, c.exprTo(e, types.Default(et)), common)
	} else {
		y = c.exprTo(e, common)
	}
	x := c.convert(e, tag, common)
	switch x.rt.Kind() {
	case reflect.Interface:
		return c.equalValues(token.EQL, c.toAny(x), c.toAny(y)).(func(*frame) bool)
	case reflect.Struct, reflect.Array:
		return c.equalValues(token.EQL, c.peek(x), c.peek(y)).(func(*frame) bool)
	}
	return operators[x.rt.Kind()].binary(token.EQL, x.operand(), y.operand()).(func(*frame) bool)
}

func (c *compiler) typeSwitch(s *ast.TypeSwitchStmt, label int) stmtFunc {
	var init stmtFunc
	if s.Init != nil {
		init = c.stmt(s.Init)
	}
	var subject ast.Expr
	switch a := s.Assign.(type) {
	case *ast.AssignStmt:
		subject = a.Rhs[0]
	case *ast.ExprStmt:
		subject = a.X
	}
	of := ast.Unparen(subject).(*ast.TypeAssertExpr).X
	before := c.order(of)
	set, val := c.save(c.expr(of).before(before))
	get := val.fn.(func(*frame) iface)
	type clause struct {
		tests []func(*frame) bool
		bind  frameFunc
		body  stmtFunc
	}
	var cs []clause
	def := -1
	for i, st := range s.Body.List {
		cc := st.(*ast.CaseClause)
		var cl clause
		if cc.List == nil {
			def = i
		}
		var only ex
		for _, e := range cc.List {
			if _, isNil := c.info.ObjectOf(identOf(e)).(*types.Nil); isNil {
				cl.tests = append(cl.tests, func(fr *frame) bool { return get(fr).tab == nil })
				only = val
				continue
			}
			t := c.typeOf(e)
			r := c.m.rtype(t)
			off := c.temp(r)
			test := c.asserter(val, t, r)
			cl.tests = append(cl.tests, func(fr *frame) bool { return test(get(fr), unsafe.Add(fr.p, off)) })
			only = ex{t: t, rt: r, fn: laneOf(r).local(off), local: true, off: off}
		}
		if o := c.info.Implicits[cc]; o != nil {
			src := val
			if len(cc.List) == 1 {
				src = only
			}
			src = c.convert(cc, src, c.typ(o.Type()))
			cl.bind = c.declare(o).init(src)
		}
		cl.body = c.block(cc.Body)
		cs = append(cs, cl)
	}
	pos := s.Pos()
	return func(fr *frame) ctl {
		if init != nil {
			init(fr)
		}
		fr.pos = pos
		set(fr)
		hit := def
	search:
		for i := range cs {
			for _, t := range cs[i].tests {
				if t(fr) {
					hit = i
					break search
				}
			}
		}
		if hit < 0 {
			return ctlNext
		}
		if b := cs[hit].bind; b != nil {
			b(fr)
		}
		r := cs[hit].body(fr)
		if r == ctlBreak || r == ctlBreakLabel && label != 0 && fr.target == label {
			return ctlNext
		}
		return r
	}
}

// receiver compiles <-ch; the wait ends when the run is stopped.
func (c *compiler) receiver(e *ast.UnaryExpr) (recv func(*frame) (reflect.Value, bool), elem types.Type, er reflect.Type) {
	before := c.order(e.X)
	return c.receiverOf(c.expr(e.X).before(before), e.Pos())
}

func (c *compiler) receiverOf(x ex, pos token.Pos) (recv func(*frame) (reflect.Value, bool), elem types.Type, er reflect.Type) {
	ct := x.t.Underlying().(*types.Chan)
	ch := toReflect(x.rt, x.fn)
	return func(fr *frame) (reflect.Value, bool) {
		v := ch(fr)
		fr.pos = pos
		if !v.IsNil() {
			if r, ok := v.TryRecv(); r.IsValid() {
				return r, ok
			}
		}
		th := fr.th
		i, r, ok := th.selectOf([]reflect.SelectCase{
			{Dir: reflect.SelectRecv, Chan: v},
			{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(th.run.done)},
		})
		if i == 1 {
			th.checkStop()
			panic(Stopped{})
		}
		return r, ok
	}, ct.Elem(), x.rt.Elem()
}

func (c *compiler) receive(e *ast.UnaryExpr) ex {
	recv, elem, er := c.receiver(e)
	return ex{t: elem, rt: er, fn: c.fromReflect(er, func(fr *frame) reflect.Value { v, _ := recv(fr); return v })}
}

func (c *compiler) send(s *ast.SendStmt) frameFunc {
	before := c.order(s.Chan, s.Value)
	x := c.expr(s.Chan)
	ct := x.t.Underlying().(*types.Chan)
	y := c.exprTo(s.Value, ct.Elem())
	ch, val := toReflect(x.rt, x.fn), toReflect(y.rt, y.fn)
	return func(fr *frame) {
		if before != nil {
			before(fr)
		}
		q, v := ch(fr), val(fr)
		if !q.IsNil() && q.TrySend(v) {
			return
		}
		th := fr.th
		i, _, _ := th.selectOf([]reflect.SelectCase{
			{Dir: reflect.SelectSend, Chan: q, Send: v},
			{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(th.run.done)},
		})
		if i == 1 {
			th.checkStop()
			panic(Stopped{})
		}
		// The receiver goes on first, as it does in compiled programs, where it
		// needs a hundredth of the time.
		runtime.Gosched()
		runtime.Gosched()
	}
}

func (c *compiler) selectStmt(s *ast.SelectStmt, label int) stmtFunc {
	type clause struct {
		prepare func(*frame) reflect.SelectCase
		bind    func(*frame, reflect.Value, bool)
		body    stmtFunc
	}
	var cs []clause
	def := -1
	for i, st := range s.Body.List {
		cc := st.(*ast.CommClause)
		var cl clause
		switch comm := cc.Comm.(type) {
		case nil:
			def = i
		case *ast.SendStmt:
			before := c.order(comm.Chan)
			x := c.expr(comm.Chan).before(before)
			before = c.order(comm.Value)
			y := c.exprTo(comm.Value, x.t.Underlying().(*types.Chan).Elem()).before(before)
			ch, val := toReflect(x.rt, x.fn), toReflect(y.rt, y.fn)
			cl.prepare = func(fr *frame) reflect.SelectCase {
				q := ch(fr)
				return reflect.SelectCase{Dir: reflect.SelectSend, Chan: q, Send: val(fr)}
			}
		case *ast.ExprStmt:
			cl.prepare = c.recvCase(comm.X)
		case *ast.AssignStmt:
			cl.prepare = c.recvCase(comm.Rhs[0])
			cl.bind = c.bindReceived(comm)
		}
		cl.body = c.block(cc.Body)
		cs = append(cs, cl)
	}
	pos := s.Pos()
	return func(fr *frame) ctl {
		fr.pos = pos
		th := fr.th
		if th.run.stop.Load() != 0 {
			th.checkStop()
		}
		var cases []reflect.SelectCase
		var index []int
		for i := range cs {
			if cs[i].prepare != nil {
				cases = append(cases, cs[i].prepare(fr))
				index = append(index, i)
			}
		}
		if def >= 0 {
			cases = append(cases, reflect.SelectCase{Dir: reflect.SelectDefault})
			index = append(index, def)
		} else {
			cases = append(cases, reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(th.run.done)})
		}
		choose := reflect.Select
		if def < 0 {
			choose = th.selectOf
		}
		i, v, ok := choose(cases)
		if i == len(index) {
			th.checkStop()
			panic(Stopped{})
		}
		cl := &cs[index[i]]
		if cl.bind != nil {
			cl.bind(fr, v, ok)
		}
		r := cl.body(fr)
		if r == ctlBreak || r == ctlBreakLabel && label != 0 && fr.target == label {
			return ctlNext
		}
		return r
	}
}

func (c *compiler) recvCase(e ast.Expr) func(*frame) reflect.SelectCase {
	of := ast.Unparen(e).(*ast.UnaryExpr).X
	before := c.order(of)
	x := c.expr(of).before(before)
	ch := toReflect(x.rt, x.fn)
	return func(fr *frame) reflect.SelectCase {
		return reflect.SelectCase{Dir: reflect.SelectRecv, Chan: ch(fr)}
	}
}

// bindReceived compiles the assignment of a select's receive case.
func (c *compiler) bindReceived(a *ast.AssignStmt) func(*frame, reflect.Value, bool) {
	un := ast.Unparen(a.Rhs[0]).(*ast.UnaryExpr)
	elem := c.typeOf(un.X).Underlying().(*types.Chan).Elem()
	er := c.m.rtype(elem)
	vo, oo := c.temp(er), c.temp(reflect.TypeFor[bool]())
	slots := []ex{
		{t: elem, rt: er, fn: laneOf(er).local(vo), local: true, off: vo},
		{t: types.Typ[types.Bool], rt: reflect.TypeFor[bool](), fn: word[bool]{}.local(oo), local: true, off: oo},
	}
	var fs []frameFunc
	for i, l := range a.Lhs {
		id := identOf(l)
		if id.Name == "_" {
			continue
		}
		if o := c.info.Defs[id]; a.Tok == token.DEFINE && o != nil {
			fs = append(fs, c.declare(o).init(c.convert(l, slots[i], c.typ(o.Type()))))
			continue
		}
		before := c.order(l)
		fs = append(fs, first(before, c.store(l, c.convert(l, slots[i], c.typeOf(l)))))
	}
	run := sequence(fs)
	return func(fr *frame, v reflect.Value, ok bool) {
		reflect.NewAt(er, unsafe.Add(fr.p, vo)).Elem().Set(v)
		*(*bool)(unsafe.Add(fr.p, oo)) = ok
		run(fr)
	}
}

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
	return c.store(e, c.convert(e, src, c.typeOf(e)))
}

// rangeVars makes both loop variables take their values: the first function
// runs when the key is there, the second when the value is there too.
func (c *compiler) rangeVars(s *ast.RangeStmt, key, val ex) (setK, setV frameFunc) {
	blank := func(e ast.Expr) bool { return e == nil || identOf(e).Name == "_" }
	if s.Tok == token.DEFINE || blank(s.Key) || blank(s.Value) {
		return c.rangeVar(s, s.Key, key), c.rangeVar(s, s.Value, val)
	}
	// An assignment of two values: the operands of both places come first.
	keep, val := c.save(val)
	fs := []frameFunc{keep}
	fs = append(fs, c.hoistPlaces([]ast.Expr{s.Key, s.Value})...)
	preK, storeK := c.deferredStore(s.Key, c.convert(s.Key, key, c.typeOf(s.Key)))
	preV, storeV := c.deferredStore(s.Value, c.convert(s.Value, val, c.typeOf(s.Value)))
	fs = append(append(append(fs, preK...), preV...), storeK, storeV)
	return func(*frame) {}, sequence(fs)
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
	recv, elem, er := c.receiverOf(ch, s.X.Pos())
	val := c.slot(elem)
	setK := c.rangeVar(s, s.Key, val)
	body := c.loopBody(s.Body, nil)
	pos := s.Pos()
	return func(fr *frame) ctl {
		fr.pos = pos
		set(fr)
		for {
			poll(fr)
			v, ok := recv(fr)
			if !ok {
				return ctlNext
			}
			reflect.NewAt(er, unsafe.Add(fr.p, val.off)).Elem().Set(v)
			setK(fr)
			if r := body(fr); r != ctlNext {
				if leave, out := loopEnd(fr, r, label); leave {
					return out
				}
			}
		}
	}
}

// rangeFunc compiles a loop over a function: the body becomes the function's
// argument. It runs in the frame of the loop, on the stack of the function.
func (c *compiler) rangeFunc(s *ast.RangeStmt, u *types.Signature, label int) stmtFunc {
	x := c.expr(s.X)
	f := x.fn.(addrFunc)
	yield := u.Params().At(0).Type().Underlying().(*types.Signature)
	yt := c.m.rtype(yield)
	layout := c.m.layout(c.m.rtype(u))
	yl := c.m.layout(yt)
	var sets []frameFunc
	var slots []ex
	for i := range yield.Params().Len() {
		sl := c.slot(yield.Params().At(i).Type())
		slots = append(slots, sl)
	}
	switch len(slots) {
	case 1:
		sets = append(sets, c.rangeVar(s, s.Key, slots[0]))
	case 2:
		setK, setV := c.rangeVars(s, slots[0], slots[1])
		sets = append(sets, setK, setV)
	}
	body := c.loopBody(s.Body, nil)
	m := c.m
	pos := s.Pos()
	return func(fr *frame) ctl {
		fr.pos = pos
		var k callee
		m.resolveFunc(f(fr), layout, &k)
		out := ctlNext
		state := 0 // 0 ready, 1 running, 2 done
		panicked := false
		yc := &code{name: fr.code.name, sig: yl, frame: yl.block, ftype: yl.native.ftype, m: m}
		yc.body = func(yf *frame) {
			switch state {
			case 1:
				panic(rangeError("range function continued iteration after function for loop body returned false"))
			case 2:
				panic(rangeError("range function continued iteration after whole loop exit"))
			}
			state = 1
			for i, sl := range slots {
				laneOf(sl.rt).copy(unsafe.Add(fr.p, sl.off), unsafe.Add(yf.p, yl.paramOffs[i]))
			}
			// The loop's frame is not the top of its stack now: calls made by
			// the body must use frames above the iterator's.
			saved := fr.th
			fr.th = yf.th
			ok := false
			defer func() {
				fr.th = saved
				if !ok {
					state, panicked = 2, true
				}
			}()
			poll(fr)
			for _, set := range sets {
				set(fr)
			}
			r := body(fr)
			ok = true
			more := true
			if r != ctlNext {
				var leave bool
				leave, out = loopEnd(fr, r, label)
				more = !leave
			}
			if more {
				state = 0
			}
			*(*bool)(unsafe.Add(yf.p, yl.resultOffs[0])) = more
		}
		cl := &closure{m: m, code: yc}
		fv := cl.newFunc(yt)
		nf := fr.th.enter(k.frameCode(layout), k.boxes)
		*(*unsafe.Pointer)(unsafe.Add(nf.p, layout.paramOffs[0])) = fv
		k.start(nf)
		if panicked {
			panic(rangeError("range function recovered a loop body panic and did not resume panicking"))
		}
		state = 2
		return out
	}
}

type rangeError string

func (e rangeError) Error() string { return "runtime error: " + string(e) }
func (rangeError) RuntimeError()   {}
