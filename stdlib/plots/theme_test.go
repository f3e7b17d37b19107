package plots

import (
	"bytes"
	"fmt"
	"image/color"
	"image/png"
	"math"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
)

// with runs the test under a theme for all figures.
func with(t *testing.T, theme Theme) {
	t.Helper()
	before := CurrentTheme()
	SetTheme(theme)
	t.Cleanup(func() { SetTheme(before) })
}

// cielab is a colour in the space in which the CIE counts differences.
func cielab(r, g, b float64) [3]float64 {
	f := func(t float64) float64 {
		if t > 216.0/24389 {
			return math.Cbrt(t)
		}
		return (24389.0/27*t + 16) / 116
	}
	x := f((0.4124564*r + 0.3575761*g + 0.1804375*b) / 0.95047)
	y := f(0.2126729*r + 0.7151522*g + 0.0721750*b)
	z := f((0.0193339*r + 0.1191920*g + 0.9503041*b) / 1.08883)
	return [3]float64{116*y - 16, 500 * (x - y), 200 * (y - z)}
}

// sights are what people see, as matrices over linear RGB: with all cones,
// without red ones and without green ones (Machado, Oliveira and Fernandes
// 2009, severity 1).
var sights = map[string][9]float64{
	"all cones":    {1, 0, 0, 0, 1, 0, 0, 0, 1},
	"protanopia":   {0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998},
	"deuteranopia": {0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.011820, 0.042940, 0.968881},
}

func seen(c color.NRGBA, m [9]float64) [3]float64 {
	r, g, b := linear(c)
	at := func(i int) float64 { return math.Max(0, math.Min(1, m[i]*r+m[i+1]*g+m[i+2]*b)) }
	return cielab(at(0), at(3), at(6))
}

func distance(a, b [3]float64) float64 {
	return math.Sqrt((a[0]-b[0])*(a[0]-b[0]) + (a[1]-b[1])*(a[1]-b[1]) + (a[2]-b[2])*(a[2]-b[2]))
}

// Lines stand out three to one from the ground and from shaded regions, text
// four and a half to one (WCAG 2.1), and any two colours of series differ to
// people with any colour vision, in both themes. A difference of 2.3 is one
// that can just be seen side by side.
func TestInksStandOut(t *testing.T) {
	for name, in := range map[string]func(color.NRGBA) color.NRGBA{"light": func(c color.NRGBA) color.NRGBA { return c }, "dark": night} {
		for _, ground := range []color.NRGBA{in(background), in(shade)} {
			for i, c := range palette {
				if k := contrast(in(c), ground); k < 3 {
					t.Errorf("%s: colour %d, %v, stands out %.2f from %v", name, i, in(c), k, ground)
				}
			}
			for _, c := range []color.NRGBA{ink, gray} {
				if k := contrast(in(c), ground); k < 4.5 {
					t.Errorf("%s: text in %v stands out %.2f from %v", name, in(c), k, ground)
				}
			}
		}
		if k := contrast(in(faint), in(background)); k < 3 {
			t.Errorf("%s: axes stand out %.2f", name, k)
		}
		for sight, m := range sights {
			for i, c := range palette {
				for j := range i {
					if d := distance(seen(in(c), m), seen(in(palette[j]), m)); d < 15 {
						t.Errorf("%s, %s: colours %d and %d are %.1f apart", name, sight, i, j, d)
					}
				}
			}
		}
	}
}

// Colours that serve both pages stand out from white and from the ground of
// Vega's dark theme, which JupyterLab uses. The room between is narrow, so
// charts give series dashes of their own as well.
func TestColoursForEitherPage(t *testing.T) {
	list := Palette(Auto)
	if len(list) != len(palette) {
		t.Fatalf("%d colours for %d", len(list), len(palette))
	}
	for i, text := range list {
		c := parseHex(t, text)
		for _, ground := range []color.NRGBA{background, {0x33, 0x33, 0x33, 0xff}} {
			if k := contrast(c, ground); k < 3 {
				t.Errorf("%s stands out %.2f from %v", text, k, ground)
			}
		}
		for sight, m := range sights {
			for j := range i {
				if d := distance(seen(c, m), seen(parseHex(t, list[j]), m)); d < 9 {
					t.Errorf("%s: %s and %s are %.1f apart", sight, text, list[j], d)
				}
			}
		}
	}
	if Palette(Light)[0] != hex(palette[0]) || Palette(Dark)[0] != hex(night(palette[0])) {
		t.Errorf("light %v, dark %v", Palette(Light), Palette(Dark))
	}
}

