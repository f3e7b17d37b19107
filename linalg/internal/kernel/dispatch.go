package kernel

import "github.com/priorlab/priorlab/linalg/internal/par"

// map1 is Map on one chunk.
func map1[T Float](op Op, dst, x []T) { mapGo(op, dst, x) }

// mapGrad1 is MapGrad on one chunk.
func mapGrad1[T Float](op Op, dx, g, x, y []T) { mapGradGo(op, dx, g, x, y) }

// Zip computes dst = x op y element by element, on this goroutine.
func Zip[T Float](op Op2, dst, x, y []T) { zipGo(op, dst, x, y) }

// ZipScalar computes dst = x op y with one y for all.
func ZipScalar[T Float](op Op2, dst, x []T, y T) { zipScalarGo(op, dst, x, y) }

// ScalarZip computes dst = x op y with one x for all.
func ScalarZip[T Float](op Op2, dst []T, x T, y []T) { scalarZipGo(op, dst, x, y) }

// Row reduces a row to one number.
func Row[T Float](op Reduction, x []T) T { return rowGo(op, x) }

// Dot is the inner product of two rows.
func Dot[T Float](x, y []T) T { return dotGo(x, y) }

func expSum[T Float](dst, x []T, scale, shift T) T { return expSumGo(dst, x, scale, shift) }
func sumSquaresFrom[T Float](x []T, mu T) T        { return sumSquaresFromGo(x, mu) }
func shiftMul[T Float](dst, x, y []T, c, scale T)  { shiftMulGo(dst, x, y, c, scale) }
func affine[T Float](dst, x []T, a, b T)           { affineGo(dst, x, a, b) }
func mulAdd[T Float](dst, x, y []T)                { mulAddGo(dst, x, y) }
func axpyTo[T Float](dst, x, y []T, a T)           { axpyToGo(dst, x, y, a) }

// AdamWStep makes the step o over the parameters w with gradients g and moments m and v, in parallel.
func AdamWStep[T Float](w, g, m, v []T, o AdamW) {
	par.For(len(w), Grain, func(lo, hi int) { adamWGo(w[lo:hi], g[lo:hi], m[lo:hi], v[lo:hi], o) })
}

// ScaleAll multiplies x by a, in parallel.
func ScaleAll[T Float](x []T, a T) {
	par.For(len(x), Grain, func(lo, hi int) { ZipScalar(Mul, x[lo:hi], x[lo:hi], a) })
}

func expClamp[T Float](dst, x, v []T, c, lv T, clamp bool) { expClampGo(dst, x, v, c, lv, clamp) }

func mulAddTo[T Float](dst, x, a, b []T) { mulAddToGo(dst, x, a, b) }

// SumSquare is the sum of squares in double precision.
func SumSquare[T Float](x []T) float64 {
	s := 0.0
	for lo := 0; lo < len(x); lo += reduceBlock {
		row := x[lo:min(len(x), lo+reduceBlock)]
		s += float64(Dot(row, row))
	}
	return s
}
