package plots

import (
	"image"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// colorBar stands at the right of a picture whose colours mean values; lo and
// hi are the ends of the values. Points would be lost in white: their colours
// run one way.
type colorBar struct {
	lo, hi float64
	points bool
}

// ColorBar names what the colours of a heat map or of ScatterBy stand for,
// along the bar at the right.
func (f *Figure) ColorBar(label string) *Figure {
	f.single("ColorBar")
	f.barLabel = label
	return f
}

// ColorRange fixes the values at the two ends of the colours, so that several
// figures can be compared. Values beyond them have the colour of the end.
func (f *Figure) ColorRange(lo, hi float64) *Figure {
	f.single("ColorRange")
	f.barRange = limits("ColorRange", lo, hi)
	return f
}

// scale is the map from values to colours.
func (f *Figure) scale() scale {
	s := newScale(f.bar.lo, f.bar.hi)
	if f.barRange != nil {
		s = newScale(f.barRange[0], f.barRange[1])
		s.lo, s.hi = f.barRange[0], f.barRange[1] // reach stays: zero is white
	}
	if f.bar.points && s.reach > 0 {
		s.reach, s.stops = 0, sequential
		if f.barRange == nil {
			s.lo, s.hi = f.bar.lo, f.bar.hi
		}
	}
	return s
}

// draw paints the bar level with the plot and gives back the canvas beside it.
func (b *colorBar) draw(c draw.Canvas, f *Figure) draw.Canvas {
	sty := style(tickSize, false, gray)
	sty.YAlign = draw.YCenter
	scale := f.scale()
	ticks := niceTicks{}.Ticks(scale.lo, scale.hi)
	var wide vg.Length
	for _, t := range ticks {
		wide = max(wide, sty.Width(t.Label))
	}
	name := style(labelSize, false, ink)
	name.Rotation, name.XAlign, name.YAlign = math.Pi/2, draw.XCenter, draw.YTop
	var beside vg.Length
	if f.barLabel != "" {
		beside = labelSize + 8
	}
	rest := draw.Crop(c, 0, -(wide + 34 + beside), 0, 0)
	area := f.ready(rest).DataCanvas(rest)
	x0, x1 := rest.Max.X+12, rest.Max.X+24
	img := image.NewNRGBA(image.Rect(0, 0, 1, 128))
	for i := range 128 {
		img.SetNRGBA(0, i, scale.color(scale.hi-(scale.hi-scale.lo)*(float64(i)+0.5)/128))
	}
	c.DrawImage(vg.Rectangle{Min: vg.Point{X: x0, Y: area.Min.Y}, Max: vg.Point{X: x1, Y: area.Max.Y}}, img)
	for _, t := range ticks {
		y := area.Min.Y + (area.Max.Y-area.Min.Y)*vg.Length((t.Value-scale.lo)/(scale.hi-scale.lo))
		c.StrokeLine2(draw.LineStyle{Color: faint, Width: 0.8}, x1, y, x1+3, y)
		c.FillText(sty, vg.Point{X: x1 + 6, Y: y}, t.Label)
	}
	if f.barLabel != "" {
		c.FillText(name, vg.Point{X: x1 + 6 + wide + 6, Y: (area.Min.Y + area.Max.Y) / 2}, f.barLabel)
	}
	return rest
}
