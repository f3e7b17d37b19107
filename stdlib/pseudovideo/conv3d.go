package pseudovideo

import (
	"fmt"
	"math"

	"github.com/priorlab/priorlab/linalg"
)

// conv3D is the VideoGPT pair: strided convolutions of 4x4x4, one of 3x3x3, residual blocks with axial attention, and
// the mirror image. Batch norm is replaced by a group norm, which small batches need. With one frame every kernel is one
// frame deep and nothing attends along time: the image model.
func (c TokenizerConfig) conv3D(b *builder, f, channels int) (enc, dec chain) {
	video := f > 1
	space, time := int(math.Log2(float64(c.Down))), int(math.Log2(float64(c.Time)))
	n := max(space, time, 1)
	in := channels
	var wins []window
	for i := range n {
		w := strided(video, i < time, i < space)
		wins = append(wins, w)
		enc = append(enc, b.conv(fmt.Sprintf("encode.%d", i), in, c.Width, w), relu())
		in = c.Width
	}
	kt := 1
	if video {
		kt = 3
	}
	enc = append(enc, b.conv("encode.last", in, c.Width, square(kt, 3, 1)))
	stack := func(name string) (l chain) {
		for i := range c.Blocks {
			l = append(l, c.axialResidual(b, fmt.Sprintf("%s.res%d", name, i), kt))
		}
		return append(l, b.norm(name+".norm", 8, c.Width, false), relu())
	}
	enc = append(enc, stack("encode")...)
	dec = append(dec, stack("decode")...)
	for i := n - 1; i >= 0; i-- {
		out := c.Width
		if i == 0 {
			out = channels
		}
		dec = append(dec, b.upConv(fmt.Sprintf("decode.%d", i), c.Width, out, wins[i]))
		if i > 0 {
			dec = append(dec, relu())
		}
	}
	return enc, dec
}

// strided is a kernel of side 4, one frame deep for images, with stride 2 on the axes to be halved and the padding k - s
// split into its larger and smaller half.
func strided(video, time, space bool) (w window) {
	for d, halve := range []bool{time, space, space} {
		w.kernel[d], w.stride[d] = 4, 1
		if halve {
			w.stride[d] = 2
		}
		if d == 0 && !video {
			w.kernel[d] = 1
		}
		p := w.kernel[d] - w.stride[d]
		w.before[d], w.after[d] = (p+1)/2, p/2
	}
	return w
}

// axialResidual is norm, ReLU, 3x3x3 to half the width, norm, ReLU, 1x1x1, norm, ReLU, axial attention, added to its input.
func (c TokenizerConfig) axialResidual(b *builder, name string, kt int) layer {
	half := max(c.Width/2, 1)
	axes := axialLayer{b.axis(name+".width", 3, c.Width, c.Heads), b.axis(name+".height", 2, c.Width, c.Heads)}
	if kt > 1 {
		axes = append(axes, b.axis(name+".time", 1, c.Width, c.Heads))
	}
	return residual{chain{
		b.norm(name+".norm0", 8, c.Width, false), relu(), b.conv(name+".3x3x3", c.Width, half, square(kt, 3, 1)),
		b.norm(name+".norm1", 8, half, false), relu(), b.conv(name+".1x1x1", half, c.Width, square(1, 1, 1)),
		b.norm(name+".norm2", 8, c.Width, false), relu(), axes}}
}

// axialLayer is the sum of attention along several axes.
type axialLayer []*axis

// axis attends along one axis of [N, T, H, W, C].
type axis struct {
	dim, heads int
	qkv, out   *linearLayer
}

func (b *builder) axis(name string, dim, c, heads int) *axis {
	return &axis{dim, heads, b.linear(name+".qkv", c, 3*c), b.linear(name+".out", c, c)}
}

func (a *axis) forward(h *linalg.Tensor) *linalg.Tensor {
	z := h.SwapAxes(a.dim, 3)
	s := z.Shape()
	z = a.out.apply(attendTo(a.qkv.apply(z.Reshape(-1, s[3], s[4])), a.heads, linalg.AttentionOptions{}))
	return z.Reshape(s...).SwapAxes(a.dim, 3)
}

func (l axialLayer) forward(h *linalg.Tensor, _ *call) *linalg.Tensor {
	sum := l[0].forward(h)
	for _, a := range l[1:] {
		sum = sum.Add(a.forward(h))
	}
	return sum
}

func (l axialLayer) cost(s volumeShape) (volumeShape, int64) {
	var total int64
	for _, a := range l {
		seen := []int{0, s.t, s.h, s.w}[a.dim]
		total += s.positions() * (4*int64(s.c)*int64(s.c) + 2*int64(seen)*int64(s.c))
	}
	return s, total
}
