package exec

import (
	"reflect"
	"unsafe"

	"github.com/priorlab/priorlab/kernel/cell/internal/rt"
)

// closure is an interpreted function value. As a Go value it is a function made
// by reflect.MakeFunc, or of a common type, so that compiled code can call it;
// interpreted calls recognise it and go straight to its code.
type closure struct {
	m     *Machine
	fn    *function // late bound, or
	code  *code
	boxes []unsafe.Pointer
	recv  unsafe.Pointer // bound receiver, nil for none
	run   *Run           // that made it; nil for declared functions
	value unsafe.Pointer // the function, where one serves a run
}

func (cl *closure) target() *code {
	if cl.fn != nil {
		return cl.fn.code
	}
	return cl.code
}

// call is how compiled code enters an interpreted function.
func (cl *closure) call(args []reflect.Value) []reflect.Value {
	return cl.m.callback(cl.run, cl.target(), cl.boxes, cl.recv, args)
}

// callback runs interpreted code on behalf of compiled code. home is the run to
// attribute it to when the goroutine belongs to none.
func (m *Machine) callback(home *Run, c *code, boxes []unsafe.Pointer, recv unsafe.Pointer, args []reflect.Value) (out []reflect.Value) {
	var e entry
	e.begin(m, home, c, boxes, recv)
	defer func() {
		if out == nil { // a panic that ends here
			out = zeroResults(c.sig)
		}
	}()
	defer e.end()
	for i, a := range args {
		t := c.sig.params[i]
		reflect.NewAt(t, e.param(i)).Elem().Set(a)
	}
	e.nf.exec()
	out = make([]reflect.Value, len(c.sig.results))
	for i, t := range c.sig.results { // the caller copies them at once
		out[i] = reflect.NewAt(t, e.result(i)).Elem()
	}
	e.ok = true
	return out
}

// entry is one callback under way.
type entry struct {
	m          *Machine
	run        *Run
	th, parent *thread
	nf         *frame
	old        unsafe.Pointer // the goroutine's labels before
	alone      bool           // no interpreted code waits for it
	ok         bool           // it has returned
}

func (e *entry) param(i int) unsafe.Pointer {
	return unsafe.Add(e.nf.p, e.nf.code.sig.paramOffs[i])
}

func (e *entry) result(i int) unsafe.Pointer {
	return unsafe.Add(e.nf.p, e.nf.code.sig.resultOffs[i])
}

// begin enters the frame of c, whose parameters are to be set.
func (e *entry) begin(m *Machine, home *Run, c *code, boxes []unsafe.Pointer, recv unsafe.Pointer) {
	parent := currentThread()
	run := idleRun
	if parent != nil {
		run = parent.run
	} else if home != nil {
		run = home
	}
	// A goroutine that compiled code started has no interpreted caller: its
	// panic would end the process.
	alone := parent == nil || parent.g != rt.G()
	if alone {
		parent = nil
		m.goroutines.Add(1)
		if run.Stopping() && run.Ended() {
			// The cell is over; what it left to be called later lives on.
			run = run.successor()
		}
	}
	e.m, e.run, e.parent, e.alone = m, run, parent, alone
	e.th = m.newThread(run, parent)
	e.old = getLabels()
	setLabels(unsafe.Pointer(e.th))
	e.nf = e.th.enter(c, boxes)
	if parent != nil && parent.passing != nil {
		e.nf.rec, parent.passing = parent.passing, nil
	}
	if recv != nil {
		typedmemmove(rt.Pointer(c.recvT), unsafe.Add(e.nf.p, c.recvOff), recv)
	}
}

// end is deferred by what has begun.
func (e *entry) end() {
	setLabels(e.old)
	e.th.g = 0
	if e.alone {
		defer e.m.goroutines.Add(-1)
	}
	if e.ok {
		if e.parent != nil {
			e.parent.keep(e.th)
		}
		return
	}
	v := recover()
	if v == nil {
		return
	}
	// A panic goes on through the compiled caller as a Go panic; the place it
	// arose is kept for the traceback.
	p, is := v.(*repanic)
	if !is {
		p = &repanic{val: v, trace: e.th.trace()}
	}
	if !e.alone {
		p.run = e.run
		lastTrace.Store(p)
		if final(p.val) {
			e.parent.sticky = p
		}
		panic(p.val)
	}
	if _, stopped := p.val.(Stopped); !stopped && e.run.Fault != nil {
		e.run.Fault(p.val, p.trace)
	}
}

// direct makes functions of the types that compiled code calls most, which need
// no package reflect on their way in.
var direct = map[reflect.Type]func(*closure) unsafe.Pointer{}

// directs is a hash table that tells them from others by their code, and where
// they have the closure.
var directs [64]struct{ pc, off uintptr }

// directAt is where pc stands in the table, or would.
func directAt(pc uintptr) int {
	i := pc >> 5
	for directs[i%uintptr(len(directs))].pc != 0 && directs[i%uintptr(len(directs))].pc != pc {
		i++
	}
	return int(i % uintptr(len(directs)))
}

func enter0(cl *closure) func() {
	return func() {
		var e entry
		e.begin(cl.m, cl.run, cl.target(), cl.boxes, cl.recv)
		defer e.end()
		e.nf.exec()
		e.ok = true
	}
}

func effect1[A any](cl *closure) func(A) {
	return func(a A) {
		var e entry
		e.begin(cl.m, cl.run, cl.target(), cl.boxes, cl.recv)
		defer e.end()
		*(*A)(e.param(0)) = a
		e.nf.exec()
		e.ok = true
	}
}

