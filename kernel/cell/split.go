package cell

import (
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"sort"
	"strings"
	"unicode/utf8"
	"weak"
)

// source is the text of a cell and where its two parsed forms lie in the
// session's file set.
type source struct {
	name, text string
	files      map[*token.File]int        // length of what was put before the text
	infos      []weak.Pointer[types.Info] // of its parts
}

// itemKind tells the parts of a cell apart.
type itemKind int

const (
	itemPackage itemKind = iota
	itemImport
	itemDecl // const, type, var, func
	itemStmt
)

// span is the piece of text of one top-level item.
type span struct {
	kind       itemKind
	start, end int
}

// splitItems cuts a cell at its top level. It only looks at tokens and nesting,
// so that it also works on text with mistakes.
func splitItems(text string) []span {
	var s scanner.Scanner
	fset := token.NewFileSet()
	f := fset.AddFile("", fset.Base(), len(text))
	s.Init(f, []byte(text), func(token.Position, string) {}, 0)
	type tok struct {
		off int
		tok token.Token
		lit string
	}
	var toks []tok
	for {
		pos, t, lit := s.Scan()
		if t == token.EOF {
			break
		}
		toks = append(toks, tok{f.Offset(pos), t, lit})
	}
	var spans []span
	depth, start := 0, -1
	first := 0
	header := false // between for, if or switch and its block
	for i, t := range toks {
		if start < 0 {
			if t.tok == token.SEMICOLON {
				continue
			}
			start, first = t.off, i
		}
		switch t.tok {
		case token.FOR, token.IF, token.SWITCH:
			header = header || depth == 0
		case token.LBRACE:
			header = header && depth > 0
		}
		switch t.tok {
		case token.LPAREN, token.LBRACE, token.LBRACK:
			depth++
		case token.RPAREN, token.RBRACE, token.RBRACK:
			depth = max(depth-1, 0)
		}
		end := i == len(toks)-1
		if (t.tok == token.SEMICOLON && depth == 0 && !(header && t.lit == ";")) || end {
			stop := t.off
			if t.tok == token.SEMICOLON && t.lit == ";" {
				stop++
			}
			if end && t.tok != token.SEMICOLON {
				stop = len(text)
			}
			var kinds []token.Token
			for _, x := range toks[first:min(i+1, len(toks))] {
				kinds = append(kinds, x.tok)
			}
			spans = append(spans, span{kindOfItem(kinds), start, stop})
			start, depth, header = -1, 0, false
		}
	}
	return spans
}

func kindOfItem(ts []token.Token) itemKind {
	switch ts[0] {
	case token.PACKAGE:
		return itemPackage
	case token.IMPORT:
		return itemImport
	case token.CONST, token.TYPE, token.VAR:
		return itemDecl
	case token.FUNC:
		if len(ts) > 1 && ts[1] == token.IDENT {
			return itemDecl
		}
		// func (r T) Name( is a method, func ( ... ) { is a literal.
		depth := 0
		for i, t := range ts[1:] {
			switch t {
			case token.LPAREN:
				depth++
			case token.RPAREN:
				if depth--; depth == 0 {
					rest := ts[1+i+1:]
					if len(rest) > 1 && rest[0] == token.IDENT && (rest[1] == token.LPAREN || rest[1] == token.LBRACK) {
						return itemDecl
					}
					return itemStmt
				}
			}
		}
	}
	return itemStmt
}

// item is a parsed top-level item; one of the fields is set.
type item struct {
	decl ast.Decl
	stmt ast.Stmt
	pos  token.Pos
}

// parsed is a cell's syntax in source order.
type parsed struct {
	asked    bool // for an Analysis: its mistakes are nobody's concern
	fset     *token.FileSet
	src      *source
	items    []item
	comments []*ast.CommentGroup
	isFile   bool // it begins with a package clause
	quiet    bool // the last item ends in ";": its value is not wanted
}

const (
	declPrefix = "package main;"
	stmtPrefix = "package main;func _(){"
)

