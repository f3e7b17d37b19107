package linalg

import (
	"fmt"
	"strconv"
	"strings"
)

// shown is how many elements of an axis String prints at each end of a long axis.
const shown = 4

// String prints the type, the shape and the elements, with the middle of long axes left out.
func (t *Tensor) String() string {
	if t == nil {
		return "<nil>"
	}
	if t.buf.released.Load() {
		return fmt.Sprintf("%v%v (released: its Scope has ended)", t.dt, t.shape)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%v%v", t.dt, t.shape)
	if t.IsParam() {
		b.WriteString(" parameter")
	}
	if len(t.shape) > 0 {
		b.WriteByte('\n')
	} else {
		b.WriteByte(' ')
	}
	t.print(&b, make([]int, 0, len(t.shape)), "")
	return b.String()
}

func (t *Tensor) print(b *strings.Builder, idx []int, indent string) {
	k := len(idx)
	if k == len(t.shape) {
		b.WriteString(t.format(t.At(idx...)))
		return
	}
	last := k == len(t.shape)-1
	b.WriteByte('[')
	for i, n := 0, t.shape[k]; i < n; i++ {
		if i > 0 {
			if last {
				b.WriteByte(' ')
			} else {
				b.WriteString("\n " + indent)
			}
		}
		if n > 2*shown && i == shown {
			b.WriteString("...")
			i = n - shown - 1
			continue
		}
		t.print(b, append(idx, i), indent+" ")
	}
	b.WriteByte(']')
}

// format writes one element: numbers with up to five digits.
func (t *Tensor) format(v float64) string {
	switch t.dt {
	case Bool:
		return strconv.FormatBool(v != 0)
	case I64:
		return strconv.FormatInt(int64(v), 10)
	}
	return strconv.FormatFloat(v, 'g', 5, 64)
}
