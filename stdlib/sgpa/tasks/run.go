package tasks

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"strings"
	"time"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/calib"
	"github.com/priorlab/priorlab/stdlib/internal/meter"
	"github.com/priorlab/priorlab/stdlib/sgpa"
)

// Result is a comparison: one table for the test set, one for each shifted set, and one of costs. Means and standard
// deviations are over seeds.
type Result struct {
	Task    *Task
	Table   *calib.Table
	Shifted []*calib.Table
	Names   []string     // of the shifted sets
	Costs   *calib.Table // see the notes of Markdown; they differ from run to run, the other tables do not
	Budget  Budget
	Seeds   []uint64
}

// Run trains the methods of the budget on a task for each seed, and measures them.
func Run(ctx context.Context, t *Task, b Budget, seeds []uint64) (*Result, error) {
	return RunLog(ctx, t, b, seeds, nil)
}

// RunLog is Run, with a line for each trained network written to w (nil for none).
func RunLog(ctx context.Context, t *Task, b Budget, seeds []uint64, w io.Writer) (*Result, error) {
	b = b.withDefaults()
	if len(seeds) == 0 {
		return nil, errNoSeeds
	}
	chosen, err := choose(t, b.Methods)
	if err != nil {
		return nil, err
	}
	reports := make([][]*calib.Report, 1+len(t.Shifted))
	out := &Result{Task: t, Costs: costTable(), Budget: b, Seeds: seeds}
	for _, seed := range seeds {
		bench := newBench(t, b, seed, logTo(w))
		for _, m := range chosen {
			bench.used = nil
			p, err := m.fit(ctx, bench)
			if err != nil {
				return nil, fmt.Errorf("tasks: %s, seed %d: %w", m.name, seed, err)
			}
			rs, perInput, err := measure(ctx, t, m.name, p)
			if err != nil {
				return nil, fmt.Errorf("tasks: %s, seed %d: %w", m.name, seed, err)
			}
			for i, r := range rs {
				reports[i] = append(reports[i], r)
			}
			bench.addCosts(out.Costs, m.name, perInput)
		}
	}
	for i, rs := range reports {
		tab, err := calib.Compare(rs...)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			out.Table = tab
		} else {
			out.Shifted, out.Names = append(out.Shifted, tab), append(out.Names, t.Shifted[i-1].Name)
		}
	}
	return out, nil
}

var errNoSeeds = errors.New("tasks: give at least one seed; three or more show the spread")

// logTo writes lines to w, or none if w is nil.
func logTo(w io.Writer) func(format string, args ...any) {
	return func(format string, args ...any) {
		if w != nil {
			fmt.Fprintf(w, format+"\n", args...)
		}
	}
}

// measure evaluates a predictor on the test set, with the strangers, and on every shifted set. It also gives the CPU time
// of predicting one input of the test set.
func measure(ctx context.Context, t *Task, name string, p sgpa.Predictor) (all []*calib.Report, perInput time.Duration, err error) {
	began := meter.CPU()
	pred, err := p.Predict(ctx, t.Test.X)
	if err != nil {
		return nil, 0, err
	}
	perInput = (meter.CPU() - began) / time.Duration(t.Test.X.Len())
	probs := pred.Probs()
	r, err := calib.Evaluate(name, probs, t.Test.Y)
	if err != nil {
		return nil, 0, err
	}
	if t.Outside != nil {
		out, err := p.Predict(ctx, t.Outside)
		if err != nil {
			return nil, 0, err
		}
		if err := linalg.Try(func() { r.WithOOD(probs, out.Probs()) }); err != nil {
			return nil, 0, err
		}
	}
	all = []*calib.Report{r}
	for _, s := range t.Shifted {
		pred, err := p.Predict(ctx, s.Data.X)
		if err != nil {
			return nil, 0, err
		}
		r, err := calib.Evaluate(name, pred.Probs(), s.Data.Y)
		if err != nil {
			return nil, 0, err
		}
		all = append(all, r)
	}
	return all, perInput, nil
}

func (r *Result) heading() string {
	s := fmt.Sprintf("%s; %d epochs, %d seeds, %d samples, %d members of an ensemble", r.Task.Name, r.Budget.Epochs, len(r.Seeds), r.Budget.Samples, r.Budget.Members)
	if r.Task.Outside != nil {
		s += "; AUROC and AUPR of " + r.Task.OutsideName + " by entropy"
	}
	return s
}

// String is all tables as text.
func (r *Result) String() string {
	s := r.heading() + "\n\ntest set\n" + r.Table.String()
	for i, t := range r.Shifted {
		s += "\n\n" + r.Names[i] + "\n" + t.String()
	}
	return s
}

// HTML is all tables as HTML.
func (r *Result) HTML() string {
	var s strings.Builder
	s.WriteString("<p>" + html.EscapeString(r.heading()) + "</p><p>test set</p>" + r.Table.HTML())
	for i, t := range r.Shifted {
		s.WriteString("<p>" + html.EscapeString(r.Names[i]) + "</p>" + t.HTML())
	}
	return s.String()
}
