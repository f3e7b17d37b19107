package build

import (
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"strconv"
	"strings"
)

// A piece is a cell in the form of Go: declarations, and the statements as the
// body of a function. A cell that defines a name twice makes two pieces.
type piece struct {
	cell        int    // the code cell, counted from 1
	suffix      string // "b", "c"... for the later pieces of a cell
	source      string // of the whole cell
	prose       string // the Markdown before it
	tags        []string
	imports     []importSpec
	decls       text
	stmts       text
	showsLast   bool // the last item is a statement: its value is shown
	quiet       bool // unless it ends in ";"
	isFile      bool // there is a package clause
	isParameter bool

	// What the syntax alone tells.
	declared   map[string]bool // constants, types and functions, by name
	vars       map[string]bool // variables defined at the top level
	groups     [][]string      // variables defined by one statement
	free       map[string]bool // names that something outside the piece must mean
	bases      map[string]bool // free names before a dot
	captured   map[string]bool // variables that a literal or a pointer may keep
	multiplied int             // offset (in the joined form) where a name is defined again; -1
}

type importSpec struct{ name, path string }

const (
	fileHead = "package main\n"
	bodyHead = "\nfunc _() {\n"
	bodyTail = "\n}\n"
)

// A Fault is what is wrong with a cell.
type Fault struct {
	Cell      int
	Line, Col int
	Message   string
	Excerpt   string
}

func (f Fault) String() string {
	s := "cell " + strconv.Itoa(f.Cell) + ", line " + strconv.Itoa(f.Line) + ": " + f.Message
	if f.Excerpt != "" {
		s += "\n    " + f.Excerpt
	}
	return s
}

// Faults are the errors that keep a notebook from becoming a program.
type Faults []Fault

func (f Faults) Error() string {
	var lines []string
	for i, x := range f {
		if i == 10 {
			lines = append(lines, "and "+strconv.Itoa(len(f)-i)+" more")
			break
		}
		lines = append(lines, x.String())
	}
	return strings.Join(lines, "\n")
}

func (p *piece) fault(at int, message string) Fault {
	line, col := position(p.source, at)
	f := Fault{Cell: p.cell, Line: line, Col: col, Message: message}
	if lines := strings.Split(p.source, "\n"); line <= len(lines) {
		f.Excerpt = strings.TrimSpace(lines[line-1])
	}
	return f
}

// pieces makes the pieces of one cell from its items.
func pieces(cell piece, items []item) ([]*piece, error) {
	var out []*piece
	for {
		p := cell
		if len(out) > 0 {
			p.suffix, p.prose = string(rune('a'+len(out))), ""
		}
		if err := p.assemble(items); err != nil {
			return nil, err
		}
		out = append(out, &p)
		if p.multiplied < 0 {
			return out, nil
		}
		at := p.joined().source(p.multiplied)
		k := itemAt(items, at)
		if k == 0 {
			return nil, Faults{p.fault(at, "a name is declared twice by one declaration")}
		}
		if err := p.assemble(items[:k]); err != nil {
			return nil, err
		}
		p.showsLast = false
		items = items[k:]
	}
}

func itemAt(items []item, at int) int {
	for k, it := range items {
		for _, part := range it.text {
			if part.at >= 0 && at >= part.at && at < part.at+len(part.s) {
				return k
			}
		}
	}
	return 0
}

// assemble sorts the items and looks at the syntax of the whole.
func (p *piece) assemble(items []item) error {
	p.decls, p.stmts, p.imports, p.showsLast = nil, nil, nil, false
	for _, it := range items {
		switch it.kind {
		case token.IMPORT:
			if err := p.addImports(it.text); err != nil {
				return err
			}
		case token.PACKAGE:
			p.isFile = true
		case 0:
			p.stmts = append(p.stmts, it.text...)
		default:
			p.decls = append(p.decls, it.text...)
			if s := it.text.String(); !strings.HasSuffix(s, "\n") {
				p.decls = append(p.decls, part{-1, "\n"})
			}
		}
		if toks := scan(it.text.String()); len(toks) > 0 {
			p.showsLast = it.kind == 0
			p.quiet = strings.HasPrefix(it.text.String()[toks[len(toks)-1].pos:], ";")
		}
	}
	return p.analyse()
}

func (p *piece) addImports(t text) error {
	f, err := parser.ParseFile(token.NewFileSet(), "", fileHead+t.String(), parser.ImportsOnly)
	if err != nil {
		return p.syntax(append(written(fileHead), t...), err)
	}
	for _, s := range f.Imports {
		path, _ := strconv.Unquote(s.Path.Value) // the parser has looked at it
		spec := importSpec{path: path}
		if s.Name != nil {
			spec.name = s.Name.Name
		}
		p.imports = append(p.imports, spec)
	}
	return nil
}

// joined is the piece as a file.
func (p *piece) joined() text {
	t := append(written(fileHead), p.decls...)
	t = append(t, part{-1, bodyHead})
	t = append(t, p.stmts...)
	return append(t, part{-1, bodyTail})
}

