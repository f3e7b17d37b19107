package linalg

import (
	"slices"

	"github.com/priorlab/priorlab/linalg/internal/kernel"
)

// SumSquaresMatMul is the sum over axis (-2, rows, or -1, columns) of the squared elements of a b, without keeping the
// product: a [..., m, k], b [..., k, n], result [..., n] for axis -2 and [..., m] for axis -1. Leading axes broadcast. It
// is what diagonals of A^T S A need: with S = R R^T they are SumSquaresMatMul(R^T, A, -2).
func SumSquaresMatMul(a, b *Tensor, axis int) *Tensor {
	const op = "SumSquaresMatMul"
	a.mustFloat(op)
	ra, rb := len(a.shape), len(b.shape)
	if ra < 2 || rb < 2 || a.shape[ra-1] != b.shape[rb-2] || a.dt != b.dt {
		fail(op, "a is %v %v, b is %v %v", a.dt, a.shape, b.dt, b.shape)
	}
	batch, ok := broadcastShape(a.shape[:ra-2], b.shape[:rb-2])
	if !ok {
		fail(op, "leading axes of %v and %v do not go together", a.shape, b.shape)
	}
	switch axis {
	case -1:
		// ||a_i b||^2 over columns is ||b^T a_i^T||^2 over rows.
		return SumSquaresMatMul(b.T(), a.T(), -2)
	case -2:
	default:
		failHint(op, "-2 adds over rows, -1 over columns", "axis %d is neither", axis)
	}
	out := newTensor(a.dt, append(slices.Clone(batch), b.shape[rb-1]))
	if a.dt == F32 {
		return sumSquares[float32](out, a, b, batch)
	}
	return sumSquares[float64](out, a, b, batch)
}

func sumSquares[T kernel.Float](out, a, b *Tensor, batch []int) *Tensor {
	m, k, n := a.shape[len(a.shape)-2], a.shape[len(a.shape)-1], b.shape[len(b.shape)-1]
	ad, am := matrixOf[T](a)
	bd, bm := matrixOf[T](b)
	offA, offB := batchOffsets(ad, batch), batchOffsets(bd, batch)
	kernel.SumSquares(vals[T](out), m, k, n, am, bm, offA, offB)
	return track(out, func(g *Tensor) []*Tensor {
		gs := []*Tensor{nil, nil}
		gd := g.dense()
		da, db := newTensor(a.dt, append(slices.Clone(batch), m, k)), newTensor(a.dt, append(ownBatch(batch, offB), k, n))
		kernel.SumSquaresGrad(vals[T](da), vals[T](db), vals[T](gd), m, k, n, am, bm, offA, offB)
		if wanted(a) {
			gs[0] = sumTo(da, a.shape)
		}
		if wanted(b) {
			gs[1] = sumTo(db, b.shape)
		}
		return gs
	}, a, b)
}

// ownBatch is the batch axes of what kernels add up over runs of entries that share an operand: ones for the last axes, along which
// it was stretched.
func ownBatch(batch, off []int) []int {
	own := slices.Clone(batch)
	for i, share := len(own)-1, kernel.Shared(off); share > 1; i-- {
		share /= own[i]
		own[i] = 1
	}
	return own
}
