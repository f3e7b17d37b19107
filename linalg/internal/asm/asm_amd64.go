package asm

import "unsafe"

// tiles is the table of product kernels.
func tiles() *uintptr

// Run calls the product kernel at address kern.
//
//go:noescape
func Run(kern uintptr, t *Tile)

// kernel is the address of entry i of the table.
func kernel(i int) uintptr { return *(*uintptr)(unsafe.Add(unsafe.Pointer(tiles()), 8*i)) }

// Tile512 is the AVX-512 kernel for 1 to 12 rows.
func Tile512(f64 bool, kind, rows int) uintptr {
	i := kind*12 + rows - 1
	if f64 {
		i += 48
	}
	return kernel(i)
}

// Tile256 is the AVX2 kernel for 1 to 6 rows and one or two vectors.
func Tile256(f64 bool, half bool, rows int) uintptr {
	i := 96 + rows - 1
	if half {
		i += 6
	}
	if f64 {
		i += 12
	}
	return kernel(i)
}

// vecs is the table of element-wise kernels.
func vecs() *uintptr

// RunVec calls the element-wise kernel at address kern.
//
//go:noescape
func RunVec(kern uintptr, a *Args)

// Vec is the address of element-wise kernel number op for a type and level.
func Vec(op int, f64, wide bool) uintptr {
	i := 4 * op
	if f64 {
		i++
	}
	if wide {
		i += 2
	}
	return *(*uintptr)(unsafe.Add(unsafe.Pointer(vecs()), 8*i))
}
