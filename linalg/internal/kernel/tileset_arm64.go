package kernel

import (
	"unsafe"

	"github.com/priorlab/priorlab/linalg/internal/asm"
)

// The tiles are as high and wide as those of AVX2, and sum in the same order.
func init() {
	for d := range tilesets[0] {
		ts := tileset{mr: 6, nr: 64 >> (2 + d), es: 4 << d, kc: 512 >> d, mc: 192, nc: 4096, outerA: 300 << 10}
		for rows := 1; rows <= ts.mr; rows++ {
			ts.fn[asm.Full][rows], ts.fn[asm.Half][rows] = asm.TileNEON(d == 1, false, rows), asm.TileNEON(d == 1, true, rows)
		}
		tilesets[0][d] = ts
	}
}

// run calls the kernel for a tile of so many rows and columns. Kernels write whole vectors: other tiles are made beside C.
func (ts *tileset) run(rows, cols int, t *asm.Tile) {
	kind := asm.Full
	if 2*cols <= ts.nr {
		kind = asm.Half
	}
	if cols == ts.whole(cols) {
		asm.Run(ts.fn[kind][rows], t)
		return
	}
	var beside [6][64]byte
	u := *t
	u.C, u.LDC = unsafe.Pointer(&beside), unsafe.Sizeof(beside[0])
	row := func(i int) []byte { return unsafe.Slice((*byte)(unsafe.Add(t.C, i*int(t.LDC))), cols*ts.es) }
	for i := range rows {
		copy(beside[i][:], row(i))
	}
	asm.Run(ts.fn[kind][rows], &u)
	for i := range rows {
		copy(row(i), beside[i][:])
	}
}
