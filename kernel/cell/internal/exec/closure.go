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
}

func (cl *closure) target() *code {
	if cl.fn != nil {
		return cl.fn.code
	}
	return cl.code
}

// call is how compiled code enters an interpreted function.
func (cl *closure) call(args []reflect.Value) []reflect.Value {
	return cl.m.callback(cl.target(), cl.boxes, cl.recv, args)
}

func (m *Machine) callback(c *code, boxes []unsafe.Pointer, recv unsafe.Pointer, args []reflect.Value) (out []reflect.Value) {
	parent := currentThread()
	run := idleRun
	if parent != nil {
		run = parent.run
	}
	th := m.newThread(run, parent)
	old := getLabels()
	setLabels(unsafe.Pointer(th))
	// A panic goes on through the compiled caller as a Go panic; the place it
	// arose is kept for the traceback.
	ok := false
	defer func() {
		setLabels(old)
		if !ok {
			if v := recover(); v != nil {
				if _, is := v.(*repanic); !is {
					v = &repanic{v, th.trace()}
				}
				panic(unwrapForNative(v))
			}
		}
	}()
	nf := th.enter(c, boxes)
	for i, a := range args {
		t := c.sig.params[i]
		reflect.NewAt(t, unsafe.Add(nf.p, c.sig.paramOffs[i])).Elem().Set(a)
	}
	if recv != nil {
		typedmemmove(rt.Pointer(c.recvT), unsafe.Add(nf.p, c.recvOff), recv)
	}
	nf.exec()
	out = make([]reflect.Value, len(c.sig.results))
	for i, t := range c.sig.results {
		p := unsafeNew(rt.Pointer(t))
		typedmemmove(rt.Pointer(t), p, unsafe.Add(nf.p, c.sig.resultOffs[i]))
		out[i] = reflect.NewAt(t, p).Elem()
	}
	ok = true
	return out
}

// unwrapForNative gives compiled code the value that was panicked with: it may
// recover and look at it (fmt does), or let it pass.
func unwrapForNative(v any) any {
	if p, ok := v.(*repanic); ok {
		lastTrace.Store(p)
		return p.val
	}
	return v
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
	for off := uintptr(8); off < 64; off += 8 {
		if *(*unsafe.Pointer)(unsafe.Add(p, off)) == fp {
			makeFuncFnOff = off
			return
		}
	}
	panic("exec: reflect.MakeFunc has another layout in this version of Go")
}
