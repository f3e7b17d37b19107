package pseudovideo

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/priorlab/priorlab/linalg"
)

// tinyTokenizer is small enough for finite differences.
func tinyTokenizer(t *testing.T, family string, frames int, change func(*TokenizerConfig)) *Tokenizer {
	t.Helper()
	cfg := TokenizerConfig{Video: Spec{Frames: frames, Kind: Blur, Ladder: Linear(1)}, Family: family, Width: 8, Blocks: 1, Heads: 2,
		Down: 2, Codes: 8, Dim: 3, Precision: linalg.F64, Seed: 3}
	if change != nil {
		change(&cfg)
	}
	k, err := NewTokenizer(cfg, 4, 4, 1)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestTokenGrids(t *testing.T) {
	for _, c := range []struct {
		family       string
		frames, time int
		grid         []int
	}{
		{Causal, 1, 1, []int{1, 2, 2}}, {Causal, 4, 1, []int{4, 2, 2}}, {Conv2D, 3, 1, []int{3, 2, 2}},
		{Conv3D, 1, 1, []int{1, 2, 2}}, {Conv3D, 4, 1, []int{4, 2, 2}}, {Conv3D, 4, 2, []int{2, 2, 2}},
		{CViViT, 1, 1, []int{1, 2, 2}}, {CViViT, 5, 2, []int{3, 2, 2}},
	} {
		k := tinyTokenizer(t, c.family, c.frames, func(cfg *TokenizerConfig) { cfg.Time = c.time })
		sameInts(t, c.family, k.Grid[:], c.grid)
		x := linalg.Normal(linalg.NewRand(1), linalg.F64, 3, 1, 4, 4)
		tokens, err := k.Encode(x, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(tokens) != 3 || len(tokens[0]) != k.Tokens() {
			t.Errorf("%s: %d sequences of %d tokens", c.family, len(tokens), len(tokens[0]))
		}
		v, err := k.Decode(tokens)
		if err != nil {
			t.Fatal(err)
		}
		sameInts(t, "decoded", v.Shape(), []int{3, 1, c.frames, 4, 4})
		if got, want := k.Bits(), float64(k.Tokens())*3; got != want {
			t.Errorf("%g bits, want %g", got, want)
		}
	}
}

// Later frames must not reach tokens or reconstructions of earlier ones.
func TestTokenizersAreCausal(t *testing.T) {
	for _, family := range []string{Causal, CViViT, Conv2D} {
		k := tinyTokenizer(t, family, 4, nil)
		rng := linalg.NewRand(1)
		v := linalg.Normal(rng, linalg.F64, 2, 4, 4, 4, 1)
		for f := 1; f < 4; f++ {
			u := linalg.Concat(1, v.Slice(1, 0, f), v.Slice(1, f, f+1).AddS(3), v.Slice(1, f+1, 4))
			za, zb := k.code(v), k.code(u)
			near(t, family+" codes before the change", zb.Slice(1, 0, f).Float64s(), za.Slice(1, 0, f).Float64s(), 0)
			if equal(zb.Slice(1, f, f+1).Float64s(), za.Slice(1, f, f+1).Float64s()) {
				t.Errorf("%s: frame %d changed and its codes did not", family, f)
			}
			if family != Conv2D && f < 3 && equal(zb.Slice(1, 3, 4).Float64s(), za.Slice(1, 3, 4).Float64s()) {
				t.Errorf("%s: frame %d changed and the image's codes did not notice", family, f)
			}
			q := linalg.Normal(rng, linalg.F64, 2, 4, 2, 2, 3)
			p := linalg.Concat(1, q.Slice(1, 0, f), q.Slice(1, f, f+1).AddS(3), q.Slice(1, f+1, 4))
			a, b := k.picture(q), k.picture(p)
			near(t, family+" pictures before the change", b.Slice(1, 0, f).Float64s(), a.Slice(1, 0, f).Float64s(), 0)
		}
	}
}

func TestOneFrameTokenizers(t *testing.T) {
	// With one frame the three-dimensional network has the kernels of the image network only: none is deep in time.
	k := tinyTokenizer(t, Conv3D, 1, nil)
	for _, p := range k.Params() {
		if strings.Contains(p.Name, "time") {
			t.Errorf("the image model has a parameter %s", p.Name)
		}
	}
	a, b := tinyTokenizer(t, Causal, 1, nil), tinyTokenizer(t, Causal, 3, nil)
	if got, want := b.Parameters()-a.Parameters(), 2*2*8; got != want { // position embeddings, on either side
		t.Errorf("three frames need %d more parameters than one, want %d", got, want)
	}
	v := linalg.Normal(linalg.NewRand(1), linalg.F64, 2, 1, 4, 4, 1)
	near(t, "a video's first frame is coded as the image is", firstOf(b, v), firstOf(a, v), 0)
}

// firstOf gives the code of the first frame when the model's parameters have common values.
func firstOf(k *Tokenizer, v *linalg.Tensor) []float64 {
	for i, p := range k.Params() {
		s := p.Value.Shape()
		p.Value.Set(linalg.Full(linalg.F64, 0.01*float64(i%5+1), s...))
	}
	return k.code(v).Float64s()
}

func TestTokenizerLossGradients(t *testing.T) {
	for _, family := range []string{Causal, Conv3D, CViViT, Conv2D} {
		k := tinyTokenizer(t, family, 3, func(c *TokenizerConfig) {
			c.Gradient, c.FrameWeights = true, []float64{1, 1, 2}
			if family == Conv2D {
				c.Down, c.Outer, c.Hidden, c.Mixing = 4, 5, 3, true
			}
		})
		rng := linalg.NewRand(5)
		v := linalg.Normal(rng, linalg.F64, 2, 3, 4, 4, 1)
		// The straight-through estimate is not the derivative of the rounded loss: hold the codes' offsets fixed, so that
		// q = z + constant, and compare with the loss of that smooth network.
		z0 := k.code(v).Float64s()
		k.Book.Init(z0, rng)
		k.codes.Set(linalg.FromFloat64(k.Book.Code, k.Book.K, k.Book.D))
		idx := k.Book.Assign(z0)
		fixed := linalg.FromFloat64(k.Book.Lookup(idx), append([]int{2}, k.Grid[0], k.Grid[1], k.Grid[2], 3)...)
		offset := fixed.Sub(linalg.FromFloat64(z0, fixed.Shape()...))
		smooth := func() float64 {
			z := k.code(v)
			e, _ := k.weighted(v, k.picture(z.Add(offset)))
			q := k.codes.Gather(0, linalg.FromInts(idx)).Reshape(fixed.Shape()...)
			return e.Item() + 0.25*z.Sub(fixed).Square().Mean().Item() + q.Sub(linalg.FromFloat64(z0, fixed.Shape()...)).Square().Mean().Item()
		}
		r := k.quantise(k.code(v))
		e, _ := k.weighted(v, k.picture(r.q))
		e.Add(r.commit.MulS(0.25)).Add(r.book).Backward()
		checked := 0
		for _, p := range k.Params() {
			if p.Value.Grad() == nil {
				continue
			}
			checked++
			i, old, g := p.Value.Len()/3, p.Value.Float64s(), p.Value.Grad().Float64s()
			at := func(d float64) float64 {
				moved := append([]float64(nil), old...)
				moved[i] += d
				p.Value.Set(linalg.FromFloat64(moved, p.Value.Shape()...))
				return smooth()
			}
			const h = 1e-5
			want := (at(h) - at(-h)) / (2 * h)
			at(0)
			if math.Abs(g[i]-want) > 1e-6*max(1, math.Abs(want)) {
				t.Errorf("%s, %s: gradient %.8g, differences give %.8g", family, p.Name, g[i], want)
			}
		}
		if checked != len(k.Params()) {
			t.Errorf("%s: %d of %d parameters have a gradient", family, checked, len(k.Params()))
		}
	}
}

func TestGoldenQuantiserGradients(t *testing.T) {
	c := golden(t, "vq")[0]
	zs, codes := num(t, c.Inputs, "z"), num(t, c.Inputs, "codes")
	k := &Tokenizer{Book: fixed(codes), codes: linalg.Param(linalg.FromFloat64(codes.Data, codes.Shape...))}
	z := linalg.Param(linalg.FromFloat64(zs.Data, zs.Shape...))
	r := k.quantise(z)
	near(t, "losses", []float64{r.commit.Item(), r.book.Item()}, append(num(t, c.Expected, "commitment").Data, num(t, c.Expected, "codebook").Data...), 1e-10)
	up := num(t, c.Inputs, "grad_quantised")
	r.q.Mul(linalg.FromFloat64(up.Data, up.Shape...)).Sum().Add(r.commit.MulS(value[float64](t, c.Inputs, "beta"))).Add(r.book).Backward()
	near(t, "gradient of z", z.Grad().Float64s(), num(t, c.Expected, "grad_z_total").Data, 1e-9)
	near(t, "gradient of the codes", k.codes.Grad().Float64s(), num(t, c.Expected, "grad_codes_codebook").Data, 1e-9)
}

// The published image network has half as many channels next to the pixels and in the residual blocks, and a further 3x3
// convolution on either side of the codes.
func TestSizesOfTheImageNetwork(t *testing.T) {
	k, err := NewTokenizer(TokenizerConfig{Family: Conv2D, Width: 64, Outer: 32, Hidden: 32, Mixing: true, Codes: 256, Dim: 64}, 28, 28, 1)
	if err != nil {
		t.Fatal(err)
	}
	const big, small = 14 * 14, 7 * 7                                        // positions
	res := int64(small * 2 * (9*64*32 + 32*64))                              // two blocks
	side := big*16*1*32 + small*16*32*64 + small*9*64*64 + res + small*64*64 // to or from the codes
	if enc, dec := k.MACs(); enc != side+small*64*256 || dec != big*16*32+small*16*64*32+(side-big*16*32-small*16*32*64) {
		t.Errorf("%d and %d multiply-adds", enc, dec)
	}
	want := 16*32 + 32 + 16*32*64 + 64 + 2*(9*64*64+64+2*(9*64*32+32+32*64+64)+64*64+64) + 16*64*32 + 32 + 16*32 + 1 + 256*64
	if n := k.Parameters(); n != want {
		t.Errorf("%d parameters, want %d", n, want)
	}
}

func TestTokenizersOverfit(t *testing.T) {
	x := linalg.Uniform(linalg.NewRand(1), linalg.F32, 16, 1, 4, 4).Greater(linalg.Full(linalg.F32, 0.5)).To(linalg.F32).MulS(2).AddS(-1)
	for name, change := range map[string]func(*TokenizerConfig){
		"running averages": nil,
		"gradient codes":   func(c *TokenizerConfig) { c.Gradient = true },
		"cosine":           func(c *TokenizerConfig) { c.Cosine = true },
	} {
		k := tinyTokenizer(t, Causal, 2, func(c *TokenizerConfig) {
			c.Precision, c.Width, c.Codes, c.Dim, c.Decay = linalg.F32, 24, 64, 8, 0.9
			if change != nil {
				change(c)
			}
		})
		var first, last float64
		o := TrainOptions{Steps: 250, Batch: 16, LR: 5e-3, Cosine: true, Every: 1, Watch: func(p Progress) {
			if p.Step == 1 {
				first = p.PerFrame[1]
			}
			last = p.PerFrame[1]
			if !strings.Contains(p.Note, "perplexity") {
				t.Errorf("no perplexity in %q", p.Note)
			}
		}}
		if err := k.Fit(context.Background(), x, o); err != nil {
			t.Fatal(err)
		}
		if last > first/10 {
			t.Errorf("%s: the image's error went from %.4f to %.4f, less than ten times lower", name, first, last)
		}
		y, tokens, err := k.Reconstruct(x, nil)
		if err != nil {
			t.Fatal(err)
		}
		if mse, _ := Reconstruction(x, y); mse > 1.5*last+0.02 {
			t.Errorf("%s: the reconstruction error is %.4f, in training it was %.4f", name, mse, last)
		}
		if len(tokens) != 16 {
			t.Errorf("%d sequences", len(tokens))
		}
	}
}

func TestTokenizerErrors(t *testing.T) {
	base := TokenizerConfig{Width: 8, Down: 2}
	for part, change := range map[string]func(*TokenizerConfig){
		"family \"conv5d\"":       func(c *TokenizerConfig) { c.Family = "conv5d" },
		"multiple of the heads":   func(c *TokenizerConfig) { c.Heads = 3 },
		"divisible by it":         func(c *TokenizerConfig) { c.Down = 8 },
		"leave Time at 1":         func(c *TokenizerConfig) { c.Time = 2 },
		"cannot be grouped by 2":  func(c *TokenizerConfig) { c.Family, c.Time, c.Video.Frames = CViViT, 2, 4 },
		"time shrinks by a power": func(c *TokenizerConfig) { c.Family, c.Time, c.Video.Frames = Conv3D, 2, 3 },
		"frame weights":           func(c *TokenizerConfig) { c.FrameWeights = []float64{1, 1} },
		"a codebook of -1":        func(c *TokenizerConfig) { c.Codes = -1 },
		"-1 outer channels":       func(c *TokenizerConfig) { c.Outer = -1 },
		"-2 frames":               func(c *TokenizerConfig) { c.Video.Frames = -2 },
	} {
		c := base
		change(&c)
		if _, err := NewTokenizer(c, 4, 4, 1); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error %v, want one with %q", err, part)
		}
	}
	k := tinyTokenizer(t, Causal, 1, nil)
	if _, err := k.Decode([][]int{{0, 1, 2, 8}}); err == nil || !strings.Contains(err.Error(), "token 8") {
		t.Errorf("a token that does not exist: %v", err)
	}
	if _, err := k.Decode([][]int{{0}}); err == nil {
		t.Error("a sequence of one token was decoded")
	}
	if _, err := k.Encode(linalg.Zeros(linalg.F64, 2, 3, 4, 4), nil); err == nil {
		t.Error("colour images were encoded by a grey model")
	}
}
