package lab

import (
	"context"
	"fmt"
	"os"
	"sync"
)

// events delivers the callbacks of one tree of widgets: one at a time, each
// key at most once in the queue, always to be run with the newest values.
type events struct {
	mu      sync.Mutex
	cell    string // which showed the tree last; what callbacks show belongs to it
	running *event
	queue   []*event
}

// An event is a callback due. Events with one key stand for one another: the
// newer replaces a waiting one and cancels a running one.
type event struct {
	key    any
	run    func(context.Context)
	cancel context.CancelFunc
	ctx    context.Context
	done   chan struct{}
}

// post puts an event in the queue and gives a channel that is closed when it
// has been run or replaced.
func (e *events) post(key any, run func(context.Context)) <-chan struct{} {
	ev := &event{key: key, run: run, done: make(chan struct{})}
	ev.ctx, ev.cancel = context.WithCancel(context.Background())
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.running != nil && e.running.key == key {
		e.running.cancel()
	}
	for i, old := range e.queue {
		if old.key == key {
			close(old.done)
			old.cancel()
			e.queue[i] = ev
			return ev.done
		}
	}
	e.queue = append(e.queue, ev)
	if e.running == nil {
		e.running = e.queue[0]
		e.queue = e.queue[1:]
		active.add(e)
		go e.drain(e.running)
	}
	return ev.done
}

// belongTo says which cell shows the tree.
func (e *events) belongTo(cell string) {
	e.mu.Lock()
	e.cell = cell
	e.mu.Unlock()
}

func (e *events) drain(ev *event) {
	for ev != nil {
		e.mu.Lock()
		cell := e.cell
		e.mu.Unlock()
		ev.deliver(cell)
		e.mu.Lock()
		e.running, ev = nil, nil
		if len(e.queue) > 0 {
			ev, e.queue = e.queue[0], e.queue[1:]
			e.running = ev
		} else {
			active.remove(e)
		}
		e.mu.Unlock()
	}
}

// deliver runs the callback with its context in place, on behalf of a cell. A
// panic is reported and ends with it.
func (ev *event) deliver(cell string) {
	defer close(ev.done)
	defer ev.cancel()
	defer callbackContext(ev.ctx)()
	defer func() {
		if p := recover(); p != nil {
			fmt.Fprintf(os.Stderr, "a widget callback failed: %s\n", panicText(p))
		}
	}()
	if h, ok := host().(CellHost); ok {
		h.Callback(ev.ctx, cell, func() { ev.run(ev.ctx) })
		return
	}
	ev.run(ev.ctx)
}

// active is the set of trees with a callback running.
var active = activeSet{set: map[*events]bool{}}

type activeSet struct {
	mu  sync.Mutex
	set map[*events]bool
}

func (a *activeSet) add(e *events)    { a.mu.Lock(); a.set[e] = true; a.mu.Unlock() }
func (a *activeSet) remove(e *events) { a.mu.Lock(); delete(a.set, e); a.mu.Unlock() }

// CancelCallbacks ends all widget callbacks that run, numeric work in them too,
// and drops those that wait. The kernel calls it when the person interrupts.
func CancelCallbacks() {
	active.mu.Lock()
	var all []*events
	for e := range active.set {
		all = append(all, e)
	}
	active.mu.Unlock()
	var ending []<-chan struct{}
	for _, e := range all {
		if done := e.cancel(); done != nil {
			ending = append(ending, done)
		}
	}
	if len(ending) > 0 {
		numericWork.interruptUntil(ending)
	}
}

// cancel ends the callback that runs and drops those that wait. The result is
// closed when the former has returned; nil when none runs.
func (e *events) cancel() (done <-chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, ev := range e.queue {
		close(ev.done)
		ev.cancel()
	}
	e.queue = nil
	if e.running == nil {
		return nil
	}
	e.running.cancel()
	return e.running.done
}

// handler is a callback and the key it is queued under.
type handler struct {
	key any
	run func(context.Context)
}

// OnChange calls f when the value changes. f takes nothing, the widget
// (*lab.Widget), or the value in a fitting type, each perhaps after a
// context.Context. It panics when f is not such a function.
func (w *Widget) OnChange(f any) *Widget {
	call := w.adapt("OnChange", f)
	registry.Lock()
	w.changed = append(w.changed, handler{key: new(int), run: call})
	registry.Unlock()
	return w
}

// OnClick calls f when a Button is pressed. Clicks that arrive while f runs
// count as one.
func (w *Widget) OnClick(f any) *Widget {
	call := w.adapt("OnClick", f)
	registry.Lock()
	w.clicked = append(w.clicked, handler{key: new(int), run: call})
	registry.Unlock()
	return w
}

// fire runs links and posts the callbacks of a change. The result is closed
// when the last of them is done; nil when there is none.
func (w *Widget) fire() <-chan struct{} {
	registry.Lock()
	root := w
	for root.parent != nil {
		root = root.parent
	}
	links := append([]func(){}, w.linked...)
	handlers := append([]handler{}, w.changed...)
	if w.kind.name == "Button" {
		handlers = append([]handler{}, w.clicked...)
	}
	registry.Unlock()
	for _, l := range links {
		l()
	}
	var done <-chan struct{}
	for _, h := range handlers {
		done = root.events.post(h.key, h.run)
	}
	return done
}
