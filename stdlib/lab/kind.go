package lab

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
)

const (
	controlsModule = "@jupyter-widgets/controls"
	baseModule     = "@jupyter-widgets/base"
	outputModule   = "@jupyter-widgets/output"
)

// A kind is what the widgets of one sort have in common: their names in the
// front end, the first values of their state, and what a person may change.
type kind struct {
	name     string // X in XModel and XView
	view     string // where it is not XView; "-" for none
	module   string // where it is not the controls module
	version  string // where it is not 2.0.0
	style    string // name of the style model, without "StyleModel"; "" for none
	value    string // key of the value; "" for none
	user     []string
	quiet    bool // its text is only the description
	defaults map[string]any
	check    func(w *Widget, key string, v any) (any, error)
}

func (k *kind) names() map[string]any {
	module, version := k.module, k.version
	if module == "" {
		module = controlsModule
	}
	if version == "" {
		version = "2.0.0"
	}
	m := map[string]any{"_model_module": module, "_model_module_version": version, "_model_name": k.name + "Model",
		"_view_module": module, "_view_module_version": version, "_view_name": k.name + "View"}
	switch k.view {
	case "-":
		m["_view_name"] = nil
	case "":
	default:
		m["_view_name"] = k.view
	}
	if k.module == "" && k.view == "StyleView" {
		m["_view_module"] = baseModule
	}
	return m
}

func (k *kind) byUser(key string) bool { return slices.Contains(k.user, key) }

// accept turns a value from a message or a caller into the form the state
// keeps, or says why it does not fit.
func (k *kind) accept(w *Widget, key string, v any) (any, error) {
	if k.check == nil || key != k.value && !k.byUser(key) {
		return v, nil
	}
	return k.check(w, key, v)
}

// same compares two values of a state.
func same(a, b any) bool { return reflect.DeepEqual(a, b) }

// toFloat reads any number, however it was decoded.
func toFloat(v any) (float64, bool) {
	switch x := v.(type) {
	case nil, bool, string:
		return 0, false
	case float64:
		return x, true
	case int:
		return float64(x), true
	case json.Number:
		f, err := x.Float64()
		return f, err == nil
	}
	if rv := reflect.ValueOf(v); isNumber(rv.Kind()) {
		return number(rv), true
	}
	return 0, false
}

func (w *Widget) limit(key string, none float64) float64 {
	if f, ok := toFloat(w.state[key]); ok {
		return f
	}
	return none
}

// clamp keeps a number between the widget's min and max.
func (w *Widget) clamp(f float64) float64 {
	lo, hi := w.limit("min", math.Inf(-1)), w.limit("max", math.Inf(1))
	if base, ok := toFloat(w.state["base"]); ok {
		lo, hi = math.Pow(base, lo), math.Pow(base, hi)
	}
	return math.Max(lo, math.Min(hi, f))
}

func checkFloat(w *Widget, _ string, v any) (any, error) {
	f, ok := toFloat(v)
	if !ok || math.IsNaN(f) {
		return nil, fmt.Errorf("%v is not a number", v)
	}
	return w.clamp(f), nil
}

func checkInt(w *Widget, key string, v any) (any, error) {
	if b, ok := v.(bool); ok && (key == "playing" || key == "repeat") {
		return b, nil
	}
	f, ok := toFloat(v)
	if !ok || f != math.Trunc(f) {
		return nil, fmt.Errorf("%v is not a whole number", v)
	}
	return int(w.clamp(f)), nil
}

func checkBool(_ *Widget, _ string, v any) (any, error) {
	b, ok := v.(bool)
	if !ok {
		return nil, fmt.Errorf("%v is not true or false", v)
	}
	return b, nil
}

func checkString(_ *Widget, _ string, v any) (any, error) {
	if s, ok := v.(string); ok {
		return s, nil
	}
	if rv := reflect.ValueOf(v); rv.Kind() == reflect.String {
		return rv.String(), nil
	}
	return nil, fmt.Errorf("%v is not a text", v)
}

// checkIndex takes a place in a list of options or pages, or nil for none.
func checkIndex(w *Widget, _ string, v any) (any, error) {
	if v == nil {
		return nil, nil
	}
	n := len(w.options)
	if w.kind.value == "selected_index" {
		n = len(w.children)
	}
	f, ok := toFloat(v)
	if !ok || f != math.Trunc(f) || f < 0 || int(f) >= n {
		return nil, fmt.Errorf("%v is not a place among %d", v, n)
	}
	return int(f), nil
}

func pair(v any) (lo, hi float64, ok bool) {
	rv := reflect.ValueOf(v)
	if k := rv.Kind(); k != reflect.Slice && k != reflect.Array || rv.Len() != 2 {
		return 0, 0, false
	}
	lo, a := toFloat(rv.Index(0).Interface())
	hi, b := toFloat(rv.Index(1).Interface())
	return math.Min(lo, hi), math.Max(lo, hi), a && b
}

func checkFloatRange(w *Widget, _ string, v any) (any, error) {
	lo, hi, ok := pair(v)
	if !ok {
		return nil, fmt.Errorf("%v is not a pair of numbers", v)
	}
	return [2]float64{w.clamp(lo), w.clamp(hi)}, nil
}

func checkIntRange(w *Widget, _ string, v any) (any, error) {
	lo, hi, ok := pair(v)
	if !ok || lo != math.Trunc(lo) || hi != math.Trunc(hi) {
		return nil, fmt.Errorf("%v is not a pair of whole numbers", v)
	}
	return [2]int{int(w.clamp(lo)), int(w.clamp(hi))}, nil
}
