package lab

import (
	"fmt"
	"strings"
)

func (e *explorer) showCode() {
	text := ""
	if e.code.Bool() {
		text = copyable(e.codeText())
	}
	_ = e.listing.Set(text)
}

// listing is code in a box that one click selects whole.
func listing(code string) Bundle {
	return Bundle{Data: map[string]any{mimeText: code, mimeHTML: codeBox(code)}}
}

func codeBox(code string) string {
	return `<pre style="user-select:all;padding:.5em .8em;margin:0;line-height:1.3;` +
		`border:1px solid #8888;border-radius:4px;width:fit-content">` + escape(code) + "</pre>"
}

// copyable is a listing with a button that copies it.
func copyable(code string) string {
	return `<div style="display:flex;gap:.6em;align-items:flex-start">` + codeBox(code) +
		`<button type="button" onclick="navigator.clipboard.writeText(this.parentNode.firstChild.textContent);this.textContent='copied'">copy</button></div>`
}

// codeText is Go that brings the model to the settings of now.
func (e *explorer) codeText() string {
	var b strings.Builder
	if e.menu != nil {
		if kernel, ok := e.menu.code(); ok {
			fmt.Fprintf(&b, "model.Kernel = %s // model is your variable\n", kernel)
			if p, err := e.set.Get("noise"); err == nil {
				fmt.Fprintf(&b, "model.Noise.Set(%.6g)\n", p.Value())
			}
			return b.String()
		}
	}
	b.WriteString("p := model.Params() // model is your variable\n")
	for i, p := range e.set {
		values := make([]string, p.Len())
		for j := range values {
			values[j] = fmt.Sprintf("%.6g", p.At(j))
		}
		fmt.Fprintf(&b, "p[%d].Set(%s) // %s\n", i, strings.Join(values, ", "), p.Name)
	}
	return b.String()
}
