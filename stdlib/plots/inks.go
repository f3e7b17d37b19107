package plots

import (
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Figures are drawn in the inks of the light theme. What is drawn on in the end
// turns them into those of the night, so that plots made with gonum, and
// plotters added to Figure.Plot, follow the theme too.
var (
	background = color.NRGBA{0xff, 0xff, 0xff, 0xff}
	ink        = color.NRGBA{0x26, 0x2a, 0x30, 0xff} // text, data points
	faint      = color.NRGBA{0x8a, 0x90, 0x99, 0xff} // axes
	gridInk    = color.NRGBA{0xe9, 0xeb, 0xee, 0xff}
	shade      = color.NRGBA{0xf1, 0xf3, 0xf6, 0xff} // every second region
	gray       = color.NRGBA{0x63, 0x69, 0x73, 0xff} // text that stands back
)

// palette keeps the order and the hues of Okabe and Ito's set for all kinds of
// colour vision (2008), moved apart and darkened until each stands out from
// white, and each pair differs for people without red or green cones too.
var palette = []color.NRGBA{
	{0x1e, 0x71, 0xbd, 0xff}, // blue
	{0xd9, 0x63, 0x04, 0xff}, // vermilion
	{0x27, 0x99, 0x71, 0xff}, // green
	{0x8e, 0x29, 0x64, 0xff}, // purple
	{0xb0, 0x82, 0x46, 0xff}, // ochre
	{0x15, 0x96, 0xc3, 0xff}, // sky blue
	{0x5a, 0x3b, 0x86, 0xff}, // violet
	{0x7b, 0x85, 0x96, 0xff}, // grey
}

// nightInks pairs the inks above with those on a dark page.
var nightInks = map[color.NRGBA]color.NRGBA{
	background: {0x1a, 0x1c, 0x20, 0xff},
	ink:        {0xe4, 0xe6, 0xea, 0xff},
	faint:      {0x7d, 0x84, 0x8e, 0xff},
	gridInk:    {0x2e, 0x31, 0x37, 0xff},
	shade:      {0x24, 0x27, 0x2c, 0xff},
	gray:       {0xa6, 0xac, 0xb5, 0xff},

	palette[0]: {0x55, 0xb0, 0xf4, 0xff},
	palette[1]: {0xe9, 0x84, 0x3b, 0xff},
	palette[2]: {0x2e, 0xba, 0x8b, 0xff},
	palette[3]: {0xae, 0x6b, 0x9b, 0xff},
	palette[4]: {0xff, 0xcc, 0x5e, 0xff},
	palette[5]: {0x8e, 0xd4, 0xff, 0xff},
	palette[6]: {0x85, 0x6c, 0xb9, 0xff},
	palette[7]: {0xae, 0xb4, 0xc0, 0xff},
}

// night is what a colour of the light theme becomes on a dark page, with the
// same opacity. A colour that is not one of this package stays when it stands
// out there; otherwise, as black lines and white grounds, its lightness is
// turned round.
func night(c color.NRGBA) color.NRGBA {
	solid := c
	solid.A = 0xff
	out, ok := nightInks[solid]
	if !ok {
		out = solid
		if l, a, b := oklab(solid); math.Hypot(a, b) < 0.04 || contrast(solid, nightInks[background]) < 3 {
			ground, _, _ := oklab(nightInks[background])
			out = fromOklab(0.95-(0.95-ground)*l, a, b)
		}
	}
	out.A = c.A
	return out
}

// fixedInk is a colour that stands on something that is the same in all themes,
// such as a cell of a heat map.
type fixedInk color.NRGBA

// RGBA satisfies color.Color.
func (c fixedInk) RGBA() (r, g, b, a uint32) { return color.NRGBA(c).RGBA() }

// eitherPage are the colours of series that must read on a light and on a dark
// page at once. They have less room to differ in.
var eitherPage = []color.NRGBA{
	{0x30, 0x80, 0xc7, 0xff},
	{0xd8, 0x5e, 0x01, 0xff},
	{0x03, 0xa0, 0x76, 0xff},
	{0xca, 0x78, 0xaa, 0xff},
	{0xbf, 0x8a, 0x31, 0xff},
	{0x22, 0x9d, 0xd4, 0xff},
	{0x99, 0x80, 0xeb, 0xff},
	{0x7c, 0x7f, 0x89, 0xff},
}

// Palette lists the colours of series in their order, as "#RRGGBB", for charts
// made by other means. Those of Auto and Browser read on light and dark pages.
func Palette(t Theme) []string {
	var out []string
	for i, c := range palette {
		switch known(t) {
		case Auto, Browser:
			c = eitherPage[i]
		case Dark:
			c = night(c)
		}
		out = append(out, hex(c))
	}
	return out
}

// Inks are the colours of the ground, the text and the grid, as "#RRGGBB", in
// the light theme or the dark one; Auto and Browser have those of Light.
func Inks(t Theme) (ground, text, grid string) {
	list := []color.NRGBA{background, ink, gridInk}
	for i, c := range list {
		if known(t) == Dark {
			list[i] = night(c)
		}
	}
	return hex(list[0]), hex(list[1]), hex(list[2])
}

func fade(c color.NRGBA, alpha float64) color.NRGBA {
	c.A = uint8(math.Round(255 * alpha))
	return c
}

// A nightCanvas is a canvas for a dark page.
type nightCanvas struct{ vg.CanvasSizer }

// SetColor implements vg.Canvas.
func (n nightCanvas) SetColor(c color.Color) {
	if _, same := c.(fixedInk); !same {
		if c == nil {
			c = color.Black
		}
		c = night(color.NRGBAModel.Convert(c).(color.NRGBA))
	}
	n.CanvasSizer.SetColor(c)
}

// painted is a canvas for the theme, filled with its background. A raster and
// a PDF cannot follow a page: only Dark is dark there.
func painted(c vg.CanvasSizer, t Theme) draw.Canvas {
	if t == Dark {
		c = nightCanvas{c}
	}
	out := draw.New(c)
	out.SetColor(background)
	out.Fill(out.Rectangle.Path())
	return out
}

// luminance is the relative luminance of WCAG, from 0 to 1.
func luminance(c color.NRGBA) float64 {
	r, g, b := linear(c)
	return 0.2126*r + 0.7152*g + 0.0722*b
}

// contrast is the ratio of WCAG between two colours, from 1 to 21.
func contrast(a, b color.NRGBA) float64 {
	x, y := luminance(a)+0.05, luminance(b)+0.05
	return math.Max(x, y) / math.Min(x, y)
}

// linear undoes the gamma of sRGB.
func linear(c color.NRGBA) (r, g, b float64) {
	f := func(v uint8) float64 {
		x := float64(v) / 255
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	return f(c.R), f(c.G), f(c.B)
}

// fromLinear is the nearest colour that a screen has.
func fromLinear(r, g, b float64) color.NRGBA {
	f := func(x float64) uint8 {
		x = math.Max(0, math.Min(1, x))
		if x <= 0.0031308 {
			x *= 12.92
		} else {
			x = 1.055*math.Pow(x, 1/2.4) - 0.055
		}
		return uint8(math.Round(255 * x))
	}
	return color.NRGBA{f(r), f(g), f(b), 0xff}
}

// oklab is a colour in Ottosson's space (2020), in which the lightness l, from
// 0 to 1, is even to the eye.
func oklab(c color.NRGBA) (l, a, b float64) {
	r, g, bl := linear(c)
	x := math.Cbrt(0.4122214708*r + 0.5363325363*g + 0.0514459929*bl)
	y := math.Cbrt(0.2119034982*r + 0.6806995451*g + 0.1073969566*bl)
	z := math.Cbrt(0.0883024619*r + 0.2817188376*g + 0.6299787005*bl)
	return 0.2104542553*x + 0.7936177850*y - 0.0040720468*z,
		1.9779984951*x - 2.4285922050*y + 0.4505937099*z,
		0.0259040371*x + 0.7827717662*y - 0.8086757660*z
}

func fromOklab(l, a, b float64) color.NRGBA {
	cube := func(x float64) float64 { return x * x * x }
	x := cube(l + 0.3963377774*a + 0.2158037573*b)
	y := cube(l - 0.1055613458*a - 0.0638541728*b)
	z := cube(l - 0.0894841775*a - 1.2914855480*b)
	return fromLinear(4.0767416621*x-3.3077115913*y+0.2309699292*z,
		-1.2684380046*x+2.6097574011*y-0.3413193965*z,
		-0.0041960863*x-0.7034186147*y+1.7076147010*z)
}
