package cell_test

import (
	"context"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/priorlab/priorlab/kernel/cell"
)

var distribution = flag.String("distribution", "*.go,chan/*.go,interface/*.go,ken/*.go,typeparam/*.go", "which programs of the Go distribution's test folder to run")

// TestDistribution runs the "run" programs of the Go distribution's own test
// folder, each in a process of its own, and counts how they end. A program that
// the engine runs to another end than Go does must end with an error; the rest
// of the gate is a count.
func TestDistribution(t *testing.T) {
	if file := os.Getenv("PRIORLAB_DISTRIBUTION_FILE"); file != "" {
		runDistributionFile(t, file)
		return
	}
	if os.Getenv("PRIORLAB_LONG") == "" {
		t.Skip("set PRIORLAB_LONG=1 to run the Go distribution's test programs")
	}
	var programs []string
	for _, pattern := range strings.Split(*distribution, ",") {
		files, _ := filepath.Glob(filepath.Join(runtime.GOROOT(), "test", pattern))
		for _, f := range files {
			if b, err := os.ReadFile(f); err == nil && ordinary(string(b)) {
				programs = append(programs, f)
			}
		}
	}
	if len(programs) == 0 {
		t.Skip("this Go installation has no test folder")
	}
	counts := map[string][]string{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	gate := make(chan struct{}, 2)
	for _, f := range programs {
		wg.Add(1)
		gate <- struct{}{}
		go func() {
			defer func() { <-gate; wg.Done() }()
			how := distributionVerdict(f)
			mu.Lock()
			defer mu.Unlock()
			kind, _, _ := strings.Cut(how, ":")
			rel, _ := filepath.Rel(filepath.Join(runtime.GOROOT(), "test"), f)
			counts[kind] = append(counts[kind], rel+" "+how)
		}()
	}
	wg.Wait()
	t.Logf("%d programs: %d pass, %d refused, %d end with an error, %d are stopped after a minute, %d give other output, %d die, %d hang", len(programs),
		len(counts["pass"]), len(counts["refused"]), len(counts["error"]), len(counts["slow"]), len(counts["silent"]), len(counts["died"]), len(counts["hang"]))
	for _, k := range []string{"silent", "died", "hang", "slow", "error", "refused"} {
		for _, l := range counts[k] {
			t.Log(l)
		}
	}
	if bad := len(counts["silent"]) + len(counts["died"]) + len(counts["hang"]); bad > 0 {
		t.Errorf("%d programs end wrongly and without an error", bad)
	}
	if 100*len(counts["pass"]) < 95*len(programs) {
		t.Error("fewer than 95 in 100 programs pass")
	}
}

// ordinary says whether a file is a program that "go run" alone would run: a
// test of kind "run" without flags, build constraints, cgo or more files.
func ordinary(src string) bool {
	return strings.HasPrefix(src, "// run\n") && !strings.Contains(src, "//go:build") && !strings.Contains(src, "import \"C\"") && strings.Contains(src, "package main")
}

func distributionVerdict(file string) string {
	cmd := exec.Command(os.Args[0], "-test.run=^TestDistribution$", "-test.timeout=150s")
	cmd.Env = append(os.Environ(), "PRIORLAB_DISTRIBUTION_FILE="+file)
	b, err := cmd.CombinedOutput()
	text := string(b)
	if i := strings.Index(text, "VERDICT "); i >= 0 {
		line, _, _ := strings.Cut(text[i+8:], "\n")
		return line
	}
	if strings.Contains(text, "panic: test timed out") {
		return "hang:"
	}
	if err == nil {
		return "died: no verdict"
	}
	line, _, _ := strings.Cut(text, "\n")
	return "died: " + line
}

func runDistributionFile(t *testing.T, file string) {
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	os.Args = os.Args[:1] // programs read them
	// Without such a file the program reports by panic and exit code alone.
	want, noOutput := os.ReadFile(strings.TrimSuffix(file, ".go") + ".out")
	s, out := newSession(t)
	var o cell.Outcome
	done := make(chan struct{})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	go func() { defer close(done); o = s.Eval(ctx, cell.Cell{Name: "In[1]", Source: string(src)}) }()
	select {
	case <-done:
	case <-time.After(90 * time.Second):
		os.Stdout.WriteString("VERDICT hang:\n")
		return
	}
	var ce *cell.CompileError
	switch {
	case errors.Is(o.Err, cell.ErrInterrupted):
		os.Stdout.WriteString("VERDICT slow: stopped after a minute\n")
	case errors.As(o.Err, &ce):
		os.Stdout.WriteString("VERDICT refused: " + strings.ReplaceAll(o.Err.Error(), "\n", " ") + "\n")
	case o.Err != nil:
		os.Stdout.WriteString("VERDICT error: " + strings.ReplaceAll(o.Err.Error(), "\n", " ") + "\n")
	case noOutput == nil && strings.TrimSpace(out.String()) != strings.TrimSpace(string(want)):
		os.Stdout.WriteString("VERDICT silent: " + strings.ReplaceAll(difference(out.String(), string(want)), "\n", " | ") + "\n")
	default:
		os.Stdout.WriteString("VERDICT pass\n")
	}
}
