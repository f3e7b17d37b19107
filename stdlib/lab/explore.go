package lab

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"time"

	"github.com/priorlab/priorlab/stdlib/param"
)

// Explorable is a model whose parameters can be moved while its picture
// follows.
type Explorable interface {
	// Params lists what the controls move.
	Params() param.Set
	// Picture draws the model as its parameters stand.
	Picture(ctx context.Context, v View) (any, error)
}

// View says how a picture is wanted.
type View struct {
	Seed  uint64 // the same seed must give the same random numbers, so that paths move instead of jumping
	Draft bool   // the control is still being dragged: a coarse picture will do
}

// Explore takes a model in the hand: a control for every parameter, over the
// range its prior allows, and the picture under them, redrawn in place as they
// move. Beside each control stands what it implies. While a control is dragged
// the picture is a draft when the whole takes long; the newest value wins.
// Buttons draw new random numbers, pin the picture as A to compare with what
// follows as B, undo, and show the settings as Go code.
//
// model is one of
//
//   - an [Explorable];
//   - a Gaussian process: a value with the methods of [Process]; more is then
//     its data, x and y as []float64, or nothing to see the prior alone, and
//     observations can be added and taken away. One with an exported field
//     Kernel, such as *gp.Exact, also gets drop-downs from which kernels are
//     composed;
//   - a param.Set, or a value with Params() param.Set; more is then a function
//     that draws it, as for [Interact], of a View, perhaps after a
//     context.Context.
//
// A model may also have the methods Score() (float64, error), a number to be
// made large, which is shown with its change, and Implies() string, what the
// settings mean in words.
//
// The model itself is changed, and stands at the end as it is shown. Without a
// front end for controls the picture is shown once, with the code to change it.
func Explore(model any, more ...any) {
	e, err := newExplorer(model, more)
	if err != nil {
		panic("lab: Explore: " + err.Error())
	}
	e.show()
}

// explorer is a model on the page.
type explorer struct {
	params  func() param.Set
	set     param.Set
	knobs   []*knob
	picture func(ctx context.Context, v View) ([]any, error)
	score   func() (value float64, slope []float64, err error)
	scoreIs string // what the score is called
	implies func() string
	data    *processView // of a process, for adding observations; nil otherwise
	menu    *kernelMenu  // of a process whose kernel can be exchanged; nil otherwise

	seed, dice, pin, undo, code  *Widget
	status, listing, rows, panel *Widget
	stage                        *stage
	key                          *int

	mu      sync.Mutex
	took    time.Duration // of the last whole picture
	refine  *time.Timer
	history []snapshot // of the whole pictures, newest last
	last    []any
	pinned  *pinned
	scored  float64
	known   bool // scored is
}

// draftAbove is how long a whole picture may take before drafts replace it
// during a drag. Tests change it.
var draftAbove = 40 * time.Millisecond

// settle is how long a control must rest before the whole picture follows.
const settle = 200 * time.Millisecond

func newExplorer(model any, more []any) (*explorer, error) {
	e := &explorer{key: new(int), scoreIs: "score", stage: newStage(), seed: IntText("seed", 1).Layout("width", "11em")}
	if m, ok := model.(interface{ Score() (float64, error) }); ok {
		e.score = func() (float64, []float64, error) { s, err := m.Score(); return s, nil, err }
	}
	if m, ok := model.(interface{ Implies() string }); ok {
		e.implies = m.Implies
	}
	switch m := model.(type) {
	case Explorable:
		e.params = m.Params
		e.picture = func(ctx context.Context, v View) ([]any, error) {
			pic, err := m.Picture(ctx, v)
			return []any{pic}, err
		}
		if len(more) > 0 {
			return nil, fmt.Errorf("%T draws itself; nothing more is wanted", model)
		}
	case Process:
		x, y, isData := dataOf(more)
		e.params = m.Params
		var err error
		if isData {
			err = e.process(m, x, y)
		} else {
			err = e.drawnBy(more)
		}
		if err != nil {
			return nil, err
		}
	case param.Set:
		e.params = func() param.Set { return m }
		if err := e.drawnBy(more); err != nil {
			return nil, err
		}
	case interface{ Params() param.Set }:
		e.params = m.Params
		if err := e.drawnBy(more); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("%T has no parameters to move; it needs a method Params() param.Set", model)
	}
	if e.set = e.params(); len(e.set) == 0 {
		return nil, fmt.Errorf("%T has no parameters to move", model)
	}
	e.knobs = e.makeKnobs()
	return e, nil
}

