package cell

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"sort"
	"strconv"
	"strings"
	"sync"

	"github.com/priorlab/priorlab/kernel/cell/internal/exec"
	"github.com/priorlab/priorlab/kernel/debug"
)

// debugText is a text that cells have or will have, and where it stops.
type debugText struct {
	text   string
	words  map[string]bool // identifiers in it
	stops  []stop
	syntax string               // why there are no stops
	sites  map[int][]*exec.Site // compiled so far, by line
	breaks map[int]*exec.Break  // by line
}

// stop is a statement. Of those that begin on a line the first one takes the
// line's breakpoint.
type stop struct {
	offset, line, last int // last is the line it ends on
}

// text finds or makes the record of a text; d.mu is held.
func (d *Debugger) text(text string) *debugText {
	if t := d.texts[text]; t != nil {
		return t
	}
	t := &debugText{text: text, words: map[string]bool{}, sites: map[int][]*exec.Site{}, breaks: map[int]*exec.Break{}}
	d.texts[text] = t
	code := GoText(text)
	fset := token.NewFileSet()
	p, errs := parse(fset, Cell{Source: code})
	if len(errs) > 0 {
		t.syntax = errs[0].Msg
	}
	for _, it := range p.items {
		if it.decl != nil {
			t.collect(p, it.decl, true)
		} else {
			t.collect(p, it.stmt, true)
		}
	}
	sort.SliceStable(t.stops, func(i, j int) bool { return t.stops[i].offset < t.stops[j].offset })
	var s scanner.Scanner
	f := fset.AddFile("", fset.Base(), len(code))
	s.Init(f, []byte(code), func(token.Position, string) {}, 0)
	for {
		_, tok, lit := s.Scan()
		if tok == token.EOF {
			break
		}
		if tok == token.IDENT {
			t.words[lit] = true
		}
	}
	return t
}

// collect finds the statements that are compiled with a hook, at the positions
// the machine gives them.
func (t *debugText) collect(p *parsed, root ast.Node, top bool) {
	add := func(n ast.Node, pos token.Pos) {
		from, to := p.src.offset(p.fset, pos), p.src.offset(p.fset, n.End())
		t.stops = append(t.stops, stop{from, p.src.position(from).Line, p.src.position(max(to-1, from)).Line})
	}
	ast.Inspect(root, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GenDecl:
			if n.Tok == token.VAR && top {
				for _, s := range n.Specs {
					if vs, ok := s.(*ast.ValueSpec); ok {
						add(vs, vs.Names[0].Pos())
					}
				}
			}
		case *ast.DeclStmt:
			if g, ok := n.Decl.(*ast.GenDecl); ok && g.Tok == token.VAR {
				add(n, n.Pos())
			}
			for _, s := range n.Decl.(*ast.GenDecl).Specs { // literals within
				if vs, ok := s.(*ast.ValueSpec); ok {
					for _, e := range vs.Values {
						t.collect(p, e, false)
					}
				}
			}
			return false
		case *ast.CommClause: // the communication is part of the select
			for _, s := range n.Body {
				t.collect(p, s, false)
			}
			return false
		case *ast.TypeSwitchStmt:
			add(n, n.Pos())
			if n.Init != nil {
				t.collect(p, n.Init, false)
			}
			t.collect(p, n.Body, false)
			return false
		case *ast.BlockStmt, *ast.EmptyStmt, *ast.LabeledStmt, *ast.CaseClause:
		case ast.Stmt:
			add(n, n.Pos())
		}
		return true
	})
}

// begin is where the statement that an offset lies in begins.
func (t *debugText) begin(offset int) (at int) {
	for _, s := range t.stops {
		if s.offset <= offset {
			at = max(at, s.offset)
		}
	}
	return at
}

// leader is the offset of the statement that takes a line's breakpoint.
func (t *debugText) leader(line int) (int, bool) {
	for _, s := range t.stops {
		if s.line == line {
			return s.offset, true
		}
	}
	return 0, false
}

