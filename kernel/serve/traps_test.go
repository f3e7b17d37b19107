package serve_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"

	"github.com/priorlab/priorlab/kernel/msg"
	"github.com/priorlab/priorlab/kernel/serve"
	"github.com/priorlab/priorlab/kernel/serve/client"
)

// The tests of this file are named for what clients are known to depend on.

func TestTrapSlowJoinerGetsAWelcome(t *testing.T) {
	r := start(t)
	r.client() // the kernel is up
	sub := zmq4.NewSub(t.Context())
	defer sub.Close()
	if err := sub.Dial(r.conn.Endpoint(r.conn.IOPubPort).String()); err != nil {
		t.Fatal(err)
	}
	if err := sub.SetOption(zmq4.OptionSubscribe, ""); err != nil {
		t.Fatal(err)
	}
	m, err := sub.Recv()
	if err != nil {
		t.Fatal(err)
	}
	text := string(m.Bytes())
	if string(m.Frames[0]) != "iopub_welcome" || !strings.Contains(text, `"msg_type":"iopub_welcome"`) || !strings.Contains(text, `{"subscription":""}`) {
		t.Errorf("first message: %s", text)
	}
	if string(m.Frames[4]) != "{}" {
		t.Errorf("parent is %s", m.Frames[4])
	}
}

func TestTrapKernelInfoOnShellAndControlWithStatusAround(t *testing.T) {
	c := start(t).client()
	for _, channel := range []string{"shell", "control"} {
		o := ask(t, c, channel, "kernel_info_request", map[string]any{})
		info := content[msg.KernelInfoReply](t, o.Reply)
		if shape(o) != "busy idle" || info.ProtocolVersion != "5.5" || info.LanguageInfo.Name != "go" ||
			info.ImplementationVersion != "1.2.3" || info.Debugger || info.SupportedFeatures[0] != "kernel subshells" {
			t.Errorf("%s: %s %s", channel, shape(o), o.Reply.Content)
		}
	}
}

func TestTrapKernelInfoAnswersWhileACellRuns(t *testing.T) {
	c := start(t).client()
	p := begin(t, c, "", "spin")
	for _, channel := range []string{"shell", "control"} {
		begun := time.Now()
		ask(t, c, channel, "kernel_info_request", map[string]any{})
		if d := time.Since(begun); d > slack {
			t.Errorf("%s: %v", channel, d)
		}
	}
	ask(t, c, "control", "interrupt_request", map[string]any{})
	finish(t, p)
}

// begin sends a cell and returns when it runs.
func begin(t *testing.T, c *client.Client, subshell, code string) *client.Pending {
	t.Helper()
	h := c.NewHeader("execute_request")
	h.Subshell = subshell
	p, err := c.Start("shell", h, client.Cell(code))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	for {
		m, err := p.Next(within(t, slack))
		if err != nil {
			t.Fatal(err)
		}
		if m.Header.Type == "execute_input" {
			return p
		}
	}
}

