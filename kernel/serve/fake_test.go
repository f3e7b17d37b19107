package serve_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/priorlab/priorlab/kernel/msg"
	"github.com/priorlab/priorlab/kernel/serve"
	"github.com/priorlab/priorlab/kernel/serve/client"
	"github.com/priorlab/priorlab/kernel/wire"
	"github.com/priorlab/priorlab/stdlib/lab"
)

// fake is a Backend whose cells are small commands, one a line:
//
//	print T | warn T | puts T (no newline)   text on stdout, stderr
//	lines N T                                N lines, each its own write
//	bytes N                                  N bytes in one write
//	result T | error T | panic T             how the cell ends
//	sleep D | spin                           until interrupted
//	input P | password P                     ask, then print the answer
//	show T | png | nan | big N | handle ID T | update ID T | clear
//	later D T                                a goroutine prints T after D
//	comms N                                  N comm messages
type fake struct {
	mu     sync.Mutex
	ran    []serve.Execution
	comms  map[string]string
	got    []lab.CommMessage
	closed bool
}

func (f *fake) Execute(ctx context.Context, x serve.Execution, out serve.Output) serve.Reply {
	f.mu.Lock()
	f.ran = latest(f.ran, x)
	f.mu.Unlock()
	var reply serve.Reply
	for line := range strings.SplitSeq(x.Code, "\n") {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if fail := f.step(ctx, word, rest, out, &reply); fail != nil {
			reply.Failure = fail
			return reply
		}
	}
	return reply
}

// latest appends to a list that does not grow without end in a soak.
func latest[T any](list []T, v T) []T {
	if len(list) >= 1000 {
		list = append(list[:0:0], list[500:]...)
	}
	return append(list, v)
}

func (f *fake) step(ctx context.Context, word, rest string, out serve.Output, reply *serve.Reply) *serve.Failure {
	number, text, _ := strings.Cut(rest, " ")
	n, _ := strconv.Atoi(number)
	d, _ := time.ParseDuration(number)
	switch word {
	case "":
	case "print":
		out.Stream("stdout", rest+"\n")
	case "puts":
		out.Stream("stdout", rest)
	case "warn":
		out.Stream("stderr", rest+"\n")
	case "lines":
		for i := range n {
			out.Stream("stdout", text+strconv.Itoa(i)+"\n")
		}
	case "turns":
		for i := range n {
			out.Stream([]string{"stdout", "stderr"}[i%2], strconv.Itoa(i)+"\n")
		}
	case "torn":
		for _, b := range []byte("aé世🙂z") {
			out.Stream("stdout", string([]byte{b}))
			time.Sleep(time.Duration(n) * time.Millisecond)
		}
	case "bytes":
		out.Stream("stdout", strings.Repeat("x", n))
	case "result":
		reply.Result = &lab.Bundle{Data: map[string]any{"text/plain": rest}}
	case "error":
		return &serve.Failure{Name: "FakeError", Value: rest, Traceback: []string{"FakeError: " + rest, "In[1]:2:5"}}
	case "panic":
		panic(rest)
	case "sleep":
		return f.wait(ctx, time.After(d))
	case "spin":
		return f.wait(ctx, nil)
	case "hang": // deaf to interrupts
		time.Sleep(d)
	case "input", "password":
		line, err := out.ReadLine(ctx, rest, word == "password")
		if err != nil {
			return &serve.Failure{Name: "InputError", Value: err.Error()}
		}
		out.Stream("stdout", "got "+line+"\n")
	case "show":
		out.Display(lab.Bundle{Data: map[string]any{"text/plain": rest}}, "", false)
	case "png":
		out.Display(lab.Bundle{Data: map[string]any{"image/png": tinyPNG()}}, "", false)
	case "nan":
		out.Display(lab.Bundle{Data: map[string]any{"application/json": map[string]any{"a": math.NaN(), "b": []float64{1, math.Inf(1)}}}}, "", false)
	case "big":
		out.Display(lab.Bundle{Data: map[string]any{"text/plain": strings.Repeat("y", n)}}, "", false)
	case "handle":
		out.Display(lab.Bundle{Data: map[string]any{"text/plain": text}}, number, false)
	case "update":
		out.Display(lab.Bundle{Data: map[string]any{"text/plain": text}}, number, true)
	case "updates":
		for i := range n {
			out.Display(lab.Bundle{Data: map[string]any{"text/plain": strconv.Itoa(i)}}, "u", true)
		}
	case "clear":
		out.ClearOutput(true)
	case "later-update": // later-update D ID T
		id, shown, _ := strings.Cut(text, " ")
		go func() {
			time.Sleep(d)
			out.Display(lab.Bundle{Data: map[string]any{"text/plain": shown}}, id, true)
		}()
	case "later":
		go func() { time.Sleep(d); out.Stream("stdout", text) }()
	default:
		return &serve.Failure{Name: "CompileError", Value: "unknown word " + word}
	}
	return nil
}

