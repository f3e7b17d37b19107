package serve

import (
	"context"

	"github.com/priorlab/priorlab/stdlib/lab"
)

// Backend runs cells and answers questions about code. The kernel's protocol
// half (this package) knows nothing else of Go; a test may supply a fake one.
//
// Execute is called for one cell at a time (per subshell). Complete, Inspect,
// IsComplete and Comm may be called while a cell runs and must not wait for it.
type Backend interface {
	// Execute runs a cell to its end. Everything the cell showed has been
	// given to out before it returns. Cancelling ctx interrupts the cell.
	Execute(ctx context.Context, x Execution, out Output) Reply

	// Evaluate gives the value of an expression as a display bundle, for
	// user_expressions.
	Evaluate(ctx context.Context, expr string) (lab.Bundle, *Failure)

	Complete(code string, cursor int) Completion // cursor in code points
	Inspect(code string, cursor, detail int) (lab.Bundle, bool)
	IsComplete(code string) (status, indent string)

	// Comm delivers a message from the front end. What handlers print or
	// show goes to out. A comm opened by the front end that Comms does not
	// list afterwards is closed again (jupyter.widget.control excepted).
	Comm(ctx context.Context, m lab.CommMessage, out Output)
	// Comms lists the open comms, id to target name; "" means every target.
	Comms(target string) map[string]string

	// Close ends the backend and whatever it started.
	Close() error
}

// Interrupter is what a Backend implements in addition when work goes on in it
// between requests, such as the callback of a widget. Interrupt ends that work;
// requests themselves are cancelled by their contexts. It does not wait.
type Interrupter interface {
	Interrupt()
}

// Execution is one cell to run.
type Execution struct {
	Code   string
	Count  int    // execution count; 0 when silent
	Cell   string // the cell's name in messages, such as "In[3]"
	Place  string // which cell of the notebook it is, "" when the client does not tell
	Silent bool
}

// Reply says how a cell ended.
type Reply struct {
	Result  *lab.Bundle // value of the trailing expression, nil when it has none
	Failure *Failure    // nil when the cell ran to its end
	Payload []map[string]any
}

// Failure is an error as Jupyter shows it.
type Failure struct {
	Name      string // ename: "CompileError", "Interrupted", the panic value's type ...
	Value     string // evalue: one line
	Traceback []string
}

func (f *Failure) Error() string { return f.Name + ": " + f.Value }

// Completion lists what may stand at the cursor; Start and End, in code
// points, bound the text that a match replaces.
type Completion struct {
	Matches    []string
	Types      []string // same length as Matches, or nil: "function", "variable" ...
	Signatures []string // same length as Matches, or nil
	Start, End int
}

// Output takes what a running cell shows. Its methods may be called from any
// goroutine and also after the cell has ended.
type Output interface {
	Stream(name, text string) // "stdout" or "stderr"
	Display(b lab.Bundle, displayID string, update bool)
	ClearOutput(wait bool)
	Comm(m lab.CommMessage)
	// ReadLine asks the client that sent the cell for input.
	ReadLine(ctx context.Context, prompt string, password bool) (string, error)
}
