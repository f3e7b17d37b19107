package dap

import (
	"context"

	"github.com/priorlab/priorlab/kernel/debug"
	"github.com/priorlab/priorlab/stdlib/lab"
)

// Target is what can be debugged. Its methods may be called from any goroutine
// and while a cell runs or stands at a breakpoint; none waits for a cell to go
// on. Lines and columns count from 1. Frame ids and variable references are
// valid until the thread they belong to goes on.
type Target interface {
	// Attach begins debugging; report takes what happens until Detach, which
	// removes all breakpoints and lets every thread go on.
	Attach(report func(Event)) error
	Detach() error

	// SetBreakpoints replaces the breakpoints of one cell, present or future,
	// and returns as many, each where it came to lie, Verified or with the
	// reason it cannot be.
	SetBreakpoints(path, code string, wanted []Breakpoint) []Breakpoint
	// StopOnPanic says whether a panic stops its thread where it happens.
	StopOnPanic(on bool)

	Threads() []Thread
	Stack(thread int) ([]Frame, error)
	Scopes(frame int) ([]Scope, error)
	// Variables lists what a reference stands for: in groups where there is
	// much, or count parts from the one numbered start.
	Variables(reference, start, count int) ([]Variable, error)
	// Evaluate gives the value of an expression in a frame; frame 0 is the
	// session's own scope.
	Evaluate(ctx context.Context, frame int, expr string) (Variable, error)
	// SetVariable assigns the value of an expression to a variable or part
	// that a reference lists, and returns it.
	SetVariable(ctx context.Context, reference int, name, expr string) (Variable, error)

	// Resume lets a stopped thread go on, for a step or for good.
	Resume(thread int, how Step) error
	// Pause stops a running thread at its next statement; 0 is all threads.
	Pause(thread int) error

	// Cells are those that have run.
	Cells() []Cell
	// Globals are the session's variables.
	Globals() ([]Variable, error)
	// Rich is the display of a variable of a frame, or of the session.
	Rich(ctx context.Context, frame int, name string) (lab.Bundle, error)
	// CopyToGlobals makes a frame's variable one of the session's.
	CopyToGlobals(frame int, from, to string) error
}

// The words of package debug.
type (
	Step       = debug.Step
	Breakpoint = debug.Breakpoint
	Thread     = debug.Thread
	Frame      = debug.Frame
	Source     = debug.Source
	Cell       = debug.Cell
	Scope      = debug.Scope
	Variable   = debug.Variable
	Event      = debug.Event
)

// And its constants.
const (
	Continue      = debug.Continue
	Next          = debug.Next
	StepIn        = debug.StepIn
	StepOut       = debug.StepOut
	Stopped       = debug.Stopped
	Continued     = debug.Continued
	ThreadStarted = debug.ThreadStarted
	ThreadExited  = debug.ThreadExited
)
