package lab

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"reflect"
	"slices"
	"strings"

	"github.com/priorlab/priorlab/stdlib/plots"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/plot"
)

// Render turns values into one thing to show; the package comment lists the
// forms. Several values are shown one after the other; a nil that ends them,
// the error of a call that went well, is left out. It never panics.
func Render(values ...any) Bundle {
	if n := len(values); n > 1 && isNil(values[n-1]) {
		values = values[:n-1]
	}
	switch len(values) {
	case 0:
		return Bundle{}
	case 1:
		return renderOne(values[0])
	}
	return renderMany(values)
}

func renderOne(v any) (b Bundle) {
	defer func() {
		if p := recover(); p != nil {
			b = textBundle(fmt.Sprintf("%s (cannot be shown: %s)", typeName(v), panicText(p)))
		}
	}()
	if isNil(v) {
		return textBundle(nilText(v))
	}
	switch v := v.(type) {
	case Bundle:
		return v
	case *Bundle:
		return *v
	case interface{ Bundle() Bundle }:
		return v.Bundle()
	}
	v = addressed(v)
	if b, ok := fromMethods(v); ok {
		return b
	}
	switch v := v.(type) {
	case *plot.Plot:
		fig := plots.Of(v)
		return svgBundle(fig.SVG(), plotText(v))
	case error:
		return textBundle(errorText(v))
	case mat.Matrix:
		return renderMatrix(v)
	case image.Image:
		return imageBundle(v)
	case string:
		return textBundle(v)
	}
	if b, ok := renderTable(v); ok {
		return b
	}
	return renderFolded(v)
}

// addressed is a pointer to v where only that shows itself: after var c
// mat.Dense, c alone is a struct, and the matrix is *c.
func addressed(v any) any {
	rv := reflect.ValueOf(v)
	if rv.Kind() != reflect.Struct || showsItself(rv) {
		return v
	}
	to := reflect.New(rv.Type())
	to.Elem().Set(rv)
	if showsItself(to) {
		return to.Interface()
	}
	return v
}

func showsItself(rv reflect.Value) bool {
	switch rv.Interface().(type) {
	case mat.Matrix, image.Image, fmt.Stringer, error:
		return true
	}
	return slices.ContainsFunc(displayMethods, func(m displayMethod) bool { return rv.MethodByName(m.name).IsValid() })
}

// renderMany joins several values: as text when text is all they have,
// otherwise as blocks of one page.
func renderMany(values []any) Bundle {
	var texts, blocks []string
	rich := false
	for _, v := range values {
		b := renderOne(v)
		text := b.text()
		texts = append(texts, text)
		block, isRich := b.block()
		rich = rich || isRich
		blocks = append(blocks, block)
	}
	sep := "  "
	if strings.Contains(strings.Join(texts, ""), "\n") {
		sep = "\n"
	}
	out := textBundle(strings.Join(texts, sep))
	if rich {
		out.Data[mimeHTML] = strings.Join(blocks, "\n")
	}
	return out
}

// block is the bundle as a piece of HTML, and whether it is more than text.
func (b Bundle) block() (string, bool) {
	if s, ok := b.Data[mimeHTML].(string); ok {
		return "<div>" + s + "</div>", true
	}
	if s, ok := b.Data[mimeSVG].(string); ok {
		return "<div>" + s + "</div>", true
	}
	if p, ok := b.Data[mimePNG].([]byte); ok {
		return `<div><img src="data:image/png;base64,` + base64.StdEncoding.EncodeToString(p) + `"></div>`, true
	}
	return `<pre style="margin:0">` + escape(b.text()) + "</pre>", false
}

type displayMethod struct{ name, mime string }

// displayMethods are the method names a value may have, and the form each
// stands for. JSON and MIMEBundle are handled apart.
var displayMethods = []displayMethod{
	{"HTML", mimeHTML}, {"SVG", mimeSVG}, {"PNG", mimePNG}, {"JPEG", mimeJPEG},
	{"Markdown", mimeMarkdown}, {"Latex", mimeLatex}, {"LaTeX", mimeLatex},
}

