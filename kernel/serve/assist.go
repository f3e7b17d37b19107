package serve

import (
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/priorlab/priorlab/kernel/msg"
)

// patience is how long a question or a comm message waits for the cells before
// it in the same shell, so that it sees their effect; then it is answered beside
// them.
const patience = 150 * time.Millisecond

// assistant answers questions that a running cell must not hold up.
type assistant struct {
	k     *kernel
	queue *queue
}

func (a *assistant) loop() {
	for {
		r := a.queue.take()
		if r == nil {
			return
		}
		if sh := a.k.shells.get(r.header.Subshell); sh != nil && r.header.Type != "kernel_info_request" {
			sh.cells.queue.passedWithin(a.k.ctx, r, patience)
		}
		a.k.serve(r, assists[r.header.Type])
		a.queue.done()
	}
}

var assists = map[string]answer{
	"kernel_info_request": kernelInfo,
	"complete_request":    complete,
	"inspect_request":     inspect,
	"is_complete_request": isComplete,
	"history_request":     historyReply,
	"comm_info_request":   commInfo,
	"connect_request":     connectInfo,
}

func kernelInfo(k *kernel, _ *request) (any, error) {
	return msg.KernelInfoReply{
		Status: "ok", ProtocolVersion: msg.Version,
		Implementation: k.opt.Implementation, ImplementationVersion: k.opt.Version,
		Banner: k.opt.Banner, Debugger: k.debug.d != nil, HelpLinks: k.opt.HelpLinks,
		SupportedFeatures: []string{"kernel subshells"},
		LanguageInfo: msg.LanguageInfo{
			Name: "go", Version: k.opt.LanguageVersion, MIMEType: "text/x-go", FileExtension: ".go",
			PygmentsLexer: "go", CodemirrorMode: "go", NBConvertExporter: "script",
		},
	}, nil
}

// cursor brings a position into the code, in code points; absent means the end.
func cursor(code string, at *int) int {
	n := utf8.RuneCountInString(code)
	if at == nil {
		return n
	}
	return max(0, min(*at, n))
}

func complete(k *kernel, r *request) (any, error) {
	req, err := decoded(r, msg.CompleteRequest{})
	if err != nil {
		return nil, err
	}
	at := cursor(req.Code, req.CursorPos)
	c := k.backend.Complete(req.Code, at)
	reply := msg.CompleteReply{Status: "ok", Matches: c.Matches, Metadata: map[string]any{},
		CursorStart: cursor(req.Code, &c.Start), CursorEnd: cursor(req.Code, &c.End)}
	if len(c.Matches) == 0 {
		reply.Matches, reply.CursorStart, reply.CursorEnd = []string{}, at, at
	}
	if len(c.Types) == len(c.Matches) && len(c.Types) > 0 {
		reply.Metadata["_jupyter_types_experimental"] = completionTypes(c, reply)
	}
	return reply, nil
}

func completionTypes(c Completion, reply msg.CompleteReply) []msg.CompletionType {
	types := make([]msg.CompletionType, len(c.Matches))
	for i, m := range c.Matches {
		types[i] = msg.CompletionType{Start: reply.CursorStart, End: reply.CursorEnd, Text: m, Type: c.Types[i]}
		if len(c.Signatures) == len(c.Matches) {
			types[i].Signature = c.Signatures[i]
		}
	}
	return types
}

func inspect(k *kernel, r *request) (any, error) {
	req, err := decoded(r, msg.InspectRequest{})
	if err != nil {
		return nil, err
	}
	reply := msg.InspectReply{Status: "ok", Data: map[string]any{}, Metadata: map[string]any{}}
	if b, found := k.backend.Inspect(req.Code, cursor(req.Code, req.CursorPos), req.DetailLevel); found {
		reply.Found = true
		reply.Data, reply.Metadata = wireBundle(b)
	}
	return reply, nil
}

func isComplete(k *kernel, r *request) (any, error) {
	req, err := decoded(r, msg.IsCompleteRequest{})
	if err != nil {
		return nil, err
	}
	status, indent := k.backend.IsComplete(req.Code)
	reply := msg.IsCompleteReply{Status: status}
	if status == "incomplete" {
		indent = strings.ReplaceAll(indent, "\t", "    ") // consoles show a tab as ^I
		reply.Indent = &indent
	}
	return reply, nil
}

func commInfo(k *kernel, r *request) (any, error) {
	req, err := decoded(r, msg.CommInfoRequest{})
	if err != nil {
		return nil, err
	}
	target := ""
	if req.TargetName != nil {
		target = *req.TargetName
	}
	reply := msg.CommInfoReply{Status: "ok", Comms: map[string]msg.CommTarget{}}
	for id, name := range k.backend.Comms(target) {
		reply.Comms[id] = msg.CommTarget{TargetName: name}
	}
	return reply, nil
}

// connectInfo repeats the ports of the connection file.
func connectInfo(k *kernel, _ *request) (any, error) {
	return msg.ConnectReply{Status: "ok", ShellPort: k.conn.ShellPort, IOPubPort: k.conn.IOPubPort,
		StdinPort: k.conn.StdinPort, ControlPort: k.conn.ControlPort, HeartbeatPort: k.conn.HeartbeatPort}, nil
}

func historyReply(k *kernel, r *request) (any, error) {
	req, err := decoded(r, msg.HistoryRequest{AccessType: "tail"})
	if err != nil {
		return nil, err
	}
	q, err := historyQuery(req)
	if err != nil {
		return nil, err
	}
	entries, err := k.history.Find(q)
	if err != nil {
		return nil, &Failure{Name: "HistoryError", Value: err.Error()}
	}
	list := make([][]any, 0, len(entries))
	for _, e := range entries {
		var text any = e.Input
		if req.Output {
			text = []any{e.Input, orNil(e.Output)}
		}
		list = append(list, []any{e.Session, e.Line, text})
	}
	return msg.HistoryReply{Status: "ok", History: list}, nil
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

var errAccess = errors.New(`history_request: hist_access_type must be "tail", "range" or "search"`)
