package linalg

import (
	"slices"

	"github.com/priorlab/priorlab/linalg/internal/kernel"
)

// MatMul is the matrix product over the last two axes: [..., m, k] by [..., k, n] gives [..., m, n]. Leading axes are a
// batch and broadcast. A vector on the left counts as one row, on the right as one column, and that axis goes again.
func (t *Tensor) MatMul(u *Tensor) *Tensor {
	switch {
	case t.Rank() == 1 && u.Rank() == 1:
		return t.Unsqueeze(0).MatMul(u.Unsqueeze(1)).Reshape()
	case t.Rank() == 1:
		return t.Unsqueeze(0).MatMul(u).Squeeze(-2)
	case u.Rank() == 1:
		return t.MatMul(u.Unsqueeze(1)).Squeeze(-1)
	}
	out := matmul("MatMul", t, u, 1)
	return track(out, func(g *Tensor) []*Tensor {
		gs := make([]*Tensor, 2)
		if wanted(t) {
			gs[0] = matmulTo(t.shape, 1, g, u.detached().T())
		}
		if wanted(u) {
			gs[1] = matmulTo(u.shape, 1, t.detached().T(), g)
		}
		return gs
	}, t, u)
}

// matmulTo is alpha times the product of a and b, added over the batch axes that shape was stretched along.
func matmulTo(shape []int, alpha float64, a, b *Tensor) *Tensor {
	if len(shape) == 2 && len(a.shape) == len(b.shape) && len(a.shape) > 2 && slices.Equal(a.shape[:len(a.shape)-2], b.shape[:len(b.shape)-2]) {
		// Sum over the batch of a_i b_i: one product if both can be laid out with the batch along the inner axis.
		k, m, n := a.shape[len(a.shape)-1], a.shape[len(a.shape)-2], b.shape[len(b.shape)-1]
		at, bt := a.detached().T(), b.detached()
		if at.isDense() && bt.isDense() {
			batch := numel(a.shape[:len(a.shape)-2])
			return matmul("MatMul", at.Reshape(batch*k, m).T(), bt.Reshape(batch*k, n), alpha)
		}
	}
	return sumTo(matmul("MatMul", a, b, alpha), shape)
}

// matmul is alpha A B over broadcast batches, without recording.
func matmul(op string, t, u *Tensor, alpha float64) *Tensor {
	t.alive(op)
	u.alive(op)
	rt, ru := len(t.shape), len(u.shape)
	if rt < 2 || ru < 2 {
		fail(op, "shapes %v and %v: both need at least two axes", t.shape, u.shape)
	}
	if t.dt != u.dt || !t.dt.float() {
		failHint(op, "convert with To", "the element types are %v and %v", t.dt, u.dt)
	}
	m, k, n := t.shape[rt-2], t.shape[rt-1], u.shape[ru-1]
	batch, ok := broadcastShape(t.shape[:rt-2], u.shape[:ru-2])
	if u.shape[ru-2] != k || !ok {
		fail(op, "shapes %v and %v do not go together: columns of the first must equal rows of the second, leading axes be equal or one", t.shape, u.shape)
	}
	out := newTensor(t.dt, append(batch, m, n))
	if t.dt == F32 {
		matmulInto[float32](out, t, u, float32(alpha))
	} else {
		matmulInto[float64](out, t, u, alpha)
	}
	return out
}

// matrixOf views the last two axes of t as the kernels want them: one of the two strides must be one.
func matrixOf[T kernel.Float](t *Tensor) (*Tensor, kernel.Matrix[T]) {
	r := len(t.shape)
	rs, cs := t.strides[r-2], t.strides[r-1]
	rows, cols := t.shape[r-2], t.shape[r-1]
	if rows <= 1 && rs < cols {
		rs = cols
	}
	if !(cs == 1 || rs == 1 || cols <= 1) || (rs == 0 && rows > 1) || (cs == 0 && cols > 1) {
		t = t.dense()
		rs, cs = cols, 1
	}
	if cols <= 1 {
		cs = 1
	}
	return t, kernel.Matrix[T]{Data: data[T](t), RS: rs, CS: cs}
}

func matmulInto[T kernel.Float](out, t, u *Tensor, alpha T) {
	if out.Len() == 0 {
		return
	}
	r := len(out.shape)
	m, n, k := out.shape[r-2], out.shape[r-1], t.shape[len(t.shape)-1]
	if k == 0 {
		clear(vals[T](out))
		return
	}
	// A dense batch of left factors times one right factor is one tall product.
	if len(u.shape) == 2 && len(t.shape) > 2 {
		if d := t.detached(); d.isDense() {
			t = d.view([]int{t.Len() / k, k}, []int{k, 1}, d.off)
			m = t.shape[0]
			out = out.view([]int{m, n}, []int{n, 1}, out.off)
			r = 2
		}
	}
	t, a := matrixOf[T](t)
	u, b := matrixOf[T](u)
	c := vals[T](out)
	if r == 2 {
		kernel.Gemm(m, n, k, alpha, a, b, c, n, false)
		return
	}
	batch := out.shape[:r-2]
	offA, offB := batchOffsets(t, batch), batchOffsets(u, batch)
	offC := make([]int, len(offA))
	for i := range offC {
		offC[i] = i * m * n
	}
	kernel.GemmBatch(m, n, k, alpha, a, b, c, n, offA, offB, offC, false)
}

// batchOffsets lists where the matrices of t begin, for t stretched to the given batch axes.
func batchOffsets(t *Tensor, batch []int) []int {
	lead := &Tensor{shape: t.shape[:len(t.shape)-2], strides: t.strides[:len(t.shape)-2]}
	st, _ := broadcastStrides(lead, batch)
	off := []int{0}
	for i, n := range batch {
		next := make([]int, 0, len(off)*n)
		for _, o := range off {
			for k := 0; k < n; k++ {
				next = append(next, o+k*st[i])
			}
		}
		off = next
	}
	return off
}
