package kernel

import "github.com/priorlab/priorlab/linalg/internal/par"

// axis is one axis of a strided walk.
type axis struct{ n, stride int }

// mergeAxes drops axes of length one and joins neighbours that lie in memory as one.
func mergeAxes(shape, strides []int) []axis {
	var out []axis
	for i, n := range shape {
		if n == 1 {
			continue
		}
		if k := len(out) - 1; k >= 0 && out[k].stride == strides[i]*n {
			out[k] = axis{out[k].n * n, strides[i]}
			continue
		}
		out = append(out, axis{n, strides[i]})
	}
	return out
}

// walk calls f(i, p, n, stride) for runs of n elements: number i onwards in order, at p, p+stride, ... in memory.
func walk(size int, shape, strides []int, f func(i, p, n, stride int)) {
	if size == 0 {
		return
	}
	dims := mergeAxes(shape, strides)
	last := axis{1, 1}
	if k := len(dims) - 1; k >= 0 {
		last, dims = dims[k], dims[:k]
	}
	par.For(size/last.n, max(1, Grain/last.n), func(lo, hi int) {
		for r := lo; r < hi; r++ {
			p := 0
			for i, q := len(dims)-1, r; i >= 0; i-- {
				p += q % dims[i].n * dims[i].stride
				q /= dims[i].n
			}
			f(r*last.n, p, last.n, last.stride)
		}
	})
}

// CopyStrided writes the elements of a strided array, in row-major order, into dst.
func CopyStrided[T any](dst, src []T, shape, strides []int) {
	if copyTransposed(dst, src, shape, strides) {
		return
	}
	walk(len(dst), shape, strides, func(i, p, n, st int) {
		d := dst[i : i+n]
		switch st {
		case 1:
			copy(d, src[p:p+n])
		case 0:
			v := src[p]
			for k := range d {
				d[k] = v
			}
		default:
			for k := range d {
				d[k] = src[p]
				p += st
			}
		}
	})
}

// copyTransposed does the case of matrices stored by columns, in square blocks that stay in cache.
func copyTransposed[T any](dst, src []T, shape, strides []int) bool {
	k := len(shape)
	if k < 2 || strides[k-2] != 1 || shape[k-2] < 8 || shape[k-1] < 8 {
		return false
	}
	m, n, ld := shape[k-2], shape[k-1], strides[k-1]
	batch := mergeAxes(shape[:k-2], strides[:k-2])
	count := len(dst) / (m * n)
	const blk = 32
	mb := (m + blk - 1) / blk
	par.For(count*mb, max(1, Grain/(blk*n)), func(lo, hi int) {
		for q := lo; q < hi; q++ {
			p := 0
			for i, r := len(batch)-1, q/mb; i >= 0; i-- {
				p += r % batch[i].n * batch[i].stride
				r /= batch[i].n
			}
			i0 := q % mb * blk
			i1 := min(m, i0+blk)
			d := dst[q/mb*m*n : (q/mb+1)*m*n]
			for j0 := 0; j0 < n; j0 += blk {
				j1 := min(n, j0+blk)
				for i := i0; i < i1; i++ {
					row := d[i*n+j0 : i*n+j1]
					s := src[p+i+j0*ld:]
					for j := range row {
						row[j] = s[j*ld]
					}
				}
			}
		}
	})
	return true
}

// StoreStrided writes src, in row-major order, to the places of a strided array.
func StoreStrided[T any](dst, src []T, shape, strides []int) {
	walk(len(src), shape, strides, func(i, p, n, st int) {
		s := src[i : i+n]
		if st == 1 {
			copy(dst[p:p+n], s)
			return
		}
		for _, v := range s {
			dst[p] = v
			p += st
		}
	})
}
