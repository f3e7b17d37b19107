package lab

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
)

// reference states: what ipywidgets 8.1.5 sends for the same widgets.
type referenceStates struct {
	Widgets map[string][]json.RawMessage `json:"widgets"`
}

func loadReference(t *testing.T) map[string]map[string]any {
	t.Helper()
	raw, err := os.ReadFile("testdata/widget-states.json")
	if err != nil {
		t.Fatal(err)
	}
	var ref referenceStates
	if err := json.Unmarshal(raw, &ref); err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]any{}
	for name, list := range ref.Widgets {
		var last struct{ State map[string]any }
		if err := json.Unmarshal(list[len(list)-1], &last); err != nil {
			t.Fatal(err)
		}
		out[name] = last.State
	}
	return out
}

// same makes the widgets of the reference with the same values.
func referenceWidgets() map[string]*Widget {
	ab := []string{"a", "b"}
	return map[string]*Widget{
		"IntSlider":        IntSlider("n", 10, 0, 100),
		"FloatSlider":      FloatSlider("x", 1.5, 0, 10),
		"FloatLogSlider":   FloatLogSlider("", 10, 0.01, 1000).With("step", 0.1),
		"IntRangeSlider":   IntRangeSlider("", 2, 5, 0, 10),
		"Dropdown":         Dropdown("", ab, "b"),
		"SelectionSlider":  SelectionSlider("", ab, "b"),
		"RadioButtons":     RadioButtons("", ab, "a"),
		"Checkbox":         Checkbox("c", true),
		"ToggleButton":     ToggleButton("t", false),
		"ToggleButtons":    ToggleButtons("", []string{"x", "y"}, "x"),
		"Button":           Button("Go").With("button_style", "success").With("icon", "check"),
		"Play":             Play(0, 0, 50, 200),
		"IntProgress":      IntProgress("", 3, 0, 10).With("bar_style", "info"),
		"FloatProgress":    FloatProgress("", 0.3, 0, 100),
		"HTML":             HTMLBox("<b>x</b>"),
		"HTMLMath":         HTMLMath("$x$"),
		"Label":            Label("l"),
		"Text":             Text("", "t"),
		"Textarea":         Textarea("", "t"),
		"IntText":          IntText("", 3),
		"FloatText":        FloatText("", 0.5),
		"BoundedIntText":   BoundedIntText("", 3, 0, 9),
		"BoundedFloatText": BoundedFloatText("", 0.3, 0, 1),
		"Image":            Image([]byte("123456"), 60, 40),
		"Output":           Output(),
		"HBox":             HBox(),
		"VBox":             VBox(),
		"Tab":              Tab([]string{"A"}, Label("a")),
		"Accordion":        Accordion([]string{"A"}, Label("a")),
		"GridBox":          GridBox(2),
		"ColorPicker":      ColorPicker("", "#ff0000"),
		"Valid":            Valid("", true),
	}
}

// Every state agrees with the reference in each key it sends; the names of
// models and views and the value must be among them.
// An Output widget takes text as a writer, joins what follows text, and does not
// grow without end.
func TestOutputIsAWriter(t *testing.T) {
	h := useHost(t, true)
	o := Output()
	Show(o)
	h.sent()
	fmt.Fprintln(o, "one")
	fmt.Fprintln(o, "two")
	o.Append(Markdown("**m**"))
	fmt.Fprint(o, "three")
	list := o.Get("outputs").([]any)
	text := func(i int) any { return list[i].(map[string]any)["text"] }
	if len(list) != 3 || text(0) != "one\ntwo\n" || text(2) != "three" || len(h.sent()) != 4 {
		t.Errorf("holds %v", list)
	}
	for i := range 1000 {
		o.Append(i)
	}
	if n := len(o.Get("outputs").([]any)); n != maxOutputs {
		t.Errorf("holds %d outputs", n)
	}
	o.Show()
	for range 10 {
		fmt.Fprint(o, strings.Repeat("line of text\n", 10_000))
	}
	list = o.Get("outputs").([]any)
	if s := text(0).(string); len(list) != 1 || len(s) > maxOutputText || !strings.HasPrefix(s, "line of text\n") {
		t.Errorf("holds %d outputs, the first of %d bytes", len(list), len(s))
	}
	if _, err := Label("l").Write(nil); err == nil {
		t.Error("a label was written to")
	}
}

