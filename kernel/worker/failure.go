package worker

import (
	"context"
	"errors"

	"github.com/priorlab/priorlab/kernel/cell"
	"github.com/priorlab/priorlab/kernel/serve"
	"github.com/priorlab/priorlab/stdlib/lab"
)

// endedBy is err, or the interruption that it is a consequence of.
func endedBy(ctx context.Context, err error) error {
	var re *cell.RuntimeError
	if ctx.Err() != nil && errors.As(err, &re) && lab.WasInterrupted(re.Panic) {
		return &cell.Interrupted{Traceback: re.Traceback}
	}
	return err
}

// failure puts an error of the cell engine as Jupyter shows it.
func failure(err error) *serve.Failure {
	var ce *cell.CompileError
	var re *cell.RuntimeError
	var in *cell.Interrupted
	switch {
	case errors.As(err, &ce):
		f := &serve.Failure{Name: "CompileError", Value: ce.Error()}
		for _, d := range ce.Diagnostics {
			f.Traceback = append(f.Traceback, d.String())
		}
		return f
	case errors.As(err, &re):
		return &serve.Failure{Name: re.Name, Value: re.Value, Traceback: headed(re)}
	case errors.Is(err, cell.ErrInterrupted):
		value := "the cell was interrupted; variables keep the values they had"
		if errors.As(err, &in) && in.Detached != "" {
			value += ". It is still inside " + in.Detached + ", which ends when it returns"
		}
		f := &serve.Failure{Name: "Interrupted", Value: value}
		if in != nil {
			f.Traceback = in.Traceback
		}
		f.Traceback = append(f.Traceback, "Interrupted: "+value)
		return f
	default:
		return &serve.Failure{Name: "Error", Value: err.Error(), Traceback: []string{err.Error()}}
	}
}

// headed is the traceback of e with its name and value on top, once.
func headed(e *cell.RuntimeError) []string {
	head := e.Name + ": " + e.Value
	if len(e.Traceback) > 0 && e.Traceback[0] == head {
		return e.Traceback
	}
	return append([]string{head}, e.Traceback...)
}
