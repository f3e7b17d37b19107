package worker

import (
	"errors"

	"github.com/priorlab/priorlab/kernel/cell"
	"github.com/priorlab/priorlab/kernel/serve"
)

// failure puts an error of the cell engine as Jupyter shows it.
func failure(err error) *serve.Failure {
	var ce *cell.CompileError
	var re *cell.RuntimeError
	switch {
	case errors.As(err, &ce):
		f := &serve.Failure{Name: "CompileError", Value: ce.Error()}
		for _, d := range ce.Diagnostics {
			f.Traceback = append(f.Traceback, d.String())
		}
		return f
	case errors.As(err, &re):
		return &serve.Failure{Name: re.Name, Value: re.Value, Traceback: re.Traceback}
	case errors.Is(err, cell.ErrInterrupted):
		return &serve.Failure{Name: "Interrupted", Value: "the cell was interrupted; variables keep the values they had", Traceback: []string{"Interrupted: the cell was interrupted; variables keep the values they had"}}
	default:
		return &serve.Failure{Name: "Error", Value: err.Error(), Traceback: []string{err.Error()}}
	}
}
