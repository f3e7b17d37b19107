package cell

import (
	"go/scanner"
	"go/token"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"sync"
)

// syntaxDiagnostics puts the parser's errors as a person can use them. The
// parser goes on after a mistake and reports what follows from it; what is kept
// is the cause: a bracket that is not closed, a phrase of another language, or
// the first error of each line.
func syntaxDiagnostics(src *source, errs scanner.ErrorList) []Diagnostic {
	at := func(off int, msg, hint string) Diagnostic {
		p := src.position(off)
		return Diagnostic{Cell: src.name, Line: p.Line, Col: p.Column, Msg: msg, Hint: hint, Excerpt: src.excerpt(p.Line, p.Column)}
	}
	sort.SliceStable(errs, func(i, j int) bool { // of those in one place, what was expected comes before the end of a statement
		a, b := errs[i], errs[j]
		if a.Pos.Offset != b.Pos.Offset {
			return a.Pos.Offset < b.Pos.Offset
		}
		return !strings.HasPrefix(a.Msg, "expected ';'") && strings.HasPrefix(b.Msg, "expected ';'")
	})
	first := errs[0]
	if hint := phrase(src.text, first.Pos.Line); hint != "" {
		return []Diagnostic{at(first.Pos.Offset, sentence(src, first), hint)}
	}
	if off, open := unclosed(src.text); off >= 0 && !literalError(first.Msg) {
		closing := map[byte]string{'(': ")", '[': "]", '{': "}"}[open]
		p := src.position(off)
		msg := "expected '" + closing + "' to close the '" + string(open) + "' of line " + strconv.Itoa(p.Line) + ", found the end of the cell"
		return []Diagnostic{at(off, msg, "")}
	}
	var out []Diagnostic
	lines := map[int]bool{}
	for _, e := range errs {
		if lines[e.Pos.Line] || len(out) > 0 && (atEnd(src, e) || literalError(first.Msg)) {
			continue
		}
		lines[e.Pos.Line] = true
		out = append(out, at(e.Pos.Offset, sentence(src, e), syntaxHint(e.Msg)))
		if len(out) == 10 {
			break
		}
	}
	return out
}

func atEnd(src *source, e *scanner.Error) bool {
	return strings.Contains(e.Msg, "found 'EOF'") || e.Pos.Offset >= len(strings.TrimRight(src.text, " \t\n"))
}

// literalError reports whether msg is about a literal that swallows what
// follows it.
func literalError(msg string) bool { return strings.Contains(msg, "not terminated") }

// sentence is the parser's message without the scaffolding that stands around
// a cell.
func sentence(src *source, e *scanner.Error) string {
	if !atEnd(src, e) {
		return e.Msg
	}
	for _, s := range []string{"found 'EOF'", "found '}'", "found newline"} {
		if rest, ok := strings.CutSuffix(e.Msg, s); ok {
			return rest + "found the end of the cell"
		}
	}
	return e.Msg
}

func syntaxHint(msg string) string {
	switch {
	case strings.Contains(msg, "raw string literal not terminated"):
		return "a ` is missing"
	case strings.Contains(msg, "string literal not terminated"):
		return "a quotation mark is missing"
	case strings.Contains(msg, "comment not terminated"):
		return "a */ is missing"
	case strings.Contains(msg, "illegal rune literal"), strings.Contains(msg, "more than one character in rune literal"):
		return "text stands in double quotes; single quotes are for one character"
	case strings.Contains(msg, "expected boolean expression, found assignment"):
		return "compare with ==; one = assigns"
	case msg == "expected 1 expression":
		return "a cell has one value; lab.Show(x, y) or fmt.Println(x, y) shows several"
	case strings.Contains(msg, "'=='"):
		return "assign with one ="
	}
	return ""
}

// unclosed finds the innermost bracket that is never closed; -1 if none is, or
// if a bracket is closed that was not opened.
func unclosed(text string) (int, byte) {
	var open []int
	f := token.NewFileSet().AddFile("", 1, len(text))
	var s scanner.Scanner
	s.Init(f, []byte(text), func(token.Position, string) {}, 0)
	for {
		pos, t, _ := s.Scan()
		switch t {
		case token.EOF:
			if len(open) == 0 {
				return -1, 0
			}
			off := open[len(open)-1]
			return off, text[off]
		case token.LPAREN, token.LBRACK, token.LBRACE:
			open = append(open, f.Offset(pos))
		case token.RPAREN, token.RBRACK, token.RBRACE:
			pair := map[token.Token]byte{token.RPAREN: '(', token.RBRACK: '[', token.RBRACE: '{'}[t]
			if len(open) == 0 || text[open[len(open)-1]] != pair {
				return -1, 0
			}
			open = open[:len(open)-1]
		}
	}
}

