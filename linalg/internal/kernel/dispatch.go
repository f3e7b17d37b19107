package kernel

import (
	"github.com/priorlab/priorlab/linalg/internal/asm"
	"github.com/priorlab/priorlab/linalg/internal/par"
)

// mapKernel is the assembly of each function of one argument.
var mapKernel = [numOps]int{
	Neg: asm.VNeg, Abs: asm.VAbs, Square: asm.VSquare, Sqrt: asm.VSqrt, Recip: asm.VRecip, ReLU: asm.VReLU, Exp: asm.VExp,
	Log: asm.VLog, Sin: asm.VSin, Cos: asm.VCos, Tanh: asm.VTanh, Erf: asm.VErf, Sigmoid: asm.VSigmoid,
	Softplus: asm.VSoftplus, GELU: asm.VGELU, SiLU: asm.VSiLU,
}

// sinLimit is the largest argument for which the fast sine and cosine keep their accuracy.
const sinLimit = 1 << 13

// map1 is Map on one chunk.
func map1[T Float](op Op, dst, x []T) {
	if (op == Sin || op == Cos) && level != Portable && len(x) > 0 {
		if hi, lo := Row(MaxOf, x), Row(MinOf, x); !(hi < sinLimit && lo > -sinLimit) {
			mapGo(op, dst, x)
			return
		}
	}
	if !vec(mapKernel[op], len(x), dst, x, nil, nil, 0, 0) {
		mapGo(op, dst, x)
	}
}

// slopeKernel is the assembly of each gradient, and whether it wants y in place of x; -1 for none.
var slopeKernel = [numOps]struct {
	op    int
	fromY bool
}{
	Neg: {op: -1}, Exp: {op: asm.VMul, fromY: true}, Log: {op: asm.VDiv}, Sin: {op: -1}, Cos: {op: -1},
	Abs: {op: asm.VAbsGrad}, Square: {op: asm.VSquareGrad}, Sqrt: {op: asm.VSqrtGrad, fromY: true},
	Recip: {op: asm.VRecipGrad, fromY: true}, ReLU: {op: asm.VReLUGrad}, Tanh: {op: asm.VTanhGrad, fromY: true},
	Erf: {op: asm.VErfGrad}, Sigmoid: {op: asm.VSigmoidGrad, fromY: true}, Softplus: {op: asm.VSoftplusGrad},
	GELU: {op: asm.VGELUGrad}, SiLU: {op: asm.VSiLUGrad},
}

// mapGrad1 is MapGrad on one chunk.
func mapGrad1[T Float](op Op, dx, g, x, y []T) {
	k := slopeKernel[op]
	switch {
	case level == Portable:
		mapGradGo(op, dx, g, x, y)
	case op == Neg:
		map1(Neg, dx, g)
	case op == Sin:
		map1(Cos, dx, x)
		Zip(Mul, dx, dx, g)
	case op == Cos:
		map1(Sin, dx, x)
		Zip(Mul, dx, dx, g)
		map1(Neg, dx, dx)
	case k.fromY:
		vec(k.op, len(x), dx, g, y, nil, 0, 0)
	default:
		vec(k.op, len(x), dx, g, x, nil, 0, 0)
	}
}

// zipKernel is the assembly of vector with vector and vector with scalar; -1 for none.
var zipKernel = [numOps2]struct{ vv, vs, sv int }{
	Add: {asm.VAdd, asm.VAddScalar, asm.VAddScalar}, Sub: {asm.VSub, asm.VSubScalar, asm.VScalarSub},
	Mul: {asm.VMul, asm.VMulScalar, asm.VMulScalar}, Div: {asm.VDiv, asm.VDivScalar, asm.VScalarDiv},
	Max: {asm.VMax, asm.VMaxScalar, asm.VMaxScalar}, Min: {asm.VMin, asm.VMinScalar, asm.VMinScalar},
	Pow: {-1, -1, -1}, Greater: {-1, -1, -1}, Equal: {-1, -1, -1},
}

// Zip computes dst = x op y element by element, on this goroutine.
func Zip[T Float](op Op2, dst, x, y []T) {
	if k := zipKernel[op].vv; k < 0 || !vec(k, len(x), dst, x, y[:len(x)], nil, 0, 0) {
		zipGo(op, dst, x, y)
	}
}

// ZipScalar computes dst = x op y with one y for all.
func ZipScalar[T Float](op Op2, dst, x []T, y T) {
	if op == Pow && y == 2 {
		Zip(Mul, dst, x, x)
		return
	}
	if k := zipKernel[op].vs; k < 0 || !vec(k, len(x), dst, x, nil, nil, y, 0) {
		zipScalarGo(op, dst, x, y)
	}
}

