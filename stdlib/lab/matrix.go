package lab

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/mat"
)

// How much of a matrix or table is shown: when it is larger the first and
// last rows and columns stand round an ellipsis.
const (
	maxTableRows = 20
	maxTableCols = 12
)

// grid is a table ready to be written: cells of text, some of them numbers.
type grid struct {
	caption string
	header  []string
	rows    [][]string
	label   []string // row labels, nil for none
	number  []bool   // per column: align right
}

func renderMatrix(m mat.Matrix) Bundle {
	r, c := m.Dims()
	kind := strings.TrimPrefix(fmt.Sprintf("%T", m), "*")
	caption := fmt.Sprintf("%s %d × %d", kind, r, c)
	if r == 0 || c == 0 {
		return textBundle(caption)
	}
	return numbers(caption, r, c, m.At).bundle()
}

// numbers makes a grid of an r by c array of floats, each column with the
// digits it needs.
func numbers(caption string, r, c int, at func(i, j int) float64) grid {
	ri, ci := shownIndex(r, maxTableRows), shownIndex(c, maxTableCols)
	g := grid{caption: caption, number: make([]bool, len(ci))}
	for _, j := range ci {
		g.header = append(g.header, indexText(j))
	}
	for _, i := range ri {
		g.label = append(g.label, indexText(i))
		g.rows = append(g.rows, make([]string, len(ci)))
	}
	for k, j := range ci {
		g.number[k] = true
		var col []float64
		for _, i := range ri {
			if i >= 0 && j >= 0 {
				col = append(col, at(i, j))
			}
		}
		texts := formatColumn(col)
		for l, i := range ri {
			switch {
			case j < 0 && i < 0:
				g.rows[l][k] = "⋱"
			case j < 0:
				g.rows[l][k] = "…"
			case i < 0:
				g.rows[l][k] = "⋮"
			default:
				g.rows[l][k], texts = texts[0], texts[1:]
			}
		}
	}
	return g
}

// shownIndex lists which of n rows or columns are shown; -1 is the ellipsis.
func shownIndex(n, limit int) []int {
	var out []int
	for i := 0; i < n; i++ {
		if n > limit && i == limit/2 {
			out = append(out, -1)
			i = n - (limit - limit/2)
		}
		out = append(out, i)
	}
	return out
}

func indexText(i int) string {
	if i < 0 {
		return "…"
	}
	return strconv.Itoa(i)
}

// formatColumn writes numbers with one decimal exponent rule for all of them,
// so that a column reads at a glance: plain integers, otherwise five
// significant digits, in scientific form when the range is wide.
func formatColumn(x []float64) []string {
	integers, lo, hi := true, math.Inf(1), 0.0
	for _, v := range x {
		a := math.Abs(v)
		if math.IsNaN(v) || math.IsInf(v, 0) {
			continue
		}
		integers = integers && v == math.Trunc(v) && a < 1e9
		if a > 0 {
			lo, hi = math.Min(lo, a), math.Max(hi, a)
		}
	}
	decimals := 0
	if !integers {
		decimals = neededDecimals(x, max(4-int(math.Floor(math.Log10(hi))), 1))
	}
	out := make([]string, len(x))
	for i, v := range x {
		switch {
		case math.IsNaN(v) || math.IsInf(v, 0):
			out[i] = strconv.FormatFloat(v, 'g', -1, 64)
		case integers:
			out[i] = strconv.FormatFloat(v, 'f', 0, 64)
		case hi >= 1e6 || hi < 1e-3:
			out[i] = strconv.FormatFloat(v, 'e', 4, 64)
		default:
			out[i] = strconv.FormatFloat(v, 'f', decimals, 64)
		}
	}
	return out
}

// neededDecimals is how many of at most so many decimals are not zero
// everywhere.
func neededDecimals(x []float64, most int) int {
	need := 1
	for _, v := range x {
		s := strings.TrimRight(strconv.FormatFloat(v, 'f', most, 64), "0")
		if i := strings.IndexByte(s, '.'); i >= 0 {
			need = max(need, len(s)-i-1)
		}
	}
	return min(need, most)
}

func (g grid) bundle() Bundle {
	return Bundle{Data: map[string]any{mimeHTML: g.html(), mimeText: g.text()}}
}

// html writes the grid as a table. Colours are left to the page, so that it
// reads on light and dark ones.
func (g grid) html() string {
	var b strings.Builder
	b.WriteString(`<table style="font-variant-numeric:tabular-nums">`)
	if g.caption != "" {
		fmt.Fprintf(&b, `<caption style="text-align:left;white-space:nowrap;opacity:.7">%s</caption>`, escape(g.caption))
	}
	if g.header != nil {
		b.WriteString("<thead><tr>")
		if g.label != nil {
			b.WriteString("<th></th>")
		}
		for k, h := range g.header {
			fmt.Fprintf(&b, `<th%s>%s</th>`, g.align(k), escape(h))
		}
		b.WriteString("</tr></thead>")
	}
	b.WriteString("<tbody>")
	for i, row := range g.rows {
		b.WriteString("<tr>")
		if g.label != nil {
			fmt.Fprintf(&b, "<th>%s</th>", escape(g.label[i]))
		}
		for k, cell := range row {
			fmt.Fprintf(&b, `<td%s>%s</td>`, g.align(k), escape(cell))
		}
		b.WriteString("</tr>")
	}
	b.WriteString("</tbody></table>")
	return b.String()
}

func (g grid) align(k int) string {
	if k < len(g.number) && g.number[k] {
		return ` style="text-align:right"`
	}
	return ` style="text-align:left"`
}

// text writes the grid in columns of even width.
func (g grid) text() string {
	rows := make([][]string, 0, len(g.rows)+1)
	if g.header != nil {
		rows = append(rows, g.header)
	}
	rows = append(rows, g.rows...)
	var width []int
	for _, r := range rows {
		for k, s := range r {
			if k == len(width) {
				width = append(width, 0)
			}
			width[k] = max(width[k], len([]rune(s)))
		}
	}
	labels := 0
	for _, l := range g.label {
		labels = max(labels, len([]rune(l)))
	}
	var b strings.Builder
	b.WriteString(g.caption)
	for i, r := range rows {
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		var line strings.Builder
		if g.label != nil {
			l := ""
			if k := i - (len(rows) - len(g.rows)); k >= 0 {
				l = g.label[k]
			}
			line.WriteString(pad(l, labels, true))
		}
		for k, s := range r {
			if k > 0 || g.label != nil {
				line.WriteString("  ")
			}
			line.WriteString(pad(s, width[k], k < len(g.number) && g.number[k]))
		}
		b.WriteString(strings.TrimRight(line.String(), " "))
	}
	return b.String()
}

func pad(s string, n int, right bool) string {
	space := strings.Repeat(" ", max(0, n-len([]rune(s))))
	if right {
		return space + s
	}
	return s + space
}
