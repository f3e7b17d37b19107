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
	if err := run(context.Background(), dir, "measures", mode{}, o); err != nil {
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
	// the summary comes back from the measurements
	path := filepath.Join(dir, "measures.md")
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := run(context.Background(), dir, "measures", mode{summaries: true}, o); err != nil {
		t.Fatal(err)
	}
	if after, err := os.ReadFile(path); err != nil || len(after) != len(before) || len(lines) != 4 {
		t.Errorf("%v; the summary has %d bytes, it had %d; %d lines were reported", err, len(after), len(before), len(lines))
	}
}

func TestOneMethod(t *testing.T) {
	dir := t.TempDir()
	var lines []string
	o := experiments.Options{Seeds: 1, Report: func(l string) { lines = append(lines, l) }}
	if err := run(context.Background(), dir, "measures", mode{method: "LagT"}, o); err != nil {
		t.Fatal(err)
	}
	if len(lines) != 1 || !strings.HasPrefix(lines[0], "measures, LagT") {
		t.Errorf("reported %q", lines)
	}
	if err := run(context.Background(), dir, "measures", mode{method: "LagX"}, o); err == nil || !strings.Contains(err.Error(), `no method "LagX"`) {
		t.Errorf("error %v", err)
	}
}

func TestUnknownStudy(t *testing.T) {
	err := run(context.Background(), t.TempDir(), "lunar", mode{}, experiments.Options{})
	if err == nil || !strings.Contains(err.Error(), `no study "lunar"`) {
		t.Errorf("error %v", err)
	}
}
