package lab

import (
	"context"
	"encoding/json"
	"reflect"
	"sync/atomic"
	"testing"
	"time"
)

func TestEchoThenCallback(t *testing.T) {
	h := useHost(t, true)
	w := IntSlider("a", 1, 0, 9)
	echoed := false
	w.OnChange(func(v int) { echoed = len(h.sent()) == 1 && v == 4 })
	Show(w)
	h.sent()
	move(w, "value", json.Number("4"))
	if w.Value() != 4 || !echoed {
		t.Errorf("value %v; callback saw the echo: %v", w.Value(), echoed)
	}
}

func TestEchoIsAsReceived(t *testing.T) {
	h := useHost(t, true)
	w := FloatSlider("a", 1, 0, 9)
	Show(w)
	h.sent()
	move(w, "value", 5) // an int for 5.0
	msgs := h.sent()
	if len(msgs) != 1 || msgs[0].Data["method"] != "echo_update" || !reflect.DeepEqual(msgs[0].Data["state"], map[string]any{"value": 5}) {
		t.Errorf("messages %v", msgs)
	}
	if w.Value() != 5.0 {
		t.Errorf("value %v", w.Value())
	}
	move(w, "value", 99.0) // beyond the end: corrected
	msgs = h.sent()
	if len(msgs) != 2 || msgs[1].Data["method"] != "update" || msgs[1].Data["state"].(map[string]any)["value"] != 9.0 {
		t.Errorf("correction: %v", msgs)
	}
	move(w, "value", "evil")
	msgs = h.sent()
	if len(msgs) != 2 || msgs[1].Data["state"].(map[string]any)["value"] != 9.0 || w.Float() != 9 {
		t.Errorf("a wrong type: %v, value %v", msgs, w.Value())
	}
}

// A logarithmic slider sends its value back when it is drawn, off by rounding.
func TestRoundingIsNoChange(t *testing.T) {
	useHost(t, true)
	w := FloatLogSlider("a", 5, 1, 100)
	n := 0
	w.OnChange(func() { n++ })
	Show(w)
	move(w, "value", 4.999999999999994)
	if n != 0 {
		t.Error("rounding set off a callback")
	}
	move(w, "value", 5.1)
	if n != 1 {
		t.Errorf("%d callbacks", n)
	}
}

// An Output widget reports its outputs back. Nothing may follow from that.
func TestOutputWritesBack(t *testing.T) {
	h := useHost(t, true)
	o := Output()
	Show(o)
	o.Show("a", 2)
	msgs := h.sent()
	outs := msgs[1].Data["state"].(map[string]any)["outputs"].([]any)
	first := outs[0].(map[string]any)
	if len(outs) != 2 || first["output_type"] != "display_data" || first["data"].(map[string]any)["text/plain"] != "a" {
		t.Errorf("outputs %v", outs)
	}
	HandleComm(CommMessage{Kind: "msg", ID: o.ID(), Data: map[string]any{"method": "update", "state": map[string]any{"outputs": []any{}, "msg_id": "x"}}})
	if msgs := h.sent(); len(msgs) != 0 {
		t.Errorf("answered %v", msgs)
	}
}

func TestRequestStates(t *testing.T) {
	h := useHost(t, true)
	pic := Image([]byte("abc"), 0, 0)
	box := VBox(IntSlider("a", 3, 0, 9), pic)
	Show(box)
	h.sent()
	HandleComm(CommMessage{Kind: "open", ID: "ctl", Target: "jupyter.widget.control", Data: map[string]any{}})
	if Comms("jupyter.widget.control")["ctl"] == "" {
		t.Error("the control comm is not listed")
	}
	HandleComm(CommMessage{Kind: "msg", ID: "ctl", Data: map[string]any{"method": "request_states"}})
	msgs := h.sent()
	if len(msgs) != 1 || msgs[0].ID != "ctl" || msgs[0].Data["method"] != "update_states" {
		t.Fatalf("answer %v", msgs)
	}
	states := msgs[0].Data["states"].(map[string]any)
	one := states[box.ID()].(map[string]any)
	if len(states) != 3 || one["model_name"] != "VBoxModel" || one["model_module"] != controlsModule || one["model_module_version"] != "2.0.0" {
		t.Errorf("states %v", states)
	}
	if p := msgs[0].Data["buffer_paths"].([][]any); len(p) != 1 || !reflect.DeepEqual(p[0], []any{pic.ID(), "state", "value"}) || string(msgs[0].Buffers[0]) != "abc" {
		t.Errorf("buffers at %v: %q", p, msgs[0].Buffers)
	}
	HandleComm(CommMessage{Kind: "close", ID: "ctl"})
	if len(Comms("jupyter.widget.control")) != 0 {
		t.Error("the control comm is still open")
	}
	HandleComm(CommMessage{Kind: "msg", ID: box.ID(), Data: map[string]any{"method": "request_state"}})
	if msgs = h.sent(); len(msgs) != 1 || msgs[0].Data["state"].(map[string]any)["_model_name"] != "VBoxModel" {
		t.Errorf("one state: %v", msgs)
	}
}

