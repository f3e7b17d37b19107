package serve

import (
	"context"
	"encoding/json"
	"runtime/debug"
	"strings"

	"github.com/priorlab/priorlab/kernel/msg"
	"github.com/priorlab/priorlab/stdlib/lab"
)

// comm serves comm_open, comm_msg and comm_close. They have no reply, but the
// idle after them counts: a slider holds its next value back until it comes.
func (s *shell) comm(ctx context.Context, r *request) {
	k := s.k
	k.iopub.busy(r.parent, true)
	defer k.iopub.idle(r.parent)
	content, err := decoded(r, msg.Comm{})
	if err != nil || content.ID == "" {
		k.logf("%s dropped: %v", r.header.Type, err)
		return
	}
	out := newOutput(k, r, ctx)
	defer out.end()
	defer func() {
		if p := recover(); p != nil {
			k.logf("%s handler failed: %v\n%s", r.header.Type, p, debug.Stack())
		}
	}()
	m := lab.CommMessage{
		Kind: strings.TrimPrefix(r.header.Type, "comm_"), ID: content.ID,
		Target: content.Target, Data: content.Data, Buffers: r.buffers,
	}
	_ = json.Unmarshal(r.meta, &m.Metadata) // absent or odd metadata is none
	k.backend.Comm(ctx, m, out)
	if m.Kind == "open" && !k.isOpen(m) {
		out.Comm(lab.CommMessage{Kind: "close", ID: m.ID})
	}
}

// widgetControl is the target over which a page asks for the state of all
// widgets. Its comms live for one question and need not be listed.
const widgetControl = "jupyter.widget.control"

// isOpen reports whether the backend took the comm that was opened.
func (k *kernel) isOpen(m lab.CommMessage) bool {
	_, listed := k.backend.Comms("")[m.ID]
	return listed || m.Target == widgetControl
}
