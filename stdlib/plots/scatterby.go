package plots

import (
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// ScatterBy draws points whose colour says a third value, with a colour bar;
// ColorBar names it. Points without a value are grey.
func (f *Figure) ScatterBy(x, y, value []float64, label string) *Figure {
	same("ScatterBy", x, "y", len(y))
	same("ScatterBy", x, "value", len(value))
	f.own()
	x, y, value = clone(x), clone(y), clone(value)
	lo, hi := extent(len(value), func(i int) float64 { return value[i] })
	points := true
	if f.bar != nil { // one bar for all
		lo, hi, points = math.Min(lo, f.bar.lo), math.Max(hi, f.bar.hi), f.bar.points
	}
	f.bar = &colorBar{lo, hi, points}
	sty := draw.GlyphStyle{Radius: pointRadius(len(x)) + 0.6, Shape: draw.CircleGlyph{}}
	return f.add(&layer{z: zPoint, label: label, xs: x, ys: y, loose: true,
		paint: func(cv draw.Canvas, at func(x, y float64) vg.Point, _ *plot.Plot) {
			scale := f.scale()
			for i := range x {
				if p := at(x[i], y[i]); finitePoint(p) {
					dot := sty
					dot.Color = scale.color(value[i])
					cv.DrawGlyph(dot, p)
				}
			}
		},
		swatch: func(cv draw.Canvas) {
			dot, scale := sty, f.scale()
			dot.Color = scale.color((scale.lo + scale.hi) / 2)
			cv.DrawGlyphNoClip(dot, cv.Center())
		}})
}
