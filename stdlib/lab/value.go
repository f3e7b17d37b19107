package lab

import (
	"strconv"
	"strings"
)

// RenderValue renders the values of a cell's last expression. It is Render, except
// that a string of one line is written as in Go, so that "1" is not taken for
// 1; text of several lines is left to be read.
func RenderValue(values ...any) Bundle {
	written := make([]any, len(values))
	for i, v := range values {
		if s, ok := v.(string); ok && !strings.Contains(s, "\n") {
			v = textBundle(strconv.Quote(s))
		}
		written[i] = v
	}
	return Render(written...)
}
