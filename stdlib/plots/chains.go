package plots

import (
	"fmt"
	"math"
	"sort"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Trace shows the chains of a sampler for one quantity: their paths and,
// beside them, the distribution each has found. chains[c][i] is draw i.
func Trace(title string, chains [][]float64) *Figure {
	path, density := New(title).Labels("draw", "").NoKey(), New("distribution")
	for c, chain := range chains {
		x := make([]float64, len(chain))
		for i := range x {
			x[i] = float64(i)
		}
		label := fmt.Sprintf("chain %d", c+1)
		path.line(x, chain, label, fade(path.color(label), 0.75), 0.9, nil)
		density.Hist(chain, 30, label)
	}
	return Grid(2, path, density).Size(900, 300)
}

// Rank shows for each chain how its draws rank among all. Chains that have
// mixed give flat bars near the dashed line.
func Rank(title string, chains [][]float64) *Figure {
	type draw1 struct {
		v     float64
		chain int
	}
	var all []draw1
	for c, chain := range chains {
		for _, v := range chain {
			all = append(all, draw1{v, c})
		}
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].v < all[j].v })
	const bins = 20
	counts := make([][]float64, len(chains))
	for c := range counts {
		counts[c] = make([]float64, bins)
	}
	for r, d := range all {
		counts[d.chain][r*bins/len(all)]++
	}
	panels := make([]*Figure, len(chains))
	most := 0.0
	for _, row := range counts {
		for _, v := range row {
			most = math.Max(most, v)
		}
	}
	for c, row := range counts {
		f := New(fmt.Sprintf("chain %d", c+1)).Labels("rank, in twentieths", "").NoKey().YRange(0, math.Max(1, most*1.08))
		f.bars(row, palette[c%len(palette)], "", -0.5, 0.94)
		panels[c] = f.HLine(float64(len(chains[c]))/bins, "")
	}
	if len(panels) == 0 {
		return New(title)
	}
	return Grid(min(4, len(panels)), panels...).Title(title).Size(900, 220*math.Ceil(float64(len(panels))/4)+30)
}

// Forest shows one estimate on each line: a dot at its middle and a bar from
// lo to hi.
func Forest(title string, names []string, middle, lo, hi []float64) *Figure {
	n := len(names)
	for _, s := range [][]float64{middle, lo, hi} {
		if len(s) != n {
			panic(fmt.Sprintf("plots: Forest: %d names, but %d, %d and %d values", n, len(middle), len(lo), len(hi)))
		}
	}
	f := New(title).Size(560, float64(90+26*n)).YRange(-0.7, math.Max(0, float64(n)-1)+0.7)
	ticks := make(plot.ConstantTicks, n)
	for i, name := range names {
		ticks[i] = plot.Tick{Value: float64(n - 1 - i), Label: name}
	}
	f.p.Y.Tick.Marker = ticks
	c := f.color("estimate")
	ends := append(clone(lo), hi...)
	if n > 0 {
		from, to, _ := dataRange([]*layer{{xs: ends}}, 0, false)
		air := 0.04 * (to - from)
		ends = append(ends, from-air, to+air)
	}
	return f.add(&layer{z: zPoint, xs: ends,
		paint: func(cv draw.Canvas, at func(x, y float64) vg.Point, _ *plot.Plot) {
			for i := range n {
				y := float64(n - 1 - i)
				a, b, m := at(lo[i], y), at(hi[i], y), at(middle[i], y)
				if finitePoint(a) && finitePoint(b) {
					cv.StrokeLines(draw.LineStyle{Color: fade(c, 0.6), Width: 2.2}, cv.ClipLinesXY([]vg.Point{a, b})...)
				}
				if finitePoint(m) {
					cv.DrawGlyph(draw.GlyphStyle{Color: c, Radius: 3.6, Shape: draw.CircleGlyph{}}, m)
				}
			}
		}})
}
