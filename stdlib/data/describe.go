package data

import (
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/stat"
)

// A ColumnSummary says what a column holds. The numbers are NaN for a column of
// text; quartiles lie between neighbouring values.
type ColumnSummary struct {
	Column                         string
	Kind                           string // "numbers", "dates" or "text"
	Count, Missing, Distinct       int
	Mean, SD                       float64
	Min, Lower, Median, Upper, Max float64
}

// A Summary is what the columns of a table hold, a row for each.
type Summary []ColumnSummary

// HTML shows it as a table, with four digits of each number.
func (s Summary) HTML() string { return s.table().HTML() }

// String is the table as text.
func (s Summary) String() string { return s.table().String() }

func (s Summary) table() *Table {
	t := NewTable("summary")
	t.summary = true
	t.Columns = []string{"column", "kind", "missing", "distinct", "mean", "sd", "min", "25 %", "median", "75 %", "max"}
	for i, c := range s {
		if i == 0 {
			t.Name = fmt.Sprintf("%d rows", c.Count+c.Missing)
		}
		row := []string{c.Column, c.Kind, strconv.Itoa(c.Missing), strconv.Itoa(c.Distinct)}
		for _, v := range []float64{c.Mean, c.SD, c.Min, c.Lower, c.Median, c.Upper, c.Max} {
			row = append(row, fourDigits(v))
		}
		t.cells = append(t.cells, row)
	}
	return t
}

// fourDigits is v with four digits, or all of those before the point; "" for NaN.
func fourDigits(v float64) string {
	switch a := math.Abs(v); {
	case math.IsNaN(v):
		return ""
	case a >= 1e4 && a < 1e8:
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}

// Describe summarises each column.
func (t *Table) Describe() Summary {
	out := make(Summary, len(t.Columns))
	for k, name := range t.Columns {
		nan := math.NaN()
		s := ColumnSummary{Column: name, Kind: "text", Mean: nan, SD: nan, Min: nan, Lower: nan, Median: nan, Upper: nan, Max: nan}
		distinct := map[string]bool{}
		dates := true
		for i, row := range t.cells {
			if t.isMissing(i, k) {
				s.Missing++
				continue
			}
			s.Count++
			text := strings.TrimSpace(row[k])
			distinct[text] = true
			if dates {
				_, dates = ParseTime(text)
			}
		}
		s.Distinct = len(distinct)
		if v, err := t.Numbers(name); err == nil && s.Count > 0 {
			s.Kind = "numbers"
			s.summarise(present(v))
		} else if dates && s.Count > 0 {
			s.Kind = "dates"
		}
		out[k] = s
	}
	return out
}

func (s *ColumnSummary) summarise(v []float64) {
	sort.Float64s(v)
	s.Mean, s.SD = stat.MeanStdDev(v, nil)
	quantile := func(p float64) float64 {
		at := p * float64(len(v)-1)
		i := int(at)
		return v[i] + (at-float64(i))*(v[min(i+1, len(v)-1)]-v[i])
	}
	s.Min, s.Lower, s.Median, s.Upper, s.Max = v[0], quantile(0.25), quantile(0.5), quantile(0.75), v[len(v)-1]
}

// A ValueCount is a text and how often it stands in a column.
type ValueCount struct {
	Value string
	Count int
}

// CountValues says how often each text stands in a column, the most frequent
// first. Missing values are left out.
func (t *Table) CountValues(column string) ([]ValueCount, error) {
	groups, err := t.GroupBy(column)
	if err != nil {
		return nil, err
	}
	out := make([]ValueCount, len(groups))
	for i, g := range groups {
		out[i] = ValueCount{g.Key, g.Rows.Len()}
	}
	sort.SliceStable(out, func(a, b int) bool { return out[a].Count > out[b].Count })
	return out, nil
}
