package assist_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/priorlab/priorlab/kernel/assist"
	"github.com/priorlab/priorlab/kernel/cell"
)

func session(t testing.TB, cells ...string) *cell.Session {
	t.Helper()
	s, err := cell.NewSession(cell.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	for _, c := range cells {
		if o := s.Eval(context.Background(), cell.Cell{Name: "In[1]", Source: c}); o.Err != nil {
			t.Fatal(o.Err)
		}
	}
	return s
}

// TestComplete gives code with the cursor at the mark | and names that must and
// must not be proposed.
func TestComplete(t *testing.T) {
	s := session(t, `
// Point is a place.
type Point struct { X, Y float64; tag string }
func (p Point) Norm() float64 { return math.Hypot(p.X, p.Y) }
func (p *Point) Move(dx float64) { p.X += dx }
type Both struct { Point; Name string }
type Box[T any] struct { items []T }
func (b *Box[T]) Put(x T) {}
func Many[T, U any](xs []T, f func(T) U) []U { return nil }
box := &Box[int]{}
conf := map[string]int{"learning rate": 1, "epochs": 2}
alpha := Point{1, 2, "t"}
beta := []Point{alpha}
m := mat.NewDense(2, 2, nil)`)
	for _, c := range []struct {
		code string
		want []string
		not  []string
	}{
		{"alpha.|", []string{"X", "Y", "tag", "Norm", "Move"}, []string{"alpha"}},
		{"beta[0].N|", []string{"Norm"}, []string{"X"}},
		{"Both{}.|", []string{"Name", "X", "Norm"}, nil},
		{"fmt.Prin|", []string{"Print", "Printf", "Println"}, []string{"Fprint"}},
		{"x := strings.|", []string{"Builder", "Split"}, nil},
		{"m.|", []string{"At", "Dims", "Mul"}, []string{"mat"}},
		{"al|", []string{"alpha"}, []string{"beta"}},
		{"for i := range 3 { var inner int; in|", []string{"inner"}, nil},
		{"func f(number int) { if number > 0 { return nu|", []string{"number"}, nil},
		{"local := alpha\nlocal.N|", []string{"Norm"}, nil},
		{"Point{X|", []string{"X"}, nil},
		{"ret|", []string{"return"}, nil},
		{"import \"gonum.org/v1/gonum/ma|", []string{"gonum.org/v1/gonum/mat"}, []string{"fmt"}},
		{"日本 := alpha; 日本.No|", []string{"Norm"}, nil},
		{"\"🙂\" + fmt.Spr|", []string{"Sprint", "Sprintf"}, nil},
		{"%va|", []string{"%vars"}, nil},
		{"1.|", nil, []string{"alpha"}},
		{"%time alpha.N|", []string{"Norm"}, nil},
		{"//lab:time alpha.N|", []string{"Norm"}, nil},
		{"x := 1\n%ti|", []string{"%time"}, nil},
		{"%%ti|", []string{"%%time"}, nil},
		{"x := 1\n%vars\nalpha.|", []string{"X"}, nil},
		{"conf[\"lea|", []string{"learning rate"}, []string{"epochs"}},
		{"conf[`|", []string{"epochs", "learning rate"}, nil},
		{"go func() { alpha.| }()", []string{"Norm"}, nil},
		{"defer func() { alpha.|", []string{"Norm"}, nil},
		{"y := alpha.| + 3\nz := 4", []string{"X"}, nil},
		{"fmt.Println(alpha.|", []string{"X"}, nil},
		{"fmt.Println(len(beta), al|", []string{"alpha"}, nil},
		{"func f(q Point) { q.|", []string{"Norm"}, nil},
		{"box.|", []string{"Put", "items"}, nil},
		{"Many(beta, func(p Point) float64 { return p.|", []string{"X", "Norm"}, nil},
		{"Point{X: 1, |", []string{"Y", "tag"}, []string{"X"}},
		{"http.Request{|", []string{"Method", "Header"}, []string{"ctx", "pat"}},
		{"m.|", []string{"At"}, []string{"mat", "capRows", "checkOverlap"}},
		{"if alpha.X > 1 && alpha.|", []string{"Y"}, nil},
		{"switch { case alpha.|", []string{"X"}, nil},
		{"strings.NewReader(\"a\").|", []string{"Len"}, []string{"prevRune"}},
		{"// alpha.|", nil, []string{"Norm"}},
		{"\"alpha.|", nil, []string{"Norm"}},
		{"nosuch.|", nil, []string{"alpha"}},
	} {
		before, after, _ := strings.Cut(c.code, "|")
		r := assist.Complete(s, before+after, utf8.RuneCountInString(before))
		for _, w := range c.want {
			if !slices.Contains(r.Matches, w) {
				t.Errorf("%s: %s is not among %v", c.code, w, short(r.Matches))
			}
		}
		for _, w := range c.not {
			if slices.Contains(r.Matches, w) {
				t.Errorf("%s: %s is proposed", c.code, w)
			}
		}
		if len(r.Types) != len(r.Matches) || len(r.Signatures) != len(r.Matches) {
			t.Errorf("%s: %d matches, %d types, %d signatures", c.code, len(r.Matches), len(r.Types), len(r.Signatures))
		}
		if r.End != utf8.RuneCountInString(before) || r.Start > r.End {
			t.Errorf("%s: replaces %d to %d", c.code, r.Start, r.End)
		}
	}
}

// TestRanking compares the first completions.
func TestRanking(t *testing.T) {
	s := session(t, "type Opt struct { Alpha, Beta int }\npeak := 1\nparts := []int{1}\nPower := 2")
	for code, want := range map[string][]string{
		"Opt{|":                                {"Alpha", "Beta"},
		"Opt{Alpha: 1, |":                      {"Beta", "Opt"},
		"p|":                                   {"parts", "peak", "Power", "panic", "print", "println"},
		"P|":                                   {"Power", "parts", "peak"},
		"func f(pin int) { p|":                 {"pin", "parts"},
		"for pos := range 3 {\n\tfmt.Print(p|": {"pos", "parts"},
		"ret|":                                 {"return"},
		"pat|":                                 {"path"},
	} {
		before, after, _ := strings.Cut(code, "|")
		r := assist.Complete(s, before+after, utf8.RuneCountInString(before))
		if len(r.Matches) < len(want) || !slices.Equal(r.Matches[:len(want)], want) {
			t.Errorf("%s: %v, want %v first", code, short(r.Matches), want)
		}
	}
}

func short(s []string) []string { return s[:min(len(s), 8)] }

// TestInspectSource asks for the detail of what cells made.
func TestInspectSource(t *testing.T) {
	s := session(t, "// Twice doubles its argument.\nfunc Twice(x int) int { return 2 * x }\nn := 21\ntype P struct{ a int }\nfunc (p P) Norm() int {\n\treturn p.a\n}")
	for code, want := range map[string]string{
		"Twice":    "func Twice(x int) int { return 2 * x }\n\nTwice doubles its argument.\n\ndefined in In[1]:2",
		"n":        "n := 21\n\ndefined in In[1]:3\nvalue 21",
		"P":        "type P struct{ a int }\nfunc (P).Norm() int\n\ndefined in In[1]:4",
		"P{}.Norm": "func (p P) Norm() int {\n\treturn p.a\n}\n\ndefined in In[1]:5",
	} {
		if i, ok := assist.Inspect(s, code, len(code), 1); !ok || i.Text != want {
			t.Errorf("%s: %v\n%s", code, ok, i.Text)
		}
	}
}

// TestInspectLists asks what one can do with a value, a type and a package: the
// comment comes first, then the methods and what they are for.
func TestInspectLists(t *testing.T) {
	s := session(t, "fig := plots.New(\"t\")")
	for _, c := range []struct {
		code   string
		detail int
		want   []string // in this order
	}{
		{"plots.Figure", 1, []string{"type plots.Figure struct", "A Figure is one picture", "Methods:", "  ErrorBars(x []float64, y []float64, e []float64, label string) *plots.Figure\n      ErrorBars draws points with bars from y-e to y+e.", "import"}},
		{"plots.Figure", 0, []string{"A Figure is one picture", "Methods:", "  Line(x []float64, y []float64, label string) *plots.Figure\n  "}},
		{"fig", 1, []string{"fig := plots.New", "A Figure is one picture", "Methods of plots.Figure:", "Line draws y against x as a line.", "defined in In[1]"}},
		{"fig", 0, []string{"var fig *plots.Figure", "A Figure is one picture", "defined in In[1]"}},
		{"gp", 1, []string{"package gp", "It has:", "  type gp.Exact\n      Exact is Gaussian-process regression", "  gp.NewExact(k gp.Kernel, noise float64) *gp.Exact\n"}},
	} {
		i, ok := assist.Inspect(s, c.code, len(c.code), c.detail)
		rest := i.Text
		for _, w := range c.want {
			var found bool
			if _, rest, found = strings.Cut(rest, w); !found {
				t.Errorf("%s: %v, %q is not in its place in\n%s", c.code, ok, w, i.Text)
				break
			}
		}
		if c.detail == 0 && (strings.Contains(i.Text, "draws") || c.code == "fig" && strings.Contains(i.Text, "Methods")) {
			t.Errorf("too much for a tooltip:\n%s", i.Text)
		}
		if c.detail == 1 && !strings.Contains(i.Markdown, "\n- `") {
			t.Errorf("no list in\n%s", i.Markdown)
		}
	}
}

func TestInspect(t *testing.T) {
	s := session(t, "// Twice doubles its argument.\nfunc Twice(x int) int { return 2 * x }\nn := 21\ntype P struct{}\n// Norm is the length.\nfunc (P) Norm() int { return 0 }")
	for _, c := range []struct {
		code string
		want []string
	}{
		{"Twice|(3)", []string{"func Twice(x int) int", "Twice doubles", "In[1]"}},
		{"n|", []string{"var n int", "value 21"}},
		{"fmt.Prin|tln(1)", []string{"func fmt.Println(a ...any)", "Println formats", `import "fmt"`}},
		{"strings.Repeat(|", []string{"func strings.Repeat", "Repeat returns"}},
		{"var b strings.Builder\nb.WriteStr|ing(\"x\")", []string{"WriteString", "WriteString appends"}},
		{"ma|t", []string{"package mat", "gonum.org/v1/gonum/mat"}},
		{"mat.Den|se{}", []string{"type mat.Dense", "Dense is a dense matrix"}},
		{"le|n(x)", []string{"func len(v) int", "How many elements"}},
		{"mat.Dense.Mul|", []string{"func (*mat.Dense).Mul", "matrix product"}},
		{"ohsvgp.Options{M|: 3}", []string{"field ohsvgp.Options.M int", "inducing"}},
		{"ohsvgp.Options|", []string{"type ohsvgp.Options struct {\n\tM int // "}},
		{"P{}.Nor|m()", []string{"func (P).Norm() int", "Norm is the length.", "In[1]"}},
		{"err|or(nil)", []string{"type error interface"}},
	} {
		before, after, _ := strings.Cut(c.code, "|")
		i, ok := assist.Inspect(s, before+after, utf8.RuneCountInString(before), 0)
		if !ok {
			t.Errorf("%s: nothing found", c.code)
			continue
		}
		for _, w := range c.want {
			if !strings.Contains(i.Text, w) {
				t.Errorf("%s: %q is not in\n%s", c.code, w, i.Text)
			}
		}
		if !strings.Contains(i.Markdown, "```go") {
			t.Errorf("%s: no Markdown", c.code)
		}
	}
	for _, code := range []string{"", "   ", "nosuchname", "+"} {
		if i, ok := assist.Inspect(s, code, len(code), 0); ok {
			t.Errorf("%q: found %s", code, i.Text)
		}
	}
}

func TestIsComplete(t *testing.T) {
	for code, want := range map[string]string{
		"1+1":                        "complete",
		"":                           "complete",
		"x := 3\nx":                  "complete",
		"func f() {":                 "incomplete",
		"func f() {\n\treturn\n}":    "complete",
		"fmt.Println(":               "incomplete",
		"a +":                        "incomplete",
		"x :=":                       "incomplete",
		"s := `raw":                  "incomplete",
		"s := \"open":                "invalid",
		"}":                          "invalid",
		"if x := ) {":                "invalid",
		"%vars":                      "complete",
		"for i := 0; i < 3; i++ {":   "incomplete",
		"type T struct {\n\tA int\n": "incomplete",
		"/* open":                    "incomplete",
	} {
		if got, _ := assist.IsComplete(code); got != want {
			t.Errorf("%q is %s, want %s", code, got, want)
		}
	}
	if _, indent := assist.IsComplete("func f() {\n\tif true {"); indent != "\t\t" {
		t.Errorf("indent %q", indent)
	}
}

// TestAnswersWhileACellRuns asks during an endless cell.
func TestAnswersWhileACellRuns(t *testing.T) {
	s := session(t, "n := 1")
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Eval(ctx, cell.Cell{Name: "In[2]", Source: "for { n++ }"})
	}()
	time.Sleep(50 * time.Millisecond)
	assist.Complete(s, "fmt.Pri", 7) // loads the package
	began := time.Now()
	if r := assist.Complete(s, "fmt.Prin", 8); !slices.Contains(r.Matches, "Println") {
		t.Errorf("no completion: %v", r.Matches)
	}
	if _, ok := assist.Inspect(s, "n", 1, 0); !ok {
		t.Error("no inspection")
	}
	if d := time.Since(began); d > 500*time.Millisecond {
		t.Errorf("the answers took %v", d)
	}
	cancel()
	<-done
}

func FuzzComplete(f *testing.F) {
	s, err := cell.NewSession(cell.Options{})
	if err != nil {
		f.Fatal(err)
	}
	for _, c := range []string{"fmt.", "x := struct{a int}{}; x.", "func (", "type T[", "a.b.c(", "import (\"", "go func() { defer"} {
		f.Add(c, 3)
	}
	f.Fuzz(func(t *testing.T, code string, cursor int) {
		assist.Complete(s, code, cursor)
		assist.Inspect(s, code, cursor, 1)
		assist.IsComplete(code)
	})
}
