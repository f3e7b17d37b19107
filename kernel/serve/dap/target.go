package dap

import (
	"context"

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
	Variables(reference int) ([]Variable, error)
	// Evaluate gives the value of an expression in a frame; frame 0 is the
	// session's own scope.
	Evaluate(ctx context.Context, frame int, expr string) (Variable, error)

	// Resume lets a stopped thread go on, for a step or for good.
	Resume(thread int, how Step) error
	// Pause stops a running thread at its next statement; 0 is all threads.
	Pause(thread int) error

	// Globals are the session's variables.
	Globals() ([]Variable, error)
	// Rich is the display of a variable of a frame, or of the session.
	Rich(ctx context.Context, frame int, name string) (lab.Bundle, error)
	// CopyToGlobals makes a frame's variable one of the session's.
	CopyToGlobals(frame int, from, to string) error
}

// Step is how far a resumed thread goes.
type Step int

// The ways to go on.
const (
	Continue Step = iota
	Next          // to the next line of this function
	StepIn        // into a called function
	StepOut       // to the caller
)

// Breakpoint is a line of a cell where its thread stops.
type Breakpoint struct {
	ID        int    `json:"id,omitempty"`
	Line      int    `json:"line"`
	Column    int    `json:"column,omitempty"`
	Condition string `json:"condition,omitempty"` // stops only where this holds
	Verified  bool   `json:"verified"`
	Message   string `json:"message,omitempty"` // why it is not
}

// Thread is a goroutine that runs cell code.
type Thread struct {
	ID   int    `json:"id"`
	Name string `json:"name"`
}

// Frame is a function call on a thread's stack.
type Frame struct {
	ID     int    `json:"id"`
	Name   string `json:"name"`
	Source Source `json:"source"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// Source names a cell.
type Source struct {
	Name string `json:"name,omitempty"` // for people: "In[3]"
	Path string `json:"path"`           // from CellPath
}

// Scope is a group of variables of a frame.
type Scope struct {
	Name      string `json:"name"` // "Locals", "Session"
	Reference int    `json:"variablesReference"`
	Expensive bool   `json:"expensive"`
}

// Variable is a name and its value as text. Reference is not 0 when the value
// has parts.
type Variable struct {
	Name         string `json:"name"`
	Value        string `json:"value"`
	Type         string `json:"type,omitempty"`
	Reference    int    `json:"variablesReference"`
	EvaluateName string `json:"evaluateName,omitempty"`
	Indexed      int    `json:"indexedVariables,omitempty"`
	Named        int    `json:"namedVariables,omitempty"`
}

// EventKind says what happened.
type EventKind int

// What a Target reports.
const (
	Stopped EventKind = iota
	Continued
	ThreadStarted
	ThreadExited
)

// Event is something that happened to a thread.
type Event struct {
	Kind   EventKind
	Thread int
	Reason string // of Stopped: "breakpoint", "step", "exception", "pause"
	Text   string // of an exception: the panic value
}
