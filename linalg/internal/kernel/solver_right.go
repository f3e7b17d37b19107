package kernel

import (
	"unsafe"

	"github.com/priorlab/priorlab/linalg/internal/asm"
	"github.com/priorlab/priorlab/linalg/internal/mem"
)

// rightSolver solves X A = B for a triangle A with the kernels of products alone. A is cut into block columns as wide as a tile.
// With D the diagonal block of one and R the rest of its triangle,
//
//	X_block = B_block D^-1 - X_others R D^-1 = [X_others, B_block] P,   P = [-R D^-1; D^-1]
//
// so a tile of X is one call of a kernel, which reads all it needs before it writes: P is made once, and B becomes X in place.
// The inverses of blocks up to 32 wide make the residual of a column of the block at most |D^-1||D| times that of a
// substitution: the condition of the blocks counts, not that of A, and scaling rows or columns of A changes neither.
type rightSolver[T Float] struct {
	ts     *tileset
	a      Matrix[T]
	upper  bool // a is upper: block columns are solved from the first to the last
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

// newRightSolver prepares the panels of the triangle a.
func newRightSolver[T Float](lower, unit bool, order int, a Matrix[T]) *rightSolver[T] {
	s := &rightSolver[T]{ts: tiles[T](), a: a, upper: !lower, order: order}
	s.bs = s.ts.nr
	total := 0
	for o := 0; o < order; o += solveBlock {
		end := min(order, o+solveBlock)
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

func (s *rightSolver[T]) done() { mem.Put(s.raw) }

// fill makes the matrix P of a panel. inv and tri are work space of maxTile rows of nr numbers.
func (s *rightSolver[T]) fill(p *panel[T], unit bool, inv, tri []T) {
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

// solve solves X A = alpha B for m rows of B, which becomes X.
func (s *rightSolver[T]) solve(m int, alpha T, b []T, ldb int) {
	ts, es := s.ts, s.ts.es
	scale(alpha, m, s.order, b, ldb)
	t := asm.Tile{
		RSA: uintptr(ldb * es), CSA: uintptr(es), LDB: uintptr(s.bs * es), LDC: uintptr(ldb * es), Segs: &noSegs[0], NSeg: 1,
	}
	solveBlocks(s.order, !s.upper, func(o, end, from, to int) {
		if from < to {
			gemm(m, end-o, to-from, -1, Matrix[T]{b[from:], ldb, 1}, s.a.at(from, o), b[o:], ldb, true, false)
		}
		inOrder(s.panels[o/s.bs:(end+s.bs-1)/s.bs], !s.upper, func(p *panel[T]) {
			t.B, t.K = ptr(p.p), p.k
			for i := 0; i < m; i += ts.mr {
				t.A, t.C = ptr(b[i*ldb+p.first:]), ptr(b[i*ldb+p.j:])
				runTile[T](ts, min(ts.mr, m-i), p.cols, &t)
			}
		})
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
