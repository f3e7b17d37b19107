package plots

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg/draw"
)

var (
	x5  = []float64{0, 1, 2, 3, 4}
	y5  = []float64{0, 1, 4, 9, 16}
	sd5 = []float64{.1, .2, .3, .4, .5}
)

// everything makes one figure of each sort.
func everything() map[string]*Figure {
	k := mat.NewSymDense(3, []float64{2, 1, 0, 1, 2, 1, 0, 1, 2})
	chains := [][]float64{{1, 2, 3, 4}, {2, 1, 4, 3}}
	return map[string]*Figure{
		"empty":        New(""),
		"line":         New("T").Line(x5, y5, "a").Labels("x", "y"),
		"all layers":   New("T").Regions([]float64{0, 2, 4}, "task").Samples(x5, [][]float64{y5, sd5}, "s").Band(x5, y5, sd5, "b").Scatter(x5, y5, "d").Held(x5, sd5, "h").Rug(x5, "z").VLine(2, "v").HLine(3, "").Dashed(x5, y5, "truth").Curve(x5, sd5, "c"),
		"log":          New("T").Curve(x5[1:], y5[1:], "a").LogX().LogY(),
		"heat":         New("T").Heat(k).HeatValues("%.1f").HeatNames([]string{"a", "b", "c"}, []string{"a", "b", "c"}),
		"bars":         New("T").Bars([]string{"a", "b"}, []float64{1, -2}),
		"grouped":      New("T").GroupedBars([]string{"a", "b"}, []string{"s", "t"}, [][]float64{{1, 2}, {3, 4}}),
		"hist":         New("T").Hist(y5, 0, "h"),
		"stems":        New("T").Stems(y5, "s"),
		"covariance":   Covariance("K", k),
		"forgetting":   Forgetting("F", [][]float64{{1, 2}, {0, 1}}),
		"reliability":  Reliability("R", []float64{.5, .9}, []float64{.4, .9}, []float64{1, 2}),
		"attention":    Attention("A", k, k, []string{"x", "y", "z"}),
		"loss":         Loss("L", append(make([]float64, 60), 5, 6)),
		"codebook":     Codebook("C", []float64{5, 1, 0}),
		"trace":        Trace("T", chains),
		"rank":         Rank("R", chains),
		"forest":       Forest("F", []string{"a", "b"}, []float64{1, 2}, []float64{0, 1}, []float64{2, 3}),
		"frames":       Frames("F", []string{"r"}, []*mat.Dense{mat.NewDense(2, 2, []float64{0, .5, 1, math.NaN()})}),
		"error bars":   New("T").ErrorBars(x5, y5, sd5, "e").ErrorBars(x5, sd5, []float64{1, math.NaN(), 0, 1, 1}, "n").Note(2, 4, "here").Note(4, 16, "at the edge"),
		"log bars":     New("T").ErrorBars(x5, y5, []float64{1, 2, 3, 4, 5}, "e").LogY(),
		"boxes":        New("T").Boxes([]string{"a", "b", "c"}, [][]float64{y5, {1, math.NaN()}, nil}),
		"log boxes":    New("T").Boxes([]string{"a", "b"}, [][]float64{y5, y5[1:]}).LogY(),
		"counts":       New("T").Counts(y5, 3, "h"),
		"by colour":    New("T").ScatterBy(x5, y5, []float64{-1, 0, 1, 2, math.NaN()}, "s").ColorBar("value"),
		"heat xy":      New("T").HeatXY([]float64{1, 10, 100}, []float64{0, 1}, mat.NewDense(2, 3, []float64{1, 2, 3, -4, 5, math.NaN()})).LogX().ColorRange(-2, 3).ColorBar("z").Scatter(x5, sd5, "d"),
		"cut heat xy":  New("T").HeatXY(x5, x5[:1], mat.NewDense(1, 5, y5)).XRange(10, 20),
		"frames grid":  Grid(2, New("a"), Frames("F", []string{"r"}, []*mat.Dense{mat.NewDense(2, 2, nil)})),
		"grid":         Grid(2, New("a").Line(x5, y5, "l"), New("b").Scatter(x5, y5, ""), New("c")).Title("G"),
		"nested grid":  Grid(2, Grid(1, New("a")), Of(plot.New())),
		"foreign":      Of(plot.New()),
		"all NaN":      New("T").Line([]float64{math.NaN()}, []float64{math.NaN()}, "n").Hist([]float64{math.NaN()}, 0, "h"),
		"one point":    New("T").Line([]float64{1}, []float64{2}, "one"),
		"huge":         New("T").Line([]float64{-1e300, 1e300}, []float64{1e-300, 1e300}, "h"),
		"infinite":     New("T").Band(x5, []float64{1, math.Inf(1), 2, 3, 4}, sd5, "i"),
		"negative log": New("T").Line(x5, []float64{-1, 0, 1, 10, 100}, "n").LogY(),
	}
}

