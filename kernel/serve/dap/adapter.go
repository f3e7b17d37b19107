package dap

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
)

// Adapter answers requests for one Target. It is ready for use by serve as a
// Debugger.
type Adapter struct {
	target Target
	ctx    context.Context

	mu          sync.Mutex
	publish     func(json.RawMessage)
	seq         int
	started     bool
	client      string            // what initialize said it is
	cells       map[string]string // dumped text by path
	breakpoints map[string][]Breakpoint
	stopped     map[int]bool
}

// New returns an Adapter. Evaluations end when ctx does.
func New(ctx context.Context, t Target) *Adapter {
	return &Adapter{
		target: t, ctx: ctx, publish: func(json.RawMessage) {},
		cells: map[string]string{}, breakpoints: map[string][]Breakpoint{}, stopped: map[int]bool{},
	}
}

// DebugEvents gives the function that publishes events.
func (a *Adapter) DebugEvents(publish func(event json.RawMessage)) {
	a.mu.Lock()
	a.publish = publish
	a.mu.Unlock()
}

// message is a request, response or event of the protocol.
type message struct {
	Seq        int             `json:"seq"`
	Type       string          `json:"type"`
	Command    *string         `json:"command,omitempty"` // a response has one, if only the empty one
	Event      string          `json:"event,omitempty"`
	Arguments  json.RawMessage `json:"arguments,omitempty"`
	RequestSeq *int            `json:"request_seq,omitempty"`
	Success    *bool           `json:"success,omitempty"`
	Message    string          `json:"message,omitempty"`
	Body       any             `json:"body,omitempty"`
}

// Debug answers one request. It always returns a response; what went wrong is
// its message.
func (a *Adapter) Debug(request json.RawMessage) json.RawMessage {
	var q message
	err := json.Unmarshal(request, &q)
	var body any
	if q.Command == nil {
		q.Command = new(string)
	}
	switch f := commands[*q.Command]; {
	case err != nil:
		err = fmt.Errorf("the request is not one of the Debug Adapter Protocol: %v", err)
	case f == nil:
		err = fmt.Errorf("the command %q is not supported", *q.Command)
	default:
		body, err = a.guarded(f, q.Arguments)
	}
	return a.respond(q, body, err)
}

// guarded keeps the kernel alive when a value's own methods panic while it is
// looked at.
func (a *Adapter) guarded(f command, args json.RawMessage) (body any, err error) {
	defer func() {
		if p := recover(); p != nil {
			body, err = nil, fmt.Errorf("the debugger failed: %v", p)
		}
	}()
	return f(a, args)
}

func (a *Adapter) respond(q message, body any, err error) json.RawMessage {
	success := err == nil
	m := message{Type: "response", Command: q.Command, RequestSeq: &q.Seq, Success: &success, Body: body}
	if err != nil {
		m.Message = err.Error()
		m.Body = map[string]any{"error": map[string]any{"id": 1, "format": err.Error()}}
	} else if body == nil {
		m.Body = struct{}{}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.encode(m)
}

// encode numbers m; a.mu is held.
func (a *Adapter) encode(m message) json.RawMessage {
	a.seq++
	m.Seq = a.seq
	b, err := json.Marshal(m)
	if err != nil { // a Target's text is plain, so this cannot be its fault
		b = fmt.Appendf(nil, `{"seq":%d,"type":"response","request_seq":0,"success":false,"command":"","message":"unencodable"}`, a.seq)
	}
	return b
}

func (a *Adapter) event(name string, body any) {
	a.mu.Lock()
	b, publish := a.encode(message{Type: "event", Event: name, Body: body}), a.publish
	a.mu.Unlock()
	publish(b)
}

// report takes what the target says happened.
func (a *Adapter) report(e Event) {
	switch e.Kind {
	case Stopped:
		a.setStopped(e.Thread, true)
		body := map[string]any{"reason": e.Reason, "threadId": e.Thread, "allThreadsStopped": false}
		if e.Text != "" {
			body["text"], body["description"] = e.Text, e.Text
		}
		a.event("stopped", body)
	case Continued:
		if a.setStopped(e.Thread, false) {
			a.continued(e.Thread)
		}
	case ThreadStarted:
		a.event("thread", map[string]any{"reason": "started", "threadId": e.Thread})
	case ThreadExited:
		a.setStopped(e.Thread, false)
		a.event("thread", map[string]any{"reason": "exited", "threadId": e.Thread})
	}
}

func (a *Adapter) continued(thread int) {
	a.event("continued", map[string]any{"threadId": thread, "allThreadsContinued": false})
}

// setStopped records the state of a thread and reports whether it changed.
func (a *Adapter) setStopped(thread int, stopped bool) (changed bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	changed = a.stopped[thread] != stopped
	if stopped {
		a.stopped[thread] = true
	} else {
		delete(a.stopped, thread)
	}
	return changed
}

// thread is the one a client means. Some clients know of no threads and speak of
// number 1, a cell's own, whichever of its goroutines stopped.
func (a *Adapter) thread(id int) int {
	stopped := a.stoppedThreads()
	if id == 1 && len(stopped) > 0 && !slices.Contains(stopped, 1) {
		return slices.Min(stopped)
	}
	return id
}

func (a *Adapter) stoppedThreads() []int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.AppendSeq(make([]int, 0, len(a.stopped)), maps.Keys(a.stopped))
}
