package lab

import (
	"fmt"
	"math"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"sync"
)

// A Widget is one control, box or other object drawn by the front end. Its
// state is kept here and in every page that shows it; constructors such as
// IntSlider make one. All methods may be called from any goroutine.
//
// Methods that change a widget return it where they cannot fail, so that they
// can be chained: lab.IntSlider("M", 30, 5, 80).With("continuous_update", false).
type Widget struct {
	kind     *kind
	id       string
	state    map[string]any // by the protocol's names; []byte travels as a buffer
	children []*Widget
	options  []any // of selections: the value of each label
	layout   *Widget
	style    *Widget
	parent   *Widget
	open     bool // the front end knows it
	aside    bool // left out of the text of the box it is in
	clicks   int

	changed []handler
	clicked []handler
	linked  []func()    // run at once when the value changes
	events  events      // used when this widget is the root of its tree
	retired []func()    // called when this widget was shown and has left the page
	ends    *[2]*Widget // of a link in the page
}

// registry holds all widgets the front end knows. Its lock guards the state of
// every widget: messages about a widget must leave in the order its state
// changed, and callbacks run outside of it.
var registry = struct {
	sync.Mutex
	byID    map[string]*Widget
	control map[string]bool // comms of the target jupyter.widget.control
}{byID: map[string]*Widget{}, control: map[string]bool{}}

// Reset forgets all widgets and callbacks, as if the process had just begun.
// It exists for tests.
func Reset() {
	CancelCallbacks()
	registry.Lock()
	defer registry.Unlock()
	registry.byID, registry.control = map[string]*Widget{}, map[string]bool{}
	places.shown = map[string][]*Widget{}
}

func newWidget(k *kind, description string, state map[string]any) *Widget {
	w := &Widget{kind: k, id: newID(), state: map[string]any{}}
	for key, v := range k.defaults {
		w.state[key] = v
	}
	for key, v := range state {
		w.state[key] = v
	}
	if description != "" {
		w.state["description"] = description
	}
	return w
}

// ID is the id of the widget's model in the front end.
func (w *Widget) ID() string { return w.id }

// Description is the text beside the control.
func (w *Widget) Description() string {
	registry.Lock()
	defer registry.Unlock()
	s, _ := w.state["description"].(string)
	return s
}

// Value is what the control stands at: an int, float64, bool or string; the
// chosen option of a selection (nil for none); [2]int or [2]float64 of a range;
// the number of clicks of a button; the selected page of a Tab (-1 for none).
func (w *Widget) Value() any {
	registry.Lock()
	defer registry.Unlock()
	return w.value()
}

func (w *Widget) value() any {
	switch w.kind.value {
	case "":
		return w.clicks
	case "index":
		if i, ok := w.state["index"].(int); ok && i >= 0 && i < len(w.options) {
			return w.options[i]
		}
		return nil
	case "selected_index":
		if i, ok := w.state["selected_index"].(int); ok {
			return i
		}
		return -1
	}
	return w.state[w.kind.value]
}

// Float is the value as a number; NaN when it is not one.
func (w *Widget) Float() float64 {
	if f, ok := toFloat(w.Value()); ok {
		return f
	}
	return math.NaN()
}

// Int is the value as a whole number, for a selection the index of the chosen
// option (-1 for none).
func (w *Widget) Int() int {
	if w.kind.value == "index" {
		return w.Index()
	}
	f, ok := toFloat(w.Value())
	if !ok {
		return 0
	}
	return int(f)
}

// Index is the index of the chosen option of a selection, -1 for none.
func (w *Widget) Index() int {
	registry.Lock()
	defer registry.Unlock()
	if i, ok := w.state["index"].(int); ok {
		return i
	}
	return -1
}

// Bool is the value of a Checkbox or ToggleButton.
func (w *Widget) Bool() bool { b, _ := w.Value().(bool); return b }

// Text is the value as text.
func (w *Widget) Text() string {
	if v := w.Value(); v != nil {
		return fmt.Sprint(v)
	}
	return ""
}

// Range is the value of a range slider.
func (w *Widget) Range() (lo, hi float64) {
	switch v := w.Value().(type) {
	case [2]float64:
		return v[0], v[1]
	case [2]int:
		return float64(v[0]), float64(v[1])
	}
	return math.NaN(), math.NaN()
}

// Set changes the value, as if the person had done it: callbacks and links
// follow. A number outside the control's range is moved to its end. A
// selection takes one of its options or labels.
func (w *Widget) Set(value any) error {
	registry.Lock()
	key := w.kind.value
	if key == "index" {
		i, err := w.optionIndex(value)
		if err != nil {
			registry.Unlock()
			return err
		}
		value = i
	}
	if key == "" {
		registry.Unlock()
		return fmt.Errorf("%s has no value to set", w.kind.name)
	}
	v, err := w.kind.accept(w, key, value)
	if err != nil {
		registry.Unlock()
		return fmt.Errorf("%s: %w", w.name(), err)
	}
	changed := w.put(key, v)
	registry.Unlock()
	if changed {
		w.fire()
	}
	return nil
}

