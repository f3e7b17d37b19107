package wire

import "sync"

// item is one thing to send: a message, or a command when name is set.
type item struct {
	frames [][]byte
	name   string
	size   int
}

// outbox is the bounded queue of what waits for one peer. Messages count until
// they have been flushed to the connection.
type outbox struct {
	mu       sync.Mutex
	wake     sync.Cond
	items    []item
	messages int
	bytes    int
	closed   bool
}

func newOutbox() *outbox {
	o := &outbox{}
	o.wake.L = &o.mu
	return o
}

// put queues it and reports false when the queue is over its bounds or closed.
// A single item above the byte bound is accepted by an empty queue.
func (o *outbox) put(it item, lim Limits) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	full := o.messages >= lim.OutMessages || (o.messages > 0 && o.bytes+it.size > lim.OutBytes)
	if o.closed || full {
		return false
	}
	o.items = append(o.items, it)
	o.messages++
	o.bytes += it.size
	o.wake.Signal()
	return true
}

// take waits for items and returns all of them; nil when the box is closed.
func (o *outbox) take() []item {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.items) == 0 && !o.closed {
		o.wake.Wait()
	}
	if o.closed {
		return nil
	}
	items := o.items
	o.items = nil
	return items
}

// done records that n messages of size bytes together are on the wire.
func (o *outbox) done(n, size int) {
	o.mu.Lock()
	o.messages -= n
	o.bytes -= size
	o.mu.Unlock()
}

func (o *outbox) pending() (messages, bytes int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.messages, o.bytes
}

func (o *outbox) close() {
	o.mu.Lock()
	o.closed = true
	o.items, o.messages, o.bytes = nil, 0, 0
	o.wake.Broadcast()
	o.mu.Unlock()
}
