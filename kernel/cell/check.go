package cell

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"sort"
	"strconv"
	"strings"

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

// file assembles what the checker sees of a part.
func (s *Session) file(pt *part, last bool) *ast.File {
	f := &ast.File{Name: &ast.Ident{Name: "main"}}
	body := &ast.FuncDecl{Name: &ast.Ident{Name: "_"}, Type: &ast.FuncType{Params: &ast.FieldList{}}, Body: &ast.BlockStmt{}}
	pt.body = body
	for i, it := range pt.items {
		if it.decl != nil {
			fd, isFunc := it.decl.(*ast.FuncDecl)
			if isFunc {
				if fd.Recv != nil && s.foreignMethod(pt, fd) {
					f.Decls = append(f.Decls, s.asFunction(pt, fd))
					continue
				}
				if fd.Recv == nil && fd.Name.Name == "init" {
					pt.inits = append(pt.inits, fd)
				}
				pt.funcs = append(pt.funcs, fd)
			}
			f.Decls = append(f.Decls, it.decl)
			continue
		}
		if a, ok := it.stmt.(*ast.AssignStmt); ok && hoisted(a) {
			spec := &ast.ValueSpec{Values: a.Rhs}
			ok := true
			for _, l := range a.Lhs {
				id, is := l.(*ast.Ident)
				ok = ok && is
				spec.Names = append(spec.Names, id)
			}
			if ok {
				f.Decls = append(f.Decls, &ast.GenDecl{TokPos: a.Pos(), Tok: token.VAR, Specs: []ast.Spec{spec}})
				continue
			}
		}
		if e, ok := it.stmt.(*ast.ExprStmt); ok && last && i == len(pt.items)-1 {
			pt.result = e
		}
		if len(body.Body.List) == 0 {
			body.Body.Lbrace = it.stmt.Pos()
			body.Type.Func = it.stmt.Pos()
		}
		body.Body.List = append(body.Body.List, it.stmt)
		body.Body.Rbrace = it.stmt.End()
	}
	if len(body.Body.List) > 0 {
		f.Decls = append(f.Decls, body)
	}
	return f
}

// recvName is the name of a method's receiver type and its type parameters.
func recvName(fd *ast.FuncDecl) (string, []*ast.Ident) {
	if len(fd.Recv.List) != 1 {
		return "", nil
	}
	t := ast.Unparen(fd.Recv.List[0].Type)
	if st, ok := t.(*ast.StarExpr); ok {
		t = ast.Unparen(st.X)
	}
	var params []*ast.Ident
	switch x := t.(type) {
	case *ast.IndexExpr:
		if id, ok := x.Index.(*ast.Ident); ok {
			params = []*ast.Ident{id}
		}
		t = x.X
	case *ast.IndexListExpr:
		for _, i := range x.Indices {
			if id, ok := i.(*ast.Ident); ok {
				params = append(params, id)
			}
		}
		t = x.X
	}
	if id, ok := t.(*ast.Ident); ok {
		return id.Name, params
	}
	return "", nil
}

func (s *Session) foreignMethod(pt *part, fd *ast.FuncDecl) bool {
	n, _ := recvName(fd)
	if n == "" || pt.named[n] {
		return false
	}
	tn, ok := s.view(n).(*types.TypeName)
	if !ok {
		return false
	}
	nt, ok := tn.Type().(*types.Named)
	return ok && nt.Obj().Pkg() != nil && nt.Obj().Pkg().Path() == "main"
}

// asFunction turns a method of a type of an earlier cell into a function with
// the receiver as first parameter, which the checker accepts.
func (s *Session) asFunction(pt *part, fd *ast.FuncDecl) *ast.FuncDecl {
	n, params := recvName(fd)
	named := s.view(n).(*types.TypeName).Type().(*types.Named)
	name := n + "·" + fd.Name.Name
	g := *fd
	g.Recv = nil
	g.Name = &ast.Ident{NamePos: fd.Name.NamePos, Name: name}
	ft := *fd.Type
	ft.Params = &ast.FieldList{Opening: fd.Type.Params.Opening, Closing: fd.Type.Params.Closing}
	rf := *fd.Recv.List[0]
	if len(rf.Names) == 0 {
		rf.Names = []*ast.Ident{{NamePos: rf.Type.Pos(), Name: "_"}}
	}
	ft.Params.List = append(ft.Params.List, &rf)
	for _, f := range fd.Type.Params.List {
		h := *f
		if len(h.Names) == 0 {
			h.Names = []*ast.Ident{{NamePos: h.Type.Pos(), Name: "_"}}
		}
		ft.Params.List = append(ft.Params.List, &h)
	}
	if tps := named.TypeParams(); tps.Len() == len(params) && len(params) > 0 {
		ft.TypeParams = &ast.FieldList{Opening: fd.Pos(), Closing: fd.Pos()}
		for i, id := range params {
			cn := fmt.Sprintf("%s·constraint%d", n, i)
			pt.extra(types.NewTypeName(token.NoPos, nil, cn, tps.At(i).Constraint()))
			ft.TypeParams.List = append(ft.TypeParams.List, &ast.Field{Names: []*ast.Ident{{NamePos: id.NamePos, Name: id.Name}}, Type: &ast.Ident{NamePos: id.NamePos, Name: cn}})
		}
	}
	g.Type = &ft
	pt.methods = append(pt.methods, addedMethod{decl: fd, typ: named, name: name})
	// The machine compiles the method from its own declaration, which must
	// carry the same identifiers.
	return &g
}

// extra puts an object into the part's package before it is checked.
func (pt *part) extra(o types.Object) { pt.extras = append(pt.extras, o) }

// view finds a live object, also one that an earlier part of the cell declares.
func (s *Session) view(name string) types.Object {
	if o, ok := s.pending[name]; ok {
		return o
	}
	return s.live[name]
}