func finish(t *testing.T, p *client.Pending) *client.Outcome {
	t.Helper()
	o, err := p.Wait(within(t, slack))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestTrapNoIdleForCommMsgMeansADeadSlider(t *testing.T) {
	r := start(t)
	c := r.client()
	openComm(t, c, "id1")
	h := c.NewHeader("comm_msg")
	p, err := c.Start("shell", h, map[string]any{"comm_id": "id1", "data": map[string]any{"value": 7.5}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if got := untilIdle(t, p); got != "busy stream comm_msg idle" {
		t.Errorf("%s", got)
	}
	if last := r.fake.received()[1]; last.Kind != "msg" || last.Data["value"] != 7.5 {
		t.Errorf("backend got %+v", last)
	}
	// A handler that panics must not cost the idle.
	p, _ = c.Start("shell", c.NewHeader("comm_msg"), map[string]any{"comm_id": "id1", "data": map[string]any{"panic": true}})
	if got := untilIdle(t, p); got != "busy idle" {
		t.Errorf("after a panic: %s", got)
	}
	for _, bad := range []any{map[string]any{"comm_id": 5}, map[string]any{}, nil, "x"} {
		p, _ = c.Start("shell", c.NewHeader("comm_msg"), bad)
		if got := untilIdle(t, p); got != "busy idle" {
			t.Errorf("malformed comm_msg %v: %s", bad, got)
		}
	}
}

func openComm(t *testing.T, c *client.Client, id string) {
	t.Helper()
	p, err := c.Start("shell", c.NewHeader("comm_open"), map[string]any{"comm_id": id, "target_name": "echo", "data": map[string]any{}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	untilIdle(t, p)
}

func untilIdle(t *testing.T, p *client.Pending) string {
	t.Helper()
	o := &client.Outcome{}
	for {
		m, err := p.Next(within(t, slack))
		if err != nil {
			t.Fatalf("no idle after %s", shape(o))
		}
		o.Messages = append(o.Messages, m)
		if s := shape(o); strings.HasSuffix(s, "idle") {
			return s
		}
	}
}

func TestTrapUnknownCommTargetIsClosed(t *testing.T) {
	c := start(t).client()
	for target, want := range map[string]string{"nobody": "busy comm_close idle", "jupyter.widget.control": "busy idle", "echo": "busy idle"} {
		p, err := c.Start("shell", c.NewHeader("comm_open"), map[string]any{"comm_id": "c-" + target, "target_name": target, "data": map[string]any{}})
		if err != nil {
			t.Fatal(err)
		}
		if got := untilIdle(t, p); got != want {
			t.Errorf("%s: %s, want %s", target, got, want)
		}
		p.Close()
	}
	info := content[msg.CommInfoReply](t, ask(t, c, "shell", "comm_info_request", map[string]any{}).Reply)
	if len(info.Comms) != 1 || info.Comms["c-echo"].TargetName != "echo" {
		t.Errorf("%+v", info)
	}
	info = content[msg.CommInfoReply](t, ask(t, c, "shell", "comm_info_request", map[string]any{"target_name": "other"}).Reply)
	if len(info.Comms) != 0 {
		t.Errorf("%+v", info)
	}
}

func TestTrapCommBuffersAndMetadataTravel(t *testing.T) {
	r := start(t)
	c := r.client()
	openComm(t, c, "b")
	got := make(chan client.Message, 10)
	c.Watch(func(m client.Message) {
		if m.Header.Type == "comm_msg" {
			got <- m
		}
	})
	blob := []byte{0, 1, 255, 0}
	if err := c.SendMessage("shell", c.NewHeader("comm_msg"), map[string]any{"comm_id": "b", "data": map[string]any{}}, map[string]any{"version": "2.1.0"}, [][]byte{blob, {}}); err != nil {
		t.Fatal(err)
	}
	m := <-got
	if len(m.Buffers) != 2 || string(m.Buffers[0]) != string(blob) || len(m.Buffers[1]) != 0 || string(m.Metadata) != `{"v":1}` {
		t.Errorf("%q %s", m.Buffers, m.Metadata)
	}
	if in := r.fake.received()[1]; in.Metadata["version"] != "2.1.0" || len(in.Buffers) != 2 {
		t.Errorf("backend got %+v", in)
	}
}

func TestTrapRateLimitsAreNotReached(t *testing.T) {
	c := start(t).client()
	o := run(t, c, "lines 10000 a line of some length number ")
	if n := len(o.Of("stream")); n > 40 {
		t.Errorf("10,000 lines went out in %d messages", n)
	}
	if got := strings.Count(o.Texts("stdout"), "\n"); got != 10000 {
		t.Errorf("%d lines arrived", got)
	}
}

func TestTrapLongTextLeavesInOneMessage(t *testing.T) {
	c := start(t).client()
	o := run(t, c, "bytes 2400000") // a page lays out all of the text when some is added
	if n, size := len(o.Of("stream")), len(o.Texts("stdout")); n != 1 || size != 2400000 {
		t.Errorf("%d bytes went out in %d messages", size, n)
	}
}

func TestTrapTextThatGrowsInJSONIsSplit(t *testing.T) {
	c := start(t).client()
	text := strings.Repeat("\x01é", 400_000) // eight bytes for three
	p := begin(t, c, "", "print "+text)
	done := make(chan *client.Outcome)
	go func() {
		o, err := p.Wait(within(t, slack))
		if err != nil {
			t.Error(err)
		}
		done <- o
	}()
	for {
		select {
		case o := <-done:
			if o == nil {
				return
			}
			if n := len(o.Of("stream")); n < 2 || o.Texts("stdout") != text+"\n" {
				t.Errorf("%d bytes arrived in %d messages", len(o.Texts("stdout")), n)
			}
			return
		case <-time.After(50 * time.Millisecond):
			ask(t, c, "control", "kernel_info_request", nil) // with its idle a server forgets what it passed on
		}
	}
}

func TestTrapAlternatingStreamsKeepTheirOrder(t *testing.T) {
	c := start(t).client()
	o := run(t, c, "turns 2000")
	next := 0
	for _, m := range o.Of("stream") {
		s := content[msg.Stream](t, m)
		if s.Text != fmt.Sprintf("%d\n", next) || s.Name != []string{"stdout", "stderr"}[next%2] {
			t.Fatalf("piece %d is %+v", next, s)
		}
		next++
	}
	if next != 2000 {
		t.Errorf("%d pieces", next)
	}
}

func TestTrapFastUpdatesCoalesceToTheLatest(t *testing.T) {
	c := start(t).client()
	o := run(t, c, "handle u first\nupdates 5000\nshow after")
	updates := o.Of("update_display_data")
	if n := len(updates); n == 0 || n > 200 {
		t.Fatalf("%d updates left", n)
	}
	last := content[msg.DisplayData](t, updates[len(updates)-1])
	if last.Data["text/plain"] != "4999" || last.Transient.DisplayID != "u" {
		t.Errorf("the last update is %+v", last)
	}
	if s := shape(o); !strings.HasSuffix(s, "update_display_data display_data idle") {
		t.Errorf("a held update was overtaken: %s", s[max(0, len(s)-100):])
	}
	// One that comes alone, also after the cell, is not held for long.
	p := begin(t, c, "", "update u alone\nspin")
	begun := time.Now()
	if m, err := p.Next(within(t, slack)); err != nil || m.Header.Type != "update_display_data" {
		t.Errorf("%v %s after %v", err, m.Header.Type, time.Since(begun))
	}
	ask(t, c, "control", "interrupt_request", map[string]any{})
	finish(t, p)
}

func TestTrapTextBeyondTheLimitEndsInANotice(t *testing.T) {
	c := start(t, func(_ *serve.ConnectionInfo, o *serve.Options) { o.StreamLimit = 100_000 }).client()
	o := run(t, c, "bytes 70000\nbytes 70000\nprint more\nresult done")
	if n := len(o.Texts("stdout")); n != 100_000 {
		t.Errorf("%d bytes on stdout", n)
	}
	notice := o.Texts("stderr")
	if !strings.Contains(notice, "a cell may print 97.7 KiB") || !strings.Contains(notice, "39.1 KiB more") {
		t.Errorf("notice %q", notice)
	}
	if o.Result() != "done" {
		t.Error("no result")
	}
	if o = run(t, c, "bytes 5"); o.Texts("stdout") != "xxxxx" || o.Texts("stderr") != "" {
		t.Error("the limit outlived its cell")
	}
}

func TestTrapUTF8IsNeverSplit(t *testing.T) {
	c := start(t).client()
	for _, code := range []string{"torn 0", "torn 70", "torn 0\nwarn x\ntorn 0"} {
		o := run(t, c, code)
		want := strings.Repeat("aé世🙂z", strings.Count(code, "torn"))
		if got := o.Texts("stdout"); got != want {
			t.Errorf("%q: %q", code, got)
		}
		if strings.Contains(o.Texts("stdout"), "\ufffd") {
			t.Errorf("%q: split", code)
		}
	}
}

func TestTrapStopOnErrorAbortsWhatWasReceived(t *testing.T) {
	c := start(t).client()
	var all []*client.Pending
	for _, code := range []string{"result 1", "error x", "result 3", "result 4"} {
		p, err := c.Start("shell", c.NewHeader("execute_request"), client.Cell(code))
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		all = append(all, p)
	}
	info, err := c.Start("shell", c.NewHeader("is_complete_request"), map[string]any{"code": "x"})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"ok", "error", "aborted", "aborted"} {
		o := finish(t, all[i])
		if o.Status() != want {
			t.Errorf("cell %d is %s, want %s", i+1, o.Status(), want)
		}
		if want == "aborted" && (shape(o) != "busy idle" || string(o.Reply.Content) != `{"status":"aborted"}`) {
			t.Errorf("aborted cell: %s %s", shape(o), o.Reply.Content)
		}
	}
	if o := finish(t, info); o.Status() != "complete" {
		t.Errorf("another kind of request was answered %s", o.Reply.Content)
	}
	if o := run(t, c, "result after"); o.Result() != "after" {
		t.Error("a cell sent after the failure was known did not run")
	}
}

func TestTrapStopOnErrorFalseGoesOn(t *testing.T) {
	c := start(t).client()
	cell := client.Cell("error x")
	cell["stop_on_error"] = false
	first, _ := c.Start("shell", c.NewHeader("execute_request"), cell)
	second, _ := c.Start("shell", c.NewHeader("execute_request"), client.Cell("result 2"))
	if o := finish(t, first); o.Status() != "error" {
		t.Errorf("%s", o.Reply.Content)
	}
	if o := finish(t, second); o.Result() != "2" {
		t.Errorf("%s", o.Reply.Content)
	}
}

func TestTrapInterruptEndsTheCellAndAbortsTheQueue(t *testing.T) {
	c := start(t).client()
	p := begin(t, c, "", "print begun\nspin")
	var waiting []*client.Pending
	for range 3 {
		q, err := c.Start("shell", c.NewHeader("execute_request"), client.Cell("result no"))
		if err != nil {
			t.Fatal(err)
		}
		waiting = append(waiting, q)
	}
	time.Sleep(50 * time.Millisecond)
	begun := time.Now()
	if o := ask(t, c, "control", "interrupt_request", map[string]any{}); o.Status() != "ok" {
		t.Errorf("%s", o.Reply.Content)
	}
	if o := finish(t, p); failure(o).Name != "Interrupted" || o.Texts("stdout") != "begun\n" {
		t.Errorf("%s %q", o.Reply.Content, o.Texts("stdout"))
	}
	if d := time.Since(begun); d > slack {
		t.Errorf("the interrupt took %v", d)
	}
	for _, q := range waiting {
		if o := finish(t, q); o.Status() != "aborted" {
			t.Errorf("a waiting cell is %s", o.Status())
		}
	}
	ask(t, c, "control", "interrupt_request", map[string]any{}) // with nothing to interrupt
	if o := run(t, c, "result on"); o.Result() != "on" {
		t.Error("the kernel does not go on")
	}
}

func TestTrapLateOutputGoesToTheCellThatStartedIt(t *testing.T) {
	c := start(t).client()
	h := c.NewHeader("execute_request")
	p, err := c.Start("shell", h, client.Cell("later 150ms late"))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	finish(t, p)
	other := run(t, c, "sleep 300ms\nresult x")
	if other.Texts("stdout") != "" {
		t.Error("another cell got the text")
	}
	m, err := p.Next(within(t, slack))
	if err != nil || m.Header.Type != "stream" || content[msg.Stream](t, m).Text != "late" {
		t.Errorf("%v %s", err, m.Content)
	}
}

// A display that a goroutine updates after its cell is replaced under that
// cell's header, by its id.
func TestTrapLateUpdateGoesToTheCellThatStartedIt(t *testing.T) {
	c := start(t).client()
	p, err := c.Start("shell", c.NewHeader("execute_request"), client.Cell("handle id1 first\nlater-update 150ms id1 second"))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	finish(t, p)
	run(t, c, "result another")
	m, err := p.Next(within(t, slack))
	if err != nil {
		t.Fatal(err)
	}
	d := content[msg.DisplayData](t, m)
	if m.Header.Type != "update_display_data" || d.Transient.DisplayID != "id1" || d.Data["text/plain"] != "second" {
		t.Errorf("%s %s", m.Header.Type, m.Content)
	}
}

func TestTrapWidgetsMoveWhileACellRuns(t *testing.T) {
	r := start(t)
	c := r.client()
	openComm(t, c, "s")
	id := content[msg.CreateSubshellReply](t, ask(t, c, "control", "create_subshell_request", map[string]any{}).Reply).ID
	cell := begin(t, c, "", "spin")
	for i := range 10 {
		h := c.NewHeader("comm_msg")
		h.Subshell = id
		p, err := c.Start("shell", h, map[string]any{"comm_id": "s", "data": map[string]any{"value": i}})
		if err != nil {
			t.Fatal(err)
		}
		if got := untilIdle(t, p); got != "busy stream comm_msg idle" {
			t.Errorf("%s", got)
		}
		p.Close()
	}
	if n := len(r.fake.received()); n != 11 {
		t.Errorf("%d comm messages reached the backend", n)
	}
	ask(t, c, "control", "interrupt_request", map[string]any{})
	finish(t, cell)
}

// Clients without subshells send comm messages to the main shell.
func TestTrapWidgetsOfOlderClientsMoveWhileACellRuns(t *testing.T) {
	r := start(t)
	c := r.client()
	openComm(t, c, "s")
	cell := begin(t, c, "", "spin")
	begun := time.Now()
	p, err := c.Start("shell", c.NewHeader("comm_msg"), map[string]any{"comm_id": "s", "data": map[string]any{"value": 1}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if got := untilIdle(t, p); got != "busy stream comm_msg idle" || time.Since(begun) > slack {
		t.Errorf("%s after %v", got, time.Since(begun))
	}
	ask(t, c, "control", "interrupt_request", map[string]any{})
	finish(t, cell)
}

func TestCellsAndCommMessagesKeepTheirOrder(t *testing.T) {
	r := start(t)
	c := r.client()
	openComm(t, c, "s")
	var order []string
	c.Watch(func(m client.Message) {
		if m.Header.Type == "stream" {
			order = append(order, strings.TrimSpace(content[msg.Stream](t, m).Text))
		}
	})
	// A short cell, a slow handler, a cell: each sees the one before ended.
	first, _ := c.Start("shell", c.NewHeader("execute_request"), client.Cell("sleep 50ms\nprint first"))
	comm, _ := c.Start("shell", c.NewHeader("comm_msg"), map[string]any{"comm_id": "s", "data": map[string]any{"sleep": 300}})
	last, _ := c.Start("shell", c.NewHeader("execute_request"), client.Cell("print last"))
	finish(t, first)
	untilIdle(t, comm)
	finish(t, last)
	if got := strings.Join(order, " "); got != "first comm last" {
		t.Errorf("%s", got)
	}
}

// The indicator of a notebook shows the last status of any request: a question
// answered beside a running cell must not leave it at idle.
func TestTrapIndicatorStaysBusyWhileACellRuns(t *testing.T) {
	c := start(t).client()
	cell := begin(t, c, "", "spin")
	last := make(chan string, 100)
	c.Watch(func(m client.Message) {
		if m.Header.Type == "status" {
			last <- content[msg.Status](t, m).ExecutionState + " " + m.Parent.Type
		}
	})
	ask(t, c, "shell", "complete_request", map[string]any{"code": "pr", "cursor_pos": 2})
	ask(t, c, "control", "list_subshell_request", map[string]any{})
	time.Sleep(50 * time.Millisecond)
	var state string
	for len(last) > 0 {
		state = <-last
	}
	if state != "busy execute_request" {
		t.Errorf("the last status is %q", state)
	}
	ask(t, c, "control", "interrupt_request", map[string]any{})
	finish(t, cell)
}

func TestTrapQuestionsAreAnsweredWhileACellRuns(t *testing.T) {
	c := start(t).client()
	cell := begin(t, c, "", "spin")
	for msgType, body := range map[string]any{
		"complete_request":    map[string]any{"code": "pr", "cursor_pos": 2},
		"inspect_request":     map[string]any{"code": "pr", "cursor_pos": 2},
		"is_complete_request": map[string]any{"code": "x"},
		"history_request":     map[string]any{"hist_access_type": "tail", "n": 5},
		"comm_info_request":   map[string]any{},
		"connect_request":     map[string]any{},
	} {
		begun := time.Now()
		if o := ask(t, c, "shell", msgType, body); o.Status() == "error" {
			t.Errorf("%s: %s", msgType, o.Reply.Content)
		}
		if d := time.Since(begun); d > slack {
			t.Errorf("%s took %v", msgType, d)
		}
	}
	ask(t, c, "control", "interrupt_request", map[string]any{})
	finish(t, cell)
}

func TestTrapCursorOutOfRangeIsAnswered(t *testing.T) {
	c := start(t).client()
	for _, at := range []any{-5, 99999, nil, 0, 2} {
		body := map[string]any{"code": "é🙂x", "cursor_pos": at, "detail_level": 0}
		o := ask(t, c, "shell", "complete_request", body)
		reply := content[msg.CompleteReply](t, o.Reply)
		if reply.Status != "ok" || reply.CursorStart > reply.CursorEnd || reply.CursorEnd > 3 {
			t.Errorf("complete at %v: %s", at, o.Reply.Content)
		}
		if o = ask(t, c, "shell", "inspect_request", body); o.Status() != "ok" {
			t.Errorf("inspect at %v: %s", at, o.Reply.Content)
		}
	}
}

func TestTrapNotANumberIsNotSent(t *testing.T) {
	c := start(t).client()
	o := run(t, c, "nan")
	if got := string(o.Of("display_data")[0].Content); !strings.Contains(got, `{"a":null,"b":[1,null]}`) {
		t.Errorf("%s", got)
	}
}

func TestTrapPNGHasSizeAndText(t *testing.T) {
	c := start(t).client()
	d := content[msg.DisplayData](t, run(t, c, "png").Of("display_data")[0])
	if s, _ := d.Data["image/png"].(string); !strings.HasPrefix(s, "iVBORw0KGgo") {
		t.Errorf("%v", d.Data)
	}
	if fmt.Sprint(d.Metadata["image/png"]) != "map[height:2 width:3]" || d.Data["text/plain"] != "<image/png>" {
		t.Errorf("%+v", d)
	}
}

func TestTrapWrongSignatureHasNoEffect(t *testing.T) {
	r := start(t)
	c := r.client()
	seen := make(chan client.Message, 100)
	c.Watch(func(m client.Message) { seen <- m })
	forge := func(change func([][]byte) [][]byte) {
		for channel, msgType := range map[string]string{"shell": "execute_request", "control": "shutdown_request", "stdin": "input_reply"} {
			body := client.Cell("print forged")
			body["value"] = "forged"
			frames := seal(t, r, c.NewHeader(msgType), body)
			if err := c.SendFrames(channel, change(frames)); err != nil {
				t.Fatal(err)
			}
		}
	}
	forge(func(f [][]byte) [][]byte { f[1] = []byte(strings.Repeat("0", 64)); return f })
	forge(func(f [][]byte) [][]byte { f[1] = nil; return f })
	forge(func(f [][]byte) [][]byte { f[5] = append(f[5], ' '); return f })
	forge(func(f [][]byte) [][]byte { f[1] = f[1][:63]; return f })
	forge(func(f [][]byte) [][]byte { return f[:4] })
	forge(func(f [][]byte) [][]byte { return f[1:] })
	time.Sleep(200 * time.Millisecond)
	if len(seen) != 0 || len(r.fake.cells()) != 0 {
		t.Errorf("%d messages, %d cells after forged requests", len(seen), len(r.fake.cells()))
	}
	c.Watch(nil)
	if o := run(t, c, "result ok"); o.Result() != "ok" {
		t.Error("the kernel does not answer")
	}
}

func TestTrapReplayedMessageHasNoEffect(t *testing.T) {
	r := start(t)
	c := r.client()
	frames := seal(t, r, c.NewHeader("execute_request"), client.Cell("print once"))
	for range 5 {
		if err := c.SendFrames("shell", frames); err != nil {
			t.Fatal(err)
		}
	}
	run(t, c, "result x")
	if n := len(r.fake.cells()); n != 2 {
		t.Errorf("%d cells ran", n)
	}
}
