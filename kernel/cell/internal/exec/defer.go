package exec

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"reflect"
	"time"
	"unsafe"

	"github.com/priorlab/priorlab/kernel/cell/internal/rt"
)

var constOne = constant.MakeInt64(1)

// panicking is a panic on its way through deferred calls.
type panicking struct {
	val       any
	trace     []Frame
	recovered bool
}

// deferred is a call to make when the function ends; its arguments are already
// evaluated.
type deferred struct {
	k    callee
	args unsafe.Pointer
	how  *later
	do   func(p *panicking) // of what is no call of a function
}

// later is what one defer or go statement always does.
type later struct {
	block     unsafe.Pointer // the type of the arguments
	pos       token.Pos
	reflected bool // the function called may recover for package reflect
}

func (d *deferred) run(th *thread, p *panicking) {
	k := &d.k
	switch {
	case d.do != nil:
		d.do(p)
	case k.how != nil:
		if d.how.reflected || k.wraps {
			th.passing = p
		}
		k.how.call(k.fn, k.recv, d.args)
	default:
		nf := th.enter(k.code, k.boxes)
		typedmemmove(d.how.block, nf.p, d.args)
		nf.rec = p
		nf.pos = d.how.pos
		k.start(nf)
	}
}

// recover is the built-in: the value of the panic that runs this frame's
// deferred call.
func (fr *frame) recover() any {
	p := fr.rec
	if p == nil || p.recovered {
		return nil
	}
	switch p.val.(type) {
	case Stopped, Exit, *Refusal:
		return nil
	}
	p.recovered = true
	return p.val
}

// withDefers runs a body and then its deferred calls, however it ends.
func withDefers(do frameFunc) frameFunc {
	return func(fr *frame) {
		th := fr.th
		sp := th.sp
		fr.defers = fr.defers[:0]
		done := false
		defer func() {
			var p *panicking
			if !done {
				if v := recover(); v != nil {
					p = &panicking{val: v, trace: th.trace()}
					if r, ok := v.(*repanic); ok {
						p.val, p.trace = r.val, r.trace
					}
				}
			}
			th.sp = sp
			runDeferred(fr, p)
		}()
		do(fr)
		done = true
	}
}

func runDeferred(fr *frame, p *panicking) {
	th := fr.th
	sp := th.sp
	if p != nil {
		if _, stopped := p.val.(Stopped); stopped && th.grace.IsZero() {
			th.grace = time.Now().Add(100 * time.Millisecond)
		}
	}
	if p != nil {
		if _, exit := p.val.(Exit); exit { // os.Exit runs no deferred calls
			fr.defers = fr.defers[:0]
		}
	}
	for len(fr.defers) > 0 {
		d := fr.defers[len(fr.defers)-1]
		fr.defers = fr.defers[:len(fr.defers)-1]
		if q := try(th, &d, p); q != nil {
			p = q // the new panic replaces the old one
		} else if p != nil && p.recovered {
			p = nil
		}
		th.sp = sp
	}
	if p != nil {
		panic(&repanic{val: p.val, trace: p.trace})
	}
}

// try makes a deferred call and reports a panic in it.
func try(th *thread, d *deferred, p *panicking) (q *panicking) {
	done := false
	defer func() {
		if done {
			return
		}
		if v := recover(); v != nil {
			q = &panicking{val: v, trace: th.trace()}
			if r, ok := v.(*repanic); ok {
				q.val, q.trace = r.val, r.trace
			}
		}
	}()
	d.run(th, p)
	done = true
	return nil
}

func (c *compiler) deferStmt(s *ast.DeferStmt) frameFunc {
	prepare := c.prepared(s.Call)
	return func(fr *frame) {
		d := prepare(fr)
		if fr.home != nil {
			fr = fr.home
		}
		fr.defers = append(fr.defers, d)
	}
}

