package tasks

import (
	"context"
	"fmt"
	"html"
	"io"
	"strings"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/calib"
	"github.com/priorlab/priorlab/stdlib/sgpa"
)

// Result is a comparison: one table for the test set and one for each shifted set. Means and standard deviations are over
// seeds.
type Result struct {
	Task    *Task
	Table   *calib.Table
	Shifted []*calib.Table
	Names   []string // of the shifted sets
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
		return nil, fmt.Errorf("tasks: give at least one seed; three or more show the spread")
	}
	for _, name := range b.Methods {
		if _, err := find(name); err != nil {
			return nil, err
		}
	}
	log := func(format string, args ...any) {
		if w != nil {
			fmt.Fprintf(w, format+"\n", args...)
		}
	}
	reports := make([][]*calib.Report, 1+len(t.Shifted))
	for _, seed := range seeds {
		bench := &bench{task: t, budget: b, seed: seed, log: log, nets: map[string]*sgpa.Network{}}
		for _, name := range b.Methods {
			m, err := find(name)
			if err != nil {
				return nil, err
			}
			p, err := m.fit(ctx, bench)
			if err != nil {
				return nil, fmt.Errorf("tasks: %s, seed %d: %w", name, seed, err)
			}
			rs, err := measure(ctx, t, name, p)
			if err != nil {
				return nil, fmt.Errorf("tasks: %s, seed %d: %w", name, seed, err)
			}
			for i, r := range rs {
				reports[i] = append(reports[i], r)
			}
		}
	}
	out := &Result{Task: t, Budget: b, Seeds: seeds}
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

// measure evaluates a predictor on the test set, with the strangers, and on every shifted set.
func measure(ctx context.Context, t *Task, name string, p sgpa.Predictor) ([]*calib.Report, error) {
	pred, err := p.Predict(ctx, t.Test.X)
	if err != nil {
		return nil, err
	}
	probs := pred.Probs()
	r, err := calib.Evaluate(name, probs, t.Test.Y)
	if err != nil {
		return nil, err
	}
	if t.Outside != nil {
		out, err := p.Predict(ctx, t.Outside)
		if err != nil {
			return nil, err
		}
		if err := linalg.Try(func() { r.WithOOD(probs, out.Probs()) }); err != nil {
			return nil, err
		}
	}
	all := []*calib.Report{r}
	for _, s := range t.Shifted {
		pred, err := p.Predict(ctx, s.Data.X)
		if err != nil {
			return nil, err
		}
		r, err := calib.Evaluate(name, pred.Probs(), s.Data.Y)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

func (r *Result) heading() string {
	s := fmt.Sprintf("%s; %d epochs, %d seeds, %d samples", r.Task.Name, r.Budget.Epochs, len(r.Seeds), r.Budget.Samples)
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
