package lab

import (
	"fmt"
	"strings"

	"github.com/priorlab/priorlab/stdlib/plots"
)

// A band is an interval that is dragged in the picture: its edges, and what is
// between them, take hold of the two handles of a slider. The slider stands
// beside the picture, in line with its axis, so that it is the same band for
// the keyboard and where a picture cannot be touched.
type band struct {
	id      string
	upright bool
	slider  *Widget
	picture *stage
}

// newBand makes a band of an interval slider, upright when the values are
// those of the vertical axis.
func newBand(slider *Widget, upright bool) *band {
	return &band{id: "band-" + newID()[:8], slider: slider, upright: upright}
}

// interact is Interact with the band as the first of the controls. f gives what
// shown gives.
func (b *band) interact(f any, more ...*Widget) {
	in, err := newInteraction(f, append([]*Widget{b.slider}, more...))
	if err != nil {
		panic("lab: " + err.Error())
	}
	in.band = b
	values, err := in.call(Context())
	if err != nil {
		panic(err)
	}
	b.place(values[0].(*plots.Figure))
	in.show()
}

// shown is a figure that the band is dragged in, and the code that says what it
// shows.
func (b *band) shown(f *plots.Figure, code string, err error) (any, Bundle, error) {
	if err != nil {
		return nil, Bundle{}, err
	}
	b.over(f)
	return f, listing(code), nil
}

// place puts the slider in line with the axis of the figure.
func (b *band) place(f *plots.Figure) {
	// What JupyterLab's widgets leave free round the track, and where a picture
	// begins beside them.
	const before, free, begins = 6, 12, 2
	left, top, right, bottom := f.Area()
	px := func(v float64) string { return fmt.Sprintf("%.0fpx", v) }
	b.slider.With("description", "").With("readout", false).With("_dom_classes", []string{b.id + "-slider"})
	if b.upright {
		b.slider.With("orientation", "vertical").
			Layout("margin", px(top+begins-before)+" 0 0 0").Layout("height", px(bottom-top+free)).Layout("flex", "0 0 auto")
		return
	}
	b.slider.Layout("margin", "0 0 0 "+px(left+begins-before)).Layout("width", px(right-left+free))
}

// arrange is all that is shown: the picture with the band's slider beside or
// under it, and below the other controls.
func (b *band) arrange(s *stage, others *Widget) *Widget {
	b.picture = s
	var parts []*Widget
	if b.upright {
		parts = append(parts, HBox(s.spare, b.slider))
	} else {
		parts = append(parts, s.spare, b.slider)
	}
	return VBox(append(parts, others)...).With("_dom_classes", []string{b.id})
}

// over lays grips over the figure.
func (b *band) over(f *plots.Figure) {
	if b.picture == nil {
		return
	}
	left, top, right, bottom := f.Area()
	lo, _ := toFloat(b.slider.Get("min"))
	hi, _ := toFloat(b.slider.Get("max"))
	ends, _ := b.slider.Value().([2]float64)
	from, to, way := left, right, "x"
	if b.upright {
		from, to, way = bottom, top, "y"
	}
	at := func(v float64) float64 { return from + (to-from)*(v-lo)/(hi-lo) }
	var out strings.Builder
	fmt.Fprintf(&out, `<g data-way="%s" data-lo="%g" data-hi="%g" data-from="%.2f" data-to="%.2f" style="touch-action:none" onpointerdown="%s">`,
		way, lo, hi, from, to, escape(fmt.Sprintf(dragScript, b.id)))
	strip := func(part, cursor string, from, to float64) { // over all values from one pixel to another
		x, y, w, h := from, top, to-from, bottom-top
		if b.upright {
			x, y, w, h = left, from, right-left, to-from
		}
		fmt.Fprintf(&out, `<rect data-part="%s" x="%.2f" y="%.2f" width="%.2f" height="%.2f" style="fill-opacity:0;cursor:%s"/>`, part, x, y, w, h, cursor)
	}
	grip := func(v float64) { // a bar on the edge, beside the axis
		x, y, w, h := v-3, (top+bottom)/2-14, 6.0, 28.0
		if b.upright {
			x, y, w, h = right-44, v-3, 28, 6
		}
		fmt.Fprintf(&out, `<rect x="%.2f" y="%.2f" width="%g" height="%g" rx="3" style="fill:%s;pointer-events:none"/>`, x, y, w, h, plots.Palette(plots.Auto)[0])
	}
	a, z := at(ends[0]), at(ends[1])
	resize := map[bool]string{true: "ns-resize", false: "ew-resize"}[b.upright]
	strip("both", "grab", min(a, z), max(a, z))
	for _, end := range []struct {
		part string
		at   float64
	}{{"lo", a}, {"hi", z}} {
		strip(end.part, resize, end.at-8, end.at+8)
		grip(end.at)
	}
	out.WriteString("</g>")
	b.picture.over = out.String()
}

// dragScript moves the handles of the slider with the pointer. The picture is
// replaced while it is dragged, so the pointer is followed in the window (the
// bare name would be the method of the old picture) and the picture is looked
// up each time.
const dragScript = `const g=event.currentTarget,part=event.target.dataset.part,root=g.closest('.%[1]s'),` +
	`track=root&&root.querySelector('.%[1]s-slider .noUi-target'),slider=track&&track.noUiSlider;` +
	`if(part&&slider){event.preventDefault();` +
	`const d=g.dataset,lo=+d.lo,hi=+d.hi,was=slider.get(true).map(Number),` +
	`at=e=>{const s=root.querySelector('[data-way]').ownerSVGElement,b=s.getBoundingClientRect(),v=s.viewBox.baseVal,` +
	`p=d.way=='y'?(e.clientY-b.top)*v.height/b.height:(e.clientX-b.left)*v.width/b.width;` +
	`return lo+(hi-lo)*(p-d.from)/(d.to-d.from)},start=at(event),` +
	`move=e=>{let by=at(e)-start,[a,z]=was;` +
	`if(part=='both'){by=Math.max(lo-a,Math.min(hi-z,by));a+=by;z+=by}` +
	`else if(part=='lo')a=Math.max(lo,Math.min(z,a+by));else z=Math.min(hi,Math.max(a,z+by));` +
	`slider.set([a,z])},` +
	`end=()=>{window.removeEventListener('pointermove',move);window.removeEventListener('pointerup',end);window.removeEventListener('pointercancel',end)};` +
	`window.addEventListener('pointermove',move);window.addEventListener('pointerup',end);window.addEventListener('pointercancel',end)}`
