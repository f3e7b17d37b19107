package kernel

import "github.com/priorlab/priorlab/linalg/internal/par"

// Trsm solves A X = alpha B (left) or X A = alpha B in place of B, of m by n with rows ldb apart. A is triangular, lower
// or upper as it reads through its strides; with unit its diagonal counts as ones.
func Trsm[T Float](left, lower, unit bool, m, n int, alpha T, a Matrix[T], b []T, ldb int) {
	if m == 0 || n == 0 {
		return
	}
	if left && n <= 2 || !left && m <= 2 {
		trsv(left, lower, unit, m, n, alpha, a, b, ldb)
		return
	}
	if left {
		s := newSolver(lower, unit, m, a)
		defer s.done()
		par.For(n, s.columnChunk(n), func(lo, hi int) { s.solve(hi-lo, alpha, b[lo:], ldb) })
		return
	}
	s := newRightSolver(lower, unit, n, a)
	defer s.done()
	rows := min(96, max(s.ts.mr, m/8/s.ts.mr*s.ts.mr))
	par.For(m, rows, func(lo, hi int) { s.solve(hi-lo, alpha, b[lo*ldb:], ldb) })
}

// trsm1 is Trsm on this goroutine.
func trsm1[T Float](left, lower bool, m, n int, a Matrix[T], b []T, ldb int) {
	if left && n <= 2 || !left && m <= 2 {
		trsv(left, lower, false, m, n, 1, a, b, ldb)
		return
	}
	if left {
		s := newSolver(lower, false, m, a)
		defer s.done()
		s.solve(n, 1, b, ldb)
		return
	}
	s := newRightSolver(lower, false, n, a)
	defer s.done()
	s.solve(m, 1, b, ldb)
}

// SolveBatch solves A_i X_i = B_i for left factors at the given offsets and right-hand sides of m by n that follow one
// another, into x. The factors are lower triangles of order m, used transposed if trans.
func SolveBatch[T Float](trans bool, m, n int, l []T, offL []int, x, b []T) {
	if m == 0 || n == 0 {
		return
	}
	one := func(i int, parallel bool) {
		a := Matrix[T]{l[offL[i]:], m, 1}
		if trans {
			a = Matrix[T]{l[offL[i]:], 1, m}
		}
		xi, bi := x[i*m*n:(i+1)*m*n], b[i*m*n:(i+1)*m*n]
		if n <= 2 {
			copy(xi, bi)
			trsv(true, !trans, false, m, n, 1, a, xi, n)
			return
		}
		s := newSolver(!trans, false, m, a)
		defer s.done()
		cols := n
		if parallel {
			cols = s.columnChunk(n)
		}
		par.For(n, cols, func(lo, hi int) { s.solveTo(hi-lo, xi[lo:], bi[lo:], n) })
	}
	if len(offL) < 8 {
		for i := range offL {
			one(i, true)
		}
		return
	}
	par.For(len(offL), max(1, parallelFlops/(m*m*n)), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			one(i, false)
		}
	})
}

func scale[T Float](alpha T, m, n int, b []T, ldb int) {
	if alpha == 1 {
		return
	}
	for i := 0; i < m; i++ {
		ZipScalar(Mul, b[i*ldb:i*ldb+n], b[i*ldb:i*ldb+n], alpha)
	}
}

// trsv solves for one or two right-hand sides by plain substitution.
func trsv[T Float](left, lower, unit bool, m, n int, alpha T, a Matrix[T], b []T, ldb int) {
	rs, cs, order, sides := ldb, 1, m, n
	if !left {
		// X A = B is A^T X^T = B^T.
		a = Matrix[T]{a.Data, a.CS, a.RS}
		lower = !lower
		rs, cs, order, sides = 1, ldb, n, m
	}
	for c := 0; c < sides; c++ {
		x := b[c*cs:]
		for s := 0; s < order; s++ {
			i, from, to := s, 0, s
			if !lower {
				i = order - 1 - s
				from, to = i+1, order
			}
			v := alpha * x[i*rs]
			row := a.Data[i*a.RS:]
			var s0, s1 T
			p := from
			for ; p+1 < to; p += 2 {
				s0 += T(row[p*a.CS] * x[p*rs])
				s1 += T(row[(p+1)*a.CS] * x[(p+1)*rs])
			}
			if p < to {
				s0 += T(row[p*a.CS] * x[p*rs])
			}
			v -= s0 + s1
			if !unit {
				v /= row[i*a.CS]
			}
			x[i*rs] = v
		}
	}
}
