package nbfile

import (
	"fmt"
	"html"
	"strings"
)

// ansiHTML turns the colours of a terminal into marked-up text. Only weight
// and the eight foreground colours are kept; other sequences are dropped.
func ansiHTML(s string) string {
	var b strings.Builder
	bold, color := false, 0
	open := false
	mark := func() {
		if open {
			b.WriteString("</span>")
		}
		var classes []string
		if bold {
			classes = append(classes, "a1")
		}
		if color != 0 {
			classes = append(classes, fmt.Sprintf("a%d", color))
		}
		if open = len(classes) > 0; open {
			fmt.Fprintf(&b, `<span class="%s">`, strings.Join(classes, " "))
		}
	}
	for {
		before, rest, ok := strings.Cut(s, "\x1b[")
		b.WriteString(html.EscapeString(before))
		if !ok {
			break
		}
		end := strings.IndexFunc(rest, func(r rune) bool { return r >= '@' && r <= '~' })
		if end < 0 {
			break
		}
		codes, final := rest[:end], rest[end]
		s = rest[end+1:]
		if final != 'm' {
			continue
		}
		list := strings.Split(codes, ";")
		for i := 0; i < len(list); i++ {
			n := 0
			fmt.Sscanf(list[i], "%d", &n) // an empty code is 0
			switch {
			case n == 0:
				bold, color = false, 0
			case n == 1:
				bold = true
			case n == 22:
				bold = false
			case n >= 31 && n <= 36:
				color = n
			case n >= 91 && n <= 96:
				color = n - 60
			case n == 90 || n == 2:
				color = 90
			case n == 39 || n == 30 || n == 37 || n == 97:
				color = 0
			case n == 38 || n == 48: // extended colours bring numbers of their own
				if i+1 < len(list) && list[i+1] == "5" {
					i += 2
				} else {
					i += 4
				}
			}
		}
		mark()
	}
	if open {
		b.WriteString("</span>")
	}
	return b.String()
}
