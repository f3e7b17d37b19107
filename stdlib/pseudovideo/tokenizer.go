package pseudovideo

import (
	"context"
	"fmt"
	"math"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/nn"
)

// The families of tokenizers.
const (
	Causal = "causal" // convolutions in each frame, one causal transformer block along time on either side of the codes
	Conv2D = "conv2d" // convolutions in each frame alone: the image VQ-VAE
	Conv3D = "conv3d" // strided three-dimensional convolutions with axial attention, as in VideoGPT
	CViViT = "cvivit" // patches, spatial and causal temporal transformers, as in Phenaki
)

// TokenizerConfig describes a vector-quantised autoencoder of images or pseudo videos; the image model is the case of
// one frame.
type TokenizerConfig struct {
	Video  Spec
	Family string // Causal (default), Conv2D, Conv3D or CViViT

	Width  int  // channels
	Outer  int  // channels between the outermost convolution and the next, for Causal and Conv2D; 0 means Width
	Hidden int  // channels inside their residual blocks; 0 means Width
	Mixing bool // and another 3x3 convolution on either side, between the residual blocks and those that change the size
	Blocks int  // residual blocks (or transformer layers, of each of space and time) on either side; 0 means 2
	Heads  int  // attention heads; 0 means 2
	Down   int  // each frame shrinks by this factor, a power of two (for CViViT: the side of a patch); 0 means 4
	Time   int  // frames that share a token: Conv3D shrinks time by it, CViViT groups the frames after the first; 0 means 1

	Codes     int     // K; 0 means 512
	Dim       int     // D; 0 means 64
	Beta      float64 // weight of the commitment; 0 means 0.25
	Decay     float64 // of the codebook's running averages; 0 means 0.99
	DeadBelow float64 // codes used less than this are moved; 0 means 1, negative never
	Gradient  bool    // train the codes by gradient instead of running averages
	Cosine    bool    // compare directions only

	Variance     float64   // of the data: divides the squared error; 0 means 1
	FrameWeights []float64 // of the squared error; nil means equal
	Precision    linalg.DType
	Seed         uint64

	// Optional further losses, of videos and their reconstructions [N, F, H, W, C]. They are not saved with a model.
	Perceptual  func(x, y *linalg.Tensor) *linalg.Tensor `json:"-"`
	Adversarial func(y *linalg.Tensor) *linalg.Tensor    `json:"-"`
}

func (c TokenizerConfig) filled() TokenizerConfig {
	set := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	set(&c.Blocks, 2)
	set(&c.Heads, 2)
	set(&c.Down, 4)
	set(&c.Time, 1)
	set(&c.Outer, c.Width)
	set(&c.Hidden, c.Width)
	set(&c.Codes, 512)
	set(&c.Dim, 64)
	if c.Family == "" {
		c.Family = Causal
	}
	if c.Beta == 0 {
		c.Beta = 0.25
	}
	if c.DeadBelow == 0 {
		c.DeadBelow = 1
	}
	if c.Variance == 0 {
		c.Variance = 1
	}
	return c
}

// Tokenizer turns pseudo videos into grids of codes and back.
type Tokenizer struct {
	Config  TokenizerConfig
	Book    *Codebook
	Revived []int  // codes that were moved after the last step, because hardly anything was assigned to them
	Grid    [3]int // token frames, rows, columns
	H, W, C int

	encode, decode   layer
	toCode, fromCode *linearLayer
	codes            *linalg.Tensor // trained codes, with Gradient
	weights          []float64
	params           []nn.Param
	count            int
	run              training
}

// NewTokenizer makes an untrained tokenizer for images of height h, width w and c channels.
func NewTokenizer(cfg TokenizerConfig, h, w, c int) (*Tokenizer, error) {
	return newTokenizer(cfg, h, w, c, false)
}

