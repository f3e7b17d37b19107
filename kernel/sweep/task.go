package sweep

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/priorlab/priorlab/kernel/nbfile"
	"github.com/priorlab/priorlab/kernel/serve"
)

// How a run ended.
const (
	OK     = "ok"
	Failed = "failed"
)

// A State is how a run ended: state.json.
type State struct {
	Status  string            `json:"status"`
	Error   string            `json:"error,omitempty"`
	Started time.Time         `json:"started"`
	Seconds float64           `json:"seconds"`
	Host    string            `json:"host"`
	Results map[string]string `json:"results,omitempty"`
}

// ErrBusy is the error of a run that another process is at.
var ErrBusy = errors.New("another process is running it")

// RunDirVariable names the environment variable that tells a run its folder,
// for files of its own.
const RunDirVariable = "PRIORLAB_RUN_DIR"

// State reads how the run ended; nil when it has not.
func (s *Sweep) State(name string) (*State, error) {
	var st State
	err := readJSON(filepath.Join(s.folder(name), "state.json"), &st)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return &st, err
}

// Forget makes the run start anew, whatever became of it.
func (s *Sweep) Forget(name string) error {
	lock, err := s.lock(name)
	if err != nil {
		return err
	}
	defer lock.Close()
	for _, file := range []string{"results.json", "executed.ipynb", "state.json"} { // the state last: without it the others are an end
		if err := removeIfThere(filepath.Join(s.folder(name), file)); err != nil {
			return err
		}
	}
	return nil
}

func removeIfThere(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (s *Sweep) lock(name string) (*os.File, error) {
	dir := s.folder(name)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	lock, err := acquire(filepath.Join(dir, "lock"))
	if err == nil && lock == nil {
		err = ErrBusy
	}
	return lock, err
}

// RunTask does one run in this process and records how it ended. It returns
// ErrBusy when another process is at it, and does nothing for a run that has
// ended. A run that ctx stops records nothing. A failure of the run is no
// error of RunTask.
func (s *Sweep) RunTask(ctx context.Context, name string, backend func() (serve.Backend, error)) error {
	r, err := s.find(name)
	if err != nil {
		return err
	}
	lock, err := s.lock(name)
	if err != nil {
		return err
	}
	defer lock.Close()
	if st, err := s.State(name); st != nil || err != nil {
		return err
	}
	if st, err := s.unrecorded(name); err != nil {
		return err
	} else if st != nil {
		return s.record(name, *st)
	}
	st := State{Started: time.Now()}
	st.Host, _ = os.Hostname() // only told
	if err := s.attempt(name, "start", st.Host); err != nil {
		return err
	}
	if err := writeJSON(filepath.Join(s.folder(name), "begun.json"), st); err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(s.folder(name), "log.txt"))
	if err != nil {
		return err
	}
	defer log.Close()
	fmt.Fprintf(log, "# %s\n", strings.Join(arguments(r.Settings), " "))

	limited := ctx
	if s.Plan.Timeout > 0 {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, s.Plan.Timeout)
		defer cancel()
	}
	var failure error
	var nb *nbfile.Notebook // executed
	if s.Plan.Program != "" {
		st.Results, failure = s.runProgram(limited, r, log, lock)
	} else if nb, failure = s.runNotebook(limited, r, log, backend); nb != nil {
		st.Results = notebookResults(nb)
	}
	if ctx.Err() != nil {
		fmt.Fprintln(log, "# interrupted")
		return ctx.Err()
	}
	st.Status, st.Seconds = OK, time.Since(st.Started).Seconds()
	if failure != nil {
		st.Status, st.Error = Failed, failure.Error()
		if limited.Err() != nil {
			st.Error = fmt.Sprintf("it ran longer than %v", s.Plan.Timeout)
		}
		fmt.Fprintf(log, "# failed: %s\n", st.Error)
	}
	if nb != nil {
		if err := s.keep(name, nb, st); err != nil {
			return err
		}
	}
	return s.record(name, st)
}