func TestUnknownComms(t *testing.T) {
	h := useHost(t, true)
	HandleComm(CommMessage{Kind: "open", ID: "x", Target: "somebody.else"})
	if msgs := h.sent(); len(msgs) != 0 || len(Comms("")) != 0 { // the kernel closes what is not listed
		t.Errorf("a foreign target: %v, open are %v", msgs, Comms(""))
	}
	// None of these may do anything.
	HandleComm(CommMessage{Kind: "msg", ID: "none", Data: map[string]any{"method": "update"}})
	HandleComm(CommMessage{Kind: "close", ID: "none"})
	HandleComm(CommMessage{Kind: "dance"})
	w := Button("b")
	Show(w)
	h.sent()
	for _, data := range []map[string]any{nil, {"method": 3}, {"method": "update", "state": "x"}, {"method": "custom"},
		{"method": "custom", "content": map[string]any{"event": 1}}, {"method": "update", "state": map[string]any{"_model_name": "evil"}}} {
		HandleComm(CommMessage{Kind: "msg", ID: w.ID(), Data: data})
	}
	if msgs := h.sent(); len(msgs) != 0 || w.Value() != 0 {
		t.Errorf("answered %v, clicks %v", msgs, w.Value())
	}
}

func TestButtonsAndSelections(t *testing.T) {
	useHost(t, true)
	b := Button("b")
	clicks := 0
	b.OnClick(func() { clicks++ })
	d := Dropdown("d", []string{"x", "y"}, "x")
	chosen := ""
	d.OnChange(func(s string) { chosen = s })
	tb := ToggleButtons("t", []int{10, 20}, 10)
	tab := Tab([]string{"a", "b"}, Label(""), Label(""))
	pl := Play(0, 0, 9, 100)
	Show(VBox(b, d, tb, tab, pl))
	click(b)
	click(b)
	move(d, "index", 1.0)
	move(tb, "index", 1.0)
	click(tb) // the extra click event of ToggleButtons is no second change
	move(tab, "selected_index", 1)
	move(pl, "value", 4)
	move(pl, "playing", true)
	if clicks != 2 || b.Value() != 2 || chosen != "y" || tb.Value() != 20 || tab.Value() != 1 || pl.Value() != 4 || pl.Get("playing") != true {
		t.Errorf("clicks %d %v, chosen %q, toggle %v, tab %v, play %v %v", clicks, b.Value(), chosen, tb.Value(), tab.Value(), pl.Value(), pl.Get("playing"))
	}
	move(d, "index", 7.0)
	if d.Index() != 1 {
		t.Errorf("an index beyond the options was taken: %d", d.Index())
	}
}

// Latest value wins: one callback at a time, the newest value next, the rest
// never; and the callback that became obsolete is told so.
func TestLatestValueWins(t *testing.T) {
	useHost(t, true)
	w := IntSlider("a", 0, 0, 100)
	var running, most, calls atomic.Int32
	var cancelled atomic.Int32
	last := make(chan int, 100)
	started := make(chan bool, 100)
	w.OnChange(func(ctx context.Context, v int) {
		if n := running.Add(1); n > most.Load() {
			most.Store(n)
		}
		defer running.Add(-1)
		calls.Add(1)
		started <- true
		if v == 1 {
			<-ctx.Done()
			cancelled.Add(1)
		}
		last <- v
	})
	Show(w)
	begin := time.Now()
	move(w, "value", 1) // returns after its grace although the callback goes on
	if d := time.Since(begin); d < grace/2 || d > 20*grace {
		t.Errorf("HandleComm took %v, the grace is %v", d, grace)
	}
	<-started
	done := make(chan bool)
	go func() {
		for v := 2; v <= 50; v++ {
			move(w, "value", v)
		}
		close(done)
	}()
	<-done
	eventually(t, "the newest value has been delivered", func() bool {
		for {
			select {
			case v := <-last:
				if v == 50 {
					return true
				}
			default:
				return false
			}
		}
	})
	if most.Load() != 1 || cancelled.Load() != 1 {
		t.Errorf("%d at once, %d cancelled", most.Load(), cancelled.Load())
	}
}

