package worker

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/priorlab/priorlab/kernel/msg"
	"github.com/priorlab/priorlab/kernel/serve"
	"github.com/priorlab/priorlab/kernel/serve/client"
)

// TestSoak runs the whole kernel, with the session in a worker, under clients
// that come and go and send random cells, interrupts, comm messages, invalid
// messages and noise. In the end the kernel must answer, with the memory and
// the goroutines of both processes where they were. In the first quarter some
// cells also kill the worker.
//
// It takes three seconds by default, twenty minutes with PRIORLAB_LONG, or what
// PRIORLAB_SOAK says.
func TestSoak(t *testing.T) {
	length := 3 * time.Second
	if os.Getenv("PRIORLAB_LONG") != "" {
		length = 20 * time.Minute
	}
	if d, err := time.ParseDuration(os.Getenv("PRIORLAB_SOAK")); err == nil {
		length = d
	}
	if end, limited := t.Deadline(); limited && time.Until(end) < length+2*time.Minute {
		t.Fatalf("a soak of %v needs go test -timeout %v", length, length+5*time.Minute)
	}
	k := soakedKernel(t)
	keeper := k.client(t)
	k.warmUp(t, keeper)
	before := k.weigh(t, keeper)

	begun := time.Now()
	var wg sync.WaitGroup
	var sent, ran atomic.Int64
	for i := range 4 {
		wg.Go(func() {
			c := &crowd{k: k, random: rand.New(rand.NewPCG(uint64(i), 7)), lethal: begun.Add(length / 4), stop: begun.Add(length)}
			sent.Add(int64(c.run(t)))
			ran.Add(int64(c.ran))
			for _, m := range c.odd {
				t.Error(m)
			}
		})
	}
	wg.Wait()

	k.calm(t, keeper)
	after := k.weigh(t, keeper)
	for end := time.Now().Add(20 * time.Second); after.over(before) != "" && time.Now().Before(end); {
		time.Sleep(time.Second) // connections close and memory is given back in their time
		after = k.weigh(t, keeper)
	}
	t.Logf("%d messages in %v, %d cells ran to their end\nbefore: %v\nafter:  %v", sent.Load(), length, ran.Load(), before, after)
	if ran.Load() == 0 {
		t.Error("no cell ran to its end")
	}
	if what := after.over(before); what != "" {
		stacks := make([]byte, 1<<20)
		t.Errorf("%s\n%s", what, stacks[:runtime.Stack(stacks, true)])
	}
}

// soaked is a kernel whose front is this process.
type soaked struct {
	conn   serve.ConnectionInfo
	remote *Remote
}

func soakedKernel(t *testing.T) *soaked {
	t.Helper()
	t.Setenv(realSession, "1")
	remote := newRemote(t)
	conn, err := serve.LocalConnection()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- serve.Run(ctx, conn, remote, serve.Options{IgnoreSignals: true, Log: io.Discard, HistoryPath: filepath.Join(t.TempDir(), "history.db")})
	}()
	t.Cleanup(func() { stop(); <-done })
	return &soaked{conn, remote}
}

