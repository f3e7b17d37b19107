package plots

import (
	"fmt"
	"image/color"
	"os"
	"sync/atomic"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
)

// A Theme says for which page figures are coloured. Every figure paints its
// own background, so that a theme that does not fit the page still reads.
type Theme int

// The themes.
const (
	// Auto is light, and dark where the picture is a part of a page whose
	// theme is dark, as under the controls of the package lab. A picture that
	// stands as an image of its own cannot see the page round it: it stays
	// light.
	Auto Theme = iota
	// Browser is as Auto, but an image of its own follows what the browser
	// prefers.
	Browser
	// Light is dark ink on white everywhere.
	Light
	// Dark is light ink on near black everywhere, but in a PDF.
	Dark
)

var themeNames = []string{"auto", "browser", "light", "dark"}

// String is the theme's name.
func (t Theme) String() string {
	if t < Auto || t > Dark {
		return fmt.Sprintf("Theme(%d)", int(t))
	}
	return themeNames[t]
}

// ThemeNamed is the theme of a name: auto, browser, light or dark.
func ThemeNamed(name string) (Theme, error) {
	for i, n := range themeNames {
		if n == name {
			return Theme(i), nil
		}
	}
	return Auto, fmt.Errorf("the theme %q is not known; use auto, browser, light or dark", name)
}

// current is the theme of figures that have none of their own. The variable
// PRIORLAB_THEME names it for people who always work on a dark page.
var current = func() *atomic.Int32 {
	t, _ := ThemeNamed(os.Getenv("PRIORLAB_THEME")) // "priorlab doctor" reports a name that is not known
	v := new(atomic.Int32)
	v.Store(int32(t))
	return v
}()

// SetTheme says how the figures that are shown from now on are coloured.
func SetTheme(t Theme) { current.Store(int32(known(t))) }

// CurrentTheme is what SetTheme has set.
func CurrentTheme() Theme { return Theme(current.Load()) }

// Theme colours this figure, and not the others, for another page.
func (f *Figure) Theme(t Theme) *Figure { f.theme = 1 + known(t); return f }

// themeOf is the figure's own theme, or the one that all have.
func (f *Figure) themeOf() Theme {
	if f.theme > 0 {
		return f.theme - 1
	}
	return CurrentTheme()
}

func known(t Theme) Theme {
	if t < Auto || t > Dark {
		panic(fmt.Sprintf("plots: %v is no theme; use plots.Auto, plots.Browser, plots.Light or plots.Dark", t))
	}
	return t
}

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
