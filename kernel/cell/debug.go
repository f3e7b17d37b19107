package cell

import (
	"errors"
	"fmt"
	"go/token"
	"go/types"
	"sort"
	"strings"
	"sync"

	"github.com/priorlab/priorlab/kernel/cell/internal/exec"
	"github.com/priorlab/priorlab/kernel/debug"
)

// Debugger stops a session's cells at breakpoints and looks at what stands
// still. Cells that begin while it is attached can stop anywhere, functions of
// earlier cells too; a cell that was running before stops only in the functions
// it calls from then on. While one goroutine stands the others wait where they
// next come to a statement.
type Debugger struct {
	s    *Session
	path func(text string) string

	mu      sync.Mutex
	watch   *exec.Watch // nil when not attached
	report  func(debug.Event)
	files   map[*token.File]*debugFile
	texts   map[string]*debugText
	panics  bool
	lastID  int
	frames  map[int]*exec.View
	refs    map[int]*reference
	inspect int // generation of the references that Globals gave out
}

// debugFile is where a parsed form of a cell lies.
type debugFile struct {
	src  *source
	text *debugText
}

// Debugger makes the session's debugger; path is how its clients name a cell of
// a given text. It is to be called once, before the first cell.
func (s *Session) Debugger(path func(text string) string) *Debugger {
	d := &Debugger{s: s, path: path, texts: map[string]*debugText{}, files: map[*token.File]*debugFile{},
		frames: map[int]*exec.View{}, refs: map[int]*reference{}}
	s.mu.Lock()
	s.debug = d
	s.mu.Unlock()
	return d
}

// attached reports whether cells are to be compiled for the debugger.
func (d *Debugger) attached() bool { return d.watching() != nil }

func (d *Debugger) watching() *exec.Watch {
	if d == nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.watch
}

// Attach begins debugging; report takes what happens until Detach.
func (d *Debugger) Attach(report func(debug.Event)) error {
	w := exec.NewWatch()
	w.Mine = func(pos token.Pos) bool { return d.file(pos) != nil }
	w.Line = func(pos token.Pos) int { return d.place(pos).Line }
	w.Site = d.site
	w.Stopped = d.stopped
	w.Resumed = func(g *exec.Goroutine) {
		d.forget()
		d.tell(debug.Event{Kind: debug.Continued, Thread: g.ID})
	}
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	d.mu.Lock()
	if d.watch != nil {
		d.report = report
		d.mu.Unlock()
		return nil
	}
	d.watch, d.report = w, report
	w.StopOnPanic(d.panics)
	for _, src := range d.s.sources.all() {
		d.knowLocked(src)
	}
	d.mu.Unlock()
	d.s.machine.Locked(func() { d.s.machine.Watch(w) })
	return nil
}

// Detach ends debugging: all breakpoints are gone and everything goes on.
func (d *Debugger) Detach() error {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	d.mu.Lock()
	was := d.watch
	d.watch, d.panics = nil, false
	clear(d.texts)
	clear(d.files)
	d.mu.Unlock()
	if was != nil {
		d.s.machine.Locked(d.s.machine.Unwatch)
	}
	d.forget()
	return nil
}

// StopOnPanic says whether a panic stops its goroutine where it happens.
func (d *Debugger) StopOnPanic(on bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.panics = on
	if d.watch != nil {
		d.watch.StopOnPanic(on)
	}
}

func (d *Debugger) tell(e debug.Event) {
	d.mu.Lock()
	report := d.report
	d.mu.Unlock()
	if report != nil {
		report(e)
	}
}

func (d *Debugger) stopped(g *exec.Goroutine, reason string, value any) {
	e := debug.Event{Kind: debug.Stopped, Thread: g.ID, Reason: reason}
	if reason == "exception" {
		e.Text = d.s.runtimeError(value, nil).Error()
	}
	d.tell(e)
}

// know makes a cell's text one that can stop.
func (d *Debugger) know(src *source) {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.watch != nil {
		d.knowLocked(src)
	}
}

// unknow drops cells whose text is not kept.
func (d *Debugger) unknow(srcs []*source) {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, src := range srcs {
		for f := range src.files {
			delete(d.files, f)
		}
	}
}

