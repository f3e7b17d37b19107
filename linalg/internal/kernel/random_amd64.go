package kernel

import (
	"math"
	"unsafe"

	"github.com/priorlab/priorlab/linalg/internal/asm"
)

// normalSteps fills as much of dst as whole steps of eight blocks cover, from block lo of the stream on, and says how
// many numbers that was. The bits are those of the plain form.
func normalSteps[T Float](dst []T, lo, stream, key uint64) int {
	if level == Portable {
		return 0
	}
	f := asm.NormalF64x512
	switch {
	case level == AVX512 && is32[T]():
		f = asm.NormalF32x512
	case level == AVX2 && is32[T]():
		f = asm.NormalF32x256
	case level == AVX2:
		f = asm.NormalF64x256
	}
	return philoxSteps(f, dst, 8*16/size[T](), lo, stream, key)
}

// dropSteps is normalSteps for the masks of dropout.
func dropSteps(dst []float32, rate, scale float32, lo, stream, key uint64) int {
	if level == Portable {
		return 0
	}
	f := asm.DropF32x512
	if level == AVX2 {
		f = asm.DropF32x256
	}
	return philoxSteps(f, dst, 16, lo, stream, key, uint64(math.Float32bits(rate)), uint64(math.Float32bits(scale)))
}

// philoxSteps runs a generator that makes per numbers a step of eight blocks. Arguments of its own follow those of the stream.
func philoxSteps[T Float](f func(*byte), dst []T, per int, lo, stream, key uint64, own ...uint64) int {
	n := len(dst) / per
	if n == 0 {
		return 0
	}
	var keys [10 * 8]uint64
	k0, k1 := uint32(key), uint32(key>>32)
	for r := 0; r < 10; r++ {
		for i := 0; i < 4; i++ {
			keys[8*r+i], keys[8*r+4+i] = uint64(k0), uint64(k1)
		}
		k0 += 0x9e3779b9
		k1 += 0xbb67ae85
	}
	// A call makes at most 16 Ki numbers, so that it is short.
	most := 16384 / per
	for done := 0; done < n; done += most {
		a := asm.Args{N: min(most, n-done)}
		a.P[0], a.P[1] = ptr(dst[done*per:]), unsafe.Pointer(&keys)
		a.S[0], a.S[1], a.S[2] = lo+uint64(8*done), stream&0xffffffff, stream>>32
		copy(a.S[3:], own)
		f((*byte)(unsafe.Pointer(&a)))
	}
	return n * per
}