func TestStatesAgreeWithReference(t *testing.T) {
	useHost(t, true)
	ref := loadReference(t)
	for name, w := range referenceWidgets() {
		want, ok := ref[name]
		if !ok {
			t.Errorf("%s is not in the reference", name)
			continue
		}
		delete(ref, name)
		state, paths, buffers := split(w.full())
		raw, err := json.Marshal(state)
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := json.Unmarshal(raw, &got); err != nil {
			t.Fatal(err)
		}
		for key, v := range got {
			ours := v
			switch key {
			case "layout", "style", "children", "placeholder":
				continue // references, and a blank text that stands for none
			}
			theirs, known := want[key]
			if !known {
				t.Errorf("%s sends %q, which the reference does not have", name, key)
			} else if !reflect.DeepEqual(ours, theirs) {
				t.Errorf("%s: %s is %v, want %v", name, key, ours, theirs)
			}
		}
		for _, key := range []string{"_model_name", "_model_module", "_model_module_version", "_view_name", "_view_module", "_view_module_version"} {
			if got[key] != want[key] {
				t.Errorf("%s: %s is %v, want %v", name, key, got[key], want[key])
			}
		}
		for key := range want {
			_, have := got[key]
			if !have && needed(key) {
				t.Errorf("%s does not send %q", name, key)
			}
		}
		if name == "Image" && (len(paths) != 1 || !reflect.DeepEqual(paths[0], []any{"value"}) || len(buffers[0]) != 6) {
			t.Errorf("Image: paths %v, buffers %v", paths, buffers)
		}
	}
	for name := range ref {
		t.Errorf("%s of the reference is not made", name)
	}
}

// needed are the keys without which a widget is not drawn right; the others
// are the front end's own defaults.
func needed(key string) bool {
	switch key {
	case "_dom_classes", "_view_count", "layout", "style", "tabbable", "tooltip", "description_allow_html", "children",
		"orientation", "readout", "placeholder", "description", "disabled", "continuous_update":
		return false
	}
	return true
}

func TestShowingOpensChildrenFirst(t *testing.T) {
	h := useHost(t, true)
	a := IntSlider("a", 1, 0, 9).Layout("width", "300px").Style("description_width", "5em")
	box := VBox(a, HBox(Label("l")))
	Show(box)
	var order []string
	seen := map[string]bool{}
	for _, m := range h.sent() {
		if m.Kind != "open" || m.Target != "jupyter.widget" || m.Metadata["version"] != "2.1.0" {
			t.Fatalf("message %+v", m)
		}
		state := m.Data["state"].(map[string]any)
		order = append(order, strings.TrimSuffix(state["_model_name"].(string), "Model"))
		raw, _ := json.Marshal(state)
		for _, part := range strings.Split(string(raw), "IPY_MODEL_")[1:] {
			if !seen[part[:32]] {
				t.Errorf("%v refers to a model not opened before it", state["_model_name"])
			}
		}
		seen[m.ID] = true
	}
	if got := strings.Join(order, " "); got != "Layout SliderStyle IntSlider Label HBox VBox" {
		t.Errorf("opened %s", got)
	}
	view := h.shown[0].b.Data[mimeWidget].(map[string]any)
	if view["model_id"] != box.ID() || view["version_major"] != 2 || h.shown[0].b.text() != "a = 1, l" {
		t.Errorf("view %v, text %q", view, h.shown[0].b.text())
	}
	Show(box)
	if again := h.sent(); len(again) != 0 {
		t.Errorf("opened again: %v", again)
	}
	if got := Comms("jupyter.widget"); len(got) != 6 || got[a.ID()] != "jupyter.widget" || len(Comms("other")) != 0 {
		t.Errorf("Comms: %v", got)
	}
}

