package lab

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/priorlab/priorlab/stdlib/plots"
)

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
	e.mu.Lock()
	e.refine = time.AfterFunc(settle, func() {
		e.status.root().events.post(e.key, func(ctx context.Context) { e.try(ctx, false) })
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
	e.recompose()
	if err := apply(e.knobs); err != nil {
		return err
	}
	values, err := e.picture(ctx, e.view(draft))
	if err != nil {
		return err
	}
	e.mu.Lock()
	e.last = values
	shown := values
	if e.pinned != nil {
		shown = e.pinned.beside(values)
	}
	if !draft {
		e.took = time.Since(start)
		e.remember()
	}
	e.mu.Unlock()
	e.stage.label = e.settings()
	if e.stage.handle == nil {
		e.stage.begin(shown...)
	} else {
		e.stage.update(shown...)
	}
	if !draft {
		e.tell()
	}
	return nil
}

// tell writes what the settings imply, each beside its control, and how they
// score.
func (e *explorer) tell() {
	var parts []string
	if e.implies != nil {
		if s := e.implies(); s != "" {
			parts = append(parts, escape(s))
		}
	}
	var slope []float64
	if e.score != nil {
		var s float64
		var err error
		if s, slope, err = e.score(); err == nil {
			e.mu.Lock()
			text := fmt.Sprintf("%s <b>%.2f</b>", e.scoreIs, s)
			if e.known && s != e.scored {
				text += fmt.Sprintf(" (%+.2f)", s-e.scored)
			}
			if e.pinned != nil && e.pinned.known {
				text += fmt.Sprintf(", %+.2f beside A", s-e.pinned.scored)
			}
			e.scored, e.known = s, true
			e.mu.Unlock()
			parts = append(parts, text)
		}
	}
	text := strings.Join(parts, " · ")
	e.mu.Lock()
	if e.pinned != nil {
		text += "<br>A: " + escape(e.pinned.as)
	}
	e.mu.Unlock()
	_ = e.status.Set(`<div style="line-height:1.4">` + text + `</div>`)
	e.note(slope)
	if e.code.Bool() {
		e.showCode()
	}
}

// note writes beside each control what it implies, and where the data pull it.
func (e *explorer) note(slope []float64) {
	place := map[any]int{} // of a parameter among all numbers
	n := 0
	for _, p := range e.set {
		place[p] = n
		n += p.Len()
	}
	for _, k := range e.knobs {
		var words []string
		if e.data != nil {
			if s := e.data.impliedBy(k, e.menu); s != "" {
				words = append(words, s)
			}
		}
		if len(slope) == n {
			words = append(words, pull(slope[place[k.p]+k.i]))
		}
		_ = k.note.Set(`<span style="opacity:.75;white-space:nowrap">` + escape(strings.Join(words, " · ")) + `</span>`)
	}
}

// pull says which way the data draw a control: the slope of the log marginal
// likelihood in the free number, for a positive parameter its logarithm.
func pull(slope float64) string {
	switch {
	case slope > 0.005:
		return fmt.Sprintf("data ↑ %.2g", slope)
	case slope < -0.005:
		return fmt.Sprintf("data ↓ %.2g", -slope)
	}
	return "data agree"
}

func (e *explorer) settings() string {
	var parts []string
	if e.menu != nil {
		parts = append(parts, e.menu.String())
	}
	for _, k := range e.knobs {
		parts = append(parts, fmt.Sprintf("%s = %.4g", k.widget.Description(), k.value()))
	}
	return strings.Join(parts, ", ")
}

// pinned is a picture kept for comparison.
type pinned struct {
	values []any
	as     string
	scored float64
	known  bool
}

// beside shows the pinned picture as A next to the one of now, B.
func (p *pinned) beside(now []any) []any {
	if len(p.values) == 1 && len(now) == 1 {
		a, okA := p.values[0].(*plots.Figure)
		b, okB := now[0].(*plots.Figure)
		if okA && okB {
			return []any{plots.Grid(2, a.Titled("A, pinned"), b.Titled("B")).Size(1000, 360)}
		}
	}
	caption := Bundle{Data: map[string]any{mimeHTML: "<p><b>A</b>, pinned: " + escape(p.as) + "</p>", mimeText: "A, pinned: " + p.as}}
	return append(append(append([]any(nil), now...), caption), p.values...)
}

func (e *explorer) togglePin() {
	e.mu.Lock()
	label := "Pin as A"
	if e.pinned == nil {
		e.pinned = &pinned{values: e.last, as: e.settings(), scored: e.scored, known: e.known}
		label = "Unpin A"
	} else {
		e.pinned = nil
	}
	e.mu.Unlock()
	e.pin.With("description", label)
	e.try(Context(), false)
}

// A snapshot is what undo goes back to.
type snapshot struct {
	kernel []string
	values []float64
	seed   int
	x, y   []float64
}

// remember keeps the settings of a whole picture.
func (e *explorer) remember() {
	now := snapshot{seed: e.seed.Int()}
	for _, k := range e.knobs {
		now.values = append(now.values, k.value())
	}
	if e.menu != nil {
		now.kernel = e.menu.choice()
	}
	if e.data != nil {
		now.x, now.y = append(now.x, e.data.x...), append(now.y, e.data.y...)
	}
	if n := len(e.history); n == 0 || !reflect.DeepEqual(e.history[n-1], now) {
		e.history = append(e.history, now)
	}
}

// back goes to the settings of the picture before.
func (e *explorer) back() {
	e.mu.Lock()
	n := len(e.history)
	if n < 2 {
		e.mu.Unlock()
		return
	}
	to := e.history[n-2]
	e.history = e.history[:n-2] // the redraw remembers it anew
	e.mu.Unlock()
	if e.menu != nil {
		e.menu.choose(to.kernel)
		e.recompose()
	}
	for i, v := range to.values {
		_ = e.knobs[i].move(v) // it was a value of this control before
	}
	_ = e.seed.Set(to.seed)
	if e.data != nil {
		e.data.x, e.data.y = append([]float64(nil), to.x...), append([]float64(nil), to.y...)
	}
	e.try(Context(), false)
}
