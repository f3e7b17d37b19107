package serve

import (
	"context"
	"sync"
	"time"
)

// A Jupyter server silently drops what exceeds 1000 messages a second or 1 MB
// of stream text a second, both over a window of three seconds, and forgets at
// every idle. A cell may send as much as that in a longer window: a server that
// has much to do reads late and then all at once, so what was sent within five
// seconds may come to it within three.
const (
	paceWindow   = 5 * time.Second
	paceMessages = 2900
	paceBytes    = 2_950_000
	paceEnvelope = 1 << 10 // what a message has around its content
	paceLargest  = paceBytes - paceEnvelope
)

// pace keeps the account of the last window.
type pace struct {
	mu       sync.Mutex
	sent     []paced // oldest first
	messages int
	bytes    int
}

type paced struct {
	at    time.Time
	bytes int
}

func newPace() *pace { return &pace{} }

// wait returns when a message with size bytes of content may be sent, or when
// ctx ends, and puts it to the account.
func (p *pace) wait(ctx context.Context, msgType string, size int) {
	if msgType == "stream" { // only text is limited by volume
		size += paceEnvelope
	} else {
		size = 0
	}
	for {
		delay := p.take(time.Now(), size)
		if delay <= 0 {
			return
		}
		t := time.NewTimer(delay)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return
		}
	}
}

// take books the message and returns 0, or returns how long to wait before
// asking again. A message larger than the whole allowance goes out alone.
func (p *pace) take(now time.Time, size int) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.sent) > 0 && now.Sub(p.sent[0].at) >= paceWindow {
		p.messages--
		p.bytes -= p.sent[0].bytes
		p.sent = p.sent[1:]
	}
	if p.messages > 0 && (p.messages+1 > paceMessages || p.bytes+size > paceBytes) {
		return max(time.Millisecond, min(paceWindow-now.Sub(p.sent[0].at), 50*time.Millisecond))
	}
	p.sent = append(p.sent, paced{now, size})
	p.messages++
	p.bytes += size
	return 0
}

// room is about how much text can leave without waiting or, when that is little,
// after the next wait.
func (p *pace) room() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	room := paceLargest - p.bytes
	if room < streamFlush {
		room = paceLargest
	}
	return room - room/32 // line ends take two bytes
}

func (p *pace) reset() {
	p.mu.Lock()
	p.sent, p.messages, p.bytes = nil, 0, 0
	p.mu.Unlock()
}
