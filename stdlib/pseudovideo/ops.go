package pseudovideo

import (
	"sync"

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

// unfold lays out the patches of x [N, T, H, W, C] that the kernel sees: [N*positions, taps*C]. Beyond the edge are
// zeros. Its adjoint is fold.
func unfold(x *linalg.Tensor, w window) *linalg.Tensor {
	s := x.Shape()
	n, size, c := s[0], [3]int{s[1], s[2], s[3]}, s[4]
	out := fromTo(x, func(src, dst []float32) { moveAll(dst, src, n, size, c, w, false) },
		func(src, dst []float64) { moveAll(dst, src, n, size, c, w, false) }, n*volume(w.out(size)), w.taps()*c)
	return linalg.Custom([]*linalg.Tensor{x}, out, func(g *linalg.Tensor) []*linalg.Tensor {
		return []*linalg.Tensor{foldValues(g, n, size, c, w)}
	})
}

// fold adds patches [N*positions, taps*C] up into x [N, T, H, W, C].
func fold(p *linalg.Tensor, n int, size [3]int, c int, w window) *linalg.Tensor {
	return linalg.Custom([]*linalg.Tensor{p}, foldValues(p, n, size, c, w), func(g *linalg.Tensor) []*linalg.Tensor {
		return []*linalg.Tensor{unfold(g, w)}
	})
}

func foldValues(p *linalg.Tensor, n int, size [3]int, c int, w window) *linalg.Tensor {
	return fromTo(p, func(src, dst []float32) { moveAll(src, dst, n, size, c, w, true) },
		func(src, dst []float64) { moveAll(src, dst, n, size, c, w, true) }, n, size[0], size[1], size[2], c)
}

func volume(s [3]int) int { return s[0] * s[1] * s[2] }

// fromTo computes a tensor of the given shape from the values of x, in x's precision.
func fromTo(x *linalg.Tensor, f32 func(src, dst []float32), f64 func(src, dst []float64), shape ...int) *linalg.Tensor {
	size := 1
	for _, s := range shape {
		size *= s
	}
	if x.DType() == linalg.F32 {
		dst := make([]float32, size)
		f32(x.Float32s(), dst)
		return linalg.FromFloat32(dst, shape...)
	}
	dst := make([]float64, size)
	f64(x.Float64s(), dst)
	return linalg.FromFloat64(dst, shape...)
}

// moveAll copies between images x and patches p, or with add set, adds patches to images. Batch items are independent
// and shared among the threads.
func moveAll[T float32 | float64](p, x []T, n int, size [3]int, c int, w window, add bool) {
	var wait sync.WaitGroup
	workers := max(1, min(linalg.Threads(), n))
	for k := range workers {
		wait.Go(func() {
			for i := k * n / workers; i < (k+1)*n/workers; i++ {
				pp, xx := len(p)/n, len(x)/n
				move(p[i*pp:(i+1)*pp], x[i*xx:(i+1)*xx], size, c, w, add)
			}
		})
	}
	wait.Wait()
}

func move[T float32 | float64](p, x []T, size [3]int, c int, w window, add bool) {
	o, at := w.out(size), 0
	for a := range o[0] {
		for b := range o[1] {
			for d := range o[2] {
				for i := range w.kernel[0] {
					t := a*w.stride[0] + i - w.before[0]
					for j := range w.kernel[1] {
						h := b*w.stride[1] + j - w.before[1]
						for k := range w.kernel[2] {
							v := d*w.stride[2] + k - w.before[2]
							if t >= 0 && t < size[0] && h >= 0 && h < size[1] && v >= 0 && v < size[2] {
								q := ((t*size[1]+h)*size[2] + v) * c
								if add {
									dst, src := x[q:q+c], p[at:at+c]
									for e, s := range src {
										dst[e] += s
									}
								} else {
									copy(p[at:at+c], x[q:q+c])
								}
							}
							at += c
						}
					}
				}
			}
		}
	}
}

// conv is a cross-correlation of x [N, T, H, W, Ci] with w [Co, taps*Ci] (taps in row-major order, channels last).
func conv(x, w, b *linalg.Tensor, win window) *linalg.Tensor {
	s := x.Shape()
	o := win.out([3]int{s[1], s[2], s[3]})
	if win.taps() == 1 && win.stride == [3]int{1, 1, 1} {
		return linalg.Linear(x, w, b)
	}
	return linalg.Linear(unfold(x, win), w, b).Reshape(s[0], o[0], o[1], o[2], w.Dim(0))
}

// convTranspose is the adjoint of conv in x: x [N, T, H, W, Ci], w [taps*Co, Ci]; the result has the given size, which
// must be one that win would shrink to x's.
func convTranspose(x, w, b *linalg.Tensor, win window, size [3]int) *linalg.Tensor {
	co := w.Dim(0) / win.taps()
	s := x.Shape()
	y := fold(linalg.Linear(x.Reshape(-1, s[4]), w, nil), s[0], size, co, win)
	if b == nil {
		return y
	}
	return y.Add(b)
}

// groupNorm normalises x [N, P, C] over all positions and the channels of a group, then scales and shifts channels.
func groupNorm(x *linalg.Tensor, groups int, gain, bias *linalg.Tensor) *linalg.Tensor {
	n, p, c := x.Dim(0), x.Dim(1), x.Dim(2)
	g := x.Reshape(n, p, groups, c/groups)
	mean := g.Mean(1, 3).Reshape(n, 1, groups, 1)
	d := g.Sub(mean)
	inv := d.Square().Mean(1, 3).AddS(1e-5).Sqrt().Recip().Reshape(n, 1, groups, 1)
	return d.Mul(inv).Reshape(n, p, c).Mul(gain).Add(bias)
}

// upsample2 doubles height and width of x [B, H, W, C] by repetition.
func upsample2(x *linalg.Tensor) *linalg.Tensor {
	b, h, w, c := x.Dim(0), x.Dim(1), x.Dim(2), x.Dim(3)
	return x.Reshape(b, h, 1, w, 1, c).BroadcastTo(b, h, 2, w, 2, c).Reshape(b, 2*h, 2*w, c)
}
