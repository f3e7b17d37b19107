package lab

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"reflect"
	"strings"
)

// Baked answers may be so many and take so much room: a page of more is slow
// to open and too large for most code hosts.
const (
	mostBaked  = 1000
	bakedBytes = 16 << 20
)

// Bake computes in advance what controls give, and shows them as sliders that
// need no kernel: a stored notebook or an exported page still answers.
//
// What is baked is as for [Interact], a function and its controls, or as for
// [Explore], a model and what belongs to it. Every control gets n marks over
// its range (a selection all its options), and a picture is made for each
// combination: n pictures of one control, n² of two. There may be 1000
// pictures of 16 MB together.
func Bake(n int, what any, more ...any) {
	b, err := bake(Context(), n, what, more)
	if err != nil {
		panic("lab: Bake: " + err.Error())
	}
	Show(b)
}

func bake(ctx context.Context, n int, what any, more []any) (Bundle, error) {
	if t := reflect.TypeOf(what); t == nil || t.Kind() != reflect.Func {
		return bakeModel(ctx, n, what, more)
	}
	var controls []*Widget
	for i, m := range more {
		w, ok := m.(*Widget)
		if !ok {
			return Bundle{}, fmt.Errorf("argument %d after the function is a %T; controls are wanted", i+1, m)
		}
		controls = append(controls, w)
	}
	in, err := newInteraction(what, controls)
	if err != nil {
		return Bundle{}, err
	}
	return bakeControls(n, in.controls, func() ([]any, error) { return in.call(ctx) }, ctx)
}

// bakeModel bakes the picture of a model, as Explore shows it.
func bakeModel(ctx context.Context, n int, model any, more []any) (Bundle, error) {
	e, err := newExplorer(model, more)
	if err != nil {
		return Bundle{}, err
	}
	var controls []*Widget
	for _, k := range e.knobs {
		controls = append(controls, k.widget)
	}
	defer func() { _ = apply(e.knobs) }() // the controls stand as before
	return bakeControls(n, controls, func() ([]any, error) {
		if err := apply(e.knobs); err != nil {
			return nil, err
		}
		return e.picture(ctx, View{Seed: 1, Draft: true})
	}, ctx)
}

// bakeControls calls the function for all combinations of marks.
func bakeControls(n int, controls []*Widget, call func() ([]any, error), ctx context.Context) (Bundle, error) {
	if len(controls) == 0 {
		return Bundle{}, errors.New("there is no control to move")
	}
	var p bakedPage
	var all [][]any
	count := 1
	for _, w := range controls {
		marks, err := w.marks(n)
		if err != nil {
			return Bundle{}, err
		}
		before := w.Value()
		defer func() { _ = w.Set(before) }() // it was its value
		row := bakedRow{name: w.Name()}
		for i, m := range marks {
			if reflect.DeepEqual(m, before) {
				row.at = i
			}
			_ = w.Set(m) // it is within the range
			row.labels = append(row.labels, w.String())
		}
		all, p.rows = append(all, marks), append(p.rows, row)
		if count *= len(marks); count > mostBaked {
			return Bundle{}, fmt.Errorf("%d marks of %d controls make more than %d pictures; bake fewer marks or fewer controls", n, len(controls), mostBaked)
		}
	}
	size := 0
	text := ""
	for i := range count {
		if err := ctx.Err(); err != nil {
			return Bundle{}, err
		}
		place := p.place(i)
		here := true
		for c, w := range controls {
			_ = w.Set(all[c][place[c]])
			here = here && place[c] == p.rows[c].at
		}
		values, err := call()
		if err != nil {
			return Bundle{}, err
		}
		b := Render(values...)
		block, _ := b.block()
		p.frames = append(p.frames, block)
		if size += len(block); size > bakedBytes {
			return Bundle{}, fmt.Errorf("%d of %d pictures already take %d MB; at most %d MB are allowed, so bake fewer marks or smaller pictures", i+1, count, size>>20, bakedBytes>>20)
		}
		if here {
			text = b.text()
		}
	}
	// Of the content, so that a notebook that is run again stays as it is.
	h := fnv.New32a()
	fmt.Fprint(h, p.rows, p.frames)
	p.id = fmt.Sprintf("%08x", h.Sum32())
	var names []string
	for _, r := range p.rows {
		names = append(names, r.name)
	}
	return Bundle{Data: map[string]any{mimeHTML: p.html(), mimeText: fmt.Sprintf("%s (%d pictures)\n%s", strings.Join(names, ", "), count, text)}}, nil
}

// marks are n values over the range of a control, its own value among them.
func (w *Widget) marks(n int) ([]any, error) {
	if w.kind.value == "index" {
		if w.kind == selectionSlider && len(w.options) > n && n >= 2 { // a scale, of which n marks will do
			last, own := len(w.options)-1, w.Index()
			var out []any
			for i := range n {
				at := i * last / (n - 1)
				if next := (2*i + 1) * last / (2*n - 2); own > next-last/(n-1) && own <= next {
					at = own
				}
				out = append(out, w.options[at])
			}
			return out, nil
		}
		return append([]any(nil), w.options...), nil
	}
	if b, ok := w.Value().(bool); ok {
		return []any{b, !b}, nil
	}
	lo, okLo := toFloat(w.Get("min"))
	hi, okHi := toFloat(w.Get("max"))
	v, okV := toFloat(w.Value())
	if !okLo || !okHi || !okV {
		return nil, fmt.Errorf("%s has no range to move through", w.Name())
	}
	if n < 2 || n > 200 {
		return nil, fmt.Errorf("%d marks were asked for; take 2 to 200", n)
	}
	base, log := toFloat(w.Get("base"))
	at := func(i int) float64 {
		x := lo + (hi-lo)*float64(i)/float64(n-1)
		if log {
			return math.Pow(base, x)
		}
		return x
	}
	closest := 0
	for i := range n {
		if math.Abs(at(i)-v) < math.Abs(at(closest)-v) {
			closest = i
		}
	}
	var out []any
	for i := range n {
		x := at(i)
		if i == closest {
			x = v
		}
		_, whole := w.Value().(int)
		if whole {
			x = math.Round(x)
		}
		if m := any(x); whole {
			m = int(x)
			if len(out) == 0 || out[len(out)-1] != m {
				out = append(out, m)
			}
			continue
		}
		out = append(out, x)
	}
	return out, nil
}