func TestContrast(t *testing.T) {
	white, black := color.NRGBA{255, 255, 255, 255}, color.NRGBA{0, 0, 0, 255}
	if k := contrast(white, black); math.Abs(k-21) > 1e-9 {
		t.Errorf("black on white %v", k)
	}
	if k := contrast(color.NRGBA{0x77, 0x77, 0x77, 255}, white); math.Abs(k-4.48) > 0.01 {
		t.Errorf("#777 on white %v", k) // the grey that just fails
	}
	for _, c := range append([]color.NRGBA{ink, white, black}, palette...) {
		if back := fromOklab(oklab(c)); back != c {
			t.Errorf("%v comes back from Oklab as %v", c, back)
		}
	}
}

// Colours of other makers follow as far as they must.
func TestNight(t *testing.T) {
	ground := nightInks[background]
	if c := night(color.NRGBA{0, 0, 0, 255}); contrast(c, ground) < 10 {
		t.Errorf("black becomes %v", c)
	}
	if c := night(color.NRGBA{253, 253, 253, 128}); contrast(c, ground) > 1.1 || c.A != 128 {
		t.Errorf("nearly white, half clear, becomes %v", c)
	}
	if orange := (color.NRGBA{255, 165, 0, 255}); night(orange) != orange {
		t.Errorf("orange becomes %v", night(orange))
	}
	if c := night(color.NRGBA{0, 0, 128, 255}); contrast(c, ground) < 3 || c.B <= c.R || c.B <= c.G {
		t.Errorf("navy becomes %v", c)
	}
}

var (
	textInk   = regexp.MustCompile(`<g style="fill:(#[0-9A-F]{6});font`)
	strokeInk = regexp.MustCompile(`<g style="stroke:(#[0-9A-F]{6});fill`)
	groundInk = regexp.MustCompile(`<g style="fill:(#[0-9A-F]{6})"[^>]*>\s*<rect width`)
	twoInks   = regexp.MustCompile(`\.plots-([fs])([0-9A-F]{6})\{(fill|stroke):light-dark\((#[0-9A-F]{6}),(#[0-9A-F]{6})\)!important\}`)
	inkInUse  = regexp.MustCompile(`<g style="(fill|stroke):(#[0-9A-F]{6})[^"]*" class="plots-([fs])([0-9A-F]{6})"`)
)

func parseHex(t *testing.T, s string) color.NRGBA {
	t.Helper()
	c := color.NRGBA{A: 255}
	if _, err := fmt.Sscanf(s, "#%02X%02X%02X", &c.R, &c.G, &c.B); err != nil {
		t.Fatal(s, err)
	}
	return c
}

// In every sort of figure all text and all solid lines but those of the grid
// stand out from what the figure paints first.
func TestEveryPictureReads(t *testing.T) {
	for _, theme := range []Theme{Light, Dark} {
		for name, f := range everything() {
			if strings.HasPrefix(name, "heat") || name == "forgetting" {
				continue // text stands on cells
			}
			svg := f.Theme(theme).SVG()
			m := groundInk.FindStringSubmatch(svg)
			if m == nil {
				t.Fatalf("%s: no ground in %.300s", name, svg)
			}
			ground := parseHex(t, m[1])
			if dark := luminance(ground) < 0.2; dark != (theme == Dark) {
				t.Errorf("%s, %v: the ground is %s", name, theme, m[1])
			}
			if strings.Contains(svg, "<style") || strings.Contains(svg, "class=") {
				t.Errorf("%s, %v: there is a style sheet", name, theme)
			}
			for _, m := range textInk.FindAllStringSubmatch(svg, -1) {
				if k := contrast(parseHex(t, m[1]), ground); k < 4.5 {
					t.Errorf("%s, %v: text in %s stands out %.2f", name, theme, m[1], k)
				}
			}
			for _, m := range strokeInk.FindAllStringSubmatch(svg, -1) {
				c := parseHex(t, m[1])
				if c == gridInk || c == nightInks[gridInk] {
					continue
				}
				if k := contrast(c, ground); k < 3 {
					t.Errorf("%s, %v: a line in %s stands out %.2f", name, theme, m[1], k)
				}
			}
		}
	}
}

