package worker

import (
	"context"
	"errors"
	"sync"

	"github.com/priorlab/priorlab/kernel/debug"
	"github.com/priorlab/priorlab/kernel/serve/dap"
	"github.com/priorlab/priorlab/stdlib/lab"
)

// remoteTarget debugs the cells of a worker. It remembers what the client set,
// so that a fresh worker is debugged as the one that died was.
type remoteTarget struct {
	remote *Remote

	mu       sync.Mutex
	report   func(debug.Event) // nil when not attached
	panics   bool
	cells    map[string]debugMessage // breakpoints by path
	standing map[int]bool
	told     *process // the worker that knows all this

	telling sync.Mutex // one worker is told at a time
}

func newRemoteTarget(r *Remote) *remoteTarget {
	return &remoteTarget{remote: r, cells: map[string]debugMessage{}, standing: map[int]bool{}}
}

// happened takes an event of a worker.
func (t *remoteTarget) happened(p *process, e debug.Event) {
	t.mu.Lock()
	report := t.report
	if t.told != p {
		report = nil
	}
	switch e.Kind {
	case debug.Stopped:
		t.standing[e.Thread] = true
	case debug.Continued, debug.ThreadExited:
		delete(t.standing, e.Thread)
	}
	t.mu.Unlock()
	if report != nil {
		report(e)
	}
}

// died is told that a worker has ended: what stood is gone.
func (t *remoteTarget) died(p *process) {
	t.mu.Lock()
	report, gone := t.report, t.standing
	if t.told != p {
		t.mu.Unlock()
		return
	}
	t.standing, t.told = map[int]bool{}, nil
	t.mu.Unlock()
	for id := range gone {
		if report != nil {
			report(debug.Event{Kind: debug.Continued, Thread: id})
		}
	}
}

// settle tells a worker what it must know before it runs a cell.
func (t *remoteTarget) settle(p *process) {
	t.telling.Lock()
	defer t.telling.Unlock()
	t.mu.Lock()
	if t.report == nil || t.told == p {
		t.mu.Unlock()
		return
	}
	t.told = p
	calls := []debugMessage{{Method: "attach", Path: dap.PathPrefix()}, {Method: "panics", On: t.panics}}
	for _, c := range t.cells {
		calls = append(calls, c)
	}
	t.mu.Unlock()
	for i := range calls {
		// A worker that dies meanwhile is buried by the cell.
		_, _ = p.ask(context.Background(), frame{Kind: "debug", Debug: &calls[i]}, nil)
	}
}

// call asks the worker that stands.
func (t *remoteTarget) call(ctx context.Context, q debugMessage) (debugMessage, lab.Bundle, error) {
	p, err := t.remote.standing()
	if err != nil {
		return debugMessage{}, lab.Bundle{}, err
	}
	f, err := p.ask(ctx, frame{Kind: "debug", Debug: &q}, nil)
	if err != nil {
		return debugMessage{}, lab.Bundle{}, err
	}
	var shown lab.Bundle
	if f.Bundle != nil {
		shown = f.Bundle.unpack()
	}
	if f.Debug.Err != "" {
		err = errors.New(f.Debug.Err)
	}
	return *f.Debug, shown, err
}

func (t *remoteTarget) plain(q debugMessage) (debugMessage, error) {
	a, _, err := t.call(context.Background(), q)
	return a, err
}

// Attach implements dap.Target.
func (t *remoteTarget) Attach(report func(debug.Event)) error {
	p, err := t.remote.standing()
	if err != nil {
		return err
	}
	t.mu.Lock()
	t.report = report
	t.mu.Unlock()
	t.settle(p)
	return nil
}

// Detach implements dap.Target.
func (t *remoteTarget) Detach() error {
	t.mu.Lock()
	t.report, t.told, t.panics = nil, nil, false
	clear(t.cells)
	clear(t.standing)
	t.mu.Unlock()
	_, err := t.plain(debugMessage{Method: "detach"})
	return err
}

