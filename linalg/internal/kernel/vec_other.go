//go:build !amd64

package kernel

func vec[T Float](op, n int, dst, x, y, z []T, s0, s1 T) bool { return false }
func vecReduce[T Float](op, n int, x, y []T, s0 T) (T, bool)  { return 0, false }
func vecAdamW[T Float](w, g, m, v []T, o AdamW) bool          { return false }
