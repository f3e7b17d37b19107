package linalg

import (
	"slices"

	"github.com/priorlab/priorlab/linalg/internal/kernel"
)

// QuadraticForm is b_j^T S b_j for each column b_j of b [..., k, n], with symmetric matrices s [..., k, k]: result [..., n].
// Leading axes broadcast. It is the diagonal of b^T S b, as variances of Gaussian processes need it. The gradient by s is
// symmetric and right only if s is.
func QuadraticForm(s, b *Tensor) *Tensor {
	const op = "QuadraticForm"
	k := square(op, s)
	r := len(b.shape)
	if r < 2 || b.shape[r-2] != k || b.dt != s.dt {
		fail(op, "s is %v %v, b is %v %v: want [k k] and [k n]", s.dt, s.shape, b.dt, b.shape)
	}
	batch, ok := broadcastShape(s.shape[:len(s.shape)-2], b.shape[:r-2])
	if !ok {
		fail(op, "leading axes of %v and %v do not go together", s.shape, b.shape)
	}
	if s.dt == F32 {
		return quadratic[float32](s, b, batch, k)
	}
	return quadratic[float64](s, b, batch, k)
}

func quadratic[T kernel.Float](s, b *Tensor, batch []int, k int) *Tensor {
	n := b.shape[len(b.shape)-1]
	out := newTensor(s.dt, append(slices.Clone(batch), n))
	sd, bd := s.detached().dense(), b.detached().dense()
	sm, bm := kernel.Matrix[T]{Data: data[T](sd), RS: k, CS: 1}, kernel.Matrix[T]{Data: data[T](bd), RS: n, CS: 1}
	offS, offB := batchOffsets(sd, batch), batchOffsets(bd, batch)
	var kept *Tensor // S b, if the entries of the batch do not share b
	values := func() []T {
		if kept == nil {
			return nil
		}
		return vals[T](kept)
	}
	if recording(s, b) && kernel.Shared(offB) == 1 {
		kept = newTensor(s.dt, append(slices.Clone(batch), k, n))
	}
	kernel.Quadratic(vals[T](out), values(), k, n, sm, bm, offS, offB)
	return track(out, func(g *Tensor) []*Tensor {
		ds, db := newTensor(s.dt, append(slices.Clone(batch), k, k)), newTensor(s.dt, append(ownBatch(batch, offB), k, n))
		kernel.QuadraticGrad(vals[T](ds), vals[T](db), vals[T](g.dense()), values(), k, n, sm, bm, offS, offB)
		return []*Tensor{sumTo(ds, s.shape), sumTo(db, b.shape)}
	}, s, b)
}
