package plots

import (
	"math"
	"reflect"
	"regexp"
	"strconv"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/plot/vg"
)

var svgImage = regexp.MustCompile(`<image x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"`)

// boxesOf are the places of the pictures in an SVG: left, top, right, bottom.
func boxesOf(t *testing.T, svg string) (out [][4]float64) {
	t.Helper()
	for _, m := range svgImage.FindAllStringSubmatch(svg, -1) {
		var v [4]float64
		for i := range v {
			v[i], _ = strconv.ParseFloat(m[i+1], 64)
		}
		out = append(out, [4]float64{v[0], v[1], v[0] + v[2], v[1] + v[3]})
	}
	if len(out) == 0 {
		t.Fatalf("no pictures in %.300s", svg)
	}
	return out
}

// Strips of pictures stay in their tile of a grid.
func TestFramesInAGrid(t *testing.T) {
	pic := mat.NewDense(2, 2, []float64{0, 1, 1, 0})
	strip := []*mat.Dense{pic, pic, pic, pic, pic, pic, pic, pic, pic, pic}
	g := Grid(2, Frames("many", []string{"a", "b"}, strip, strip), New("beside"), New("below"))
	for _, b := range boxesOf(t, g.SVG()) {
		if b[0] < 0 || b[2] > g.w/2 || b[3] > g.h/2 {
			t.Errorf("a picture at %v of a tile of %v by %v", b, g.w/2, g.h/2)
		}
		if w, h := b[2]-b[0], b[3]-b[1]; math.Abs(w-h) > 0.1 {
			t.Errorf("a square picture became %v by %v", w, h)
		}
	}
	alone := Frames("many", nil, strip)
	for i, b := range boxesOf(t, alone.SVG()) {
		if w := (alone.w - 2*margin) / 10; math.Abs(b[0]-(margin+w*float64(i)+1)) > 0.1 {
			t.Errorf("picture %d alone stands at %v", i, b)
		}
	}
}

// The bar of y ± e spans what the axis says it does.
func TestErrorBarsSpan(t *testing.T) {
	f := New("").ErrorBars([]float64{0, 1, 2}, []float64{5, 5, 5}, []float64{2, 2, math.NaN()}, "").XRange(-1, 3).YRange(0, 10)
	left, top, right, bottom := f.Area()
	y := func(v float64) float64 { return bottom - (bottom-top)*v/10 }
	x := left + (right-left)*0.25
	strokes := regexp.MustCompile(`<path d="M([\d.]+) ([\d.]+)l0(-?[\d.]+)"`).FindAllStringSubmatch(f.SVG(), -1)
	found := 0
	for _, s := range strokes {
		var v [3]float64
		for i := range v {
			v[i], _ = strconv.ParseFloat(s[i+1], 64)
		}
		if math.Abs(v[0]-x) < 0.2 && math.Abs(v[1]-y(3)) < 0.2 && math.Abs(v[1]+v[2]-y(7)) < 0.2 {
			found++
		}
	}
	if found != 1 {
		t.Errorf("no bar at %.1f from %.1f to %.1f among %q", x, y(3), y(7), strokes)
	}
	if all := New("").ErrorBars([]float64{0}, []float64{5}, []float64{2}, ""); all.layers[0].ys[1] != 3 || all.layers[0].ys[2] != 7 {
		t.Errorf("the axis must span %v", all.layers[0].ys)
	}
}

func TestScatterColours(t *testing.T) {
	f := New("").Scatter(x5, y5, "first").Scatter(x5, sd5, "first").Line(x5, y5, "line").Scatter(x5, y5, "second")
	if got := f.dataColor("first"); got != ink {
		t.Errorf("the first points are %v", got)
	}
	if a, b := f.dataColor("second"), f.dataColor("line"); a == ink || a == b || b != palette[0] {
		t.Errorf("second points %v, points of the line %v", a, b)
	}
}

