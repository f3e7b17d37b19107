package sgpa

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/nn"
)

// The relatives on tensors against their golden values, one sequence and one head.
func TestRelativesTensorGolden(t *testing.T) {
	for _, c := range golden(t, "extensions") {
		batch := func(n string) *linalg.Tensor { return c.in(t, n).tensor().Unsqueeze(0).Unsqueeze(0) }
		head := func(n string) *linalg.Tensor { return c.in(t, n).tensor().Unsqueeze(0) }
		num := func(n string) float64 { return c.in(t, n).Data[0] }
		scale := linalg.Zeros(linalg.F64, 1, 3)
		square := func(v float64) *linalg.Tensor { return linalg.FromFloat64([]float64{v * v}) }
		var res *Result
		switch c.Name {
		case "correlated_gp":
			res, _ = correlated(batch("q"), batch("k"), batch("o"), batch("v"), scale, square(num("sigma_q")), square(num("sigma_k")), c.Jitter, nil, "test")
		case "sparse_correlated_gp":
			res = sparseCorrelated(batch("q"), batch("k"), batch("o"), batch("z_m"), batch("z_l"), batch("v"), scale, num("noise"), "test")
		case "kernel_eigen_pair_sum":
			var kl, energy *linalg.Tensor
			res, kl, energy = eigenPair(batch("q"), batch("k"), head("we"), head("wr"), head("log_lambda_inv_sqrt"), head("m_u"), head("ltri"), head("logdiag"))
			closeTo(t, "eigen-pair KL", kl.Float64s(), c.out(t, "kl").Data, 1e-9)
			closeTo(t, "eigen-pair energy", energy.Float64s(), c.out(t, "ksvd_energy").Data, 1e-9)
		case "random_feature_gp_regression":
			unit := linalg.Zeros(linalg.F64, 1)
			noise := linalg.FromFloat64([]float64{math.Log(num("noise"))})
			res = randomFeature(ARD, batch("q"), batch("k"), batch("v"), nil, head("omega"), unit, scale, noise, Full, "test")
		default:
			t.Fatalf("unknown case %s", c.Name)
		}
		closeTo(t, c.Name+" mean", res.Mean.Float64s(), c.out(t, "mean").Data, 1e-9)
		cov := c.out(t, "cov")
		for j := 0; j < 3; j++ {
			one := cov
			if len(cov.Shape) == 3 {
				one = cov.at(j)
			} else {
				closeTo(t, c.Name+" covariance", res.Cov.Select(0, 0).Select(0, 0).Select(0, 0).Float64s(), cov.Data, 1e-9)
			}
			for i := 0; i < 5; i++ {
				closeTo(t, c.Name+" variance", []float64{res.Var.At(0, 0, i, j)}, []float64{one.at(i).Data[i]}, 1e-9)
			}
		}
	}
}

// log p(z_k | z_o) by the textbook density of one head.
func TestCorrelatedDensity(t *testing.T) {
	r := linalg.NewRand(1)
	draw := func() *linalg.Tensor { return linalg.Normal(r, linalg.F64, 1, 1, 3, 2) }
	q, k, o, v, e := draw(), draw(), draw(), draw(), draw()
	s2 := linalg.FromFloat64([]float64{1.5})
	scale := linalg.Zeros(linalg.F64, 1, 2)
	_, got := correlated(q, k, o, v, scale, s2, s2, 0, e, "test")
	dense := func(x *linalg.Tensor) *linalg.Tensor { return x.Select(0, 0).Select(0, 0) }
	kern := NewKernel(ARD, 1, 1, 2)
	K, O, V, N := dense(k).Dense(), dense(o).Dense(), dense(v).Dense(), dense(e).Dense()
	Kkk, Kko := kern.Gram(K, K), kern.Gram(K, O)
	Kkk.Scale(1.5, Kkk)
	co, err := linalg.Chol(kern.Gram(O, O), linalg.JitterPolicy{})
	if err != nil {
		t.Fatal(err)
	}
	half := co.RightHalf(Kko) // K_ko L_o^-T
	rest := linalg.SymProduct(half, false)
	rest.Sub(Kkk, rest)
	cr, err := linalg.Chol(rest, linalg.JitterPolicy{})
	if err != nil {
		t.Fatal(err)
	}
	for j := 0; j < 2; j++ {
		miss := make([]float64, 3)
		for i := range miss {
			for a := 0; a < 3; a++ {
				miss[i] += Kkk.At(i, a)*V.At(a, j) - half.At(i, a)*N.At(a, j)
			}
		}
		want := -0.5 * (3*math.Log(2*math.Pi) + cr.LogDet())
		for _, m := range cr.HalfVec(miss) {
			want -= 0.5 * m * m
		}
		closeTo(t, "density", []float64{got.At(0, 0, j)}, []float64{want}, 1e-9)
	}
}

