package serve_test

import (
	"strings"
	"testing"
	"time"

	"github.com/priorlab/priorlab/kernel/msg"
	"github.com/priorlab/priorlab/kernel/serve/client"
)

func TestInput(t *testing.T) {
	c := start(t).client()
	type asked struct {
		prompt   string
		password bool
	}
	var got []asked
	c.OnInput = func(prompt string, password bool) string {
		got = append(got, asked{prompt, password})
		return "né " + prompt
	}
	o := run(t, c, "print before\ninput name? \npassword secret? ")
	if text := o.Texts("stdout"); text != "before\ngot né name?\ngot né secret?\n" {
		t.Errorf("%q", text)
	}
	if len(got) != 2 || got[0] != (asked{"name?", false}) || got[1] != (asked{"secret?", true}) {
		t.Errorf("%+v", got)
	}
}

func TestInputNotAllowed(t *testing.T) {
	c := start(t).client()
	c.OnInput = func(string, bool) string { t.Error("the client was asked"); return "" }
	cell := client.Cell("input x")
	cell["allow_stdin"] = false
	o := ask(t, c, "shell", "execute_request", cell)
	if f := failure(o); f.Name != "InputError" || !strings.Contains(f.Value, "allow_stdin") {
		t.Errorf("%s", o.Reply.Content)
	}
}

func TestInputIsAskedOfTheClientThatSentTheCell(t *testing.T) {
	r := start(t)
	a, b := r.client(), r.client()
	b.Watch(func(m client.Message) {
		if m.Channel == "stdin" {
			t.Errorf("the other client got %s", m.Header.Type)
		}
	})
	a.OnInput = func(string, bool) string {
		// Another client's reply must not answer the question.
		if _, err := b.Send("stdin", "input_reply", msg.InputReply{Value: "intruder"}); err != nil {
			t.Error(err)
		}
		time.Sleep(100 * time.Millisecond)
		return "owner"
	}
	if text := run(t, a, "input x").Texts("stdout"); text != "got owner\n" {
		t.Errorf("%q", text)
	}
}

func TestInputReplyWithoutQuestionIsIgnored(t *testing.T) {
	c := start(t).client()
	for _, body := range []any{msg.InputReply{Value: "early"}, map[string]any{"value": 5}, nil} {
		if _, err := c.Send("stdin", "input_reply", body); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(50 * time.Millisecond)
	c.OnInput = func(string, bool) string { return "asked" }
	if text := run(t, c, "input x").Texts("stdout"); text != "got asked\n" {
		t.Errorf("%q", text)
	}
}

func TestInterruptEndsAnUnansweredQuestion(t *testing.T) {
	c := start(t).client()
	p := beginQuestion(t, c)
	ask(t, c, "control", "interrupt_request", map[string]any{})
	if o := finish(t, p); o.Status() != "error" {
		t.Errorf("%s", o.Reply.Content)
	}
}

func TestClientThatLeavesDuringItsQuestionFreesTheKernel(t *testing.T) {
	r := start(t)
	gone, stays := r.client(), r.client()
	beginQuestion(t, gone)
	gone.Close()
	time.Sleep(200 * time.Millisecond) // the cell fails and aborts what waits behind it
	if o := run(t, stays, "result free"); o.Result() != "free" {
		t.Errorf("%s", o.Reply.Content)
	}
}

// beginQuestion sends a cell that asks, and returns when the question is there.
func beginQuestion(t *testing.T, c *client.Client) *client.Pending {
	t.Helper()
	p, err := c.Start("shell", c.NewHeader("execute_request"), client.Cell("input x"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	for {
		m, err := p.Next(within(t, slack))
		if err != nil {
			t.Fatal(err)
		}
		if m.Header.Type == "input_request" {
			return p
		}
	}
}
