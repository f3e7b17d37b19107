package data

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// ReadJSONL reads a file with one JSON object on each line, plain or gzipped.
// Numbers are float64, lists []any.
func ReadJSONL(path string) ([]map[string]any, error) {
	r, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return DecodeJSONL(path, r)
}

// maxLine bounds one line of a JSON Lines file.
const maxLine = 64 << 20

// DecodeJSONL reads JSON Lines from r; name stands for it in errors.
func DecodeJSONL(name string, r io.Reader) ([]map[string]any, error) {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 1<<16), maxLine)
	var out []map[string]any
	line := 0
	for s.Scan() {
		line++
		text := bytes.TrimSpace(s.Bytes())
		if len(text) == 0 {
			continue
		}
		var m map[string]any
		if err := json.Unmarshal(text, &m); err != nil {
			return nil, fault(name, "line", line, "not a JSON object: %v", err)
		}
		if m == nil {
			return nil, fault(name, "line", line, "null, not a JSON object")
		}
		out = append(out, m)
	}
	if err := s.Err(); errors.Is(err, bufio.ErrTooLong) {
		return nil, fault(name, "line", line+1, "longer than %d MB", maxLine>>20)
	} else if err != nil {
		return nil, fault(name, "line", line+1, "%v", err)
	}
	return out, nil
}
