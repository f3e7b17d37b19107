package experiments

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
)

// Write puts a study's rows into dir: name.csv has every measurement, name.md
// the summary. Measurements of other sizes and splits that an earlier run left
// there are kept, so that a study may be run in parts.
func Write(dir string, s Study, rows []Row) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	rows, err := withEarlier(filepath.Join(dir, s.Name+".csv"), rows)
	if err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(dir, s.Name+".csv"))
	if err != nil {
		return err
	}
	w := csv.NewWriter(f)
	_ = w.Write([]string{"study", "method", "M", "seed", "after", "task", "rmse", "nlpd", "ece", "seconds", "cpu_seconds"})
	g := func(v float64) string { return strconv.FormatFloat(v, 'g', 8, 64) }
	for _, r := range rows {
		_ = w.Write([]string{r.Study, r.Method, strconv.Itoa(r.M), strconv.FormatUint(r.Seed, 10), strconv.Itoa(r.After), strconv.Itoa(r.Task), g(r.RMSE), g(r.NLPD), g(r.ECE), g(r.Seconds), g(r.CPU)})
	}
	w.Flush() // keeps the first error of all writes
	if err := w.Error(); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, s.Name+".md"), []byte(Summary(s, rows)), 0o644)
}

// Summarise writes name.md anew from the measurements of name.csv in dir.
func Summarise(dir string, s Study) error {
	path := filepath.Join(dir, s.Name+".csv")
	if _, err := os.Stat(path); err != nil {
		return err
	}
	rows, err := withEarlier(path, nil)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, s.Name+".md"), []byte(Summary(s, rows)), 0o644)
}

// withEarlier puts the rows of a file before new ones, but for those that the new
// ones replace: the same method, size and split.
func withEarlier(path string, rows []Row) ([]Row, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return rows, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s is not a table of an earlier run (%w): move it away", path, err)
	}
	key := func(r Row) string { return fmt.Sprintf("%s %d %d", r.Method, r.M, r.Seed) }
	fresh := map[string]bool{}
	for _, r := range rows {
		fresh[key(r)] = true
	}
	var all []Row
	for i, l := range lines {
		if i == 0 {
			continue
		}
		r, err := parseRow(l)
		if err != nil {
			return nil, fmt.Errorf("%s, line %d is not of an earlier run (%w): move the file away", path, i+1, err)
		}
		if !fresh[key(r)] {
			all = append(all, r)
		}
	}
	return append(all, rows...), nil
}

func parseRow(l []string) (r Row, err error) {
	if len(l) != 11 {
		return r, fmt.Errorf("it has %d columns, want 11", len(l))
	}
	r.Study, r.Method = l[0], l[1]
	_, err = fmt.Sscan(strings.Join(l[2:], " "), &r.M, &r.Seed, &r.After, &r.Task, &r.RMSE, &r.NLPD, &r.ECE, &r.Seconds, &r.CPU)
	return r, err
}

// cell is a mean over seeds with half the width of its 95% interval.
type cell struct{ mean, half float64 }

func (c cell) String() string {
	if c.half == 0 {
		return fmt.Sprintf("%.3f", c.mean)
	}
	return fmt.Sprintf("%.3f ± %.3f", c.mean, c.half)
}

func average(v []float64) cell {
	n := float64(len(v))
	if n == 0 {
		return cell{math.NaN(), 0}
	}
	m, s := 0.0, 0.0
	for _, x := range v {
		m += x / n
	}
	for _, x := range v {
		s += (x - m) * (x - m)
	}
	if n < 2 {
		return cell{m, 0}
	}
	return cell{m, 1.96 * math.Sqrt(s/(n-1)/n)}
}

// curves are what the summary follows over time: a measure on one task, or (0) its
// average over the tasks so far.
var curves = []struct {
	title string
	task  int
	of    func(Row) float64
}{{"RMSE on task 1", 1, rmse}, {"NLPD on task 1", 1, nlpd}, {"NLPD, average of the tasks so far", 0, nlpd}}

