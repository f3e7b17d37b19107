package exec

import (
	"go/token"
	"reflect"
	"runtime"
	"strings"
	"unsafe"

	"github.com/priorlab/priorlab/kernel/cell/internal/rt"
)

// Frame is a line of a traceback: a call of a function of a cell, or one of
// compiled code.
type Frame struct {
	Func     string
	Pos      token.Pos
	Args     []Arg
	Compiled bool
	Go       bool // the go statement that began the goroutine
}

// Arg is an argument with the value it has when the trace is taken.
type Arg struct {
	Name  string
	Value reflect.Value
}

// param is where a parameter lies in the frame: itself or, if boxed, the
// pointer to its box.
type param struct {
	name  string
	rt    reflect.Type
	off   uintptr
	boxed bool
}

const (
	maxFrames = 64 // of a trace
	maxArgs   = 16 // frames whose arguments are kept
)

// trace lists the frames in progress, innermost first. During a panic that
// arose in compiled code it begins with that code.
func (th *thread) trace() []Frame {
	fs := compiledFrames()
	for t := th; t != nil; t = t.parent {
		for i := min(t.sp, len(t.stack)-1); i > 0; i-- {
			fr := t.stack[i]
			if fr.code == nil || fr.code.name == "native" {
				continue
			}
			f := Frame{Func: fr.code.name, Pos: fr.pos}
			if len(fs) < maxArgs {
				f.Args = fr.args()
			}
			fs = append(fs, f)
			if len(fs) == maxFrames {
				return fs
			}
		}
		if t.born.IsValid() {
			fs = append(fs, Frame{Pos: t.born, Go: true})
		}
	}
	return fs
}

// own counts the frames of cells.
func own(fs []Frame) (n int) {
	for _, f := range fs {
		if !f.Compiled {
			n++
		}
	}
	return n
}

// args copies the arguments out of the frame, whose memory serves other calls
// later.
func (fr *frame) args() (args []Arg) {
	for _, p := range fr.code.params {
		src := unsafe.Add(fr.p, p.off)
		if p.boxed {
			if src = *(*unsafe.Pointer)(src); src == nil {
				continue // the call has not begun
			}
		}
		v := reflect.New(p.rt)
		typedmemmove(rt.Pointer(p.rt), v.UnsafePointer(), src)
		args = append(args, Arg{p.name, v.Elem()})
	}
	return args
}

// compiledFrames lists the compiled functions between a panic and the machine,
// innermost first; none if the machine itself panicked.
func compiledFrames() (fs []Frame) {
	var pcs [96]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	panicking := false
	for {
		f, more := frames.Next()
		switch {
		case f.Function == "runtime.gopanic" || f.Function == "runtime.sigpanic":
			panicking, fs = true, nil
		case !panicking || strings.HasPrefix(f.Function, "runtime."):
		case strings.Contains(f.Function, "/kernel/cell/internal/exec.") || strings.HasPrefix(f.Function, "reflect.") || strings.Contains(f.Function, "/kernel/cell."):
			return fs
		default:
			fs = append(fs, Frame{Func: shortFunction(f.Function), Compiled: true})
		}
		if !more {
			return nil
		}
	}
}

// shortFunction drops the folders of a function's package, and the marks of
// instances and closures.
func shortFunction(name string) string {
	name = name[strings.LastIndexByte(name, '/')+1:]
	name = strings.ReplaceAll(name, "[...]", "")
	if i := strings.Index(name, ".func"); i > 0 {
		name = name[:i]
	}
	return name
}
