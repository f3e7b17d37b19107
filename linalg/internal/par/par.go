// Package par divides loops among a few persistent workers.
//
// The division of a loop depends on its length and grain alone, never on the number of threads, so that a loop whose
// chunks are independent gives the same bits however many threads run it. Chunks are handed out by an atomic counter; the
// caller takes part and waits only for workers that have begun, so that a busy machine slows a loop down but never
// stalls it. Idle workers spin for some tens of microseconds before they park.
package par

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Interrupted is the panic value with which For unwinds once the interruption flag is set.
type Interrupted struct{}

// Error makes Interrupted usable as an error.
func (Interrupted) Error() string { return "linalg: interrupted" }

var (
	threads   atomic.Int32
	interrupt atomic.Bool
	held      atomic.Int32 // calls of Hold that run
	pool      struct {
		sync.Mutex
		workers int
	}
	current atomic.Pointer[task]
	parked  atomic.Int32
	wake    = make(chan struct{}, 256)
)

func init() { threads.Store(int32(runtime.GOMAXPROCS(0))) }

// SetThreads sets how many threads a loop may use, the caller's included.
func SetThreads(n int) { threads.Store(int32(max(1, min(n, 128)))) }

// Threads is the number of threads a loop may use.
func Threads() int { return int(threads.Load()) }

// Interrupt sets or clears the flag that makes running and later loops unwind with Interrupted.
func Interrupt(on bool) { interrupt.Store(on) }

// Check panics with Interrupted if the flag is set.
func Check() {
	if interrupted() {
		panic(Interrupted{})
	}
}

// Hold calls f, during which the flag is not looked at.
func Hold(f func()) {
	held.Add(1)
	defer held.Add(-1)
	f()
}

func interrupted() bool { return interrupt.Load() && held.Load() == 0 }

// Aside calls f on a goroutine of its own and waits for it, for work that never looks at the flag: once that is set, Aside
// unwinds with Interrupted and leaves f to itself. So f may write nothing that anyone else reads unless Aside returns.
func Aside(f func()) {
	failed := make(chan any, 1)
	go func() {
		defer func() { failed <- recover() }()
		f()
	}()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case p := <-failed:
			if p != nil {
				panic(p)
			}
			return
		case <-tick.C:
			Check()
		}
	}
}

// task is one loop in progress.
type task struct {
	f      func(lo, hi int)
	n      int
	chunk  int
	next   atomic.Int64 // first index not handed out
	active atomic.Int64 // workers inside run
	failed atomic.Pointer[any]
}

// run takes chunks until none is left. A panic of f is kept for the caller and ends the loop for everyone.
func (t *task) run() {
	defer func() {
		if p := recover(); p != nil {
			t.failed.CompareAndSwap(nil, &p)
			t.next.Store(int64(t.n))
		}
	}()
	for {
		lo := int(t.next.Add(int64(t.chunk))) - t.chunk
		if lo >= t.n {
			return
		}
		if interrupted() {
			panic(Interrupted{})
		}
		t.f(lo, min(t.n, lo+t.chunk))
	}
}

// For calls f over [0, n) in chunks of chunk indices, perhaps at the same time on several threads. It returns when all
// are done; if a call panics, For panics with the same value. Inside f, For may be called again.
func For(n, chunk int, f func(lo, hi int)) { loop(n, chunk, f, true) }

// briefs counts the calls of Brief.
var briefs atomic.Uint32

// Brief is For for a loop of some ten microseconds. To wake a parked worker takes as long, so only every sixteenth call does;
// calls that come thick then find it awake.
func Brief(n, chunk int, f func(lo, hi int)) { loop(n, chunk, f, briefs.Add(1)%16 == 0) }

// loop is For; it wakes workers only if rouse is set.
func loop(n, chunk int, f func(lo, hi int), rouse bool) {
	chunk = max(1, chunk)
	if n <= 0 {
		return
	}
	th := Threads()
	if th == 1 || n <= chunk {
		for lo := 0; lo < n; lo += chunk {
			if interrupted() {
				panic(Interrupted{})
			}
			f(lo, min(n, lo+chunk))
		}
		return
	}
	start(th - 1)
	t := &task{f: f, n: n, chunk: chunk}
	current.Store(t)
	for want := min(th-1, (n-1)/chunk); rouse && want > 0 && unpark(); want-- {
	}
	t.run()
	current.CompareAndSwap(t, nil)
	for k := 0; t.active.Load() != 0; k++ {
		if pause(); k > 1000 {
			runtime.Gosched()
		}
	}
	if p := t.failed.Load(); p != nil {
		panic(*p)
	}
}

// unpark wakes one parked worker, if there is one.
func unpark() bool {
	for {
		p := parked.Load()
		if p <= 0 {
			return false
		}
		if parked.CompareAndSwap(p, p-1) {
			wake <- struct{}{}
			return true
		}
	}
}

// start makes sure that n workers exist.
func start(n int) {
	pool.Lock()
	defer pool.Unlock()
	for ; pool.workers < n; pool.workers++ {
		go work(pool.workers)
	}
}

// spins is about 50 microseconds of pauses.
const spins = 1000

// work is the life of worker id: it looks for a task, helps with it, spins a while, and parks.
func work(id int) {
	var last *task
	for {
		idle := 0
		for idle < spins {
			t := current.Load()
			if t == nil || t == last || id >= Threads()-1 {
				idle++
				pause()
				continue
			}
			last = t
			// A caller that saw active at zero after the chunks ran out has gone: joining it late finds no chunk.
			t.active.Add(1)
			t.run()
			t.active.Add(-1)
			idle = 0
		}
		parked.Add(1)
		if t := current.Load(); t != nil && t != last && id < Threads()-1 {
			// A task may have come just before we were counted as parked; withdraw unless a wake-up is on its way.
			if p := parked.Load(); p > 0 && parked.CompareAndSwap(p, p-1) {
				continue
			}
		}
		<-wake
	}
}