// SetBreakpoints implements dap.Target.
func (t *remoteTarget) SetBreakpoints(path, code string, wanted []debug.Breakpoint) []debug.Breakpoint {
	q := debugMessage{Method: "breakpoints", Path: path, Text: code, Breakpoints: wanted}
	t.mu.Lock()
	t.cells[path] = q
	if len(wanted) == 0 {
		delete(t.cells, path)
	}
	t.mu.Unlock()
	a, err := t.plain(q)
	if err == nil {
		return a.Breakpoints
	}
	out := make([]debug.Breakpoint, len(wanted))
	for i, b := range wanted {
		b.Verified, b.Message = false, err.Error()
		out[i] = b
	}
	return out
}

// StopOnPanic implements dap.Target.
func (t *remoteTarget) StopOnPanic(on bool) {
	t.mu.Lock()
	t.panics = on
	t.mu.Unlock()
	_, _ = t.plain(debugMessage{Method: "panics", On: on}) // a fresh worker is told again
}

// Threads implements dap.Target.
func (t *remoteTarget) Threads() []debug.Thread {
	a, err := t.plain(debugMessage{Method: "threads"})
	if err != nil {
		return []debug.Thread{{ID: 1, Name: "cell"}}
	}
	return a.Threads
}

// Stack implements dap.Target.
func (t *remoteTarget) Stack(thread int) ([]debug.Frame, error) {
	a, err := t.plain(debugMessage{Method: "stack", Thread: thread})
	return a.Frames, err
}

// Scopes implements dap.Target.
func (t *remoteTarget) Scopes(frame int) ([]debug.Scope, error) {
	a, err := t.plain(debugMessage{Method: "scopes", Frame: frame})
	return a.Scopes, err
}

// Variables implements dap.Target.
func (t *remoteTarget) Variables(ref, start, count int) ([]debug.Variable, error) {
	a, err := t.plain(debugMessage{Method: "variables", Ref: ref, Start: start, Count: count})
	return a.Variables, err
}

// variable is the one variable of an answer.
func variable(a debugMessage, _ lab.Bundle, err error) (v debug.Variable, _ error) {
	if len(a.Variables) > 0 {
		v = a.Variables[0]
	}
	return v, err
}

// Evaluate implements dap.Target.
func (t *remoteTarget) Evaluate(ctx context.Context, frame int, expr string) (debug.Variable, error) {
	return variable(t.call(ctx, debugMessage{Method: "evaluate", Frame: frame, Text: expr}))
}

// SetVariable implements dap.Target.
func (t *remoteTarget) SetVariable(ctx context.Context, ref int, name, expr string) (debug.Variable, error) {
	return variable(t.call(ctx, debugMessage{Method: "set", Ref: ref, Name: name, Text: expr}))
}

// Resume implements dap.Target.
func (t *remoteTarget) Resume(thread int, how debug.Step) error {
	t.mu.Lock()
	delete(t.standing, thread)
	t.mu.Unlock()
	_, err := t.plain(debugMessage{Method: "resume", Thread: thread, How: how})
	return err
}

// Pause implements dap.Target.
func (t *remoteTarget) Pause(thread int) error {
	_, err := t.plain(debugMessage{Method: "pause", Thread: thread})
	return err
}

// Cells implements dap.Target.
func (t *remoteTarget) Cells() []debug.Cell {
	a, err := t.plain(debugMessage{Method: "cells"})
	if err != nil {
		return nil
	}
	return a.Cells
}

// Globals implements dap.Target.
func (t *remoteTarget) Globals() ([]debug.Variable, error) {
	a, err := t.plain(debugMessage{Method: "globals"})
	return a.Variables, err
}

// Rich implements dap.Target.
func (t *remoteTarget) Rich(ctx context.Context, frame int, name string) (lab.Bundle, error) {
	_, shown, err := t.call(ctx, debugMessage{Method: "rich", Frame: frame, Name: name})
	return shown, err
}

// CopyToGlobals implements dap.Target.
func (t *remoteTarget) CopyToGlobals(frame int, from, to string) error {
	_, err := t.plain(debugMessage{Method: "copy", Frame: frame, Text: from, Name: to})
	return err
}
