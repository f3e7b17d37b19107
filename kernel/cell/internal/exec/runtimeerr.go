package exec

import (
	"fmt"
	"reflect"
	"runtime"
	"sync/atomic"
	"unsafe"
)

func newTypeAssertionError(e *typeAssertionError) *runtime.TypeAssertionError {
	return (*runtime.TypeAssertionError)(unsafe.Pointer(e))
}

// lastTrace is where the last panic that passed through compiled code arose.
var lastTrace atomic.Pointer[repanic]

// nilReceiver raises the run-time error of a method of values that is called
// with a nil pointer through an interface: Go's own error of another such call,
// with the names changed.
func nilReceiver(t reflect.Type, method string) {
	defer func() {
		e := reflect.New(reflect.TypeOf(recover())).Elem()
		e.SetString(fmt.Sprintf("value method %s.%s called using nil *%s pointer", t, method, t.Name()))
		panic(e.Interface())
	}()
	_ = nilValue.Error()
}

// nilValue is a variable so that the call goes through the interface.
var nilValue error = (*refusedValue)(nil)

type refusedValue struct{ _ int }

func (refusedValue) Error() string { return "" }

// conversionPanic raises the run-time error of a slice of length have that is
// too short for the array of length want that it is converted to: Go's own
// error of another such conversion, with the lengths changed.
func conversionPanic(have, want int) {
	defer boundsPanic(want, have)
	_ = [2]byte(make([]byte, 1, have+1))
}

// arrayBoundsPanic raises the run-time error of an array's slice whose third
// index, m, is beyond its length.
func arrayBoundsPanic(m, length int) {
	defer boundsPanic(m, length)
	var a [1]int
	_ = a[:0:m]
}

// boundsPanic changes the figures of the run-time error being recovered from.
func boundsPanic(x, y int) {
	v := reflect.ValueOf(recover())
	e := reflect.New(v.Type()).Elem()
	e.Set(v)
	for name, n := range map[string]int{"x": x, "y": y} {
		f := e.FieldByName(name)
		reflect.NewAt(f.Type(), f.Addr().UnsafePointer()).Elem().SetInt(int64(n))
	}
	panic(e.Interface())
}
