package mathml

import (
	"html"
	"strings"
)

// command reads what a command, named without its backslash, stands for.
func (p *parser) command(name string) atom {
	if s, ok := symbols[name]; ok {
		if s.letter {
			return atom{body: p.letter(s.text)}
		}
		if s.big {
			return atom{body: `<mo movablelimits="` + boolean(!p.display) + `">` + s.text + "</mo>", limits: p.display && !s.integral}
		}
		return atom{body: operator(s.text)}
	}
	if limits, ok := functions[name]; ok {
		text := strings.NewReplacer("limsup", "lim sup", "liminf", "lim inf", "argmax", "arg max", "argmin", "arg min").Replace(name)
		return atom{body: "<mi>" + text + "</mi><mo>\u2061</mo>", limits: limits && p.display}.grouped()
	}
	if mark, ok := accents[name]; ok {
		return atom{body: `<mover accent="true">` + p.argument() + `<mo stretchy="` + boolean(strings.HasPrefix(name, "wide") || name == "overline" || name == "overrightarrow") + `">` + mark + "</mo></mover>"}
	}
	if f, ok := fonts[name]; ok {
		return p.inFont(f)
	}
	if width, ok := spaces[name]; ok {
		return atom{body: `<mspace width="` + width + `"/>`}
	}
	return p.structure(name)
}

