package worker

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/priorlab/priorlab/kernel/msg"
	"github.com/priorlab/priorlab/kernel/serve/client"
)

// tab is a notebook's page as the kernel sees it: a client that keeps all
// messages, each checked against its schema.
type tab struct {
	t    *testing.T
	k    *soaked
	c    *client.Client
	seen chan client.Message
}

func openPage(t *testing.T, k *soaked) *tab {
	p := &tab{t, k, k.client(t), make(chan client.Message, 10_000)}
	p.c.Watch(func(m client.Message) {
		if err := msg.Validate(m.Header.Type, m.Content); err != nil {
			t.Errorf("%v: %s", err, m.Content)
		}
		p.seen <- m
	})
	return p
}

// comm is the content of a comm message with the parts the tests look at.
type comm struct {
	ID   string `json:"comm_id"`
	Data struct {
		Method string                     `json:"method"`
		State  map[string]any             `json:"state"`
		States map[string]json.RawMessage `json:"states"`
		Paths  [][]any                    `json:"buffer_paths"`
	} `json:"data"`
}

func commOf(t *testing.T, m client.Message) comm {
	t.Helper()
	var c comm
	if err := json.Unmarshal(m.Content, &c); err != nil {
		t.Fatalf("%s: %v", m.Content, err)
	}
	return c
}

// wait returns the next message that fits.
func (p *tab) wait(what string, fits func(client.Message) bool) client.Message {
	p.t.Helper()
	limit := time.After(30 * time.Second)
	for {
		select {
		case m := <-p.seen:
			if fits(m) {
				return m
			}
		case <-limit:
			p.t.Fatalf("waited for %s", what)
		}
	}
}

func (p *tab) run(place, code string) *client.Outcome {
	p.t.Helper()
	return p.k.run(p.t, p.c, place, code)
}

