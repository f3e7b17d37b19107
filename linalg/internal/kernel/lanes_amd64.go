package kernel

import (
	"math/bits"
	"unsafe"

	"github.com/priorlab/priorlab/linalg/internal/asm"
	"github.com/priorlab/priorlab/linalg/internal/mem"
	"github.com/priorlab/priorlab/linalg/internal/par"
)

// lanesMax is the largest order of matrices that are factored one a vector lane; larger ones go one by one.
const lanesMax = 128

// cholLanes factors many small matrices at once, one a vector lane; ok is false where that does not apply. The elements
// of a group of matrices are interleaved, so that every step of the plain algorithm is a vector operation.
func cholLanes[T Float](a []T, n int, jitter T) (f *CholFailure, ok bool) {
	lanes := 64 / size[T]()
	count := len(a) / (n * n)
	if level == Portable || n > lanesMax || n < 2 || count < lanes {
		return nil, false
	}
	// Rows that are a multiple of 1 KiB apart would all fall into the same few sets of the cache: pad them.
	ld := n
	if n%16 == 0 {
		ld++
	}
	groups := (count + lanes - 1) / lanes
	fails := make([]*CholFailure, groups)
	par.For(groups, max(1, parallelFlops/(lanes*n*n*n)), func(lo, hi int) {
		raw, _ := mem.Get(n * ld * 64)
		defer mem.Put(raw)
		w := mem.Slice[T](raw)[:n*ld*lanes]
		for g := lo; g < hi; g++ {
			first := g * lanes
			live := min(lanes, count-first)
			rows, run := 1, n*n // without padding a matrix is one run
			if ld != n {
				rows, run = n, n
			}
			for r := 0; r < rows; r++ {
				interleave(w[r*ld*lanes:], a[first*n*n+r*n:], n*n, run, live)
			}
			fails[g] = cholGroup(w, a, n, ld, first, live, jitter)
			for r := 0; r < rows; r++ {
				deinterleave(a[first*n*n+r*n:], w[r*ld*lanes:], n*n, run, live)
			}
		}
	})
	return firstFailure(fails), true
}

// cholGroup factors interleaved matrices, which come from a, and clears their upper triangles.
func cholGroup[T Float](w, a []T, n, ld, first, live int, jitter T) *CholFailure {
	lanes := 64 / size[T]()
	column := asm.CholColumnF32x512
	switch {
	case level == AVX512 && lanes == 8:
		column = asm.CholColumnF64x512
	case level == AVX2 && lanes == 8:
		column = asm.CholColumnF64x256
	case level == AVX2:
		column = asm.CholColumnF32x256
	}
	for d := 0; d < n; d++ {
		v := w[(d*ld+d)*lanes : (d*ld+d+1)*lanes]
		for i := range v {
			v[i] += jitter
		}
	}
	all := uint64(1)<<live - 1
	var fail *CholFailure
	for j := 0; j < n; j++ {
		if ok := column((*byte)(unsafe.Pointer(&w[0])), n, ld, j); ok&all != all && fail == nil {
			lane := bits.TrailingZeros64(^ok & all)
			fail = &CholFailure{first + lane, j, pivotOf(w[j*ld*lanes+lane:], lanes, j, a[((first+lane)*n+j)*n+j]+jitter)}
			break
		}
	}
	for i := 0; i < n; i++ {
		clear(w[(i*ld+i+1)*lanes : (i*ld+n)*lanes])
	}
	return fail
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
	lanes := 64 / size[T]()
	at := 0
	if count == lanes {
		w := transposeWidth[T]()
		at = n / w * w
		if at > 0 {
			for l := 0; l < lanes; l += w {
				transposeBlocks[T](at/w, src[l*step:], step, dst[l:], lanes)
			}
		}
	}
	for l := 0; l < lanes; l++ {
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
	lanes := 64 / size[T]()
	at := 0
	if count == lanes {
		w := transposeWidth[T]()
		at = n / w * w
		for i := 0; i < at; i += w {
			transposeBlocks[T](lanes/w, src[i*lanes:], lanes, dst[i:], step)
		}
	}
	for l := 0; l < count; l++ {
		d := dst[l*step : l*step+n]
		for i := at; i < n; i++ {
			d[i] = src[i*lanes+l]
		}
	}
}

// transposeWidth is the order of the blocks that registers transpose.
func transposeWidth[T Float]() int {
	w := 8
	if is32[T]() {
		w = 16
	}
	if level == AVX2 {
		w /= 2
	}
	return w
}

// transposeBlocks transposes a row of blocks: source rows lds apart, destination rows ldd apart, in numbers.
func transposeBlocks[T Float](blocks int, src []T, lds int, dst []T, ldd int) {
	es := size[T]()
	f := asm.Transpose16F32
	switch {
	case level == AVX512 && es == 8:
		f = asm.Transpose8F64
	case level == AVX2 && es == 8:
		f = asm.Transpose4F64
	case level == AVX2:
		f = asm.Transpose8F32
	}
	f(blocks, (*byte)(ptr(src)), uintptr(lds*es), (*byte)(ptr(dst)), uintptr(ldd*es))
}