var badNumber = regexp.MustCompile(`[ ,"ML](NaN|[+-]?Inf)`)

// Every picture is well-formed, self-contained SVG with finite coordinates,
// and a PNG of twice its size.
func TestEveryPicture(t *testing.T) {
	for name, f := range everything() {
		svg := f.SVG()
		d := xml.NewDecoder(strings.NewReader(svg))
		for {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Errorf("%s: not well-formed: %v", name, err)
				break
			}
		}
		if m := badNumber.FindString(svg); m != "" {
			t.Errorf("%s: coordinate %q", name, m)
		}
		if !strings.HasPrefix(svg, "<svg xmlns=") || strings.Contains(strings.ReplaceAll(strings.ReplaceAll(svg, "http://www.w3.org/2000/svg", ""), "http://www.w3.org/1999/xlink", ""), "http") {
			t.Errorf("%s: head %.80s", name, svg)
		}
		if again := f.SVG(); again != svg {
			t.Errorf("%s: drawn twice, two pictures", name)
		}
		c, err := png.DecodeConfig(bytes.NewReader(f.PNG()))
		if err != nil || math.Abs(float64(c.Width)-2*f.w) > 2 || math.Abs(float64(c.Height)-2*f.h) > 2 {
			t.Errorf("%s: PNG %d × %d for %v × %v, %v", name, c.Width, c.Height, f.w, f.h, err)
		}
		if f.Text() == "" || f.String() != f.Text() {
			t.Errorf("%s: text %q", name, f.Text())
		}
	}
}

func TestTextInSVG(t *testing.T) {
	svg := New("Title <1>").Line(x5, y5, "série α & β").Labels("year", "W/m²").SVG()
	for _, want := range []string{"Title &lt;1&gt;", "série α &amp; β", "year", "W/m²", "font-family:'Liberation Sans',Arial,Helvetica,Arimo,'Nimbus Sans',sans-serif"} {
		if !strings.Contains(svg, want) {
			t.Errorf("the SVG lacks %q", want)
		}
	}
	if strings.Contains(svg, "font-variant") || strings.Contains(svg, "image/jpg") {
		t.Error("what the writer gets wrong is still there")
	}
	if heat := New("").Heat(mat.NewDense(1, 2, []float64{1, 2})).SVG(); !strings.Contains(heat, "data:image/png") || !strings.Contains(heat, "pixelated") {
		t.Error("the heat map is not a sharp PNG")
	}
}

// Layers are painted back to front whatever the order of the calls.
func TestOrderOfLayers(t *testing.T) {
	a := New("").Regions([]float64{0, 1, 4}, "").Band(x5, y5, sd5, "b").Scatter(x5, y5, "d").SVG()
	b := New("").Scatter(x5, y5, "d").Band(x5, y5, sd5, "b").Regions([]float64{0, 1, 4}, "").NoKey().SVG()
	c := New("").Regions([]float64{0, 1, 4}, "").Band(x5, y5, sd5, "b").Scatter(x5, y5, "d").NoKey().SVG()
	if b != c {
		t.Error("the order of the calls shows in the picture")
	}
	if a == c {
		t.Error("the key makes no difference")
	}
}

func TestColorsFollowLabels(t *testing.T) {
	f := New("").Band(x5, y5, sd5, "m")
	if f.next != 1 {
		t.Errorf("band and mean took %d colours", f.next)
	}
	f.Line(x5, y5, "other").Line(x5, sd5, "m")
	if f.next != 2 || f.last != palette[0] {
		t.Errorf("%d colours, last %v", f.next, f.last)
	}
	entries := f.entries()
	if len(entries) != 2 || entries[0].label != "m" || len(entries[0].layers) != 3 {
		t.Errorf("key %+v", entries)
	}
}

