package nbfile

import (
	"go/scanner"
	"go/token"
	"go/types"
	"html"
	"strings"
)

// highlight colours Go code by its tokens alone, so that code with mistakes and
// lines such as %time pass too. What is not a token stays as it is.
func highlight(code string) string {
	var b strings.Builder
	b.WriteString(`<pre class="go"><code>`)
	var s scanner.Scanner
	f := token.NewFileSet().AddFile("", 1, len(code))
	s.Init(f, []byte(code), func(token.Position, string) {}, scanner.ScanComments)
	done := 0
	for {
		pos, t, lit := s.Scan()
		if t == token.EOF {
			break
		}
		at := f.Offset(pos)
		if t == token.SEMICOLON && lit != ";" || at < done {
			continue // put in at a line's end
		}
		text := lit
		if !t.IsLiteral() && t != token.COMMENT && !t.IsKeyword() {
			continue
		}
		end := min(at+len(text), len(code))
		class := classOf(t, text, code[end:])
		if class == "" || code[at:end] != text { // a carriage return was taken out of a literal
			continue
		}
		b.WriteString(html.EscapeString(code[done:at]))
		b.WriteString(`<span class="` + class + `">` + html.EscapeString(text) + "</span>")
		done = end
	}
	b.WriteString(html.EscapeString(code[done:]))
	b.WriteString("</code></pre>")
	return b.String()
}

// classOf is the class of a token's colour: keyword, text, number, comment,
// what the language declares, or the name of a function.
func classOf(t token.Token, text, after string) string {
	switch {
	case t.IsKeyword():
		return "gk"
	case t == token.STRING || t == token.CHAR:
		return "gs"
	case t == token.INT || t == token.FLOAT || t == token.IMAG:
		return "gn"
	case t == token.COMMENT:
		return "gc"
	case t == token.IDENT && types.Universe.Lookup(text) != nil:
		return "gb"
	case t == token.IDENT && strings.HasPrefix(after, "("):
		return "gf"
	}
	return ""
}

// codeStyle is the colours of code for light and dark pages. Each stands alone:
// what one leaves uncoloured must not keep a colour of the other.
const codeStyle = `@media not all and (prefers-color-scheme:dark){
.go .gk{color:#cf222e}.go .gs{color:#0a3069}.go .gn,.go .gb{color:#0550ae}.go .gc{color:#57606a;font-style:italic}.go .gf{color:#6639ba}
}
@media (prefers-color-scheme:dark){
.go .gk{color:#ff7b72}.go .gs{color:#a5d6ff}.go .gn,.go .gb{color:#79c0ff}.go .gc{color:#9198a1;font-style:italic}.go .gf{color:#d2a8ff}
}
`
