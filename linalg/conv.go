package linalg

import (
	"slices"

	"github.com/priorlab/priorlab/linalg/internal/kernel"
)

// ConvOptions says how a kernel moves over images. The zero value is stride one without padding.
type ConvOptions struct {
	Stride, Pad   int   // for every spatial axis; Stride 0 means 1
	Strides, Pads []int // for each spatial axis, in place of Stride and Pad
	OutPad        int   // ConvTranspose: further positions at the far end of every axis, less than the stride
}

// shape works out the three-axis geometry of a convolution of big images, of spatial shape size and channels in, by the
// weights w [kernel..., in, out].
func (o ConvOptions) shape(op string, w *Tensor, n int, size []int) kernel.ConvShape {
	k := len(size)
	g := kernel.ConvShape{N: n, In: w.shape[k], Out: w.shape[k+1], X: [3]int{1, 1, 1}, K: [3]int{1, 1, 1}, S: [3]int{1, 1, 1}}
	if (o.Strides != nil && len(o.Strides) != k) || (o.Pads != nil && len(o.Pads) != k) {
		fail(op, "Strides %v and Pads %v must have one entry for each of %d spatial axes", o.Strides, o.Pads, k)
	}
	for i := range size {
		j := 3 - k + i
		g.X[j], g.K[j], g.S[j], g.P[j] = size[i], w.shape[i], max(1, o.Stride), o.Pad
		if o.Strides != nil {
			g.S[j] = o.Strides[i]
		}
		if o.Pads != nil {
			g.P[j] = o.Pads[i]
		}
		if g.S[j] < 1 || g.P[j] < 0 || g.K[j] < 1 {
			fail(op, "stride %d, padding %d, kernel %v", g.S[j], g.P[j], w.shape[:k])
		}
	}
	for j := range g.X {
		g.Y[j] = (g.X[j]+2*g.P[j]-g.K[j])/g.S[j] + 1
		if g.X[j]+2*g.P[j] < g.K[j] {
			failHint(op, "pad more or use a smaller kernel", "images of %v are smaller than the kernel of %v", size, w.shape[:k])
		}
	}
	return g
}

// checkConv checks ranks, types and channels; c is the axis of w, counted from its end, that must fit x's channels.
func checkConv(op string, x, w, b *Tensor, c int) {
	r := len(x.shape)
	x.mustFloat(op)
	if r != 4 && r != 5 || len(w.shape) != r {
		failHint(op, "images are [batch, height, width, channels] or [batch, depth, height, width, channels]",
			"x is %v, w is %v", x.shape, w.shape)
	}
	if x.shape[r-1] != w.shape[r-c] || x.dt != w.dt {
		failHint(op, "weights are [kernel..., in, out]; ConvTranspose takes those of the convolution it transposes",
			"x is %v %v, w is %v %v: channels or types differ", x.dt, x.shape, w.dt, w.shape)
	}
	if out := w.shape[r-3+c]; b != nil && (len(b.shape) != 1 || b.shape[0] != out || b.dt != x.dt) {
		fail(op, "bias is %v %v, but there are %d output channels of type %v", b.dt, b.shape, out, x.dt)
	}
}

// Conv is the convolution (cross-correlation) of images x, channels last, with weights w [kernel..., in, out] and bias b
// [out] or nil: planes for x [batch, height, width, in], volumes for x [batch, depth, height, width, in]. In single
// precision, 3x3 kernels that keep the size of the images go by minimal filtering, which takes fewer products than the sum.
func Conv(x, w, b *Tensor, opt ConvOptions) *Tensor {
	checkConv("Conv", x, w, b, 2)
	r := len(x.shape)
	g := opt.shape("Conv", w, x.shape[0], x.shape[1:r-1])
	shape := append(append([]int{x.shape[0]}, g.Y[5-r:]...), g.Out)
	if x.dt == F32 {
		return conv[float32](newTensor(F32, shape), x, w, b, g, false)
	}
	return conv[float64](newTensor(F64, shape), x, w, b, g, false)
}

