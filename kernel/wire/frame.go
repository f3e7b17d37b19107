package wire

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Flags of a ZMTP frame.
const (
	flagMore    = 1
	flagLong    = 2
	flagCommand = 4
)

// step is how much of a large frame is allocated at a time, so that memory
// follows the data that arrives and not the length a peer claims.
const step = 1 << 20

var errTooManyFrames = errors.New("wire: too many frames in one message")

// readFrame reads one frame whose body has at most max bytes.
func readFrame(r *bufio.Reader, max uint64) (flags byte, body []byte, err error) {
	flags, err = r.ReadByte()
	if err != nil {
		return 0, nil, err
	}
	if flags&^(flagMore|flagLong|flagCommand) != 0 {
		return 0, nil, fmt.Errorf("wire: frame with unknown flags %#x", flags)
	}
	size, err := readSize(r, flags&flagLong != 0)
	if err != nil {
		return 0, nil, err
	}
	if size > max {
		return 0, nil, fmt.Errorf("wire: frame of %d bytes, at most %d are accepted", size, max)
	}
	body, err = readBody(r, int(size))
	return flags, body, err
}

func readSize(r *bufio.Reader, long bool) (uint64, error) {
	if !long {
		b, err := r.ReadByte()
		return uint64(b), err
	}
	var b [8]byte
	_, err := io.ReadFull(r, b[:])
	return binary.BigEndian.Uint64(b[:]), err
}

func readBody(r *bufio.Reader, size int) ([]byte, error) {
	body := make([]byte, min(size, step))
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, err
	}
	for len(body) < size {
		have := len(body)
		body = append(body, make([]byte, min(size-have, step))...)
		if _, err := io.ReadFull(r, body[have:]); err != nil {
			return nil, err
		}
	}
	return body, nil
}

// readMessage reads frames up to one without the "more" flag. Commands between
// messages go to command.
func readMessage(r *bufio.Reader, lim Limits, command func(name string, body []byte) error) ([][]byte, error) {
	var frames [][]byte
	total := 0
	for {
		flags, body, err := readFrame(r, uint64(lim.Message))
		if err != nil {
			return nil, err
		}
		if flags&flagCommand != 0 {
			name, rest, ok := splitCommand(body)
			if !ok || flags&flagMore != 0 {
				return nil, errors.New("wire: malformed command")
			}
			if err := command(name, rest); err != nil {
				return nil, err
			}
			continue
		}
		if total += len(body); total > lim.Message {
			return nil, fmt.Errorf("wire: message of more than %d bytes", lim.Message)
		}
		if len(frames) >= lim.Frames {
			return nil, errTooManyFrames
		}
		frames = append(frames, body)
		if flags&flagMore == 0 {
			return frames, nil
		}
	}
}

func splitCommand(b []byte) (name string, rest []byte, ok bool) {
	if len(b) == 0 || len(b) < 1+int(b[0]) {
		return "", nil, false
	}
	n := 1 + int(b[0])
	return string(b[1:n]), b[n:], true
}
