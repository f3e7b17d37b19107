package data

import (
	"fmt"
	"html"
	"strings"
)

// htmlTable writes up to ten rows of a table, colours left to the page.
func htmlTable(t *Table) string {
	const ends, most = 5, 14
	var b strings.Builder
	fmt.Fprintf(&b, `<table><caption style="text-align:left;opacity:.7">%s, %d rows × %d columns</caption><thead><tr>`,
		html.EscapeString(t.Name), t.Len(), len(t.Columns))
	cols := min(len(t.Columns), most)
	row := func(tag string, cells []string) {
		for _, c := range cells[:cols] {
			fmt.Fprintf(&b, `<%s style="text-align:right">%s</%s>`, tag, html.EscapeString(clip(c)), tag)
		}
		if cols < len(cells) {
			fmt.Fprintf(&b, "<%s>…</%s>", tag, tag)
		}
	}
	row("th", t.Columns)
	b.WriteString("</tr></thead><tbody>")
	for i := range t.cells {
		if t.Len() > 2*ends && i == ends {
			b.WriteString(`<tr><td>⋮</td></tr>`)
		}
		if t.Len() > 2*ends && i >= ends && i < t.Len()-ends {
			continue
		}
		b.WriteString("<tr>")
		row("td", t.cells[i])
		b.WriteString("</tr>")
	}
	b.WriteString("</tbody></table>")
	return b.String()
}
