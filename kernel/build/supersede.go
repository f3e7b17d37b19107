package build

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"strings"
)

// setAside renames what the cell declares anew: the constants, types and
// functions of earlier cells by these names. It returns, by name, what earlier
// functions and methods are called now, for supersede to compare.
func (c *converter) setAside(u *unit, imports map[string]string) (map[string]string, error) {
	names := map[string]bool{}
	for n := range u.declared {
		names[n] = true
	}
	for n := range imports {
		names[n] = true
	}
	old := map[string]string{}
	k, err := c.check(c.units, nil)
	if err != nil {
		return nil, err
	}
	e := edits{}
	for n := range names {
		o := k.pkg.Scope().Lookup(n)
		if o == nil {
			continue
		}
		now := c.fresh(n)
		c.renamed(n, now)
		old[n] = now
		e.rename(k, o, now, nil)
	}
	for _, key := range methodKeys(u) {
		typ, name, _ := strings.Cut(key, ".")
		if u.declared[typ] {
			continue // the type is new, and so are its methods
		}
		if m := method(k.pkg, typ, name); m != nil {
			now := c.fresh(name)
			old[key] = now
			e.rename(k, m, now, nil)
		}
	}
	e.apply()
	return old, nil
}

func methodKeys(u *unit) []string {
	var out []string
	f, err := parser.ParseFile(token.NewFileSet(), "", fileHead+u.piece.decls.String(), parser.SkipObjectResolution)
	if err != nil {
		return nil // the checker will say so
	}
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv != nil {
			out = append(out, receiverName(fn)+"."+fn.Name.Name)
		}
	}
	return out
}

func method(pkg *types.Package, typ, name string) *types.Func {
	t, ok := pkg.Scope().Lookup(typ).(*types.TypeName)
	if !ok {
		return nil
	}
	named, ok := t.Type().(*types.Named)
	if !ok {
		return nil
	}
	for m := range named.Methods() {
		if m.Name() == name {
			return m
		}
	}
	return nil
}

// renamed keeps track of names that are known outside the text.
func (c *converter) renamed(from, to string) {
	for i, p := range c.params {
		if p.now == from {
			c.params[i].now = to
		}
	}
	if c.late[from] {
		delete(c.late, from)
		c.late[to] = true
	}
}

// supersede makes callers in earlier cells see the new body of a function that
// the cell declares again with the same signature: the name becomes a variable
// that each of the cells sets when it begins. With another signature earlier
// callers keep what they had.
func (c *converter) supersede(k *checked, u *unit, old map[string]string, e edits) {
	for name, was := range old {
		if typ, m, ok := strings.Cut(name, "."); ok {
			c.supersedeMethod(k, u, typ, m, was, e)
			continue
		}
		now, ok := k.pkg.Scope().Lookup(name).(*types.Func)
		if !ok || now.Signature().TypeParams() != nil {
			continue
		}
		before := k.pkg.Scope().Lookup(was)
		if before == nil || !types.Identical(before.Type(), now.Type()) {
			continue
		}
		body := c.fresh(name)
		switch before.(type) {
		case *types.Func:
			// Its calls go through the variable; its body keeps the new name.
			e.rename(k, before, name, func(_ *ast.Ident, defines bool) bool { return !defines })
			first, _ := k.place(before.Pos())
			t, err := c.typeText(k, first, before.Type())
			if err != nil {
				continue
			}
			e.insert(k, k.body(first).Pos(), "var "+name+" "+t+" // the newest of "+was+" and its successors\n\n")
			e.insert(k, k.body(first).Body.Lbrace+1, "\n"+name+" = "+was)
		case *types.Var:
			if !c.late[was] {
				continue // a variable that held a function
			}
			delete(c.late, was)
			e.rename(k, before, name, nil)
		default:
			continue
		}
		c.late[name] = true
		e.rename(k, now, body, func(_ *ast.Ident, defines bool) bool { return defines })
		e.insert(k, k.body(u).Body.Lbrace+1, "\n"+name+" = "+body)
	}
}

// supersedeMethod does the same for a method: one method of the old name calls
// the newest body through a variable.
func (c *converter) supersedeMethod(k *checked, u *unit, typ, name, was string, e edits) {
	now, before := method(k.pkg, typ, name), method(k.pkg, typ, was)
	if now == nil || before == nil {
		return
	}
	named := now.Signature().Recv().Type()
	generic := now.Signature().RecvTypeParams().Len() > 0
	if generic || !types.Identical(now.Type(), before.Type()) || !types.Identical(named, before.Signature().Recv().Type()) {
		return // earlier callers keep the old one
	}
	first, _ := k.place(before.Pos())
	key := typ + "." + name
	if v := c.lateMethods[key]; v != "" {
		// The third body or a later one: what was set aside is the method that
		// calls through the variable. It gets its name back.
		e.rename(k, before, name, nil)
		body := c.fresh(name)
		e.rename(k, now, body, func(_ *ast.Ident, defines bool) bool { return defines })
		e.insert(k, k.body(u).Body.Lbrace+1, "\n"+v+" = "+methodExpr(k, named)+"."+body)
		return
	}
	recv, err := c.typeText(k, first, named)
	if err != nil {
		return
	}
	variable := c.fresh(typ + "_" + name)
	c.lateMethods[key] = variable
	params, args, results, err := c.signature(k, first, now.Signature())
	if err != nil {
		return
	}
	sep := ""
	if params != "" {
		sep = ", "
	}
	ret := ""
	if now.Signature().Results().Len() > 0 {
		ret = "return "
	}
	body := c.fresh(name)
	e.rename(k, before, name, func(_ *ast.Ident, defines bool) bool { return !defines })
	e.rename(k, now, body, func(_ *ast.Ident, defines bool) bool { return defines })
	e.insert(k, k.body(first).Pos(), "var "+variable+" func(r "+recv+sep+params+")"+results+
		"\n\nfunc (r "+recv+") "+name+"("+params+")"+results+" { "+ret+variable+"(r"+sep+args+") }\n\n")
	e.insert(k, k.body(first).Body.Lbrace+1, "\n"+variable+" = "+methodExpr(k, named)+"."+was)
	e.insert(k, k.body(u).Body.Lbrace+1, "\n"+variable+" = "+methodExpr(k, named)+"."+body)
}

// methodExpr is the operand of a method expression.
func methodExpr(k *checked, recv types.Type) string {
	return "(" + types.TypeString(recv, types.RelativeTo(k.pkg)) + ")"
}

// signature writes parameters with names of their own, the same as arguments,
// and results.
func (c *converter) signature(k *checked, u *unit, s *types.Signature) (params, args, results string, err error) {
	var ps, as, rs []string
	for i := range s.Params().Len() {
		name := "a" + string(rune('1'+i%9)) + strings.Repeat("_", i/9)
		t := s.Params().At(i).Type()
		dots, after := "", ""
		if s.Variadic() && i == s.Params().Len()-1 {
			t, dots, after = t.(*types.Slice).Elem(), "...", "..."
		}
		text, err := c.typeText(k, u, t)
		if err != nil {
			return "", "", "", err
		}
		ps = append(ps, name+" "+dots+text)
		as = append(as, name+after)
	}
	for i := range s.Results().Len() {
		text, err := c.typeText(k, u, s.Results().At(i).Type())
		if err != nil {
			return "", "", "", err
		}
		rs = append(rs, text)
	}
	if len(rs) > 0 {
		results = " (" + strings.Join(rs, ", ") + ")"
	}
	return strings.Join(ps, ", "), strings.Join(as, ", "), results, nil
}
