package serve

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/priorlab/priorlab/kernel/msg"
	"github.com/priorlab/priorlab/stdlib/lab"
)

// Text is collected for streamDelay, or until there is streamFlush of it. When
// a cell has printed more than streamShort, messages become fewer and larger: a
// page lays out all of a cell's text whenever some is added to it.
const (
	streamDelay = 60 * time.Millisecond
	streamFlush = 256 << 10
	streamShort = 1 << 20
)

// output takes what one request shows. It stays valid when the request has
// ended: what comes later is published under the same parent.
type output struct {
	k      *kernel
	r      *request
	silent bool // a silent cell: only comm messages leave
	stdin  bool // the client can be asked for input

	mu      sync.Mutex
	ctx     context.Context // of the cell, and of the kernel after the cell
	name    string          // stream that text belongs to
	text    []byte
	torn    map[string][]byte // by stream: the begun UTF-8 sequence at its end
	timer   *time.Timer
	printed int
	refused int // bytes beyond the limit

	updates []update  // of displays, the latest of each id, that wait for the timer
	updated time.Time // when the last update left
}

// update is an update_display_data that is held back.
type update struct {
	id      string
	content []byte
}

var _ Output = (*output)(nil)

func newOutput(k *kernel, r *request, ctx context.Context) *output {
	return &output{k: k, r: r, ctx: ctx, torn: map[string][]byte{}}
}

// Stream collects text for "stdout" or "stderr".
func (o *output) Stream(name, text string) {
	if o.silent || text == "" {
		return
	}
	if name != "stderr" {
		name = "stdout"
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.name != name {
		o.flush()
		o.name = name
		o.text = append(o.text, o.torn[name]...)
		delete(o.torn, name)
	}
	o.collect(text)
	if len(o.text) >= o.enough() {
		o.flush()
	}
	if len(o.text) > 0 {
		o.arm()
	}
}

// enough is how much text makes a message that need not wait for more.
func (o *output) enough() int {
	if o.printed < streamShort {
		return streamFlush
	}
	return o.k.iopub.pace.room()
}

// arm sees to it that what is held back leaves soon.
func (o *output) arm() {
	if o.timer == nil {
		delay := streamDelay * time.Duration(1+o.printed/streamShort)
		o.timer = time.AfterFunc(delay, o.tick)
	}
}

// collect takes text up to the limit of the cell and announces the cut once.
func (o *output) collect(text string) {
	room := min(len(text), o.k.opt.StreamLimit-o.printed)
	o.text = append(o.text, text[:room]...)
	o.printed += room
	if room == len(text) {
		return
	}
	first := o.refused == 0
	o.refused += len(text) - room
	if first {
		o.flush()
		o.notice(fmt.Sprintf("\n[a cell may print %s; the rest is not shown. Write long output to a file.]\n", size(o.k.opt.StreamLimit)))
	}
}

func (o *output) notice(text string) {
	o.publishPaced("stream", msg.Encode(msg.Stream{Name: "stderr", Text: text}), nil, nil)
}

func size(bytes int) string {
	if bytes >= 1<<20 {
		return fmt.Sprintf("%.3g MiB", float64(bytes)/(1<<20))
	}
	return fmt.Sprintf("%.3g KiB", float64(bytes)/(1<<10))
}

func (o *output) tick() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.timer = nil
	o.flush()
	o.flushUpdates()
}

// flush publishes the collected text, except a UTF-8 sequence that is only
// begun: its other bytes come with the next write.
func (o *output) flush() {
	if whole := msg.WholeRunes(o.text); whole > 0 {
		o.print(string(o.text[:whole]))
		o.text = o.text[whole:]
	}
	if len(o.text) > 0 {
		o.torn[o.name] = append(o.torn[o.name], o.text...)
	}
	o.text, o.name = nil, ""
}