func (k *soaked) client(t *testing.T) *client.Client {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c, err := client.Connect(ctx, k.conn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// run executes a cell, again when it was aborted because of another one. An
// endless cell of the crowd may still have waited when its interrupt came, so
// what runs is interrupted when nothing happens.
func (k *soaked) run(t *testing.T, c *client.Client, place, code string) *client.Outcome {
	t.Helper()
	for range 60 {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		p, err := c.StartIn(place, client.Cell(code))
		if err != nil {
			t.Fatal(err)
		}
		o, err := p.Wait(ctx)
		p.Close()
		cancel()
		if err != nil {
			if _, err := c.Send("control", "interrupt_request", map[string]any{}); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if o.Status() != "aborted" && o.Status() != "error" {
			return o
		}
	}
	t.Fatalf("%q was aborted, or not answered, again and again", code)
	return nil
}

// places are the cells of the notebook in which the crowd works.
var places = []string{"a", "b", "c"}

func (k *soaked) warmUp(t *testing.T, c *client.Client) {
	for range 3 {
		for _, code := range cells {
			if !slices.Contains(loops, code) {
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
				if _, err := c.Execute(ctx, code); err != nil {
					t.Fatal(err)
				}
				cancel()
			}
		}
	}
	k.calm(t, c)
}

// calm ends what runs and closes what was shown.
func (k *soaked) calm(t *testing.T, c *client.Client) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := c.Request(ctx, "control", "interrupt_request", map[string]any{}); err != nil {
		t.Fatal(err)
	}
	o, err := c.Request(ctx, "control", "list_subshell_request", map[string]any{})
	if err != nil {
		t.Fatal(err)
	}
	var list msg.ListSubshellReply
	if err := json.Unmarshal(o.Reply.Content, &list); err != nil {
		t.Fatal(err)
	}
	for _, id := range list.IDs {
		if _, err := c.Request(ctx, "control", "delete_subshell_request", map[string]any{"subshell_id": id}); err != nil {
			t.Fatal(err)
		}
	}
	for _, place := range places {
		k.run(t, c, place, `"empty"`)
	}
	time.Sleep(300 * time.Millisecond) // goroutines of cells end
}

// weight is what the two processes hold.
type weight struct{ frontRoutines, frontHeap, routines, heap int }

func (w weight) String() string {
	return fmt.Sprintf("front %d goroutines, %d KiB; worker %d goroutines, %d KiB", w.frontRoutines, w.frontHeap>>10, w.routines, w.heap>>10)
}

// over says what of w is more than it was before.
func (w weight) over(before weight) string {
	const routines, heap = 5, 32 << 20
	switch {
	case w.frontRoutines > before.frontRoutines+routines, w.routines > before.routines+routines:
		return fmt.Sprintf("more goroutines: %v, before %v", w, before)
	case w.frontHeap > before.frontHeap+heap, w.heap > before.heap+heap:
		return fmt.Sprintf("more memory: %v, before %v", w, before)
	}
	return ""
}

func (k *soaked) weigh(t *testing.T, c *client.Client) weight {
	t.Helper()
	number := func(code string) int {
		n, err := strconv.Atoi(k.run(t, c, "", code).Result())
		if err != nil {
			t.Fatalf("%s: %v", code, err)
		}
		return n
	}
	var w weight
	w.routines = number("runtime.NumGoroutine()")
	w.heap = number("func() int { runtime.GC(); runtime.GC(); var m runtime.MemStats; runtime.ReadMemStats(&m); return int(m.HeapAlloc) }()")
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	w.frontHeap, w.frontRoutines = int(m.HeapAlloc), runtime.NumGoroutine()
	return w
}

// crowd is one client after another that does not behave.
type crowd struct {
	k            *soaked
	random       *rand.Rand
	lethal, stop time.Time // until when cells may kill the worker, and all goes on

	mu    sync.Mutex
	comms []string // ids of widgets, as they were opened
	ran   int      // cells that ended well
	types int      // how often one was declared
	odd   []string // messages that do not follow their schema
}

func (c *crowd) run(t *testing.T) (sent int) {
	for time.Now().Before(c.stop) {
		cl, err := c.connect()
		if err != nil {
			t.Errorf("a client cannot connect: %v", err)
			return sent
		}
		cl.Watch(c.watch)
		for n := c.random.IntN(200); n > 0 && time.Now().Before(c.stop); n-- {
			c.misbehave(cl)
			sent++
			if c.random.IntN(3) == 0 {
				time.Sleep(time.Duration(c.random.IntN(40)) * time.Millisecond)
			}
		}
		cl.Close()
	}
	return sent
}

// connect tries for a while, as clients do: on a machine with much to do a
// handshake may take longer than the kernel waits for it.
func (c *crowd) connect() (cl *client.Client, err error) {
	for end := time.Now().Add(3 * time.Minute); time.Now().Before(end); {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		cl, err = client.Connect(ctx, c.k.conn)
		cancel()
		if err == nil {
			break
		}
	}
	return cl, err
}

func (c *crowd) watch(m client.Message) {
	if err := msg.Validate(m.Header.Type, m.Content); err != nil {
		c.mu.Lock()
		c.odd = append(c.odd[max(0, len(c.odd)-5):], fmt.Sprintf("%v: %.300s", err, m.Content))
		c.mu.Unlock()
	}
	var status msg.StatusReply
	if m.Header.Type == "execute_reply" && json.Unmarshal(m.Content, &status) == nil && status.Status == "ok" {
		c.mu.Lock()
		c.ran++
		c.mu.Unlock()
	}
	var open msg.Comm
	if m.Header.Type == "comm_open" && json.Unmarshal(m.Content, &open) == nil {
		c.mu.Lock()
		c.comms = append(c.comms[max(0, len(c.comms)-50):], open.ID)
		c.mu.Unlock()
	}
}

func (c *crowd) comm() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.comms) == 0 || c.random.IntN(5) == 0 {
		return fmt.Sprint("comm", c.random.IntN(5))
	}
	return c.comms[c.random.IntN(len(c.comms))]
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

var (
	cells = []string{
		`fmt.Println("a line")`, "1 + 1", "x := 5\nx * 2", "undefined", `panic("p")`, "", "nonsense {", "fmt.Sprint?",
		"time.Sleep(5 * time.Millisecond)", "for i := range 200 {\n\tfmt.Println(i)\n}",
		"go func() { time.Sleep(10 * time.Millisecond); fmt.Println(\"late\") }()",
		`lab.JSON(map[string]any{"nan": math.NaN()})`, `fmt.Fprint(os.Stderr, strings.Repeat("é", 1000))`,
		`lab.Show(strings.Repeat("y", 10000))`, `lab.Show(lab.PNG([]byte{1, 2, 3}))`, "lab.ClearOutput(true)",
		"d := lab.Display(1)\nfor i := range 20 {\n\td.Update(i)\n}",
		declares,
		"var m map[string]int\nm[\"x\"]++", "a := linalg.Normal(linalg.NewRand(1), linalg.F64, 50, 50)\na.MatMul(a).At(0, 0)",
		"s := lab.IntSlider(\"s\", 1, 0, 9)\ns.OnChange(func(v int) { fmt.Println(\"moved to\", v) })\ns",
		"lab.Interact(func(n int, x float64) any { return fmt.Sprint(n, x) })",
		"lab.VBox(lab.Text(\"t\", \"\"), lab.Button(\"b\").OnClick(func() { panic(\"clicked\") }), lab.Output().Show(1, 2))",
		"bar := lab.NewProgress(\"p\", 10)\nfor range 10 {\n\tbar.Step()\n}\nbar.Done()",
		`line, err := lab.Input("? ")`, loops[0], loops[1],
	}
	// A type that was declared stays in a program for ever, so each of the crowd
	// may declare a hundred.
	declares = "type P struct{ A, B int }\nfunc (p P) Sum() int { return p.A + p.B }\nP{1, 2}.Sum()"
	loops    = []string{"for {\n}", "spin := 0\nfor { spin++ }"}
	lethal   = []string{
		"hot := map[int]int{}\nfor g := range 4 {\n\tgo func() { for { hot[g]++ } }()\n}\nselect {}",
		"var deep func(int) int\ndeep = func(n int) int { return deep(n+1) + 1 }\ndeep(0)",
		"syscall.Kill(os.Getpid(), syscall.SIGKILL)", "%replay",
	}
	types = []string{"execute_request", "complete_request", "inspect_request", "is_complete_request", "history_request",
		"comm_info_request", "comm_open", "comm_msg", "comm_close", "kernel_info_request", "interrupt_request", "connect_request",
		"create_subshell_request", "delete_subshell_request", "list_subshell_request", "debug_request", "input_reply", "dance"}
	channels = []string{"shell", "shell", "shell", "control", "stdin"}
	values   = []any{nil, 1, -1.5, "x", true, []any{}, map[string]any{}, "nowhere", 1 << 40, "lab.", 3, 0.5, []any{1, 2}, "fmt.Pr"}
	keys     = []string{"code", "silent", "cursor_pos", "comm_id", "data", "n", "hist_access_type", "subshell_id", "user_expressions", "value", "target_name", "metadata"}
)

// misbehave sends one message, sensible or not.
func (c *crowd) misbehave(cl *client.Client) {
	r := c.random
	h := cl.NewHeader(pick(r, types))
	if r.IntN(10) == 0 {
		h.Subshell = "nowhere"
	}
	switch r.IntN(9) {
	case 0, 1, 2:
		code := pick(r, cells)
		if r.IntN(100) == 0 && time.Now().Before(c.lethal) {
			code = pick(r, lethal)
		}
		if code == declares {
			if c.types++; c.types > 100 {
				code = "P{1, 2}.Sum()"
			}
		}
		body := client.Cell(code)
		body["stop_on_error"], body["allow_stdin"] = r.IntN(8) == 0, r.IntN(4) == 0
		cl.SendMessage("shell", cl.NewHeader("execute_request"), body, map[string]any{"cellId": pick(r, places)}, nil)
		if slices.Contains(loops, code) {
			time.Sleep(time.Duration(r.IntN(100)) * time.Millisecond)
			cl.Send("control", "interrupt_request", map[string]any{})
		}
	case 3:
		if r.IntN(20) == 0 {
			cl.Send("control", "interrupt_request", map[string]any{})
		}
	case 4, 5: // a page: controls move, buttons are pressed, states are asked for
		data := pick(r, []map[string]any{
			{"method": "update", "state": map[string]any{"value": pick(r, values)}, "buffer_paths": []any{}},
			{"method": "custom", "content": map[string]any{"event": "click"}},
			{"method": "request_state"}, {"method": "request_states"}, {"method": pick(r, values)}, {},
		})
		target := pick(r, []string{"jupyter.widget.control", "jupyter.widget", "echo"})
		kind := pick(r, []string{"comm_msg", "comm_msg", "comm_msg", "comm_open", "comm_close"})
		buffers := [][]byte{make([]byte, r.IntN(1000))}
		cl.SendMessage("shell", cl.NewHeader(kind), map[string]any{"comm_id": c.comm(), "target_name": target, "data": data}, nil, buffers)
	case 6: // wrong content
		body := map[string]any{}
		for range r.IntN(4) {
			body[pick(r, keys)] = pick(r, values)
		}
		cl.SendMessage(pick(r, channels), h, body, nil, nil)
	case 7: // wrong shape
		cl.SendMessage(pick(r, channels), h, pick(r, values), nil, nil)
	case 8: // noise
		frames := make([][]byte, 1+r.IntN(8))
		for i := range frames {
			frames[i] = make([]byte, r.IntN(40))
			for j := range frames[i] {
				frames[i][j] = byte(r.Uint32())
			}
		}
		frames[0] = append(frames[0], 'x')
		cl.SendFrames(pick(r, channels), frames)
	}
}
