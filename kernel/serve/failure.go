package serve

import (
	"regexp"
	"strings"

	"github.com/priorlab/priorlab/kernel/msg"
)

// Colours that read well on white and on black in JupyterLab's palette and in
// common terminals, and in the red boxes that JupyterLab's themes draw round an
// error. Yellow, cyan, white, black, dim text and bold red do not.
const (
	red   = "\x1b[31m"
	bold  = "\x1b[1m"
	blue  = "\x1b[34m"
	green = "\x1b[32m"
	plain = "\x1b[0m"
)

// wireError is a failure as clients show it, with a coloured traceback.
func wireError(f *Failure) msg.Error {
	return msg.Error{Name: f.Name, Value: f.Value, Traceback: f.Coloured()}
}

// Coloured is the traceback in colours, for an error message or a stream.
func (f *Failure) Coloured() []string {
	lines := f.Traceback
	if len(lines) == 0 {
		lines = []string{f.Error()}
	}
	return coloured(f, lines)
}

var (
	place  = regexp.MustCompile(`(In\[\d+\]|[\w./-]+\.go)(:\d+)(:\d+)?`)
	caret  = regexp.MustCompile(`^[\s|>\d]*[\^~]+`)
	number = regexp.MustCompile(`^(\s*(?:->|>)?\s*\d+\s*\|)`)
)

// coloured leaves a traceback that brings its own colours as it is.
func coloured(f *Failure, lines []string) []string {
	if strings.Contains(strings.Join(lines, ""), "\x1b[") {
		return lines
	}
	out := make([]string, 0, len(lines))
	for _, line := range lines {
		var painted []string
		for part := range strings.SplitSeq(line, "\n") {
			painted = append(painted, colouredLine(f, part))
		}
		out = append(out, strings.Join(painted, "\n"))
	}
	return out
}

func colouredLine(f *Failure, line string) string {
	switch rest, named := strings.CutPrefix(line, f.Name); {
	case named && f.Name != "":
		return bold + f.Name + plain + rest
	case caret.MatchString(line):
		return red + line + plain
	case number.MatchString(line):
		return number.ReplaceAllString(line, green+"$1"+plain)
	}
	return place.ReplaceAllString(line, blue+"$0"+plain)
}
