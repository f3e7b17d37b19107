package nbfile

import (
	"fmt"
	"html"
	"strings"

	"github.com/priorlab/priorlab/kernel/nbfile/internal/mathml"
)

// A formula is mathematics taken out of a Markdown text.
type formula struct {
	tex     string
	display bool
}

// Markdown must not see mathematics: it would take _ and * for emphasis and
// \\ for an escape. So formulas are replaced by marks from the private use
// area before the conversion, and put back after it.
const markOpen, markClose = "\ue000", "\ue001"

func putMath(page string, formulas []formula) string {
	for i, f := range formulas {
		page = strings.Replace(page, fmt.Sprintf("%s%d%s", markOpen, i, markClose), formulaHTML(f.tex, f.display), 1)
	}
	return page
}

// takeMath finds $…$, $$…$$, \\(…\\), \\[…\\] and environments outside of code.
func takeMath(s string) (string, []formula) {
	var out strings.Builder
	var found []formula
	take := func(tex string, display bool) {
		fmt.Fprintf(&out, "%s%d%s", markOpen, len(found), markClose)
		found = append(found, formula{strings.TrimSpace(tex), display})
	}
	for i := 0; i < len(s); {
		if n := codeLength(s, i); n > 0 {
			out.WriteString(s[i : i+n])
			i += n
			continue
		}
		rest := s[i:]
		if strings.HasPrefix(rest, `\$`) || strings.HasPrefix(rest, `\\`) && !strings.HasPrefix(rest, `\\(`) && !strings.HasPrefix(rest, `\\[`) {
			out.WriteString(rest[:2])
			i += 2
			continue
		}
		matched := false
		for _, d := range delimiters {
			if !strings.HasPrefix(rest, d.open) {
				continue
			}
			body := rest[len(d.open):]
			end := strings.Index(body, d.close)
			if end < 0 || strings.Contains(body[:end], "\n\n") || d.open == "$" && !inlineDollars(body, end) {
				continue
			}
			tex := body[:end]
			if d.keep {
				tex = d.open + tex + d.close
			}
			take(tex, d.display)
			i += len(d.open) + end + len(d.close)
			matched = true
			break
		}
		if !matched {
			out.WriteByte(s[i])
			i++
		}
	}
	return out.String(), found
}

var delimiters = []struct {
	open, close   string
	display, keep bool
}{
	{"$$", "$$", true, false}, {`\\[`, `\\]`, true, false}, {`\\(`, `\\)`, false, false},
	{`\begin{align}`, `\end{align}`, true, true}, {`\begin{align*}`, `\end{align*}`, true, true},
	{`\begin{equation}`, `\end{equation}`, true, true}, {`\begin{equation*}`, `\end{equation*}`, true, true},
	{"$", "$", false, false},
}

// inlineDollars tells a formula from two prices: no space inside the marks and
// no digit after them.
func inlineDollars(body string, end int) bool {
	if end == 0 || body[0] == ' ' || body[0] == '\n' || body[end-1] == ' ' {
		return false
	}
	return end+1 >= len(body) || body[end+1] < '0' || body[end+1] > '9'
}

// codeLength is how long the code span or fence is that begins at i, 0 when
// none does.
func codeLength(s string, i int) int {
	if s[i] != '`' && s[i] != '~' {
		return 0
	}
	n := 0
	for i+n < len(s) && s[i+n] == s[i] {
		n++
	}
	if s[i] == '~' && n < 3 {
		return 0
	}
	end := strings.Index(s[i+n:], s[i:i+n])
	if end < 0 {
		return n
	}
	return n + end + n
}

// formulaHTML is a formula for the page: drawn by the browser where all of it
// is known, otherwise the TeX itself, marked as such.
func formulaHTML(tex string, display bool) string {
	text, err := mathml.Convert(tex, display)
	if err != nil {
		text = `<span class="tex">` + html.EscapeString(tex) + `</span>`
	}
	if display {
		return `<span class="formula">` + text + `</span>`
	}
	return text
}
