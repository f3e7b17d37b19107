package exec

import (
	"go/token"
	"sync"
	"sync/atomic"

	"github.com/priorlab/priorlab/kernel/debug"
)

// Site is a place where watched code can stop.
type Site struct {
	Pos  token.Pos
	Line int
	// Break, when set, is the breakpoint of the site.
	Break atomic.Pointer[Break]
}

// Break is a breakpoint. Reached is called on the goroutine that comes to it and
// reports whether it stops.
type Break struct {
	Reached func(g *Goroutine, v *View) bool
}

// Watch stops the goroutines of cells at sites. While one stands the others wait
// at the next site they come to.
type Watch struct {
	// Mine reports whether a position is in a cell, Site makes the site of a
	// statement in one (nil elsewhere), Line tells its line.
	Mine func(token.Pos) bool
	Site func(token.Pos) *Site
	Line func(token.Pos) int
	// Stopped is told that a goroutine stands and why: "breakpoint", "step",
	// "pause" or "exception"; Resumed, that it goes on without having been told.
	Stopped func(g *Goroutine, reason string, value any)
	Resumed func(g *Goroutine)

	alert  atomic.Bool // a goroutine steps, stands or is to pause
	panics atomic.Bool // a panic stops its goroutine

	mu     sync.Mutex
	all    []*Goroutine
	lastID int
	pause  int           // goroutine to pause, -1 for any, 0 for none
	holder *Goroutine    // the one that stands and was reported
	free   chan struct{} // closed when the holder goes on
	over   chan struct{} // closed when the watch ends
	ended  bool
}

// NewWatch returns a watch whose functions are still to be set.
func NewWatch() *Watch {
	return &Watch{free: make(chan struct{}), over: make(chan struct{}), lastID: 1}
}

// Goroutine is one that has come to a site.
type Goroutine struct {
	ID   int    // 1 for a cell's own
	Cell string // the cell that started it

	watch  *Watch
	root   *thread
	at     atomic.Int64 // position of the last site
	resume chan debug.Step
	told   *Frame // trace of the panic it stopped for last

	views []*View // while it waits at a site; guarded by Watch.mu

	// The step under way. step is guarded by Watch.mu, the rest is the
	// goroutine's own.
	step  debug.Step
	from  *frame
	depth int
	line  int
}

// Pos is the last site the goroutine came to.
func (g *Goroutine) Pos() token.Pos { return token.Pos(g.at.Load()) }

// goroutine is the one th belongs to.
func (w *Watch) goroutine(th *thread) *Goroutine {
	root := th
	for root.parent != nil {
		root = root.parent
	}
	if g := root.watched; g != nil && g.watch == w {
		return g
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	g := &Goroutine{ID: 1, watch: w, root: root, Cell: root.run.Name, resume: make(chan debug.Step, 1)}
	if !root.cell {
		w.lastID++
		g.ID = w.lastID
	}
	root.watched = g
	w.all = append(w.all, g)
	w.refresh()
	return g
}

// refresh drops goroutines that have ended and sets alert; w.mu is held.
func (w *Watch) refresh() {
	alert := w.holder != nil || w.pause != 0
	kept := w.all[:0]
	for _, g := range w.all {
		if g.root.g != 0 {
			kept = append(kept, g)
			alert = alert || g.step != debug.Continue
		}
	}
	clear(w.all[len(kept):])
	w.all = kept
	w.alert.Store(alert && !w.ended)
}

// Goroutines lists those that have come to a site and are still there.
func (w *Watch) Goroutines() []*Goroutine {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.refresh()
	return append([]*Goroutine(nil), w.all...)
}

// Views are the calls of a goroutine that waits at a site, innermost first.
func (w *Watch) Views(g *Goroutine) []*View {
	if g == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return g.views
}

// Standing is the goroutine that was reported as stopped, or nil.
func (w *Watch) Standing() *Goroutine {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.holder
}

// StopOnPanic says whether a panic stops its goroutine.
func (w *Watch) StopOnPanic(on bool) { w.panics.Store(on) }

// Pause stops a goroutine at its next site; any for a number not known.
func (w *Watch) Pause(id int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pause = -1
	for _, g := range w.all {
		if g.ID == id && g.root.g != 0 {
			w.pause = id
		}
	}
	w.refresh()
}

// Resume lets a goroutine that was reported as stopped go on.
func (w *Watch) Resume(g *Goroutine, how debug.Step) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.holder != g {
		return false
	}
	select {
	case g.resume <- how:
		return true
	default: // told already
		return false
	}
}

// end lets everything go on and keeps the hooks that are left from stopping.
func (w *Watch) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.ended {
		w.ended = true
		close(w.over)
	}
	w.alert.Store(false)
	w.panics.Store(false)
}

// silent reports whether th must not stop: the debugger's own evaluations, and
// what an interrupt unwinds.
func (th *thread) silent() bool { return th.quiet || th.run.Unwatched || th.run.Stopping() }

