package nbfile

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/priorlab/priorlab/kernel/serve"
	"github.com/priorlab/priorlab/stdlib/lab"
)

// collector turns what running cells show into the outputs of a notebook. A
// display with an id can be updated by any later cell, in place.
type collector struct {
	mu    sync.Mutex
	shown map[string][]*Output // by display id
	opts  Options
	nb    *Notebook
}

// cellOutput is the serve.Output of one cell.
type cellOutput struct {
	c     *collector
	cell  *Cell
	clear bool // empty the cell before the next output
	ended bool // the cell has ended
}

var _ serve.Output = (*cellOutput)(nil)

// Stream appends text to the last output when that is the same stream.
func (o *cellOutput) Stream(name, text string) {
	if text == "" {
		return
	}
	o.c.mu.Lock()
	o.start()
	n := len(o.cell.Outputs)
	if n == 0 || o.cell.Outputs[n-1].Type != "stream" || o.cell.Outputs[n-1].Name != name {
		o.cell.Outputs = append(o.cell.Outputs, &Output{Type: "stream", Name: name, roll: &paper{}})
		n++
	}
	last := o.cell.Outputs[n-1]
	last.roll.print(text)
	if o.ended { // a goroutine that outlived its cell
		last.Text = string(last.roll.text)
	}
	o.c.mu.Unlock()
	if o.c.opts.Stream != nil {
		o.c.opts.Stream(name, text)
	}
}

// paper takes text as a terminal does: a carriage return that is not the end
// of a line begins the line anew, as progress lines do.
type paper struct {
	text []byte
	line int  // where the last line begins
	back bool // a carriage return waits for what comes over it
}

func (p *paper) print(s string) {
	for s != "" {
		n := strings.IndexAny(s, "\r\n")
		if n < 0 {
			n = len(s)
		}
		if p.back && n > 0 {
			p.text, p.back = p.text[:p.line], false
		}
		p.text = append(p.text, s[:n]...)
		if s = s[n:]; s == "" {
			return
		}
		if p.back = s[0] == '\r'; !p.back {
			p.text = append(p.text, '\n')
			p.line = len(p.text)
		}
		s = s[1:]
	}
}

// Display adds an output, or replaces those with the same id.
func (o *cellOutput) Display(b lab.Bundle, id string, update bool) {
	o.c.mu.Lock()
	defer o.c.mu.Unlock()
	if update {
		for _, out := range o.c.shown[id] {
			out.Data, out.Metadata = b.Data, b.Metadata
		}
		return
	}
	o.start()
	out := &Output{Type: "display_data", Data: b.Data, Metadata: b.Metadata}
	o.cell.Outputs = append(o.cell.Outputs, out)
	if id != "" {
		o.c.shown[id] = append(o.c.shown[id], out)
	}
}

// ClearOutput empties the cell's outputs, with wait before the next one.
func (o *cellOutput) ClearOutput(wait bool) {
	o.c.mu.Lock()
	defer o.c.mu.Unlock()
	o.clear = true
	if !wait {
		o.start()
	}
}

func (o *cellOutput) start() {
	if o.clear {
		o.cell.Outputs, o.clear = nil, false
	}
}

// Comm is dropped: no front end draws widgets in a headless run.
func (o *cellOutput) Comm(lab.CommMessage) {}

// ReadLine asks Options.Input, and fails without it.
func (o *cellOutput) ReadLine(ctx context.Context, prompt string, password bool) (string, error) {
	if o.c.opts.Input == nil {
		return "", errors.New("the cell asks for input (" + strings.TrimSpace(prompt) + "), but nobody can answer in a headless run")
	}
	return o.c.opts.Input(ctx, prompt, password)
}

// finish records how the cell ended.
func (o *cellOutput) finish(r serve.Reply, count int) {
	o.c.mu.Lock()
	defer o.c.mu.Unlock()
	o.ended = true
	for _, out := range o.cell.Outputs {
		if out.roll != nil {
			out.Text = string(out.roll.text)
		}
	}
	if r.Result != nil && len(r.Result.Data) > 0 {
		o.start()
		o.cell.Outputs = append(o.cell.Outputs, &Output{Type: "execute_result", Data: r.Result.Data, Metadata: r.Result.Metadata, Count: count})
	}
	if f := r.Failure; f != nil {
		o.start()
		o.cell.Outputs = append(o.cell.Outputs, &Output{Type: "error", ErrName: f.Name, ErrValue: f.Value, Traceback: f.Traceback})
	}
}
