package cell

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/priorlab/priorlab/kernel/cell/internal/exec"
)

// run executes a compiled cell and waits for its end.
func (s *Session) run(ctx context.Context, u *unit, out *Outcome) {
	s.execute(ctx, u, out, nil, func(t *exec.Thread) []any {
		// Functions and methods change for earlier callers when the cell
		// comes to them.
		return s.machine.RunAll(t, u.bodies, func(i int) { s.publish(u, u.parts[i], out) })
	})
	if _, stopped := out.Err.(*Interrupted); !stopped {
		out.Notes = append(out.Notes, s.remarks(u)...)
	}
}

// ending is how a goroutine of a cell ended.
type ending struct {
	val   any
	trace []exec.Frame
}

// execute runs body as the evaluation of u. Before it begins, begins is given
// the run.
func (s *Session) execute(ctx context.Context, u *unit, out *Outcome, begins func(*exec.Run), body func(*exec.Thread) []any) {
	began := time.Now()
	defer func() { out.Timing.Run = time.Since(began) }()
	var mu sync.Mutex
	var fault *ending
	var run *exec.Run
	run = exec.NewRun(ctx, u.parsed.src.name, func(v any, tr []exec.Frame) {
		if run.Ended() { // a goroutine or callback that the cell left behind
			e := s.runtimeError(v, tr)
			fmt.Fprintf(s.streams.stderr, "a goroutine of %s ended with %s\n", u.parsed.src.name, strings.Join(e.Traceback, "\n"))
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if fault == nil {
			fault = &ending{v, tr}
			run.Stop()
		}
	})
	if begins != nil {
		begins(run)
	}
	done := make(chan ending, 1)
	var vals []any
	go func() {
		end := ending{val: errGone}
		defer func() { done <- end }()
		val, tr := s.machine.Go(run, func(t *exec.Thread) { vals = body(t) })
		end = ending{val, tr}
	}()
	end, ok := s.await(ctx, run, done, func(d *ending) {
		mu.Lock()
		defer mu.Unlock()
		if fault == nil {
			fault = d
		}
	})
	if !ok {
		out.Err = &Interrupted{Detached: "a call of compiled code that does not look at its context; it ends at its next step"}
		return
	}
	run.End()
	mu.Lock()
	if fault != nil && (end.val == nil || isStopped(end.val)) {
		if _, dead := fault.val.(deadlock); dead {
			fault.trace = append(end.trace, fault.trace...)
		}
		end = *fault
	}
	mu.Unlock()
	s.conclude(end, vals, out)
}

// await waits for the end of a run. It stops the run when ctx ends, or when
// every goroutine waits for another; ok is false if it does not end then.
func (s *Session) await(ctx context.Context, run *exec.Run, done <-chan ending, dead func(*ending)) (end ending, ok bool) {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	var watch deadlockWatch
	for {
		select {
		case end = <-done:
			return end, true
		case <-look.C:
			if d := watch.look(s, run); d != nil {
				dead(d)
				run.Stop()
			}
		case <-ctx.Done():
			run.Stop()
			select {
			case end = <-done:
				return end, true
			case <-time.After(2 * time.Second):
				return end, false
			}
		}
	}
}

// conclude puts the end of a run into the outcome.
func (s *Session) conclude(end ending, vals []any, out *Outcome) {
	switch v := end.val.(type) {
	case nil:
		out.Values = vals
	case exec.Stopped:
		out.Err = &Interrupted{Traceback: s.traceback(end.trace)}
	case exec.Exit:
		out.Exit = &v.Code
		if v.Code != 0 {
			out.Err = &RuntimeError{Name: "os.Exit", Value: fmt.Sprintf("the cell called os.Exit(%d)", v.Code), Traceback: s.traceback(end.trace), Panic: v}
		}
	case *exec.Refusal:
		out.Err = &RuntimeError{Name: "unsupported", Value: v.Msg, Traceback: s.traceback(end.trace), Panic: v}
	default:
		if v == errGone || exec.Goexit(v) { // runtime.Goexit ends the cell
			return
		}
		out.Err = s.runtimeError(v, end.trace)
	}
}

var errGone = errors.New("the goroutine ended itself")

func isStopped(v any) bool { _, ok := v.(exec.Stopped); return ok }