func (f *fake) wait(ctx context.Context, c <-chan time.Time) *serve.Failure {
	select {
	case <-c:
		return nil
	case <-ctx.Done():
		return &serve.Failure{Name: "Interrupted", Value: "the cell was interrupted"}
	}
}

func tinyPNG() []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 3, 2))); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func (f *fake) Evaluate(_ context.Context, expr string) (lab.Bundle, *serve.Failure) {
	if expr == "bad" {
		return lab.Bundle{}, &serve.Failure{Name: "FakeError", Value: "no such name"}
	}
	return lab.Bundle{Data: map[string]any{"text/plain": "<" + expr + ">"}}, nil
}

func (f *fake) Complete(code string, cursor int) serve.Completion {
	if cursor == 0 {
		return serve.Completion{}
	}
	return serve.Completion{Matches: []string{"print", "puts"}, Types: []string{"function", "function"}, Start: cursor - 1, End: cursor}
}

func (f *fake) Inspect(code string, cursor, detail int) (lab.Bundle, bool) {
	if code == "panic" {
		panic("inspect")
	}
	return lab.Bundle{Data: map[string]any{"text/plain": fmt.Sprintf("%s at %d, detail %d", code, cursor, detail)}}, code != "unknown"
}

func (f *fake) IsComplete(code string) (string, string) {
	if strings.HasSuffix(code, "{") {
		return "incomplete", "\t"
	}
	return "complete", ""
}

// Comm knows the target "echo": it prints what it gets and answers in kind.
// {"sleep": ms} makes the handler slow.
func (f *fake) Comm(ctx context.Context, m lab.CommMessage, out serve.Output) {
	f.mu.Lock()
	f.got = latest(f.got, m)
	known := m.Target == "echo" || f.comms[m.ID] != ""
	if m.Kind == "open" && known {
		f.comms[m.ID] = m.Target
	}
	if m.Kind == "close" {
		delete(f.comms, m.ID)
	}
	f.mu.Unlock()
	if !known || m.Kind != "msg" {
		return
	}
	if ms, ok := m.Data["sleep"].(float64); ok {
		f.wait(ctx, time.After(time.Duration(ms)*time.Millisecond))
	}
	if m.Data["panic"] != nil {
		panic("handler")
	}
	out.Stream("stdout", "comm\n")
	out.Comm(lab.CommMessage{Kind: "msg", ID: m.ID, Data: m.Data, Metadata: map[string]any{"v": 1}, Buffers: m.Buffers})
}

func (f *fake) Comms(target string) map[string]string {
	f.mu.Lock()
	defer f.mu.Unlock()
	open := map[string]string{}
	for id, t := range f.comms {
		if target == "" || target == t {
			open[id] = t
		}
	}
	return open
}

func (f *fake) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	return nil
}

func (f *fake) cells() []serve.Execution {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]serve.Execution(nil), f.ran...)
}

func (f *fake) received() []lab.CommMessage {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]lab.CommMessage(nil), f.got...)
}

