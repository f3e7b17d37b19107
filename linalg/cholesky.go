package linalg

import (
	"fmt"
	"math"
	"slices"

	"github.com/priorlab/priorlab/linalg/internal/kernel"
)

// square checks for matrices and returns their order.
func square(op string, a *Tensor) int {
	a.mustFloat(op)
	r := len(a.shape)
	if r < 2 || a.shape[r-1] != a.shape[r-2] {
		fail(op, "shape %v does not end in a square matrix", a.shape)
	}
	return a.shape[r-1]
}

// Cholesky is the lower factor L of each symmetric matrix a [..., n, n] plus jitter on its diagonal: L L^T = a + jitter I.
// Only the lower triangle of a is read; its gradient is symmetric. A matrix that is not positive definite panics with an
// *Error that names the matrix, the pivot and the jitter.
func Cholesky(a *Tensor, jitter float64) *Tensor {
	n := square("Cholesky", a)
	l, ad := newTensor(a.dt, a.shape), a.dense()
	var bad *kernel.CholFailure
	if a.dt == F32 {
		bad = kernel.Chol(vals[float32](l), vals[float32](ad), n, float32(jitter))
	} else {
		bad = kernel.Chol(vals[float64](l), vals[float64](ad), n, jitter)
	}
	if bad != nil {
		failCholesky(a, n, jitter, bad)
	}
	return track(l, func(g *Tensor) []*Tensor {
		d, g := like(l), g.dense()
		if a.dt == F32 {
			kernel.CholGrad(vals[float32](d), vals[float32](g), vals[float32](l), n)
		} else {
			kernel.CholGrad(vals[float64](d), vals[float64](g), vals[float64](l), n)
		}
		return []*Tensor{d}
	}, a)
}

// failCholesky explains a failed factorisation.
func failCholesky(a *Tensor, n int, jitter float64, bad *kernel.CholFailure) {
	which := ""
	if len(a.shape) > 2 {
		which = fmt.Sprintf("matrix %d of the batch ", bad.Matrix)
	}
	m := a.detached().dense().Reshape(-1, n, n).Select(0, bad.Matrix)
	for i := 0; i < n; i++ {
		for j := 0; j <= i; j++ {
			if v := m.At(i, j); math.IsNaN(v) || math.IsInf(v, 0) {
				failHint("Cholesky", "look at the parameters that made it", "%shas the element %g at row %d, column %d", which, v, i, j)
			}
		}
	}
	failHint("Cholesky", "two inputs may coincide: add jitter to the diagonal",
		"%sof order %d is not positive definite: pivot %d is %.3g with jitter %g", which, n, bad.Pivot, bad.Value, jitter)
}

// SolveTri solves L X = B, or L^T X = B if transposed, for lower triangles l [..., n, n] and right-hand sides
// b [..., n, m]. Leading axes broadcast.
func SolveTri(l, b *Tensor, transposed bool) *Tensor {
	n := square("SolveTri", l)
	r := len(b.shape)
	if r < 2 || b.shape[r-2] != n || b.dt != l.dt {
		failHint("SolveTri", "write a vector as one column with Unsqueeze(-1)", "l is %v %v, b is %v %v", l.dt, l.shape, b.dt, b.shape)
	}
	batch, ok := broadcastShape(l.shape[:len(l.shape)-2], b.shape[:r-2])
	if !ok {
		fail("SolveTri", "leading axes of %v and %v do not go together", l.shape, b.shape)
	}
	m := b.shape[r-1]
	shape := append(batch, n, m)
	x, bd := newTensor(b.dt, shape), b.detached().BroadcastTo(shape...).dense()
	ld := l.detached().dense()
	off := batchOffsets(ld, batch)
	if l.dt == F32 {
		kernel.SolveBatch(transposed, n, m, data[float32](ld), off, vals[float32](x), vals[float32](bd))
	} else {
		kernel.SolveBatch(transposed, n, m, data[float64](ld), off, vals[float64](x), vals[float64](bd))
	}
	return track(x, func(g *Tensor) []*Tensor {
		db := SolveTri(ld, g, !transposed)
		gs := []*Tensor{nil, sumTo(db, b.shape)}
		if wanted(l) {
			p, q := db, x.detached()
			if transposed {
				p, q = q, p
			}
			gs[0] = lowerProduct(l.shape, p, q)
		}
		return gs
	}, l, b)
}

