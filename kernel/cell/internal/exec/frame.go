package exec

import (
	"errors"
	"go/token"
	"go/types"
	"reflect"
	"runtime/debug"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/priorlab/priorlab/kernel/cell/internal/rt"
)

// maxDepth bounds the interpreted call depth, well before Go's own stack limit,
// which is raised so that a call may need 5 KB of it.
const maxDepth = 400_000

func init() { debug.SetMaxStack(3 << 30) }

// ErrDepth is the panic value of a recursion that does not end.
var ErrDepth = errors.New("stack overflow: more than 400000 nested calls; does a recursion lack its end?")

// frame is one call in progress. Its locals lie in one piece of typed memory;
// variables that outlive the call or whose address is taken lie in boxes.
type frame struct {
	p      unsafe.Pointer   // locals, laid out by code
	boxes  []unsafe.Pointer // captured variables of the closure
	th     *thread
	code   *code
	pos    token.Pos
	target int        // label of a break, continue or goto under way
	rec    *panicking // set in a deferred call: what recover finds
	defers []deferred
	home   *frame   // of a part of a cell: the frame whose end runs deferred calls
	spares [3]spare // of other functions that ran at this depth
	oldest uint8
}

// spare is the locals of a function, for its next call.
type spare struct {
	c *code
	p unsafe.Pointer
}

// thread is one goroutine's stack of frames.
type thread struct {
	labels  labelSet // must be first: the goroutine's profiler label points here
	m       *Machine
	run     *Run
	stack   []*frame
	sp      int
	base    int // depth of the callers in another thread
	parent  *thread
	spare   *thread    // of a callback that has returned, for the next one
	passing *panicking // what the function that package reflect calls next may recover
	sticky  *repanic   // a final panic that compiled code may have swallowed
	g       uintptr    // the goroutine, 0 when it has ended
	grace   time.Time  // deferred calls of a stopped run may still run until then

	born    token.Pos                // the go statement that began the goroutine
	view    atomic.Pointer[[]*frame] // what a profile sees of stack
	idle    atomic.Bool              // it waits for another goroutine
	cell    bool                     // the cell's own goroutine
	quiet   bool                     // a debugger must not stop it
	watched *Goroutine               // what a debugger knows of it
}

// code is a compiled function body.
type code struct {
	name    string
	sig     *sigLayout
	frame   reflect.Type
	ftype   unsafe.Pointer
	recvOff uintptr
	recvT   reflect.Type
	body    func(*frame)
	pos     token.Pos
	fields  []reflect.Type // of the frame while it is being laid out
	params  []param        // named ones, the receiver first
	m       *Machine
	again   func(into *code) // compiles it again
	known   *compiler        // what a debugger needs; nil for code without hooks
}

// sigLayout places the parameters and results of a function type at the start
// of a frame, the same for every function of that type.
type sigLayout struct {
	params, results       []reflect.Type
	paramOffs, resultOffs []uintptr
	variadic              bool
	fields                []reflect.Type
	block                 reflect.Type
	native                *code    // frame of parameters and results alone
	plain                 *calling // of compiled functions of this type
}

func (m *Machine) layout(ft reflect.Type) *sigLayout {
	m.mu.Lock()
	defer m.mu.Unlock()
	if l := m.sigs[ft]; l != nil {
		return l
	}
	l := &sigLayout{variadic: ft.IsVariadic()}
	for i := range ft.NumIn() {
		l.params = append(l.params, ft.In(i))
	}
	for i := range ft.NumOut() {
		l.results = append(l.results, ft.Out(i))
	}
	l.fields = append(append(l.fields, l.params...), l.results...)
	b, offs := pack(l.fields)
	l.block = b
	l.paramOffs, l.resultOffs = offs[:len(l.params)], offs[len(l.params):]
	l.native = &code{name: "native", sig: l, frame: b, ftype: rt.Pointer(b), m: m}
	l.plain = newCalling(ft, l, nil)
	m.sigs[ft] = l
	return l
}

// sigLayout is the layout of a function type whose parts may not be complete.
func (m *Machine) sigLayout(s *types.Signature) *sigLayout {
	ft := m.funcType(nil, s)
	m.finish()
	return m.layout(ft)
}

// pack lays types out as a struct.
func pack(ts []reflect.Type) (reflect.Type, []uintptr) {
	fs := make([]reflect.StructField, len(ts))
	for i, t := range ts {
		fs[i] = reflect.StructField{Name: fieldName(i), Type: t}
	}
	s := reflect.StructOf(fs)
	offs := make([]uintptr, len(ts))
	for i := range ts {
		offs[i] = s.Field(i).Offset
	}
	return s, offs
}

func fieldName(i int) string {
	b := []byte{'F'}
	for {
		b = append(b, byte('A'+i%26))
		if i /= 26; i == 0 {
			return string(b)
		}
	}
}

func (th *thread) enter(c *code, boxes []unsafe.Pointer) *frame {
	th.sp++
	if th.sp >= len(th.stack) {
		th.grow()
	}
	nf := th.stack[th.sp]
	if nf.code != c {
		nf.take(c)
	}
	nf.boxes, nf.rec, nf.home = boxes, nil, nil
	return nf
}

func (nf *frame) take(c *code) {
	for i := range nf.spares {
		if s := &nf.spares[i]; s.c == c {
			nf.code, s.c = c, nf.code
			nf.p, s.p = s.p, nf.p
			return
		}
	}
	nf.spares[nf.oldest] = spare{nf.code, nf.p}
	nf.oldest = (nf.oldest + 1) % uint8(len(nf.spares))
	nf.code, nf.p = c, unsafeNew(c.ftype)
}