// rig is a kernel in this process and what a test needs around it.
type rig struct {
	t    testing.TB
	conn serve.ConnectionInfo
	fake *fake
	stop context.CancelFunc
	done chan error
	log  *syncBuffer
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func start(t *testing.T, change ...func(*serve.ConnectionInfo, *serve.Options)) *rig {
	t.Helper()
	return startWith(t, nil, change...)
}

func startWith(t testing.TB, wrap func(*fake) serve.Backend, change ...func(*serve.ConnectionInfo, *serve.Options)) *rig {
	t.Helper()
	conn, err := serve.LocalConnection()
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, conn: conn, fake: &fake{comms: map[string]string{}}, done: make(chan error, 1), log: &syncBuffer{}}
	opt := serve.Options{Version: "1.2.3", IgnoreSignals: true, Log: r.log, HistoryPath: filepath.Join(t.TempDir(), "history.db")}
	for _, f := range change {
		f(&r.conn, &opt)
	}
	var b serve.Backend = r.fake
	if wrap != nil {
		b = wrap(r.fake)
	}
	var ctx context.Context
	ctx, r.stop = context.WithCancel(context.Background())
	go func() { r.done <- serve.Run(ctx, r.conn, b, opt); close(r.done) }()
	t.Cleanup(func() {
		r.stop()
		select {
		case <-r.done:
		case <-time.After(10 * time.Second):
			t.Error("the kernel did not end")
		}
	})
	return r
}

// client connects a client that checks every message against its schema.
func (r *rig) client() *client.Client {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c, err := client.Connect(ctx, r.conn)
	if err != nil {
		r.t.Fatalf("connect: %v", err)
	}
	c.Watch(func(m client.Message) {
		if err := msg.Validate(m.Header.Type, m.Content); err != nil {
			r.t.Errorf("%v: %s", err, m.Content)
		}
		if m.Header.Version != msg.Version || m.Header.ID == "" || m.Header.Session == "" || m.Header.Date == "" {
			r.t.Errorf("incomplete header %+v", m.Header)
		}
	})
	r.t.Cleanup(func() { c.Close() })
	return c
}

// slack is the least time a test waits for anything. What it waits for must not
// come at all while a cell runs or a client sleeps, so the length proves no
// less; and a machine with much to do may hold a process up for seconds.
const slack = 20 * time.Second

func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

// run executes a cell and demands its reply.
func run(t *testing.T, c *client.Client, code string) *client.Outcome {
	t.Helper()
	o, err := c.Execute(within(t, slack), code)
	if err != nil {
		t.Fatalf("%q: %v", code, err)
	}
	return o
}

func ask(t *testing.T, c *client.Client, channel, msgType string, content any) *client.Outcome {
	t.Helper()
	o, err := c.Request(within(t, slack), channel, msgType, content)
	if err != nil {
		t.Fatalf("%s: %v", msgType, err)
	}
	return o
}

func content[T any](t *testing.T, m client.Message) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(m.Content, &v); err != nil {
		t.Fatalf("%s: %v: %s", m.Header.Type, err, m.Content)
	}
	return v
}

// shape writes the sequence of messages as words: "busy execute_input ... idle".
func shape(o *client.Outcome) string {
	var words []string
	for _, m := range o.Messages {
		word := m.Header.Type
		if word == "status" {
			var s msg.Status
			_ = json.Unmarshal(m.Content, &s)
			word = s.ExecutionState
		}
		if m.Channel == "iopub" {
			words = append(words, word)
		}
	}
	return strings.Join(words, " ")
}

func failure(o *client.Outcome) serve.Failure {
	var f *serve.Failure
	if errors.As(o.Err(), &f) {
		return *f
	}
	return serve.Failure{}
}

// seal lays out a message with a header that is not a msg.Header.
func seal(t *testing.T, r *rig, header, body any) [][]byte {
	t.Helper()
	key, err := wire.NewKey("", r.conn.Key)
	if err != nil {
		t.Fatal(err)
	}
	return key.Seal(wire.Envelope{Header: msg.Encode(header), Parent: []byte("{}"), Metadata: []byte("{}"), Content: msg.Encode(body)})
}
