package plots

import (
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// The order in which layers are painted, whatever the order of the calls.
const (
	zRegion = iota
	zHeat
	zBand
	zSample
	zLine
	zPoint
	zRug
	zTop
)

// A layer is one thing in the data area; it satisfies plot.Plotter.
type layer struct {
	z        int
	label    string
	xs, ys   []float64 // what the axes must span
	exact    bool      // no air round it
	loose    bool      // of single marks, which would sit on the axis without air
	fromZero bool      // the vertical axis begins at 0
	paint    func(c draw.Canvas, at func(x, y float64) vg.Point, p *plot.Plot)
	swatch   func(c draw.Canvas)
}

// Plot satisfies plot.Plotter.
func (l *layer) Plot(c draw.Canvas, p *plot.Plot) {
	tx, ty := p.Transforms(&c)
	l.paint(c, func(x, y float64) vg.Point {
		if isLog(&p.X) && !(x > 0) || isLog(&p.Y) && !(y > 0) {
			return vg.Point{X: vg.Length(math.NaN())}
		}
		return vg.Point{X: tx(x), Y: ty(y)}
	}, p)
}

// gridLines are the horizontal rules behind everything.
type gridLines struct{}

// Plot satisfies plot.Plotter.
func (gridLines) Plot(c draw.Canvas, p *plot.Plot) {
	_, ty := p.Transforms(&c)
	for _, t := range p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max) {
		if t.IsMinor() {
			continue
		}
		y := ty(t.Value)
		if y > c.Min.Y+1 && c.ContainsY(y) {
			c.StrokeLine2(draw.LineStyle{Color: gridInk, Width: 0.8}, c.Min.X, y, c.Max.X, y)
		}
	}
}

// own stops calls that need a figure made by New.
func (f *Figure) own() {
	if f.p == nil || f.foreign {
		panic("plots: layers are added to the figures inside a grid, and to a *plot.Plot by its own methods")
	}
}

func (f *Figure) add(l *layer) *Figure {
	f.own()
	f.layers = append(f.layers, l)
	return f
}

// color gives a label its colour: the one it has, or the next of the palette.
func (f *Figure) color(label string) color.NRGBA {
	f.own()
	c, ok := f.colors[label]
	if !ok || label == "" {
		c = palette[f.next%len(palette)]
		f.next++
		f.colors[label] = c
	}
	f.last = c
	return c
}

func same(call string, x []float64, name string, n int) {
	if len(x) != n {
		panic(fmt.Sprintf("plots: %s: x has %d values but %s has %d; they must be equally long", call, len(x), name, n))
	}
}

// Line draws y against x as a line. A NaN leaves a gap.
func (f *Figure) Line(x, y []float64, label string) *Figure {
	same("Line", x, "y", len(y))
	return f.line(x, y, label, f.color(label), lineWidth, nil)
}

// Dashed draws a dashed grey line, for a truth or a reference.
func (f *Figure) Dashed(x, y []float64, label string) *Figure {
	same("Dashed", x, "y", len(y))
	return f.line(x, y, label, gray, 1.4, []vg.Length{5, 4})
}

func (f *Figure) line(x, y []float64, label string, c color.NRGBA, width vg.Length, dashes []vg.Length) *Figure {
	sty := draw.LineStyle{Color: c, Width: width, Dashes: dashes}
	x, y = clone(x), clone(y)
	return f.add(&layer{z: zLine, label: label, xs: x, ys: y,
		paint:  func(cv draw.Canvas, at func(x, y float64) vg.Point, _ *plot.Plot) { stroke(cv, sty, at, x, y) },
		swatch: lineSwatch(sty)})
}

// Curve draws a line with a mark at every point, for short series such as the
// error after each task. Each new label gets its own shape of mark as well as
// its colour.
func (f *Figure) Curve(x, y []float64, label string) *Figure {
	same("Curve", x, "y", len(y))
	shape := shapes[f.next%len(shapes)]
	c := f.color(label)
	f.line(x, y, label, c, lineWidth, nil)
	return f.points(x, y, label, draw.GlyphStyle{Color: c, Radius: 3.6, Shape: shape})
}

// Band draws mean with the region between mean-2sd and mean+2sd. All three
// have the length of x; sd is a standard deviation, which SD makes of the
// variance that models predict.
func (f *Figure) Band(x, mean, sd []float64, label string) *Figure {
	same("Band", x, "mean", len(mean))
	same("Band", x, "sd", len(sd))
	lo, hi := make([]float64, len(x)), make([]float64, len(x))
	for i := range x {
		lo[i], hi[i] = mean[i]-2*sd[i], mean[i]+2*sd[i]
	}
	return f.Between(x, lo, hi, label).Line(x, mean, label)
}

