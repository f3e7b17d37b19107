package wire

import "github.com/go-zeromq/zmq4"

// Echo is a listening REP socket that returns every message to its sender: the
// kernel's heartbeat. It needs nobody to read it and answers while a cell
// computes.
type Echo struct{ *socket }

// ListenEcho opens an Echo at the given place.
func ListenEcho(at Endpoint, lim Limits) (*Echo, error) {
	s, err := newSocket(zmq4.Rep, at, lim)
	if err != nil {
		return nil, err
	}
	s.message = func(p *Peer, frames [][]byte) bool { return p.send(frames) }
	go s.accept()
	return &Echo{s}, nil
}
