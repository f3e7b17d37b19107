package lab

import (
	"errors"
	"fmt"
	"image"
	"math"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/priorlab/priorlab/stdlib/plots"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/plot"
)

type htmlOnly struct{}

func (htmlOnly) HTML() string { return "<b>x</b>" }

type many struct{}

func (*many) SVG() string          { return "<svg/>" }
func (*many) PNG() ([]byte, error) { panic("a picture with an SVG form was drawn as PNG too") }
func (*many) Markdown() []byte     { return []byte("**m**") }
func (*many) JSON() any            { return map[string]int{"a": 1} }
func (*many) String() string       { return "many" }
func (*many) Latex(x int) string   { return "not a display method" }
func (*many) MIMEBundle() any      { return map[string]any{"x/y": "z"} }

type noForm struct{}

func (noForm) PNG() ([]byte, error) { return nil, errors.New("no raster today") }

type broken struct{}

func (broken) HTML() string { panic("kaputt") }

type brokenString struct{ A int }

func (brokenString) String() string { panic(errors.New("no text")) }

type pair2 struct {
	Name  string
	Score float64
	Took  time.Duration
	inner int
}

func TestRenderForms(t *testing.T) {
	for _, c := range []struct {
		name string
		v    any
		mime string
		want string // substring of that form
	}{
		{"int", 42, mimeText, "42"},
		{"large int", 4054496, mimeText, "4054496"},
		{"largest uint", uint64(math.MaxUint64), mimeText, "18446744073709551615"},
		{"ints", []int64{math.MinInt64, 123456789}, mimeText, "-9223372036854775808, 123456789"},
		{"float", 0.5, mimeText, "0.5"},
		{"string", "a <b>", mimeText, "a <b>"},
		{"nil", nil, mimeText, "nil"},
		{"nil pointer", (*many)(nil), mimeText, "*lab.many(nil)"},
		{"error", errors.New("bad"), mimeText, "bad"},
		{"duration", 90 * time.Second, mimeText, "1m30s"},
		{"html method", htmlOnly{}, mimeHTML, "<b>x</b>"},
		{"html method text", htmlOnly{}, mimeText, "lab.htmlOnly"},
		{"HTML", HTML("<i>"), mimeHTML, "<i>"},
		{"Markdown", Markdown("# h"), mimeMarkdown, "# h"},
		{"Markdown text", Markdown("# h"), mimeText, "# h"},
		{"Latex", Latex(`\alpha`), mimeLatex, `$$\alpha$$`},
		{"Latex with marks", Latex(`$x$`), mimeLatex, `$x$`},
		{"SVG", SVG("<svg/>"), mimeSVG, "<svg/>"},
		{"svg method", &many{}, mimeSVG, "<svg/>"},
		{"bytes method", &many{}, mimeMarkdown, "**m**"},
		{"own mime", &many{}, "x/y", "z"},
		{"method that failed", noForm{}, mimeText, "lab.noForm cannot be shown as it asks: PNG() of lab.noForm: no raster today"},
		{"panic", broken{}, mimeText, "HTML() of lab.broken: panicked: kaputt"},
		{"panic in String", brokenString{1}, mimeText, "lab.brokenString (panicked: no text)"},
		{"matrix", mat.NewDense(2, 2, []float64{1, 2.5, 3, 4}), mimeText, "mat.Dense 2 × 2"},
		{"matrix html", mat.NewDense(2, 2, []float64{1, 2.5, 3, 4}), mimeHTML, ">2.5<"},
		{"vector", mat.NewVecDense(3, []float64{1, 2, 3}), mimeText, "mat.VecDense 3 × 1"},
		{"matrix itself", *mat.NewDense(2, 2, []float64{1, 2.5, 3, 4}), mimeText, "mat.Dense 2 × 2"},
		{"figure itself", *plots.New("T"), mimeSVG, "<svg"},
		{"pointer's text", *big.NewInt(12345), mimeText, "12345"},
		{"plot", plot.New(), mimeSVG, "<svg"},
		{"figure", plots.New("T"), mimeSVG, "<svg"},
		{"figure text", plots.New("T"), mimeText, "figure: T"},
		{"image", image.NewGray(image.Rect(0, 0, 3, 2)), mimeText, "image 3 x 2"},
		{"structs", []pair2{{"a<b", 1.5, time.Second, 1}}, mimeHTML, "a&lt;b"},
		{"struct pointers", []*pair2{{"a", 1.5, time.Second, 1}, nil}, mimeText, "Score"},
		{"rectangle", [][]float64{{1, 2}, {3, 4}}, mimeText, "[][]float64 2 × 2"},
		{"ragged", [][]float64{{1, 2}, {3}}, mimeText, "[][]float64{{1, 2}, {3}}"},
		{"bytes", []byte("hi"), mimeText, `[]uint8("hi")`},
		{"func", func(int) string { return "" }, mimeText, "func(int) string"},
		{"struct", pair2{"n", 2, 0, 3}, mimeText, `lab.pair2{Name: "n", Score: 2, Took: 0s, inner: 3}`},
		{"map", map[string]int{"b": 1, "a": 2}, mimeText, `map[string]int{"a": 2, "b": 1}`},
		{"map of numbers in order", map[int]bool{10: true, 9: false}, mimeText, "9: false, 10: true"},
	} {
		b := Render(c.v)
		got, ok := b.Data[c.mime].(string)
		if !ok || !strings.Contains(got, c.want) {
			t.Errorf("%s: form %s is %q, want %q in it", c.name, c.mime, got, c.want)
		}
		if _, ok := b.Data[mimeText].(string); !ok {
			t.Errorf("%s: no text form", c.name)
		}
	}
}

