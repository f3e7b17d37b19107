package serve_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/priorlab/priorlab/kernel/msg"
	"github.com/priorlab/priorlab/kernel/serve/client"
)

// long reports whether the slow forms of these tests are wanted.
func long() bool { return os.Getenv("PRIORLAB_LONG") != "" }

func TestLoadManyLinesAndABigDisplay(t *testing.T) {
	c := start(t).client()
	o := run(t, c, "lines 100000 line ")
	if n := strings.Count(o.Texts("stdout"), "\n"); n != 100_000 {
		t.Errorf("%d lines arrived", n)
	}
	o = run(t, c, "big 50000000")
	if n := len(content[msg.DisplayData](t, o.Of("display_data")[0]).Data["text/plain"].(string)); n != 50_000_000 {
		t.Errorf("%d bytes arrived", n)
	}
}

func TestLoadFiftyClients(t *testing.T) {
	r := start(t)
	watcher := r.client()
	idles := make(chan struct{}, 100_000)
	watcher.Watch(func(m client.Message) {
		if m.Header.Type == "status" && strings.Contains(string(m.Content), "idle") {
			idles <- struct{}{}
		}
	})
	n, each := 50, 40
	if long() {
		each = 200
	}
	var wg sync.WaitGroup
	for i := range n {
		sh, err := client.DialShell(t.Context(), r.conn)
		if err != nil {
			t.Fatal(err)
		}
		defer sh.Close()
		wg.Go(func() {
			for j := range each {
				var body json.RawMessage
				var err error
				if j%10 == 0 {
					body, err = sh.Ask("execute_request", client.Cell(fmt.Sprint("print ", i, j)))
				} else {
					body, err = sh.Ask("is_complete_request", map[string]any{"code": "x"})
				}
				if err != nil || strings.Contains(string(body), `"error"`) {
					t.Errorf("client %d, request %d: %v %s", i, j, err, body)
					return
				}
			}
		})
	}
	wg.Wait()
	for got := range n * each {
		select {
		case <-idles:
		case <-time.After(5 * time.Second):
			t.Fatalf("%d of %d idles arrived", got, n*each)
		}
	}
}

// stalledSubscriber subscribes to everything and then never reads.
func stalledSubscriber(t *testing.T, r *rig) {
	t.Helper()
	c, err := net.Dial("tcp", r.conn.Endpoint(r.conn.IOPubPort).Address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	greeting := make([]byte, 64)
	greeting[0], greeting[9], greeting[10] = 0xff, 0x7f, 3
	copy(greeting[12:], "NULL")
	ready := "\x04\x19\x05READY\x0bSocket-Type\x00\x00\x00\x03SUB"
	ready = "\x04" + string(rune(len(ready)-2)) + ready[2:]
	if _, err := c.Write([]byte(string(greeting) + ready + "\x00\x01\x01")); err != nil {
		t.Fatal(err)
	}
	// The greeting, READY and the welcome arrive; then silence.
	if _, err := bufio.NewReaderSize(c, 16).Peek(16); err != nil {
		t.Fatal(err)
	}
}

func TestLoadStoppedSubscriber(t *testing.T) {
	r := start(t)
	c := r.client()
	stalledSubscriber(t, r)
	time.Sleep(100 * time.Millisecond)
	before := liveHeap()
	length, code := 2*time.Second, "big 2000000\nlines 1000 x"
	if long() {
		length = time.Minute
	}
	cells, worst := 0, time.Duration(0)
	for end := time.Now().Add(length); time.Now().Before(end); cells++ {
		begun := time.Now()
		o := run(t, c, code)
		if n := strings.Count(o.Texts("stdout"), "\n"); n != 1000 || len(o.Of("display_data")) != 1 {
			t.Fatalf("cell %d lost output: %d lines", cells, n)
		}
		worst = max(worst, time.Since(begun))
	}
	t.Logf("%d cells beside a stopped subscriber, the slowest took %v", cells, worst)
	if worst > slack { // the publisher would wait 30 s for it
		t.Errorf("a cell took %v", worst)
	}
	if grown := int64(liveHeap()) - int64(before); grown > 600<<20 {
		t.Errorf("the heap grew by %d MiB", grown>>20)
	}
}

func liveHeap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
