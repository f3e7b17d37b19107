package serve

import (
	"bytes"
	"encoding/json"
	"image/png"
	"maps"
	"sort"
	"strings"

	"github.com/priorlab/priorlab/stdlib/lab"
)

// wireBundle prepares a bundle for JSON: text where the type is text, base64
// where it is binary, the size of a PNG beside it, and always a text/plain.
func wireBundle(b lab.Bundle) (data, meta map[string]any) {
	data = make(map[string]any, len(b.Data)+1)
	meta = map[string]any{}
	maps.Copy(meta, b.Metadata)
	for mime, v := range b.Data {
		if raw, ok := v.([]byte); ok {
			v = fromBytes(mime, raw)
			if _, there := meta[mime]; mime == "image/png" && !there {
				addSize(meta, raw)
			}
		}
		data[mime] = v
	}
	if _, ok := data["text/plain"]; !ok && len(data) > 0 {
		data["text/plain"] = "<" + strings.Join(kinds(data), ", ") + ">"
	}
	return data, meta
}

// fromBytes leaves binary forms as bytes, which JSON carries as base64.
func fromBytes(mime string, raw []byte) any {
	switch {
	case strings.HasSuffix(mime, "json") && json.Valid(raw):
		return json.RawMessage(raw)
	case strings.HasPrefix(mime, "text/"), strings.HasSuffix(mime, "xml"), strings.HasSuffix(mime, "javascript"):
		return string(raw)
	}
	return raw
}

func addSize(meta map[string]any, raw []byte) {
	if c, err := png.DecodeConfig(bytes.NewReader(raw)); err == nil {
		meta["image/png"] = map[string]any{"width": c.Width, "height": c.Height}
	}
}

func kinds(data map[string]any) []string {
	var names []string
	for mime := range data {
		names = append(names, mime)
	}
	sort.Strings(names)
	return names
}
