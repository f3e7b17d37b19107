package lab

import "slices"

// places remembers which widgets each cell of the notebook shows. When a cell
// is run again the page drops what it had shown, and widgets that are then in
// sight nowhere are closed; otherwise they, and the functions bound to them,
// would pile up with every run.
//
// A cell without a known place keeps its widgets open.
var places = placeSet{shown: map[string][]*Widget{}}

// placeSet is guarded by the registry's lock.
type placeSet struct {
	shown map[string][]*Widget // what is in sight, by place
}

// show records that w is shown by the cell at place.
func (p *placeSet) show(w *Widget, place string) {
	if !slices.Contains(p.shown[place], w) {
		p.shown[place] = append(p.shown[place], w)
	}
}

// begin takes what the cell at place showed out of sight: functions bound to it
// are called no more. The result closes it, unless it was shown again meanwhile.
func (p *placeSet) begin(place string) (sweep func()) {
	registry.Lock()
	defer registry.Unlock()
	old := p.shown[place]
	if place == "" || len(old) == 0 {
		return func() {}
	}
	delete(p.shown, place)
	for _, w := range old {
		if !p.inSight(w) {
			w.retire()
		}
	}
	return func() {
		registry.Lock()
		defer registry.Unlock()
		p.close(old)
	}
}

func (p *placeSet) inSight(w *Widget) bool {
	for _, shown := range p.shown {
		if slices.Contains(shown, w) {
			return true
		}
	}
	return false
}

// retire ends what is bound to a tree of widgets that has left the page.
func (w *Widget) retire() {
	w.events.cancel()
	for _, f := range w.retired {
		f()
	}
	w.retired = nil
}

// close closes the trees of old as far as they are in no tree that is in sight.
func (p *placeSet) close(old []*Widget) {
	kept := map[*Widget]bool{}
	for _, shown := range p.shown {
		for _, w := range shown {
			w.walk(func(x *Widget) { kept[x] = true })
		}
	}
	for _, root := range old {
		root.walk(func(w *Widget) {
			if !kept[w] {
				w.closeOne()
			}
		})
	}
	for _, w := range registry.byID { // links in the page need both their ends
		if w.ends != nil && (!w.ends[0].open || !w.ends[1].open) {
			w.closeOne()
		}
	}
}

// walk calls f for w and for all it consists of.
func (w *Widget) walk(f func(*Widget)) {
	f(w)
	for _, c := range w.parts() {
		c.walk(f)
	}
}
