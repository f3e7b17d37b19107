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
// programs print.
func TestLessons(t *testing.T) {
	list := lessons(t)
	sources := map[string][]byte{}
	for _, l := range list {
		p, err := Notebook(l.notebook())
		if err != nil {
			t.Errorf("%s: %v", l.name, err)
			continue
		}
		sources[l.name] = p.Source
	}
	program := compileAll(t, sources)
	for _, l := range list {
		t.Run(l.name, func(t *testing.T) {
			if got := printedBy(program, l.name); got != l.want {
				t.Errorf("printed\n%s\nwant\n%s\nprogram:\n%s", got, l.want, sources[l.name])
			}
		})
	}
}

// TestConformance makes programs of the evaluator's corpus of Go programs,
// each once as one cell and once with a cell for every declaration.
func TestConformance(t *testing.T) {
	if os.Getenv("PRIORLAB_LONG") == "" {
		t.Skip("compiles some two hundred programs; set PRIORLAB_LONG=1 to do so")
	}
	list, err := filepath.Glob("../cell/testdata/conformance/*.go.txt")
	if err != nil || len(list) == 0 {
		t.Fatalf("the corpus is not there: %v", err)
	}
	sources, want := map[string][]byte{}, map[string]string{}
	for _, path := range list {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		out, err := os.ReadFile(strings.TrimSuffix(path, ".go.txt") + ".out")
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(data), `main.Rect`) {
			continue // looks at the name of its package, which is another here
		}
		whole, apart := nbfile.New(), nbfile.New()
		whole.Name = "whole_" + strings.TrimSuffix(filepath.Base(path), ".go.txt") + ".ipynb"
		apart.Name = "apart_" + strings.TrimPrefix(whole.Name, "whole_")
		whole.Add("code", string(data))
		// Declarations first, in cells of their own where they may stand alone.
		body := string(data)
		if i := strings.Index(body, "\nfunc main() {"); i >= 0 {
			apart.Add("code", strings.Replace(body[:i], "package main", "", 1))
			apart.Add("code", strings.Replace(body[i:], "func main() {", "func run() {", 1)+"\nrun()")
		}
		for _, nb := range []*nbfile.Notebook{whole, apart} {
			p, err := Notebook(nb)
			if err != nil {
				t.Errorf("%s: %v", nb.Name, err)
				continue
			}
			sources[p.Name], want[p.Name] = p.Source, string(out)
		}
	}
	program := compileAll(t, sources)
	for name := range sources {
		t.Run(name, func(t *testing.T) {
			got := strings.ReplaceAll(printedBy(program, name), name+".", "main.")
			if got != want[name] {
				t.Errorf("printed\n%s\nwant\n%s", got, want[name])
			}
		})
	}
}

// compileAll compiles programs as packages of one executable, since the
// linker's work would be most of the time. Its first argument names a program.
func compileAll(t *testing.T, sources map[string][]byte) string {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("there is no go command to compile with")
	}
	root := t.TempDir()
	m, err := FindModule("")
	if err != nil {
		t.Fatal(err)
	}
	var imports, cases strings.Builder
	for name, source := range sources {
		text := strings.Replace(string(source), "\npackage main\n", "\npackage "+name+"\n", 1)
		text = strings.Replace(text, "\nfunc main() {", "\nfunc Main() {", 1)
		dir := filepath.Join(root, name)
		if err := os.MkdirAll(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "lesson.go"), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&imports, "\t\"notebook/lessons/%s\"\n", name)
		fmt.Fprintf(&cases, "\tcase %q:\n\t\t%s.Main()\n", name, name)
	}
	driver := Program{Name: "lessons", Title: "Lessons"}
	driver.Source = []byte("package main\n\nimport (\n\t\"os\"\n" + imports.String() + ")\n\nfunc main() {\n\tname := os.Args[1]\n\tos.Args = append([]string{name}, os.Args[2:]...)\n\tswitch name {\n" + cases.String() + "\t}\n}\n")
	if err := driver.Write(root, m); err != nil {
		t.Fatal(err)
	}
	program, err := driver.Compile(context.Background(), root, m)
	if err != nil {
		t.Fatal(err)
	}
	return program
}

func printedBy(program, name string) string {
	cmd := exec.Command(program, name, "-pictures", "none")
	cmd.Dir = filepath.Dir(program)
	out, err := cmd.CombinedOutput()
	if err != nil {
		out = append(out, err.Error()...)
	}
	return string(out)
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
