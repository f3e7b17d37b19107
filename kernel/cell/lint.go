package cell

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"math"
)

// lint remarks on what Go accepts and nobody means: it comes from other
// languages, and gives another number there.
func (s *Session) lint(p *parsed, pt *part) (notes []Diagnostic) {
	note := func(pos token.Pos, msg string) {
		d := s.diagnostic(p, pos, msg)
		d.Severity = SeverityNote
		notes = append(notes, d)
	}
	for _, it := range pt.items {
		var root ast.Node = it.stmt
		if it.decl != nil {
			root = it.decl
		}
		ast.Inspect(root, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BinaryExpr:
				x, y := literal(n.X), literal(n.Y)
				if x == nil || y == nil {
					break
				}
				if n.Op == token.QUO && constant.Sign(y) != 0 && !isFloat(pt.info.TypeOf(n)) && constant.Sign(constant.BinaryOp(x, token.REM, y)) != 0 {
					note(n.OpPos, "integers divide to an integer, "+pt.info.Types[n].Value.String()+" here; "+x.String()+".0/"+y.String()+" keeps the fraction")
				}
				if n.Op == token.XOR {
					note(n.OpPos, "^ is exclusive or; a power is math.Pow("+x.String()+", "+y.String()+")")
				}
			case *ast.CallExpr:
				if tv := pt.info.Types[n.Fun]; tv.IsType() && len(n.Args) == 1 && isString(tv.Type) && types.Identical(types.Default(pt.info.TypeOf(n.Args[0])), types.Typ[types.Int]) {
					note(n.Pos(), "string(n) is the character with the number n; its digits are fmt.Sprint(n)")
				}
			}
			return true
		})
	}
	return notes
}

// tooLarge refuses a trailing constant that no type of its kind holds; the
// checker sees no use of it that would need one.
func (s *Session) tooLarge(p *parsed, pt *part) []Diagnostic {
	if pt.result == nil {
		return nil
	}
	tv := pt.info.Types[pt.result.X]
	b, ok := tv.Type.(*types.Basic)
	if !ok || tv.Value == nil || b.Info()&types.IsUntyped == 0 || b.Info()&types.IsNumeric == 0 {
		return nil
	}
	fits := true
	switch to := types.Default(b).(*types.Basic); to.Kind() {
	case types.Int:
		_, fits = constant.Int64Val(constant.ToInt(tv.Value))
	case types.Rune:
		v, exact := constant.Int64Val(constant.ToInt(tv.Value))
		fits = exact && v == int64(rune(v))
	case types.Float64:
		v, _ := constant.Float64Val(tv.Value)
		fits = !math.IsInf(v, 0)
	}
	if fits {
		return nil
	}
	d := s.diagnostic(p, pt.result.Pos(), fmt.Sprintf("cannot use %s (constant %s) as %s value (overflows)", types.ExprString(pt.result.X), tv.Value, types.Default(b)))
	d.Hint = "float64(…) holds it roughly, a big.Int of math/big exactly"
	return []Diagnostic{d}
}

// literal is the value of a whole number that is written out.
func literal(e ast.Expr) constant.Value {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.INT {
		return nil
	}
	return constant.MakeFromLiteral(l.Value, l.Kind, 0)
}
