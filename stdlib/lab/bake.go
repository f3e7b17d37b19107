package lab

import (
	"context"
	"fmt"
	"math"
	"strings"
)

// Bake computes in advance what f gives as one control moves through n marks,
// and shows it as a slider that needs no kernel: a stored notebook or an
// exported page still answers. f is as for [Interact]; of several controls the
// first moves and the others stay as they stand. Baking takes the time of n
// calls and the space of n pictures.
func Bake(n int, f any, controls ...*Widget) {
	b, err := bake(Context(), n, f, controls)
	if err != nil {
		panic("lab: Bake: " + err.Error())
	}
	Show(b)
}

func bake(ctx context.Context, n int, f any, controls []*Widget) (Bundle, error) {
	in, err := newInteraction(f, controls)
	if err != nil {
		return Bundle{}, err
	}
	if len(in.controls) == 0 {
		return Bundle{}, fmt.Errorf("there is no control to move")
	}
	w := in.controls[0]
	marks, err := w.marks(n)
	if err != nil {
		return Bundle{}, err
	}
	before := w.Value()
	defer func() { _ = w.Set(before) }() // it was its value
	var frames []Bundle
	var labels []string
	at := 0
	for i, m := range marks {
		if err := ctx.Err(); err != nil {
			return Bundle{}, err
		}
		if m == before {
			at = i
		}
		if err := w.Set(m); err != nil {
			return Bundle{}, err
		}
		values, err := in.call(ctx)
		if err != nil {
			return Bundle{}, err
		}
		frames, labels = append(frames, Render(values...)), append(labels, w.String())
	}
	text := fmt.Sprintf("%s (%d pictures)\n%s", w.Name(), len(frames), frames[at].text())
	return Bundle{Data: map[string]any{mimeHTML: bakedHTML(newID()[:8], frames, labels, at), mimeText: text}}, nil
}

// marks are n values over the range of a control, its own value among them.
func (w *Widget) marks(n int) ([]any, error) {
	if w.kind.value == "index" {
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

// bakedHTML is a row of radio buttons and the pictures, of which style sheets
// alone show the one that belongs to the button pressed: pages that allow no
// script can show it too. The arrow keys move along the row.
func bakedHTML(id string, frames []Bundle, labels []string, at int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<div class="bake-%s"><style>`+
		`.bake-%[1]s input{appearance:none;-webkit-appearance:none;width:calc(min(640px,100%%)/%d);height:14px;margin:0;background:linear-gradient(#8886,#8886) center/100%% 3px no-repeat;cursor:pointer}`+
		`.bake-%[1]s input:checked{background:radial-gradient(circle at center,#0072b2 6px,#0000 6.5px),linear-gradient(#8886,#8886) center/100%% 3px no-repeat}`+
		`.bake-%[1]s input:focus-visible{outline:2px solid #0072b2;border-radius:7px}`+
		`.bake-%[1]s .f{display:none}`, id, len(frames))
	for i := range frames {
		fmt.Fprintf(&b, `.bake-%s .r%d:checked~.f%d{display:block}`, id, i, i)
	}
	b.WriteString("</style>")
	for i, l := range labels {
		checked := ""
		if i == at {
			checked = " checked"
		}
		fmt.Fprintf(&b, `<input type="radio" name="bake-%s" class="r%d" aria-label="%s" title="%s"%s>`, id, i, escape(l), escape(l), checked)
	}
	for i, f := range frames {
		block, _ := f.block()
		fmt.Fprintf(&b, `<div class="f f%d"><div style="opacity:.75">%s</div>%s</div>`, i, escape(labels[i]), block)
	}
	b.WriteString("</div>")
	return b.String()
}