// unrecorded is the end of a run that left proof of it, while the process that
// was to record it did not live to: a program writes its results, and a
// notebook is kept with its state, in one step at the very end. It is nil when
// there is no such proof.
func (s *Sweep) unrecorded(name string) (*State, error) {
	var st State
	if s.Plan.Program == "" {
		var executed struct {
			Metadata struct {
				State *State `json:"priorlab_sweep"`
			} `json:"metadata"`
		}
		err := readJSON(filepath.Join(s.folder(name), "executed.ipynb"), &executed)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return executed.Metadata.State, err
	}
	path := filepath.Join(s.folder(name), "results.json")
	ended, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if err := readJSON(filepath.Join(s.folder(name), "begun.json"), &st); err != nil {
		return nil, err
	}
	if st.Results, err = programResults(path); err != nil {
		return nil, err
	}
	st.Status, st.Seconds = OK, ended.ModTime().Sub(st.Started).Seconds()
	return &st, nil
}

// keep writes the executed notebook, whole, with how its run ended.
func (s *Sweep) keep(name string, nb *nbfile.Notebook, st State) error {
	nb.Metadata["priorlab_sweep"] = st
	executed := filepath.Join(s.folder(name), "executed.ipynb")
	if err := nb.WriteFile(executed + ".part"); err != nil {
		return err
	}
	return os.Rename(executed+".part", executed)
}

// record writes the end of a run; the caller holds the lock.
func (s *Sweep) record(name string, st State) error {
	if err := writeJSON(filepath.Join(s.folder(name), "state.json"), st); err != nil {
		return err
	}
	return s.attempt(name, "end "+st.Status, st.Host)
}

// attempt adds a line to the account of starts and ends.
func (s *Sweep) attempt(name, what, host string) error {
	f, err := os.OpenFile(filepath.Join(s.folder(name), "attempts.txt"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%s %s %s pid %d\n", time.Now().UTC().Format(time.RFC3339Nano), what, host, os.Getpid())
	return errors.Join(err, f.Close())
}

// runNotebook runs the sweep's copy of the notebook in a session of its own.
func (s *Sweep) runNotebook(ctx context.Context, r Run, log io.Writer, backend func() (serve.Backend, error)) (*nbfile.Notebook, error) {
	nb, err := nbfile.ReadFile(s.notebook())
	if err != nil {
		return nil, err
	}
	nb.Name = filepath.Base(s.Plan.Notebook)
	if err := nb.SetParameters(arguments(r.Settings)); err != nil {
		return nil, err
	}
	if len(s.Plan.Results) > 0 {
		nb.Add("code", resultsCell(s.Plan.Results)).Metadata["tags"] = []any{"sweep-results"}
	}
	// Cells find files where they find them without a sweep.
	if err := os.Chdir(s.Plan.Folder); err != nil {
		return nil, err
	}
	if err := os.Setenv(RunDirVariable, s.folder(r.Name)); err != nil {
		return nil, err
	}
	b, err := backend()
	if err != nil {
		return nil, err
	}
	defer b.Close()
	failure := nbfile.Run(ctx, nb, b, nbfile.Options{
		Stream: func(_, text string) { io.WriteString(log, text) },
		Progress: func(p nbfile.Progress) {
			if !p.Done {
				fmt.Fprintf(log, "# cell %d of %d\n", p.Cell, p.Of)
			}
		},
	})
	var cell *nbfile.CellError
	if errors.As(failure, &cell) {
		fmt.Fprintln(log, strings.Join(cell.Failure.Traceback, "\n"))
		failure = fmt.Errorf("cell %d: %s: %s", cell.Cell, cell.Failure.Name, cell.Failure.Value)
	}
	return nb, failure
}

// runProgram runs a program that "priorlab build" made. It inherits the lock,
// so that the run stays taken as long as the program lives.
func (s *Sweep) runProgram(ctx context.Context, r Run, log *os.File, lock *os.File) (map[string]string, error) {
	dir := s.folder(r.Name)
	results := filepath.Join(dir, "results.json")
	args := []string{"-results", results, "-pictures", filepath.Join(dir, "pictures")}
	for _, a := range arguments(r.Settings) {
		args = append(args, "-"+a)
	}
	cmd := exec.CommandContext(ctx, s.Plan.Program, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.Plan.Folder, log, log
	cmd.Env = append(os.Environ(), RunDirVariable+"="+dir)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	passOn(cmd, lock)
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, lastLines(filepath.Join(dir, "log.txt")))
	}
	return programResults(results)
}

// lastLines is what a log ends with, in one line.
func lastLines(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	return strings.Join(lines[max(0, len(lines)-3):], " | ")
}
