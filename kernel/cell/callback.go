package cell

import (
	"context"

	"github.com/priorlab/priorlab/kernel/cell/internal/exec"
)

// Callback runs f, which calls functions that cells defined, on the calling
// goroutine. Their code stops when ctx ends, and f with it. A panic of f is
// passed on, unless it is that stop.
func (s *Session) Callback(ctx context.Context, f func()) {
	run := exec.NewRun(ctx, Current(), nil)
	defer run.End()
	defer context.AfterFunc(ctx, run.Stop)()
	val, _ := s.machine.Go(run, func(*exec.Thread) { f() })
	if val != nil && !isStopped(val) {
		panic(val)
	}
}
