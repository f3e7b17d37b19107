package cell

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"

	"github.com/priorlab/priorlab/kernel/cell/internal/exec"
)

// A cell need not look at an error: in Go x, err := f() compiles at its top
// level, and what went wrong shows much later, as a nil pointer or an empty
// slice. So every error that a statement of a cell gets and the cell reads
// nowhere is remarked on.

// lost is an error that nothing in its cell read.
type lost struct {
	pos token.Pos
	msg string
	err error
}

// maxLost bounds the remarks on one run of a cell.
const maxLost = 3

var errorType = types.Universe.Lookup("error").Type()

// lose notes an error for remarks. It is called while the cell runs, by the
// goroutine of its statements.
func (u *unit) lose(pos token.Pos, msg string, err error) {
	if len(u.lost) < maxLost && !errors.Is(err, context.Canceled) {
		u.lost = append(u.lost, lost{pos, msg, err})
	}
}

// remarks are the notes on what a run of u lost.
func (s *Session) remarks(u *unit) (notes []Diagnostic) {
	for _, l := range u.lost {
		d := s.diagnostic(u.parsed, l.pos, fmt.Sprintf("%s: %s", l.msg, cutText(panicText(l.err), 500)))
		d.Severity = SeverityNote
		notes = append(notes, d)
	}
	u.lost = nil
	return notes
}

// readErrors are the names of variables of type error that a cell reads.
func readErrors(parts []*part) map[string]bool {
	read := map[string]bool{}
	for _, pt := range parts {
		written := map[*ast.Ident]bool{}
		for _, it := range pt.items {
			var root ast.Node = it.stmt
			if it.decl != nil {
				root = it.decl
			}
			ast.Inspect(root, func(n ast.Node) bool {
				if a, ok := n.(*ast.AssignStmt); ok {
					for _, l := range a.Lhs {
						if id, ok := ast.Unparen(l).(*ast.Ident); ok {
							written[id] = true
						}
					}
				}
				return true
			})
		}
		for id, o := range pt.info.Uses {
			if v, ok := o.(*types.Var); ok && !written[id] && types.Identical(v.Type(), errorType) {
				read[v.Name()] = true
			}
		}
	}
	return read
}

// assigned are the variables, among those a top-level statement assigns to, for
// errors that the cell never reads. watch leaves out those that are local to the
// statement.
func (u *unit) assigned(pt *part, it item) (ids []*ast.Ident) {
	var lhs []ast.Expr
	switch n := it.stmt.(type) {
	case *ast.AssignStmt:
		lhs = n.Lhs
	case nil:
		if g, ok := it.decl.(*ast.GenDecl); ok && g.Tok == token.VAR {
			for _, sp := range g.Specs {
				for _, id := range sp.(*ast.ValueSpec).Names {
					lhs = append(lhs, id)
				}
			}
		}
	default: // what a loop or an if leaves behind
		ast.Inspect(n, func(n ast.Node) bool {
			if a, ok := n.(*ast.AssignStmt); ok {
				lhs = append(lhs, a.Lhs...)
			}
			_, later := n.(*ast.FuncLit)
			return !later
		})
	}
	seen := map[types.Object]bool{}
	for _, l := range lhs {
		if id, ok := l.(*ast.Ident); ok && u.unread(pt, id) && !seen[pt.info.ObjectOf(id)] {
			seen[pt.info.ObjectOf(id)] = true
			ids = append(ids, id)
		}
	}
	return ids
}

// unread reports whether an identifier is a variable for an error that the cell
// never reads.
func (u *unit) unread(pt *part, id *ast.Ident) bool {
	v, ok := pt.info.ObjectOf(id).(*types.Var)
	return ok && types.Identical(v.Type(), errorType) && !u.reads[id.Name]
}

// discards reports whether a statement is a call whose last value is an error,
// which it drops. Printing is no reason to remark.
func discards(pt *part, it item) ast.Expr {
	st, ok := it.stmt.(*ast.ExprStmt)
	if !ok || st == pt.result || prints(pt.info, st.X) {
		return nil
	}
	if _, ok := ast.Unparen(st.X).(*ast.CallExpr); !ok {
		return nil
	}
	t := pt.info.TypeOf(st.X)
	if tup, ok := t.(*types.Tuple); ok {
		if tup.Len() == 0 {
			return nil
		}
		t = tup.At(tup.Len() - 1).Type()
	}
	if t == nil || !types.Identical(t, errorType) {
		return nil
	}
	return st.X
}

// watch adds a look at a variable that was just assigned.
func (s *Session) watch(u *unit, pt *part, id *ast.Ident, body *exec.Body) {
	v, ok := pt.info.ObjectOf(id).(*types.Var)
	if !ok {
		return
	}
	if g, ok := s.machine.Global(v); ok {
		body.Native(id.Pos(), func() {
			if err, ok := g.Interface().(error); ok && err != nil {
				u.lose(id.Pos(), "the cell does not check "+id.Name, err)
			}
		})
	}
}
