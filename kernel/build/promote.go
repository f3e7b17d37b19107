package build

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// promote turns definitions of shared variables into assignments to variables
// of the package. A variable that had the name before keeps its storage when
// the type is the same, so that functions that use it see the new value; with
// another type it is renamed, and functions made before keep it.
func (c *converter) promote(k *checked, u *unit, shared map[string]bool, e edits) error {
	var vars []string
	fresh := map[string]bool{}
	var faults Faults
	for _, s := range k.body(u).Body.List {
		ids, _ := definedBy(s)
		if !slices.ContainsFunc(ids, func(id *ast.Ident) bool { return shared[id.Name] }) {
			continue
		}
		for _, id := range ids {
			v, ok := k.info.Defs[id].(*types.Var)
			if !ok {
				continue // an older variable of this cell, assigned to
			}
			line, old, err := c.variable(k, u, v)
			if err != nil {
				_, off := k.place(id.Pos())
				faults = append(faults, u.fault(u.text.source(off), err.Error()))
				continue
			}
			if old {
				continue
			}
			fresh[v.Name()] = true
			vars = append(vars, line)
			if prior := k.pkg.Scope().Lookup(v.Name()); prior != nil {
				now := c.fresh(v.Name())
				c.renamed(v.Name(), now)
				e.rename(k, prior, now, nil)
			}
		}
		assign(k, u, s, fresh, e)
	}
	if len(faults) > 0 {
		return faults
	}
	if u.isParameter || u.tagged("injected-parameters") {
		c.noteParameters(k, u)
	}
	switch at := k.body(u).Pos(); len(vars) {
	case 0:
	case 1:
		e.insert(k, at, "var "+vars[0]+"\n\n")
	default:
		e.insert(k, at, "var (\n"+strings.Join(vars, "\n")+"\n)\n\n")
	}
	return nil
}

// variable is the declaration of v, or word that a variable of its name and
// type is there already.
func (c *converter) variable(k *checked, u *unit, v *types.Var) (line string, old bool, err error) {
	if prior, ok := k.pkg.Scope().Lookup(v.Name()).(*types.Var); ok && !c.late[v.Name()] && types.Identical(prior.Type(), v.Type()) {
		return "", true, nil
	}
	t, err := c.typeText(k, u, v.Type())
	return v.Name() + " " + t, false, err
}

// assign makes an assignment of a definition.
func assign(k *checked, u *unit, s ast.Stmt, fresh map[string]bool, e edits) {
	for {
		l, ok := s.(*ast.LabeledStmt)
		if !ok {
			break
		}
		s = l.Stmt
	}
	switch s := s.(type) {
	case *ast.AssignStmt:
		e.replace(k, s.TokPos, s.TokPos+2, "=")
	case *ast.DeclStmt:
		g := s.Decl.(*ast.GenDecl)
		e.replace(k, g.TokPos, g.TokPos+token.Pos(len("var")), "")
		if g.Lparen.IsValid() {
			e.replace(k, g.Lparen, g.Lparen+1, "")
			e.replace(k, g.Rparen, g.Rparen+1, "")
		}
		for _, spec := range g.Specs {
			assignSpec(k, u, spec.(*ast.ValueSpec), fresh, e)
		}
	}
}

func assignSpec(k *checked, u *unit, s *ast.ValueSpec, fresh map[string]bool, e edits) {
	end := s.Names[len(s.Names)-1].End()
	typ := ""
	if s.Type != nil {
		_, from := k.place(s.Type.Pos())
		_, to := k.place(s.Type.End())
		typ = u.text.slice(from, to).String()
	}
	switch {
	case len(s.Values) == 0:
		// A new variable is zero; an old one is made so.
		var zero []string
		for _, id := range s.Names {
			if id.Name != "_" && !fresh[id.Name] {
				zero = append(zero, id.Name+" = *new("+typ+")")
			}
		}
		e.replace(k, s.Pos(), s.Type.End(), strings.Join(zero, "; "))
	case s.Names[0].Name == "_" && len(s.Names) == 1 && typ != "":
		e.replace(k, end, s.Values[0].Pos(), " = ("+typ+")(")
		e.insert(k, s.Values[0].End(), ")")
	default:
		e.replace(k, end, s.Values[0].Pos(), " = ")
	}
}

// typeText writes a type for the unit, importing what it names.
func (c *converter) typeText(k *checked, u *unit, t types.Type) (string, error) {
	if why := unnameable(t, k.pkg, map[types.Type]bool{}); why != "" {
		return "", nameError(why)
	}
	return types.TypeString(t, func(p *types.Package) string {
		if p == k.pkg {
			return ""
		}
		return c.importName(u, p.Path(), p.Name())
	}), nil
}

type nameError string

func (e nameError) Error() string {
	return "a program cannot name the type " + string(e) + " of a variable that other cells use; give the variable an interface type, or use it in this cell alone"
}

// unnameable finds in t a named type that a program cannot write, or "".
func unnameable(t types.Type, here *types.Package, seen map[types.Type]bool) string {
	if seen[t] {
		return ""
	}
	seen[t] = true
	all := func(ts ...types.Type) string {
		for _, t := range ts {
			if why := unnameable(t, here, seen); why != "" {
				return why
			}
		}
		return ""
	}
	named := func(o *types.TypeName, args *types.TypeList) string {
		outside := o.Pkg() != nil && o.Pkg() != here
		if outside && (!o.Exported() || internal(o.Pkg().Path())) || o.Pkg() == here && o.Parent() != here.Scope() {
			return o.Pkg().Name() + "." + o.Name()
		}
		for i := range args.Len() {
			if why := all(args.At(i)); why != "" {
				return why
			}
		}
		return ""
	}
	switch t := t.(type) {
	case *types.Alias:
		return named(t.Obj(), t.TypeArgs())
	case *types.Named:
		return named(t.Obj(), t.TypeArgs())
	case *types.Pointer:
		return all(t.Elem())
	case *types.Slice:
		return all(t.Elem())
	case *types.Array:
		return all(t.Elem())
	case *types.Chan:
		return all(t.Elem())
	case *types.Map:
		return all(t.Key(), t.Elem())
	case *types.Signature:
		return all(t.Params(), t.Results())
	case *types.Tuple:
		for v := range t.Variables() {
			if why := all(v.Type()); why != "" {
				return why
			}
		}
	case *types.Struct:
		for f := range t.Fields() {
			if f.Pkg() != here && !f.Exported() {
				return t.String()
			}
			if why := all(f.Type()); why != "" {
				return why
			}
		}
	}
	return ""
}

func internal(path string) bool {
	return slices.Contains(strings.Split(path, "/"), "internal")
}

func (p *piece) tagged(tag string) bool { return slices.Contains(p.tags, tag) }
