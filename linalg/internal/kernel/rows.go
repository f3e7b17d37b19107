package kernel

import (
	"math"

	"github.com/priorlab/priorlab/linalg/internal/asm"
	"github.com/priorlab/priorlab/linalg/internal/mem"
	"github.com/priorlab/priorlab/linalg/internal/par"
)

// rowChunk is how many rows of n numbers a chunk takes.
func rowChunk(n int) int { return max(1, Grain/max(n, 1)) }

// Softmax computes dst = softmax(x) over rows of n. dst and x may be the same.
func Softmax[T Float](dst, x []T, n int) {
	if n == 0 {
		return
	}
	par.For(len(x)/n, rowChunk(n), func(lo, hi int) {
		for r := lo; r < hi; r++ {
			softmaxRow(dst[r*n:(r+1)*n], x[r*n:(r+1)*n], 1)
		}
	})
}

// softmaxRow computes softmax(scale x) of one row. A row of minus infinities becomes zeros.
func softmaxRow[T Float](dst, x []T, scale T) {
	if scale > 0 && len(x) > 0 {
		if m, _, ok := vecRow(asm.VSoftmaxRow, dst, x, nil, nil, scale, 0); ok {
			if m == T(math.Inf(-1)) {
				clear(dst)
			}
			return
		}
	}
	m := Row(MaxOf, x)
	if m == T(math.Inf(-1)) {
		clear(dst)
		return
	}
	s := expSum(dst, x, scale, -m*scale)
	ZipScalar(Mul, dst, dst, 1/s)
}

// SoftmaxGrad computes dx = scale y (g - sum(g y)) over rows of n.
func SoftmaxGrad[T Float](dx, g, y []T, n int) {
	if n == 0 {
		return
	}
	par.For(len(y)/n, rowChunk(n), func(lo, hi int) {
		for r := lo; r < hi; r++ {
			softmaxGradRow(dx[r*n:(r+1)*n], g[r*n:(r+1)*n], y[r*n:(r+1)*n], 1)
		}
	})
}

func softmaxGradRow[T Float](dx, g, y []T, scale T) {
	if _, _, ok := vecRow(asm.VSoftmaxGradRow, dx, g, y[:len(g)], nil, scale, 0); ok {
		return
	}
	d := Dot(g, y)
	shiftMul(dx, g, y, -d, scale)
}

// LogSumExpRows writes log(sum(exp(x))) of each row of n, using tmp for the exponentials.
func LogSumExpRows[T Float](dst, x []T, n int) {
	par.For(len(dst), rowChunk(n), func(lo, hi int) {
		tmp := make([]T, n)
		for r := lo; r < hi; r++ {
			row := x[r*n : (r+1)*n]
			m := Row(MaxOf, row)
			dst[r] = m + T(math.Log(float64(expSum(tmp, row, 1, -m))))
		}
	})
}

// LayerNorm normalises rows of n to mean zero and variance one, then applies gain and bias (nil for none). It keeps
// each row's mean and reciprocal standard deviation for the gradient.
func LayerNorm[T Float](y, x, gain, bias, mean, rstd []T, n int, eps float64) {
	par.For(len(mean), rowChunk(n), func(lo, hi int) {
		for r := lo; r < hi; r++ {
			row := x[r*n : (r+1)*n]
			if gain != nil && bias != nil {
				if mu, rs, ok := vecRow(asm.VLayerNormRow, y[r*n:(r+1)*n], row, gain[:n], bias[:n], 1/T(n), T(eps)); ok {
					mean[r], rstd[r] = mu, rs
					continue
				}
			}
			mu := Row(Sum, row) / T(n)
			v := sumSquaresFrom(row, mu) / T(n)
			rs := T(1 / math.Sqrt(float64(v)+eps))
			mean[r], rstd[r] = mu, rs
			normalise(y[r*n:(r+1)*n], row, gain, bias, mu, rs)
		}
	})
}

// normalise computes y = (x - mu) rs gain + bias.
func normalise[T Float](y, x, gain, bias []T, mu, rs T) {
	affine(y, x, rs, -mu*rs)
	if gain != nil {
		Zip(Mul, y, y, gain)
	}
	if bias != nil {
		Zip(Add, y, y, bias)
	}
}

// gradRows is how many rows share one partial sum of the gradients of gain and bias.
const gradRows = 256

// LayerNormGrad computes the gradients of LayerNorm. dgain and dbias may be nil; dx may be nil.
func LayerNormGrad[T Float](dx, dgain, dbias, g, x, gain, mean, rstd []T, n int) {
	rows := len(mean)
	chunks := (rows + gradRows - 1) / gradRows
	raw, _ := mem.Get(max(1, 2*chunks*n) * size[T]())
	part := mem.Slice[T](raw)[:2*chunks*n]
	defer mem.Put(raw)
	clear(part)
	par.For(rows, gradRows, func(lo, hi int) {
		pg, pb := part[lo/gradRows*2*n:][:n], part[(lo/gradRows*2+1)*n:][:n]
		scale := gain
		if scale == nil {
			scale = make([]T, n)
			fillSlice(scale, 1)
		}
		for r := lo; r < hi; r++ {
			gr, xr := g[r*n:(r+1)*n], x[r*n:(r+1)*n]
			mu, rs := mean[r], rstd[r]
			a, b := layerNormGrad1(pg, pb, gr, xr, scale, rs, -mu*rs)
			if dx != nil {
				// dx = rs (g gain - a/n - xh b/n) with xh = rs (x - mu)
				slope := -rs * rs * b / T(n)
				layerNormGrad2(dx[r*n:(r+1)*n], gr, xr, scale, rs, slope, -mu*slope-rs*a/T(n))
			}
		}
	})
	sumParts(dgain, part, chunks, 2*n)
	sumParts(dbias, part[min(n, len(part)):], chunks, 2*n)
}

// sumParts adds count rows, stride apart, into dst (nil for none wanted).
func sumParts[T Float](dst, part []T, count, stride int) {
	if dst == nil {
		return
	}
	clear(dst)
	for c := 0; c < count; c++ {
		Zip(Add, dst, dst, part[c*stride:c*stride+len(dst)])
	}
}

// AddRows adds the row b to every row of y.
func AddRows[T Float](y, b []T) {
	n := len(b)
	if n == 0 {
		return
	}
	par.For(len(y)/n, rowChunk(n), func(lo, hi int) {
		for r := lo; r < hi; r++ {
			Zip(Add, y[r*n:(r+1)*n], y[r*n:(r+1)*n], b)
		}
	})
}

// FillRows makes every row of y a copy of b.
func FillRows[T Float](y, b []T) {
	n := len(b)
	if n == 0 {
		return
	}
	par.For(len(y)/n, rowChunk(n), func(lo, hi int) {
		for r := lo; r < hi; r++ {
			copy(y[r*n:(r+1)*n], b)
		}
	})
}

// size is the number of bytes of a T.
func size[T Float]() int {
	if is32[T]() {
		return 4
	}
	return 8
}
