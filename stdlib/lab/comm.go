package lab

import (
	"math"
	"os"
	"strings"
	"time"
)

const (
	widgetTarget  = "jupyter.widget"
	controlTarget = "jupyter.widget.control"
	widgetVersion = "2.1.0"
)

// grace is how long HandleComm waits for the callback it set off.
const grace = 150 * time.Millisecond

// HandleComm takes a message about a widget from the front end: the kernel
// calls it for every comm_open, comm_msg and comm_close of a client, and sends
// the message's idle status when it returns.
//
// A front end sends one change of a control and then keeps further ones back
// until that idle, passing on only the newest. So HandleComm waits for the
// callback of a change, up to 150 ms: quick callbacks set the pace of the
// slider by themselves and the front end drops what nobody would see. A longer
// one goes on by itself after that; the next change then cancels its context
// and is run as soon as it returns. HandleComm never waits for a running cell.
func HandleComm(m CommMessage) {
	switch m.Kind {
	case "open":
		openedByClient(m)
	case "close":
		registry.Lock()
		delete(registry.control, m.ID)
		if w := registry.byID[m.ID]; w != nil {
			w.open = false // shown again, it is opened again
			delete(registry.byID, m.ID)
		}
		registry.Unlock()
	case "msg":
		registry.Lock()
		w, control := registry.byID[m.ID], registry.control[m.ID]
		registry.Unlock()
		switch {
		case control:
			controlMessage(m)
		case w != nil:
			w.message(m)
		}
	}
}

// Comms lists the open comms of a target, "" for all: id to target name.
func Comms(target string) map[string]string {
	registry.Lock()
	defer registry.Unlock()
	out := map[string]string{}
	if target == "" || target == widgetTarget {
		for id := range registry.byID {
			out[id] = widgetTarget
		}
	}
	if target == "" || target == controlTarget {
		for id := range registry.control {
			out[id] = controlTarget
		}
	}
	return out
}

// openedByClient accepts the channel on which a page asks for all states. The
// rest is declined, which is to say not listed by Comms, and the kernel closes
// it: this side makes the widgets.
func openedByClient(m CommMessage) {
	if m.Target != controlTarget {
		return
	}
	registry.Lock()
	registry.control[m.ID] = true
	registry.Unlock()
}

// controlMessage answers a page that was loaded anew.
func controlMessage(m CommMessage) {
	if m.Data["method"] != "request_states" {
		return
	}
	registry.Lock()
	defer registry.Unlock()
	states := map[string]any{}
	var paths [][]any
	var buffers [][]byte
	for id, w := range registry.byID {
		state, p, b := split(w.full())
		states[id] = map[string]any{
			"model_name": state["_model_name"], "model_module": state["_model_module"],
			"model_module_version": state["_model_module_version"], "state": state,
		}
		for i := range p {
			paths, buffers = append(paths, append([]any{id, "state"}, p[i]...)), append(buffers, b[i])
		}
	}
	if paths == nil {
		paths = [][]any{}
	}
	_ = host().Comm(CommMessage{Kind: "msg", ID: m.ID, Buffers: buffers, Data: map[string]any{
		"method": "update_states", "states": states, "buffer_paths": paths}})
}

// announce opens the widget in the front end, what it refers to first. The
// registry is locked.
func (w *Widget) announce() {
	if w.open {
		return
	}
	for _, c := range append([]*Widget{w.layout, w.style}, w.children...) {
		if c != nil {
			c.announce()
		}
	}
	w.open = true
	registry.byID[w.id] = w
	state, paths, buffers := split(w.full())
	_ = host().Comm(CommMessage{Kind: "open", ID: w.id, Target: widgetTarget, Buffers: buffers,
		Metadata: map[string]any{"version": widgetVersion},
		Data:     map[string]any{"state": state, "buffer_paths": paths}})
}

