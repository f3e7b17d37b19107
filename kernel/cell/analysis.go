package cell

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"sort"

	"github.com/priorlab/priorlab/symbols"
)

// Analysis is what the checker makes of a text that need not be complete or
// right. Asking for one neither runs nor defines anything, and does not wait for
// a cell that runs.
type Analysis struct {
	Fset  *token.FileSet
	Infos []*types.Info
	Roots []ast.Node
	Names map[string]types.Object // package-level names the text declares
	src   *source
}

// Analyze parses and checks text as the next cell, as far as it takes to know what
// stands at the offset at: of the rest only the declarations.
func (s *Session) Analyze(text string, at int) (a *Analysis) {
	a = &Analysis{Fset: s.fset, Names: map[string]types.Object{}}
	s.mu.Lock()
	defer s.mu.Unlock()
	// Positions of a question are not needed afterwards.
	own := token.NewFileSet()
	a.Fset = own
	defer func() { _ = recover() }() // half a program may take the checker anywhere; then nothing is known
	p, _ := parse(own, Cell{Name: "?", Source: text})
	p.asked = true
	p.focus(at)
	a.src = p.src
	s.pending = map[string]types.Object{}
	s.added = nil
	s.machine.Locked(func() {
		defer s.withdraw()
		for _, pt := range s.cut(p) {
			s.check(p, pt, false)
			a.Infos = append(a.Infos, pt.info)
			for _, it := range pt.items {
				if it.decl != nil {
					a.Roots = append(a.Roots, it.decl)
				} else {
					a.Roots = append(a.Roots, it.stmt)
				}
			}
			for _, n := range pt.scope.Names() {
				if pt.named[n] {
					a.Names[n] = pt.scope.Lookup(n)
					s.pending[n] = a.Names[n]
				}
			}
		}
	})
	return a
}

// focus leaves out statements and bodies that do not hold the offset at.
func (p *parsed) focus(at int) {
	// What is half written may end anywhere: the last item that begins before the
	// offset is taken to hold it.
	last := -1
	for i, it := range p.items {
		if p.src.offset(p.fset, it.pos) <= at {
			last = i
		}
	}
	var items []item
	for i, it := range p.items {
		if i == last {
			items = append(items, it)
			continue
		}
		if a, ok := it.stmt.(*ast.AssignStmt); it.stmt != nil && !(ok && hoisted(a)) {
			continue
		}
		if f, ok := it.decl.(*ast.FuncDecl); ok {
			bare := *f
			bare.Body = nil
			it.decl = &bare
		}
		items = append(items, it)
	}
	p.items = items
}

// Offset is where pos lies in the text.
func (a *Analysis) Offset(pos token.Pos) int { return a.src.offset(a.Fset, pos) }

// Uses finds what an identifier stands for.
func (a *Analysis) Uses(id *ast.Ident) types.Object {
	for _, in := range a.Infos {
		if o := in.ObjectOf(id); o != nil {
			return o
		}
	}
	return nil
}

// TypeOf finds the type of an expression.
func (a *Analysis) TypeOf(e ast.Expr) types.Type {
	for _, in := range a.Infos {
		if t := in.TypeOf(e); t != nil {
			return t
		}
	}
	return nil
}

// Locals lists the objects of the function scopes around pos.
func (a *Analysis) Locals(pos token.Pos) []types.Object {
	var out []types.Object
	for _, in := range a.Infos {
		for _, sc := range in.Scopes {
			if !sc.Contains(pos) {
				continue
			}
			for _, n := range sc.Names() {
				o := sc.Lookup(n)
				if _, isPkg := o.(*types.PkgName); !isPkg && o.Pos() < pos {
					out = append(out, o)
				}
			}
		}
	}
	return out
}

// Live lists the names that cells have defined.
func (s *Session) Live() map[string]types.Object {
	s.mu.RLock()
	defer s.mu.RUnlock()
	m := make(map[string]types.Object, len(s.live))
	for n, o := range s.live {
		m[n] = o
	}
	return m
}

// Package returns the declarations of the package that name means in a cell:
// one imported under it, or the only candidate.
func (s *Session) Package(name string) *types.Package {
	s.mu.RLock()
	path := s.imports[name]
	s.mu.RUnlock()
	if path == "" {
		c := symbols.Candidates(name)
		if len(c) != 1 {
			return nil
		}
		path = c[0]
	}
	p, err := s.importer.Import(path)
	if err != nil {
		return nil
	}
	return p
}

// Defined tells where a live object was defined, such as "In[3]:2", and the
// comment above it.
func (s *Session) Defined(o types.Object) (where, doc string) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	p, ok := s.defined[o]
	if !ok { // a method of a type that a cell defined
		f, isFunc := o.(*types.Func)
		if !isFunc || f.Signature().Recv() == nil {
			return "", ""
		}
		o = f.Origin()
		t := namedOf(f.Origin().Signature().Recv().Type())
		if t == nil {
			return "", ""
		}
		if _, ok := s.defined[t.Obj()]; !ok {
			return "", ""
		}
		src := s.sources.at(o.Pos())
		if src == nil {
			return "", ""
		}
		at := src.position(src.offset(s.fset, o.Pos()))
		p = place{cell: src.name, line: at.Line, doc: docBefore(src.text, at.Offset)}
	}
	return fmt.Sprintf("%s:%d", p.cell, p.line), p.doc
}

// Variable describes a session variable.
type Variable struct {
	Name, Type string
	Shape      string // "3x4", "len 10", or ""
	Bytes      int64  // memory it holds directly: the data of a slice or matrix
	Preview    string
	Cell       string // where it was defined
}

// Variables lists the session's variables, sorted by name. While a cell runs
// their values are not looked at.
func (s *Session) Variables() []Variable {
	idle := s.running.TryLock()
	if idle {
		defer s.running.Unlock()
	}
	return s.variables(idle)
}

func (s *Session) variables(idle bool) []Variable {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []Variable
	for n, o := range s.live {
		v, ok := o.(*types.Var)
		if !ok {
			continue
		}
		x := Variable{Name: n, Type: types.TypeString(v.Type(), func(p *types.Package) string {
			if p.Path() == "main" {
				return ""
			}
			return p.Name()
		})}
		if p, ok := s.defined[o]; ok {
			x.Cell = p.cell
		}
		if g, ok := s.machine.Global(v); ok && idle {
			x.Shape, x.Bytes = shapeOf(g)
			x.Preview = preview(g, 60)
		}
		out = append(out, x)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}

// Keys lists the keys of a live map of strings, sorted, at most a thousand;
// none while a cell runs.
func (s *Session) Keys(name string) (keys []string) {
	v, ok := s.Live()[name].(*types.Var)
	if !ok || !s.running.TryLock() {
		return nil
	}
	defer s.running.Unlock()
	g, ok := s.machine.Global(v)
	if !ok || g.Kind() != reflect.Map || g.Type().Key().Kind() != reflect.String || g.Len() > 1000 {
		return nil
	}
	for _, k := range g.MapKeys() {
		keys = append(keys, k.String())
	}
	sort.Strings(keys)
	return keys
}

// Preview is the text of a live variable's value, short; "" while a cell runs.
func (s *Session) Preview(o types.Object) string {
	v, ok := o.(*types.Var)
	if !ok || !s.running.TryLock() {
		return ""
	}
	defer s.running.Unlock()
	g, ok := s.machine.Global(v)
	if !ok {
		return ""
	}
	return preview(g, 200)
}
