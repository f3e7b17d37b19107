package plots

import (
	"bytes"
	"fmt"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// A Figure is one picture: a plot with its key, or a grid of figures. Make it
// with New, Of or Grid.
type Figure struct {
	p       *plot.Plot
	foreign bool  // made elsewhere: drawn as it is
	theme   Theme // 1 more than its own, 0 for that of all
	layers  []*layer
	colors  map[string]color.NRGBA
	last    color.NRGBA // colour of the series added last
	next    int         // next palette entry

	w, h       float64
	xlim, ylim *[2]float64
	hideKey    bool
	bare       bool // no axes
	bar        *colorBar
	barLabel   string
	barRange   *[2]float64
	cells      mat.Matrix // of a heat map
	data       *string    // label of the points drawn in ink

	title  string // of a grid
	panels []*Figure
	cols   int
}

// New is an empty figure with a title, which may be "".
func New(title string) *Figure {
	f := &Figure{p: themed(), colors: map[string]color.NRGBA{}, w: defaultWidth, h: defaultHeight, last: palette[0]}
	f.p.Title.Text = title
	return f
}

// Of makes a figure of a plot built with gonum/plot, drawn as it stands.
func Of(p *plot.Plot) *Figure {
	return &Figure{p: p, foreign: true, w: 560, h: 380}
}

// Plot is the gonum plot beneath the figure, for what this package has no
// call for. It is nil for a Grid.
func (f *Figure) Plot() *plot.Plot { return f.p }

// Labels names the axes.
func (f *Figure) Labels(x, y string) *Figure {
	f.single("Labels")
	f.p.X.Label.Text, f.p.Y.Label.Text = x, y
	return f
}

// Title replaces the title.
func (f *Figure) Title(text string) *Figure {
	if f.p == nil {
		f.title = text
	} else {
		f.p.Title.Text = text
	}
	return f
}

// Size sets width and height in pixels of the page. The default is 680 by 360.
func (f *Figure) Size(width, height float64) *Figure {
	if !(width >= 50 && height >= 50 && width <= 10000 && height <= 10000) {
		panic(fmt.Sprintf("plots: Size(%v, %v): both must lie between 50 and 10000 pixels", width, height))
	}
	f.w, f.h = width, height
	return f
}

// XRange fixes the ends of the horizontal axis.
func (f *Figure) XRange(lo, hi float64) *Figure { f.xlim = limits("XRange", lo, hi); return f }

// YRange fixes the ends of the vertical axis.
func (f *Figure) YRange(lo, hi float64) *Figure { f.ylim = limits("YRange", lo, hi); return f }

func limits(call string, lo, hi float64) *[2]float64 {
	if !(lo < hi) || math.IsInf(lo, 0) || math.IsInf(hi, 0) {
		panic(fmt.Sprintf("plots: %s(%v, %v): the first must be less than the second, both finite", call, lo, hi))
	}
	return &[2]float64{lo, hi}
}

// LogX and LogY make an axis logarithmic. Values that are not positive are
// left out of the picture.
func (f *Figure) LogX() *Figure { f.single("LogX"); logAxis(&f.p.X); return f }

// LogY makes the vertical axis logarithmic; see LogX.
func (f *Figure) LogY() *Figure { f.single("LogY"); logAxis(&f.p.Y); return f }

// single stops calls that a grid has no use for.
func (f *Figure) single(call string) {
	if f.p == nil {
		panic("plots: " + call + " of a grid; call it on the figures inside")
	}
}

func logAxis(a *plot.Axis) { a.Scale, a.Tick.Marker = plot.LogScale{}, logTicks{} }

func isLog(a *plot.Axis) bool { _, ok := a.Scale.(plot.LogScale); return ok }

// NoKey leaves out the key of labels.
func (f *Figure) NoKey() *Figure { f.hideKey = true; return f }

// Grid puts figures in rows of cols, as one picture. Panels share their width
// and height; Size sets those of the whole.
func Grid(cols int, figures ...*Figure) *Figure {
	if cols < 1 || len(figures) == 0 {
		panic(fmt.Sprintf("plots: Grid with %d columns and %d figures: both must be at least 1", cols, len(figures)))
	}
	cols = min(cols, len(figures))
	rows := (len(figures) + cols - 1) / cols
	h := 250.0
	if cols == 1 {
		h = 220
	}
	return &Figure{panels: figures, cols: cols, w: math.Min(1100, math.Max(defaultWidth, 320*float64(cols))), h: h * float64(rows)}
}

// SVG is the picture as SVG text, self-contained and scalable.
func (f *Figure) SVG() string {
	c := newSVG(f.w, f.h, f.themeOf())
	f.draw(draw.New(c))
	return c.String()
}

// PNG is the picture as PNG bytes, two dots to a pixel for sharp screens.
func (f *Figure) PNG() []byte {
	var buf bytes.Buffer
	_, _ = vgimg.PngCanvas{Canvas: f.raster()}.WriteTo(&buf)
	return buf.Bytes()
}

func (f *Figure) raster() *vgimg.Canvas {
	c := vgimg.NewWith(vgimg.UseWH(vg.Length(f.w), vg.Length(f.h)), vgimg.UseDPI(144))
	f.draw(painted(c, f.themeOf()))
	return c
}

// Save writes the picture to a file; the ending .svg, .png or .pdf says how. A
// PDF is for paper: it is dark only when the figure itself was told so by Theme.
func (f *Figure) Save(path string) error {
	var data []byte
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".svg":
		data = []byte(f.SVG())
	case ".png":
		data = f.PNG()
	case ".pdf":
		var err error
		if data, err = f.pdf(); err != nil {
			return fmt.Errorf("save %s: %w", path, err)
		}
	default:
		return fmt.Errorf("save %s: the ending %q is not known; use .svg, .png or .pdf", path, ext)
	}
	return os.WriteFile(path, data, 0o644)
}

