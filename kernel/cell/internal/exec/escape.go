package exec

import (
	"go/ast"
	"go/token"
	"go/types"
)

// escapes is escaping, remembered for functions of which there may be several
// instances.
func (m *Machine) escapes(root ast.Node, info *types.Info) map[types.Object]bool {
	esc, ok := m.escape[root]
	if !ok {
		esc = escaping(root, info)
		m.escape[root] = esc
	}
	return esc
}

// escaping finds the local variables of a function that must live in boxes of
// their own: those a function literal captures, and those whose address is
// taken.
func escaping(root ast.Node, info *types.Info) map[types.Object]bool {
	esc := map[types.Object]bool{}
	var lits []*ast.FuncLit
	inner := func(v *types.Var) bool {
		if len(lits) == 0 {
			return true
		}
		l := lits[len(lits)-1]
		return l.Pos() <= v.Pos() && v.Pos() < l.End()
	}
	taken := func(e ast.Expr) {
		if v := rootVar(e, info); v != nil {
			esc[v] = true
		}
	}
	var visit func(n ast.Node) bool
	visit = func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			if n == root {
				return true
			}
			lits = append(lits, n)
			ast.Inspect(n.Type, visit)
			ast.Inspect(n.Body, visit)
			lits = lits[:len(lits)-1]
			return false
		case *ast.Ident:
			if v, ok := info.Uses[n].(*types.Var); ok && !v.IsField() && !inner(v) {
				esc[v] = true
			}
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				taken(n.X)
			}
		case *ast.SliceExpr:
			if t := info.TypeOf(n.X); t != nil {
				if _, ok := t.Underlying().(*types.Pointer); !ok {
					taken(n.X)
				}
			}
		case *ast.SelectorExpr:
			if s := info.Selections[n]; s != nil && s.Kind() == types.MethodVal {
				if r := s.Obj().Type().(*types.Signature).Recv(); r != nil {
					if _, ptr := types.Unalias(r.Type()).(*types.Pointer); ptr {
						taken(n.X)
					}
				}
			}
		}
		return true
	}
	ast.Inspect(root, visit)
	return esc
}

// rootVar is the variable whose storage e denotes a part of, or nil.
func rootVar(e ast.Expr, info *types.Info) *types.Var {
	for {
		switch x := ast.Unparen(e).(type) {
		case *ast.Ident:
			v, _ := info.ObjectOf(x).(*types.Var)
			return v
		case *ast.SelectorExpr:
			s := info.Selections[x]
			if s == nil {
				return nil
			}
			if _, ptr := info.TypeOf(x.X).Underlying().(*types.Pointer); ptr {
				return nil
			}
			e = x.X
		case *ast.IndexExpr:
			t := info.TypeOf(x.X)
			if t == nil {
				return nil
			}
			if _, arr := t.Underlying().(*types.Array); !arr {
				if _, tp := t.(*types.TypeParam); !tp {
					return nil
				}
			}
			e = x.X
		default:
			return nil
		}
	}
}

// calls reports whether evaluating e may call a function or wait, so that its
// place in the order of evaluation matters.
func calls(e ast.Node, info *types.Info) bool {
	found := false
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.CallExpr:
			tv := info.Types[n.Fun]
			if tv.IsType() {
				return true
			}
			if id, ok := ast.Unparen(n.Fun).(*ast.Ident); ok && tv.IsBuiltin() {
				switch id.Name {
				case "len", "cap", "real", "imag", "complex", "min", "max", "new", "make":
					return true
				}
			}
			found = true
		case *ast.UnaryExpr:
			if n.Op == token.ARROW {
				found = true
			}
		}
		return !found
	})
	return found
}
