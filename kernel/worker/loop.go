package worker

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/priorlab/priorlab/kernel/serve"
	"github.com/priorlab/priorlab/stdlib/lab"
)

// loop is the worker's side of the link.
type loop struct {
	link    *link
	backend serve.Backend
	mark    marker
	marks   atomic.Uint64
	marking sync.Mutex // a marker's number and its frame leave in order

	mu      sync.Mutex
	cancels map[uint64]context.CancelFunc // running requests
	waits   map[uint64]chan frame         // questions put to the front
	nextID  uint64

	giving atomic.Bool // memory is about to be given back
}

// Main is the worker process: it serves backend over conn until the front
// closes it. secret is the pair's marker.
func Main(conn io.ReadWriteCloser, secret string, start func() (serve.Backend, error)) error {
	l := &loop{link: newLink(conn), mark: newMarker(secret), cancels: map[uint64]context.CancelFunc{}, waits: map[uint64]chan frame{}}
	b, err := start()
	if err != nil {
		return err
	}
	// The backend is not closed: the end of this process closes it, also when a
	// cell that nothing stops is running.
	l.backend = b
	l.link.large = l.giveBack
	if err := l.link.send(frame{Kind: "ready"}); err != nil {
		return err
	}
	if w, ok := b.(interface{ Warm() }); ok { // the person is still typing
		go w.Warm()
	}
	for {
		f, err := l.link.receive()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading from the kernel's front process: %w", err)
		}
		l.dispatch(f)
	}
}

// dispatch starts what f asks for; only an answer or a cancellation is dealt
// with on the spot.
func (l *loop) dispatch(f frame) {
	switch f.Kind {
	case "answer":
		l.mu.Lock()
		wait := l.waits[f.ID]
		delete(l.waits, f.ID)
		l.mu.Unlock()
		if wait != nil {
			wait <- f
		}
	case "interrupt":
		if b, ok := l.backend.(serve.Interrupter); ok {
			b.Interrupt()
		}
	case "cancel":
		l.mu.Lock()
		cancel := l.cancels[f.ID]
		l.mu.Unlock()
		if cancel != nil {
			cancel()
		}
	default:
		ctx, cancel := context.WithCancel(context.Background())
		l.mu.Lock()
		l.cancels[f.ID] = cancel
		l.mu.Unlock()
		go func() {
			defer cancel()
			answer := l.handle(ctx, f)
			l.mu.Lock()
			delete(l.cancels, f.ID)
			l.mu.Unlock()
			answer.Kind, answer.ID = "answer", f.ID
			l.post(answer)
		}()
	}
}

// handle carries out one request of the front.
func (l *loop) handle(ctx context.Context, f frame) frame {
	switch f.Kind {
	case "execute":
		return frame{Reply: packReply(l.backend.Execute(ctx, f.Execution, &remoteOutput{l, f.Exec}))}
	case "evaluate":
		b, failed := l.backend.Evaluate(ctx, f.Text)
		return frame{Bundle: packBundle(b), Failure: failed}
	case "complete":
		return frame{Completion: l.backend.Complete(f.Text, f.Cursor)}
	case "inspect":
		b, ok := l.backend.Inspect(f.Text, f.Cursor, f.Detail)
		return frame{Bundle: packBundle(b), Flag: ok}
	case "iscomplete":
		status, indent := l.backend.IsComplete(f.Text)
		return frame{Name: status, Text: indent}
	case "comm":
		l.backend.Comm(ctx, f.Comm.unpack(), &remoteOutput{l, f.Exec})
		return frame{}
	case "comms":
		return frame{Map: l.backend.Comms(f.Text)}
	case "debug":
		return l.debug(ctx, *f.Debug)
	case "free":
		debug.FreeOSMemory()
		return frame{}
	default:
		return frame{Failure: &serve.Failure{Name: "ProtocolError", Value: "the worker does not know the request " + f.Kind}}
	}
}

// A frame of largeFrame bytes leaves several times its size behind as garbage,
// which is given back to the system some time later.
const (
	largeFrame = 8 << 20
	giveAfter  = 2 * time.Second
)

func (l *loop) giveBack() {
	if l.giving.CompareAndSwap(false, true) {
		time.AfterFunc(giveAfter, func() {
			l.giving.Store(false)
			debug.FreeOSMemory()
		})
	}
}

// post sends f after everything printed so far.
func (l *loop) post(f frame) {
	l.marking.Lock()
	defer l.marking.Unlock()
	f.Mark = l.marks.Add(1)
	line := l.mark.line(f.Mark)
	// A cell may have closed either file; the front then stops waiting.
	_, _ = os.Stdout.Write(line)
	_, _ = os.Stderr.Write(line)
	_ = l.link.send(f) // the front has gone: receive ends the process
}

// ask posts a question and waits for its answer.
func (l *loop) ask(ctx context.Context, f frame) (frame, error) {
	wait := make(chan frame, 1)
	l.mu.Lock()
	l.nextID++
	f.ID = l.nextID
	l.waits[f.ID] = wait
	l.mu.Unlock()
	l.post(f)
	select {
	case a := <-wait:
		return a, nil
	case <-ctx.Done():
		l.mu.Lock()
		delete(l.waits, f.ID)
		l.mu.Unlock()
		return frame{}, ctx.Err()
	}
}

// remoteOutput is the Output of an execution whose client is in the front.
type remoteOutput struct {
	loop *loop
	exec uint64
}

// show sends f and waits until the front has passed it on, so that a later
// print cannot come first.
func (o *remoteOutput) show(f frame) {
	f.Exec = o.exec
	_, _ = o.loop.ask(context.Background(), f)
}

func (o *remoteOutput) Stream(name, text string) {
	_ = o.loop.link.send(frame{Kind: "stream", Exec: o.exec, Name: name, Text: text})
}

func (o *remoteOutput) Display(b lab.Bundle, displayID string, update bool) {
	o.show(frame{Kind: "display", Bundle: packBundle(b), Name: displayID, Flag: update})
}

func (o *remoteOutput) ClearOutput(wait bool) { o.show(frame{Kind: "clear", Flag: wait}) }

func (o *remoteOutput) Comm(m lab.CommMessage) { o.show(frame{Kind: "comm", Comm: packComm(m)}) }

func (o *remoteOutput) ReadLine(ctx context.Context, prompt string, password bool) (string, error) {
	a, err := o.loop.ask(ctx, frame{Kind: "readline", Exec: o.exec, Text: prompt, Flag: password})
	if err != nil {
		return "", err
	}
	if a.Failure != nil {
		return "", a.Failure
	}
	return a.Text, nil
}
