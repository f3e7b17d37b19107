package cell

import (
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/priorlab/priorlab/kernel/cell/internal/exec"
	"github.com/priorlab/priorlab/stdlib/lab"
)

// call is a node of a profile: a line of a function of a cell, or a compiled
// function, with what it called.
type call struct {
	name        string // function, "" for the cell itself
	where       string // "In[3]:7", "" for compiled code
	source      string // the line
	total, self time.Duration
	calls       []*call
	compiled    bool
}

func (c *call) label() string {
	switch {
	case c.name == "":
		return c.where
	case c.where == "":
		return c.name
	}
	return c.name + " " + c.where
}

// into finds or makes the call that a spot stands for.
func (c *call) into(name, where, source string, compiled bool) *call {
	for _, k := range c.calls {
		if k.name == name && k.where == where {
			return k
		}
	}
	k := &call{name: name, where: where, source: source, compiled: compiled}
	c.calls = append(c.calls, k)
	return k
}

// flame makes the tree of the samples; calls are sorted by time.
func (s *Session) flame(samples []exec.Sample) *call {
	root := &call{name: "all"}
	for _, sm := range samples {
		root.total += sm.Time
		at := root
		for _, f := range sm.Frames {
			if f.Compiled {
				at = at.into(f.Func, "", "", true)
				at.total += sm.Time
				continue
			}
			src := s.sources.at(f.Pos)
			if src == nil {
				continue
			}
			p := src.position(src.offset(s.fset, f.Pos))
			name := strings.TrimPrefix(f.Func, "cell.")
			if name == "cell" {
				name = ""
			}
			at = at.into(name, fmt.Sprintf("%s:%d", src.name, p.Line), strings.TrimSpace(src.line(p.Line)), false)
			at.total += sm.Time
		}
		at.self += sm.Time
	}
	root.sort()
	return root
}

func (c *call) sort() {
	sort.SliceStable(c.calls, func(i, j int) bool { return c.calls[i].total > c.calls[j].total })
	for _, k := range c.calls {
		k.sort()
	}
}

// hotLine is a line of a cell, or a compiled function, with the time spent in
// it, wherever it was called from.
type hotLine struct {
	label, source string
	self, total   time.Duration
}

// hottest lists where time was spent, most first.
func (c *call) hottest(n int) []hotLine {
	byLabel := map[string]*hotLine{}
	var order []string
	var walk func(k *call, above map[string]bool)
	walk = func(k *call, above map[string]bool) {
		l := k.label()
		h := byLabel[l]
		if h == nil {
			h = &hotLine{label: l, source: k.source}
			byLabel[l] = h
			order = append(order, l)
		}
		h.self += k.self
		again := above[l] // a recursion counts once
		if !again {
			h.total += k.total
			above[l] = true
		}
		for _, sub := range k.calls {
			walk(sub, above)
		}
		if !again {
			delete(above, l)
		}
	}
	for _, k := range c.calls {
		walk(k, map[string]bool{})
	}
	var out []hotLine
	for _, l := range order {
		if byLabel[l].self > 0 {
			out = append(out, *byLabel[l])
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].self > out[j].self })
	return out[:min(n, len(out))]
}

func percent(part, whole time.Duration) string {
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(whole))
}

// profileText is the profile as a table.
func profileText(root *call, took time.Duration) string {
	var b strings.Builder
	fmt.Fprintf(&b, "took %s; where it went (self, with calls):\n", short(took))
	for _, h := range root.hottest(12) {
		fmt.Fprintf(&b, "%8s %8s  %-28s %s\n", percent(h.self, root.total), percent(h.total, root.total), h.label, h.source)
	}
	return b.String()
}

// showProfile displays the flame graph, or prints the table where nothing can
// be shown.
func (s *Session) showProfile(root *call, title string, took time.Duration) {
	text := profileText(root, took)
	if s.opt.Host != nil {
		svg := flameSVG(root, title, took)
		b := lab.Bundle{Data: map[string]any{"text/plain": text, "image/svg+xml": svg, "text/html": "<div style=\"overflow-x:auto\">" + svg + "</div>"}}
		if s.opt.Host.Display(b, "", false) == nil {
			return
		}
	}
	fmt.Fprint(s.streams.stdout, text)
}
