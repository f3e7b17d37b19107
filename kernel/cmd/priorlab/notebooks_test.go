package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const lessons = "../../../notebooks"

// quick are settings with which the lessons that train networks run in seconds. Their claims about what training gives are
// made for their own settings, which PRIORLAB_LONG=1 runs.
var quick = map[string][]string{
	"ch3_attention_is_a_gp.ipynb": {"-p", "epochs=2", "-p", "samples=2"},
	"ch5_pseudo_video.ipynb":      {"-p", "steps=20", "-p", "past=20"},
}

// Every lesson runs top to bottom; its last cell checks its own numbers.
func TestLessonsRun(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(lessons, "*.ipynb"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no notebooks in %s: %v", lessons, err)
	}
	for _, f := range files {
		name := filepath.Base(f)
		if strings.HasPrefix(name, "ch") && name != "ch4_online_memory.ipynb" && os.Getenv("PRIORLAB_LONG") == "" {
			continue // the chapters' others take minutes: with PRIORLAB_LONG=1
		}
		t.Run(name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out.ipynb")
			args := []string{"run", f, "-o", out}
			if os.Getenv("PRIORLAB_LONG") == "" {
				args = append(args, quick[filepath.Base(f)]...)
			}
			stdout, stderr, code := priorlab(t, args...)
			if code != exitOK || !strings.Contains(stdout, "The numbers hold.") {
				t.Fatalf("exit %d\n%s%s", code, stdout, stderr)
			}
			made, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(string(made), `"image/svg+xml"`); n < 3 {
				t.Errorf("only %d pictures were drawn", n)
			}
		})
	}
}

// The lesson of chapter 4 keeps its words with other settings too.
func TestLessonTakesParameters(t *testing.T) {
	f := filepath.Join(lessons, "ch4_online_memory.ipynb")
	stdout, stderr, code := priorlab(t, "run", f, "-q", "-p", "tasks=4", "-p", "M=20", "-p", "seeds=1")
	if code != exitOK || !strings.Contains(stdout, "The numbers hold.") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
}

// The README's first cell runs as it stands there.
func TestReadmeCellRuns(t *testing.T) {
	readme, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(readme), "```go\n")
	cell, _, closed := strings.Cut(rest, "```")
	if !ok || !closed {
		t.Fatal("the README shows no Go cell")
	}
	out := filepath.Join(t.TempDir(), "out.ipynb")
	if stdout, stderr, code := priorlab(t, "run", notebook(t, cell), "-q", "-o", out); code != exitOK {
		t.Fatalf("exit %d\n%s%s", code, stdout, stderr)
	}
	made, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(made), `"image/svg+xml"`) {
		t.Error("the cell shows no picture")
	}
}
