package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// priorlab runs the program under test and gives what it said and its exit
// code.
func priorlab(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs strings.Builder
	cmd := exec.Command(built, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "JUPYTER_DATA_DIR="+filepath.Join(t.TempDir(), "jupyter"))
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// The prompt takes lines from a pipe as from a person, and exit ends it without
// a word.
func TestREPLExits(t *testing.T) {
	for _, c := range []struct{ typed, want, not string }{
		{"x := 6\nx * 7\nexit\n\"nev\" + \"er\"\n", "Out[2]: 42", "never"},
		{"quit()\n\"nev\" + \"er\"\n", "exit or Ctrl-D ends", "never"},
		{"exit := 3\nexit\n\"the \" + \"end\"\n", "the end", "menu"},
		{"6 * 7\n", "Out[1]: 42", "menu"},
	} {
		var out strings.Builder
		cmd := exec.Command(built, "repl")
		cmd.Stdin, cmd.Stdout = strings.NewReader(c.typed), &out
		cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
		if err := cmd.Run(); err != nil {
			t.Errorf("%q: %v", c.typed, err)
		}
		if !strings.Contains(out.String(), c.want) || strings.Contains(out.String(), c.not) || strings.Contains(out.String(), "This ends a console") {
			t.Errorf("%q gave\n%s", c.typed, out.String())
		}
	}
}

// notebook writes a notebook of code cells; the first has the tag parameters.
func notebook(t *testing.T, cells ...string) string {
	t.Helper()
	type cell struct {
		Type     string         `json:"cell_type"`
		ID       string         `json:"id"`
		Metadata map[string]any `json:"metadata"`
		Source   string         `json:"source"`
		Outputs  []any          `json:"outputs"`
		Count    any            `json:"execution_count"`
	}
	nb := map[string]any{"nbformat": 4, "nbformat_minor": 5, "metadata": map[string]any{}}
	var list []cell
	for i, source := range cells {
		c := cell{"code", string(rune('a' + i)), map[string]any{}, source, []any{}, nil}
		if i == 0 {
			c.Metadata["tags"] = []string{"parameters"}
		}
		list = append(list, c)
	}
	nb["cells"] = list
	b, err := json.Marshal(nb)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "test.ipynb")
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRunNotebook(t *testing.T) {
	nb := notebook(t, "n := 3", "fmt.Println(n * n)", "n + 1")
	out, page := filepath.Join(t.TempDir(), "o.ipynb"), filepath.Join(t.TempDir(), "o.html")
	stdout, stderr, code := priorlab(t, "run", nb, "-o", out, "--html", page, "-p", "n=5")
	if code != exitOK || stdout != "25\n" {
		t.Fatalf("exit %d, stdout %q, stderr %s", code, stdout, stderr)
	}
	if !strings.Contains(stderr, "[1/") {
		t.Errorf("no progress: %q", stderr)
	}
	executed, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"25\\n", `"text/plain"`, `"6"`} {
		if !strings.Contains(string(executed), want) {
			t.Errorf("the executed notebook lacks %s", want)
		}
	}
	html, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, net := range []string{`src="http`, `href="http`, "@import", "url(http"} {
		if strings.Contains(string(html), net) {
			t.Errorf("the page needs the network: %s", net)
		}
	}
}

func TestRunGoFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hello.go")
	os.WriteFile(path, []byte("package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println(\"hello\", 6*7) }\n"), 0o644)
	if stdout, stderr, code := priorlab(t, "run", path); code != exitOK || stdout != "hello 42\n" {
		t.Errorf("exit %d, stdout %q, stderr %q", code, stdout, stderr)
	}
}

