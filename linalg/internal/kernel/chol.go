package kernel

import (
	"math"

	"github.com/priorlab/priorlab/linalg/internal/asm"
	"github.com/priorlab/priorlab/linalg/internal/mem"
	"github.com/priorlab/priorlab/linalg/internal/par"
)

// CholFailure says where a factorisation met a pivot that is not positive.
type CholFailure struct {
	Matrix, Pivot int
	Value         float64
}

// Chol writes into l the lower Cholesky factor of each n by n matrix of a, one after another: only the lower triangle is
// read, the upper one becomes zero, and jitter is added to the diagonal first. l may be a. The failure that is returned is
// the first matrix's, or nil.
func Chol[T Float](l, a []T, n int, jitter T) *CholFailure {
	if n == 0 {
		return nil
	}
	count := len(a) / (n * n)
	if f, ok := cholLanes(l, a, n, jitter); ok {
		return f
	}
	fails := make([]*CholFailure, count)
	par.For(count, max(1, 3*parallelFlops/(n*n*n+1)), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			m := l[i*n*n : (i+1)*n*n]
			copy(m, a[i*n*n:])
			for d := 0; d < n; d++ {
				m[d*n+d] += jitter
			}
			if p, v := chol1(m, n, count == 1); p >= 0 {
				fails[i] = &CholFailure{i, p, v}
			}
		}
	})
	return firstFailure(fails)
}

func firstFailure(fails []*CholFailure) *CholFailure {
	for _, f := range fails {
		if f != nil {
			return f
		}
	}
	return nil
}

// cholBlock is the largest order of a diagonal block, which is factored by scalars.
const cholBlock = 16

// outerBlock is how many columns are factored before what lies beyond them loses their product.
const outerBlock = 128

// chol1 factors one matrix. Block columns are solved as rightSolver solves: once the diagonal block is known, the rows below it
// are one product each with the matrix P of the factor's transpose. What lies beyond outerBlock columns loses their product
// afterwards. It returns the failing pivot and its value, or -1.
func chol1[T Float](a []T, n int, parallel bool) (int, float64) {
	ts := tiles[T]()
	es := ts.es
	s := &rightSolver[T]{ts: ts, a: Matrix[T]{a, 1, n}, upper: true, order: n, bs: min(ts.nr, cholBlock)}
	work, deep := maxTile*ts.nr, min(n, outerBlock)
	raw, _ := mem.Get((2*work + deep*(ts.nr+s.bs)) * es)
	defer mem.Put(raw)
	w := mem.Slice[T](raw)
	inv, tri, row, pan := w[:work], w[work:2*work], w[2*work:2*work+deep*ts.nr], w[2*work+deep*ts.nr:]
	t := asm.Tile{RSA: uintptr(n * es), CSA: uintptr(es), LDC: uintptr(n * es), Segs: &noSegs[0], NSeg: 1}
	for o := 0; o < n; o += outerBlock {
		end := min(n, o+outerBlock)
		for j := o; j < end; j += s.bs {
			p := panel[T]{j: j, cols: min(s.bs, end-j), first: o}
			if k := j - o; k > 0 {
				packB(ts, row, Matrix[T]{a[j*n+o:], 1, n}, k, p.cols)
				t.B, t.LDB, t.K, t.Mode, t.Alpha = ptr(row), uintptr(ts.nr*es), k, 2, alphaBits(T(-1))
				for i := j; i < j+p.cols; i += ts.mr {
					t.A, t.C = ptr(a[i*n+o:]), ptr(a[i*n+j:])
					runTile[T](ts, min(ts.mr, j+p.cols-i), p.cols, &t)
				}
			}
			if i, v := cholSmall(a[j*n+j:], n, p.cols); i >= 0 {
				return j + i, v
			}
			p.k = j + p.cols - o
			m := n - j - p.cols
			if m == 0 {
				break
			}
			p.p = pan[:p.k*s.bs]
			s.fill(&p, false, inv, tri)
			t.B, t.LDB, t.K, t.Mode = ptr(p.p), uintptr(s.bs*es), p.k, 0
			below := func(lo, hi int) {
				t := t
				for i := lo; i < hi; i += ts.mr {
					at := (j + p.cols + i) * n
					t.A, t.C = ptr(a[at+o:]), ptr(a[at+j:])
					runTile[T](ts, min(ts.mr, hi-i), p.cols, &t)
				}
			}
			if parallel && 2*m*p.k*p.cols > parallelFlops {
				par.For(m, 16*ts.mr, below)
			} else {
				below(0, m)
			}
		}
		trailing(a, n, o, end, parallel)
	}
	lower(a, n)
	return -1, 0
}

