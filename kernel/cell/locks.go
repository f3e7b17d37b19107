package cell

import (
	"reflect"
	"runtime"
	"sync"

	"github.com/priorlab/priorlab/kernel/cell/internal/exec"
)

// locks are the methods of package sync as cells call them: waits can be
// interrupted, and to give up a lock that nobody holds is an error, where Go
// would end the process. A lock is free if it can be taken.
var locks = map[string]reflect.Value{
	"WaitGroup.Wait": reflect.ValueOf(func(w *sync.WaitGroup) { wait(w.Wait) }),
	"Cond.Wait":      reflect.ValueOf(func(c *sync.Cond) { wait(c.Wait) }),
	"Mutex.Lock": reflect.ValueOf(func(m *sync.Mutex) {
		if !m.TryLock() {
			lock(m.TryLock, m.Lock, m.Unlock)
		}
	}),
	"Mutex.Unlock": reflect.ValueOf(func(m *sync.Mutex) {
		if m.TryLock() {
			m.Unlock()
			panic("sync: unlock of unlocked mutex")
		}
		m.Unlock()
	}),
	"RWMutex.Lock": reflect.ValueOf(func(m *sync.RWMutex) {
		if !m.TryLock() {
			lock(m.TryLock, m.Lock, m.Unlock)
		}
	}),
	"RWMutex.Unlock": reflect.ValueOf(func(m *sync.RWMutex) {
		if m.TryRLock() {
			m.RUnlock()
			panic("sync: Unlock of unlocked RWMutex")
		}
		m.Unlock()
	}),
	"RWMutex.RLock": reflect.ValueOf(func(m *sync.RWMutex) {
		if !m.TryRLock() {
			lock(m.TryRLock, m.RLock, m.RUnlock)
		}
	}),
	"RWMutex.RUnlock": reflect.ValueOf(func(m *sync.RWMutex) {
		if m.TryLock() {
			m.Unlock()
			panic("sync: RUnlock of unlocked RWMutex")
		}
		m.RUnlock()
	}),
}

// lock takes a lock; an interrupted wait gives it back when it comes.
func lock(try func() bool, take, give func()) {
	for range 20 { // most locks are held for a moment
		if runtime.Gosched(); try() {
			return
		}
	}
	run := exec.CurrentRun()
	if run == nil {
		take()
		return
	}
	done := make(chan struct{})
	left := make(chan struct{})
	go func() {
		take()
		select {
		case done <- struct{}{}:
		case <-left:
			give()
		}
	}()
	stopped := false
	exec.Idle(func() {
		select {
		case <-done:
		case <-run.Done():
			stopped = true
		}
	})
	if stopped {
		close(left)
		panic(exec.Stopped{})
	}
}

// wait runs a blocking call so that an interrupt ends the wait; the call itself
// is left behind.
func wait(f func()) {
	run := exec.CurrentRun()
	if run == nil {
		f()
		return
	}
	done := make(chan any, 1)
	go func() {
		defer func() { done <- recover() }()
		f()
	}()
	var v any
	exec.Idle(func() {
		select {
		case v = <-done:
		case <-run.Done():
			v = exec.Stopped{}
		}
	})
	if v != nil {
		panic(v)
	}
}
