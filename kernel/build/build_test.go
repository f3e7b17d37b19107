package build

import (
	"context"
	"fmt"
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

// TestLessons builds every notebook of the table and compares what the
// programs print. They are compiled as packages of one executable, since the
// linker's work would be most of the time.
func TestLessons(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("there is no go command to compile with")
	}
	root := t.TempDir()
	m, err := FindModule("")
	if err != nil {
		t.Fatal(err)
	}
	driver := Program{Name: "lessons", Title: "Lessons"}
	var imports, cases strings.Builder
	list := lessons(t)
	sources := map[string]string{}
	for _, l := range list {
		p, err := Notebook(l.notebook())
		if err != nil {
			t.Errorf("%s: %v", l.name, err)
			continue
		}
		sources[l.name] = string(p.Source)
		text := strings.Replace(string(p.Source), "\npackage main\n", "\npackage "+l.name+"\n", 1)
		text = strings.Replace(text, "\nfunc main() {", "\nfunc Main() {", 1)
		dir := filepath.Join(root, l.name)
		if err := os.MkdirAll(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "lesson.go"), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&imports, "\t\"notebook/lessons/%s\"\n", l.name)
		fmt.Fprintf(&cases, "\tcase %q:\n\t\t%s.Main()\n", l.name, l.name)
	}
	driver.Source = []byte("package main\n\nimport (\n\t\"os\"\n" + imports.String() + ")\n\nfunc main() {\n\tname := os.Args[1]\n\tos.Args = append([]string{name}, os.Args[2:]...)\n\tswitch name {\n" + cases.String() + "\t}\n}\n")
	if err := driver.Write(root, m); err != nil {
		t.Fatal(err)
	}
	program, err := driver.Compile(context.Background(), root, m)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range list {
		t.Run(l.name, func(t *testing.T) {
			cmd := exec.Command(program, l.name, "-pictures", "none")
			cmd.Dir = root
			out, err := cmd.CombinedOutput()
			if err != nil {
				out = append(out, err.Error()...)
			}
			if got := string(out); got != l.want {
				t.Errorf("printed\n%s\nwant\n%s\nprogram:\n%s", got, l.want, sources[l.name])
			}
		})
	}
}

// TestFaults looks at what is said of cells that do not check.
func TestFaults(t *testing.T) {
	for _, c := range []struct {
		name  string
		cells []string
		want  string
	}{
		{"undefined", []string{"x := 1", "y := 2\nx + z"}, "cell 2, line 2: undefined: z\n    x + z"},
		{"type", []string{"import \"math\"\n\nfunc f() int { return 1 }\nvar s string = f()"}, "cell 1, line 4: cannot use f() (value of type int) as string value in variable declaration\n    var s string = f()"},
		{"in a function", []string{"x := 1", "y := x\nfunc g() string {\n\treturn y\n}", "g()"}, "cell 2, line 3: cannot use y (variable of type int) as string value in return statement\n    return y"},
		{"syntax", []string{"x := 1\nif {"}, "cell 1, line 2: missing condition in if statement\n    if {"},
		{"package", []string{"import \"example.org/none\""}, "cell 1, line 1: package example.org/none is not available in cells\n    import \"example.org/none\""},
		{"after a rename", []string{"v := 1", "v := \"s\"\nw := v", "u := w + 1\nfunc k() string { return w }"}, "cell 3, line 1: invalid operation: w + 1 (mismatched types string and untyped int)\n    u := w + 1"},
		{"local types are fine", []string{"h := func() any { type t struct{}; return t{} }()\nfunc use() any { return h }", "k := (&struct{ sync.Mutex }{})\nfunc q() { k.Lock() }\nz := reflect.ValueOf", "missing"}, "cell 3, line 1: undefined: missing\n    missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			nb := nbfile.New()
			nb.Name = "faulty.ipynb"
			for _, s := range c.cells {
				nb.Add("code", s)
			}
			_, err := Notebook(nb)
			if err == nil {
				t.Fatal("no fault was found")
			}
			if got := err.Error(); got != c.want && !strings.HasPrefix(got, c.want+"\n") {
				t.Errorf("said\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestCommandName(t *testing.T) {
	for file, want := range map[string]string{"ch4_online.ipynb": "ch4_online", "a lesson (2).ipynb": "a_lesson_2", "main.ipynb": "notebook", "_.ipynb": "notebook", "x.y.ipynb": "x_y"} {
		if got := commandName(file); got != want {
			t.Errorf("%q makes the command %q, want %q", file, got, want)
		}
	}
}
