package plots

import (
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

const (
	swatchWidth = 20
	keyGap      = 16
	keyRow      = 18
)

// entry is one line of the key, with the layers that share its label.
type entry struct {
	label  string
	layers []*layer
	width  vg.Length
}

// entries are the labels in the order they were added.
func (f *Figure) entries() []entry {
	if f.hideKey {
		return nil
	}
	var out []entry
	at := map[string]int{}
	for _, l := range f.layers {
		if l.label == "" || l.swatch == nil {
			continue
		}
		i, ok := at[l.label]
		if !ok {
			i = len(out)
			at[l.label] = i
			out = append(out, entry{label: l.label, width: swatchWidth + 6 + style(tickSize, false, ink).Width(l.label)})
		}
		out[i].layers = append(out[i].layers, l)
	}
	if len(out) == 1 && len(out[0].layers) == 1 && out[0].label == f.p.Title.Text {
		return nil // the title says it already
	}
	return out
}

// keyRows breaks the entries into rows that fit the width.
func keyRows(entries []entry, width vg.Length) [][]entry {
	var rows [][]entry
	var used vg.Length
	for _, e := range entries {
		if len(rows) == 0 || used+e.width > width {
			rows, used = append(rows, nil), 0
		}
		rows[len(rows)-1] = append(rows[len(rows)-1], e)
		used += e.width + keyGap
	}
	return rows
}

// headHeight is what title and key take.
func (f *Figure) headHeight(c draw.Canvas) vg.Length {
	var h vg.Length
	if f.p.Title.Text != "" {
		h += titleHeight(f.p.Title.Text, titleSize)
	}
	if rows := keyRows(f.entries(), c.Max.X-c.Min.X); len(rows) > 0 {
		h += vg.Length(len(rows))*keyRow + 4
	}
	return h + 4
}

func titleHeight(text string, size float64) vg.Length {
	return style(size, true, ink).Height(text) + 8
}

// drawTitle writes text at the upper left and gives back what is left.
func drawTitle(c draw.Canvas, text string, size float64) draw.Canvas {
	sty := style(size, true, ink)
	sty.YAlign = draw.YTop
	c.FillText(sty, vg.Point{X: c.Min.X, Y: c.Max.Y}, text)
	return draw.Crop(c, 0, 0, 0, -titleHeight(text, size))
}

// drawHead draws title and key and gives back the canvas below them, at least
// top from the upper edge.
func (f *Figure) drawHead(c draw.Canvas, top vg.Length) draw.Canvas {
	rest := draw.Crop(c, 0, 0, 0, -max(top, f.headHeight(c)))
	if f.p.Title.Text != "" {
		c = drawTitle(c, f.p.Title.Text, titleSize)
	}
	sty := style(tickSize, false, ink)
	sty.YAlign = draw.YCenter
	y := c.Max.Y - keyRow/2
	for _, row := range keyRows(f.entries(), c.Max.X-c.Min.X) {
		x := c.Min.X
		for _, e := range row {
			box := draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{
				Min: vg.Point{X: x, Y: y - 6}, Max: vg.Point{X: x + swatchWidth, Y: y + 6},
			}}
			for z := zRegion; z <= zTop; z++ {
				for _, l := range e.layers {
					if l.z == z {
						l.swatch(box)
					}
				}
			}
			c.FillText(sty, vg.Point{X: x + swatchWidth + 6, Y: y}, e.label)
			x += e.width + keyGap
		}
		y -= keyRow
	}
	return rest
}
