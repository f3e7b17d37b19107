package serve_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/priorlab/priorlab/kernel/msg"
	"github.com/priorlab/priorlab/kernel/serve/client"
)

func TestOrderOfMessagesForOneCell(t *testing.T) {
	c := start(t).client()
	for code, want := range map[string]string{
		"print hello":                   "busy execute_input stream idle",
		"print a\nshow b\nprint c":      "busy execute_input stream display_data stream idle",
		"warn a\nresult 2":              "busy execute_input stream execute_result idle",
		"print a\nerror boom":           "busy execute_input stream error idle",
		"":                              "busy execute_input idle",
		"clear\nhandle h 1\nupdate h 2": "busy execute_input clear_output display_data update_display_data idle",
	} {
		o := run(t, c, code)
		if got := shape(o); got != want {
			t.Errorf("%q: %s, want %s", code, got, want)
		}
		for _, m := range o.Messages {
			if m.Header.Session != o.Reply.Header.Session {
				t.Errorf("session changes from %s to %s", o.Reply.Header.Session, m.Header.Session)
			}
		}
	}
}

func TestReplyOfCell(t *testing.T) {
	c := start(t).client()
	o := run(t, c, "result 42")
	reply := content[msg.ExecuteReply](t, o.Reply)
	if reply.Status != "ok" || reply.ExecutionCount != 1 || o.Result() != "42" {
		t.Errorf("reply %+v, result %q", reply, o.Result())
	}
	o = run(t, c, "print x\nerror boom")
	reply = content[msg.ExecuteReply](t, o.Reply)
	if reply.Status != "error" || reply.ExecutionCount != 2 || failure(o).Name != "FakeError" || failure(o).Value != "boom" {
		t.Errorf("error reply %s", o.Reply.Content)
	}
	if tb := strings.Join(failure(o).Traceback, "\n"); !strings.Contains(tb, "\x1b[1mFakeError\x1b[0m: boom") || !strings.Contains(tb, "\x1b[34mIn[1]:2:5\x1b[0m") {
		t.Errorf("traceback is not coloured: %q", tb)
	}
}