// SD is the standard deviations that belong to variances.
func SD(variance []float64) []float64 {
	sd := make([]float64, len(variance))
	for i, v := range variance {
		sd[i] = math.Sqrt(v)
	}
	return sd
}

// Between fills the region between lo and hi.
func (f *Figure) Between(x, lo, hi []float64, label string) *Figure {
	same("Between", x, "lo", len(lo))
	same("Between", x, "hi", len(hi))
	c := f.color(label)
	fill := fade(c, 0.17)
	x, lo, hi = clone(x), clone(lo), clone(hi)
	return f.add(&layer{z: zBand, label: label, xs: x, ys: append(clone(lo), hi...),
		paint: func(cv draw.Canvas, at func(x, y float64) vg.Point, _ *plot.Plot) {
			for _, r := range runs(len(x), func(i int) bool {
				return finitePoint(at(x[i], lo[i])) && finitePoint(at(x[i], hi[i]))
			}) {
				var pts []vg.Point
				for i := r[0]; i < r[1]; i++ {
					pts = append(pts, at(x[i], hi[i]))
				}
				for i := r[1] - 1; i >= r[0]; i-- {
					pts = append(pts, at(x[i], lo[i]))
				}
				cv.FillPolygon(fill, cv.ClipPolygonXY(pts))
			}
		},
		swatch: func(cv draw.Canvas) { cv.FillPolygon(fill, corners(cv)) }})
}

// Samples draws many thin lines: paths is a [][]float64, one path each, or a
// mat.Matrix with one path in each column (in each row when only the number
// of columns is that of x).
func (f *Figure) Samples(x []float64, paths any, label string) *Figure {
	lines := samplePaths(x, paths)
	c := f.color(label)
	alpha := math.Max(0.25, math.Min(0.75, 5/math.Max(1, float64(len(lines)))))
	sty := draw.LineStyle{Color: fade(c, alpha), Width: 1}
	var all []float64
	for _, y := range lines {
		all = append(all, y...)
	}
	x = clone(x)
	return f.add(&layer{z: zSample, label: label, xs: x, ys: all,
		paint: func(cv draw.Canvas, at func(x, y float64) vg.Point, _ *plot.Plot) {
			for _, y := range lines {
				stroke(cv, sty, at, x, y)
			}
		},
		swatch: lineSwatch(draw.LineStyle{Color: fade(c, 0.7), Width: 1.2})})
}

func samplePaths(x []float64, paths any) [][]float64 {
	var out [][]float64
	switch p := paths.(type) {
	case [][]float64:
		for i, y := range p {
			same("Samples", x, fmt.Sprintf("path %d", i), len(y))
			out = append(out, clone(y))
		}
	case []float64:
		same("Samples", x, "the path", len(p))
		out = append(out, clone(p))
	case mat.Matrix:
		r, c := p.Dims()
		switch len(x) {
		case r:
			for j := range c {
				out = append(out, mat.Col(nil, j, p))
			}
		case c:
			for i := range r {
				out = append(out, mat.Row(nil, i, p))
			}
		default:
			panic(fmt.Sprintf("plots: Samples: x has %d values but the matrix is %d by %d; each column is one path", len(x), r, c))
		}
	default:
		panic(fmt.Sprintf("plots: Samples: paths is a %T; give a [][]float64 or a mat.Matrix", paths))
	}
	return out
}

// Scatter draws points, small and dark, for data. Further points with another
// label have a colour.
func (f *Figure) Scatter(x, y []float64, label string) *Figure {
	same("Scatter", x, "y", len(y))
	return f.points(x, y, label, draw.GlyphStyle{Color: fade(f.dataColor(label), 0.8), Radius: pointRadius(len(x)), Shape: draw.CircleGlyph{}})
}

// dataColor is the colour of points: that of their label if it has one, ink for
// the first, the next of the palette for others.
func (f *Figure) dataColor(label string) color.NRGBA {
	f.own()
	if _, known := f.colors[label]; known && label != "" {
		return f.color(label)
	}
	if f.data == nil {
		f.data = &label
	}
	if *f.data == label {
		return ink
	}
	return f.color(label)
}

// Held draws points as rings, for data held out of the fit.
func (f *Figure) Held(x, y []float64, label string) *Figure {
	same("Held", x, "y", len(y))
	return f.points(x, y, label, draw.GlyphStyle{Color: fade(palette[1], 0.85), Radius: pointRadius(len(x)), Shape: draw.RingGlyph{}})
}

// pointRadius makes points smaller where there are many.
func pointRadius(n int) vg.Length {
	switch {
	case n > 2000:
		return 1.1
	case n > 150:
		return 1.7
	}
	return 2.6
}

