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
}

var _ serve.Output = (*cellOutput)(nil)

// Stream appends text to the last output when that is the same stream.
func (o *cellOutput) Stream(name, text string) {
	if text == "" {
		return
	}
	o.c.mu.Lock()
	o.start()
	if n := len(o.cell.Outputs); n > 0 && o.cell.Outputs[n-1].Type == "stream" && o.cell.Outputs[n-1].Name == name {
		last := o.cell.Outputs[n-1]
		last.Text = overwrite(last.Text, text)
	} else {
		o.cell.Outputs = append(o.cell.Outputs, &Output{Type: "stream", Name: name, Text: overwrite("", text)})
	}
	o.c.mu.Unlock()
	if o.c.opts.Stream != nil {
		o.c.opts.Stream(name, text)
	}
}

// overwrite appends text to old as a terminal would: a carriage return that
// is not the end of a line begins it anew, as progress lines do.
func overwrite(old, text string) string {
	text = old + strings.ReplaceAll(text, "\r\n", "\n")
	if !strings.Contains(text, "\r") {
		return text
	}
	all := strings.SplitAfter(text, "\n")
	for i, line := range all {
		body := strings.TrimSuffix(line, "\n")
		end := line[len(body):]
		held := strings.HasSuffix(body, "\r") // waits for what comes over it
		body = strings.TrimSuffix(body, "\r")
		if k := strings.LastIndexByte(body, '\r'); k >= 0 {
			body = body[k+1:]
		}
		if held && end == "" {
			body += "\r"
		}
		all[i] = body + end
	}
	return strings.Join(all, "")
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
	for _, out := range o.cell.Outputs {
		if out.Type == "stream" {
			out.Text = strings.TrimSuffix(out.Text, "\r")
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