// fromMethods asks v for the forms it can give of itself.
func fromMethods(v any) (Bundle, bool) {
	data := map[string]any{}
	meta := map[string]any{}
	var faults []string
	note := func(method string, err error) {
		faults = append(faults, fmt.Sprintf("%s() of %s: %v", method, typeName(v), err))
	}
	found := false
	for _, m := range displayMethods {
		if _, drawn := data[mimeSVG]; drawn && (m.mime == mimePNG || m.mime == mimeJPEG) {
			continue // a raster of the same picture costs time and space and adds nothing
		}
		value, ok, err := callMethod(v, m.name)
		if !ok {
			continue
		}
		form, fits := displayForm(value, strings.HasPrefix(m.mime, "image/") && m.mime != mimeSVG)
		if err == nil && !fits {
			continue // a method that only shares the name
		}
		found = true
		if err != nil {
			note(m.name, err)
			continue
		}
		data[m.mime] = form
		if raw, ok := form.([]byte); ok {
			if c, _, err := image.DecodeConfig(bytes.NewReader(raw)); err == nil {
				meta[m.mime] = map[string]any{"width": c.Width, "height": c.Height}
			}
		}
	}
	if value, ok, err := callMethod(v, "JSON"); ok {
		found = found || err != nil
		var b Bundle
		if err == nil && value != nil {
			b = JSON(value)
		}
		if err != nil {
			note("JSON", err)
		} else if tree, ok := b.Data[mimeJSON]; ok {
			found = true
			data[mimeJSON] = tree
		}
	}
	if value, ok, err := callMethod(v, "MIMEBundle"); ok {
		if err != nil {
			found = true
			note("MIMEBundle", err)
		} else if forms, isMap := value.(map[string]any); isMap {
			found = true
			for k, form := range forms {
				data[k] = form
			}
		}
	}
	if !found {
		return Bundle{}, false
	}
	if _, ok := data[mimeText]; !ok {
		data[mimeText] = methodText(v, data)
	}
	if len(faults) > 0 {
		text := "cannot be shown as it asks: " + strings.Join(faults, "; ")
		if len(data) > 1 {
			text = data[mimeText].(string) + "\n" + text
		} else {
			text = typeName(v) + " " + text
		}
		data[mimeText] = text
	}
	b := Bundle{Data: data}
	if len(meta) > 0 {
		b.Metadata = meta
	}
	return b, true
}

// methodText is the plain form of a value that displays itself: what it
// prints, unless that is the same markup again.
func methodText(v any, data map[string]any) string {
	switch s := v.(type) {
	case Markdown, Latex:
		return reflect.ValueOf(s).String()
	case HTML:
		return "HTML"
	case SVG:
		return "SVG picture"
	case PNG:
		return "PNG picture"
	case fmt.Stringer:
		if text, err := guarded(func() string { return s.String() }); err == nil {
			return text
		}
	case error:
		return errorText(s)
	}
	for _, mime := range []string{mimeMarkdown, mimeLatex} {
		if s, ok := data[mime].(string); ok {
			return s
		}
	}
	return typeName(v)
}

// callMethod calls the named method of v when it takes nothing and gives one
// value, or a value and an error. A panic in it comes back as an error.
func callMethod(v any, name string) (value any, ok bool, err error) {
	m := reflect.ValueOf(v).MethodByName(name)
	if !m.IsValid() {
		return nil, false, nil
	}
	t := m.Type()
	errType := reflect.TypeFor[error]()
	if t.NumIn() != 0 || t.NumOut() < 1 || t.NumOut() > 2 || t.NumOut() == 2 && t.Out(1) != errType {
		return nil, false, nil
	}
	defer func() {
		if p := recover(); p != nil {
			ok, err = true, fmt.Errorf("panicked: %s", panicText(p))
		}
	}()
	out := m.Call(nil)
	if len(out) == 2 && !out[1].IsNil() {
		err, _ = out[1].Interface().(error)
	}
	return out[0].Interface(), true, err
}

