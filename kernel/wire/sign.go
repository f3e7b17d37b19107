package wire

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"sync"
)

// delimiter stands between the routing frames and the signed part.
var delimiter = []byte("<IDS|MSG>")

// Errors that Key.Open returns; test with errors.Is.
var (
	ErrNoDelimiter = errors.New("wire: message without the <IDS|MSG> delimiter")
	ErrTruncated   = errors.New("wire: message ends before its content frame")
	ErrSignature   = errors.New("wire: signature missing or wrong")
)

// Envelope is one Jupyter message as frames. Header, Parent, Metadata and
// Content are JSON texts, exactly as sent or received.
type Envelope struct {
	Prefix   [][]byte // frames before the delimiter: topic or identities
	Header   []byte
	Parent   []byte
	Metadata []byte
	Content  []byte
	Buffers  [][]byte
}

// Key signs and checks messages with HMAC-SHA256. The zero Key has no secret:
// it signs with the empty string and accepts anything.
type Key struct {
	secret []byte
	hashes *sync.Pool
}

// NewKey makes a Key for a connection file's signature_scheme and key. The
// only scheme in use anywhere is "hmac-sha256" ("" means the same).
func NewKey(scheme, secret string) (Key, error) {
	if scheme != "" && scheme != "hmac-sha256" {
		return Key{}, fmt.Errorf("wire: signature scheme %q is not supported; use hmac-sha256", scheme)
	}
	if secret == "" {
		return Key{}, nil
	}
	k := Key{secret: []byte(secret)}
	k.hashes = &sync.Pool{New: func() any { return hmac.New(sha256.New, k.secret) }}
	return k, nil
}

// Seal signs e and lays it out as frames for the wire.
func (k Key) Seal(e Envelope) [][]byte {
	frames := make([][]byte, 0, len(e.Prefix)+6+len(e.Buffers))
	frames = append(frames, e.Prefix...)
	frames = append(frames, delimiter, k.sign(e.Header, e.Parent, e.Metadata, e.Content),
		e.Header, e.Parent, e.Metadata, e.Content)
	return append(frames, e.Buffers...)
}

// Open finds the delimiter, checks the signature in constant time and returns
// the parts, which share memory with frames.
func (k Key) Open(frames [][]byte) (Envelope, error) {
	at := -1
	for i, f := range frames {
		if bytes.Equal(f, delimiter) {
			at = i
			break
		}
	}
	if at < 0 {
		return Envelope{}, ErrNoDelimiter
	}
	rest := frames[at+1:]
	if len(rest) < 5 {
		return Envelope{}, ErrTruncated
	}
	e := Envelope{
		Prefix: frames[:at], Header: rest[1], Parent: rest[2],
		Metadata: rest[3], Content: rest[4], Buffers: rest[5:],
	}
	want := k.sign(e.Header, e.Parent, e.Metadata, e.Content)
	if len(k.secret) > 0 && !hmac.Equal(want, rest[0]) {
		return Envelope{}, ErrSignature
	}
	return e, nil
}

func (k Key) sign(parts ...[]byte) []byte {
	if len(k.secret) == 0 {
		return []byte{}
	}
	h := k.hashes.Get().(hash.Hash)
	defer k.hashes.Put(h)
	h.Reset()
	for _, p := range parts {
		h.Write(p)
	}
	var sum [sha256.Size]byte
	return hex.AppendEncode(nil, h.Sum(sum[:0]))
}