// A picture that follows its page names both colours for all it draws, the
// light one also where no style sheet is read.
func TestAutoHasBothInks(t *testing.T) {
	for name, f := range everything() {
		light, auto, browser := f.Theme(Light).SVG(), f.Theme(Auto).SVG(), f.Theme(Browser).SVG()
		rules := map[string]bool{}
		for _, m := range twoInks.FindAllStringSubmatch(auto, -1) {
			rules[m[1]+m[2]] = true
			if m[3][:1] != m[1] || m[4] != "#"+m[2] || parseHex(t, m[5]) != night(parseHex(t, m[4])) {
				t.Errorf("%s: rule %s", name, m[0])
			}
		}
		used := inkInUse.FindAllStringSubmatch(auto, -1)
		for _, m := range used {
			if m[1][:1] != m[3] || m[2] != "#"+m[4] || !rules[m[3]+m[4]] {
				t.Errorf("%s: %s has no rule", name, m[0])
			}
		}
		if len(used) == 0 || len(rules) == 0 {
			t.Errorf("%s: nothing follows the page", name)
		}
		sheet := regexp.MustCompile(`<style>.*</style>\n`)
		plain := strings.ReplaceAll(regexp.MustCompile(` class="plots[^"]*"`).ReplaceAllString(sheet.ReplaceAllString(auto, ""), ""), "\n</g>\n<g", "</g><g")
		if plain != strings.ReplaceAll(light, "\n</g>\n<g", "</g><g") {
			t.Errorf("%s: without its style sheet the picture is not the light one", name)
		}
		if strings.Contains(auto, "svg.plots:root") || !strings.Contains(browser, "svg.plots:root{color-scheme:light dark}") {
			t.Errorf("%s: what an image of its own follows is %v and %v", name, sheet.FindString(auto), sheet.FindString(browser))
		}
	}
}

// Numbers on the cells of a heat map keep their ink, as the cells do.
func TestHeatValuesKeepTheirInk(t *testing.T) {
	f := everything()["heat"]
	for _, want := range []string{`style="fill:#262A30;font`, `style="fill:#FFFFFF;font`} {
		if !strings.Contains(f.Theme(Dark).SVG(), want) {
			t.Errorf("no text %s on the cells of the dark picture", want)
		}
	}
}

func TestRastersAndPlotsOfGonumFollow(t *testing.T) {
	with(t, Dark)
	corner := func(f *Figure) color.NRGBA {
		img, err := png.Decode(bytes.NewReader(f.PNG()))
		if err != nil {
			t.Fatal(err)
		}
		return color.NRGBAModel.Convert(img.At(3, 3)).(color.NRGBA)
	}
	if c := corner(New("")); c != nightInks[background] {
		t.Errorf("the corner of a dark picture is %v", c)
	}
	if c := corner(New("").Theme(Light)); c != background {
		t.Errorf("the corner of the figure that stays light is %v", c)
	}
	p := plot.New()
	line, err := plotter.NewLine(plotter.XYs{{X: 0, Y: 0}, {X: 1, Y: 1}})
	if err != nil {
		t.Fatal(err)
	}
	p.Add(line)
	svg := Of(p).SVG()
	if strings.Contains(svg, "stroke:#000000") || strings.Contains(svg, "fill:#FFFFFF") || !strings.Contains(svg, "stroke:#EEEEEE") {
		t.Errorf("a plot of gonum in the dark: %.600s", svg)
	}
}

func TestThemeNames(t *testing.T) {
	for _, want := range []Theme{Auto, Browser, Light, Dark} {
		if got, err := ThemeNamed(want.String()); err != nil || got != want {
			t.Errorf("%v is read as %v, %v", want, got, err)
		}
	}
	if _, err := ThemeNamed("dim"); err == nil || !strings.Contains(err.Error(), "auto, browser, light or dark") {
		t.Errorf("an unknown name: %v", err)
	}
	defer func() {
		if p := recover(); p == nil || !strings.Contains(fmt.Sprint(p), "plots.Dark") {
			t.Errorf("SetTheme of what is none: %v", p)
		}
	}()
	SetTheme(9)
}

// A PDF is for paper.
func TestPDFStaysLight(t *testing.T) {
	with(t, Dark)
	dir := t.TempDir()
	pdf := func(f *Figure) int {
		data, err := f.pdf()
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Save(filepath.Join(dir, "f.pdf")); err != nil {
			t.Error(err)
		}
		return len(data)
	}
	light, asSet, dark := pdf(New("").Theme(Light)), pdf(New("")), pdf(New("").Theme(Dark))
	if light != asSet || light == dark {
		t.Errorf("PDFs of %d bytes light, %d by default, %d dark", light, asSet, dark)
	}
}

// Text is as wide as the layout took it to be, in whatever font it is shown;
// signs that the layout's font lacks are left to themselves.
func TestTextLength(t *testing.T) {
	svg := New("Width").Line(x5, y5, "series one").Labels("x 漢", "").SVG()
	want := fmt.Sprintf(`textLength="%s" lengthAdjust="spacingAndGlyphs">series one<`, number(nil, style(tickSize, false, ink).Width("series one").Points()))
	if !strings.Contains(svg, want) {
		t.Errorf("no %s in %s", want, svg)
	}
	if regexp.MustCompile(`textLength[^>]*>x 漢`).MatchString(svg) {
		t.Error("a width is claimed for a sign the font does not have")
	}
}
