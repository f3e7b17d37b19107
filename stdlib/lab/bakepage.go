package lab

import (
	"fmt"
	"strings"
)

// A bakedPage is rows of radio buttons and the pictures, of which style sheets
// alone show the one that belongs to the buttons pressed: pages that allow no
// script can show it too. The arrow keys move along a row.
type bakedPage struct {
	id     string
	rows   []bakedRow
	frames []string // the last row moves fastest
}

// A bakedRow is one control: its marks, and the one that is pressed first.
type bakedRow struct {
	name   string
	labels []string
	at     int
}

// place is the mark of every row for frame i.
func (p *bakedPage) place(i int) []int {
	out := make([]int, len(p.rows))
	for r := len(p.rows) - 1; r >= 0; r-- {
		out[r] = i % len(p.rows[r].labels)
		i /= len(p.rows[r].labels)
	}
	return out
}

func (p *bakedPage) html() string {
	var b strings.Builder
	fmt.Fprintf(&b, `<div class="bake-%s"><style>`+
		`.bake-%[1]s input{appearance:none;-webkit-appearance:none;height:14px;margin:0;background:linear-gradient(#8886,#8886) center/100%% 3px no-repeat;cursor:pointer}`+
		`.bake-%[1]s input:checked{background:radial-gradient(circle at center,#0072b2 6px,#0000 6.5px),linear-gradient(#8886,#8886) center/100%% 3px no-repeat}`+
		`.bake-%[1]s input:focus-visible{outline:2px solid #0072b2;border-radius:7px}`+
		`.bake-%[1]s .f,.bake-%[1]s .l{display:none}`+
		`.bake-%[1]s .l{margin-left:.8em;opacity:.75}`, p.id)
	for r, row := range p.rows {
		fmt.Fprintf(&b, `.bake-%s .i%d{width:calc(min(420px,60%%)/%d)}`, p.id, r, len(row.labels))
		for i := range row.labels {
			fmt.Fprintf(&b, `.bake-%s .r%d-%d:checked~.l%[2]d-%[3]d{display:inline}`, p.id, r, i)
		}
	}
	for i := range p.frames {
		fmt.Fprintf(&b, `.bake-%s `, p.id)
		for r, mark := range p.place(i) {
			fmt.Fprintf(&b, `.r%d-%d:checked~`, r, mark)
		}
		fmt.Fprintf(&b, `.f%d{display:block}`, i)
	}
	b.WriteString("</style>")
	for r, row := range p.rows {
		for i, l := range row.labels {
			checked := ""
			if i == row.at {
				checked = " checked"
			}
			fmt.Fprintf(&b, `<input type="radio" name="bake-%s-%d" class="i%[2]d r%[2]d-%[3]d" aria-label="%[4]s" title="%[4]s"%[5]s>`, p.id, r, i, escape(l), checked)
		}
		for i, l := range row.labels {
			fmt.Fprintf(&b, `<span class="l l%d-%d">%s</span>`, r, i, escape(l))
		}
		b.WriteString("<br>")
	}
	for i, f := range p.frames {
		fmt.Fprintf(&b, `<div class="f f%d">%s</div>`, i, f)
	}
	b.WriteString("</div>")
	return b.String()
}
