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

// maxArray is the most memory that an array may take, as much as one make.
const maxArray = 16 << 30

// tooBig refuses arrays for which there is no memory: to make one would end the
// process. Their sizes can be asked for.
func (s *Session) tooBig(p *parsed, pt *part) (errs []Diagnostic) {
	check := func(e ast.Expr) {
		t, ok := pt.info.TypeOf(e).(*types.Array)
		if !ok {
			return
		}
		if n := memoryOf(t); n > maxArray {
			d := s.diagnostic(p, e.Pos(), fmt.Sprintf("an array of type %s takes %.0f GiB of memory; a cell's may take %d GiB", types.TypeString(t, qualifyShort), n/(1<<30), maxArray>>30))
			d.Hint = "a slice, make([]T, n), is made as long as it is needed"
			errs = append(errs, d)
		}
	}
	for _, it := range pt.items {
		var root ast.Node = it.stmt
		if it.decl != nil {
			root = it.decl
		}
		ast.Inspect(root, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				return pt.info.Types[n].Value == nil
			case *ast.ArrayType:
				if n.Len != nil {
					check(n)
				}
			case *ast.CompositeLit:
				if a, ok := n.Type.(*ast.ArrayType); ok {
					if _, open := a.Len.(*ast.Ellipsis); open {
						check(n)
					}
				}
			}
			return true
		})
	}
	return errs
}

// memoryOf is about how many bytes a value of a type takes.
func memoryOf(t types.Type) float64 {
	switch t := types.Unalias(t).(type) {
	case *types.TypeParam:
		return 0
	case *types.Named:
		return memoryOf(t.Underlying())
	case *types.Array:
		return float64(t.Len()) * memoryOf(t.Elem())
	case *types.Struct:
		sum := 0.0
		for f := range t.Fields() {
			sum += memoryOf(f.Type())
		}
		return sum
	case *types.Basic:
		switch t.Kind() {
		case types.Bool, types.Int8, types.Uint8:
			return 1
		case types.Int16, types.Uint16:
			return 2
		case types.Int32, types.Uint32, types.Float32:
			return 4
		}
	}
	return 8
}

// literal is the value of a whole number that is written out.
func literal(e ast.Expr) constant.Value {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.INT {
		return nil
	}
	return constant.MakeFromLiteral(l.Value, l.Kind, 0)
}
