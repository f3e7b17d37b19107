package plots

import (
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

func clone(x []float64) []float64 { return append([]float64(nil), x...) }

func finitePoint(p vg.Point) bool {
	x, y := float64(p.X), float64(p.Y)
	return !math.IsNaN(x) && !math.IsNaN(y) && !math.IsInf(x, 0) && !math.IsInf(y, 0)
}

// runs lists the stretches [from, to) of 0..n-1 on which ok holds.
func runs(n int, ok func(i int) bool) [][2]int {
	var out [][2]int
	start := -1
	for i := 0; i <= n; i++ {
		good := i < n && ok(i)
		if good && start < 0 {
			start = i
		}
		if !good && start >= 0 {
			out, start = append(out, [2]int{start, i}), -1
		}
	}
	return out
}

// stroke draws a line with gaps where it is not finite, cut at the canvas.
func stroke(c draw.Canvas, sty draw.LineStyle, at func(x, y float64) vg.Point, x, y []float64) {
	pts := make([]vg.Point, len(x))
	for i := range x {
		pts[i] = at(x[i], y[i])
	}
	for _, r := range runs(len(pts), func(i int) bool { return finitePoint(pts[i]) }) {
		c.StrokeLines(sty, c.ClipLinesXY(thin(pts[r[0]:r[1]]))...)
	}
}

// thin leaves out of a long line what cannot be seen: of neighbours within half
// a pixel of the page's width it keeps the first, the lowest, the highest and
// the last. The loss of a hundred thousand steps is then no larger than that of
// a few thousand.
func thin(pts []vg.Point) []vg.Point {
	const few = 600
	if len(pts) <= few {
		return pts
	}
	column := func(p vg.Point) float64 { return math.Floor(2 * p.X.Points()) }
	var out []vg.Point
	for i := 0; i < len(pts); {
		low, high, end := i, i, i+1
		for ; end < len(pts) && column(pts[end]) == column(pts[i]); end++ {
			if pts[end].Y < pts[low].Y {
				low = end
			}
			if pts[end].Y > pts[high].Y {
				high = end
			}
		}
		kept := []int{i, min(low, high), max(low, high), end - 1}
		for k, at := range kept {
			if k == 0 || at != kept[k-1] {
				out = append(out, pts[at])
			}
		}
		i = end
	}
	return out
}

func lineSwatch(sty draw.LineStyle) func(draw.Canvas) {
	return func(c draw.Canvas) {
		y := c.Center().Y
		c.StrokeLine2(sty, c.Min.X, y, c.Max.X, y)
	}
}

func corners(c draw.Canvas) []vg.Point {
	return []vg.Point{c.Min, {X: c.Max.X, Y: c.Min.Y}, c.Max, {X: c.Min.X, Y: c.Max.Y}}
}

// Area is where the data stand, in pixels from the left and the upper edge of
// the picture, as it is laid out with what the figure holds now.
func (f *Figure) Area() (left, top, right, bottom float64) {
	f.single("Area")
	c := draw.Crop(draw.New(newSVG(f.w, f.h, Light)), margin, -margin, margin, -margin)
	if !f.foreign {
		c = f.drawHead(c, 0)
		if f.bar != nil {
			c = f.bar.draw(c, f)
		}
		c = f.ready(c).DataCanvas(c)
	} else {
		c = f.p.DataCanvas(c)
	}
	return c.Min.X.Points(), f.h - c.Max.Y.Points(), c.Max.X.Points(), f.h - c.Min.Y.Points()
}