func boolean(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

// grouped keeps a function name and its invisible sign together.
func (a atom) grouped() atom {
	a.body = "<mrow>" + a.body + "</mrow>"
	return a
}

func (p *parser) inFont(f font) atom {
	outer := p.font
	p.font = f
	defer func() { p.font = outer }()
	return atom{body: p.argument()}
}

// structure reads the commands that have a grammar of their own.
func (p *parser) structure(name string) atom {
	switch name {
	case "frac", "dfrac", "tfrac", "cfrac":
		style := ""
		if name != "frac" {
			style = ` displaystyle="` + boolean(name != "tfrac") + `"`
		}
		return atom{body: "<mfrac" + style + ">" + p.argument() + p.argument() + "</mfrac>"}
	case "binom":
		return atom{body: `<mrow><mo>(</mo><mfrac linethickness="0">` + p.argument() + p.argument() + "</mfrac><mo>)</mo></mrow>"}
	case "sqrt":
		if p.skip("[") {
			index, rest, ok := strings.Cut(p.rest, "]")
			if !ok {
				p.fail("the index of a root is not closed")
			}
			p.rest = rest
			return atom{body: element("mroot", p.argument()+p.part(index))}
		}
		return atom{body: element("msqrt", p.argument())}
	case "text", "textrm", "textnormal", "mbox", "textit", "textbf", "texttt":
		return atom{body: p.text(name)}
	case "operatorname":
		limits := p.skip("*")
		return atom{body: element("mi", html.EscapeString(plain(p.verbatim()))) + "<mo>\u2061</mo>", limits: limits && p.display}.grouped()
	case "underline":
		return atom{body: `<munder accentunder="true">` + p.argument() + `<mo stretchy="true">_</mo></munder>`}
	case "underbrace":
		return atom{body: element("munder", p.argument()+`<mo stretchy="true">⏟</mo>`), limits: true}
	case "overbrace":
		return atom{body: element("mover", p.argument()+`<mo stretchy="true">⏞</mo>`), limits: true}
	case "underset":
		below := p.argument()
		return atom{body: element("munder", p.argument()+below)}
	case "overset", "stackrel":
		above := p.argument()
		return atom{body: element("mover", p.argument()+above)}
	case "left":
		return atom{body: p.fence()}
	case "big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "biggl", "biggr", "Biggl", "Biggr", "bigm", "Bigm":
		size := map[byte]string{'b': "1.2em", 'B': "1.8em"}[name[0]]
		if strings.HasPrefix(strings.ToLower(name), "bigg") {
			size = map[byte]string{'b': "2.4em", 'B': "3em"}[name[0]]
		}
		return atom{body: `<mo stretchy="true" minsize="` + size + `" maxsize="` + size + `">` + html.EscapeString(p.delimiter()) + "</mo>"}
	case "begin":
		return atom{body: p.environment()}
	case "not":
		return atom{body: p.negated()}
	case "displaystyle", "textstyle":
		return atom{body: `<mstyle displaystyle="` + boolean(name == "displaystyle") + `">` + strings.Join(p.terms(), "") + "</mstyle>"}
	case "pmod":
		return atom{body: `<mrow><mspace width="0.5em"/><mo stretchy="false">(</mo><mi>mod</mi><mspace width="0.33em"/>` + p.argument() + `<mo stretchy="false">)</mo></mrow>`}
	case "boxed", "mathstrut", "smash", "phantom":
		if name == "mathstrut" {
			return atom{}
		}
		body := p.argument()
		if name == "phantom" {
			body = element("mphantom", body)
		}
		return atom{body: body}
	case "color", "textcolor":
		p.verbatim() // the page has its own colours
		return atom{}
	case "tag", "label", "ref", "eqref":
		text := strings.TrimSpace(p.verbatim())
		if name == "tag" {
			return atom{body: `<mspace width="2em"/><mtext>(` + html.EscapeString(text) + ")</mtext>"}.grouped()
		}
		return atom{}
	case "nonumber", "notag", "middle", "hline", "displaylimits", "nobreak", "allowbreak":
		if name == "middle" {
			return atom{body: `<mo stretchy="true">` + html.EscapeString(p.delimiter()) + "</mo>"}
		}
		return atom{}
	}
	p.fail(`\%s is not known`, name)
	return atom{}
}

// plain removes the TeX of a name, as in \operatorname{arg\,max}.
func plain(s string) string {
	return strings.NewReplacer(`\,`, " ", `\ `, " ", `\;`, " ", `\!`, "", `\_`, "_", "~", " ", "{", "", "}", "").Replace(s)
}

// text is prose inside a formula, which may hold formulas again.
func (p *parser) text(name string) string {
	var b strings.Builder
	for i, piece := range strings.Split(p.verbatim(), "$") {
		if i%2 == 1 {
			b.WriteString(p.part(piece))
			continue
		}
		if piece == "" {
			continue
		}
		s := strings.ReplaceAll(html.EscapeString(plain(piece)), " ", "\u00a0")
		switch name {
		case "textbf":
			s = bold.apply(s)
		case "texttt":
			s = mono.apply(s)
		case "textit":
			s = italic.apply(s)
		}
		b.WriteString(element("mtext", s))
	}
	return "<mrow>" + b.String() + "</mrow>"
}

// delimiter reads a bracket; "." is none.
func (p *parser) delimiter() string {
	t := p.next()
	if t == "" {
		p.fail("a bracket is missing")
	}
	if t[0] != '\\' {
		switch t {
		case ".":
			return ""
		case "<":
			return "⟨"
		case ">":
			return "⟩"
		}
		return t
	}
	if s, ok := symbols[t[1:]]; ok && !s.letter {
		return s.text
	}
	p.fail("%s is not a bracket", t)
	return ""
}

func (p *parser) fence() string {
	open := p.delimiter()
	body := strings.Join(p.terms(), "")
	if p.next() != `\right` {
		p.fail(`\left without \right`)
	}
	shut := p.delimiter()
	mark := func(s, form string) string {
		if s == "" {
			return ""
		}
		return `<mo fence="true" stretchy="true" form="` + form + `">` + html.EscapeString(s) + "</mo>"
	}
	return "<mrow>" + mark(open, "prefix") + "<mrow>" + body + "</mrow>" + mark(shut, "postfix") + "</mrow>"
}

var negations = map[string]string{"=": "≠", `\in`: "∉", `\ni`: "∌", "<": "≮", ">": "≯", `\subset`: "⊄", `\subseteq`: "⊈",
	`\equiv`: "≢", `\sim`: "≁", `\perp`: "⊥̸", `\exists`: "∄", `\mid`: "∤", `\parallel`: "∦"}

func (p *parser) negated() string {
	t := p.next()
	if s, ok := negations[t]; ok {
		return element("mo", s)
	}
	p.fail(`\not before %q is not known`, t)
	return ""
}
