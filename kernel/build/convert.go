package build

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/priorlab/priorlab/symbols"
	_ "github.com/priorlab/priorlab/symbols/all" // what cells may import
)

const labPath = "github.com/priorlab/priorlab/stdlib/lab"

// converter holds the program while cells are added to it. Names in it are
// those of the cells; when a cell gives a name a new meaning, what had it
// before is renamed throughout, so that later cells need no change.
type converter struct {
	importer *symbols.Importer
	pieces   []*piece
	units    []*unit
	idents   map[string]bool   // every name that stands anywhere
	top      map[string]bool   // names that some cell declares or defines
	session  map[string]string // imports that cells wrote: local name to path
	local    map[string]string // import names of the program: local name to path
	alias    map[string]string // names made for imports, by name in the cell and path
	late     map[string]bool   // functions called through a variable, see supersede.go
	// lateMethods are the variables of methods ("T.m") called through one.
	lateMethods map[string]string
	params      []param
	spared      map[string]string // what sparePredeclared renamed, by new name
}

// param is a variable that the command line may set.
type param struct {
	name, now    string // in the notebook, in the program
	value, about string // default as text, comment
	flag         bool   // its type can be given on the command line
}

func newConverter(pieces []*piece) *converter {
	c := &converter{importer: symbols.NewImporter(), pieces: pieces, idents: map[string]bool{}, top: map[string]bool{},
		session: map[string]string{}, local: map[string]string{}, alias: map[string]string{}, late: map[string]bool{}, lateMethods: map[string]string{}, spared: map[string]string{}}
	for _, p := range pieces {
		for _, t := range scan(p.joined().String()) {
			if t.tok == token.IDENT {
				c.idents[p.joined().String()[t.pos:t.end]] = true
			}
		}
		for n := range p.declared {
			c.top[n] = true
		}
		for n := range p.vars {
			c.top[n] = true
		}
	}
	return c
}

// fresh is a name like base that stands nowhere yet.
func (c *converter) fresh(base string) string {
	if last := base[len(base)-1]; last >= '0' && last <= '9' {
		base += "_"
	}
	for i := 1; ; i++ {
		n := base + strconv.Itoa(i)
		if !c.idents[n] && !builtin(n) {
			c.idents[n] = true
			return n
		}
	}
}

// shared are the variables of a piece that must be variables of the package:
// what another cell or a function needs, or what two cells define and a
// function literal or a pointer of one keeps. The others stay where they are.
func (c *converter) shared(p *piece) map[string]bool {
	out := map[string]bool{}
	for n := range p.vars {
		definitions := 0
		kept := false
		for _, q := range c.pieces {
			out[n] = out[n] || q.free[n]
			if q.vars[n] {
				definitions++
				kept = kept || q.captured[n]
			}
		}
		out[n] = out[n] || p.isParameter || definitions > 1 && kept
	}
	// One statement defines all its variables in one place.
	for more := true; more; {
		more = false
		for _, g := range p.groups {
			if !slices.ContainsFunc(g, func(n string) bool { return out[n] }) {
				continue
			}
			for _, n := range g {
				more = more || !out[n]
				out[n] = true
			}
		}
	}
	maps.DeleteFunc(out, func(_ string, v bool) bool { return !v })
	return out
}

// add makes a unit of the piece.
func (c *converter) add(p *piece) error {
	shared := c.shared(p)
	u := &unit{piece: p, name: c.functionName(p), imports: map[string]string{}}
	u.text = append(u.text, p.decls...)
	body := len(u.text.String())
	u.text = append(u.text, part{-1, "\nfunc " + u.name + "() {\n"})
	u.text = append(u.text, p.stmts...)
	u.text = append(u.text, part{-1, bodyTail})
	entries := u.renameEntries(c, body)

	raw, err := c.explicitImports(u)
	if err != nil {
		return err
	}
	old, err := c.setAside(u, raw)
	if err != nil {
		return err
	}
	live, err := c.check(c.units, nil)
	if err != nil {
		return err
	}
	c.unresolved(u, live.pkg.Scope(), raw)

	// First the statements: they say what types the variables have.
	u.imports = raw
	k, err := c.check(append(c.units[:len(c.units):len(c.units)], u), u)
	if err != nil {
		return err
	}
	last := c.lastValue(k, u)
	if err := k.faults(func(e types.Error) bool {
		return last != nil && e.Pos >= last.Pos() && e.Pos <= last.End() && strings.Contains(e.Msg, "is not used")
	}); err != nil {
		return err
	}
	e := edits{}
	u.imports = map[string]string{}
	if err := c.promote(k, u, shared, e); err != nil {
		return err
	}
	c.supersede(k, u, old, e)
	c.show(k, u, last, e)
	c.importNames(k, u, e)
	entries(k, u, e)
	e.apply()

	// Then everything, with the variables in their place.
	c.units = append(c.units, u)
	final := maps.Clone(u.imports)
	for n, path := range raw {
		if _, taken := u.imports[n]; !taken && !(p.vars[n] && shared[n]) {
			u.imports[n] = path
		}
	}
	k, err = c.check(c.units, nil)
	if err != nil {
		return err
	}
	if err := k.faults(nil); err != nil {
		return err
	}
	e = edits{}
	u.imports = final
	c.importNames(k, u, e)
	e.apply()
	return nil
}

func (c *converter) functionName(p *piece) string {
	n := fmt.Sprintf("cell%d%s", p.cell, p.suffix)
	for c.idents[n] {
		n += "_"
	}
	c.idents[n] = true
	return n
}

