package lab

import (
	"encoding/json"
	"fmt"
	"html"
	"sort"
)

// The MIME types that Render writes.
const (
	mimeText     = "text/plain"
	mimeHTML     = "text/html"
	mimeMarkdown = "text/markdown"
	mimeLatex    = "text/latex"
	mimeSVG      = "image/svg+xml"
	mimePNG      = "image/png"
	mimeJPEG     = "image/jpeg"
	mimeJSON     = "application/json"
	mimeVegaLite = "application/vnd.vegalite.v5+json"
	mimeWidget   = "application/vnd.jupyter.widget-view+json"
)

// HTML is text shown as HTML, unescaped: the writer answers for it.
type HTML string

// HTML gives the text as it is.
func (h HTML) HTML() string { return string(h) }

// Markdown is text shown as Markdown, with mathematics between dollar signs.
type Markdown string

// Markdown gives the text as it is.
func (m Markdown) Markdown() string { return string(m) }

// Latex is text shown as mathematics. Dollar signs are put round it when it
// has no delimiters of its own.
type Latex string

// Latex gives the text with delimiters.
func (l Latex) Latex() string {
	s := string(l)
	if len(s) > 0 && s[0] != '$' && !(len(s) > 1 && s[0] == '\\' && (s[1] == '[' || s[1] == '(' || s[1] == 'b')) {
		return "$$" + s + "$$"
	}
	return s
}

// SVG is the text of an SVG picture.
type SVG string

// SVG gives the text as it is.
func (s SVG) SVG() string { return string(s) }

// PNG is the bytes of a PNG picture.
type PNG []byte

// PNG gives the bytes as they are.
func (p PNG) PNG() []byte { return []byte(p) }

// JSON shows v as a tree that the front end can fold. v is anything that
// encoding/json accepts, or JSON text as a []byte.
func JSON(v any) Bundle {
	return jsonBundle(mimeJSON, v, "JSON")
}

// VegaLite shows an interactive chart from a Vega-Lite (version 5)
// specification: a map, JSON text, or any value that encodes to one.
// JupyterLab draws it without a network. See [VegaLine] for a ready-made one.
func VegaLite(spec any) Bundle {
	return jsonBundle(mimeVegaLite, spec, "Vega-Lite chart")
}

func jsonBundle(mime string, v any, what string) Bundle {
	raw, ok := v.([]byte)
	if s, isText := v.(string); isText && mime == mimeVegaLite {
		raw, ok = []byte(s), true
	}
	if !ok {
		var err error
		if raw, err = json.Marshal(finite(v)); err != nil {
			return textBundle(fmt.Sprintf("%s cannot be shown: %v", what, err))
		}
	}
	var value any
	if err := json.Unmarshal(raw, &value); err != nil {
		return textBundle(fmt.Sprintf("%s cannot be shown: the text is not JSON: %v", what, err))
	}
	text := what
	if mime == mimeJSON {
		indented, _ := json.MarshalIndent(value, "", "  ") // it was decoded from JSON a moment ago
		text = clip(string(indented), 4000)
	}
	return Bundle{Data: map[string]any{mime: value, mimeText: text}}
}

func textBundle(s string) Bundle { return Bundle{Data: map[string]any{mimeText: s}} }

// text is the plain form of a bundle, or a line that names the forms it has.
func (b Bundle) text() string {
	if s, ok := b.Data[mimeText].(string); ok {
		return s
	}
	if len(b.Data) == 0 {
		return ""
	}
	kinds := make([]string, 0, len(b.Data))
	for k := range b.Data {
		kinds = append(kinds, k)
	}
	sort.Strings(kinds)
	return fmt.Sprint(kinds)
}

func escape(s string) string { return html.EscapeString(s) }