// The five numbers of a box, by hand: quartiles lie between neighbours.
func TestBoxOf(t *testing.T) {
	b := boxOf([]float64{4, 1, 3, 2, 100, math.NaN(), math.Inf(1)})
	if b.lower != 2 || b.median != 3 || b.upper != 4 || b.lo != 1 || b.hi != 4 || len(b.sorted) != 5 {
		t.Errorf("%+v", b)
	}
	if b = boxOf([]float64{1, 2, 3, 4}); b.lower != 1.75 || b.median != 2.5 || b.upper != 3.25 {
		t.Errorf("%+v", b)
	}
	if b = boxOf([]float64{7}); b.lower != 7 || b.hi != 7 {
		t.Errorf("%+v", b)
	}
}

func TestCountsCount(t *testing.T) {
	f := New("").Counts([]float64{0, 0.1, 0.2, 1, math.NaN()}, 2, "")
	if got, want := f.layers[0].ys, []float64{3, 1, 0}; !reflect.DeepEqual(got, want) {
		t.Errorf("heights %v, want %v", got, want)
	}
}

func TestCellEdges(t *testing.T) {
	if got, want := cellEdges("x", []float64{0, 1, 3}), []float64{-0.5, 0.5, 2, 4}; !reflect.DeepEqual(got, want) {
		t.Errorf("edges %v, want %v", got, want)
	}
	nan := vg.Length(math.NaN())
	for _, c := range []struct {
		borders    []vg.Length
		from, to   vg.Length
		cells      []int
		begin, end vg.Length
	}{
		{[]vg.Length{0, 1, 3}, 0, 3, []int{0, 0, 1, 1, 1, 1}, 0, 3},
		{[]vg.Length{0, 1, 3}, 2, 9, []int{1, 1}, 2, 3},
		{[]vg.Length{nan, 1, 2}, 0, 3, []int{0, 0, 1, 1}, 0, 2},
		{[]vg.Length{0, 1}, 5, 6, nil, 0, 0},
		{[]vg.Length{nan, nan}, 5, 6, nil, 0, 0},
	} {
		cells, begin, end := dots(c.borders, c.from, c.to)
		if !reflect.DeepEqual(cells, c.cells) || begin != c.begin || end != c.end {
			t.Errorf("dots(%v, %v, %v) = %v, %v, %v", c.borders, c.from, c.to, cells, begin, end)
		}
	}
}

// A colour says the same value whatever part of the scale is shown.
func TestColorRange(t *testing.T) {
	m := mat.NewDense(1, 3, []float64{-1, 0, 4})
	f := New("").Heat(m)
	if s := f.scale(); s.lo != -4 || s.hi != 4 {
		t.Errorf("both signs reach from %v to %v", s.lo, s.hi)
	}
	white := f.scale().color(0)
	s := New("").ColorRange(-1, 2).Heat(m).scale()
	if s.lo != -1 || s.hi != 2 || s.color(0) != white || s.color(9) != s.color(2) || s.color(2) == s.color(1) {
		t.Errorf("%+v: zero is %v, not %v", s, s.color(0), white)
	}
	p := New("").ScatterBy(x5, y5, []float64{-1, 0, 1, 2, 3}, "").scale()
	if p.reach != 0 || p.lo != -1 || p.hi != 3 || p.color(-1) != sequential[0] {
		t.Errorf("points: %+v", p)
	}
}

func TestSD(t *testing.T) {
	if got := SD([]float64{4, 0}); got[0] != 2 || got[1] != 0 {
		t.Errorf("%v", got)
	}
}

// A row of a grid leaves no room for the keys of another.
func TestRowsOfAGridHaveTheirOwnHeads(t *testing.T) {
	axis := regexp.MustCompile(`<path d="M([\d.]+) [\d.]+l0-([\d.]+)"`) // the vertical axes
	longest := func(f *Figure) (out []float64) {
		for _, m := range axis.FindAllStringSubmatch(f.SVG(), -1) {
			if v, _ := strconv.ParseFloat(m[2], 64); v > 40 {
				out = append(out, v)
			}
		}
		return out
	}
	plainLine := func() *Figure { return New("t").Line(x5, y5, "") }
	without := longest(Grid(1, plainLine(), plainLine()))
	with := longest(Grid(1, New("t").Line(x5, y5, "a").Line(x5, sd5, "b"), plainLine()))
	if len(without) != 2 || len(with) != 2 || with[1] != without[1] || with[0] >= without[0]-keyRow/2 {
		t.Errorf("axes %v without a key, %v with one in the first row", without, with)
	}
}