// full is the whole state as the protocol has it.
func (w *Widget) full() map[string]any {
	out := w.kind.names()
	for k, v := range w.state {
		out[k] = v
	}
	return out
}

// send tells every page of a change. The registry is locked.
func (w *Widget) send(method string, changed map[string]any) {
	state, paths, buffers := split(changed)
	_ = host().Comm(CommMessage{Kind: "msg", ID: w.id, Buffers: buffers,
		Data: map[string]any{"method": method, "state": state, "buffer_paths": paths}})
}

// split takes binary values out of a state: they travel as buffers, and their
// places in buffer_paths. Numbers without a form in JSON become null.
func split(in map[string]any) (state map[string]any, paths [][]any, buffers [][]byte) {
	state, paths = map[string]any{}, [][]any{}
	for _, k := range sortedKeys(in) {
		if b, ok := in[k].([]byte); ok {
			paths, buffers = append(paths, []any{k}), append(buffers, b)
			continue
		}
		state[k] = finite(in[k])
	}
	return state, paths, buffers
}

// echoing is on unless the environment turns it off, as in ipywidgets. The
// echo keeps a second page of the same notebook in step.
var echoing = os.Getenv("JUPYTER_WIDGETS_ECHO") != "0"

// message handles what a page says about this widget.
func (w *Widget) message(m CommMessage) {
	switch m.Data["method"] {
	case "request_state":
		registry.Lock()
		w.send("update", w.full())
		registry.Unlock()
	case "update":
		state, _ := m.Data["state"].(map[string]any)
		w.update(withBuffers(state, m.Data["buffer_paths"], m.Buffers))
	case "custom":
		content, _ := m.Data["content"].(map[string]any)
		if content["event"] == "click" && w.kind.name == "Button" {
			registry.Lock()
			w.clicks++
			registry.Unlock()
			wait(w.fire())
		}
	}
}

// update takes over what the person changed. Other keys, such as the outputs
// an Output widget reports back, are neither kept nor answered: answering them
// would go round for ever.
func (w *Widget) update(state map[string]any) {
	registry.Lock()
	received, corrected := map[string]any{}, map[string]any{}
	valueChanged := false
	for _, key := range sortedKeys(state) {
		if !w.kind.byUser(key) {
			continue
		}
		received[key] = state[key]
		v, err := w.kind.accept(w, key, state[key])
		if err != nil {
			corrected[key] = w.state[key]
			continue
		}
		if f, isNumber := toFloat(state[key]); isNumber {
			if g, ok := toFloat(v); ok && g != f {
				corrected[key] = v
			}
		}
		if key == w.kind.value && !nearly(w.state[key], v) {
			valueChanged = true
		}
		w.state[key] = v
	}
	if echoing && len(received) > 0 {
		w.send("echo_update", received)
	}
	if len(corrected) > 0 {
		w.send("update", corrected)
	}
	registry.Unlock()
	if valueChanged {
		wait(w.fire())
	}
}

// nearly compares values, numbers up to rounding: a logarithmic slider sends
// its value back, through logarithm and power, as soon as it is drawn.
func nearly(a, b any) bool {
	x, okX := a.(float64)
	y, okY := b.(float64)
	return okX && okY && math.Abs(x-y) <= 1e-12*math.Abs(x) || same(a, b)
}

// wait gives a callback its grace.
func wait(done <-chan struct{}) {
	if done == nil {
		return
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
}

// withBuffers puts the binary values of a message back into its state.
func withBuffers(state map[string]any, paths any, buffers [][]byte) map[string]any {
	list, _ := paths.([]any)
	if len(list) == 0 {
		return state
	}
	out := map[string]any{}
	for k, v := range state {
		out[k] = v
	}
	for i, p := range list {
		if path, _ := p.([]any); len(path) == 1 && i < len(buffers) {
			if key, ok := path[0].(string); ok && !strings.HasPrefix(key, "_") {
				out[key] = buffers[i]
			}
		}
	}
	return out
}
