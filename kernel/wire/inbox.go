package wire

import (
	"context"
	"sync"
)

// inbox holds received messages until Recv takes them. When it is full the
// readers wait, and TCP makes the senders wait.
type inbox struct {
	mu     sync.Mutex
	change chan struct{} // closed and replaced at every change
	items  []Received
	bytes  int
	closed bool
}

func newInbox() *inbox { return &inbox{change: make(chan struct{})} }

func (b *inbox) signal() {
	close(b.change)
	b.change = make(chan struct{})
}

func (b *inbox) put(m Received, lim Limits) bool {
	b.mu.Lock()
	for !b.closed && (len(b.items) >= lim.InMessages || (len(b.items) > 0 && b.bytes+m.size > lim.InBytes)) {
		wait := b.change
		b.mu.Unlock()
		select {
		case <-wait:
		case <-m.Peer.gone:
			return false
		}
		b.mu.Lock()
	}
	defer b.mu.Unlock()
	if b.closed {
		return false
	}
	b.items = append(b.items, m)
	b.bytes += m.size
	b.signal()
	return true
}

func (b *inbox) get(ctx context.Context) (Received, error) {
	b.mu.Lock()
	for len(b.items) == 0 {
		if b.closed {
			b.mu.Unlock()
			return Received{}, ErrClosed
		}
		wait := b.change
		b.mu.Unlock()
		select {
		case <-wait:
		case <-ctx.Done():
			return Received{}, ctx.Err()
		}
		b.mu.Lock()
	}
	defer b.mu.Unlock()
	m := b.items[0]
	b.items[0] = Received{}
	b.items = b.items[1:]
	b.bytes -= m.size
	b.signal()
	return m, nil
}

func (b *inbox) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed {
		b.closed = true
		b.signal()
	}
}
