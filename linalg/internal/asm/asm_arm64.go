package asm

import "unsafe"

// tiles is the table of product kernels: for single and double precision, for four vectors of sixteen bytes and two, for 1 to 6 rows.
func tiles() *uintptr

// Run calls the product kernel at address kern.
//
//go:noescape
func Run(kern uintptr, t *Tile)

// TileNEON is the kernel for 1 to 6 rows and four vectors, or half of them.
func TileNEON(f64, half bool, rows int) uintptr {
	i := rows - 1
	if half {
		i += 6
	}
	if f64 {
		i += 12
	}
	return *(*uintptr)(unsafe.Add(unsafe.Pointer(tiles()), 8*i))
}

// vecs is the table of element-wise kernels.
func vecs() *uintptr

// RunVec calls the element-wise kernel at address kern.
//
//go:noescape
func RunVec(kern uintptr, a *Args)

// Vec is the address of element-wise kernel number op for a type. There is one level.
func Vec(op int, f64, _ bool) uintptr {
	i := 2 * op
	if f64 {
		i++
	}
	return *(*uintptr)(unsafe.Add(unsafe.Pointer(vecs()), 8*i))
}

// Transpose4F32 transposes n blocks of 4 by 4: the rows of a block are lds and ldd apart, the blocks nexts and nextd, in bytes.
//
//go:noescape
func Transpose4F32(n int, src *byte, lds, nexts uintptr, dst *byte, ldd, nextd uintptr)

// Transpose2F64 transposes n blocks of 2 by 2: the rows of a block are lds and ldd apart, the blocks nexts and nextd, in bytes.
//
//go:noescape
func Transpose2F64(n int, src *byte, lds, nexts uintptr, dst *byte, ldd, nextd uintptr)

// CholPanelF32x128 makes columns j to j+2 of the Cholesky factors of interleaved matrices of order n; it returns the lanes with
// positive pivots.
//
//go:noescape
func CholPanelF32x128(base *byte, n, ld, j int) uint64

// CholPanelF64x128 is CholPanelF32x128 in double precision.
//
//go:noescape
func CholPanelF64x128(base *byte, n, ld, j int) uint64

// CholPanelGradF32x128 turns the derivatives by columns j to j+2 of the factors into those by the matrices; panels go from the
// last to the first.
//
//go:noescape
func CholPanelGradF32x128(grad, base *byte, n, ld, j int)

// CholPanelGradF64x128 is CholPanelGradF32x128 in double precision.
//
//go:noescape
func CholPanelGradF64x128(grad, base *byte, n, ld, j int)

// Prefetch asks for so many cache lines from p on.
//
//go:noescape
func Prefetch(lines int, p *byte)

// PrefetchRows asks for the cache lines at p and n-1 further addresses, stride bytes apart.
//
//go:noescape
func PrefetchRows(n int, p *byte, stride uintptr)
