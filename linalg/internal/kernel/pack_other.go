//go:build !amd64

package kernel

func copyRows[T Float](n, count int, dst []T, ldd int, src []T, lds int) {
	for i := 0; i < n; i++ {
		copy(dst[i*ldd:i*ldd+count], src[i*lds:])
	}
}
