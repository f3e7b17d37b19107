// Package debug holds the words in which a debugger and what it looks at speak
// to each other: breakpoints, threads, frames, variables and what happens to
// them. Lines and columns count from 1.
package debug

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
	ID           int    `json:"id,omitempty"`
	Line         int    `json:"line"`
	Column       int    `json:"column,omitempty"`
	Condition    string `json:"condition,omitempty"`    // stops only where this holds
	HitCondition string `json:"hitCondition,omitempty"` // and only at these times: "3", ">= 3", "% 3"
	LogMessage   string `json:"logMessage,omitempty"`   // prints this, with {expressions}, and does not stop
	Verified     bool   `json:"verified"`
	Message      string `json:"message,omitempty"` // why it is not
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
	Path string `json:"path"`
}

// Cell is a cell that has run.
type Cell struct {
	Source Source
	Text   string
}

// Scope is a group of variables of a frame.
type Scope struct {
	Name      string `json:"name"` // "Locals", "Captured", "Session"
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

// What is reported.
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