// displayForm makes a string, or for binary forms bytes, of what a display
// method gave.
func displayForm(v any, binary bool) (any, bool) {
	switch rv := reflect.ValueOf(v); {
	case !rv.IsValid():
		return nil, false
	case rv.Kind() == reflect.String && !binary:
		return rv.String(), true
	case rv.Kind() == reflect.Slice && rv.Type().Elem().Kind() == reflect.Uint8:
		if binary {
			return rv.Bytes(), true
		}
		return string(rv.Bytes()), true
	}
	return nil, false
}

func svgBundle(svg, text string) Bundle {
	return Bundle{Data: map[string]any{mimeSVG: svg, mimeText: text}}
}

func plotText(p *plot.Plot) string {
	if p.Title.Text != "" {
		return "plot: " + p.Title.Text
	}
	return "plot"
}

func imageBundle(img image.Image) Bundle {
	r := img.Bounds()
	text := fmt.Sprintf("image %d x %d", r.Dx(), r.Dy())
	if r.Empty() {
		return textBundle(text + " (empty)")
	}
	var buf bytes.Buffer
	if err := png.Encode(&buf, img); err != nil {
		return textBundle(text + ": " + err.Error())
	}
	return Bundle{
		Data:     map[string]any{mimePNG: buf.Bytes(), mimeText: text},
		Metadata: map[string]any{mimePNG: map[string]any{"width": r.Dx(), "height": r.Dy()}},
	}
}

func errorText(err error) string {
	text, fault := guarded(err.Error)
	if fault != nil {
		return fmt.Sprintf("%T: Error() %v", err, fault)
	}
	return text
}

// guarded runs f and turns a panic in it into an error.
func guarded(f func() string) (s string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panicked: %s", panicText(p))
		}
	}()
	return f(), nil
}

func panicText(p any) string {
	s, err := guarded(func() string { return fmt.Sprint(p) })
	if err != nil {
		return fmt.Sprintf("a value of type %T", p)
	}
	return clip(s, 300)
}

func isNil(v any) bool {
	if v == nil {
		return true
	}
	switch rv := reflect.ValueOf(v); rv.Kind() {
	case reflect.Pointer, reflect.Func, reflect.Chan, reflect.Interface, reflect.UnsafePointer:
		return rv.IsNil()
	}
	return false
}

func nilText(v any) string {
	if v == nil {
		return "nil"
	}
	return typeName(v) + "(nil)"
}

func typeName(v any) string { return fmt.Sprintf("%T", v) }

// clip cuts s after n bytes at most, between characters, and marks the cut.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n] + "…"
}

// finite replaces NaN and infinities, which JSON has no words for, by null.
// It leaves alone what it does not look into: structs with their own rules.
func finite(v any) any {
	if m, ok := v.(json.Marshaler); ok {
		return m
	}
	rv := reflect.ValueOf(v)
	switch rv.Kind() {
	case reflect.Float32, reflect.Float64:
		if f := rv.Float(); f != f || f > maxFloat || f < -maxFloat {
			return nil
		}
	case reflect.Slice, reflect.Array:
		if rv.Kind() == reflect.Slice && (rv.IsNil() || rv.Type().Elem().Kind() == reflect.Uint8) {
			return v
		}
		out := make([]any, rv.Len())
		for i := range out {
			out[i] = finite(rv.Index(i).Interface())
		}
		return out
	case reflect.Map:
		if rv.IsNil() || rv.Type().Key().Kind() != reflect.String {
			return v
		}
		out := make(map[string]any, rv.Len())
		for it := rv.MapRange(); it.Next(); {
			out[it.Key().String()] = finite(it.Value().Interface())
		}
		return out
	}
	return v
}

const maxFloat = 1.797693134862315708145274237317043567981e308
