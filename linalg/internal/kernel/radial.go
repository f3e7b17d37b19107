package kernel

import (
	"math"

	"github.com/priorlab/priorlab/linalg/internal/mem"
	"github.com/priorlab/priorlab/linalg/internal/par"
)

// radialBlock is how many elements the passes of a covariance function go over at a time, so that they stay in L1.
const radialBlock = 512

// Radial turns c x = r^2 into the values of a stationary covariance of variance v, in k, and unless dk is nil into its
// derivative by r^2 times dc. At r = 0 the derivative of Matern12, which has no limit there, counts as zero. k and dk may
// be x.
func Radial[T Float](cov Covariance, k, dk, x []T, c, v, dc T) {
	par.For(len(x), Grain, func(lo, hi int) {
		var d []T
		if dk != nil {
			d = dk[lo:hi]
		}
		radialBlocks(cov, k[lo:hi], d, x[lo:hi], c, v, dc)
	})
}

// radialBlocks is Radial on this goroutine.
func radialBlocks[T Float](cov Covariance, k, dk, x []T, c, v, dc T) {
	for lo := 0; lo < len(x); lo += radialBlock {
		hi := min(len(x), lo+radialBlock)
		var d []T
		if dk != nil {
			d = dk[lo:hi]
		}
		radialBlock1(cov, k[lo:hi], d, x[lo:hi], c, v, dc)
	}
}

// radialBlock1 is Radial on one block.
func radialBlock1[T Float](cov Covariance, k, dk, x []T, c, v, dc T) {
	if cov == RBF {
		expAffine(k, x, -0.5*c, 0)
		ZipScalar(Mul, k, k, v)
		if dk != nil {
			ZipScalar(Mul, dk, k, -0.5*dc)
		}
		return
	}
	// q = sqrt(a) r, so that every kind is a polynomial of q times exp(-q).
	a := [...]T{Matern12: 1, Matern32: 3, Matern52: 5}[cov]
	raw, _ := mem.Get(2 * radialBlock * size[T]())
	defer mem.Put(raw)
	w := mem.Slice[T](raw)
	q, e := w[:len(x)], w[radialBlock:radialBlock+len(x)]
	ZipScalar(Mul, q, x, a*c)
	map1(ReLU, q, q) // rounding may have left it below zero
	map1(Sqrt, q, q)
	expAffine(e, q, -1, 0)
	ZipScalar(Mul, e, e, v)
	switch cov {
	case Matern12:
		copy(k, e)
		if dk == nil {
			return
		}
		Zip(Div, dk, e, q)
		ZipScalar(Mul, dk, dk, -0.5*dc)
		for i, z := range q {
			if z == 0 {
				dk[i] = 0
			}
		}
	case Matern32: // (1+q) e; -3/2 e
		if dk != nil {
			ZipScalar(Mul, dk, e, -1.5*dc)
		}
		ZipScalar(Add, q, q, 1)
		Zip(Mul, k, q, e)
	default: // (1+q+q^2/3) e; -5/6 (1+q) e
		Zip(Mul, k, q, q)
		ZipScalar(Add, q, q, 1)
		axpyTo(k, q, k, 1.0/3)
		Zip(Mul, k, k, e)
		if dk != nil {
			shiftMul(dk, q, e, 0, T(-5.0/6)*dc)
		}
	}
}

// squaredExpGo is SquaredExp in plain Go.
func squaredExpGo[T Float](dst, y []T, x, c, v T) {
	for i, u := range y {
		d := x - u
		dst[i] = v * T(math.Exp(float64(c*T(d*d))))
	}
}

// lineSumsGo is LineSums in plain Go.
func lineSumsGo[T Float](k, w, a, b, x []T, s, z T) (p, pu, puu T) {
	for i, v := range k {
		v *= T(w[i]*a[i]) + T(s*b[i])
		u := z - x[i]
		p += v
		v *= u
		pu += v
		puu += T(v * u)
	}
	return p, pu, puu
}