// line is where a breakpoint wanted on a line comes to lie: there; within a
// statement of several lines that holds no others, where that begins; or else
// on the next statement.
func (t *debugText) line(wanted int) (int, bool) {
	if _, ok := t.leader(wanted); ok {
		return wanted, true
	}
	over, next := 0, 0
	for _, s := range t.stops {
		switch {
		case s.line < wanted && s.last >= wanted:
			over = s.line
		case s.line > wanted && (next == 0 || s.line < next):
			next = s.line
		}
	}
	if over > 0 && (next == 0 || !t.block(over)) {
		return over, true
	}
	return next, next > 0
}

// block reports whether statements lie within the one that begins on a line.
func (t *debugText) block(line int) bool {
	last := 0
	for _, s := range t.stops {
		if s.line == line {
			last = max(last, s.last)
		} else if s.line > line && s.line <= last {
			return true
		}
	}
	return false
}

// site makes the site of a statement that is being compiled.
func (d *Debugger) site(pos token.Pos) *exec.Site {
	f := d.file(pos)
	if f == nil {
		return nil
	}
	off := f.src.offset(d.s.fset, pos)
	s := &exec.Site{Pos: pos, Line: f.src.position(off).Line}
	d.mu.Lock()
	defer d.mu.Unlock()
	if lead, ok := f.text.leader(s.Line); ok && lead == off {
		f.text.sites[s.Line] = append(f.text.sites[s.Line], s)
		s.Break.Store(f.text.breaks[s.Line])
	}
	return s
}

// SetBreakpoints replaces the breakpoints of the cells with a text, present or
// future, and returns as many, each where it came to lie.
func (d *Debugger) SetBreakpoints(_, code string, wanted []debug.Breakpoint) []debug.Breakpoint {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.text(code)
	clear(t.breaks)
	out := make([]debug.Breakpoint, len(wanted))
	for i, b := range wanted {
		out[i] = b
		d.lastID++
		out[i].ID, out[i].Column = d.lastID, 0
		out[i].Verified, out[i].Message = false, ""
		line, ok := t.line(b.Line)
		switch {
		case t.syntax != "":
			out[i].Message = "the cell cannot be parsed: " + t.syntax
			continue
		case !ok:
			out[i].Message = fmt.Sprintf("no statement begins on line %d or below", b.Line)
			continue
		}
		r, err := d.breakpoint(b)
		if err != nil {
			out[i].Message = err.Error()
			continue
		}
		out[i].Line, out[i].Verified = line, true
		t.breaks[line] = &exec.Break{Reached: r.reached}
	}
	for line, sites := range t.sites {
		for _, s := range sites {
			s.Break.Store(t.breaks[line])
		}
	}
	return out
}

// breakRule decides whether a breakpoint stops.
type breakRule struct {
	d    *Debugger
	cond string
	log  []string // text and expressions by turns; nil stops
	hits func(n int) bool

	mu       sync.Mutex
	count    int
	compiled map[any]map[string]*expression // by what the frame's code knows, and text
	told     bool
}

func (d *Debugger) breakpoint(b debug.Breakpoint) (*breakRule, error) {
	r := &breakRule{d: d, cond: strings.TrimSpace(b.Condition), compiled: map[any]map[string]*expression{}}
	if r.cond != "" {
		if _, err := parser.ParseExpr(r.cond); err != nil {
			return nil, fmt.Errorf("the condition %s is not an expression: %v", r.cond, err)
		}
	}
	var err error
	if r.hits, err = hitCount(b.HitCondition); err != nil {
		return nil, err
	}
	if b.LogMessage != "" {
		r.log = logParts(b.LogMessage)
	}
	return r, nil
}

