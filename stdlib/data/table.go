package data

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// A Table is a text table: n rows of named columns. Its methods that choose,
// sort or add give a new table and leave this one as it is.
type Table struct {
	Name    string
	Columns []string
	cells   [][]string // by row
	lines   []int      // line of each row in the file; nil for a table made here
	missing map[string]bool
	summary bool // made by Describe: every row is shown, without its number
}

// NewTable is a table without rows or columns, which With and WithText add.
func NewTable(name string) *Table {
	t := &Table{Name: name, missing: map[string]bool{}}
	for _, m := range []string{"", ".", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "null", "NULL", "None"} {
		t.missing[m] = true
	}
	return t
}

// fault is what is wrong with a cell of row i.
func (t *Table) fault(i int, column, reason string) error {
	f := &Fault{File: t.Name, Unit: "row", Record: i + 1, Field: column, Reason: reason}
	if t.lines != nil {
		f.Unit, f.Record = "line", t.lines[i]
	}
	return f
}

// Len is the number of rows.
func (t *Table) Len() int { return len(t.cells) }

func (t *Table) column(name string) (int, error) {
	for i, c := range t.Columns {
		if c == name {
			return i, nil
		}
	}
	return 0, fault(t.Name, "", 0, "there is no column %q; the columns are %s", name, strings.Join(t.Columns, ", "))
}

// Text gives a column as it was written.
func (t *Table) Text(column string) ([]string, error) {
	k, err := t.column(column)
	if err != nil {
		return nil, err
	}
	out := make([]string, len(t.cells))
	for i, row := range t.cells {
		out[i] = row[k]
	}
	return out, nil
}

// Numbers gives a column as numbers, missing values as NaN. A cell that is
// neither is an error that names it.
func (t *Table) Numbers(column string) ([]float64, error) {
	k, err := t.column(column)
	if err != nil {
		return nil, err
	}
	out := make([]float64, len(t.cells))
	for i, row := range t.cells {
		s := strings.TrimSpace(row[k])
		if t.missing[s] {
			out[i] = math.NaN()
			continue
		}
		if out[i], err = strconv.ParseFloat(s, 64); err != nil || math.IsInf(out[i], 0) {
			reason := fmt.Sprintf("%q is not a number; if it marks missing values, name it in CSV.Missing", clip(s))
			if math.IsInf(out[i], 0) {
				reason = fmt.Sprintf("%q is not a finite number", clip(s))
			}
			return nil, t.fault(i, column, reason)
		}
	}
	return out, nil
}

// Times gives a column of dates as decimal years in UTC (2020.5 is the middle
// of 2020). It knows decimal years, yyyy-mm-dd, yyyymmdd and those with a
// time, such as 2018-02-01T05 or 2018-02-01 05:30:00.
func (t *Table) Times(column string) ([]float64, error) {
	k, err := t.column(column)
	if err != nil {
		return nil, err
	}
	out := make([]float64, len(t.cells))
	for i, row := range t.cells {
		s := strings.TrimSpace(row[k])
		if t.missing[s] {
			out[i] = math.NaN()
			continue
		}
		v, ok := ParseTime(s)
		if !ok {
			return nil, t.fault(i, column, fmt.Sprintf("%q is not a date; use 2020-03-12, 20200312 or a decimal year", clip(s)))
		}
		out[i] = v
	}
	return out, nil
}

// Series makes a series of two columns, leaving out rows where either is
// missing. The first may hold dates.
func (t *Table) Series(x, y string) (Series, error) {
	xs, err := t.Numbers(x)
	if err != nil {
		var fromDates error
		if xs, fromDates = t.Times(x); fromDates != nil {
			return Series{}, err
		}
	}
	ys, err := t.Numbers(y)
	if err != nil {
		return Series{}, err
	}
	s := Series{Name: t.Name, XName: x, YName: y, X: xs, Y: ys}
	return s.Present(), nil
}

func clip(s string) string {
	r := []rune(s)
	if len(r) > 200 {
		return string(r[:200]) + "…"
	}
	return s
}
