package pseudovideo

import (
	"fmt"
	"math"

	"github.com/priorlab/priorlab/linalg"
)

// cvivit is the causal video transformer: patches of the first frame alone and of groups of later frames; a spatial
// transformer inside each token frame with a learned continuous position bias, then a causal temporal transformer at
// each site with a bias linear in distance and a depthwise convolution as position encoding. The decoder runs them in
// the opposite order. Videos [N, F, H, W, C] become tokens [N, 1+(F-1)/p_t, H/p, W/p, width].
func (c TokenizerConfig) cvivit(b *builder, f, channels int) (enc, dec layer) {
	later := f > 1
	p := patches{side: c.Down, time: c.Time, c: channels, width: c.Width}
	in := &patchIn{patches: p, first: b.embed("encode.first", p.numbers(1), c.Width)}
	out := &patchOut{patches: p, first: b.linear("decode.first", c.Width, p.numbers(1))}
	if later {
		in.later = b.embed("encode.later", p.numbers(c.Time), c.Width)
		out.later = b.linear("decode.later", c.Width, p.numbers(c.Time))
	}
	space := func(name string) layer {
		s := &spatial{heads: c.Heads, hidden: b.linear(name+".bias.in", 2, c.Width), bias: b.linear(name+".bias.out", c.Width, c.Heads)}
		for i := range c.Blocks {
			s.blocks = append(s.blocks, b.block(fmt.Sprintf("%s.%d", name, i), c.Width, c.Heads, 4*c.Width))
		}
		return s
	}
	time := func(name string) layer {
		t := &temporal{heads: c.Heads}
		kt := 1
		if later {
			kt = 3
		}
		for i := range c.Blocks {
			t.shift = append(t.shift, b.depthwise(fmt.Sprintf("%s.%d.position", name, i), c.Width, kt))
			t.blocks = append(t.blocks, b.block(fmt.Sprintf("%s.%d", name, i), c.Width, c.Heads, 4*c.Width))
		}
		return t
	}
	return chain{in, space("encode.space"), time("encode.time")}, chain{time("decode.time"), space("decode.space"), out}
}

// patches are the sizes shared by both ends.
type patches struct{ side, time, c, width int }

// numbers is how many pixels values a token of so many frames covers.
func (p patches) numbers(frames int) int { return frames * p.side * p.side * p.c }

// cut turns frames [N, T*pt, H, W, C] into [N, T, H/p, W/p, pt*p*p*C].
func (p patches) cut(v *linalg.Tensor, pt int) *linalg.Tensor {
	n, t, h, w := v.Dim(0), v.Dim(1)/pt, v.Dim(2)/p.side, v.Dim(3)/p.side
	return v.Reshape(n, t, pt, h, p.side, w, p.side, p.c).Permute(0, 1, 3, 5, 2, 4, 6, 7).Reshape(n, t, h, w, p.numbers(pt))
}

// paste undoes cut.
func (p patches) paste(z *linalg.Tensor, pt int) *linalg.Tensor {
	n, t, h, w := z.Dim(0), z.Dim(1), z.Dim(2), z.Dim(3)
	return z.Reshape(n, t, h, w, pt, p.side, p.side, p.c).Permute(0, 1, 4, 2, 5, 3, 6, 7).Reshape(n, t*pt, h*p.side, w*p.side, p.c)
}

// embed is layer norm, linear, layer norm.
type embed struct {
	gain0, bias0, gain1, bias1 *linalg.Tensor
	lin                        *linearLayer
}

func (b *builder) embed(name string, in, out int) *embed {
	return &embed{b.full(name+".norm0.gain", 1, in), b.full(name+".norm0.bias", 0, in),
		b.full(name+".norm1.gain", 1, out), b.full(name+".norm1.bias", 0, out), b.linear(name, in, out)}
}

func (e *embed) apply(x *linalg.Tensor) *linalg.Tensor {
	return linalg.LayerNorm(e.lin.apply(linalg.LayerNorm(x, e.gain0, e.bias0)), e.gain1, e.bias1)
}

type patchIn struct {
	patches
	first, later *embed
}

func (p *patchIn) forward(v *linalg.Tensor, _ *call) *linalg.Tensor {
	z := p.first.apply(p.cut(v.Slice(1, 0, 1), 1))
	if p.later == nil {
		return z
	}
	return linalg.Concat(1, z, p.later.apply(p.cut(v.Slice(1, 1, v.Dim(1)), p.time)))
}

func (p *patchIn) cost(s volumeShape) (volumeShape, int64) {
	o := volumeShape{1 + (s.t-1)/p.time, s.h / p.side, s.w / p.side, p.width}
	return o, s.positions() * int64(p.c) * int64(p.width)
}

type patchOut struct {
	patches
	first, later *linearLayer
}

func (p *patchOut) forward(z *linalg.Tensor, _ *call) *linalg.Tensor {
	v := p.paste(p.first.apply(z.Slice(1, 0, 1)), 1)
	if p.later == nil {
		return v
	}
	return linalg.Concat(1, v, p.paste(p.later.apply(z.Slice(1, 1, z.Dim(1))), p.time))
}

