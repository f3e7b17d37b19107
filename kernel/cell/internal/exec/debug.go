package exec

import (
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"unsafe"
	"weak"
)

// Code compiled while a Watch is set carries a hook before each statement, and
// one where each function returns or panics. Code compiled without one is what
// it always was, so that not watching costs nothing. When a watch begins or
// ends, the bodies of the functions and literals there are are compiled again
// and put in place of the old ones, whose frames are laid out alike. A call
// under way keeps the body it began with.

// watching is the machine's watch, and what it takes to compile code again.
type watching struct {
	watch     *Watch
	codes     []weak.Pointer[code]
	forgotten map[*types.Var]forgotten
}

// forgotten is a global that no name reaches any more, though code may.
type forgotten struct {
	p  weak.Pointer[byte]
	rt reflect.Type
}

// Watch begins watching. The caller holds what guards compilation.
func (m *Machine) Watch(w *Watch) {
	m.watching.watch = w
	m.remake()
}

// Unwatch ends the watch; whatever stands goes on.
func (m *Machine) Unwatch() {
	w := m.watching.watch
	if w == nil {
		return
	}
	m.watching.watch = nil
	w.end()
	m.remake()
}

// register remembers code that can be compiled again.
func (m *Machine) register(cd *code, again func(into *code)) {
	cd.again = again
	list := m.watching.codes
	if len(list) == cap(list) { // about to grow: drop what is gone
		kept := list[:0]
		for _, p := range list {
			if p.Value() != nil {
				kept = append(kept, p)
			}
		}
		list = kept
	}
	m.watching.codes = append(list, weak.Make(cd))
}

// remake compiles code again, now with hooks or now without.
func (m *Machine) remake() {
	w := m.watching.watch
	for v, f := range m.watching.forgotten {
		if p := f.p.Value(); p != nil {
			m.globals[v] = global{p: unsafe.Pointer(p), rt: f.rt, keep: reflect.NewAt(f.rt, unsafe.Pointer(p))}
			defer delete(m.globals, v)
		} else {
			delete(m.watching.forgotten, v)
		}
	}
	for _, p := range append([]weak.Pointer[code](nil), m.watching.codes...) {
		cd := p.Value()
		if cd != nil && (w == nil && cd.known != nil || w != nil && w.Mine(cd.pos)) {
			m.remakeOne(cd)
		}
	}
	m.Flush()
}

// remakeOne leaves cd as it is if it cannot be compiled again.
func (m *Machine) remakeOne(cd *code) {
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(*Refusal); !ok {
				panic(r)
			}
		}
	}()
	n := &code{name: cd.name, m: cd.m, pos: cd.pos}
	cd.again(n)
	if n.ftype == cd.ftype && n.recvOff == cd.recvOff {
		cd.known, cd.body = n.known, n.body
	}
}

// forget keeps a way to a global for code that is compiled again.
func (m *Machine) forget(v *types.Var, g global) {
	if g.rt.Size() == 0 {
		return
	}
	if m.watching.forgotten == nil {
		m.watching.forgotten = map[*types.Var]forgotten{}
	}
	m.watching.forgotten[v] = forgotten{weak.Make((*byte)(g.p)), g.rt}
}

// watch is the watch that the code being compiled is under, or nil.
func (c *compiler) watch() *Watch {
	if c.unwatched {
		return nil
	}
	return c.m.watching.watch
}

// hook makes f stop at pos.
func (c *compiler) hook(pos token.Pos, f stmtFunc) stmtFunc {
	w := c.watch()
	if w == nil || f == nil {
		return f
	}
	s := w.Site(pos)
	if s == nil {
		return f
	}
	return func(fr *frame) ctl {
		fr.pos = pos
		w.reach(fr, s)
		return f(fr)
	}
}

// stmt compiles a statement.
func (c *compiler) stmt(s ast.Stmt) stmtFunc {
	f := c.statement(s)
	switch s.(type) {
	case *ast.BlockStmt, *ast.EmptyStmt, *ast.LabeledStmt:
		return f // what is within stops
	}
	return c.hook(s.Pos(), f)
}

// loopBody compiles the body of a loop. Whoever steps past its end is back at
// the loop's head.
func (c *compiler) loopBody(body *ast.BlockStmt, post ast.Stmt) stmtFunc {
	run := c.block(body.List)
	if c.watch() == nil || post != nil { // the post statement stops itself
		return run
	}
	head := c.hook(body.Lbrace, func(*frame) ctl { return ctlNext })
	return func(fr *frame) ctl {
		r := run(fr)
		if r == ctlNext || r == ctlContinue {
			head(fr)
		}
		return r
	}
}

// watchedBody makes a body stop where it panics.
func (c *compiler) watchedBody(do frameFunc) frameFunc {
	w := c.watch()
	if w == nil || !w.Mine(c.code.pos) {
		return do
	}
	c.code.known = c
	return func(fr *frame) {
		done := false
		defer func() {
			if done || !w.panics.Load() {
				return
			}
			if v := recover(); v != nil {
				panic(w.panicked(fr, v))
			}
		}()
		do(fr)
		done = true
	}
}

