package wire

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"time"

	"github.com/go-zeromq/zmq4"
)

// Publisher is a listening XPUB socket: every subscriber gets each message
// whose first frame begins with one of its topics.
type Publisher struct {
	*socket
	welcome func(topic string) [][]byte
	topics  sync.Mutex // guards Peer.topics and Peer.givenUpOn
}

// ListenPublisher opens a Publisher. For each new subscription welcome may
// return a message that goes to that subscriber alone; it may be nil.
func ListenPublisher(at Endpoint, lim Limits, welcome func(topic string) [][]byte) (*Publisher, error) {
	s, err := newSocket(zmq4.XPub, at, lim)
	if err != nil {
		return nil, err
	}
	p := &Publisher{socket: s, welcome: welcome}
	s.message, s.command = p.received, p.commanded
	go s.accept()
	return p, nil
}

// Publish queues frames for every subscriber of frames[0] and never waits.
func (x *Publisher) Publish(frames [][]byte) {
	if len(frames) == 0 {
		return
	}
	for _, p := range x.list() {
		if x.wants(p, frames[0]) {
			p.send(frames)
		}
	}
}

func (x *Publisher) list() []*Peer {
	x.mu.Lock()
	defer x.mu.Unlock()
	peers := make([]*Peer, 0, len(x.peers))
	for p := range x.peers {
		peers = append(peers, p)
	}
	return peers
}

func (x *Publisher) wants(p *Peer, topic []byte) bool {
	x.topics.Lock()
	defer x.topics.Unlock()
	for t := range p.topics {
		if len(t) <= len(topic) && string(topic[:len(t)]) == t {
			return true
		}
	}
	return false
}

// received handles a subscription in the form of ZMTP 3.0: a message whose
// first byte is 1 to subscribe and 0 to cancel. Anything else is ignored.
func (x *Publisher) received(p *Peer, frames [][]byte) bool {
	if len(frames) == 1 && len(frames[0]) > 0 && frames[0][0] <= 1 {
		x.subscribe(p, frames[0][0] == 1, string(frames[0][1:]))
	}
	return true
}

// commanded handles a subscription in the form of ZMTP 3.1.
func (x *Publisher) commanded(p *Peer, name string, body []byte) {
	switch name {
	case zmq4.CmdSubscribe:
		x.subscribe(p, true, string(body))
	case zmq4.CmdCancel:
		x.subscribe(p, false, string(body))
	}
}

// maxTopics bounds what a subscriber can make the publisher remember.
const maxTopics = 1024

func (x *Publisher) subscribe(p *Peer, on bool, topic string) {
	x.topics.Lock()
	if !on {
		if p.topics[topic]--; p.topics[topic] <= 0 {
			delete(p.topics, topic)
		}
		x.topics.Unlock()
		return
	}
	if len(p.topics) >= maxTopics || len(topic) > 4096 {
		x.topics.Unlock()
		p.drop()
		return
	}
	topic = strings.Clone(topic)
	p.topics[topic]++
	x.topics.Unlock()
	if x.welcome == nil {
		return
	}
	if m := x.welcome(topic); len(m) > 0 && bytes.HasPrefix(m[0], []byte(topic)) {
		p.send(m)
	}
}

// Wait lets slow subscribers catch up: it returns when every queue is under
// the soft limits. A subscriber that takes nothing for Limits.Stall, or stays
// above for Limits.Patience, is not waited for again until it has caught up;
// it is dropped once its queue reaches the hard limits.
func (x *Publisher) Wait(ctx context.Context) {
	for _, p := range x.list() {
		if over := p.overSoft(); !over {
			x.setGivenUp(p, false)
		} else if !x.gaveUp(p) && !p.catchUp(ctx) {
			x.setGivenUp(p, ctx.Err() == nil)
		}
	}
}

func (x *Publisher) gaveUp(p *Peer) bool {
	x.topics.Lock()
	defer x.topics.Unlock()
	return p.givenUpOn
}

func (x *Publisher) setGivenUp(p *Peer, v bool) {
	x.topics.Lock()
	defer x.topics.Unlock()
	p.givenUpOn = v
}

func (p *Peer) overSoft() bool {
	n, b := p.out.pending()
	return n > p.lim.SoftMessages || (b > p.lim.SoftBytes && n > 1)
}

// catchUp waits until p is under half its soft limits.
func (p *Peer) catchUp(ctx context.Context) bool {
	begun := time.Now()
	moved, at := p.link.sent.Load(), begun
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		if n, b := p.out.pending(); n <= p.lim.SoftMessages/2 && (b <= p.lim.SoftBytes/2 || n <= 1) {
			return true
		}
		select {
		case <-tick.C:
		case <-p.gone:
			return true
		case <-ctx.Done():
			return false
		}
		now := time.Now()
		if sent := p.link.sent.Load(); sent != moved {
			moved, at = sent, now
		}
		if now.Sub(at) > p.lim.Stall || now.Sub(begun) > p.lim.Patience {
			return false
		}
	}
}
