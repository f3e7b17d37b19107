package wire

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/go-zeromq/zmq4"
)

// ErrClosed is returned by a socket that has been closed.
var ErrClosed = errors.New("wire: socket closed")

// Endpoint says where a socket listens: Network "tcp" with a host and port, or
// "ipc" with the path of a Unix domain socket.
type Endpoint struct {
	Network string
	Address string
}

func (e Endpoint) String() string { return e.Network + "://" + e.Address }

func (e Endpoint) listen() (net.Listener, error) {
	switch e.Network {
	case "tcp":
		l, err := net.Listen("tcp", e.Address)
		if err != nil {
			return nil, fmt.Errorf("wire: cannot listen on %s (is the port taken?): %w", e, err)
		}
		return l, nil
	case "ipc":
		return e.listenUnix()
	}
	return nil, fmt.Errorf("wire: transport %q is not supported; use tcp or ipc", e.Network)
}

// listenUnix replaces a socket file that nobody answers on: a killed kernel
// leaves one behind, and its successor gets the same path.
func (e Endpoint) listenUnix() (net.Listener, error) {
	if info, err := os.Lstat(e.Address); err == nil && info.Mode()&os.ModeSocket != 0 {
		if c, err := net.DialTimeout("unix", e.Address, time.Second); err == nil {
			c.Close()
			return nil, fmt.Errorf("wire: cannot listen on %s: another process answers there", e)
		}
		os.Remove(e.Address)
	}
	l, err := net.Listen("unix", e.Address)
	if err != nil {
		return nil, fmt.Errorf("wire: cannot listen on %s: %w", e, err)
	}
	if err := os.Chmod(e.Address, 0o600); err != nil {
		l.Close()
		return nil, fmt.Errorf("wire: cannot make %s private: %w", e, err)
	}
	return l, nil
}

// socket accepts peers; Router, Publisher and Echo give it a meaning.
type socket struct {
	kind zmq4.SocketType
	l    net.Listener
	lim  Limits

	joined  func(*Peer) // before the peer's first message; may be nil
	left    func(*Peer) // may be nil
	message func(*Peer, [][]byte) bool
	command func(*Peer, string, []byte) // may be nil

	mu     sync.Mutex
	peers  map[*Peer]struct{}
	conns  map[net.Conn]struct{} // every connection, shaken hands or not
	serial uint64
	closed bool
}

func newSocket(kind zmq4.SocketType, at Endpoint, lim Limits) (*socket, error) {
	l, err := at.listen()
	if err != nil {
		return nil, err
	}
	return &socket{
		kind: kind, l: l, lim: lim.withDefaults(),
		peers: map[*Peer]struct{}{}, conns: map[net.Conn]struct{}{},
	}, nil
}

// Addr returns the address listened on, with the port that was assigned.
func (s *socket) Addr() net.Addr { return s.l.Addr() }

// Peers returns how many clients are connected.
func (s *socket) Peers() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.peers)
}

func (s *socket) accept() {
	for {
		c, err := s.l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // out of descriptors, say: it may pass
			time.Sleep(50 * time.Millisecond)
			continue
		}
		if s.admit(c) {
			go s.serve(c)
		} else {
			c.Close()
		}
	}
}

func (s *socket) admit(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(s.conns) >= s.lim.Peers {
		return false
	}
	s.conns[c] = struct{}{}
	return true
}

func (s *socket) serve(c net.Conn) {
	defer func() {
		c.Close()
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
	}()
	c.SetDeadline(time.Now().Add(s.lim.Handshake))
	l, z, err := open(c, s.kind)
	if err != nil {
		return
	}
	c.SetDeadline(time.Time{})
	p := s.join(c, l, z)
	if p == nil {
		return
	}
	defer s.leave(p)
	go p.write()
	var command func(string, []byte)
	if s.command != nil {
		command = func(name string, body []byte) { s.command(p, name, body) }
	}
	p.read(func(frames [][]byte) bool { return s.message(p, frames) }, command)
}

func (s *socket) join(c net.Conn, l *link, z *zmq4.Conn) *Peer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.serial++
	p := newPeer(c, l, z, s.serial, s.lim)
	s.peers[p] = struct{}{}
	if s.joined != nil {
		s.joined(p)
	}
	return p
}

func (s *socket) leave(p *Peer) {
	p.drop()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.peers, p)
	if s.left != nil {
		s.left(p)
	}
}

// Flush waits until everything queued is on the wire, at most for limit. Peers
// that take nothing are not worth more of the wait than that.
func (s *socket) Flush(limit time.Duration) {
	end := time.Now().Add(limit)
	for s.busy() && time.Now().Before(end) {
		time.Sleep(time.Millisecond)
	}
}

func (s *socket) busy() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for p := range s.peers {
		if n, _ := p.out.pending(); n > 0 {
			return true
		}
	}
	return false
}

// Close ends the socket and all its connections. Call Flush first to linger.
func (s *socket) Close() error {
	s.mu.Lock()
	s.closed = true
	for c := range s.conns {
		closeGently(c)
	}
	s.mu.Unlock()
	return s.l.Close()
}

// closeGently shuts the writing half first: a full close with unread input
// would make TCP discard what the peer has not read yet.
func closeGently(c net.Conn) {
	half, ok := c.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		c.Close()
		return
	}
	c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	time.AfterFunc(50*time.Millisecond, func() { c.Close() })
}