// watchedCall makes a function stop where it returns.
func (c *compiler) watchedCall(do frameFunc) frameFunc {
	w := c.watch()
	if w == nil || !w.Mine(c.code.pos) {
		return do
	}
	return func(fr *frame) {
		do(fr)
		if w.alert.Load() {
			w.returned(fr)
		}
	}
}

// View is a call in progress on a goroutine that stands.
type View struct {
	Func string
	Pos  token.Pos
	fr   *frame
	c    *compiler // that knows its variables; nil for code without hooks
}

// maxViews bounds the calls shown of a deep recursion.
const maxViews = 500

// views lists calls, innermost first: fr, which runs on th, and what is below
// the top of th's stack. The body of a loop over a function runs in the loop's
// frame and on the function's stack.
func views(th *thread, top int, fr *frame) []*View {
	var vs []*View
	for t := th; t != nil; t = t.parent {
		i := min(t.sp, len(t.stack)-1)
		if t == th {
			i = top
		}
		for ; i > 0 && len(vs) < maxViews; i-- {
			f := t.stack[i]
			if len(vs) == 0 && fr != nil {
				f = fr
			}
			if f.code != nil && f.code.name != "native" {
				vs = append(vs, &View{Func: f.code.name, Pos: f.pos, fr: f, c: f.code.known})
			}
		}
	}
	return vs
}

// Local is a name in scope within a function, other than a package-level one.
type Local struct {
	Name     string
	Obj      types.Object  // a variable, constant or type
	Type     types.Type    // with type arguments in place
	Value    reflect.Value // of a variable: addressable
	Captured bool          // it belongs to an enclosing function
}

// Locals lists what is in scope, innermost first; a shadowed name is left out.
func (v *View) Locals() (ls []Local) {
	c := v.c
	if c == nil {
		return nil
	}
	var in *types.Scope
	for _, s := range c.info.Scopes {
		if s.Contains(v.Pos) && (in == nil || s.End()-s.Pos() < in.End()-in.Pos()) {
			in = s
		}
	}
	seen := map[string]bool{"_": true}
	for ; in != nil && in.Contains(v.Pos); in = in.Parent() {
		for _, n := range in.Names() {
			if _, o := in.LookupParent(n, v.Pos); o == nil || o != in.Lookup(n) || seen[n] {
				continue
			}
			if l, ok := v.local(in.Lookup(n)); ok {
				ls = append(ls, l)
				seen[n] = true
			}
		}
	}
	return ls
}

func (v *View) local(o types.Object) (l Local, ok bool) {
	c := v.c
	l = Local{Name: o.Name(), Obj: o}
	switch o.(type) {
	case *types.Const:
		l.Type = c.typ(o.Type())
		return l, true
	case *types.TypeName:
		if p, is := o.Type().(*types.TypeParam); is {
			if c.env == nil {
				return l, false
			}
			l.Type = c.env.m[p]
			return l, l.Type != nil
		}
		l.Type = o.Type()
		return l, c.env == nil
	case *types.Var:
		var p unsafe.Pointer
		if x := c.vars[o]; x != nil {
			p = unsafe.Add(v.fr.p, x.off)
			if x.boxed {
				p = *(*unsafe.Pointer)(p)
			}
		} else if i, has := c.capIdx[o]; has && i < len(v.fr.boxes) {
			p, l.Captured = v.fr.boxes[i], true
		}
		if p == nil {
			return l, false
		}
		l.Type = c.typ(o.Type())
		l.Value = reflect.NewAt(c.m.rtype(l.Type), p).Elem()
		return l, true
	}
	return l, false
}

// Key is the same for frames whose variables are laid out alike.
func (v *View) Key() any { return v.c }

// Storage is where a variable that Locals listed lies.
func (v *View) Storage(o types.Object) (reflect.Value, bool) {
	if v == nil || v.c == nil {
		return reflect.Value{}, false
	}
	l, ok := v.local(o)
	return l.Value, ok && l.Value.IsValid()
}

// Within runs f on the goroutine of v, which does not stop meanwhile, and
// reports a panic.
func (m *Machine) Within(v *View, f func(*Thread)) (val any, tr []Frame) {
	return m.goOn(v.fr.th.run, true, f)
}

// NewFrameBody begins a body whose free variables are vars; RunWith tells where
// they lie. It carries no hooks.
func (m *Machine) NewFrameBody(info *types.Info, root ast.Node, vars []*types.Var) *Body {
	b := m.NewBody(info, root)
	b.c.unwatched = true
	for i, v := range vars {
		b.c.caps = append(b.c.caps, v)
		b.c.capIdx[v] = i
	}
	return b
}

// RunWith executes the body with the variables it was made for and returns its
// trailing values.
func (b *Body) RunWith(t *Thread, vars []reflect.Value) []any {
	boxes := make([]unsafe.Pointer, len(vars))
	for i, v := range vars {
		boxes[i] = v.Addr().UnsafePointer()
	}
	return b.exec((*thread)(t), nil, boxes)
}
