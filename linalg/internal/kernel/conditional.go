package kernel

import (
	"github.com/priorlab/priorlab/linalg/internal/mem"
	"github.com/priorlab/priorlab/linalg/internal/par"
)

// Conditional are the operands of the conditional of a whitened sparse Gaussian process: for each batch entry a lower factor L of
// order M, K of M by N, Mu of M by P and a symmetric S of order M, all row-major. With W = L^-1 K and C = S - I its values are
// Mu' W, and the diagonal of W' C W below.
//
// With U = L^-T C W the diagonal is that of K' U, and the gradients are dK = 2 U diag(dc) + L^-T Mu dm', dC = W diag(dc) W' and
// dMu = W dm'. Those by L and by W need no pass over the columns: dL = -tril(L^-T (2 C dC + Mu dMu')). So a bound and its gradient
// cost four times M^2 N multiplications and additions, where automatic differentiation of the same values costs six or seven.
type Conditional[T Float] struct {
	M, N, P                 int
	L, K, Mu, S             []T
	OffL, OffK, OffMu, OffS []int
}

// width is how many columns make a part. W and U of a part stay in the second cache; its rows, fifteen cache lines long, lie in
// different sets of the first.
func (c *Conditional[T]) width() int { return 960 / size[T]() }

// few says whether an entry is divided among threads, rather than the batch.
func (c *Conditional[T]) few() bool { return len(c.OffL) < 8 }

// each calls f for every entry.
func (c *Conditional[T]) each(f func(i int)) {
	chunk := max(1, parallelFlops/(3*c.M*c.M*c.N+1))
	if c.few() {
		chunk = len(c.OffL)
	}
	par.For(len(c.OffL), chunk, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			f(i)
		}
	})
}

// Kept is how many numbers Forward can keep for Backward: W and [C'; Mu'] W' of every part, one part after another.
func (c *Conditional[T]) Kept() int { return len(c.OffL) * c.N * c.rows() }

// rows is the number of rows of W and of what lies below it.
func (c *Conditional[T]) rows() int { return 2*c.M + c.P }

// centred writes S - I of entry i.
func (c *Conditional[T]) centred(dst []T, i int) {
	m := c.M
	copy(dst[:m*m], c.S[c.OffS[i]:])
	for d := 0; d < m; d++ {
		dst[d*m+d]--
	}
}

// halfT makes L^-T x of entry i in place of x, of n columns.
func (c *Conditional[T]) halfT(i, n int, x []T) {
	lt := Matrix[T]{c.L[c.OffL[i]:], 1, c.M}
	if c.few() {
		Trsm(true, false, false, c.M, n, 1, lt, x, n)
	} else {
		trsm1(true, false, c.M, n, lt, x, n)
	}
}

// Forward writes, for each entry, P rows of Mu' W and the row of w' C w. Unless kept is nil, it keeps there what Backward needs.
func (c *Conditional[T]) Forward(out, kept []T) {
	m, n, p := c.M, c.N, c.P
	if m*n == 0 {
		clear(out)
		return
	}
	width := c.width()
	parts := (n + width - 1) / width
	c.each(func(i int) {
		raw, _ := mem.Get((m + p) * m * size[T]())
		defer mem.Put(raw)
		a := mem.Slice[T](raw)[:(m+p)*m] // L^-T C, and Mu' below it
		c.centred(a, i)
		c.halfT(i, m, a[:m*m])
		for r, mu := 0, c.Mu[c.OffMu[i]:]; r < m; r++ {
			for q := 0; q < p; q++ {
				a[(m+q)*m+r] = mu[r*p+q]
			}
		}
		s := newSolver(true, false, m, Matrix[T]{c.L[c.OffL[i]:], m, 1})
		defer s.done()
		chunk := parts
		if c.few() {
			chunk = max(1, parallelFlops/(3*m*m*width))
		}
		par.For(parts, chunk, func(lo, hi int) {
			raw, _ := mem.Get(c.rows() * width * size[T]())
			defer mem.Put(raw)
			for q := lo; q < hi; q++ {
				par.Check()
				j := q * width
				work := mem.Slice[T](raw)
				if kept != nil {
					work = kept[(i*n+j)*c.rows():]
				}
				c.part(i, j, min(width, n-j), s, a, work, out[i*(p+1)*n:])
			}
		})
	})
}

