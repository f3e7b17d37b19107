package kernel

import (
	"unsafe"

	"github.com/priorlab/priorlab/linalg/internal/asm"
	"github.com/priorlab/priorlab/linalg/internal/mem"
)

// solver solves X A = B for a triangle A, or A X = B, which is X^T A^T = B^T, with the kernels of products alone. A is cut
// into block columns as wide as a tile. With D the diagonal block of one and R the rest of its triangle,
//
//	X_block = B_block D^-1 - X_others R D^-1 = [X_others, B_block] P,   P = [-R D^-1; D^-1]
//
// so a tile of X is one call of a kernel, which reads all it needs before it writes: P is made once, and B becomes X in place.
type solver[T Float] struct {
	ts     *tileset
	a      Matrix[T] // of X A = B
	upper  bool      // a is upper: block columns are solved from the first to the last
	order  int
	bs     int // columns of a block
	panels []panel[T]
	raw    []byte
}

// panel is the matrix P of one block column: rows first ... first+k-1 of X and B times it are columns j ... j+cols-1 of X.
type panel[T Float] struct {
	j, cols  int
	first, k int
	p        []T // k by bs
}

// newSolver prepares the panels of the triangle a, for a left or right-hand solve of m by n.
func newSolver[T Float](left, lower, unit bool, m, n int, a Matrix[T]) *solver[T] {
	s := &solver[T]{ts: tiles[T](), a: a, upper: !lower, order: n}
	s.bs = s.ts.nr
	if left {
		s.a, s.upper, s.order, s.bs = Matrix[T]{a.Data, a.CS, a.RS}, lower, m, s.ts.mr
	}
	total := 0
	for o := 0; o < s.order; o += solveBlock {
		end := min(s.order, o+solveBlock)
		for j := o; j < end; j += s.bs {
			p := panel[T]{j: j, cols: min(s.bs, end-j)}
			if p.first, p.k = o, j+p.cols-o; !s.upper {
				p.first, p.k = j, end-j
			}
			s.panels = append(s.panels, p)
			total += p.k * s.bs
		}
	}
	work := maxTile * s.ts.nr
	s.raw, _ = mem.Get((total + 2*work) * s.ts.es)
	g := mem.Slice[T](s.raw)[:total+2*work]
	inv, tri := g[:work], g[work:2*work]
	g = g[2*work:]
	for i := range s.panels {
		p := &s.panels[i]
		p.p, g = g[:p.k*s.bs], g[p.k*s.bs:]
		s.fill(p, unit, inv, tri)
	}
	return s
}

// maxTile is the largest number of rows or columns of a tile.
const maxTile = 32

func (s *solver[T]) done() { mem.Put(s.raw) }

// columnChunk is how many of n columns of a left-hand solve make a chunk.
func (s *solver[T]) columnChunk(n int) int { return min(256, max(s.ts.nr, n/8/s.ts.nr*s.ts.nr)) }

// fill makes the matrix P of a panel. inv and tri are work space of maxTile rows of nr numbers.
func (s *solver[T]) fill(p *panel[T], unit bool, inv, tri []T) {
	ts, c := s.ts, p.cols
	d := s.a.at(p.j, p.j)
	if s.upper { // the inverse of an upper triangle is the transposed inverse of its transpose
		d.RS, d.CS = d.CS, d.RS
	}
	invertLower(unit, c, d, tri, c)
	clear(inv[:c*ts.nr])
	for i := 0; i < c; i++ {
		for k := 0; k <= i; k++ {
			if s.upper {
				inv[k*ts.nr+i] = tri[i*c+k]
			} else {
				inv[i*ts.nr+k] = tri[i*c+k]
			}
		}
	}
	// The rows of P beside those of the diagonal block.
	at, rest, from := p.j-p.first, 0, p.first
	if !s.upper {
		at, rest, from = 0, c, p.j+c
	}
	for i := 0; i < c; i++ {
		row := p.p[(at+i)*s.bs:][:s.bs]
		copy(row, inv[i*ts.nr:i*ts.nr+c])
		clear(row[c:])
	}
	if p.k == c {
		return
	}
	es := ts.es
	r := s.a.at(from, p.j)
	t := asm.Tile{
		K: c, RSA: uintptr(r.RS * es), CSA: uintptr(r.CS * es), B: ptr(inv), LDB: uintptr(ts.nr * es), LDC: uintptr(s.bs * es),
		Mode: 3, Alpha: alphaBits(T(-1)), Segs: &noSegs[0], NSeg: 1,
	}
	for i, n := 0, p.k-c; i < n; i += ts.mr {
		t.A, t.C = unsafe.Add(ptr(r.Data), i*r.RS*es), ptr(p.p[(rest+i)*s.bs:])
		runTile[T](ts, min(ts.mr, n-i), c, &t)
	}
}

// outer calls f for the blocks of rows of A that are solved in one go, in order, with their panels in order.
func (s *solver[T]) outer(f func(o, end int, panels []panel[T])) {
	per := (solveBlock + s.bs - 1) / s.bs
	blocks := (len(s.panels) + per - 1) / per
	for i := 0; i < blocks; i++ {
		q := i
		if !s.upper {
			q = blocks - 1 - i
		}
		f(q*solveBlock, min(s.order, (q+1)*solveBlock), s.panels[q*per:min(len(s.panels), (q+1)*per)])
	}
}

