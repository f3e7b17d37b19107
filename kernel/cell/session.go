package cell

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/priorlab/priorlab/kernel/cell/internal/exec"
	"github.com/priorlab/priorlab/symbols"
	_ "github.com/priorlab/priorlab/symbols/all" // what cells may import
)

// Session holds what cells have defined: objects for the checker, storage and
// code for the machine.
type Session struct {
	opt      Options
	fset     *token.FileSet
	importer *symbols.Importer
	pkg      *types.Package // main, with a fresh scope for each check
	machine  *exec.Machine
	streams  *streams
	plain    *plainCalls
	debug    *Debugger // nil when none was asked for

	mu      sync.RWMutex // guards what questions about code read
	live    map[string]types.Object
	imports map[string]string // name to path, of imports written in cells
	dots    []string          // paths imported with a dot
	sources *sources
	defined map[types.Object]place
	refused map[string]string // names that cells would have declared which did not check, and those cells

	pending map[string]types.Object // of earlier parts of the cell being checked
	added   []addition              // methods given to earlier types by the cell being checked
	temps   int
	library map[string]*library
	wakers  atomic.Bool // something outside may wake a cell
	running sync.Mutex
	closed  bool
}

// place is where an object was defined.
type place struct {
	cell      string
	line, col int
	doc       string
	uses      []types.Object // functions and variables its body mentions
}

// NewSession starts an empty session.
func NewSession(opt Options) (*Session, error) {
	s := &Session{
		opt:      opt,
		fset:     token.NewFileSet(),
		importer: symbols.NewImporter(),
		pkg:      types.NewPackage("main", "main"),
		live:     map[string]types.Object{},
		imports:  map[string]string{},
		defined:  map[types.Object]place{},
		refused:  map[string]string{},
		library:  map[string]*library{},
	}
	s.sources = newSources(s.fset)
	st, err := newStreams(opt)
	if err != nil {
		return nil, err
	}
	s.streams = st
	s.plain = newPlainCalls(s)
	s.machine = exec.New(exec.Config{
		Values:        s.values,
		Replace:       s.replace,
		ReplaceMethod: s.replaceMethod,
		Source:        s.sourceOf,
		Print:         func(text string) { fmt.Fprint(st.stderr, text) },
	})
	return s, nil
}

// Eval runs one cell to its end. It never panics; cancelling ctx interrupts
// the cell. One cell runs at a time.
func (s *Session) Eval(ctx context.Context, c Cell) (out Outcome) {
	s.running.Lock()
	defer s.running.Unlock()
	defer func() {
		if r := recover(); r != nil {
			out.Err = internalError(r)
		}
	}()
	defer s.streams.flush()
	if s.closed {
		out.Err = errors.New("the session is closed")
		return out
	}
	if gs := segments(c, s.isDefined); len(gs) > 1 || len(gs) == 1 && gs[0].name != "" {
		return s.evalSegments(ctx, gs)
	}
	return s.evalGo(ctx, c)
}

// evalGo runs a cell that is Go.
func (s *Session) evalGo(ctx context.Context, c Cell) Outcome {
	u, out := s.prepare(c)
	if u == nil {
		return out
	}
	s.run(ctx, u, &out)
	if u.parsed.quiet {
		out.Values = nil
	}
	return out
}

// prepare checks and compiles a cell; the unit is nil if that fails.
func (s *Session) prepare(c Cell) (*unit, Outcome) {
	began := time.Now()
	u, diags, notes := s.compile(c)
	if len(diags) > 0 {
		return nil, Outcome{Err: &CompileError{Diagnostics: diags}}
	}
	s.machine.Locked(s.machine.Commit)
	return u, Outcome{Notes: notes, Timing: Timing{Check: u.checked.Sub(began), Lower: time.Since(u.checked)}}
}

func internalError(r any) error {
	if ref, ok := r.(*exec.Refusal); ok {
		return &CompileError{Diagnostics: []Diagnostic{{Msg: ref.Msg}}}
	}
	return &RuntimeError{Name: "internal error", Value: fmt.Sprintf("the cell engine failed on this cell: %v", r), Panic: r}
}

// unit is a checked and compiled cell.
type unit struct {
	parsed *parsed
	parts  []*part
	bodies []*exec.Body

	reads map[string]bool // variables of type error that it reads
	lost  []lost          // errors of a run that it did not look at

	checked time.Time // when it had been
}

