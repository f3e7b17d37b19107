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

// copyRows copies n runs of so many numbers, ldd and lds apart.
func copyRows[T Float](n, count int, dst []T, ldd int, src []T, lds int) {
	if n == 0 {
		return
	}
	es := size[T]()
	if f := rowCopy(count * es); f != nil && level != Portable {
		f(n, (*byte)(ptr(src)), uintptr(lds*es), (*byte)(ptr(dst)), uintptr(ldd*es))
		return
	}
	for i := 0; i < n; i++ {
		copy(dst[i*ldd:i*ldd+count], src[i*lds:])
	}
}

// rowCopy is the kernel that copies runs of so many bytes, if there is one.
func rowCopy(bytes int) func(n int, src *byte, lds uintptr, dst *byte, ldd uintptr) {
	switch bytes {
	case 48:
		return asm.Copy48
	case 64:
		return asm.Copy64
	case 96:
		return asm.Copy96
	case 128:
		return asm.Copy128
	}
	return nil
}

// prefetch asks for a matrix with the strides of like that begins at x, if it lies in memory without gaps.
func prefetch[T Float](x []T, like Matrix[T], rows, cols int) {
	if like.CS == 1 && like.RS == cols || like.RS == 1 && like.CS == rows {
		asm.Prefetch((rows*cols*size[T]()+63)/64, (*byte)(ptr(x)))
	}
}
