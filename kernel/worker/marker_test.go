package worker

import (
	"io"
	"strings"
	"testing"
)

// dribble gives r in pieces of n bytes.
type dribble struct {
	r io.Reader
	n int
}

func (d dribble) Read(p []byte) (int, error) { return d.r.Read(p[:min(d.n, len(p))]) }

func TestMarkersAreTakenOutHoweverTheyArrive(t *testing.T) {
	m := newMarker("s3cret")
	text := "é1\n" + string(m.line(1)) + "two \x00 zeros \x00s3c" + string(m.line(2)) + "\x00s3cret:x\nend 世"
	for n := 1; n < 20; n++ {
		var got strings.Builder
		p := newPump("stdout", m, func(_, s string) {
			if !strings.Contains(s, "\x00") && strings.ToValidUTF8(s, "?") != s {
				t.Errorf("in pieces of %d a character was split: %q", n, s)
			}
			got.WriteString(s)
		})
		p.run(dribble{strings.NewReader(text), n})
		if want := "é1\ntwo \x00 zeros \x00s3c\x00s3cret:x\nend 世"; got.String() != want {
			t.Errorf("in pieces of %d: got %q", n, got.String())
		}
		if p.seen != 2 {
			t.Errorf("in pieces of %d: saw marker %d", n, p.seen)
		}
	}
}