// parse parses a cell: declarations and statements separately, each in a copy
// of the text where the others are blanked, so that positions stay.
func parse(fset *token.FileSet, c Cell) (*parsed, scanner.ErrorList) {
	src := &source{name: c.Name, text: c.Source, files: map[*token.File]int{}}
	code := c.code
	if code == "" {
		code = c.Source
	}
	p := &parsed{fset: fset, src: src}
	spans := splitItems(code)
	var decls, stmts []span
	for _, s := range spans {
		switch s.kind {
		case itemPackage:
			p.isFile = true
		case itemStmt:
			stmts = append(stmts, s)
		default:
			decls = append(decls, s)
		}
	}
	if n := len(spans); n > 0 {
		p.quiet = strings.HasSuffix(strings.TrimSpace(code[:spans[n-1].end]), ";")
	}
	var errs scanner.ErrorList
	if len(decls) > 0 {
		f, err := src.parse(fset, declPrefix, keep(code, decls), "")
		errs = append(errs, err...)
		if f != nil {
			for _, d := range f.Decls {
				p.items = append(p.items, item{decl: d, pos: d.Pos()})
			}
			p.comments = f.Comments
		}
	}
	if len(stmts) > 0 {
		f, err := src.parse(fset, stmtPrefix, keep(code, stmts), "\n}")
		errs = append(errs, err...)
		if f != nil && len(f.Decls) > 0 {
			if fd, ok := f.Decls[0].(*ast.FuncDecl); ok && fd.Body != nil {
				for _, s := range fd.Body.List {
					p.items = append(p.items, item{stmt: s, pos: s.Pos()})
				}
			}
		}
	}
	sort.SliceStable(p.items, func(i, j int) bool { return src.offset(fset, p.items[i].pos) < src.offset(fset, p.items[j].pos) })
	return p, errs
}

func (s *source) parse(fset *token.FileSet, prefix, text, suffix string) (*ast.File, scanner.ErrorList) {
	f, err := parser.ParseFile(fset, s.name, prefix+text+suffix, parser.ParseComments|parser.SkipObjectResolution|parser.AllErrors)
	if f != nil {
		s.files[fset.File(f.FileStart)] = len(prefix)
	}
	if err == nil {
		return f, nil
	}
	list, _ := err.(scanner.ErrorList)
	var out scanner.ErrorList
	for _, e := range list {
		e.Pos = s.position(max(e.Pos.Offset-len(prefix), 0))
		out = append(out, e)
	}
	return f, out
}

// keep blanks everything but the spans.
func keep(text string, spans []span) string {
	b := []byte(text)
	next := 0
	blank := func(from, to int) {
		for i := from; i < to; i++ {
			if b[i] != '\n' {
				b[i] = ' '
			}
		}
	}
	for _, s := range spans {
		blank(next, s.start)
		next = s.end
	}
	blank(next, len(b))
	return string(b)
}

// offset is where pos lies in the cell's text.
func (s *source) offset(fset *token.FileSet, pos token.Pos) int {
	f := fset.File(pos)
	if f == nil {
		return 0
	}
	return min(max(f.Offset(pos)-s.files[f], 0), len(s.text))
}

// position is the line and column of an offset.
func (s *source) position(off int) token.Position {
	off = min(max(off, 0), len(s.text))
	line := 1 + strings.Count(s.text[:off], "\n")
	col := off - (strings.LastIndexByte(s.text[:off], '\n') + 1) + 1
	return token.Position{Filename: s.name, Offset: off, Line: line, Column: col}
}

// line is a line of the text, counted from one.
func (s *source) line(n int) string {
	lines := strings.Split(s.text, "\n")
	if n < 1 || n > len(lines) {
		return ""
	}
	return lines[n-1]
}

// excerptWidth is how much of a line is shown.
const excerptWidth = 96

// excerpt is a line of the text, or the part of a long one round the column, with
// a caret below the column.
func (s *source) excerpt(line, col int) string {
	lines := strings.Split(s.text, "\n")
	if line < 1 || line > len(lines) {
		return ""
	}
	l := lines[line-1]
	at := utf8.RuneCountInString(l[:max(0, min(col-1, len(l)))])
	r := []rune(l)
	indent := len(r) - len([]rune(strings.TrimLeft(l, " \t")))
	indent = min(indent, at) // one line needs none
	r, at = r[indent:], at-indent
	if len(r) > excerptWidth { // the caret would lose its place on a page that breaks the line
		if end := max(excerptWidth, min(len(r), at+excerptWidth/3)); end < len(r) {
			r = append(r[:end-1:end-1], '…')
		}
		if cut := len(r) - excerptWidth; cut > 0 {
			r, at = append([]rune{'…'}, r[cut+1:]...), at-cut
		}
	}
	var pad strings.Builder
	for _, c := range r[:min(at, len(r))] {
		if c == '\t' {
			pad.WriteByte('\t')
		} else {
			pad.WriteByte(' ')
		}
	}
	return "    " + string(r) + "\n    " + pad.String() + "^"
}

// docBefore is the comment that stands right before the line of off.
func docBefore(text string, off int) string {
	start := strings.LastIndexByte(text[:min(off, len(text))], '\n') + 1
	var lines []string
	for start > 0 {
		prev := strings.LastIndexByte(text[:start-1], '\n') + 1
		line := strings.TrimSpace(text[prev : start-1])
		c, ok := strings.CutPrefix(line, "//")
		if !ok {
			break
		}
		lines = append([]string{strings.TrimPrefix(c, " ")}, lines...)
		start = prev
	}
	return strings.Join(lines, "\n")
}
