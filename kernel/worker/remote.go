package worker

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/priorlab/priorlab/kernel/serve"
	"github.com/priorlab/priorlab/kernel/serve/dap"
	"github.com/priorlab/priorlab/stdlib/lab"
)

// Remote runs cells in a worker process, and in a fresh one when that dies.
type Remote struct {
	*dap.Adapter // makes its cells ones that can be debugged
	target       *remoteTarget

	argv  []string
	limit uint64 // of a worker's memory, in bytes; 0 for none

	mu       sync.Mutex
	process  *process
	starting error
	lastExec uint64
	outputs  map[uint64]serve.Output
	current  uint64            // execution that descriptors print for
	done     []serve.Execution // cells that ended well in this session
	lost     []serve.Execution // those of the session that died
}

// NewRemote launches argv (the program and the arguments that make it a
// worker) and returns at once; the first request waits until it stands.
func NewRemote(argv ...string) (*Remote, error) {
	limit, err := memoryLimit()
	if err != nil {
		return nil, err
	}
	r := &Remote{argv: argv, limit: limit, outputs: map[uint64]serve.Output{}}
	r.target = newRemoteTarget(r)
	r.Adapter = dap.New(context.Background(), r.target)
	return r, r.launch()
}

func (r *Remote) launch() error {
	p, err := start(r.argv, r.outputOf, r.printed, r.target.happened)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.process, r.starting = p, err
	return err
}

func (r *Remote) outputOf(exec uint64) serve.Output {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.outputs[exec]
}

// printed passes on what came through a descriptor: it belongs to the cell
// that runs, or ran last.
func (r *Remote) printed(name, text string) {
	r.mu.Lock()
	out := r.outputs[r.current]
	r.mu.Unlock()
	if out != nil {
		out.Stream(name, text)
	}
}

// register gives out a number, and forgets the oldest ones.
func (r *Remote) register(out serve.Output, prints bool) uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lastExec++
	r.outputs[r.lastExec] = out
	if prints {
		r.current = r.lastExec
	}
	for old := range r.outputs {
		if old+4*keptOutputs < r.lastExec && old != r.current {
			delete(r.outputs, old)
		}
	}
	return r.lastExec
}

// slowStop is how long an interrupted cell may take before its client hears
// what it is waiting for.
const slowStop = 2 * time.Second

// Execute implements serve.Backend.
func (r *Remote) Execute(ctx context.Context, x serve.Execution, out serve.Output) serve.Reply {
	if code := strings.TrimSpace(x.Code); code == "%replay" || code == "//lab:replay" {
		return r.replay(ctx, out)
	}
	exec := r.register(out, true)
	answered := make(chan struct{})
	defer close(answered)
	slow := func() {
		go func() {
			select {
			case <-answered:
			case <-time.After(slowStop):
				out.Stream("stderr", "Interrupting: the cell is inside compiled code that does not look at interrupts; it ends when that returns. Restarting the kernel ends it now, and loses the variables.\n")
			}
		}()
	}
	ctx, interrupt := context.WithCancel(ctx)
	defer interrupt()
	p, err := r.standing()
	if err != nil {
		return serve.Reply{Failure: r.buried(nil, x, err)}
	}
	r.target.settle(p)
	go p.watchMemory(answered, r.limit, interrupt)
	f, err := p.ask(ctx, frame{Kind: "execute", Exec: exec, Execution: x}, slow)
	if err != nil {
		return serve.Reply{Failure: r.buried(p, x, err)}
	}
	reply := f.Reply.unpack()
	if held := p.takeOutgrown(); held > 0 && reply.Failure != nil {
		p.freeMemory()
		reply.Failure = outOfMemory(x.Cell, held)
	}
	if reply.Failure == nil && !x.Silent {
		r.mu.Lock()
		r.done = append(r.done, x)
		r.mu.Unlock()
	}
	return reply
}

// replay runs again the cells that had succeeded before the worker died.
func (r *Remote) replay(ctx context.Context, out serve.Output) serve.Reply {
	r.mu.Lock()
	cells := r.lost
	r.lost = nil
	r.mu.Unlock()
	if len(cells) == 0 {
		out.Stream("stdout", "There is nothing to replay: no cells were lost.\n")
	}
	for i, x := range cells {
		out.Stream("stderr", fmt.Sprintf("%%replay %s (%d of %d)\n", x.Cell, i+1, len(cells)))
		if ctx.Err() != nil {
			return serve.Reply{Failure: &serve.Failure{Name: "Interrupted", Value: "the cells from " + x.Cell + " on were not run again"}}
		}
		// A cell may have leant on one that failed; those after it may not.
		if reply := r.Execute(ctx, x, out); reply.Failure != nil {
			out.Stream("stderr", fmt.Sprintf("%s failed this time: %s: %s\n", x.Cell, reply.Failure.Name, reply.Failure.Value))
		}
	}
	return serve.Reply{}
}

