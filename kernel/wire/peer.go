package wire

import (
	"net"
	"sync"

	"github.com/go-zeromq/zmq4"
)

// Peer is one connected client of one socket.
type Peer struct {
	identity string // as it claimed in READY; may be empty
	serial   uint64 // order of arrival at the socket
	link     *link
	z        *zmq4.Conn
	out      *outbox
	lim      Limits
	gone     chan struct{}
	once     sync.Once

	topics    map[string]int // guarded by the publisher's mutex
	givenUpOn bool           // Publisher.Wait no longer waits; same mutex
}

// Identity returns the routing identity the peer announced, "" for none.
func (p *Peer) Identity() string { return p.identity }

// Gone is closed when the peer has left or was dropped.
func (p *Peer) Gone() <-chan struct{} { return p.gone }

func newPeer(c net.Conn, l *link, z *zmq4.Conn, serial uint64, lim Limits) *Peer {
	return &Peer{
		identity: z.Peer.Meta["Identity"], serial: serial, link: l, z: z,
		out: newOutbox(), lim: lim, gone: make(chan struct{}), topics: map[string]int{},
	}
}

// send queues frames without waiting; a peer whose queue is full is dropped.
func (p *Peer) send(frames [][]byte) bool {
	size := 0
	for _, f := range frames {
		size += len(f)
	}
	return p.queue(item{frames: frames, size: size})
}

func (p *Peer) queue(it item) bool {
	if p.out.put(it, p.lim) {
		return true
	}
	p.drop()
	return false
}

func (p *Peer) drop() {
	p.once.Do(func() {
		close(p.gone)
		p.out.close()
		p.link.Conn.Close()
	})
}

// read delivers messages until the connection ends.
func (p *Peer) read(message func([][]byte) bool, command func(string, []byte)) error {
	for {
		frames, err := readMessage(p.link.r, p.lim, func(name string, body []byte) error {
			if name == zmq4.CmdPing {
				p.pong(body)
			} else if command != nil {
				command(name, body)
			}
			return nil
		})
		if err != nil {
			return err
		}
		if !message(frames) {
			return ErrClosed
		}
	}
}

// pong answers a heartbeat: the PING's body is a time-to-live of two bytes and
// a context that the PONG returns.
func (p *Peer) pong(ping []byte) {
	var context []byte
	if len(ping) > 2 {
		context = ping[2:min(len(ping), 2+16)]
	}
	p.queue(item{name: zmq4.CmdPong, frames: [][]byte{context}, size: len(context)})
}

// write sends what is queued, and flushes whenever the queue has run empty.
func (p *Peer) write() {
	defer p.drop()
	for {
		items := p.out.take()
		if items == nil {
			return
		}
		for i, it := range items {
			if err := p.writeItem(it); err != nil {
				return
			}
			if i == len(items)-1 {
				break // counts as sent only after the flush
			}
			p.out.done(1, it.size)
		}
		if err := p.link.w.Flush(); err != nil {
			return
		}
		p.out.done(1, items[len(items)-1].size)
	}
}

func (p *Peer) writeItem(it item) error {
	if it.name != "" {
		return p.z.SendCmd(it.name, it.frames[0])
	}
	return p.z.SendMsg(zmq4.NewMsgFrom(it.frames...))
}