// prepared compiles a call whose function and arguments are evaluated now and
// which is made later.
func (c *compiler) prepared(e *ast.CallExpr) func(*frame) deferred {
	if tv := c.info.Types[e.Fun]; tv.IsBuiltin() {
		return c.preparedBuiltin(e)
	} else if tv.IsType() {
		x := c.expr(e)
		run := x.lane().run(x.fn)
		return func(fr *frame) deferred { run(fr); return deferred{do: func(*panicking) {}} }
	}
	p := c.planCall(e, true)
	args := p.args
	how := &later{block: p.layout.native.ftype, pos: p.pos, reflected: c.reflected(e)}
	resolve := p.resolve
	if p.static != nil {
		fn := p.static
		resolve = func(*frame) callee { return callee{code: fn.code} }
	} else if k := (callee{fn: p.fn, how: p.how}); k.how != nil {
		resolve = func(*frame) callee { return k }
	}
	recvT := p.recvT
	first := p.first
	return func(fr *frame) deferred {
		if first != nil {
			first(fr)
		}
		k := resolve(fr)
		b := unsafeNew(how.block)
		for i := range args {
			a := &args[i]
			if a.recv {
				q := unsafeNew(rt.Pointer(recvT))
				a.into(fr, q)
				k.recv = q
				continue
			}
			a.into(fr, unsafe.Add(b, a.off))
		}
		if k.none {
			nilDeref()
		}
		return deferred{k: k, args: b, how: how}
	}
}

// reflected reports whether e calls a function through package reflect, so that
// the function called is the one that may recover.
func (c *compiler) reflected(e *ast.CallExpr) bool {
	id := calleeIdent(e.Fun)
	if id == nil {
		return false
	}
	f, ok := c.info.Uses[id].(*types.Func)
	return ok && (f.FullName() == "(reflect.Value).Call" || f.FullName() == "(reflect.Value).CallSlice")
}

func (c *compiler) preparedBuiltin(e *ast.CallExpr) func(*frame) deferred {
	name := calleeIdent(e.Fun).Name
	if name == "print" || name == "println" {
		return c.preparedPrint(e, name)
	}
	before := c.order(e.Args...)
	var vals []func(*frame) reflect.Value
	for _, a := range e.Args {
		x := c.expr(a)
		if name == "panic" {
			x = c.convert(a, x, types.NewInterfaceType(nil, nil))
		}
		if isUntyped(x.t) && x.konst.IsValid() {
			x.t = types.Default(x.t)
		}
		vals = append(vals, toReflect(x.rt, x.fn))
	}
	var mt *types.Map
	if name == "delete" {
		mt = c.typeOf(e.Args[0]).Underlying().(*types.Map)
		k := c.exprTo(e.Args[1], mt.Key())
		vals[1] = toReflect(k.rt, k.fn)
	}
	return func(fr *frame) deferred {
		if before != nil {
			before(fr)
		}
		vs := make([]reflect.Value, len(vals))
		for i, v := range vals {
			vs[i] = v(fr)
		}
		return deferred{do: func(p *panicking) {
			switch name {
			case "close":
				vs[0].Close()
			case "panic":
				panic(vs[0].Interface())
			case "delete":
				vs[0].SetMapIndex(vs[1], reflect.Value{})
			case "clear":
				vs[0].Clear()
			case "recover": // called by fr, which may itself be a deferred call
				if p == nil {
					fr.recover()
				}
			}
		}}
	}
}

func (c *compiler) preparedPrint(e *ast.CallExpr, name string) func(*frame) deferred {
	before := c.order(e.Args...)
	spread, vals := c.printOperands(e)
	first := sequence([]frameFunc{first(before, func(*frame) {}), first(spread, func(*frame) {})})
	out := c.m.cfg.Print
	return func(fr *frame) deferred {
		first(fr)
		vs := make([]any, len(vals))
		for i, v := range vals {
			vs[i] = v(fr)
		}
		return deferred{do: func(*panicking) {
			if out != nil {
				out(printLine(name, vs))
			}
		}}
	}
}

func (c *compiler) goStmt(s *ast.GoStmt) frameFunc {
	prepare := c.prepared(s.Call)
	m := c.m
	return func(fr *frame) {
		d := prepare(fr)
		run := fr.th.run
		run.live.Add(1)
		born := fr.pos
		m.goroutines.Add(1)
		go func() {
			defer func() { m.goroutines.Add(-1); run.live.Add(-1) }()
			th := m.newThread(run, nil)
			th.born = born
			setLabels(unsafe.Pointer(th))
			defer func() { th.g = 0 }()
			val, tr := m.protect(th, func() { d.run(th, nil) })
			if val == nil || Goexit(val) {
				return
			}
			if _, stopped := val.(Stopped); stopped {
				return
			}
			if run.Fault != nil {
				run.Fault(val, tr)
			}
		}()
	}
}

// Live is the number of goroutines of the run that are still there.
func (r *Run) Live() int { return int(r.live.Load()) }
