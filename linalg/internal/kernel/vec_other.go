//go:build !amd64 && !arm64

package kernel

func vec[T Float](op, n int, dst, x, y, z []T, s0, s1 T) bool         { return false }
func vecReduce[T Float](op, n int, x, y []T, s0 T) (T, bool)          { return 0, false }
func vecRow[T Float](op int, dst, x, y, z []T, s0, s1 T) (T, T, bool) { return 0, 0, false }
func vecAdamW[T Float](w, g, m, v []T, o AdamW) bool                  { return false }

func layerNormGrad1[T Float](dgain, dbias, g, x, gain []T, rs, shift T) (T, T) {
	return layerNormGrad1Go(dgain, dbias, g, x, gain, rs, shift)
}

func layerNormGrad2[T Float](dx, g, x, gain []T, s0, s1, s2 T) {
	layerNormGrad2Go(dx, g, x, gain, s0, s1, s2)
}

func groupNormGrad1[T Float](s1, s2, g, x, v []T) { groupNormGrad1Go(s1, s2, g, x, v) }

func groupNormGrad2[T Float](dx, x, a, b, g, c []T) { groupNormGrad2Go(dx, x, a, b, g, c) }

// SquaredExp computes dst = v exp(c (x - y)^2), a row of the squared exponential kernel on the line; c is not positive.
func SquaredExp[T Float](dst, y []T, x, c, v T) { squaredExpGo(dst, y, x, c, v) }

// LineSums returns the sums of p, p u and p u^2 with p = k (w a + s b) and u = z - x.
func LineSums[T Float](k, w, a, b, x []T, s, z T) (p, pu, puu T) {
	return lineSumsGo(k, w, a, b, x, s, z)
}
