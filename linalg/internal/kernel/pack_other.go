//go:build !amd64

package kernel

// copyRows copies n runs of so many numbers, ldd and lds apart. Those of tiles are of fixed length, which saves the call of copy.
func copyRows[T Float](n, count int, dst []T, ldd int, src []T, lds int) {
	for i := 0; i < n; i++ {
		switch d, s := dst[i*ldd:], src[i*lds:]; count {
		case 6:
			*(*[6]T)(d) = *(*[6]T)(s)
		case 8:
			*(*[8]T)(d) = *(*[8]T)(s)
		case 16:
			*(*[16]T)(d) = *(*[16]T)(s)
		default:
			copy(d[:count], s)
		}
	}
}
