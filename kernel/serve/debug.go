package serve

import (
	"encoding/json"
)

// Debugger is what a Backend implements in addition when its cells can be
// debugged. Requests and responses are those of the Debug Adapter Protocol with
// Jupyter's additions, which package dap speaks; the kernel advertises a
// debugger exactly when a Backend implements this.
type Debugger interface {
	// Debug answers one request, such as {"seq": 3, "type": "request",
	// "command": "setBreakpoints", ...}. It may be called while a cell runs or
	// stands at a breakpoint.
	Debug(request json.RawMessage) (response json.RawMessage)
	// DebugEvents gives the function that publishes events. It is called once,
	// before the first request.
	DebugEvents(publish func(event json.RawMessage))
}

// debugger answers debug_requests in their order, on a goroutine of its own: an
// evaluation that lasts must not hold up an interrupt. Without a Debugger there
// is no reply; clients that read kernel_info do not ask.
type debugger struct {
	k     *kernel
	d     Debugger // nil when the Backend is none
	queue *queue
}

func newDebugger(k *kernel) *debugger {
	d, _ := k.backend.(Debugger)
	return &debugger{k: k, d: d, queue: newQueue()}
}

func (d *debugger) loop() {
	if d.d == nil {
		return
	}
	d.d.DebugEvents(func(event json.RawMessage) {
		d.k.iopub.send(d.k.iopub.cause(), "debug_event", event, nil, nil)
	})
	for {
		r := d.queue.take()
		if r == nil {
			return
		}
		d.k.serve(r, func(_ *kernel, r *request) (any, error) { return d.d.Debug(r.content), nil })
		d.queue.done()
	}
}

func (d *debugger) put(r *request) {
	if d.d != nil {
		d.queue.put(r)
	}
}
