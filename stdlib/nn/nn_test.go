package nn

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/priorlab/priorlab/linalg"
)

func normal(seed uint64, shape ...int) *linalg.Tensor {
	return linalg.Normal(linalg.NewRand(seed), linalg.F64, shape...)
}

func near(t *testing.T, what string, got *linalg.Tensor, want []float64, tol float64) {
	t.Helper()
	g := got.Float64s()
	if len(g) != len(want) {
		t.Fatalf("%s has %d numbers, want %d", what, len(g), len(want))
	}
	for i := range g {
		if !(math.Abs(g[i]-want[i]) <= tol*(1+math.Abs(want[i]))) {
			t.Fatalf("%s: entry %d is %v, want %v", what, i, g[i], want[i])
		}
	}
}

// checkGradients compares Backward with central differences of a scalar, for every parameter of m.
func checkGradients(t *testing.T, m Module, f func() *linalg.Tensor) {
	t.Helper()
	for _, p := range m.Params() {
		p.Value.ZeroGrad()
	}
	f().Backward()
	for _, p := range m.Params() {
		grad := make([]float64, p.Value.Len())
		if g := p.Value.Grad(); g != nil {
			grad = g.Float64s()
		}
		x, shape := p.Value.Float64s(), p.Value.Shape()
		for i := range x {
			const h = 1e-5
			at := func(v float64) float64 {
				y := append([]float64(nil), x...)
				y[i] = v
				p.Value.Set(linalg.FromFloat64(y, shape...))
				return f().Item()
			}
			want := (at(x[i]+h) - at(x[i]-h)) / (2 * h)
			if math.Abs(grad[i]-want) > 1e-7*(1+math.Abs(want)) {
				t.Errorf("%s: derivative %d is %v, differences say %v", p.Name, i, grad[i], want)
			}
		}
		p.Value.Set(linalg.FromFloat64(x, shape...))
	}
}

func TestLinearByLoops(t *testing.T) {
	l := NewLinear(linalg.NewRand(1), linalg.F64, 3, 2)
	x := normal(2, 4, 5, 3)
	var want []float64
	for b := 0; b < 4; b++ {
		for i := 0; i < 5; i++ {
			for o := 0; o < 2; o++ {
				v := l.B.At(o)
				for k := 0; k < 3; k++ {
					v += l.W.At(o, k) * x.At(b, i, k)
				}
				want = append(want, v)
			}
		}
	}
	near(t, "linear", l.Forward(x, Eval()), want, 1e-12)
	for _, v := range l.W.Float64s() {
		if math.Abs(v) > 1/math.Sqrt(3) {
			t.Errorf("initial weight %v is outside 1/sqrt(3)", v)
		}
	}
}

func TestLayerNormByLoops(t *testing.T) {
	l := NewLayerNorm(linalg.F64, 5)
	l.Gain.Set(normal(1, 5))
	l.Bias.Set(normal(2, 5))
	x := normal(3, 4, 5)
	var want []float64
	for i := 0; i < 4; i++ {
		mean, sq := 0.0, 0.0
		for j := 0; j < 5; j++ {
			mean += x.At(i, j) / 5
		}
		for j := 0; j < 5; j++ {
			sq += (x.At(i, j) - mean) * (x.At(i, j) - mean) / 5
		}
		for j := 0; j < 5; j++ {
			want = append(want, (x.At(i, j)-mean)/math.Sqrt(sq+1e-5)*l.Gain.At(j)+l.Bias.At(j))
		}
	}
	near(t, "layer norm", l.Forward(x, Eval()), want, 1e-12)
}

