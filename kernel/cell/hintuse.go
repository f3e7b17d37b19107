package cell

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// convert: a value of one type where another is wanted.
func (h *hinter) convert(pos token.Pos, m []string) string {
	var e ast.Expr
	for _, n := range h.enclosing(pos) {
		if x, ok := n.(ast.Expr); ok && x.Pos() == pos && h.typeOf(x) != nil {
			e = x
			break
		}
	}
	if e == nil {
		return ""
	}
	have, want := h.typeOf(e), m[2]
	if types.TypeString(have, qualifyShort) == want { // two types of one name
		if again := h.declaredAgain(have); again != "" {
			return again
		}
		return strings.TrimLeft(want, "[]*") + " was declared again; what this is put into is of the earlier type: make it anew"
	}
	switch {
	case isNumber(have) && want == "string":
		return "write fmt.Sprint(" + h.text(e) + ")"
	case isString(have) && (want == "int" || want == "float64"):
		return map[string]string{"int": "strconv.Atoi(", "float64": "strconv.ParseFloat("}[want] + h.text(e) + map[string]string{"int": ") reads a number from text", "float64": ", 64) reads a number from text"}[want]
	case isNumber(have) && isNumber(types.Universe.Lookup(want).Type()):
		return "convert it: " + h.converted(e, want)
	case h.column(e, have, want) != "":
		return h.column(e, have, want)
	case want == "*linalg.Tensor" && types.TypeString(have, qualifyShort) == "[]float64":
		return "linalg.FromFloat64(" + h.text(e) + ", n) makes a tensor of it"
	case "*"+types.TypeString(have, qualifyShort) == want:
		return "a pointer is wanted: &" + h.text(e)
	case types.TypeString(have, qualifyShort) == "*"+want:
		return "the value behind the pointer is wanted: *" + h.text(e)
	case strings.HasPrefix(want, "func(") && !strings.HasPrefix(have.Underlying().String(), "func("):
		return "a function is wanted: " + want + " { … }"
	}
	return ""
}

// implement: a type lacks a method of an interface.
func (h *hinter) implement(_ token.Pos, m []string) string {
	why := m[3]
	switch {
	case m[2] == "error":
		return `an error is made by errors.New("…") or fmt.Errorf("…: %w", err)`
	case strings.Contains(why, "has pointer receiver"):
		return "its methods belong to the pointer: take the address, &x"
	case strings.HasPrefix(why, "missing method "):
		return "declare it: func (x T) " + strings.TrimPrefix(why, "missing method ") + "(…) { … }; the interface says its parameters: %help " + m[2]
	}
	return ""
}

// several says how to take the values of a call with more than one.
func several(f, results string) string {
	n := strings.Count(results, ",") + 1
	names := []string{"v", "w", "u", "t"}[:min(n, 4)]
	if strings.HasSuffix(results, "error") {
		names[len(names)-1] = "err"
	}
	return fmt.Sprintf("it gives %d values: %s := %s(…)", n, strings.Join(names, ", "), f)
}

// mismatch: as many variables as values.
func (h *hinter) mismatch(pos token.Pos, m []string) string {
	a := around[*ast.CallExpr](h, pos, func(c *ast.CallExpr) bool { return strings.HasPrefix(m[2], h.text(c.Fun)) })
	if a == nil {
		for _, n := range h.enclosing(pos) {
			ast.Inspect(n, func(n ast.Node) bool {
				if c, ok := n.(*ast.CallExpr); ok && a == nil && h.text(c.Fun) == m[2] {
					a = c
				}
				return a == nil
			})
		}
	}
	if a != nil {
		if t, ok := h.typeOf(a.Fun).(*types.Signature); ok && t.Results().Len() > 1 {
			return several(m[2], strings.Trim(types.TypeString(t.Results(), qualifyShort), "()"))
		}
	}
	if m[3] == "1" {
		return "it gives one value: v := " + m[2] + "(…)"
	}
	return ""
}

// returns: a return with values in a function that declares none.
func (h *hinter) returns(pos token.Pos, _ []string) string {
	ft := (*ast.FuncType)(nil)
	var r *ast.ReturnStmt
	for _, n := range h.enclosing(pos) {
		switch n := n.(type) {
		case *ast.FuncDecl:
			ft = n.Type
			if n == h.pt.body {
				ft = nil
			}
		case *ast.FuncLit:
			ft = n.Type
		case *ast.ReturnStmt:
			r = n
		}
	}
	switch {
	case ft == nil:
		return "a cell's value is its last expression: leave out return"
	case ft.Results == nil && r != nil && len(r.Results) == 1:
		if t := h.typeOf(r.Results[0]); t != nil {
			return "the function says what it returns: " + h.signature(ft) + " " + types.TypeString(types.Default(t), qualifyShort) + " { … }"
		}
	}
	return ""
}

func (h *hinter) signature(ft *ast.FuncType) string {
	if t := h.text(ft); t != "…" {
		return t
	}
	return "func f(…)"
}

