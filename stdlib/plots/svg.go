package plots

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html"
	"image"
	"image/color"
	"image/png"
	"math"
	"sort"
	"strconv"
	"strings"

	xfont "golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// svgCanvas writes SVG that is small and quick to make, since a picture under
// a slider is made and sent many times a second: corners are relative and
// rounded to a hundredth of a pixel, and neighbours of one style share it.
type svgCanvas struct {
	out    []byte
	w, h   float64
	theme  Theme
	pens   []pen
	styled string          // style of the open group, "" for none
	rules  map[string]bool // style sheet for dark pages
}

// A pen is what Push keeps: the style of strokes and the map from the
// drawing's coordinates to the page's, x' = a x + c y + e, y' = b x + d y + f.
type pen struct {
	color            color.NRGBA
	fixed            bool // the color is that of all themes
	width            float64
	dashes           []vg.Length
	offset           vg.Length
	a, b, c, d, e, f float64
}

var _ vg.CanvasSizer = (*svgCanvas)(nil)

// newSVG is an empty picture with round corners; the drawing's origin is at
// the bottom left.
func newSVG(w, h float64, t Theme) *svgCanvas {
	c := &svgCanvas{w: w, h: h, theme: t, out: make([]byte, 0, 1<<16), rules: map[string]bool{}}
	c.pens = []pen{{color: background, width: 1, a: 1, d: -1, f: h}}
	c.group(c.inked("fill", ""))
	c.out = fmt.Appendf(c.out, `<rect width="%g" height="%g" rx="6"/>`+"\n", w, h)
	c.pen().color = color.NRGBA{A: 255}
	return c
}

// String is the whole document. The picture shrinks with a narrow column and
// never overflows it.
func (c *svgCanvas) String() string {
	c.group("")
	class := ""
	if c.theme < Light {
		class = ` class="plots"`
	}
	head := fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" `+
		`width="%g" height="%g" viewBox="0 0 %g %g"%s style="max-width:100%%;height:auto">`, c.w, c.h, c.w, c.h, class)
	return head + "\n" + c.sheet() + string(c.out) + "</svg>\n"
}

// sheet lets a picture follow the page. The colours of the light theme stand
// where every reader of SVG finds them; a style sheet that older ones pass over
// replaces them. A picture within a page has its page's color-scheme, which
// JupyterLab and Visual Studio Code do not set, but say in other ways; one that
// is an image of its own has none unless the theme is Browser. The names of the
// classes say what they mean, so that the sheets of many pictures on one page
// agree.
func (c *svgCanvas) sheet() string {
	if c.theme >= Light {
		return ""
	}
	rules := make([]string, 0, len(c.rules))
	for r := range c.rules {
		rules = append(rules, r)
	}
	sort.Strings(rules)
	own := ""
	if c.theme == Browser {
		own = "svg.plots:root{color-scheme:light dark}"
	}
	return "<style>@supports(color:light-dark(#000,#fff)){" + own +
		"[data-jp-theme-light=true] svg.plots{color-scheme:light}" +
		"[data-jp-theme-light=false] svg.plots,.vscode-dark svg.plots{color-scheme:dark}" +
		strings.Join(rules, "") + "}</style>\n"
}

// inked gives the attributes of a style whose property, fill or stroke, is
// the color of the pen.
func (c *svgCanvas) inked(property, style string) string {
	p := c.pen()
	day, dark := hex(p.color), hex(p.color)
	if !p.fixed {
		dark = hex(night(p.color))
	}
	if p.color.A < 255 {
		style = ";" + property + "-opacity:" + opacity(p.color) + style
	}
	switch {
	case c.theme == Dark:
		day = dark
	case c.theme != Light && day != dark:
		class := "plots-" + property[:1] + day[1:]
		c.rules["."+class+"{"+property+":light-dark("+day+","+dark+")!important}"] = true
		return `style="` + property + ":" + day + style + `" class="` + class + `"`
	}
	return `style="` + property + ":" + day + style + `"`
}