func TestRenderMany(t *testing.T) {
	if got := Render(1, "a", nil).text(); got != "1  a" {
		t.Errorf("value and nil error: %q", got)
	}
	if got := Render(1, errors.New("bad")).text(); got != "1  bad" {
		t.Errorf("value and error: %q", got)
	}
	if len(Render().Data) != 0 {
		t.Error("no values gave something")
	}
	b := Render("<", htmlOnly{})
	if h, _ := b.Data[mimeHTML].(string); !strings.Contains(h, "&lt;") || !strings.Contains(h, "<b>x</b>") {
		t.Errorf("mixed values: %q", h)
	}
}

func TestRenderImage(t *testing.T) {
	b := Render(image.NewGray(image.Rect(0, 0, 3, 2)))
	raw, ok := b.Data[mimePNG].([]byte)
	if !ok || string(raw[1:4]) != "PNG" {
		t.Fatalf("no PNG: %v", b.Data)
	}
	if want := map[string]any{"width": 3, "height": 2}; !reflect.DeepEqual(b.Metadata[mimePNG], want) {
		t.Errorf("metadata %v, want %v", b.Metadata[mimePNG], want)
	}
	if got := Render(image.NewGray(image.Rectangle{})).text(); !strings.Contains(got, "empty") {
		t.Errorf("empty image: %q", got)
	}
}

func TestMatrixEllipsis(t *testing.T) {
	m := mat.NewDense(100, 50, nil)
	m.Set(99, 49, -7)
	text := Render(m).text()
	for _, want := range []string{"100 × 50", "⋮", "…", "⋱", "-7", "99"} {
		if !strings.Contains(text, want) {
			t.Errorf("text lacks %q:\n%s", want, text)
		}
	}
	if n := strings.Count(text, "\n"); n > maxTableRows+3 {
		t.Errorf("%d lines", n)
	}
	odd := Render(mat.NewDense(1, 3, []float64{math.NaN(), math.Inf(1), 1e-9})).text()
	if !strings.Contains(odd, "NaN") || !strings.Contains(odd, "+Inf") || !strings.Contains(odd, "1.0000e-09") {
		t.Errorf("odd numbers:\n%s", odd)
	}
}

