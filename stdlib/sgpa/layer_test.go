package sgpa

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/nn"
)

// leaf makes a parameter of a golden input.
func leaf(t *testing.T, c goldenCase, name string) *linalg.Tensor {
	a := c.in(t, name)
	if a.Shape == nil {
		return linalg.Param(linalg.Scalar(linalg.F64, a.Data[0]))
	}
	return linalg.Param(a.tensor())
}

func checkGrad(t *testing.T, c goldenCase, name string, p *linalg.Tensor, tol float64) {
	t.Helper()
	got := make([]float64, p.Len())
	if g := p.Grad(); g != nil {
		got = g.Float64s()
	}
	closeTo(t, c.Name+" gradient of "+name, got, c.Gradients[name].Data, tol)
}

func maskOf(t *testing.T, c goldenCase) *linalg.Tensor {
	if m := c.in(t, "mask"); m.Shape != nil {
		return m.tensor()
	}
	return nil
}

func TestGramGolden(t *testing.T) {
	for _, c := range golden(t, "kernels") {
		X, Y := leaf(t, c, "X"), leaf(t, c, "Y")
		v, l := linalg.Param(linalg.FromFloat64(c.in(t, "log_var").Data)), linalg.Param(c.in(t, "log_ls").tensor().Reshape(1, -1))
		K := gram(Kind(c.Kind), X.Unsqueeze(0), Y.Unsqueeze(0), v, l)
		closeTo(t, c.Name+" K", K.Float64s(), c.out(t, "K").Data, 1e-9)
		diag := gramDiag(Kind(c.Kind), X.Unsqueeze(0), v, l).BroadcastTo(1, X.Shape()[0])
		closeTo(t, c.Name+" diagonal", diag.Float64s(), c.out(t, "diagX").Data, 1e-9)
		K.Mul(c.in(t, "weight").tensor()).Sum().Backward()
		for name, p := range map[string]*linalg.Tensor{"X": X, "Y": Y, "log_var": v, "log_ls": l} {
			checkGrad(t, c, name, p, 1e-8)
		}
	}
}

// In single precision, points far from the origin keep correlations at most one and the diagonal exact.
func TestGramFarFromOrigin(t *testing.T) {
	x := linalg.Normal(linalg.NewRand(1), linalg.F32, 1, 6, 3).MulS(0.01).AddS(300)
	zero := linalg.Zeros(linalg.F32, 1)
	K := gram(ARD, x, nil, zero, linalg.Full(linalg.F32, -3, 1, 3))
	plain := NewKernel(ARD, 1, 0.049787068367863944, 3).Gram(x.Select(0, 0).To(linalg.F64).Dense(), x.Select(0, 0).To(linalg.F64).Dense())
	for i := 0; i < 6; i++ {
		if K.At(0, i, i) != 1 {
			t.Errorf("the diagonal is %v", K.At(0, i, i))
		}
		for j := 0; j < 6; j++ {
			if K.At(0, i, j) > 1 {
				t.Errorf("correlation (%d,%d) is %v", i, j, K.At(0, i, j))
			}
		}
	}
	closeTo(t, "single precision against the plain version", K.Float64s(), raw(plain), 1e-4)
}

func TestStandardTensorGolden(t *testing.T) {
	for _, c := range golden(t, "standard_sgpa") {
		in := map[string]*linalg.Tensor{}
		for _, n := range []string{"q", "k", "v", "ltri", "logdiag", "log_var", "log_ls"} {
			in[n] = leaf(t, c, n)
		}
		res := standard(Kind(c.Kind), in["q"], in["k"], in["v"], in["ltri"], in["logdiag"], in["log_var"], in["log_ls"], c.Jitter, Full, "test")
		closeTo(t, c.Name+" mean", res.Mean.Float64s(), c.out(t, "mean").Data, 1e-9)
		closeTo(t, c.Name+" covariance", res.Cov.Float64s(), c.out(t, "cov").Data, 1e-9)
		closeTo(t, c.Name+" KL", res.KLg.Float64s(), c.out(t, "kl").Data, 1e-9)
		s := res.Mean.Mul(c.in(t, "w_mean").tensor()).Sum().Add(res.Cov.Mul(c.in(t, "w_cov").tensor()).Sum()).Add(res.KLg.Sum().MulS(0.1))
		closeTo(t, c.Name+" scalar", s.Float64s(), c.out(t, "scalar").Data, 1e-9)
		s.Backward()
		for n, p := range in {
			checkGrad(t, c, n, p, 1e-8)
		}
	}
}

