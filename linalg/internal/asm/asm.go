// Package asm holds the generated assembly of amd64 and arm64: the inner kernels of products, transposes, factorisations of many
// matrices and element-wise functions, and on amd64 of random numbers. The generator is in gen, a module of its own.
package asm

import "unsafe"

// Tile is one call of a product kernel: a tile of C from a row panel of A and a column panel of B. A is read by
// broadcast, so that its two strides are free; B is read by vectors along its rows. The inner sum runs over NSeg
// segments of K each: segment s reads A from A+Segs[s] on, while B goes on row by row. Strides and offsets are in bytes.
type Tile struct {
	A, B, C            unsafe.Pointer
	K                  int
	RSA, CSA, LDB, LDC uintptr
	Cols               uint64 // AVX-512 masked kernels: bit mask of columns; AVX2: number of columns; NEON writes whole vectors
	Mode               int    // 0: C = T, 1: C += T, 2: C += alpha T, 3: C = alpha T, 4 (AVX-512: two vectors without masks): C = D^-1 (C - T)
	Alpha              uint64 // bits of alpha in the element type
	Segs               *int
	NSeg               int
	D                  unsafe.Pointer // mode 4: a lower triangle by rows as far apart as the tallest tile is high, its diagonal inverted
}

// Kind of a product kernel, by its columns.
const (
	Full     = iota // a whole tile
	Mask            // AVX-512: a tile under a mask
	Half            // half of a tile
	HalfMask        // AVX-512: half of a tile under a mask
)

// Args are the arguments of an element-wise kernel: the number of elements, up to six arrays, up to eight scalars as the
// bits of their type, and the result of a reduction.
type Args struct {
	N int
	P [6]unsafe.Pointer
	S [8]uint64
	R [4]uint64
}