// unused: an expression whose value nothing takes.
func (h *hinter) unused(pos token.Pos, _ []string) string {
	f := around[*ast.FuncLit](h, pos, nil)
	if f != nil && len(f.Body.List) > 0 {
		last, ok := f.Body.List[len(f.Body.List)-1].(*ast.ExprStmt)
		if ok && last.Pos() == pos {
			result := "float64"
			if t := h.typeOf(last.X); t != nil {
				result = types.TypeString(types.Default(t), qualifyShort)
			}
			return "a function gives a value by return, and says its type: " + h.signature(f.Type) + " " + result + " { return " + h.text(last) + " }"
		}
	}
	return "assign it, _ = x, or print it, fmt.Println(x)"
}

// typeNamed: a type where a value is wanted.
func (h *hinter) typeNamed(pos token.Pos, _ []string) string {
	if l := around[*ast.LabeledStmt](h, pos, nil); l != nil {
		return "a variable is declared by var " + l.Label.Name + " " + h.text(l.Stmt) + " or " + l.Label.Name + " := …"
	}
	if e := around[ast.Expr](h, pos, nil); e != nil {
		return "make a value of it: var x " + h.text(e) + ", or " + h.text(e) + "{…}"
	}
	return ""
}

// zero: nil where a plain value is wanted.
func (h *hinter) zero(_ token.Pos, m []string) string {
	return "its empty value is " + map[string]string{"string": `""`, "bool": "false"}[m[1]] + map[string]string{"int": "0", "float64": "0"}[m[1]]
}

// operand is the outermost expression that begins at pos.
func (h *hinter) operand(pos token.Pos) ast.Expr {
	for _, n := range h.enclosing(pos) {
		if e, ok := n.(ast.Expr); ok && e.Pos() == pos {
			if t := h.typeOf(e); t != nil && t != types.Typ[types.Invalid] {
				return e
			}
		}
	}
	return nil
}

// length: len of what is no container.
func (h *hinter) length(pos token.Pos, _ []string) string {
	e := h.operand(pos)
	if e == nil {
		return ""
	}
	for _, name := range []string{"Len", "Shape", "Dims", "Size", "N"} {
		if o, _, _ := types.LookupFieldOrMethod(h.typeOf(e), true, h.pt.pkg, name); o != nil {
			return "ask it: " + h.text(e) + "." + name + "()"
		}
	}
	return "len is for slices, arrays, maps, strings and channels"
}

// index: an index into what has none.
func (h *hinter) index(pos token.Pos, _ []string) string {
	x := around[*ast.IndexExpr](h, pos, nil)
	if x == nil {
		return ""
	}
	for _, name := range []string{"At", "AtVec", "Index", "Row", "Slice"} {
		if o, _, _ := types.LookupFieldOrMethod(h.typeOf(x.X), true, h.pt.pkg, name); o != nil {
			return "elements are read by a method: " + h.text(x.X) + "." + name + "(" + h.text(x.Index) + ", …)"
		}
	}
	return ""
}

// arguments: a call with too few or too many.
func (h *hinter) arguments(pos token.Pos, m []string) string {
	c := around[*ast.CallExpr](h, pos, func(c *ast.CallExpr) bool { return h.text(c.Fun) == m[1] })
	if c == nil {
		return ""
	}
	sig, ok := h.typeOf(c.Fun).(*types.Signature)
	if !ok {
		return ""
	}
	return "it is " + m[1] + strings.TrimPrefix(types.TypeString(sig, qualifyShort), "func")
}

// fieldsOf: too few values in a struct literal.
func (h *hinter) fieldsOf(pos token.Pos) string {
	l, names := h.literal(pos, func(types.Object) bool { return true })
	if names == nil {
		return ""
	}
	return "give all of " + strings.Join(names, ", ") + ", or name those you give: " + h.text(l.Type) + "{" + names[0] + ": …}"
}

// declaredAgain says that t, or what it holds, is a type of an earlier cell that
// has been declared again.
func (h *hinter) declaredAgain(t types.Type) string {
	for {
		switch u := types.Unalias(t).(type) {
		case *types.Pointer:
			t = u.Elem()
			continue
		case *types.Slice:
			t = u.Elem()
			continue
		case *types.Map:
			t = u.Elem()
			continue
		}
		break
	}
	n, ok := types.Unalias(t).(*types.Named)
	if !ok || n.Obj().Pkg() == nil || n.Obj().Pkg().Path() != "main" {
		return ""
	}
	name := n.Obj().Name()
	now := h.s.view(name)
	if h.pt.named[name] {
		now = nil
		if n.Obj() == h.pt.pkg.Scope().Lookup(name) {
			return "values made before keep the " + name + " of the earlier cell: make them anew"
		}
	} else if now == n.Obj() || now == nil {
		return ""
	}
	text := name + " was declared again"
	if p, ok := h.s.defined[now]; ok && now != nil {
		text += " in " + p.cell
	}
	if p, ok := h.s.defined[n.Obj()]; ok {
		text += "; this value is of the " + name + " of " + p.cell
	}
	return text + ": make it anew"
}