func TestDecoupledTensorGolden(t *testing.T) {
	for _, c := range golden(t, "decoupled_sgpa") {
		in := map[string]*linalg.Tensor{}
		for _, n := range []string{"q", "kg", "va", "vg", "ltri", "logdiag", "log_var", "log_ls"} {
			in[n] = leaf(t, c, n)
		}
		va := in["va"]
		if m := maskOf(t, c); m != nil {
			va = va.Mul(m.Unsqueeze(1).Unsqueeze(-1))
		}
		res := decoupled(Kind(c.Kind), in["q"], in["kg"], va, in["vg"], in["ltri"], in["logdiag"], in["log_var"], in["log_ls"], c.Jitter, Full, "test")
		closeTo(t, c.Name+" mean", res.Mean.Float64s(), c.out(t, "mean").Data, c.tol(1e-9))
		closeTo(t, c.Name+" covariance", res.Cov.Float64s(), c.out(t, "cov").Data, c.tol(1e-9))
		closeTo(t, c.Name+" variance", res.Var.Float64s(), c.out(t, "var").Data, c.tol(1e-9))
		closeTo(t, c.Name+" KL_a", res.KLa.Float64s(), c.out(t, "kl_a").Data, c.tol(1e-9))
		closeTo(t, c.Name+" KL_g", res.KLg.Float64s(), c.out(t, "kl_g").Data, c.tol(1e-9))
		s := res.Mean.Mul(c.in(t, "w_mean").tensor()).Sum().Add(res.Cov.Mul(c.in(t, "w_cov").tensor()).Sum()).
			Add(res.Var.Mul(c.in(t, "w_var").tensor()).Sum()).Add(res.KLa.Sum().Add(res.KLg.Sum()).MulS(0.1))
		s.Backward()
		for n, p := range in {
			checkGrad(t, c, n, p, c.tol(1e-8))
		}
	}
}

// goldenLayer builds a decoupled layer from parameters found by name.
func goldenLayer(c goldenCase, get func(string) *linalg.Tensor) *DecoupledLayer {
	l := &DecoupledLayer{Mode: Mode(c.Mode), Jitter: c.Jitter, OutJitter: c.OutJitter, Weight: 1, GlobalScale: 1}
	l.kind, l.Wqk, l.Wv = Kind(c.Kind), get("Wqk"), get("Wv")
	l.heads = l.Wqk.Shape()[0]
	l.LogVar, l.LogScale = get("log_var"), get("log_ls")
	l.O = &nn.Linear{W: get("Wo"), B: get("bo")}
	l.Zg, l.Vg, l.Ltri, l.LogDiag = get("zg"), get("vg"), get("ltri"), get("logdiag")
	return l
}

func TestLayerGolden(t *testing.T) {
	for _, c := range golden(t, "layer") {
		leaves := map[string]*linalg.Tensor{}
		l := goldenLayer(c, func(n string) *linalg.Tensor { leaves[n] = leaf(t, c, n); return leaves[n] })
		leaves["x"] = leaf(t, c, "x")
		pass := nn.Eval()
		res := l.Attend(Request{X: leaves["x"], Mask: maskOf(t, c), Noise: c.in(t, "eps").tensor(), Pass: pass, Name: "layer"})
		closeTo(t, c.Name+" output", res.Out.Float64s(), c.out(t, "out").Data, 1e-9)
		closeTo(t, c.Name+" mean", res.Mean.Float64s(), c.out(t, "mean").Data, 1e-9)
		closeTo(t, c.Name+" variance", res.Var.Float64s(), c.out(t, "var").Data, 1e-9)
		closeTo(t, c.Name+" global keys", l.GlobalKeys(nil).Float64s(), c.out(t, "kg").Data, 1e-9)
		kl := pass.Penalties[0].Value.Add(pass.Penalties[1].Value)
		closeTo(t, c.Name+" KL", kl.Float64s(), c.out(t, "kl").Data, 1e-9)
		s := res.Out.Mul(c.in(t, "w_out").tensor().Reshape(res.Out.Shape()...)).Sum().Add(kl.MulS(0.05))
		closeTo(t, c.Name+" scalar", s.Float64s(), c.out(t, "scalar").Data, 1e-9)
		s.Backward()
		for n, p := range leaves {
			checkGrad(t, c, n, p, 1e-8)
		}
	}
}

// The same layer in single precision.
func TestLayerGoldenSinglePrecision(t *testing.T) {
	for _, c := range golden(t, "layer") {
		l := goldenLayer(c, func(n string) *linalg.Tensor { return linalg.Param(c.in(t, n).tensor().To(linalg.F32)) })
		if c.Mode == "full" {
			l.OutJitter = 1e-6
		}
		mask := maskOf(t, c)
		if mask != nil {
			mask = mask.To(linalg.F32)
		}
		res := l.Attend(Request{X: c.in(t, "x").tensor().To(linalg.F32), Mask: mask, Noise: c.in(t, "eps").tensor().To(linalg.F32), Pass: nn.Eval(), Name: "layer"})
		closeTo(t, c.Name+" output in single precision", res.Out.Float64s(), c.out(t, "out").Data, 1e-4)
	}
}

