package kernel

import (
	"github.com/priorlab/priorlab/linalg/internal/asm"
	"github.com/priorlab/priorlab/linalg/internal/mem"
	"github.com/priorlab/priorlab/linalg/internal/par"
)

// syrkBlock is the order up to which a symmetric update goes tile by tile; a larger one is blocks of that order on the
// diagonal and products beside them.
const syrkBlock = 128

// Syrk computes one triangle of C = alpha A A^T + C for A of n by k; the other triangle is left alone.
func Syrk[T Float](lower bool, n, k int, alpha T, a Matrix[T], c []T, ldc int) {
	if n == 0 || k == 0 {
		return
	}
	ts := tiles[T]()
	blocks := (n + syrkBlock - 1) / syrkBlock
	size := ((n+blocks-1)/blocks + ts.nr - 1) / ts.nr * ts.nr
	if n <= size {
		syrkTriangle(lower, n, k, alpha, a, c, ldc)
		return
	}
	at := Matrix[T]{a.Data, a.CS, a.RS}
	blocks = (n + size - 1) / size
	par.For(blocks, 1, func(lo, hi int) {
		for q := lo; q < hi; q++ {
			j := q * size
			if lower { // the longest first
				j = (blocks - 1 - q) * size
			}
			jb := min(size, n-j)
			syrkTriangle(lower, jb, k, alpha, a.at(j, 0), c[j*ldc+j:], ldc)
			if lower && j > 0 {
				gemm(jb, j, k, alpha, a.at(j, 0), at, c[j*ldc:], ldc, true, false)
			} else if r := n - j - jb; !lower && r > 0 {
				gemm(jb, r, k, alpha, a.at(j, 0), at.at(0, j+jb), c[j*ldc+j+jb:], ldc, true, false)
			}
		}
	})
}

// syrkTriangle is Syrk by panels of columns as wide as a tile: whole tiles beside the diagonal, and on it one block that
// is made aside.
func syrkTriangle[T Float](lower bool, n, k int, alpha T, a Matrix[T], c []T, ldc int) {
	ts := tiles[T]()
	nr, es := ts.nr, ts.es
	at := Matrix[T]{a.Data, a.CS, a.RS}
	kc := k
	if ts.kc > 0 {
		kc = ts.depth(k)
	}
	beside, _ := mode(alpha, true)
	aside, _ := mode(alpha, false)
	panels := (n + nr - 1) / nr
	chunk := panels
	if n*n*k >= parallelFlops {
		chunk = 1
	}
	par.For(panels, chunk, func(lo, hi int) {
		raw, _ := mem.Get((kc + nr) * nr * es)
		defer mem.Put(raw)
		packed := mem.Slice[T](raw)[:(kc+nr)*nr]
		block := packed[kc*nr:]
		t := asm.Tile{
			RSA: uintptr(a.RS * es), CSA: uintptr(a.CS * es), B: ptr(packed), LDB: uintptr(nr * es),
			Alpha: alphaBits(alpha), Segs: &noSegs[0], NSeg: 1,
		}
		// column makes rows i ... end-1 of a panel, from columns p of A on, in dst.
		column := func(p, i, end, cols int, dst []T, ld int) {
			t.LDC = uintptr(ld * es)
			first, tall := i, (end-i+ts.mr-1)/ts.mr
			for ; tall > 0; tall-- { // spread evenly
				next := i + (end-i+tall-1)/tall
				t.A, t.C = ptr(a.Data[i*a.RS+p*a.CS:]), ptr(dst[(i-first)*ld:])
				runTile[T](ts, next-i, cols, &t)
				i = next
			}
		}
		for q := lo; q < hi; q++ {
			j := q * nr
			cols := min(nr, n-j)
			from, end := j+cols, n
			if !lower {
				from, end = 0, j
			}
			for p := 0; p < k; p += kc {
				t.K = min(kc, k-p)
				packB(ts, packed, at.at(p, j), t.K, cols)
				if from < end {
					t.Mode = beside
					column(p, from, end, cols, c[from*ldc+j:], ldc)
				}
				t.Mode = aside
				column(p, j, j+cols, cols, block, nr)
				for i := 0; i < cols; i++ {
					first, last := 0, i+1
					if !lower {
						first, last = i, cols
					}
					row := c[(j+i)*ldc+j:]
					for x := first; x < last; x++ {
						row[x] += block[i*nr+x]
					}
				}
			}
		}
	})
}
