//go:build amd64 || arm64

package kernel

import (
	"unsafe"

	"github.com/priorlab/priorlab/linalg/internal/asm"
	"github.com/priorlab/priorlab/linalg/internal/mem"
	"github.com/priorlab/priorlab/linalg/internal/par"
)

var tilesets [2][2]tileset // [wide][f64]

func tiles[T Float]() *tileset {
	if level == Portable {
		return portableTiles[T]()
	}
	w, d := 0, 1
	if level == AVX512 {
		w = 1
	}
	if is32[T]() {
		d = 0
	}
	return &tilesets[w][d]
}

// runTile computes one tile at the current level.
func runTile[T Float](ts *tileset, rows, cols int, t *asm.Tile) {
	if ts.portable {
		tileGo[T](rows, cols, t)
		return
	}
	ts.run(rows, cols, t)
}

// rawB is the size of B up to which it is read where it lies, without packing.
const rawB = 160 << 10

// gemmAsm chooses between the ways of multiplying.
func gemmAsm[T Float](m, n, k int, alpha T, a, b Matrix[T], c []T, ldc int, acc, parallel bool) {
	if (m == 1 || n == 1) && gemv(m, n, k, alpha, a, b, c, ldc, acc, parallel) {
		return
	}
	gemmTiles(m, n, k, alpha, a, b, c, ldc, acc, parallel, false)
}

// gemmTiles multiplies by tiles; with lower those wholly above the diagonal are left out.
func gemmTiles[T Float](m, n, k int, alpha T, a, b Matrix[T], c []T, ldc int, acc, parallel, lower bool) {
	ts := tiles[T]()
	d := driver[T]{ts: ts, c: c, ldc: ldc, lower: lower}
	small := b.CS == 1 && (m <= 6*ts.mr || k*n*ts.es <= rawB && k <= ts.kc)
	if !small {
		d.blocked(m, n, k, alpha, a, b, acc, parallel)
		return
	}
	// Kernels that read whole vectors get the last columns in a copy.
	whole := n
	if cols := n % ts.nr; !ts.canRead(cols) {
		whole -= cols
		raw, _ := mem.Get(k * ts.nr * ts.es)
		defer mem.Put(raw)
		d.tail = mem.Slice[T](raw)
		packB(ts, d.tail, b.at(0, whole), k, cols)
	}
	switch {
	case parallel && par.Threads() > 1:
		d.divided(m, n, k, whole, alpha, acc, a, b)
	case m <= directRows:
		d.direct(m, 0, n, k, whole, alpha, acc, a, b)
	default:
		for i := 0; i < m; i += directRows {
			par.Check()
			d.from(i).direct(min(directRows, m-i), 0, n, k, whole, alpha, acc, a.at(i, 0), b)
		}
	}
}

// divided makes the product of direct in parts, divided among threads. It is by itself so that small products pay for no
// closures.
func (d driver[T]) divided(m, n, k, whole int, alpha T, acc bool, a, b Matrix[T]) {
	loop := loopFor(2 * m * n * k)
	if m <= 6*d.ts.mr && n >= 4*d.ts.nr {
		apart(loop, n, eighth(n, d.ts.nr), func(lo, hi int) { d.direct(m, lo, hi, k, whole, alpha, acc, a, b) })
		return
	}
	loop(m, min(eighth(m, d.ts.mr), directRows), func(lo, hi int) {
		d.from(lo).direct(hi-lo, 0, n, k, whole, alpha, acc, a.at(lo, 0), b)
	})
}

// directRows is how many rows are multiplied between two looks at the interruption flag.
const directRows = 1536

// eighth is an eighth of n in whole tiles of the given size, and at least one.
func eighth(n, tile int) int { return ((n+tile-1)/tile + 7) / 8 * tile }

// direct makes columns lo to hi-1 of the product from B where it lies, and from the copy of its columns from whole on.
func (d driver[T]) direct(m, lo, hi, k, whole int, alpha T, acc bool, a, b Matrix[T]) {
	md, later := mode(alpha, acc)
	kc := d.ts.depth(k)
	for p := 0; p < k; p += kc {
		kb := min(kc, k-p)
		if lo < whole {
			d.block(m, min(hi, whole)-lo, kb, alpha, md, a.at(0, p), false, b.at(p, lo), false, lo, false)
		}
		if hi > whole {
			d.block(m, hi-whole, kb, alpha, md, a.at(0, p), false, Matrix[T]{Data: d.tail[p*d.ts.nr:]}, true, whole, false)
		}
		md = later
	}
}