// Every kind of attention gives gradients that agree with differences, through the whole network, with fixed noise.
func TestGradientsOfEveryKind(t *testing.T) {
	in := &Inputs{Images: linalg.Normal(linalg.NewRand(1), linalg.F64, 2, 1, 4, 4)}
	kinds := []Config{{Method: Softmax}, {Method: KernelAttention}, {Method: SGPA}, {Method: StandardSGPA}, {Method: CorrelatedGP}, {Method: SparseCorrelatedGP}, {Method: EigenPairs}}
	for _, mode := range []Mode{Diag, Full, Joint} {
		kinds = append(kinds, Config{Method: RandomFeatures, Mode: mode}, Config{Method: RandomFeatures, Mode: mode, Kernel: Exponential})
	}
	for _, cov := range []Covariance{SharedCovariance, DiagonalCovariance} {
		for _, mode := range []Mode{Diag, Full, Joint} {
			kinds = append(kinds, Config{Method: SGPA, Covariance: cov, Mode: mode}, Config{Method: StandardSGPA, Covariance: cov, Mode: mode})
		}
	}
	for _, c := range kinds {
		c.Width, c.Heads, c.Depth, c.Inducing, c.Classes, c.Rho = 4, 2, 2, 2, 2, 0.7
		c.Double, c.Channels, c.Size, c.Patch, c.OutJitter = true, 1, 4, 2, 1e-3
		n := New(linalg.NewRand(2), c)
		for _, l := range n.Layers {
			if c, ok := l.Attn.(*CorrelatedLayer); ok {
				c.Noise, c.Alpha, c.Jitter = 0.5, 0.3, 1e-3
			}
		}
		loss := func() *linalg.Tensor {
			p := nn.Sampling(linalg.NewRand(3), 2)
			return ClassLoss(n.Forward(in, p, nil), []int{0, 1}, p, 0.1).Total
		}
		for _, p := range n.Params() {
			p.Value.ZeroGrad()
		}
		loss().Backward()
		for _, p := range n.Params() {
			if strings.HasSuffix(p.Name, ".Omega") {
				continue // drawn once, never trained
			}
			got := make([]float64, p.Value.Len())
			if g := p.Value.Grad(); g != nil {
				got = g.Float64s()
			}
			x, shape := p.Value.Float64s(), p.Value.Shape()
			i := len(x) / 2 // one entry of each parameter
			at := func(v float64) float64 {
				y := append([]float64(nil), x...)
				y[i] = v
				p.Value.Set(linalg.FromFloat64(y, shape...))
				return loss().Item()
			}
			const h = 1e-5
			want := (at(x[i]+h) - at(x[i]-h)) / (2 * h)
			p.Value.Set(linalg.FromFloat64(x, shape...))
			if math.Abs(got[i]-want) > 1e-6*(1+math.Abs(want)) {
				t.Errorf("%s %s %s, %s: derivative %v, differences say %v", c.Method, c.Covariance, c.Mode, p.Name, got[i], want)
			}
		}
	}
}

// The relatives learn too. Divergences are left out: in so few steps they would hold the posterior at the prior.
func TestRelativesLearn(t *testing.T) {
	d := glyphs(1, 400, 0.2)
	for _, m := range []Method{StandardSGPA, CorrelatedGP, SparseCorrelatedGP, EigenPairs, RandomFeatures} {
		c := glyphConfig
		c.Method = m
		n := New(linalg.NewRand(1), c)
		o := glyphTraining
		o.Epochs = 10
		h, err := Fit(context.Background(), n, d, nil, NoKL, o)
		if err != nil {
			t.Fatalf("%s: %v", m, err)
		}
		first, last := h.Epochs[0].Parts[0].Value, h.Final().Parts[0].Value
		if !(last < 0.85*first) {
			t.Errorf("%s: cross-entropy went from %v to %v", m, first, last)
		}
	}
}
