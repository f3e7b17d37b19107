package pseudovideo

import (
	"math"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/nn"
)

// A builder makes the parameters of a model in a fixed order. A dry builder only counts them, so that a model of any
// size can be described without its memory.
type builder struct {
	dt     linalg.DType
	rng    *linalg.Rand
	dry    bool
	params []nn.Param
	count  int
}

func newBuilder(dt linalg.DType, seed uint64, dry bool) *builder {
	return &builder{dt: dt, rng: linalg.NewRand(seed), dry: dry}
}

// uniform makes a parameter uniform in +-bound; bound 0 makes zeros.
func (b *builder) uniform(name string, bound float64, shape ...int) *linalg.Tensor {
	return b.add(name, shape, func() *linalg.Tensor {
		if bound == 0 {
			return linalg.Zeros(b.dt, shape...)
		}
		return linalg.Uniform(b.rng, b.dt, shape...).MulS(2 * bound).AddS(-bound)
	})
}

func (b *builder) full(name string, v float64, shape ...int) *linalg.Tensor {
	return b.add(name, shape, func() *linalg.Tensor { return linalg.Full(b.dt, v, shape...) })
}

func (b *builder) normal(name string, std float64, shape ...int) *linalg.Tensor {
	return b.add(name, shape, func() *linalg.Tensor { return linalg.Normal(b.rng, b.dt, shape...).MulS(std) })
}

func (b *builder) add(name string, shape []int, value func() *linalg.Tensor) *linalg.Tensor {
	n := 1
	for _, s := range shape {
		n *= s
	}
	b.count += n
	if b.dry {
		return nil
	}
	p := linalg.Param(value())
	b.params = append(b.params, nn.Param{Name: name, Value: p})
	return p
}

// call is what one forward pass hands to every layer.
type call struct {
	emb  *linalg.Tensor // time embedding [N, E], or nil
	rng  *linalg.Rand   // for dropout; nil outside training
	rate float64        // dropout

	attention float64 // dropout of attention weights
}

func (c *call) dropout(x *linalg.Tensor) *linalg.Tensor {
	if c == nil || c.rng == nil || c.rate == 0 {
		return x
	}
	return linalg.Dropout(c.rng, x, c.rate)
}

// volumeShape is the shape of one item's activations: frames, height, width, channels.
type volumeShape struct{ t, h, w, c int }

func (s volumeShape) positions() int64 { return int64(s.t) * int64(s.h) * int64(s.w) }

// layer is one step of a network on activations [N, T, H, W, C]. cost is its result's shape and its multiply-adds for
// one item.
type layer interface {
	forward(h *linalg.Tensor, c *call) *linalg.Tensor
	cost(s volumeShape) (volumeShape, int64)
}

// linearLayer acts on the channels.
type linearLayer struct {
	in, out int
	w, b    *linalg.Tensor
}

func (b *builder) linear(name string, in, out int) *linearLayer {
	k := 1 / math.Sqrt(float64(in))
	return &linearLayer{in, out, b.uniform(name+".W", k, out, in), b.uniform(name+".b", k, out)}
}

// zeroLinear begins as the map to zero.
func (b *builder) zeroLinear(name string, in, out int) *linearLayer {
	return &linearLayer{in, out, b.uniform(name+".W", 0, out, in), b.uniform(name+".b", 0, out)}
}

func (l *linearLayer) apply(x *linalg.Tensor) *linalg.Tensor { return linalg.Linear(x, l.w, l.b) }
func (l *linearLayer) forward(h *linalg.Tensor, _ *call) *linalg.Tensor {
	return l.apply(h)
}
func (l *linearLayer) cost(s volumeShape) (volumeShape, int64) {
	m := s.positions() * int64(l.in) * int64(l.out)
	s.c = l.out
	return s, m
}

// convLayer is a convolution.
type convLayer struct {
	in, out int
	win     window
	w, b    *linalg.Tensor
}

func (b *builder) conv(name string, in, out int, win window) *convLayer {
	k := 1 / math.Sqrt(float64(in*win.taps()))
	return &convLayer{in, out, win, b.uniform(name+".W", k, win.kernel[0], win.kernel[1], win.kernel[2], in, out), b.uniform(name+".b", k, out)}
}

func (b *builder) zeroConv(name string, in, out int, win window) *convLayer {
	return &convLayer{in, out, win, b.uniform(name+".W", 0, win.kernel[0], win.kernel[1], win.kernel[2], in, out), b.uniform(name+".b", 0, out)}
}

func (l *convLayer) forward(h *linalg.Tensor, _ *call) *linalg.Tensor {
	return conv(h, l.w, l.b, l.win)
}
func (l *convLayer) cost(s volumeShape) (volumeShape, int64) {
	o := l.win.out([3]int{s.t, s.h, s.w})
	s = volumeShape{o[0], o[1], o[2], l.out}
	return s, s.positions() * int64(l.win.taps()) * int64(l.in) * int64(l.out)
}

