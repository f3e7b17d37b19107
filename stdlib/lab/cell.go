package lab

import (
	"context"

	"github.com/priorlab/priorlab/linalg"
)

// BeginCell is called by the kernel when a cell begins with ctx. When ctx ends
// before end is called, numeric work unwinds wherever it is, and the callbacks
// of widgets are cancelled: an interrupt is meant for whatever computes.
func BeginCell(ctx context.Context) (end func()) {
	linalg.Interrupt(false)
	stop := context.AfterFunc(ctx, func() {
		linalg.Interrupt(true)
		CancelCallbacks()
	})
	return func() {
		if !stop() {
			linalg.Interrupt(false) // what runs later is another matter
		}
	}
}

// WasInterrupted reports whether a panic value is numeric work that unwound
// because its cell was interrupted.
func WasInterrupted(p any) bool {
	_, ok := p.(linalg.Interrupted)
	return ok
}
