// Package assist answers questions about code: what may stand at the cursor,
// what a name means, whether a cell is complete.
//
// The answers come from the type checker, the symbol tables with their doc
// comments, and the session's live names. No question runs code or waits for a
// cell that runs. Start reading at Complete.
package assist

import (
	"go/ast"
	"go/token"
	"go/types"
	"regexp"
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

// Complete lists completions of code at cursor, in code points. Those that fit
// best come first: fields of a literal, local names, names of the session,
// packages and built-in names, keywords.
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
	c := &completer{session: s, prefix: code[start:at], after: code[at:], seen: map[string]bool{}}
	begin := c.fill(code[:at], start)
	res := Completion{Start: utf8.RuneCountInString(code[:begin]), End: utf8.RuneCountInString(code[:at])}
	sort.SliceStable(c.items, func(i, j int) bool { return c.before(c.items[i], c.items[j]) })
	for _, it := range c.items {
		res.Matches = append(res.Matches, it.name)
		res.Types = append(res.Types, it.kind)
		res.Signatures = append(res.Signatures, it.sig)
	}
	return res
}

// fill finds what may stand at the end of text, whose last word begins at
// start, and returns where what it replaces begins.
func (c *completer) fill(text string, start int) int {
	line := strings.TrimLeft(lastLine(text), " \t")
	if word := len(text) - len(line); strings.HasPrefix(line, "%") {
		if !strings.ContainsAny(line, " \t") {
			bare := strings.TrimLeft(line, "%")
			for _, m := range cell.Magics {
				if strings.HasPrefix(m[1:], bare) {
					c.add(line[:len(line)-len(bare)]+m[1:], "magic", "", rankNear)
				}
			}
			return word
		}
		// The rest of the line is Go, whatever the command.
		command, _, _ := strings.Cut(line, " ")
		text = text[:word] + strings.Repeat(" ", len(command)) + text[word+len(command):]
	} else if strings.HasPrefix(line, "!") && strings.ContainsAny(line, " \t") {
		return start
	}
	text = cell.GoText(text)
	switch {
	case inString(text):
		return c.inString(text, start)
	case start > 0 && text[start-1] == '.':
		if !digitBefore(text[:start-1]) {
			c.members(text[:start])
		}
	default:
		c.names(text[:start])
	}
	return start
}

// inString completes import paths and the keys of a live map.
func (c *completer) inString(text string, start int) int {
	q := strings.LastIndexAny(text, "\"`")
	if q < 0 {
		return start
	}
	if importing(text[:q]) {
		for _, p := range symbols.Paths() {
			if strings.HasPrefix(p, text[q+1:]) {
				c.add(p, "module", "", rankNear)
			}
		}
		return q + 1
	}
	if m := indexed.FindStringSubmatch(text[:q]); m != nil {
		for _, k := range c.session.Keys(m[1]) {
			if strings.HasPrefix(k, text[q+1:]) {
				c.add(k, "text", "key of "+m[1], rankNear)
			}
		}
		return q + 1
	}
	return start
}

var indexed = regexp.MustCompile(`([\pL_][\pL\pN_]*)\[$`)

// Ranks of completions.
const (
	rankField = iota // of the literal around the cursor
	rankLocal
	rankNear // what is asked for by name: members, keys, paths, names of the session
	rankUniverse
	rankPackage
	rankFarPackage
	rankKeyword
)

type completionItem struct {
	name, kind, sig string
	rank            int
}

// before orders by rank, then names that begin as typed, then by name.
func (c *completer) before(a, b completionItem) bool {
	if a.rank != b.rank {
		return a.rank < b.rank
	}
	if x, y := strings.HasPrefix(a.name, c.prefix), strings.HasPrefix(b.name, c.prefix); x != y {
		return x
	}
	if x, y := strings.ToLower(a.name), strings.ToLower(b.name); x != y {
		return x < y
	}
	return a.name < b.name
}

type completer struct {
	session *cell.Session
	prefix  string
	after   string // the text behind the cursor
	items   []completionItem
	seen    map[string]bool
}