// Size implements vg.CanvasSizer.
func (c *svgCanvas) Size() (x, y vg.Length) { return vg.Length(c.w), vg.Length(c.h) }

func (c *svgCanvas) pen() *pen { return &c.pens[len(c.pens)-1] }

// SetLineWidth implements vg.Canvas.
func (c *svgCanvas) SetLineWidth(w vg.Length) { c.pen().width = w.Points() }

// SetLineDash implements vg.Canvas.
func (c *svgCanvas) SetLineDash(pattern []vg.Length, offset vg.Length) {
	c.pen().dashes, c.pen().offset = pattern, offset
}

// SetColor implements vg.Canvas.
func (c *svgCanvas) SetColor(k color.Color) {
	if k == nil {
		k = color.Black
	}
	_, c.pen().fixed = k.(fixedInk)
	c.pen().color = color.NRGBAModel.Convert(k).(color.NRGBA)
}

// Rotate implements vg.Canvas.
func (c *svgCanvas) Rotate(rad float64) {
	sin, cos := math.Sincos(rad)
	p := c.pen()
	p.a, p.b, p.c, p.d = p.a*cos+p.c*sin, p.b*cos+p.d*sin, p.c*cos-p.a*sin, p.d*cos-p.b*sin
}

// Translate implements vg.Canvas.
func (c *svgCanvas) Translate(pt vg.Point) {
	p := c.pen()
	p.e, p.f = p.place(pt)
}

// Scale implements vg.Canvas.
func (c *svgCanvas) Scale(x, y float64) {
	p := c.pen()
	p.a, p.b, p.c, p.d = p.a*x, p.b*x, p.c*y, p.d*y
}

// Push implements vg.Canvas.
func (c *svgCanvas) Push() { c.pens = append(c.pens, *c.pen()) }

// Pop implements vg.Canvas.
func (c *svgCanvas) Pop() { c.pens = c.pens[:len(c.pens)-1] }

// place is where a point of the drawing is on the page.
func (p *pen) place(pt vg.Point) (x, y float64) {
	return p.a*pt.X.Points() + p.c*pt.Y.Points() + p.e, p.b*pt.X.Points() + p.d*pt.Y.Points() + p.f
}

// scale is by how much lengths grow on the page.
func (p *pen) scale() float64 { return math.Sqrt(math.Abs(p.a*p.d - p.b*p.c)) }

// Stroke implements vg.Canvas.
func (c *svgCanvas) Stroke(path vg.Path) {
	p := c.pen()
	if p.width <= 0 {
		return
	}
	style := ";fill:none"
	if w := p.width * p.scale(); w != 1 {
		style += ";stroke-width:" + string(number(nil, w))
	}
	for i, d := range p.dashes {
		sep := ","
		if i == 0 {
			sep = ";stroke-dasharray:"
		}
		style += sep + string(number(nil, d.Points()*p.scale()))
	}
	if len(p.dashes) > 0 && p.offset != 0 {
		style += ";stroke-dashoffset:" + string(number(nil, p.offset.Points()*p.scale()))
	}
	c.group(c.inked("stroke", style))
	c.path(path)
}

// Fill implements vg.Canvas.
func (c *svgCanvas) Fill(path vg.Path) {
	c.group(c.inked("fill", ""))
	c.path(path)
}

// FillString implements vg.Canvas.
func (c *svgCanvas) FillString(f font.Face, pt vg.Point, text string) {
	if f.Font.Size == 0 {
		return
	}
	p := c.pen()
	c.group(c.inked("fill", textStyle(f, p)))
	x, y := p.place(pt)
	c.out = append(c.out, `<text x="`...)
	c.out = append(number(c.out, x), `" y="`...)
	c.out = append(number(c.out, y), '"')
	if angle := math.Atan2(p.b, p.a) * 180 / math.Pi; angle != 0 {
		c.out = append(number(append(c.out, ` transform="rotate(`...), angle), ' ')
		c.out = append(number(c.out, x), ' ')
		c.out = append(number(c.out, y), `)"`...)
	}
	if measured(f, text) {
		c.out = append(number(append(c.out, ` textLength="`...), f.Width(text).Points()*p.scale()), `" lengthAdjust="spacingAndGlyphs"`...)
	}
	c.out = append(c.out, '>')
	c.out = append(c.out, html.EscapeString(text)...)
	c.out = append(c.out, "</text>\n"...)
}

