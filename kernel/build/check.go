package build

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"sort"
	"strings"
)

// A unit is a cell in its place in the program: declarations and one function
// that runs the cell's statements. All units are files of one package.
type unit struct {
	*piece
	name    string            // of the function
	imports map[string]string // local name to path
	dots    []string          // paths of dot imports
	text    text
}

func (u *unit) head() string {
	var b strings.Builder
	b.WriteString(fileHead)
	names := make([]string, 0, len(u.imports))
	for n := range u.imports {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, n := range names {
		b.WriteString("import " + n + " \"" + u.imports[n] + "\"\n")
	}
	for _, p := range u.dots {
		b.WriteString("import . \"" + p + "\"\n")
	}
	return b.String()
}

// checked is what the type checker knows of the units.
type checked struct {
	fset  *token.FileSet
	units []*unit
	files map[*unit]*ast.File
	heads map[*unit]int
	owner map[*token.File]*unit
	pkg   *types.Package
	info  *types.Info
	errs  []types.Error
}

// check type-checks the units as one package. In the unit bare, if any, bodies
// of declared functions are left out: they may use variables of their cell
// whose types are not known yet.
func (c *converter) check(units []*unit, bare *unit) (*checked, error) {
	k := &checked{fset: token.NewFileSet(), units: units, files: map[*unit]*ast.File{}, heads: map[*unit]int{}, owner: map[*token.File]*unit{},
		info: &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}}}
	var files []*ast.File
	for _, u := range units {
		head := u.head()
		f, err := parser.ParseFile(k.fset, u.name, head+u.text.String(), parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, u.syntax(append(written(head), u.text...), err)
		}
		if u == bare {
			emptyBodies(f, u.name)
		}
		k.files[u], k.heads[u] = f, len(head)
		k.owner[k.fset.File(f.Package)] = u
		files = append(files, f)
	}
	conf := types.Config{Importer: c.importer, Sizes: types.SizesFor("gc", "amd64"), Error: func(err error) {
		if e, ok := err.(types.Error); ok {
			k.errs = append(k.errs, e)
		}
	}}
	k.pkg, _ = conf.Check("main", k.fset, files, k.info) // errors are collected one by one
	return k, nil
}

// emptyBodies puts a panic in the place of every body but that of the cell.
func emptyBodies(f *ast.File, cell string) {
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil && !(fn.Recv == nil && fn.Name.Name == cell) {
			call := &ast.CallExpr{Fun: &ast.Ident{NamePos: fn.Body.Lbrace, Name: "panic"}, Lparen: fn.Body.Lbrace, Rparen: fn.Body.Rbrace,
				Args: []ast.Expr{&ast.BasicLit{ValuePos: fn.Body.Lbrace, Kind: token.INT, Value: "0"}}}
			fn.Body = &ast.BlockStmt{Lbrace: fn.Body.Lbrace, Rbrace: fn.Body.Rbrace, List: []ast.Stmt{&ast.ExprStmt{X: call}}}
		}
	}
}

// place is a position as a unit and an offset in its text; the offset is
// negative in the imports.
func (k *checked) place(pos token.Pos) (*unit, int) {
	f := k.fset.File(pos)
	if f == nil {
		return nil, -1
	}
	u := k.owner[f]
	return u, f.Offset(pos) - k.heads[u]
}

// body is the function that runs the unit's statements.
func (k *checked) body(u *unit) *ast.FuncDecl {
	for _, d := range k.files[u].Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == u.name {
			return fn
		}
	}
	return nil
}

// edits collects edits by unit.
type edits map[*unit][]edit

func (e edits) replace(k *checked, from, to token.Pos, s string) {
	u, start := k.place(from)
	_, end := k.place(to)
	if u != nil && start >= 0 {
		e[u] = append(e[u], edit{start, end, s})
	}
}

func (e edits) insert(k *checked, at token.Pos, s string) { e.replace(k, at, at, s) }

func (e edits) apply() {
	for u, list := range e {
		u.text = u.text.edited(list)
	}
}

// rename gives an object another name wherever it is used; only says where,
// nil being everywhere.
func (e edits) rename(k *checked, obj types.Object, to string, only func(id *ast.Ident, defines bool) bool) {
	visit := func(id *ast.Ident, o types.Object, defines bool) {
		if o == nil || !same(o, obj) || only != nil && !only(id, defines) {
			return
		}
		e.replace(k, id.Pos(), id.End(), to)
	}
	for id, o := range k.info.Uses {
		visit(id, o, false)
	}
	for id, o := range k.info.Defs {
		visit(id, o, true)
	}
}

// same reports whether a is b, an instance of it, or the field that embeds it.
func same(a, b types.Object) bool {
	switch x := a.(type) {
	case *types.Var:
		if x.Embedded() {
			t := x.Type()
			if p, ok := t.(*types.Pointer); ok {
				t = p.Elem()
			}
			if n, ok := types.Unalias(t).(*types.Named); ok && n.Origin().Obj() == b {
				return true
			}
		}
		return x.Origin() == b
	case *types.Func:
		return x.Origin() == b
	}
	return a == b
}

// faults are the hard errors in terms of cells.
func (k *checked) faults(ignore func(types.Error) bool) error {
	var out Faults
	seen := map[string]bool{}
	for _, e := range k.errs {
		if e.Soft || ignore != nil && ignore(e) || strings.HasPrefix(e.Msg, "\t") {
			continue
		}
		u, off := k.place(e.Pos)
		if u == nil {
			out = append(out, Fault{Message: e.Msg})
			continue
		}
		f := u.fault(u.text.source(max(off, 0)), e.Msg)
		if s := f.String(); !seen[s] {
			seen[s] = true
			out = append(out, f)
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}