func (c *completer) add(name, kind, sig string, rank int) {
	if !c.seen[name] {
		c.seen[name] = true
		c.items = append(c.items, completionItem{name, kind, sig, rank})
	}
}

func (c *completer) object(o types.Object, rank int) {
	if o != nil && matches(o.Name(), c.prefix) && o.Name() != "_" {
		c.add(o.Name(), kindOf(o), signature(o), rank)
	}
}

// attempts are texts in which the word at the cursor is a placeholder: with the
// text behind the cursor, and, as that may be half written, with no more than
// what closes the brackets. A function literal behind go and defer is called.
func (c *completer) attempts(before string) []string {
	end := closers(before)
	return []string{before + placeholder + cell.GoText(c.after), before + placeholder + end, before + placeholder + end + "()"}
}

// matches accepts a name that begins with the prefix, whatever its case.
func matches(name, prefix string) bool {
	return len(name) >= len(prefix) && strings.EqualFold(name[:len(prefix)], prefix) && !strings.Contains(name, "·") && name != placeholder
}

// names completes a word that stands alone.
func (c *completer) names(before string) {
	var a *cell.Analysis
	for _, text := range c.attempts(before) {
		a = c.session.Analyze(text, len(before))
		if id := find[*ast.Ident](a, func(id *ast.Ident) bool { return id.Name == placeholder }); id != nil {
			c.fieldNames(a, id)
			for _, o := range a.Locals(id.Pos()) {
				c.object(o, rankLocal)
			}
			break
		}
	}
	for n, o := range a.Names {
		if n != placeholder {
			c.object(o, rankLocal)
		}
	}
	for _, o := range c.session.Live() {
		c.object(o, rankNear)
	}
	if c.prefix == "" {
		return // every package and keyword would only be noise
	}
	for _, n := range types.Universe.Names() {
		c.object(types.Universe.Lookup(n), rankUniverse)
	}
	for _, p := range symbols.Paths() {
		n := symbols.Name(p)
		if !matches(n, c.prefix) {
			continue
		}
		if one := symbols.Candidates(n); len(one) == 1 {
			p = one[0] // what the name means in a cell
		}
		c.add(n, "module", p, packageRank(p))
	}
	for t := token.BREAK; t <= token.VAR; t++ {
		if matches(t.String(), c.prefix) {
			c.add(t.String(), "keyword", "", rankKeyword)
		}
	}
}

// packageRank puts packages that cells use every day before those of compilers
// and protocols.
func packageRank(path string) int {
	depth := strings.Count(path, "/")
	switch {
	case strings.Contains(path, "priorlab/"):
		return rankPackage
	case strings.HasPrefix(path, "gonum.org/") && depth <= 3, depth == 0:
		return rankPackage
	}
	return rankFarPackage
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
			if f := st.Field(i); visible(f) && !given(lit, f.Name()) {
				c.object(f, rankField)
			}
		}
	}
}

// given reports whether a literal names the field already.
func given(lit *ast.CompositeLit, name string) bool {
	for _, e := range lit.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			if id, ok := kv.Key.(*ast.Ident); ok && id.Name == name {
				return true
			}
		}
	}
	return false
}

// visible reports whether a cell can name a field or method.
func visible(o types.Object) bool {
	return o.Exported() || o.Pkg() != nil && o.Pkg().Path() == "main"
}

// members completes what follows a dot.
func (c *completer) members(before string) {
	for _, text := range c.attempts(before) {
		if c.membersIn(c.session.Analyze(text, len(before))); len(c.items) > 0 {
			return
		}
	}
}

func (c *completer) membersIn(a *cell.Analysis) {
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
			c.object(p.Scope().Lookup(n), rankNear)
		}
	}
}

// typeMembers lists methods and fields, also those of embedded structs.
func (c *completer) typeMembers(t types.Type) {
	mt := t
	if _, ptr := t.Underlying().(*types.Pointer); !ptr && !types.IsInterface(t) {
		mt = types.NewPointer(t)
	}
	ms := types.NewMethodSet(mt)
	for i := range ms.Len() {
		if o := ms.At(i).Obj(); visible(o) {
			c.object(o, rankNear)
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
				c.object(f, rankNear)
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