func (w *Widget) optionIndex(v any) (any, error) {
	if v == nil {
		return nil, nil
	}
	for i, o := range w.options {
		if reflect.DeepEqual(o, v) {
			return i, nil
		}
	}
	labels, _ := w.state["_options_labels"].([]string)
	for i, l := range labels {
		if l == fmt.Sprint(v) {
			return i, nil
		}
	}
	return nil, fmt.Errorf("%s: %v is not one of the options %s", w.name(), v, strings.Join(labels, ", "))
}

// With changes one item of the widget's state by its name in the widget
// protocol, such as "disabled", "min", "step", "continuous_update",
// "readout_format", "button_style" or "icon". Use Set for the value.
func (w *Widget) With(key string, value any) *Widget {
	registry.Lock()
	defer registry.Unlock()
	if v, err := w.kind.accept(w, key, value); err == nil {
		value = v
	}
	w.put(key, value)
	return w
}

// Get gives one item of the state by its name in the widget protocol, nil
// when there is none.
func (w *Widget) Get(key string) any {
	registry.Lock()
	defer registry.Unlock()
	return w.state[key]
}

// Layout sets a property of the widget's place, with the names and values of
// CSS: "width", "400px"; "flex", "1 1 auto"; "margin", "0 0 8px 0".
func (w *Widget) Layout(property, value string) *Widget {
	return w.part(&w.layout, "layout", layoutKind, strings.ReplaceAll(property, "-", "_"), value)
}

// Style sets a property of the widget's look, such as "description_width",
// "handle_color", "button_color", "bar_color" or "text_color".
func (w *Widget) Style(property, value string) *Widget {
	if w.kind.style == "" {
		return w
	}
	return w.part(&w.style, "style", styleKind(w.kind.style), property, value)
}

// part sets a property of the model that holds the layout or the style.
func (w *Widget) part(field **Widget, key string, k *kind, property, value string) *Widget {
	registry.Lock()
	defer registry.Unlock()
	if *field == nil {
		*field = newWidget(k, "", nil)
		(*field).state[property] = value
		if w.open {
			(*field).announce()
		}
		w.put(key, reference(*field))
		return w
	}
	(*field).put(property, value)
	return w
}

// put stores one item and tells the front end. It reports a change. The
// registry is locked.
func (w *Widget) put(key string, value any) bool {
	if old, had := w.state[key]; had && reflect.DeepEqual(old, value) {
		return false
	}
	w.state[key] = value
	if w.open {
		w.send("update", map[string]any{key: value})
	}
	return true
}

func reference(w *Widget) string { return "IPY_MODEL_" + w.id }

// name is how a widget is called in errors and texts.
func (w *Widget) name() string {
	if s, _ := w.state["description"].(string); s != "" {
		return s
	}
	return w.kind.name
}

// Bundle satisfies what Render looks for: showing a widget opens it, and its
// children before it, in the front end.
func (w *Widget) Bundle() Bundle {
	text := w.String()
	if !host().Widgets() {
		return textBundle(text)
	}
	cell, place := "", ""
	if h, ok := host().(CellHost); ok {
		cell, place = h.Cell()
	}
	registry.Lock()
	w.announce()
	places.show(w, place)
	w.events.belongTo(cell)
	registry.Unlock()
	return Bundle{Data: map[string]any{
		mimeWidget: map[string]any{"version_major": 2, "version_minor": 0, "model_id": w.id},
		mimeText:   text,
	}}
}

// String is the description and value, for boxes those of their children.
func (w *Widget) String() string {
	registry.Lock()
	defer registry.Unlock()
	return w.text()
}

func (w *Widget) text() string {
	if len(w.children) > 0 {
		var parts []string
		for _, c := range w.children {
			if s := c.text(); s != "" && !c.aside && c.kind != button {
				parts = append(parts, s)
			}
		}
		return strings.Join(parts, ", ")
	}
	label, _ := w.state["description"].(string)
	if w.kind.quiet {
		return label
	}
	v := w.value()
	var text string
	switch v := v.(type) {
	case float64:
		text = strconv.FormatFloat(v, 'g', 4, 64)
	case [2]float64:
		text = fmt.Sprintf("%.4g to %.4g", v[0], v[1])
	case [2]int:
		text = fmt.Sprintf("%d to %d", v[0], v[1])
	case nil:
		text = "none"
	default:
		text = clip(fmt.Sprint(v), 200)
	}
	if label == "" {
		return text
	}
	return label + " = " + text
}

// Close takes the widget and its children off every page.
func (w *Widget) Close() {
	registry.Lock()
	defer registry.Unlock()
	w.close()
}

func (w *Widget) close() { w.walk((*Widget).closeOne) }

func (w *Widget) closeOne() {
	if w.open {
		w.open = false
		delete(registry.byID, w.id)
		_ = host().Comm(CommMessage{Kind: "close", ID: w.id, Data: map[string]any{}})
	}
}

// parts are the widgets that w consists of: its layout, style and children.
func (w *Widget) parts() []*Widget {
	var all []*Widget
	for _, c := range append([]*Widget{w.layout, w.style}, w.children...) {
		if c != nil {
			all = append(all, c)
		}
	}
	return all
}

// sortedKeys lists the keys of a state in order, so that messages are the
// same on every run.
func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