// renameEntries takes the names main and init, which the program needs, from
// functions of the cell. The result makes the cell call them: init always, main
// where the cell is a whole file with its package clause.
func (u *unit) renameEntries(c *converter, end int) func(*checked, *unit, edits) {
	var inits, mains []string
	var list []edit
	toks := scan(u.text.slice(0, end).String())
	s := u.text.String()
	depth := 0
	for i, t := range toks {
		switch t.tok {
		case token.LBRACE, token.LPAREN:
			depth++
		case token.RBRACE, token.RPAREN:
			depth--
		case token.FUNC:
			if depth == 0 && i+1 < len(toks) && toks[i+1].tok == token.IDENT {
				name := s[toks[i+1].pos:toks[i+1].end]
				if name != "main" && name != "init" {
					continue
				}
				now := c.fresh(name)
				list = append(list, edit{toks[i+1].pos, toks[i+1].end, now})
				switch {
				case name == "init":
					inits = append(inits, now+"()\n")
				case u.isFile:
					mains = append(mains, now+"()\n")
				}
			}
		}
	}
	u.text = u.text.edited(list)
	return func(k *checked, u *unit, e edits) {
		if calls := append(inits, mains...); len(calls) > 0 {
			e.insert(k, k.body(u).Body.Rbrace, strings.Join(calls, ""))
		}
	}
}

// explicitImports are the imports that the cell writes, by local name.
func (c *converter) explicitImports(u *unit) (map[string]string, error) {
	raw := map[string]string{}
	for _, s := range u.piece.imports {
		name := s.name
		if name == "" {
			name = symbols.Name(s.path)
		}
		switch name {
		case "":
			return nil, Faults{u.fault(max(strings.Index(u.source, strconv.Quote(s.path)), 0), "package "+s.path+" is not available in cells")}
		case "_":
		case ".":
			u.dots = append(u.dots, s.path)
		default:
			raw[name], c.session[name] = s.path, s.path
		}
	}
	return raw, nil
}

// unresolved adds the packages that the cell uses without importing them.
func (c *converter) unresolved(u *unit, live *types.Scope, raw map[string]string) {
	for n := range u.bases {
		if _, known := raw[n]; known || live.Lookup(n) != nil || u.declared[n] || builtin(n) {
			continue
		}
		if path, ok := c.session[n]; ok {
			raw[n] = path
		} else if paths := symbols.Candidates(n); len(paths) == 1 {
			raw[n] = paths[0]
		}
	}
}

// importName is the name by which a unit imports path. want is what the cell
// calls it.
func (c *converter) importName(u *unit, path, want string) string {
	taken := func(n string) bool {
		p, other := c.local[n]
		return other && p != path || c.top[n] || builtin(n) || n == "main" || n == "init"
	}
	if taken(want) {
		key := want + " " + path
		if c.alias[key] == "" {
			c.alias[key] = c.fresh(want + "pkg")
		}
		want = c.alias[key]
	}
	c.local[want] = path
	u.imports[want] = path
	return want
}

// importNames gives package names in the unit the names they have in the
// program.
func (c *converter) importNames(k *checked, u *unit, e edits) {
	for id, o := range k.info.Uses {
		p, ok := o.(*types.PkgName)
		if !ok {
			continue
		}
		if in, off := k.place(id.Pos()); in != u || off < 0 {
			continue
		}
		if now := c.importName(u, p.Imported().Path(), id.Name); now != id.Name {
			e.replace(k, id.Pos(), id.End(), now)
		}
	}
}

// lastValue is the expression whose value the cell shows, or nil.
func (c *converter) lastValue(k *checked, u *unit) ast.Expr {
	list := k.body(u).Body.List
	if !u.showsLast || len(list) == 0 {
		return nil
	}
	s, ok := list[len(list)-1].(*ast.ExprStmt)
	if !ok {
		return nil
	}
	return s.X
}

// show makes the cell show its last value.
func (c *converter) show(k *checked, u *unit, last ast.Expr, e edits) {
	if last == nil {
		return
	}
	tv := k.info.Types[last]
	if !tv.IsValue() || tv.IsNil() || prints(k, last) {
		return
	}
	verb, end := ".Show(", ")"
	if t, several := tv.Type.(*types.Tuple); several {
		if t.Len() == 0 {
			return
		}
		if u.quiet {
			return
		}
		verb = ".Display(" // together
	}
	if u.quiet {
		e.insert(k, last.Pos(), "_ = ")
		return
	}
	lab := c.importName(u, labPath, "lab")
	if mayBeText(tv.Type) { // which the kernel shows quoted
		verb, end = verb+lab+".RenderValue(", "))"
	}
	e.insert(k, last.Pos(), lab+verb)
	e.insert(k, last.End(), end)
}

// mayBeText reports whether a value of the type, or one of several, may be a
// string.
func mayBeText(t types.Type) bool {
	switch t := t.(type) {
	case *types.Tuple:
		for v := range t.Variables() {
			if mayBeText(v.Type()) {
				return true
			}
		}
		return false
	case *types.Basic:
		return t.Kind() == types.String || t.Kind() == types.UntypedString
	}
	i, ok := t.(*types.Interface)
	return ok && i.Empty()
}

// prints reports whether the expression is a call such as fmt.Println, whose
// count of bytes nobody wants to see.
func prints(k *checked, e ast.Expr) bool {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok {
		return false
	}
	s, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	f, ok := k.info.Uses[s.Sel].(*types.Func)
	if !ok || f.Pkg() == nil || f.Pkg().Path() != "fmt" {
		return false
	}
	return strings.HasPrefix(f.Name(), "Print") || strings.HasPrefix(f.Name(), "Fprint")
}
