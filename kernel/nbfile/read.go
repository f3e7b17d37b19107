package nbfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// ReadFile reads the notebook at path.
func ReadFile(path string) (*Notebook, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Read(path, data)
}

// Read reads a notebook from its bytes; name stands for it in errors.
func Read(name string, data []byte) (*Notebook, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, fmt.Errorf("%s: the file is empty, not a notebook", name)
	}
	var top map[string]any
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber() // 1.0 in metadata stays 1.0
	if err := d.Decode(&top); err != nil {
		return nil, fmt.Errorf("%s: not a notebook: %s", name, jsonFault(data, err))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: not a notebook: text follows the end of the JSON at %s", name, position(data, d.InputOffset()))
	}
	nb, err := fromJSON(top)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	nb.Name = filepath.Base(name)
	return nb, nil
}

// jsonFault says what is wrong with the JSON and where.
func jsonFault(data []byte, err error) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Sprintf("%v at %s", err, position(data, syntax.Offset))
	case errors.As(err, &kind):
		return fmt.Sprintf("the JSON is a %s, not an object with cells", kind.Value)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Sprintf("the file ends in the middle, after %s; it was probably cut off while being written", position(data, int64(len(data))))
	}
	return err.Error()
}

// position is a byte offset as line and column.
func position(data []byte, offset int64) string {
	offset = min(max(offset, 0), int64(len(data)))
	before := data[:offset]
	line := bytes.Count(before, []byte("\n")) + 1
	column := len(before) - bytes.LastIndexByte(before, '\n') - 1
	return fmt.Sprintf("line %d, column %d", line, max(column, 1))
}

func fromJSON(top map[string]any) (*Notebook, error) {
	format, ok := integer(top["nbformat"])
	if !ok {
		return nil, errors.New(`this JSON is not a notebook: there is no number "nbformat"`)
	}
	if format != 4 {
		return nil, fmt.Errorf("this notebook has format %d, but only format 4 is read; open it in a current Jupyter and save it again", format)
	}
	cells, ok := top["cells"].([]any)
	if !ok {
		return nil, errors.New(`the notebook has no list "cells"`)
	}
	nb := &Notebook{Metadata: object(top["metadata"]), extra: rest(top, "nbformat", "nbformat_minor", "cells", "metadata")}
	for i, raw := range cells {
		c, err := cellFromJSON(raw)
		if err != nil {
			return nil, fmt.Errorf("cell %d: %w", i+1, err)
		}
		nb.Cells = append(nb.Cells, c)
	}
	nb.nameCells()
	return nb, nil
}

func cellFromJSON(raw any) (*Cell, error) {
	m, ok := raw.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("it is %s, not an object", kindOf(raw))
	}
	c := &Cell{Metadata: object(m["metadata"]), extra: rest(m, "cell_type", "id", "source", "metadata", "outputs", "execution_count")}
	c.ID, _ = m["id"].(string)
	switch c.Type, _ = m["cell_type"].(string); c.Type {
	case "code", "markdown", "raw":
	case "":
		return nil, errors.New(`it has no "cell_type"`)
	default:
		return nil, fmt.Errorf(`its cell_type %q is not code, markdown or raw`, c.Type)
	}
	if c.Source, ok = text(m["source"]); !ok {
		return nil, fmt.Errorf("its source is %s, not text or a list of lines", kindOf(m["source"]))
	}
	if c.Type != "code" {
		return c, nil
	}
	c.Count, _ = integer(m["execution_count"])
	outputs, ok := m["outputs"].([]any)
	if !ok && m["outputs"] != nil {
		return nil, fmt.Errorf("its outputs are %s, not a list", kindOf(m["outputs"]))
	}
	for k, o := range outputs {
		out, err := outputFromJSON(o)
		if err != nil {
			return nil, fmt.Errorf("output %d: %w", k+1, err)
		}
		c.Outputs = append(c.Outputs, out)
	}
	return c, nil
}

func outputFromJSON(raw any) (*Output, error) {
	m, ok := raw.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("it is %s, not an object", kindOf(raw))
	}
	o := &Output{extra: rest(m, "output_type", "name", "text", "data", "metadata", "execution_count", "ename", "evalue", "traceback")}
	switch o.Type, _ = m["output_type"].(string); o.Type {
	case "stream":
		o.Name, _ = m["name"].(string)
		if o.Text, ok = text(m["text"]); !ok {
			return nil, fmt.Errorf("its text is %s", kindOf(m["text"]))
		}
	case "display_data", "execute_result":
		o.Metadata, o.Data = object(m["metadata"]), map[string]any{}
		o.Count, _ = integer(m["execution_count"])
		for mime, v := range object(m["data"]) {
			if s, ok := text(v); ok && !isJSON(mime) {
				v = s
			}
			o.Data[mime] = v
		}
	case "error":
		o.ErrName, _ = m["ename"].(string)
		o.ErrValue, _ = m["evalue"].(string)
		lines, _ := m["traceback"].([]any)
		for _, l := range lines {
			s, _ := l.(string)
			o.Traceback = append(o.Traceback, s)
		}
	default:
		return nil, fmt.Errorf("its output_type %q is not known", o.Type)
	}
	return o, nil
}

// text reads a string, or a list of strings that make one.
func text(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case []any:
		var b strings.Builder
		for _, line := range v {
			s, ok := line.(string)
			if !ok {
				return "", false
			}
			b.WriteString(s)
		}
		return b.String(), true
	}
	return "", false
}

func integer(v any) (int, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	i, err := n.Int64()
	return int(i), err == nil
}

func object(v any) map[string]any {
	if m, ok := v.(map[string]any); ok {
		return m
	}
	return map[string]any{}
}

func rest(m map[string]any, known ...string) map[string]any {
	out := map[string]any{}
	for k, v := range m {
		out[k] = v
	}
	for _, k := range known {
		delete(out, k)
	}
	return out
}

func isJSON(mime string) bool {
	return mime == "application/json" || strings.HasSuffix(mime, "+json")
}

func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "missing"
	case string:
		return "a text"
	case bool:
		return "true or false"
	case json.Number:
		return "a number"
	case []any:
		return "a list with something other than text in it"
	}
	return "an object"
}