// ScalarZip computes dst = x op y with one x for all.
func ScalarZip[T Float](op Op2, dst []T, x T, y []T) {
	if k := zipKernel[op].sv; k < 0 || !vec(k, len(y), dst, y, nil, nil, x, 0) {
		scalarZipGo(op, dst, x, y)
	}
}

// Row reduces a row to one number.
func Row[T Float](op Reduction, x []T) T {
	if v, ok := vecReduce(asm.VSum+int(op), len(x), x, nil, 0); ok {
		return v
	}
	return rowGo(op, x)
}

// Dot is the inner product of two rows.
func Dot[T Float](x, y []T) T {
	if v, ok := vecReduce(asm.VDot, len(x), x, y[:len(x)], 0); ok {
		return v
	}
	return dotGo(x, y)
}

// sumSquaresFrom is the sum of (x - mu)^2.
func sumSquaresFrom[T Float](x []T, mu T) T {
	if v, ok := vecReduce(asm.VSumSquaresFrom, len(x), x, nil, mu); ok {
		return v
	}
	return sumSquaresFromGo(x, mu)
}

// expSum computes dst = exp(scale x + shift) and returns the sum.
func expSum[T Float](dst, x []T, scale, shift T) T {
	if !vec(asm.VExpAffine, len(x), dst, x, nil, nil, scale, shift) {
		return expSumGo(dst, x, scale, shift)
	}
	return Row(Sum, dst[:len(x)])
}

// expAffine computes dst = exp(a x + b).
func expAffine[T Float](dst, x []T, a, b T) {
	if !vec(asm.VExpAffine, len(x), dst, x, nil, nil, a, b) {
		expSumGo(dst, x, a, b)
	}
}

// shiftMul computes dst = scale (x + c) y.
func shiftMul[T Float](dst, x, y []T, c, scale T) {
	if !vec(asm.VShiftMul, len(x), dst, x, y[:len(x)], nil, c, scale) {
		shiftMulGo(dst, x, y, c, scale)
	}
}

// affine computes dst = a x + b.
func affine[T Float](dst, x []T, a, b T) {
	if !vec(asm.VAffine, len(x), dst, x, nil, nil, a, b) {
		affineGo(dst, x, a, b)
	}
}

// MulAdd computes dst += x y.
func MulAdd[T Float](dst, x, y []T) {
	if !vec(asm.VMulAdd, len(x), dst, x, y[:len(x)], nil, 0, 0) {
		mulAddGo(dst, x, y)
	}
}

// addSquares computes dst += (x + v)^2.
func addSquares[T Float](dst, x, v []T) {
	if !vec(asm.VAddSquares, len(x), dst, x, v[:len(x)], nil, 0, 0) {
		addSquaresGo(dst, x, v)
	}
}

// axpyTo computes dst = x + a y.
func axpyTo[T Float](dst, x, y []T, a T) {
	if !vec(asm.VAxpyTo, len(x), dst, x, y[:len(x)], nil, a, 0) {
		axpyToGo(dst, x, y, a)
	}
}

// mulAddTo computes dst = x a + b.
func mulAddTo[T Float](dst, x, a, b []T) {
	if !vec(asm.VMulAddTo, len(x), dst, x, a[:len(x)], b[:len(x)], 0, 0) {
		mulAddToGo(dst, x, a, b)
	}
}

// expClamp computes dst = exp(min(x + v + c, 0) + lv).
func expClamp[T Float](dst, x, v []T, c, lv T) {
	if !vec(asm.VExpClamp, len(x), dst, x, v[:len(x)], nil, c, lv) {
		expClampGo(dst, x, v, c, lv)
	}
}

// AdamWStep makes the step o over the parameters w with gradients g and moments m and v, in parallel.
func AdamWStep[T Float](w, g, m, v []T, o AdamW) {
	par.For(len(w), Grain, func(lo, hi int) {
		if !vecAdamW(w[lo:hi], g[lo:hi], m[lo:hi], v[lo:hi], o) {
			adamWGo(w[lo:hi], g[lo:hi], m[lo:hi], v[lo:hi], o)
		}
	})
}

// ScaleAll multiplies x by a, in parallel.
func ScaleAll[T Float](x []T, a T) {
	par.For(len(x), Grain, func(lo, hi int) { ZipScalar(Mul, x[lo:hi], x[lo:hi], a) })
}

// SumSquare is the sum of squares, blocks of which are added in double precision.
func SumSquare[T Float](x []T) float64 {
	s := 0.0
	for lo := 0; lo < len(x); lo += reduceBlock {
		row := x[lo:min(len(x), lo+reduceBlock)]
		s += float64(Dot(row, row))
	}
	return s
}
