package build

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// noteParameters remembers the variables that the cell tagged "parameters"
// sets, and the values that an injected cell gives them.
func (c *converter) noteParameters(k *checked, u *unit) {
	comments := map[int]string{}
	line := func(pos token.Pos) int { return k.fset.PositionFor(pos, false).Line }
	for _, g := range k.files[u].Comments {
		for _, x := range g.List {
			if t, ok := strings.CutPrefix(x.Text, "//"); ok {
				comments[line(x.Pos())] = strings.TrimSpace(t)
			}
		}
	}
	code := func(n ast.Node) string {
		_, from := k.place(n.Pos())
		_, to := k.place(n.End())
		return u.text.slice(from, to).String()
	}
	set := func(name *ast.Ident, value ast.Expr) {
		v, ok := k.info.ObjectOf(name).(*types.Var)
		if !ok || name.Name == "_" {
			return
		}
		text := ""
		if value != nil {
			text = code(value)
		}
		called := name.Name // in the notebook
		if was := c.spared[called]; was != "" {
			called = was
		}
		for i, p := range c.params {
			if p.name == called {
				c.params[i].value, c.params[i].now = text, name.Name
				return
			}
		}
		if u.isParameter {
			c.params = append(c.params, param{name: called, now: name.Name, value: text, about: comments[line(name.Pos())], flag: flagType(v.Type())})
		}
	}
	for _, s := range k.body(u).Body.List {
		switch s := s.(type) {
		case *ast.AssignStmt:
			for i, l := range s.Lhs {
				if id, ok := l.(*ast.Ident); ok && len(s.Lhs) == len(s.Rhs) {
					set(id, s.Rhs[i])
				}
			}
		case *ast.DeclStmt:
			if g, ok := s.Decl.(*ast.GenDecl); ok && g.Tok == token.VAR {
				for _, spec := range g.Specs {
					spec := spec.(*ast.ValueSpec)
					for i, id := range spec.Names {
						var value ast.Expr
						if i < len(spec.Values) {
							value = spec.Values[i]
						}
						set(id, value)
					}
				}
			}
		}
	}
}

// flagType reports whether the command line can hold values of a type:
// numbers, texts, truth values, and lists of these.
func flagType(t types.Type) bool {
	if s, ok := t.Underlying().(*types.Slice); ok {
		t = s.Elem()
	}
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&(types.IsInteger|types.IsFloat|types.IsString|types.IsBoolean) != 0 && b.Kind() != types.Uintptr
}