// goldenTree holds the parameters of a golden network as leaves with their paths.
type goldenTree map[string]*linalg.Tensor

func (g goldenTree) get(t *testing.T, params map[string]json.RawMessage, key, path string) *linalg.Tensor {
	t.Helper()
	a := field(t, params, key)
	shape := a.Shape
	if shape == nil {
		shape = []int{1}
	}
	g[path] = linalg.Param(linalg.FromFloat64(a.Data, shape...))
	return g[path]
}

// goldenNetwork assembles a Network from the stored parameters.
func goldenNetwork(t *testing.T, c goldenCase) (*Network, goldenTree) {
	var params map[string]json.RawMessage
	if err := json.Unmarshal(c.Inputs["params"], &params); err != nil {
		t.Fatal(err)
	}
	var layers []map[string]json.RawMessage
	if err := json.Unmarshal(params["layers"], &layers); err != nil {
		t.Fatal(err)
	}
	tree := goldenTree{}
	top := func(k string) *linalg.Tensor { return tree.get(t, params, k, k) }
	norm := func(k string) *nn.LayerNorm { return &nn.LayerNorm{Gain: top(k + "_g"), Bias: top(k + "_b")} }
	n := &Network{Norm: norm("ln"), NormIn: norm("lne"), NormOut: norm("lnh"), Head: &nn.Linear{W: top("Wcls"), B: top("bcls")}}
	n.Config = Config{Method: SGPA, Kernel: Kind(c.Kind), Double: true}
	if c.Patch > 0 {
		img := c.in(t, "img").Shape
		n.Config.Channels, n.Config.Size, n.Config.Patch = img[1], img[2], c.Patch
		n.Encoder = &imageEncoder{patch: &nn.PatchEmbed{Patch: c.Patch, Map: &nn.Linear{W: top("Wpatch"), B: top("bpatch")}},
			pos: &nn.Position{Table: top("pos")}, c: n.Config}
		w := top("wpool")
		n.Pool = &nn.SeqPool{Score: &nn.Linear{W: linalg.Param(w.Reshape(1, -1)), B: top("bpool")}}
		tree["wpool"] = n.Pool.Score.W
	} else {
		n.Config.Vocabulary, n.Config.MaxTokens = 7, 5
		n.Encoder = &textEncoder{table: &nn.Embedding{Table: top("tok")}, pos: &nn.Position{Table: top("pos")},
			out: &nn.Linear{W: top("Wproj"), B: top("bproj")}, c: n.Config}
	}
	for i, lp := range layers {
		get := func(k string) *linalg.Tensor { return tree.get(t, lp, k, fmt.Sprintf("layers[%d].%s", i, k)) }
		lc := c
		lc.Mode = "diag"
		n.Layers = append(n.Layers, &Layer{Attn: goldenLayer(lc, get),
			Feed: &nn.MLP{In: &nn.Linear{W: get("W1"), B: get("b1")}, Out: &nn.Linear{W: get("W2"), B: get("b2")}}})
	}
	return n, tree
}

func TestNetworkGolden(t *testing.T) {
	for _, file := range []string{"model_vit_tiny", "model_text_tiny"} {
		for _, c := range golden(t, file) {
			n, tree := goldenNetwork(t, c)
			in := &Inputs{}
			if c.Patch > 0 {
				in.Images = c.in(t, "img").tensor()
			} else {
				in.Tokens = unpad(c.in(t, "ids"), c.in(t, "mask"))
			}
			var eps []array
			if err := json.Unmarshal(c.Inputs["eps"], &eps); err != nil {
				t.Fatal(err)
			}
			pass := nn.Sampling(nil, c.S)
			logits := n.Forward(in, pass, []*linalg.Tensor{eps[0].tensor(), eps[1].tensor()})
			closeTo(t, c.Name+" logits", logits.Float64s(), c.out(t, "logits").Data, 1e-9)
			loss := ClassLoss(logits, c.in(t, "y").ints(), pass, c.Beta)
			closeTo(t, c.Name+" cross-entropy", []float64{loss.CE}, c.out(t, "ce").Data, 1e-9)
			closeTo(t, c.Name+" loss", loss.Total.Float64s(), c.out(t, "loss").Data, 1e-9)
			for i, kl := range c.out(t, "kl").Data {
				got := pass.Penalties[2*i].Value.Item() + pass.Penalties[2*i+1].Value.Item()
				closeTo(t, fmt.Sprintf("%s KL of layer %d", c.Name, i), []float64{got}, []float64{kl}, 1e-9)
			}
			loss.Total.Backward()
			if len(tree) != len(c.Gradients) {
				t.Errorf("%s: %d parameters were built, %d gradients are stored", c.Name, len(tree), len(c.Gradients))
			}
			for path, p := range tree {
				checkGrad(t, c, path, p, 1e-8)
			}
		}
	}
}

