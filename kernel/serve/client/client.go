// Package client is a small Jupyter client: it connects to a running kernel,
// sends requests and collects what comes back. Tests, benchmarks and the
// command's self-check use it; it is built on the client sockets of
// go-zeromq/zmq4 alone, so it also checks the kernel's own sockets from
// outside.
//
// Start at Connect and Client.Execute.
package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"sync"
	"time"

	"github.com/go-zeromq/zmq4"

	"github.com/priorlab/priorlab/kernel/msg"
	"github.com/priorlab/priorlab/kernel/serve"
	"github.com/priorlab/priorlab/kernel/wire"
)

// Message is one message from the kernel.
type Message struct {
	Channel  string // "shell", "control", "stdin" or "iopub"
	Header   msg.Header
	Parent   msg.Header // zero when the message has no parent
	Metadata json.RawMessage
	Content  json.RawMessage
	Buffers  [][]byte
	Raw      wire.Envelope
}

// Client is a connection to one kernel. Its methods may be called from several
// goroutines.
type Client struct {
	Session string

	// OnInput answers the kernel's input_request; nil answers "". Set it
	// before the first Execute.
	OnInput func(prompt string, password bool) string
	conn    serve.ConnectionInfo
	key     wire.Key
	cancel  context.CancelFunc
	ctx     context.Context
	sockets map[string]zmq4.Socket
	sending map[string]*sync.Mutex

	mu        sync.Mutex
	watch     func(Message)
	listeners map[*listener]struct{}
}

// listener gathers the messages of one request, or all when parent is empty.
type listener struct {
	parent string
	mu     sync.Mutex
	queue  []Message
	wake   chan struct{}
}

