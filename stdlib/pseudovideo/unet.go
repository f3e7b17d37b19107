package pseudovideo

import (
	"fmt"
	"slices"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/nn"
)

// The ways to make a video model of the diffusion U-Net. With one frame all of them are the image model.
const (
	Stacked    = "stacked"    // frames are channels; nothing else changes
	Factorised = "factorised" // convolutions inside a frame, attention inside a frame and then along time
	Inflate3D  = "inflate3d"  // every 3x3 becomes 3x3x3, attention over all positions of all frames
)

// UNetConfig are the sizes of the denoising network.
type UNetConfig struct {
	Width     int     // c: channels of the first level
	Patch     int     // squares of so many pixels a side become channels before the first level; 0 means 1, the pixels themselves
	Multiples []int   // channels of each level are Width times this
	Blocks    int     // residual blocks of each level
	Attention []int   // heights, after Patch, at which residual blocks are followed by attention
	Heads     int     // attention heads; 0 means 1
	Groups    int     // of the group norms; 0 means 32
	Dropout   float64 // in residual blocks, while training
	Variant   string  // Stacked (default), Factorised or Inflate3D
}

// unet maps noisy videos [N, F, H, W, C] and times to outputs of outC channels per frame channel.
type unet struct {
	cfg        UNetConfig
	patch      int
	frames, c  int // F of the videos, and C after patch
	outC       int // outputs for each of them
	stem       layer
	time       [2]*linearLayer
	down, up   []unetStep
	middle     chain
	head       chain
	params     []nn.Param
	paramCount int
}

// unetStep is a layer whose result may be remembered (down) or which takes a remembered one as well (up).
type unetStep struct {
	of         layer
	push, join bool
}

// newUNet builds the network for videos of the given size; outputs is 1 for noise alone, 2 with learned variance.
func newUNet(b *builder, cfg UNetConfig, frames, h, w, c, outputs int) (*unet, error) {
	if cfg.Variant == "" {
		cfg.Variant = Stacked
	}
	if !slices.Contains([]string{Stacked, Factorised, Inflate3D}, cfg.Variant) {
		return nil, fmt.Errorf("pseudovideo: U-Net variant %q is not known; use %s, %s or %s", cfg.Variant, Stacked, Factorised, Inflate3D)
	}
	if cfg.Groups == 0 {
		cfg.Groups = 32
	}
	cfg.Heads, cfg.Patch = max(cfg.Heads, 1), max(cfg.Patch, 1)
	shrink := cfg.Patch << max(len(cfg.Multiples)-1, 0)
	if cfg.Width < 1 || len(cfg.Multiples) == 0 || cfg.Blocks < 1 || h%shrink != 0 || w%shrink != 0 {
		return nil, fmt.Errorf("pseudovideo: a U-Net of width %d, multiples %v, %d blocks and patches of %d cannot take %d x %d pixels; the sizes must be positive and the sides divisible by %d",
			cfg.Width, cfg.Multiples, cfg.Blocks, cfg.Patch, h, w, shrink)
	}
	h, c = h/cfg.Patch, c*cfg.Patch*cfg.Patch
	u := &unet{cfg: cfg, patch: cfg.Patch, frames: frames, c: c, outC: outputs}
	m := &unetMaker{builder: b, cfg: cfg, frames: frames, kt: 1}
	in := c
	switch {
	case cfg.Variant == Stacked:
		in, m.frames = c*frames, 1
	case cfg.Variant == Inflate3D && frames > 1:
		m.kt = 3
	}
	m.build(u, in, h)
	u.params, u.paramCount = b.params, b.count
	return u, nil
}

// unetMaker holds what the parts of one network share.
type unetMaker struct {
	*builder
	cfg        UNetConfig
	frames, kt int
}

func (m *unetMaker) build(u *unet, in, h int) {
	c := m.cfg.Width
	u.time = [2]*linearLayer{m.linear("time.0", c, 4*c), m.linear("time.1", 4*c, 4*c)}
	u.stem = m.conv("stem", in, c, square(m.kt, 3, 1))
	width, kept := c, []int{c}
	for l, mult := range m.cfg.Multiples {
		for k := range m.cfg.Blocks {
			name := fmt.Sprintf("down.%d.%d", l, k)
			u.down = append(u.down, unetStep{of: m.block(name, width, c*mult, h), push: true})
			width = c * mult
			kept = append(kept, width)
		}
		if l < len(m.cfg.Multiples)-1 {
			u.down = append(u.down, unetStep{of: m.conv(fmt.Sprintf("down.%d.shrink", l), width, width, square(m.kt, 3, 2)), push: true})
			kept = append(kept, width)
			h /= 2
		}
	}
	u.middle = chain{m.res("middle.0", width, width), m.attend("middle.1", width), m.res("middle.2", width, width)}
	for l := len(m.cfg.Multiples) - 1; l >= 0; l-- {
		out := c * m.cfg.Multiples[l]
		for k := range m.cfg.Blocks + 1 {
			skip := kept[len(kept)-1]
			kept = kept[:len(kept)-1]
			u.up = append(u.up, unetStep{of: m.block(fmt.Sprintf("up.%d.%d", l, k), width+skip, out, h), join: true})
			width = out
		}
		if l > 0 {
			u.up = append(u.up, unetStep{of: chain{enlarge(), m.conv(fmt.Sprintf("up.%d.grow", l), width, width, square(m.kt, 3, 1))}})
			h *= 2
		}
	}
	u.head = chain{m.norm("head.norm", m.cfg.Groups, width, m.kt == 1), silu(), m.zeroConv("head.out", width, in*u.outC, square(m.kt, 3, 1))}
}