// driver multiplies into c.
type driver[T Float] struct {
	ts   *tileset
	c    []T
	ldc  int
	tail []T // columns of B that kernels cannot read where they are

	lower bool // leave out tiles above the diagonal
	row   int  // of the product, where c begins
}

// from is d for the rows from i on.
func (d driver[T]) from(i int) driver[T] {
	d.c, d.row = d.c[i*d.ldc:], d.row+i
	return d
}

// blocked is the general product: blocks over columns and the sum, B packed into panels, then rows.
func (d driver[T]) blocked(m, n, k int, alpha T, a, b Matrix[T], acc, parallel bool) {
	ts := d.ts
	kc := ts.depth(k)
	nc := min(ts.nc, (n+ts.nr-1)/ts.nr*ts.nr)
	nm := (m + ts.mc - 1) / ts.mc
	several := parallel && par.Threads() > 1
	columns := several && nm == 1 && n >= 4*m
	if parallel { // an even number of parts
		nm = (nm + 1) / 2 * 2
	}
	mc := ((m+nm-1)/nm + ts.mr - 1) / ts.mr * ts.mr
	var cuts []int
	if several && !columns {
		cuts = shares(m, ts.mr, ts.mc)
	}
	raw, _ := mem.Get(kc * nc * ts.es)
	defer mem.Put(raw)
	packed := mem.Slice[T](raw)
	mode0, mode1 := mode(alpha, acc)
	for jc := 0; jc < n; jc += nc {
		nb := min(nc, n-jc)
		for pc := 0; pc < k; pc += kc {
			kb := min(kc, k-pc)
			md := mode0
			if pc > 0 {
				md = mode1
			}
			panels := (nb + ts.nr - 1) / ts.nr
			pack := func(lo, hi int) {
				for q := lo; q < hi; q++ {
					j := q * ts.nr
					packB(ts, packed[j*kb:(j+ts.nr)*kb], b.at(pc, jc+j), kb, min(ts.nr, nb-j))
				}
			}
			rows := func(lo, hi int) { d.rows(lo, hi-lo, jc, nb, kb, alpha, md, a.at(0, pc), packed) }
			switch {
			case columns:
				apart(par.For, nb, eighth(nb, ts.nr), func(lo, hi int) {
					pack(lo/ts.nr, (hi+ts.nr-1)/ts.nr)
					d.rows(0, m, jc+lo, hi-lo, kb, alpha, md, a.at(0, pc), packed[lo*kb:])
				})
			case parallel:
				par.For(panels, (panels+7)/8, pack)
				if several {
					par.For(len(cuts)-1, 1, func(q, _ int) { rows(cuts[q], cuts[q+1]) })
				} else {
					par.For(m, mc, rows)
				}
			default:
				pack(0, panels)
				for i := 0; i < m; i += mc {
					par.Check()
					rows(i, min(m, i+mc))
				}
			}
		}
	}
}

// shares cuts m rows into parts of whole tiles, at most so many rows each, for threads that do not run alike: each part is a
// share of what is left, so that the last ones are small and all threads end at about the same time.
func shares(m, tile, most int) []int {
	cuts := []int{0}
	for i := 0; i < m; {
		tiles := (m - i + tile - 1) / tile
		i = min(m, i+min(most, max(tile*((tiles-1)/(2*par.Threads())+1), 2*tile)))
		cuts = append(cuts, i)
	}
	return cuts
}

