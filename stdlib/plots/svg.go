package plots

import (
	"fmt"
	"strings"
)

// svgFixes puts right what the SVG writer leaves to the reader's machine.
// Text is set in fonts with the widths of Liberation, which the layout was
// measured with: Arial and Helvetica have them, and Times New Roman has those
// of the serif. Rasters are PNG whatever the writer calls them, and cells of
// a heat map keep their edges when they are scaled.
var svgFixes = strings.NewReplacer(
	"font-family:Liberation Sans;font-variant:normal;font-weight:normal;font-style:normal",
	"font-family:'Liberation Sans',Arial,Helvetica,sans-serif",
	"font-family:Liberation Sans;font-variant:normal;", "font-family:'Liberation Sans',Arial,Helvetica,sans-serif;",
	"font-family:Liberation Serif;font-variant:normal;", "font-family:'Liberation Serif','Times New Roman',Times,serif;",
	"font-family:Liberation Mono;font-variant:normal;", "font-family:'Liberation Mono','Courier New',monospace;",
	"data:image/jpg;base64,", "data:image/png;base64,",
	"<image ", `<image preserveAspectRatio="none" style="image-rendering:pixelated" `,
	"\n\tstyle=", " style=",
)

// tidySVG replaces the writer's prologue by one that fits a page and mends
// the rest. The picture shrinks with a narrow column and never overflows it.
func tidySVG(s string, w, h float64) string {
	if i := strings.Index(s, "<svg"); i >= 0 {
		if j := strings.IndexByte(s[i:], '>'); j >= 0 {
			s = s[i+j+1:]
		}
	}
	head := fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" `+
		`width="%g" height="%g" viewBox="0 0 %g %g" style="max-width:100%%;height:auto">`, w, h, w, h)
	return head + svgFixes.Replace(s)
}
