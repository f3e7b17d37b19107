package sweep

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Slurm runs tasks as job arrays of a Slurm cluster. The folder of the sweep
// must be one that the nodes see.
type Slurm struct {
	Workers int       // runs at one time; 0 for as many as the cluster allows
	Options []Setting // of sbatch, such as time and partition
	// Task is the command line that does a run; the run's name is added.
	Task   []string
	Report func(run Run, st *State, done int)
	Say    func(format string, args ...any)
	Poll   time.Duration // between looks at the folder; 0 for 2 s
}

// arraySize is how many runs one job array gets: Slurm's usual limit for
// indices is 1001.
const arraySize = 1000

// Run submits what has not been done, and waits. Jobs of an earlier call that
// are still in the queue are waited for first, not submitted again. When ctx
// ends, jobs go on.
func (q *Slurm) Run(ctx context.Context, s *Sweep) error {
	reported, err := q.watch(ctx, s, map[string]bool{}, false)
	if err != nil {
		return err
	}
	todo, _, err := s.pending()
	if err != nil || len(todo) == 0 {
		return err
	}
	for len(todo) > 0 {
		n := min(len(todo), arraySize)
		id, err := q.submit(ctx, s, todo[:n])
		if err != nil {
			return err
		}
		q.Say("Submitted job %s with %d runs; \"scancel %s\" ends it.\n", id, n, id)
		todo = todo[n:]
	}
	if _, err := q.watch(ctx, s, reported, true); err != nil {
		return err
	}
	if todo, _, err = s.pending(); err == nil && len(todo) > 0 {
		err = fmt.Errorf("the jobs have left the queue, but %d runs have not ended (cancelled, or a node was lost; see %s); the same command submits them again",
			len(todo), filepath.Join(s.Dir, "slurm"))
	}
	return err
}

// submit writes a script and the list of its runs, and hands it to sbatch.
func (q *Slurm) submit(ctx context.Context, s *Sweep, runs []Run) (string, error) {
	dir := filepath.Join(s.Dir, "slurm")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", err
	}
	base := filepath.Join(dir, "array-"+time.Now().UTC().Format("20060102T150405.000"))
	var list strings.Builder
	for _, r := range runs {
		list.WriteString(r.Name + "\n")
	}
	if err := writeWhole(base+".runs", []byte(list.String())); err != nil {
		return "", err
	}
	script := q.script(s, base, len(runs))
	if err := writeWhole(base+".sh", []byte(script)); err != nil {
		return "", err
	}
	out, err := output(ctx, "sbatch", "--parsable", base+".sh")
	if err != nil {
		return "", err
	}
	id, _, _ := strings.Cut(strings.TrimSpace(out), ";") // "id;cluster"
	if id == "" {
		return "", errors.New("sbatch gave no job number")
	}
	// Written after sbatch has answered: a kill in between leaves a job that
	// is not known here. Its runs hold their locks, so nothing runs twice.
	return id, writeWhole(base+".job", []byte(id+"\n"))
}

// script is the job array: task i runs line i+1 of the list.
func (q *Slurm) script(s *Sweep, base string, n int) string {
	var b strings.Builder
	array := "0-" + strconv.Itoa(n-1)
	if q.Workers > 0 {
		array += "%" + strconv.Itoa(q.Workers)
	}
	fmt.Fprintf(&b, "#!/bin/sh\n#SBATCH --job-name=%s\n#SBATCH --array=%s\n#SBATCH --output=%s\n",
		jobName(s.Dir), array, directive(strings.ReplaceAll(filepath.Dir(base), "%", "%%")+"/%A_%a.out"))
	for _, o := range q.Options {
		fmt.Fprintf(&b, "#SBATCH --%s=%s\n", o.Name, directive(o.Value))
	}
	b.WriteString("\nrun=$(sed -n \"$((SLURM_ARRAY_TASK_ID + 1))p\" " + quote(base+".runs") + ")\nexec")
	for _, a := range q.Task {
		b.WriteString(" " + quote(a))
	}
	b.WriteString(" \"$run\"\n")
	return b.String()
}

// jobName is the sweep's folder without characters that Slurm splits at.
func jobName(dir string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || strings.ContainsRune(`"'\,%=`, r) {
			return '_'
		}
		return r
	}, filepath.Base(dir))
}

// directive writes a value for a line that sbatch reads.
func directive(s string) string {
	if !strings.ContainsAny(s, " \t\"'\\") {
		return s
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// quote writes a word for the shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// watch reports runs as they end, until all have or no job is in the queue.
func (q *Slurm) watch(ctx context.Context, s *Sweep, reported map[string]bool, tell bool) (map[string]bool, error) {
	poll := q.Poll
	if poll == 0 {
		poll = 2 * time.Second
	}
	for {
		jobs, err := q.queued(ctx, s)
		if err != nil {
			return nil, err
		}
		if !tell && jobs > 0 {
			q.Say("Waiting for %d jobs that are in the queue.\n", jobs)
			tell = true
		}
		// Read after the queue: a task writes its state before it leaves.
		waiting := 0
		done := 0
		for _, r := range s.Plan.Runs {
			st, err := s.State(r.Name)
			if err != nil {
				return nil, err
			}
			if st == nil {
				waiting++
				continue
			}
			done++
			if !reported[r.Name] {
				reported[r.Name] = true
				if tell {
					q.Report(r, st, done)
				}
			}
		}
		if jobs == 0 || waiting == 0 {
			return reported, nil
		}
		select {
		case <-ctx.Done():
			q.Say("The jobs go on; the same command waits for them and fetches the table.\n")
			return nil, ctx.Err()
		case <-time.After(poll):
		}
	}
}

// queued is the number of this sweep's jobs that Slurm still has.
func (q *Slurm) queued(ctx context.Context, s *Sweep) (int, error) {
	list, err := filepath.Glob(filepath.Join(s.Dir, "slurm", "*.job"))
	if err != nil {
		return 0, err
	}
	n := 0
	for _, path := range list {
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return 0, err
		}
		out, err := output(ctx, "squeue", "--noheader", "--format=%i", "--jobs="+strings.TrimSpace(string(data)))
		var gone *exec.ExitError
		switch {
		case err == nil && strings.TrimSpace(out) != "":
			n++
		case err == nil, errors.As(err, &gone) && strings.Contains(err.Error(), "Invalid job id"):
			// Known to be over: not asked for again.
			if err := os.Rename(path, path+".over"); err != nil {
				return 0, err
			}
		default:
			return 0, err
		}
	}
	return n, nil
}

// output runs one of Slurm's commands.
func output(ctx context.Context, name string, args ...string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("%s is not installed here; --slurm needs a machine from which jobs can be submitted", name)
	}
	cmd := exec.CommandContext(ctx, path, args...)
	var out, fault bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &fault
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w: %s", name, err, strings.TrimSpace(fault.String()))
	}
	return out.String(), nil
}
