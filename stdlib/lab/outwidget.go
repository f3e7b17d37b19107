package lab

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
)

// Output is a widget that holds whatever is shown in it; see Show and Append. It
// is also an io.Writer: fmt.Fprintln(w, x) adds a line of text.
func Output() *Widget { return newWidget(output, "", nil) }

// maxOutputs and maxOutputText bound what an Output widget keeps: all of it
// travels to the page with every addition.
const (
	maxOutputs    = 100
	maxOutputText = 100_000
)

// Append adds values to what an Output widget holds. The oldest go when there
// are very many.
func (w *Widget) Append(values ...any) *Widget {
	w.wantOutput("Append")
	var more []any
	for _, v := range values {
		more = append(more, renderOne(v).notebookOutput())
	}
	registry.Lock()
	defer registry.Unlock()
	w.putOutputs(append(w.outputs(), more...))
	return w
}

// Write adds text to what an Output widget holds; texts that follow each other
// become one.
func (w *Widget) Write(p []byte) (int, error) {
	if w.kind != output {
		return 0, fmt.Errorf("%s is no Output widget, so nothing can be written to it", w.Name())
	}
	registry.Lock()
	defer registry.Unlock()
	outputs, text := w.outputs(), string(p)
	if n := len(outputs); n > 0 {
		if last, ok := outputs[n-1].(map[string]any); ok && last["output_type"] == "stream" {
			text = last["text"].(string) + text
			outputs = outputs[:n-1]
		}
	}
	if over := len(text) - maxOutputText; over > 0 {
		text = text[over:]
		if i := strings.IndexByte(text, '\n'); i >= 0 {
			text = text[i+1:]
		}
	}
	w.putOutputs(append(outputs, map[string]any{"output_type": "stream", "name": "stdout", "text": text}))
	return len(p), nil
}

// outputs is a copy of what an Output widget holds. The registry is locked.
func (w *Widget) outputs() []any {
	list, _ := w.state["outputs"].([]any)
	return slices.Clone(list)
}

func (w *Widget) putOutputs(list []any) { w.put("outputs", list[max(0, len(list)-maxOutputs):]) }

func (w *Widget) wantOutput(method string) {
	if w.kind != output {
		panic(fmt.Sprintf("lab: %s of a %s; only an Output widget can hold other things", method, w.kind.name))
	}
}

// Show replaces the content of an Output widget, in one step and from any
// goroutine. Without values it empties it.
func (w *Widget) Show(values ...any) *Widget {
	w.wantOutput("Show")
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