// check type-checks a part.
func (s *Session) check(p *parsed, pt *part, last bool) (errs, notes []Diagnostic) {
	f := s.file(pt, last)
	used, qualified := map[string]bool{}, map[string]bool{}
	for _, d := range f.Decls {
		mentions(d, used)
		ast.Inspect(d, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if id, ok := sel.X.(*ast.Ident); ok {
					qualified[id.Name] = true
				}
			}
			return true
		})
	}
	pt.pkg = s.pkg
	resetScope(s.pkg)
	imported := map[string]bool{}
	for _, spec := range pt.imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		name := symbols.Name(path)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		imported[name] = true
	}
	var names []string
	for n := range used {
		names = append(names, n)
	}
	sort.Strings(names)
	var specs []ast.Spec
	for _, sp := range pt.imports {
		specs = append(specs, sp)
	}
	auto := func(name, path string) {
		sp := &ast.ImportSpec{Path: &ast.BasicLit{Kind: token.STRING, Value: strconv.Quote(path)}}
		if name != symbols.Name(path) {
			sp.Name = &ast.Ident{Name: name}
		}
		specs = append(specs, sp)
		imported[name] = true
	}
	for _, path := range s.dots {
		auto(".", path)
	}
	for _, n := range names {
		if pt.named[n] || imported[n] {
			continue
		}
		if o := s.view(n); o != nil {
			pt.pkg.Scope().Insert(o)
			continue
		}
		if path := s.imports[n]; path != "" {
			auto(n, path)
		} else if qualified[n] && types.Universe.Lookup(n) == nil {
			if c := symbols.Candidates(n); len(c) == 1 {
				auto(n, c[0])
			}
		}
	}
	for _, o := range pt.extras {
		pt.pkg.Scope().Insert(o)
	}
	if len(specs) > 0 {
		g := &ast.GenDecl{Tok: token.IMPORT, Specs: specs}
		f.Decls = append([]ast.Decl{g}, f.Decls...)
		for _, sp := range specs {
			f.Imports = append(f.Imports, sp.(*ast.ImportSpec))
		}
	}
	pt.info = newInfo()
	if len(pt.methods) > 0 {
		s.announce(p.fset, pt, f)
	}
	var wrong []types.Error // beside errs
	following := false      // of errors that follow from another
	conf := types.Config{
		Importer:  s.importer,
		GoVersion: "go1.26",
		Sizes:     types.SizesFor("gc", "amd64"),
		Error: func(err error) {
			if p.asked {
				return
			}
			e := err.(types.Error)
			if pt.result != nil && e.Pos >= pt.result.Pos() && e.Pos <= pt.result.End() && strings.HasSuffix(e.Msg, "is not used") {
				if !strings.HasSuffix(e.Msg, "(type) is not used") && !strings.Contains(e.Msg, "declared and not used") {
					return
				}
			}
			d := s.diagnostic(p, e.Pos, e.Msg)
			if e.Soft {
				if strings.Contains(e.Msg, " imported ") && strings.HasSuffix(e.Msg, " and not used") { // later cells may
					return
				}
				if strings.HasPrefix(e.Msg, "declared and not used") || strings.HasSuffix(e.Msg, "and not used") {
					if e.Pos.IsValid() {
						d.Severity = SeverityNote
						notes = append(notes, d)
					}
					return
				}
			}
			if strings.HasPrefix(e.Msg, "\t") && len(errs) > 0 { // continues the one before
				if following {
					return
				}
				errs[len(errs)-1].Msg += "\n" + e.Msg
				return
			}
			if following = followsImport(errs, e.Msg); following {
				return
			}
			errs = append(errs, d)
			wrong = append(wrong, e)
		},
	}
	checker := types.NewChecker(&conf, p.fset, pt.pkg, pt.info)
	func() {
		defer func() {
			if r := recover(); r != nil {
				errs = append(errs, s.diagnostic(p, f.Pos(), fmt.Sprintf("the type checker failed on this cell: %v", r)))
			}
		}()
		_ = checker.Files([]*ast.File{f}) // errors were reported one by one
	}()
	pt.scope = snapshot(pt.pkg)
	if p.asked {
		return nil, nil
	}
	h := &hinter{s: s, src: p.src, pt: pt, fset: p.fset, file: f}
	for i, e := range wrong { // with what the checker has learned of the whole
		errs[i].Hint = h.hint(e.Pos, e.Msg)
	}
	if len(errs) == 0 {
		errs = append(s.tooLarge(p, pt), s.tooBig(p, pt)...)
	}
	if len(errs) == 0 {
		for i := range pt.methods {
			m := &pt.methods[i]
			m.fn, _ = pt.scope.Lookup(m.name).(*types.Func)
		}
		notes = append(notes, s.lint(p, pt)...)
	} else {
		s.withdraw()
	}
	return errs, notes
}

func newInfo() *types.Info {
	return &types.Info{
		Types:      map[ast.Expr]types.TypeAndValue{},
		Defs:       map[*ast.Ident]types.Object{},
		Uses:       map[*ast.Ident]types.Object{},
		Implicits:  map[ast.Node]types.Object{},
		Selections: map[*ast.SelectorExpr]*types.Selection{},
		Instances:  map[*ast.Ident]types.Instance{},
		Scopes:     map[ast.Node]*types.Scope{},
	}
}

// diagnostic places a message in the cell.
func (s *Session) diagnostic(pr *parsed, pos token.Pos, msg string) Diagnostic {
	src := pr.src
	p := src.position(src.offset(pr.fset, pos))
	return Diagnostic{Cell: src.name, Line: p.Line, Col: p.Column, Msg: msg, Excerpt: src.excerpt(p.Line, p.Column)}
}
