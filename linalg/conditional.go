package linalg

import (
	"slices"

	"github.com/priorlab/priorlab/linalg/internal/kernel"
)

// SparseConditional is the mean and the variance of q(f) at N inputs under a sparse variational Gaussian process with M inducing
// variables u in whitened form: u = L v and q(v) = N(mu, S) (Hensman, Matthews and Ghahramani, "Scalable Variational Gaussian
// Process Classification", 2015, with the parameters of Murray and Adams, 2010). With w_j = L^-1 k_j for column j of kuf,
//
//	mean_j     = mu' w_j
//	variance_j = kff_j + w_j' (S - I) w_j
//
// l is the Cholesky factor of the covariance K_uu of the inducing variables, [..., M, M]; kuf their covariance with f,
// [..., M, N]; kff the prior variance of f, [..., N] or what broadcasts to it; mu is [..., M, P], a column for each function that
// shares the rest; s, [..., M, M], is symmetric, and so is its gradient. The mean is [..., N, P] and the variance [..., N].
// Leading axes broadcast. Where u tells all about f, rounding may leave a variance a little below zero.
//
// It is what SolveTri, MatMul and QuadraticForm say as well, at about two thirds of their arithmetic with the gradient and a
// fraction of their traffic with memory. The divergence of q(v) from the prior N(0, I) is apart: it asks for mu and S alone.
func SparseConditional(l, kuf, kff, mu, s *Tensor) (mean, variance *Tensor) {
	const op = "SparseConditional"
	m := square(op, l)
	want := "want l [M M], kuf [M N], mu [M P] and s [M M]"
	for _, t := range []*Tensor{kuf, mu, s} {
		if r := len(t.shape); r < 2 || t.shape[r-2] != m || t == s && t.shape[r-1] != m {
			hint := "the inducing variables are the rows of all four"
			if t == mu && r > 0 && t.shape[r-1] == m {
				hint = "write the mean of one function as one column with Unsqueeze(-1)"
			}
			failHint(op, hint, "l is %v, kuf %v, mu %v, s %v: %s", l.shape, kuf.shape, mu.shape, s.shape, want)
		}
	}
	for _, t := range []*Tensor{kuf, kff, mu, s} {
		if t.dt != l.dt {
			failHint(op, "convert with To", "the element types differ: %v and %v", l.dt, t.dt)
		}
	}
	batch := []int{}
	for _, t := range []*Tensor{l, kuf, mu, s} {
		var ok bool
		if batch, ok = broadcastShape(batch, t.shape[:len(t.shape)-2]); !ok {
			fail(op, "leading axes of l %v, kuf %v, mu %v and s %v do not go together", l.shape, kuf.shape, mu.shape, s.shape)
		}
	}
	n, p := kuf.shape[len(kuf.shape)-1], mu.shape[len(mu.shape)-1]
	if shape, ok := broadcastShape(append(slices.Clone(batch), n), kff.shape); !ok || shape[len(shape)-1] != n {
		fail(op, "kff is %v: want the prior variance of each of %d inputs, or one for all", kff.shape, n)
	}
	var rows *Tensor // the means, and the row of the variances' share below them
	if l.dt == F32 {
		rows = sparseConditional[float32](l, kuf, mu, s, batch, m, n, p)
	} else {
		rows = sparseConditional[float64](l, kuf, mu, s, batch, m, n, p)
	}
	return rows.Slice(-2, 0, p).T(), rows.Select(-2, p).Add(kff)
}

func sparseConditional[T kernel.Float](l, kuf, mu, s *Tensor, batch []int, m, n, p int) *Tensor {
	in := []*Tensor{l, kuf, mu, s}
	shaped := func(rows, cols int) *Tensor { return newTensor(l.dt, append(slices.Clone(batch), rows, cols)) }
	dense := make([]*Tensor, len(in))
	off := make([][]int, len(in))
	for i, t := range in {
		dense[i] = t.detached().dense()
		off[i] = batchOffsets(dense[i], batch)
	}
	operands := func() *kernel.Conditional[T] {
		return &kernel.Conditional[T]{
			M: m, N: n, P: p, L: data[T](dense[0]), K: data[T](dense[1]), Mu: data[T](dense[2]), S: data[T](dense[3]),
			OffL: off[0], OffK: off[1], OffMu: off[2], OffS: off[3],
		}
	}
	c, out := operands(), shaped(p+1, n)
	if !recording(in...) {
		c.Forward(vals[T](out), nil)
		return out
	}
	kept := newTensor(l.dt, []int{c.Kept()})
	c.Forward(vals[T](out), vals[T](kept))
	return track(out, func(g *Tensor) []*Tensor {
		gs := make([]*Tensor, len(in))
		var d [4][]T
		add := func(i, rows, cols int) {
			gs[i] = shaped(rows, cols)
			d[i] = vals[T](gs[i])
		}
		if wanted(kuf) {
			add(1, m, n)
		}
		if wanted(l) || wanted(mu) || wanted(s) {
			add(0, m, m)
			add(2, m, p)
			add(3, m, m)
		}
		operands().Backward(d[0], d[1], d[2], d[3], vals[T](g.dense()), vals[T](kept))
		for i, t := range in {
			if gs[i] != nil {
				gs[i] = sumTo(gs[i], t.shape)
			}
		}
		return gs
	}, in...)
}