// reach is called before each statement.
func (w *Watch) reach(fr *frame, s *Site) {
	b := s.Break.Load()
	if b == nil && !w.alert.Load() {
		return
	}
	th := fr.th
	if th.silent() {
		return
	}
	g := w.goroutine(th)
	g.at.Store(int64(s.Pos))
	w.await(g, th, fr)
	view := func() *View { return &View{Func: fr.code.name, Pos: fr.pos, fr: fr, c: fr.code.known} }
	reason := ""
	switch {
	case b != nil && b.Reached(g, view()):
		reason = "breakpoint"
	case th.run.Stopping():
		th.checkStop()
		return
	case w.takePause(g):
		reason = "pause"
	case g.arrived(fr, s):
		reason = "step"
	default:
		return
	}
	w.stand(g, th, th.sp, fr, reason, nil)
}

func (w *Watch) takePause(g *Goroutine) bool {
	if !w.alert.Load() {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.pause != -1 && w.pause != g.ID {
		return false
	}
	w.pause = 0
	w.refresh()
	return true
}

// arrived reports whether a step ends at s.
func (g *Goroutine) arrived(fr *frame, s *Site) bool {
	depth := depthOf(fr.th, fr)
	switch g.step {
	case debug.StepIn:
		return fr != g.from || s.Line != g.line
	case debug.Next:
		return fr == g.from && s.Line != g.line || fr != g.from && depth <= g.depth
	case debug.StepOut:
		return depth < g.depth
	}
	return false
}

// depthOf is how many calls lie below fr, which runs on th. The body of a loop
// over a function runs on top of the function, in a frame below it.
func depthOf(th *thread, fr *frame) int {
	if th.sp < len(th.stack) && th.stack[th.sp] == fr {
		return th.base + th.sp
	}
	for t := th; t != nil; t = t.parent {
		for i := min(t.sp, len(t.stack)-1); i > 0; i-- {
			if t.stack[i] == fr {
				return t.base + i
			}
		}
	}
	return th.base + th.sp
}

// returned is called where a function returns: a step that leaves it ends in the
// caller, at the call.
func (w *Watch) returned(fr *frame) {
	th := fr.th
	if th.silent() {
		return
	}
	g := w.goroutine(th)
	depth := th.base + th.sp
	if g.step == debug.Continue || depth > g.depth && fr != g.from {
		return
	}
	caller := th.stack[th.sp-1]
	if caller.code == nil || caller.code.known == nil {
		// Compiled code called it: the step ends at the next site.
		g.from, g.depth = nil, depth
		return
	}
	w.stand(g, th, th.sp-1, caller, "step", nil)
}

// panicked is called where a panic leaves a function; it returns the value to
// panic with again.
func (w *Watch) panicked(fr *frame, v any) any {
	p, ok := v.(*repanic)
	if !ok {
		p = &repanic{val: v, trace: fr.th.trace()}
		if l := lastTrace.Load(); l != nil && len(l.trace) > len(p.trace) && same(l.val, v) {
			p = l // it came through compiled code
		}
	}
	switch p.val.(type) {
	case Stopped, Exit, *Refusal:
		return v
	}
	th := fr.th
	if th.silent() || len(p.trace) == 0 {
		return p
	}
	if g := w.goroutine(th); g.told != &p.trace[0] {
		g.told = &p.trace[0]
		w.stand(g, th, min(th.sp, len(th.stack)-1), nil, "exception", p.val)
	}
	return p
}

// await waits while another goroutine stands.
func (w *Watch) await(g *Goroutine, th *thread, fr *frame) {
	for w.alert.Load() {
		w.mu.Lock()
		if w.holder == nil || w.holder == g || w.ended {
			w.mu.Unlock()
			return
		}
		free := w.free
		g.views = views(th, th.sp, fr)
		w.mu.Unlock()
		select {
		case <-free:
		case <-w.over:
		case <-th.run.done:
		}
		w.mu.Lock()
		g.views = nil
		w.mu.Unlock()
		if th.run.Stopping() {
			th.checkStop()
			return
		}
	}
}

// stand keeps the goroutine where it is until it is resumed, its run is stopped
// or the watch ends.
func (w *Watch) stand(g *Goroutine, th *thread, top int, fr *frame, reason string, value any) {
	for {
		w.await(g, th, fr)
		w.mu.Lock()
		if w.holder == nil || w.ended {
			break
		}
		w.mu.Unlock()
	}
	if w.ended {
		w.mu.Unlock()
		return
	}
	w.holder, w.free = g, make(chan struct{})
	g.views = views(th, top, fr)
	g.step = debug.Continue
	w.refresh()
	w.mu.Unlock()
	w.Stopped(g, reason, value)

	how, told := debug.Continue, false
	select {
	case how = <-g.resume:
		told = true
	case <-th.run.done:
	case <-w.over:
	}
	g.from, g.depth, g.line = fr, th.base+top, 0
	if len(g.views) > 0 {
		v := g.views[0]
		g.from, g.line = v.fr, w.Line(v.Pos)
		g.depth = min(g.depth, depthOf(th, v.fr))
	}
	w.mu.Lock()
	w.holder, g.views, g.step = nil, nil, how
	select {
	case <-g.resume: // came too late
	default:
	}
	close(w.free)
	w.refresh()
	w.mu.Unlock()
	if !told {
		w.Resumed(g)
	}
	if th.run.Stopping() {
		th.checkStop()
	}
}
