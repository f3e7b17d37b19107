package kernel

import "github.com/priorlab/priorlab/linalg/internal/asm"

// laneCount is how many matrices go side by side: the numbers of a register, which is also the order of the blocks that
// registers transpose.
func laneCount[T Float]() int {
	w := 8
	if is32[T]() {
		w = 16
	}
	if level == AVX2 {
		w /= 2
	}
	return w
}

// cholPanels are the kernels that make a panel of factors, and that go back through it.
func cholPanels[T Float]() (panel func(base *byte, n, ld, j int) uint64, grad func(grad, base *byte, n, ld, j int)) {
	switch {
	case level == AVX512 && is32[T]():
		return asm.CholPanelF32x512, asm.CholPanelGradF32x512
	case level == AVX512:
		return asm.CholPanelF64x512, asm.CholPanelGradF64x512
	case is32[T]():
		return asm.CholPanelF32x256, asm.CholPanelGradF32x256
	}
	return asm.CholPanelF64x256, asm.CholPanelGradF64x256
}

// transposeBlocks transposes square blocks as wide as a register: the rows of a block are lds and ldd numbers apart, the
// blocks nexts and nextd.
func transposeBlocks[T Float](blocks int, src []T, lds, nexts int, dst []T, ldd, nextd int) {
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
	f(blocks, (*byte)(ptr(src)), uintptr(lds*es), uintptr(nexts*es), (*byte)(ptr(dst)), uintptr(ldd*es), uintptr(nextd*es))
}
