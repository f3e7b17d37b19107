package lab

import (
	"context"
	"fmt"
	"reflect"
)

var (
	contextType = reflect.TypeFor[context.Context]()
	widgetType  = reflect.TypeFor[*Widget]()
	errorType   = reflect.TypeFor[error]()
)

// adapt makes a callback of f; see OnChange.
func (w *Widget) adapt(method string, f any) func(context.Context) {
	fn := reflect.ValueOf(f)
	if fn.Kind() != reflect.Func || fn.IsNil() {
		panic(fmt.Sprintf("lab: %s of %s wants a function, not %T", method, w.name(), f))
	}
	t := fn.Type()
	takesContext := t.NumIn() > 0 && t.In(0) == contextType
	params := t.NumIn()
	if takesContext {
		params--
	}
	if params > 1 || t.IsVariadic() {
		panic(fmt.Sprintf("lab: %s of %s: the function takes %d values; it may take one, after a context", method, w.name(), params))
	}
	if params == 1 {
		last := t.In(t.NumIn() - 1)
		if last != widgetType {
			if _, err := w.argument(last); err != nil {
				panic(fmt.Sprintf("lab: %s of %s: %v", method, w.name(), err))
			}
		}
	}
	return func(ctx context.Context) {
		var args []reflect.Value
		if takesContext {
			args = append(args, reflect.ValueOf(ctx))
		}
		if params == 1 {
			last := t.In(t.NumIn() - 1)
			arg := reflect.ValueOf(w)
			if last != widgetType {
				arg, _ = w.argument(last) // checked above
			}
			args = append(args, arg)
		}
		fn.Call(args)
	}
}

// argument is the widget's value as a value of type t.
func (w *Widget) argument(t reflect.Type) (reflect.Value, error) {
	v := w.Value()
	if t == widgetType {
		return reflect.ValueOf(w), nil
	}
	fail := fmt.Errorf("%s gives %s, which does not fit the function's parameter of type %s", w.Name(), valueName(v), t)
	rv := reflect.ValueOf(v)
	if !rv.IsValid() {
		if t.Kind() == reflect.Interface || w.kind.value == "index" {
			return reflect.Zero(t), nil
		}
		return rv, fail
	}
	if rv.Type().AssignableTo(t) {
		return rv, nil
	}
	switch {
	case w.kind.value == "index" && isWhole(t.Kind()) && !isNumber(rv.Kind()):
		return reflect.ValueOf(w.Index()).Convert(t), nil
	case isNumber(rv.Kind()) && isNumber(t.Kind()) && !(isWhole(t.Kind()) && !isWhole(rv.Kind())):
		return rv.Convert(t), nil
	case rv.Kind() == t.Kind() && rv.Type().ConvertibleTo(t):
		return rv.Convert(t), nil
	case rv.Kind() == reflect.Array && t.Kind() == reflect.Slice && isNumber(t.Elem().Kind()):
		out := reflect.MakeSlice(t, rv.Len(), rv.Len())
		for i := range rv.Len() {
			out.Index(i).Set(rv.Index(i).Convert(t.Elem()))
		}
		return out, nil
	}
	return rv, fail
}

// Name is the description, or the kind of a widget without one.
func (w *Widget) Name() string {
	registry.Lock()
	defer registry.Unlock()
	return w.name()
}

func isWhole(k reflect.Kind) bool { return k >= reflect.Int && k <= reflect.Uintptr }

func valueName(v any) string {
	if v == nil {
		return "nothing"
	}
	return fmt.Sprintf("a value of type %T", v)
}
