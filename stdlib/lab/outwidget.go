package lab

import (
	"encoding/base64"
	"fmt"
)

// Output is a widget that holds whatever is shown in it; see Show.
func Output() *Widget { return newWidget(output, "", nil) }

// Show replaces the content of an Output widget, in one step and from any
// goroutine. Without values it empties it.
func (w *Widget) Show(values ...any) *Widget {
	if w.kind != output {
		panic(fmt.Sprintf("lab: Show of a %s; only an Output widget can hold other things", w.kind.name))
	}
	outputs := make([]any, 0, len(values))
	for _, v := range values {
		outputs = append(outputs, renderOne(v).notebookOutput())
	}
	registry.Lock()
	defer registry.Unlock()
	w.put("outputs", outputs)
	return w
}

// notebookOutput is a bundle as a display_data output of the notebook format.
func (b Bundle) notebookOutput() map[string]any {
	data := map[string]any{}
	for mime, v := range b.Data {
		if raw, ok := v.([]byte); ok {
			v = base64.StdEncoding.EncodeToString(raw)
		}
		data[mime] = v
	}
	meta := b.Metadata
	if meta == nil {
		meta = map[string]any{}
	}
	return map[string]any{"output_type": "display_data", "data": data, "metadata": meta}
}
