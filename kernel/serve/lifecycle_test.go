package serve_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/priorlab/priorlab/kernel/msg"
	"github.com/priorlab/priorlab/kernel/serve"
	"github.com/priorlab/priorlab/kernel/serve/client"
)

func TestShutdownWhileACellSpins(t *testing.T) {
	for _, restart := range []bool{false, true} {
		r := start(t)
		c := r.client()
		begin(t, c, "", "spin")
		begun := time.Now()
		o := ask(t, c, "control", "shutdown_request", map[string]any{"restart": restart})
		reply := content[msg.ShutdownReply](t, o.Reply)
		if reply.Status != "ok" || reply.Restart != restart || shape(o) != "busy shutdown_reply idle" {
			t.Errorf("%s %s", shape(o), o.Reply.Content)
		}
		if err := <-r.done; err != nil {
			t.Error(err)
		}
		if d := time.Since(begun); d > slack {
			t.Errorf("the end took %v", d)
		}
		if !r.fake.closed {
			t.Error("the backend was not closed")
		}
	}
}

func TestShutdownWithACellThatIgnoresInterrupts(t *testing.T) {
	r := start(t)
	c := r.client()
	begin(t, c, "", "hang 60s")
	begun := time.Now()
	ask(t, c, "control", "shutdown_request", map[string]any{"restart": false})
	<-r.done
	if d := time.Since(begun); d > slack {
		t.Errorf("the end took %v", d)
	}
}

func TestRestartOnTheSamePorts(t *testing.T) {
	r := start(t)
	first := r.client()
	info := ask(t, first, "shell", "kernel_info_request", map[string]any{})
	ask(t, first, "control", "shutdown_request", map[string]any{"restart": true})
	<-r.done
	again := start(t, func(c *serve.ConnectionInfo, _ *serve.Options) { *c = r.conn })
	o := run(t, again.client(), "result back")
	if o.Result() != "back" || o.Reply.Header.Session == info.Reply.Header.Session {
		t.Errorf("%q in session %s", o.Result(), o.Reply.Header.Session)
	}
}

func TestTakenPortIsReported(t *testing.T) {
	conn, err := serve.LocalConnection()
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", conn.Endpoint(conn.IOPubPort).Address)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	f := &fake{}
	err = serve.Run(t.Context(), conn, f, serve.Options{IgnoreSignals: true})
	if err == nil || !strings.Contains(err.Error(), "cannot listen on tcp://127.0.0.1:") || !f.closed {
		t.Errorf("error %v, backend closed %v", err, f.closed)
	}
	// Nothing of the failed start holds a port.
	l.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := serve.Run(ctx, conn, &fake{}, serve.Options{IgnoreSignals: true}); err != nil {
		t.Error(err)
	}
}

func TestIPC(t *testing.T) {
	dir, err := os.MkdirTemp("", "pl") // socket paths are short
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	r := start(t, func(c *serve.ConnectionInfo, _ *serve.Options) { c.Transport, c.IP = "ipc", filepath.Join(dir, "k") })
	time.Sleep(50 * time.Millisecond)
	if o := run(t, r.client(), "result here"); o.Result() != "here" {
		t.Error("no result over ipc")
	}
	files, _ := filepath.Glob(filepath.Join(dir, "k-*"))
	if len(files) != 5 {
		t.Errorf("sockets %v", files)
	}
	for _, f := range files {
		if info, err := os.Stat(f); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v", f, info.Mode(), err)
		}
	}
}

func TestUnsignedConnection(t *testing.T) {
	r := start(t, func(c *serve.ConnectionInfo, _ *serve.Options) { c.Key = "" })
	if o := run(t, r.client(), "result 1"); o.Result() != "1" {
		t.Error("no result without a key")
	}
}

func TestHeartbeatWhileACellSpins(t *testing.T) {
	c := start(t).client()
	p := begin(t, c, "", "spin")
	for range 3 {
		if d, err := c.Heartbeat(within(t, slack)); err != nil {
			t.Errorf("%v after %v", err, d)
		}
	}
	ask(t, c, "control", "interrupt_request", map[string]any{})
	finish(t, p)
}

