package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"runtime/debug"
	"sync"
	"time"

	"github.com/priorlab/priorlab/kernel/msg"
	"github.com/priorlab/priorlab/kernel/wire"
)

// publisher sends what all clients see, in one order.
type publisher struct {
	k      *kernel
	socket *wire.Publisher
	pace   *pace

	mu      sync.Mutex
	running []json.RawMessage // parents of the cells now running, oldest first
	large   bool              // a large message was sent since the last idle
}

// A message of largeMessage bytes leaves several times its size behind as
// garbage, which is given back to the system some time after the request.
const (
	largeMessage = 8 << 20
	giveBack     = 2 * time.Second
)

func newPublisher(k *kernel, at wire.Endpoint) (*publisher, error) {
	p := &publisher{k: k, pace: newPace()}
	socket, err := wire.ListenPublisher(at, k.opt.Limits, p.welcome)
	if err != nil {
		return nil, err
	}
	p.socket = socket
	return p, nil
}

// welcome tells a new subscriber that it now misses nothing. The topic frame
// is what it subscribed to, or the message type for those that take all.
func (p *publisher) welcome(subscription string) [][]byte {
	topic := subscription
	if topic == "" {
		topic = "iopub_welcome"
	}
	content := msg.Encode(msg.IOPubWelcome{Subscription: subscription})
	return p.k.message([][]byte{[]byte(topic)}, noParent, "iopub_welcome", content, nil, nil)
}

// send publishes one message. It never waits for a subscriber.
func (p *publisher) send(parent json.RawMessage, msgType string, content, meta []byte, buffers [][]byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sendLocked(parent, msgType, content, meta, buffers)
}

func (p *publisher) sendLocked(parent json.RawMessage, msgType string, content, meta []byte, buffers [][]byte) {
	p.large = p.large || len(content) >= largeMessage
	p.socket.Publish(p.k.message([][]byte{[]byte(msgType)}, parent, msgType, content, meta, buffers))
}

// sendPaced publishes what a cell shows: it waits, unless ctx ends, until the
// message neither overruns a slow subscriber nor the server's rate limits.
func (p *publisher) sendPaced(ctx context.Context, parent json.RawMessage, msgType string, content, meta []byte, buffers [][]byte) {
	p.pace.wait(ctx, msgType, len(content))
	p.socket.Wait(ctx)
	p.send(parent, msgType, content, meta, buffers)
}

// busy opens a request; cell marks those that occupy a shell.
func (p *publisher) busy(parent json.RawMessage, cell bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if cell {
		p.running = append(p.running, parent)
	}
	p.status(parent, "busy")
}

// idle closes a request. Clients show the last status of any request as the
// state of the kernel, so when a cell still runs its busy is said again.
func (p *publisher) idle(parent json.RawMessage) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, r := range p.running {
		if bytes.Equal(r, parent) {
			p.running = append(p.running[:i:i], p.running[i+1:]...)
			break
		}
	}
	p.status(parent, "idle")
	p.pace.reset() // as the server does
	if p.large {
		p.large = false
		time.AfterFunc(giveBack, debug.FreeOSMemory)
	}
	if n := len(p.running); n > 0 {
		again := p.running[n-1]
		if isDebug(parent) {
			// JupyterLab asks for the variables at each message of a cell: said
			// in the cell's name, this one would make it ask without end.
			again = noParent
		}
		p.status(again, "busy")
	}
}

func isDebug(parent json.RawMessage) bool {
	var h struct {
		Type string `json:"msg_type"`
	}
	return json.Unmarshal(parent, &h) == nil && h.Type == "debug_request"
}

func (p *publisher) status(parent json.RawMessage, state string) {
	p.sendLocked(parent, "status", msg.Encode(msg.Status{ExecutionState: state}), nil, nil)
}

// cause is the parent for what no request caused: the cell that runs, if any.
func (p *publisher) cause() json.RawMessage {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.running); n > 0 {
		return p.running[n-1]
	}
	return noParent
}