// standing is the worker that stands.
func (r *Remote) standing() (*process, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.process, r.starting
}

// ask puts f to the worker that stands.
func (r *Remote) ask(ctx context.Context, f frame) (frame, error) {
	p, err := r.standing()
	if err != nil {
		return frame{}, err
	}
	return p.ask(ctx, f, nil)
}

// buried says why the worker died under x, and puts a new one in its place.
func (r *Remote) buried(p *process, x serve.Execution, cause error) *serve.Failure {
	if p == nil {
		_ = r.launch() // the next cell tells if this failed too
		return &serve.Failure{Name: "SessionLost", Value: cause.Error(), Traceback: []string{cause.Error()}}
	}
	r.target.died(p)
	why, detail := obituary(p)
	r.mu.Lock()
	first := r.process == p
	if first {
		r.lost, r.done = append(r.lost, r.done...), nil
	}
	n := len(r.lost)
	r.mu.Unlock()
	next := "A new session has started; all variables are gone."
	if n > 0 {
		next += fmt.Sprintf(" Run %%replay in a cell to run again the %d that had succeeded.", n)
	}
	if first {
		if err := r.launch(); err != nil {
			next = "A new session could not be started: " + err.Error()
		}
	}
	f := &serve.Failure{Name: "SessionLost", Value: fmt.Sprintf("%s ended the session: %s", x.Cell, why)}
	f.Traceback = []string{"SessionLost: " + f.Value}
	if detail != "" {
		f.Traceback = append(f.Traceback, detail)
	}
	f.Traceback = append(f.Traceback, next)
	return f
}

// Evaluate implements serve.Backend.
func (r *Remote) Evaluate(ctx context.Context, expr string) (lab.Bundle, *serve.Failure) {
	f, err := r.ask(ctx, frame{Kind: "evaluate", Text: expr})
	if err != nil {
		return lab.Bundle{}, &serve.Failure{Name: "SessionLost", Value: err.Error()}
	}
	return f.Bundle.unpack(), f.Failure
}

// Complete implements serve.Backend.
func (r *Remote) Complete(code string, cursor int) serve.Completion {
	f, err := r.ask(context.Background(), frame{Kind: "complete", Text: code, Cursor: cursor})
	if err != nil {
		return serve.Completion{Start: cursor, End: cursor}
	}
	return f.Completion
}

// Inspect implements serve.Backend.
func (r *Remote) Inspect(code string, cursor, detail int) (lab.Bundle, bool) {
	f, err := r.ask(context.Background(), frame{Kind: "inspect", Text: code, Cursor: cursor, Detail: detail})
	if err != nil {
		return lab.Bundle{}, false
	}
	return f.Bundle.unpack(), f.Flag
}

// IsComplete implements serve.Backend.
func (r *Remote) IsComplete(code string) (status, indent string) {
	f, err := r.ask(context.Background(), frame{Kind: "iscomplete", Text: code})
	if err != nil {
		return "unknown", ""
	}
	return f.Name, f.Text
}

// Comm implements serve.Backend.
func (r *Remote) Comm(ctx context.Context, m lab.CommMessage, out serve.Output) {
	exec := r.register(out, false)
	// A worker that died has lost its widgets; the next cell says so.
	_, _ = r.ask(ctx, frame{Kind: "comm", Comm: packComm(m), Exec: exec})
}

// Comms implements serve.Backend.
func (r *Remote) Comms(target string) map[string]string {
	f, err := r.ask(context.Background(), frame{Kind: "comms", Text: target})
	if err != nil || f.Map == nil {
		return map[string]string{}
	}
	return f.Map
}

// Interrupt implements serve.Interrupter.
func (r *Remote) Interrupt() {
	if p, err := r.standing(); err == nil {
		_ = p.link.send(frame{Kind: "interrupt"}) // a worker that has ended has nothing to interrupt
	}
}

// Close implements serve.Backend.
func (r *Remote) Close() error {
	r.mu.Lock()
	p := r.process
	r.mu.Unlock()
	if p != nil {
		p.close()
	}
	return nil
}
