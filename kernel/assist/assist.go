// Package assist answers questions about code: what may stand at the cursor,
// what a name means, whether a cell is complete.
//
// The answers come from the type checker, the symbol tables with their doc
// comments, and the session's live names. No question runs code or waits for a
// cell that runs. Start reading at Complete.
package assist

import (
	"go/ast"
	"go/scanner"
	"go/token"
	"go/types"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/priorlab/priorlab/kernel/cell"
	"github.com/priorlab/priorlab/symbols"
)

// Completion lists what may stand at the cursor; Start and End, in code
// points, bound the text that a match replaces.
type Completion struct {
	Matches    []string
	Types      []string // same length as Matches: "function", "variable" ...
	Signatures []string // same length as Matches
	Start, End int
}

// placeholder stands for the word being typed.
const placeholder = "priorlabCursor"

// Complete lists completions of code at cursor, in code points.
func Complete(s *cell.Session, code string, cursor int) Completion {
	at := byteOffset(code, cursor)
	start := at
	for start > 0 {
		r, n := utf8.DecodeLastRuneInString(code[:start])
		if !wordRune(r) {
			break
		}
		start -= n
	}
	prefix := code[start:at]
	c := &completer{session: s, prefix: prefix, seen: map[string]bool{}}
	res := Completion{Start: utf8.RuneCountInString(code[:start]), End: utf8.RuneCountInString(code[:at])}
	switch {
	case strings.HasPrefix(strings.TrimSpace(lastLine(code[:at])), "%"):
		if from := strings.LastIndexByte(code[:at], '%'); from >= 0 && !strings.ContainsAny(code[from:at], " \t") {
			res.Start = utf8.RuneCountInString(code[:from])
			for _, m := range cell.Magics {
				if strings.HasPrefix(m, code[from:at]) {
					c.add(m, "magic", "")
				}
			}
		}
	case inString(code[:at]):
		if q := strings.LastIndexAny(code[:at], "\"`"); q >= 0 && importing(code[:q]) {
			res.Start = utf8.RuneCountInString(code[:q+1])
			for _, p := range symbols.Paths() {
				if strings.HasPrefix(p, code[q+1:at]) {
					c.add(p, "module", "")
				}
			}
		}
	case start > 0 && code[start-1] == '.':
		if !digitBefore(code[:start-1]) {
			c.members(code[:start])
		}
	default:
		c.names(code[:start])
	}
	sort.Slice(c.items, func(i, j int) bool { return c.items[i].rank() < c.items[j].rank() })
	for _, it := range c.items {
		res.Matches = append(res.Matches, it.name)
		res.Types = append(res.Types, it.kind)
		res.Signatures = append(res.Signatures, it.sig)
	}
	return res
}

type completionItem struct{ name, kind, sig string }

// rank sorts by name, keywords last.
func (i completionItem) rank() string {
	if i.kind == "keyword" {
		return "~" + i.name
	}
	return strings.ToLower(i.name) + " " + i.name
}

type completer struct {
	session *cell.Session
	prefix  string
	items   []completionItem
	seen    map[string]bool
}

func (c *completer) add(name, kind, sig string) {
	if !c.seen[name] {
		c.seen[name] = true
		c.items = append(c.items, completionItem{name, kind, sig})
	}
}

func (c *completer) object(o types.Object) {
	if o != nil && matches(o.Name(), c.prefix) && o.Name() != "_" {
		c.add(o.Name(), kindOf(o), signature(o))
	}
}

// matches accepts a name that begins with the prefix, whatever its case.
func matches(name, prefix string) bool {
	return len(name) >= len(prefix) && strings.EqualFold(name[:len(prefix)], prefix) && !strings.Contains(name, "·") && name != placeholder
}

// names completes a word that stands alone.
func (c *completer) names(before string) {
	text := before + placeholder + closers(before)
	a := c.session.Analyze(text)
	if id := find[*ast.Ident](a, func(id *ast.Ident) bool { return id.Name == placeholder }); id != nil {
		c.fieldNames(a, id)
		for _, o := range a.Locals(id.Pos()) {
			c.object(o)
		}
	}
	for n, o := range a.Names {
		if n != placeholder {
			c.object(o)
		}
	}
	for _, o := range c.session.Live() {
		c.object(o)
	}
	if c.prefix == "" {
		return // every package and keyword would only be noise
	}
	for _, n := range types.Universe.Names() {
		c.object(types.Universe.Lookup(n))
	}
	for _, p := range symbols.Paths() {
		if n := symbols.Name(p); matches(n, c.prefix) {
			c.add(n, "module", p)
		}
	}
	for t := token.BREAK; t <= token.VAR; t++ {
		if matches(t.String(), c.prefix) {
			c.add(t.String(), "keyword", "")
		}
	}
}

