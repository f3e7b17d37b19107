package exec

import (
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"runtime"
	"unsafe"
)

//go:linkname chanrecv reflect.chanrecv
func chanrecv(ch unsafe.Pointer, nb bool, val unsafe.Pointer) (selected, received bool)

//go:linkname chansend reflect.chansend0
func chansend(ch, val unsafe.Pointer, nb bool) bool

//go:linkname rselect reflect.rselect
func rselect(cases []selectCase) (chosen int, received bool)

// selectCase is a case of a select as package reflect gives it to the runtime.
type selectCase struct {
	dir uintptr
	typ unsafe.Pointer
	ch  unsafe.Pointer
	val unsafe.Pointer // what is sent, or where what is received goes
}

const (
	_ = iota
	selectSend
	selectRecv
	selectDefault
)

// stopCase is the case of a run that is stopped.
func (th *thread) stopCase() selectCase {
	done := th.run.done
	return selectCase{dir: selectRecv, ch: *(*unsafe.Pointer)(unsafe.Pointer(&done))}
}

// await waits for one of the cases, the last of which is stopCase.
func (th *thread) await(cases []selectCase) (i int, received bool) {
	th.block(func() { i, received = rselect(cases) })
	if i == len(cases)-1 {
		th.checkStop()
		panic(Stopped{})
	}
	return i, received
}

// receiver compiles <-ch, which goes to dst; ok is false when ch is closed. The
// wait ends when the run is stopped.
func (c *compiler) receiver(e *ast.UnaryExpr) (recv func(fr *frame, dst unsafe.Pointer) (ok bool), elem types.Type) {
	before := c.order(e.X)
	return c.receiverOf(c.expr(e.X).before(before), e.Pos())
}

func (c *compiler) receiverOf(x ex, pos token.Pos) (recv func(fr *frame, dst unsafe.Pointer) (ok bool), elem types.Type) {
	ch := x.fn.(addrFunc)
	return func(fr *frame, dst unsafe.Pointer) bool {
		q := ch(fr)
		fr.pos = pos
		if q != nil {
			if now, ok := chanrecv(q, true, dst); now {
				return ok
			}
		}
		_, ok := fr.th.await([]selectCase{{dir: selectRecv, ch: q, val: dst}, fr.th.stopCase()})
		return ok
	}, x.t.Underlying().(*types.Chan).Elem()
}

func (c *compiler) receive(e *ast.UnaryExpr) ex {
	recv, elem := c.receiver(e)
	r := c.m.rtype(elem)
	return ex{t: elem, rt: r, fn: laneOf(r).viaInto(c.temp(r), func(fr *frame, dst unsafe.Pointer) { recv(fr, dst) })}
}

func (c *compiler) send(s *ast.SendStmt) frameFunc {
	before := c.order(s.Chan, s.Value)
	x := c.expr(s.Chan)
	y := c.exprTo(s.Value, x.t.Underlying().(*types.Chan).Elem())
	ch, into, off := x.fn.(addrFunc), y.into(), c.temp(y.rt)
	return func(fr *frame) {
		if before != nil {
			before(fr)
		}
		q, val := ch(fr), unsafe.Add(fr.p, off)
		into(fr, val)
		if q != nil && chansend(q, val, true) {
			return
		}
		fr.th.await([]selectCase{{dir: selectSend, ch: q, val: val}, fr.th.stopCase()})
		// The receiver goes on first, as it does in compiled programs, where it
		// needs a hundredth of the time.
		runtime.Gosched()
		runtime.Gosched()
	}
}

// clause is a case of a select statement.
type clause struct {
	dir     uintptr
	channel addrFunc // nil for the default case
	send    func(*frame, unsafe.Pointer)
	off     uintptr // of the value
	keep    bool    // what is received is used
	bind    func(fr *frame, ok bool)
	body    stmtFunc
}

func (c *compiler) selectStmt(s *ast.SelectStmt, label int) stmtFunc {
	var cs []clause
	var def stmtFunc
	for _, st := range s.Body.List {
		cc := st.(*ast.CommClause)
		cl := clause{dir: selectRecv}
		switch comm := cc.Comm.(type) {
		case *ast.SendStmt:
			before := c.order(comm.Chan)
			x := c.expr(comm.Chan).before(before)
			before = c.order(comm.Value)
			y := c.exprTo(comm.Value, x.t.Underlying().(*types.Chan).Elem()).before(before)
			cl = clause{dir: selectSend, channel: x.fn.(addrFunc), send: y.into(), off: c.temp(y.rt)}
		case *ast.ExprStmt:
			cl.channel = c.received(comm.X)
		case *ast.AssignStmt:
			cl.channel, cl.keep = c.received(comm.Rhs[0]), true
			cl.off, cl.bind = c.bindReceived(comm)
		}
		cl.body = c.block(cc.Body)
		if cc.Comm == nil {
			def = cl.body
			continue
		}
		cs = append(cs, cl)
	}
	n, pos := len(cs), s.Pos()
	room := c.temp(reflect.ArrayOf(n+1, reflect.TypeFor[selectCase]()))
	return func(fr *frame) ctl {
		fr.pos = pos
		th := fr.th
		if th.run.stop.Load() != 0 {
			th.checkStop()
		}
		cases := unsafe.Slice((*selectCase)(unsafe.Add(fr.p, room)), n+1)
		for i := range cs {
			cl := &cs[i]
			k := selectCase{dir: cl.dir, ch: cl.channel(fr)}
			if cl.send != nil || cl.keep {
				k.val = unsafe.Add(fr.p, cl.off)
			}
			if cl.send != nil {
				cl.send(fr, k.val)
			}
			cases[i] = k
		}
		cases[n] = selectCase{dir: selectDefault}
		i, ok := rselect(cases)
		body := def
		if i == n && def == nil {
			cases[n] = th.stopCase()
			i, ok = th.await(cases)
		}
		if i < n {
			if body = cs[i].body; cs[i].bind != nil {
				cs[i].bind(fr, ok)
			}
		}
		r := body(fr)
		if r == ctlBreak || r == ctlBreakLabel && label != 0 && fr.target == label {
			return ctlNext
		}
		return r
	}
}

// received compiles the channel that a case of a select receives from.
func (c *compiler) received(e ast.Expr) addrFunc {
	of := ast.Unparen(e).(*ast.UnaryExpr).X
	before := c.order(of)
	return c.expr(of).before(before).fn.(addrFunc)
}

// bindReceived compiles the assignment of a select's receive case, whose value
// is received at off.
func (c *compiler) bindReceived(a *ast.AssignStmt) (off uintptr, bind func(fr *frame, ok bool)) {
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
	return vo, func(fr *frame, ok bool) {
		*(*bool)(unsafe.Add(fr.p, oo)) = ok
		run(fr)
	}
}
