package data

import (
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
)

// rows is the table of the rows with the given numbers.
func (t *Table) rows(index []int) *Table {
	out := *t
	out.cells, out.lines = make([][]string, len(index)), nil
	if t.lines != nil {
		out.lines = make([]int, len(index))
	}
	for k, i := range index {
		out.cells[k] = t.cells[i]
		if t.lines != nil {
			out.lines[k] = t.lines[i]
		}
	}
	return &out
}

// Head is the first n rows, fewer when there are not so many.
func (t *Table) Head(n int) *Table { return t.span(0, n) }

// Tail is the last n rows, fewer when there are not so many.
func (t *Table) Tail(n int) *Table { return t.span(t.Len()-n, t.Len()) }

func (t *Table) span(from, to int) *Table {
	var index []int
	for i := max(0, from); i < min(to, t.Len()); i++ {
		index = append(index, i)
	}
	return t.rows(index)
}

// Select is the table of the named columns, in that order.
func (t *Table) Select(columns ...string) (*Table, error) {
	at, err := t.places(columns)
	if err != nil {
		return nil, err
	}
	out := *t
	out.Columns, out.cells = append([]string(nil), columns...), make([][]string, t.Len())
	for i, row := range t.cells {
		for _, k := range at {
			out.cells[i] = append(out.cells[i], row[k])
		}
	}
	return &out, nil
}

func (t *Table) places(columns []string) ([]int, error) {
	at := make([]int, len(columns))
	for i, c := range columns {
		k, err := t.column(c)
		if err != nil {
			return nil, err
		}
		at[i] = k
	}
	return at, nil
}

// Where is the rows for whose number in a column keep is true. A missing value
// is NaN, for which comparisons are false.
func (t *Table) Where(column string, keep func(v float64) bool) (*Table, error) {
	v, err := t.Numbers(column)
	if err != nil {
		return nil, err
	}
	return t.kept(func(i int) bool { return keep(v[i]) }), nil
}

// WhereText is the rows for whose text in a column keep is true.
func (t *Table) WhereText(column string, keep func(text string) bool) (*Table, error) {
	v, err := t.Text(column)
	if err != nil {
		return nil, err
	}
	return t.kept(func(i int) bool { return keep(v[i]) }), nil
}

// Complete is the rows in which none of the named columns is missing; without
// names, no column at all.
func (t *Table) Complete(columns ...string) (*Table, error) {
	if len(columns) == 0 {
		columns = t.Columns
	}
	at, err := t.places(columns)
	if err != nil {
		return nil, err
	}
	return t.kept(func(i int) bool {
		for _, k := range at {
			if t.isMissing(i, k) {
				return false
			}
		}
		return true
	}), nil
}

func (t *Table) isMissing(row, column int) bool {
	return t.missing[strings.TrimSpace(t.cells[row][column])]
}

func (t *Table) kept(keep func(i int) bool) *Table {
	var index []int
	for i := range t.cells {
		if keep(i) {
			index = append(index, i)
		}
	}
	return t.rows(index)
}

// SortBy is the rows in the order of a column: by value if all of it is numbers,
// otherwise by text. Equal rows keep their order, missing values come last.
func (t *Table) SortBy(column string) (*Table, error) {
	k, err := t.column(column)
	if err != nil {
		return nil, err
	}
	index := make([]int, t.Len())
	for i := range index {
		index[i] = i
	}
	before := func(i, j int) bool { return t.cells[i][k] < t.cells[j][k] }
	if v, err := t.Numbers(column); err == nil {
		before = func(i, j int) bool { return v[i] < v[j] }
	}
	sort.SliceStable(index, func(a, b int) bool {
		i, j := index[a], index[b]
		if t.isMissing(i, k) || t.isMissing(j, k) {
			return !t.isMissing(i, k)
		}
		return before(i, j)
	})
	return t.rows(index), nil
}

// With is the table with a column of numbers added, or put in the place of one
// of that name. NaN becomes a missing value.
func (t *Table) With(column string, values []float64) (*Table, error) {
	text := make([]string, len(values))
	for i, v := range values {
		if !math.IsNaN(v) {
			text[i] = strconv.FormatFloat(v, 'g', -1, 64)
		}
	}
	return t.WithText(column, text)
}

// WithText is the table with a column of text added, or put in the place of one
// of that name.
func (t *Table) WithText(column string, values []string) (*Table, error) {
	if len(t.Columns) > 0 && len(values) != t.Len() {
		return nil, fault(t.Name, "", 0, "%d values for column %q of a table with %d rows; each row needs one", len(values), column, t.Len())
	}
	out := *t
	at, err := t.column(column)
	if err != nil {
		at = len(t.Columns)
		out.Columns = append(append([]string(nil), t.Columns...), column)
	}
	out.cells = make([][]string, len(values))
	for i, v := range values {
		row := make([]string, len(out.Columns))
		if len(t.Columns) > 0 {
			copy(row, t.cells[i])
		}
		row[at] = v
		out.cells[i] = row
	}
	return &out, nil
}

// A Group is the rows that share a value of a column.
type Group struct {
	Key  string
	Rows *Table
}

// String tells the value and how many rows have it.
func (g Group) String() string { return fmt.Sprintf("%s: %d rows", g.Key, g.Rows.Len()) }

// GroupBy divides the rows by what stands in a column, in the order of SortBy.
// Rows without a value are left out.
func (t *Table) GroupBy(column string) ([]Group, error) {
	sorted, err := t.SortBy(column)
	if err != nil {
		return nil, err
	}
	k, _ := t.column(column) // SortBy found it
	var out []Group
	at := map[string]int{}
	var index [][]int
	for i, row := range sorted.cells {
		if sorted.isMissing(i, k) {
			continue
		}
		key := strings.TrimSpace(row[k])
		g, known := at[key]
		if !known {
			g = len(out)
			at[key], out, index = g, append(out, Group{Key: key}), append(index, nil)
		}
		index[g] = append(index[g], i)
	}
	for g := range out {
		out[g].Rows = sorted.rows(index[g])
	}
	return out, nil
}

// Aggregate is a table with a row for each value of the column by: the value,
// how many rows have it, and what f makes of the numbers of each named column
// there. Missing values are left out; without any number a cell is missing.
func (t *Table) Aggregate(by string, f func(values []float64) float64, columns ...string) (*Table, error) {
	groups, err := t.GroupBy(by)
	if err != nil {
		return nil, err
	}
	out := NewTable(t.Name + " by " + by)
	out.Columns = append([]string{by, "rows"}, columns...)
	for _, g := range groups {
		row := []string{g.Key, strconv.Itoa(g.Rows.Len())}
		for _, c := range columns {
			v, err := g.Rows.Numbers(c)
			if err != nil {
				return nil, err
			}
			cell := ""
			if v = present(v); len(v) > 0 {
				cell = strconv.FormatFloat(f(v), 'g', -1, 64)
			}
			row = append(row, cell)
		}
		out.cells = append(out.cells, row)
	}
	return out, nil
}

// present is the values that are not NaN.
func present(values []float64) []float64 {
	var out []float64
	for _, v := range values {
		if !math.IsNaN(v) {
			out = append(out, v)
		}
	}
	return out
}
