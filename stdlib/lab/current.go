package lab

import (
	"context"
	"runtime"
	"strconv"
	"strings"
	"sync"
)

// current is the one host of the process, and the contexts of the widget
// callbacks now running, by goroutine.
var current = struct {
	sync.RWMutex
	host      Host
	callbacks map[uint64]context.Context
}{host: newTerminal(), callbacks: map[uint64]context.Context{}}

// SetHost installs the front end that this package talks to. A nil host
// brings back the plain terminal.
func SetHost(h Host) {
	if h == nil {
		h = newTerminal()
	}
	current.Lock()
	current.host = h
	current.Unlock()
}

func host() Host {
	current.RLock()
	defer current.RUnlock()
	return current.host
}

// Context is the context of the work that runs now: inside a widget callback
// it is cancelled when a newer value arrives, in a cell when the cell is
// interrupted. Pass it to everything that takes long.
func Context() context.Context {
	current.RLock()
	h, some := current.host, len(current.callbacks) > 0
	var ctx context.Context
	if some {
		ctx = current.callbacks[goroutineID()]
	}
	current.RUnlock()
	if ctx != nil {
		return ctx
	}
	if ctx = h.Context(); ctx != nil {
		return ctx
	}
	return context.Background()
}

// callbackContext makes Context return ctx on the calling goroutine until the
// returned function is called.
func callbackContext(ctx context.Context) (restore func()) {
	id := goroutineID()
	current.Lock()
	old, had := current.callbacks[id]
	current.callbacks[id] = ctx
	current.Unlock()
	return func() {
		current.Lock()
		if had {
			current.callbacks[id] = old
		} else {
			delete(current.callbacks, id)
		}
		current.Unlock()
	}
}

// goroutineID reads the number that a stack trace begins with. A callback and
// a running cell may ask for their contexts at the same moment, and neither
// the cell's code nor the callback's hands one over, so the goroutine is the
// only thing that tells them apart.
func goroutineID() uint64 {
	var buf [40]byte
	s := strings.TrimPrefix(string(buf[:runtime.Stack(buf[:], false)]), "goroutine ")
	if i := strings.IndexByte(s, ' '); i > 0 {
		s = s[:i]
	}
	id, _ := strconv.ParseUint(s, 10, 64) // 0 would merely share one entry
	return id
}
