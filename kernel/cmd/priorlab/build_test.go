package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/priorlab/priorlab/kernel/nbfile"
)

// writeNotebook writes a notebook of code cells; the first is tagged
// "parameters".
func writeNotebook(t *testing.T, name string, cells ...string) string {
	t.Helper()
	nb := nbfile.New()
	for i, source := range cells {
		c := nb.Add("code", source)
		if i == 0 {
			c.Metadata["tags"] = []any{"parameters"}
		}
	}
	path := filepath.Join(t.TempDir(), name)
	if err := nb.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// said runs a program and gives what it printed and its exit code.
func said(t *testing.T, program string, args ...string) (string, int) {
	t.Helper()
	cmd := exec.Command(program, args...)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

func TestBuildCommand(t *testing.T) {
	path := writeNotebook(t, "small lesson.ipynb",
		"M := 3 // size\nscale := 0.5\nnames := []string{\"a\"}\nquiet := false\nany := struct{ X int }{1}",
		"total := 0.0\nfor i := range M {\n\ttotal += float64(i) * scale\n}\nif M > 99 {\n\tpanic(\"M is too large\")\n}",
		"lab.Show(lab.Bundle{Data: map[string]interface{}{\"application/vnd.priorlab.result+json\": map[string]interface{}{\"total\": total}, \"text/plain\": \"published\"}})",
		"lab.SVG(\"<svg/>\")",
		"fmt.Println(M, names, quiet, any.X)\ntotal")
	dir := filepath.Join(t.TempDir(), "out")
	out, code := said(t, built, "build", "-o", dir, "--run", path, "--", "-M", "5", "-pictures", filepath.Join(dir, "pics"), "-results", filepath.Join(dir, "r.json"))
	program := filepath.Join(dir, "small_lesson")
	for _, want := range []string{
		"note: parameter any is no flag", "Program: " + program,
		"published\nSVG picture → " + filepath.Join(dir, "pics", "cell04-1.svg") + "\n5 [a] false 1\n5\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("exit %d, %q is not in\n%s", code, want, out)
		}
	}
	if data, err := os.ReadFile(filepath.Join(dir, "r.json")); err != nil || string(data) != "{\n  \"total\": 5\n}\n" {
		t.Errorf("results %q, %v", data, err)
	}
	if data, err := os.ReadFile(filepath.Join(dir, "pics", "cell04-1.svg")); err != nil || string(data) != "<svg/>" {
		t.Errorf("picture %q, %v", data, err)
	}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"-q", "-names", "x,y", "-scale=2", "-quiet"}, 0, "3 [x y] true 1\n"},
		{[]string{"-h"}, 0, "-M value\n    \tsize (default 3)"},
		{[]string{"-M", "three"}, 2, `invalid value "three" for flag -M: a whole number that fits int is wanted`},
		{[]string{"more"}, 2, `takes flags only, found "more"`},
		{[]string{"-M", "100"}, 1, "small_lesson: cell 2 failed: M is too large\n    at main.go:"},
	} {
		if out, code := said(t, program, c.args...); code != c.code || !strings.Contains(out, c.want) {
			t.Errorf("%v: exit %d, want %d with %q:\n%s", c.args, code, c.code, c.want, out)
		}
	}
	faulty := writeNotebook(t, "faulty.ipynb", "M := 3", "fmt.Println(N)")
	if out, code := said(t, built, "build", "-o", dir, faulty); code != 1 || !strings.Contains(out, "cell 2, line 1: undefined: N\n    fmt.Println(N)") {
		t.Errorf("a faulty notebook: exit %d\n%s", code, out)
	}
}