func TestConnectionFileIsPrivateAndChecked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kernel.json")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	conn, err := serve.LocalConnection()
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	if again, err := serve.ReadConnectionFile(path); err != nil || again != conn {
		t.Errorf("%+v, %v", again, err)
	}
	for text, says := range map[string]string{
		"{":                      "unexpected end",
		"{}":                     `"ip" is missing`,
		`{"ip":"127.0.0.1"}`:     "expected a port number",
		`{"ip":5}`:               "cannot unmarshal",
		`{"transport":"pigeon"}`: "expected tcp or ipc",
	} {
		os.WriteFile(path, []byte(text), 0o600)
		if _, err := serve.ReadConnectionFile(path); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := serve.ReadConnectionFile(path + ".none"); !os.IsNotExist(unwrapAll(err)) {
		t.Errorf("%v", err)
	}
}

func unwrapAll(err error) error {
	for {
		u, ok := err.(interface{ Unwrap() error })
		if !ok || u.Unwrap() == nil {
			return err
		}
		if os.IsNotExist(err) {
			return err
		}
		err = u.Unwrap()
	}
}

func TestOnlyTheGivenAddressListens(t *testing.T) {
	r := start(t)
	r.client()
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Skip("this machine does not tell its addresses")
	}
	for _, a := range addrs {
		ip, _, err := net.ParseCIDR(a.String())
		if err != nil || ip.IsLoopback() || ip.IsLinkLocalUnicast() {
			continue
		}
		for _, port := range []int{r.conn.ShellPort, r.conn.IOPubPort, r.conn.StdinPort, r.conn.ControlPort, r.conn.HeartbeatPort} {
			at := net.JoinHostPort(ip.String(), strings.TrimPrefix(r.conn.Endpoint(port).Address, "127.0.0.1:"))
			if c, err := net.DialTimeout("tcp", at, 200*time.Millisecond); err == nil {
				c.Close()
				t.Errorf("%s answers", at)
			}
		}
	}
}

// The system's own list of listening sockets names no other address either.
func TestListeningSocketsAreTheGivenOnes(t *testing.T) {
	r := start(t)
	r.client()
	ports := map[int]int{}
	for _, p := range []int{r.conn.ShellPort, r.conn.IOPubPort, r.conn.StdinPort, r.conn.ControlPort, r.conn.HeartbeatPort} {
		ports[p] = 0
	}
	for _, table := range []string{"/proc/self/net/tcp", "/proc/self/net/tcp6"} {
		text, err := os.ReadFile(table)
		if err != nil {
			t.Skip("this system has no", table)
		}
		for line := range strings.Lines(string(text)) {
			f := strings.Fields(line)
			if len(f) < 4 || f[3] != "0A" { // listening
				continue
			}
			address, hexed, _ := strings.Cut(f[1], ":")
			port, err := strconv.ParseInt(hexed, 16, 32)
			if err != nil {
				t.Fatal(err)
			}
			if _, ours := ports[int(port)]; !ours {
				continue
			}
			ports[int(port)]++
			if address != "0100007F" {
				t.Errorf("port %d is open on %s", port, address)
			}
		}
	}
	for port, n := range ports {
		if n != 1 {
			t.Errorf("port %d is open %d times", port, n)
		}
	}
}

func TestTwoClientsSeeEachOther(t *testing.T) {
	r := start(t)
	a, b := r.client(), r.client()
	seen := make(chan client.Message, 100)
	b.Watch(func(m client.Message) {
		if m.Header.Type == "execute_input" || m.Channel != "iopub" {
			seen <- m
		}
	})
	run(t, a, "print x")
	select {
	case m := <-seen:
		if m.Channel != "iopub" || content[msg.ExecuteInput](t, m).Code != "print x" {
			t.Errorf("%s %s", m.Channel, m.Content)
		}
	case <-time.After(2 * time.Second):
		t.Error("the second client saw nothing")
	}
}