func (th *thread) grow() {
	if th.sp+th.base > maxDepth {
		th.sp--
		panic(ErrDepth)
	}
	fs := make([]frame, max(4, len(th.stack)/2))
	for i := range fs {
		fs[i].th = th
		th.stack = append(th.stack, &fs[i])
	}
	if th.view.Load() != nil {
		th.publish()
	}
}

// exec runs the body of an entered frame and leaves it; the results stay
// readable until the next call.
func (nf *frame) exec() {
	th := nf.th
	if th.run.stop.Load() != 0 {
		th.checkStop()
	}
	nf.code.body(nf)
	th.sp--
}

func (th *thread) checkStop() {
	if !th.grace.IsZero() && time.Now().Before(th.grace) {
		return
	}
	panic(Stopped{})
}

func (m *Machine) newThread(run *Run, parent *thread) *thread {
	if parent != nil && parent.spare != nil && parent.spare.m == m && parent.spare.run == run {
		th := parent.spare
		parent.spare = nil
		th.g, th.sp, th.sticky, th.passing = parent.g, 0, nil, nil
		th.inherit(parent)
		return th
	}
	th := &thread{m: m, run: run, parent: parent, g: rt.G()}
	if parent != nil {
		th.inherit(parent)
	}
	th.labels = newLabels(run.Name)
	root := &frame{th: th, code: rootCode}
	th.stack = append(th.stack, root)
	if run.profile != nil {
		run.profile.add(th)
	}
	return th
}

// inherit takes over what the thread of a callback has from its caller.
func (th *thread) inherit(parent *thread) {
	th.base = parent.base + parent.sp + 40 // compiled frames lie between
	if th.base > maxDepth {
		parent.sticky = &repanic{val: ErrDepth, trace: parent.trace()}
		panic(ErrDepth)
	}
	th.grace, th.quiet = parent.grace, parent.quiet
}

// keep lets the next callback use the thread of one that has returned.
func (th *thread) keep(child *thread) {
	if th.run.profile == nil && child.view.Load() == nil && child.watched == nil {
		th.spare = child
	}
}

var rootCode = &code{name: ""}

// Protect runs f on a new goroutine stack of the run and reports how it ended.
func (m *Machine) protect(th *thread, f func()) (val any, tr []Frame) {
	done := false
	defer func() {
		if done {
			return
		}
		val = recover()
		tr = th.trace()
		if val == nil {
			val = goexit{}
		}
		if p, ok := val.(*repanic); ok {
			val, tr = p.val, p.trace
		} else if p := lastTrace.Load(); p != nil && p.run == th.run && own(p.trace) > own(tr) && same(p.val, val) {
			tr = p.trace // it came through compiled code
		}
	}()
	f()
	done = true
	return nil, nil
}

// same compares two panic values, of which neither need be comparable.
func same(a, b any) (eq bool) {
	defer func() { _ = recover() }()
	return a == b
}

type goexit struct{}

// Goexit reports whether v says that the goroutine ended itself.
func Goexit(v any) bool { _, ok := v.(goexit); return ok }

// repanic carries a panic value through functions with deferred calls, with
// the place where it arose.
type repanic struct {
	val   any
	trace []Frame
	run   *Run // that it passed a callback of
}

// Labels mirror the profiler's labels of a goroutine, so that profiles are
// attributed to cells; goroutines inherit them.
type labelSet struct {
	list []label
}

type label struct{ key, value string }

//go:linkname getLabels runtime/pprof.runtime_getProfLabel
func getLabels() unsafe.Pointer

//go:linkname setLabels runtime/pprof.runtime_setProfLabel
func setLabels(unsafe.Pointer)

var labelKey = string([]byte("cell"))

func newLabels(name string) labelSet { return labelSet{list: []label{{labelKey, name}}} }

// currentThread is the thread the calling goroutine runs or was started by;
// nil outside cells.
func currentThread() *thread {
	p := getLabels()
	if p == nil {
		return nil
	}
	l := (*labelSet)(p)
	if len(l.list) == 0 || unsafe.StringData(l.list[0].key) != unsafe.StringData(labelKey) {
		return nil
	}
	return (*thread)(p)
}

// Current is the name of the run that the calling goroutine belongs to.
func Current() string {
	if th := currentThread(); th != nil {
		return th.run.Name
	}
	return ""
}

// CurrentRun is the run that the calling goroutine belongs to, or nil.
func CurrentRun() *Run {
	if th := currentThread(); th != nil {
		return th.run
	}
	return nil
}

// Done is closed when the run is stopped.
func (r *Run) Done() <-chan struct{} { return r.done }

// Stopping reports whether the run was stopped.
func (r *Run) Stopping() bool { return r.stop.Load() != 0 }

// Go runs f on the calling goroutine as part of the run and reports a panic.
func (m *Machine) Go(run *Run, f func(*Thread)) (val any, tr []Frame) {
	return m.goOn(run, false, f)
}

func (m *Machine) goOn(run *Run, quiet bool, f func(*Thread)) (val any, tr []Frame) {
	m.goroutines.Add(1)
	defer m.goroutines.Add(-1)
	th := m.newThread(run, nil)
	th.quiet = quiet
	old := getLabels()
	setLabels(unsafe.Pointer(th))
	defer func() { setLabels(old); th.g = 0 }()
	return m.protect(th, func() { f((*Thread)(th)) })
}

// Thread is a goroutine of a run, for the caller of Go.
type Thread thread
