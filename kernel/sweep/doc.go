// Package sweep runs a notebook, or a program made of one, for many settings
// of its parameters: in worker processes on this machine or as a job array on
// a Slurm cluster.
//
// A grid file says what to run:
//
//	notebook: lesson.ipynb          # or "program: ./lesson"
//	grid:                           # every combination
//	  M: [10, 20, 40]
//	  seed: {from: 1, to: 5}        # 1, 2, 3, 4, 5; "step" for another step
//	runs:                           # and these as they stand
//	  - {M: 80, seed: 1}
//	fixed:                          # the same in every run
//	  tasks: 10
//	results: [worst, best]          # variables recorded when the notebook has run
//	timeout: 10m                    # of one run
//	slurm: {time: "01:00:00"}       # options of sbatch
//
// # The folder of a sweep
//
// Everything a sweep knows is in files, so that it can be killed at any moment
// and taken up again by the same command:
//
//	sweep.json                 what is run, and all runs
//	notebook.ipynb             the notebook as it was when the sweep began
//	runs/NAME/lock             held (flock) by the process that runs it
//	runs/NAME/attempts.txt     one line for every start and every end
//	runs/NAME/log.txt          what the run printed
//	runs/NAME/begun.json       when and where the last start was
//	runs/NAME/executed.ipynb   the notebook with its outputs, and how it ended
//	runs/NAME/results.json     of a program: what it published, written as its last act
//	runs/NAME/state.json       how the run ended; its being there means "done"
//	table.csv, table.md        all runs: settings, status, time, results
//	slurm/                     scripts, job numbers, what Slurm says
//
// The invariants: executed.ipynb or results.json appears in one step when the
// run has come to its end; state.json is written once, whole, under the lock,
// from what they hold. A run starts only under its lock and without any of the
// three. So nothing that ended is lost or run again, even when it is killed
// before its end is recorded, and nothing runs in two places. A run that is
// killed before its end leaves none of them and starts anew.
//
// Cells publish further results by showing a bundle of the type
// application/vnd.priorlab.result+json.
//
// Start reading at grid.go, then task.go.
package sweep
