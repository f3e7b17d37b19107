package kernel

import (
	"math"

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
				columns(op, dst[o*inner:(o+1)*inner], x[o*n*inner:(o+1)*n*inner], n)
			}
		})
		return
	}
	part := make([]T, outer*parts*inner)
	par.For(outer*parts, 1, func(lo, hi int) {
		for q := lo; q < hi; q++ {
			o, p := q/parts, q%parts
			r0, r1 := p*rows, min(n, (p+1)*rows)
			columns(op, part[q*inner:(q+1)*inner], x[(o*n+r0)*inner:(o*n+r1)*inner], r1-r0)
		}
	})
	for o := 0; o < outer; o++ {
		columns(op, dst[o*inner:(o+1)*inner], part[o*parts*inner:(o+1)*parts*inner], parts)
	}
}

// columns reduces the n rows of x element by element.
func columns[T Float](op Reduction, dst, x []T, n int) {
	inner := len(dst)
	copy(dst, x[:inner])
	for r := 1; r < n; r++ {
		row := x[r*inner : (r+1)*inner]
		switch op {
		case Sum:
			Zip(Add, dst, dst, row)
		case MaxOf:
			Zip(Max, dst, dst, row)
		default:
			Zip(Min, dst, dst, row)
		}
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
