package plots

import (
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Note writes a short text beside the point (x, y) of the axes.
func (f *Figure) Note(x, y float64, text string) *Figure {
	sty := style(tickSize, false, ink)
	return f.add(&layer{z: zTop, xs: []float64{x}, ys: []float64{y}, loose: true,
		paint: func(cv draw.Canvas, at func(x, y float64) vg.Point, _ *plot.Plot) {
			p := at(x, y)
			if !finitePoint(p) || !cv.Contains(p) {
				return
			}
			const gap = 5
			sty, wide := sty, sty.Width(text)
			p.X += gap
			if p.X+wide > cv.Max.X && p.X-2*gap-wide >= cv.Min.X { // no room at the right
				sty.XAlign = draw.XRight
				p.X -= 2 * gap
			}
			sty.YAlign = draw.YBottom
			if p.Y += 2; p.Y+tickSize > cv.Max.Y {
				sty.YAlign = draw.YTop
				p.Y -= 4
			}
			cv.FillText(sty, p, text)
		}})
}
