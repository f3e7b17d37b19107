package plots

import (
	"fmt"
	"image"
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// HeatXY draws a function of two variables as colours: m has a row for each
// value of y and a column for each value of x, and the axes show x and y, both
// growing. Colours are those of Heat. The cells meet half way between
// neighbouring values, which need not be evenly spaced.
func (f *Figure) HeatXY(x, y []float64, m mat.Matrix) *Figure {
	r, c := m.Dims()
	if r != len(y) || c != len(x) || r == 0 || c == 0 {
		panic(fmt.Sprintf("plots: HeatXY: x has %d values and y %d, but the matrix is %d by %d; it needs a row for each y and a column for each x", len(x), len(y), r, c))
	}
	xs, ys := cellEdges("x", x), cellEdges("y", y)
	lo, hi := extent(r*c, func(i int) float64 { return m.At(i/c, i%c) })
	f.own()
	f.bar = &colorBar{lo: lo, hi: hi}
	return f.add(&layer{z: zHeat, exact: true, xs: xs, ys: ys,
		paint: func(cv draw.Canvas, at func(x, y float64) vg.Point, _ *plot.Plot) {
			// Drawn dot by dot: cells may be uneven, an axis logarithmic, a range fixed.
			var across, up []vg.Length
			for _, v := range xs {
				across = append(across, at(v, ys[r]).X)
			}
			for _, v := range ys {
				up = append(up, at(xs[c], v).Y)
			}
			cols, x0, x1 := dots(across, cv.Min.X, cv.Max.X)
			rows, y0, y1 := dots(up, cv.Min.Y, cv.Max.Y)
			if len(cols) == 0 || len(rows) == 0 {
				return
			}
			scale := f.scale()
			img := image.NewNRGBA(image.Rect(0, 0, len(cols), len(rows)))
			for i, row := range rows {
				for j, col := range cols {
					img.SetNRGBA(j, len(rows)-1-i, scale.color(m.At(row, col)))
				}
			}
			cv.DrawImage(vg.Rectangle{Min: vg.Point{X: x0, Y: y0}, Max: vg.Point{X: x1, Y: y1}}, img)
		}})
}

// cellEdges are the borders of cells round growing values, half way between
// neighbours.
func cellEdges(name string, v []float64) []float64 {
	edges := make([]float64, len(v)+1)
	for i := range v {
		if math.IsNaN(v[i]) || math.IsInf(v[i], 0) || i > 0 && v[i] <= v[i-1] {
			panic(fmt.Sprintf("plots: HeatXY: %s[%d] is %v; the values must be finite and grow", name, i, v[i]))
		}
		if i > 0 {
			edges[i] = (v[i-1] + v[i]) / 2
		}
	}
	n := len(v)
	if n == 1 {
		return []float64{v[0] - 0.5, v[0] + 0.5}
	}
	edges[0], edges[n] = v[0]-(v[1]-v[0])/2, v[n-1]+(v[n-1]-v[n-2])/2
	return edges
}

// dots divides what is seen of a row of cells, whose growing borders are given
// in points, into dots of half a point, and says which cell each lies in. A
// border that is not a number, as below zero on a logarithmic axis, lies beyond
// the beginning.
func dots(borders []vg.Length, from, to vg.Length) (cells []int, begin, end vg.Length) {
	first := 0
	for first < len(borders) && math.IsNaN(float64(borders[first])) {
		first++
	}
	if first == len(borders) {
		return nil, 0, 0
	}
	begin, end = max(from, borders[first]), min(to, borders[len(borders)-1])
	if first > 0 {
		begin = from
	}
	if !(end > begin) {
		return nil, 0, 0
	}
	n := max(1, int(math.Round(2*float64(end-begin))))
	cell := max(0, first-1)
	for i := range n {
		p := begin + (end-begin)*(vg.Length(i)+0.5)/vg.Length(n)
		for cell+2 < len(borders) && !(p < borders[cell+1]) {
			cell++
		}
		cells = append(cells, cell)
	}
	return cells, begin, end
}
