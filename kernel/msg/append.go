package msg

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math/bits"
	"slices"
	"strconv"
	"unicode/utf8"
	"unsafe"
)

// Messages that can be large are written by the functions of this file, which
// look at each byte of a text once. encoding/json copies a text several times,
// which shows when a cell displays tens of megabytes.

// appender is a content that writes itself. It reports false when it holds
// something that only encoding/json can write.
type appender interface {
	appendJSON(b []byte) ([]byte, bool)
	// size is about how many bytes the texts in it have.
	size() int
}

func (s Stream) size() int { return len(s.Text) }

func (s Stream) appendJSON(b []byte) ([]byte, bool) {
	b = appendString(append(b, `{"name":`...), s.Name)
	b = appendString(append(b, `,"text":`...), s.Text)
	return append(b, '}'), true
}

func (d DisplayData) size() int { return sizeOf(d.Data) }

func (d DisplayData) appendJSON(b []byte) ([]byte, bool) {
	b, ok := appendBundle(append(b, '{'), d.Data, d.Metadata)
	b = append(b, `,"transient":{`...)
	if d.Transient.DisplayID != "" {
		b = appendString(append(b, `"display_id":`...), d.Transient.DisplayID)
	}
	return append(b, `}}`...), ok
}

func (r ExecuteResult) size() int { return sizeOf(r.Data) }

func (r ExecuteResult) appendJSON(b []byte) ([]byte, bool) {
	b = strconv.AppendInt(append(b, `{"execution_count":`...), int64(r.ExecutionCount), 10)
	b, ok := appendBundle(append(b, ','), r.Data, r.Metadata)
	return append(b, '}'), ok
}

func appendBundle(b []byte, data, metadata map[string]any) ([]byte, bool) {
	b, ok := appendValue(append(b, `"data":`...), data, 0)
	b, also := appendValue(append(b, `,"metadata":`...), metadata, 0)
	return b, ok && also
}

// sizeOf is about how many bytes the large parts of v have.
func sizeOf(v any) int {
	switch v := v.(type) {
	case string:
		return len(v)
	case []byte:
		return base64.StdEncoding.EncodedLen(len(v))
	case map[string]any:
		n := 0
		for _, e := range v {
			n += sizeOf(e)
		}
		return n
	}
	return 0
}

// appendValue appends what messages are mostly made of; false for all else.
func appendValue(b []byte, v any, depth int) ([]byte, bool) {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...), true
	case bool:
		return strconv.AppendBool(b, v), true
	case int:
		return strconv.AppendInt(b, int64(v), 10), true
	case string:
		return appendString(b, v), true
	case []byte:
		b = base64.StdEncoding.AppendEncode(append(b, '"'), v)
		return append(b, '"'), v != nil
	case json.RawMessage:
		text, err := marshal(v) // it may be broken
		return append(b, text...), err == nil
	case map[string]any:
		return appendMap(b, v, depth)
	}
	return b, false
}

func appendMap(b []byte, m map[string]any, depth int) (_ []byte, ok bool) {
	if m == nil {
		return append(b, "null"...), true
	}
	if depth > maxDepth {
		return b, false
	}
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	b = append(b, '{')
	for i, k := range keys {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, k), ':')
		if b, ok = appendValue(b, m[k], depth+1); !ok {
			return b, false
		}
	}
	return append(b, '}'), true
}

// appendString appends s quoted. Bytes that are not UTF-8 are replaced.
func appendString(b []byte, s string) []byte {
	if !utf8.ValidString(s) {
		text, _ := marshal(s) // a string can always be written
		return append(b, text...)
	}
	b = append(b, '"')
	rest := unsafe.Slice(unsafe.StringData(s), len(s)) // only read
	for {
		n := plainPrefix(rest)
		b = append(b, rest[:n]...)
		if n == len(rest) {
			return append(b, '"')
		}
		b = appendEscaped(b, rest[n])
		rest = rest[n+1:]
	}
}

// plainPrefix is how many bytes s begins with that need no escape. It looks at
// eight bytes at a time: in each of the three terms the lowest byte with its
// top bit set is the first one below 0x20, the first quote or backslash.
func plainPrefix(s []byte) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	n := 0
	for ; n+8 <= len(s); n += 8 {
		x := binary.LittleEndian.Uint64(s[n:])
		quote, slash := x^ones*'"', x^ones*'\\'
		if found := ((x-ones*0x20)&^x | (quote-ones)&^quote | (slash-ones)&^slash) & tops; found != 0 {
			return n + bits.TrailingZeros64(found)/8
		}
	}
	for ; n < len(s); n++ {
		if c := s[n]; c < 0x20 || c == '"' || c == '\\' {
			break
		}
	}
	return n
}

func appendEscaped(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\n':
		return append(b, `\n`...)
	case '\r':
		return append(b, `\r`...)
	case '\t':
		return append(b, `\t`...)
	case '\b':
		return append(b, `\b`...)
	case '\f':
		return append(b, `\f`...)
	}
	const hex = "0123456789abcdef"
	return append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}
