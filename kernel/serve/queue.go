package serve

import (
	"sync"
	"time"
)

// maxQueued bounds the requests that wait in one queue. Beyond it the socket is
// not read, and the clients wait.
const maxQueued = 20000

// queue holds the requests of one goroutine. The one in work counts until
// done is called.
type queue struct {
	mu     sync.Mutex
	change sync.Cond
	items  []*request
	inWork bool
	closed bool          // put refuses
	empty  bool          // take refuses
	quiet  chan struct{} // closed while there is nothing to do
}

func newQueue() *queue {
	q := &queue{quiet: make(chan struct{})}
	close(q.quiet)
	q.change.L = &q.mu
	return q
}

// put adds r, waiting for room; false when the queue is closed.
func (q *queue) put(r *request) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.items) >= maxQueued && !q.closed {
		q.change.Wait()
	}
	if q.closed {
		return false
	}
	if len(q.items) == 0 && !q.inWork {
		q.quiet = make(chan struct{})
	}
	q.items = append(q.items, r)
	q.change.Broadcast()
	return true
}

// take waits for a request; nil when there will be none.
func (q *queue) take() *request {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.items) == 0 && !q.closed {
		q.change.Wait()
	}
	if len(q.items) == 0 || q.empty {
		return nil
	}
	r := q.items[0]
	q.items[0] = nil
	q.items = q.items[1:]
	q.inWork = true
	q.change.Broadcast()
	return r
}

func (q *queue) done() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.inWork = false
	if len(q.items) == 0 {
		close(q.quiet)
	}
}

// settle waits until there is nothing to do, at most for limit.
func (q *queue) settle(limit time.Duration) {
	q.mu.Lock()
	quiet := q.quiet
	q.mu.Unlock()
	select {
	case <-quiet:
		return
	default:
	}
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case <-quiet:
	case <-t.C:
	}
}

// finish lets what is queued be taken, and nothing more be put.
func (q *queue) finish() { q.shut(false) }

// close ends the queue at once.
func (q *queue) close() { q.shut(true) }

func (q *queue) shut(now bool) {
	q.mu.Lock()
	q.closed = true
	q.empty = q.empty || now
	q.change.Broadcast()
	q.mu.Unlock()
}
