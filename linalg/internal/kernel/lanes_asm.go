//go:build amd64 || arm64

package kernel

import (
	"math/bits"
	"unsafe"

	"github.com/priorlab/priorlab/linalg/internal/mem"
	"github.com/priorlab/priorlab/linalg/internal/par"
)

// lanesMax is the largest order of matrices that are factored one a vector lane; larger ones go one by one.
const lanesMax = 128

// laneShape is how matrices of order n are interleaved: element (i, k) of all of a group is register number i ld + k. The
// order is raised to a multiple of three, which is how many columns the kernels make at a time, with the identity.
type laneShape struct{ n, order, ld, lanes int }

// lanesFor says how count matrices of order n are interleaved, if that is worth while.
func lanesFor[T Float](n, count int) (laneShape, bool) {
	if level == Portable || n > lanesMax || n < 2 || count < laneCount[T]() {
		return laneShape{}, false
	}
	s := laneShape{n: n, order: (n + 2) / 3 * 3, lanes: laneCount[T]()}
	s.ld = s.order
	if s.ld%16 == 0 { // rows that far apart would all fall into the same few sets of the cache
		s.ld++
	}
	return s, true
}

// size is how many numbers a group takes.
func (s laneShape) size() int { return s.order * s.ld * s.lanes }

// at is the place of element (i, k) in a group.
func (s laneShape) at(i, k int) int { return (i*s.ld + k) * s.lanes }

// groups calls f for each group of matrices, in parallel, with room for as many copies of it as asked: the matrices first ...
// first+live-1 are its lanes.
func groups[T Float](s laneShape, count, copies int, f func(w []T, first, live int)) {
	n := (count + s.lanes - 1) / s.lanes
	par.For(n, max(1, parallelFlops/(s.lanes*s.n*s.n*s.n)), func(lo, hi int) {
		raw, _ := mem.Get(copies * s.size() * size[T]())
		w := mem.Slice[T](raw)[:copies*s.size()]
		for g := lo; g < hi; g++ {
			f(w, g*s.lanes, min(s.lanes, count-g*s.lanes))
		}
		mem.Put(raw)
	})
}

// cholLanes factors many small matrices at once, one a vector lane; ok is false where that does not apply.
func cholLanes[T Float](l, a []T, n int, jitter T) (f *CholFailure, ok bool) {
	count := len(a) / (n * n)
	s, ok := lanesFor[T](n, count)
	if !ok {
		return nil, false
	}
	panel, _ := cholPanels[T]()
	fails := make([]*CholFailure, (count+s.lanes-1)/s.lanes)
	groups(s, count, 1, func(w []T, first, live int) {
		loadLower(s, w, a[first*n*n:], live, 1)
		for d := 0; d < n; d++ {
			v := w[s.at(d, d):][:s.lanes]
			for i := range v {
				v[i] += jitter
			}
		}
		all := uint64(1)<<live - 1
		for j := 0; j < n; j += 3 {
			if good := panel((*byte)(ptr(w)), s.order, s.ld, j); good&all != all {
				lane := bits.TrailingZeros64(^good & all)
				for w[s.at(j, j)+lane] > 0 {
					j++
				}
				i := first + lane
				fails[first/s.lanes] = &CholFailure{i, j, pivotOf(w[s.at(j, 0)+lane:], s.lanes, j, a[(i*n+j)*n+j]+jitter)}
				break
			}
		}
		for r := 0; r < n; r++ {
			deinterleave(l[first*n*n+r*n:], w[s.at(r, 0):], n*n, roundUp(r+1, s.lanes, n), live)
			for i := first; i < first+live; i++ {
				clear(l[i*n*n+r*n:][r+1 : n])
			}
		}
	})
	return firstFailure(fails), true
}

