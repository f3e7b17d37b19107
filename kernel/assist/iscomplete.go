package assist

import (
	"go/scanner"
	"go/token"
	"strings"

	"github.com/priorlab/priorlab/kernel/cell"
)

// tokens scans text; open holds the brackets that are not closed.
func tokens(text string) (toks []token.Token, open []token.Token, bad, unterminated bool) {
	var s scanner.Scanner
	fset := token.NewFileSet()
	s.Init(fset.AddFile("", fset.Base(), len(text)), []byte(text), func(_ token.Position, msg string) {
		bad = true
		unterminated = unterminated || strings.Contains(msg, "not terminated")
	}, 0)
	for {
		_, t, lit := s.Scan()
		switch t {
		case token.EOF:
			return toks, open, bad, unterminated
		case token.LPAREN, token.LBRACE, token.LBRACK:
			open = append(open, t)
		case token.RPAREN, token.RBRACE, token.RBRACK:
			if n := len(open); n > 0 {
				open = open[:n-1]
			} else {
				bad = true
			}
		}
		if t != token.SEMICOLON || lit == ";" {
			toks = append(toks, t)
		}
	}
}

// closers ends what text leaves open.
func closers(text string) string {
	_, open, _, _ := tokens(text)
	var b strings.Builder
	for i := len(open) - 1; i >= 0; i-- {
		switch open[i] {
		case token.LPAREN:
			b.WriteByte(')')
		case token.LBRACK:
			b.WriteByte(']')
		default:
			b.WriteString("}")
		}
	}
	return b.String()
}

func inString(text string) bool {
	_, _, _, open := tokens(text)
	return open
}

// importing reports whether a string that begins here is an import path.
func importing(text string) bool {
	toks, open, _, _ := tokens(text)
	n := len(toks)
	if n > 0 && toks[n-1] == token.IMPORT || n > 1 && toks[n-2] == token.IMPORT {
		return true
	}
	if len(open) != 1 {
		return false
	}
	for i := n - 1; i > 0; i-- {
		if toks[i] == token.LPAREN {
			return toks[i-1] == token.IMPORT
		}
	}
	return false
}

// IsComplete tells whether code is "complete", "incomplete", "invalid" or
// "unknown", and how the next line is indented.
func IsComplete(code string) (status, indent string) {
	trimmed := strings.TrimSpace(code)
	if trimmed == "" || strings.HasPrefix(trimmed, "%") || strings.HasPrefix(trimmed, "!") || strings.HasPrefix(trimmed, "?") {
		return "complete", ""
	}
	toks, open, bad, unterminated := tokens(code)
	switch {
	case unterminated:
		if strings.Count(code, "`")%2 == 1 || strings.LastIndex(code, "/*") > strings.LastIndex(code, "*/") {
			return "incomplete", ""
		}
		return "invalid", ""
	case len(open) > 0:
		if bad {
			return "invalid", ""
		}
		return "incomplete", strings.Repeat("\t", len(open))
	case bad:
		return "invalid", ""
	}
	if n := len(toks); n > 0 {
		switch toks[n-1] {
		case token.ADD, token.SUB, token.MUL, token.QUO, token.REM, token.ASSIGN, token.DEFINE, token.COMMA, token.PERIOD,
			token.LAND, token.LOR, token.EQL, token.NEQ, token.LSS, token.GTR, token.LEQ, token.GEQ, token.AND, token.OR, token.ARROW, token.NOT:
			return "incomplete", "\t"
		}
	}
	if msg := cell.SyntaxError(code); msg != "" {
		if strings.Contains(msg, "found 'EOF'") {
			return "incomplete", ""
		}
		return "invalid", ""
	}
	return "complete", ""
}
