package lab

import (
	"context"
	"sync"

	"github.com/priorlab/priorlab/linalg"
)

// BeginCell is called by the kernel when a cell begins with ctx; place says
// which cell of the notebook it is, "" when that is not known. When ctx ends
// before end is called, numeric work unwinds wherever it is, and the callbacks
// of widgets are cancelled: an interrupt is meant for whatever computes. What
// the cell at the same place showed before has left the page, and its widgets
// are closed. At its end all that was to be shown is sent.
func BeginCell(ctx context.Context, place string) (end func()) {
	numericWork.allow()
	sweep := places.begin(place)
	stop := context.AfterFunc(ctx, func() {
		numericWork.interruptCell(true)
		CancelCallbacks()
	})
	return func() {
		waiting.flush()
		if !stop() {
			numericWork.interruptCell(false) // what runs later is another matter
		}
		sweep()
	}
}

// numericWork is who wants numeric work to unwind. There is one flag for the
// process, and a cell and callbacks may run at the same time.
var numericWork interruption

type interruption struct {
	mu              sync.Mutex
	cell, callbacks bool
	round           int // of interrupted callbacks
}

func (i *interruption) apply() { linalg.Interrupt(i.cell || i.callbacks) }

// allow lets numeric work run, whatever an earlier callback still does.
func (i *interruption) allow() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.cell, i.callbacks = false, false
	i.round++
	i.apply()
}

func (i *interruption) interruptCell(on bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.cell = on
	i.apply()
}

// interruptUntil unwinds numeric work until all of done are closed.
func (i *interruption) interruptUntil(done []<-chan struct{}) {
	i.mu.Lock()
	i.callbacks = true
	i.round++
	round := i.round
	i.apply()
	i.mu.Unlock()
	go func() {
		for _, d := range done {
			<-d
		}
		i.mu.Lock()
		defer i.mu.Unlock()
		if i.round == round {
			i.callbacks = false
			i.apply()
		}
	}()
}

// WasInterrupted reports whether a panic value is numeric work that unwound
// because its cell was interrupted.
func WasInterrupted(p any) bool {
	_, ok := p.(linalg.Interrupted)
	return ok
}
