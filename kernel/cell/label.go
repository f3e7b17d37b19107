package cell

import "sync/atomic"

var current atomic.Pointer[string]

func setCurrent(name string) { current.Store(&name) }

// Current is the name of the cell that started the calling goroutine, directly
// or through others; "" outside cells.
func Current() string {
	if p := current.Load(); p != nil {
		return *p
	}
	return ""
}
