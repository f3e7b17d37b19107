package kernel

import "github.com/priorlab/priorlab/linalg/internal/asm"

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
