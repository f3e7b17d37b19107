package kernel

import (
	"github.com/priorlab/priorlab/linalg/internal/asm"
	"github.com/priorlab/priorlab/linalg/internal/mem"
)

// solver solves A X = B for a triangle A. B goes through it in strips of columns as wide as a tile. A strip is solved a few rows
// at a time, as many as a tile is high: one call of a kernel subtracts the product with what is solved and substitutes, the tile in
// registers all the while. Only the numbers of the diagonal are inverted, so that |A X - B| <= c u |A||X| holds element by
// element, as for a plain substitution.
type solver[T Float] struct {
	ts    *tileset
	a     Matrix[T] // of A X = B
	upper bool      // rows are solved from the last to the first
	order int
	steps []solveStep[T] // in the order of rows
	raw   []byte
}

// solveStep is what one tile solves: rows i ... i+rows-1, once rows first ... first+k-1 are known.
type solveStep[T Float] struct {
	i, rows  int
	first, k int
	a        []T // those columns of those rows of A, as packA writes them
	d        []T // the triangle on the diagonal, as asm.Tile.D wants it: lower, for an upper one with the rows in reverse
}

// solveBlock is the order up to which a triangle is solved in one go; larger ones go block by block, with products between. It
// is a multiple of the rows and columns of every tile.
const solveBlock = 384

// solveBlocks calls f for the blocks of a triangle of some order, rows or columns o to end-1, from the first to the last or
// backwards. Those from ... to-1 are solved before.
func solveBlocks(order int, backwards bool, f func(o, end, from, to int)) {
	blocks := (order + solveBlock - 1) / solveBlock
	for i := range blocks {
		o := i * solveBlock
		if backwards {
			o = (blocks - 1 - i) * solveBlock
			f(o, min(order, o+solveBlock), min(order, o+solveBlock), order)
			continue
		}
		f(o, min(order, o+solveBlock), 0, o)
	}
}

// inOrder calls f for the elements of s from the first to the last or backwards.
func inOrder[E any](s []E, backwards bool, f func(*E)) {
	for i := range s {
		if backwards {
			i = len(s) - 1 - i
		}
		f(&s[i])
	}
}

// region is what is wanted of a square X: all of it, or what is on one side of the diagonal and on it.
type region uint8

const (
	whole region = iota
	below        // with a lower A, for a B that has zeros above its diagonal, as X then does
	above        // with a lower A
)

// rows narrows the rows o to end-1 of the columns j ... j+cols-1 to those wanted.
func (r region) rows(o, end, j, cols int) (from, to int) {
	switch r {
	case below:
		return max(o, j), end
	case above:
		return o, min(end, j+cols)
	}
	return o, end
}

// newSolver prepares the triangle a of A X = B.
func newSolver[T Float](lower, unit bool, order int, a Matrix[T]) *solver[T] {
	s := &solver[T]{ts: tiles[T](), upper: !lower, order: order}
	mr := s.ts.mr
	total := 0
	for o := 0; o < order; o += solveBlock {
		end := min(order, o+solveBlock)
		for i, left := o, (end-o+mr-1)/mr; left > 0; left-- { // spread evenly
			p := solveStep[T]{i: i, rows: (end - i + left - 1) / left, first: o, k: i - o}
			i += p.rows
			if s.upper {
				p.first, p.k = i, end-i
			}
			s.steps = append(s.steps, p)
			total += mr * (mr + p.k)
		}
	}
	s.raw, _ = mem.Get(total*s.ts.es + 64) // with room for packSix
	s.prepare(unit, a)
	return s
}

// prepare takes a triangle.
func (s *solver[T]) prepare(unit bool, a Matrix[T]) {
	s.a = a
	g, mr := mem.Slice[T](s.raw), s.ts.mr
	for q := range s.steps {
		p := &s.steps[q]
		p.d, p.a, g = g[:mr*mr], g[mr*mr:mr*(mr+p.k)+64/s.ts.es], g[mr*(mr+p.k):]
		s.fill(p, unit)
	}
}

func (s *solver[T]) done() { mem.Put(s.raw) }

// fill writes the numbers of a step.
func (s *solver[T]) fill(p *solveStep[T], unit bool) {
	mr := s.ts.mr
	if p.k > 0 {
		// Whole panels are packed quicker; what they have beyond the rows of the step is not used.
		a, beyond := s.a.at(p.i, p.first), s.order-p.i
		if mr != 6 || a.CS != 1 || beyond < 8 || !packSix(p.a, a, p.k) {
			packA(s.ts, p.a, a, min(mr, beyond), p.k)
		}
	}
	for i := 0; i < p.rows; i++ {
		for j := 0; j <= i; j++ {
			r, c := p.i+i, p.i+j
			if s.upper {
				r, c = p.i+p.rows-1-i, p.i+p.rows-1-j
			}
			v := s.a.Data[r*s.a.RS+c*s.a.CS]
			if i == j && unit {
				v = 1
			} else if i == j {
				v = 1 / v
			}
			p.d[i*mr+j] = v
		}
	}
}

