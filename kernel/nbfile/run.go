package nbfile

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/priorlab/priorlab/kernel/serve"
)

// Options say how a notebook is run. The zero value runs it silently and
// stops at the first cell that fails.
type Options struct {
	// Progress is called before and after each code cell.
	Progress func(Progress)
	// Stream is given what cells print, as they print it.
	Stream func(name, text string)
	// KeepGoing runs the cells after one that failed.
	KeepGoing bool
	// Timeout ends a cell that runs longer; 0 lets it run.
	Timeout time.Duration
	// Input answers cells that ask for a line; nil makes them fail.
	Input func(ctx context.Context, prompt string, password bool) (string, error)
}

// Progress is one step of a run.
type Progress struct {
	Cell   int // the code cell, counted from 1
	Of     int // code cells in all
	Source string
	Done   bool          // false before the cell, true after it
	Took   time.Duration // after it
	Failed error         // after it, a *CellError or nil
}

// A CellError is the failure of a cell. It is nil for cells that may fail
// (tag raises-exception).
type CellError struct {
	Notebook string
	Cell     int // the code cell, counted from 1
	Failure  *serve.Failure
}

// Error names the notebook, the cell and the failure.
func (e *CellError) Error() string {
	return fmt.Sprintf("%s: cell %d: %s: %s", e.Notebook, e.Cell, e.Failure.Name, e.Failure.Value)
}

// Unwrap gives the failure itself.
func (e *CellError) Unwrap() error { return e.Failure }

// Run executes the code cells in order and stores their outputs in nb. Old
// outputs are removed first. It returns the first *CellError, or the error of
// ctx; the outputs made until then are kept.
func Run(ctx context.Context, nb *Notebook, backend serve.Backend, opts Options) error {
	col := &collector{shown: map[string][]*Output{}, opts: opts, nb: nb}
	var code []*Cell
	for _, c := range nb.Cells {
		if c.Type == "code" {
			c.Outputs, c.Count = nil, 0
			code = append(code, c)
		}
	}
	report := opts.Progress
	if report == nil {
		report = func(Progress) {}
	}
	var first error
	count := 0
	for i, c := range code {
		if err := ctx.Err(); err != nil {
			return err
		}
		if strings.TrimSpace(c.Source) == "" {
			continue
		}
		count++
		step := Progress{Cell: i + 1, Of: len(code), Source: c.Source}
		report(step)
		start := time.Now()
		failure := col.run(ctx, c, backend, count)
		step.Done, step.Took = true, time.Since(start)
		if failure != nil && !c.HasTag("raises-exception") {
			step.Failed = &CellError{Notebook: nb.Name, Cell: i + 1, Failure: failure}
		}
		report(step)
		if step.Failed != nil && first == nil {
			first = step.Failed
		}
		if first != nil && !opts.KeepGoing {
			break
		}
	}
	if err := ctx.Err(); err != nil && first == nil {
		return err
	}
	return first
}

func (col *collector) run(ctx context.Context, c *Cell, backend serve.Backend, count int) *serve.Failure {
	limit := col.opts.Timeout
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, limit, fmt.Errorf("the cell ran longer than %v", limit))
		defer cancel()
	}
	out := &cellOutput{c: col, cell: c}
	col.mu.Lock()
	c.Count = count
	col.mu.Unlock()
	reply := backend.Execute(ctx, serve.Execution{Code: c.Source, Count: count, Cell: fmt.Sprintf("In[%d]", count)}, out)
	if reply.Failure != nil && limit > 0 && ctx.Err() == context.DeadlineExceeded {
		reply.Failure.Value = context.Cause(ctx).Error()
	}
	out.finish(reply, count)
	return reply.Failure
}