// lowerProduct is the lower triangle of -p q^T, summed to a shape.
func lowerProduct(shape []int, p, q *Tensor) *Tensor {
	n, k := p.Dim(-2), p.Dim(-1)
	if len(p.shape) > 2 || len(q.shape) > 2 || p.dt != q.dt {
		return lowerInPlace(matmulTo(shape, -1, p, q.T()))
	}
	out := newTensor(p.dt, []int{n, n})
	pd, qd := p.detached().dense(), q.detached().dense()
	if p.dt == F32 {
		kernel.GemmLower(n, k, -1, kernel.Matrix[float32]{Data: data[float32](pd), RS: k, CS: 1}, kernel.Matrix[float32]{Data: data[float32](qd), RS: 1, CS: k}, vals[float32](out), n, false)
	} else {
		kernel.GemmLower(n, k, -1, kernel.Matrix[float64]{Data: data[float64](pd), RS: k, CS: 1}, kernel.Matrix[float64]{Data: data[float64](qd), RS: 1, CS: k}, vals[float64](out), n, false)
	}
	return lowerInPlace(out)
}

// Tril is the lower triangle of each matrix, with zeros above the diagonal.
func Tril(a *Tensor) *Tensor {
	square("Tril", a)
	return track(lowerInPlace(a.Clone()), func(g *Tensor) []*Tensor { return []*Tensor{Tril(g)} }, a)
}

// lowerInPlace clears what lies above the diagonals of a fresh tensor.
func lowerInPlace(t *Tensor) *Tensor {
	if n := t.Dim(-1); t.dt == F32 {
		kernel.LowerOnly(vals[float32](t), n)
	} else {
		kernel.LowerOnly(vals[float64](t), n)
	}
	return t
}

// Diag is the diagonal of each matrix: [..., n, n] gives [..., n]. It is a view.
func (t *Tensor) Diag() *Tensor {
	r := len(t.shape)
	if r < 2 || t.shape[r-1] != t.shape[r-2] {
		fail("Diag", "shape %v does not end in a square matrix", t.shape)
	}
	out := t.view(slices.Clone(t.shape[:r-1]), append(slices.Clone(t.strides[:r-2]), t.strides[r-2]+t.strides[r-1]), t.off)
	return track(out, func(g *Tensor) []*Tensor { return []*Tensor{g.DiagEmbed()} }, t)
}

// DiagEmbed makes diagonal matrices: [..., n] gives [..., n, n].
func (t *Tensor) DiagEmbed() *Tensor {
	t.mustFloat("DiagEmbed")
	n := t.Dim(-1)
	out := zeros(t.dt, append(slices.Clone(t.shape), n))
	storeStrided(out.Diag(), t)
	return track(out, func(g *Tensor) []*Tensor { return []*Tensor{g.Diag()} }, t)
}

// AddDiag adds v to the diagonal of each matrix: jitter.
func (t *Tensor) AddDiag(v float64) *Tensor {
	square("AddDiag", t)
	out := t.Clone()
	storeStrided(out.Diag(), out.Diag().AddS(v))
	return track(out, func(g *Tensor) []*Tensor { return []*Tensor{g} }, t)
}

// LogDetChol is log det(L L^T) = 2 sum log L_ii of each lower factor: [..., n, n] gives [...].
func LogDetChol(l *Tensor) *Tensor {
	square("LogDetChol", l)
	return l.Diag().Log().Sum(-1).MulS(2)
}

// CholSolve solves (L L^T) X = B for lower factors l.
func CholSolve(l, b *Tensor) *Tensor { return SolveTri(l, SolveTri(l, b, false), true) }
