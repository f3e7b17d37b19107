package cell

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"github.com/priorlab/priorlab/symbols"
)

// part is a stretch of a cell that is checked as one package. A cell is one
// part unless it gives a name a second meaning half way.
type part struct {
	items   []item
	pkg     *types.Package
	scope   *types.Scope // the package's scope when it was checked
	info    *types.Info
	imports []*ast.ImportSpec
	named   map[string]bool // names the part declares
	methods []addedMethod
	extras  []types.Object
	inits   []*ast.FuncDecl
	funcs   []*ast.FuncDecl
	body    *ast.FuncDecl // all top-level statements, for the checker
	result  *ast.ExprStmt
	mixed   bool // statements stand among the declarations
}

// addedMethod is a method of a type of an earlier cell.
type addedMethod struct {
	decl *ast.FuncDecl
	typ  *types.Named
	name string // of the function it was checked as
	fn   *types.Func
	mo   *types.Func // the method itself
	old  bool        // the type had it already
}

// defines lists the names a top-level item declares.
func defines(it item) (names []string) {
	add := func(id *ast.Ident) {
		if id.Name != "_" {
			names = append(names, id.Name)
		}
	}
	switch s := it.stmt.(type) {
	case *ast.AssignStmt:
		if hoisted(s) {
			for _, l := range s.Lhs {
				if id, ok := l.(*ast.Ident); ok {
					add(id)
				}
			}
		}
	}
	switch d := it.decl.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil && d.Name.Name != "init" {
			add(d.Name)
		}
	case *ast.GenDecl:
		for _, sp := range d.Specs {
			switch sp := sp.(type) {
			case *ast.ValueSpec:
				for _, n := range sp.Names {
					add(n)
				}
			case *ast.TypeSpec:
				add(sp.Name)
			}
		}
	}
	return names
}

// hoisted reports whether a := of the top level makes session variables. The
// names that Go reserves at package level stay local to the cell.
func hoisted(a *ast.AssignStmt) bool {
	if a.Tok != token.DEFINE {
		return false
	}
	for _, l := range a.Lhs {
		if id, ok := l.(*ast.Ident); !ok || id.Name == "init" || id.Name == "main" {
			return false
		}
	}
	return true
}

// mentions collects the identifiers in n.
func mentions(n ast.Node, into map[string]bool) {
	if n == nil {
		return
	}
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			into[n.Name] = true
		case *ast.SelectorExpr:
			mentions(n.X, into)
			return false
		}
		return true
	})
}

// cut divides a cell into parts.
func (s *Session) cut(p *parsed) []*part {
	cur := &part{named: map[string]bool{}}
	parts := []*part{cur}
	used, early := map[string]bool{}, map[string]bool{} // by statements, by var declarations
	next := func() {
		cur = &part{named: map[string]bool{}}
		parts = append(parts, cur)
		used, early = map[string]bool{}, map[string]bool{}
	}
	known := func(n string) bool {
		if s.live[n] != nil || types.Universe.Lookup(n) != nil || s.imports[n] != "" || len(symbols.Candidates(n)) > 0 {
			return true
		}
		for _, p := range parts {
			if p != cur && p.named[n] {
				return true
			}
		}
		return false
	}
	for _, it := range p.items {
		if g, ok := it.decl.(*ast.GenDecl); ok && g.Tok == token.IMPORT {
			for _, sp := range g.Specs {
				cur.imports = append(cur.imports, sp.(*ast.ImportSpec))
			}
			continue
		}
		names := defines(it)
		if len(names) > 0 && !p.isFile {
			a, isDefine := it.stmt.(*ast.AssignStmt)
			isDefine = isDefine && hoisted(a)
			fresh, again, clash := 0, 0, false
			for _, n := range names {
				switch {
				case cur.named[n]:
					again++
				default:
					fresh++
				}
				clash = clash || !cur.named[n] && (used[n] && (isDefine || isVar(it)) || (used[n] || early[n]) && known(n))
			}
			self := func() bool { // a name that the part does not have yet stands on the right as well
				rhs := map[string]bool{}
				for _, r := range a.Rhs {
					mentions(r, rhs)
				}
				return slices.ContainsFunc(names, func(n string) bool { return rhs[n] && !cur.named[n] && known(n) })
			}
			switch {
			case isDefine && again > 0 && fresh > 0 && !self():
				// As within a function, := assigns to the names that exist.
				it, isDefine = s.assignOld(cur, it, a), false
			case again > 0 || clash:
				next()
			}
			if isDefine && self() {
				// x := f(x): evaluate with the old meaning, then rename.
				it = s.viaTemps(cur, it, a, next)
			}
		}
		for _, n := range defines(it) {
			cur.named[n] = true
		}
		if it.stmt != nil {
			mentions(it.stmt, used)
			cur.mixed = true
		} else if g, ok := it.decl.(*ast.GenDecl); ok && g.Tok == token.VAR {
			mentions(g, early)
		}
		cur.items = append(cur.items, it)
	}
	var out []*part
	for _, p := range parts {
		out = append(out, s.typesFirst(p)...)
	}
	return out
}