func TestFormatColumn(t *testing.T) {
	for _, c := range []struct {
		in   []float64
		want string
	}{
		{[]float64{1, 20, -3}, "1 20 -3"},
		{[]float64{1.5, 20.25}, "1.50 20.25"},
		{[]float64{0.001234, 0.5}, "0.00123 0.50000"},
		{[]float64{1e7, 1.5}, "1.0000e+07 1.5000e+00"},
		{[]float64{1366.123, 1365.9}, "1366.1 1365.9"},
	} {
		if got := strings.Join(formatColumn(c.in), " "); got != c.want {
			t.Errorf("formatColumn(%v) = %q, want %q", c.in, got, c.want)
		}
	}
}

type ring struct {
	Next *ring
	Name string
}

func TestFoldedIsBounded(t *testing.T) {
	r := &ring{Name: "r"}
	r.Next = r
	if got := Render(r).text(); !strings.Contains(got, "↺") {
		t.Errorf("a ring: %s", got)
	}
	long := make([]int, 1_000_000)
	if got := Render(long).text(); len(got) > 2000 || !strings.Contains(got, "999980 more") {
		t.Errorf("a long slice: %d bytes, %.200s", len(got), got)
	}
	var deep any = 1
	for range 100 {
		deep = []any{deep}
	}
	if got := Render(deep).text(); len(got) > 1000 || !strings.Contains(got, "…") {
		t.Errorf("a deep value: %s", got)
	}
	wide := map[string][]string{}
	for i := range 200 {
		wide[fmt.Sprint("key", i)] = []string{strings.Repeat("x", 500)}
	}
	b := Render(wide)
	if len(b.text()) > 3*foldBytes {
		t.Errorf("a wide map: %d bytes", len(b.text()))
	}
	if h, _ := b.Data[mimeHTML].(string); !strings.Contains(h, "<details open>") || strings.Count(h, "<details") < 10 {
		t.Errorf("a wide map is no tree: %.200s", h)
	}
	if got := Render(map[string]any{"a": []any{1, nil}}).text(); got != `map[string]any{"a": []any{1, nil}}` {
		t.Errorf("any is written as %s", got)
	}
}

func TestNothingEscapesUnescaped(t *testing.T) {
	evil := `<script>alert(1)</script>`
	for _, v := range []any{
		[]pair2{{Name: evil}}, map[string][]string{evil: strings.Split(strings.Repeat(evil+" ", 60), " ")},
		errors.New(evil), mat.NewDense(1, 1, []float64{1}), failure(evil), []string{evil},
	} {
		if h, _ := Render(v, v).Data[mimeHTML].(string); strings.Contains(h, "<script") {
			t.Errorf("%T: %s", v, h)
		}
		if h, _ := Render(v).Data[mimeHTML].(string); strings.Contains(h, "<script") {
			t.Errorf("%T: %s", v, h)
		}
	}
}

func TestJSONHasNoNaN(t *testing.T) {
	b := JSON(map[string]any{"a": math.NaN(), "b": []float64{1, math.Inf(1)}})
	want := map[string]any{"a": nil, "b": []any{1.0, nil}}
	if !reflect.DeepEqual(b.Data[mimeJSON], want) {
		t.Errorf("JSON %v, want %v", b.Data[mimeJSON], want)
	}
	if got := JSON([]byte("{")).text(); !strings.Contains(got, "not JSON") {
		t.Errorf("broken JSON text: %q", got)
	}
	if got := JSON(make(chan int)).text(); !strings.Contains(got, "cannot be shown") {
		t.Errorf("a channel: %q", got)
	}
	if v := VegaLite(`{"mark":"bar"}`); v.Data[mimeVegaLite].(map[string]any)["mark"] != "bar" {
		t.Errorf("Vega-Lite from text: %v", v.Data)
	}
}

func TestClipKeepsCharacters(t *testing.T) {
	if got := clip("ααα", 3); got != "α…" {
		t.Errorf("clip = %q", got)
	}
}