// What people get wrong gives one clear message, no Go trace, and the right
// exit code.
func TestMistakesAreExplained(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	csv := write("broken.csv", "year,value\n1900,1.5\n1901,warm\n")
	cases := []struct {
		name string
		args []string
		code int
		says []string
	}{
		{"no command", nil, exitUsage, []string{"usage"}},
		{"unknown command", []string{"fly"}, exitUsage, []string{`"fly"`, "help"}},
		{"unknown flag", []string{"run", "--fast", "x.ipynb"}, exitUsage, []string{"-fast", "run -h"}},
		{"no file", []string{"run"}, exitUsage, []string{"FILE.ipynb"}},
		{"wrong kind of file", []string{"run", csv}, exitUsage, []string{"neither a notebook"}},
		{"missing file", []string{"run", filepath.Join(dir, "none.ipynb")}, exitFailure, []string{"none.ipynb", "no such file"}},
		{"damaged notebook", []string{"run", write("damaged.ipynb", `{"cells": [`)}, exitFailure, []string{"damaged.ipynb", "line 1"}},
		{"not a notebook", []string{"run", write("other.ipynb", `{"a": 1}`)}, exitFailure, []string{"nbformat"}},
		{"unknown parameter", []string{"run", notebook(t, "n := 3"), "-p", "m=1"}, exitUsage, []string{"m", "n"}},
		{"failing cell", []string{"run", notebook(t, "n := 3", `panic("no more")`)}, exitFailure, []string{"cell 2", "no more"}},
		{"compile error", []string{"run", notebook(t, "n := 3", "fmt.Printline(n)")}, exitFailure, []string{"Printline", "In[2]"}},
		{"text in a CSV", []string{"run", notebook(t, "n := 3", "table, err := data.ReadCSV("+quote(csv)+")\nif err == nil { _, err = table.Numbers(\"value\") }\nif err != nil { panic(err) }")}, exitFailure, []string{"broken.csv", "warm", "value"}},
		{"non-PD matrix", []string{"run", notebook(t, "n := 3", "_, err := linalg.Chol(mat.NewDense(2, 2, []float64{1, 2, 2, 1}), linalg.JitterPolicy{})\nif err != nil { panic(err) }")}, exitFailure, []string{"positive definite"}},
		{"NaN in y", []string{"run", notebook(t, "n := 3", "m, err := ohsvgp.New(ohsvgp.Options{M: 5})\nif err != nil { panic(err) }\nif err := m.Update(lab.Context(), []float64{1, 2, 3}, []float64{0, math.NaN(), 1}); err != nil { panic(err) }")}, exitFailure, []string{"NaN"}},
		{"kernel by hand", []string{"kernel"}, exitUsage, []string{"--connection-file"}},
		{"missing connection file", []string{"kernel", "--connection-file", filepath.Join(dir, "none.json")}, exitFailure, []string{"none.json"}},
		{"nothing to uninstall", []string{"uninstall"}, exitFailure, []string{"not installed"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			stdout, stderr, code := priorlab(t, c.args...)
			said := stdout + stderr
			if code != c.code {
				t.Errorf("exit %d, want %d; it said %q", code, c.code, said)
			}
			for _, want := range c.says {
				if !strings.Contains(said, want) {
					t.Errorf("it does not say %q: %q", want, said)
				}
			}
			for _, trace := range []string{"goroutine ", "runtime/panic.go", ".go:1\n\t"} {
				if strings.Contains(said, trace) {
					t.Errorf("a Go trace reached the person: %q", said)
				}
			}
		})
	}
}

func quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

func TestTheKernelLivesOnAfterMistakes(t *testing.T) {
	nb := notebook(t, "n := 3",
		"fmt.Printline(n)",
		"var m map[string]int; m[\"a\"] = 1",
		"[]int{1}[n]",
		"_, err := linalg.Chol(mat.NewDense(2, 2, []float64{1, 2, 2, 1}), linalg.JitterPolicy{}); panic(err)",
		"mat.NewDense(2, 2, nil).Mul(mat.NewDense(2, 3, nil), mat.NewDense(2, 2, nil))",
		"os.Exit(3)",
		"fmt.Println(\"alive\", n)")
	stdout, _, code := priorlab(t, "run", "--keep-going", "-q", nb)
	if code != exitFailure || !strings.HasSuffix(stdout, "alive 3\n") {
		t.Errorf("exit %d, stdout %q", code, stdout)
	}
}

func TestInstallAndDoctor(t *testing.T) {
	prefix := t.TempDir()
	for range 2 {
		if out, errs, code := priorlab(t, "install", "--prefix", prefix); code != exitOK {
			t.Fatalf("exit %d: %s%s", code, out, errs)
		}
	}
	if _, err := os.Stat(filepath.Join(prefix, "share/jupyter/kernels/priorlab/kernel.json")); err != nil {
		t.Error(err)
	}
	out, _, code := priorlab(t, "doctor")
	if code != exitFailure || !strings.Contains(out, "MISSING  kernelspec") || !strings.Contains(out, "answered 1+1 with 2") {
		t.Errorf("exit %d: %s", code, out)
	}
	if out, _, code := priorlab(t, "uninstall", "--prefix", prefix); code != exitOK {
		t.Errorf("exit %d: %s", code, out)
	}
}
