package nbfile

import (
	"fmt"
	"io"
	"strings"
)

// Program writes the cells as the text of a Go file: prose as comments, code
// as it stands, each cell under a line that names it. The text is what cells
// are, not yet what the Go compiler takes: statements stand at the top level
// and imports may be missing; turning it into a compiled program is left to
// the evaluator, which knows the types.
func (nb *Notebook) Program(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "// %s\n//\n// Made from %s.\n", nb.Title(), nb.Name)
	n := 0
	for _, c := range nb.Cells {
		switch c.Type {
		case "markdown":
			b.WriteString("\n")
			for _, line := range strings.Split(strings.TrimRight(c.Source, "\n"), "\n") {
				b.WriteString(strings.TrimRight("// "+line, " ") + "\n")
			}
		case "code":
			if strings.TrimSpace(c.Source) == "" {
				continue
			}
			n++
			tags := ""
			if t := c.Tags(); len(t) > 0 {
				tags = " [" + strings.Join(t, " ") + "]"
			}
			fmt.Fprintf(&b, "\n// ---- cell %d%s ----\n\n%s\n", n, tags, strings.TrimRight(c.Source, "\n"))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
