// Package assist answers questions about code: what may stand at the cursor,
// what a name means, whether a cell is complete.
package assist

import "github.com/priorlab/priorlab/kernel/cell"

// Completion lists what may stand at the cursor; Start and End, in code
// points, bound the text that a match replaces.
type Completion struct {
	Matches    []string
	Types      []string
	Signatures []string
	Start, End int
}

// Complete lists completions of code at cursor, in code points.
func Complete(s *cell.Session, code string, cursor int) Completion {
	return Completion{Start: cursor, End: cursor}
}

// Info is what is known about a name.
type Info struct {
	Text, Markdown string
}

// Inspect describes the name at cursor, in code points.
func Inspect(s *cell.Session, code string, cursor, detail int) (Info, bool) { return Info{}, false }

// IsComplete tells whether code is "complete", "incomplete", "invalid" or
// "unknown", and how the next line is indented.
func IsComplete(code string) (status, indent string) { return "unknown", "" }
