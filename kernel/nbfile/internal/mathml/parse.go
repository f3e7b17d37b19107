package mathml

import (
	"fmt"
	"html"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Convert gives the MathML element for a formula, as a block of its own when
// display is true.
func Convert(tex string, display bool) (out string, err error) {
	p := &parser{rest: tex, display: display}
	defer func() {
		if e, ok := recover().(fault); ok {
			out, err = "", fmt.Errorf("formula %q: %s", short(tex), string(e))
		}
	}()
	body := p.rowsOf(environment{align: "rl", display: p.display, plain: true})
	if p.rest != "" {
		p.fail("%q has no counterpart before it", p.peek())
	}
	mode := ""
	if display {
		mode = ` display="block"`
	}
	return "<math" + mode + ">" + body + "</math>", nil
}

func short(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}

// fault carries an error to the border of the package.
type fault string

// maxDepth bounds the nesting of a formula.
const maxDepth = 100

type parser struct {
	rest    string
	display bool
	font    font
	depth   int
}

func (p *parser) fail(format string, args ...any) { panic(fault(fmt.Sprintf(format, args...))) }

// peek gives the next token without taking it: a command with its backslash,
// or one character; "" at the end.
func (p *parser) peek() string {
	p.space()
	s := p.rest
	if s == "" {
		return ""
	}
	if s[0] != '\\' {
		_, n := utf8.DecodeRuneInString(s)
		return s[:n]
	}
	n := 1
	for n < len(s) && (s[n] >= 'a' && s[n] <= 'z' || s[n] >= 'A' && s[n] <= 'Z') {
		n++
	}
	if n == 1 && len(s) > 1 {
		_, k := utf8.DecodeRuneInString(s[1:])
		n += k
	}
	return s[:n]
}

func (p *parser) space() {
	for {
		p.rest = strings.TrimLeft(p.rest, " \t\r\n")
		if !strings.HasPrefix(p.rest, "%") {
			return
		}
		_, p.rest, _ = strings.Cut(p.rest, "\n") // a comment
	}
}

func (p *parser) next() string {
	t := p.peek()
	p.rest = p.rest[len(t):]
	return t
}

func (p *parser) skip(token string) bool {
	if p.peek() == token {
		p.next()
		return true
	}
	return false
}

// verbatim reads a group as plain text, with braces balanced.
func (p *parser) verbatim() string {
	if p.next() != "{" {
		p.fail("a text in braces is wanted")
	}
	depth := 1
	for i, r := range p.rest {
		switch r {
		case '{':
			depth++
		case '}':
			depth--
		}
		if depth == 0 {
			s := p.rest[:i]
			p.rest = p.rest[i+1:]
			return s
		}
	}
	p.fail("a brace is not closed")
	return ""
}

// ends reports the tokens at which a list of terms stops.
func ends(t string) bool {
	switch t {
	case "", "}", "&", `\\`, `\right`, `\end`, `\cr`:
		return true
	}
	return false
}

// row reads terms to the end of their list and gives them as one element.
func (p *parser) row() string {
	parts := p.terms()
	if len(parts) == 1 {
		return parts[0]
	}
	return "<mrow>" + strings.Join(parts, "") + "</mrow>"
}

func (p *parser) terms() []string {
	if p.depth++; p.depth > maxDepth {
		p.fail("nested deeper than %d", maxDepth)
	}
	defer func() { p.depth-- }()
	outer := p.font
	defer func() { p.font = outer }()
	var parts []string
	for !ends(p.peek()) {
		if s := p.term(); s != "" {
			parts = append(parts, s)
		}
	}
	return parts
}

// argument reads one argument: a group or a single term without scripts, of a
// number only the first digit.
func (p *parser) argument() string {
	t := p.peek()
	if ends(t) {
		p.fail("an argument is missing")
	}
	if t >= "0" && t <= "9" {
		return element("mn", p.font.apply(p.next()))
	}
	return p.atom().body
}

// part parses a piece of TeX taken out before.
func (p *parser) part(tex string) string {
	q := &parser{rest: tex, display: p.display, font: p.font, depth: p.depth}
	s := q.row()
	if q.rest != "" {
		q.fail("%q does not belong here", q.peek())
	}
	return s
}

// an atom is a term before its scripts. limits puts them below and above it.
type atom struct {
	body   string
	limits bool
}

// term reads an atom with its scripts and primes.
func (p *parser) term() string {
	a := p.atom()
	var sub, sup string
	hasSub, hasSup := false, false
	for {
		switch t := p.peek(); {
		case t == "'":
			n := 0
			for p.skip("'") {
				n++
			}
			sup += "<mo>" + strings.Repeat("′", n) + "</mo>"
			hasSup = true
		case t == "^":
			p.next()
			sup, hasSup = "<mrow>"+sup+p.argument()+"</mrow>", true
		case t == "_":
			p.next()
			if hasSub {
				p.fail("two subscripts on one term")
			}
			sub, hasSub = p.argument(), true
		case t == `\limits`:
			p.next()
			a.limits = true
		case t == `\nolimits`:
			p.next()
			a.limits = false
		default:
			return scripts(a, sub, sup, hasSub, hasSup)
		}
	}
}

func scripts(a atom, sub, sup string, hasSub, hasSup bool) string {
	if a.body == "" {
		a.body = "<mrow></mrow>"
	}
	below, above, both := "msub", "msup", "msubsup"
	if a.limits {
		below, above, both = "munder", "mover", "munderover"
	}
	switch {
	case hasSub && hasSup:
		return element(both, a.body+sub+wrap(sup))
	case hasSub:
		return element(below, a.body+sub)
	case hasSup:
		return element(above, a.body+wrap(sup))
	}
	if a.body == "<mrow></mrow>" {
		return ""
	}
	return a.body
}

func element(name, body string) string { return "<" + name + ">" + body + "</" + name + ">" }

// wrap makes one element of several.
func wrap(s string) string {
	if strings.HasPrefix(s, "<mrow>") {
		return s
	}
	return "<mrow>" + s + "</mrow>"
}

// atom reads one thing without scripts.
func (p *parser) atom() atom {
	t := p.next()
	switch {
	case t == "{":
		body := p.row()
		if !p.skip("}") {
			p.fail("a brace is not closed")
		}
		return atom{body: body}
	case t == "^" || t == "_":
		p.rest = t + p.rest
		return atom{} // a script with nothing before it
	case t[0] == '\\' && len(t) > 1:
		return p.command(t[1:])
	case t >= "0" && t <= "9":
		n := 0
		for n < len(p.rest) && (p.rest[n] >= '0' && p.rest[n] <= '9' || p.rest[n] == '.' && n+1 < len(p.rest) && p.rest[n+1] >= '0' && p.rest[n+1] <= '9') {
			n++
		}
		t += p.rest[:n]
		p.rest = p.rest[n:]
		return atom{body: element("mn", p.font.apply(t))}
	case t == "~":
		return atom{body: `<mspace width="0.33em"/>`}
	case t == `\`:
		p.fail("a backslash at the end")
	}
	r, _ := utf8.DecodeRuneInString(t)
	if unicode.IsLetter(r) {
		return atom{body: p.letter(t)}
	}
	return atom{body: operator(t)}
}

// letter is a variable; upright fonts are marked, as <mi> slants single letters.
func (p *parser) letter(t string) string {
	s := p.font.apply(t)
	if p.font == upright {
		return `<mi mathvariant="normal">` + html.EscapeString(s) + "</mi>"
	}
	return element("mi", html.EscapeString(s))
}

func operator(t string) string {
	switch t {
	case "-":
		t = "−"
	case "*":
		t = "∗"
	case "(", ")", "[", "]", "|", "/":
		return `<mo stretchy="false">` + t + "</mo>"
	case ",", ";":
		return `<mo separator="true">` + t + "</mo>"
	}
	return element("mo", html.EscapeString(t))
}
