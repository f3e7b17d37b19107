package cell

import (
	"fmt"
	"hash/fnv"
	"html"
	"strings"
	"time"
)

// The measures of a flame graph, in pixels.
const (
	flameWidth  = 960
	flameRow    = 19
	flameHead   = 26
	flameLetter = 6.6 // width of one at the size of the labels
	flameLeast  = 0.4 // narrower calls are left out
	flameDepth  = 60  // so are deeper ones
)

// flameSVG draws a profile: a bar for each call as wide as its time, below the
// call that made it. A bar tells its share when the pointer rests on it. Text
// outside the bars takes the page's colour; bars are of a lightness that bears
// dark letters on a white page and on a black one.
func flameSVG(root *call, title string, took time.Duration) string {
	var bars strings.Builder
	depth := 0
	var draw func(c *call, x float64, row int)
	draw = func(c *call, x float64, row int) {
		w := flameWidth * float64(c.total) / float64(root.total)
		if w < flameLeast || row >= flameDepth {
			return
		}
		depth = max(depth, row+1)
		bar(&bars, c, root.total, x, float64(flameHead+row*flameRow), w)
		for _, k := range c.calls {
			draw(k, x, row+1)
			x += flameWidth * float64(k.total) / float64(root.total)
		}
	}
	x := 0.0
	for _, c := range root.calls {
		draw(c, x, 0)
		x += flameWidth * float64(c.total) / float64(root.total)
	}
	height := flameHead + depth*flameRow + 4
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" class="plflame" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-label="flame graph" style="max-width:100%%;height:auto">`, flameWidth, height, flameWidth, height)
	b.WriteString(`<style>.plflame{font:11px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}` +
		`.plflame .head{fill:var(--jp-ui-font-color1,#333);font-size:12px}.plflame .bar text{fill:#1b1b1b;pointer-events:none}` +
		`.plflame .bar rect{stroke:var(--jp-layout-color0,#fff);stroke-width:.7}.plflame .bar:hover rect{stroke:#1b1b1b;stroke-width:1.4}` +
		`@media(prefers-color-scheme:dark){.plflame .head{fill:var(--jp-ui-font-color1,#ddd)}.plflame .bar rect{stroke:var(--jp-layout-color0,#111)}}</style>`)
	fmt.Fprintf(&b, `<text class="head" x="2" y="16">%s · %s</text>`, html.EscapeString(short(took)), html.EscapeString(cutText(title, 100)))
	b.WriteString(bars.String())
	b.WriteString("</svg>")
	return b.String()
}

func bar(b *strings.Builder, c *call, all time.Duration, x, y, w float64) {
	tip := fmt.Sprintf("%s\n%s, %s", c.label(), percent(c.total, all), short(c.total))
	if c.self > 0 && c.self < c.total {
		tip += fmt.Sprintf(" (itself %s)", percent(c.self, all))
	}
	if c.source != "" {
		tip += "\n" + c.source
	}
	fmt.Fprintf(b, `<g class="bar"><title>%s</title><rect x="%.1f" y="%.1f" width="%.1f" height="%d" rx="2" fill="%s"/>`,
		html.EscapeString(tip), x, y, max(w-.3, .3), flameRow-1, colour(c))
	label := c.label()
	if c.source != "" && float64(len([]rune(label))+3+len([]rune(c.source)))*flameLetter < w {
		label += "   " + c.source
	}
	if n := int((w - 6) / flameLetter); n >= 3 {
		fmt.Fprintf(b, `<text x="%.1f" y="%.1f" xml:space="preserve">%s</text>`, x+4, y+13, html.EscapeString(cutText(label, n)))
	}
	b.WriteString("</g>")
}

// colour is warm for lines of cells and cool for compiled code; a function
// keeps its colour.
func colour(c *call) string {
	h := fnv.New32a()
	h.Write([]byte(c.name))
	n := h.Sum32()
	hue, light := 18+int(n%36), 62+int((n>>8)%12)
	if c.compiled {
		hue = 190 + int(n%40)
	}
	return fmt.Sprintf("hsl(%d 72%% %d%%)", hue, min(light, 74))
}
