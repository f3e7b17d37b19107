package plots

import (
	"image/color"
	"math"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
)

// One pixel of the page is one point of the drawing.
const (
	defaultWidth  = 680
	defaultHeight = 360
	margin        = 10

	titleSize = 14
	labelSize = 12.5
	tickSize  = 11.5
	lineWidth = 1.8
)

var (
	background = color.NRGBA{0xff, 0xff, 0xff, 0xff}
	ink        = color.NRGBA{0x26, 0x2a, 0x30, 0xff} // text, data points
	faint      = color.NRGBA{0x8a, 0x90, 0x99, 0xff} // axes
	gridInk    = color.NRGBA{0xe9, 0xeb, 0xee, 0xff}
	shade      = color.NRGBA{0xf1, 0xf3, 0xf6, 0xff} // every second region
	gray       = color.NRGBA{0x6b, 0x72, 0x7c, 0xff}
)

// palette is Okabe and Ito's set for all kinds of colour vision (2008), the
// darker ones first; yellow is left out, as it vanishes on white.
var palette = []color.NRGBA{
	{0x00, 0x72, 0xb2, 0xff}, // blue
	{0xd5, 0x5e, 0x00, 0xff}, // vermilion
	{0x00, 0x9e, 0x73, 0xff}, // green
	{0xcc, 0x79, 0xa7, 0xff}, // purple
	{0xe6, 0x9f, 0x00, 0xff}, // orange
	{0x56, 0xb4, 0xe9, 0xff}, // sky blue
	{0x5a, 0x3d, 0x8a, 0xff}, // violet
	{0x6b, 0x72, 0x7c, 0xff}, // grey
}

func fade(c color.NRGBA, alpha float64) color.NRGBA {
	c.A = uint8(math.Round(255 * alpha))
	return c
}

func style(size float64, bold bool, c color.Color) text.Style {
	f := font.Font{Typeface: "Liberation", Variant: "Sans", Size: vg.Length(size)}
	if bold {
		f.Weight = xfont.WeightBold
	}
	return text.Style{Color: c, Font: f, Handler: plot.DefaultTextHandler}
}

// themed is an empty plot in the package's manner.
func themed() *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil // the figure paints it once
	p.Title.TextStyle = style(titleSize, true, ink)
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		label, tick := a.Label.TextStyle, a.Tick.Label
		a.Label.TextStyle = style(labelSize, false, ink)
		a.Label.TextStyle.XAlign, a.Label.TextStyle.YAlign = label.XAlign, label.YAlign
		a.Label.Padding = 4
		a.Tick.Label = style(tickSize, false, gray)
		a.Tick.Label.XAlign, a.Tick.Label.YAlign = tick.XAlign, tick.YAlign
		a.Tick.Label.Rotation = tick.Rotation
		a.LineStyle.Color, a.LineStyle.Width = faint, 0.8
		a.Tick.LineStyle.Color, a.Tick.LineStyle.Width = faint, 0.8
		a.Tick.Length = 4
		a.Tick.Marker = niceTicks{}
		a.Padding = 0
	}
	return p
}
