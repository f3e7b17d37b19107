package wire

import (
	"bufio"
	"bytes"
	"testing"
)

// Whatever a peer sends, reading ends with a message or an error, within the
// limits.
func FuzzReadMessage(f *testing.F) {
	f.Add([]byte("\x00\x01x"))
	f.Add(encode(frames("a", "b", "")))
	f.Add(commandFrame("PING", []byte("\x00\x01ctx")))
	f.Add([]byte("\x02\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		lim := Limits{Message: 1000, Frames: 10}
		r := bufio.NewReader(bytes.NewReader(b))
		for {
			m, err := readMessage(r, lim, func(string, []byte) error { return nil })
			if err != nil {
				return
			}
			total := 0
			for _, part := range m {
				total += len(part)
			}
			if total > lim.Message || len(m) > lim.Frames || len(m) == 0 {
				t.Fatalf("%d bytes in %d frames", total, len(m))
			}
		}
	})
}

// No frames but those sealed with the key open with it.
func FuzzOpen(f *testing.F) {
	f.Add([]byte("<IDS|MSG>"), []byte("sig"), []byte("{}"), []byte("{}"))
	key, _ := NewKey("", "secret")
	f.Fuzz(func(t *testing.T, a, b, c, d []byte) {
		if _, err := key.Open([][]byte{a, b, c, d, d, d}); err == nil {
			t.Fatal("forged frames were accepted")
		}
		if _, err := key.Open([][]byte{delimiter, a, b, c, d, d, a}); err == nil {
			t.Fatal("forged frames were accepted")
		}
	})
}
