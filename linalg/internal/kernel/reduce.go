package kernel

import (
	"math"

	"github.com/priorlab/priorlab/linalg/internal/mem"
	"github.com/priorlab/priorlab/linalg/internal/par"
)

// Reduction is a way of making one number of many.
type Reduction uint8

// The reductions.
const (
	Sum Reduction = iota
	MaxOf
	MinOf
)

// reduceBlock is how many elements along the reduced axis one partial result covers. It is fixed, so that the tree of
// additions is a function of the shape alone.
const reduceBlock = 4096

// Reduce reduces axis 1 of x, of shape [outer, n, inner], into dst of shape [outer, inner].
func Reduce[T Float](op Reduction, dst, x []T, outer, n, inner int) {
	if n == 0 || len(dst) == 0 {
		clear(dst)
		return
	}
	if inner == 1 {
		reduceRows(op, dst, x, outer, n)
		return
	}
	rows := max(1, reduceBlock*8/inner) // rows of one partial result
	parts := (n + rows - 1) / rows
	if parts == 1 {
		par.For(outer, max(1, Grain/(n*inner)), func(lo, hi int) {
			for o := lo; o < hi; o++ {
				columns(op, dst[o*inner:(o+1)*inner], x[o*n*inner:], inner, n)
			}
		})
		return
	}
	if inner >= 4*reduceColumns {
		reduceWide(op, dst, x, outer, n, inner)
		return
	}
	raw, _ := mem.Get(outer * parts * inner * size[T]())
	defer mem.Put(raw)
	part := mem.Slice[T](raw)[:outer*parts*inner]
	par.For(outer*parts, 1, func(lo, hi int) {
		for q := lo; q < hi; q++ {
			o, p := q/parts, q%parts
			r0, r1 := p*rows, min(n, (p+1)*rows)
			columns(op, part[q*inner:(q+1)*inner], x[(o*n+r0)*inner:], inner, r1-r0)
		}
	})
	for o := 0; o < outer; o++ {
		columns(op, dst[o*inner:(o+1)*inner], part[o*parts*inner:], inner, parts)
	}
}

// reduceColumns and reduceDepth are the columns that a chunk of a wide reduction takes, and the rows of one partial result.
const reduceColumns, reduceDepth = 1024, 64

// reduceWide is Reduce for long rows, divided by columns.
func reduceWide[T Float](op Reduction, dst, x []T, outer, n, inner int) {
	chunks := (inner + reduceColumns - 1) / reduceColumns
	par.For(outer*chunks, max(1, Grain/(n*reduceColumns)), func(lo, hi int) {
		raw, _ := mem.Get(reduceColumns * size[T]())
		defer mem.Put(raw)
		part := mem.Slice[T](raw)
		for q := lo; q < hi; q++ {
			o, c := q/chunks, q%chunks*reduceColumns
			d := dst[o*inner+c:][:min(reduceColumns, inner-c)]
			for r := 0; r < n; r += reduceDepth {
				rows, from := min(reduceDepth, n-r), x[(o*n+r)*inner+c:]
				if r == 0 {
					columns(op, d, from, inner, rows)
					continue
				}
				par.Check()
				columns(op, part[:len(d)], from, inner, rows)
				joinRows(op, d, part[:len(d)])
			}
		}
	})
}

// columns reduces n rows of x, ld apart, element by element.
func columns[T Float](op Reduction, dst, x []T, ld, n int) {
	copy(dst, x[:len(dst)])
	for r := 1; r < n; r++ {
		joinRows(op, dst, x[r*ld:][:len(dst)])
	}
}

// joinRows reduces dst and x to dst, element by element.
func joinRows[T Float](op Reduction, dst, x []T) {
	switch op {
	case Sum:
		Zip(Add, dst, dst, x)
	case MaxOf:
		Zip(Max, dst, dst, x)
	default:
		Zip(Min, dst, dst, x)
	}
}

// reduceRows reduces each of the outer rows of x to one number.
func reduceRows[T Float](op Reduction, dst, x []T, outer, n int) {
	if n <= 2*reduceBlock {
		par.For(outer, max(1, Grain/n), func(lo, hi int) {
			for o := lo; o < hi; o++ {
				dst[o] = Row(op, x[o*n:(o+1)*n])
			}
		})
		return
	}
	parts := (n + reduceBlock - 1) / reduceBlock
	part := make([]T, outer*parts)
	par.For(outer*parts, 4, func(lo, hi int) {
		for q := lo; q < hi; q++ {
			o, p := q/parts, q%parts
			part[q] = Row(op, x[o*n+p*reduceBlock:o*n+min(n, (p+1)*reduceBlock)])
		}
	})
	reduceRows(op, dst, part, outer, parts)
}

// rowGo is the plain form of Row: sixteen partial results, joined in a fixed tree, then the rest one by one.
func rowGo[T Float](op Reduction, x []T) T {
	var z T
	switch op {
	case MaxOf:
		z = T(math.Inf(-1))
	case MinOf:
		z = T(math.Inf(1))
	}
	var a [16]T
	for i := range a {
		a[i] = z
	}
	for ; len(x) >= 16; x = x[16:] {
		v := (*[16]T)(x)
		for i := range a {
			a[i] = join(op, a[i], v[i])
		}
	}
	for w := 8; w > 0; w /= 2 {
		for i := 0; i < w; i++ {
			a[i] = join(op, a[i], a[i+w])
		}
	}
	for _, v := range x {
		a[0] = join(op, a[0], v)
	}
	return a[0]
}

func join[T Float](op Reduction, a, b T) T {
	switch op {
	case Sum:
		return a + b
	case MaxOf:
		return max(a, b)
	}
	return min(a, b)
}
