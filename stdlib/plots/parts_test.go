package plots

import (
	"fmt"
	"image/color"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

var (
	pathOf   = regexp.MustCompile(`<g style="stroke:#1E71BD[^>]*>\s*<path d="([^"]*)"`)
	numberIn = regexp.MustCompile(`-?(?:\d+\.?\d*|\.\d+)`)
)

// points reads the corners of the first blue line of a picture, with y upward.
func points(t *testing.T, svg string) [][2]float64 {
	t.Helper()
	m := pathOf.FindStringSubmatch(svg)
	if m == nil {
		t.Fatalf("no blue line in %.600s", svg)
	}
	var out [][2]float64
	x, y := 0.0, 0.0
	list := numberIn.FindAllString(m[1], -1)
	for i := 0; i+1 < len(list); i += 2 {
		dx, errX := strconv.ParseFloat(list[i], 64)
		dy, errY := strconv.ParseFloat(list[i+1], 64)
		if errX != nil || errY != nil {
			t.Fatalf("corner %q", list[i:i+2])
		}
		x, y = x+dx, y+dy // the first is absolute
		out = append(out, [2]float64{x, defaultHeight - y})
	}
	return out
}

// Data stand where the axes say: evenly spaced values are evenly spaced points,
// on a logarithmic axis powers of ten are.
func TestPlacement(t *testing.T) {
	p := points(t, New("").Line([]float64{0, 1, 2}, []float64{0, 5, 10}, "").SVG())
	if len(p) != 3 || math.Abs(p[2][0]-2*p[1][0]+p[0][0]) > 0.02 || math.Abs(p[2][1]-2*p[1][1]+p[0][1]) > 0.02 || p[2][0] < p[0][0]+400 || p[2][1] < p[0][1]+200 {
		t.Errorf("linear: %v", p)
	}
	p = points(t, New("").Line([]float64{1, 10, 100}, []float64{1, 100, 1e4}, "").LogX().LogY().SVG())
	if len(p) != 3 || math.Abs(p[2][0]-2*p[1][0]+p[0][0]) > 0.02 || math.Abs(p[2][1]-2*p[1][1]+p[0][1]) > 0.02 {
		t.Errorf("logarithmic: %v", p)
	}
	// Area says where the corners of the data are.
	box := New("title").Line([]float64{0, 1}, []float64{0, 1}, "a label").XRange(0, 1).YRange(0, 1)
	left, top, right, bottom := box.Area()
	_, line, _ := strings.Cut(box.NoKey().SVG(), "</style>") // without a key there is more room
	if corner := points(t, line); math.Abs(corner[0][0]-left) > 0.02 || math.Abs(corner[1][0]-right) > 0.02 ||
		math.Abs(defaultHeight-corner[0][1]-bottom) > 0.02 || defaultHeight-corner[1][1] > top-keyRow+0.02 {
		t.Errorf("the area is %v %v %v %v, corners at %v", left, top, right, bottom, corner)
	}
	// A line that leaves the range is cut at its edge, not drawn over the axis.
	inside := New("").Line([]float64{0, 1, 2}, []float64{0, 5, 10}, "").YRange(0, 5)
	area := inside.ready(draw.NewCanvas(nil, 600, 300))
	if area.Y.Max != 5 {
		t.Errorf("range ends at %v", area.Y.Max)
	}
	for _, c := range points(t, inside.SVG()) {
		if c[1] > defaultHeight-margin+0.01 {
			t.Errorf("a corner at %v lies above the plot", c)
		}
	}
}

func TestSamplePaths(t *testing.T) {
	x := []float64{0, 1, 2}
	byColumn := samplePaths(x, mat.NewDense(3, 2, []float64{1, 2, 3, 4, 5, 6}))
	byRow := samplePaths(x, mat.NewDense(2, 3, []float64{1, 3, 5, 2, 4, 6}))
	square := samplePaths([]float64{0, 1}, mat.NewDense(2, 2, []float64{1, 2, 3, 4}))
	if fmt.Sprint(byColumn) != "[[1 3 5] [2 4 6]]" || fmt.Sprint(byRow) != "[[1 3 5] [2 4 6]]" || fmt.Sprint(square) != "[[1 3] [2 4]]" {
		t.Errorf("by column %v, by row %v, square %v", byColumn, byRow, square)
	}
	if one := samplePaths(x, []float64{1, 2, 3}); len(one) != 1 {
		t.Errorf("one path: %v", one)
	}
}

// A figure keeps its own copy: the slices may be used again.
func TestFiguresCopyData(t *testing.T) {
	y := []float64{1, 2, 3}
	f := New("").Line([]float64{0, 1, 2}, y, "").Scatter([]float64{0, 1, 2}, y, "d").Stems(y, "s")
	before := f.SVG()
	y[1] = 99
	if f.SVG() != before {
		t.Error("the picture follows the caller's slice")
	}
}

func TestKeyRows(t *testing.T) {
	e := func(w vg.Length) entry { return entry{label: "x", width: w} }
	for _, c := range []struct {
		widths []vg.Length
		want   string
	}{
		{nil, "[]"}, {[]vg.Length{10, 10}, "[2]"}, {[]vg.Length{50, 40, 20}, "[1 2]"}, {[]vg.Length{500, 10}, "[1 1]"},
	} {
		var list []entry
		for _, w := range c.widths {
			list = append(list, e(w))
		}
		var got []int
		for _, r := range keyRows(list, 100) {
			got = append(got, len(r))
		}
		if fmt.Sprint(got) != c.want {
			t.Errorf("widths %v in rows of %v, want %s", c.widths, got, c.want)
		}
	}
	if n := len(New("same").Line([]float64{0}, []float64{0}, "same").entries()); n != 0 {
		t.Error("the key repeats the title")
	}
}

func TestScaleColors(t *testing.T) {
	s := newScale(0, 1)
	if s.color(0) != sequential[0] || s.color(1) != sequential[8] || s.color(-5) != sequential[0] || s.color(9) != sequential[8] {
		t.Error("the ends of a sequential scale")
	}
	d := newScale(-1, 2)
	if d.lo != -2 || d.hi != 2 || d.color(0) != diverging[3] {
		t.Errorf("a diverging scale is %v..%v and %v at zero", d.lo, d.hi, d.color(0))
	}
	if tiny := newScale(-1e-9, 1); tiny.stops[0] != sequential[0] {
		t.Error("round-off below zero made the scale diverging")
	}
	if c := newScale(3, 3); !(c.lo < 3 && c.hi > 3) {
		t.Errorf("a constant matrix has scale %v..%v", c.lo, c.hi)
	}
	if s.color(math.NaN()) != (color.NRGBA{0xc8, 0xc8, 0xc8, 255}) {
		t.Error("NaN is not grey")
	}
	// Lightness must rise along the sequential scale: it reads without colour.
	last := -1.0
	for i := range 50 {
		c := s.color(float64(i) / 49)
		if l := 0.2126*float64(c.R) + 0.7152*float64(c.G) + 0.0722*float64(c.B); l < last-0.5 {
			t.Errorf("at %d the scale grows darker: %v after %v", i, l, last)
		} else {
			last = l
		}
	}
}

func TestSmooth(t *testing.T) {
	got := smooth([]float64{1, 2, math.NaN(), 4}, 1)
	want := []float64{1.5, 1.5, 3, 4}
	for i := range want {
		if math.Abs(got[i]-want[i]) > 1e-12 {
			t.Errorf("smooth = %v, want %v", got, want)
			break
		}
	}
}

func TestTitlesTellResults(t *testing.T) {
	if s := Codebook("C", []float64{1, 1, 1, 1}).Text(); s != "figure: C: perplexity 4.0 of 4" {
		t.Errorf("codebook %q", s)
	}
	if s := Codebook("C", []float64{0, 0}).Text(); !strings.Contains(s, "perplexity 1.0 of 2") {
		t.Errorf("an unused codebook %q", s)
	}
	// Half the cases off by 0.1, a quarter each by 0 and 0.2.
	svg := Reliability("R", []float64{.5, .7, .9}, []float64{.5, .6, .7}, []float64{1, 2, 1}).SVG()
	if !strings.Contains(svg, "ECE 0.100") {
		t.Error("the calibration error is not 0.100")
	}
	if s := Grid(1, New("a"), New("")).Title("G").Text(); s != "figures: G [figure: a; figure]" {
		t.Errorf("grid %q", s)
	}
}

// The eigenvalues in Covariance are those of the matrix, largest first.
func TestCovarianceSpectrum(t *testing.T) {
	k := mat.NewSymDense(2, []float64{2, 1, 1, 2}) // eigenvalues 3 and 1
	f := Covariance("K", k)
	spectrum := f.panels[1].layers[0].ys
	if len(spectrum) != 2 || math.Abs(spectrum[0]-3) > 1e-12 || math.Abs(spectrum[1]-1) > 1e-12 {
		t.Errorf("eigenvalues %v", spectrum)
	}
}

func TestForgettingHidesTheFuture(t *testing.T) {
	f := Forgetting("F", [][]float64{{1, 2}, {777, 3}})
	if svg := f.SVG(); strings.Contains(svg, "777") || strings.Contains(svg, "7.8e+02") {
		t.Error("an error on a task that had not come yet is shown")
	}
	if !math.IsNaN(f.cells.At(1, 0)) || f.cells.At(0, 1) != 2 {
		t.Error("the wrong half is hidden")
	}
}

func TestRankCounts(t *testing.T) {
	low, high := make([]float64, 100), make([]float64, 100)
	for i := range low {
		low[i], high[i] = float64(i), float64(1000+i)
	}
	g := Rank("R", [][]float64{low, high})
	first := g.panels[0].layers[0].ys[:20]
	for b, n := range first { // a chain that lies below fills the lower half
		if want := map[bool]float64{true: 10, false: 0}[b < 10]; n != want {
			t.Fatalf("counts %v", first)
		}
	}
}

// A long line keeps its ends and all that sticks out, and no more than four
// corners for each half pixel.
func TestLongLinesAreThinned(t *testing.T) {
	const n = 100_000
	pts := make([]vg.Point, n)
	for i := range pts {
		pts[i] = vg.Point{X: vg.Length(i) * 600 / n, Y: vg.Length(math.Sin(float64(i) / 3000))}
	}
	pts[777].Y, pts[55_555].Y = 9, -9
	out := thin(pts)
	if len(out) > 4*1200 || len(out) < 1200 || out[0] != pts[0] || out[len(out)-1] != pts[n-1] {
		t.Errorf("%d corners from %v to %v", len(out), out[0], out[len(out)-1])
	}
	has := map[vg.Point]bool{}
	for i, p := range out {
		has[p] = true
		if i > 0 && p.X < out[i-1].X {
			t.Fatalf("corner %d goes back", i)
		}
	}
	if !has[pts[777]] || !has[pts[55_555]] {
		t.Error("what sticks out is gone")
	}
	if short := pts[:500]; len(thin(short)) != 500 {
		t.Error("a short line was thinned")
	}
}