func TestGapsAtNaN(t *testing.T) {
	y := []float64{1, 2, math.NaN(), 3, 4}
	n := strings.Count(New("").Line(x5, y, "").SVG(), "<path")
	if m := strings.Count(New("").Line(x5, y5, "").SVG(), "<path"); n != m+1 {
		t.Errorf("%d strokes with a gap, %d without", n, m)
	}
}

func TestRanges(t *testing.T) {
	size := draw.NewCanvas(nil, 600, 300)
	f := New("").Line(x5, y5, "").XRange(1, 2).YRange(-5, 5)
	p := f.ready(size)
	if p.X.Min != 1 || p.X.Max != 2 || p.Y.Min != -5 || p.Y.Max != 5 {
		t.Errorf("fixed range %v..%v, %v..%v", p.X.Min, p.X.Max, p.Y.Min, p.Y.Max)
	}
	p = New("").Line(x5, y5, "").ready(size)
	if p.X.Min != 0 || p.X.Max != 4 || p.Y.Min >= 0 || p.Y.Max <= 16 || p.Y.Max > 18 {
		t.Errorf("fitted range %v..%v, %v..%v", p.X.Min, p.X.Max, p.Y.Min, p.Y.Max)
	}
	p = New("").Bars([]string{"a"}, []float64{5}).ready(size)
	if p.Y.Min != 0 {
		t.Errorf("bars begin at %v", p.Y.Min)
	}
	if p = New("").Scatter(x5, y5, "").ready(size); p.X.Min >= 0 || p.X.Min < -0.2 || p.X.Max <= 4 {
		t.Errorf("points without lines from %v to %v, with no air", p.X.Min, p.X.Max)
	}
	if p = New("").Scatter(x5, y5, "").Line(x5, y5, "").ready(size); p.X.Min != 0 || p.X.Max != 4 {
		t.Errorf("a line from %v to %v does not reach the edges", p.X.Min, p.X.Max)
	}
	g := New("")
	line, err := plotter.NewLine(plotter.XYs{{X: -7, Y: 1}, {X: 9, Y: 2}})
	if err != nil {
		t.Fatal(err)
	}
	g.Plot().Add(line)
	if p = g.Line(x5, y5, "").ready(size); p.X.Min != -7 || p.X.Max != 9 {
		t.Errorf("what was added to the plot itself is not in range: %v..%v", p.X.Min, p.X.Max)
	}
}