// part makes columns j ... j+w-1 of entry i.
func (c *Conditional[T]) part(i, j, w int, s *solver[T], a, work, out []T) {
	m, n, p := c.M, c.N, c.P
	k := c.K[c.OffK[i]+j:]
	W, U := work[:m*w], work[m*w:]
	for r := 0; r < m; r++ {
		copy(W[r*w:(r+1)*w], k[r*n:])
	}
	s.solve(w, 1, W, w)
	product(U, m+p, m, w, Matrix[T]{a, m, 1}, Matrix[T]{W, w, 1})
	for q := 0; q < p; q++ {
		copy(out[q*n+j:q*n+j+w], U[(m+q)*w:])
	}
	v := out[p*n+j:][:w]
	clear(v)
	for r := 0; r < m; r++ {
		MulAdd(v, k[r*n:r*n+w], U[r*w:])
	}
}

// Backward makes the gradients of Forward's operands from g, that of its values: dl, dk, dmu and ds follow one another entry by
// entry. dk may be nil, or the other three.
func (c *Conditional[T]) Backward(dl, dk, dmu, ds, g, kept []T) {
	m, n, p, batch := c.M, c.N, c.P, len(c.OffL)
	if m*n == 0 {
		for _, d := range [][]T{dl, dk, dmu, ds} {
			clear(d)
		}
		return
	}
	raw, _ := mem.Get(batch * (m*p + (m+p)*m) * size[T]())
	defer mem.Put(raw)
	u := mem.Slice[T](raw) // L^-T Mu
	sums := u[batch*m*p:]  // dC below its diagonal, and dMu' below that
	u, sums = u[:batch*m*p], sums[:batch*(m+p)*m]
	if dk != nil && p > 0 {
		c.each(func(i int) {
			ui := u[i*m*p : (i+1)*m*p]
			copy(ui, c.Mu[c.OffMu[i]:])
			c.halfT(i, p, ui)
		})
	}
	sumOfStrips(sums, (m+p)*m, batch, n, c.width(), m+p+1, 2*m*m*n, func(i, j, w int, work, sum []T, first bool) {
		W := kept[(i*n+j)*c.rows():]
		U := W[m*w:]
		gi := g[i*(p+1)*n+j:]
		dc := gi[p*n : p*n+w]
		if dk != nil {
			d, twice := dk[i*m*n+j:], work[(m+p)*w:(m+p+1)*w]
			ZipScalar(Mul, twice, dc, 2)
			gemm(m, w, p, 1, Matrix[T]{u[i*m*p:], p, 1}, Matrix[T]{gi, n, 1}, d, n, false, false)
			for r := 0; r < m; r++ {
				MulAdd(d[r*n:r*n+w], U[r*w:(r+1)*w], twice)
			}
		}
		if dl == nil {
			return
		}
		for r := 0; r < m; r++ {
			Zip(Mul, work[r*w:(r+1)*w], W[r*w:(r+1)*w], dc)
		}
		for q := 0; q < p; q++ {
			copy(work[(m+q)*w:(m+q+1)*w], gi[q*n:])
		}
		gemmLower(m+p, m, w, 1, Matrix[T]{work, w, 1}, Matrix[T]{W, 1, w}, sum, m, !first, false)
	})
	if dl != nil {
		c.each(func(i int) { c.finish(i, dl, dmu, ds, sums[i*(m+p)*m:(i+1)*(m+p)*m]) })
	}
}

// finish makes the gradients of entry i that are sums over the columns.
func (c *Conditional[T]) finish(i int, dl, dmu, ds, sums []T) {
	m, p := c.M, c.P
	raw, _ := mem.Get(m * m * size[T]())
	defer mem.Put(raw)
	centred := mem.Slice[T](raw)[:m*m]
	c.centred(centred, i)
	Mirror(m, sums, m)
	copy(ds[i*m*m:(i+1)*m*m], sums)
	byMu := sums[m*m:]
	for r, d := 0, dmu[i*m*p:]; r < m; r++ {
		for q := 0; q < p; q++ {
			d[r*p+q] = byMu[q*m+r]
		}
	}
	d := dl[i*m*m : (i+1)*m*m]
	gemm(m, m, m, -2, Matrix[T]{centred, m, 1}, Matrix[T]{sums, m, 1}, d, m, false, c.few() && divides[T](m, m, m))
	gemm(m, m, p, -1, Matrix[T]{c.Mu[c.OffMu[i]:], p, 1}, Matrix[T]{byMu, m, 1}, d, m, true, false)
	c.halfT(i, m, d)
	lower(d, m)
}
