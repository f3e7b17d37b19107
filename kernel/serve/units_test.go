package serve

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/priorlab/priorlab/kernel/wire"
)

func TestPaceStaysUnderTheServersLimits(t *testing.T) {
	for _, c := range []struct{ size, limit int }{{10, 2900}, {100_000, 29}} {
		p, now := newPace(), time.Unix(0, 0)
		var sent []time.Time
		for len(sent) < 3*c.limit {
			if wait := p.take(now, c.size); wait > 0 {
				now = now.Add(wait)
				continue
			}
			sent = append(sent, now)
		}
		for i := range sent { // no five seconds hold more than a server passes on in three
			if j := i + c.limit; j < len(sent) && sent[j].Sub(sent[i]) < 5*time.Second {
				t.Fatalf("%d messages of %d bytes within %v", c.limit, c.size, sent[j].Sub(sent[i]))
			}
		}
	}
}

func TestPaceLetsOneLargeMessageOutAndForgetsAtReset(t *testing.T) {
	p, now := newPace(), time.Unix(0, 0)
	if wait := p.take(now, 10*paceBytes); wait != 0 {
		t.Errorf("the first waits %v", wait)
	}
	if wait := p.take(now, 1); wait == 0 {
		t.Error("the second does not wait")
	}
	if room := p.room(); room < paceBytes*9/10 {
		t.Errorf("room for %d bytes when the next must wait in any case", room)
	}
	p.reset()
	p.take(now, 1<<20)
	if room := p.room(); room < 1<<20 || room > paceBytes-1<<20 {
		t.Errorf("room for %d bytes after a megabyte", room)
	}
	p.reset()
	if wait := p.take(now, 1); wait != 0 {
		t.Errorf("after a reset it waits %v", wait)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	p.wait(ctx, "stream", 10*paceBytes)
	p.wait(ctx, "stream", 10*paceBytes) // returns because ctx has ended
}

func TestColours(t *testing.T) {
	f := &Failure{Name: "TypeError", Value: "v"}
	for line, want := range map[string]string{
		"TypeError: v":           bold + "TypeError" + plain + ": v",
		"  at In[12]:3:4 in f":   "  at " + blue + "In[12]:3:4" + plain + " in f",
		"gp/kernel.go:17 in Cov": blue + "gp/kernel.go:17" + plain + " in Cov",
		"   3 | x := y":          green + "   3 |" + plain + " x := y",
		"     |      ^^^":        red + "     |      ^^^" + plain,
		"plain words":            "plain words",
	} {
		if got := coloured(f, []string{line}); got[0] != want {
			t.Errorf("%q: %q, want %q", line, got[0], want)
		}
	}
	own := []string{"\x1b[35mmine\x1b[0m", "TypeError: v"}
	if got := coloured(f, own); strings.Join(got, "") != strings.Join(own, "") {
		t.Errorf("%q", got)
	}
	if got := coloured(f, []string{"TypeError: a\nIn[1]:2"}); len(got) != 1 || strings.Count(got[0], "\x1b[0m") != 2 {
		t.Errorf("%q", got)
	}
	for _, c := range []string{red, bold, blue, green} {
		for _, poor := range []string{"33m", "36m", "37m", "30m", "[2m", "90m"} {
			if strings.Contains(c, poor) {
				t.Errorf("%q does not read on both themes", c)
			}
		}
	}
}

func TestReplaysForgetTheOldest(t *testing.T) {
	r := newReplays(true)
	e := func(i int) wire.Envelope {
		return wire.Envelope{Header: []byte{byte(i), byte(i >> 8), byte(i >> 16)}, Content: []byte("{}")}
	}
	for i := range replayMemory + 10 {
		if !r.first(e(i)) {
			t.Fatalf("message %d counts as seen", i)
		}
	}
	if r.first(e(replayMemory+9)) || !r.first(e(0)) {
		t.Error("the latest is not remembered, or the oldest is")
	}
	if len(r.seen) > replayMemory {
		t.Errorf("%d are remembered", len(r.seen))
	}
}

func TestQueueHoldsTheSenderBack(t *testing.T) {
	q := newQueue()
	for range maxQueued {
		q.put(&request{})
	}
	done := make(chan bool)
	go func() { done <- q.put(&request{}) }()
	select {
	case <-done:
		t.Error("there was room")
	case <-time.After(20 * time.Millisecond):
	}
	q.take()
	if !<-done {
		t.Error("refused")
	}
	go func() { done <- q.put(&request{}) }()
	q.close()
	if <-done || q.take() != nil {
		t.Error("a closed queue gives and takes")
	}
}
