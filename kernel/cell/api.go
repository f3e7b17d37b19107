package cell

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/priorlab/priorlab/stdlib/lab"
)

// Options say where a session's cells print, read and show. Any may be left
// out: output is then dropped, input is empty, and lab shows nothing.
type Options struct {
	Stdout, Stderr io.Writer
	Stdin          io.Reader
	Host           lab.Host

	// Capture sends what cells write to os.Stdout and os.Stderr themselves to
	// Stdout and Stderr too. A process whose descriptors lead there anyway
	// leaves it unset.
	Capture bool
}

// Cell is one piece of source to evaluate. Name appears in positions, such as
// "In[3]".
type Cell struct {
	Name, Source string

	code string // Source with what is not run now blanked; "" for all of it
}

// Outcome is what became of a cell.
type Outcome struct {
	Values []any        // values of the trailing expression; none for other cells
	Err    error        // *CompileError, *RuntimeError, Interrupted or nil
	Notes  []Diagnostic // what does not stop the cell: unused variables and imports, stale cells
	Exit   *int         // code of an os.Exit that ended the cell
	Timing Timing
}

// Timing is how long the steps of a cell's way took.
type Timing struct {
	Check time.Duration // parsing and type-checking
	Lower time.Duration // making the checked cell executable
	Run   time.Duration
}

// Severity tells an error from a remark.
type Severity int

const (
	SeverityError Severity = iota
	SeverityNote
)

// Diagnostic is one remark on the text of a cell. Line and Col count from one;
// Col counts bytes.
type Diagnostic struct {
	Cell      string
	Line, Col int
	Msg       string
	Hint      string // what to do, where that is known
	Excerpt   string // the source line with a caret below it
	Severity  Severity
}

// String is the diagnostic as a person reads it: position and message, the
// excerpt, the hint.
func (d Diagnostic) String() string {
	var b strings.Builder
	if d.Cell != "" && d.Line > 0 {
		fmt.Fprintf(&b, "%s:%d:%d: ", d.Cell, d.Line, d.Col)
	}
	if d.Severity == SeverityNote {
		b.WriteString("note: ")
	}
	b.WriteString(d.Msg)
	if d.Excerpt != "" {
		b.WriteString("\n" + d.Excerpt)
	}
	if d.Hint != "" {
		b.WriteString("\n    hint: " + d.Hint)
	}
	return b.String()
}

// CompileError reports a cell that was not run: nothing of it took effect.
type CompileError struct {
	Diagnostics []Diagnostic
}

// Error is the first diagnostic in one line, and how many more there are.
func (e *CompileError) Error() string {
	if len(e.Diagnostics) == 0 {
		return "the cell does not compile"
	}
	d := e.Diagnostics[0]
	s := d.Msg
	if d.Line > 0 {
		s = fmt.Sprintf("%s:%d:%d: %s", d.Cell, d.Line, d.Col, d.Msg)
	}
	if n := len(e.Diagnostics) - 1; n > 0 {
		s += fmt.Sprintf(" (and %d more)", n)
	}
	return s
}

// RuntimeError reports a cell that began to run and panicked. What it had
// assigned before stays assigned.
type RuntimeError struct {
	Name      string   // dynamic type of the panic value, such as "runtime error" or "*main.MyError"
	Value     string   // its text, one line
	Traceback []string // cell, line, source line and caret of every frame of the user's
	Panic     any      // the value itself
}

func (e *RuntimeError) Error() string { return e.Name + ": " + e.Value }

// ErrInterrupted is what errors.Is finds in the error of an interrupted cell.
var ErrInterrupted = errors.New("interrupted")

// Interrupted reports a cell that was stopped by its context.
type Interrupted struct {
	Traceback []string
	// Detached is set when the cell could not be stopped (it sits in a native
	// call that takes no context) and was left behind; it ends at its next step.
	Detached string
}

func (e *Interrupted) Error() string {
	if e.Detached != "" {
		return "interrupted, still inside " + e.Detached
	}
	return "interrupted"
}

// Is makes errors.Is(err, ErrInterrupted) true.
func (e *Interrupted) Is(target error) bool { return target == ErrInterrupted }
