package lab

import "context"

// Host is what lab talks to: the kernel fills it in with messages to the
// front end, and a plain terminal satisfies it too. Its methods may be called
// from any goroutine; what they show belongs to the cell that started that
// goroutine.
type Host interface {
	// Context is the context of the running cell, cancelled by an interrupt.
	Context() context.Context

	// Display shows b. With a display id it can be replaced later; with
	// update true every display of that id is replaced and none is added.
	Display(b Bundle, displayID string, update bool) error

	// ClearOutput empties the cell's output; wait delays that until something
	// new is shown.
	ClearOutput(wait bool) error

	// ReadLine asks the person for one line; a password is not echoed.
	ReadLine(ctx context.Context, prompt string, password bool) (string, error)

	// Comm sends a message of a widget or of another front-end object.
	Comm(m CommMessage) error

	// Widgets reports whether the front end may draw widgets.
	Widgets() bool
}

// Bundle is one thing to show in several forms. The keys of Data are MIME
// types; a value is a string, a []byte (binary forms such as image/png), or
// anything encoding/json accepts (types that end in json).
type Bundle struct {
	Data     map[string]any
	Metadata map[string]any
}

// CommMessage is one comm_open, comm_msg or comm_close, in either direction.
type CommMessage struct {
	Kind     string // "open", "msg" or "close"
	ID       string // comm_id
	Target   string // target_name; open only
	Data     map[string]any
	Metadata map[string]any
	Buffers  [][]byte
}

// CellHost is an optional part of a Host, for one that knows cells.
type CellHost interface {
	// Cell is the name of the cell that started the calling goroutine, and
	// which cell of the notebook that is; "" for what is not known.
	Cell() (name, place string)

	// Callback runs f, the callback of a widget, on the calling goroutine and
	// on behalf of a cell: what f shows belongs to it. Interpreted code in f
	// stops when ctx is cancelled. A panic of f is reported to the person.
	Callback(ctx context.Context, cell string, f func())

	// NextInput proposes the text of the next cell. It reports false when the
	// calling goroutine belongs to no running cell.
	NextInput(text string) bool
}
