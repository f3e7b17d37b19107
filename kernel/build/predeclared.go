package build

import (
	"go/ast"
	"go/parser"
	"go/token"
)

// sparePredeclared renames what cells share under a name of Go's own, such as
// max or len. In a notebook the earlier cells have used Go's; in a program a
// variable of the package would be meant by all of them.
func (c *converter) sparePredeclared() {
	now := map[string]string{}
	for _, p := range c.pieces {
		shared := c.shared(p)
		for n := range p.vars {
			if builtin(n) && shared[n] && now[n] == "" {
				now[n] = c.fresh(n)
			}
		}
		for n := range p.declared {
			if builtin(n) && now[n] == "" {
				now[n] = c.fresh(n)
			}
		}
		if len(now) > 0 {
			p.rename(now)
		}
	}
	for was, is := range now {
		c.spared[is] = was
	}
}

// rename gives other names to what the piece defines or needs under these.
func (p *piece) rename(now map[string]string) {
	t := p.joined()
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "", t.String(), 0)
	if err != nil {
		return // it was parsed before
	}
	mean := map[*ast.Ident]bool{}
	for _, id := range f.Unresolved {
		mean[id] = true
	}
	top := map[*ast.Object]bool{}
	body := f.Decls[len(f.Decls)-1].(*ast.FuncDecl)
	for _, d := range f.Decls {
		for _, id := range declaredNames(d) {
			if fn, ok := d.(*ast.FuncDecl); !ok || fn.Recv == nil {
				mean[id] = true
				top[id.Obj] = id.Obj != nil
			}
		}
	}
	for _, s := range body.Body.List {
		ids, _ := definedBy(s)
		for _, id := range ids {
			top[id.Obj] = id.Obj != nil
		}
	}
	keys := map[*ast.Ident]bool{} // of composite literals: fields, as a rule
	var decls, stmts []edit
	declsAt := len(fileHead)
	stmtsAt := declsAt + len(p.decls.String()) + len(bodyHead)
	ast.Inspect(f, func(n ast.Node) bool {
		if kv, ok := n.(*ast.KeyValueExpr); ok {
			if id, ok := kv.Key.(*ast.Ident); ok {
				keys[id] = true
			}
		}
		id, ok := n.(*ast.Ident)
		if !ok || now[id.Name] == "" || keys[id] || !mean[id] && !top[id.Obj] {
			return true
		}
		at := fset.Position(id.Pos()).Offset
		if at >= stmtsAt {
			stmts = append(stmts, edit{at - stmtsAt, at - stmtsAt + len(id.Name), now[id.Name]})
		} else {
			decls = append(decls, edit{at - declsAt, at - declsAt + len(id.Name), now[id.Name]})
		}
		return true
	})
	p.decls, p.stmts = p.decls.edited(decls), p.stmts.edited(stmts)
	_ = p.analyse() // the same syntax with other names
}
