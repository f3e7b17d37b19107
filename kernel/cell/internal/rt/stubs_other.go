//go:build !amd64 && !arm64

package rt

import "unsafe"

// Without entry points types have no methods that compiled code could call.
const numEntries = 0

var contexts [1]unsafe.Pointer

func entry(int) unsafe.Pointer { return nil }

// G identifies the calling goroutine among those alive; here it cannot.
func G() uintptr { return 0 }

// IsEntry reports whether pc is an entry point of a method.
func IsEntry(uintptr) bool { return false }
