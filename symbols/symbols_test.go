package symbols_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/priorlab/priorlab/symbols"
	_ "github.com/priorlab/priorlab/symbols/all"
	"github.com/priorlab/priorlab/symbols/internal/generate"
)

// TestOursIsFresh regenerates the tables of this module's own packages and
// compares them with the files.
func TestOursIsFresh(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("needs the go command")
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range generate.Groups {
		if g.Name != "ours" {
			continue
		}
		out, err := generate.Run(root, g)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range out.Files {
			got, err := os.ReadFile(filepath.Join("ours", name))
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("symbols/ours/%s is stale; run: go run ./symbols/gen -only ours", name)
			}
		}
		old, _ := filepath.Glob("ours/*_sym.go")
		for _, f := range old {
			if out.Files[filepath.Base(f)] == nil {
				t.Errorf("symbols/%s belongs to no package; run: go run ./symbols/gen -only ours", f)
			}
		}
	}
}

// TestTables loads every table and compares it with the export data: each bound
// function and variable must have the type the checker sees.
func TestTables(t *testing.T) {
	im := symbols.NewImporter()
	n := 0
	for _, path := range symbols.Paths() {
		if path == "unsafe" {
			continue
		}
		p, err := im.Import(path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if p.Name() != symbols.Name(path) {
			t.Errorf("%s is called %s by the table and %s by the export data", path, symbols.Name(path), p.Name())
		}
		for name, v := range symbols.Values(path) {
			n++
			o := p.Scope().Lookup(name)
			if o == nil {
				t.Errorf("%s.%s is bound but not declared", path, name)
			} else if v.Kind() == reflect.Func && !v.CanAddr() && !strings.HasPrefix(o.String(), "func ") {
				t.Errorf("%s.%s is bound as a function: %s", path, name, o)
			}
		}
	}
	if n < 4000 {
		t.Errorf("only %d symbols", n)
	}
}

func TestDocAndSource(t *testing.T) {
	for _, c := range []struct{ path, name, want string }{
		{"fmt", "Println", "Println formats"},
		{"strings", "Builder.WriteString", "WriteString appends"},
		{"gonum.org/v1/gonum/mat", "Dense", "Dense is a dense matrix"},
		{"math", "", "Package math"},
	} {
		if d := symbols.Doc(c.path, c.name); !strings.HasPrefix(d, c.want) {
			t.Errorf("Doc(%q, %q) = %.40q, want %q...", c.path, c.name, d, c.want)
		}
	}
	if d := symbols.Doc("fmt", "NoSuchName"); d != "" {
		t.Errorf("a name that does not exist has the comment %q", d)
	}
	if s := symbols.Source("slices"); !strings.Contains(s["sort.go"], "func SortFunc[") {
		t.Error("the source of slices lacks SortFunc")
	}
}

func TestCandidates(t *testing.T) {
	for name, want := range map[string]string{"fmt": "fmt", "mat": "gonum.org/v1/gonum/mat", "rand": "math/rand", "plot": "gonum.org/v1/plot"} {
		if c := symbols.Candidates(name); len(c) != 1 || c[0] != want {
			t.Errorf("Candidates(%q) = %v, want %s", name, c, want)
		}
	}
	if c := symbols.Candidates("nosuchpackage"); len(c) != 0 {
		t.Errorf("a package that does not exist has candidates %v", c)
	}
}