// cholGradLanes is CholGrad for many small matrices, one a vector lane; it reports whether it did it.
func cholGradLanes[T Float](d, g, l []T, n int) bool {
	count := len(l) / (n * n)
	s, ok := lanesFor[T](n, count)
	if !ok {
		return false
	}
	_, panel := cholPanels[T]()
	groups(s, count, 2, func(w []T, first, live int) {
		dw, lw := w[:s.size()], w[s.size():]
		loadLower(s, dw, g[first*n*n:], live, 0)
		loadLower(s, lw, l[first*n*n:], live, 1)
		for j := s.order - 3; j >= 0; j -= 3 {
			panel((*byte)(ptr(dw)), (*byte)(ptr(lw)), s.order, s.ld, j)
		}
		// What came back belongs to either triangle by half.
		reg := s.lanes * size[T]()
		for r := 0; r < n; r++ {
			row := dw[s.at(r, 0):s.at(r, r)]
			ZipScalar(Mul, row, row, 0.5)
			from, to := ptr(row), unsafe.Add(ptr(dw), s.at(0, r)*size[T]())
			for c := 0; c < r; c++ {
				switch reg {
				case 16:
					*(*[16]byte)(to) = *(*[16]byte)(from)
				case 32:
					*(*[32]byte)(to) = *(*[32]byte)(from)
				default:
					*(*[64]byte)(to) = *(*[64]byte)(from)
				}
				from, to = unsafe.Add(from, reg), unsafe.Add(to, s.ld*reg)
			}
		}
		for r := 0; r < n; r++ {
			deinterleave(d[first*n*n+r*n:], dw[s.at(r, 0):], n*n, n, live)
		}
	})
	return true
}

// loadLower interleaves the lower triangles of live matrices, and gives the rows beyond them zeros and the diagonal that is
// asked for.
func loadLower[T Float](s laneShape, w, a []T, live int, diagonal T) {
	n := s.n
	for r := 0; r < n; r++ {
		interleave(w[s.at(r, 0):], a[r*n:], n*n, roundUp(r+1, s.lanes, n), live)
	}
	for r := n; r < s.order; r++ {
		clear(w[s.at(r, 0):s.at(r, r)])
		fillSlice(w[s.at(r, r):][:s.lanes], diagonal)
	}
}

// roundUp is the next multiple of m from v on, or v where that is beyond limit.
func roundUp(v, m, limit int) int {
	if u := (v + m - 1) / m * m; u <= limit {
		return u
	}
	return v
}

// pivotOf makes the failing pivot again, as its square root has replaced it: the diagonal element less the squares of
// the row before it.
func pivotOf[T Float](row []T, lanes, j int, diagonal T) float64 {
	for k := 0; k < j; k++ {
		diagonal -= row[k*lanes] * row[k*lanes]
	}
	return float64(diagonal)
}

// interleave writes count arrays of n numbers, which begin step apart in src, to dst with the same numbers of all side
// by side. Lanes beyond count repeat the first array.
func interleave[T Float](dst, src []T, step, n, count int) {
	lanes := laneCount[T]()
	at := 0
	if count == lanes {
		if at = n / lanes * lanes; at > 0 {
			transposeBlocks(at/lanes, src, step, lanes, dst, lanes, lanes*lanes)
		}
	}
	for l := 0; l < lanes && at < n; l++ {
		s := src[:n]
		if l < count {
			s = src[l*step : l*step+n]
		}
		for i := at; i < n; i++ {
			dst[i*lanes+l] = s[i]
		}
	}
}

// deinterleave is the inverse of interleave.
func deinterleave[T Float](dst, src []T, step, n, count int) {
	lanes := laneCount[T]()
	at := 0
	if count == lanes {
		if at = n / lanes * lanes; at > 0 {
			transposeBlocks(at/lanes, src, lanes, lanes*lanes, dst, step, lanes)
		}
	}
	for l := 0; l < count && at < n; l++ {
		d := dst[l*step : l*step+n]
		for i := at; i < n; i++ {
			d[i] = src[i*lanes+l]
		}
	}
}

// transposeWhole transposes as many of n rows and m columns as fill whole registers, and says how many.
func transposeWhole[T Float](n, m int, src []T, lds int, dst []T, ldd int) (rows, cols int) {
	w := laneCount[T]()
	if level == Portable || m < w {
		return 0, 0
	}
	for ; rows+w <= n; rows += w {
		transposeBlocks(m/w, src[rows*lds:], lds, w, dst[rows:], ldd, w*ldd)
	}
	return rows, m / w * w
}
