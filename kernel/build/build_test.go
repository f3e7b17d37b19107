package build

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/priorlab/priorlab/kernel/nbfile"
)

// lessons reads testdata/cells.txt: notebooks in which "== NAME" begins one,
// "-- TAGS" a cell, and "=> " stands before each line that the whole prints.
func lessons(t *testing.T) (list []lesson) {
	t.Helper()
	data, err := os.ReadFile("testdata/cells.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range strings.Split("\n"+string(data), "\n== ")[1:] {
		name, body, _ := strings.Cut(block, "\n")
		l := lesson{name: strings.TrimSpace(name)}
		for _, c := range strings.Split("\n"+body, "\n-- ")[1:] {
			tag, source, _ := strings.Cut(c, "\n")
			var code []string
			for _, line := range strings.Split(source, "\n") {
				if want, ok := strings.CutPrefix(line, "=> "); ok {
					l.want += want + "\n"
				} else {
					code = append(code, line)
				}
			}
			l.cells = append(l.cells, struct{ tag, source string }{strings.TrimSpace(tag), strings.TrimRight(strings.Join(code, "\n"), "\n")})
		}
		list = append(list, l)
	}
	return list
}

type lesson struct {
	name, want string
	cells      []struct{ tag, source string }
}

func (l lesson) notebook() *nbfile.Notebook {
	nb := nbfile.New()
	nb.Name = l.name + ".ipynb"
	for _, c := range l.cells {
		if c.tag == "text" {
			nb.Add("markdown", c.source)
			continue
		}
		cell := nb.Add("code", c.source)
		if c.tag != "cell" {
			cell.Metadata["tags"] = []any{c.tag}
		}
	}
	return nb
}

// TestLessons builds every notebook of the table, compiles all in one go and
// compares what they print.
func TestLessons(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("there is no go command to compile with")
	}
	root := t.TempDir()
	m, err := FindModule("")
	if err != nil {
		t.Fatal(err)
	}
	var module *Program
	list := lessons(t)
	for _, l := range list {
		p, err := Notebook(l.notebook())
		if err != nil {
			t.Errorf("%s: %v", l.name, err)
			continue
		}
		module = p
		dir := filepath.Join(root, p.Name)
		if err := os.MkdirAll(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "main.go"), p.Source, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	// One module for all: the linker's work is most of the time.
	if err := module.Write(root, m); err != nil {
		t.Fatal(err)
	}
	os.Remove(filepath.Join(root, "main.go"))
	bin := filepath.Join(root, "bin")
	os.Mkdir(bin, 0o777)
	cmd := exec.CommandContext(context.Background(), "go", "build", "-o", bin, "./...")
	cmd.Dir, cmd.Env = root, append(os.Environ(), "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("go build: %v\n%s", err, out)
	}
	for _, l := range list {
		t.Run(l.name, func(t *testing.T) {
			cmd := exec.Command(filepath.Join(bin, commandName(l.name)), "-pictures", "none")
			cmd.Dir = root
			out, err := cmd.CombinedOutput()
			if err != nil {
				out = append(out, err.Error()...)
			}
			if got := string(out); got != l.want {
				source, _ := os.ReadFile(filepath.Join(root, commandName(l.name), "main.go"))
				t.Errorf("printed\n%s\nwant\n%s\nprogram:\n%s", got, l.want, source)
			}
		})
	}
}
