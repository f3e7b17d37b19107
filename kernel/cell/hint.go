package cell

import (
	"go/types"
	"strings"

	"github.com/priorlab/priorlab/symbols"
)

// hint proposes what to do about a message of the checker.
func (s *Session) hint(msg string, pt *part) string {
	if name, ok := strings.CutPrefix(msg, "undefined: "); ok {
		if i := strings.IndexByte(name, '.'); i > 0 {
			return s.memberHint(name[:i], name[i+1:])
		}
		return s.nameHint(name, pt)
	}
	switch {
	case strings.Contains(msg, "missing return"):
		return "every path through the function must end in a return"
	case strings.Contains(msg, "is not available in cells"):
		return "cells can import the standard library, gonum, gonum/plot, linalg and stdlib"
	case strings.Contains(msg, "mismatched types") && strings.Contains(msg, "int") && strings.Contains(msg, "float64"):
		return "convert one side: float64(x) or int(x)"
	case strings.Contains(msg, "missing method"):
		return ""
	}
	return ""
}

func (s *Session) nameHint(name string, pt *part) string {
	if c := symbols.Candidates(name); len(c) > 1 {
		return "several packages are called " + name + "; import one of " + strings.Join(c, ", ")
	}
	var names []string
	for n := range s.live {
		names = append(names, n)
	}
	for n := range pt.named {
		names = append(names, n)
	}
	names = append(names, types.Universe.Names()...)
	for _, p := range symbols.Paths() {
		names = append(names, symbols.Name(p))
	}
	if near := nearest(name, names); near != "" {
		return "did you mean " + near + "?"
	}
	return ""
}

func (s *Session) memberHint(pkg, name string) string {
	path := s.imports[pkg]
	if path == "" {
		if c := symbols.Candidates(pkg); len(c) == 1 {
			path = c[0]
		}
	}
	p, err := s.importer.Import(path)
	if err != nil {
		return ""
	}
	if near := nearest(name, p.Scope().Names()); near != "" {
		return "did you mean " + pkg + "." + near + "?"
	}
	return ""
}

func syntaxHint(msg string) string {
	switch {
	case strings.Contains(msg, "expected '}', found 'EOF'"):
		return "a brace is not closed"
	case strings.Contains(msg, "expected ')', found"):
		return "a parenthesis is not closed"
	case strings.Contains(msg, "string literal not terminated"):
		return "a quotation mark is missing"
	}
	return ""
}

// nearest is the name closest to want, if it is close enough.
func nearest(want string, names []string) string {
	best, limit := "", 1+len(want)/4
	for _, n := range names {
		if n == want || strings.Contains(n, "·") {
			continue
		}
		if strings.EqualFold(n, want) {
			return n
		}
		if d := distance(strings.ToLower(want), strings.ToLower(n), limit); d <= limit && (best == "" || d < distance(want, best, limit+1) || d == distance(want, best, limit+1) && n < best) {
			best = n
		}
	}
	return best
}

// distance counts the edits between two words, giving up beyond limit.
func distance(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	prev := make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur := make([]int, len(b)+1)
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
		}
		prev = cur
	}
	return prev[len(b)]
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
