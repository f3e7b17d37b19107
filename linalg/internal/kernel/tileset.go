package kernel

import (
	"math"
	"unsafe"
)

// tileset is what the product driver needs to know of a level and type.
type tileset struct {
	mr, nr     int            // rows and columns of the full tile
	es         int            // bytes of an element
	kc, mc, nc int            // blocks of the sum, of rows, and of columns
	outerA     int            // bytes of a packed block of B up to which a panel of A stays in L1 while B streams from L2
	wide       bool           // AVX-512
	portable   bool           // plain Go
	fn         [4][13]uintptr // by asm.Full, Mask, Half, HalfMask and rows
}

// canRead reports whether the last cols columns of B, fewer than a panel, may be read where they lie: the kernels of AVX2 and NEON
// read whole vectors.
func (ts *tileset) canRead(cols int) bool {
	return ts.wide || ts.portable || cols == 0 || 2*cols == ts.nr
}

// whole is the number of columns, at least cols, that a tile of whole vectors writes.
func (ts *tileset) whole(cols int) int {
	switch {
	case ts.portable:
		return cols
	case !ts.wide && 2*cols <= ts.nr:
		return ts.nr / 2
	}
	return ts.nr
}

// depth is the block of a sum over k: even parts of at most kc.
func (ts *tileset) depth(k int) int {
	parts := (k + ts.kc - 1) / ts.kc
	return (k + parts - 1) / parts
}

// portableRows is the height of a tile in plain Go.
const portableRows = 4

// portableTiles is the tileset of plain Go.
func portableTiles[T Float]() *tileset {
	if is32[T]() {
		return &tileset{mr: portableRows, nr: 32, es: 4, portable: true}
	}
	return &tileset{mr: portableRows, nr: 16, es: 8, portable: true}
}

// alphaBits are the bits of alpha in its own type.
func alphaBits[T Float](alpha T) uint64 {
	if is32[T]() {
		return uint64(math.Float32bits(float32(alpha)))
	}
	return math.Float64bits(float64(alpha))
}

// mode is the epilogue for a product, and for its later blocks of the sum.
func mode[T Float](alpha T, acc bool) (first, later int) {
	switch {
	case alpha == 1 && acc:
		return 1, 1
	case alpha == 1:
		return 0, 1
	case acc:
		return 2, 2
	}
	return 3, 2
}

// noSegs is the list of one segment at offset zero.
var noSegs = [1]int{}

func ptr[T any](s []T) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(s)) }
