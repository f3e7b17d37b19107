package linalg

import (
	"fmt"

	"github.com/priorlab/priorlab/linalg/internal/par"
)

// Error is the one type with which this package reports a fault of shape, type, index or positive definiteness. A
// function that returns a tensor panics with it, so that cells can chain calls; Try turns the panic into a returned
// error.
type Error struct {
	Op   string // the operation asked for, such as "MatMul"
	Msg  string // what was found: shapes, indices, values
	Hint string // what to do about it; may be empty
}

// Error gives one line: operation, what was found, and what to do.
func (e *Error) Error() string {
	s := e.Op + ": " + e.Msg
	if e.Hint != "" {
		s += "; " + e.Hint
	}
	return s
}

// Interrupted is the panic value with which a running operation unwinds after Interrupt was called.
type Interrupted = par.Interrupted

// Interrupt sets (on) or clears a flag that running and later operations look at: while it is set they unwind with a
// panic of type Interrupted within a few milliseconds. The kernel sets it when a cell is interrupted.
func Interrupt(on bool) { par.Interrupt(on) }

// Uninterrupted calls f and lets an interrupt wait until it returns: for short work that must not stop half-way, such as
// writing the parameters of a step.
func Uninterrupted(f func()) { par.Hold(f) }

// SetThreads sets how many threads an operation may use, the caller's included. Results do not depend on it.
func SetThreads(n int) { par.SetThreads(n) }

// Threads is the number of threads an operation may use.
func Threads() int { return par.Threads() }

// Try calls f and returns the *Error or Interrupted it panicked with, or nil. Other panics pass through.
func Try(f func()) (err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case *Error:
			err = p
		case Interrupted:
			err = p
		default:
			panic(p)
		}
	}()
	f()
	return nil
}

// fail panics with an *Error.
func fail(op, format string, args ...any) {
	panic(&Error{Op: op, Msg: fmt.Sprintf(format, args...)})
}

// failHint is fail with advice.
func failHint(op, hint, format string, args ...any) {
	panic(&Error{Op: op, Msg: fmt.Sprintf(format, args...), Hint: hint})
}
