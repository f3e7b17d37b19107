package kernel

import (
	"math"

	"github.com/priorlab/priorlab/linalg/internal/par"
)

// Op is an element-wise function of one argument.
type Op uint8

// The functions of one argument.
const (
	Neg Op = iota
	Abs
	Square
	Sqrt
	Recip
	ReLU
	Exp
	Log
	Sin
	Cos
	Tanh
	Erf
	Sigmoid
	Softplus
	GELU
	SiLU
	numOps
)

// Map computes dst = f(x), in parallel. dst and x may be the same.
func Map[T Float](op Op, dst, x []T) {
	par.For(len(dst), Grain, func(lo, hi int) { map1(op, dst[lo:hi], x[lo:hi]) })
}

// MapGrad computes dx = g f'(x), given x and y = f(x), in parallel.
func MapGrad[T Float](op Op, dx, g, x, y []T) {
	par.For(len(dx), Grain, func(lo, hi int) { mapGrad1(op, dx[lo:hi], g[lo:hi], x[lo:hi], y[lo:hi]) })
}

// mapGo is the plain form of Map.
func mapGo[T Float](op Op, dst, x []T) {
	switch op {
	case Neg:
		for i, v := range x {
			dst[i] = -v
		}
	case Abs:
		for i, v := range x {
			dst[i] = T(math.Abs(float64(v)))
		}
	case Square:
		for i, v := range x {
			dst[i] = v * v
		}
	case Recip:
		for i, v := range x {
			dst[i] = 1 / v
		}
	case ReLU:
		for i, v := range x {
			dst[i] = max(v, 0)
		}
	default:
		f := scalar[op]
		for i, v := range x {
			dst[i] = T(f(float64(v)))
		}
	}
}

// scalar are the functions in double precision.
var scalar = [numOps]func(float64) float64{
	Sqrt: math.Sqrt, Exp: math.Exp, Log: logAny, Sin: math.Sin, Cos: math.Cos, Tanh: math.Tanh, Erf: math.Erf,
	Sigmoid:  sigmoid,
	Softplus: func(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) },
	GELU:     func(x float64) float64 { return x * normalCDF(x) },
	SiLU:     func(x float64) float64 { return x * sigmoid(x) },
}

// logAny is math.Log, which is wrong below the normal numbers on some machines.
func logAny(x float64) float64 {
	if x > 0 && x < 0x1p-1022 {
		return math.Log(x*0x1p54) - 54*math.Ln2
	}
	return math.Log(x)
}

func sigmoid(x float64) float64   { return 1 / (1 + math.Exp(-x)) }
func normalCDF(x float64) float64 { return 0.5 * math.Erfc(-x/math.Sqrt2) }
func normalPDF(x float64) float64 { return math.Exp(-0.5*x*x) / math.Sqrt(2*math.Pi) }

// slope is f'(x), given x and y = f(x).
func slope(op Op, x, y float64) float64 {
	switch op {
	case Neg:
		return -1
	case Abs:
		if x == 0 {
			return 0
		}
		return math.Copysign(1, x)
	case Square:
		return 2 * x
	case Sqrt:
		return 0.5 / y
	case Recip:
		return -y * y
	case ReLU:
		if x > 0 {
			return 1
		}
		return 0
	case Exp:
		return y
	case Log:
		return 1 / x
	case Sin:
		return math.Cos(x)
	case Cos:
		return -math.Sin(x)
	case Tanh:
		return 1 - y*y
	case Erf:
		return 2 / math.SqrtPi * math.Exp(-x*x)
	case Sigmoid:
		return y * (1 - y)
	case Softplus:
		return sigmoid(x)
	case GELU:
		return normalCDF(x) + x*normalPDF(x)
	case SiLU:
		s := sigmoid(x)
		return s * (1 + x*(1-s))
	}
	panic("kernel: no slope")
}

// mapGradGo is the plain form of MapGrad.
func mapGradGo[T Float](op Op, dx, g, x, y []T) {
	for i, v := range x {
		dx[i] = T(float64(g[i]) * slope(op, float64(v), float64(y[i])))
	}
}
