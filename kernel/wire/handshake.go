package wire

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"

	"github.com/go-zeromq/zmq4"
	"github.com/go-zeromq/zmq4/security/null"
)

// maxReady bounds the READY command of a peer; libzmq's has some 50 bytes.
const maxReady = 4096

// link is a connection as zmq4 sees it. During the handshake its reads yield
// only what was bounded first: 64 bytes of greeting, then one small command.
// Writes are buffered; flush puts them on the wire.
type link struct {
	net.Conn
	r     *bufio.Reader
	w     *bufio.Writer
	sent  atomic.Int64 // bytes that the peer's machine has taken
	stage int          // of the handshake
	fed   bytes.Buffer // bounded bytes that zmq4 has yet to read
}

func newLink(c net.Conn) *link {
	l := &link{Conn: c, r: bufio.NewReaderSize(c, 64<<10)}
	l.w = bufio.NewWriterSize(writerFunc(l.writeOut), 64<<10)
	return l
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// writeOut writes in pieces, so that sent shows progress inside one big frame.
func (l *link) writeOut(p []byte) (int, error) {
	done := 0
	for done < len(p) {
		n, err := l.Conn.Write(p[done:min(len(p), done+256<<10)])
		done += n
		l.sent.Add(int64(n))
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

func (l *link) Write(p []byte) (int, error) { return l.w.Write(p) }

// Read serves the handshake; afterwards messages are read from l.r.
func (l *link) Read(p []byte) (int, error) {
	if l.fed.Len() == 0 {
		if err := l.w.Flush(); err != nil {
			return 0, err
		}
		if err := l.feed(); err != nil {
			return 0, err
		}
	}
	return l.fed.Read(p)
}

func (l *link) feed() error {
	l.stage++
	switch l.stage {
	case 1:
		_, err := io.CopyN(&l.fed, l.r, 64)
		return err
	case 2:
		flags, body, err := readFrame(l.r, maxReady)
		if err != nil {
			return err
		}
		if flags&flagCommand == 0 || flags&flagMore != 0 {
			return errors.New("wire: handshake without READY")
		}
		// Always in the long form: zmq4 accepts both.
		head := binary.BigEndian.AppendUint64([]byte{flagCommand | flagLong}, uint64(len(body)))
		l.fed.Write(head)
		l.fed.Write(body)
		return nil
	}
	return io.ErrUnexpectedEOF
}

// open performs the handshake as a listening socket of the given type. The
// caller has set a deadline on c.
func open(c net.Conn, kind zmq4.SocketType) (l *link, z *zmq4.Conn, err error) {
	// The property parser of zmq4 trusts the lengths inside READY and panics
	// on wrong ones.
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("wire: malformed READY from peer: %v", r)
		}
	}()
	l = newLink(c)
	z, err = zmq4.Open(l, null.Security(), kind, nil, true, nil)
	if err != nil {
		return nil, nil, err
	}
	return l, z, l.w.Flush()
}
