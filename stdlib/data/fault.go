package data

import (
	"fmt"
	"strings"
)

// A Fault is an error in a file: where and why. Record counts from 1 in the
// unit the format has (rows, images, chunks, bytes); 0 leaves it out.
type Fault struct {
	File   string // name or path, as given
	Unit   string // "row", "record", "byte" ...
	Record int
	Field  string // the column or field, if any
	Reason string
}

// Error puts the parts into one sentence.
func (f *Fault) Error() string {
	var b strings.Builder
	b.WriteString(f.File)
	if f.Record > 0 {
		fmt.Fprintf(&b, ", %s %d", f.Unit, f.Record)
	}
	if f.Field != "" {
		fmt.Fprintf(&b, ", column %q", f.Field)
	}
	return b.String() + ": " + f.Reason
}

func fault(file, unit string, record int, format string, args ...any) error {
	return &Fault{File: file, Unit: unit, Record: record, Reason: fmt.Sprintf(format, args...)}
}
