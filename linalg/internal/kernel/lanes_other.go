//go:build !amd64 && !arm64

package kernel

// cholLanes factors many small matrices at once where there are vector lanes to do it in.
func cholLanes[T Float](l, a []T, n int, jitter T) (f *CholFailure, ok bool) { return nil, false }

// cholGradLanes is CholGrad for many small matrices at once.
func cholGradLanes[T Float](d, g, l []T, n int) bool { return false }

func transposeWhole[T Float](n, m int, src []T, lds int, dst []T, ldd int) (rows, cols int) {
	return 0, 0
}
