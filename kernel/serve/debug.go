package serve

import "encoding/json"

// Debugger is what a Backend implements in addition when it can be debugged.
// Requests and responses are those of the Debug Adapter Protocol with Jupyter's
// additions; the kernel advertises a debugger exactly when this is there.
type Debugger interface {
	// Debug answers one request, such as {"command": "setBreakpoints", ...},
	// with a response that has request_seq, success and command.
	Debug(request json.RawMessage) (response json.RawMessage)
	// DebugEvents gives the function that publishes events.
	DebugEvents(publish func(event json.RawMessage))
}

// debug serves debug_request. Without a debugger there is no reply, and clients
// that read kernel_info do not ask.
func (k *kernel) debug(r *request) {
	d, ok := k.backend.(Debugger)
	if !ok {
		return
	}
	k.serve(r, func(k *kernel, r *request) (any, error) { return d.Debug(r.content), nil })
}