// Text names the figure in one line, for places without pictures.
func (f *Figure) Text() string {
	if f.p == nil {
		var names []string
		for _, p := range f.panels {
			names = append(names, p.Text())
		}
		return strings.TrimSuffix("figures: "+f.title+" ["+strings.Join(names, "; ")+"]", " []")
	}
	if f.p.Title.Text == "" {
		return "figure"
	}
	return "figure: " + f.p.Title.Text
}

// String is Text.
func (f *Figure) String() string { return f.Text() }

// draw paints the figure on the whole of c.
func (f *Figure) draw(c draw.Canvas) {
	if f.panels != nil {
		f.drawGrid(c)
		return
	}
	if f.foreign {
		f.p.Draw(draw.Crop(c, margin, -margin, margin, -margin))
		return
	}
	f.drawPanel(draw.Crop(c, margin, -margin, margin, -margin), 0)
}

// drawPanel draws title, key and plot into c, the plot beginning at least top
// below the upper edge.
func (f *Figure) drawPanel(c draw.Canvas, top vg.Length) {
	c = f.drawHead(c, top)
	if f.bar != nil {
		c = f.bar.draw(c, f)
	}
	f.drawPlot(c)
}

// drawPlot hands gonum a copy of the plot with the layers in their order.
func (f *Figure) drawPlot(c draw.Canvas) {
	f.ready(c).Draw(c)
}

// ready is the plot, to be drawn about the size of c, with ranges set and
// layers added.
func (f *Figure) ready(c draw.Canvas) *plot.Plot {
	p := *f.p
	fewer(&p.X, float64(c.Max.X-c.Min.X)/105)
	fewer(&p.Y, float64(c.Max.Y-c.Min.Y)/48)
	p.Title.Text = ""
	layers := append([]*layer(nil), f.layers...)
	sort.SliceStable(layers, func(i, j int) bool { return layers[i].z < layers[j].z })
	f.setRange(&p, layers)
	if f.bare {
		p.HideAxes()
	} else {
		p.Add(gridLines{})
	}
	for _, l := range layers {
		p.Add(l)
	}
	// p.Add only widens ranges; put back what setRange chose.
	f.setRange(&p, layers)
	p.Y.Tick.Marker = spaced{p.Y.Tick.Marker}
	return &p
}

// fewer lets an axis have only as many marks as its length has room for.
func fewer(a *plot.Axis, room float64) {
	if t, mine := a.Tick.Marker.(niceTicks); mine {
		t.most = math.Max(1.5, math.Min(5.5, room))
		a.Tick.Marker = t
	}
}

