package wire

import (
	"context"
	"slices"

	"github.com/go-zeromq/zmq4"
)

// Received is a message and the connection it came on.
type Received struct {
	Peer   *Peer
	Frames [][]byte
	size   int
}

// Router is a listening ROUTER socket: requests come from many clients and
// replies go back on the connection that asked.
type Router struct {
	*socket
	in     *inbox
	holder map[string][]*Peer // by identity, oldest first; guarded by socket.mu
}

// ListenRouter opens a Router at the given place.
func ListenRouter(at Endpoint, lim Limits) (*Router, error) {
	s, err := newSocket(zmq4.Router, at, lim)
	if err != nil {
		return nil, err
	}
	r := &Router{socket: s, in: newInbox(), holder: map[string][]*Peer{}}
	s.joined, s.left, s.message = r.joined, r.left, r.received
	go s.accept()
	return r, nil
}

// Recv waits for the next message of any client.
func (r *Router) Recv(ctx context.Context) (Received, error) { return r.in.get(ctx) }

// Send queues frames for p without waiting. It reports false when p has left
// or had to be dropped because it does not read.
func (r *Router) Send(p *Peer, frames [][]byte) bool {
	return len(frames) > 0 && p.send(frames)
}

// ByIdentity returns the peer that announced the identity, nil when there is
// none. Of several the one that came first holds it; the next one inherits it.
func (r *Router) ByIdentity(identity string) *Peer {
	r.mu.Lock()
	defer r.mu.Unlock()
	if h := r.holder[identity]; len(h) > 0 {
		return h[0]
	}
	return nil
}

// Close ends the router; Recv then returns ErrClosed.
func (r *Router) Close() error {
	err := r.socket.Close()
	r.in.close()
	return err
}

func (r *Router) joined(p *Peer) {
	if p.identity != "" {
		r.holder[p.identity] = append(r.holder[p.identity], p)
	}
}

func (r *Router) left(p *Peer) {
	h := slices.DeleteFunc(r.holder[p.identity], func(q *Peer) bool { return q == p })
	if len(h) == 0 {
		delete(r.holder, p.identity)
	} else {
		r.holder[p.identity] = h
	}
}

func (r *Router) received(p *Peer, frames [][]byte) bool {
	size := 0
	for _, f := range frames {
		size += len(f)
	}
	return r.in.put(Received{Peer: p, Frames: frames, size: size}, r.lim)
}