// block is a residual block, with attention behind it at the heights listed.
func (m *unetMaker) block(name string, in, out, h int) layer {
	r := m.res(name, in, out)
	if slices.Contains(m.cfg.Attention, h) {
		return chain{r, m.attend(name+".attention", out)}
	}
	return r
}

// attend is attention over the positions of a frame followed, in the factorised model, by attention along time; in the
// inflated model it is over all positions of all frames.
func (m *unetMaker) attend(name string, c int) layer {
	inside := m.attention(name, c, true)
	inside.joint = m.kt > 1
	if m.frames == 1 || m.cfg.Variant != Factorised {
		return inside
	}
	along := m.attention(name+".time", c, true)
	along.time = true
	along.relative = m.uniform(name+".time.relative", 0, 2*m.frames-1)
	return chain{inside, along}
}

func (m *unetMaker) attention(name string, c int, zeroOut bool) *attentionLayer {
	a := &attentionLayer{heads: m.cfg.Heads, frames: m.frames, norm: m.norm(name+".norm", m.cfg.Groups, c, m.kt == 1), qkv: m.linear(name+".qkv", c, 3*c)}
	a.out = m.zeroLinear(name+".out", c, c)
	return a
}

// attentionLayer is h + out(attention(qkv(norm h))), over the positions of each frame, over all of them (joint), or
// over the frames at each position (time).
type attentionLayer struct {
	heads, frames int
	time, joint   bool
	norm          *normLayer
	qkv, out      *linearLayer
	relative      *linalg.Tensor // bias for each distance in time, or nil
}

func (a *attentionLayer) forward(h *linalg.Tensor, c *call) *linalg.Tensor {
	n, f, y, x, w := h.Dim(0), h.Dim(1), h.Dim(2), h.Dim(3), h.Dim(4)
	z := a.norm.forward(h, c)
	if f > 1 && (a.time || a.joint) { // frames are ordered: tell which is which
		z = z.Add(linalg.FromFloat64(framePositions(f, w), f, 1, 1, w).To(z.DType()))
	}
	var opt linalg.AttentionOptions
	switch {
	case a.time:
		z = z.Permute(0, 2, 3, 1, 4).Reshape(n*y*x, f, w)
		opt.Bias = a.relative.Gather(0, distances(f))
	case a.joint:
		z = z.Reshape(n, f*y*x, w)
	default:
		z = z.Reshape(n*f, y*x, w)
	}
	z = a.out.apply(attendTo(a.qkv.apply(z), a.heads, opt))
	if a.time {
		z = z.Reshape(n, y, x, f, w).Permute(0, 3, 1, 2, 4)
	}
	return h.Add(z.Reshape(n, f, y, x, w))
}

// attendTo splits [B, L, 3C] into queries, keys and values and returns [B, L, C].
func attendTo(qkv *linalg.Tensor, heads int, opt linalg.AttentionOptions) *linalg.Tensor {
	c := qkv.Dim(2) / 3
	part := func(i int) *linalg.Tensor { return qkv.Slice(2, i*c, (i+1)*c).SplitHeads(heads) }
	return linalg.Attention(part(0), part(1), part(2), opt).MergeHeads()
}

// distances numbers the differences of positions 0..f-1 from 0 to 2f-2: [f, f].
func distances(f int) *linalg.Tensor {
	d := make([]int, 0, f*f)
	for i := range f {
		for j := range f {
			d = append(d, i-j+f-1)
		}
	}
	return linalg.FromInts(d, f, f)
}

// framePositions are fixed sinusoidal embeddings of frame numbers.
func framePositions(f, dim int) []float64 {
	t := make([]float64, f)
	for i := range t {
		t[i] = float64(i)
	}
	return timeEmbedding(t, dim)
}

func (a *attentionLayer) cost(s volumeShape) (volumeShape, int64) {
	p, c := s.positions(), int64(s.c)
	seen := int64(s.h) * int64(s.w)
	if a.joint {
		seen = p
	}
	if a.time {
		seen = int64(s.t)
	}
	return s, 4*p*c*c + 2*p*seen*c
}

// resBlock is the residual block with scale and shift from the time embedding.
type resBlock struct {
	n1, n2 *normLayer
	c1, c2 *convLayer
	emb    *linearLayer
	skip   *convLayer // nil where the channels stay
	co     int
}

