package worker

import (
	"context"
	"errors"

	"github.com/priorlab/priorlab/kernel/cell"
	"github.com/priorlab/priorlab/kernel/debug"
	"github.com/priorlab/priorlab/kernel/serve/dap"
	"github.com/priorlab/priorlab/stdlib/lab"
)

// localTarget debugs the cells of a session in this process.
type localTarget struct {
	*cell.Debugger
	prefix string // of the paths of cells; the front's, when there is one
}

func newLocalTarget(s *cell.Session) *localTarget {
	t := &localTarget{prefix: dap.PathPrefix()}
	t.Debugger = s.Debugger(func(text string) string { return t.prefix + dap.CellName(text) })
	return t
}

// Rich implements dap.Target.
func (t *localTarget) Rich(ctx context.Context, frame int, name string) (lab.Bundle, error) {
	vals, _, err := t.Values(ctx, frame, name)
	if err != nil {
		return lab.Bundle{}, err
	}
	return lab.RenderValue(vals...), nil
}

// debugMessage is a call of a dap.Target's method, and its answer.
type debugMessage struct {
	Method                           string
	Text, Path, Name                 string
	Thread, Frame, Ref, Start, Count int
	On                               bool
	How                              debug.Step

	Breakpoints []debug.Breakpoint
	Threads     []debug.Thread
	Frames      []debug.Frame
	Scopes      []debug.Scope
	Variables   []debug.Variable
	Cells       []debug.Cell
	Event       debug.Event
	Err         string
}

// errNoDebugger is what a worker says whose backend cannot be debugged.
var errNoDebugger = errors.New("these cells cannot be debugged")

// debug carries out a call in the worker.
func (l *loop) debug(ctx context.Context, q debugMessage) (answer frame) {
	b, ok := l.backend.(*Local)
	if !ok {
		return frame{Debug: &debugMessage{Err: errNoDebugger.Error()}}
	}
	t := b.target
	var a debugMessage
	var err error
	one := func(v debug.Variable, e error) { a.Variables, err = []debug.Variable{v}, e }
	switch q.Method {
	case "attach":
		t.prefix = q.Path
		err = t.Attach(func(e debug.Event) { l.post(frame{Kind: "debug", Debug: &debugMessage{Event: e}}) })
	case "detach":
		err = t.Detach()
	case "breakpoints":
		a.Breakpoints = t.SetBreakpoints(q.Path, q.Text, q.Breakpoints)
	case "panics":
		t.StopOnPanic(q.On)
	case "threads":
		a.Threads = t.Threads()
	case "stack":
		a.Frames, err = t.Stack(q.Thread)
	case "scopes":
		a.Scopes, err = t.Scopes(q.Frame)
	case "variables":
		a.Variables, err = t.Variables(q.Ref, q.Start, q.Count)
	case "evaluate":
		one(t.Evaluate(ctx, q.Frame, q.Text))
	case "set":
		one(t.SetVariable(ctx, q.Ref, q.Name, q.Text))
	case "resume":
		err = t.Resume(q.Thread, q.How)
	case "pause":
		err = t.Pause(q.Thread)
	case "cells":
		a.Cells = t.Cells()
	case "globals":
		a.Variables, err = t.Globals()
	case "rich":
		var shown lab.Bundle
		shown, err = t.Rich(ctx, q.Frame, q.Name)
		answer.Bundle = packBundle(shown)
	case "copy":
		err = t.CopyToGlobals(q.Frame, q.Text, q.Name)
	}
	if err != nil {
		a.Err = err.Error()
	}
	answer.Debug = &a
	return answer
}