var shapes = []draw.GlyphDrawer{draw.CircleGlyph{}, draw.BoxGlyph{}, draw.PyramidGlyph{}, draw.CrossGlyph{},
	draw.RingGlyph{}, draw.SquareGlyph{}, draw.TriangleGlyph{}, draw.PlusGlyph{}}

func (f *Figure) points(x, y []float64, label string, sty draw.GlyphStyle) *Figure {
	x, y = clone(x), clone(y)
	return f.add(&layer{z: zPoint, label: label, xs: x, ys: y, loose: true,
		paint: func(cv draw.Canvas, at func(x, y float64) vg.Point, _ *plot.Plot) {
			for i := range x {
				if p := at(x[i], y[i]); finitePoint(p) {
					cv.DrawGlyph(sty, p)
				}
			}
		},
		swatch: func(cv draw.Canvas) { cv.DrawGlyphNoClip(sty, cv.Center()) }})
}

// Rug marks places on the horizontal axis, such as inducing points.
func (f *Figure) Rug(z []float64, label string) *Figure {
	c := f.last
	if known, ok := f.colors[label]; ok && label != "" {
		c = known
	}
	sty := draw.LineStyle{Color: c, Width: 1.6}
	z = clone(z)
	return f.add(&layer{z: zRug, label: label, xs: z, loose: true,
		paint: func(cv draw.Canvas, _ func(x, y float64) vg.Point, p *plot.Plot) {
			tx, _ := p.Transforms(&cv)
			for _, v := range z {
				if math.IsNaN(v) || isLog(&p.X) && v <= 0 {
					continue
				}
				if x := tx(v); cv.ContainsX(x) {
					cv.StrokeLine2(sty, x, cv.Min.Y, x, cv.Min.Y+9)
				}
			}
		},
		swatch: func(cv draw.Canvas) {
			for k := 1; k <= 3; k++ {
				x := cv.Min.X + vg.Length(k)*(cv.Max.X-cv.Min.X)/4
				cv.StrokeLine2(sty, x, cv.Min.Y+1, x, cv.Max.Y-2)
			}
		}})
}

// Regions shades every second interval between neighbouring edges, for tasks
// or batches. With a name, each interval wide enough is numbered "name 1",
// "name 2" and so on at its top.
func (f *Figure) Regions(edges []float64, name string) *Figure {
	edges = clone(edges)
	sty := style(tickSize-1.5, false, gray)
	sty.XAlign, sty.YAlign = draw.XCenter, draw.YTop
	return f.add(&layer{z: zRegion, xs: edges,
		paint: func(cv draw.Canvas, _ func(x, y float64) vg.Point, p *plot.Plot) {
			tx, _ := p.Transforms(&cv)
			for i := 0; i+1 < len(edges); i++ {
				a, b := max(tx(edges[i]), cv.Min.X), min(tx(edges[i+1]), cv.Max.X)
				if !(b > a) {
					continue
				}
				if i%2 == 1 {
					cv.FillPolygon(shade, []vg.Point{{X: a, Y: cv.Min.Y}, {X: b, Y: cv.Min.Y}, {X: b, Y: cv.Max.Y}, {X: a, Y: cv.Max.Y}})
				}
				if name == "" {
					continue
				}
				text := fmt.Sprintf("%s %d", name, i+1)
				if sty.Width(text) > b-a-4 {
					text = fmt.Sprint(i + 1)
				}
				if sty.Width(text) <= b-a {
					cv.FillText(sty, vg.Point{X: (a + b) / 2, Y: cv.Max.Y - 2}, text)
				}
			}
		}})
}

// VLine and HLine draw one thin dashed line across the picture.
func (f *Figure) VLine(x float64, label string) *Figure { return f.rule([]float64{x}, nil, label) }

// HLine draws one thin dashed horizontal line across the picture.
func (f *Figure) HLine(y float64, label string) *Figure { return f.rule(nil, []float64{y}, label) }

func (f *Figure) rule(xs, ys []float64, label string) *Figure {
	sty := draw.LineStyle{Color: gray, Width: 1.2, Dashes: []vg.Length{4, 3}}
	return f.add(&layer{z: zLine, label: label, xs: xs, ys: ys, loose: true,
		paint: func(cv draw.Canvas, _ func(x, y float64) vg.Point, p *plot.Plot) {
			tx, ty := p.Transforms(&cv)
			for _, v := range xs {
				if x := tx(v); cv.ContainsX(x) {
					cv.StrokeLine2(sty, x, cv.Min.Y, x, cv.Max.Y)
				}
			}
			for _, v := range ys {
				if y := ty(v); cv.ContainsY(y) {
					cv.StrokeLine2(sty, cv.Min.X, y, cv.Max.X, y)
				}
			}
		},
		swatch: lineSwatch(sty)})
}
