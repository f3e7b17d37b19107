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
	i := 0
	if count*es == 24 && ldd == count && n > 1 && level != Portable {
		// 32 bytes at a time, of which the next run overwrites the last eight.
		i = n - 1
		asm.Copy32(i, (*byte)(ptr(src)), uintptr(lds*es), (*byte)(ptr(dst)), 24)
	}
	for ; i < n; i++ {
		copy(dst[i*ldd:i*ldd+count], src[i*lds:])
	}
}

// packSix interleaves six of eight rows of kb numbers, with AVX2. A transposed column of eight rows is written whole, and its
// rubbish overwritten by the next one; up to four numbers beyond the panel are rubbish too.
func packSix[T Float](dst []T, a Matrix[T], kb int) bool {
	if level != AVX2 {
		return false
	}
	w := laneCount[T]()
	blocks := kb / w
	if blocks > 0 {
		if w == 4 { // the last two rows first
			transposeBlocks(blocks, a.Data[4*a.RS:], a.RS, w, dst[4:], 6, 6*w)
		}
		transposeBlocks(blocks, a.Data, a.RS, w, dst, 6, 6*w)
	}
	for p := blocks * w; p < kb; p++ {
		for i := 0; i < 6; i++ {
			dst[6*p+i] = a.Data[i*a.RS+p]
		}
	}
	return true
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
