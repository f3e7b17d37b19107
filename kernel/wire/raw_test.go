package wire

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

// raw is a client that speaks ZMTP by hand, well or badly.
type raw struct {
	t *testing.T
	net.Conn
	r *bufio.Reader
}

func greetingBytes(mechanism string) []byte {
	g := make([]byte, 64)
	g[0], g[9], g[10], g[11] = 0xff, 0x7f, 3, 1
	copy(g[12:], mechanism)
	return g
}

func property(name, value string) []byte {
	b := append([]byte{byte(len(name))}, name...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(value)))
	return append(b, value...)
}

func commandFrame(name string, body []byte) []byte {
	b := append([]byte{byte(len(name))}, name...)
	b = append(b, body...)
	return append([]byte{flagCommand, byte(len(b))}, b...)
}

func ready(kind, identity string) []byte {
	return commandFrame("READY", append(property("Socket-Type", kind), property("Identity", identity)...))
}

// tcpDial connects without a word.
func tcpDial(t *testing.T, s interface{ Addr() net.Addr }) *raw {
	t.Helper()
	c, err := net.Dial(s.Addr().Network(), s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &raw{t: t, Conn: c, r: bufio.NewReader(c)}
}

// dial connects and shakes hands.
func dial(t *testing.T, s interface{ Addr() net.Addr }, kind, identity string) *raw {
	t.Helper()
	p := tcpDial(t, s)
	p.write(greetingBytes("NULL"))
	p.write(ready(kind, identity))
	p.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.CopyN(io.Discard, p.r, 64); err != nil {
		t.Fatalf("no greeting: %v", err)
	}
	if flags, body, err := readFrame(p.r, 4096); err != nil || flags != flagCommand || string(body[1:6]) != "READY" {
		t.Fatalf("handshake: %v %q %v", flags, body, err)
	}
	p.SetReadDeadline(time.Time{})
	return p
}

func (p *raw) write(b []byte) {
	p.t.Helper()
	if _, err := p.Write(b); err != nil {
		p.t.Fatal(err)
	}
}

func frames(parts ...string) [][]byte {
	out := make([][]byte, len(parts))
	for i, s := range parts {
		out[i] = []byte(s)
	}
	return out
}

func encode(message [][]byte) []byte {
	var b []byte
	for i, f := range message {
		var flags byte
		if i < len(message)-1 {
			flags = flagMore
		}
		if len(f) > 255 {
			b = append(b, flags|flagLong)
			b = binary.BigEndian.AppendUint64(b, uint64(len(f)))
		} else {
			b = append(b, flags, byte(len(f)))
		}
		b = append(b, f...)
	}
	return b
}

func (p *raw) send(parts ...string) { p.t.Helper(); p.write(encode(frames(parts...))) }

// recv reads a message or fails after limit; commands arrive as one frame.
func (p *raw) recv(limit time.Duration) ([][]byte, error) {
	p.SetReadDeadline(time.Now().Add(limit))
	defer p.SetReadDeadline(time.Time{})
	var m [][]byte
	for {
		flags, body, err := readFrame(p.r, 1<<30)
		if err != nil {
			return nil, err
		}
		m = append(m, body)
		if flags&flagMore == 0 {
			return m, nil
		}
	}
}

func (p *raw) must(limit time.Duration) [][]byte {
	p.t.Helper()
	m, err := p.recv(limit)
	if err != nil {
		p.t.Fatalf("recv: %v", err)
	}
	return m
}

// closed reports whether the other side ends the connection within limit.
func (p *raw) closed(limit time.Duration) bool {
	p.SetReadDeadline(time.Now().Add(limit))
	defer p.SetReadDeadline(time.Time{})
	_, err := io.Copy(io.Discard, p.r)
	var timeout net.Error
	return err == nil || !(errors.As(err, &timeout) && timeout.Timeout())
}

func (p *raw) subscribe(topic string) { p.t.Helper(); p.send("\x01" + topic) }
