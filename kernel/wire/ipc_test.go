package wire

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func socketPath(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "pl") // socket paths are short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "kernel-1")
}

func TestIPCSocketIsPrivateAndGoesAtClose(t *testing.T) {
	path := socketPath(t)
	r, err := ListenRouter(Endpoint{"ipc", path}, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	c := dial(t, r, "DEALER", "")
	c.send("x")
	if m, err := r.Recv(t.Context()); err != nil || string(m.Frames[0]) != "x" {
		t.Errorf("%q %v", m.Frames, err)
	}
	r.Close()
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the socket is still there: %v", err)
	}
}

func TestIPCReplacesWhatAKilledKernelLeft(t *testing.T) {
	path := socketPath(t)
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
	r, err := ListenRouter(Endpoint{"ipc", path}, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
}

func TestIPCTouchesNeitherALivingSocketNorAFile(t *testing.T) {
	path := socketPath(t)
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ListenRouter(Endpoint{"ipc", path}, Limits{}); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("%v", err)
	}
	l.Close()
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ListenRouter(Endpoint{"ipc", path}, Limits{}); err == nil {
		t.Error("listening on a plain file")
	}
	if b, _ := os.ReadFile(path); string(b) != "mine" {
		t.Error("the file was changed")
	}
}

func TestWaitIsEndedByItsContext(t *testing.T) {
	p := publisher(t, Limits{SoftBytes: 1 << 10, Stall: time.Minute}, nil)
	subscriber(t, p) // never reads
	for range 2000 {
		p.Publish([][]byte{make([]byte, 10_000)})
	}
	done := make(chan struct{})
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	go func() { p.Wait(short); close(done) }()
	select {
	case <-done:
	case <-time.After(2 * time.Second):
		t.Error("Wait outlived its context")
	}
}
