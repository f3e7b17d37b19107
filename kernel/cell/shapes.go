package cell

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"reflect"
	"regexp"
	"strings"

	"github.com/priorlab/priorlab/kernel/cell/internal/exec"
)

// aboutSizes recognises what numeric libraries say of operands that do not go
// together without saying how large they are.
var aboutSizes = regexp.MustCompile(`dimension mismatch|lengths? (?:do not|does not|mismatch)|slice length|size mismatch|bad (?:length|shape)`)

// sizes are the sizes of what stands in the innermost call of a cell that a
// traceback goes through, such as "a is 2x3, b is 2x3"; "" if none is known.
func (s *Session) sizes(tr []exec.Frame) (text string) {
	defer func() {
		if recover() != nil { // help is not worth a failure
			text = ""
		}
	}()
	for _, f := range tr {
		if f.Compiled {
			continue
		}
		src := s.sources.at(f.Pos)
		if src == nil {
			return ""
		}
		call := callAt(src.text, src.offset(s.fset, f.Pos))
		if call == nil {
			return ""
		}
		var parts []string
		said := map[string]bool{}
		operands := call.Args
		if sel, ok := call.Fun.(*ast.SelectorExpr); ok {
			operands = append([]ast.Expr{sel.X}, operands...)
		}
		for _, e := range operands {
			name := types.ExprString(e)
			if size := s.sizeOf(e, f); size != "" && !said[name] {
				said[name] = true
				if _, literal := e.(*ast.CompositeLit); literal {
					name = "the slice"
				}
				parts = append(parts, name+" "+size)
			}
		}
		return strings.Join(parts, ", ")
	}
	return ""
}

// callAt is the call in a text that begins, or whose method's name begins, at an
// offset.
func callAt(text string, at int) (found *ast.CallExpr) {
	// What stands before the statement need not parse: the expression is looked for
	// from the beginning of its line on.
	from := strings.LastIndexByte(text[:at], '\n') + 1
	fset := token.NewFileSet()
	f, _ := parser.ParseFile(fset, "", "package p\nfunc _() {\n"+text[from:], parser.SkipObjectResolution)
	if f == nil {
		return nil
	}
	shift := len("package p\nfunc _() {\n") - from
	ast.Inspect(f, func(n ast.Node) bool {
		c, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		begin := c.Pos()
		if sel, ok := c.Fun.(*ast.SelectorExpr); ok && fset.Position(sel.Sel.Pos()).Offset == at+shift {
			found = c
		}
		if found == nil && fset.Position(begin).Offset == at+shift {
			found = c
		}
		return true
	})
	return found
}

// sizeOf says how large an operand is: an argument of the frame's function, a
// variable of the session or a slice that is written out.
func (s *Session) sizeOf(e ast.Expr, f exec.Frame) string {
	switch e := e.(type) {
	case *ast.CompositeLit:
		if a, ok := e.Type.(*ast.ArrayType); ok && a.Len == nil {
			return fmt.Sprintf("has %d values", len(e.Elts))
		}
	case *ast.ParenExpr:
		return s.sizeOf(e.X, f)
	case *ast.Ident:
		for _, a := range f.Args {
			if a.Name == e.Name {
				return sizeText(a.Value)
			}
		}
		s.mu.RLock()
		defer s.mu.RUnlock()
		if v, ok := s.live[e.Name].(*types.Var); ok {
			if g, ok := s.machine.Global(v); ok {
				return sizeText(g)
			}
		}
	}
	return ""
}

func sizeText(v reflect.Value) string {
	if v.Kind() == reflect.Struct && v.CanAddr() { // var c mat.Dense
		v = v.Addr()
	}
	shape, _ := shapeOf(v)
	n, isLength := strings.CutPrefix(shape, "len ")
	switch {
	case shape == "" || shape == "0x0": // an empty matrix takes the size it is given
		return ""
	case isLength && v.Kind() != reflect.Slice && v.Kind() != reflect.Array:
		return ""
	case isLength:
		return "has " + n + " values"
	}
	return "is " + shape
}
