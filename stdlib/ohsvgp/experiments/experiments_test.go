package experiments

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/priorlab/priorlab/stdlib/data"
	"github.com/priorlab/priorlab/stdlib/internal/quoted"
	"gonum.org/v1/gonum/mat"
)

// A short solar run: the shape of the rows, and the chapter's point at small M.
func TestSolarShowsTheMemory(t *testing.T) {
	s := Solar()
	s.Methods = []Method{s.Methods[0], s.Methods[1], s.Methods[6]} // OHSVGP, OSGPR, exact
	rows, err := Run(context.Background(), s, Options{Seeds: 1, Sizes: []int{50}})
	if err != nil {
		t.Fatal(err)
	}
	if want := 3 * 10 * 11 / 2; len(rows) != want {
		t.Fatalf("%d rows, want %d", len(rows), want)
	}
	first := map[string]float64{}
	for _, r := range rows {
		if r.After == 10 && r.Task == 1 {
			first[r.Method] = r.RMSE
		}
		if math.IsNaN(r.RMSE) || math.IsNaN(r.NLPD) || !(r.ECE >= 0 && r.ECE < 1) || r.Task > r.After {
			t.Fatalf("row %+v", r)
		}
	}
	if !(first["OHSVGP"] < first["OSGPR"] && first["OHSVGP"] < 1.2*first["exact GP"]) {
		t.Errorf("RMSE on the first task at the end: %v", first)
	}
}

func TestTablesAreWritten(t *testing.T) {
	s := Study{Name: "made-up", Notes: "nothing", Methods: []Method{{Name: "A"}, {Name: "B"}, {Name: "C"}}}
	var rows []Row
	for seed := uint64(1); seed <= 2; seed++ {
		for after := 1; after <= 2; after++ {
			for task := 1; task <= after; task++ {
				rows = append(rows, Row{"made-up", "A", 5, seed, after, task, float64(seed), 0.5, 0.1, 1, 2})
			}
		}
	}
	rows = append(rows, Row{"made-up", "B", 5, 1, 1, 1, 1, 1, 1, 1, 1})
	dir := filepath.Join(t.TempDir(), "new")
	if err := Write(dir, s, rows); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "made-up.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"# made-up", "M = 5, after task 2", "| A | 1.500 ± 0.980 | 1.500 ± 0.980 | 0.500 | 0.500 | 0.100 | 1.00 | 2.00 |", "| B | did not finish"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	// another size adds to the table, the same one replaces
	more := []Row{{"made-up", "A", 7, 1, 1, 1, 3, 1, 1, 1, 1}, {"made-up", "B", 5, 1, 1, 1, 8, 1, 1, 1, 1}}
	if err := Write(dir, s, more); err != nil {
		t.Fatal(err)
	}
	text, err = os.ReadFile(filepath.Join(dir, "made-up.md"))
	if err != nil || !strings.Contains(string(text), "M = 7, after task 2") || !strings.Contains(string(text), "| A | 1.500 ± 0.980 |") {
		t.Errorf("after another run: %v\n%s", err, text)
	}
	rows = append(rows, more[0])
	if strings.Contains(string(text), "| C |") {
		t.Error("a method without rows is in the table")
	}
	f, err := os.Open(filepath.Join(dir, "made-up.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil || len(lines) != len(rows)+1 {
		t.Errorf("%d lines, %v", len(lines), err)
	}
}

// Every study has tasks that fit its methods.
func TestStudiesHaveTasks(t *testing.T) {
	for _, s := range Studies() {
		tasks, err := s.Tasks(1)
		if err != nil {
			t.Errorf("%s: %v", s.Name, err)
			continue
		}
		again, err := s.Tasks(1)
		if err != nil {
			t.Fatal(err)
		}
		for i, task := range tasks {
			n, _ := task.X.Dims()
			h, _ := task.TestX.Dims()
			per := len(task.Y) / max(n, 1) // numbers of one observation
			if n == 0 || h == 0 || n*per != len(task.Y) || h*per != len(task.TestY) {
				t.Errorf("%s, task %d: %d inputs, %d held out", s.Name, i+1, n, h)
			}
			if !mat.Equal(task.X, again[i].X) {
				t.Errorf("%s: the same seed cuts other tasks", s.Name)
			}
		}
		if s.Notes == "" || len(s.Methods) < 3 {
			t.Errorf("%s says nothing about itself", s.Name)
		}
	}
}

func TestPartsAreSortedAndScaled(t *testing.T) {
	for _, by := range []Criterion{ByFirstInput, ByNorm} {
		tasks, err := parts(data.SkillCraft(), by, 3)
		if err != nil {
			t.Fatal(err)
		}
		total, last := 0, math.Inf(-1)
		for _, task := range tasks {
			n, d := task.X.Dims()
			h, _ := task.TestX.Dims()
			total += n + h
			for i := 0; i < n; i++ {
				key := task.X.At(i, 0)
				if by == ByNorm {
					key = mat.Norm(task.X.RowView(i), 2)
				}
				if key < last-1e-12 {
					t.Fatalf("%s: %g after %g", by, key, last)
				}
				last = key
				for j := 0; j < d; j++ {
					if v := task.X.At(i, j); v < -1 || v > 1 {
						t.Fatalf("input %g outside [-1, 1]", v)
					}
				}
			}
		}
		if total != 3338 {
			t.Errorf("%d rows in all tasks", total)
		}
	}
}

func TestFailuresAreReported(t *testing.T) {
	bad := Method{"bad", func(int, uint64, []Task) (Model, error) { return nil, fmt.Errorf("cannot be made") }}
	s := Solar()
	s.Methods = []Method{bad, s.Methods[2]}
	var lines []string
	rows, err := Run(context.Background(), s, Options{Seeds: 1, Sizes: []int{20}, Report: func(l string) { lines = append(lines, l) }})
	if err != nil || len(rows) != 55 || len(lines) != 2 || !strings.Contains(lines[0], "cannot be made") {
		t.Errorf("%d rows, %v, %q", len(rows), err, lines)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Run(ctx, s, Options{Seeds: 1}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// The figures that the reading of the results quotes are in the tables of the
// studies that it names.
func TestQuotedFiguresAreInTheTables(t *testing.T) {
	text, err := os.ReadFile("results/README.md")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, item := range strings.Split(string(text), "\n- **")[1:] {
		names, rest, _ := strings.Cut(item, "**")
		var tables string
		for _, name := range strings.Split(names, ", ") {
			table, err := os.ReadFile("results/" + name + ".md")
			if err != nil {
				t.Fatal(err)
			}
			tables += string(table)
		}
		missing, n := quoted.Missing(rest, tables)
		for _, figure := range missing {
			t.Errorf("%s: the tables do not have %s", names, figure)
		}
		count += n
	}
	if count < 20 {
		t.Errorf("only %d figures are quoted: the reading is not what it was", count)
	}
}
