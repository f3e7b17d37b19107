//go:build amd64 || arm64

package rt

import "unsafe"

const (
	numEntries = 16384
	entrySize  = 12
)

// contexts holds what the entry of the same index loads: a makeFuncImpl.
var contexts [numEntries]unsafe.Pointer

func entryTable() uintptr

func entry(i int) unsafe.Pointer {
	p := entryTable() + uintptr(i)*entrySize
	return *(*unsafe.Pointer)(unsafe.Pointer(&p))
}

// IsEntry reports whether pc is an entry point of a method.
func IsEntry(pc uintptr) bool {
	return pc-entryTable() < numEntries*entrySize
}

// G identifies the calling goroutine among those alive.
func G() uintptr
