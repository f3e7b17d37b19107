package worker

import (
	"bufio"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"io"
	"sync"

	"github.com/priorlab/priorlab/kernel/serve"
	"github.com/priorlab/priorlab/stdlib/lab"
)

// frame is what the two processes say to each other. Kind names the call;
// only the fields it needs are set, and gob leaves the others out.
type frame struct {
	Kind string
	ID   uint64 // pairs an answer with its question
	Exec uint64 // the execution that something shown belongs to
	Mark uint64 // a marker stands in both descriptors before this frame

	Execution  serve.Execution
	Reply      *reply
	Completion serve.Completion
	Bundle     *bundle
	Failure    *serve.Failure
	Comm       *commMessage
	Debug      *debugMessage
	Map        map[string]string

	Text, Name     string
	Cursor, Detail int
	Flag           bool

	Bulk []part // large parts, which follow the frame
}

// reply is serve.Reply in gob's terms.
type reply struct {
	Result  *bundle
	Failure *serve.Failure
	Payload []byte
}

func packReply(r serve.Reply) *reply {
	p := &reply{Failure: r.Failure}
	if r.Result != nil {
		p.Result = packBundle(*r.Result)
	}
	if len(r.Payload) > 0 {
		p.Payload = packJSON(r.Payload)
	}
	return p
}

func (r *reply) unpack() serve.Reply {
	u := serve.Reply{Failure: r.Failure}
	if r.Result != nil {
		b := r.Result.unpack()
		u.Result = &b
	}
	if r.Payload != nil {
		// Written by packReply, so it parses; a fault leaves no payload.
		_ = json.Unmarshal(r.Payload, &u.Payload)
	}
	return u
}

// bundle is lab.Bundle in gob's terms, which has no dynamic values.
type bundle struct {
	Text     map[string]string
	Binary   map[string][]byte
	JSON     map[string][]byte
	Metadata []byte
}

func packBundle(b lab.Bundle) *bundle {
	p := &bundle{Text: map[string]string{}, Binary: map[string][]byte{}, JSON: map[string][]byte{}}
	for mime, v := range b.Data {
		switch v := v.(type) {
		case string:
			p.Text[mime] = v
		case []byte:
			p.Binary[mime] = v
		default:
			p.JSON[mime] = packJSON(v)
		}
	}
	if len(b.Metadata) > 0 {
		p.Metadata = packJSON(b.Metadata)
	}
	return p
}

func (p *bundle) unpack() lab.Bundle {
	b := lab.Bundle{Data: map[string]any{}}
	for mime, v := range p.Text {
		b.Data[mime] = v
	}
	for mime, v := range p.Binary {
		b.Data[mime] = v
	}
	for mime, v := range p.JSON {
		b.Data[mime] = json.RawMessage(v)
	}
	if p.Metadata != nil {
		_ = json.Unmarshal(p.Metadata, &b.Metadata)
	}
	return b
}

// commMessage is lab.CommMessage in gob's terms.
type commMessage struct {
	Kind, ID, Target string
	Data, Metadata   []byte
	Buffers          [][]byte
}

func packComm(m lab.CommMessage) *commMessage {
	p := &commMessage{Kind: m.Kind, ID: m.ID, Target: m.Target, Buffers: m.Buffers}
	if m.Data != nil {
		p.Data = packJSON(m.Data)
	}
	if m.Metadata != nil {
		p.Metadata = packJSON(m.Metadata)
	}
	return p
}

func (p *commMessage) unpack() lab.CommMessage {
	m := lab.CommMessage{Kind: p.Kind, ID: p.ID, Target: p.Target, Buffers: p.Buffers}
	if p.Data != nil {
		_ = json.Unmarshal(p.Data, &m.Data)
	}
	if p.Metadata != nil {
		_ = json.Unmarshal(p.Metadata, &m.Metadata)
	}
	return m
}

// packJSON encodes v; what JSON cannot hold (a channel, NaN) becomes its text.
func packJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		b, _ = json.Marshal(fmt.Sprint(v))
	}
	return b
}

// link sends and receives frames over one connection.
type link struct {
	mu  sync.Mutex // guards enc and what follows a frame
	enc *gob.Encoder
	dec *gob.Decoder
	in  *bufio.Reader // a ByteReader, so that dec reads no further than its frame
	rwc io.ReadWriteCloser

	large func() // called after a frame of largeFrame bytes or more; may be nil
}

func newLink(rwc io.ReadWriteCloser) *link {
	in := bufio.NewReaderSize(rwc, 64<<10)
	return &link{enc: gob.NewEncoder(rwc), dec: gob.NewDecoder(in), in: in, rwc: rwc}
}

func (l *link) send(f frame) error {
	f.detach()
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.enc.Encode(f); err != nil {
		return err
	}
	for _, p := range f.Bulk {
		if _, err := l.rwc.Write(p.data); err != nil {
			return err
		}
	}
	if l.large != nil && f.bulk() >= largeFrame {
		l.large()
	}
	return nil
}

func (l *link) receive() (frame, error) {
	var f frame
	if err := l.dec.Decode(&f); err != nil {
		return f, err
	}
	for i := range f.Bulk {
		p := &f.Bulk[i]
		p.data = make([]byte, p.Size)
		if _, err := io.ReadFull(l.in, p.data); err != nil {
			return f, err
		}
	}
	f.attach()
	return f, nil
}
