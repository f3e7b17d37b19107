package msg

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Version is the protocol version this package speaks.
const Version = "5.5"

// Header opens every message.
type Header struct {
	ID       string `json:"msg_id"`
	Session  string `json:"session"`
	Username string `json:"username"`
	Date     string `json:"date"`
	Type     string `json:"msg_type"`
	Version  string `json:"version"`
	Subshell string `json:"subshell_id,omitempty"`
}

// NewHeader makes a header with a fresh id and the present time.
func NewHeader(msgType, session, username string) Header {
	return Header{
		ID: NewID(), Session: session, Username: username,
		Date: time.Now().UTC().Format("2006-01-02T15:04:05.000000Z"),
		Type: msgType, Version: Version,
	}
}

// NewID returns a random identifier in the form of a version 4 UUID.
func NewID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// ParseHeader reads the header of a request. Unknown fields are ignored; the
// message type is the one thing that cannot be missing.
func ParseHeader(b []byte) (Header, error) {
	var wide struct {
		Header
		// A client may send null for "the main shell".
		Subshell *string `json:"subshell_id"`
	}
	if err := json.Unmarshal(b, &wide); err != nil {
		return Header{}, fmt.Errorf("msg: header is not valid: %w", err)
	}
	h := wide.Header
	if wide.Subshell != nil {
		h.Subshell = *wide.Subshell
	}
	if h.Type == "" {
		return Header{}, errors.New("msg: header without msg_type")
	}
	return h, nil
}