// Summary is a study as Markdown: after the last task, the first task and the
// average of all, and both over time.
func Summary(s Study, rows []Row) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s\n", s.Name, s.Notes)
	for _, M := range sizes(rows) {
		last := 0
		for _, r := range rows {
			last = max(last, r.After)
		}
		fmt.Fprintf(&b, "\n## M = %d, after task %d, %s\n\n", M, last, splits(rows, M))
		b.WriteString("| method | RMSE, task 1 | RMSE, all tasks | NLPD, task 1 | NLPD, all tasks | ECE, all tasks | seconds, wall | seconds, processor |\n|---|---|---|---|---|---|---|---|\n")
		for _, m := range methods(s, rows) {
			at := pick(rows, m, M, last)
			if len(at) == 0 {
				fmt.Fprintf(&b, "| %s | did not finish | | | | | | |\n", m)
				continue
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %.2f | %.2f |\n", m,
				overSeeds(at, 1, rmse), overSeeds(at, 0, rmse), overSeeds(at, 1, nlpd), overSeeds(at, 0, nlpd), overSeeds(at, 0, ece), overSeeds(at, 1, seconds).mean, overSeeds(at, 1, cpu).mean)
		}
		for _, c := range curves {
			fmt.Fprintf(&b, "\n%s, after each task:\n\n| method |%s\n|---|%s\n", c.title, numbers(last), strings.Repeat("---|", last))
			for _, m := range methods(s, rows) {
				fmt.Fprintf(&b, "| %s |", m)
				for j := 1; j <= last; j++ {
					fmt.Fprintf(&b, " %.3f |", overSeeds(pick(rows, m, M, j), c.task, c.of).mean)
				}
				b.WriteString("\n")
			}
		}
	}
	return b.String()
}

// splits says how many random splits the figures for M are of.
func splits(rows []Row, M int) string {
	seen := map[uint64]bool{}
	for _, r := range rows {
		if r.M == M {
			seen[r.Seed] = true
		}
	}
	if len(seen) == 1 {
		return "one random split"
	}
	return fmt.Sprintf("mean over %d random splits", len(seen))
}

func numbers(n int) string {
	var b strings.Builder
	for j := 1; j <= n; j++ {
		fmt.Fprintf(&b, " %d |", j)
	}
	return b.String()
}

func rmse(r Row) float64    { return r.RMSE }
func nlpd(r Row) float64    { return r.NLPD }
func ece(r Row) float64     { return r.ECE }
func seconds(r Row) float64 { return r.Seconds }
func cpu(r Row) float64     { return r.CPU }

func pick(rows []Row, method string, M, after int) []Row {
	var out []Row
	for _, r := range rows {
		if r.Method == method && r.M == M && r.After == after {
			out = append(out, r)
		}
	}
	return out
}

// overSeeds averages a measure of one task (0: the average of all tasks) over
// the seeds.
func overSeeds(rows []Row, task int, of func(Row) float64) cell {
	total, count := map[uint64]float64{}, map[uint64]float64{}
	for _, r := range rows {
		if task == 0 || r.Task == task {
			total[r.Seed] += of(r)
			count[r.Seed]++
		}
	}
	var seeds []uint64
	for s := range total {
		seeds = append(seeds, s)
	}
	sort.Slice(seeds, func(i, j int) bool { return seeds[i] < seeds[j] })
	var v []float64
	for _, s := range seeds {
		v = append(v, total[s]/count[s])
	}
	return average(v)
}

func sizes(rows []Row) []int {
	seen := map[int]bool{}
	var out []int
	for _, r := range rows {
		if !seen[r.M] {
			seen[r.M] = true
			out = append(out, r.M)
		}
	}
	sort.Ints(out)
	return out
}

func methods(s Study, rows []Row) []string {
	seen := map[string]bool{}
	for _, r := range rows {
		seen[r.Method] = true
	}
	var out []string
	for _, m := range s.Methods {
		if seen[m.Name] {
			out = append(out, m.Name)
		}
	}
	return out
}
