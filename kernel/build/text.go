package build

import (
	"sort"
	"strings"
)

// text is Go source put together from parts of a cell and parts written here.
// It is edited as text, not as a tree, so that comments and layout stay; and
// every byte knows where in its cell it came from, so that errors can say it.
type text []part

// part is a run of characters. at is its offset in the cell's source, or -1
// for what was written here.
type part struct {
	at int
	s  string
}

// edit replaces the bytes from start to end (offsets in the whole text).
type edit struct {
	start, end int
	s          string
}

func written(s string) text { return text{{-1, s}} }

func (t text) String() string {
	var b strings.Builder
	for _, p := range t {
		b.WriteString(p.s)
	}
	return b.String()
}

// source is the offset in the cell's source that the byte at offset came from;
// for written bytes, that of the nearest byte before it that has one.
func (t text) source(offset int) int {
	last := 0
	for _, p := range t {
		if offset < len(p.s) {
			if p.at >= 0 {
				return p.at + offset
			}
			return last
		}
		offset -= len(p.s)
		if p.at >= 0 {
			last = p.at + len(p.s)
		}
	}
	return last
}

// slice is the text between two offsets.
func (t text) slice(start, end int) text {
	var out text
	for _, p := range t {
		n := len(p.s)
		lo, hi := max(start, 0), min(end, n)
		if lo < hi {
			q := part{-1, p.s[lo:hi]}
			if p.at >= 0 {
				q.at = p.at + lo
			}
			out = append(out, q)
		}
		start -= n
		end -= n
	}
	return out
}

// edited is the text with the edits made. Of two at one place the one given
// first comes first; one inside a longer one is lost with what it would change.
func (t text) edited(edits []edit) text {
	if len(edits) == 0 {
		return t
	}
	edits = append([]edit(nil), edits...)
	sort.SliceStable(edits, func(i, j int) bool { return edits[i].start < edits[j].start })
	var out text
	done := 0
	for _, e := range edits {
		if e.start < done {
			continue
		}
		out = append(out, t.slice(done, e.start)...)
		if e.s != "" {
			out = append(out, part{-1, e.s})
		}
		done = e.end
	}
	return append(out, t.slice(done, 1<<62)...)
}

// position is an offset as line and column, both from one.
func position(source string, offset int) (line, col int) {
	before := source[:min(max(offset, 0), len(source))]
	return strings.Count(before, "\n") + 1, len(before) - strings.LastIndexByte(before, '\n')
}
