package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/priorlab/priorlab/stdlib/ohsvgp/experiments"
)

func TestRunWritesTables(t *testing.T) {
	dir := t.TempDir()
	var lines []string
	o := experiments.Options{Seeds: 1, Report: func(l string) { lines = append(lines, l) }}
	if err := run(context.Background(), dir, "measures", false, o); err != nil {
		t.Fatal(err)
	}
	if len(lines) != 4 || !strings.HasPrefix(lines[0], "measures, LegS") {
		t.Errorf("reported %q", lines)
	}
	for _, name := range []string{"measures.csv", "measures.md"} {
		if s, err := os.Stat(filepath.Join(dir, name)); err != nil || s.Size() < 200 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestUnknownStudy(t *testing.T) {
	err := run(context.Background(), t.TempDir(), "lunar", false, experiments.Options{})
	if err == nil || !strings.Contains(err.Error(), `no study "lunar"`) {
		t.Errorf("error %v", err)
	}
}
