package experiment

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/data"
	"github.com/priorlab/priorlab/stdlib/internal/quoted"
)

func TestFigures(t *testing.T) {
	if s := (figures{2}).String(); s != "2 (1 seed)" {
		t.Error(s)
	}
	if s := (figures{1, 2, 3}).String(); s != "2 ± 1" {
		t.Error(s)
	}
	if m, sd := (figures{1, 2, 3}).mean(); m != 2 || math.Abs(sd-1) > 1e-12 {
		t.Error(m, sd)
	}
}

func TestVerdictIsReadOffTheFigures(t *testing.T) {
	arms := []string{"a", "b", "c"}
	for want, v := range map[string][]figures{
		"lowest for «b», next «a»":               {{2, 2.1, 1.9}, {1, 1.1, 0.9}, {5, 5, 5}},
		"undecided between «a» and «b»":          {{1, 3}, {1.5, 3.5}, {9, 9}},
		"one seed decides nothing":               {{2}, {1}, {3}},
		"lowest for «c», next «a» (1 against 2)": {{2, 2}, {4, 4}, {1, 1}},
	} {
		if got := verdict("error", arms, v); !strings.Contains(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestDistancesThatDisagreeDecideNothing(t *testing.T) {
	arms, names := []string{"a", "b"}, []string{"fd-clf", "fd-pixel"}
	if s := agreement(names, arms, [][]figures{{{1}, {3}}, {{2}, {4}}}); !strings.Contains(s, "the same arm first") {
		t.Error(s)
	}
	if s := agreement(names, arms, [][]figures{{{1}, {4}}, {{2}, {3}}}); !strings.Contains(s, "undecided") || !strings.Contains(s, "fd-pixel «b»") {
		t.Error(s)
	}
}

func TestRunWritesItsTables(t *testing.T) {
	o := Options{Parts: []string{"A", "B", "C"}, Seeds: 2, Scale: 0.001, Samples: 40}
	var log strings.Builder
	o.Log = &log
	r, err := Run(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	text := r.Markdown()
	for _, part := range []string{"1437 training and 360 held-out images of 8 x 8 x 1; 2 seeds; 40 samples of each arm; training steps are 0.001 times", "a hint and not a test", "of CPU time", "Floor", "A. What older frames know", "B. Supervised against free", "C. Image against pseudo-video tokenizers",
		"copies (control)", "equal bits (control)", "equal multiply-adds (control)", "not comparable with published FID", "±", "nearest"} {
		if !strings.Contains(text, part) {
			t.Errorf("the report lacks %q", part)
		}
	}
	if strings.Contains(text, "NaN") {
		t.Error("the report has a figure that is no number")
	}
	if n := strings.Count(log.String(), "seed 1"); n != 4+6+6 {
		t.Errorf("%d arms were run with the second seed", n)
	}
	if !strings.Contains(r.HTML(), "<table>") {
		t.Error("no table in the HTML")
	}
	for _, tb := range r.Tables {
		for _, row := range tb.Rows {
			if len(row) != len(tb.Columns) {
				t.Errorf("%s: a row of %d cells for %d columns", tb.Title, len(row), len(tb.Columns))
			}
		}
	}
}

func TestTheReadingStaysAboveNewTables(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.md")
	is := func(want string) {
		t.Helper()
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("%q (%v), want %q", got, err, want)
		}
	}
	old, fresh := &Report{Heading: "first"}, &Report{Heading: "second"}
	if err := old.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	is(old.Markdown())
	if err := os.WriteFile(path, []byte("A reading.\n\n"+written+"\n\n"+old.Markdown()), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := fresh.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	is("A reading.\n\n" + written + "\n\n" + fresh.Markdown())
	if err := fresh.WriteFile(filepath.Join(path, "below")); err == nil {
		t.Error("a file was written below a file")
	}
}

// The figures that the readings quote are in the tables below them.
func TestQuotedFiguresAreInTheTables(t *testing.T) {
	files, err := filepath.Glob("results-*.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d results (%v)", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		reading, tables, ok := strings.Cut(string(text), written)
		if !ok {
			t.Errorf("%s does not say where the run's tables begin", file)
		}
		missing, n := quoted.Missing(reading, tables)
		for _, figure := range missing {
			t.Errorf("%s: no cell is %s", file, figure)
		}
		if n < 10 {
			t.Errorf("%s quotes %d figures: the reading is not what it was", file, n)
		}
	}
}

// Seeds that run side by side, or one after the other, give the same tables: speeds are in none of these.
func TestTablesDoNotDependOnThreads(t *testing.T) {
	run := func(threads int) string {
		old := linalg.Threads()
		linalg.SetThreads(threads)
		defer linalg.SetThreads(old)
		r, err := Run(context.Background(), Options{Parts: []string{"A", "B"}, Seeds: 2, Scale: 0.002, Samples: 40})
		if err != nil {
			t.Fatal(err)
		}
		r.Seconds, r.CPU = 0, 0
		return r.Markdown()
	}
	if one, two := run(1), run(2); one != two {
		t.Errorf("one thread gives\n%s\ntwo give\n%s", one, two)
	}
}

func TestInterruptedRunKeepsWhatItHas(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	r, err := Run(ctx, Options{Parts: []string{"A", "B"}, Seeds: 1, Scale: 0.001, Samples: 40, Log: stopAfter{"A noise-independent, all", cancel}})
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "part B") || len(r.Tables) != 2 {
		t.Errorf("%v, %d tables", err, len(r.Tables))
	}
}

// stopAfter cancels once a line with the text was written.
type stopAfter struct {
	text string
	stop func()
}

func (s stopAfter) Write(p []byte) (int, error) {
	if strings.Contains(string(p), s.text) {
		s.stop()
	}
	return len(p), nil
}

func TestDiffusionPart(t *testing.T) {
	r, err := Run(context.Background(), Options{Parts: []string{"D"}, Seeds: 1, Scale: 0.005, Samples: 20})
	if err != nil || len(r.Tables) != 2 || len(r.Tables[1].Rows) != 7 {
		t.Fatal(err)
	}
}

func TestOptionErrors(t *testing.T) {
	for part, o := range map[string]Options{
		"part \"Z\"":  {Parts: []string{"Z"}},
		"-1 seeds":    {Seeds: -1},
		"no distance": {Parts: []string{"B"}, Train: linalg.Zeros(linalg.F32, 4, 3, 10, 10), Test: linalg.Zeros(linalg.F32, 4, 3, 10, 10)},
	} {
		if _, err := Run(context.Background(), o); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error %v, want one with %q", err, part)
		}
	}
}

func TestLoad(t *testing.T) {
	var o Options
	if err := o.Load("mnist"); err != nil {
		t.Fatal(err)
	}
	if s := o.Train.Shape(); s[0] != 800 || s[2] != 28 || len(o.TestY) != 200 {
		t.Errorf("%v, %d labels held out", s, len(o.TestY))
	}
	o = Options{Images: 100}
	if err := o.Load("fashion"); err != nil || o.Train.Dim(0) != 80 || len(o.TestY) != 20 {
		t.Errorf("%v, %v images of a hundred", err, o.Train.Shape())
	}
	t.Setenv(data.DirVariable, t.TempDir())
	for _, name := range []string{"imagenet", "cifar10", "folder"} {
		if err := o.Load(name); err == nil {
			t.Errorf("%s was loaded from nothing", name)
		}
	}
	if err := o.Load("cifar10", filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a file that does not exist was loaded")
	}
}