// While one callback blocks, many values come; only the newest is delivered.
func TestValuesDoNotQueue(t *testing.T) {
	useHost(t, true)
	w := IntSlider("a", 0, 0, 100)
	other := IntSlider("b", 0, 0, 100)
	release, started := make(chan bool), make(chan bool, 3)
	var got []int
	w.OnChange(func(v int) {
		started <- true
		if v == 1 {
			<-release
		}
		got = append(got, v)
	})
	otherCalls := make(chan int, 10)
	other.OnChange(func(v int) { otherCalls <- v })
	Show(VBox(w, other))
	_ = w.Set(1)
	<-started
	_ = w.Set(2)
	_ = w.Set(3)
	_ = other.Set(9)
	close(release)
	if v := <-otherCalls; v != 9 {
		t.Errorf("the other control's callback got %d", v)
	}
	if !reflect.DeepEqual(got, []int{1, 3}) {
		t.Errorf("delivered %v, want the first and the newest", got)
	}
}

func TestCallbackPanicsAreContained(t *testing.T) {
	useHost(t, true)
	w := IntSlider("a", 0, 0, 100)
	n := 0
	w.OnChange(func(v int) {
		n++
		if v == 1 {
			panic("boom")
		}
	})
	Show(w)
	move(w, "value", 1)
	move(w, "value", 2)
	if n != 2 {
		t.Errorf("%d calls, want 2", n)
	}
}

func TestCancelCallbacks(t *testing.T) {
	useHost(t, true)
	w := IntSlider("a", 0, 0, 100)
	ended := make(chan error, 1)
	w.OnChange(func() { <-Context().Done(); ended <- Context().Err() })
	Show(w)
	_ = w.Set(1)
	eventually(t, "the callback ends", func() bool {
		CancelCallbacks()
		select {
		case err := <-ended:
			return err != nil
		default:
			return false
		}
	})
}

func TestLinks(t *testing.T) {
	h := useHost(t, true)
	a, b, c := IntSlider("a", 3, 0, 9), FloatSlider("b", 0, 0, 9), Label("")
	Link(a, b)
	Follow(a, c)
	if b.Value() != 3.0 {
		t.Errorf("at first %v", b.Value())
	}
	Show(VBox(a, b))
	move(b, "value", 7.0)
	if a.Value() != 7 {
		t.Errorf("a is %v", a.Value())
	}
	move(b, "value", 7.5) // has no whole number: a stays
	if a.Value() != 7 {
		t.Errorf("a is %v", a.Value())
	}
	h.sent()
	l := LinkInPage(a, "value", b, "value")
	msgs := h.sent()
	state := msgs[len(msgs)-1].Data["state"].(map[string]any)
	if state["_model_name"] != "LinkModel" || state["_view_name"] != nil ||
		!reflect.DeepEqual(state["source"], []any{reference(a), "value"}) || l.ID() != msgs[len(msgs)-1].ID {
		t.Errorf("link %v", state)
	}
}

func FuzzHandleComm(f *testing.F) {
	for _, s := range []string{`{"method":"update","state":{"value":3}}`, `{"method":"custom","content":{"event":"click"}}`,
		`{"method":"request_states"}`, `{"method":"update","state":{"index":-1,"value":[1]},"buffer_paths":[["value"]]}`} {
		f.Add(s, "msg", 0)
	}
	h := &fakeHost{widgets: true, ctx: context.Background()}
	f.Fuzz(func(t *testing.T, text, kind string, which int) {
		SetHost(h)
		Reset()
		var all []*Widget
		for _, w := range referenceWidgets() {
			all = append(all, w)
		}
		Show(VBox(all...))
		h.sent()
		var data map[string]any
		if json.Unmarshal([]byte(text), &data) != nil {
			return
		}
		for _, w := range all {
			HandleComm(CommMessage{Kind: kind, ID: w.ID(), Data: data, Buffers: [][]byte{{1}}})
		}
		for _, m := range h.sent() {
			if _, err := json.Marshal(m.Data); err != nil {
				t.Errorf("%v cannot be sent: %v", m.Data, err)
			}
		}
	})
}
