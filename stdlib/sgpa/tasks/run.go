package tasks

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"slices"
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
	parts, err := Parts(t, b, seeds)
	if err != nil {
		return nil, err
	}
	var all []Outcome
	for _, p := range parts {
		done, err := RunPart(ctx, t, b, p, w)
		if err != nil {
			return nil, err
		}
		all = append(all, done...)
	}
	return Collect(t, b, seeds, all)
}

// Part is a piece of a comparison that needs nothing of the others: some methods of one seed, with all that share networks
// with them.
type Part struct {
	Seed    uint64
	Methods []string
}

// Outcome is what one method with one seed puts into the tables.
type Outcome struct {
	Method  string
	Seed    uint64
	Reports []*calib.Report // of the test set and of each shifted set; nil where numbers are predicted
	Errors  []float64       // the measures of predicted numbers
	Cost    []float64
}

var errNoSeeds = errors.New("tasks: give at least one seed; three or more show the spread")

// Parts divides a comparison, the longest parts first. They can be run in any order, or by several processes at a time.
func Parts(t *Task, b Budget, seeds []uint64) ([]Part, error) {
	if len(seeds) == 0 {
		return nil, errNoSeeds
	}
	chosen, err := choose(t, b.Methods)
	if err != nil {
		return nil, err
	}
	var parts []Part
	for _, variants := range together {
		var names []string
		for _, m := range chosen {
			if slices.Contains(variants, m.shares) {
				names = append(names, m.name)
			}
		}
		for _, seed := range seeds {
			if names != nil {
				parts = append(parts, Part{seed, names})
			}
		}
	}
	return parts, nil
}

// RunPart trains and measures the methods of a part. A line for each trained network goes to w (nil for none).
func RunPart(ctx context.Context, t *Task, b Budget, p Part, w io.Writer) ([]Outcome, error) {
	chosen, err := choose(t, p.Methods)
	if err != nil {
		return nil, err
	}
	bench := newBench(t, b.withDefaults(), p.Seed, logTo(w))
	var all []Outcome
	for _, m := range chosen {
		bench.used = nil
		o, perInput, err := m.run(ctx, bench)
		if err != nil {
			return nil, fmt.Errorf("tasks: %s, %s, seed %d: %w", t.Name, m.name, p.Seed, err)
		}
		o.Method, o.Seed, o.Cost = m.name, p.Seed, bench.cost(perInput)
		all = append(all, o)
	}
	return all, nil
}

// Collect makes the tables of the outcomes of all parts, given in any order.
func Collect(t *Task, b Budget, seeds []uint64, all []Outcome) (*Result, error) {
	chosen, err := choose(t, b.Methods)
	if err != nil {
		return nil, err
	}
	out := &Result{Task: t, Costs: costTable(), Budget: b.withDefaults(), Seeds: seeds}
	if t.regression() {
		out.Table = errorTable()
	}
	reports := make([][]*calib.Report, 1+len(t.Shifted))
	for _, seed := range seeds {
		for _, m := range chosen {
			i := slices.IndexFunc(all, func(o Outcome) bool { return o.Method == m.name && o.Seed == seed })
			if i < 0 {
				return nil, fmt.Errorf("tasks: %s: there is no outcome of %s with seed %d", t.Name, m.name, seed)
			}
			o := all[i]
			out.Costs.Add(o.Method, o.Cost...)
			if t.regression() {
				out.Table.Add(o.Method, o.Errors...)
				continue
			}
			for k, r := range o.Reports {
				reports[k] = append(reports[k], r)
			}
		}
	}
	if t.regression() {
		return out, nil
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
