package worker

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/priorlab/priorlab/kernel/cell"
	"github.com/priorlab/priorlab/kernel/serve"
	"github.com/priorlab/priorlab/stdlib/lab"
)

// keptOutputs is how many finished cells can still be printed to by the
// goroutines they left behind.
const keptOutputs = 64

// host implements lab.Host over the Outputs of the cells.
type host struct {
	session *cell.Session

	mu      sync.Mutex
	ctx     context.Context
	current string                // name of the running or last cell
	outputs map[string]cellOutput // by cell name
	order   []string              // names in outputs, oldest first
	comm    serve.Output          // where comm messages go
	next    *string               // what the running cell proposes for the next one
}

// cellOutput is where a cell shows things, and its place in the notebook.
type cellOutput struct {
	serve.Output
	place string
}

var errNoCell = errors.New("nothing can be shown before the first cell has run")

func (h *host) begin(ctx context.Context, x serve.Execution, out serve.Output) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ctx, h.current, h.comm, h.next = ctx, x.Cell, out, nil
	if _, again := h.outputs[x.Cell]; !again {
		h.order = append(h.order, x.Cell)
	}
	h.outputs[x.Cell] = cellOutput{out, x.Place}
	if len(h.order) > keptOutputs {
		delete(h.outputs, h.order[0])
		h.order = h.order[1:]
	}
}

func (h *host) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ctx = nil
}

func (h *host) beginComm(out serve.Output) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.comm = out
}

// output is the Output of the cell that started the calling goroutine, and
// whether that is the current cell.
func (h *host) output() (out serve.Output, current bool) { return h.outputOf(cell.Current()) }

// outputOf is the Output of the cell with this name, or else of the current one.
func (h *host) outputOf(name string) (out serve.Output, current bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if o, ok := h.outputs[name]; ok {
		return o.Output, name == h.current
	}
	return h.outputs[h.current].Output, true
}

// Cell implements lab.CellHost.
func (h *host) Cell() (name, place string) {
	name = cell.Current()
	h.mu.Lock()
	defer h.mu.Unlock()
	return name, h.outputs[name].place
}

// Context implements lab.Host.
func (h *host) Context() context.Context {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ctx == nil {
		return context.Background()
	}
	return h.ctx
}

// Display implements lab.Host.
func (h *host) Display(b lab.Bundle, displayID string, update bool) error {
	out, _ := h.output()
	if out == nil {
		return errNoCell
	}
	out.Display(b, displayID, update)
	return nil
}

// ClearOutput implements lab.Host.
func (h *host) ClearOutput(wait bool) error {
	out, _ := h.output()
	if out == nil {
		return errNoCell
	}
	out.ClearOutput(wait)
	return nil
}

// ReadLine implements lab.Host.
func (h *host) ReadLine(ctx context.Context, prompt string, password bool) (string, error) {
	out, _ := h.output()
	if out == nil {
		return "", errNoCell
	}
	return out.ReadLine(ctx, prompt, password)
}

// Comm implements lab.Host.
func (h *host) Comm(m lab.CommMessage) error {
	h.mu.Lock()
	out := h.comm
	h.mu.Unlock()
	if out == nil {
		return errNoCell
	}
	out.Comm(m)
	return nil
}

// NextInput implements lab.CellHost.
func (h *host) NextInput(text string) bool {
	name := cell.Current()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ctx == nil || name != h.current {
		return false
	}
	h.next = &text
	return true
}

// payload is what the client is to do after the cell.
func (h *host) payload() []map[string]any {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.next == nil {
		return nil
	}
	return []map[string]any{{"source": "set_next_input", "text": *h.next, "replace": false}}
}

// Callback implements lab.CellHost. A failure is shown as the output of the
// cell, in the manner of a cell's own.
func (h *host) Callback(ctx context.Context, name string, f func()) {
	err := h.session.Callback(ctx, name, f)
	if err == nil || ctx.Err() != nil {
		return // what was cancelled did not fail
	}
	if out, _ := h.outputOf(name); out != nil {
		out.Stream("stderr", "A widget's callback failed.\n"+strings.Join(failure(err).Coloured(), "\n")+"\n")
	}
}

// HeadlessVariable names the environment variable that, when it is set, tells
// a worker that its cells run without a front end.
const HeadlessVariable = "PRIORLAB_HEADLESS"

// Widgets implements lab.Host: of a client the kernel cannot know what it
// draws, and every client that cannot draw a widget shows its text form.
func (h *host) Widgets() bool { return os.Getenv(HeadlessVariable) == "" }

// writer prints to direct while the current cell prints (nil: to its Output),
// and to the Output of the cell a goroutine belongs to otherwise.
func (h *host) writer(name string, direct io.Writer) io.Writer {
	return writerFunc(func(p []byte) (int, error) {
		out, current := h.output()
		if current && direct != nil {
			return direct.Write(p)
		}
		if out == nil {
			return len(p), nil
		}
		out.Stream(name, string(p))
		return len(p), nil
	})
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// lineReader is the standard input of cells: each read beyond what is
// buffered asks the client for a line.
type lineReader struct {
	host *host
	mu   sync.Mutex
	rest []byte
}

func (r *lineReader) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.rest) == 0 {
		line, err := r.host.ReadLine(r.host.Context(), "", false)
		if err != nil {
			return 0, err
		}
		r.rest = []byte(line + "\n")
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}
