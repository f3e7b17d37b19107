package experiments

import (
	"context"
	"fmt"
	"time"

	"github.com/priorlab/priorlab/stdlib/internal/meter"
	"github.com/priorlab/priorlab/stdlib/ohsvgp"
	"gonum.org/v1/gonum/mat"
)

// Task is one part of a stream: what is learned and what is held out.
type Task struct {
	X     *mat.Dense
	Y     []float64
	TestX *mat.Dense
	TestY []float64
	End   float64 // end time on the line
}

// Method makes a fresh model for M inducing variables and a seed.
type Method struct {
	Name string
	Make func(M int, seed uint64, tasks []Task) (Model, error)
}

// Model is what a study needs of a method.
type Model interface {
	Learn(ctx context.Context, t Task) error
	// Test returns predicted means and log densities of held-out observations.
	Test(ctx context.Context, x *mat.Dense, y []float64) (mean, logDensity []float64, err error)
	// Draw returns n sets of observations at x from the predictive distribution.
	Draw(ctx context.Context, x *mat.Dense, n int, seed uint64) ([][]float64, error)
}

// Study is one comparison.
type Study struct {
	Name    string
	Notes   string // data, and every choice that the publication leaves open
	Sizes   []int  // numbers of inducing variables
	Seeds   int    // random splits
	Methods []Method
	Tasks   func(seed uint64) ([]Task, error)
}

// Row is one measurement: a method tested on one task after it has learned
// another (the same or a later one).
type Row struct {
	Study, Method string
	M             int
	Seed          uint64
	After, Task   int // from 1
	RMSE, NLPD    float64
	ECE           float64 // quantile calibration error of 100 drawn sets of observations
	Seconds       float64 // wall clock of learning since the first task
	CPU           float64 // processor seconds of the same
}

// Options narrow a run down. The zero value runs the study as it is.
type Options struct {
	Seeds  int   // 0 means the study's own number
	Sizes  []int // nil means the study's own
	Report func(line string)
	Done   func(rows []Row) error // called with all rows so far after each size of each split
}

// Run runs a study and returns its rows. A method that fails on a task is
// reported and left out from there on; the study goes on.
func Run(ctx context.Context, s Study, o Options) ([]Row, error) {
	if o.Seeds == 0 {
		o.Seeds = s.Seeds
	}
	if o.Sizes == nil {
		o.Sizes = s.Sizes
	}
	if o.Report == nil {
		o.Report = func(string) {}
	}
	if o.Done == nil {
		o.Done = func([]Row) error { return nil }
	}
	var rows []Row
	for seed := uint64(1); seed <= uint64(o.Seeds); seed++ {
		tasks, err := s.Tasks(seed)
		if err != nil {
			return rows, err
		}
		for _, M := range o.Sizes {
			for _, m := range s.Methods {
				got, err := one(ctx, s.Name, m, M, seed, tasks)
				rows = append(rows, got...)
				if cerr := ctx.Err(); cerr != nil {
					return rows, cerr
				}
				if err != nil {
					o.Report(fmt.Sprintf("%s, %s, M = %d, seed %d: %v", s.Name, m.Name, M, seed, err))
					continue
				}
				last := got[len(got)-len(tasks)]
				o.Report(fmt.Sprintf("%s, %s, M = %d, seed %d: first task %.4f, all tasks %.4f (RMSE at the end), %.2f s",
					s.Name, m.Name, M, seed, last.RMSE, meanRMSE(got[len(got)-len(tasks):]), last.Seconds))
			}
			if err := o.Done(rows); err != nil {
				return rows, err
			}
		}
	}
	return rows, nil
}

func meanRMSE(rows []Row) float64 {
	s := 0.0
	for _, r := range rows {
		s += r.RMSE / float64(len(rows))
	}
	return s
}

func one(ctx context.Context, study string, m Method, M int, seed uint64, tasks []Task) ([]Row, error) {
	model, err := m.Make(M, seed, tasks)
	if err != nil {
		return nil, err
	}
	var rows []Row
	var spent, worked time.Duration
	for j, t := range tasks {
		began, cpu := time.Now(), meter.CPU()
		if err := model.Learn(ctx, t); err != nil {
			return rows, err
		}
		spent, worked = spent+time.Since(began), worked+meter.CPU()-cpu
		for i, u := range tasks[:j+1] {
			mean, logp, err := model.Test(ctx, u.TestX, u.TestY)
			if err != nil {
				return rows, err
			}
			draws, err := model.Draw(ctx, u.TestX, 100, seed)
			if err != nil {
				return rows, err
			}
			ece, err := ohsvgp.ECE(u.TestY, draws)
			if err != nil {
				return rows, err
			}
			nlpd := 0.0
			for _, l := range logp {
				nlpd -= l / float64(len(logp))
			}
			rows = append(rows, Row{Study: study, Method: m.Name, M: M, Seed: seed, After: j + 1, Task: i + 1,
				RMSE: ohsvgp.RMSE(u.TestY, mean), NLPD: nlpd, ECE: ece, Seconds: spent.Seconds(), CPU: worked.Seconds()})
		}
	}
	return rows, nil
}