func (d *Debugger) knowLocked(src *source) {
	text := d.text(src.text)
	for f := range src.files {
		d.files[f] = &debugFile{src, text}
	}
}

func (d *Debugger) file(pos token.Pos) *debugFile {
	if !pos.IsValid() {
		return nil
	}
	f := d.s.fset.File(pos)
	if f == nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.files[f]
}

// place is the position within a cell.
func (d *Debugger) place(pos token.Pos) token.Position {
	f := d.file(pos)
	if f == nil {
		return token.Position{}
	}
	return f.src.position(f.src.offset(d.s.fset, pos))
}

var errDetached = errors.New("no debugger is attached")

// Threads lists the cell's own goroutine, as number 1, and the others that have
// come to a statement of a cell.
func (d *Debugger) Threads() []debug.Thread {
	ts := []debug.Thread{{ID: 1, Name: "cell"}}
	w := d.watching()
	if w == nil {
		return ts
	}
	if g := w.Standing(); g != nil {
		ts[0].Name = g.Cell
	}
	for _, g := range w.Goroutines() {
		if g.ID == 1 {
			ts[0].Name = g.Cell
			continue
		}
		ts = append(ts, debug.Thread{ID: g.ID, Name: fmt.Sprintf("goroutine %d of %s", g.ID, g.Cell)})
	}
	return ts
}

// thread finds a goroutine that runs.
func (d *Debugger) thread(id int) (*exec.Watch, *exec.Goroutine, error) {
	w := d.watching()
	if w == nil {
		return nil, nil, errDetached
	}
	for _, g := range w.Goroutines() {
		if g.ID == id {
			return w, g, nil
		}
	}
	return w, nil, fmt.Errorf("there is no thread %d, or it has not come to a statement of a cell yet", id)
}

// Stack lists the calls of a goroutine, innermost first. Of one that runs, or
// waits in compiled code, only the statement it came to last is known.
func (d *Debugger) Stack(id int) ([]debug.Frame, error) {
	w, g, err := d.thread(id)
	if err != nil {
		return nil, err
	}
	var fs []debug.Frame
	for _, v := range w.Views(g) {
		if f := d.file(v.Pos); f != nil {
			fs = append(fs, d.frame(f, v))
		}
	}
	if len(fs) == 0 {
		if f := d.file(g.Pos()); f != nil {
			fs = append(fs, d.frame(f, &exec.View{Func: "at or after", Pos: g.Pos()}))
		}
	}
	return fs, nil
}

// frame gives a call a number, the same one while it stands.
func (d *Debugger) frame(f *debugFile, v *exec.View) debug.Frame {
	p := f.src.position(f.src.offset(d.s.fset, v.Pos))
	name := v.Func
	if name == "cell" {
		name = f.src.name
	}
	name = strings.TrimPrefix(name, "cell.")
	d.mu.Lock()
	defer d.mu.Unlock()
	id := 0
	for n, x := range d.frames {
		if x == v {
			id = n
		}
	}
	if id == 0 {
		d.lastID++
		id = d.lastID
		d.frames[id] = v
	}
	return debug.Frame{ID: id, Name: name, Line: p.Line, Column: p.Column,
		Source: debug.Source{Name: f.src.name, Path: d.path(f.text.text)}}
}

// Cells lists the texts that have run, each under the last name it had.
func (d *Debugger) Cells() []debug.Cell {
	d.s.mu.RLock()
	defer d.s.mu.RUnlock()
	var cs []debug.Cell
	at := map[string]int{}
	for _, src := range d.s.sources.all() {
		text := src.text
		c := debug.Cell{Source: debug.Source{Name: src.name, Path: d.path(text)}, Text: text}
		if i, again := at[text]; again {
			cs[i] = c
			continue
		}
		at[text] = len(cs)
		cs = append(cs, c)
	}
	return cs
}

// view finds a frame; nil for number 0, the session's own scope.
func (d *Debugger) view(frame int) (*exec.View, error) {
	if frame == 0 {
		return nil, nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	v := d.frames[frame]
	if v == nil {
		return nil, fmt.Errorf("frame %d is not there any more: its thread has gone on", frame)
	}
	return v, nil
}

// forget drops what was valid while a goroutine stood.
func (d *Debugger) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.frames)
	for id, r := range d.refs {
		if r.inspect == 0 {
			delete(d.refs, id)
		}
	}
}