// models are the ids of the widgets of one kind that an outcome opened.
func (p *tab) models(o *client.Outcome, name string) (ids []string) {
	for _, m := range o.Of("comm_open") {
		if c := commOf(p.t, m); c.Data.State["_model_name"] == name {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

func (p *tab) say(kind, id string, data map[string]any) string {
	p.t.Helper()
	h := p.c.NewHeader(kind)
	body := map[string]any{"comm_id": id, "data": data}
	if kind == "comm_open" {
		body["target_name"] = "jupyter.widget.control"
	}
	if err := p.c.SendMessage("shell", h, body, nil, nil); err != nil {
		p.t.Fatal(err)
	}
	return h.ID
}

func isIdleOf(id string) func(client.Message) bool {
	return func(m client.Message) bool {
		return m.Header.Type == "status" && m.Parent.ID == id && strings.Contains(string(m.Content), "idle")
	}
}

// Trap: a page that is loaded again asks for all states, with the binary ones
// beside them, or for the open comms and each state.
func TestTrapPageReload(t *testing.T) {
	k := soakedKernel(t)
	o := openPage(t, k).run("a", "pic := lab.Image([]byte(\"binary\\x00\"), 0, 0)\nlab.VBox(lab.IntSlider(\"n\", 3, 0, 9), pic)")
	p := openPage(t, k) // another tab, or the same after its reload
	slider := p.models(o, "IntSliderModel")[0]
	p.say("comm_open", "control", map[string]any{})
	p.say("comm_msg", "control", map[string]any{"method": "request_states"})
	m := p.wait("the states", func(m client.Message) bool { return m.Header.Type == "comm_msg" })
	got := commOf(t, m)
	if got.ID != "control" || got.Data.Method != "update_states" || len(got.Data.States) != len(o.Of("comm_open")) ||
		!strings.Contains(string(got.Data.States[slider]), `"value":3`) {
		t.Errorf("%s", m.Content)
	}
	if len(m.Buffers) != 1 || string(m.Buffers[0]) != "binary\x00" || got.Data.Paths[0][2] != "value" {
		t.Errorf("buffers %q at %v", m.Buffers, got.Data.Paths)
	}
	p.say("comm_close", "control", map[string]any{})

	info, err := p.c.Request(t.Context(), "shell", "comm_info_request", map[string]any{"target_name": "jupyter.widget"})
	if err != nil {
		t.Fatal(err)
	}
	var open msg.CommInfoReply
	if err := json.Unmarshal(info.Reply.Content, &open); err != nil || len(open.Comms) != len(o.Of("comm_open")) {
		t.Errorf("open are %s", info.Reply.Content)
	}
	p.say("comm_msg", slider, map[string]any{"method": "request_state"})
	m = p.wait("one state", func(m client.Message) bool { return m.Header.Type == "comm_msg" && commOf(t, m).ID == slider })
	if s := commOf(t, m).Data.State; s["value"] != 3.0 || s["_model_name"] != "IntSliderModel" {
		t.Errorf("%s", m.Content)
	}
}

// Trap: a comm that nothing takes is closed, and once.
func TestTrapUnknownCommTargetIsClosedOnce(t *testing.T) {
	p := openPage(t, soakedKernel(t))
	h := p.c.NewHeader("comm_open")
	if err := p.c.SendMessage("shell", h, map[string]any{"comm_id": "mine", "target_name": "nobody", "data": map[string]any{}}, nil, nil); err != nil {
		t.Fatal(err)
	}
	closed := 0
	for idle := isIdleOf(h.ID); ; closed++ {
		if m := p.wait("the idle", func(m client.Message) bool { return m.Header.Type == "comm_close" || idle(m) }); idle(m) {
			break
		}
	}
	if closed != 1 {
		t.Errorf("it is closed %d times", closed)
	}
}

// Trap: what a callback prints belongs to the cell that shows the control; the
// echo comes first, and goes to every page.
func TestTrapCallbackOutputLandsUnderItsWidget(t *testing.T) {
	k := soakedKernel(t)
	p, other := openPage(t, k), openPage(t, k)
	o := p.run("a", "s := lab.IntSlider(\"n\", 3, 0, 9)\ns.OnChange(func(v int) { fmt.Println(\"moved to\", v) })\ns")
	p.run("b", `"another cell"`)
	slider := p.models(o, "IntSliderModel")[0]
	for len(p.seen) > 0 {
		<-p.seen
	}
	id := p.say("comm_msg", slider, map[string]any{"method": "update", "state": map[string]any{"value": 7}, "buffer_paths": []any{}})
	for _, page := range []*tab{other, p} {
		m := page.wait("the echo", func(m client.Message) bool { return m.Header.Type == "comm_msg" })
		if c := commOf(t, m); c.Data.Method != "echo_update" || c.Data.State["value"] != 7.0 || c.ID != slider {
			t.Errorf("%s", m.Content)
		}
	}
	var m client.Message
	idle := false // may come before the text, when the callback is slow
	for m.Header.Type != "stream" {
		m = p.wait("the text", func(m client.Message) bool { return m.Header.Type == "stream" || isIdleOf(id)(m) })
		idle = idle || m.Header.Type == "status"
	}
	if m.Parent.ID != o.Reply.Parent.ID || !strings.Contains(string(m.Content), "moved to 7") {
		t.Errorf("%s under %s, the cell is %s", m.Content, m.Parent.ID, o.Reply.Parent.ID)
	}
	if !idle {
		p.wait("the idle", isIdleOf(id))
	}
}

// Trap: an interrupt while nothing runs but a callback.
func TestTrapInterruptReachesACallback(t *testing.T) {
	p := openPage(t, soakedKernel(t))
	o := p.run("a", "lab.Button(\"b\").OnClick(func() {\n\tdefer fmt.Println(\"ended\")\n\tfmt.Println(\"begun\")\n\tfor {\n\t}\n})")
	p.say("comm_msg", p.models(o, "ButtonModel")[0], map[string]any{"method": "custom", "content": map[string]any{"event": "click"}})
	printed := func(text string) func(client.Message) bool {
		return func(m client.Message) bool {
			return m.Header.Type == "stream" && strings.Contains(string(m.Content), text)
		}
	}
	p.wait("the callback", printed("begun"))
	if _, err := p.c.Request(t.Context(), "control", "interrupt_request", map[string]any{}); err != nil {
		t.Fatal(err)
	}
	p.wait("its end", printed("ended"))
}

// Trap: a cell that is run again leaves no widgets of its former run behind.
func TestTrapRunningACellAgainClosesItsWidgets(t *testing.T) {
	p := openPage(t, soakedKernel(t))
	code := `lab.Interact(func(n int) any { return n * n })`
	first := p.run("a", code)
	var opened, closed []string
	for _, m := range first.Of("comm_open") {
		opened = append(opened, commOf(t, m).ID)
	}
	for _, m := range p.run("a", code).Of("comm_close") {
		closed = append(closed, commOf(t, m).ID)
	}
	slices.Sort(opened)
	slices.Sort(closed)
	if len(opened) == 0 || !slices.Equal(opened, closed) {
		t.Errorf("opened %v\nclosed %v", opened, closed)
	}
}