// compile checks a cell and compiles it; nothing of the session changes unless
// it succeeds.
func (s *Session) compile(c Cell) (u *unit, errs, notes []Diagnostic) {
	p, syntax := parse(s.fset, c)
	if len(syntax) > 0 {
		s.sources.discard(p.src)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.notRun(p)
		return nil, syntaxDiagnostics(p.src, syntax), nil
	}
	u = &unit{parsed: p}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tidy()
	s.sources.add(p.src)
	s.debug.know(p.src)
	s.pending = map[string]types.Object{}
	s.added = nil
	u.parts = s.cut(p)
	s.machine.Locked(func() {
		for i, pt := range u.parts {
			es, ns := s.check(p, pt, i == len(u.parts)-1)
			p.src.know(pt.info)
			errs, notes = append(errs, es...), append(notes, ns...)
			if len(es) > 0 {
				return
			}
			for _, n := range pt.scope.Names() {
				if pt.named[n] {
					s.pending[n] = pt.scope.Lookup(n)
				}
			}
		}
	})
	if len(errs) > 0 {
		s.notRun(p)
		return nil, errs, nil
	}
	u.checked = time.Now()
	defer func() {
		if r := recover(); r != nil {
			s.machine.Reset()
			ref, ok := r.(*exec.Refusal)
			if !ok {
				panic(r)
			}
			s.withdraw()
			errs = append(errs, s.diagnostic(p, ref.Pos, ref.Msg))
			u = nil
		}
	}()
	u.reads = readErrors(u.parts)
	s.machine.Locked(func() {
		for i, pt := range u.parts {
			s.listenFor(pt.info)
			u.bodies = append(u.bodies, s.build(u, pt, i))
		}
	})
	return u, nil, notes
}

// build compiles a checked part.
func (s *Session) build(u *unit, pt *part, index int) *exec.Body {
	scope := pt.scope
	for _, n := range scope.Names() {
		v, ok := scope.Lookup(n).(*types.Var)
		if !ok || !pt.named[n] {
			continue
		}
		old, ok := s.before(u, index, n).(*types.Var)
		if ok && types.Identical(old.Type(), v.Type()) && s.machine.ShareGlobal(v, old) {
			continue
		}
		s.machine.NewGlobal(v)
	}
	for _, fd := range pt.funcs {
		o, ok := pt.info.Defs[fd.Name].(*types.Func)
		if ok {
			s.machine.Declare(o, fd, pt.info)
		}
	}
	for i := range pt.methods {
		m := &pt.methods[i]
		s.machine.DeclareMethod(m.mo, m.decl, pt.info, m.fn)
		if !m.old {
			s.machine.MethodsChanged(m.typ)
		}
	}
	body := s.machine.NewBody(pt.info, &ast.BlockStmt{List: everything(pt)})
	s.order(u, pt, body)
	body.Finish()
	return body
}

// before is what a name meant before a part of the cell.
func (s *Session) before(u *unit, index int, name string) types.Object {
	for i := index - 1; i >= 0; i-- {
		if u.parts[i].named[name] {
			return u.parts[i].scope.Lookup(name)
		}
	}
	return s.live[name]
}

func everything(pt *part) []ast.Stmt {
	var list []ast.Stmt
	for _, it := range pt.items {
		if it.stmt != nil {
			list = append(list, it.stmt)
		} else if g, ok := it.decl.(*ast.GenDecl); ok && g.Tok == token.VAR {
			list = append(list, &ast.DeclStmt{Decl: g})
		}
	}
	return list
}

// order adds a part's effects to its body, in the order they happen.
func (s *Session) order(u *unit, pt *part, body *exec.Body) {
	if !pt.mixed { // a package: initialise by dependency
		s.declareZero(pt, body)
		idents := map[types.Object]*ast.Ident{}
		for id, o := range pt.info.Defs {
			if o != nil {
				idents[o] = id
			}
		}
		for _, in := range pt.info.InitOrder {
			var lhs []*ast.Ident
			for _, v := range in.Lhs {
				lhs = append(lhs, idents[v])
			}
			body.Define(lhs, []ast.Expr{in.Rhs}, nil)
			for _, id := range lhs {
				if u.unread(pt, id) {
					s.watch(u, pt, id, body)
				}
			}
		}
	} else {
		for _, it := range pt.items {
			s.effect(u, pt, it, body)
			for _, id := range u.assigned(pt, it) {
				s.watch(u, pt, id, body)
			}
		}
	}
	for _, fd := range pt.inits {
		if o, ok := pt.info.Defs[fd.Name].(*types.Func); ok {
			body.Call(o)
		}
	}
	if o, ok := pt.scope.Lookup("main").(*types.Func); ok && u.parsed.isFile && pt.named["main"] {
		body.Call(o)
	}
}

func (s *Session) declareZero(pt *part, body *exec.Body) {
	for _, it := range pt.items {
		g, ok := it.decl.(*ast.GenDecl)
		if !ok || g.Tok != token.VAR {
			continue
		}
		for _, sp := range g.Specs {
			if vs := sp.(*ast.ValueSpec); len(vs.Values) == 0 {
				body.Define(vs.Names, nil, vs.Type)
			}
		}
	}
}

