package pseudovideo

import (
	"github.com/priorlab/priorlab/linalg"
)

// window says how a convolution's kernel moves over the spatial axes: time, height, width.
type window struct {
	kernel, stride, before, after [3]int
}

// square is a kernel of depth kt and side k with the given stride in space, padded so that stride 1 keeps the size.
func square(kt, k, stride int) window {
	p := (k - 1) / 2
	return window{[3]int{kt, k, k}, [3]int{1, stride, stride}, [3]int{(kt - 1) / 2, p, p}, [3]int{kt / 2, p, p}}
}

// out is the size of the result for inputs of size s.
func (w window) out(s [3]int) (o [3]int) {
	for d := range 3 {
		o[d] = (s[d]+w.before[d]+w.after[d]-w.kernel[d])/w.stride[d] + 1
	}
	return o
}

func (w window) taps() int { return w.kernel[0] * w.kernel[1] * w.kernel[2] }

// volume is the number of positions of a block of that size.
func volume(s [3]int) int { return s[0] * s[1] * s[2] }

// even splits the window's padding into what is the same on both sides of each axis and what is more before and after.
func (w window) even() (pads, before, after []int) {
	for d := range 3 {
		p := min(w.before[d], w.after[d])
		pads, before, after = append(pads, p), append(before, w.before[d]-p), append(after, w.after[d]-p)
	}
	return pads, before, after
}

// conv is a cross-correlation of x [N, T, H, W, Ci] with w [kt, kh, kw, Ci, Co]. Kernels one frame deep treat frames as
// a batch.
func conv(x, w, b *linalg.Tensor, win window) *linalg.Tensor {
	if win.taps() == 1 && win.stride == [3]int{1, 1, 1} {
		return linalg.Linear(x, w.Reshape(w.Dim(3), w.Dim(4)).T(), b)
	}
	pads, before, after := win.even()
	for d := range 3 {
		x = widen(x, d+1, before[d], after[d])
	}
	if win.kernel[0] > 1 || win.stride[0] > 1 {
		return linalg.Conv(x, w, b, linalg.ConvOptions{Strides: win.stride[:], Pads: pads})
	}
	s := x.Shape()
	y := linalg.Conv(x.Reshape(s[0]*s[1], s[2], s[3], s[4]), w.Select(0, 0), b, linalg.ConvOptions{Strides: win.stride[1:], Pads: pads[1:]})
	return y.Reshape(s[0], s[1], y.Dim(1), y.Dim(2), y.Dim(3))
}

// widen puts zeros before and after x along one axis.
func widen(x *linalg.Tensor, axis, before, after int) *linalg.Tensor {
	side := func(n int) *linalg.Tensor {
		s := x.Shape()
		s[axis] = n
		return linalg.Zeros(x.DType(), s...)
	}
	if before > 0 {
		x = linalg.Concat(axis, side(before), x)
	}
	if after > 0 {
		x = linalg.Concat(axis, x, side(after))
	}
	return x
}

// convTranspose is the adjoint of conv in x: x [N, T, H, W, Ci], w [kt, kh, kw, Co, Ci]; the result has the size that
// win.out shrinks to x's, namely (S-1) stride + kernel - before - after.
func convTranspose(x, w, b *linalg.Tensor, win window) *linalg.Tensor {
	pads, before, after := win.even()
	s := x.Shape()
	var y *linalg.Tensor
	if win.kernel[0] == 1 && win.stride[0] == 1 {
		y = linalg.ConvTranspose(x.Reshape(s[0]*s[1], s[2], s[3], s[4]), w.Select(0, 0), b, linalg.ConvOptions{Strides: win.stride[1:], Pads: pads[1:]})
		y = y.Reshape(s[0], s[1], y.Dim(1), y.Dim(2), y.Dim(3))
	} else {
		y = linalg.ConvTranspose(x, w, b, linalg.ConvOptions{Strides: win.stride[:], Pads: pads})
	}
	for d := range 3 {
		if before[d]+after[d] > 0 {
			y = y.Slice(d+1, before[d], y.Dim(d+1)-after[d])
		}
	}
	return y
}