// solve solves A X = alpha B for n columns of B, which becomes X.
func (s *solver[T]) solve(n int, alpha T, b []T, ldb int) {
	scale(alpha, s.order, n, b, ldb)
	s.part(whole, 0, n, b, ldb)
}

// part solves A X = B in place for columns j to end-1 of B, of which column j is the first of b, as far as they are wanted.
func (s *solver[T]) part(r region, j, end int, b []T, ld int) {
	solveBlocks(s.order, s.upper, func(o, last, from, to int) {
		// Columns with rows in this block, and those of them that have products with rows before.
		lo, hi := j, end
		switch r {
		case below:
			hi = min(end, last)
		case above:
			lo = max(j, o)
		}
		if lo >= hi {
			return
		}
		known := hi
		if r == below && !s.upper { // beyond, the rows before are zero
			known = min(hi, o)
		}
		if from < to && lo < known {
			gemm(last-o, known-lo, to-from, -1, s.a.at(o, from), Matrix[T]{b[from*ld+lo-j:], ld, 1}, b[o*ld+lo-j:], ld, true, false)
		}
		at := b[o*ld+lo-j:]
		s.block(r, lo, hi-lo, o, last, at, at, ld)
	})
}

// solveTo solves A X = B for n columns: b is read, x written, both with rows ld apart.
func (s *solver[T]) solveTo(n int, x, b []T, ld int) {
	if s.order <= solveBlock {
		s.block(whole, 0, n, 0, s.order, x, b, ld)
		return
	}
	for i := 0; i < s.order; i++ {
		copy(x[i*ld:i*ld+n], b[i*ld:])
	}
	s.solve(n, 1, x, ld)
}

// block solves rows o to end-1 of n columns, the first of which is number first, from b into x, as far as they are wanted.
func (s *solver[T]) block(r region, first, n, o, end int, x, b []T, ld int) {
	ts, rows := s.ts, end-o
	// Rows a multiple of the cache's ways apart would drive one another out, and kernels write whole vectors: such strips
	// are solved in a copy.
	full := n / ts.nr * ts.nr
	if ptr(x) != ptr(b) || ld*ts.es%1024 == 0 && rows > 16 {
		full = 0
	}
	raw, _ := mem.Get(rows * ts.nr * ts.es)
	defer mem.Put(raw)
	w := mem.Slice[T](raw)
	// The rows of a strip lie on pages apart, which the processor does not foresee: those of the next strip are asked for, if they
	// are likely to be beyond the second cache and few enough for the first.
	far := rows*ld*ts.es > 1<<20 && rows <= 128
	var next []T
	for j := 0; j < n; j += ts.nr {
		if far {
			next = b[min(n, j+2*ts.nr)-1:] // from its last column on
		}
		cols := min(ts.nr, n-j)
		from, to := r.rows(o, end, first+j, cols)
		if j < full {
			s.strip(o, end, from, to, ts.nr, b[j:], ld, next, ld)
			continue
		}
		packB(ts, w, Matrix[T]{b[j:], ld, 1}, rows, cols)
		s.strip(o, end, from, to, ts.whole(cols), w, ts.nr, next, ld)
		copyRows(rows, cols, x[j:], ld, w, ts.nr)
	}
}

// strip solves the steps with rows from ... to-1, out of rows o to end-1, for a strip x of so many columns, as wide as a tile,
// whose first row is row o. Where a lower triangle's steps begin later than o, the rows before are zero. It asks for the same
// rows of next meanwhile, unless that is nil.
func (s *solver[T]) strip(o, end, from, to, cols int, x []T, ld int, next []T, ldn int) {
	ts, es := s.ts, s.ts.es
	t := asm.Tile{
		RSA: uintptr(es), CSA: uintptr(ts.mr * es), LDB: uintptr(ld * es), LDC: uintptr(ld * es), Mode: 4, Segs: &noSegs[0], NSeg: 1,
	}
	if s.upper { // a tile's first row is the last
		t.RSA, t.LDC = -t.RSA, -t.LDC
	}
	begin := -1
	inOrder(s.steps[o/ts.mr:(end+ts.mr-1)/ts.mr], s.upper, func(p *solveStep[T]) {
		if p.i >= to || p.i+p.rows <= from {
			return
		}
		if begin < 0 {
			begin = p.i
		}
		zeros := 0 // rows of x that are known and zero
		if !s.upper {
			zeros = begin - p.first
		}
		a, c := zeros*ts.mr, p.i-o
		if next != nil {
			prefetchRows(p.rows, next[c*ldn:], ldn)
		}
		if s.upper {
			a, c = p.rows-1, c+p.rows-1
		}
		t.C, t.D, t.K = ptr(x[c*ld:]), ptr(p.d), p.k-zeros
		if t.A, t.B = t.C, t.C; t.K > 0 {
			t.A, t.B = ptr(p.a[a:]), ptr(x[(p.first-o+zeros)*ld:])
		}
		runTile[T](ts, p.rows, cols, &t)
	})
}

// columnChunk is how many of n columns of B make a chunk.
func (s *solver[T]) columnChunk(n int) int { return min(256, max(s.ts.nr, n/8/s.ts.nr*s.ts.nr)) }
