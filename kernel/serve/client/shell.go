package client

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"time"

	"github.com/go-zeromq/zmq4"

	"github.com/priorlab/priorlab/kernel/msg"
	"github.com/priorlab/priorlab/kernel/serve"
	"github.com/priorlab/priorlab/kernel/wire"
)

// Shell is the shell channel alone: requests and replies, nothing published.
// It may be used by one goroutine at a time.
type Shell struct {
	key     wire.Key
	session string
	socket  zmq4.Socket
	cancel  context.CancelFunc
}

// DialShell connects to the shell socket of a kernel, which need not listen
// yet; it keeps trying until ctx ends.
func DialShell(ctx context.Context, conn serve.ConnectionInfo) (*Shell, error) {
	key, err := wire.NewKey(conn.SignatureScheme, conn.Key)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	s := &Shell{key: key, session: msg.NewID(), cancel: cancel}
	s.socket = zmq4.NewDealer(ctx, zmq4.WithLogger(log.New(io.Discard, "", 0)),
		zmq4.WithDialerRetry(2*time.Millisecond), zmq4.WithDialerMaxRetries(-1))
	if err := s.socket.Dial(address(conn, conn.ShellPort)); err != nil {
		cancel()
		return nil, fmt.Errorf("client: shell channel: %w", err)
	}
	return s, nil
}

// Close ends the connection.
func (s *Shell) Close() error {
	s.cancel()
	defer release(s.socket)
	return s.socket.Close()
}

// Ask sends a request and returns the content of its reply.
func (s *Shell) Ask(msgType string, content any) (json.RawMessage, error) {
	h := msg.NewHeader(msgType, s.session, "client")
	frames := s.key.Seal(wire.Envelope{
		Header: msg.Encode(h), Parent: []byte("{}"), Metadata: []byte("{}"), Content: msg.Encode(content),
	})
	if err := s.socket.SendMulti(zmq4.NewMsgFrom(frames...)); err != nil {
		return nil, fmt.Errorf("client: %s: %w", msgType, err)
	}
	for {
		m, err := s.socket.Recv()
		if err != nil {
			return nil, fmt.Errorf("client: no reply to %s: %w", msgType, err)
		}
		e, err := s.key.Open(m.Frames)
		if err != nil {
			return nil, err
		}
		var parent msg.Header
		if json.Unmarshal(e.Parent, &parent) == nil && parent.ID == h.ID {
			return e.Content, nil
		}
	}
}

// Language asks which language the kernel runs.
func (s *Shell) Language() (string, error) {
	content, err := s.Ask("kernel_info_request", struct{}{})
	if err != nil {
		return "", err
	}
	var info struct {
		Language struct{ Name string } `json:"language_info"`
	}
	err = json.Unmarshal(content, &info)
	return info.Language.Name, err
}
