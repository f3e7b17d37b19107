package serve

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/priorlab/priorlab/kernel/msg"
	"github.com/priorlab/priorlab/kernel/wire"
)

// noParent is the parent header of messages that no request caused.
var noParent = json.RawMessage("{}")

// request is a message from a client.
type request struct {
	socket  *wire.Router
	peer    *wire.Peer
	prefix  [][]byte
	header  msg.Header
	parent  json.RawMessage // the header as received: parent of all that follows
	cause   json.RawMessage // the request's own parent header
	meta    json.RawMessage
	content json.RawMessage
	buffers [][]byte
	number  uint64 // order of arrival
	at      time.Time
}

// receive hands every genuine message of a socket to handle.
func (k *kernel) receive(socket *wire.Router, handle func(*request)) {
	for {
		m, err := socket.Recv(k.ctx)
		if err != nil {
			return
		}
		if r := k.open(socket, m); r != nil {
			handle(r)
		}
	}
}

// open checks a message. What is not signed rightly, was seen before, or has no
// readable header is dropped without a trace on any channel.
func (k *kernel) open(socket *wire.Router, m wire.Received) *request {
	e, err := k.key.Open(m.Frames)
	if err != nil {
		return nil
	}
	if !k.seen.first(e) {
		return nil
	}
	h, err := msg.ParseHeader(e.Header)
	if err != nil {
		k.logf("message dropped: %v", err)
		return nil
	}
	return &request{
		socket: socket, peer: m.Peer, prefix: e.Prefix, header: h,
		parent: e.Header, cause: e.Parent, meta: e.Metadata, content: e.Content, buffers: e.Buffers,
		number: k.arrivals.Add(1), at: time.Now(),
	}
}

// message makes a signed message of this kernel.
func (k *kernel) message(prefix [][]byte, parent json.RawMessage, msgType string, content, meta []byte, buffers [][]byte) [][]byte {
	if meta == nil {
		meta = []byte("{}")
	}
	return k.key.Seal(wire.Envelope{
		Prefix: prefix, Header: msg.Encode(msg.NewHeader(msgType, k.session, k.user)),
		Parent: parent, Metadata: meta, Content: content, Buffers: buffers,
	})
}

// reply answers r on the connection it came from.
func (k *kernel) reply(r *request, content any) {
	frames := k.message(r.prefix, r.parent, replyType(r.header.Type), msg.Encode(content), nil, nil)
	r.socket.Send(r.peer, frames)
}

func replyType(request string) string {
	if kind, ok := bytes.CutSuffix([]byte(request), []byte("_request")); ok {
		return string(kind) + "_reply"
	}
	return request + "_reply"
}

// answer is how a handler without further ceremony looks: content of the reply,
// or an error that becomes an error reply.
type answer func(k *kernel, r *request) (any, error)

// serve runs a handler between busy and idle and sends its reply.
func (k *kernel) serve(r *request, a answer) {
	k.iopub.busy(r.parent, false)
	defer k.iopub.idle(r.parent)
	content, err := k.guarded(a, r)
	if err != nil {
		content = errorReply(err)
	}
	k.reply(r, content)
}

// guarded turns a panic below into an error, so that a fault of ours costs one
// request and not the kernel.
func (k *kernel) guarded(a answer, r *request) (content any, err error) {
	defer func() {
		if p := recover(); p != nil {
			k.logf("%s failed: %v\n%s", r.header.Type, p, debug.Stack())
			err = fmt.Errorf("the kernel failed on this request: %v", p)
		}
	}()
	return a(k, r)
}

func errorReply(err error) msg.ErrorReply {
	f := &Failure{Name: "BadRequest", Value: err.Error()}
	errors.As(err, &f)
	return msg.ErrorReply{Status: "error", Error: wireError(f)}
}

// decoded is msg.Decode with the request named in the error.
func decoded[T any](r *request, defaults T) (T, error) {
	v, err := msg.Decode(r.content, defaults)
	if err != nil {
		err = fmt.Errorf("%s: %w", r.header.Type, err)
	}
	return v, err
}