// hitCount reads "3", "> 3", ">= 3", "== 3", "< 3", "<= 3" and "% 3".
func hitCount(text string) (func(int) bool, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil, nil
	}
	op := strings.TrimRight(text, "0123456789 ")
	n, err := strconv.Atoi(strings.TrimSpace(text[len(op):]))
	f := map[string]func(int) bool{
		"": func(k int) bool { return k >= n }, "=": func(k int) bool { return k == n }, "==": func(k int) bool { return k == n },
		">": func(k int) bool { return k > n }, ">=": func(k int) bool { return k >= n },
		"<": func(k int) bool { return k < n }, "<=": func(k int) bool { return k <= n }, "%": func(k int) bool { return n > 0 && k%n == 0 },
	}[strings.TrimSpace(op)]
	if err != nil || f == nil {
		return nil, fmt.Errorf("the hit condition %q is none: write a number, or one of == > >= < <= %% before it", text)
	}
	return f, nil
}

// logParts cuts a log message at its braces: text, expression, text ...
func logParts(text string) (parts []string) {
	for {
		i := strings.IndexByte(text, '{')
		j := -1
		if i >= 0 {
			j = strings.IndexByte(text[i:], '}')
		}
		if j < 0 {
			return append(parts, text)
		}
		parts = append(parts, text[:i], text[i+1:i+j])
		text = text[i+j+1:]
	}
}

// reached runs on the goroutine that comes to the breakpoint.
func (r *breakRule) reached(g *exec.Goroutine, v *exec.View) bool {
	if r.cond != "" {
		vals, err := r.evaluate(v, r.cond)
		yes, is := false, false
		if err == nil && len(vals) == 1 {
			yes, is = vals[0].(bool)
		}
		switch {
		case err != nil:
			r.complain(g, v, fmt.Sprintf("the condition %s: %v", r.cond, err))
		case !is:
			r.complain(g, v, fmt.Sprintf("the condition %s is not a boolean", r.cond))
		case !yes:
			return false
		}
	}
	if r.hits != nil {
		r.mu.Lock()
		r.count++
		n := r.count
		r.mu.Unlock()
		if !r.hits(n) {
			return false
		}
	}
	if r.log == nil {
		return true
	}
	var b strings.Builder
	for i, part := range r.log {
		if i%2 == 0 {
			b.WriteString(part)
			continue
		}
		vals, err := r.evaluate(v, part)
		if err != nil {
			fmt.Fprintf(&b, "{%s: %v}", part, err)
			continue
		}
		b.WriteString(strings.TrimSuffix(fmt.Sprintln(vals...), "\n"))
	}
	fmt.Fprintln(r.d.s.streams.stdout, b.String())
	return false
}

// complain says once why a condition cannot decide; the breakpoint stops then.
func (r *breakRule) complain(_ *exec.Goroutine, v *exec.View, text string) {
	r.mu.Lock()
	told := r.told
	r.told = true
	r.mu.Unlock()
	if f := r.d.file(v.Pos); f != nil && !told {
		fmt.Fprintf(r.d.s.streams.stderr, "breakpoint at %s:%d: %s\n", f.src.name, r.d.place(v.Pos).Line, text)
	}
}

// evaluate runs an expression in the frame, on its own goroutine.
func (r *breakRule) evaluate(v *exec.View, text string) ([]any, error) {
	r.mu.Lock()
	x := r.compiled[v.Key()][text]
	r.mu.Unlock()
	if x == nil {
		var err error
		if x, err = r.d.s.compileIn(v, text); err != nil {
			return nil, err
		}
		r.mu.Lock()
		if r.compiled[v.Key()] == nil {
			r.compiled[v.Key()] = map[string]*expression{}
		}
		r.compiled[v.Key()][text] = x
		r.mu.Unlock()
	}
	var vals []any
	var err error
	val, _ := r.d.s.machine.Within(v, func(t *exec.Thread) { vals, err = x.run(t, v) })
	if val != nil {
		return nil, fmt.Errorf("it panicked: %v", val)
	}
	return vals, err
}
