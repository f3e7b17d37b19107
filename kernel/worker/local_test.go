package worker

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/priorlab/priorlab/kernel/serve"
	"github.com/priorlab/priorlab/stdlib/lab"
)

// notebook runs cells of a session in this process.
type notebook struct {
	t     *testing.T
	local *Local
	cells map[string]*recorder // by name
}

func newNotebook(t *testing.T) *notebook {
	t.Helper()
	l, err := NewLocal(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close(); lab.Reset(); lab.SetHost(nil) })
	return &notebook{t, l, map[string]*recorder{}}
}

func (n *notebook) try(ctx context.Context, name, place, code string) serve.Reply {
	n.cells[name] = &recorder{}
	return n.local.Execute(ctx, serve.Execution{Cell: name, Place: place, Code: code}, n.cells[name])
}

func (n *notebook) run(name, place, code string) serve.Reply {
	n.t.Helper()
	r := n.try(n.t.Context(), name, place, code)
	if r.Failure != nil {
		n.t.Fatalf("%s: %v", name, r.Failure)
	}
	return r
}

// press presses the button that a cell has shown.
func (n *notebook) press(cell string) {
	n.t.Helper()
	for _, m := range n.cells[cell].comms {
		if m.Kind != "open" || m.Data["state"].(map[string]any)["_model_name"] != "ButtonModel" {
			continue
		}
		n.local.Comm(n.t.Context(), lab.CommMessage{Kind: "msg", ID: m.ID,
			Data: map[string]any{"method": "custom", "content": map[string]any{"event": "click"}}}, &recorder{})
		return
	}
	n.t.Fatalf("%s shows no button", cell)
}

func (n *notebook) eventually(what string, ok func() bool) {
	n.t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			n.t.Fatalf("waited for: %s", what)
		}
	}
}

func TestCallbacksPrintAndFailUnderTheirWidget(t *testing.T) {
	n := newNotebook(t)
	n.run("In[1]", "a", "n := 0\nlab.Button(\"b\").OnClick(func() {\n\tn++\n\tfmt.Println(\"press\", n)\n\tvar m map[string]int\n\tm[\"x\"]++\n})")
	n.run("In[2]", "b", `"another cell"`)
	n.press("In[1]")
	n.eventually("the failure", func() bool { return strings.Contains(n.cells["In[1]"].String(), "In[1]") })
	got := n.cells["In[1]"].String()
	for _, want := range []string{"press 1\n", "callback failed", "assignment to entry in nil map", ":6:"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %q", want, got)
		}
	}
	if other := n.cells["In[2]"].String(); other != "" {
		t.Errorf("the other cell shows %q", other)
	}
}

func TestNextInputIsAPayload(t *testing.T) {
	n := newNotebook(t)
	r := n.run("In[1]", "", `lab.NextInput("x := 1")`)
	if len(r.Payload) != 1 || r.Payload[0]["source"] != "set_next_input" || r.Payload[0]["text"] != "x := 1" || r.Payload[0]["replace"] != false {
		t.Errorf("payload %v", r.Payload)
	}
	if r := n.run("In[2]", "", "1"); len(r.Payload) != 0 {
		t.Errorf("the next cell has it too: %v", r.Payload)
	}
}

func TestAnInterruptEndsACallbackBetweenCells(t *testing.T) {
	n := newNotebook(t)
	n.run("In[1]", "a", "spins, ended := 0, false\nlab.Button(\"b\").OnClick(func() {\n\tdefer func() { ended = true }()\n\tfor {\n\t\tspins++\n\t}\n})")
	n.press("In[1]")
	n.eventually("the callback computes", func() bool { return n.run("In[2]", "b", "spins > 0").Result.Data["text/plain"] == "true" })
	n.local.Interrupt()
	n.eventually("the callback ends", func() bool { return n.run("In[3]", "b", "ended").Result.Data["text/plain"] == "true" })
	if out := n.cells["In[1]"].String(); out != "" {
		t.Errorf("the interrupt is reported as %q", out)
	}
}

func TestAnInterruptEndsADisplayMethod(t *testing.T) {
	n := newNotebook(t)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	r := n.try(ctx, "In[1]", "", "type E struct{ N int }\nfunc (e *E) HTML() string {\n\tfor {\n\t\te.N++\n\t}\n}\n&E{}")
	if r.Failure == nil || r.Failure.Name != "Interrupted" {
		t.Errorf("the cell ended with %+v", r)
	}
	if r := n.run("In[2]", "", "1+1"); r.Result.Data["text/plain"] != "2" {
		t.Errorf("the session does not go on: %v", r)
	}
}

func TestRunningACellAgainClosesItsWidgets(t *testing.T) {
	n := newNotebook(t)
	interact := `lab.Interact(func(n int) any { return n * n })`
	n.run("In[1]", "a", interact)
	open := len(n.local.Comms(""))
	for range 3 {
		n.run("In[2]", "a", interact)
	}
	if got := len(n.local.Comms("")); got != open || open == 0 {
		t.Errorf("%d widgets are open after four runs, %d after one", got, open)
	}
	n.run("In[3]", "a", `"nothing"`)
	if got := len(n.local.Comms("")); got != 0 {
		t.Errorf("%d widgets are left", got)
	}
}

// TestLeave checks the words by which people leave a console.
func TestLeave(t *testing.T) {
	n := newNotebook(t)
	for _, code := range []string{"exit", " quit()\n"} {
		r := n.run("In[1]", "", code)
		if len(r.Payload) != 1 || r.Payload[0]["source"] != "ask_exit" {
			t.Errorf("%q: %+v", code, r)
		}
	}
	n.run("In[2]", "", "exit := func() int { return 3 }")
	if r := n.run("In[3]", "", "exit()"); r.Result == nil || r.Result.Data["text/plain"] != "3" {
		t.Errorf("a function of that name: %+v", r)
	}
}
