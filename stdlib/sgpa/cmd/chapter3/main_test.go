package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/priorlab/priorlab/stdlib/sgpa/tasks"
)

func TestRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "table.md")
	o := options{task: "chess", n: 20, tests: 30, seeds: 1}
	if err := write(context.Background(), o, path); err == nil || !strings.Contains(err.Error(), `no task "chess"; there are [cifar10 cola`) {
		t.Errorf("an unknown task gives %v", err)
	}
	o.task, o.seeds = "glyphs", 0
	if err := write(context.Background(), o, path); err == nil || !strings.Contains(err.Error(), "at least one seed") {
		t.Errorf("no seeds give %v", err)
	}
	o.seeds, o.budget = 2, tasks.Budget{Epochs: 1, Samples: 2, Methods: []string{"MLE", "SGPA"}}
	if err := write(context.Background(), o, path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"# glyphs", "## severity 5", "## Cost", "SGPA beside MLE: better in", "1 epochs, 2 seeds", "Written by"} {
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