// print publishes text, in as many messages as it takes to stay below what a
// server passes on.
func (o *output) print(text string) {
	content := msg.Encode(msg.Stream{Name: o.name, Text: text})
	if half := msg.WholeRunes([]byte(text[:len(text)/2])); len(content) > paceLargest && half > 0 {
		o.print(text[:half])
		o.print(text[half:])
		return
	}
	o.publishPaced("stream", content, nil, nil)
}

// end publishes everything, torn sequences and the account of what was refused
// too. The output goes on under the context of the kernel.
func (o *output) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.flush()
	o.flushUpdates()
	for name, rest := range o.torn {
		o.publishPaced("stream", msg.Encode(msg.Stream{Name: name, Text: string(rest)}), nil, nil)
	}
	clear(o.torn)
	if o.refused > 0 {
		o.notice(fmt.Sprintf("[%s more were printed and not shown]\n", size(o.refused)))
		o.refused = 0
	}
	o.ctx = o.k.ctx
}

// publishPaced sends with o.mu held, which keeps one output's messages in order.
func (o *output) publishPaced(msgType string, content, meta []byte, buffers [][]byte) {
	o.k.iopub.sendPaced(o.ctx, o.r.parent, msgType, content, meta, buffers)
}

func (o *output) show(msgType string, content any) {
	if o.silent {
		return
	}
	encoded := msg.Encode(content)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.flush()
	o.flushUpdates()
	o.publishPaced(msgType, encoded, nil, nil)
}

// Display shows b, or replaces what was shown under displayID.
func (o *output) Display(b lab.Bundle, displayID string, update bool) {
	data, meta := wireBundle(b)
	content := msg.DisplayData{Data: data, Metadata: meta, Transient: msg.Transient{DisplayID: displayID}}
	if update && displayID != "" {
		o.update(displayID, content)
		return
	}
	o.show("display_data", content)
}

// update replaces a display. Of updates that follow each other faster than an
// eye can, only the latest of each display leaves, so that a loop that updates
// a plot at every step is not slowed down to the clients' rate limits.
func (o *output) update(id string, content msg.DisplayData) {
	if o.silent {
		return
	}
	encoded := msg.Encode(content)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.updates = slices.DeleteFunc(o.updates, func(u update) bool { return u.id == id })
	o.updates = append(o.updates, update{id, encoded})
	if time.Since(o.updated) < streamDelay {
		o.arm()
		return
	}
	o.flush()
	o.flushUpdates()
}

func (o *output) flushUpdates() {
	for _, u := range o.updates {
		o.publishPaced("update_display_data", u.content, nil, nil)
		o.updated = time.Now()
	}
	o.updates = nil
}

// ClearOutput empties what the cell has shown.
func (o *output) ClearOutput(wait bool) { o.show("clear_output", msg.ClearOutput{Wait: wait}) }

// Comm sends a comm message, silent cell or not.
func (o *output) Comm(m lab.CommMessage) {
	msgType := "comm_" + m.Kind
	if m.Kind != "open" && m.Kind != "msg" && m.Kind != "close" {
		o.k.logf("comm message of unknown kind %q dropped", m.Kind)
		return
	}
	data := m.Data
	if data == nil {
		data = map[string]any{}
	}
	var meta json.RawMessage
	if len(m.Metadata) > 0 {
		meta = msg.Encode(m.Metadata)
	}
	content := msg.Encode(msg.Comm{ID: m.ID, Target: m.Target, Data: data})
	o.mu.Lock()
	defer o.mu.Unlock()
	o.flush()
	o.publishPaced(msgType, content, meta, m.Buffers)
}

// ReadLine asks the client that sent the request.
func (o *output) ReadLine(ctx context.Context, prompt string, password bool) (string, error) {
	if !o.stdin {
		return "", errNoInput
	}
	o.mu.Lock()
	o.flush()
	o.mu.Unlock()
	return o.k.input.ask(ctx, o.r, prompt, password)
}
