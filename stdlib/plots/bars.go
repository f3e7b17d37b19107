package plots

import (
	"fmt"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Bars draws one bar for each name, from zero to its value, with the value
// written at its end.
func (f *Figure) Bars(names []string, values []float64) *Figure {
	if len(names) != len(values) {
		panic(fmt.Sprintf("plots: Bars: %d names but %d values; each bar needs both", len(names), len(values)))
	}
	fill := f.color("bars")
	values = clone(values)
	ticks := make(plot.ConstantTicks, len(names))
	xs := []float64{-0.6, float64(len(names)) - 0.4}
	for i, n := range names {
		ticks[i] = plot.Tick{Value: float64(i), Label: n}
	}
	f.p.X.Tick.Marker, f.p.X.Tick.Length, f.p.X.Tick.LineStyle.Width = ticks, 4, 0
	f.p.X.Tick.Label = style(tickSize, false, ink)
	f.p.X.Tick.Label.XAlign, f.p.X.Tick.Label.YAlign = draw.XCenter, draw.YTop
	sty := style(tickSize, false, ink)
	sty.XAlign = draw.XCenter
	return f.add(&layer{z: zBand, xs: xs, ys: append(clone(values), 0), fromZero: true,
		paint: func(cv draw.Canvas, at func(x, y float64) vg.Point, p *plot.Plot) {
			base := math.Max(0, p.Y.Min)
			for i, v := range values {
				a, b := at(float64(i)-0.36, base), at(float64(i)+0.36, v)
				if !finitePoint(a) || !finitePoint(b) {
					continue
				}
				cv.FillPolygon(fill, cv.ClipPolygonXY([]vg.Point{a, {X: b.X, Y: a.Y}, b, {X: a.X, Y: b.Y}}))
				mid := vg.Point{X: (a.X + b.X) / 2, Y: b.Y + 2}
				if v < 0 {
					mid.Y = b.Y - tickSize - 2
				}
				cv.FillText(sty, mid, strconv.FormatFloat(v, 'g', 4, 64))
			}
		}})
}
