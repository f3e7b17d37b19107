package plots

import (
	"fmt"
	"image"
	"image/color"
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Heat draws a matrix as coloured cells, row 0 at the top, with a colour bar.
// Values of one sign run from dark to light; values of both signs run from
// blue through white to vermilion with white at zero, as suits a covariance.
func (f *Figure) Heat(m mat.Matrix) *Figure {
	r, c := m.Dims()
	if r == 0 || c == 0 {
		panic(fmt.Sprintf("plots: Heat: the matrix is %d by %d; there is nothing to draw", r, c))
	}
	lo, hi := extent(r*c, func(i int) float64 { return m.At(i/c, i%c) })
	f.own()
	f.bar, f.cells = &colorBar{lo: lo, hi: hi}, m
	f.p.Y.Tick.Marker = rowTicks{r}
	if f.w == defaultWidth && f.h == defaultHeight {
		f.w, f.h = heatSize(r, c)
	}
	return f.add(&layer{z: zHeat, exact: true, xs: []float64{-0.5, float64(c) - 0.5}, ys: []float64{-0.5, float64(r) - 0.5},
		paint: func(cv draw.Canvas, at func(x, y float64) vg.Point, _ *plot.Plot) {
			scale := f.scale()
			img := image.NewNRGBA(image.Rect(0, 0, c, r))
			for i := range r {
				for j := range c {
					img.SetNRGBA(j, i, scale.color(m.At(i, j)))
				}
			}
			cv.DrawImage(vg.Rectangle{Min: at(-0.5, -0.5), Max: at(float64(c)-0.5, float64(r)-0.5)}, enlarge(img))
		}})
}

// extent is the least and the greatest finite value that at gives for 0..n-1.
func extent(n int, at func(i int) float64) (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for i := range n {
		if v := at(i); !math.IsNaN(v) && !math.IsInf(v, 0) {
			lo, hi = math.Min(lo, v), math.Max(hi, v)
		}
	}
	if lo > hi {
		return 0, 1
	}
	return lo, hi
}

// HeatValues writes the numbers into the cells of the heat map, each with the
// given format, such as "%.2f".
func (f *Figure) HeatValues(format string) *Figure {
	if f.cells == nil {
		panic("plots: HeatValues without a heat map; call Heat first")
	}
	m := f.cells
	r, c := m.Dims()
	dark, light := style(tickSize-1, false, fixedInk(ink)), style(tickSize-1, false, fixedInk(background))
	for _, s := range []*text.Style{&dark, &light} {
		s.XAlign, s.YAlign = draw.XCenter, draw.YCenter
	}
	return f.add(&layer{z: zTop, paint: func(cv draw.Canvas, at func(x, y float64) vg.Point, _ *plot.Plot) {
		scale := f.scale()
		for i := range r {
			for j := range c {
				v := m.At(i, j)
				if math.IsNaN(v) {
					continue
				}
				sty := dark
				if k := scale.color(v); 3*int(k.R)+6*int(k.G)+int(k.B) < 1280 { // a dark cell
					sty = light
				}
				cv.FillText(sty, at(float64(j), float64(r-1-i)), fmt.Sprintf(format, v))
			}
		}
	}})
}

// HeatNames labels the rows and columns of the heat map; nil leaves numbers.
func (f *Figure) HeatNames(rows, columns []string) *Figure {
	if f.cells == nil {
		panic("plots: HeatNames without a heat map; call Heat first")
	}
	r, c := f.cells.Dims()
	if rows != nil && len(rows) != r || columns != nil && len(columns) != c {
		panic(fmt.Sprintf("plots: HeatNames: %d and %d names for a matrix of %d by %d", len(rows), len(columns), r, c))
	}
	if rows != nil {
		ticks := make(plot.ConstantTicks, r)
		for i, n := range rows {
			ticks[i] = plot.Tick{Value: float64(r - 1 - i), Label: n}
		}
		f.p.Y.Tick.Marker = ticks
	}
	if columns != nil {
		ticks := make(plot.ConstantTicks, c)
		for j, n := range columns {
			ticks[j] = plot.Tick{Value: float64(j), Label: n}
		}
		f.p.X.Tick.Marker = ticks
		if c > 6 { // names would run into one another
			f.p.X.Tick.Label.Rotation = math.Pi / 4
			f.p.X.Tick.Label.XAlign, f.p.X.Tick.Label.YAlign = draw.XRight, draw.YCenter
		}
	}
	return f
}

// heatSize keeps the cells of a matrix about square.
func heatSize(r, c int) (w, h float64) {
	w, h = 400, 400*float64(r)/float64(c)
	if h > 400 {
		w, h = 400*400/h, 400
	}
	return math.Max(w, 160) + 130, math.Max(h, 120) + 60
}

// enlarge repeats the cells of a small picture, so that raster formats that
// smooth when they scale keep sharp edges.
func enlarge(img *image.NRGBA) *image.NRGBA {
	b := img.Bounds()
	return enlargeBy(img, min(16, 400/max(b.Dx(), b.Dy())))
}

func enlargeBy(img *image.NRGBA, k int) *image.NRGBA {
	b := img.Bounds()
	if k <= 1 {
		return img
	}
	out := image.NewNRGBA(image.Rect(0, 0, b.Dx()*k, b.Dy()*k))
	for y := range b.Dy() * k {
		for x := range b.Dx() * k {
			out.SetNRGBA(x, y, img.NRGBAAt(x/k, y/k))
		}
	}
	return out
}

// rowTicks labels rows from the top.
type rowTicks struct{ rows int }

// Ticks satisfies plot.Ticker.
func (t rowTicks) Ticks(lo, hi float64) []plot.Tick {
	top := float64(t.rows - 1)
	var out []plot.Tick
	for _, k := range (niceTicks{whole: true}).Ticks(top-hi, top-lo) {
		out = append(out, plot.Tick{Value: top - k.Value, Label: k.Label})
	}
	return out
}

// scale maps values from lo to hi to colours; those of two signs are placed
// on stops that reach equally far to both sides of zero.
type scale struct {
	lo, hi float64
	reach  float64 // of the stops round zero; 0 when they run from lo to hi
	stops  []color.NRGBA
}

// sequential approximates the perceptually even map "viridis" by nine stops;
// diverging is Okabe and Ito's blue and vermilion round white.
var (
	sequential = []color.NRGBA{{0x44, 0x01, 0x54, 255}, {0x47, 0x2d, 0x7b, 255}, {0x3b, 0x52, 0x8b, 255}, {0x2c, 0x72, 0x8e, 255},
		{0x21, 0x91, 0x8c, 255}, {0x28, 0xae, 0x80, 255}, {0x5e, 0xc9, 0x62, 255}, {0xad, 0xdc, 0x30, 255}, {0xfd, 0xe7, 0x25, 255}}
	diverging = []color.NRGBA{{0x00, 0x45, 0x7d, 255}, {0x00, 0x72, 0xb2, 255}, {0x8c, 0xc0, 0xe0, 255}, {0xfa, 0xfa, 0xfa, 255},
		{0xf2, 0xb4, 0x8a, 255}, {0xd5, 0x5e, 0x00, 255}, {0x8a, 0x3a, 0x00, 255}}
)

func newScale(lo, hi float64) scale {
	if lo == hi {
		d := math.Max(math.Abs(lo)*0.1, 0.5)
		return scale{lo: lo - d, hi: hi + d, stops: sequential}
	}
	if lo < -1e-3*hi && hi > -1e-3*lo {
		m := math.Max(-lo, hi)
		return scale{lo: -m, hi: m, reach: m, stops: diverging}
	}
	return scale{lo: lo, hi: hi, stops: sequential}
}

func (s scale) color(v float64) color.NRGBA {
	if math.IsNaN(v) {
		return color.NRGBA{0xc8, 0xc8, 0xc8, 255}
	}
	from, to := s.lo, s.hi
	if s.reach > 0 {
		from, to = -s.reach, s.reach
	}
	t := (math.Max(s.lo, math.Min(s.hi, v)) - from) / (to - from) * float64(len(s.stops)-1)
	i := max(0, min(int(t), len(s.stops)-2))
	a, b, u := s.stops[i], s.stops[i+1], t-float64(i)
	mix := func(p, q uint8) uint8 { return uint8(math.Round(float64(p)*(1-u) + float64(q)*u)) }
	return color.NRGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 255}
}