func newTokenizer(cfg TokenizerConfig, h, w, c int, dry bool) (*Tokenizer, error) {
	cfg = cfg.filled()
	if err := cfg.Video.Check(); err != nil {
		return nil, err
	}
	f := cfg.Video.F()
	t := &Tokenizer{Config: cfg, H: h, W: w, C: c}
	var err error
	if t.weights, err = frameWeights(cfg.FrameWeights, f); err != nil {
		return nil, err
	}
	if err := cfg.check(f, h, w); err != nil {
		return nil, err
	}
	b := newBuilder(cfg.Precision, cfg.Seed, dry)
	cfg.build(b, t, f, c)
	s, _ := t.encode.cost(volumeShape{f, h, w, c})
	t.Grid = [3]int{s.t, s.h, s.w}
	if t.Book, err = NewCodebook(cfg.Codes, cfg.Dim, cfg.Decay, linalg.NewRand(cfg.Seed).Split(streamCodes)); err != nil {
		return nil, err
	}
	t.Book.Cosine = cfg.Cosine
	if cfg.Gradient {
		t.codes = b.normal("codes", 1/math.Sqrt(float64(cfg.Dim)), cfg.Codes, cfg.Dim)
	}
	t.params, t.count = b.params, b.count
	if !dry {
		t.keepBook()
	}
	return t, nil
}

// keepBook makes the codebook part of what checkpoints and saved models hold.
func (t *Tokenizer) keepBook() {
	b := t.Book
	for i, v := range [][]float64{b.Count, b.Sum, b.Code} {
		name := "codebook." + [3]string{"count", "sum", "code"}[i]
		t.run.state = append(t.run.state, nn.Param{Name: name, Value: linalg.Param(linalg.FromFloat64(v, b.K, len(v)/b.K))})
	}
	t.run.loaded = func() {
		for i, dst := range [][]float64{b.Count, b.Sum, b.Code} {
			copy(dst, t.run.state[i].Value.Float64s())
		}
	}
}

// noteBook copies the codebook into what is kept.
func (t *Tokenizer) noteBook() {
	for i, v := range [][]float64{t.Book.Count, t.Book.Sum, t.Book.Code} {
		if len(t.run.state) > i {
			t.run.state[i].Value.Set(linalg.FromFloat64(v, t.Book.K, len(v)/t.Book.K))
		}
	}
}

func (c TokenizerConfig) check(f, h, w int) error {
	halvings := math.Log2(float64(c.Down))
	switch {
	case c.Outer < 1 || c.Hidden < 1:
		return fmt.Errorf("pseudovideo: a tokenizer with %d outer channels and %d in its residual blocks; both must be positive", c.Outer, c.Hidden)
	case c.Width < 1 || c.Width%c.Heads != 0:
		return fmt.Errorf("pseudovideo: a tokenizer of width %d with %d heads; the width must be a positive multiple of the heads", c.Width, c.Heads)
	case h%c.Down != 0 || w%c.Down != 0:
		return fmt.Errorf("pseudovideo: frames of %d x %d pixels cannot shrink by %d; the sides must be divisible by it", h, w, c.Down)
	case c.Family == CViViT:
		if (f-1)%c.Time != 0 {
			return fmt.Errorf("pseudovideo: %d frames after the first cannot be grouped by %d", f-1, c.Time)
		}
		return nil
	case halvings != math.Trunc(halvings):
		return fmt.Errorf("pseudovideo: convolutions shrink by powers of two, not by %d", c.Down)
	case c.Family == Conv3D:
		if t := math.Log2(float64(c.Time)); t != math.Trunc(t) || f%c.Time != 0 {
			return fmt.Errorf("pseudovideo: %d frames cannot shrink to %d: time shrinks by a power of two that divides them", f, c.Time)
		}
		return nil
	case c.Family != Causal && c.Family != Conv2D:
		return fmt.Errorf("pseudovideo: tokenizer family %q is not known; use %s, %s, %s or %s", c.Family, Causal, Conv2D, Conv3D, CViViT)
	case c.Time != 1:
		return fmt.Errorf("pseudovideo: the family %s gives every frame tokens of its own; leave Time at 1", c.Family)
	}
	return nil
}

// build makes encoder and decoder, and the maps to and from the codes.
func (c TokenizerConfig) build(b *builder, t *Tokenizer, f, channels int) {
	switch c.Family {
	case Conv3D:
		t.encode, t.decode = c.conv3D(b, f, channels)
	case CViViT:
		t.encode, t.decode = c.cvivit(b, f, channels)
	default:
		t.encode, t.decode = c.perFrame(b, f, channels)
	}
	t.toCode = b.linear("to-code", c.Width, c.Dim)
	t.fromCode = b.linear("from-code", c.Dim, c.Width)
}