func (s *Session) effect(u *unit, pt *part, it item, body *exec.Body) {
	if g, ok := it.decl.(*ast.GenDecl); ok {
		if g.Tok == token.VAR {
			for _, sp := range g.Specs {
				vs := sp.(*ast.ValueSpec)
				body.Define(vs.Names, vs.Values, vs.Type)
			}
		}
		return
	}
	if it.stmt == nil {
		return
	}
	if e := discards(pt, it); e != nil {
		body.Discard(e, func(err error) { u.lose(e.Pos(), "the cell does not check the error of this call", err) })
		return
	}
	if run := s.plain.step(pt, it); run != nil {
		body.Native(it.pos, run)
		return
	}
	if a, ok := it.stmt.(*ast.AssignStmt); ok && hoisted(a) {
		var lhs []*ast.Ident
		for _, l := range a.Lhs {
			lhs = append(lhs, l.(*ast.Ident))
		}
		body.Define(lhs, a.Rhs, nil)
		return
	}
	if pt.result != nil && it.stmt == ast.Stmt(pt.result) && !pt.info.Types[pt.result.X].IsNil() && !prints(pt.info, pt.result.X) {
		body.Result(pt.result.X)
		return
	}
	body.Statements([]ast.Stmt{it.stmt})
}

// prints reports whether e is a call of fmt's functions that print or scan: what
// they return, a number and an error, is not what the cell is about.
func prints(info *types.Info, e ast.Expr) bool {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok {
		return false
	}
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok {
		return false
	}
	f, ok := info.Uses[sel.Sel].(*types.Func)
	if !ok || f.Pkg() == nil || f.Pkg().Path() != "fmt" {
		return false
	}
	switch f.Name() {
	case "Print", "Printf", "Println", "Fprint", "Fprintf", "Fprintln", "Scan", "Scanf", "Scanln", "Fscan", "Fscanf", "Fscanln":
		return true
	}
	return false
}

// publish makes a part's objects the live ones.
func (s *Session) publish(u *unit, pt *part, out *Outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.machine.Locked(func() { s.publishLocked(u, pt, out) })
}

func (s *Session) publishLocked(u *unit, pt *part, out *Outcome) {
	for _, spec := range pt.imports {
		path, _ := strconv.Unquote(spec.Path.Value)
		switch {
		case spec.Name == nil:
			s.imports[symbols.Name(path)] = path
			delete(s.live, symbols.Name(path))
		case spec.Name.Name == ".":
			s.dots = append(s.dots, path)
		case spec.Name.Name != "_":
			s.imports[spec.Name.Name] = path
			delete(s.live, spec.Name.Name)
		}
	}
	scope := pt.scope
	names := scope.Names()
	sort.Strings(names)
	for _, n := range names {
		o := scope.Lookup(n)
		if !pt.named[n] || strings.Contains(n, "·") || (n == "main" && u.parsed.isFile) {
			continue
		}
		if old := s.live[n]; old != nil && old != o {
			s.replaced(old, o, out)
		}
		s.live[n] = o
		delete(s.imports, n)
		delete(s.refused, n)
		p := u.parsed.src.position(u.parsed.src.offset(s.fset, o.Pos()))
		s.defined[o] = place{cell: u.parsed.src.name, line: p.Line, col: p.Column, doc: docBefore(u.parsed.src.text, p.Offset)}
	}
}

// replaced settles what becomes of an object that o replaces.
func (s *Session) replaced(old, o types.Object, out *Outcome) {
	switch old := old.(type) {
	case *types.Func:
		f, ok := o.(*types.Func)
		if ok && types.Identical(old.Type(), f.Type()) {
			s.machine.Redirect(old, f)
			return
		}
	case *types.Var:
		if v, ok := o.(*types.Var); ok && types.Identical(old.Type(), v.Type()) {
			return
		}
		s.machine.Forget(old)
	case *types.TypeName:
		var stale []string
		for n, l := range s.live {
			if v, ok := l.(*types.Var); ok && mentionsType(v.Type(), old.Type(), map[types.Type]bool{}) {
				stale = append(stale, n)
			}
		}
		sort.Strings(stale)
		if len(stale) > 0 {
			out.Notes = append(out.Notes, Diagnostic{Severity: SeverityNote,
				Msg: fmt.Sprintf("%s is a new type now; %s still of the earlier one", old.Name(), listed(stale))})
		}
	}
}

func listed(names []string) string {
	if len(names) == 1 {
		return "the variable " + names[0] + " is"
	}
	return "the variables " + strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1] + " are"
}

func mentionsType(t, want types.Type, seen map[types.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	if t == want {
		return true
	}
	switch t := types.Unalias(t).(type) {
	case *types.Pointer:
		return mentionsType(t.Elem(), want, seen)
	case *types.Slice:
		return mentionsType(t.Elem(), want, seen)
	case *types.Array:
		return mentionsType(t.Elem(), want, seen)
	case *types.Chan:
		return mentionsType(t.Elem(), want, seen)
	case *types.Map:
		return mentionsType(t.Key(), want, seen) || mentionsType(t.Elem(), want, seen)
	}
	return false
}

// Current is the name of the cell that started the calling goroutine, directly
// or through others; "" outside cells.
func Current() string { return exec.Current() }

// Close ends the session and frees its streams.
func (s *Session) Close() error {
	s.running.Lock()
	defer s.running.Unlock()
	s.closed = true
	return s.streams.close()
}
