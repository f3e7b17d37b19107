package nbfile

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// WriteFile writes the notebook, replacing the file in one step so that a
// crash never leaves half of it.
func (nb *Notebook) WriteFile(path string) error {
	data, err := nb.Bytes()
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".priorlab-*.ipynb")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails, as it should, after the rename
	_, err = f.Write(data)
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Chmod(f.Name(), 0o644)
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	return err
}

// Bytes is the notebook as Jupyter writes it.
func (nb *Notebook) Bytes() ([]byte, error) {
	nb.nameCells()
	cells := make([]any, len(nb.Cells))
	for i, c := range nb.Cells {
		cells[i] = c.toJSON()
	}
	top := with(nb.extra, map[string]any{"cells": cells, "metadata": orEmpty(nb.Metadata), "nbformat": 4, "nbformat_minor": 5})
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(top); err != nil {
		return nil, fmt.Errorf("the notebook cannot be written: %w", err)
	}
	return b.Bytes(), nil
}

func (c *Cell) toJSON() map[string]any {
	m := with(c.extra, map[string]any{"cell_type": c.Type, "id": c.ID, "metadata": orEmpty(c.Metadata), "source": lines(c.Source)})
	if c.Type == "code" {
		outs := make([]any, len(c.Outputs))
		for i, o := range c.Outputs {
			outs[i] = o.toJSON()
		}
		m["outputs"], m["execution_count"] = outs, count(c.Count)
	}
	return m
}

func (o *Output) toJSON() map[string]any {
	m := with(o.extra, map[string]any{"output_type": o.Type})
	switch o.Type {
	case "stream":
		m["name"], m["text"] = o.Name, lines(o.Text)
	case "error":
		m["ename"], m["evalue"], m["traceback"] = o.ErrName, o.ErrValue, append([]string{}, o.Traceback...)
	default:
		data := map[string]any{}
		for mime, v := range o.Data {
			data[mime] = stored(mime, v)
		}
		m["data"], m["metadata"] = data, orEmpty(o.Metadata)
		if o.Type == "execute_result" {
			m["execution_count"] = count(o.Count)
		}
	}
	return m
}

// stored is one form of an output as a notebook keeps it: texts as lists of
// lines, bytes as base64.
func stored(mime string, v any) any {
	switch v := v.(type) {
	case []byte:
		return base64.StdEncoding.EncodeToString(v)
	case string:
		if isJSON(mime) || strings.HasPrefix(mime, "image/") && mime != "image/svg+xml" {
			return v
		}
		return lines(v)
	}
	return v
}

// lines cuts a text after each newline.
func lines(s string) []string {
	out := strings.SplitAfter(s, "\n")
	if out[len(out)-1] == "" { // nothing follows the last newline
		out = out[:len(out)-1]
	}
	return out
}

func count(n int) any {
	if n == 0 {
		return nil
	}
	return n
}

func with(extra, own map[string]any) map[string]any {
	for k, v := range extra {
		if _, taken := own[k]; !taken {
			own[k] = v
		}
	}
	return own
}

func orEmpty(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}