// perFrame is the image VQ-VAE's pair of strided convolutions and residual blocks, shared by all frames, with a causal
// block along time next to the codes for the family Causal.
func (c TokenizerConfig) perFrame(b *builder, f, channels int) (enc, dec chain) {
	half := window{[3]int{1, 4, 4}, [3]int{1, 2, 2}, [3]int{0, 1, 1}, [3]int{0, 1, 1}}
	res := func(name string) layer {
		return residual{chain{relu(), b.conv(name+".3x3", c.Width, c.Hidden, square(1, 3, 1)), relu(), b.conv(name+".1x1", c.Hidden, c.Width, square(1, 1, 1))}}
	}
	n := int(math.Log2(float64(c.Down)))
	wide := func(i int) int { // channels after the encoder's convolution i
		if i == 0 && n > 1 {
			return c.Outer
		}
		return c.Width
	}
	in := channels
	for i := range n {
		enc = append(enc, b.conv(fmt.Sprintf("encode.%d", i), in, wide(i), half))
		if i < n-1 || c.Mixing {
			enc = append(enc, relu())
		}
		in = wide(i)
	}
	if n == 0 {
		enc = append(enc, b.conv("encode.0", in, c.Width, square(1, 3, 1)))
	}
	if c.Mixing {
		enc = append(enc, b.conv("encode.mix", c.Width, c.Width, square(1, 3, 1)))
	}
	for i := range c.Blocks {
		enc = append(enc, res(fmt.Sprintf("encode.res%d", i)))
	}
	if c.Family == Causal {
		enc = append(enc, b.alongTime("encode.time", c.Width, c.Heads, f))
		dec = append(dec, b.alongTime("decode.time", c.Width, c.Heads, f))
	}
	if c.Mixing {
		dec = append(dec, b.conv("decode.mix", c.Width, c.Width, square(1, 3, 1)))
	}
	for i := range c.Blocks {
		dec = append(dec, res(fmt.Sprintf("decode.res%d", i)))
	}
	for i := range n {
		out := channels
		if i < n-1 {
			out = wide(n - 2 - i)
		}
		from := c.Width
		if i > 0 {
			from = wide(n - 1 - i)
		}
		dec = append(dec, relu(), b.upConv(fmt.Sprintf("decode.%d", i), from, out, half))
	}
	if n == 0 {
		dec = append(dec, relu(), b.conv("decode.0", c.Width, channels, square(1, 3, 1)))
	}
	return enc, dec
}

// Params are the trained parameters (with running averages, the codes are none of them).
func (t *Tokenizer) Params() []nn.Param { return t.params }

// Parameters is how many numbers are learned, the codes included.
func (t *Tokenizer) Parameters() int {
	if t.codes != nil || t.Config.Gradient {
		return t.count
	}
	return t.count + t.Config.Codes*t.Config.Dim
}

// Tokens is the number of tokens of one image with all its frames, and Bits what they can say: tokens x log2 K.
func (t *Tokenizer) Tokens() int { return t.Grid[0] * t.Grid[1] * t.Grid[2] }

// Bits is the information the tokens of one image can carry.
func (t *Tokenizer) Bits() float64 { return float64(t.Tokens()) * math.Log2(float64(t.Config.Codes)) }

// MACs are the multiply-adds to encode, and to decode, one image with all its frames.
func (t *Tokenizer) MACs() (encode, decode int64) {
	s, encode := t.encode.cost(volumeShape{t.Config.Video.F(), t.H, t.W, t.C})
	tokens := int64(t.Tokens())
	d := int64(t.Config.Dim)
	encode += tokens*d*int64(t.Config.Width) + tokens*d*int64(t.Config.Codes)
	_, decode = t.decode.cost(s)
	return encode, decode + tokens*d*int64(t.Config.Width)
}

// videos builds pseudo videos [N, F, H, W, C] from images.
func (t *Tokenizer) videos(x *linalg.Tensor, rng *linalg.Rand) (*linalg.Tensor, error) {
	if x.Rank() != 4 || x.Dim(1) != t.C || x.Dim(2) != t.H || x.Dim(3) != t.W {
		return nil, fmt.Errorf("pseudovideo: images have shape %v; this tokenizer takes [N, %d, %d, %d]", x.Shape(), t.C, t.H, t.W)
	}
	v, err := Build(x, t.Config.Video, rng)
	if err != nil {
		return nil, err
	}
	return lastChannels(v).To(t.Config.Precision), nil
}

