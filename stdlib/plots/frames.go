package plots

import (
	"fmt"
	"image"
	"image/color"
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Frames shows strips of pictures, one strip for each row: []image.Image, or
// []*mat.Dense with values from 0 (black) to 1 (white). names stands at the
// left of the rows and may be nil.
func Frames(title string, names []string, rows ...any) *Figure {
	if names != nil && len(names) != len(rows) {
		panic(fmt.Sprintf("plots: Frames: %d names for %d rows", len(names), len(rows)))
	}
	strips := make([][]image.Image, len(rows))
	columns, w, h := 0, 1, 1
	for i, r := range rows {
		strips[i] = pictures(r)
		columns = max(columns, len(strips[i]))
		for _, p := range strips[i] {
			w, h = max(w, p.Bounds().Dx()), max(h, p.Bounds().Dy())
		}
	}
	f := New(title)
	f.bare = true
	left := vg.Length(0)
	sty := style(tickSize, false, ink)
	sty.XAlign, sty.YAlign = draw.XRight, draw.YCenter
	for _, n := range names {
		left = max(left, sty.Width(n)+8)
	}
	const page = 860 // the width of a page of JupyterLab with its side bar
	cell := math.Max(24, math.Min(96, (page-2*margin-float64(left))/float64(max(columns, 1))))
	cellH := cell * float64(h) / float64(w)
	top := 0.0
	if title != "" {
		top = float64(titleHeight(title, titleSize))
	}
	f.Size(math.Max(120, float64(left)+cell*float64(max(columns, 1))+2*margin), math.Max(60, cellH*float64(max(len(rows), 1))+top+2*margin+4))
	return f.add(&layer{z: zHeat, exact: true, xs: []float64{0, 1}, ys: []float64{0, 1},
		paint: func(cv draw.Canvas, _ func(x, y float64) vg.Point, _ *plot.Plot) {
			// A tile of a grid may have less room, or more.
			room := math.Min(float64(cv.Max.X-cv.Min.X-left)/(cell*float64(max(columns, 1))), float64(cv.Max.Y-cv.Min.Y)/(cellH*float64(max(len(rows), 1))))
			if !(room > 0) {
				return
			}
			cell, cellH := cell*room, cellH*room
			for i, strip := range strips {
				y1 := cv.Max.Y - vg.Length(float64(i)*cellH)
				if names != nil {
					cv.FillText(sty, vg.Point{X: cv.Min.X + left - 8, Y: y1 - vg.Length(cellH/2)}, names[i])
				}
				for k, p := range strip {
					x0 := cv.Min.X + left + vg.Length(float64(k)*cell)
					cv.DrawImage(vg.Rectangle{Min: vg.Point{X: x0 + 1, Y: y1 - vg.Length(cellH) + 1}, Max: vg.Point{X: x0 + vg.Length(cell) - 1, Y: y1 - 1}}, enlargeImage(p))
				}
			}
		}})
}

func pictures(row any) []image.Image {
	switch r := row.(type) {
	case []image.Image:
		return r
	case []*mat.Dense:
		out := make([]image.Image, len(r))
		for i, m := range r {
			out[i] = grayImage(m)
		}
		return out
	case []mat.Matrix:
		out := make([]image.Image, len(r))
		for i, m := range r {
			out[i] = grayImage(m)
		}
		return out
	}
	panic(fmt.Sprintf("plots: Frames: a row is a %T; give []image.Image or []*mat.Dense", row))
}

// grayImage paints a matrix with values from 0 to 1; beyond them it saturates.
func grayImage(m mat.Matrix) image.Image {
	r, c := m.Dims()
	img := image.NewGray(image.Rect(0, 0, c, r))
	for i := range r {
		for j := range c {
			if v := m.At(i, j); !math.IsNaN(v) {
				img.SetGray(j, i, color.Gray{Y: uint8(math.Round(255 * math.Max(0, math.Min(1, v))))})
			}
		}
	}
	return img
}

// enlargeImage repeats the pixels of small pictures, as enlarge does.
func enlargeImage(p image.Image) image.Image {
	b := p.Bounds()
	out := image.NewNRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	for y := range b.Dy() {
		for x := range b.Dx() {
			out.Set(x, y, p.At(b.Min.X+x, b.Min.Y+y))
		}
	}
	if b.Dx() > 100 || b.Dy() > 100 {
		return out
	}
	return enlargeBy(out, max(1, 128/max(b.Dx(), b.Dy())))
}