func effect2[A, B any](cl *closure) func(A, B) {
	return func(a A, b B) {
		var e entry
		e.begin(cl.m, cl.run, cl.target(), cl.boxes, cl.recv)
		defer e.end()
		*(*A)(e.param(0)) = a
		*(*B)(e.param(1)) = b
		e.nf.exec()
		e.ok = true
	}
}

func enter1[A, R any](cl *closure) func(A) R {
	return func(a A) (r R) {
		var e entry
		e.begin(cl.m, cl.run, cl.target(), cl.boxes, cl.recv)
		defer e.end()
		*(*A)(e.param(0)) = a
		e.nf.exec()
		r = *(*R)(e.result(0))
		e.ok = true
		return r
	}
}

func enter2[A, B, R any](cl *closure) func(A, B) R {
	return func(a A, b B) (r R) {
		var e entry
		e.begin(cl.m, cl.run, cl.target(), cl.boxes, cl.recv)
		defer e.end()
		*(*A)(e.param(0)) = a
		*(*B)(e.param(1)) = b
		e.nf.exec()
		r = *(*R)(e.result(0))
		e.ok = true
		return r
	}
}

func enterDirectly[F any](enter func(*closure) F) {
	cl := &closure{}
	f := enter(cl)
	p := *(*unsafe.Pointer)(unsafe.Pointer(&f))
	for off := uintptr(8); off < 24; off += 8 {
		if *(*unsafe.Pointer)(unsafe.Add(p, off)) == unsafe.Pointer(cl) {
			pc := *(*uintptr)(p)
			directs[directAt(pc)] = struct{ pc, off uintptr }{pc, off}
			direct[reflect.TypeFor[F]()] = func(cl *closure) unsafe.Pointer {
				f := enter(cl)
				return *(*unsafe.Pointer)(unsafe.Pointer(&f))
			}
			return
		}
	}
}

// final reports whether a panic ends the run even if compiled code between
// recovers from it, as fmt does around String methods.
func final(v any) bool {
	switch v.(type) {
	case Stopped, Exit:
		return true
	}
	return v == error(ErrDepth)
}

func zeroResults(l *sigLayout) []reflect.Value {
	out := make([]reflect.Value, len(l.results))
	for i, t := range l.results {
		out[i] = reflect.Zero(t)
	}
	return out
}

var idleRun = &Run{done: make(chan struct{})}

// newFunc makes the Go function value of cl.
func (cl *closure) newFunc(t reflect.Type) unsafe.Pointer { return funcMaker(t)(cl) }

// funcMaker returns what makes Go functions of type t.
func funcMaker(t reflect.Type) func(*closure) unsafe.Pointer {
	if make := direct[t]; make != nil {
		return make
	}
	return func(cl *closure) unsafe.Pointer { return funcPointer(reflect.MakeFunc(t, cl.call)) }
}

func funcPointer(v reflect.Value) unsafe.Pointer {
	p := reflect.New(v.Type())
	p.Elem().Set(v)
	return *(*unsafe.Pointer)(p.UnsafePointer())
}

// closureOf recognises a function value made by newFunc.
func closureOf(p unsafe.Pointer) *closure {
	pc := *(*uintptr)(p)
	if pc != makeFuncPC {
		if d := directs[directAt(pc)]; d.pc == pc {
			return *(**closure)(unsafe.Add(p, d.off))
		}
		return nil
	}
	fn := *(*unsafe.Pointer)(unsafe.Add(p, makeFuncFnOff))
	if *(*uintptr)(fn) != closureCallPC {
		return nil
	}
	return *(**closure)(unsafe.Add(fn, unsafe.Sizeof(uintptr(0))))
}

// interpreted is the closure that a function value stands for, if it has no
// bound receiver.
func interpreted(p unsafe.Pointer) *closure {
	if p == nil {
		return nil
	}
	if cl := closureOf(p); cl != nil && cl.recv == nil {
		return cl
	}
	return nil
}

var (
	makeFuncPC    uintptr
	makeFuncFnOff uintptr
	closureCallPC uintptr
	methodValuePC uintptr // of functions that package reflect makes of methods
)

func init() {
	enterDirectly(enter0)
	enterDirectly(effect1[int])
	enterDirectly(effect1[float64])
	enterDirectly(effect1[[]float64])
	enterDirectly(effect2[[]float64, []float64])
	enterDirectly(enter1[int, bool])
	enterDirectly(enter1[int, float64])
	enterDirectly(enter1[int, string])
	enterDirectly(enter1[string, bool])
	enterDirectly(enter1[string, string])
	enterDirectly(enter1[int, int])
	enterDirectly(enter1[float64, float64])
	enterDirectly(enter1[[]float64, float64])
	enterDirectly(enter1[rune, bool])
	enterDirectly(enter1[rune, rune])
	enterDirectly(enter2[int, int, bool])
	enterDirectly(enter2[int, int, int])
	enterDirectly(enter2[int, int, float64])
	enterDirectly(enter2[string, string, int])
	enterDirectly(enter2[float64, float64, float64])
	// The position of the function in what MakeFunc returns is found by looking
	// for it.
	cl := &closure{}
	f := cl.call
	fp := *(*unsafe.Pointer)(unsafe.Pointer(&f))
	closureCallPC = *(*uintptr)(fp)
	v := reflect.MakeFunc(reflect.TypeFor[func()](), f)
	p := funcPointer(v)
	makeFuncPC = *(*uintptr)(p)
	methodValuePC = *(*uintptr)(funcPointer(reflect.ValueOf(reflect.ValueOf(0)).MethodByName("Kind")))
	for off := uintptr(8); off < 64; off += 8 {
		if *(*unsafe.Pointer)(unsafe.Add(p, off)) == fp {
			makeFuncFnOff = off
			return
		}
	}
	panic("exec: reflect.MakeFunc has another layout in this version of Go")
}