func (m *unetMaker) res(name string, in, out int) *resBlock {
	perFrame := m.kt == 1
	r := &resBlock{n1: m.norm(name+".norm1", m.cfg.Groups, in, perFrame), c1: m.conv(name+".conv1", in, out, square(m.kt, 3, 1)),
		emb: m.linear(name+".time", 4*m.cfg.Width, 2*out), n2: m.norm(name+".norm2", m.cfg.Groups, out, perFrame),
		c2: m.zeroConv(name+".conv2", out, out, square(m.kt, 3, 1)), co: out}
	if in != out {
		r.skip = m.conv(name+".skip", in, out, square(1, 1, 1))
	}
	return r
}

func (r *resBlock) forward(h *linalg.Tensor, c *call) *linalg.Tensor {
	z := r.c1.forward(r.n1.forward(h, c).SiLU(), c)
	e := r.emb.apply(c.emb.SiLU())
	z = r.n2.scaled(z, e.Slice(1, 0, r.co), e.Slice(1, r.co, 2*r.co)).SiLU()
	z = r.c2.forward(c.dropout(z), c)
	if r.skip != nil {
		h = r.skip.forward(h, c)
	}
	return h.Add(z)
}

func (r *resBlock) cost(s volumeShape) (volumeShape, int64) {
	a, m1 := r.c1.cost(s)
	a, m2 := r.c2.cost(a)
	total := m1 + m2 + int64(r.emb.in)*int64(r.emb.out)
	if r.skip != nil {
		_, m := r.skip.cost(s)
		total += m
	}
	return a, total
}

// forward maps x [N, F, H, W, C] at the given network times (one for each video) to [N, F, H, W, C*outputs]: for each
// frame, C channels of noise and, with learned variance, C of v.
func (u *unet) forward(x *linalg.Tensor, times []float64, rng *linalg.Rand) *linalg.Tensor {
	if u.patch == 1 {
		return u.whole(x, times, rng)
	}
	p, s := u.patch, x.Shape()
	n, f, h, w, c := s[0], s[1], s[2]/u.patch, s[3]/u.patch, s[4]
	y := u.whole(x.Reshape(n, f, h, p, w, p, c).Permute(0, 1, 2, 4, 3, 5, 6).Reshape(n, f, h, w, u.c), times, rng)
	y = y.Reshape(n, f, h, w, u.outC, p, p, c).Permute(0, 1, 2, 5, 3, 6, 4, 7)
	return y.Reshape(n, f, s[2], s[3], u.outC*c)
}

// whole is forward with squares of pixels as channels.
func (u *unet) whole(x *linalg.Tensor, times []float64, rng *linalg.Rand) *linalg.Tensor {
	n, f, hh, ww := x.Dim(0), x.Dim(1), x.Dim(2), x.Dim(3)
	c := u.cfg.Width
	e := linalg.FromFloat64(timeEmbedding(times, c), n, c).To(x.DType())
	cl := &call{emb: u.time[1].apply(u.time[0].apply(e).SiLU()), rng: rng, rate: u.cfg.Dropout}
	if u.cfg.Variant == Stacked && f > 1 {
		x = x.Permute(0, 2, 3, 1, 4).Reshape(n, 1, hh, ww, f*u.c)
	}
	h := u.stem.forward(x, cl)
	kept := []*linalg.Tensor{h}
	for _, s := range u.down {
		h = s.of.forward(h, cl)
		if s.push {
			kept = append(kept, h)
		}
	}
	h = u.middle.forward(h, cl)
	for _, s := range u.up {
		if s.join {
			h = linalg.Concat(4, h, kept[len(kept)-1])
			kept = kept[:len(kept)-1]
		}
		h = s.of.forward(h, cl)
	}
	h = u.head.forward(h, cl)
	if u.cfg.Variant == Stacked && f > 1 { // [.., outputs, F, C] to frames
		h = h.Reshape(n, hh, ww, u.outC, f, u.c).Permute(0, 4, 1, 2, 3, 5).Reshape(n, f, hh, ww, u.outC*u.c)
	}
	return h
}

// macs are the multiply-adds of one forward pass of one video.
func (u *unet) macs(h, w int) int64 {
	h, w = h/u.patch, w/u.patch
	s := volumeShape{u.frames, h, w, u.c}
	if u.cfg.Variant == Stacked {
		s = volumeShape{1, h, w, u.c * u.frames}
	}
	s, total := u.stem.cost(s)
	kept := []int{s.c}
	add := func(l layer) {
		var m int64
		s, m = l.cost(s)
		total += m
	}
	for _, st := range u.down {
		add(st.of)
		kept = append(kept, s.c)
	}
	add(u.middle)
	for _, st := range u.up {
		if st.join {
			s.c += kept[len(kept)-1]
			kept = kept[:len(kept)-1]
		}
		add(st.of)
	}
	add(u.head)
	return total
}
