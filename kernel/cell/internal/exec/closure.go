package exec

import (
	"reflect"
	"unsafe"

	"github.com/priorlab/priorlab/kernel/cell/internal/rt"
)

// closure is an interpreted function value. As a Go value it is a function made
// by reflect.MakeFunc, so that compiled code can call it; interpreted calls
// recognise it and go straight to its code.
type closure struct {
	m     *Machine
	fn    *function // late bound, or
	code  *code
	boxes []unsafe.Pointer
	recv  unsafe.Pointer // bound receiver, nil for none
	run   *Run           // that made it; nil for declared functions
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
		defer m.goroutines.Add(-1)
		if run.Stopping() && run.Ended() {
			// The cell is over; what it left to be called later lives on.
			run = run.successor()
		}
	}
	th := m.newThread(run, parent)
	old := getLabels()
	setLabels(unsafe.Pointer(th))
	ok := false
	defer func() {
		setLabels(old)
		th.g = 0
		if ok {
			if parent != nil {
				parent.keep(th)
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
			p = &repanic{val: v, trace: th.trace()}
		}
		if !alone {
			p.run = run
			lastTrace.Store(p)
			if final(p.val) {
				parent.sticky = p
			}
			panic(p.val)
		}
		if _, stopped := p.val.(Stopped); !stopped && run.Fault != nil {
			run.Fault(p.val, p.trace)
		}
		out = zeroResults(c.sig)
	}()
	nf := th.enter(c, boxes)
	if parent != nil && parent.passing != nil {
		nf.rec, parent.passing = parent.passing, nil
	}
	for i, a := range args {
		t := c.sig.params[i]
		reflect.NewAt(t, unsafe.Add(nf.p, c.sig.paramOffs[i])).Elem().Set(a)
	}
	if recv != nil {
		typedmemmove(rt.Pointer(c.recvT), unsafe.Add(nf.p, c.recvOff), recv)
	}
	nf.exec()
	out = make([]reflect.Value, len(c.sig.results))
	for i, t := range c.sig.results { // the caller copies them at once
		out[i] = reflect.NewAt(t, unsafe.Add(nf.p, c.sig.resultOffs[i])).Elem()
	}
	ok = true
	return out
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
func (cl *closure) newFunc(t reflect.Type) unsafe.Pointer {
	v := reflect.MakeFunc(t, cl.call)
	return funcPointer(v)
}

func funcPointer(v reflect.Value) unsafe.Pointer {
	p := reflect.New(v.Type())
	p.Elem().Set(v)
	return *(*unsafe.Pointer)(p.UnsafePointer())
}

// closureOf recognises a function value made by newFunc.
func closureOf(p unsafe.Pointer) *closure {
	if *(*uintptr)(p) != makeFuncPC {
		return nil
	}
	fn := *(*unsafe.Pointer)(unsafe.Add(p, makeFuncFnOff))
	if *(*uintptr)(fn) != closureCallPC {
		return nil
	}
	return *(**closure)(unsafe.Add(fn, unsafe.Sizeof(uintptr(0))))
}

var (
	makeFuncPC    uintptr
	makeFuncFnOff uintptr
	closureCallPC uintptr
	methodValuePC uintptr // of functions that package reflect makes of methods
)

func init() {
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
