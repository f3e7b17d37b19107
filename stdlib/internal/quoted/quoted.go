// Package quoted checks that the figures which a text quotes from tables are in them.
package quoted

import (
	"slices"
	"strings"
)

// Missing lists the figures between backquotes in text that are no cell of the Markdown tables, and counts all that are
// quoted.
func Missing(text, tables string) (missing []string, quoted int) {
	for i, figure := range strings.Split(text, "`") {
		if i%2 == 0 {
			continue
		}
		quoted++
		if !strings.Contains(tables, "| "+figure+" |") && !slices.Contains(missing, figure) {
			missing = append(missing, figure)
		}
	}
	return missing, quoted
}
