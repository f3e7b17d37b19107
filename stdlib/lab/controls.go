package lab

import (
	"fmt"
	"math"
	"reflect"
)

// What sliders share.
func slider(name string, readout string, check func(*Widget, string, any) (any, error)) *kind {
	return &kind{name: name, style: "Slider", value: "value", user: []string{"value"}, check: check, defaults: map[string]any{
		"description": "", "continuous_update": true, "disabled": false, "orientation": "horizontal",
		"readout": true, "readout_format": readout, "behavior": "drag-tap"}}
}

func entry(name, style string, check func(*Widget, string, any) (any, error)) *kind {
	return &kind{name: name, style: style, value: "value", user: []string{"value"}, check: check,
		defaults: map[string]any{"description": "", "disabled": false}}
}

func selection(name, style string, more map[string]any) *kind {
	k := &kind{name: name, style: style, value: "index", user: []string{"index"}, check: checkIndex,
		defaults: map[string]any{"description": "", "disabled": false}}
	for key, v := range more {
		k.defaults[key] = v
	}
	return k
}

var (
	intSlider        = slider("IntSlider", "d", checkInt)
	floatSlider      = slider("FloatSlider", ".2f", checkFloat)
	floatLogSlider   = slider("FloatLogSlider", ".3g", checkFloat)
	intRangeSlider   = slider("IntRangeSlider", "d", checkIntRange)
	floatRangeSlider = slider("FloatRangeSlider", ".2f", checkFloatRange)

	dropdown        = selection("Dropdown", "Description", nil)
	radioButtons    = selection("RadioButtons", "Description", nil)
	selectBox       = selection("Select", "Description", map[string]any{"rows": 5})
	selectionSlider = selection("SelectionSlider", "Slider", map[string]any{"continuous_update": true,
		"orientation": "horizontal", "readout": true, "behavior": "drag-tap"})
	toggleButtons = selection("ToggleButtons", "ToggleButtons", map[string]any{"button_style": "", "icons": []string{}, "tooltips": []string{}})

	checkbox     = entry("Checkbox", "Checkbox", checkBool)
	toggleButton = entry("ToggleButton", "ToggleButton", checkBool)
	button       = &kind{name: "Button", style: "Button", quiet: true, defaults: map[string]any{"description": "", "disabled": false, "button_style": "", "icon": ""}}

	textBox          = entry("Text", "Text", checkString)
	textArea         = entry("Textarea", "Text", checkString)
	intText          = entry("IntText", "Description", checkInt)
	floatText        = entry("FloatText", "Description", checkFloat)
	boundedIntText   = withView(entry("BoundedIntText", "Description", checkInt), "IntTextView")
	boundedFloatText = withView(entry("BoundedFloatText", "Description", checkFloat), "FloatTextView")
	colorPicker      = entry("ColorPicker", "Description", checkString)

	play = &kind{name: "Play", style: "Description", value: "value", user: []string{"value", "playing", "repeat"}, check: checkInt,
		defaults: map[string]any{"description": "", "disabled": false, "playing": false, "repeat": false, "show_repeat": true}}
)

func withView(k *kind, view string) *kind { k.view = view; return k }

// wantRange stops on limits that no slider can have.
func wantRange(what, description string, value, lo, hi float64) {
	if !(lo < hi) || math.IsInf(lo, 0) || math.IsInf(hi, 0) || math.IsNaN(value) {
		panic(fmt.Sprintf("lab: %s(%q, %v, %v, %v): the last two are the ends of the range, the lower one first", what, description, value, lo, hi))
	}
}

// IntSlider is a slider over the whole numbers from lo to hi.
func IntSlider(description string, value, lo, hi int) *Widget {
	wantRange("IntSlider", description, float64(value), float64(lo), float64(hi))
	return newWidget(intSlider, description, map[string]any{"value": min(max(value, lo), hi), "min": lo, "max": hi, "step": 1})
}

// FloatSlider is a slider over the numbers from lo to hi, in 100 steps; change
// the step by With("step", 0.5).
func FloatSlider(description string, value, lo, hi float64) *Widget {
	wantRange("FloatSlider", description, value, lo, hi)
	step := niceNumber((hi - lo) / 100)
	w := newWidget(floatSlider, description, map[string]any{"value": math.Min(math.Max(value, lo), hi), "min": lo, "max": hi, "step": step})
	if decimals := -int(math.Floor(math.Log10(step) + 1e-9)); decimals > 2 {
		w.state["readout_format"] = fmt.Sprintf(".%df", min(decimals, 8))
	}
	return w
}

// FloatLogSlider is a slider over the positive numbers from lo to hi, even in
// the logarithm, for scales and rates. Its first value lies on one of its some
// hundred steps, so that the page shows that value and not a neighbour.
func FloatLogSlider(description string, value, lo, hi float64) *Widget {
	wantRange("FloatLogSlider", description, value, lo, hi)
	if lo <= 0 {
		panic(fmt.Sprintf("lab: FloatLogSlider(%q): the lower end %v must be positive", description, lo))
	}
	value = math.Min(math.Max(value, lo), hi)
	a, b := math.Log10(lo), math.Log10(hi)
	step := (b - a) / 100
	if d := math.Log10(value) - a; d > step/2 {
		step = d / math.Round(d/step)
	}
	return newWidget(floatLogSlider, description, map[string]any{"value": value, "base": 10.0, "min": a, "max": b, "step": step})
}

