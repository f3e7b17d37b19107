package kernel

import "github.com/priorlab/priorlab/linalg/internal/par"

// triBlock is the panel of triangular solves and Cholesky factorisations: the diagonal blocks of this size are inverted
// and everything else is a product.
const triBlock = 16

// Trsm solves A X = alpha B (left) or X A = alpha B in place of B, of m by n with rows ldb apart. A is triangular, lower
// or upper as it reads through its strides; with unit its diagonal counts as ones.
func Trsm[T Float](left, lower, unit bool, m, n int, alpha T, a Matrix[T], b []T, ldb int) {
	if m == 0 || n == 0 {
		return
	}
	order := n
	if left {
		order = m
	}
	if left && n <= 2 || !left && m <= 2 {
		trsv(left, lower, unit, m, n, alpha, a, b, ldb)
		return
	}
	inv := diagInverses(lower, unit, order, a)
	if left {
		const cols = 256
		par.For(n, cols, func(lo, hi int) {
			solveLeft(lower, m, hi-lo, alpha, a, inv, b[lo:], ldb)
		})
		return
	}
	const rows = 96
	par.For(m, rows, func(lo, hi int) {
		solveRight(lower, hi-lo, n, alpha, a, inv, b[lo*ldb:], ldb)
	})
}

// solveLeft solves A X = alpha B for the columns in hand, block row by block row.
func solveLeft[T Float](lower bool, m, n int, alpha T, a Matrix[T], inv, b []T, ldb int) {
	scale(alpha, m, n, b, ldb)
	tmp := make([]T, triBlock*n)
	blocks := (m + triBlock - 1) / triBlock
	for s := 0; s < blocks; s++ {
		q := s
		if !lower {
			q = blocks - 1 - s
		}
		j := q * triBlock
		jb := min(triBlock, m-j)
		bj := b[j*ldb:]
		if lower && j > 0 {
			gemm(jb, n, j, -1, a.at(j, 0), Matrix[T]{b, ldb, 1}, bj, ldb, true, false)
		} else if k := m - j - jb; !lower && k > 0 {
			gemm(jb, n, k, -1, a.at(j, j+jb), Matrix[T]{b[(j+jb)*ldb:], ldb, 1}, bj, ldb, true, false)
		}
		gemm(jb, n, jb, 1, Matrix[T]{inv[j*triBlock:], triBlock, 1}, Matrix[T]{bj, ldb, 1}, tmp, n, false, false)
		for i := 0; i < jb; i++ {
			copy(bj[i*ldb:i*ldb+n], tmp[i*n:(i+1)*n])
		}
	}
}

// solveRight solves X A = alpha B for the rows in hand, block column by block column.
func solveRight[T Float](lower bool, m, n int, alpha T, a Matrix[T], inv, b []T, ldb int) {
	scale(alpha, m, n, b, ldb)
	tmp := make([]T, triBlock*m)
	blocks := (n + triBlock - 1) / triBlock
	for s := 0; s < blocks; s++ {
		q := s
		if lower {
			q = blocks - 1 - s
		}
		j := q * triBlock
		jb := min(triBlock, n-j)
		bj := b[j:]
		if !lower && j > 0 {
			gemm(m, jb, j, -1, Matrix[T]{b, ldb, 1}, a.at(0, j), bj, ldb, true, false)
		} else if k := n - j - jb; lower && k > 0 {
			gemm(m, jb, k, -1, Matrix[T]{b[j+jb:], ldb, 1}, a.at(j+jb, j), bj, ldb, true, false)
		}
		gemm(m, jb, jb, 1, Matrix[T]{bj, ldb, 1}, Matrix[T]{inv[j*triBlock:], triBlock, 1}, tmp, jb, false, false)
		for i := 0; i < m; i++ {
			copy(bj[i*ldb:i*ldb+jb], tmp[i*jb:(i+1)*jb])
		}
	}
}

func scale[T Float](alpha T, m, n int, b []T, ldb int) {
	if alpha == 1 {
		return
	}
	for i := 0; i < m; i++ {
		ZipScalar(Mul, b[i*ldb:i*ldb+n], b[i*ldb:i*ldb+n], alpha)
	}
}

// diagInverses are the inverses of the diagonal blocks, each triBlock by triBlock, row-major, zero beyond its triangle.
func diagInverses[T Float](lower, unit bool, n int, a Matrix[T]) []T {
	blocks := (n + triBlock - 1) / triBlock
	inv := make([]T, blocks*triBlock*triBlock)
	for j := 0; j < n; j += triBlock {
		jb := min(triBlock, n-j)
		x := inv[j*triBlock:]
		if lower {
			invertLower(unit, jb, a.at(j, j), x, triBlock, 1)
		} else {
			// The inverse of an upper triangle is the transposed inverse of its transpose.
			d := a.at(j, j)
			invertLower(unit, jb, Matrix[T]{d.Data, d.CS, d.RS}, x, 1, triBlock)
		}
	}
	return inv
}

// invertLower writes the inverse of a lower triangle of order n to x, with strides rs and cs; x is zero before.
func invertLower[T Float](unit bool, n int, a Matrix[T], x []T, rs, cs int) {
	for i := 0; i < n; i++ {
		d := T(1)
		if !unit {
			d = 1 / a.Data[i*(a.RS+a.CS)]
		}
		for c := 0; c < i; c++ {
			var s T
			for p := c; p < i; p++ {
				s += T(a.Data[i*a.RS+p*a.CS] * x[p*rs+c*cs])
			}
			x[i*rs+c*cs] = -s * d
		}
		x[i*(rs+cs)] = d
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

// Syrk computes one triangle of C = alpha A A^T + C for A of n by k; the other triangle is left alone.
func Syrk[T Float](lower bool, n, k int, alpha T, a Matrix[T], c []T, ldc int) {
	if n == 0 || k == 0 {
		return
	}
	const block = 96
	at := Matrix[T]{a.Data, a.CS, a.RS}
	blocks := (n + block - 1) / block
	par.For(blocks, 1, func(lo, hi int) {
		for q := lo; q < hi; q++ {
			j := q * block
			jb := min(block, n-j)
			tmp := make([]T, jb*jb)
			gemm(jb, jb, k, alpha, a.at(j, 0), at.at(0, j), tmp, jb, false, false)
			for i := 0; i < jb; i++ {
				from, to := 0, i+1
				if !lower {
					from, to = i, jb
				}
				row := c[(j+i)*ldc+j:]
				for p := from; p < to; p++ {
					row[p] += tmp[i*jb+p]
				}
			}
			if lower && j > 0 {
				gemm(jb, j, k, alpha, a.at(j, 0), at, c[j*ldc:], ldc, true, false)
			} else if r := n - j - jb; !lower && r > 0 {
				gemm(jb, r, k, alpha, a.at(j, 0), at.at(0, j+jb), c[j*ldc+j+jb:], ldc, true, false)
			}
		}
	})
}
