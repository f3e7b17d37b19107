package build

import (
	"go/scanner"
	"go/token"
	"strings"
)

// An item is a declaration or a stretch of statements of a cell. Items tile
// the cell: comments before something belong to it.
type item struct {
	kind token.Token // IMPORT, TYPE, CONST, FUNC, PACKAGE, or 0 for statements
	text text
}

// split takes a cell apart. A cell may mix imports, declarations and
// statements in any order, which neither a Go file nor a function body may.
// Statements are not told apart here: of "for i := 0; i < n; i++ {}" the
// pieces between semicolons come out as items, in order, and make the
// statement again when they are joined.
func split(source string) []item {
	source, magic := dropMagic(source)
	toks := scan(source)
	var items []item
	start, i := 0, 0
	add := func(kind token.Token, end int) {
		items = append(items, item{kind, text{{start, source[start:end]}}})
		start = end
	}
	for i < len(toks) {
		kind := startOf(toks[i:])
		depth := 0
		for ; i < len(toks); i++ {
			switch toks[i].tok {
			case token.LPAREN, token.LBRACK, token.LBRACE:
				depth++
			case token.RPAREN, token.RBRACK, token.RBRACE:
				depth--
			}
			if toks[i].tok == token.SEMICOLON && depth <= 0 {
				break
			}
		}
		end := len(source)
		if i < len(toks) {
			end = lineEnd(source, toks[i].end)
			i++
		}
		if i >= len(toks) {
			end = len(source)
		}
		add(kind, end)
	}
	if start < len(source) {
		add(0, len(source))
	}
	for k := range items {
		items[k].text = magic.restore(items[k].text)
	}
	return items
}

type tok struct {
	tok      token.Token
	pos, end int
}

// scan reads the tokens of source without comments. Characters that are not
// Go are left to the parser, whose message is better.
func scan(source string) []tok {
	fset := token.NewFileSet()
	f := fset.AddFile("", -1, len(source))
	var s scanner.Scanner
	s.Init(f, []byte(source), func(token.Position, string) {}, 0)
	var out []tok
	for {
		pos, t, lit := s.Scan()
		if t == token.EOF {
			return out
		}
		at := f.Offset(pos)
		n := len(lit)
		if !t.IsLiteral() && !t.IsKeyword() {
			n = len(t.String())
		}
		if t == token.SEMICOLON {
			n = 1
			if lit == "\n" {
				n = 0 // the line's end, which may be that of the source
			}
		}
		out = append(out, tok{t, at, min(at+n, len(source))})
	}
}

// startOf says what begins with the first of the tokens.
func startOf(toks []tok) token.Token {
	at := func(i int) token.Token {
		if i < len(toks) {
			return toks[i].tok
		}
		return token.EOF
	}
	switch t := at(0); t {
	case token.IMPORT, token.TYPE, token.CONST, token.PACKAGE:
		return t
	case token.FUNC:
		if at(1) == token.IDENT {
			return t
		}
		// A method has a name after its receiver; a function literal has not,
		// or has a result type that no parenthesis follows.
		depth := 0
		for i := 1; i < len(toks); i++ {
			switch toks[i].tok {
			case token.LPAREN:
				depth++
			case token.RPAREN:
				depth--
			}
			if depth == 0 {
				if at(i+1) == token.IDENT && at(i+2) == token.LPAREN {
					return t
				}
				break
			}
		}
	}
	return 0
}

// lineEnd moves end behind what is left of its line when that is nothing or a
// comment.
func lineEnd(source string, end int) int {
	rest := source[end:]
	line, _, more := strings.Cut(rest, "\n")
	if trimmed := strings.TrimSpace(line); trimmed != "" && !strings.HasPrefix(trimmed, "//") {
		return end
	}
	if more {
		return end + len(line) + 1
	}
	return end + len(line)
}
