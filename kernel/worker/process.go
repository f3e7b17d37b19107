package worker

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"

	"github.com/priorlab/priorlab/kernel/debug"
	"github.com/priorlab/priorlab/kernel/serve"
)

// SecretVariable is the environment variable that hands the marker's secret
// to the worker.
const SecretVariable = "PRIORLAB_WORKER_SECRET"

// process is one worker as the front sees it.
type process struct {
	cmd            *exec.Cmd
	link           *link
	stdout, stderr *pump
	pumps          sync.WaitGroup
	ready          chan struct{} // closed when the session stands
	gone           chan struct{} // closed when the worker has ended
	outputOf       func(exec uint64) serve.Output
	happened       func(*process, debug.Event)

	mu       sync.Mutex
	nextID   uint64
	waits    map[uint64]chan frame
	ended    error  // why, set before gone is closed
	outgrown uint64 // bytes held when a cell was stopped for them
}

// start launches argv as a worker. outputOf finds the Output of an execution;
// printed gets what arrives on the descriptors, happened what its debugger
// reports.
func start(argv []string, outputOf func(uint64) serve.Output, printed func(name, text string), happened func(*process, debug.Event)) (*process, error) {
	secret := make([]byte, 16)
	if _, err := rand.Read(secret); err != nil {
		return nil, err
	}
	hexed := hex.EncodeToString(secret)
	p := &process{ready: make(chan struct{}), gone: make(chan struct{}), waits: map[uint64]chan frame{}, outputOf: outputOf, happened: happened}
	p.stdout, p.stderr = newPump("stdout", newMarker(hexed), printed), newPump("stderr", newMarker(hexed), printed)

	p.cmd = exec.Command(argv[0], argv[1:]...)
	// A dying runtime says why in one line; its stacks would show the person
	// the interpreter's inside.
	p.cmd.Env = append(os.Environ(), SecretVariable+"="+hexed, "GOTRACEBACK=none")
	conn, theirs, err := connect(p.cmd)
	if err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	errs, err := p.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the process that runs the cells: %w", err)
	}
	theirs.Close()
	p.link = newLink(conn)
	p.pumps.Add(2)
	go func() { defer p.pumps.Done(); p.stdout.run(out) }()
	go func() { defer p.pumps.Done(); p.stderr.run(errs) }()
	go p.read()
	return p, nil
}

// read handles the worker's frames in their order until it ends.
func (p *process) read() {
	for {
		f, err := p.link.receive()
		if err != nil {
			break
		}
		if f.Mark > 0 {
			p.stdout.wait(f.Mark)
			p.stderr.wait(f.Mark)
		}
		p.handle(f)
	}
	p.link.rwc.Close()
	p.pumps.Wait() // everything the worker said is in the pumps
	err := p.cmd.Wait()
	if err == nil {
		err = errors.New("it ended by itself")
	}
	p.mu.Lock()
	p.ended = err
	p.mu.Unlock()
	close(p.gone)
}

func (p *process) handle(f frame) {
	switch f.Kind {
	case "ready":
		close(p.ready)
	case "answer":
		p.mu.Lock()
		wait := p.waits[f.ID]
		delete(p.waits, f.ID)
		p.mu.Unlock()
		if wait != nil {
			wait <- f
		}
	case "debug":
		p.happened(p, f.Debug.Event)
	case "stream":
		if out := p.outputOf(f.Exec); out != nil {
			out.Stream(f.Name, f.Text)
		}
	case "readline":
		go p.readLine(f)
	case "display", "clear", "comm":
		if out := p.outputOf(f.Exec); out != nil {
			show(out, f)
		}
		_ = p.link.send(frame{Kind: "answer", ID: f.ID})
	}
}

func show(out serve.Output, f frame) {
	switch f.Kind {
	case "display":
		out.Display(f.Bundle.unpack(), f.Name, f.Flag)
	case "clear":
		out.ClearOutput(f.Flag)
	case "comm":
		out.Comm(f.Comm.unpack())
	}
}

// readLine asks the client for input on behalf of a cell.
func (p *process) readLine(f frame) {
	answer := frame{Kind: "answer", ID: f.ID}
	out := p.outputOf(f.Exec)
	if out == nil {
		answer.Failure = &serve.Failure{Name: "NoInput", Value: "the cell that asks for input has no client any more"}
	} else {
		ctx, cancel := context.WithCancel(context.Background())
		go func() {
			select {
			case <-p.gone:
				cancel()
			case <-ctx.Done():
			}
		}()
		line, err := out.ReadLine(ctx, f.Text, f.Flag)
		cancel()
		if err != nil {
			answer.Failure = &serve.Failure{Name: "NoInput", Value: err.Error()}
		}
		answer.Text = line
	}
	_ = p.link.send(answer)
}

// errGone is the answer to any question put to a worker that has ended.
var errGone = errors.New("the process that runs the cells has ended")

// ask sends a request and waits for its answer, or the worker's end. When ctx
// ends first the worker is told to stop, and the wait goes on: a cell is over
// only when it says so.
func (p *process) ask(ctx context.Context, f frame, slow func()) (frame, error) {
	wait := make(chan frame, 1)
	p.mu.Lock()
	p.nextID++
	f.ID = p.nextID
	p.waits[f.ID] = wait
	p.mu.Unlock()
	if err := p.link.send(f); err != nil {
		<-p.gone
		return frame{}, errGone
	}
	cancelled := ctx.Done()
	for {
		select {
		case a := <-wait:
			return a, nil
		case <-p.gone:
			select {
			case a := <-wait:
				return a, nil
			default:
				return frame{}, errGone
			}
		case <-cancelled:
			cancelled = nil
			_ = p.link.send(frame{Kind: "cancel", ID: f.ID})
			if slow != nil {
				slow()
			}
		}
	}
}

// close ends the worker.
func (p *process) close() {
	p.link.rwc.Close()
	_ = p.cmd.Process.Kill()
	<-p.gone
}
