package kernel

import "math"

// Op2 is an element-wise function of two arguments.
type Op2 uint8

// The functions of two arguments; comparisons give one or zero.
const (
	Add Op2 = iota
	Sub
	Mul
	Div
	Max
	Min
	Pow
	Greater
	Equal
	numOps2
)

// zipGo is the plain form of Zip.
func zipGo[T Float](op Op2, dst, x, y []T) {
	y, dst = y[:len(x)], dst[:len(x)]
	switch op {
	case Add:
		for i, v := range x {
			dst[i] = v + y[i]
		}
	case Sub:
		for i, v := range x {
			dst[i] = v - y[i]
		}
	case Mul:
		for i, v := range x {
			dst[i] = v * y[i]
		}
	case Div:
		for i, v := range x {
			dst[i] = v / y[i]
		}
	default:
		for i, v := range x {
			dst[i] = two(op, v, y[i])
		}
	}
}

// two is one application of op.
func two[T Float](op Op2, x, y T) T {
	switch op {
	case Add:
		return x + y
	case Sub:
		return x - y
	case Mul:
		return x * y
	case Div:
		return x / y
	case Max:
		return max(x, y)
	case Min:
		return min(x, y)
	case Pow:
		return T(math.Pow(float64(x), float64(y)))
	case Greater:
		if x > y {
			return 1
		}
		return 0
	}
	if x == y {
		return 1
	}
	return 0
}

// zipScalarGo is the plain form of ZipScalar.
func zipScalarGo[T Float](op Op2, dst, x []T, y T) {
	dst = dst[:len(x)]
	switch op {
	case Add:
		for i, v := range x {
			dst[i] = v + y
		}
	case Mul:
		for i, v := range x {
			dst[i] = v * y
		}
	case Pow:
		switch y {
		case 2:
			for i, v := range x {
				dst[i] = v * v
			}
			return
		case -1:
			for i, v := range x {
				dst[i] = 1 / v
			}
			return
		}
		fallthrough
	default:
		for i, v := range x {
			dst[i] = two(op, v, y)
		}
	}
}

// scalarZipGo is the plain form of ScalarZip.
func scalarZipGo[T Float](op Op2, dst []T, x T, y []T) {
	dst = dst[:len(y)]
	for i, v := range y {
		dst[i] = two(op, x, v)
	}
}

// Choose takes a where cond is true and b elsewhere.
func Choose[T any](dst []T, cond []bool, a, b []T) {
	for i, c := range cond {
		if c {
			dst[i] = a[i]
		} else {
			dst[i] = b[i]
		}
	}
}
