package worker

import (
	"bytes"
	"io"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"
)

// A marker is a secret of the pair of processes followed by a number and a
// line end: "\x00<secret>:<n>\n". The worker prints one before a frame that
// must not overtake what was printed before it.
type marker []byte

func newMarker(secret string) marker { return marker("\x00" + secret + ":") }

func (m marker) line(n uint64) []byte {
	return append(strconv.AppendUint(bytes.Clone(m), n, 10), '\n')
}

// pump reads one descriptor of the worker, passes the text on, takes the
// markers out and lets others wait for them.
type pump struct {
	name string
	mark marker
	emit func(name, text string)

	mu   sync.Mutex
	cond sync.Cond
	seen uint64 // the last marker's number
	done bool
	tail []byte // the last text passed on, for reports of a dead worker
}

// markerPatience bounds a wait for a marker: a cell may have closed the
// descriptor it was to come through.
const markerPatience = 2 * time.Second

func newPump(name string, mark marker, emit func(name, text string)) *pump {
	p := &pump{name: name, mark: mark, emit: emit}
	p.cond.L = &p.mu
	return p
}

// run reads to the end of r.
func (p *pump) run(r io.Reader) {
	buf := make([]byte, 64<<10)
	var rest []byte
	for {
		n, err := r.Read(buf)
		rest = p.take(append(rest, buf[:n]...))
		if err != nil {
			break
		}
	}
	p.pass(rest)
	p.mu.Lock()
	p.done = true
	p.mu.Unlock()
	p.cond.Broadcast()
}

// take passes on what b holds and returns what has to wait for more: the
// beginning of a marker or of a character.
func (p *pump) take(b []byte) []byte {
	for {
		i := bytes.IndexByte(b, 0)
		if i < 0 {
			cut := wholeRunes(b)
			p.pass(b[:cut])
			return b[cut:]
		}
		p.pass(b[:i])
		b = b[i:]
		if !bytes.HasPrefix(b, p.mark[:min(len(p.mark), len(b))]) {
			p.pass(b[:1]) // an ordinary zero byte
			b = b[1:]
			continue
		}
		end := bytes.IndexByte(b, '\n')
		if end < 0 {
			return b
		}
		n, err := strconv.ParseUint(string(b[len(p.mark):end]), 10, 64)
		if err != nil {
			p.pass(b[:1])
			b = b[1:]
			continue
		}
		b = b[end+1:]
		p.mu.Lock()
		p.seen = n
		p.mu.Unlock()
		p.cond.Broadcast()
	}
}

func (p *pump) pass(b []byte) {
	if len(b) == 0 {
		return
	}
	p.mu.Lock()
	p.tail = append(p.tail, b...)
	if over := len(p.tail) - 64<<10; over > 0 {
		p.tail = append(p.tail[:0], p.tail[over:]...)
	}
	p.mu.Unlock()
	p.emit(p.name, string(b))
}

// wait returns when marker n has been read, the descriptor has ended, or
// patience has.
func (p *pump) wait(n uint64) {
	late := time.AfterFunc(markerPatience, func() {
		p.mu.Lock()
		p.seen = max(p.seen, n)
		p.mu.Unlock()
		p.cond.Broadcast()
	})
	defer late.Stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.seen < n && !p.done {
		p.cond.Wait()
	}
}

// last is the text most recently printed.
func (p *pump) last() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return string(p.tail)
}

// wholeRunes is the length of b without an unfinished character at its end.
func wholeRunes(b []byte) int {
	for back := 1; back <= utf8.UTFMax && back <= len(b); back++ {
		if c := b[len(b)-back]; utf8.RuneStart(c) {
			if !utf8.FullRune(b[len(b)-back:]) {
				return len(b) - back
			}
			break
		}
	}
	return len(b)
}
