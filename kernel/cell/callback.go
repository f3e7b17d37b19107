package cell

import (
	"context"

	"github.com/priorlab/priorlab/kernel/cell/internal/exec"
)

// Callback runs f, which calls functions that cells defined, on the calling
// goroutine and on behalf of the named cell. Their code stops when ctx ends, and
// f with it. The result is the panic that ended f, unless it is that stop.
func (s *Session) Callback(ctx context.Context, name string, f func()) error {
	run := exec.NewRun(ctx, name, nil)
	defer run.End()
	defer context.AfterFunc(ctx, run.Stop)()
	val, trace := s.machine.Go(run, func(*exec.Thread) { f() })
	if val == nil || isStopped(val) {
		return nil
	}
	return s.runtimeError(val, trace)
}
