package cell

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"sort"
	"strconv"
	"strings"

	"github.com/priorlab/priorlab/symbols"
)

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
