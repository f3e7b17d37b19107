package cell

import (
	"context"
	"go/token"
)

// magic runs a cell that is a command to the kernel and not Go. It reports
// whether it did; it may also rewrite the cell and leave it to be evaluated.
func (s *Session) magic(ctx context.Context, c *Cell) (bool, Outcome) {
	return false, Outcome{}
}

// Magics lists the commands that a line may begin with.
var Magics = []string{"%vars", "%time", "%bench", "%help", "%reset"}

// SyntaxError is the first syntax error of a cell, or "".
func SyntaxError(text string) string {
	_, errs := parse(token.NewFileSet(), Cell{Source: text})
	if len(errs) == 0 {
		return ""
	}
	return errs[0].Msg
}