func TestSetSendsUpdate(t *testing.T) {
	h := useHost(t, true)
	w := IntSlider("a", 1, 0, 9)
	Show(w)
	h.sent()
	if err := w.Set(5); err != nil || w.Int() != 5 {
		t.Fatal(err, w.Value())
	}
	_ = w.Set(5) // no change, no message
	_ = w.Set(99)
	msgs := h.sent()
	if len(msgs) != 2 || msgs[0].Data["method"] != "update" || msgs[1].Data["state"].(map[string]any)["value"] != 9 {
		t.Errorf("messages %v", msgs)
	}
	if err := w.Set("x"); err == nil || !strings.Contains(err.Error(), "a: x is not a whole number") {
		t.Errorf("Set of a text: %v", err)
	}
	w.With("max", 3).Layout("width", "9px")
	msgs = h.sent()
	if len(msgs) != 3 || msgs[1].Kind != "open" || msgs[2].Data["state"].(map[string]any)["layout"] == nil {
		t.Errorf("With and Layout after opening: %v", msgs)
	}
	w.Close()
	if msgs = h.sent(); len(msgs) != 2 || msgs[0].Kind != "close" {
		t.Errorf("Close: %v", msgs)
	}
	if len(Comms("")) != 0 {
		t.Errorf("still open: %v", Comms(""))
	}
}

func TestValues(t *testing.T) {
	useHost(t, false)
	kernels := []any{"se", 2.5}
	d := Dropdown("k", kernels, 2.5)
	if d.Value() != 2.5 || d.Index() != 1 || d.Int() != 1 {
		t.Errorf("Dropdown: %v %d", d.Value(), d.Index())
	}
	if err := d.Set("se"); err != nil || d.Text() != "se" {
		t.Errorf("Set: %v %q", err, d.Text())
	}
	if err := d.Set("none"); err == nil || !strings.Contains(err.Error(), "not one of the options se, 2.5") {
		t.Errorf("Set of no option: %v", err)
	}
	r := FloatRangeSlider("r", 1, 2, 0, 3)
	if lo, hi := r.Range(); lo != 1 || hi != 2 {
		t.Errorf("Range: %v %v", lo, hi)
	}
	if err := r.Set([]float64{9, 0.5}); err != nil {
		t.Error(err)
	}
	if lo, hi := r.Range(); lo != 0.5 || hi != 3 {
		t.Errorf("Range after Set: %v %v", lo, hi)
	}
	if !Checkbox("", true).Bool() || Accordion([]string{"t"}, Label("")).Value() != -1 || Button("b").Value() != 0 {
		t.Error("Checkbox, Accordion or Button")
	}
	for name, f := range map[string]func(){
		"range":   func() { IntSlider("x", 1, 5, 5) },
		"log":     func() { FloatLogSlider("x", 1, 0, 5) },
		"options": func() { Dropdown("x", 3, nil) },
		"titles":  func() { Tab([]string{"a", "b"}, Label("")) },
		"picture": func() { Image(3, 0, 0) },
		"show":    func() { Label("").Show(1) },
		"handler": func() { IntSlider("x", 1, 0, 5).OnChange(3) },
		"takes":   func() { IntSlider("x", 1, 0, 5).OnChange(func(a []string) {}) },
		"child":   func() { VBox(nil) },
	} {
		func() {
			defer func() {
				if p, ok := recover().(string); !ok || !strings.HasPrefix(p, "lab: ") {
					t.Errorf("%s: panic %v, want a message of this package", name, p)
				}
			}()
			f()
		}()
	}
}

func TestNiceNumber(t *testing.T) {
	for in, want := range map[float64]float64{0.1: 0.1, 1: 1, 0.013: 0.01, 0.04: 0.05, 23: 20, 80: 100, 0.0031: 0.002} {
		if got := niceNumber(in); got != want {
			t.Errorf("niceNumber(%v) = %v, want %v", in, got, want)
		}
	}
}
