//go:build unix

package sweep

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The test's executable also plays the processes of a sweep, by its first
// argument.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "-results":
			os.Exit(playProgram(os.Args[1:]))
		case "task":
			os.Exit(playTask(os.Args[2], os.Args[3]))
		case "sweep":
			os.Exit(playSweep(os.Args[2], os.Args[3], os.Args[4] == "slurm"))
		}
	}
	os.Exit(m.Run())
}

// playProgram is a program as "priorlab build" makes them: it takes its time,
// keeps an account of its starts, and ends with publishing a result, which
// says which start it belongs to.
func playProgram(args []string) int {
	set := map[string]string{}
	for _, a := range args[4:] { // -results FILE -pictures DIR
		k, v, _ := strings.Cut(strings.TrimPrefix(a, "-"), "=")
		set[k] = v
	}
	f, err := os.OpenFile("account.txt", os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o666)
	if err != nil {
		panic(err)
	}
	fmt.Fprintf(f, "%s %d\n", set["n"], os.Getpid())
	f.Close()
	fmt.Println("running", set["n"])
	ms, _ := strconv.Atoi(set["ms"])
	time.Sleep(time.Duration(ms) * time.Millisecond)
	if set["fail"] == "yes" {
		fmt.Fprintln(os.Stderr, "it went wrong")
		return 1
	}
	result := fmt.Appendf(nil, `{"pid": %d, "square": %s.5, "word": "w%s"}`, os.Getpid(), set["n"], set["n"])
	if os.WriteFile(args[1]+".part", result, 0o666) != nil || os.Rename(args[1]+".part", args[1]) != nil {
		return 1
	}
	time.Sleep(time.Duration(ms) * time.Millisecond / 3) // a process takes time to end
	return 0
}

func playTask(dir, run string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	s, err := Load(dir)
	if err == nil {
		err = s.RunTask(ctx, run, nil)
	}
	switch {
	case errors.Is(err, ErrBusy):
		return BusyCode
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func playSweep(grid, dir string, slurm bool) int {
	if err := doSweep(context.Background(), grid, dir, slurm); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func doSweep(ctx context.Context, grid, dir string, slurm bool) error {
	g, err := ReadGrid(grid)
	if err != nil {
		return err
	}
	s, err := Open(dir, g)
	if err != nil {
		return err
	}
	report := func(Run, *State, int) {}
	if slurm {
		q := &Slurm{Task: []string{os.Args[0], "task", s.Dir}, Report: report, Say: func(string, ...any) {}, Poll: 50 * time.Millisecond}
		return q.Run(ctx, s)
	}
	p := &Pool{Workers: 3, Report: report, Command: func(ctx context.Context, run string) *exec.Cmd {
		return exec.CommandContext(ctx, os.Args[0], "task", s.Dir, run)
	}}
	return p.Run(ctx, s)
}

// lay makes a folder with a grid whose program is this test's executable.
func lay(t *testing.T, grid string) (file, dir string) {
	t.Helper()
	root := t.TempDir()
	program := filepath.Join(root, "program")
	if err := os.Symlink(os.Args[0], program); err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(root, "grid.yaml")
	if err := os.WriteFile(file, []byte("program: ./program\n"+grid), 0o666); err != nil {
		t.Fatal(err)
	}
	return file, filepath.Join(root, "runs of it")
}

// account lists, for every run, the process numbers of its starts.
func account(t *testing.T, grid string) map[string][]string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(filepath.Dir(grid), "account.txt"))
	if err != nil {
		t.Fatal(err)
	}
	starts := map[string][]string{}
	for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		n, pid, _ := strings.Cut(line, " ")
		starts[n] = append(starts[n], pid)
	}
	return starts
}

// finished lists the runs whose program has come to its end, with the number
// of the process that did.
func finished(t *testing.T, dir string) map[string]string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(dir, "runs", "*", "results.json"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, path := range list {
		results, err := programResults(path)
		if err != nil {
			t.Fatal(err)
		}
		n, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(filepath.Dir(path)), "n="), ",")
		out[n] = results["pid"]
	}
	return out
}

// wantOnceEach checks a resumed sweep of so many runs: what had come to its end
// before was not started again, and every result is that of the last start.
func wantOnceEach(t *testing.T, grid, dir string, runs int, before map[string]string) {
	t.Helper()
	starts, after := account(t, grid), finished(t, dir)
	for i := 1; i <= runs; i++ {
		n := strconv.Itoa(i)
		all := starts[n]
		switch {
		case len(all) == 0 || after[n] != all[len(all)-1]:
			t.Errorf("run %s: started by processes %v, but the result is of process %q", n, all, after[n])
		case before[n] != "" && (len(all) != 1 || after[n] != before[n]):
			t.Errorf("run %s had come to its end before the kill and was started by %v", n, all)
		case len(all) > 2:
			t.Errorf("run %s was started %d times for one kill", n, len(all))
		}
	}
	s, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	table, err := s.Table()
	if err != nil {
		t.Fatal(err)
	}
	if len(table.Rows) != runs || table.Missing != 0 || len(table.Failures) != 0 {
		t.Errorf("table: %d rows, %d missing, failures %v", len(table.Rows), table.Missing, table.Failures)
	}
	for _, r := range s.Plan.Runs {
		if st, err := s.State(r.Name); err != nil || st.Results["pid"] != after[r.Settings[0].Value] || !(st.Seconds > 0.1 && st.Seconds < 60) || st.Host == "" {
			t.Errorf("%s: state %+v, %v", r.Name, st, err)
		}
	}
}