// TestBuiltNotebooks compares programs with the notebooks that they were made
// of: all text, all numbers, all pictures. With -v it says how fast both are.
func TestBuiltNotebooks(t *testing.T) {
	list, err := filepath.Glob("../../../notebooks/*.ipynb")
	if err != nil || len(list) == 0 {
		t.Fatalf("no notebooks: %v", err)
	}
	table := []string{fmt.Sprintf("%-32s %10s %10s %8s %12s %12s", "workload", "program s", "notebook s", "ratio", "program cpu", "notebook cpu")}
	for _, path := range list {
		name := strings.TrimSuffix(filepath.Base(path), ".ipynb")
		var settings []string
		if os.Getenv("PRIORLAB_LONG") == "" {
			if name != "ch4_online_memory" {
				continue // the others with PRIORLAB_LONG=1
			}
			settings = []string{"M=12", "tasks=4", "seeds=2"}
		}
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if out, code := said(t, built, "build", "-o", dir, path); code != 0 {
				t.Fatal(out)
			}
			pictures := filepath.Join(dir, "pictures")
			run := []string{"run", "-q", "-o", filepath.Join(dir, "run.ipynb")}
			flags := []string{"-pictures", pictures}
			for _, s := range settings {
				run, flags = append(run, "-p", s), append(flags, "-"+s)
			}
			asNotebook, _ := timed(t, built, append(run, path)...)
			asProgram, printed := timed(t, filepath.Join(dir, name), flags...)
			table = append(table, fmt.Sprintf("%-32s %10.2f %10.2f %8.1f %12.2f %12.2f", name, asProgram.wall, asNotebook.wall, asNotebook.wall/asProgram.wall, asProgram.cpu, asNotebook.cpu))
			text, drawn := shownBy(t, filepath.Join(dir, "run.ipynb"))
			printed = regexp.MustCompile(` → `+regexp.QuoteMeta(pictures)+`\S+`).ReplaceAllString(printed, "")
			if inPlace.MatchString(printed) {
				lines := strings.SplitAfter(withoutNotes(text), "\n")
				if !strings.HasSuffix(withoutNotes(printed), strings.Join(lines[max(0, len(lines)-9):], "")) {
					t.Errorf("the program ends with\n%s\nthe notebook with\n%s", printed[max(0, len(printed)-2000):], text[max(0, len(text)-2000):])
				}
				return
			}
			if surplus, missing := compare(withoutNotes(printed), withoutNotes(text)); missing != "" || surplus > 0 && !updates(t, path) {
				t.Errorf("the program printed %d lines that the notebook has not, and lacks %q; it printed\n%s\nthe notebook\n%s", surplus, missing, printed, text)
			}
			files, err := filepath.Glob(filepath.Join(pictures, "*.svg"))
			if err != nil || len(files) != len(drawn) {
				t.Fatalf("the program drew %d pictures, the notebook %d (%v)", len(files), len(drawn), err)
			}
			for i, f := range files {
				if data, err := os.ReadFile(f); err != nil || string(data) != drawn[i] {
					t.Errorf("%s is not the notebook's picture %d (%v)", filepath.Base(f), i+1, err)
				}
			}
		})
	}
	t.Log("\n" + strings.Join(table, "\n"))
}

// inPlace is a line of progress. A program prints such lines one after the
// other, a notebook replaces them in place, and both hold times: of lessons
// with them only the end is compared, the numbers that the lesson checks.
var inPlace = regexp.MustCompile(`\d+% \d+/\d+,`)

// compare finds the lines of text in what was printed, in their order: how many
// others were printed, and the first that was not.
func compare(printed, text string) (surplus int, missing string) {
	lines := strings.Split(printed, "\n")
	for _, want := range strings.Split(text, "\n") {
		for len(lines) > 0 && lines[0] != want {
			surplus, lines = surplus+1, lines[1:]
		}
		if len(lines) == 0 {
			return surplus, want
		}
		lines = lines[1:]
	}
	return surplus + len(lines), ""
}

// updates reports whether the notebook replaces what it has shown: a program
// prints each version, a notebook keeps the last.
func updates(t *testing.T, path string) bool {
	t.Helper()
	nb, err := nbfile.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range nb.Cells {
		if c.Type == "code" && strings.Contains(c.Source, ".Update(") {
			return true
		}
	}
	return false
}

// withoutNotes leaves out the names of types above tables, whose package is
// called otherwise.
func withoutNotes(s string) string { return strings.ReplaceAll(s, "main.", "") }

// spent is what a process took, in seconds.
type spent struct{ wall, cpu float64 }

// timed runs a program that must succeed, and gives what it printed on its
// standard output.
func timed(t *testing.T, program string, args ...string) (spent, string) {
	t.Helper()
	cmd := exec.Command(program, args...)
	var out, fault bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &fault
	start := time.Now()
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s%s", filepath.Base(program), err, out.String(), fault.String())
	}
	p := cmd.ProcessState
	return spent{time.Since(start).Seconds(), (p.UserTime() + p.SystemTime()).Seconds()}, out.String()
}

// forKernel is a cell that talks to the kernel, which a program has not.
var forKernel = regexp.MustCompile(`(?m)^[%!]|\?$`)

// shownBy is what a notebook shows, as a terminal would print it, and its
// pictures.
func shownBy(t *testing.T, path string) (text string, pictures []string) {
	t.Helper()
	nb, err := nbfile.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range nb.Cells {
		if forKernel.MatchString(c.Source) {
			continue
		}
		for _, o := range c.Outputs {
			text += o.Text
			if plain, ok := o.Data["text/plain"].(string); ok {
				text += plain + "\n"
			}
			if svg, ok := o.Data["image/svg+xml"].(string); ok {
				pictures = append(pictures, svg)
			}
		}
	}
	return text, pictures
}