// drawnBy uses a function of the caller's as the picture.
func (e *explorer) drawnBy(more []any) error {
	if len(e.params()) == 0 {
		return errors.New("there are no parameters to move")
	}
	if len(more) != 1 {
		return fmt.Errorf("a function that draws the model is wanted after it; found %d further arguments", len(more))
	}
	fn := reflect.ValueOf(more[0])
	if fn.Kind() != reflect.Func || fn.IsNil() {
		return fmt.Errorf("a function that draws the model is wanted after it; found %T", more[0])
	}
	in := &interaction{fn: fn, takesCtx: fn.Type().NumIn() > 0 && fn.Type().In(0) == contextType}
	params := in.params()
	viewType := reflect.TypeFor[View]()
	if fn.Type().NumOut() == 0 || len(params) > 1 || len(params) == 1 && params[0] != viewType {
		return fmt.Errorf("the function is a %s; wanted is func(lab.View) (any, error), perhaps with a context.Context first", fn.Type())
	}
	e.picture = func(ctx context.Context, v View) ([]any, error) {
		var args []reflect.Value
		if in.takesCtx {
			args = append(args, reflect.ValueOf(ctx))
		}
		if len(params) == 1 {
			args = append(args, reflect.ValueOf(v))
		}
		return in.results(fn.Call(args))
	}
	return nil
}

// makeKnobs makes the controls of the set.
func (e *explorer) makeKnobs() []*knob {
	var list param.Set
	for _, p := range e.set {
		if e.menu == nil || !e.menu.hidden[p] {
			list = append(list, p)
		}
	}
	knobs := knobsFor(list)
	for _, k := range knobs {
		if e.menu != nil {
			k.rename(e.menu.label(k.p))
		}
	}
	return knobs
}

// show draws the model once and puts everything on the page.
func (e *explorer) show() {
	if !host().Widgets() {
		values, err := e.picture(Context(), e.view(false))
		if err != nil {
			panic(err)
		}
		Show(values...)
		Show(Markdown(e.settings() + ". To change it:\n\n```go\n" + e.codeText() + "```"))
		return
	}
	e.dice = Button("New dice").With("icon", "random")
	e.pin = Button("Pin as A").With("icon", "thumb-tack")
	e.undo = Button("Undo").With("icon", "undo")
	e.code = ToggleButton("Go code", false).With("icon", "code")
	e.status, e.listing = HTMLBox(""), HTMLBox("")
	e.code.aside, e.status.aside, e.listing.aside = true, true, true
	e.rows = VBox(e.knobRows()...)
	buttons := HBox(e.seed.Style("description_width", "3em"), e.dice, e.pin, e.undo, e.code)
	for _, w := range []*Widget{e.dice, e.pin, e.undo, e.code} {
		w.Layout("width", "auto")
	}
	var parts []*Widget
	if e.menu != nil {
		parts = append(parts, e.menu.box)
	}
	parts = append(parts, e.rows, buttons)
	if e.data != nil {
		parts = append(parts, e.observing())
	}
	e.panel = VBox(append(parts, e.status, e.listing, e.stage.spare)...)
	Show(e.panel)
	if err := e.draw(Context(), false); err != nil {
		panic(err)
	}
	e.listen()
}

// knobRows are the controls, each with a place for what it implies.
func (e *explorer) knobRows() []*Widget {
	var controls, rows []*Widget
	for _, k := range e.knobs {
		controls = append(controls, k.widget)
		rows = append(rows, HBox(k.widget, k.note))
	}
	lineUp(controls)
	for _, w := range controls {
		w.Layout("flex", "0 0 auto") // the notes give way, not the sliders
	}
	return rows
}

// listen binds the controls. All share one key: whatever is newest is drawn,
// with the values of then.
func (e *explorer) listen() {
	e.bind(e.seed)
	for _, k := range e.knobs {
		e.bind(k.widget)
	}
	if e.menu != nil {
		for _, w := range e.menu.fresh() {
			e.bind(w)
		}
	}
	e.dice.OnClick(func() { _ = e.seed.Set(e.seed.Int() + 1) })
	e.pin.OnClick(e.togglePin)
	e.undo.OnClick(e.back)
	e.code.OnChange(e.showCode)
}

// bind makes the picture follow a control.
func (e *explorer) bind(w *Widget) {
	registry.Lock()
	w.changed = append(w.changed, handler{key: e.key, run: e.moved})
	registry.Unlock()
}

// recompose exchanges the kernel, and with it the controls, when the
// drop-downs ask for another one than there is.
func (e *explorer) recompose() {
	if e.menu == nil || !e.menu.compose() {
		return
	}
	old := e.knobs
	e.set = e.params()
	e.knobs = e.makeKnobs()
	if e.panel == nil {
		return
	}
	for _, w := range e.menu.fresh() {
		e.bind(w)
	}
	for _, k := range e.knobs {
		e.bind(k.widget)
	}
	e.rows.SetChildren(e.knobRows()...)
	for _, k := range old {
		k.widget.Close()
		k.note.Close()
	}
}