// IntRangeSlider chooses an interval of whole numbers within lo to hi.
func IntRangeSlider(description string, from, to, lo, hi int) *Widget {
	wantRange("IntRangeSlider", description, float64(from), float64(lo), float64(hi))
	return newWidget(intRangeSlider, description, map[string]any{"value": [2]int{max(from, lo), min(to, hi)}, "min": lo, "max": hi, "step": 1})
}

// FloatRangeSlider chooses an interval within lo to hi.
func FloatRangeSlider(description string, from, to, lo, hi float64) *Widget {
	wantRange("FloatRangeSlider", description, from, lo, hi)
	return newWidget(floatRangeSlider, description, map[string]any{"value": [2]float64{math.Max(from, lo), math.Min(to, hi)},
		"min": lo, "max": hi, "step": niceNumber((hi - lo) / 100)})
}

// niceNumber rounds a positive number to 1, 2 or 5 times a power of ten.
func niceNumber(x float64) float64 {
	e := math.Floor(math.Log10(x) + 1e-9)
	m := x / math.Pow(10, e)
	switch {
	case m < 1.5:
		m = 1
	case m < 3.5:
		m = 2
	case m < 7.5:
		m = 5
	default:
		m, e = 1, e+1
	}
	if e < 0 {
		return m / math.Pow(10, -e) // 0.1, not 0.1000…01
	}
	return m * math.Pow(10, e)
}

// choose makes a selection. options is a slice of anything; the labels are
// what fmt prints of its elements.
func choose(k *kind, description string, options, selected any) *Widget {
	rv := reflect.ValueOf(options)
	if rv.Kind() != reflect.Slice || rv.Len() == 0 {
		panic(fmt.Sprintf("lab: %s(%q): options is %T; give a slice with at least one element", k.name, description, options))
	}
	w := newWidget(k, description, nil)
	labels := make([]string, rv.Len())
	for i := range labels {
		w.options = append(w.options, rv.Index(i).Interface())
		labels[i] = fmt.Sprint(w.options[i])
	}
	w.state["_options_labels"] = labels
	i, err := w.optionIndex(selected)
	if err != nil {
		panic("lab: " + k.name + ": " + err.Error())
	}
	w.state["index"] = i
	return w
}

// Dropdown chooses one of options, a slice of anything; selected is the one to
// begin with, nil for none.
func Dropdown(description string, options, selected any) *Widget {
	return choose(dropdown, description, options, selected)
}

// RadioButtons is a Dropdown with all options in sight.
func RadioButtons(description string, options, selected any) *Widget {
	return choose(radioButtons, description, options, selected)
}

// Select is a Dropdown as a list.
func Select(description string, options, selected any) *Widget {
	return choose(selectBox, description, options, selected)
}

// SelectionSlider is a slider over options in their order.
func SelectionSlider(description string, options, selected any) *Widget {
	return choose(selectionSlider, description, options, selected)
}

// ToggleButtons is a Dropdown as a row of buttons.
func ToggleButtons(description string, options, selected any) *Widget {
	return choose(toggleButtons, description, options, selected)
}

// Checkbox is a box to tick.
func Checkbox(description string, value bool) *Widget {
	return newWidget(checkbox, description, map[string]any{"value": value, "indent": true})
}

// ToggleButton is a button that stays down.
func ToggleButton(description string, value bool) *Widget {
	return newWidget(toggleButton, description, map[string]any{"value": value, "button_style": "", "icon": ""})
}

// Button calls what OnClick gave it. With("button_style", "primary") and
// With("icon", "check") change its look.
func Button(description string) *Widget { return newWidget(button, description, nil) }

// Text is a line to write in.
func Text(description, value string) *Widget {
	return newWidget(textBox, description, map[string]any{"value": value, "placeholder": "", "continuous_update": true})
}

// Textarea is a box to write in.
func Textarea(description, value string) *Widget {
	return newWidget(textArea, description, map[string]any{"value": value, "placeholder": "", "continuous_update": true, "rows": nil})
}

// IntText is a field for a whole number.
func IntText(description string, value int) *Widget {
	return newWidget(intText, description, map[string]any{"value": value, "step": 1, "continuous_update": false})
}

// FloatText is a field for a number.
func FloatText(description string, value float64) *Widget {
	return newWidget(floatText, description, map[string]any{"value": value, "step": nil, "continuous_update": false})
}

// BoundedIntText is a field for a whole number from lo to hi.
func BoundedIntText(description string, value, lo, hi int) *Widget {
	wantRange("BoundedIntText", description, float64(value), float64(lo), float64(hi))
	return newWidget(boundedIntText, description, map[string]any{"value": min(max(value, lo), hi), "min": lo, "max": hi, "step": 1, "continuous_update": false})
}

// BoundedFloatText is a field for a number from lo to hi.
func BoundedFloatText(description string, value, lo, hi float64) *Widget {
	wantRange("BoundedFloatText", description, value, lo, hi)
	return newWidget(boundedFloatText, description, map[string]any{"value": math.Min(math.Max(value, lo), hi), "min": lo, "max": hi, "step": nil, "continuous_update": false})
}

// ColorPicker is a field for a colour such as "#0072b2".
func ColorPicker(description, value string) *Widget {
	return newWidget(colorPicker, description, map[string]any{"value": value, "concise": false})
}

// Play counts from lo to hi by itself, one step every interval milliseconds,
// once its button is pressed. Link it to a slider to animate that.
func Play(value, lo, hi, interval int) *Widget {
	wantRange("Play", "", float64(value), float64(lo), float64(hi))
	return newWidget(play, "", map[string]any{"value": min(max(value, lo), hi), "min": lo, "max": hi, "step": 1, "interval": max(interval, 1)})
}