func TestAttentionByLoops(t *testing.T) {
	const B, T, D, H = 2, 4, 6, 2
	const d = D / H
	a := NewAttention(linalg.NewRand(1), linalg.F64, D, H)
	x := normal(2, B, T, D)
	mask := linalg.FromFloat64([]float64{1, 1, 1, 1, 1, 1, 0, 0}, B, T)
	project := func(m Mapper, b, i, c int) float64 {
		v := 0.0
		for k := 0; k < D; k++ {
			v += m.(*Linear).W.At(c, k) * x.At(b, i, k)
		}
		return v
	}
	var want []float64
	for b := 0; b < B; b++ {
		for i := 0; i < T; i++ {
			cat := make([]float64, D)
			for h := 0; h < H; h++ {
				w, sum := make([]float64, T), 0.0
				for j := range w {
					s := 0.0
					for c := h * d; c < (h+1)*d; c++ {
						s += project(a.Q, b, i, c) * project(a.K, b, j, c)
					}
					w[j] = math.Exp(s/math.Sqrt(d)) * mask.At(b, j)
					sum += w[j]
				}
				for c := h * d; c < (h+1)*d; c++ {
					for j := range w {
						cat[c] += w[j] / sum * project(a.V, b, j, c)
					}
				}
			}
			for o := 0; o < D; o++ {
				v := a.O.(*Linear).B.At(o)
				for c := range cat {
					v += a.O.(*Linear).W.At(o, c) * cat[c]
				}
				want = append(want, v*mask.At(b, i))
			}
		}
	}
	near(t, "attention", a.Forward(x, mask, Eval()), want, 1e-10)
}

func TestPatchesKeepTheirOrder(t *testing.T) {
	x := linalg.Arange(linalg.F64, 2*3*4*4).Reshape(2, 3, 4, 4)
	got := Patches(x, 2)
	var want []float64
	for b := 0; b < 2; b++ {
		for pr := 0; pr < 2; pr++ {
			for pc := 0; pc < 2; pc++ {
				for c := 0; c < 3; c++ {
					for r := 0; r < 2; r++ {
						for k := 0; k < 2; k++ {
							want = append(want, x.At(b, c, 2*pr+r, 2*pc+k))
						}
					}
				}
			}
		}
	}
	near(t, "patches", got, want, 0)
}

func TestPools(t *testing.T) {
	h := normal(1, 2, 3, 4)
	mask := linalg.FromFloat64([]float64{1, 1, 1, 1, 0, 0}, 2, 3)
	var want []float64
	for c := 0; c < 4; c++ {
		want = append(want, (h.At(0, 0, c)+h.At(0, 1, c)+h.At(0, 2, c))/3)
	}
	for c := 0; c < 4; c++ {
		want = append(want, h.At(1, 0, c))
	}
	near(t, "mean pool", MeanPool(h, mask), want, 1e-12)
	pool := NewSeqPool(linalg.NewRand(2), linalg.F64, 4)
	got := pool.Forward(h, mask, Eval())
	near(t, "one real token has all the weight", got.Select(0, 1), want[4:], 1e-12)
	w, sum := make([]float64, 3), 0.0
	for i := range w {
		s := pool.Score.B.At(0)
		for c := 0; c < 4; c++ {
			s += pool.Score.W.At(0, c) * h.At(0, i, c)
		}
		w[i] = math.Exp(s)
		sum += w[i]
	}
	for c := 0; c < 4; c++ {
		want[c] = (w[0]*h.At(0, 0, c) + w[1]*h.At(0, 1, c) + w[2]*h.At(0, 2, c)) / sum
	}
	near(t, "sequence pool", got.Select(0, 0), want[:4], 1e-12)
}

type textNet struct {
	embed *Embedding
	pos   *Position
	block *Block
	pool  *SeqPool
	head  *Linear
}

func (n *textNet) Params() []Param {
	return Join(Under("embed", n.embed.Params()), Under("pos", n.pos.Params()), Under("block", n.block.Params()),
		Under("pool", n.pool.Params()), Under("head", n.head.Params()))
}

func TestGradientsOfEveryLayer(t *testing.T) {
	r := linalg.NewRand(7)
	net := &textNet{NewEmbedding(r, linalg.F64, 5, 4), NewPosition(r, linalg.F64, 3, 4, 0.1),
		NewBlock(r, linalg.F64, 4, 2, 3, 0), NewSeqPool(r, linalg.F64, 4), NewLinear(r, linalg.F64, 4, 3)}
	ids := [][]int{{0, 2, 2}, {4, 1, 0}}
	mask := linalg.FromFloat64([]float64{1, 1, 1, 1, 1, 0}, 2, 3)
	checkGradients(t, net, func() *linalg.Tensor {
		h := net.block.Forward(net.pos.Forward(net.embed.Forward(ids)), mask, Eval())
		return CrossEntropy(net.head.Forward(net.pool.Forward(h, mask, Eval()), Eval()), []int{2, 0})
	})
	seen := map[string]bool{}
	for _, p := range net.Params() {
		if seen[p.Name] {
			t.Errorf("two parameters are called %s", p.Name)
		}
		seen[p.Name] = true
	}
	patch := NewPatchEmbed(r, linalg.F64, 2, 2, 3)
	x := normal(9, 2, 2, 4, 4)
	checkGradients(t, patch, func() *linalg.Tensor { return patch.Forward(x, Eval()).Square().Mean() })
}