func (p *patchOut) cost(s volumeShape) (volumeShape, int64) {
	o := volumeShape{1 + (s.t-1)*p.time, s.h * p.side, s.w * p.side, p.c}
	return o, o.positions() * int64(p.c) * int64(p.width)
}

// spatial is a transformer over the sites of each token frame. Its bias is a small network of the signed logarithm of
// the offset between two sites.
type spatial struct {
	heads        int
	hidden, bias *linearLayer
	blocks       []*block
}

func (l *spatial) forward(h *linalg.Tensor, c *call) *linalg.Tensor {
	n, t, y, x, w := h.Dim(0), h.Dim(1), h.Dim(2), h.Dim(3), h.Dim(4)
	bias := l.bias.apply(l.hidden.apply(offsets(y, x).To(h.DType())).SiLU()).Permute(2, 0, 1)
	z := h.Reshape(n*t, y*x, w)
	for _, k := range l.blocks {
		z = k.biased(z, bias, false, c)
	}
	return z.Reshape(n, t, y, x, w)
}

func (l *spatial) cost(s volumeShape) (volumeShape, int64) {
	p, total := int64(s.h*s.w), int64(0)
	for _, k := range l.blocks {
		total += int64(s.t) * k.macs(p, p)
	}
	return s, total + p*p*int64(l.hidden.out)*int64(2+l.heads)
}

// offsets are sign(d) log(1+|d|) of rows and columns for each pair of sites: [y*x, y*x, 2].
func offsets(y, x int) *linalg.Tensor {
	var out []float64
	sl := func(d int) float64 {
		return math.Copysign(math.Log1p(math.Abs(float64(d))), float64(d))
	}
	for i := range y * x {
		for j := range y * x {
			out = append(out, sl(i/x-j/x), sl(i%x-j%x))
		}
	}
	return linalg.FromFloat64(out, y*x, y*x, 2)
}

// temporal is a causal transformer over the token frames at each site.
type temporal struct {
	heads  int
	shift  []*depthwise
	blocks []*block
}

func (l *temporal) forward(h *linalg.Tensor, c *call) *linalg.Tensor {
	n, t, y, x, w := h.Dim(0), h.Dim(1), h.Dim(2), h.Dim(3), h.Dim(4)
	bias := slopes(l.heads, t).To(h.DType())
	for i, k := range l.blocks {
		h = h.Add(l.shift[i].forward(h))
		z := k.biased(h.Permute(0, 2, 3, 1, 4).Reshape(n*y*x, t, w), bias, true, c)
		h = z.Reshape(n, y, x, t, w).Permute(0, 3, 1, 2, 4)
	}
	return h
}

func (l *temporal) cost(s volumeShape) (volumeShape, int64) {
	var total int64
	for _, k := range l.blocks {
		total += int64(s.h*s.w)*k.macs(int64(s.t), int64(s.t)) + s.positions()*int64(s.c)*int64(l.shift[0].kt*9)
	}
	return s, total
}

// slopes are biases that fall linearly with distance, by 2^(-8 i/heads) for head i = 1..heads: [heads, t, t].
func slopes(heads, t int) *linalg.Tensor {
	var out []float64
	for i := 1; i <= heads; i++ {
		m := math.Pow(2, -8*float64(i)/float64(heads))
		for a := range t {
			for b := range t {
				out = append(out, -m*math.Abs(float64(a-b)))
			}
		}
	}
	return linalg.FromFloat64(out, heads, t, t)
}

// depthwise is a convolution of each channel on its own, kt x 3 x 3, which in time sees only the present and the past.
type depthwise struct {
	kt   int
	w, b *linalg.Tensor // [taps, C], [C]
}

func (b *builder) depthwise(name string, c, kt int) *depthwise {
	k := 1 / math.Sqrt(float64(kt*9))
	return &depthwise{kt, b.uniform(name+".W", k, kt*9, c), b.uniform(name+".b", k, c)}
}

func (d *depthwise) forward(h *linalg.Tensor) *linalg.Tensor {
	n, t, y, x, w := h.Dim(0), h.Dim(1), h.Dim(2), h.Dim(3), h.Dim(4)
	zeros := func(s ...int) *linalg.Tensor { return linalg.Zeros(h.DType(), s...) }
	row := zeros(n, t, 1, x, w)
	p := linalg.Concat(2, row, h, row)
	col := zeros(n, t, y+2, 1, w)
	p = linalg.Concat(3, col, p, col)
	if d.kt > 1 {
		p = linalg.Concat(1, zeros(n, d.kt-1, y+2, x+2, w), p)
	}
	var sum *linalg.Tensor
	for tap := range d.kt * 9 {
		a, i, j := tap/9, tap/3%3, tap%3
		part := p.Slice(1, a, a+t).Slice(2, i, i+y).Slice(3, j, j+x).Mul(d.w.Select(0, tap))
		if sum == nil {
			sum = part
		} else {
			sum = sum.Add(part)
		}
	}
	return sum.Add(d.b)
}