// DrawImage implements vg.Canvas. Cells of a heat map keep their edges when
// they are scaled.
func (c *svgCanvas) DrawImage(rect vg.Rectangle, img image.Image) {
	var data bytes.Buffer
	if png.Encode(&data, img) != nil {
		return // an image without pixels
	}
	c.group("")
	p := c.pen()
	x0, y0 := p.place(rect.Min)
	x1, y1 := p.place(rect.Max)
	for i, v := range []float64{math.Min(x0, x1), math.Min(y0, y1), math.Abs(x1 - x0), math.Abs(y1 - y0)} {
		c.out = append(c.out, [...]string{`<image x="`, `" y="`, `" width="`, `" height="`}[i]...)
		c.out = number(c.out, v)
	}
	c.out = append(c.out, `" preserveAspectRatio="none" style="image-rendering:pixelated" xlink:href="data:image/png;base64,`...)
	c.out = base64.StdEncoding.AppendEncode(c.out, data.Bytes())
	c.out = append(c.out, "\"/>\n"...)
}

// group ends the open group and opens one of the style, unless it is open.
func (c *svgCanvas) group(style string) {
	if style == c.styled {
		return
	}
	if c.styled != "" {
		c.out = append(c.out, "</g>\n"...)
	}
	if style != "" {
		c.out = append(c.out, "<g "+style+">\n"...)
	}
	c.styled = style
}

// path writes a path. Full circles, the marks of data, become circles.
func (c *svgCanvas) path(path vg.Path) {
	p := c.pen()
	if k := len(path) - 1; k >= 1 && k <= 2 && path[0].Type == vg.MoveComp && path[1].Type == vg.ArcComp &&
		math.Abs(path[1].Angle) >= 2*math.Pi && (k == 1 || path[2].Type == vg.CloseComp) {
		x, y := p.place(path[1].Pos)
		c.out = append(c.out, `<circle cx="`...)
		c.out = append(number(c.out, x), `" cy="`...)
		c.out = append(number(c.out, y), `" r="`...)
		c.out = append(number(c.out, path[1].Radius.Points()*p.scale()), "\"/>\n"...)
		return
	}
	c.out = append(c.out, `<path d="`...)
	w := pathWriter{out: c.out, pen: p}
	for i := range path {
		w.add(&path[i])
	}
	c.out = append(w.out, "\"/>\n"...)
}

// A pathWriter writes corners relative to the one before, as it was rounded.
type pathWriter struct {
	out  []byte
	pen  *pen
	x, y int64 // the last corner, in hundredths
	verb byte
}

func (w *pathWriter) command(verb byte) {
	if verb != w.verb {
		w.out, w.verb = append(w.out, verb), verb
	}
}

// corner writes a corner without moving on to it.
func (w *pathWriter) corner(pt vg.Point) (x, y int64) {
	px, py := w.pen.place(pt)
	x, y = hundredths(px), hundredths(py)
	w.out = fixed(w.out, x-w.x)
	w.out = fixed(w.out, y-w.y)
	return x, y
}

func (w *pathWriter) lineTo(pt vg.Point) {
	w.command('l')
	w.x, w.y = w.corner(pt)
}

func (w *pathWriter) add(c *vg.PathComp) {
	switch c.Type {
	case vg.MoveComp:
		x, y := w.pen.place(c.Pos)
		w.x, w.y, w.verb = hundredths(x), hundredths(y), 'M'
		w.out = fixed(fixed(append(w.out, 'M'), w.x), w.y)
	case vg.LineComp:
		w.lineTo(c.Pos)
	case vg.ArcComp:
		w.arc(c)
	case vg.CurveComp:
		verb := byte('q')
		if len(c.Control) == 2 {
			verb = 'c'
		}
		w.command(verb)
		for _, pt := range c.Control {
			w.corner(pt)
		}
		w.x, w.y = w.corner(c.Pos)
	case vg.CloseComp:
		w.command('z')
	}
}

