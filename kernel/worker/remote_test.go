package worker

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/priorlab/priorlab/kernel/serve"
	"github.com/priorlab/priorlab/stdlib/lab"
)

// The test program is its own worker: with the secret in its environment it
// serves scripted, a backend whose cells are the words below.
func TestMain(m *testing.M) {
	if secret := os.Getenv(SecretVariable); secret != "" {
		err := Main(Descriptor(), secret, func() (serve.Backend, error) {
			if os.Getenv(realSession) != "" {
				return NewLocal(os.Stdout, os.Stderr)
			}
			return &scripted{interrupted: make(chan struct{})}, nil
		})
		if err != nil {
			os.Exit(3)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// realSession in the environment makes the worker run Go.
const realSession = "PRIORLAB_TEST_SESSION"

type scripted struct {
	serve.Backend
	count       int
	interrupted chan struct{}
}

func (s *scripted) Interrupt() { close(s.interrupted) }

func (s *scripted) Execute(ctx context.Context, x serve.Execution, out serve.Output) serve.Reply {
	switch x.Code {
	case "count":
		s.count++
		return serve.Reply{Result: &lab.Bundle{Data: map[string]any{"text/plain": fmt.Sprint(s.count), "image/png": []byte{1, 0, 2}, "application/json": map[string]any{"n": s.count}}}}
	case "weave":
		for i := range 50 {
			fmt.Printf("print %d\n", i)
			out.Display(lab.Bundle{Data: map[string]any{"text/plain": fmt.Sprintf("show %d", i)}}, "", false)
		}
	case "big":
		line := strings.Repeat("é", 4999) + "\n"
		for range 200 {
			fmt.Print(line)
		}
	case "zeros":
		fmt.Print("a\x00b\x00")
	case "wait":
		fmt.Println("waiting")
		<-ctx.Done()
		return serve.Reply{Failure: &serve.Failure{Name: "Interrupted"}}
	case "large":
		text := strings.Repeat("é\n", 3<<20)
		out.Display(lab.Bundle{Data: map[string]any{"text/plain": text, "image/png": bytes.Repeat([]byte{0, 1}, bulkSize), "small": "x",
			"application/json": strings.Split(text[:9<<15], "\n")}}, "", false)
		out.Comm(lab.CommMessage{Kind: "msg", ID: "c", Data: map[string]any{"text": text}, Buffers: [][]byte{{1}, make([]byte, bulkSize), {}, bytes.Repeat([]byte{2}, bulkSize+1)}})
		return serve.Reply{Result: &lab.Bundle{Data: map[string]any{"text/plain": text + "end"}}}
	case "background":
		go func() {
			<-s.interrupted
			fmt.Println("interrupted in the background")
		}()
	case "ask":
		line, err := out.ReadLine(ctx, "name? ", false)
		if err != nil {
			return serve.Reply{Failure: &serve.Failure{Name: "Error", Value: err.Error()}}
		}
		fmt.Println("hello", line)
	case "exit":
		os.Exit(7)
	case "maps":
		m := map[int]int{}
		for g := range 4 {
			go func() {
				for {
					m[g]++
				}
			}()
		}
		<-ctx.Done()
	case "hungry":
		var held [][]byte
		for ctx.Err() == nil {
			b := make([]byte, 1<<20)
			for i := 0; i < len(b); i += 4096 {
				b[i] = 1
			}
			held = append(held, b)
			time.Sleep(4 * time.Millisecond)
		}
		return serve.Reply{Failure: &serve.Failure{Name: "Interrupted", Value: fmt.Sprint(len(held))}}
	case "spin":
		fmt.Println("spinning")
		for {
		}
	case "starving":
		var held [][]byte
		for {
			held = append(held, bytes.Repeat([]byte{1}, 16<<20))
			_ = held
		}
	case "deaf":
		time.Sleep(slowStop + slowStop/2)
	}
	return serve.Reply{}
}

func (s *scripted) Complete(code string, cursor int) serve.Completion {
	return serve.Completion{Matches: []string{code}, Start: 0, End: cursor}
}

func (s *scripted) Close() error { return nil }

// recorder keeps what a cell showed, in order.
type recorder struct {
	mu      sync.Mutex
	bundles []lab.Bundle
	comms   []lab.CommMessage
	text    strings.Builder
	prompt  string
}

func (r *recorder) Stream(name, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.text.WriteString(text)
}

func (r *recorder) Display(b lab.Bundle, _ string, _ bool) {
	r.mu.Lock()
	r.bundles = append(r.bundles, b)
	r.mu.Unlock()
	r.Stream("", fmt.Sprint(b.Data["text/plain"], "\n"))
}
func (r *recorder) ClearOutput(bool) {}
func (r *recorder) Comm(m lab.CommMessage) {
	r.mu.Lock()
	r.comms = append(r.comms, m)
	r.mu.Unlock()
}
func (r *recorder) ReadLine(_ context.Context, prompt string, _ bool) (string, error) {
	r.prompt = prompt
	return "Ada", nil
}

func (r *recorder) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

func newRemote(t *testing.T) *Remote {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewRemote(program)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func run(t *testing.T, r *Remote, code string) (string, serve.Reply) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	out := &recorder{}
	reply := r.Execute(ctx, serve.Execution{Code: code, Cell: "In[1]"}, out)
	return out.String(), reply
}

func TestPrintsAndDisplaysKeepTheirOrder(t *testing.T) {
	r := newRemote(t)
	got, _ := run(t, r, "weave")
	var want strings.Builder
	for i := range 50 {
		fmt.Fprintf(&want, "print %d\nshow %d\n", i, i)
	}
	if got != want.String() {
		t.Errorf("got %q", got)
	}
}

func TestAllPrintedBeforeTheReply(t *testing.T) {
	r := newRemote(t)
	got, _ := run(t, r, "big")
	if want := strings.Repeat(strings.Repeat("é", 4999)+"\n", 200); got != want {
		t.Errorf("%d bytes arrived, want %d", len(got), len(want))
	}
	if got, _ := run(t, r, "zeros"); got != "a\x00b\x00" {
		t.Errorf("zero bytes: got %q", got)
	}
}

func TestBundlesCrossUnchanged(t *testing.T) {
	r := newRemote(t)
	_, reply := run(t, r, "count")
	d := reply.Result.Data
	if d["text/plain"] != "1" || string(d["image/png"].([]byte)) != "\x01\x00\x02" || fmt.Sprintf("%s", d["application/json"]) != `{"n":1}` {
		t.Errorf("got %v", d)
	}
	if c := r.Complete("x", 1); len(c.Matches) != 1 || c.End != 1 {
		t.Errorf("completion: %+v", c)
	}
}

func TestLargePartsCrossUnchanged(t *testing.T) {
	r := newRemote(t)
	rec := &recorder{}
	reply := r.Execute(t.Context(), serve.Execution{Code: "large", Cell: "In[1]"}, rec)
	text := strings.Repeat("é\n", 3<<20)
	if reply.Result == nil || reply.Result.Data["text/plain"] != text+"end" {
		t.Fatal("the result has changed")
	}
	b, m := rec.bundles[0].Data, rec.comms[0]
	list, _ := json.Marshal(strings.Split(text[:9<<15], "\n"))
	if b["text/plain"] != text || b["small"] != "x" || !bytes.Equal(b["image/png"].([]byte), bytes.Repeat([]byte{0, 1}, bulkSize)) ||
		!bytes.Equal(b["application/json"].(json.RawMessage), list) || len(b) != 4 {
		t.Error("the display has changed")
	}
	if m.Data["text"] != text || len(m.Buffers) != 4 || len(m.Buffers[0]) != 1 || len(m.Buffers[1]) != bulkSize ||
		len(m.Buffers[2]) != 0 || !bytes.Equal(m.Buffers[3], bytes.Repeat([]byte{2}, bulkSize+1)) {
		t.Error("the comm message has changed")
	}
	if out, _ := run(t, r, "count"); out != "" && !strings.Contains(out, "1") {
		t.Errorf("after it: %q", out)
	}
}

func TestAnInterruptReachesWorkBetweenCells(t *testing.T) {
	r := newRemote(t)
	rec := &recorder{}
	r.Execute(t.Context(), serve.Execution{Code: "background", Cell: "In[1]"}, rec)
	r.Interrupt()
	for end := time.Now().Add(10 * time.Second); !strings.Contains(rec.String(), "interrupted"); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the work goes on: %q", rec)
		}
	}
}

func TestInputReachesTheCell(t *testing.T) {
	r := newRemote(t)
	if got, reply := run(t, r, "ask"); got != "hello Ada\n" || reply.Failure != nil {
		t.Errorf("got %q, %v", got, reply.Failure)
	}
}

func TestInterruptEndsTheCellAndKeepsTheSession(t *testing.T) {
	r := newRemote(t)
	run(t, r, "count")
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	begun := time.Now()
	reply := r.Execute(ctx, serve.Execution{Code: "wait"}, &recorder{})
	if reply.Failure == nil || reply.Failure.Name != "Interrupted" || time.Since(begun) > 5*time.Second {
		t.Errorf("after %v: %+v", time.Since(begun), reply.Failure)
	}
	if _, reply := run(t, r, "count"); reply.Result.Data["text/plain"] != "2" {
		t.Errorf("the session was not kept: %v", reply.Result.Data)
	}
}

func TestADeafCellIsExplained(t *testing.T) {
	r := newRemote(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	out := &recorder{}
	r.Execute(ctx, serve.Execution{Code: "deaf"}, out)
	if !strings.Contains(out.String(), "inside compiled code") {
		t.Errorf("got %q", out)
	}
}

func TestADeadWorkerIsReplaced(t *testing.T) {
	for code, why := range map[string]string{"exit": "exit status 7", "maps": "sync.Mutex"} {
		r := newRemote(t)
		run(t, r, "count")
		run(t, r, "count")
		text, reply := run(t, r, code)
		if reply.Failure == nil || !strings.Contains(reply.Failure.Value, why) || !strings.Contains(reply.Failure.Value, "In[1]") {
			t.Fatalf("%s: %+v", code, reply.Failure)
		}
		if strings.Contains(text, "goroutine ") {
			t.Errorf("%s: stacks reached the cell: %q", code, text)
		}
		if _, reply := run(t, r, "count"); reply.Result == nil || reply.Result.Data["text/plain"] != "1" {
			t.Errorf("%s: the fresh session answers %+v", code, reply)
		}
		if _, reply := run(t, r, "%replay"); reply.Failure != nil {
			t.Errorf("%s: replay: %v", code, reply.Failure)
		}
		if _, reply := run(t, r, "count"); reply.Result.Data["text/plain"] != "4" {
			t.Errorf("%s: after the replay: %v", code, reply.Result.Data)
		}
	}
}

func TestMemoryIsLimited(t *testing.T) {
	if machineMemory() == 0 {
		t.Skip("this system does not tell how much memory a process holds")
	}
	t.Setenv(MemoryVariable, "400MiB")
	r := newRemote(t)
	run(t, r, "count")
	if _, reply := run(t, r, "hungry"); reply.Failure == nil || reply.Failure.Name != "MemoryLimit" {
		t.Errorf("a cell that grows slowly: %+v", reply.Failure)
	}
	if _, reply := run(t, r, "count"); reply.Result == nil || reply.Result.Data["text/plain"] != "2" {
		t.Errorf("the session was not kept: %+v", reply)
	}
	if _, reply := run(t, r, "starving"); reply.Failure == nil || !strings.Contains(reply.Failure.Value, MemoryVariable) {
		t.Errorf("a cell that grows fast: %+v", reply.Failure)
	}
	if _, reply := run(t, r, "count"); reply.Result == nil || reply.Result.Data["text/plain"] != "1" {
		t.Errorf("no fresh session: %+v", reply)
	}
}

func TestMemoryLimitIsRead(t *testing.T) {
	for text, want := range map[string]uint64{"1048576": 1 << 20, "3MiB": 3 << 20, "2 GiB": 2 << 30} {
		t.Setenv(MemoryVariable, text)
		if got, err := memoryLimit(); err != nil || got != want {
			t.Errorf("%q: %d, %v", text, got, err)
		}
	}
	t.Setenv(MemoryVariable, "lots")
	if _, err := memoryLimit(); err == nil || !strings.Contains(err.Error(), "8GiB") {
		t.Errorf("no help for a wrong limit: %v", err)
	}
}

// A worker whose front process is gone ends, whatever its cell is doing.
func TestNoWorkerIsLeftBehind(t *testing.T) {
	r := newRemote(t)
	run(t, r, "count")
	p, err := r.standing()
	if err != nil {
		t.Fatal(err)
	}
	out := &recorder{}
	go r.Execute(context.Background(), serve.Execution{Code: "spin"}, out)
	for end := time.Now().Add(5 * time.Second); out.String() == "" && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
	}
	p.link.rwc.Close() // as when the front dies
	select {
	case <-p.gone:
	case <-time.After(5 * time.Second):
		t.Error("the worker is still there")
		p.cmd.Process.Kill()
	}
}
