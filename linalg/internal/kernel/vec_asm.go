//go:build amd64 || arm64

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

// vecRow runs a kernel that goes over a row several times, if the level has it, and returns its first and third result.
func vecRow[T Float](op int, dst, x, y, z []T, s0, s1 T) (T, T, bool) {
	if level == Portable {
		return 0, 0, false
	}
	a := asm.Args{N: len(x)}
	a.P[0], a.P[1], a.P[2], a.P[3] = ptr(dst), ptr(x), ptr(y), ptr(z)
	a.S[0], a.S[1] = alphaBits(s0), alphaBits(s1)
	runVec[T](op, &a)
	return *(*T)(unsafe.Pointer(&a.R[0])), *(*T)(unsafe.Pointer(&a.R[2])), true
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

// layerNormGrad1 makes one row's part of the gradients of gain and bias, with xh = rs x + shift, and returns the sums of g
// gain and g gain xh.
func layerNormGrad1[T Float](dgain, dbias, g, x, gain []T, rs, shift T) (T, T) {
	if level == Portable {
		return layerNormGrad1Go(dgain, dbias, g, x, gain, rs, shift)
	}
	a := asm.Args{N: len(x)}
	a.P[0], a.P[1], a.P[2], a.P[3], a.P[4] = ptr(x), ptr(g), ptr(gain), ptr(dgain), ptr(dbias)
	a.S[0], a.S[1] = alphaBits(rs), alphaBits(shift)
	runVec[T](asm.VLayerNormGrad1, &a)
	return *(*T)(unsafe.Pointer(&a.R[0])), *(*T)(unsafe.Pointer(&a.R[1]))
}

// layerNormGrad2 computes dx = s0 g gain + s1 x + s2.
func layerNormGrad2[T Float](dx, g, x, gain []T, s0, s1, s2 T) {
	if level == Portable {
		layerNormGrad2Go(dx, g, x, gain, s0, s1, s2)
		return
	}
	a := asm.Args{N: len(x)}
	a.P[0], a.P[1], a.P[2], a.P[3] = ptr(dx), ptr(g), ptr(x), ptr(gain)
	a.S[0], a.S[1], a.S[2] = alphaBits(s0), alphaBits(s1), alphaBits(s2)
	runVec[T](asm.VLayerNormGrad2, &a)
}

// groupNormGrad1 computes s1 += g and s2 += (x + v) g.
func groupNormGrad1[T Float](s1, s2, g, x, v []T) {
	if level == Portable {
		groupNormGrad1Go(s1, s2, g, x, v)
		return
	}
	a := asm.Args{N: len(g)}
	a.P[0], a.P[1], a.P[2], a.P[3], a.P[4] = ptr(s1), ptr(s2), ptr(g), ptr(x), ptr(v)
	runVec[T](asm.VGroupNormGrad1, &a)
}

// groupNormGrad2 computes dx = x a + b + g c.
func groupNormGrad2[T Float](dx, x, a, b, g, c []T) {
	if level == Portable {
		groupNormGrad2Go(dx, x, a, b, g, c)
		return
	}
	v := asm.Args{N: len(x)}
	v.P[0], v.P[1], v.P[2], v.P[3], v.P[4], v.P[5] = ptr(dx), ptr(x), ptr(a), ptr(b), ptr(g), ptr(c)
	runVec[T](asm.VGroupNormGrad2, &v)
}

// SquaredExp computes dst = v exp(c (x - y)^2), a row of the squared exponential kernel on the line; c is not positive.
func SquaredExp[T Float](dst, y []T, x, c, v T) {
	if level == Portable {
		squaredExpGo(dst, y, x, c, v)
		return
	}
	if len(y) == 0 {
		return
	}
	a := asm.Args{N: len(y)}
	a.P[0], a.P[1] = ptr(dst[:len(y)]), ptr(y)
	a.S[0], a.S[1], a.S[2] = alphaBits(x), alphaBits(c), alphaBits(v)
	runVec[T](asm.VSquaredExp, &a)
}

// LineSums returns the sums of p, p u and p u^2 with p = k (w a + s b) and u = z - x.
func LineSums[T Float](k, w, a, b, x []T, s, z T) (p, pu, puu T) {
	if level == Portable {
		return lineSumsGo(k, w, a, b, x, s, z)
	}
	n := len(k)
	v := asm.Args{N: n}
	v.P[0], v.P[1], v.P[2], v.P[3], v.P[4] = ptr(k), ptr(w[:n]), ptr(a[:n]), ptr(b[:n]), ptr(x[:n])
	v.S[0], v.S[1] = alphaBits(s), alphaBits(z)
	runVec[T](asm.VLineSums, &v)
	at := func(i int) T { return *(*T)(unsafe.Pointer(&v.R[i])) }
	return at(0), at(1), at(2)
}
