package plots

import (
	"bytes"
	"strings"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgpdf"
)

// pdfCanvas works round two limits of the PDF writer: it registers bold fonts
// under a name it does not find again, and has no sign for U+2212, the minus.
type pdfCanvas struct{ *vgpdf.Canvas }

// FillString draws text.
func (c pdfCanvas) FillString(f font.Face, pt vg.Point, s string) {
	if f.Font.Weight == xfont.WeightBold {
		f.Font.Weight, f.Font.Variant = xfont.WeightNormal, f.Font.Variant+"Bold"
	}
	c.Canvas.FillString(f, pt, strings.ReplaceAll(s, "−", "-"))
}

func (f *Figure) pdf() ([]byte, error) {
	c := pdfCanvas{vgpdf.New(vg.Length(f.w), vg.Length(f.h))}
	t := Light
	if f.theme > 0 {
		t = f.themeOf()
	}
	f.draw(painted(c, t))
	var buf bytes.Buffer
	_, err := c.WriteTo(&buf)
	return buf.Bytes(), err
}