// unpad gives the sequences as a caller would: padded places are filled again by the network, with id 0, as in the
// golden case.
func unpad(ids, mask array) [][]int {
	var out [][]int
	for b := 0; b < ids.Shape[0]; b++ {
		var seq []int
		for i, id := range ids.at(b).ints() {
			if mask.at(b).Data[i] == 1 {
				seq = append(seq, id)
			}
		}
		out = append(out, seq)
	}
	return out
}

// A global input that lies on a token's features has that token's query for its key.
func TestGlobalKeysShareTheProjection(t *testing.T) {
	l := NewDecoupledLayer(linalg.NewRand(1), Config{Width: 6, Heads: 2, Inducing: 3, Double: true, Vocabulary: 1, MaxTokens: 4, Kernel: ARD})
	x := linalg.Normal(linalg.NewRand(2), linalg.F64, 1, 4, 6)
	z := l.Zg.Float64s()
	copy(z[(1*3+2)*6:], x.Select(0, 0).Select(0, 3).Float64s()) // head 1, point 2 at token 3
	l.Zg.Set(linalg.FromFloat64(z, 2, 3, 6))
	q, _ := l.queries(Request{X: x, Pass: nn.Eval()})
	closeTo(t, "global key", l.GlobalKeys(nil).Select(0, 1).Select(0, 2).Float64s(), q.Select(0, 0).Select(0, 1).Select(0, 3).Float64s(), 1e-12)
}

func TestLayerErrors(t *testing.T) {
	c := Config{Width: 4, Heads: 2, Inducing: 2, Vocabulary: 5, MaxTokens: 4, Kernel: ARD}
	l := NewDecoupledLayer(linalg.NewRand(1), c)
	z := l.Zg.Float32s()
	nan := append([]float32(nil), z...)
	nan[0] = float32(math.NaN())
	bad := NewDecoupledLayer(linalg.NewRand(1), c)
	bad.Zg.Set(linalg.FromFloat32(nan, 2, 2, 4))
	err := linalg.Try(func() {
		bad.Attend(Request{X: linalg.Zeros(linalg.F32, 1, 2, 4), Pass: nn.Sampling(linalg.NewRand(1), 1), Name: "layer 3"})
	})
	if err == nil || !strings.Contains(err.Error(), "layer 3, head 0") {
		t.Errorf("a NaN among the global inputs gives %v", err)
	}
	for _, e := range []struct {
		want string
		call func()
	}{
		{"the input has shape [1 2 3] for a width of 4", func() { l.Attend(Request{X: linalg.Zeros(linalg.F32, 1, 2, 3), Pass: nn.Eval(), Name: "layer 0"}) }},
		{"the mask has shape [2 2]", func() {
			l.Attend(Request{X: linalg.Zeros(linalg.F32, 1, 2, 4), Mask: linalg.Ones(linalg.F32, 2, 2), Pass: nn.Eval(), Name: "layer 0"})
		}},
		{"no source", func() { l.Attend(Request{X: linalg.Zeros(linalg.F32, 1, 2, 4), Pass: nn.Eval(), Name: "layer 0"}) }},
		{"the noise has shape [1 1 1 1 1]", func() {
			l.Attend(Request{X: linalg.Zeros(linalg.F32, 1, 2, 4), Noise: linalg.Zeros(linalg.F32, 1, 1, 1, 1, 1), Pass: nn.Eval(), Name: "layer 0"})
		}},
		{"takes no mask", func() {
			c := c
			c.Kernel = ARD
			NewStandardLayer(linalg.NewRand(1), c).Attend(Request{X: linalg.Zeros(linalg.F32, 1, 4, 4), Mask: linalg.Ones(linalg.F32, 1, 4), Pass: nn.Eval(), Name: "layer 0"})
		}},
		{"3 tokens, but the layer was made for 4", func() {
			NewStandardLayer(linalg.NewRand(1), c).Attend(Request{X: linalg.Zeros(linalg.F32, 1, 3, 4), Pass: nn.Eval(), Name: "layer 0"})
		}},
	} {
		if err := linalg.Try(e.call); err == nil || !strings.Contains(err.Error(), e.want) {
			t.Errorf("error %v does not say %q", err, e.want)
		}
	}
}