func TestParentIsTheWholeRequestHeader(t *testing.T) {
	r := start(t)
	c := r.client()
	h := map[string]any{}
	_ = json.Unmarshal(msg.Encode(c.NewHeader("execute_request")), &h)
	h["colour"] = map[string]any{"deep": []any{1.5, "x"}}
	got := make(chan client.Message, 100)
	c.Watch(func(m client.Message) { got <- m })
	if err := c.SendFrames("shell", seal(t, r, h, client.Cell("print x"))); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for seen < 5 { // busy, input, stream, idle, reply
		select {
		case m := <-got:
			if m.Parent.ID != h["msg_id"] {
				continue
			}
			seen++
			if !strings.Contains(string(m.Raw.Parent), `"colour":{"deep":[1.5,"x"]}`) {
				t.Errorf("%s: parent %s lost a field", m.Header.Type, m.Raw.Parent)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("%d messages", seen)
		}
	}
}

func TestSilentCellShowsNothingAndCountsNothing(t *testing.T) {
	r := start(t)
	c := r.client()
	run(t, c, "result 1")
	cell := client.Cell("print x\nshow y\nresult z")
	cell["silent"] = true
	o := ask(t, c, "shell", "execute_request", cell)
	if shape(o) != "busy idle" || content[msg.ExecuteReply](t, o.Reply).ExecutionCount != 1 {
		t.Errorf("%s %s", shape(o), o.Reply.Content)
	}
	cell["code"] = "error hidden"
	if o = ask(t, c, "shell", "execute_request", cell); shape(o) != "busy idle" || failure(o).Value != "hidden" {
		t.Errorf("%s %s", shape(o), o.Reply.Content)
	}
	if n := content[msg.ExecuteReply](t, run(t, c, "result 1").Reply).ExecutionCount; n != 2 {
		t.Errorf("next cell is number %d", n)
	}
	if x := r.fake.cells()[1]; !x.Silent || x.Count != 0 {
		t.Errorf("backend got %+v", x)
	}
}

func TestStoreHistoryFalseUsesNoNumberUp(t *testing.T) {
	r := start(t)
	c := r.client()
	cell := client.Cell("result 1")
	cell["store_history"] = false
	ask(t, c, "shell", "execute_request", cell)
	ask(t, c, "shell", "execute_request", cell)
	if n := content[msg.ExecuteReply](t, run(t, c, "result 1").Reply).ExecutionCount; n != 1 {
		t.Errorf("first stored cell is number %d", n)
	}
}

func TestUserExpressions(t *testing.T) {
	c := start(t).client()
	cell := client.Cell("print x")
	cell["user_expressions"] = map[string]string{"a": "1+1", "b": "bad"}
	reply := content[struct {
		Status string
		User   map[string]map[string]any `json:"user_expressions"`
	}](t, ask(t, c, "shell", "execute_request", cell).Reply)
	if reply.Status != "ok" || reply.User["a"]["status"] != "ok" || reply.User["b"]["status"] != "error" || reply.User["b"]["evalue"] != "no such name" {
		t.Errorf("%+v", reply)
	}
	if data, _ := reply.User["a"]["data"].(map[string]any); data["text/plain"] != "<1+1>" {
		t.Errorf("%+v", reply.User["a"])
	}
}

func TestMissingKeysTakeTheirDefaults(t *testing.T) {
	c := start(t).client()
	o := ask(t, c, "shell", "execute_request", map[string]any{"code": "result 3"})
	if o.Result() != "3" || o.Status() != "ok" {
		t.Errorf("%s", o.Reply.Content)
	}
}

func TestWronglyTypedContentGetsAnErrorReply(t *testing.T) {
	c := start(t).client()
	for _, bad := range []struct {
		channel, msgType string
		content          any
		says             string
	}{
		{"shell", "execute_request", map[string]any{"code": 5}, `"code"`},
		{"shell", "execute_request", map[string]any{}, `"code" is missing`},
		{"shell", "execute_request", []int{1}, "expected an object"},
		{"shell", "execute_request", nil, "null"},
		{"shell", "execute_request", map[string]any{"code": "print x", "silent": "yes"}, `"silent"`},
		{"shell", "execute_request", map[string]any{"code": "print x", "user_expressions": []int{}}, `"user_expressions"`},
		{"shell", "complete_request", map[string]any{"code": true}, `"code"`},
		{"shell", "complete_request", map[string]any{"code": "x", "cursor_pos": "one"}, `"cursor_pos"`},
		{"shell", "inspect_request", map[string]any{"code": "x", "detail_level": []int{}}, `"detail_level"`},
		{"shell", "is_complete_request", 7, "expected an object"},
		{"shell", "history_request", map[string]any{"hist_access_type": "guess"}, "hist_access_type"},
		{"shell", "comm_info_request", map[string]any{"target_name": 1}, `"target_name"`},
		{"control", "shutdown_request", map[string]any{"restart": "maybe"}, `"restart"`},
		{"control", "delete_subshell_request", map[string]any{"subshell_id": 3}, `"subshell_id"`},
	} {
		o := ask(t, c, bad.channel, bad.msgType, bad.content)
		if o.Status() != "error" || !strings.Contains(failure(o).Value, bad.says) {
			t.Errorf("%s %v: %s", bad.msgType, bad.content, o.Reply.Content)
		}
		if shape(o) != "busy idle" {
			t.Errorf("%s %v: %s", bad.msgType, bad.content, shape(o))
		}
	}
	if o := run(t, c, "result alive"); o.Result() != "alive" {
		t.Error("the kernel does not answer after wrong requests")
	}
}

func TestPanicOfTheEvaluatorCostsOneCell(t *testing.T) {
	r := start(t)
	c := r.client()
	if o := run(t, c, "panic now"); failure(o).Name != "InternalError" || !strings.HasSuffix(shape(o), "error idle") {
		t.Errorf("%s", o.Reply.Content)
	}
	if o := ask(t, c, "shell", "inspect_request", map[string]any{"code": "panic"}); o.Status() != "error" {
		t.Errorf("%s", o.Reply.Content)
	}
	if o := run(t, c, "result ok"); o.Result() != "ok" {
		t.Error("the kernel did not survive")
	}
	if !strings.Contains(r.log.String(), "evaluator failed on In[1]: now") {
		t.Errorf("log: %s", r.log)
	}
}

func TestUnknownMessageTypesAreIgnored(t *testing.T) {
	c := start(t).client()
	for _, channel := range []string{"shell", "control", "stdin"} {
		if _, err := c.Send(channel, "dance_request", map[string]any{}); err != nil {
			t.Fatal(err)
		}
	}
	if o := run(t, c, "result 1"); o.Result() != "1" {
		t.Error("no result")
	}
}