// trailing takes the product of columns o ... end-1 and their transpose from the matrix beyond them, in strips so that little
// beyond the triangle is touched.
func trailing[T Float](a []T, n, o, end int, parallel bool) {
	const strip = 96
	m := n - end
	update := func(lo, hi int) {
		for s := lo; s < hi; s++ {
			c := end + s*strip
			l := a[c*n+o:]
			gemm(n-c, min(strip, n-c), end-o, -1, Matrix[T]{l, n, 1}, Matrix[T]{l, 1, n}, a[c*n+c:], n, true, false)
		}
	}
	strips := (m + strip - 1) / strip
	if parallel && m*m*(end-o) > parallelFlops {
		par.For(strips, 1, update)
	} else {
		update(0, strips)
	}
}

// cholSmall factors the jb by jb lower triangle at the beginning of a, column by column in a copy.
func cholSmall[T Float](a []T, ld, jb int) (int, float64) {
	var w [cholBlock][cholBlock]T
	var col [cholBlock]T
	for i := 0; i < jb; i++ {
		copy(w[i][:i+1], a[i*ld:])
	}
	for j := 0; j < jb; j++ {
		s := w[j][j]
		if !(s > 0) || math.IsInf(float64(s), 1) {
			return j, float64(s)
		}
		s = T(math.Sqrt(float64(s)))
		w[j][j] = s
		s = 1 / s
		for i := j + 1; i < jb; i++ {
			v := w[i][j] * s
			w[i][j], col[i] = v, v
			row := w[i][j+1 : i+1]
			for k, c := range col[j+1 : i+1] {
				row[k] -= T(v * c)
			}
		}
	}
	for i := 0; i < jb; i++ {
		copy(a[i*ld:i*ld+i+1], w[i][:])
	}
	return -1, 0
}

// CholGrad turns the gradients g of lower factors l, both matrices of order n, into the gradients d of the symmetric
// matrices: S = L^-T Phi(L^T G) L^-1 made symmetric, where Phi keeps the lower triangle and halves the diagonal (Murray,
// "Differentiation of the Cholesky decomposition", 2016). d may be g.
func CholGrad[T Float](d, g, l []T, n int) {
	if n == 0 || cholGradLanes(d, g, l, n) {
		return
	}
	one := func(i int, parallel bool) {
		raw, _ := mem.Get(n * n * size[T]())
		defer mem.Put(raw)
		w := mem.Slice[T](raw)[:n*n]
		m, f := d[i*n*n:(i+1)*n*n], l[i*n*n:(i+1)*n*n]
		copy(m, g[i*n*n:])
		lower(m, n)
		gemm(n, n, n, 1, Matrix[T]{f, 1, n}, Matrix[T]{m, n, 1}, w, n, false, parallel)
		lower(w, n)
		for d := 0; d < n; d++ {
			w[d*n+d] /= 2
		}
		solve := trsm1[T]
		if parallel {
			solve = func(left, low bool, m, n int, a Matrix[T], b []T, ldb int) {
				Trsm(left, low, false, m, n, 1, a, b, ldb)
			}
		}
		solve(true, false, n, n, Matrix[T]{f, 1, n}, w, n) // L^-T w
		solve(false, true, n, n, Matrix[T]{f, n, 1}, w, n) // w L^-1
		for r := 0; r < n; r++ {
			for c := 0; c <= r; c++ {
				v := (w[r*n+c] + w[c*n+r]) / 2
				m[r*n+c], m[c*n+r] = v, v
			}
		}
	}
	count := len(l) / (n * n)
	if count < 4 && n >= 96 {
		for i := 0; i < count; i++ {
			one(i, true)
		}
		return
	}
	par.For(count, max(1, parallelFlops/(4*n*n*n+1)), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			one(i, false)
		}
	})
}

// lower clears the part above the diagonal.
func lower[T Float](a []T, n int) {
	for i := 0; i < n; i++ {
		clear(a[i*n+i+1 : (i+1)*n])
	}
}

// LowerOnly clears the part above the diagonal of every n by n matrix.
func LowerOnly[T Float](a []T, n int) {
	for i := 0; i+n*n <= len(a) && n > 0; i += n * n {
		lower(a[i:i+n*n], n)
	}
}
