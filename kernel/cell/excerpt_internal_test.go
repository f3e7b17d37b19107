package cell

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// The caret stands below the character it is about, however long and however
// deeply indented the line, and nothing is wider than a page.
func TestExcerpt(t *testing.T) {
	words := "\t\tlive.Update(plots.Grid(2, plots.Loss(\"Verlust ü\", losses), plots.New(\"held\\tout\").Line(at, accs, \"accuracy\").Labels(\"step\", \"\"), 1234567890, abcdefghijklmnopqrstuvwxyz)"
	for _, line := range []string{"x + 1", "\tf(\tx)", words, words + words + words, strings.Repeat("é", 300)} {
		s := &source{text: "first\n" + line + "\nlast"}
		for off, want := range line {
			lines := strings.Split(s.excerpt(2, off+1), "\n")
			if len(lines) != 2 {
				t.Fatalf("%q", lines)
			}
			at := utf8.RuneCountInString(lines[1]) - 1
			if r := []rune(lines[0]); r[at] != want && !(want == '\t' && at == 4) || len(r) > 4+excerptWidth {
				t.Fatalf("column %d of %.30q: the caret is below %q, not %q:\n%s\n%s", off+1, line, r[at], want, lines[0], lines[1])
			}
		}
		if end := s.excerpt(2, len(line)+1); !strings.HasSuffix(end, "^") {
			t.Errorf("the end: %q", end)
		}
	}
	if (&source{text: "x"}).excerpt(3, 1) != "" {
		t.Error("a line that is not there")
	}
}