func TestMistakesPanicWithWords(t *testing.T) {
	short := x5[:3]
	for want, f := range map[string]func(){
		"Line: x has 3 values but y has 5":                         func() { New("").Line(short, y5, "") },
		"Band: x has 5 values but sd has 3":                        func() { New("").Band(x5, y5, short, "") },
		"Samples: x has 5 values but path 1 has 3":                 func() { New("").Samples(x5, [][]float64{y5, short}, "") },
		"Samples: x has 5 values but the matrix is 2 by 3":         func() { New("").Samples(x5, mat.NewDense(2, 3, nil), "") },
		"Samples: paths is a int":                                  func() { New("").Samples(x5, 3, "") },
		"Bars: 1 names but 2 values":                               func() { New("").Bars([]string{"a"}, []float64{1, 2}) },
		"ErrorBars: e[1] is -1":                                    func() { New("").ErrorBars(short, short, []float64{1, -1, 0}, "") },
		"Boxes: 1 names but 2 groups":                              func() { New("").Boxes([]string{"a"}, [][]float64{x5, y5}) },
		"HeatXY: x has 5 values and y 3, but the matrix is 2 by 5": func() { New("").HeatXY(x5, short, mat.NewDense(2, 5, nil)) },
		"HeatXY: y[1] is 0":                                        func() { New("").HeatXY(x5, []float64{1, 0}, mat.NewDense(2, 5, nil)) },
		"ColorRange(1, 1)":                                         func() { New("").ColorRange(1, 1) },
		"ColorBar of a grid":                                       func() { Grid(1, New("")).ColorBar("") },
		"XRange(2, 1)":                                             func() { New("").XRange(2, 1) },
		"Size(1, 5)":                                               func() { New("").Size(1, 5) },
		"Grid with 0 columns":                                      func() { Grid(0) },
		"layers are added to the figures inside a grid":            func() { Grid(1, New("")).Line(x5, y5, "") },
		"Labels of a grid":                                         func() { Grid(1, New("")).Labels("x", "y") },
		"HeatValues without a heat map":                            func() { New("").HeatValues("%v") },
		"HeatNames: 1 and 0 names for a matrix of 2 by 2":          func() { New("").Heat(mat.NewDense(2, 2, nil)).HeatNames([]string{"a"}, nil) },
		"GroupedBars: series \"s\" has 1 values for 2 names":       func() { New("").GroupedBars([]string{"a", "b"}, []string{"s"}, [][]float64{{1}}) },
		"Forgetting: row 0 has 1 values for 2 tasks":               func() { Forgetting("", [][]float64{{1}, {1}}) },
		"Forest: 1 names, but 0":                                   func() { Forest("", []string{"a"}, nil, nil, nil) },
		"Frames: a row is a int":                                   func() { Frames("", nil, 3) },
		"the matrix is 0 by 0":                                     func() { New("").Heat(&mat.Dense{}) },
	} {
		func() {
			defer func() {
				if p := fmt.Sprint(recover()); !strings.Contains(p, want) || !strings.HasPrefix(p, "plots: ") {
					t.Errorf("panic %q, want %q", p, want)
				}
			}()
			f()
		}()
	}
}

func TestSave(t *testing.T) {
	dir := t.TempDir()
	f := New("T").Line(x5, y5, "a")
	for ext, mark := range map[string]string{".svg": "<svg", ".png": "\x89PNG", ".pdf": "%PDF", ".SVG": "<svg"} {
		path := filepath.Join(dir, "f"+ext)
		if err := f.Save(path); err != nil {
			t.Error(err)
		}
		if raw, _ := os.ReadFile(path); !strings.HasPrefix(string(raw), mark) {
			t.Errorf("%s begins with %q", path, raw[:min(len(raw), 8)])
		}
	}
	if err := f.Save(filepath.Join(dir, "f.gif")); err == nil || !strings.Contains(err.Error(), ".svg, .png or .pdf") {
		t.Errorf("unknown ending: %v", err)
	}
	if err := f.Save(filepath.Join(dir, "none", "f.svg")); err == nil {
		t.Error("a folder that is not there gave no error")
	}
}

func TestTicks(t *testing.T) {
	labels := func(ticks []plot.Tick) string {
		var out []string
		for _, k := range ticks {
			if k.Label != "" {
				out = append(out, k.Label)
			}
		}
		return strings.Join(out, " ")
	}
	for _, c := range []struct {
		t      plot.Ticker
		lo, hi float64
		want   string
	}{
		{niceTicks{}, 0, 1, "0 0.2 0.4 0.6 0.8 1.0"},
		{niceTicks{}, 1610.5, 2000.5, "1700 1800 1900 2000"},
		{niceTicks{}, -1, 1, "−1.0 −0.5 0 0.5 1.0"},
		{niceTicks{}, 0, 2e7, "0 5e6 1e7 1.5e7 2e7"},
		{niceTicks{}, 0, 3e-5, "0 1e-5 2e-5 3e-5"},
		{niceTicks{whole: true}, 1, 4, "1 2 3 4"},
		{niceTicks{most: 1.5}, 0, 1, "0 1"},
		{niceTicks{most: 1.9}, -3.3, 3.6, "−2 0 2"},
		{niceTicks{most: 1.9, whole: true}, 0.6, 1.4, "1"},
		{niceTicks{}, 1, 1, ""},
		{niceTicks{}, math.Inf(-1), 1, ""},
		{logTicks{}, 1, 100, "1 2 5 10 20 50 100"},
		{logTicks{}, 1e-6, 1e6, "1e−6 0.01 1 100 10000 1e6"},
		{logTicks{}, 0, 1, ""},
		{rowTicks{5}, -0.5, 4.5, "0 1 2 3 4"},
	} {
		got := labels(c.t.Ticks(c.lo, c.hi))
		if strings.HasPrefix(c.want, "0 1e-5") {
			got = strings.ReplaceAll(got, "−", "-")
		}
		if _, isLog := c.t.(logTicks); isLog && c.hi == 1e6 {
			if !strings.Contains(got, "1e6") || strings.Count(got, " ") > 8 {
				t.Errorf("wide log axis: %q", got)
			}
			continue
		}
		if got != c.want {
			t.Errorf("%T %v..%v: %q, want %q", c.t, c.lo, c.hi, got, c.want)
		}
	}
}

