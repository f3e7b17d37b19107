package sweep

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"time"
)

// BusyCode is the exit code of a task process that found its run taken.
const BusyCode = 75

// A Pool runs tasks in processes on this machine.
type Pool struct {
	Workers int
	// Command is the process that does a run: it calls RunTask and ends with
	// BusyCode for ErrBusy.
	Command func(ctx context.Context, run string) *exec.Cmd
	// Report is told of every run that ends; done counts all that have.
	Report func(run Run, st *State, done int)
}

// Run does what has not been done. It returns when all runs have ended, or
// the error of ctx. Runs that a killed sweep left going are waited for.
func (p *Pool) Run(ctx context.Context, s *Sweep) error {
	todo, done, err := s.pending()
	if err != nil {
		return err
	}
	next := make(chan Run)
	go func() {
		defer close(next)
		for _, r := range todo {
			select {
			case next <- r:
			case <-ctx.Done():
				return
			}
		}
	}()
	var mu sync.Mutex
	var faults []error
	var wg sync.WaitGroup
	for range max(1, min(p.Workers, len(todo))) {
		wg.Go(func() {
			for r := range next {
				st, err := p.one(ctx, s, r.Name)
				mu.Lock()
				if err != nil && ctx.Err() == nil {
					faults = append(faults, fmt.Errorf("%s: %w", r.Name, err))
				}
				if st != nil {
					done++
					p.Report(r, st, done)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return errors.Join(append(faults, ctx.Err())...)
}

// pending are the runs that have not ended, and the number of those that have.
func (s *Sweep) pending() (todo []Run, done int, err error) {
	for _, r := range s.Plan.Runs {
		st, err := s.State(r.Name)
		switch {
		case err != nil:
			return nil, 0, err
		case st == nil:
			todo = append(todo, r)
		default:
			done++
		}
	}
	return todo, done, nil
}

// one does a run in a process and says how it ended.
func (p *Pool) one(ctx context.Context, s *Sweep, name string) (*State, error) {
	for {
		cmd := p.Command(ctx, name)
		cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
		cmd.WaitDelay = 10 * time.Second
		out, err := cmd.CombinedOutput()
		if ctx.Err() != nil {
			st, _ := s.State(name) // it may have ended in the last moment
			return st, ctx.Err()
		}
		if cmd.ProcessState != nil && cmd.ProcessState.ExitCode() == BusyCode {
			select {
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-time.After(300 * time.Millisecond):
			}
			continue
		}
		st, readErr := s.State(name)
		if st != nil || readErr != nil {
			return st, readErr
		}
		if err == nil {
			return nil, errors.New("its process ended without a word")
		}
		return s.died(name, err, string(out))
	}
}

// died records a run whose process did not live to do so.
func (s *Sweep) died(name string, err error, said string) (*State, error) {
	lock, lockErr := s.lock(name)
	if lockErr != nil {
		return nil, lockErr
	}
	defer lock.Close()
	host, _ := os.Hostname() // only told
	st := State{Status: Failed, Error: fmt.Sprintf("its process ended: %v %s", err, lastOf(said)), Started: time.Now(), Host: host}
	return &st, s.record(name, st)
}

func lastOf(s string) string {
	if len(s) > 400 {
		s = "…" + s[len(s)-400:]
	}
	return s
}
