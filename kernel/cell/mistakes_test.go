package cell_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/priorlab/priorlab/kernel/cell"
)

// TestMistakes runs the cells of testdata/mistakes.txt, which newcomers write.
// Lines that begin with "! " stand in the message: position, text and hint of
// the first error, or a note. Each cell must leave the session as it was.
func TestMistakes(t *testing.T) {
	text, err := os.ReadFile("testdata/mistakes.txt")
	if err != nil {
		t.Fatal(err)
	}
	s, _ := newSession(t)
	for _, c := range strings.Split(string(text), "\n---\n") {
		var src, want []string
		for _, line := range strings.Split(strings.TrimRight(c, "\n"), "\n") {
			if w, ok := strings.CutPrefix(line, "! "); ok {
				want = append(want, w)
			} else {
				src = append(src, line)
			}
		}
		if len(want) == 0 {
			t.Fatalf("nothing is said about %q", c)
		}
		o := eval(s, strings.Join(src, "\n"))
		var ce *cell.CompileError
		got := ""
		switch {
		case errors.As(o.Err, &ce):
			d := ce.Diagnostics[0]
			got = d.String()
			if d.Line < 1 || d.Col < 1 || d.Excerpt == "" && !strings.HasPrefix(src[0], "%") {
				t.Errorf("%s\nhas no place: %+v", c, d)
			}
			if strings.Contains(explain(ce), "EOF") {
				t.Errorf("%s\nspeaks of the parser's own text:\n%s", c, explain(ce))
			}
		case o.Err == nil && len(o.Notes) > 0:
			got = o.Notes[0].String()
		default:
			t.Errorf("%s\nended with %v", c, o.Err)
			continue
		}
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("%s\ngave\n%s\nwithout %q", strings.Join(src, "\n"), got, w)
			}
		}
	}
	if v := mustEval(t, s, "20 + 22"); v[0] != 42 {
		t.Error(v)
	}
}

// TestOldTypeIsNamed uses a value of a type that was declared again: the error
// says which is which.
func TestOldTypeIsNamed(t *testing.T) {
	s, _ := newSession(t)
	in := func(name, src string) cell.Outcome {
		return s.Eval(t.Context(), cell.Cell{Name: name, Source: src})
	}
	in("In[1]", "type T struct{ A int }\nold := []T{{1}}")
	in("In[2]", "type T struct{ A, B int }")
	for src, want := range map[string]string{
		"old = append(old, T{1, 2})":                      "T was declared again",
		"old[0].B":                                        "T was declared again in In[2]; this value is of the T of In[1]: make it anew",
		"func f(t T) {}\nf(old[0])":                       "T was declared again in In[2]; this value is of the T of In[1]: make it anew",
		"type T struct{ C int }\nold = append(old, T{1})": "values made before keep the T of the earlier cell",
	} {
		o := in("In[3]", src)
		if o.Err == nil || !strings.Contains(explain(o.Err), want) {
			t.Errorf("%s\ngave %v", src, o.Err)
			if o.Err != nil {
				t.Log(explain(o.Err))
			}
		}
	}
}

// TestNamesOfCellsThatDidNotRun uses what a refused cell would have declared.
func TestNamesOfCellsThatDidNotRun(t *testing.T) {
	s, _ := newSession(t)
	in := func(name, src string) cell.Outcome {
		return s.Eval(t.Context(), cell.Cell{Name: name, Source: src})
	}
	in("In[1]", "model := 3\nmodel.Fit()")
	in("In[2]", "func half(x float64) float64 { return x / 2 }\ny := := 3")
	for src, want := range map[string]string{
		"model + 1": "model is declared in In[1], which did not run because of its error: mend that cell and run it",
		"half(3)":   "half is declared in In[2], which did not run",
	} {
		if o := in("In[3]", src); o.Err == nil || !strings.Contains(explain(o.Err), want) {
			t.Errorf("%s gave %v", src, o.Err)
		}
	}
	if o := in("In[3]", "model := 3\nmodel.Fit()"); o.Err == nil || strings.Contains(explain(o.Err), "declared in") {
		t.Errorf("%v", o.Err)
	}
	in("In[4]", "model := 3")
	if o := in("In[5]", "model + 1"); o.Err != nil {
		t.Errorf("%v", o.Err)
	}
	if o := in("In[6]", "models + 1"); o.Err == nil || !strings.Contains(explain(o.Err), "did you mean model?") {
		t.Errorf("%v", o.Err)
	}
}

// TestOneErrorForOneImport: that another package of the name is at hand is no
// second mistake.
func TestOneErrorForOneImport(t *testing.T) {
	s, _ := newSession(t)
	o := eval(s, "import \"github.com/fatih/color\"\ncolor.Red(\"x\")")
	var ce *cell.CompileError
	if !errors.As(o.Err, &ce) || len(ce.Diagnostics) != 1 {
		t.Errorf("%v", explain(o.Err))
	}
	// An import for later cells is used by them.
	if o := eval(s, "import \"strings\"\nimport str \"strings\""); o.Err != nil || len(o.Notes) != 0 {
		t.Errorf("%v, %v", o.Err, o.Notes)
	}
	if v := mustEval(t, s, `str.ToUpper("a")`); v[0] != "A" {
		t.Error(v)
	}
}
