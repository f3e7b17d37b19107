package sweep

import (
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A Table is all runs of a sweep: settings, status, time, results.
type Table struct {
	Header   []string
	Rows     [][]string
	Failures []string // one line each
	Missing  int      // runs that have not ended
}

// Table reads how all runs ended.
func (s *Sweep) Table() (*Table, error) {
	var params []string
	results := map[string]bool{}
	states := map[string]*State{}
	for _, r := range s.Plan.Runs {
		for _, x := range r.Settings {
			if !slices.Contains(params, x.Name) {
				params = append(params, x.Name)
			}
		}
		st, err := s.State(r.Name)
		if err != nil {
			return nil, err
		}
		states[r.Name] = st
		if st != nil {
			for n := range st.Results {
				results[n] = true
			}
		}
	}
	// Those asked for come first, in the order in which they were asked for.
	columns := append([]string(nil), s.Plan.Results...)
	for _, n := range slices.Sorted(maps.Keys(results)) {
		if !slices.Contains(columns, n) {
			columns = append(columns, n)
		}
	}
	t := &Table{Header: append(append(append([]string(nil), params...), "status", "seconds"), columns...)}
	for _, r := range s.Plan.Runs {
		st := states[r.Name]
		row := make([]string, 0, len(t.Header))
		for _, p := range params {
			value := ""
			for _, x := range r.Settings {
				if x.Name == p {
					value = x.Value
				}
			}
			row = append(row, value)
		}
		if st == nil {
			t.Missing++
			row = append(row, "not finished", "")
			row = append(row, make([]string, len(columns))...)
		} else {
			row = append(row, st.Status, strconv.FormatFloat(st.Seconds, 'f', 2, 64))
			for _, c := range columns {
				row = append(row, st.Results[c])
			}
			if st.Status != OK {
				t.Failures = append(t.Failures, strings.Join(arguments(r.Settings), " ")+": "+st.Error+" (log: "+filepath.Join("runs", r.Name, "log.txt")+")")
			}
		}
		t.Rows = append(t.Rows, row)
	}
	return t, nil
}

// WriteTable writes table.csv and table.md.
func (s *Sweep) WriteTable(t *Table) error {
	var c, m strings.Builder
	w := csv.NewWriter(&c)
	if err := w.WriteAll(append([][]string{t.Header}, t.Rows...)); err != nil {
		return err
	}
	if err := t.Markdown(&m); err != nil {
		return err
	}
	if err := writeWhole(filepath.Join(s.Dir, "table.csv"), []byte(c.String())); err != nil {
		return err
	}
	return writeWhole(filepath.Join(s.Dir, "table.md"), []byte(m.String()))
}

// Markdown writes the table, and the failures below it.
func (t *Table) Markdown(w io.Writer) error {
	width := make([]int, len(t.Header))
	rows := append([][]string{t.Header}, t.Rows...)
	cells := make([][]string, len(rows))
	for i, r := range rows {
		for j, v := range r {
			if i > 0 {
				v = brief(v)
			}
			v = strings.NewReplacer("|", `\|`, "\n", " ").Replace(v)
			cells[i] = append(cells[i], v)
			width[j] = max(width[j], len([]rune(v)), 3)
		}
	}
	var b strings.Builder
	for i, r := range cells {
		for j, v := range r {
			fmt.Fprintf(&b, "| %-*s ", width[j], v)
		}
		b.WriteString("|\n")
		if i == 0 {
			for _, n := range width {
				b.WriteString("|" + strings.Repeat("-", n+2))
			}
			b.WriteString("|\n")
		}
	}
	if len(t.Failures) > 0 {
		fmt.Fprintf(&b, "\nFailed:\n\n")
		for _, f := range t.Failures {
			b.WriteString("- " + strings.ReplaceAll(f, "\n", " ") + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// brief shortens long decimal numbers; the CSV file has them whole.
func brief(v string) string {
	f, err := strconv.ParseFloat(v, 64)
	if err != nil || len(v) <= 8 || f-f != 0 {
		return v
	}
	return strconv.FormatFloat(f, 'g', 6, 64)
}