// quantised is what comes out of the codebook.
type quantised struct {
	z      []float64 // encoder outputs, M x D
	idx    []int
	q      *linalg.Tensor // straight-through, the shape of the encoder's output
	commit *linalg.Tensor // mean (z - stop q)^2
	book   *linalg.Tensor // mean (stop z - q)^2, with Gradient
}

// quantise rounds encoder outputs to codes.
func (t *Tokenizer) quantise(z *linalg.Tensor) quantised {
	r := quantised{z: z.Float64s()}
	r.idx = t.Book.Assign(r.z)
	shape := z.Shape()
	var q *linalg.Tensor
	if t.codes != nil {
		q = t.codes.Gather(0, linalg.FromInts(r.idx)).Reshape(shape...)
		r.book = q.Sub(linalg.Detach(z)).Square().Mean()
		q = linalg.Detach(q)
	} else {
		q = linalg.FromFloat64(t.Book.Lookup(r.idx), shape...).To(z.DType())
	}
	r.commit = z.Sub(q).Square().Mean()
	r.q = linalg.StraightThrough(z, q)
	return r
}

// code is the encoder with its map to the code space.
func (t *Tokenizer) code(v *linalg.Tensor) *linalg.Tensor {
	return t.toCode.apply(t.encode.forward(v, nil))
}

// picture is the way back.
func (t *Tokenizer) picture(q *linalg.Tensor) *linalg.Tensor {
	return t.decode.forward(t.fromCode.apply(q), nil)
}

// weighted is the squared error with frame weights, and the plain one of each frame.
func (t *Tokenizer) weighted(v, y *linalg.Tensor) (*linalg.Tensor, []float64) {
	e := v.Sub(y).Square().Mean(0, 2, 3, 4) // [F]
	w := linalg.FromFloat64(t.weights, len(t.weights)).To(e.DType())
	return e.Mul(w).Mean(), e.Float64s()
}

// Fit trains the tokenizer on images [N, C, H, W].
func (t *Tokenizer) Fit(ctx context.Context, x *linalg.Tensor, o TrainOptions) error {
	if _, err := t.videos(x.Slice(0, 0, min(1, x.Dim(0))), linalg.NewRand(0)); err != nil {
		return err
	}
	return t.run.fit(ctx, t.params, x.Dim(0), o, func(rows []int, rng *linalg.Rand) (*linalg.Tensor, stepResult, error) {
		return t.loss(rowsOf(x, rows), rng)
	})
}

// loss is the training loss of one batch; the codebook moves once the step is done.
func (t *Tokenizer) loss(x *linalg.Tensor, rng *linalg.Rand) (*linalg.Tensor, stepResult, error) {
	v, err := t.videos(x, rng.Split(streamVideo))
	if err != nil {
		return nil, stepResult{}, err
	}
	z := t.code(v)
	if t.run.done() == 0 {
		t.Book.Init(z.Float64s(), rng.Split(streamCodes))
		if t.codes != nil {
			t.codes.Set(linalg.FromFloat64(t.Book.Code, t.Book.K, t.Book.D).To(t.codes.DType()))
		}
	}
	r := t.quantise(z)
	y := t.picture(r.q)
	e, frames := t.weighted(v, y)
	loss := e.MulS(1 / t.Config.Variance).Add(r.commit.MulS(t.Config.Beta))
	if r.book != nil {
		loss = loss.Add(r.book)
	}
	if t.Config.Perceptual != nil {
		loss = loss.Add(t.Config.Perceptual(v, y))
	}
	if t.Config.Adversarial != nil {
		loss = loss.Add(t.Config.Adversarial(y))
	}
	res := stepResult{perFrame: frames, note: fmt.Sprintf("perplexity %.1f of %d, %d moved", Perplexity(r.idx, t.Book.K), t.Book.K, len(t.Revived))}
	res.after = func() { t.moveCodes(r, rng.Split(streamCodes)) }
	return loss, res, nil
}

// moveCodes updates the running averages, or reads back trained codes, and moves dead codes.
func (t *Tokenizer) moveCodes(r quantised, rng *linalg.Rand) {
	defer t.noteBook()
	if t.codes != nil {
		copy(t.Book.Code, t.codes.Float64s())
		return
	}
	t.Book.Update(r.z, r.idx)
	if t.Config.DeadBelow > 0 {
		t.Revived = t.Book.Revive(r.z, t.Config.DeadBelow, rng)
	}
}
