package data

import (
	"encoding/csv"
	"fmt"
	"html"
	"os"
	"strconv"
	"strings"
)

// preview is what is shown of a table: at most so many rows and columns, from
// its ends.
type preview struct {
	columns []int
	rows    []int  // -1 is the ellipsis
	number  []bool // per shown column: only numbers, to be aligned at the right
	more    bool   // there are further columns
}

func (t *Table) preview() (p preview) {
	const ends, most = 5, 14
	for k := range min(len(t.Columns), most) {
		p.columns = append(p.columns, k)
	}
	p.more = len(t.Columns) > most
	for i := range t.cells {
		switch {
		case t.summary || t.Len() <= 2*ends || i < ends || i >= t.Len()-ends:
			p.rows = append(p.rows, i)
		case i == ends:
			p.rows = append(p.rows, -1)
		}
	}
	for _, k := range p.columns {
		number := true
		for _, i := range p.rows {
			if i >= 0 && !t.isMissing(i, k) {
				_, err := strconv.ParseFloat(strings.TrimSpace(t.cells[i][k]), 64)
				number = number && err == nil
			}
		}
		p.number = append(p.number, number)
	}
	return p
}

// text is what is shown of a cell: as it was written, but for long numbers.
func (t *Table) text(i, k int) string {
	s := t.cells[i][k]
	if len(s) > 10 {
		if v, err := strconv.ParseFloat(strings.TrimSpace(s), 64); err == nil {
			if short := strconv.FormatFloat(v, 'g', 6, 64); len(short) < len(s) {
				return short
			}
		}
	}
	return s
}

// shape tells name and size.
func (t *Table) shape() string {
	if t.summary {
		return fmt.Sprintf("%s, %d columns", t.Name, t.Len())
	}
	return fmt.Sprintf("%s, %d rows × %d columns", t.Name, t.Len(), len(t.Columns))
}

// HTML shows the first and last rows; colours are left to the page.
func (t *Table) HTML() string {
	p := t.preview()
	var b strings.Builder
	fmt.Fprintf(&b, `<table><caption style="text-align:left;white-space:nowrap;opacity:.7">%s</caption><thead><tr>`, html.EscapeString(t.shape()))
	number := func(text string) {
		if !t.summary {
			b.WriteString("<th>" + text + "</th>")
		}
	}
	number("")
	cell := func(tag, text string, k int) {
		side := "left"
		if p.number[k] {
			side = "right"
		}
		fmt.Fprintf(&b, `<%s style="text-align:%s">%s</%s>`, tag, side, html.EscapeString(clip(text)), tag)
	}
	for k, c := range p.columns {
		cell("th", t.Columns[c], k)
	}
	if p.more {
		b.WriteString("<th>…</th>")
	}
	b.WriteString("</tr></thead><tbody>")
	for _, i := range p.rows {
		if i < 0 {
			b.WriteString("<tr><th>⋮</th>" + strings.Repeat("<td></td>", len(p.columns)) + "</tr>")
			continue
		}
		b.WriteString("<tr>")
		number(strconv.Itoa(i))
		for k, c := range p.columns {
			cell("td", t.text(i, c), k)
		}
		if p.more {
			b.WriteString("<td>…</td>")
		}
		b.WriteString("</tr>")
	}
	b.WriteString("</tbody></table>")
	return b.String()
}

// String is name, size and the first and last rows, in columns.
func (t *Table) String() string {
	const widest = 24
	p := t.preview()
	lines := make([]string, len(p.rows)+1)
	column := func(right bool, text func(row int) string) {
		width := 0
		cells := make([]string, len(lines))
		for l := range lines {
			row := -2 // the header
			if l > 0 {
				row = p.rows[l-1]
			}
			r := []rune(strings.ReplaceAll(text(row), "\n", " "))
			if len(r) > widest {
				r = append(r[:widest-1], '…')
			}
			cells[l], width = string(r), max(width, len(r))
		}
		for l, c := range cells {
			space := strings.Repeat(" ", width-len([]rune(c)))
			if right {
				c = space + c
			} else {
				c += space
			}
			if lines[l] != "" {
				c = "  " + c
			}
			lines[l] += c
		}
	}
	if !t.summary {
		column(true, func(row int) string {
			switch row {
			case -2:
				return " "
			case -1:
				return "⋮"
			}
			return strconv.Itoa(row)
		})
	}
	for k, c := range p.columns {
		column(p.number[k], func(row int) string {
			switch row {
			case -2:
				return t.Columns[c]
			case -1:
				return ""
			}
			return t.text(row, c)
		})
	}
	out := t.shape()
	if p.more {
		out += fmt.Sprintf(", of which %d are shown", len(p.columns))
	}
	for _, l := range lines {
		out += "\n" + strings.TrimRight(l, " ")
	}
	return out
}

// WriteCSV writes the table to a file, with a header line and commas.
func (t *Table) WriteCSV(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := csv.NewWriter(f)
	err = w.Write(t.Columns)
	if err == nil {
		err = w.WriteAll(t.cells)
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}
