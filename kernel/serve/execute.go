package serve

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/priorlab/priorlab/kernel/msg"
	"github.com/priorlab/priorlab/stdlib/lab"
)

// execute serves one execute_request: busy, execute_input, what the cell shows,
// result or error, reply, idle.
func (s *shell) execute(ctx context.Context, r *request) {
	k := s.k
	k.iopub.busy(r.parent, true)
	defer k.iopub.idle(r.parent)
	if s.aborted(r) {
		k.reply(r, msg.AbortedReply{Status: "aborted"})
		return
	}
	req, err := decoded(r, msg.ExecuteDefaults)
	if err == nil && req.Code == nil {
		err = fmt.Errorf("execute_request: %q is missing", "code")
	}
	if err != nil {
		k.reply(r, failedReply(&Failure{Name: "BadRequest", Value: err.Error()}, k.lastCount()))
		return
	}
	reply, failed := s.run(ctx, r, req)
	if failed && req.StopOnError {
		s.abortRest(ctx, r)
	}
	k.reply(r, reply)
}

func (k *kernel) lastCount() int { return int(k.cells.Load()) }

// run executes a decoded request and reports whether the cell failed.
func (s *shell) run(ctx context.Context, r *request, req msg.ExecuteRequest) (reply msg.ExecuteReply, failed bool) {
	k := s.k
	out := newOutput(k, r, ctx)
	out.silent, out.stdin = req.Silent, req.AllowStdin
	x, stores := k.cell(req)
	x.Place = cellPlace(r)
	if !req.Silent {
		k.iopub.send(r.parent, "execute_input", msg.Encode(msg.ExecuteInput{Code: x.Code, ExecutionCount: x.Count}), nil, nil)
	}
	var res Reply
	if strings.TrimSpace(x.Code) != "" {
		res = k.runGuarded(ctx, x, out)
	}
	out.end()
	count := x.Count
	if count == 0 {
		count = k.lastCount()
	}
	if stores {
		k.history.Add(x.Count, x.Code, plainText(res.Result))
	}
	if res.Failure != nil {
		reply = failedReply(res.Failure, count)
		out.show("error", *reply.Error)
		return reply, true
	}
	if res.Result != nil && len(res.Result.Data) > 0 {
		data, meta := wireBundle(*res.Result)
		out.show("execute_result", msg.ExecuteResult{ExecutionCount: count, Data: data, Metadata: meta})
	}
	reply = msg.ExecuteReply{Status: "ok", ExecutionCount: count, Payload: res.Payload}
	reply.UserExpressions = k.expressions(ctx, req.UserExpressions)
	if reply.Payload == nil {
		reply.Payload = []map[string]any{}
	}
	return reply, false
}

// cell numbers a request. A cell that is not stored uses no number up: it shows
// the next one, and a silent or empty one shows none.
func (k *kernel) cell(req msg.ExecuteRequest) (x Execution, stores bool) {
	x = Execution{Code: *req.Code, Silent: req.Silent, Cell: "In[ ]"}
	switch {
	case req.Silent:
	case !req.Stores() || strings.TrimSpace(x.Code) == "":
		x.Count = k.lastCount() + 1
	default:
		x.Count, stores = int(k.cells.Add(1)), true
		x.Cell = fmt.Sprintf("In[%d]", x.Count)
	}
	return x, stores
}

// cellPlace is the id of the notebook's cell, which JupyterLab puts into the
// metadata. Running a cell again replaces what it had shown.
func cellPlace(r *request) string {
	var meta struct {
		CellID string `json:"cellId"`
	}
	_ = json.Unmarshal(r.meta, &meta) // without it the cell has no known place
	return meta.CellID
}

// runGuarded keeps the kernel alive through a panic of the backend itself.
func (k *kernel) runGuarded(ctx context.Context, x Execution, out Output) (res Reply) {
	defer func() {
		if p := recover(); p != nil {
			k.logf("evaluator failed on %s: %v\n%s", x.Cell, p, debug.Stack())
			res = Reply{Failure: &Failure{Name: "InternalError",
				Value: fmt.Sprintf("the evaluator failed: %v; the kernel goes on, its log has the details", p)}}
		}
	}()
	return k.backend.Execute(ctx, x, out)
}

func failedReply(f *Failure, count int) msg.ExecuteReply {
	e := wireError(f)
	return msg.ExecuteReply{Status: "error", ExecutionCount: count,
		UserExpressions: map[string]any{}, Payload: []map[string]any{}, Error: &e}
}

// expressions evaluates user_expressions; a failing one fails alone.
func (k *kernel) expressions(ctx context.Context, wanted map[string]string) map[string]any {
	values := make(map[string]any, len(wanted))
	for name, expr := range wanted {
		b, failure := k.evaluate(ctx, expr)
		if failure != nil {
			values[name] = msg.ErrorReply{Status: "error", Error: wireError(failure)}
			continue
		}
		data, meta := wireBundle(b)
		values[name] = msg.ExpressionValue{Status: "ok", Data: data, Metadata: meta}
	}
	return values
}

func (k *kernel) evaluate(ctx context.Context, expr string) (b lab.Bundle, f *Failure) {
	defer func() {
		if p := recover(); p != nil {
			f = &Failure{Name: "InternalError", Value: fmt.Sprint(p)}
		}
	}()
	return k.backend.Evaluate(ctx, expr)
}

func plainText(b *lab.Bundle) string {
	if b == nil {
		return ""
	}
	text, _ := b.Data["text/plain"].(string)
	return text
}
