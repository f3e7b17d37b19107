package plots

import (
	"fmt"
	"math"
	"sort"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Boxes draws for each name how its values are distributed: a box from the
// lower to the upper quartile with a line at the median, whiskers to the last
// values within one and a half lengths of the box, and the values beyond them as
// rings. Values that are not finite are left out.
func (f *Figure) Boxes(names []string, values [][]float64) *Figure {
	if len(names) != len(values) {
		panic(fmt.Sprintf("plots: Boxes: %d names but %d groups of values; each box needs both", len(names), len(values)))
	}
	f.nameTicks(names)
	c := f.color("boxes")
	line, median := draw.LineStyle{Color: c, Width: 1.3}, draw.LineStyle{Color: c, Width: 2.4}
	ring := draw.GlyphStyle{Color: c, Radius: 2.2, Shape: draw.RingGlyph{}}
	var ys []float64
	boxes := make([]box, len(values))
	for i, v := range values {
		boxes[i] = boxOf(v)
		ys = append(ys, boxes[i].sorted...)
	}
	return f.add(&layer{z: zLine, xs: []float64{-0.6, float64(len(values)) - 0.4}, ys: ys,
		paint: func(cv draw.Canvas, at func(x, y float64) vg.Point, _ *plot.Plot) {
			for i, b := range boxes {
				if len(b.sorted) == 0 {
					continue
				}
				across := func(sty draw.LineStyle, from, to, y float64) {
					cv.StrokeLines(sty, cv.ClipLinesXY([]vg.Point{at(from, y), at(to, y)})...)
				}
				x := float64(i)
				body := []vg.Point{at(x-0.3, b.lower), at(x+0.3, b.lower), at(x+0.3, b.upper), at(x-0.3, b.upper)}
				if !finitePoint(body[0]) || !finitePoint(body[2]) { // on a logarithmic axis
					continue
				}
				cv.FillPolygon(fade(c, 0.17), cv.ClipPolygonXY(body))
				cv.StrokeLines(line, cv.ClipLinesXY(append(body, body[0]))...)
				across(median, x-0.3, x+0.3, b.median)
				for _, w := range [][2]float64{{b.lower, b.lo}, {b.upper, b.hi}} {
					if end := at(x, w[1]); finitePoint(end) {
						cv.StrokeLines(line, cv.ClipLinesXY([]vg.Point{at(x, w[0]), end})...)
						across(line, x-0.12, x+0.12, w[1])
					}
				}
				for _, v := range b.sorted {
					if v < b.lo || v > b.hi {
						if p := at(x, v); finitePoint(p) {
							cv.DrawGlyph(ring, p)
						}
					}
				}
			}
		}})
}

// box is the five numbers of Boxes, and the values in order.
type box struct {
	lo, lower, median, upper, hi float64
	sorted                       []float64
}

func boxOf(values []float64) (b box) {
	for _, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			b.sorted = append(b.sorted, v)
		}
	}
	if len(b.sorted) == 0 {
		return b
	}
	sort.Float64s(b.sorted)
	quantile := func(p float64) float64 { // between neighbours by their distance
		at := p * float64(len(b.sorted)-1)
		i := min(int(at), max(0, len(b.sorted)-2))
		return b.sorted[i] + (at-float64(i))*(b.sorted[min(i+1, len(b.sorted)-1)]-b.sorted[i])
	}
	b.lower, b.median, b.upper = quantile(0.25), quantile(0.5), quantile(0.75)
	reach := 1.5 * (b.upper - b.lower)
	b.lo, b.hi = b.lower, b.upper
	for _, v := range b.sorted {
		if v >= b.lower-reach && v < b.lo {
			b.lo = v
		}
		if v <= b.upper+reach && v > b.hi {
			b.hi = v
		}
	}
	return b
}
