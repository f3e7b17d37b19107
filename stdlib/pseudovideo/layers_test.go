package pseudovideo

import (
	"strings"
	"testing"

	"github.com/priorlab/priorlab/linalg"
)

// layerCase is a golden case as tensors in double precision, with the layouts changed on the way in and out: stored
// are channels first, computed is channels last with three spatial axes.
type layerCase struct {
	t *testing.T
	goldenCase
	params map[string]*linalg.Tensor
}

// raw is an input as it is stored, trainable.
func (c *layerCase) raw(key string) *linalg.Tensor {
	a := num(c.t, c.Inputs, key)
	p := linalg.Param(linalg.FromFloat64(a.Data, a.Shape...))
	c.params[key] = p
	return p
}

// imageOf brings [N, C, (T,) H, W] to [N, T, H, W, C].
func imageOf(x *linalg.Tensor) *linalg.Tensor {
	if x.Rank() == 4 {
		x = x.Unsqueeze(2)
	}
	return x.Permute(0, 2, 3, 4, 1)
}

// back brings [N, T, H, W, C] to the rank of the stored image.
func back(y *linalg.Tensor, rank int) *linalg.Tensor {
	y = y.Permute(0, 4, 1, 2, 3)
	if rank == 4 {
		y = y.Squeeze(2)
	}
	return y
}

// weight brings (a, b, kernel...) to [kernel..., b, a].
func weight(w *linalg.Tensor) *linalg.Tensor {
	if w.Rank() == 4 {
		w = w.Unsqueeze(2)
	}
	return w.Permute(2, 3, 4, 1, 0)
}

// check compares y and, after going back from grad_y, every gradient.
func (c *layerCase) check(y *linalg.Tensor) {
	near(c.t, "y", y.Float64s(), num(c.t, c.Expected, "y").Data, 1e-10)
	g := num(c.t, c.Inputs, "grad_y")
	y.BackwardFrom(linalg.FromFloat64(g.Data, g.Shape...))
	for key, p := range c.params {
		near(c.t, "gradient of "+key, p.Grad().Float64s(), num(c.t, c.Expected, "grad_"+key).Data, 1e-9)
	}
}

// axes3 reads one number for each spatial axis; two-dimensional cases get one in front.
func (c *layerCase) axes3(key string, first int) [3]int {
	v := value[[]int](c.t, c.Inputs, key)
	if len(v) == 2 {
		v = append([]int{first}, v...)
	}
	return [3]int{v[0], v[1], v[2]}
}

func TestGoldenLayers(t *testing.T) {
	cases := golden(t, "layers")
	if len(cases) != 20 {
		t.Fatalf("%d cases", len(cases))
	}
	for _, g := range cases {
		t.Run(g.Name, func(t *testing.T) {
			c := &layerCase{t, g, map[string]*linalg.Tensor{}}
			switch {
			case strings.HasPrefix(g.Op, "conv_transpose"):
				x, w := c.raw("x"), c.raw("w")
				win := window{kernel: kernelOf(w), stride: c.axes3("stride", 1), before: c.axes3("pad", 0)}
				extra := c.axes3("output_pad", 0)
				for d := range 3 {
					win.after[d] = win.before[d] - extra[d]
				}
				c.check(back(convTranspose(imageOf(x), weight(w), c.raw("b"), win), x.Rank())) // (in, out, kernel) to [kernel..., out, in]
			case strings.HasPrefix(g.Op, "conv"):
				x, w := c.raw("x"), c.raw("w")
				win := window{kernelOf(w), c.axes3("stride", 1), c.axes3("pad_before", 0), c.axes3("pad_after", 0)}
				c.check(back(conv(imageOf(x), weight(w), c.raw("b"), win), x.Rank()))
			case g.Op == "group_norm":
				x := c.raw("x")
				in := imageOf(x)
				flat := linalg.GroupNorm(in.Reshape(in.Dim(0), -1, in.Dim(4)), value[int](t, g.Inputs, "groups"), c.raw("gamma"), c.raw("beta"))
				c.check(back(flat.Reshape(in.Shape()...), x.Rank()))
			case g.Op == "layer_norm":
				c.check(linalg.LayerNorm(c.raw("x"), c.raw("gamma"), c.raw("beta")))
			case g.Op == "silu":
				c.check(c.raw("x").SiLU())
			case g.Op == "upsample_nearest2":
				x := c.raw("x")
				c.check(back(enlarge().forward(imageOf(x), nil), 4))
			case g.Op == "attention":
				c.check(linalg.Attention(c.raw("q"), c.raw("k"), c.raw("v"), linalg.AttentionOptions{Causal: value[bool](t, g.Inputs, "causal")}))
			case g.Op == "resblock":
				resBlockCase(c)
			default:
				t.Fatalf("operation %q is not compared with anything", g.Op)
			}
		})
	}
}

func kernelOf(w *linalg.Tensor) [3]int {
	s := w.Shape()
	if len(s) == 4 {
		return [3]int{1, s[2], s[3]}
	}
	return [3]int{s[2], s[3], s[4]}
}

// resBlockCase puts the stored weights into the block that the U-Net is made of.
func resBlockCase(c *layerCase) {
	groups := value[int](c.t, c.Inputs, "groups")
	lin := func(w, b string) *linearLayer { return &linearLayer{w: c.raw(w), b: c.raw(b)} }
	cv := func(w, b string, k int) *convLayer {
		return &convLayer{win: square(1, k, 1), w: weight(c.raw(w)), b: c.raw(b)}
	}
	r := &resBlock{
		n1: &normLayer{groups, true, c.raw("g1"), c.raw("b1")}, c1: cv("w1", "c1", 3), emb: lin("we", "ce"),
		n2: &normLayer{groups, true, c.raw("g2"), c.raw("b2")}, c2: cv("w2", "c2", 3), skip: cv("ws", "cs", 1), co: 4,
	}
	c.check(back(r.forward(imageOf(c.raw("x")), &call{emb: c.raw("emb")}), 4))
}

func TestUpConvUndoesTheSizeOfConv(t *testing.T) {
	b := newBuilder(linalg.F32, 1, false)
	win := window{kernel: [3]int{1, 4, 4}, stride: [3]int{1, 2, 2}, before: [3]int{0, 1, 1}, after: [3]int{0, 1, 1}}
	down, up := b.conv("a", 2, 3, win), b.upConv("b", 3, 2, win)
	x := linalg.Normal(b.rng, linalg.F32, 2, 3, 8, 12, 2)
	h := down.forward(x, nil)
	y := up.forward(h, nil)
	sameInts(t, "shape", y.Shape(), x.Shape())
	s, m := down.cost(volumeShape{3, 8, 12, 2})
	sameInts(t, "cost's shape", []int{s.t, s.h, s.w, s.c}, h.Shape()[1:])
	if want := int64(3 * 4 * 6 * 3 * 2 * 16); m != want {
		t.Errorf("%d multiply-adds, want %d", m, want)
	}
}
