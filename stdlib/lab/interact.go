package lab

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
)

// Interact shows controls and, under them, what f gives for their values. When
// a control moves, f runs again and its picture is replaced in place; the
// newest values win and nothing queues.
//
// f takes one parameter for each control, perhaps after a context.Context
// that is cancelled when newer values arrive, and gives what is to be shown,
// perhaps with an error. A parameter may have any type that the control's value
// fits: a number, bool, string, the option of a selection or its index, a
// []float64 or [2]float64 for a range, or *lab.Widget for the control itself.
// Without controls they are made from the types of f's parameters.
//
// Where no widgets can be drawn, the picture is shown once with a line that
// names the values. If f fails when it is first run, so does the cell; later
// its error is shown where the picture was.
func Interact(f any, controls ...*Widget) {
	in, err := newInteraction(f, controls)
	if err != nil {
		panic("lab: Interact: " + err.Error())
	}
	in.show()
}

// interaction is a function bound to controls and a place on the page.
type interaction struct {
	fn       reflect.Value
	takesCtx bool
	controls []*Widget
	band     *band // one of the controls that stands in the picture; nil otherwise
	panel    *Widget
	stage    *stage
	key      any // one for all controls: any newer value replaces the redraw
}

func newInteraction(f any, controls []*Widget) (*interaction, error) {
	fn := reflect.ValueOf(f)
	if fn.Kind() != reflect.Func || fn.IsNil() {
		return nil, fmt.Errorf("the first argument is %s; a function is wanted", valueName(f))
	}
	t := fn.Type()
	in := &interaction{fn: fn, controls: controls, key: new(int), takesCtx: t.NumIn() > 0 && t.In(0) == contextType}
	params := in.params()
	if t.IsVariadic() {
		return nil, errors.New("the function takes any number of values; give it one parameter for each control")
	}
	if t.NumOut() == 0 {
		return nil, errors.New("the function gives nothing; it must return what is to be shown")
	}
	if len(controls) == 0 {
		var err error
		if in.controls, err = controlsFor(params); err != nil {
			return nil, err
		}
	}
	if len(in.controls) != len(params) {
		return nil, fmt.Errorf("the function takes %d values but there are %d controls", len(params), len(in.controls))
	}
	for i, c := range in.controls {
		if c == nil {
			return nil, fmt.Errorf("control %d is nil", i+1)
		}
		if _, err := c.argument(params[i]); err != nil {
			return nil, fmt.Errorf("control %d: %w", i+1, err)
		}
	}
	return in, nil
}

// params are the types that the controls must fill.
func (in *interaction) params() []reflect.Type {
	t := in.fn.Type()
	var out []reflect.Type
	for i := range t.NumIn() {
		if i > 0 || !in.takesCtx {
			out = append(out, t.In(i))
		}
	}
	return out
}

// controlsFor makes a control for each type.
func controlsFor(params []reflect.Type) ([]*Widget, error) {
	var out []*Widget
	for i, t := range params {
		name := fmt.Sprintf("x%d", i+1)
		switch {
		case isWhole(t.Kind()):
			out = append(out, IntSlider(name, 5, 0, 10))
		case isNumber(t.Kind()):
			out = append(out, FloatSlider(name, 0.5, 0, 1))
		case t.Kind() == reflect.Bool:
			out = append(out, Checkbox(name, false))
		case t.Kind() == reflect.String:
			out = append(out, Text(name, ""))
		default:
			return nil, fmt.Errorf("there is no control for parameter %d of type %s; give one", i+1, t)
		}
	}
	return out, nil
}

// show runs the function once and puts everything on the page.
func (in *interaction) show() {
	aside := in.controls
	if in.band != nil {
		aside = slices.DeleteFunc(slices.Clone(aside), func(w *Widget) bool { return w == in.band.slider })
	}
	lineUp(aside)
	in.panel, in.stage = VBox(aside...), newStage()
	live := host().Widgets()
	if live && len(in.controls) > 0 {
		var all *Widget
		if in.band != nil {
			all = in.band.arrange(in.stage, in.panel)
		} else {
			all = VBox(in.panel, in.stage.spare)
		}
		all.retired = append(all.retired, in.unbind)
		Show(all)
	} else if len(in.controls) > 0 {
		Show(Markdown("*" + VBox(in.controls...).String() + "*"))
	}
	values, err := in.call(Context())
	if err != nil {
		panic(err)
	}
	in.stage.begin(values...)
	if !live {
		return
	}
	redraw := handler{key: in.key, run: in.redraw}
	registry.Lock()
	for _, c := range in.controls {
		c.changed = append(c.changed, redraw)
		c.clicked = append(c.clicked, redraw)
	}
	registry.Unlock()
}

// unbind makes the controls, which may go on elsewhere, forget the function.
// The registry is locked.
func (in *interaction) unbind() {
	forget := func(hs []handler) []handler {
		return slices.DeleteFunc(slices.Clone(hs), func(h handler) bool { return h.key == in.key })
	}
	for _, c := range in.controls {
		c.changed, c.clicked = forget(c.changed), forget(c.clicked)
	}
}

// lineUp gives controls one width and their names room, unless the caller has
// laid them out.
func lineUp(controls []*Widget) {
	longest := 0
	for _, c := range controls {
		longest = max(longest, len([]rune(c.Description())))
	}
	name := min(max(0.6*float64(longest)+1, 5), 20)
	for _, c := range controls {
		if _, set := c.Get("style").(string); !set {
			c.Style("description_width", fmt.Sprintf("%.1fem", name))
		}
		if _, set := c.Get("layout").(string); !set && c.kind.style != "" && c.kind != button && c.kind != toggleButtons {
			c.Layout("width", fmt.Sprintf("%.1fem", name+22))
		}
	}
}

// redraw runs the function with the values of now and replaces the picture.
func (in *interaction) redraw(ctx context.Context) {
	defer func() {
		if p := recover(); p != nil {
			in.stage.update(failure(panicText(p)))
		}
	}()
	values, err := in.call(ctx)
	switch {
	case err != nil && ctx.Err() != nil:
		// Given up for newer values, which are drawn next.
	case err != nil:
		in.stage.update(failure(errorText(err)))
	default:
		in.stage.update(values...)
	}
}

// call runs the function with the values of the controls. An error that the
// function gives last comes back as such.
func (in *interaction) call(ctx context.Context) ([]any, error) {
	var args []reflect.Value
	if in.takesCtx {
		args = append(args, reflect.ValueOf(ctx))
	}
	for i, t := range in.params() {
		a, err := in.controls[i].argument(t)
		if err != nil {
			return nil, err
		}
		args = append(args, a)
	}
	return in.results(in.fn.Call(args))
}

// results are the values a function gave, and its error when that came last.
func (in *interaction) results(out []reflect.Value) ([]any, error) {
	if n := len(out); n > 0 && out[n-1].Type() == errorType {
		if err, _ := out[n-1].Interface().(error); err != nil {
			return nil, err
		}
		out = out[:n-1]
	}
	values := make([]any, len(out))
	for i, o := range out {
		values[i] = o.Interface()
	}
	return values, nil
}

// failure is a message that stands where a picture was.
func failure(text string) Bundle {
	return Bundle{Data: map[string]any{
		mimeHTML: `<pre style="border-left:4px solid #d55e00;padding:.4em .8em;margin:0;white-space:pre-wrap">` + escape(text) + `</pre>`,
		mimeText: text,
	}}
}
