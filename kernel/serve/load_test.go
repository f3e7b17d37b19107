package serve_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
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
	if worst > 4*time.Second {
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

// TestSoak sends random valid and invalid messages, cells, interrupts and comms
// from clients that come and go, and looks whether the kernel answers in the end
// with memory and goroutines where they were. Two seconds by default, twenty
// minutes with PRIORLAB_LONG, or what PRIORLAB_SOAK says.
func TestSoak(t *testing.T) {
	length := 2 * time.Second
	if long() {
		length = 20 * time.Minute
	}
	if d, err := time.ParseDuration(os.Getenv("PRIORLAB_SOAK")); err == nil {
		length = d
	}
	if length > 5*time.Minute && !deadlineAllows(t, length) {
		t.Fatalf("a soak of %v needs go test -timeout %v", length, length+5*time.Minute)
	}
	r := start(t)
	keeper := r.client()
	keeper.Watch(nil)
	run(t, keeper, "print warm\nbig 1000")
	time.Sleep(500 * time.Millisecond)
	goroutines, heap := runtime.NumGoroutine(), liveHeap()

	stop := time.Now().Add(length)
	var wg sync.WaitGroup
	counts := make([]int, 4)
	for i := range counts {
		wg.Go(func() { counts[i] = soak(t, r, rand.New(rand.NewPCG(uint64(i), 7)), stop) })
	}
	wg.Wait()

	ask(t, keeper, "control", "interrupt_request", map[string]any{})
	answered := false
	for range 20 { // cells of the others may still wait
		if o, err := keeper.Execute(within(t, 10*time.Second), "result alive"); err == nil && o.Result() == "alive" {
			answered = true
			break
		}
	}
	if !answered {
		t.Error("the kernel does not answer at the end")
	}
	for _, id := range subshells(t, keeper) {
		ask(t, keeper, "control", "delete_subshell_request", map[string]any{"subshell_id": id})
	}
	end := time.Now().Add(10 * time.Second)
	for runtime.NumGoroutine() > goroutines+5 && time.Now().Before(end) {
		time.Sleep(50 * time.Millisecond)
	}
	t.Logf("%v messages in %v; goroutines %d -> %d; heap %d -> %d KiB", counts, length, goroutines, runtime.NumGoroutine(), heap>>10, liveHeap()>>10)
	if n := runtime.NumGoroutine(); n > goroutines+5 {
		buf := make([]byte, 1<<20)
		t.Errorf("%d goroutines, %d at the start\n%s", n, goroutines, buf[:runtime.Stack(buf, true)])
	}
	if now := liveHeap(); now > heap+32<<20 {
		t.Errorf("the heap went from %d to %d KiB", heap>>10, now>>10)
	}
}

func deadlineAllows(t *testing.T, length time.Duration) bool {
	end, limited := t.Deadline()
	return !limited || time.Until(end) > length+time.Minute
}

// soak is one misbehaving crowd; it returns how many messages it sent.
func soak(t *testing.T, r *rig, random *rand.Rand, stop time.Time) (sent int) {
	for time.Now().Before(stop) {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		c, err := client.Connect(ctx, r.conn)
		cancel()
		if err != nil {
			t.Errorf("a client cannot connect: %v", err)
			return sent
		}
		for n := random.IntN(200); n > 0 && time.Now().Before(stop); n-- {
			misbehave(c, r, random)
			sent++
			if random.IntN(20) == 0 {
				time.Sleep(time.Duration(random.IntN(20)) * time.Millisecond)
			}
		}
		c.Close()
	}
	return sent
}

var (
	soakCells = []string{"print x", "result 1", "error e", "panic p", "sleep 5ms", "lines 200 l", "later 10ms t", "png", "nan",
		"torn 0", "turns 20", "bytes 100000", "big 10000", "handle h 1\nupdate h 2", "clear", "", "nonsense", "spin"}
	soakTypes = []string{"execute_request", "complete_request", "inspect_request", "is_complete_request", "history_request",
		"comm_info_request", "comm_open", "comm_msg", "comm_close", "kernel_info_request", "interrupt_request",
		"create_subshell_request", "delete_subshell_request", "list_subshell_request", "debug_request", "input_reply", "dance"}
	soakValues = []any{nil, 1, -1.5, "x", true, []any{}, map[string]any{}, "nowhere", 1 << 40, "echo"}
)

// misbehave sends one message, sensible or not.
func misbehave(c *client.Client, r *rig, random *rand.Rand) {
	channel := []string{"shell", "shell", "shell", "control", "stdin"}[random.IntN(5)]
	h := c.NewHeader(soakTypes[random.IntN(len(soakTypes))])
	if random.IntN(10) == 0 {
		h.Subshell = "nowhere"
	}
	switch random.IntN(8) {
	case 0, 1, 2:
		cell := client.Cell(soakCells[random.IntN(len(soakCells))])
		cell["stop_on_error"] = random.IntN(2) == 0
		cell["allow_stdin"] = false
		c.Send("shell", "execute_request", cell)
	case 3:
		c.Send("control", "interrupt_request", map[string]any{})
	case 4:
		id := fmt.Sprint("comm", random.IntN(5))
		kind := []string{"comm_open", "comm_msg", "comm_close"}[random.IntN(3)]
		c.SendMessage("shell", c.NewHeader(kind), map[string]any{"comm_id": id, "target_name": "echo", "data": map[string]any{"v": random.IntN(9)}}, nil, [][]byte{make([]byte, random.IntN(1000))})
	case 5: // wrong content
		keys := []string{"code", "silent", "cursor_pos", "comm_id", "data", "n", "hist_access_type", "subshell_id", "user_expressions", "value"}
		body := map[string]any{}
		for range random.IntN(4) {
			body[keys[random.IntN(len(keys))]] = soakValues[random.IntN(len(soakValues))]
		}
		c.SendMessage(channel, h, body, nil, nil)
	case 6: // wrong shape
		c.SendMessage(channel, h, soakValues[random.IntN(len(soakValues))], nil, nil)
	case 7: // noise
		frames := make([][]byte, 1+random.IntN(8))
		for i := range frames {
			frames[i] = make([]byte, random.IntN(40))
			for j := range frames[i] {
				frames[i][j] = byte(random.Uint32())
			}
		}
		frames[0] = append(frames[0], 'x')
		c.SendFrames(channel, frames)
	}
}
