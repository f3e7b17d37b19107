//go:build !amd64

package kernel

func gemm[T Float](m, n, k int, alpha T, a, b Matrix[T], c []T, ldc int, acc, parallel bool) {
	gemmGo(m, n, k, alpha, a, b, c, ldc, acc, parallel)
}