// syntax turns the parser's errors into faults.
func (p *piece) syntax(t text, err error) error {
	list, ok := err.(scanner.ErrorList)
	if !ok {
		return Faults{p.fault(0, err.Error())}
	}
	var faults Faults
	for _, e := range list {
		faults = append(faults, p.fault(t.source(e.Pos.Offset), e.Msg))
	}
	return faults
}

// analyse reads off the syntax which names the piece defines and needs.
func (p *piece) analyse() error {
	t := p.joined()
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "", t.String(), parser.ParseComments)
	if err != nil {
		return p.syntax(t, err)
	}
	p.declared, p.vars, p.free = map[string]bool{}, map[string]bool{}, map[string]bool{}
	p.bases, p.captured, p.groups, p.multiplied = map[string]bool{}, map[string]bool{}, nil, -1
	offset := func(pos token.Pos) int { return fset.File(pos).Offset(pos) }
	source := func(pos token.Pos) int { return t.source(offset(pos)) }

	seen, again := map[string]bool{}, token.NoPos
	twice := func(pos token.Pos) {
		if again == token.NoPos || source(pos) < source(again) {
			again = pos
		}
	}
	declare := func(key string, pos token.Pos) {
		if key == "_" || key == "init" {
			return
		}
		if seen[key] {
			twice(pos)
		}
		seen[key] = true
	}
	body := f.Decls[len(f.Decls)-1].(*ast.FuncDecl)
	for _, d := range f.Decls[:len(f.Decls)-1] {
		for _, id := range declaredNames(d) {
			key := id.Name
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv != nil {
				key = receiverName(fn) + "." + key
			} else if key != "_" {
				p.declared[key] = true
			}
			declare(key, id.Pos())
		}
	}
	for _, s := range body.Body.List {
		ids, define := definedBy(s)
		if len(ids) == 0 {
			continue
		}
		var group []string
		fresh := false
		for _, id := range ids {
			group = append(group, id.Name)
			fresh = fresh || !seen[id.Name]
			if !define {
				declare(id.Name, id.Pos())
			}
		}
		if define && !fresh {
			twice(s.Pos())
		}
		for _, n := range group {
			seen[n], p.vars[n] = true, true
		}
		p.groups = append(p.groups, group)
	}
	if again != token.NoPos {
		p.multiplied = offset(again)
	}
	p.names(f, body)
	return nil
}

// names finds the free names and the variables that outlive their statement.
func (p *piece) names(f *ast.File, body *ast.FuncDecl) {
	for _, id := range f.Unresolved {
		p.free[id.Name] = true
	}
	unresolved := map[*ast.Ident]bool{}
	for _, id := range f.Unresolved {
		unresolved[id] = true
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if id, ok := s.X.(*ast.Ident); ok && unresolved[id] {
				p.bases[id.Name] = true
			}
		}
		return true
	})
	mine := map[*ast.Object]bool{}
	for _, s := range body.Body.List {
		ids, _ := definedBy(s)
		for _, id := range ids {
			if id.Obj != nil {
				mine[id.Obj] = true
			}
		}
	}
	keep := func(n ast.Node) {
		ast.Inspect(n, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && mine[id.Obj] {
				p.captured[id.Name] = true
			}
			return true
		})
	}
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			keep(n.Body)
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				keep(n.X)
			}
		}
		return true
	})
}

// declaredNames are the names that a top-level declaration declares.
func declaredNames(d ast.Decl) []*ast.Ident {
	switch d := d.(type) {
	case *ast.FuncDecl:
		return []*ast.Ident{d.Name}
	case *ast.GenDecl:
		var out []*ast.Ident
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				out = append(out, s.Name)
			case *ast.ValueSpec:
				out = append(out, s.Names...)
			}
		}
		return out
	}
	return nil
}

// receiverName is the name of the type that a method belongs to.
func receiverName(fn *ast.FuncDecl) string {
	if fn.Recv == nil || len(fn.Recv.List) == 0 {
		return ""
	}
	t := fn.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.ParenExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

// definedBy are the variables that a statement defines for those after it, and
// whether it does so by := (which may also assign to older ones).
func definedBy(s ast.Stmt) (ids []*ast.Ident, define bool) {
	for {
		l, ok := s.(*ast.LabeledStmt)
		if !ok {
			break
		}
		s = l.Stmt
	}
	add := func(e ast.Expr) {
		if id, ok := e.(*ast.Ident); ok && id.Name != "_" {
			ids = append(ids, id)
		}
	}
	switch s := s.(type) {
	case *ast.AssignStmt:
		if s.Tok != token.DEFINE {
			return nil, false
		}
		for _, l := range s.Lhs {
			add(l)
		}
		return ids, true
	case *ast.DeclStmt:
		if g, ok := s.Decl.(*ast.GenDecl); ok && g.Tok == token.VAR {
			for _, spec := range g.Specs {
				for _, id := range spec.(*ast.ValueSpec).Names {
					add(id)
				}
			}
		}
	}
	return ids, false
}

// builtin reports whether Go itself declares the name.
func builtin(name string) bool { return types.Universe.Lookup(name) != nil }
