package plots

import (
	"fmt"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// ErrorBars draws points with bars from y-e to y+e. What e is, one standard
// deviation, two, or a standard error, belongs into the label. A NaN in e
// leaves its point without a bar.
func (f *Figure) ErrorBars(x, y, e []float64, label string) *Figure {
	same("ErrorBars", x, "y", len(y))
	same("ErrorBars", x, "e", len(e))
	x, y, e = clone(x), clone(y), clone(e)
	ys := clone(y)
	for i, v := range e {
		if v < 0 {
			panic(fmt.Sprintf("plots: ErrorBars: e[%d] is %v; the length of a bar is not negative", i, v))
		}
		if v >= 0 {
			ys = append(ys, y[i]-v, y[i]+v)
		}
	}
	c := f.color(label)
	sty := draw.LineStyle{Color: c, Width: 1.3}
	const cap = 3 // half the width of the bar at its ends
	f.add(&layer{z: zLine, label: label, xs: x, ys: ys, loose: true,
		paint: func(cv draw.Canvas, at func(x, y float64) vg.Point, p *plot.Plot) {
			for i := range x {
				high, low := at(x[i], y[i]+e[i]), at(x[i], y[i]-e[i])
				if !finitePoint(high) || !cv.ContainsX(high.X) {
					continue
				}
				foot := finitePoint(low)
				if !foot { // below zero on a logarithmic axis: the bar leaves the picture
					low = vg.Point{X: high.X, Y: cv.Min.Y}
				}
				cv.StrokeLines(sty, cv.ClipLinesXY([]vg.Point{low, high})...)
				for k, end := range []vg.Point{high, low} {
					if cv.ContainsY(end.Y) && (k == 0 || foot) {
						cv.StrokeLine2(sty, end.X-cap, end.Y, end.X+cap, end.Y)
					}
				}
			}
		},
		swatch: func(cv draw.Canvas) {
			m := cv.Center()
			cv.StrokeLine2(sty, m.X, cv.Min.Y, m.X, cv.Max.Y)
		}})
	return f.points(x, y, label, draw.GlyphStyle{Color: c, Radius: pointRadius(len(x)) + 0.4, Shape: draw.CircleGlyph{}})
}