func TestSweepOfAProgram(t *testing.T) {
	t.Parallel() // it waits for a timeout, which a busy machine must not reach otherwise
	grid, dir := lay(t, "grid: {n: [1, 2, 3]}\nruns: [{n: 4, fail: yes}, {n: 5, ms: 60000}]\ntimeout: 8s\n")
	if err := doSweep(context.Background(), grid, dir, false); err != nil {
		t.Fatal(err)
	}
	s, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	table, err := s.Table()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.WriteTable(table); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "table.csv"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	for i, want := range []string{"n,fail,ms,status,*,*,square,word", "1,,,ok,*,*,1.5,w1", "2,,,ok,*,*,2.5,w2", "3,,,ok,*,*,3.5,w3", "4,yes,,failed,*,*,,", "5,,60000,failed,*,*,,"} {
		f := strings.Split(lines[i], ",")
		f[4], f[5] = "*", "*" // seconds and pid
		if got := strings.Join(f, ","); got != want {
			t.Errorf("line %d of the table is %q, want %q", i, got, want)
		}
	}
	if len(table.Failures) != 2 || !strings.Contains(table.Failures[0], "n=4 fail=yes: exit status 1: # n=4 fail=yes | running 4 | it went wrong") || !strings.Contains(table.Failures[1], "it ran longer than 8s") {
		t.Errorf("failures %q", table.Failures)
	}
	md, err := os.ReadFile(filepath.Join(dir, "table.md"))
	if err != nil || !bytes.Contains(md, []byte("\nFailed:\n\n- n=4")) {
		t.Errorf("table.md (%v):\n%s", err, md)
	}

	// A second call does nothing, and failures are tried again when asked.
	if err := doSweep(context.Background(), grid, dir, false); err != nil {
		t.Fatal(err)
	}
	starts := account(t, grid)
	if len(starts["1"]) != 1 || len(starts["4"]) != 1 {
		t.Errorf("starts after a second call: %v", starts)
	}
	if err := s.Forget(runName([]Setting{{"n", "4"}, {"fail", "yes"}})); err != nil {
		t.Fatal(err)
	}
	if err := doSweep(context.Background(), grid, dir, false); err != nil {
		t.Fatal(err)
	}
	if starts = account(t, grid); len(starts["1"]) != 1 || len(starts["4"]) != 2 {
		t.Errorf("starts after forgetting 4: %v", starts)
	}
}

// TestKilledAndResumed kills a sweep half-way, with its tasks or without, and
// resumes it.
func TestKilledAndResumed(t *testing.T) {
	for _, c := range []struct {
		name         string
		slurm, group bool
	}{
		{"the sweep alone", false, false},
		{"the sweep and its tasks", false, true},
		{"the sweep while Slurm goes on", true, false},
		{"the sweep and Slurm's tasks", true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var env []string
			mode := "local"
			if c.slurm {
				fake, err := filepath.Abs("testdata/fakeslurm")
				if err != nil {
					t.Fatal(err)
				}
				env, mode = append(env, "PATH="+fake+":"+os.Getenv("PATH")), "slurm"
			}
			const runs = 12
			grid, dir := lay(t, "grid: {n: {from: 1, to: "+strconv.Itoa(runs)+"}}\nfixed: {ms: 150}\n")
			play := func() *exec.Cmd {
				cmd := exec.Command(os.Args[0], "sweep", grid, dir, mode)
				cmd.Env = append(os.Environ(), env...)
				cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
				cmd.Stderr = os.Stderr
				return cmd
			}
			cmd := play()
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			done := waitForStates(t, dir, 4)
			if c.group { // the processes of the fake Slurm are in the group, too
				syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			} else {
				cmd.Process.Kill()
			}
			cmd.Wait()
			if c.group {
				waitUntilIdle(t, dir)
			}
			if len(done) >= runs {
				t.Fatalf("%d of %d runs had ended before the kill; the test needs some that had not", len(done), runs)
			}
			before := finished(t, dir)
			if out, err := run(play()); err != nil {
				t.Fatalf("resumed: %v %s", err, out)
			}
			wantOnceEach(t, grid, dir, runs, before)
			for n, all := range account(t, grid) {
				if !c.group && len(all) != 1 {
					t.Errorf("run %s was started %d times though its task was not killed", n, len(all))
				}
			}
		})
	}
}

// waitForStates waits until so many runs have ended, and names them.
func waitForStates(t *testing.T, dir string, want int) map[string]bool {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		list, _ := filepath.Glob(filepath.Join(dir, "runs", "*", "state.json"))
		if len(list) < want {
			continue
		}
		done := map[string]bool{}
		for _, path := range list {
			name := filepath.Base(filepath.Dir(path))
			n, _, _ := strings.Cut(strings.TrimPrefix(name, "n="), ",")
			done[n] = true
		}
		return done
	}
	t.Fatal("no runs ended in 30 s")
	return nil
}