// ConvTranspose is the transpose of the convolution with weights w [kernel..., out, in]: where that takes images of
// "out" channels to smaller ones of "in" channels, this takes x [batch, ..., in] to images of "out" channels, enlarged by
// the stride. An axis of n becomes (n-1)*stride - 2*pad + kernel + OutPad.
func ConvTranspose(x, w, b *Tensor, opt ConvOptions) *Tensor {
	checkConv("ConvTranspose", x, w, b, 1)
	r := len(x.shape)
	k := r - 2
	size := make([]int, k)
	for i := range size {
		s, p := max(1, opt.Stride), opt.Pad
		if i < len(opt.Strides) {
			s = opt.Strides[i]
		}
		if i < len(opt.Pads) {
			p = opt.Pads[i]
		}
		size[i] = (x.shape[1+i]-1)*s - 2*p + w.shape[i] + opt.OutPad
		if size[i] < 1 || opt.OutPad >= max(s, 1) && opt.OutPad > 0 {
			fail("ConvTranspose", "images of %v, kernel %v, stride %d, padding %d and OutPad %d give no images", x.shape[1:r-1], w.shape[:k], s, p, opt.OutPad)
		}
	}
	g := opt.shape("ConvTranspose", w, x.shape[0], size)
	shape := append(append([]int{x.shape[0]}, size...), g.In)
	if x.dt == F32 {
		return conv[float32](newTensor(F32, shape), x, w, b, g, true)
	}
	return conv[float64](newTensor(F64, shape), x, w, b, g, true)
}

func conv[T kernel.Float](y, x, w, b *Tensor, g kernel.ConvShape, transposed bool) *Tensor {
	xd, wd := x.dense(), w.detached().dense()
	if transposed {
		kernel.ConvTransposed(vals[T](y), vals[T](xd), vals[T](wd), optional[T](b), g)
	} else {
		kernel.Conv(vals[T](y), vals[T](xd), vals[T](wd), optional[T](b), g)
	}
	return track(y, func(gr *Tensor) []*Tensor {
		gr = gr.dense()
		gs := make([]*Tensor, 3)
		if wanted(x) {
			gs[0] = like(x)
			if transposed {
				kernel.Conv(vals[T](gs[0]), vals[T](gr), vals[T](wd), nil, g)
			} else {
				kernel.ConvTransposed(vals[T](gs[0]), vals[T](gr), vals[T](wd), nil, g)
			}
		}
		if wanted(w) {
			gs[1] = like(w)
			if transposed {
				kernel.ConvWeights(vals[T](gs[1]), vals[T](gr), vals[T](xd), g)
			} else {
				kernel.ConvWeights(vals[T](gs[1]), vals[T](xd), vals[T](gr), g)
			}
		}
		if wanted(b) {
			gs[2] = gr.Reshape(-1, b.shape[0]).Sum(0)
		}
		return gs
	}, x, w, b)
}

// ChannelsLast turns images [batch, channels, spatial...] into [batch, spatial..., channels].
func ChannelsLast(x *Tensor) *Tensor { return moveAxis(x, "ChannelsLast", 1, len(x.shape)-1) }

// ChannelsFirst turns images [batch, spatial..., channels] into [batch, channels, spatial...].
func ChannelsFirst(x *Tensor) *Tensor { return moveAxis(x, "ChannelsFirst", len(x.shape)-1, 1) }

func moveAxis(x *Tensor, op string, from, to int) *Tensor {
	if len(x.shape) < 3 {
		fail(op, "shape %v has no batch, channels and spatial axes", x.shape)
	}
	axes := make([]int, len(x.shape))
	for i := range axes {
		axes[i] = i
	}
	axes = slices.Insert(slices.Delete(axes, from, from+1), to, from)
	return x.Permute(axes...).Contiguous()
}

// AvgPool is the mean over non-overlapping windows of k positions on every spatial axis of images, channels last.
func AvgPool(x *Tensor, k int) *Tensor {
	y, axes := windows("AvgPool", x, k)
	return y.Mean(axes...)
}

// windows splits each spatial axis into windows of k and lists the axes within a window.
func windows(op string, x *Tensor, k int) (*Tensor, []int) {
	r := len(x.shape)
	if r < 3 || k < 1 {
		fail(op, "shape %v with windows of %d", x.shape, k)
	}
	shape := []int{x.shape[0]}
	var axes []int
	for _, n := range x.shape[1 : r-1] {
		if n%k != 0 {
			fail(op, "an axis of %d does not divide into windows of %d", n, k)
		}
		shape = append(shape, n/k, k)
		axes = append(axes, len(shape)-1)
	}
	return x.Reshape(append(shape, x.shape[r-1])...), axes
}

// Upsample repeats every position k times along every spatial axis of images, channels last (nearest neighbour).
func Upsample(x *Tensor, k int) *Tensor {
	r := len(x.shape)
	if r < 3 || k < 1 {
		fail("Upsample", "shape %v by %d", x.shape, k)
	}
	from, to, end := []int{x.shape[0]}, []int{x.shape[0]}, []int{x.shape[0]}
	for _, n := range x.shape[1 : r-1] {
		from, to, end = append(from, n, 1), append(to, n, k), append(end, n*k)
	}
	c := x.shape[r-1]
	return x.Reshape(append(from, c)...).BroadcastTo(append(to, c)...).Reshape(append(end, c)...)
}
