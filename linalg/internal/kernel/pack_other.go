//go:build !amd64

package kernel

func transposeB[T Float](*tileset, []T, Matrix[T], int, int) int { return 0 }

func copyRows[T Float](n, count int, dst []T, ldd int, src []T, lds int) {
	for i := 0; i < n; i++ {
		copy(dst[i*ldd:i*ldd+count], src[i*lds:])
	}
}

func packSix[T Float](dst []T, a Matrix[T], kb int) bool { return false }
