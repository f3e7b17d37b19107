package lab

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"
)

// fakeHost records what lab sends.
type fakeHost struct {
	mu      sync.Mutex
	widgets bool
	ctx     context.Context
	shown   []shown
	comms   []CommMessage
	cleared []bool
	answer  string
}

type shown struct {
	b      Bundle
	id     string
	update bool
}

func (h *fakeHost) Context() context.Context { return h.ctx }
func (h *fakeHost) Display(b Bundle, id string, update bool) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.shown = append(h.shown, shown{b, id, update})
	return nil
}
func (h *fakeHost) ClearOutput(wait bool) error { h.cleared = append(h.cleared, wait); return nil }
func (h *fakeHost) ReadLine(_ context.Context, prompt string, password bool) (string, error) {
	return fmt.Sprint(h.answer, prompt, password), nil
}
func (h *fakeHost) Comm(m CommMessage) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.comms = append(h.comms, m)
	return nil
}
func (h *fakeHost) Widgets() bool { return h.widgets }

// last is the text of the newest display.
func (h *fakeHost) last() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.shown) == 0 {
		return ""
	}
	return h.shown[len(h.shown)-1].b.text()
}

// sent is the comm messages since the last call.
func (h *fakeHost) sent() []CommMessage {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := h.comms
	h.comms = nil
	return out
}

// useHost installs a fake host for one test.
func useHost(t *testing.T, widgets bool) *fakeHost {
	t.Helper()
	h := &fakeHost{widgets: widgets, ctx: context.Background()}
	SetHost(h)
	Reset()
	t.Cleanup(func() { Reset(); SetHost(nil) })
	return h
}

// move sends what a front end sends when a control is moved.
func move(w *Widget, key string, value any) {
	HandleComm(CommMessage{Kind: "msg", ID: w.ID(), Data: map[string]any{"method": "update",
		"state": map[string]any{key: value}, "buffer_paths": []any{}}})
}

func click(w *Widget) {
	HandleComm(CommMessage{Kind: "msg", ID: w.ID(), Data: map[string]any{"method": "custom", "content": map[string]any{"event": "click"}}})
}

// eventually waits for a condition that another goroutine brings about.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("waited 5 s: %s", what)
}