// rows multiplies rows i0 ... i0+mb-1 of A by the packed panels of B, into columns j0 ... j0+nb-1.
func (d driver[T]) rows(i0, mb, j0, nb, kb int, alpha T, md int, a Matrix[T], packed []T) {
	ts := d.ts
	e := driver[T]{ts: ts, c: d.c[i0*d.ldc:], ldc: d.ldc, lower: d.lower, row: i0}
	aOuter := nb*kb*ts.es <= ts.outerA
	// More rows than the cache has ways, a multiple of 4 KiB apart, would drive one another out.
	packIt := a.CS != 1 || (a.RS*ts.es)%4096 == 0 && ts.mr > 8 || (!aOuter && nb > 8*ts.nr)
	if nb <= ts.nr && (a.RS == 1 || a.CS == 1) {
		packIt = false
	}
	a = a.at(i0, 0)
	if !packIt {
		e.block(mb, nb, kb, alpha, md, a, false, Matrix[T]{Data: packed}, true, j0, aOuter)
		return
	}
	raw, _ := mem.Get(((mb+ts.mr-1)/ts.mr*ts.mr)*kb*ts.es + 64) // with room for packSix
	pa := mem.Slice[T](raw)
	packA(ts, pa, a, mb, kb)
	e.block(mb, nb, kb, alpha, md, Matrix[T]{Data: pa}, true, Matrix[T]{Data: packed}, true, j0, aOuter)
	mem.Put(raw)
}

// block multiplies a block of A (packed in panels or strided) by a block of B (packed in panels or row-major) into the
// columns of c from j0 on. With aOuter the loop over panels of A is the outer one.
func (d driver[T]) block(mb, nb, kb int, alpha T, md int, a Matrix[T], aPacked bool, b Matrix[T], bPacked bool, j0 int, aOuter bool) {
	ts := d.ts
	es, mr, nr := ts.es, ts.mr, ts.nr
	t := asm.Tile{
		K: kb, RSA: uintptr(a.RS * es), CSA: uintptr(a.CS * es), LDB: uintptr(b.RS * es), LDC: uintptr(d.ldc * es),
		Mode: md, Alpha: alphaBits(alpha), Segs: &noSegs[0], NSeg: 1,
	}
	aStep := a.RS * es
	if aPacked {
		t.RSA, t.CSA = uintptr(es), uintptr(mr*es)
		aStep = kb * es
	}
	bStep := es
	if bPacked {
		t.LDB = uintptr(nr * es)
		bStep = kb * es
	}
	ap, bp, cp := ptr(a.Data), ptr(b.Data), unsafe.Add(ptr(d.c), j0*es)
	// Spread the rows evenly over the panels: 100 rows are nine panels of 11 and 12, not eight and a rest of 4.
	panels := (mb + mr - 1) / mr
	tall, rows := panels, mr
	if !aPacked {
		rows = (mb + panels - 1) / panels
		tall = mb - panels*(rows-1)
	}
	run := func(i, rows, j, cols int) {
		if d.lower && j0+j >= d.row+i+rows {
			return
		}
		t.A = unsafe.Add(ap, i*aStep)
		t.B = unsafe.Add(bp, j*bStep)
		t.C = unsafe.Add(cp, (i*d.ldc+j)*es)
		ts.run(rows, cols, &t)
	}
	panel := func(q int) (i, r int) {
		i, r = q*rows, rows
		if q >= tall {
			i, r = tall*rows+(q-tall)*(rows-1), rows-1
		}
		return i, min(r, mb-i)
	}
	if aOuter {
		for q := 0; q < panels; q++ {
			i, r := panel(q)
			for j := 0; j < nb; j += nr {
				run(i, r, j, min(nr, nb-j))
			}
		}
		return
	}
	for j := 0; j < nb; j += nr {
		cols := min(nr, nb-j)
		// While the rows go by one panel of B, the next one comes from L3 part by part.
		ahead, lines := 0, (kb*nr*es/64+panels-1)/panels
		if bPacked && !ts.wide && j+nr < nb {
			ahead = panels
		}
		for q := 0; q < panels; q++ {
			i, r := panel(q)
			run(i, r, j, cols)
			if q < ahead-1 {
				asm.Prefetch(lines, (*byte)(unsafe.Add(bp, (j+nr)*bStep+q*64*lines)))
			}
		}
	}
}

// prefetch asks for a matrix with the strides of like that begins at x, if it lies in memory without gaps.
func prefetch[T Float](x []T, like Matrix[T], rows, cols int) {
	if like.CS == 1 && like.RS == cols || like.RS == 1 && like.CS == rows {
		asm.Prefetch((rows*cols*size[T]()+63)/64, (*byte)(ptr(x)))
	}
}

// prefetchRows asks for the cache lines of x[0] and of n-1 more numbers ld apart.
func prefetchRows[T Float](n int, x []T, ld int) {
	asm.PrefetchRows(n, (*byte)(ptr(x)), uintptr(ld*size[T]()))
}
