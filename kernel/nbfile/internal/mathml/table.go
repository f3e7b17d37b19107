package mathml

import "strings"

// An environment is a table of cells with brackets round it.
type environment struct {
	open, shut string
	align      string // of the columns, repeated: r, l, c
	display    bool   // cells are set as displayed formulas
	plain      bool   // one cell, no table
}

var environments = map[string]environment{
	"matrix": {align: "c"}, "smallmatrix": {align: "c"}, "pmatrix": {open: "(", shut: ")", align: "c"},
	"bmatrix": {open: "[", shut: "]", align: "c"}, "Bmatrix": {open: "{", shut: "}", align: "c"},
	"vmatrix": {open: "|", shut: "|", align: "c"}, "Vmatrix": {open: "‖", shut: "‖", align: "c"},
	"cases": {open: "{", align: "l"}, "array": {align: "c"},
	"align": {align: "rl", display: true}, "aligned": {align: "rl", display: true}, "split": {align: "rl", display: true},
	"alignat": {align: "rl", display: true}, "eqnarray": {align: "rcl", display: true},
	"gather": {align: "c", display: true}, "gathered": {align: "c", display: true}, "multline": {align: "c", display: true},
	"equation": {plain: true}, "displaymath": {plain: true}, "math": {plain: true},
}

func (p *parser) environment() string {
	name := p.verbatim()
	e, ok := environments[strings.TrimSuffix(name, "*")]
	if !ok {
		p.fail("the environment %q is not known", name)
	}
	switch name {
	case "array":
		e.align = columns(p.verbatim())
	case "alignat", "alignat*":
		p.verbatim() // the number of columns is seen anyway
	}
	if p.depth++; p.depth > maxDepth {
		p.fail("nested deeper than %d", maxDepth)
	}
	body := p.rowsOf(e)
	p.depth--
	if !p.skip(`\end`) || p.verbatim() != name {
		p.fail(`\begin{%s} has no \end{%s}`, name, name)
	}
	fence := func(s, form string) string {
		if s == "" {
			return ""
		}
		return `<mo fence="true" stretchy="true" form="` + form + `">` + s + "</mo>"
	}
	return "<mrow>" + fence(e.open, "prefix") + body + fence(e.shut, "postfix") + "</mrow>"
}

// columns reads the letters of an array's columns.
func columns(spec string) string {
	out := strings.Map(func(r rune) rune {
		if strings.ContainsRune("lcr", r) {
			return r
		}
		return -1
	}, spec)
	if out == "" {
		return "c"
	}
	return out
}

// rowsOf reads lines separated by \\ and cells separated by &.
func (p *parser) rowsOf(e environment) string {
	rows := [][]string{nil}
	for {
		last := len(rows) - 1
		rows[last] = append(rows[last], strings.Join(p.terms(), ""))
		if p.skip("&") {
			continue
		}
		if !p.skip(`\\`) && !p.skip(`\cr`) {
			break
		}
		if p.skip("[") { // extra space between lines
			_, after, ok := strings.Cut(p.rest, "]")
			if !ok {
				p.fail("a bracket after a line is not closed")
			}
			p.rest = after
		}
		rows = append(rows, nil)
	}
	if n := len(rows); n > 1 && len(rows[n-1]) == 1 && rows[n-1][0] == "" {
		rows = rows[:n-1] // a \\ after the last line
	}
	if e.plain && len(rows) == 1 && len(rows[0]) == 1 {
		return "<mrow>" + rows[0][0] + "</mrow>"
	}
	var b strings.Builder
	b.WriteString(`<mtable displaystyle="` + boolean(e.display) + `">`)
	for _, r := range rows {
		b.WriteString("<mtr>")
		for k, cell := range r {
			b.WriteString(`<mtd style="` + cellStyle(e, k) + `">` + cell + "</mtd>")
		}
		b.WriteString("</mtr>")
	}
	return b.String() + "</mtable>"
}

// cellStyle aligns a cell; in aligned equations the sides of the relation
// touch.
func cellStyle(e environment, k int) string {
	side := map[byte]string{'l': "left", 'c': "center", 'r': "right"}[e.align[k%len(e.align)]]
	s := "text-align:" + side
	if e.align == "rl" {
		if k%2 == 0 {
			s += ";padding-right:0"
		} else {
			s += ";padding-left:0"
		}
	}
	return s
}