// Resume lets a stopped goroutine go on.
func (d *Debugger) Resume(id int, how debug.Step) error {
	w, g, err := d.thread(id)
	if err != nil {
		return err
	}
	if w.Standing() != g {
		return fmt.Errorf("thread %d is not stopped", id)
	}
	d.forget()
	if !w.Resume(g, how) {
		return fmt.Errorf("thread %d is going on already", id)
	}
	return nil
}

// Pause stops a goroutine at its next statement; 0 is whichever comes first.
func (d *Debugger) Pause(id int) error {
	w := d.watching()
	if w == nil {
		return errDetached
	}
	if d.s.running.TryLock() {
		idle := len(w.Goroutines()) == 0
		d.s.running.Unlock()
		if idle {
			return errors.New("no cell is running")
		}
	}
	w.Pause(id)
	return nil
}

// scopeKind tells the groups of a frame's variables apart.
type scopeKind int

const (
	scopeLocals scopeKind = iota
	scopeCaptured
	scopeSession
)

// Scopes lists the groups of variables of a frame.
func (d *Debugger) Scopes(frame int) ([]debug.Scope, error) {
	v, err := d.view(frame)
	if err != nil {
		return nil, err
	}
	var ss []debug.Scope
	add := func(name string, kind scopeKind) {
		ss = append(ss, debug.Scope{Name: name, Reference: d.refer(&reference{frame: frame, nodes: func() []node { return d.scope(v, kind) }})})
	}
	if v != nil {
		add("Locals", scopeLocals)
		for _, l := range v.Locals() {
			if l.Captured {
				add("Captured", scopeCaptured)
				break
			}
		}
	}
	add("Session", scopeSession)
	return ss, nil
}

// scope lists a frame's variables. What a function sees of the one around it, and
// the variables that a cell's own statements mention, are locals as far as their
// author is concerned.
func (d *Debugger) scope(v *exec.View, kind scopeKind) (ns []node) {
	if kind == scopeSession {
		return d.globals(nil)
	}
	for _, l := range v.Locals() {
		if _, ok := l.Obj.(*types.Var); ok && (l.Captured || kind == scopeLocals) {
			ns = append(ns, node{name: l.Name, eval: l.Name, v: l.Value, typ: typeText(l.Type)})
		}
	}
	if f := d.file(v.Pos); kind == scopeLocals && v.Func == "cell" && f != nil {
		shown := map[string]bool{}
		for _, n := range ns {
			shown[n.name] = true
		}
		for _, n := range d.globals(f.text.words) {
			if !shown[n.name] {
				ns = append(ns, n)
			}
		}
	}
	return ns
}

// globals lists the session's variables, of those only the named ones if names
// is not nil. Those that the cell which stands has not come to yet are left
// out.
func (d *Debugger) globals(names map[string]bool) (ns []node) {
	var src *source
	at := 0
	if w := d.watching(); w != nil {
		for _, x := range w.Views(w.Standing()) {
			if f := d.file(x.Pos); f != nil && x.Func == "cell" {
				src, at = f.src, f.text.begin(f.src.offset(d.s.fset, x.Pos))
			}
		}
	}
	d.s.mu.RLock()
	defer d.s.mu.RUnlock()
	for _, n := range sortedKeys(d.s.live) {
		o, ok := d.s.live[n].(*types.Var)
		if !ok || names != nil && !names[n] {
			continue
		}
		if src != nil {
			if _, here := src.files[d.s.fset.File(o.Pos())]; here && src.offset(d.s.fset, o.Pos()) >= at {
				continue
			}
		}
		if g, ok := d.s.machine.Global(o); ok {
			ns = append(ns, node{name: n, eval: n, v: g, typ: typeText(o.Type())})
		}
	}
	return ns
}

func sortedKeys[T any](m map[string]T) []string {
	ks := make([]string, 0, len(m))
	for k := range m {
		ks = append(ks, k)
	}
	sort.Strings(ks)
	return ks
}
