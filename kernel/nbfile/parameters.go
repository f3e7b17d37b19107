package nbfile

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"sort"
	"strconv"
	"strings"
)

// The tags of the cell that holds the parameters, and of the one that
// overrides them.
const (
	tagParameters = "parameters"
	tagInjected   = "injected-parameters"
)

// A Parameter is a variable set in the cell tagged "parameters".
type Parameter struct {
	Name    string
	Default string // the Go expression of its value
	Kind    string // "int", "float", "string", "bool", or "" for any other expression
}

// Parameters lists the variables that the cell tagged "parameters" sets.
func (nb *Notebook) Parameters() ([]Parameter, error) {
	c := nb.tagged(tagParameters)
	if c == nil {
		return nil, nil
	}
	return parseParameters(c.Source)
}

func (nb *Notebook) tagged(tag string) *Cell {
	for _, c := range nb.Cells {
		if c.Type == "code" && c.HasTag(tag) {
			return c
		}
	}
	return nil
}

// SetParameters takes settings of the form name=value and puts a cell that
// makes them after the cell tagged "parameters", in place of one put there
// before. A value keeps the type that the parameter has: text needs no quotes,
// 3 for a float parameter becomes 3.0.
func (nb *Notebook) SetParameters(settings []string) error {
	if len(settings) == 0 {
		return nil
	}
	if nb.tagged(tagParameters) == nil {
		return fmt.Errorf("%s has no cell tagged %q, so it takes no parameters", nb.Name, tagParameters)
	}
	known, err := nb.Parameters()
	if err != nil {
		return fmt.Errorf("%s: the cell tagged %q: %w", nb.Name, tagParameters, err)
	}
	byName := map[string]Parameter{}
	for _, p := range known {
		byName[p.Name] = p
	}
	var b strings.Builder
	b.WriteString("// Parameters\n")
	for _, s := range settings {
		name, value, ok := strings.Cut(s, "=")
		name = strings.TrimSpace(name)
		if !ok || name == "" {
			return fmt.Errorf("parameter %q: write name=value", s)
		}
		p, ok := byName[name]
		if !ok {
			return fmt.Errorf("%s has no parameter %q; it has %s", nb.Name, name, parameterNames(known))
		}
		expr, err := p.expression(strings.TrimSpace(value))
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "%s = %s\n", name, expr)
	}
	nb.inject(strings.TrimSuffix(b.String(), "\n"))
	return nil
}

func parameterNames(list []Parameter) string {
	if len(list) == 0 {
		return "none"
	}
	var names []string
	for _, p := range list {
		names = append(names, p.Name)
	}
	sort.Strings(names)
	return strings.Join(names, ", ")
}

func (nb *Notebook) inject(source string) {
	var cells []*Cell
	for _, c := range nb.Cells {
		if c.HasTag(tagInjected) {
			continue
		}
		cells = append(cells, c)
		if c.Type == "code" && c.HasTag(tagParameters) {
			cells = append(cells, &Cell{Type: "code", Source: source, Metadata: map[string]any{"tags": []any{tagInjected}}})
		}
	}
	nb.Cells = cells
	nb.nameCells()
}

// parseParameters reads assignments, := and = and var, from the text of a
// cell. Everything else in the cell is left alone.
func parseParameters(source string) ([]Parameter, error) {
	fset := token.NewFileSet()
	const head = "package p\nfunc _() {\n"
	file, err := parser.ParseFile(fset, "parameters", head+source+"\n}\n", parser.SkipObjectResolution)
	if err != nil {
		// Declarations of functions and types may stand beside the assignments.
		if file, err = parser.ParseFile(fset, "parameters", "package p\n"+source, parser.SkipObjectResolution); err != nil {
			return nil, fmt.Errorf("it cannot be read as Go: %v", err)
		}
	}
	var out []Parameter
	add := func(name string, value ast.Expr, typ ast.Expr, src string) {
		p := Parameter{Name: name, Kind: kindOfExpr(value)}
		if value != nil {
			p.Default = src[fset.Position(value.Pos()).Offset:fset.Position(value.End()).Offset]
		}
		if id, ok := typ.(*ast.Ident); ok {
			switch {
			case strings.HasPrefix(id.Name, "float"):
				p.Kind = "float"
			case strings.HasPrefix(id.Name, "int"), strings.HasPrefix(id.Name, "uint"):
				p.Kind = "int"
			case id.Name == "string", id.Name == "bool":
				p.Kind = id.Name
			}
		}
		for i, q := range out {
			if q.Name == name {
				out[i] = p
				return
			}
		}
		out = append(out, p)
	}
	src := head + source + "\n}\n"
	if len(file.Decls) == 0 || !isWrapped(file) {
		src = "package p\n" + source
	}
	visit := func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.AssignStmt:
			for i, l := range n.Lhs {
				if id, ok := l.(*ast.Ident); ok && id.Name != "_" && len(n.Lhs) == len(n.Rhs) {
					add(id.Name, n.Rhs[i], nil, src)
				}
			}
		case *ast.ValueSpec:
			for i, id := range n.Names {
				var v ast.Expr
				if i < len(n.Values) {
					v = n.Values[i]
				}
				if id.Name != "_" {
					add(id.Name, v, n.Type, src)
				}
			}
		case *ast.ForStmt, *ast.RangeStmt, *ast.IfStmt:
			return false
		}
		return true
	}
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name != "_" {
			continue
		}
		if g, ok := d.(*ast.GenDecl); ok && g.Tok != token.VAR {
			continue
		}
		ast.Inspect(d, visit)
	}
	return out, nil
}

func isWrapped(file *ast.File) bool {
	f, ok := file.Decls[0].(*ast.FuncDecl)
	return ok && f.Name.Name == "_"
}

// kindOfExpr is the kind of a literal, perhaps signed or converted.
func kindOfExpr(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		switch e.Kind {
		case token.INT:
			return "int"
		case token.FLOAT:
			return "float"
		case token.STRING:
			return "string"
		}
	case *ast.UnaryExpr:
		return kindOfExpr(e.X)
	case *ast.ParenExpr:
		return kindOfExpr(e.X)
	case *ast.Ident:
		if e.Name == "true" || e.Name == "false" {
			return "bool"
		}
	case *ast.CallExpr:
		if id, ok := e.Fun.(*ast.Ident); ok {
			switch id.Name {
			case "float64", "float32":
				return "float"
			case "int", "int64", "uint64":
				return "int"
			case "string":
				return "string"
			}
		}
	}
	return ""
}

// expression is the Go text for a value given on the command line.
func (p Parameter) expression(value string) (string, error) {
	bad := func(what string) error {
		return fmt.Errorf("parameter %s is %s (%s); %q is not", p.Name, what, p.Default, value)
	}
	switch p.Kind {
	case "int":
		if _, err := strconv.ParseInt(value, 0, 64); err != nil {
			return "", bad("a whole number")
		}
	case "float":
		f, err := strconv.ParseFloat(value, 64)
		if err != nil || f-f != 0 {
			return "", bad("a number")
		}
		if !strings.ContainsAny(value, ".eEpP") {
			value += ".0"
		}
	case "bool":
		b, err := strconv.ParseBool(value)
		if err != nil {
			return "", bad("true or false")
		}
		value = strconv.FormatBool(b)
	case "string":
		if s, err := strconv.Unquote(value); err == nil {
			value = s
		}
		value = strconv.Quote(value)
	default:
		if _, err := parser.ParseExpr(value); err != nil {
			return "", fmt.Errorf("parameter %s: %q is not a Go expression: %v", p.Name, value, err)
		}
	}
	return value, nil
}
