package main

import (
	"context"
	"strings"
	"testing"

	"github.com/priorlab/priorlab/stdlib/sgpa/tasks"
)

func TestRun(t *testing.T) {
	if err := run(context.Background(), "chess", 1, 1, "", tasks.Budget{}, 1); err == nil || !strings.Contains(err.Error(), `no task "chess"`) {
		t.Errorf("an unknown task gives %v", err)
	}
	if err := run(context.Background(), "glyphs", 20, 1, "", tasks.Budget{}, 0); err == nil || !strings.Contains(err.Error(), "at least one seed") {
		t.Errorf("no seeds give %v", err)
	}
	if err := run(context.Background(), "glyphs", 20, 1, "", tasks.Budget{Epochs: 1, Samples: 2, Methods: []string{"MLE"}}, 1); err != nil {
		t.Error(err)
	}
}
