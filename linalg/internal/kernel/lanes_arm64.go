package kernel

import "github.com/priorlab/priorlab/linalg/internal/asm"

// laneCount is how many matrices go side by side: the numbers of a register, which is also the order of the blocks that
// registers transpose.
func laneCount[T Float]() int { return 16 / size[T]() }

// cholPanels are the kernels that make a panel of factors, and that go back through it.
func cholPanels[T Float]() (panel func(base *byte, n, ld, j int) uint64, grad func(grad, base *byte, n, ld, j int)) {
	if is32[T]() {
		return asm.CholPanelF32x128, asm.CholPanelGradF32x128
	}
	return asm.CholPanelF64x128, asm.CholPanelGradF64x128
}

// transposeBlocks transposes square blocks as wide as a register: the rows of a block are lds and ldd numbers apart, the
// blocks nexts and nextd.
func transposeBlocks[T Float](blocks int, src []T, lds, nexts int, dst []T, ldd, nextd int) {
	es, f := size[T](), asm.Transpose2F64
	if es == 4 {
		f = asm.Transpose4F32
	}
	f(blocks, (*byte)(ptr(src)), uintptr(lds*es), uintptr(nexts*es), (*byte)(ptr(dst)), uintptr(ldd*es), uintptr(nextd*es))
}