func TestCrossEntropy(t *testing.T) {
	z := normal(3, 4, 3)
	y := []int{0, 2, 1, 1}
	want := 0.0
	for i, k := range y {
		sum := 0.0
		for j := 0; j < 3; j++ {
			sum += math.Exp(z.At(i, j))
		}
		want += (math.Log(sum) - z.At(i, k)) / 4
	}
	near(t, "cross-entropy", CrossEntropy(z, y), []float64{want}, 1e-12)
	near(t, "cross-entropy of large logits", CrossEntropy(linalg.FromFloat64([]float64{1000, 0}, 1, 2), []int{1}), []float64{1000}, 1e-12)
}

func TestDropout(t *testing.T) {
	x := linalg.Ones(linalg.F32, 100, 100)
	p := Training(linalg.NewRand(1))
	y := p.Dropout(x, 0.25).Float64s()
	zeros := 0
	for _, v := range y {
		if v == 0 {
			zeros++
		} else if math.Abs(v-1/0.75) > 1e-6 {
			t.Fatalf("a kept element is %v", v)
		}
	}
	if math.Abs(float64(zeros)/10000-0.25) > 0.02 {
		t.Errorf("%d of 10000 were dropped at rate 0.25", zeros)
	}
	if Eval().Dropout(x, 0.25) != x {
		t.Error("dropout acts outside training")
	}
	again := Training(linalg.NewRand(1)).Dropout(x, 0.25).Float64s()
	for i := range y {
		if y[i] != again[i] {
			t.Fatal("one seed gives two masks")
		}
	}
}

func TestErrorsNameTheLayer(t *testing.T) {
	r := linalg.NewRand(1)
	for _, c := range []struct {
		want string
		call func()
	}{
		{"nn.Linear: the input has shape [2 4], but its last axis should be 3", func() { NewLinear(r, linalg.F32, 3, 2).Forward(linalg.Zeros(linalg.F32, 2, 4), Eval()) }},
		{"the sequence has 5 tokens, the position table has 4", func() { NewPosition(r, linalg.F32, 4, 2, 1).Forward(linalg.Zeros(linalg.F32, 1, 5, 2)) }},
		{"token 1 of sequence 0 is 9", func() { NewEmbedding(r, linalg.F32, 9, 2).Forward([][]int{{0, 9}}) }},
		{"the batch is empty", func() { NewEmbedding(r, linalg.F32, 9, 2).Forward(nil) }},
		{"label 1 is 3", func() { CrossEntropy(linalg.Zeros(linalg.F32, 2, 3), []int{0, 3}) }},
		{"0 labels for 2 rows", func() { CrossEntropy(linalg.Zeros(linalg.F32, 2, 3), nil) }},
		{"width of 5 cannot be divided among 2", func() { NewAttention(r, linalg.F32, 5, 2) }},
		{"the patch is 3", func() { Patches(linalg.Zeros(linalg.F32, 1, 1, 4, 4), 3) }},
		{"the mask has shape [1 2]", func() {
			NewAttention(r, linalg.F32, 4, 2).Forward(linalg.Zeros(linalg.F32, 2, 2, 4), linalg.Ones(linalg.F32, 1, 2), Eval())
		}},
		{"no source", func() { (&Pass{Train: true}).Dropout(linalg.Zeros(linalg.F32, 2), 0.5) }},
		{"the rate is 1", func() { Eval().Dropout(linalg.Zeros(linalg.F32, 2), 1) }},
	} {
		if err := linalg.Try(c.call); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v does not say %q", err, c.want)
		}
	}
}

func ExampleMLP() {
	net := NewMLP(linalg.NewRand(1), linalg.F32, 4, 8, 3, 0.1)
	y := net.Forward(linalg.Zeros(linalg.F32, 2, 4), Eval())
	fmt.Println(y.Shape(), Count(net))
	// Output: [2 3] 67
}
