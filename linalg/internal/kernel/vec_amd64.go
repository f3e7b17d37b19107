package kernel

import (
	"unsafe"

	"github.com/priorlab/priorlab/linalg/internal/asm"
)

// vecTable is the address of each element-wise kernel: [wide][f64][kernel].
var vecTable [2][2][asm.NumVecs]uintptr

func init() {
	for w := range vecTable {
		for d := range vecTable[w] {
			for i := range vecTable[w][d] {
				vecTable[w][d][i] = asm.Vec(i, d == 1, w == 1)
			}
		}
	}
}

// run calls element-wise kernel op on a.
func runVec[T Float](op int, a *asm.Args) {
	w, d := 0, 1
	if level == AVX512 {
		w = 1
	}
	if is32[T]() {
		d = 0
	}
	asm.RunVec(vecTable[w][d][op], a)
}

// vec runs kernel op over arrays of n numbers, if the level has it. Pointers beyond the first are inputs, nil for none.
func vec[T Float](op, n int, dst, x, y, z []T, s0, s1 T) bool {
	if level == Portable {
		return false
	}
	if n == 0 {
		return true
	}
	a := asm.Args{N: n}
	a.P[0], a.P[1], a.P[2], a.P[3] = ptr(dst), ptr(x), ptr(y), ptr(z)
	a.S[0], a.S[1] = alphaBits(s0), alphaBits(s1)
	runVec[T](op, &a)
	return true
}

// vecReduce runs reduction op over n numbers, if the level has it.
func vecReduce[T Float](op, n int, x, y []T, s0 T) (T, bool) {
	if level == Portable {
		return 0, false
	}
	a := asm.Args{N: n}
	a.P[0], a.P[1] = ptr(x), ptr(y)
	a.S[0] = alphaBits(s0)
	runVec[T](op, &a)
	return *(*T)(unsafe.Pointer(&a.R[0])), true
}

// vecAdamW makes a step, if the level has it.
func vecAdamW[T Float](w, g, m, v []T, o AdamW) bool {
	if level == Portable {
		return false
	}
	if len(w) == 0 {
		return true
	}
	a := asm.Args{N: len(w)}
	a.P[0], a.P[1], a.P[2], a.P[3] = ptr(w), ptr(g), ptr(m), ptr(v)
	for i, s := range []float64{o.Beta1, (1 - o.Beta1) * o.Scale, o.Beta2, (1 - o.Beta2) * o.Scale * o.Scale, o.C1 * o.LR, o.C2, o.Eps, 1 - o.LR*o.Decay} {
		a.S[i] = alphaBits(T(s))
	}
	runVec[T](asm.VAdamW, &a)
	return true
}
