package serve_test

import (
	"strings"
	"testing"
	"time"

	"github.com/priorlab/priorlab/kernel/msg"
	"github.com/priorlab/priorlab/kernel/serve/client"
)

func newSubshell(t *testing.T, c *client.Client) string {
	t.Helper()
	return content[msg.CreateSubshellReply](t, ask(t, c, "control", "create_subshell_request", map[string]any{}).Reply).ID
}

func inSubshell(t *testing.T, c *client.Client, id, msgType string, body any) *client.Outcome {
	t.Helper()
	h := c.NewHeader(msgType)
	h.Subshell = id
	o, err := c.Do(within(t, slack), "shell", h, body)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func subshells(t *testing.T, c *client.Client) []string {
	t.Helper()
	return content[msg.ListSubshellReply](t, ask(t, c, "control", "list_subshell_request", map[string]any{}).Reply).IDs
}

func TestSubshellRunsBesideTheMainShell(t *testing.T) {
	c := start(t).client()
	id := newSubshell(t, c)
	main := begin(t, c, "", "spin")
	o := inSubshell(t, c, id, "execute_request", client.Cell("print sub\nresult 2"))
	if o.Result() != "2" || o.Texts("stdout") != "sub\n" {
		t.Errorf("%s", o.Reply.Content)
	}
	if n := content[msg.ExecuteReply](t, o.Reply).ExecutionCount; n != 2 {
		t.Errorf("the count is shared, yet this is %d", n)
	}
	ask(t, c, "control", "interrupt_request", map[string]any{})
	finish(t, main)
}

func TestSubshellAbortsOnlyItsOwnQueue(t *testing.T) {
	c := start(t).client()
	id := newSubshell(t, c)
	main := begin(t, c, "", "sleep 200ms")
	next, err := c.Start("shell", c.NewHeader("execute_request"), client.Cell("result main"))
	if err != nil {
		t.Fatal(err)
	}
	if o := inSubshell(t, c, id, "execute_request", client.Cell("error sub")); o.Status() != "error" {
		t.Errorf("%s", o.Reply.Content)
	}
	finish(t, main)
	if o := finish(t, next); o.Result() != "main" {
		t.Errorf("%s", o.Reply.Content)
	}
}

func TestSubshellLifeCycle(t *testing.T) {
	c := start(t).client()
	if ids := subshells(t, c); len(ids) != 0 {
		t.Errorf("at the start: %v", ids)
	}
	a, b := newSubshell(t, c), newSubshell(t, c)
	if ids := subshells(t, c); len(ids) != 2 || a == b {
		t.Errorf("%v", ids)
	}
	if o := ask(t, c, "control", "delete_subshell_request", map[string]any{"subshell_id": a}); o.Status() != "ok" {
		t.Errorf("%s", o.Reply.Content)
	}
	if o := ask(t, c, "control", "delete_subshell_request", map[string]any{"subshell_id": a}); o.Status() != "error" {
		t.Errorf("a second time: %s", o.Reply.Content)
	}
	if ids := subshells(t, c); len(ids) != 1 || ids[0] != b {
		t.Errorf("%v", ids)
	}
}

func TestUnknownSubshellGetsAnErrorReply(t *testing.T) {
	c := start(t).client()
	for msgType, body := range map[string]any{
		"execute_request":  client.Cell("print x"),
		"complete_request": map[string]any{"code": "x", "cursor_pos": 1},
	} {
		if o := inSubshell(t, c, "nowhere", msgType, body); o.Status() != "error" || !strings.Contains(failure(o).Value, `"nowhere"`) {
			t.Errorf("%s: %s", msgType, o.Reply.Content)
		}
	}
	h := c.NewHeader("comm_msg")
	h.Subshell = "nowhere"
	p, err := c.Start("shell", h, map[string]any{"comm_id": "x", "data": map[string]any{}})
	if err != nil {
		t.Fatal(err)
	}
	if got := untilIdle(t, p); got != "busy idle" {
		t.Errorf("comm_msg: %s", got)
	}
}

func TestDeletedSubshellAnswersWhatItHad(t *testing.T) {
	c := start(t).client()
	id := newSubshell(t, c)
	p := begin(t, c, id, "sleep 200ms\nresult done")
	h := c.NewHeader("execute_request")
	h.Subshell = id
	waiting, err := c.Start("shell", h, client.Cell("result never"))
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(50 * time.Millisecond)
	ask(t, c, "control", "delete_subshell_request", map[string]any{"subshell_id": id})
	if o := finish(t, p); o.Result() != "done" {
		t.Errorf("%s", o.Reply.Content)
	}
	if o := finish(t, waiting); o.Status() != "aborted" {
		t.Errorf("%s", o.Reply.Content)
	}
}
