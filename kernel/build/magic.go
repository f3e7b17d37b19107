package build

import (
	"regexp"
	"strings"
)

// magics are the lines that are not Go, by the offset where each stands. While
// the cell is read they are comments of the same length.
type magics map[int]string

var helpLine = regexp.MustCompile(`^[\pL_][\pL\pN_.]*\?{1,2}$`)

// goMagic are the cell magics whose cells are Go all the same.
var goMagic = map[string]bool{"native": true, "time": true, "bench": true, "prof": true, "timeit": true, "capture": true, "go": true, "cell": true}

// dropMagic puts comments in the place of lines such as "%time", "!ls" and
// "name?", and of whole cells such as "%%bash".
func dropMagic(source string) (string, magics) {
	m := magics{}
	var b strings.Builder
	whole := false
	in := byte(0) // '`' inside a raw string, '*' inside a comment
	for _, line := range strings.SplitAfter(source, "\n") {
		trimmed := strings.TrimSpace(line)
		is := whole
		if in == 0 && !whole {
			switch {
			case strings.HasPrefix(trimmed, "%%"):
				name, _, _ := strings.Cut(strings.TrimPrefix(trimmed, "%%"), " ")
				is, whole = true, !goMagic[name]
			case strings.HasPrefix(trimmed, "%"), strings.HasPrefix(trimmed, "!") && strings.HasPrefix(line, "!"), helpLine.MatchString(trimmed):
				is = true
			}
		}
		if !is {
			in = within(line, in)
			b.WriteString(line)
			continue
		}
		body := strings.TrimSuffix(line, "\n")
		if len(body) >= 2 {
			m[b.Len()] = body
			body = "//" + strings.Repeat(" ", len(body)-2)
		} else {
			body = strings.Repeat(" ", len(body))
		}
		b.WriteString(body + line[len(strings.TrimSuffix(line, "\n")):])
	}
	return b.String(), m
}

// within follows raw strings and comments over one line.
func within(line string, in byte) byte {
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case in == '`':
			if c == '`' {
				in = 0
			}
		case in == '*':
			if c == '*' && i+1 < len(line) && line[i+1] == '/' {
				in = 0
				i++
			}
		case c == '`':
			in = '`'
		case c == '/' && i+1 < len(line) && line[i+1] == '*':
			in = '*'
			i++
		case c == '/' && i+1 < len(line) && line[i+1] == '/':
			return in
		case c == '"' || c == '\'':
			for i++; i < len(line) && line[i] != c; i++ {
				if line[i] == '\\' {
					i++
				}
			}
		}
	}
	return in
}

// restore writes what the magic was into the comment that stands for it.
func (m magics) restore(t text) text {
	if len(m) == 0 {
		return t
	}
	p := t[0]
	var edits []edit
	for at, body := range m {
		if off := at - p.at; off >= 0 && off < len(p.s) {
			edits = append(edits, edit{off, min(off+len(body), len(p.s)), "// (not in the program) " + strings.TrimSpace(body)})
		}
	}
	return t.edited(edits)
}
