package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/priorlab/priorlab/stdlib/sgpa/tasks"
)

// The test program stands in for the command when it is called for a part.
func TestMain(m *testing.M) {
	if os.Getenv(partVariable) != "" {
		os.Exit(partMain())
	}
	os.Exit(m.Run())
}

func TestRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "table.md")
	o := options{Task: "chess", N: 20, Tests: 30, Seeds: 1, Jobs: 2}
	if err := write(context.Background(), o, path); err == nil || !strings.Contains(err.Error(), `no task "chess"; there are [cifar10 cola`) {
		t.Errorf("an unknown task gives %v", err)
	}
	o.Task, o.Seeds = "glyphs", 0
	if err := write(context.Background(), o, path); err == nil || !strings.Contains(err.Error(), "at least one seed") {
		t.Errorf("no seeds give %v", err)
	}
	o.Seeds, o.Budget = 2, tasks.Budget{Epochs: 1, Samples: 2, Methods: []string{"MLE", "SGPA"}}
	if err := write(context.Background(), o, path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"# glyphs", "## severity 5", "## Cost", "SGPA beside MLE: better in", "1 epochs, 2 seeds", "Written by\n\n    go run ./stdlib/sgpa/cmd/chapter3 ", "- SGPA: decoupled SGPA"} {
		if !strings.Contains(string(text), part) {
			t.Errorf("the file lacks %q:\n%s", part, text)
		}
	}
	for name, s := range laptop {
		if s.n < 1 || s.epochs < 1 || s.tests < 1 {
			t.Errorf("%s has the size %v", name, s)
		}
	}
}

// The tables do not depend on how many processes share the work, and are those that one process makes by itself.
func TestPartsInProcesses(t *testing.T) {
	o := options{Task: "glyphs", N: 20, Tests: 20, Seeds: 2, Budget: tasks.Budget{Epochs: 1, Samples: 2, Members: 2, Methods: []string{"MLE", "MC dropout", "SGPA", "ensemble"}}}
	seeds := []uint64{1, 2}
	whole, err := tasks.Run(context.Background(), tasks.Glyphs(20, 1).Limit(20), o.Budget, seeds)
	if err != nil {
		t.Fatal(err)
	}
	for _, o.Jobs = range []int{1, 3} {
		r, err := run(context.Background(), o)
		if err != nil {
			t.Fatal(err)
		}
		if r.String() != whole.String() {
			t.Errorf("%d processes give\n%s\none program gives\n%s", o.Jobs, r, whole)
		}
		for _, row := range r.Costs.Rows {
			if row.Mean[2] <= 0 || row.Mean[2] > 60 {
				t.Errorf("%s took %v s to train", row.Name, row.Mean[2])
			}
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := run(ctx, o); !errors.Is(err, context.Canceled) {
		t.Errorf("an interrupted run ends with %v", err)
	}
	o.Budget.Members = -1
	if _, err := run(context.Background(), o); err == nil || !strings.Contains(err.Error(), "ensemble") || !strings.Contains(err.Error(), "seed") {
		t.Errorf("a part that fails gives %v", err)
	}
}