// fieldNames completes the keys of a struct literal around the cursor.
func (c *completer) fieldNames(a *cell.Analysis, id *ast.Ident) {
	lit := find[*ast.CompositeLit](a, func(l *ast.CompositeLit) bool {
		for _, e := range l.Elts {
			if e == ast.Expr(id) {
				return true
			}
			if kv, ok := e.(*ast.KeyValueExpr); ok && kv.Key == ast.Expr(id) {
				return true
			}
		}
		return false
	})
	if lit == nil {
		return
	}
	t := a.TypeOf(lit)
	if t == nil {
		return
	}
	if st, ok := t.Underlying().(*types.Struct); ok {
		for i := range st.NumFields() {
			c.object(st.Field(i))
		}
	}
}

// members completes what follows a dot.
func (c *completer) members(before string) {
	a := c.session.Analyze(before + placeholder + closers(before))
	sel := find[*ast.SelectorExpr](a, func(s *ast.SelectorExpr) bool { return s.Sel.Name == placeholder })
	if sel == nil {
		return
	}
	if id, ok := sel.X.(*ast.Ident); ok {
		switch o := a.Uses(id).(type) {
		case *types.PkgName:
			c.packageNames(o.Imported())
			return
		case nil:
			if p := c.session.Package(id.Name); p != nil {
				c.packageNames(p)
				return
			}
		}
	}
	if t := a.TypeOf(sel.X); t != nil {
		c.typeMembers(t)
	}
}

func (c *completer) packageNames(p *types.Package) {
	for _, n := range p.Scope().Names() {
		if token.IsExported(n) {
			c.object(p.Scope().Lookup(n))
		}
	}
}

// typeMembers lists methods and fields, also those of embedded structs.
func (c *completer) typeMembers(t types.Type) {
	visible := func(o types.Object) bool { return o.Exported() || o.Pkg() != nil && o.Pkg().Path() == "main" }
	mt := t
	if _, ptr := t.Underlying().(*types.Pointer); !ptr && !types.IsInterface(t) {
		mt = types.NewPointer(t)
	}
	ms := types.NewMethodSet(mt)
	for i := range ms.Len() {
		if o := ms.At(i).Obj(); visible(o) {
			c.object(o)
		}
	}
	seen := map[types.Type]bool{}
	var fields func(t types.Type)
	fields = func(t types.Type) {
		if p, ok := t.Underlying().(*types.Pointer); ok {
			t = p.Elem()
		}
		st, ok := t.Underlying().(*types.Struct)
		if !ok || seen[t] {
			return
		}
		seen[t] = true
		for i := range st.NumFields() {
			f := st.Field(i)
			if visible(f) {
				c.object(f)
			}
			if f.Embedded() {
				fields(f.Type())
			}
		}
	}
	fields(t)
}

// find returns the first node of the analysis that satisfies ok.
func find[N ast.Node](a *cell.Analysis, ok func(N) bool) (found N) {
	done := false
	for _, r := range a.Roots {
		ast.Inspect(r, func(n ast.Node) bool {
			if x, is := n.(N); is && !done && ok(x) {
				found, done = x, true
			}
			return !done
		})
	}
	return found
}

func kindOf(o types.Object) string {
	switch o := o.(type) {
	case *types.Func:
		if o.Type().(*types.Signature).Recv() != nil {
			return "method"
		}
		return "function"
	case *types.Builtin:
		return "function"
	case *types.Var:
		if o.IsField() {
			return "property"
		}
		return "variable"
	case *types.Const:
		return "constant"
	case *types.TypeName:
		return "class"
	case *types.PkgName:
		return "module"
	}
	return "text"
}

func signature(o types.Object) string {
	switch o.(type) {
	case *types.Builtin, *types.Nil, *types.PkgName:
		return ""
	case *types.TypeName:
		return "type " + types.TypeString(o.Type(), qualify)
	}
	return types.TypeString(o.Type(), qualify)
}

func qualify(p *types.Package) string {
	if p.Path() == "main" {
		return ""
	}
	return p.Name()
}

func byteOffset(s string, points int) int {
	for i := range s {
		if points <= 0 {
			return i
		}
		points--
	}
	return len(s)
}

func wordRune(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

func lastLine(s string) string { return s[strings.LastIndexByte(s, '\n')+1:] }

func digitBefore(s string) bool {
	i := len(s)
	for i > 0 && s[i-1] >= '0' && s[i-1] <= '9' {
		i--
	}
	if i == len(s) {
		return false
	}
	r, _ := utf8.DecodeLastRuneInString(s[:i])
	return !wordRune(r)
}

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