// setRange fits the axes to the data with a little air, or takes the limits
// that were asked for.
func (f *Figure) setRange(p *plot.Plot, layers []*layer) {
	for k, a := range []*plot.Axis{&p.X, &p.Y} {
		lim := f.xlim
		air := 0.0
		switch {
		case k == 1:
			lim, air = f.ylim, 0.05
		case allLoose(layers):
			air = 0.03
		}
		if lim != nil {
			a.Min, a.Max = lim[0], lim[1]
			continue
		}
		lo, hi, exact := dataRange(layers, k, isLog(a))
		own := [...]*plot.Axis{&f.p.X, &f.p.Y}[k] // what was added to Plot() itself
		lo, hi = math.Min(lo, own.Min), math.Max(hi, own.Max)
		if isLog(a) {
			if !(lo > 0) || math.IsInf(lo, 0) {
				lo, hi = 0.1, 10
			}
			if hi <= lo {
				lo, hi = lo/2, hi*2
			}
			r := math.Pow(hi/lo, air)
			a.Min, a.Max = lo/r, hi*r
			continue
		}
		if lo > hi {
			lo, hi = 0, 1
		}
		if lo == hi {
			d := math.Max(math.Abs(lo)*0.1, 0.5)
			lo, hi = lo-d, hi+d
		}
		if exact {
			air = 0
		}
		d := air * (hi - lo)
		a.Min, a.Max = lo-d, hi+d
		for _, l := range layers {
			if k == 1 && l.fromZero && lo >= 0 { // bars stand on the axis
				a.Min = 0
			}
		}
	}
	if wholeNumbers(layers) && !isLog(&p.X) && p.X.Max-p.X.Min >= 3 && p.X.Max-p.X.Min <= 60 {
		if t, mine := p.X.Tick.Marker.(niceTicks); mine {
			t.whole = true
			p.X.Tick.Marker = t
		}
	}
}

// allLoose reports whether a figure shows single marks and nothing that runs
// from edge to edge.
func allLoose(layers []*layer) bool {
	for _, l := range layers {
		if len(l.xs) > 0 && !l.loose {
			return false
		}
	}
	return true
}

func dataRange(layers []*layer, axis int, log bool) (lo, hi float64, exact bool) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, l := range layers {
		values := l.xs
		if axis == 1 {
			values = l.ys
		}
		for _, v := range values {
			if math.IsNaN(v) || math.IsInf(v, 0) || log && v <= 0 {
				continue
			}
			lo, hi = math.Min(lo, v), math.Max(hi, v)
		}
		exact = exact || l.exact
	}
	return lo, hi, exact
}

func wholeNumbers(layers []*layer) bool {
	n := 0
	for _, l := range layers {
		for _, v := range l.xs {
			if v != math.Trunc(v) {
				return false
			}
			n++
		}
	}
	return n > 0
}

// drawGrid divides c into equal tiles and lines the plots up.
func (f *Figure) drawGrid(c draw.Canvas) {
	c = draw.Crop(c, margin, -margin, margin, -margin)
	if f.title != "" {
		c = drawTitle(c, f.title, titleSize+1)
	}
	rows := (len(f.panels) + f.cols - 1) / f.cols
	tiles := draw.Tiles{Cols: f.cols, Rows: rows, PadX: 18, PadY: 16}
	var top vg.Length // what the heads take at most
	heads := make([]vg.Length, rows)
	simple := true
	for _, p := range f.panels {
		simple = simple && p.panels == nil && !p.foreign && p.bar == nil && !p.bare
	}
	if simple {
		for i, p := range f.panels {
			tile := tiles.At(c, i%f.cols, i/f.cols)
			heads[i/f.cols] = max(heads[i/f.cols], p.headHeight(tile))
			top = max(top, heads[i/f.cols])
		}
	}
	var plotsOf [][]*plot.Plot
	for i, p := range f.panels {
		tile := tiles.At(c, i%f.cols, i/f.cols)
		if !simple {
			p.drawInside(tile)
			continue
		}
		p.drawHead(tile, top)
		if i%f.cols == 0 {
			plotsOf = append(plotsOf, make([]*plot.Plot, f.cols))
		}
		plotsOf[i/f.cols][i%f.cols] = p.ready(draw.Crop(tile, 0, 0, 0, -top))
	}
	if !simple {
		return
	}
	below := tiles
	below.PadTop, below.PadY = top, tiles.PadY+top
	for r, row := range plot.Align(plotsOf, below, c) {
		for k, area := range row {
			if p := plotsOf[r][k]; p != nil {
				area.Max.Y += top - heads[r] // a row without keys needs less
				p.Draw(area)
			}
		}
	}
}

// drawInside draws a figure as one panel of another.
func (f *Figure) drawInside(c draw.Canvas) {
	switch {
	case f.panels != nil:
		f.drawGrid(c)
	case f.foreign:
		f.p.Draw(c)
	default:
		f.drawPanel(c, 0)
	}
}

// Titled is a copy of the figure with another title.
func (f *Figure) Titled(text string) *Figure {
	g := *f
	if f.p != nil {
		p := *f.p
		g.p = &p
	}
	return g.Title(text)
}
