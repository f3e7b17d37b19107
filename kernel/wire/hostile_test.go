package wire

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"
)

var anywhere = Endpoint{"tcp", "127.0.0.1:0"}

// echoRouter answers every request with its own frames.
func echoRouter(t *testing.T, lim Limits) *Router {
	t.Helper()
	r, err := ListenRouter(anywhere, lim)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	go func() {
		for {
			m, err := r.Recv(context.Background())
			if err != nil {
				return
			}
			r.Send(m.Peer, m.Frames)
		}
	}()
	return r
}

func publisher(t *testing.T, lim Limits, welcome func(string) [][]byte) *Publisher {
	t.Helper()
	p, err := ListenPublisher(anywhere, lim, welcome)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// subscriber is subscribed to everything when this returns.
func subscriber(t *testing.T, p *Publisher) *raw {
	t.Helper()
	before := len(p.list())
	s := dial(t, p, "SUB", "")
	s.subscribe("")
	eventually(t, "the subscription", func() bool {
		all := len(p.list()) > before // the handshake ends here and there at different times
		for _, peer := range p.list() {
			all = all && p.wants(peer, nil)
		}
		return all
	})
	return s
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("%s did not come about", what)
}

// alive demands that a new client is served.
func alive(t *testing.T, r *Router) {
	t.Helper()
	c := dial(t, r, "DEALER", "")
	c.send("are", "you", "there")
	if m := c.must(2 * time.Second); string(bytes.Join(m, nil)) != "areyouthere" {
		t.Errorf("reply %q", m)
	}
	c.Close()
}

var seven = frames("stream", "<IDS|MSG>", strings.Repeat("0", 64), `{"msg_id":"x"}`, `{}`, `{}`, `{"name":"stdout","text":"a line"}`)

func TestManySmallMessagesToOneSubscriber(t *testing.T) {
	p := publisher(t, Limits{}, nil)
	s := subscriber(t, p)
	const n = 100_000
	go func() {
		for range n {
			p.Wait(context.Background())
			p.Publish(seven)
		}
	}()
	for i := range n {
		if m, err := s.recv(20 * time.Second); err != nil || len(m) != 7 {
			t.Fatalf("message %d: %v", i, err)
		}
	}
}

func TestFiftyMegabytes(t *testing.T) {
	p := publisher(t, Limits{}, nil)
	s := subscriber(t, p)
	big := bytes.Repeat([]byte("x"), 50<<20)
	p.Publish([][]byte{[]byte("d"), big})
	if m := s.must(10 * time.Second); len(m) != 2 || !bytes.Equal(m[1], big) {
		t.Error("the message was changed")
	}
	r := echoRouter(t, Limits{})
	c := dial(t, r, "DEALER", "")
	go c.Write(encode([][]byte{big}))
	if m := c.must(10 * time.Second); !bytes.Equal(m[0], big) {
		t.Error("the request was changed")
	}
}

func TestFiftyDealers(t *testing.T) {
	r := echoRouter(t, Limits{})
	var wg sync.WaitGroup
	for i := range 50 {
		c := dial(t, r, "DEALER", fmt.Sprint("client", i))
		wg.Go(func() {
			for j := range 200 {
				want := fmt.Sprint(i, "/", j)
				c.send(want)
				if m, err := c.recv(10 * time.Second); err != nil || string(m[0]) != want {
					t.Errorf("client %d: %q %v", i, m, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestFiftySubscribers(t *testing.T) {
	p := publisher(t, Limits{}, nil)
	var wg sync.WaitGroup
	for range 50 {
		s := subscriber(t, p)
		wg.Go(func() {
			for j := range 500 {
				if m, err := s.recv(10 * time.Second); err != nil || string(m[1]) != fmt.Sprint(j) {
					t.Errorf("message %d: %q %v", j, m, err)
					return
				}
			}
		})
	}
	for j := range 500 {
		p.Publish(frames("t", fmt.Sprint(j)))
	}
	wg.Wait()
}

func TestSubscriberThatStopsReadingHarmsNobody(t *testing.T) {
	lim := Limits{OutBytes: 8 << 20, SoftBytes: 1 << 20, Stall: 4 * time.Second}
	p := publisher(t, lim, nil)
	healthy := subscriber(t, p)
	subscriber(t, p) // never reads
	const n = 20_000
	body := strings.Repeat("x", 2000) // 40 MB together
	go func() {
		for i := range n {
			p.Wait(context.Background())
			p.Publish(frames("t", fmt.Sprint(i), body))
		}
	}()
	for i := range n {
		m, err := healthy.recv(20 * time.Second)
		if err != nil || string(m[1]) != fmt.Sprint(i) {
			t.Fatalf("message %d: %v", i, err)
		}
	}
	eventually(t, "dropping the stalled one", func() bool { return p.Peers() == 1 })
	late := subscriber(t, p)
	p.Publish(frames("t", "late"))
	if m := late.must(20 * time.Second); string(m[1]) != "late" {
		t.Errorf("%q", m)
	}
}

func TestHealthySubscriberLosesNothingWithoutBackPressure(t *testing.T) {
	p := publisher(t, Limits{}, nil)
	s := subscriber(t, p)
	const n = 50_000
	for range n {
		p.Publish(seven)
	}
	for i := range n {
		if _, err := s.recv(20 * time.Second); err != nil {
			t.Fatalf("message %d: %v", i, err)
		}
	}
}

func TestClientThatNeverReadsRepliesHarmsNobody(t *testing.T) {
	r := echoRouter(t, Limits{OutBytes: 4 << 20})
	bad := dial(t, r, "DEALER", "")
	go func() {
		b := encode(frames(strings.Repeat("x", 100_000)))
		for range 400 {
			if _, err := bad.Write(b); err != nil {
				return
			}
		}
	}()
	for range 20 {
		alive(t, r)
	}
	eventually(t, "dropping the client", func() bool { return r.Peers() == 0 })
}

func TestHalfOpenConnectionsHarmNobody(t *testing.T) {
	r := echoRouter(t, Limits{Handshake: 300 * time.Millisecond})
	var half []*raw
	for _, opening := range []string{"", "GET / HTTP/1.1\r\n\r\n", "\xff", string(greetingBytes("NULL")), string(greetingBytes("NULL")) + "\x04\x20\x05REA"} {
		c := tcpDial(t, r)
		c.Write([]byte(opening))
		half = append(half, c)
	}
	alive(t, r)
	for i, c := range half {
		if !c.closed(3 * time.Second) {
			t.Errorf("connection %d is still open after the deadline", i)
		}
	}
}

func TestGarbageIsRefused(t *testing.T) {
	r := echoRouter(t, Limits{})
	random := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 4096)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	null := greetingBytes("NULL")
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	oldVersion := greetingBytes("NULL")
	oldVersion[10] = 1
	badName := commandFrame("READY", []byte{200, 'x'})
	badValue := commandFrame("READY", []byte{1, 'x', 0xff, 0xff, 0xff, 0xff})
	many := commandFrame("READY", nil)
	many[0] |= flagMore
	for name, b := range map[string][]byte{
		"noise": noise, "noise after greeting": join(null, noise),
		"old version": oldVersion, "curve": join(greetingBytes("CURVE"), ready("DEALER", "")),
		"wrong socket type": join(null, ready("SUB", "")), "no socket type": join(null, commandFrame("READY", nil)),
		"property name too long": join(null, badName), "property value too long": join(null, badValue),
		"not READY": join(null, commandFrame("HELLO", nil)), "message first": join(null, encode(frames("x"))),
		"READY with more": join(null, many), "empty command": join(null, []byte{flagCommand, 0}),
		"READY of 5000 bytes": join(null, []byte{flagCommand | flagLong, 0, 0, 0, 0, 0, 0, 0x13, 0x88}, make([]byte, 5000)),
	} {
		c := tcpDial(t, r)
		c.Write(b)
		if !c.closed(3 * time.Second) {
			t.Errorf("%s: the connection is still open", name)
		}
	}
	alive(t, r)
}

func TestAbsurdFrameLengthsAreRefused(t *testing.T) {
	r := echoRouter(t, Limits{})
	for _, size := range []uint64{1 << 40, 1 << 62, 1<<64 - 1, 1<<30 + 1} {
		for _, flags := range []byte{flagLong, flagLong | flagMore, flagLong | flagCommand} {
			c := dial(t, r, "DEALER", "")
			c.write(binary.BigEndian.AppendUint64([]byte{flags}, size))
			if !c.closed(3 * time.Second) {
				t.Errorf("frame of %d bytes, flags %d: still open", size, flags)
			}
		}
		c := tcpDial(t, r)
		c.write(greetingBytes("NULL"))
		c.write(binary.BigEndian.AppendUint64([]byte{flagLong | flagCommand}, size))
		if !c.closed(3 * time.Second) {
			t.Errorf("READY of %d bytes: still open", size)
		}
	}
	alive(t, r)
}

// A claimed gigabyte must not cost one.
func TestMemoryFollowsTheDataAndNotTheClaim(t *testing.T) {
	r := echoRouter(t, Limits{})
	before := heap()
	for range 20 {
		c := dial(t, r, "DEALER", "")
		c.write(binary.BigEndian.AppendUint64([]byte{flagLong}, 1<<30))
		c.write([]byte("only this"))
	}
	time.Sleep(100 * time.Millisecond)
	if grown := int64(heap()) - int64(before); grown > 64<<20 {
		t.Errorf("20 claims of 1 GiB cost %d MiB", grown>>20)
	}
	alive(t, r)
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapSys - m.HeapReleased
}

func TestEndlessMessagesAreCut(t *testing.T) {
	r := echoRouter(t, Limits{Message: 1 << 20, Frames: 100})
	c := dial(t, r, "DEALER", "")
	go func() {
		for range 200 {
			if _, err := c.Write([]byte{flagMore, 0}); err != nil {
				return
			}
		}
	}()
	if !c.closed(3 * time.Second) {
		t.Error("200 frames in one message were accepted")
	}
	c = dial(t, r, "DEALER", "")
	piece := append(binary.BigEndian.AppendUint64([]byte{flagMore | flagLong}, 300_000), make([]byte, 300_000)...)
	go func() {
		for range 10 {
			if _, err := c.Write(piece); err != nil {
				return
			}
		}
	}()
	if !c.closed(3 * time.Second) {
		t.Error("3 MB in one message of at most 1 MiB were accepted")
	}
	alive(t, r)
}

func TestHeartbeatsAreAnsweredWithTheirContext(t *testing.T) {
	r := echoRouter(t, Limits{})
	c := dial(t, r, "DEALER", "")
	c.write(commandFrame("PING", []byte("\x00\x0acontext")))
	if m := c.must(time.Second); string(m[0]) != "\x04PONGcontext" {
		t.Errorf("%q", m)
	}
	c.write(commandFrame("PING", nil))
	if m := c.must(time.Second); string(m[0]) != "\x04PONG" {
		t.Errorf("%q", m)
	}
	c.write(commandFrame("UNHEARD", nil))
	c.send("x")
	if m := c.must(time.Second); string(m[0]) != "x" {
		t.Errorf("%q", m)
	}
}

func TestLinger(t *testing.T) {
	p, err := ListenPublisher(anywhere, Limits{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := subscriber(t, p)
	const n = 5000
	for range n {
		p.Publish(seven)
	}
	p.Flush(3 * time.Second)
	p.Close()
	for i := range n {
		if _, err := s.recv(3 * time.Second); err != nil {
			t.Fatalf("message %d: %v", i, err)
		}
	}
	if !s.closed(time.Second) {
		t.Error("still open after Close")
	}
}

func TestFlushIsLimited(t *testing.T) {
	p := publisher(t, Limits{}, nil)
	subscriber(t, p) // never reads
	p.Publish([][]byte{make([]byte, 64<<20)})
	begun := time.Now()
	p.Flush(100 * time.Millisecond)
	if d := time.Since(begun); d > 20*time.Second {
		t.Errorf("Flush took %v", d)
	}
}

func TestWelcomeGoesToTheNewSubscriberAlone(t *testing.T) {
	p := publisher(t, Limits{}, func(topic string) [][]byte { return frames(topic+"!", "welcome") })
	first := dial(t, p, "SUB", "")
	first.subscribe("a")
	if m := first.must(time.Second); string(m[0]) != "a!" {
		t.Errorf("%q", m)
	}
	second := dial(t, p, "SUB", "")
	second.write(commandFrame("SUBSCRIBE", []byte("b"))) // as ZMTP 3.1 does
	if m := second.must(time.Second); string(m[0]) != "b!" {
		t.Errorf("%q", m)
	}
	p.Publish(frames("abc", "1"))
	p.Publish(frames("bcd", "2"))
	if m := first.must(time.Second); string(m[1]) != "1" {
		t.Errorf("%q", m)
	}
	if m := second.must(time.Second); string(m[1]) != "2" {
		t.Errorf("%q", m)
	}
	second.write(commandFrame("CANCEL", []byte("b")))
	second.subscribe("c")
	second.must(time.Second)
	p.Publish(frames("b", "3"))
	p.Publish(frames("c", "4"))
	if m := second.must(time.Second); string(m[1]) != "4" {
		t.Errorf("%q", m)
	}
}

func TestOtherFramesOnThePublisherAreIgnored(t *testing.T) {
	p := publisher(t, Limits{}, nil)
	s := subscriber(t, p)
	for range 100 {
		s.send("hello", "publisher")
		s.send("")
		s.send("\x07")
	}
	p.Publish(frames("x"))
	if m := s.must(time.Second); string(m[0]) != "x" {
		t.Errorf("%q", m)
	}
}

func TestEndlessTopicsEndTheSubscriber(t *testing.T) {
	p := publisher(t, Limits{}, nil)
	s := dial(t, p, "SUB", "")
	go func() {
		for i := range 2000 {
			if _, err := s.Write(encode(frames(fmt.Sprint("\x01", i)))); err != nil {
				return
			}
		}
	}()
	if !s.closed(3 * time.Second) {
		t.Error("2000 topics were remembered")
	}
}

func TestTwoPeersWithOneIdentity(t *testing.T) {
	r := echoRouter(t, Limits{})
	first := dial(t, r, "DEALER", "same")
	eventually(t, "the first peer", func() bool { return r.ByIdentity("same") != nil })
	holder := r.ByIdentity("same")
	second := dial(t, r, "DEALER", "same")
	second.send("for the second")
	if m := second.must(time.Second); string(m[0]) != "for the second" {
		t.Errorf("%q", m)
	}
	if m, err := first.recv(100 * time.Millisecond); err == nil {
		t.Errorf("the first got %q", m)
	}
	if r.ByIdentity("same") != holder {
		t.Error("the identity changed hands")
	}
	first.Close()
	eventually(t, "the inheritance", func() bool { p := r.ByIdentity("same"); return p != nil && p != holder })
	second.Close()
	eventually(t, "the end", func() bool { return r.ByIdentity("same") == nil })
}

func TestReconnectAfterRestart(t *testing.T) {
	p, err := ListenRouter(anywhere, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	at := Endpoint{"tcp", p.Addr().String()}
	dial(t, p, "DEALER", "")
	p.Close()
	again, err := ListenRouter(at, Limits{})
	if err != nil {
		t.Fatalf("the same port, at once: %v", err)
	}
	again.Close()
}

func TestConnectsAndLeavesLeakNothing(t *testing.T) {
	r := echoRouter(t, Limits{})
	alive(t, r)
	before := runtime.NumGoroutine()
	for i := range 500 {
		c := dial(t, r, "DEALER", fmt.Sprint(i%7))
		if i%2 == 0 {
			c.send("x")
		}
		c.Close()
	}
	eventually(t, "quiet", func() bool { return r.Peers() == 0 && runtime.NumGoroutine() <= before+2 })
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.holder) != 0 || len(r.conns) != 0 {
		t.Errorf("%d identities, %d connections are remembered", len(r.holder), len(r.conns))
	}
}

func TestTooManyPeersAreTurnedAway(t *testing.T) {
	r := echoRouter(t, Limits{Peers: 3})
	for range 3 {
		dial(t, r, "DEALER", "")
	}
	if !tcpDial(t, r).closed(2 * time.Second) {
		t.Error("a fourth peer was let in")
	}
}

func TestFloodOfRequestsIsHeldBack(t *testing.T) {
	r, err := ListenRouter(anywhere, Limits{InMessages: 100})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	c := dial(t, r, "DEALER", "")
	go func() {
		b := encode(frames(strings.Repeat("x", 10_000)))
		for range 5000 {
			if _, err := c.Write(b); err != nil {
				return
			}
		}
	}()
	time.Sleep(200 * time.Millisecond)
	r.in.mu.Lock()
	held := len(r.in.items)
	r.in.mu.Unlock()
	if held > 100 {
		t.Errorf("%d requests wait", held)
	}
	for i := range 5000 {
		if _, err := r.Recv(t.Context()); err != nil {
			t.Fatalf("request %d: %v", i, err)
		}
	}
}

func TestEcho(t *testing.T) {
	e, err := ListenEcho(anywhere, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	req := dial(t, e, "REQ", "")
	req.send("", "ping")
	if m := req.must(time.Second); len(m) != 2 || string(m[1]) != "ping" {
		t.Errorf("%q", m)
	}
	z := zmq4.NewReq(t.Context())
	defer z.Close()
	if err := z.Dial("tcp://" + e.Addr().(*net.TCPAddr).String()); err != nil {
		t.Fatal(err)
	}
	if err := z.Send(zmq4.NewMsgString("beat")); err != nil {
		t.Fatal(err)
	}
	if m, err := z.Recv(); err != nil || string(m.Bytes()) != "beat" {
		t.Errorf("%q %v", m.Bytes(), err)
	}
}

func TestClosedRouterEndsRecv(t *testing.T) {
	r, err := ListenRouter(anywhere, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { _, err := r.Recv(context.Background()); done <- err }()
	r.Close()
	if err := <-done; err != ErrClosed {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r2 := echoRouter(t, Limits{})
	if _, err := r2.Recv(ctx); err != context.Canceled {
		t.Errorf("%v", err)
	}
}

func TestUnknownTransport(t *testing.T) {
	if _, err := ListenRouter(Endpoint{"pigeon", "x"}, Limits{}); err == nil || !strings.Contains(err.Error(), "use tcp or ipc") {
		t.Errorf("%v", err)
	}
}
