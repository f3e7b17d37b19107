package exec

import (
	"reflect"
	"runtime"
	"sync"
	"unsafe"
	"weak"
)

// helpers are compiled functions that the sources of generic library functions
// declare without a body.
var helpers = map[string]reflect.Value{
	"unique.canonical": reflect.ValueOf(canonical),
	"weak.handle":      reflect.ValueOf(weakHandle),
	"weak.target":      reflect.ValueOf(weakTarget),
	"runtime.cleanup":  reflect.ValueOf(addCleanup),
}

var unique struct {
	mu     sync.Mutex
	values map[any]unsafe.Pointer
}

// canonical returns the one pointer that stands for key in this process; it is
// made by fresh on first use.
func canonical(key any, fresh func() unsafe.Pointer) unsafe.Pointer {
	unique.mu.Lock()
	defer unique.mu.Unlock()
	p, ok := unique.values[key]
	if !ok {
		if unique.values == nil {
			unique.values = map[any]unsafe.Pointer{}
		}
		p = fresh()
		unique.values[key] = p
	}
	return p
}

// A weak pointer is one word, whatever it points to.

func weakHandle(p unsafe.Pointer) unsafe.Pointer {
	w := weak.Make((*byte)(p))
	return *(*unsafe.Pointer)(unsafe.Pointer(&w))
}

func weakTarget(h unsafe.Pointer) unsafe.Pointer {
	w := *(*weak.Pointer[byte])(unsafe.Pointer(&h))
	return unsafe.Pointer(w.Value())
}

func addCleanup(p unsafe.Pointer, f func()) runtime.Cleanup {
	return runtime.AddCleanup((*byte)(p), func(f func()) { f() }, f)
}
