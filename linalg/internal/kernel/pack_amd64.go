package kernel

import "github.com/priorlab/priorlab/linalg/internal/asm"

// transposeB packs as many columns of a B stored by columns as fill whole registers, and says how many it did.
func transposeB[T Float](ts *tileset, dst []T, b Matrix[T], kb, cols int) int {
	if ts.portable {
		return 0
	}
	w := laneCount[T]()
	blocks := kb / w
	j := 0
	for ; j+w <= cols && blocks > 0; j += w {
		transposeBlocks(blocks, b.Data[j*b.CS:], b.CS, w, dst[j:], ts.nr, w*ts.nr)
		for p := blocks * w; p < kb; p++ {
			row := dst[p*ts.nr+j : p*ts.nr+j+w]
			for q := range row {
				row[q] = b.Data[p+(j+q)*b.CS]
			}
		}
	}
	return j
}

// copyTwelves copies n runs of twelve numbers that lie ld apart.
func copyTwelves[T Float](n int, dst, src []T, ld int) {
	if size[T]() == 4 {
		asm.Copy48(n, (*byte)(ptr(src)), uintptr(4*ld), (*byte)(ptr(dst)), 48)
		return
	}
	asm.Copy96(n, (*byte)(ptr(src)), uintptr(8*ld), (*byte)(ptr(dst)), 96)
}

// prefetch asks for a matrix with the strides of like that begins at x, if it lies in memory without gaps.
func prefetch[T Float](x []T, like Matrix[T], rows, cols int) {
	if like.CS == 1 && like.RS == cols || like.RS == 1 && like.CS == rows {
		asm.Prefetch((rows*cols*size[T]()+63)/64, (*byte)(ptr(x)))
	}
}
