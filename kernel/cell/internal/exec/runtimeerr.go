package exec

import (
	"runtime"
	"sync/atomic"
	"unsafe"
)

func newTypeAssertionError(e *typeAssertionError) *runtime.TypeAssertionError {
	return (*runtime.TypeAssertionError)(unsafe.Pointer(e))
}

// lastTrace is where the last panic that passed through compiled code arose.
var lastTrace atomic.Pointer[repanic]
