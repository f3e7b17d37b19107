package serve

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/priorlab/priorlab/kernel/msg"
	"github.com/priorlab/priorlab/kernel/wire"
)

var (
	errNoInput  = errors.New("this client does not take input while a cell runs (allow_stdin is false)")
	errNoClient = errors.New("the client that sent this cell has no input channel open")
	errLeft     = errors.New("the client that was asked for input has gone")
)

// stdinWait is how long a client has to connect its stdin socket.
const stdinWait = 2 * time.Second

// inputs matches input_request with input_reply.
type inputs struct {
	k       *kernel
	mu      sync.Mutex
	waiting []*question // oldest first
}

// question is one input_request that waits for its reply.
type question struct {
	id     string // msg_id of the input_request
	peer   *wire.Peer
	answer chan string
}

func newInputs(k *kernel) *inputs { return &inputs{k: k} }

// ask puts a question to the client that sent r and to no other.
func (in *inputs) ask(ctx context.Context, r *request, prompt string, password bool) (string, error) {
	peer, err := in.stdinOf(ctx, r)
	if err != nil {
		return "", err
	}
	h := msg.NewHeader("input_request", in.k.session, in.k.user)
	q := &question{id: h.ID, peer: peer, answer: make(chan string, 1)}
	in.add(q)
	defer in.remove(q)
	frames := in.k.key.Seal(wire.Envelope{
		Prefix: r.prefix, Header: msg.Encode(h), Parent: r.parent, Metadata: []byte("{}"),
		Content: msg.Encode(msg.InputRequest{Prompt: prompt, Password: password}),
	})
	if !in.k.stdinSocket.Send(peer, frames) {
		return "", errLeft
	}
	select {
	case line := <-q.answer:
		return line, nil
	case <-peer.Gone():
		return "", errLeft
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// stdinOf finds the stdin connection of the client that sent r: the one with
// the same identity. It may connect a moment after the shell.
func (in *inputs) stdinOf(ctx context.Context, r *request) (*wire.Peer, error) {
	if r.peer.Identity() == "" {
		return nil, errNoClient
	}
	end := time.Now().Add(stdinWait)
	for {
		if p := in.k.stdinSocket.ByIdentity(r.peer.Identity()); p != nil {
			return p, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if time.Now().After(end) {
			return nil, errNoClient
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func (in *inputs) add(q *question) {
	in.mu.Lock()
	in.waiting = append(in.waiting, q)
	in.mu.Unlock()
}

func (in *inputs) remove(q *question) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for i, w := range in.waiting {
		if w == q {
			in.waiting = append(in.waiting[:i:i], in.waiting[i+1:]...)
			return
		}
	}
}

// receive takes what arrives on the stdin socket. A reply counts only from the
// client that was asked, and, when it names its question, for that one; most
// clients do not name it.
func (in *inputs) receive(r *request) {
	if r.header.Type != "input_reply" {
		return
	}
	reply, err := decoded(r, msg.InputReply{})
	if err != nil {
		in.k.logf("input_reply dropped: %v", err)
		return
	}
	var asked struct {
		ID string `json:"msg_id"`
	}
	_ = json.Unmarshal(r.cause, &asked)
	if q := in.match(r.peer, asked.ID); q != nil {
		q.answer <- reply.Value
	}
}

// match takes the question out of the waiting list, so that it is answered once.
func (in *inputs) match(peer *wire.Peer, id string) *question {
	in.mu.Lock()
	defer in.mu.Unlock()
	for i, q := range in.waiting {
		if q.peer == peer && (id == "" || id == q.id) {
			in.waiting = append(in.waiting[:i:i], in.waiting[i+1:]...)
			return q
		}
	}
	return nil
}