// upConv is a transposed convolution; its result is as large as what win would shrink to its input.
type upConv struct {
	in, out int
	win     window
	w, b    *linalg.Tensor
}

func (b *builder) upConv(name string, in, out int, win window) *upConv {
	k := 1 / math.Sqrt(float64(in*win.taps())/float64(volume(win.stride)))
	return &upConv{in, out, win, b.uniform(name+".W", k, win.kernel[0], win.kernel[1], win.kernel[2], out, in), b.uniform(name+".b", k, out)}
}

// size inverts window.out.
func (l *upConv) size(s [3]int) (o [3]int) {
	for d := range 3 {
		o[d] = (s[d]-1)*l.win.stride[d] + l.win.kernel[d] - l.win.before[d] - l.win.after[d]
	}
	return o
}

func (l *upConv) forward(h *linalg.Tensor, _ *call) *linalg.Tensor {
	return convTranspose(h, l.w, l.b, l.win)
}
func (l *upConv) cost(s volumeShape) (volumeShape, int64) {
	m := s.positions() * int64(l.win.taps()) * int64(l.in) * int64(l.out)
	o := l.size([3]int{s.t, s.h, s.w})
	return volumeShape{o[0], o[1], o[2], l.out}, m
}

// normLayer is a group norm, over each frame on its own or over the whole video.
type normLayer struct {
	groups     int
	perFrame   bool
	gain, bias *linalg.Tensor
}

func (b *builder) norm(name string, groups, c int, perFrame bool) *normLayer {
	for c%groups != 0 { // a width that groups does not divide has fewer groups
		groups--
	}
	return &normLayer{groups, perFrame, b.full(name+".gain", 1, c), b.full(name+".bias", 0, c)}
}

func (l *normLayer) forward(h *linalg.Tensor, _ *call) *linalg.Tensor {
	return l.with(h, l.gain, l.bias)
}

// scaled is the norm's output times 1 + scale, plus shift, both [N, C]: one pass over h instead of three.
func (l *normLayer) scaled(h, scale, shift *linalg.Tensor) *linalg.Tensor {
	n, f, c := h.Dim(0), h.Dim(1), h.Dim(4)
	scale = scale.AddS(1)
	gain, bias := scale.Mul(l.gain), scale.Mul(l.bias).Add(shift)
	if l.perFrame && f > 1 { // each frame of a video has the video's
		each := func(x *linalg.Tensor) *linalg.Tensor {
			return x.Reshape(n, 1, c).BroadcastTo(n, f, c).Reshape(n*f, c)
		}
		gain, bias = each(gain), each(bias)
	}
	return l.with(h, gain, bias)
}

func (l *normLayer) with(h, gain, bias *linalg.Tensor) *linalg.Tensor {
	s := h.Shape()
	n := s[0]
	if l.perFrame {
		n *= s[1]
	}
	return linalg.GroupNorm(h.Reshape(n, -1, s[4]), l.groups, gain, bias).Reshape(s...)
}
func (l *normLayer) cost(s volumeShape) (volumeShape, int64) { return s, 0 }

// fn is a layer without parameters.
type fn struct {
	f     func(h *linalg.Tensor) *linalg.Tensor
	shape func(s volumeShape) volumeShape
}

func (l fn) forward(h *linalg.Tensor, _ *call) *linalg.Tensor { return l.f(h) }
func (l fn) cost(s volumeShape) (volumeShape, int64) {
	if l.shape != nil {
		s = l.shape(s)
	}
	return s, 0
}

func relu() layer { return fn{f: func(h *linalg.Tensor) *linalg.Tensor { return h.ReLU() }} }
func silu() layer { return fn{f: func(h *linalg.Tensor) *linalg.Tensor { return h.SiLU() }} }

// enlarge doubles height and width by repetition.
func enlarge() layer {
	return fn{func(h *linalg.Tensor) *linalg.Tensor {
		s := h.Shape()
		return linalg.Upsample(h.Reshape(s[0]*s[1], s[2], s[3], s[4]), 2).Reshape(s[0], s[1], 2*s[2], 2*s[3], s[4])
	}, func(s volumeShape) volumeShape { s.h *= 2; s.w *= 2; return s }}
}

// chain is one layer after the other.
type chain []layer

func (l chain) forward(h *linalg.Tensor, c *call) *linalg.Tensor {
	for _, k := range l {
		h = k.forward(h, c)
	}
	return h
}
func (l chain) cost(s volumeShape) (volumeShape, int64) {
	var total int64
	for _, k := range l {
		var m int64
		s, m = k.cost(s)
		total += m
	}
	return s, total
}

// residual adds its input to the result of a layer.
type residual struct{ of layer }

func (l residual) forward(h *linalg.Tensor, c *call) *linalg.Tensor { return h.Add(l.of.forward(h, c)) }
func (l residual) cost(s volumeShape) (volumeShape, int64)          { return l.of.cost(s) }