// Connect opens all five channels' sockets; the heartbeat's is opened by
// Heartbeat. It returns when the kernel's first broadcast has been seen, so that
// nothing published afterwards is missed.
func Connect(ctx context.Context, conn serve.ConnectionInfo) (*Client, error) {
	key, err := wire.NewKey(conn.SignatureScheme, conn.Key)
	if err != nil {
		return nil, err
	}
	c := &Client{
		Session: msg.NewID(), conn: conn, key: key,
		sockets: map[string]zmq4.Socket{}, sending: map[string]*sync.Mutex{}, listeners: map[*listener]struct{}{},
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	welcome := c.listen("")
	if err := c.dial(ctx); err != nil {
		c.Close()
		return nil, err
	}
	if err := c.ready(ctx, welcome); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func (c *Client) dial(ctx context.Context) error {
	id := zmq4.WithID(zmq4.SocketIdentity(c.Session))
	quiet := zmq4.WithLogger(log.New(io.Discard, "", 0))
	retry := zmq4.WithDialerRetry(20 * time.Millisecond)
	for channel, port := range map[string]int{
		"shell": c.conn.ShellPort, "control": c.conn.ControlPort, "stdin": c.conn.StdinPort, "iopub": c.conn.IOPubPort,
	} {
		var s zmq4.Socket
		if channel == "iopub" {
			s = zmq4.NewSub(c.ctx, quiet, retry, zmq4.WithDialerMaxRetries(50))
		} else {
			s = zmq4.NewDealer(c.ctx, id, quiet, retry, zmq4.WithDialerMaxRetries(50))
		}
		if err := s.Dial(address(c.conn, port)); err != nil {
			return fmt.Errorf("client: %s channel: %w", channel, err)
		}
		if channel == "iopub" {
			if err := s.SetOption(zmq4.OptionSubscribe, ""); err != nil {
				return fmt.Errorf("client: %w", err)
			}
		}
		c.sockets[channel], c.sending[channel] = s, &sync.Mutex{}
		go c.receive(channel, s)
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

func address(conn serve.ConnectionInfo, port int) string {
	at := conn.Endpoint(port)
	return at.String()
}

// ready waits for the publisher's welcome, which kernels before protocol 5.5 do
// not send, and asks for kernel_info until the reply and a broadcast have come.
func (c *Client) ready(ctx context.Context, welcome *listener) error {
	defer c.unlisten(welcome)
	greeted, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
	defer cancel()
	for {
		m, err := welcome.next(greeted)
		if err != nil || m.Header.Type == "iopub_welcome" {
			break
		}
	}
	for {
		attempt, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
		_, err := c.Request(attempt, "shell", "kernel_info_request", struct{}{})
		cancel()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("client: the kernel did not answer: %w", ctx.Err())
		}
	}
}

// Close ends all connections.
func (c *Client) Close() error {
	c.cancel()
	for _, s := range c.sockets {
		s.Close()
	}
	return nil
}

func (c *Client) receive(channel string, s zmq4.Socket) {
	defer release(s)
	for {
		m, err := s.Recv()
		if err != nil {
			return
		}
		if got, err := c.open(channel, m.Frames); err == nil {
			c.deliver(got)
		}
	}
}

// release takes what a closed socket of zmq4 still holds: its reader waits for
// room in a short queue without regard to the close, and would wait for ever.
// Recv on a closed socket takes a message about every second time.
func release(s zmq4.Socket) {
	for range 64 {
		s.Recv()
	}
}

func (c *Client) open(channel string, frames [][]byte) (Message, error) {
	e, err := c.key.Open(frames)
	if err != nil {
		return Message{}, err
	}
	m := Message{Channel: channel, Metadata: e.Metadata, Content: e.Content, Buffers: e.Buffers, Raw: e}
	if m.Header, err = msg.ParseHeader(e.Header); err != nil {
		return Message{}, err
	}
	_ = json.Unmarshal(e.Parent, &m.Parent)
	return m, nil
}

func (c *Client) deliver(m Message) {
	c.mu.Lock()
	watch := c.watch
	c.mu.Unlock()
	if watch != nil {
		watch(m)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for l := range c.listeners {
		if l.parent == "" || l.parent == m.Parent.ID {
			l.put(m)
		}
	}
}

// Watch makes f see every message before it is handed out; nil ends that.
func (c *Client) Watch(f func(Message)) {
	c.mu.Lock()
	c.watch = f
	c.mu.Unlock()
}

func (l *listener) put(m Message) {
	l.mu.Lock()
	l.queue = append(l.queue, m)
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *listener) next(ctx context.Context) (Message, error) {
	for {
		l.mu.Lock()
		if len(l.queue) > 0 {
			m := l.queue[0]
			l.queue = l.queue[1:]
			l.mu.Unlock()
			return m, nil
		}
		l.mu.Unlock()
		select {
		case <-l.wake:
		case <-ctx.Done():
			return Message{}, ctx.Err()
		}
	}
}

func (c *Client) listen(parent string) *listener {
	l := &listener{parent: parent, wake: make(chan struct{}, 1)}
	c.mu.Lock()
	c.listeners[l] = struct{}{}
	c.mu.Unlock()
	return l
}

func (c *Client) unlisten(l *listener) {
	c.mu.Lock()
	delete(c.listeners, l)
	c.mu.Unlock()
}

// NewHeader returns a header for SendMessage.
func (c *Client) NewHeader(msgType string) msg.Header {
	return msg.NewHeader(msgType, c.Session, "client")
}

// Send sends a request on a channel and returns its msg_id.
func (c *Client) Send(channel, msgType string, content any) (string, error) {
	h := c.NewHeader(msgType)
	return h.ID, c.SendMessage(channel, h, content, nil, nil)
}

// SendMessage sends a message with all its parts.
func (c *Client) SendMessage(channel string, h msg.Header, content, metadata any, buffers [][]byte) error {
	if metadata == nil {
		metadata = struct{}{}
	}
	return c.SendFrames(channel, c.key.Seal(wire.Envelope{
		Header: msg.Encode(h), Parent: []byte("{}"), Metadata: msg.Encode(metadata),
		Content: msg.Encode(content), Buffers: buffers,
	}))
}

// SendFrames sends frames as they are, genuine or not.
func (c *Client) SendFrames(channel string, frames [][]byte) error {
	s := c.sockets[channel]
	if s == nil {
		return fmt.Errorf("client: no channel %q", channel)
	}
	c.sending[channel].Lock()
	defer c.sending[channel].Unlock()
	return s.SendMulti(zmq4.NewMsgFrom(frames...))
}

// Outcome is everything one request led to.
type Outcome struct {
	Reply    Message
	Messages []Message // in the order of arrival, the reply and status included
}

// Texts joins the text of the stream with this name.
func (o *Outcome) Texts(stream string) string {
	var text []byte
	for _, m := range o.Messages {
		var s msg.Stream
		if m.Header.Type == "stream" && json.Unmarshal(m.Content, &s) == nil && s.Name == stream {
			text = append(text, s.Text...)
		}
	}
	return string(text)
}

// Of returns the messages of a type.
func (o *Outcome) Of(msgType string) []Message {
	var of []Message
	for _, m := range o.Messages {
		if m.Header.Type == msgType {
			of = append(of, m)
		}
	}
	return of
}

// Result returns the text/plain of the execute_result, "" when there is none.
func (o *Outcome) Result() string {
	for _, m := range o.Of("execute_result") {
		var r msg.ExecuteResult
		if json.Unmarshal(m.Content, &r) == nil {
			s, _ := r.Data["text/plain"].(string)
			return s
		}
	}
	return ""
}

// Status returns the status key of the reply.
func (o *Outcome) Status() string {
	var s msg.StatusReply
	_ = json.Unmarshal(o.Reply.Content, &s)
	return s.Status
}

// Err returns the error of an error reply, or nil.
func (o *Outcome) Err() error {
	var e msg.ErrorReply
	if json.Unmarshal(o.Reply.Content, &e) != nil || e.Status != "error" {
		return nil
	}
	return &serve.Failure{Name: e.Name, Value: e.Value, Traceback: e.Traceback}
}

// Request sends a request and waits until its reply and its idle have come.
func (c *Client) Request(ctx context.Context, channel, msgType string, content any) (*Outcome, error) {
	return c.Do(ctx, channel, c.NewHeader(msgType), content)
}

// Do is Request with a header of the caller's, for a subshell say.
func (c *Client) Do(ctx context.Context, channel string, h msg.Header, content any) (*Outcome, error) {
	p, err := c.Start(channel, h, content)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	return p.Wait(ctx)
}

// Pending is a request that has been sent.
type Pending struct {
	c      *Client
	l      *listener
	Header msg.Header
}

// Start sends a request and returns at once.
func (c *Client) Start(channel string, h msg.Header, content any) (*Pending, error) {
	p := &Pending{c: c, l: c.listen(h.ID), Header: h}
	if err := c.SendMessage(channel, h, content, nil, nil); err != nil {
		c.unlisten(p.l)
		return nil, err
	}
	return p, nil
}

// StartIn sends an execute_request as the cell of a notebook with this id.
func (c *Client) StartIn(cellID string, content any) (*Pending, error) {
	h := c.NewHeader("execute_request")
	p := &Pending{c: c, l: c.listen(h.ID), Header: h}
	if err := c.SendMessage("shell", h, content, map[string]any{"cellId": cellID}, nil); err != nil {
		c.unlisten(p.l)
		return nil, err
	}
	return p, nil
}

// Close stops listening for the request.
func (p *Pending) Close() { p.c.unlisten(p.l) }

// Next waits for the next message that the request led to.
func (p *Pending) Next(ctx context.Context) (Message, error) { return p.l.next(ctx) }

// Wait collects messages until reply and idle have come, and answers the
// kernel's questions on the way.
func (p *Pending) Wait(ctx context.Context) (*Outcome, error) {
	o := &Outcome{}
	replied, idle := false, false
	for !replied || !idle {
		m, err := p.l.next(ctx)
		if err != nil {
			return o, fmt.Errorf("client: %s: reply %v, idle %v: %w", p.Header.Type, replied, idle, err)
		}
		o.Messages = append(o.Messages, m)
		switch {
		case m.Channel == "stdin":
			err = p.c.answer(m)
		case m.Channel != "iopub":
			o.Reply, replied = m, true
		case m.Header.Type == "status":
			var s msg.Status
			_ = json.Unmarshal(m.Content, &s)
			idle = idle || s.ExecutionState == "idle"
		}
		if err != nil {
			return o, err
		}
	}
	return o, nil
}

func (c *Client) answer(question Message) error {
	var q msg.InputRequest
	if err := json.Unmarshal(question.Content, &q); err != nil {
		return fmt.Errorf("client: input_request: %w", err)
	}
	line := ""
	if c.OnInput != nil {
		line = c.OnInput(q.Prompt, q.Password)
	}
	_, err := c.Send("stdin", "input_reply", msg.InputReply{Value: line})
	return err
}

// Execute runs a cell with the defaults of a notebook and waits for its end.
func (c *Client) Execute(ctx context.Context, code string) (*Outcome, error) {
	return c.Request(ctx, "shell", "execute_request", Cell(code))
}

// Cell returns the content of an ordinary execute_request.
func Cell(code string) map[string]any {
	return map[string]any{
		"code": code, "silent": false, "store_history": true, "user_expressions": map[string]any{},
		"allow_stdin": true, "stop_on_error": true,
	}
}

// Heartbeat sends bytes to the heartbeat socket and waits for their echo.
func (c *Client) Heartbeat(ctx context.Context) (time.Duration, error) {
	s := zmq4.NewReq(ctx, zmq4.WithLogger(log.New(os.Stderr, "", 0)), zmq4.WithTimeout(10*time.Second))
	defer s.Close()
	if err := s.Dial(address(c.conn, c.conn.HeartbeatPort)); err != nil {
		return 0, fmt.Errorf("client: heartbeat: %w", err)
	}
	begun := time.Now()
	if err := s.Send(zmq4.NewMsgString("ping")); err != nil {
		return 0, fmt.Errorf("client: heartbeat: %w", err)
	}
	done := make(chan error, 1)
	go func() {
		m, err := s.Recv()
		if err == nil && string(m.Bytes()) != "ping" {
			err = errors.New("another text came back")
		}
		done <- err
	}()
	select {
	case err := <-done:
		return time.Since(begun), err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}
