package exec

import (
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"runtime"
	"unsafe"
)

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
		fs = append(fs, c.assignAll([]ast.Expr{l}, c.standFor(l, slots[i:i+1])))
	}
	run := sequence(fs)
	return func(fr *frame, v reflect.Value, ok bool) {
		reflect.NewAt(er, unsafe.Add(fr.p, vo)).Elem().Set(v)
		*(*bool)(unsafe.Add(fr.p, oo)) = ok
		run(fr)
	}
}
