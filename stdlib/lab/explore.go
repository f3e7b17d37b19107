package lab

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
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
// move. While a control is dragged the picture is a draft when the whole takes
// long; the newest value wins. Buttons draw new random numbers, pin the picture
// to compare with, undo, and show the settings as Go code.
//
// model is one of
//
//   - an [Explorable];
//   - a Gaussian process: a value with the methods of [Process]; more is then
//     its data, x and y as []float64, or nothing to see the prior alone, and
//     observations can be added and taken away;
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
	set     param.Set
	knobs   []*knob
	picture func(ctx context.Context, v View) ([]any, error)
	score   func() (float64, error)
	scoreIs string // what the score is called
	implies func() string
	data    *processView // of a process, for adding observations; nil otherwise

	seed, dice, pin, undo, code *Widget
	status, listing             *Widget
	stage                       *stage
	key                         *int

	mu       sync.Mutex
	took     time.Duration // of the last whole picture
	refine   *time.Timer
	history  [][]float64 // values of the whole pictures, newest last
	last     Bundle
	pinned   *Bundle
	pinnedAs string
	scored   float64
	hasScore bool
}

// draftAbove is how long a whole picture may take before drafts replace it
// during a drag, and settle is how long a control must rest before the whole
// picture follows.
const (
	draftAbove = 40 * time.Millisecond
	settle     = 200 * time.Millisecond
)

func newExplorer(model any, more []any) (*explorer, error) {
	e := &explorer{key: new(int), scoreIs: "score"}
	if m, ok := model.(interface{ Score() (float64, error) }); ok {
		e.score = m.Score
	}
	if m, ok := model.(interface{ Implies() string }); ok {
		e.implies = m.Implies
	}
	switch m := model.(type) {
	case Explorable:
		e.set = m.Params()
		e.picture = func(ctx context.Context, v View) ([]any, error) {
			pic, err := m.Picture(ctx, v)
			return []any{pic}, err
		}
		if len(more) > 0 {
			return nil, fmt.Errorf("%T draws itself; nothing more is wanted", model)
		}
	case Process:
		x, y, isData := dataOf(more)
		if !isData {
			return e, e.drawnBy(m.Params(), more)
		}
		if err := e.process(m, x, y); err != nil {
			return nil, err
		}
	case param.Set:
		return e, e.drawnBy(m, more)
	case interface{ Params() param.Set }:
		return e, e.drawnBy(m.Params(), more)
	default:
		return nil, fmt.Errorf("%T has no parameters to move; it needs a method Params() param.Set", model)
	}
	if len(e.set) == 0 {
		return nil, fmt.Errorf("%T has no parameters", model)
	}
	return e, nil
}

