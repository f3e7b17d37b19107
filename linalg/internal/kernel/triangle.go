package kernel

import (
	"github.com/priorlab/priorlab/linalg/internal/asm"
	"github.com/priorlab/priorlab/linalg/internal/mem"
	"github.com/priorlab/priorlab/linalg/internal/par"
)

// Solver solves A X = B for one triangle A and many B in turn: what depends on A alone is made once. The zero value has none.
type Solver[T Float] struct{ *solver[T] }

// NewSolver prepares the triangle a of order m.
func NewSolver[T Float](lower, unit bool, m int, a Matrix[T]) Solver[T] {
	return Solver[T]{newSolver(lower, unit, m, a)}
}

// Again is NewSolver in the memory that s has, if that fits.
func (s Solver[T]) Again(lower, unit bool, m int, a Matrix[T]) Solver[T] {
	if s.solver == nil || s.order != m || s.upper == lower || s.ts != tiles[T]() {
		return NewSolver(lower, unit, m, a)
	}
	s.prepare(unit, a)
	return s
}

// Solve makes x, of n columns with rows ld apart, from b, which may be x, on this goroutine.
func (s Solver[T]) Solve(n int, x, b []T, ld int) { s.solveTo(n, x, b, ld) }

// Congruence turns the symmetric matrix x, with rows ld apart, into A^-1 x A^-T. With Y = A^-1 x that is A^-1 Y^T, of which one
// side of the diagonal is enough: the one that a substitution comes to first.
func (s Solver[T]) Congruence(x []T, ld int) {
	n := s.order
	raw, _ := mem.Get(n * n * s.ts.es)
	defer mem.Put(raw)
	y := mem.Slice[T](raw)[:n*n]
	wanted := above
	if s.upper {
		wanted = below
	}
	chunk := s.columnChunk(n)
	par.For(n, chunk, func(lo, hi int) { s.solve(hi-lo, 1, x[lo:], ld) })
	transpose(n, n, x, ld, y, n)
	par.For(n, chunk, func(lo, hi int) { s.part(wanted, lo, hi, y[lo:], n) })
	if wanted == above {
		transpose(n, n, y, n, x, ld)
	} else {
		copyRows(n, n, x, ld, y, n)
	}
	Mirror(n, x, ld)
}

// CholInverse writes (L L^T)^-1 into x, with rows ld apart, for a lower triangle L of order n.
func CholInverse[T Float](n int, l Matrix[T], x []T, ld int) {
	s := newSolver(true, false, n, l)
	defer s.done()
	raw, _ := mem.Get(n * n * s.ts.es)
	defer mem.Put(raw)
	h := mem.Slice[T](raw)[:n*n]
	clear(h)
	for i := 0; i < n; i++ {
		h[i*n+i] = 1
	}
	par.For(n, s.columnChunk(n), func(lo, hi int) { s.part(below, lo, hi, h[lo:], n) })
	transposedSquare(n, h, x, ld)
	Mirror(n, x, ld)
}

// transposedSquare writes the lower triangle of H^T H into x, with rows ld apart, for a lower triangle H of order n. What is above
// the diagonal of x is overwritten as the tiles fall.
func transposedSquare[T Float](n int, h, x []T, ld int) {
	ts := tiles[T]()
	es, mr, nr := ts.es, ts.mr, ts.nr
	strips := (n + nr - 1) / nr
	chunk := strips
	if n*n*n/3 >= parallelFlops {
		chunk = 1
	}
	par.For(strips, chunk, func(lo, hi int) {
		raw, _ := mem.Get(n * nr * es)
		defer mem.Put(raw)
		packed := mem.Slice[T](raw)
		t := asm.Tile{RSA: uintptr(es), CSA: uintptr(n * es), LDC: uintptr(ld * es), Segs: &noSegs[0], NSeg: 1}
		for q := lo; q < hi; q++ {
			j := q * nr
			cols := min(nr, n-j)
			packB(ts, packed, Matrix[T]{h[j*n+j:], n, 1}, n-j, cols)
			t.LDB = uintptr(nr * es)
			for i := j; i < n; i += mr {
				// Rows of H before i have nothing in columns i and on.
				t.K, t.A, t.B, t.C = n-i, ptr(h[i*n+i:]), ptr(packed[(i-j)*nr:]), ptr(x[i*ld+j:])
				runTile[T](ts, min(mr, n-i), cols, &t)
			}
		}
	})
}

// Mirror copies the lower triangle of a, with rows ld apart, to the upper one.
func Mirror[T Float](n int, a []T, ld int) {
	const group = 16
	for i := 0; i < n; i += group {
		rows := min(group, n-i)
		transpose(rows, i, a[i*ld:], ld, a[i:], ld)
		for r := i; r < i+rows; r++ {
			for j := i; j < r; j++ {
				a[j*ld+r] = a[r*ld+j]
			}
		}
	}
}

// transpose writes the transpose of n rows of m numbers.
func transpose[T Float](n, m int, src []T, lds int, dst []T, ldd int) {
	rows, cols := transposeWhole(n, m, src, lds, dst, ldd)
	for i := 0; i < n; i++ {
		from := 0
		if i < rows {
			from = cols
		}
		for j := from; j < m; j++ {
			dst[j*ldd+i] = src[i*lds+j]
		}
	}
}
