package plots

import (
	"fmt"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Hist draws the distribution of values as a density, with area one, over the
// given number of bins; 0 chooses one. Several with different labels lie over
// one another. Counts has numbers of values for heights.
func (f *Figure) Hist(values []float64, bins int, label string) *Figure {
	edges, density := histogram(values, bins)
	return f.histogram(edges, density, label)
}

// Counts draws how many values fall into each of the given number of bins; 0
// chooses one. Hist draws the same as a density.
func (f *Figure) Counts(values []float64, bins int, label string) *Figure {
	edges, density := histogram(values, bins)
	n := 0.0
	for _, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			n++
		}
	}
	for i := range density {
		density[i] = math.Round(density[i] * n * (edges[i+1] - edges[i]))
	}
	return f.histogram(edges, density, label)
}

func (f *Figure) histogram(edges, density []float64, label string) *Figure {
	c := f.color(label)
	fill := fade(c, 0.3)
	outline := draw.LineStyle{Color: c, Width: 1.3}
	return f.add(&layer{z: zBand, label: label, xs: edges, ys: append(clone(density), 0), fromZero: true,
		paint: func(cv draw.Canvas, at func(x, y float64) vg.Point, p *plot.Plot) {
			var line []vg.Point
			for i, d := range density {
				line = append(line, at(edges[i], d), at(edges[i+1], d))
			}
			if len(line) == 0 {
				return
			}
			first, last := at(edges[0], p.Y.Min), at(edges[len(edges)-1], p.Y.Min)
			cv.FillPolygon(fill, cv.ClipPolygonXY(append(append([]vg.Point{first}, line...), last)))
			cv.StrokeLines(outline, cv.ClipLinesXY(append(append([]vg.Point{first}, line...), last))...)
		},
		swatch: func(cv draw.Canvas) {
			cv.FillPolygon(fill, corners(cv))
			cv.StrokeLines(outline, append(corners(cv), cv.Min))
		}})
}

// histogram counts the finite values; without any it is empty.
func histogram(values []float64, bins int) (edges, density []float64) {
	lo, hi, n := math.Inf(1), math.Inf(-1), 0
	for _, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			lo, hi, n = math.Min(lo, v), math.Max(hi, v), n+1
		}
	}
	if n == 0 {
		return nil, nil
	}
	if lo == hi {
		lo, hi = lo-0.5, hi+0.5
	}
	if bins < 1 {
		bins = min(60, max(8, int(math.Ceil(2*math.Cbrt(float64(n)))))) // more would show chance
	}
	width := (hi - lo) / float64(bins)
	density = make([]float64, bins)
	for i := 0; i <= bins; i++ {
		edges = append(edges, lo+width*float64(i))
	}
	for _, v := range values {
		if v >= lo && v <= hi {
			density[min(bins-1, int((v-lo)/width))] += 1 / (float64(n) * width)
		}
	}
	return edges, density
}

// Stems draws a thin stem with a dot for each value, against its index: the
// coefficients of a memory, the weights of an expansion.
func (f *Figure) Stems(values []float64, label string) *Figure {
	c := f.color(label)
	line := draw.LineStyle{Color: c, Width: 1.3}
	dot := draw.GlyphStyle{Color: c, Radius: 2.4, Shape: draw.CircleGlyph{}}
	x := make([]float64, len(values))
	for i := range x {
		x[i] = float64(i)
	}
	values = clone(values)
	return f.add(&layer{z: zLine, label: label, xs: append(clone(x), -0.5, float64(len(x))-0.5), ys: append(clone(values), 0),
		paint: func(cv draw.Canvas, at func(x, y float64) vg.Point, p *plot.Plot) {
			zero := math.Max(p.Y.Min, math.Min(p.Y.Max, 0))
			for i, v := range values {
				top, foot := at(x[i], v), at(x[i], zero)
				if !finitePoint(top) {
					continue
				}
				cv.StrokeLines(line, cv.ClipLinesXY([]vg.Point{foot, top})...)
				cv.DrawGlyph(dot, top)
			}
		},
		swatch: func(cv draw.Canvas) {
			lineSwatch(line)(cv)
			cv.DrawGlyphNoClip(dot, cv.Center())
		}})
}

// GroupedBars draws for each name one bar of each series, side by side:
// values[s][i] belongs to series s and name i.
func (f *Figure) GroupedBars(names, series []string, values [][]float64) *Figure {
	if len(values) != len(series) {
		panic(fmt.Sprintf("plots: GroupedBars: %d series but %d rows of values", len(series), len(values)))
	}
	f.nameTicks(names)
	share := 0.8 / float64(max(1, len(series)))
	for s, row := range values {
		if len(row) != len(names) {
			panic(fmt.Sprintf("plots: GroupedBars: series %q has %d values for %d names", series[s], len(row), len(names)))
		}
		f.bars(row, f.color(series[s]), series[s], -0.4+share*float64(s), share*0.92)
	}
	return f
}

// bars adds a layer of bars, each beginning offset beside its place.
func (f *Figure) bars(values []float64, fill fillColor, label string, offset, width float64) *Figure {
	values = clone(values)
	return f.add(&layer{z: zBand, label: label, xs: []float64{-0.6, float64(len(values)) - 0.4}, ys: append(clone(values), 0), fromZero: true,
		paint: func(cv draw.Canvas, at func(x, y float64) vg.Point, p *plot.Plot) {
			base := math.Max(p.Y.Min, math.Min(p.Y.Max, 0))
			for i, v := range values {
				a, b := at(float64(i)+offset, base), at(float64(i)+offset+width, v)
				if finitePoint(a) && finitePoint(b) {
					cv.FillPolygon(fill, cv.ClipPolygonXY([]vg.Point{a, {X: b.X, Y: a.Y}, b, {X: a.X, Y: b.Y}}))
				}
			}
		},
		swatch: func(cv draw.Canvas) { cv.FillPolygon(fill, corners(cv)) }})
}