// drawnBy uses a function of the caller's as the picture.
func (e *explorer) drawnBy(set param.Set, more []any) error {
	if len(set) == 0 {
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
	e.set = set
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

// show draws the model once and puts everything on the page.
func (e *explorer) show() {
	e.knobs = knobsFor(e.set)
	e.seed = IntText("seed", 1).Layout("width", "11em")
	if !host().Widgets() {
		values, err := e.picture(Context(), e.view(false))
		if err != nil {
			panic(err)
		}
		Show(values...)
		Show(Markdown("To change it:\n\n```go\n" + e.codeText() + "```"))
		return
	}
	e.dice = Button("New dice").With("icon", "random")
	e.pin = Button("Pin").With("icon", "thumb-tack")
	e.undo = Button("Undo").With("icon", "undo")
	e.code = ToggleButton("Go code", false).With("icon", "code")
	e.status, e.listing = HTMLBox(""), HTMLBox("")
	e.code.aside, e.status.aside, e.listing.aside = true, true, true
	var rows []*Widget
	for _, k := range e.knobs {
		rows = append(rows, k.widget)
	}
	lineUp(rows)
	buttons := HBox(e.seed.Style("description_width", "3em"), e.dice, e.pin, e.undo, e.code)
	for _, w := range []*Widget{e.dice, e.pin, e.undo, e.code} {
		w.Layout("width", "auto")
	}
	e.stage = newStage()
	panel := VBox(VBox(rows...), buttons, e.status, e.listing, e.stage.spare)
	if e.data != nil {
		panel.SetChildren(VBox(rows...), buttons, e.observing(), e.status, e.listing, e.stage.spare)
	}
	Show(panel)
	e.stage.begin()
	if err := e.draw(Context(), false); err != nil {
		panic(err)
	}
	e.listen()
}

// listen binds the controls. All share one key: whatever is newest is drawn,
// with the values of then.
func (e *explorer) listen() {
	redraw := handler{key: e.key, run: e.moved}
	registry.Lock()
	for _, k := range e.knobs {
		k.widget.changed = append(k.widget.changed, redraw)
	}
	e.seed.changed = append(e.seed.changed, redraw)
	registry.Unlock()
	e.dice.OnClick(func() { _ = e.seed.Set(e.seed.Int() + 1) })
	e.pin.OnClick(e.togglePin)
	e.undo.OnClick(e.back)
	e.code.OnChange(e.showCode)
}

func (e *explorer) view(draft bool) View { return View{Seed: uint64(e.seed.Int()), Draft: draft} }

// moved redraws after a control has moved: at once, as a draft when the whole
// is slow, and then whole when the controls rest.
func (e *explorer) moved(ctx context.Context) {
	e.mu.Lock()
	if e.refine != nil {
		e.refine.Stop()
	}
	draft := e.took > draftAbove
	e.mu.Unlock()
	e.try(ctx, draft)
	if !draft {
		return
	}
	root := e.status
	e.mu.Lock()
	e.refine = time.AfterFunc(settle, func() {
		registry.Lock()
		for root.parent != nil {
			root = root.parent
		}
		registry.Unlock()
		root.events.post(e.key, func(ctx context.Context) { e.try(ctx, false) })
	})
	e.mu.Unlock()
}

// try draws and shows what goes wrong where the picture was.
func (e *explorer) try(ctx context.Context, draft bool) {
	defer func() {
		if p := recover(); p != nil {
			e.stage.update(failure(panicText(p)))
		}
	}()
	if err := e.draw(ctx, draft); err != nil && ctx.Err() == nil {
		e.stage.update(failure(errorText(err)))
	}
}

// draw moves the parameters to the controls and shows the picture.
func (e *explorer) draw(ctx context.Context, draft bool) error {
	start := time.Now()
	if err := apply(e.knobs); err != nil {
		return err
	}
	values, err := e.picture(ctx, e.view(draft))
	if err != nil {
		return err
	}
	b := Render(values...)
	e.mu.Lock()
	e.last = b
	shown := []any{b}
	if e.pinned != nil {
		shown = append(shown, Bundle{Data: map[string]any{mimeHTML: "<p><b>pinned</b> " + escape(e.pinnedAs) + "</p>", mimeText: "pinned " + e.pinnedAs}}, *e.pinned)
	}
	if !draft {
		e.took = time.Since(start)
		e.remember()
	}
	e.mu.Unlock()
	e.stage.update(shown...)
	if !draft {
		e.tell()
	}
	return nil
}

// remember keeps the values of a whole picture for undo.
func (e *explorer) remember() {
	now := make([]float64, len(e.knobs))
	for i, k := range e.knobs {
		now[i] = k.value()
	}
	if n := len(e.history); n == 0 || !reflect.DeepEqual(e.history[n-1], now) {
		e.history = append(e.history, now)
	}
}

// tell writes what the settings imply and how they score.
func (e *explorer) tell() {
	var parts []string
	if e.implies != nil {
		if s := e.implies(); s != "" {
			parts = append(parts, escape(s))
		}
	}
	if e.score != nil {
		if s, err := e.score(); err == nil {
			e.mu.Lock()
			text := fmt.Sprintf("%s %.2f", e.scoreIs, s)
			if e.hasScore && s != e.scored {
				text += fmt.Sprintf(" (%+.2f)", s-e.scored)
			}
			e.scored, e.hasScore = s, true
			e.mu.Unlock()
			parts = append(parts, text)
		}
	}
	_ = e.status.Set(strings.Join(parts, " · "))
	if e.code.Bool() {
		e.showCode()
	}
}

func (e *explorer) settings() string {
	var parts []string
	for _, k := range e.knobs {
		parts = append(parts, fmt.Sprintf("%s = %.4g", k.widget.Description(), k.value()))
	}
	return strings.Join(parts, ", ")
}

func (e *explorer) togglePin() {
	e.mu.Lock()
	if e.pinned == nil {
		kept := e.last
		e.pinned, e.pinnedAs = &kept, e.settings()
	} else {
		e.pinned = nil
	}
	label := "Pin"
	if e.pinned != nil {
		label = "Unpin"
	}
	e.mu.Unlock()
	e.pin.With("description", label)
	e.try(Context(), false)
}

// back goes to the settings of the picture before.
func (e *explorer) back() {
	e.mu.Lock()
	var to []float64
	if n := len(e.history); n > 1 {
		to = e.history[n-2]
		e.history = e.history[:n-2] // the redraw remembers it anew
	}
	e.mu.Unlock()
	for i, v := range to {
		_ = e.knobs[i].move(v) // it was a value of this control before
	}
}

func (e *explorer) showCode() {
	text := ""
	if e.code.Bool() {
		text = listing(e.codeText()).Data[mimeHTML].(string)
	}
	_ = e.listing.Set(text)
}

// listing is code in a box that one click selects whole.
func listing(code string) Bundle {
	return Bundle{Data: map[string]any{mimeText: code, mimeHTML: `<pre style="user-select:all;padding:.5em .8em;` +
		`border:1px solid #8888;border-radius:4px;width:fit-content">` + escape(code) + "</pre>"}}
}

// codeText is Go that brings the model to the settings of now.
func (e *explorer) codeText() string {
	var b strings.Builder
	b.WriteString("p := model.Params() // model is your variable\n")
	at := 0
	for i, p := range e.set {
		values := make([]string, p.Len())
		for j := range values {
			values[j] = fmt.Sprintf("%.6g", e.knobs[at].value())
			at++
		}
		fmt.Fprintf(&b, "p[%d].Set(%s) // %s\n", i, strings.Join(values, ", "), p.Name)
	}
	return b.String()
}
