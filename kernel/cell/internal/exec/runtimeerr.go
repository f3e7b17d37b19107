package exec

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"unsafe"
)

func newTypeAssertionError(e *typeAssertionError) *runtime.TypeAssertionError {
	return (*runtime.TypeAssertionError)(unsafe.Pointer(e))
}

// lastTrace is where the last panic that passed through compiled code arose.
var lastTrace atomic.Pointer[repanic]

// conversionError is the run-time error of a slice that is too short for the
// array it is converted to.
type conversionError struct{ have, want int }

func (e conversionError) Error() string {
	return fmt.Sprintf("runtime error: cannot convert slice with length %d to array or pointer to array with length %d", e.have, e.want)
}

// RuntimeError makes it a runtime.Error.
func (conversionError) RuntimeError() {}