// typesFirst puts the types and constants of a part into a part of their own if
// the other declares methods of earlier types: those are announced before the
// rest is checked, and may mention the new types.
func (s *Session) typesFirst(p *part) []*part {
	foreign := false
	first, rest := *p, *p
	first.items, rest.items = nil, nil
	first.named, rest.named = map[string]bool{}, map[string]bool{}
	first.mixed = false
	for _, it := range p.items {
		dst := &rest
		switch d := it.decl.(type) {
		case *ast.FuncDecl:
			if d.Recv != nil {
				n, _ := recvName(d)
				foreign = foreign || !p.named[n] && s.live[n] != nil
			}
		case *ast.GenDecl:
			if d.Tok == token.TYPE || d.Tok == token.CONST {
				dst = &first
			}
		}
		dst.items = append(dst.items, it)
		for _, n := range defines(it) {
			dst.named[n] = true
		}
	}
	if !foreign || len(first.items) == 0 {
		return []*part{p}
	}
	// Methods of the new types belong with them.
	var items []item
	for _, it := range rest.items {
		if d, ok := it.decl.(*ast.FuncDecl); ok && d.Recv != nil {
			if n, _ := recvName(d); first.named[n] {
				first.items = append(first.items, it)
				continue
			}
		}
		items = append(items, it)
	}
	rest.items = items
	return []*part{&first, &rest}
}

func isVar(it item) bool {
	g, ok := it.decl.(*ast.GenDecl)
	return ok && g.Tok == token.VAR
}

// assignOld turns a, err := f() with err already declared in this part into
// a, t := f(); err = t.
func (s *Session) assignOld(cur *part, it item, a *ast.AssignStmt) item {
	b := *a
	b.Lhs = append([]ast.Expr(nil), a.Lhs...)
	var after []item
	for i, l := range a.Lhs {
		id, ok := l.(*ast.Ident)
		if !ok || !cur.named[id.Name] {
			continue
		}
		s.temps++
		tmp := fmt.Sprintf("%s·%d", id.Name, s.temps)
		b.Lhs[i] = &ast.Ident{NamePos: id.NamePos, Name: tmp}
		after = append(after, item{pos: it.pos, stmt: &ast.AssignStmt{
			Lhs: []ast.Expr{id}, TokPos: a.TokPos, Tok: token.ASSIGN, Rhs: []ast.Expr{&ast.Ident{NamePos: id.NamePos, Name: tmp}}}})
	}
	it.stmt = &b
	cur.items = append(cur.items, it)
	for _, n := range defines(it) {
		cur.named[n] = true
	}
	cur.items = append(cur.items, after[:len(after)-1]...)
	cur.mixed = true
	return after[len(after)-1]
}

func (s *Session) viaTemps(cur *part, it item, a *ast.AssignStmt, next func()) item {
	b, r := *a, *a
	b.Lhs, r.Rhs, r.Lhs = nil, nil, nil
	for _, l := range a.Lhs {
		id, ok := l.(*ast.Ident)
		if !ok || id.Name == "_" {
			b.Lhs = append(b.Lhs, l)
			continue
		}
		s.temps++
		tmp := fmt.Sprintf("%s·%d", id.Name, s.temps)
		b.Lhs = append(b.Lhs, &ast.Ident{NamePos: id.NamePos, Name: tmp})
		r.Lhs = append(r.Lhs, id)
		r.Rhs = append(r.Rhs, &ast.Ident{NamePos: id.NamePos, Name: tmp})
		cur.named[tmp] = true
	}
	cur.items = append(cur.items, item{stmt: &b, pos: it.pos})
	cur.mixed = true
	next()
	it.stmt = &r
	return it
}
