package exec

import (
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"unsafe"

	"github.com/priorlab/priorlab/kernel/cell/internal/rt"
)

// Body compiles the statements of a cell. They run one after the other; their
// top-level variables are globals.
type Body struct {
	m      *Machine
	c      *compiler
	cd     *code
	run    []stmtFunc
	last   []resultRead
	labels map[int]int // label to index in run
}

type resultRead struct {
	rt  reflect.Type
	off uintptr
}

// NewBody begins the body of a cell; root is the syntax of all its statements,
// for the analysis of what escapes.
func (m *Machine) NewBody(info *types.Info, root ast.Node) *Body {
	cd := &code{name: "cell", m: m}
	if l, ok := root.(*ast.BlockStmt); ok && len(l.List) > 0 {
		cd.pos = l.List[0].Pos()
	}
	c := &compiler{m: m, info: info, code: cd, esc: escaping(root, info),
		vars: map[types.Object]*variable{}, capIdx: map[types.Object]int{}, labels: map[types.Object]int{}}
	cd.sig = m.layout(reflect.TypeFor[func()]())
	return &Body{m: m, c: c, cd: cd, labels: map[int]int{}}
}

// Statements adds statements.
func (b *Body) Statements(list []ast.Stmt) {
	b.c.defers = b.c.defers || hasDefer(&ast.BlockStmt{List: list})
	for _, s := range list {
		if l, ok := s.(*ast.LabeledStmt); ok {
			b.labels[b.c.label(b.c.info.Defs[l.Label])] = len(b.run)
		}
		if f := b.c.stmt(s); f != nil {
			b.run = append(b.run, f)
		}
	}
}

// Define adds the initialisation of package-level variables.
func (b *Body) Define(lhs []*ast.Ident, rhs []ast.Expr, typ ast.Expr) {
	es := make([]ast.Expr, len(lhs))
	for i, l := range lhs {
		es[i] = l
	}
	var want types.Type
	if typ != nil {
		want = b.c.typeOf(typ)
	}
	if len(rhs) == 0 {
		b.add(lhs[0].Pos(), b.c.varSpec(&ast.ValueSpec{Names: lhs, Type: typ}))
		return
	}
	b.add(lhs[0].Pos(), b.c.defineAll(es, rhs, want))
}

// add adds a step at a position.
func (b *Body) add(pos token.Pos, f frameFunc) {
	b.run = append(b.run, b.c.hook(pos, at(pos, f)))
}

// Native adds a step that another executor runs.
func (b *Body) Native(pos token.Pos, run func()) {
	b.run = append(b.run, at(pos, func(fr *frame) {
		poll(fr)
		run()
	}))
}

// Call adds a call of a declared function without parameters.
func (b *Body) Call(o *types.Func) {
	fn := b.m.funcFor(o, nil)
	b.run = append(b.run, func(fr *frame) ctl {
		fr.th.enter(fn.code, nil).exec()
		return ctlNext
	})
}

// Result adds the trailing expression, whose values are kept.
func (b *Body) Result(e ast.Expr) {
	c := b.c
	t := c.info.TypeOf(e)
	if tup, ok := t.(*types.Tuple); ok {
		if tup.Len() == 0 {
			b.add(e.Pos(), c.effectOf(e))
			return
		}
		run, slots := c.tuple(e)
		b.add(e.Pos(), run)
		for _, s := range slots {
			b.last = append(b.last, resultRead{s.rt, s.off})
		}
		return
	}
	if t == nil || c.info.Types[e].IsVoid() {
		b.add(e.Pos(), c.effectOf(e))
		return
	}
	var x ex
	before := c.order(e)
	if isUntyped(t) {
		x = c.exprTo(e, types.Default(t)).before(before)
	} else {
		x = c.expr(e).before(before)
	}
	off := c.temp(x.rt)
	b.add(e.Pos(), x.lane().setLocal(off, x.fn))
	b.last = append(b.last, resultRead{x.rt, off})
}

// Discard adds a call whose values are dropped; the last is an error, and seen
// is given it unless it is nil.
func (b *Body) Discard(e ast.Expr, seen func(err error)) {
	c := b.c
	var last resultRead
	if _, ok := c.info.TypeOf(e).(*types.Tuple); ok {
		run, slots := c.tuple(e)
		s := slots[len(slots)-1]
		b.add(e.Pos(), run)
		last = resultRead{s.rt, s.off}
	} else {
		before := c.order(e)
		x := c.expr(e).before(before)
		last = resultRead{x.rt, c.temp(x.rt)}
		b.add(e.Pos(), x.lane().setLocal(last.off, x.fn))
	}
	b.run = append(b.run, func(fr *frame) ctl {
		if err, ok := last.value(fr).(error); ok {
			seen(err)
		}
		return ctlNext
	})
}

// value is what stands in the frame.
func (r resultRead) value(fr *frame) any {
	p := unsafeNew(rt.Pointer(r.rt))
	typedmemmove(rt.Pointer(r.rt), p, unsafe.Add(fr.p, r.off))
	return reflect.NewAt(r.rt, p).Elem().Interface()
}

// Finish compiles everything the body needs.
func (b *Body) Finish() {
	run, labels := b.run, b.labels
	do := func(fr *frame) {
		for i := 0; i < len(run); i++ {
			r := run[i](fr)
			if r == ctlGoto {
				if to, ok := labels[fr.target]; ok {
					poll(fr)
					i = to - 1
					continue
				}
			}
			if r != ctlNext {
				return
			}
		}
	}
	b.cd.body = b.c.watchedCall(b.c.watchedBody(do))
	b.cd.frame, _ = pack(b.cd.fields)
	b.cd.ftype = rt.Pointer(b.cd.frame)
	b.m.Flush()
}

// RunAll executes the bodies of a cell's parts on a goroutine of the run and
// returns the last one's trailing values. Deferred calls run when all have
// ended. Before each part begins is called.
func (m *Machine) RunAll(t *Thread, bodies []*Body, begins func(i int)) (vals []any) {
	th := (*thread)(t)
	th.cell = true
	deferring := false
	for _, b := range bodies {
		deferring = deferring || b.c.defers
	}
	var home *frame
	do := func(fr *frame) {
		if deferring {
			home = fr
		}
		for i, b := range bodies {
			begins(i)
			vals = b.exec(th, home, nil)
		}
	}
	if !deferring {
		do(nil)
		return vals
	}
	fr := th.enter(m.layout(reflect.TypeFor[func()]()).native, nil)
	withDefers(do)(fr)
	th.sp--
	return vals
}

func (b *Body) exec(th *thread, home *frame, boxes []unsafe.Pointer) []any {
	nf := th.enter(b.cd, boxes)
	nf.home = home
	nf.exec()
	var vals []any
	for _, r := range b.last {
		vals = append(vals, r.value(nf))
	}
	return vals
}

// Locked runs f, which compiles or changes the machine, while no running
// goroutine looks up methods.
func (m *Machine) Locked(f func()) {
	m.lookup.Lock()
	defer m.lookup.Unlock()
	f()
}

// Types lists the types that have a run-time type.
func (m *Machine) Types() []types.Type {
	var ts []types.Type
	m.types.Iterate(func(t types.Type, _ any) { ts = append(ts, t) })
	return ts
}
