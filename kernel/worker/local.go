package worker

import (
	"context"
	"io"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/priorlab/priorlab/kernel/assist"
	"github.com/priorlab/priorlab/kernel/cell"
	"github.com/priorlab/priorlab/kernel/serve"
	"github.com/priorlab/priorlab/kernel/serve/dap"
	"github.com/priorlab/priorlab/stdlib/lab"
)

// Local runs cells in this process. One cell runs at a time; questions about
// code and comm messages are answered meanwhile.
type Local struct {
	*dap.Adapter // makes its cells ones that can be debugged
	session      *cell.Session
	target       *localTarget
	running      sync.Mutex // held by the cell that runs
	host         *host
}

// NewLocal starts a session. Cells read stdin through their client, and print
// to stdout and stderr when these are set; otherwise to the Output of the cell
// that started the printing goroutine.
func NewLocal(stdout, stderr io.Writer) (*Local, error) {
	l := &Local{host: &host{outputs: map[string]cellOutput{}}}
	if stdout == nil {
		stdout = l.host.writer("stdout", nil)
	} else {
		stdout = l.host.writer("stdout", stdout)
	}
	if stderr == nil {
		stderr = l.host.writer("stderr", nil)
	} else {
		stderr = l.host.writer("stderr", stderr)
	}
	s, err := cell.NewSession(cell.Options{Stdout: stdout, Stderr: stderr, Stdin: &lineReader{host: l.host}, Host: l.host})
	if err != nil {
		return nil, err
	}
	l.session, l.host.session = s, s
	l.target = newLocalTarget(s)
	l.Adapter = dap.New(context.Background(), l.target)
	lab.SetHost(l.host)
	return l, nil
}

// Warm prepares for the first cell.
func (l *Local) Warm() {
	l.session.Warm()
	lab.RenderValue(1)
}

// Execute implements serve.Backend.
func (l *Local) Execute(ctx context.Context, x serve.Execution, out serve.Output) serve.Reply {
	if name, asked := helpAsked(x.Code); asked {
		return l.help(name)
	}
	if name, asked := leaveAsked(x.Code); asked && l.session.Live()[name] == nil {
		return leave(out)
	}
	l.running.Lock()
	defer l.running.Unlock()
	if ctx.Err() != nil {
		return serve.Reply{Failure: failure(cell.ErrInterrupted)}
	}
	l.host.begin(ctx, x, out)
	defer l.host.end()
	defer lab.BeginCell(ctx, x.Place)()
	o := l.session.Eval(ctx, cell.Cell{Name: x.Cell, Source: x.Code})
	for _, n := range o.Notes {
		out.Stream("stderr", n.String()+"\n")
	}
	if o.Err != nil {
		return serve.Reply{Failure: failure(endedBy(ctx, o.Err))}
	}
	if len(o.Values) == 0 || x.Silent {
		return serve.Reply{Payload: l.host.payload()}
	}
	b, err := l.render(ctx, x.Cell, o.Values)
	if err != nil {
		return serve.Reply{Failure: failure(err)}
	}
	return serve.Reply{Result: &b, Payload: l.host.payload()}
}

// render makes something to show of values, on behalf of the cell: it may run
// display methods that cells defined, and the widgets among them are that
// cell's.
func (l *Local) render(ctx context.Context, name string, values []any) (b lab.Bundle, err error) {
	err = l.session.Callback(ctx, name, func() { b = lab.RenderValue(values...) })
	if ctx.Err() != nil {
		return b, cell.ErrInterrupted
	}
	return b, err
}

// help shows what is known of a name, or the commands, in the front end's
// pager.
func (l *Local) help(name string) serve.Reply {
	if name == "" || strings.HasPrefix(name, "%") || strings.HasPrefix(name, "!") {
		text := cell.MagicHelp()
		return page(lab.Bundle{Data: map[string]any{"text/plain": text, "text/markdown": "```text\n" + text + "```"}})
	}
	b, ok := l.Inspect(name, utf8.RuneCountInString(name), 1)
	if !ok {
		value := "nothing is known of " + name
		return serve.Reply{Failure: &serve.Failure{Name: "NoHelp", Value: value,
			Traceback: []string{"NoHelp: " + value + "; is it spelt as in Go, such as fmt.Println, mat.Dense or x.Method? %help lists the commands"}}}
	}
	return page(b)
}

// leave asks the client to go. Those that cannot say nothing, so the cell does.
func leave(out serve.Output) serve.Reply {
	out.Stream("stdout", "This ends a console. The kernel of a notebook is shut down in the menu Kernel.\n")
	return serve.Reply{Payload: []map[string]any{{"source": "ask_exit", "keepkernel": false}}}
}

func page(b lab.Bundle) serve.Reply {
	return serve.Reply{Payload: []map[string]any{{"source": "page", "start": 0, "data": b.Data}}}
}

// Evaluate implements serve.Backend.
func (l *Local) Evaluate(ctx context.Context, expr string) (lab.Bundle, *serve.Failure) {
	l.running.Lock()
	defer l.running.Unlock()
	o := l.session.Eval(ctx, cell.Cell{Name: "expression", Source: expr})
	if o.Err != nil {
		return lab.Bundle{}, failure(o.Err)
	}
	b, err := l.render(ctx, "expression", o.Values)
	if err != nil {
		return lab.Bundle{}, failure(err)
	}
	return b, nil
}

// Complete implements serve.Backend.
func (l *Local) Complete(code string, cursor int) serve.Completion {
	return serve.Completion(assist.Complete(l.session, code, cursor))
}

// Inspect implements serve.Backend.
func (l *Local) Inspect(code string, cursor, detail int) (lab.Bundle, bool) {
	i, ok := assist.Inspect(l.session, code, cursor, detail)
	if !ok {
		return lab.Bundle{}, false
	}
	return lab.Bundle{Data: map[string]any{"text/plain": i.Text, "text/markdown": i.Markdown}}, true
}

// IsComplete implements serve.Backend.
func (l *Local) IsComplete(code string) (status, indent string) {
	return assist.IsComplete(code)
}

// Comm implements serve.Backend. Comm messages that a handler sends carry the
// parent of the message being handled; what it prints goes to the last cell,
// because front ends show output of a comm message nowhere.
func (l *Local) Comm(ctx context.Context, m lab.CommMessage, out serve.Output) {
	l.host.beginComm(out)
	lab.HandleComm(m)
}

// Interrupt implements serve.Interrupter: it ends the callbacks of widgets.
func (l *Local) Interrupt() { lab.CancelCallbacks() }

// Comms implements serve.Backend.
func (l *Local) Comms(target string) map[string]string { return lab.Comms(target) }

// Close implements serve.Backend.
func (l *Local) Close() error { return l.session.Close() }