// phrases are what people write who come from another language, or in a hurry,
// with what Go says instead. They are only looked at where a line does not
// parse. $1 and so on are the parts in parentheses.
var phrases = []struct{ line, say string }{
	{`^(?:print|println|fmt\.Println|fmt\.Print)\s+([^(\s].*)$`, "a call takes parentheses: fmt.Println($1)"},
	{`^println!\s*\((.*)\)`, "write fmt.Println($1)"},
	{`^for\s+(\w+)\s+in\s+range\((\w+)\)\s*:`, "a loop is written for $1 := range $2 { … }"},
	{`^for\s+(\w+)\s+in\s+range\((\w+),\s*(\w+)\)\s*:`, "a loop is written for $1 := $2; $1 < $3; $1++ { … }"},
	{`^for\s+(\w+)\s+in\s+(.+?)\s*:`, "a loop over the elements is written for _, $1 := range $2 { … }"},
	{`^while\s+(.+?)\s*[:{]`, "the only loop is for: for $1 { … }"},
	{`^(if|for)\s+(.+?)\s*:\s*$`, "a block stands in braces: $1 $2 { … }"},
	{`^elif\b`, "write } else if … { on the line of the closing brace"},
	{`^else\b`, "else stands on the line of the closing brace: } else {"},
	{`^(?:def|fn|function)\s+(\w+)\s*\(`, "a function is written func $1(x float64) float64 { … }"},
	{`\blambda\b`, "a function without a name is written func(x float64) float64 { return … }"},
	{`=>`, "a function without a name is written func(x float64) float64 { return … }"},
	{`^class\s+(\w+)`, "declare a type: type $1 struct { … }, and methods func (x $1) Name() { … }"},
	{`^(?:from\s+\S+\s+)?import\s+(?:numpy|scipy|torch|tensorflow|jax|pandas|matplotlib)`, "cells are Go: linalg has tensors, gonum's mat and stat matrices and statistics, data tables and plots pictures; none needs an import"},
	{`^from\s+(\S+)\s+import\b`, `packages are imported whole and named at each use: import "$1"; most need no import in a cell`},
	{`^import\s+([\w./]+)\s*$`, `the path stands in quotes: import "$1"`},
	{`^import\s+([\w./]+)\s+as\s+(\w+)`, `another name stands before the path: import $2 "$1"`},
	{`(?::=|=|\()\s*\[\s*(-?\d*\.\d+[^\]]*)\]`, "a slice says its type: []float64{$1}"},
	{`(?::=|=|\()\s*\[\s*("[^\]]*)\]`, "a slice says its type: []string{$1}"},
	{`(?::=|=|\()\s*\[\s*(-?\d[^\]]*)\]`, "a slice says its type: []float64{$1}, or []int{…}"},
	{`(?::=|=|\()\s*\[\s*(\w[^\]]*)\]\s*\)?$`, "a slice says its type: []float64{$1}, or []int{…}"},
	{`(?::=|=|\()\s*\{`, "a composite value says its type: map[string]int{…}, []float64{…} or a struct's name"},
	{`\b[frb]("[^"]*")`, `a string with values in it is fmt.Sprintf("x = %v", x)`},
	{`^(?:y|.*=)\s*(.+?)\s+if\s+(.+?)\s+else\s+(.+)$`, "there is no conditional expression: if $2 { … } else { … }"},
	{`^\?+\s*([\w.]+)$`, "help stands alone in its cell: $1?"},
	{`^([\w.]+)\?+$`, "help stands alone in its cell: $1?"},
	{`\?.*:`, "there is no ?: ; write if … { … } else { … }"},
	{`^not\s+(.+)$`, "not is written !: !$1"},
	{`(?:^|\s)not\s+(\w+)`, "not is written !: !$1"},
	{`^(.+?)\s+and\s+(.+?)(?:\s*[:{].*)?$`, "and is written &&: $1 && $2"},
	{`^(.+?)\s+or\s+(.+?)(?:\s*[:{].*)?$`, "or is written ||: $1 || $2"},
	{`^(?:let|val|auto|const|var|int|double|float|string)\s+(\w+)\s*=\s*(.+)$`, "a variable is declared by $1 := $2"},
	{`^var\s+(\w+)\s*$`, "say its type, var $1 float64, or a value, $1 := 0.0"},
	{`^del\s+(\w+)`, "variables stay; $1 = nil frees what a slice, map or pointer holds"},
	{`^assert\s+(.+)$`, `write if !($1) { panic("…") }`},
	{`^(?:try|except|catch|raise|throw)\b`, "errors are values: v, err := f(); if err != nil { … }"},
	{`^with\s+`, "open, then defer the end: defer f.Close()"},
	{`^pass\b`, "an empty block needs nothing: { }"},
	{`(\w+)(\+\+|--)\s*[-+*/<>=]`, "$1$2 is a statement and has no value; it stands alone"},
	{`(?:\+\+|--)(\w+)`, "write $1++ or $1--, alone"},
	{`^range\s*\((.+)\)`, "range belongs to for: for i := range $1 { … }"},
	{`^#`, "comments begin with //"},
	{`^(?:public|private|static|void)\b`, "a function is written func Name(x float64) float64 { … }"},
	{`^([A-Za-z_][\w.]*)\s+("[^"]*"|[\d.]+|\w+)\s*$`, "does a call lack its parentheses? $1($2)"},
}

// phrase looks for a phrase of another language in a line that does not parse.
func phrase(text string, line int) string {
	lines := strings.Split(text, "\n")
	if line < 1 || line > len(lines) {
		return ""
	}
	code := strings.TrimSpace(lines[line-1])
	if line < len(lines) && strings.HasPrefix(strings.TrimSpace(lines[line]), "{") && !strings.HasSuffix(code, "{") {
		return "the { stands at the end of this line, not on the next"
	}
	if keyword, _, _ := strings.Cut(code, " "); token.IsKeyword(keyword) && keyword != "for" && keyword != "if" && keyword != "else" &&
		keyword != "import" && keyword != "var" && keyword != "const" && keyword != "range" && !strings.HasPrefix(code, "range(") {
		return ""
	}
	for i, line := range phraseLines() {
		if m := line.FindStringSubmatchIndex(code); m != nil {
			return string(line.ExpandString(nil, phrases[i].say, code, m))
		}
	}
	return ""
}

// phraseLines compiles the phrases when the first cell does not parse.
var phraseLines = sync.OnceValue(func() (out []*regexp.Regexp) {
	for _, p := range phrases {
		out = append(out, regexp.MustCompile(p.line))
	}
	return out
})