// arc writes an arc in pieces of less than half a turn.
func (w *pathWriter) arc(c *vg.PathComp) {
	at := func(angle float64) vg.Point {
		sin, cos := math.Sincos(angle)
		return vg.Point{X: c.Pos.X + c.Radius*vg.Length(cos), Y: c.Pos.Y + c.Radius*vg.Length(sin)}
	}
	w.lineTo(at(c.Start))
	pieces := math.Ceil(math.Abs(c.Angle)/3 + 1e-9)
	clockwise := c.Angle > 0 == (w.pen.a*w.pen.d-w.pen.b*w.pen.c > 0)
	r := hundredths(c.Radius.Points() * w.pen.scale())
	for i := 1.0; i <= pieces; i++ {
		w.verb = 'a'
		w.out = fixed(fixed(append(w.out, 'a'), r), r)
		if clockwise {
			w.out = append(w.out, " 0 0 1"...)
		} else {
			w.out = append(w.out, " 0 0 0"...)
		}
		w.x, w.y = w.corner(at(c.Start + c.Angle*i/pieces))
	}
}

// hundredths rounds a length. What is far off every page stays within reach
// of a reader's arithmetic.
func hundredths(v float64) int64 {
	const far = 1e7
	return int64(math.Round(100 * math.Max(-far, math.Min(far, v))))
}

// fixed writes a number of hundredths, with what separates it from another
// before it.
func fixed(out []byte, v int64) []byte {
	if last := out[len(out)-1]; v >= 0 && (last >= '0' && last <= '9' || last == '.') {
		out = append(out, ' ')
	}
	if v < 0 {
		out, v = append(out, '-'), -v
	}
	if v >= 100 || v == 0 {
		out = strconv.AppendInt(out, v/100, 10)
	}
	if r := v % 100; r > 0 {
		out = append(out, '.', byte('0'+r/10))
		if r%10 > 0 {
			out = append(out, byte('0'+r%10))
		}
	}
	return out
}

// number writes a length in an attribute.
func number(out []byte, v float64) []byte {
	if math.IsNaN(v) {
		v = 0
	}
	return strconv.AppendFloat(out, float64(hundredths(v))/100, 'f', -1, 64)
}

func hex(c color.NRGBA) string { return fmt.Sprintf("#%02X%02X%02X", c.R, c.G, c.B) }

func opacity(c color.NRGBA) string { return strconv.FormatFloat(float64(c.A)/255, 'g', 3, 64) }

// measured reports whether the font of the layout has all signs of a text, so
// that its width is known. Another font is then stretched to that width, and
// neighbours in a key do not touch where Liberation and its kin are missing.
func measured(f font.Face, text string) bool {
	if len(text) < 2 { // browsers do not stretch a single sign
		return false
	}
	var buf sfnt.Buffer
	for _, r := range text {
		if i, err := f.Face.GlyphIndex(&buf, r); err != nil || i == 0 {
			return false
		}
	}
	return true
}

// textStyle names fonts with the widths of Liberation, which the layout was
// measured with: Arial, Helvetica and their free kin have them, and Times New
// Roman has those of the serif.
func textStyle(f font.Face, p *pen) string {
	family := "'Liberation Sans',Arial,Helvetica,Arimo,'Nimbus Sans',sans-serif"
	switch v := strings.ToLower(string(f.Font.Variant)); {
	case strings.HasPrefix(v, "mono"):
		family = "'Liberation Mono','Courier New',monospace"
	case v == "serif" || v == "":
		family = "'Liberation Serif','Times New Roman',Times,serif"
	}
	style := ";font-family:" + family + ";font-size:" + string(number(nil, f.Font.Size.Points()*p.scale())) + "px"
	if f.Font.Weight >= xfont.WeightSemiBold {
		style += ";font-weight:bold"
	}
	if f.Font.Style != xfont.StyleNormal {
		style += ";font-style:italic"
	}
	return style
}