// The palette stays apart for the two common kinds of colour blindness, by
// the simulation of Machado, Oliveira and Fernandes (2009), full severity.
func TestPaletteForColorVision(t *testing.T) {
	kinds := map[string][9]float64{
		"normal":       {1, 0, 0, 0, 1, 0, 0, 0, 1},
		"protanopia":   {0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998},
		"deuteranopia": {0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.011820, 0.042940, 0.968881},
	}
	linear := func(v uint8) float64 {
		x := float64(v) / 255
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	for name, m := range kinds {
		lab := func(i int) [3]float64 {
			c := palette[i]
			r, g, b := linear(c.R), linear(c.G), linear(c.B)
			return toLab(m[0]*r+m[1]*g+m[2]*b, m[3]*r+m[4]*g+m[5]*b, m[6]*r+m[7]*g+m[8]*b)
		}
		for i := range 5 {
			for j := range i {
				a, b := lab(i), lab(j)
				if d := math.Sqrt((a[0]-b[0])*(a[0]-b[0]) + (a[1]-b[1])*(a[1]-b[1]) + (a[2]-b[2])*(a[2]-b[2])); d < 12 {
					t.Errorf("%s: colours %d and %d differ by only %.1f", name, i, j, d)
				}
			}
		}
	}
}

// toLab turns linear sRGB into CIE Lab.
func toLab(r, g, b float64) [3]float64 {
	f := func(v float64) float64 {
		if v > 216.0/24389 {
			return math.Cbrt(v)
		}
		return (24389.0/27*v + 16) / 116
	}
	x := f((0.4124*r + 0.3576*g + 0.1805*b) / 0.9505)
	y := f(0.2126*r + 0.7152*g + 0.0722*b)
	z := f((0.0193*r + 0.1192*g + 0.9505*b) / 1.089)
	return [3]float64{116*y - 16, 500 * (x - y), 200 * (y - z)}
}

func TestHistogram(t *testing.T) {
	edges, density := histogram([]float64{0, 0, 1, math.NaN()}, 2)
	if len(edges) != 3 || math.Abs(density[0]*0.5-2.0/3) > 1e-12 || math.Abs(density[1]*0.5-1.0/3) > 1e-12 {
		t.Errorf("edges %v, density %v", edges, density)
	}
	if e, _ := histogram([]float64{3}, 0); len(e) < 2 || e[0] >= 3 {
		t.Errorf("one value: %v", e)
	}
}

func TestGrayImage(t *testing.T) {
	img := grayImage(mat.NewDense(1, 3, []float64{-1, 0.5, 2})).(*image.Gray)
	if img.Pix[0] != 0 || img.Pix[1] != 128 || img.Pix[2] != 255 {
		t.Errorf("pixels %v", img.Pix)
	}
}

func ExampleFigure_Band() {
	x := []float64{0, 1, 2}
	fig := New("posterior").Band(x, []float64{0, 1, 0}, []float64{1, 0.5, 1}, "mean ± 2 sd").Labels("x", "y")
	fmt.Println(fig)
	// Output: figure: posterior
}

// A picture such as a slider redraws: two bands, twenty paths of 200 points.
func BenchmarkSVG(b *testing.B) {
	x := make([]float64, 200)
	y := make([]float64, 200)
	paths := make([][]float64, 20)
	for i := range x {
		x[i], y[i] = float64(i), math.Sin(float64(i)/9)
	}
	for k := range paths {
		paths[k] = y
	}
	for b.Loop() {
		New("T").Band(x, y, y, "a").Samples(x, paths, "s").Scatter(x, y, "d").SVG()
	}
}