// waitUntilIdle waits until no process holds the lock of a run.
func waitUntilIdle(t *testing.T, dir string) {
	t.Helper()
	locks, err := filepath.Glob(filepath.Join(dir, "runs", "*", "lock"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range locks {
		for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
			lock, err := acquire(path)
			if err != nil {
				t.Fatal(err)
			}
			if lock != nil {
				lock.Close()
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s is held though its processes were killed", path)
			}
		}
	}
}

// TestEndNotRecorded kills a task and its program when the program has come to
// its end and the task has not recorded it: the end counts.
func TestEndNotRecorded(t *testing.T) {
	grid, dir := lay(t, "grid: {n: [1]}\nfixed: {ms: 600}\n")
	g, err := ReadGrid(grid)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(dir, g)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "task", dir, s.Plan.Runs[0].Name)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for len(finished(t, dir)) == 0 { // the program still takes its time to end
		time.Sleep(time.Millisecond)
	}
	syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	cmd.Wait()
	waitUntilIdle(t, dir)
	if st, err := s.State(s.Plan.Runs[0].Name); st != nil || err != nil {
		t.Fatalf("the task recorded %+v, %v; it was to be killed before", st, err)
	}
	before := finished(t, dir)
	if err := doSweep(t.Context(), grid, dir, false); err != nil {
		t.Fatal(err)
	}
	wantOnceEach(t, grid, dir, 1, before)
}

func TestOneRunnerOnly(t *testing.T) {
	grid, dir := lay(t, "grid: {n: 1}\nfixed: {ms: 300}\n")
	g, err := ReadGrid(grid)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(dir, g)
	if err != nil {
		t.Fatal(err)
	}
	codes := make(chan int)
	for range 4 {
		go func() {
			cmd := exec.Command(os.Args[0], "task", dir, s.Plan.Runs[0].Name)
			cmd.Run()
			codes <- cmd.ProcessState.ExitCode()
		}()
	}
	sum := map[int]int{}
	for range 4 {
		sum[<-codes]++
	}
	starts, ends := account(t, grid), finished(t, dir)
	if len(starts["1"]) != 1 || starts["1"][0] != ends["1"] || sum[0]+sum[BusyCode] != 4 || sum[0] < 1 {
		t.Errorf("4 tasks on one run: starts %v, ends %v, exit codes %v", starts, ends, sum)
	}
}

// TestChangedProgram: results of two versions must not be mixed, but a grid
// may grow.
func TestChangedProgram(t *testing.T) {
	grid, dir := lay(t, "grid: {n: [1]}\n")
	if err := doSweep(context.Background(), grid, dir, false); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(grid, []byte("program: ./program\ngrid: {n: [1, 2]}\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := doSweep(context.Background(), grid, dir, false); err != nil {
		t.Fatal(err)
	}
	if starts := account(t, grid); len(starts["1"]) != 1 || len(starts["2"]) != 1 {
		t.Errorf("starts of the grown grid: %v", starts)
	}
	program := filepath.Join(filepath.Dir(grid), "program")
	os.Remove(program)
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := doSweep(context.Background(), grid, dir, false); err == nil || !strings.Contains(err.Error(), "has changed since the sweep") {
		t.Errorf("a changed program: %v", err)
	}
	if err := doSweep(context.Background(), grid, filepath.Dir(grid), false); err == nil || !strings.Contains(err.Error(), "has files but is no sweep") {
		t.Errorf("a folder with other files: %v", err)
	}
}

// TestInterrupted: a sweep that is asked to stop stops its tasks and records
// nothing for them.
func TestInterrupted(t *testing.T) {
	grid, dir := lay(t, "grid: {n: [1, 2]}\nfixed: {ms: 60000}\n")
	ctx, cancel := context.WithTimeout(context.Background(), 400*time.Millisecond)
	defer cancel()
	start := time.Now()
	if err := doSweep(ctx, grid, dir, false); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the sweep gave %v", err)
	}
	if took := time.Since(start); took > 8*time.Second {
		t.Errorf("stopping took %v", took)
	}
	if list, _ := filepath.Glob(filepath.Join(dir, "runs", "*", "state.json")); len(list) != 0 {
		t.Errorf("stopped runs have states: %v", list)
	}
}

func TestTornFiles(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "state.json")
	for i := range 50 {
		if err := writeJSON(path, State{Status: OK, Error: strings.Repeat("x", i*100)}); err != nil {
			t.Fatal(err)
		}
	}
	var st State
	if err := readJSON(path, &st); err != nil || len(st.Error) != 4900 {
		t.Errorf("%v %d", err, len(st.Error))
	}
	list, _ := os.ReadDir(dir)
	if len(list) != 1 {
		t.Errorf("files left over: %v", list)
	}
}

func run(cmd *exec.Cmd) (string, error) {
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}
