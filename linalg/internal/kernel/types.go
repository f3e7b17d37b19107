// Package kernel holds the inner loops: products, element-wise functions, reductions, copies. Each has a plain Go form;
// on amd64 and arm64 the generated assembly of package asm takes over where the CPU allows.
package kernel

// Float are the element types of arithmetic.
type Float interface{ ~float32 | ~float64 }

// Grain is how many elements a chunk of an element-wise loop has. It is fixed, so that chunks never depend on threads.
const Grain = 16384

// is32 reports whether T is float32.
func is32[T Float]() bool {
	var z T
	_, ok := any(z).(float32)
	return ok
}
