package plots

import (
	"fmt"
	"image/color"
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
	f.nameTicks(names)
	f.bars(values, f.color("bars"), "", -0.36, 0.72)
	sty := style(tickSize, false, ink)
	sty.XAlign = draw.XCenter
	values = clone(values)
	return f.add(&layer{z: zTop,
		paint: func(cv draw.Canvas, at func(x, y float64) vg.Point, _ *plot.Plot) {
			for i, v := range values {
				p := at(float64(i), v)
				if !finitePoint(p) {
					continue
				}
				if p.Y += 2; v < 0 {
					p.Y -= tickSize + 4
				}
				cv.FillText(sty, p, strconv.FormatFloat(v, 'g', 4, 64))
			}
		}})
}

type fillColor = color.NRGBA

// nameTicks writes names under the places 0, 1, 2 and so on.
func (f *Figure) nameTicks(names []string) {
	ticks := make(plot.ConstantTicks, len(names))
	for i, n := range names {
		ticks[i] = plot.Tick{Value: float64(i), Label: n}
	}
	x := &f.p.X.Tick
	x.Marker, x.LineStyle.Color = ticks, color.Transparent // marks would only crowd the names
	x.Label = style(tickSize, false, ink)
	x.Label.XAlign, x.Label.YAlign = draw.XCenter, draw.YTop
}
