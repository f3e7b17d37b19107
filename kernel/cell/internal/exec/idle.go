package exec

import (
	"bytes"
	"runtime"
)

// A goroutine is idle while it waits for another one: for a channel, a lock, a
// wait group. When all that belong to cells are, and nothing else can wake one,
// none ever goes on.

// block marks the thread idle while f waits.
func (th *thread) block(f func()) {
	m := th.m
	m.waiting.Lock()
	if m.waiters == nil {
		m.waiters = map[*thread]bool{}
	}
	m.waiters[th] = true
	m.waiting.Unlock()
	th.idle.Store(true)
	defer func() {
		th.idle.Store(false)
		m.waiting.Lock()
		delete(m.waiters, th)
		m.waits++
		m.waiting.Unlock()
	}()
	f()
}

// Idle runs f, which waits for another goroutine, on behalf of the cell that
// the calling goroutine belongs to.
func Idle(f func()) {
	if th := currentThread(); th != nil {
		th.block(f)
		return
	}
	f()
}

// AllIdle reports whether every goroutine of cells is idle, and a number that
// changes whenever one has gone on.
func (m *Machine) AllIdle() (idle bool, waits int) {
	m.waiting.Lock()
	defer m.waiting.Unlock()
	return int(m.goroutines.Load()) == len(m.waiters), m.waits
}

// Waiting lists where the idle goroutines wait, but for the cell's own.
func (m *Machine) Waiting() (traces [][]Frame) {
	m.waiting.Lock()
	defer m.waiting.Unlock()
	for th := range m.waiters {
		if !th.cell {
			traces = append(traces, th.trace())
		}
	}
	return traces
}

// NothingRuns reports whether all goroutines of the process but the calling one
// wait. It stops the world to see.
func NothingRuns() bool {
	buf := make([]byte, 1<<20)
	n := runtime.Stack(buf, true)
	if n == len(buf) {
		return false
	}
	own := true
	for g := range bytes.SplitSeq(buf[:n], []byte("\n\n")) {
		if own { // comes first
			own = false
			continue
		}
		_, state, _ := bytes.Cut(g, []byte("["))
		for _, busy := range []string{"running", "runnable", "sleep"} {
			if bytes.HasPrefix(state, []byte(busy)) {
				return false
			}
		}
	}
	return true
}
