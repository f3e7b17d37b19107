package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"github.com/priorlab/priorlab/kernel/sweep"
)

// sweepOptions are the flags of "priorlab sweep".
type sweepOptions struct {
	workers int
	dir     string
	slurm   bool
	sbatch  settings
	retry   bool
	quiet   bool
	task    string // the run that this process does, for a sweep in dir
	grid    *sweep.Grid
}

// sweepCommand runs a notebook for a grid of settings.
func sweepCommand(args []string) error {
	var o sweepOptions
	f := newFlags("sweep", "GRID.yaml", "Run a notebook, or a program made of one, for a grid of settings. Each run has a\nfolder of its own; a table of all comes at the end. Killed at any moment, the\nsame command goes on where it was.\n\n  notebook: lesson.ipynb\n  grid:\n    M: [10, 20, 40]\n    seed: {from: 1, to: 5}\n  results: [worst, best]")
	f.IntVar(&o.workers, "j", 0, "`N` runs at one time (default: one for every two processors; with --slurm no limit)")
	f.StringVar(&o.dir, "o", "", "folder of the sweep (default: the grid's name with -runs)")
	f.BoolVar(&o.slurm, "slurm", false, "run as a job array of a Slurm cluster")
	f.Var(&o.sbatch, "sbatch", "an `option=value` of sbatch, such as time=01:00:00; may be repeated")
	f.BoolVar(&o.retry, "retry", false, "run again what failed")
	f.BoolVar(&o.quiet, "q", false, "show no progress, only the table")
	f.StringVar(&o.task, "task", "", "do the one `RUN` of the sweep in the folder -o (sweeps start this themselves)")
	files, err := parse(f, args)
	if err != nil {
		return err
	}
	if o.task != "" {
		return sweepTask(o.dir, o.task)
	}
	if len(files) != 1 {
		return usagef("needs one GRID.yaml, found %d", len(files))
	}
	if o.grid, err = sweep.ReadGrid(files[0]); err != nil {
		return err
	}
	if o.dir == "" {
		o.dir = strings.TrimSuffix(files[0], filepath.Ext(files[0])) + "-runs"
	}
	return o.run()
}

// sweepTask does one run in this process.
func sweepTask(dir, run string) error {
	s, err := sweep.Load(dir)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err = s.RunTask(ctx, run, headlessBackend)
	if errors.Is(err, sweep.ErrBusy) {
		os.Exit(sweep.BusyCode)
	}
	return err
}

func (o *sweepOptions) run() error {
	s, err := sweep.Open(o.dir, o.grid)
	if err != nil {
		return err
	}
	before, err := o.prepare(s)
	if err != nil {
		return err
	}
	o.say("%d runs in %s, %d of them done.\n", len(s.Plan.Runs), o.dir, before)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	program, err := os.Executable()
	if err != nil {
		return err
	}
	report := func(r sweep.Run, st *sweep.State, done int) { o.report(r, st, done, len(s.Plan.Runs)) }
	var failed error
	if o.slurm {
		failed = o.onSlurm(ctx, s, program, report)
	} else {
		failed = o.here(ctx, s, program, report)
	}
	return errors.Join(failed, o.table(s))
}

// prepare counts what is done, and forgets failures that are to be tried
// again.
func (o *sweepOptions) prepare(s *sweep.Sweep) (done int, err error) {
	for _, r := range s.Plan.Runs {
		st, err := s.State(r.Name)
		if err != nil {
			return 0, err
		}
		if st != nil && st.Status != sweep.OK && o.retry {
			if err := s.Forget(r.Name); err != nil {
				return 0, err
			}
			st = nil
		}
		if st != nil {
			done++
		}
	}
	return done, nil
}

func (o *sweepOptions) here(ctx context.Context, s *sweep.Sweep, program string, report func(sweep.Run, *sweep.State, int)) error {
	if len(o.sbatch) > 0 {
		return usagef("--sbatch is for --slurm")
	}
	workers := o.workers
	if workers <= 0 {
		// The numerics use several processors themselves.
		workers = max(1, runtime.NumCPU()/2)
	}
	pool := &sweep.Pool{Workers: workers, Report: report, Command: func(ctx context.Context, run string) *exec.Cmd {
		return exec.CommandContext(ctx, program, "sweep", "-o", s.Dir, "--task", run)
	}}
	err := pool.Run(ctx, s)
	if errors.Is(err, context.Canceled) {
		return errors.New("interrupted; the same command goes on from here")
	}
	return err
}

func (o *sweepOptions) onSlurm(ctx context.Context, s *sweep.Sweep, program string, report func(sweep.Run, *sweep.State, int)) error {
	options := o.grid.Slurm
	for _, x := range o.sbatch {
		name, value, ok := strings.Cut(strings.TrimLeft(x, "-"), "=")
		if !ok {
			return usagef("--sbatch %s: write option=value", x)
		}
		options = append(options, sweep.Setting{Name: name, Value: value})
	}
	q := &sweep.Slurm{Workers: o.workers, Options: options, Task: []string{program, "sweep", "-o", s.Dir, "--task"}, Report: report, Say: o.say}
	err := q.Run(ctx, s)
	if errors.Is(err, context.Canceled) {
		return errors.New("no longer waiting")
	}
	return err
}

func (o *sweepOptions) say(format string, args ...any) {
	if !o.quiet {
		fmt.Fprintf(os.Stderr, format, args...)
	}
}

// report tells how a run ended.
func (o *sweepOptions) report(r sweep.Run, st *sweep.State, done, of int) {
	var settings []string
	for _, x := range r.Settings {
		settings = append(settings, x.Name+"="+x.Value)
	}
	o.say("[%*d/%d] %s  %s  %.1f s", len(fmt.Sprint(of)), done, of, strings.Join(settings, " "), st.Status, st.Seconds)
	if st.Error != "" {
		line, _, _ := strings.Cut(st.Error, "\n")
		o.say("  %s", line)
	}
	o.say("\n")
}

// table writes the table, also of an unfinished sweep, and says what failed.
func (o *sweepOptions) table(s *sweep.Sweep) error {
	t, err := s.Table()
	if err != nil {
		return err
	}
	if err := s.WriteTable(t); err != nil {
		return err
	}
	if err := t.Markdown(os.Stdout); err != nil {
		return err
	}
	o.say("\nTable: %s\n", filepath.Join(o.dir, "table.csv"))
	if len(t.Failures) > 0 {
		return fmt.Errorf("%d of %d runs failed; --retry runs them again", len(t.Failures), len(t.Rows))
	}
	return nil
}
