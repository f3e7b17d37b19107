package serve

import (
	"context"
	"sync"
	"time"
)

// maxQueued bounds the requests that wait in one queue. Beyond it the socket is
// not read, and the clients wait.
const maxQueued = 20000

// queue holds the requests of one goroutine, in the order of their arrival. The
// one in work counts until done is called.
type queue struct {
	mu     sync.Mutex
	change chan struct{} // closed and replaced at every change
	items  []*request
	inWork *request
	closed bool // put refuses
	empty  bool // take refuses
}

func newQueue() *queue { return &queue{change: make(chan struct{})} }

// signal tells all who wait that something changed; q.mu is held.
func (q *queue) signal() {
	close(q.change)
	q.change = make(chan struct{})
}

// await waits until ok holds or stop is closed. It is called, and returns, with
// q.mu held.
func (q *queue) await(ok func() bool, stop <-chan struct{}) {
	for !ok() {
		change := q.change
		q.mu.Unlock()
		select {
		case <-change:
			q.mu.Lock()
		case <-stop:
			q.mu.Lock()
			return
		}
	}
}

// put adds r, waiting for room; false when the queue is closed.
func (q *queue) put(r *request) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.await(func() bool { return len(q.items) < maxQueued || q.closed }, nil)
	if q.closed {
		return false
	}
	q.items = append(q.items, r)
	q.signal()
	return true
}

// take waits for a request; nil when there will be none.
func (q *queue) take() *request {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.await(func() bool { return len(q.items) > 0 || q.closed }, nil)
	if len(q.items) == 0 || q.empty {
		return nil
	}
	r := q.items[0]
	q.items[0] = nil
	q.items = q.items[1:]
	q.inWork = r
	q.signal()
	return r
}

func (q *queue) done() {
	q.mu.Lock()
	q.inWork = nil
	q.signal()
	q.mu.Unlock()
}

// passed waits until every request that arrived before r has been worked on, or
// until ctx ends.
func (q *queue) passed(ctx context.Context, r *request) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.await(func() bool {
		busy := q.inWork != nil && q.inWork.number < r.number
		waiting := len(q.items) > 0 && q.items[0].number < r.number
		return q.empty || !busy && !waiting
	}, ctx.Done())
}

// passedWithin is passed with a limit that counts from the arrival of r.
func (q *queue) passedWithin(ctx context.Context, r *request, limit time.Duration) {
	ctx, cancel := context.WithDeadline(ctx, r.at.Add(limit))
	defer cancel()
	q.passed(ctx, r)
}

// finish lets what is queued be taken, and nothing more be put.
func (q *queue) finish() { q.shut(false) }

// close ends the queue at once.
func (q *queue) close() { q.shut(true) }

func (q *queue) shut(now bool) {
	q.mu.Lock()
	q.closed = true
	q.empty = q.empty || now
	q.signal()
	q.mu.Unlock()
}