// each calls f for panels in the order of solution.
func (s *solver[T]) each(panels []panel[T], f func(p *panel[T])) {
	for i := range panels {
		if s.upper {
			f(&panels[i])
		} else {
			f(&panels[len(panels)-1-i])
		}
	}
}

// right solves X A = alpha B for m rows of B.
func (s *solver[T]) right(m int, alpha T, b []T, ldb int) {
	ts, es := s.ts, s.ts.es
	scale(alpha, m, s.order, b, ldb)
	t := asm.Tile{
		RSA: uintptr(ldb * es), CSA: uintptr(es), LDB: uintptr(s.bs * es), LDC: uintptr(ldb * es), Segs: &noSegs[0], NSeg: 1,
	}
	s.outer(func(o, end int, panels []panel[T]) {
		if s.upper && o > 0 {
			gemm(m, end-o, o, -1, Matrix[T]{b, ldb, 1}, s.a.at(0, o), b[o:], ldb, true, false)
		} else if k := s.order - end; !s.upper && k > 0 {
			gemm(m, end-o, k, -1, Matrix[T]{b[end:], ldb, 1}, s.a.at(end, o), b[o:], ldb, true, false)
		}
		s.each(panels, func(p *panel[T]) {
			t.B, t.K = ptr(p.p), p.k
			for i := 0; i < m; i += ts.mr {
				t.A, t.C = ptr(b[i*ldb+p.first:]), ptr(b[i*ldb+p.j:])
				runTile[T](ts, min(ts.mr, m-i), p.cols, &t)
			}
		})
	})
}

// left solves A X = alpha B for n columns of B, which becomes X.
func (s *solver[T]) left(n int, alpha T, b []T, ldb int) {
	scale(alpha, s.order, n, b, ldb)
	s.outer(func(o, end int, panels []panel[T]) {
		if s.upper && o > 0 {
			gemm(end-o, n, o, -1, Matrix[T]{s.a.Data[o*s.a.CS:], s.a.CS, s.a.RS}, Matrix[T]{b, ldb, 1}, b[o*ldb:], ldb, true, false)
		} else if k := s.order - end; !s.upper && k > 0 {
			a := s.a.at(end, o)
			gemm(end-o, n, k, -1, Matrix[T]{a.Data, a.CS, a.RS}, Matrix[T]{b[end*ldb:], ldb, 1}, b[o*ldb:], ldb, true, false)
		}
		s.leftBlock(n, panels, o, end, b[o*ldb:], b[o*ldb:], ldb)
	})
}

// leftTo solves A X = B for n columns: b is read, x written, both with rows ld apart.
func (s *solver[T]) leftTo(n int, x, b []T, ld int) {
	if s.order <= solveBlock {
		s.outer(func(o, end int, panels []panel[T]) { s.leftBlock(n, panels, o, end, x, b, ld) })
		return
	}
	for i := 0; i < s.order; i++ {
		copy(x[i*ld:i*ld+n], b[i*ld:])
	}
	s.left(n, 1, x, ld)
}

// leftBlock solves rows o to end-1, which begin at b, into x.
func (s *solver[T]) leftBlock(n int, panels []panel[T], o, end int, x, b []T, ld int) {
	ts := s.ts
	// Rows a multiple of the cache's ways apart would drive one another out, and kernels may read beyond the last columns:
	// such columns are solved in a copy.
	whole := n / ts.nr * ts.nr
	if ptr(x) != ptr(b) || ld*ts.es%1024 == 0 && end-o > 16 {
		whole = 0
	}
	raw, _ := mem.Get((end - o) * ts.nr * ts.es)
	defer mem.Put(raw)
	w := mem.Slice[T](raw)
	for j := 0; j < n; j += ts.nr {
		cols := min(ts.nr, n-j)
		if j < whole {
			s.columns(panels, o, cols, b[j:], ld)
			continue
		}
		packB(ts, w, Matrix[T]{b[j:], ld, 1}, end-o, cols)
		s.columns(panels, o, cols, w, ts.nr)
		copyRows(end-o, cols, x[j:], ld, w, ts.nr)
	}
}

// columns solves the rows of some panels for at most nr columns of x, whose first row is row o.
func (s *solver[T]) columns(panels []panel[T], o, cols int, x []T, ld int) {
	es := s.ts.es
	t := asm.Tile{
		RSA: uintptr(es), CSA: uintptr(s.bs * es), LDB: uintptr(ld * es), LDC: uintptr(ld * es), Segs: &noSegs[0], NSeg: 1,
	}
	s.each(panels, func(p *panel[T]) {
		t.A, t.B, t.C, t.K = ptr(p.p), ptr(x[(p.first-o)*ld:]), ptr(x[(p.j-o)*ld:]), p.k
		runTile[T](s.ts, p.cols, cols, &t)
	})
}

// invertLower writes the inverse of a lower triangle of order n to x, row after row ld apart, zero above the diagonal.
func invertLower[T Float](unit bool, n int, a Matrix[T], x []T, ld int) {
	for i := 0; i < n; i++ {
		d := T(1)
		if !unit {
			d = 1 / a.Data[i*(a.RS+a.CS)]
		}
		row := x[i*ld : i*ld+n]
		clear(row)
		for p := 0; p < i; p++ {
			v := a.Data[i*a.RS+p*a.CS]
			for c, w := range x[p*ld : p*ld+p+1] {
				row[c] += T(v * w)
			}
		}
		for c := range row[:i] {
			row[c] *= -d
		}
		row[i] = d
	}
}
