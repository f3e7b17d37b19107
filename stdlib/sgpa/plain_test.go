package sgpa

import (
	"math"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/priorlab/priorlab/linalg"
)

func headKernel(t *testing.T, c goldenCase, h int) Kernel {
	return Kernel{Kind(c.Kind), c.in(t, "log_var").Data[h], c.in(t, "log_ls").at(h).Data}
}

// factors builds R for each channel of ltri [dv, M, M] and logdiag [dv, M].
func factors(ltri, logdiag array) []*mat.Dense {
	R := make([]*mat.Dense, ltri.Shape[0])
	for j := range R {
		R[j] = Whitened(ltri.at(j).dense(), logdiag.at(j).Data)
	}
	return R
}

func TestKernelGolden(t *testing.T) {
	for _, c := range golden(t, "kernels") {
		k := Kernel{Kind(c.Kind), c.in(t, "log_var").Data[0], c.in(t, "log_ls").Data}
		X := c.in(t, "X").dense()
		closeTo(t, c.Name+" K", raw(k.Gram(X, c.in(t, "Y").dense())), c.out(t, "K").Data, 1e-9)
		closeTo(t, c.Name+" diagonal", k.Diag(X), c.out(t, "diagX").Data, 1e-9)
	}
}

func TestStandardGolden(t *testing.T) {
	for _, c := range golden(t, "standard_sgpa") {
		q, keys, v := c.in(t, "q"), c.in(t, "k"), c.in(t, "v")
		ltri, logdiag := c.in(t, "ltri"), c.in(t, "logdiag")
		for b := 0; b < q.Shape[0]; b++ {
			for h := 0; h < q.Shape[1]; h++ {
				k, R := headKernel(t, c, h), factors(ltri.at(b, h), logdiag.at(b, h))
				K := keys.at(b, h).dense()
				p, err := Standard(k, q.at(b, h).dense(), K, v.at(b, h).dense(), R, c.Jitter)
				if err != nil {
					t.Fatal(err)
				}
				closeTo(t, c.Name+" mean", raw(p.Mean), c.out(t, "mean").at(b, h).Data, 1e-9)
				closeTo(t, c.Name+" KL", p.KLg, c.out(t, "kl").at(b, h).Data, 1e-9)
				chol, err := linalg.Chol(k.Gram(K, K), linalg.JitterPolicy{Start: c.Jitter})
				if err != nil {
					t.Fatal(err)
				}
				for j, cov := range p.Cov {
					closeTo(t, c.Name+" covariance", raw(cov), c.out(t, "cov").at(b, h, j).Data, 1e-9)
					var LR, S mat.Dense
					LR.Mul(chol.L(), R[j])
					S.Mul(&LR, LR.T())
					closeTo(t, c.Name+" S", raw(&S), c.out(t, "S").at(b, h, j).Data, 1e-9)
					if c.KeysEqualQueries && c.Jitter == 0 {
						closeTo(t, c.Name+" covariance of the keys themselves is S", raw(cov), raw(&S), 1e-9)
					}
				}
			}
		}
	}
}

func TestDecoupledGolden(t *testing.T) {
	for _, c := range golden(t, "decoupled_sgpa") {
		q, va, mask := c.in(t, "q"), c.in(t, "va"), c.in(t, "mask")
		tol := c.tol(1e-9)
		batchKL := 0.0
		for h := 0; h < q.Shape[1]; h++ {
			k, kg := headKernel(t, c, h), c.in(t, "kg").at(h).dense()
			R := factors(c.in(t, "ltri").at(h), c.in(t, "logdiag").at(h))
			op, err := CachedVariance(k, kg, R, c.Jitter)
			if err != nil {
				t.Fatal(err)
			}
			for j := range op {
				closeTo(t, c.Name+" cached operator", raw(op[j]), c.out(t, "cached_variance_operator").at(h, j).Data, tol)
			}
			for b := 0; b < q.Shape[0]; b++ {
				Q, V := q.at(b, h).dense(), va.at(b, h).dense()
				if mask.Shape != nil {
					zeroRows(V, mask.at(b).Data)
				}
				p, err := Decoupled(k, Q, kg, V, c.in(t, "vg").at(h).dense(), R, c.Jitter)
				if err != nil {
					t.Fatal(err)
				}
				closeTo(t, c.Name+" mean", raw(p.Mean), c.out(t, "mean").at(b, h).Data, tol)
				closeTo(t, c.Name+" variance", raw(p.Var), c.out(t, "var").at(b, h).Data, tol)
				closeTo(t, c.Name+" KL of the amortised part", p.KLa, c.out(t, "kl_a").at(b, h).Data, tol)
				closeTo(t, c.Name+" KL of the global part", p.KLg, c.out(t, "kl_g").at(h).Data, tol)
				for j, cov := range p.Cov {
					closeTo(t, c.Name+" covariance", raw(cov), c.out(t, "cov").at(b, h, j).Data, tol)
				}
				for j := range p.KLa {
					batchKL += p.KLa[j] / float64(q.Shape[0])
				}
				if b == 0 {
					for j := range p.KLg {
						batchKL += p.KLg[j]
					}
				}
				checkCache(t, k, Q, kg, op, p)
			}
		}
		closeTo(t, c.Name+" KL of the batch", []float64{batchKL}, c.out(t, "kl_batch_mean").Data, tol)
	}
}

// checkCache compares variances by the cached operator with those by triangular solves.
func checkCache(t *testing.T, k Kernel, Q, kg *mat.Dense, op []*mat.Dense, p *Posterior) {
	t.Helper()
	Kqg, diag := k.Gram(Q, kg), k.Diag(Q)
	for j := range op {
		for i, d := range diag {
			row := Kqg.RowView(i)
			closeTo(t, "cached variance", []float64{d + mat.Inner(row, op[j], row)}, []float64{p.Var.At(i, j)}, 1e-7)
		}
	}
}

func zeroRows(m *mat.Dense, mask []float64) {
	for i, keep := range mask {
		if keep == 0 {
			for j := range m.RawRowView(i) {
				m.Set(i, j, 0)
			}
		}
	}
}

// plainLayer is a whole layer with the noise eps [B, S, H, T, d], head by head: out [B, S, T, D] and the KL.
func plainLayer(t *testing.T, c goldenCase) (out []float64, kl float64) {
	t.Helper()
	x, eps, mask := c.in(t, "x"), c.in(t, "eps"), c.in(t, "mask")
	Wo, bo := c.in(t, "Wo").dense(), c.in(t, "bo").Data
	B, S, H := eps.Shape[0], eps.Shape[1], eps.Shape[2]
	for b := 0; b < B; b++ {
		X := x.at(b).dense()
		posts := make([]*Posterior, H)
		for h := range posts {
			var q, va, kg mat.Dense
			Wqk := c.in(t, "Wqk").at(h).dense()
			q.Mul(X, Wqk.T())
			va.Mul(X, c.in(t, "Wv").at(h).dense().T())
			kg.Mul(c.in(t, "zg").at(h).dense(), Wqk.T())
			if mask.Shape != nil {
				zeroRows(&va, mask.at(b).Data)
			}
			p, err := Decoupled(headKernel(t, c, h), &q, &kg, &va, c.in(t, "vg").at(h).dense(),
				factors(c.in(t, "ltri").at(h), c.in(t, "logdiag").at(h)), c.Jitter)
			if err != nil {
				t.Fatal(err)
			}
			posts[h] = p
			closeTo(t, c.Name+" mean", raw(p.Mean), c.out(t, "mean").at(b, h).Data, 1e-9)
			closeTo(t, c.Name+" variance", raw(p.Var), c.out(t, "var").at(b, h).Data, 1e-9)
			for j := range p.KLa {
				kl += p.KLa[j] / float64(B)
				if b == 0 {
					kl += p.KLg[j]
				}
			}
		}
		for s := 0; s < S; s++ {
			var F mat.Dense
			for h, p := range posts {
				draw := p.SampleDiag(eps.at(b, s, h).dense())
				if c.Mode == "full" {
					var err error
					if draw, err = p.SampleFull(eps.at(b, s, h).dense(), c.OutJitter); err != nil {
						t.Fatal(err)
					}
				}
				closeTo(t, c.Name+" draw", raw(draw), c.out(t, "F").at(b, s, h).Data, 1e-9)
				if h == 0 {
					F.CloneFrom(draw)
				} else {
					var joined mat.Dense
					joined.Augment(&F, draw)
					F.CloneFrom(&joined)
				}
			}
			var o mat.Dense
			o.Mul(&F, Wo.T())
			o.Apply(func(_, j int, v float64) float64 { return v + bo[j] }, &o)
			if mask.Shape != nil {
				zeroRows(&o, mask.at(b).Data)
			}
			out = append(out, raw(&o)...)
		}
	}
	return out, kl
}

func TestLayerGoldenPlain(t *testing.T) {
	for _, c := range golden(t, "layer") {
		out, kl := plainLayer(t, c)
		closeTo(t, c.Name+" output", out, c.out(t, "out").Data, 1e-9)
		closeTo(t, c.Name+" KL", []float64{kl}, c.out(t, "kl").Data, 1e-9)
	}
}

func TestRelativesGolden(t *testing.T) {
	for _, c := range golden(t, "extensions") {
		in := func(name string) *mat.Dense { return c.in(t, name).dense() }
		num := func(name string) float64 { return c.in(t, name).Data[0] }
		unit := NewKernel(ARD, 1, 1, 3)
		var mean, cov *mat.Dense
		var err error
		switch c.Name {
		case "correlated_gp":
			mean, cov, err = Correlated(unit, in("q"), in("k"), in("o"), in("v"), num("sigma_q"), num("sigma_k"), c.Jitter)
		case "sparse_correlated_gp":
			mean, cov, err = SparseCorrelated(unit, in("q"), in("k"), in("o"), in("z_m"), in("z_l"), in("v"), num("noise"))
		case "random_feature_gp_regression":
			mean, cov, err = RandomFeature(unit, in("q"), in("k"), in("v"), in("omega"), num("noise"))
		case "kernel_eigen_pair_sum":
			p := KernelEigenPair(in("q"), in("k"), in("we"), in("wr"), c.in(t, "log_lambda_inv_sqrt").Data, in("m_u"),
				factors(c.in(t, "ltri"), c.in(t, "logdiag")))
			closeTo(t, "eigen-pair mean", raw(p.Mean), c.out(t, "mean").Data, 1e-9)
			for j := range p.Cov {
				closeTo(t, "eigen-pair covariance", raw(p.Cov[j]), c.out(t, "cov").at(j).Data, 1e-9)
			}
			closeTo(t, "eigen-pair scores", append(raw(p.E), raw(p.R)...), append(c.out(t, "e_scores").Data, c.out(t, "r_scores").Data...), 1e-9)
			closeTo(t, "eigen-pair KL and energy", []float64{p.KL, p.Energy}, []float64{c.out(t, "kl").Data[0], c.out(t, "ksvd_energy").Data[0]}, 1e-9)
			continue
		default:
			t.Fatalf("unknown case %s", c.Name)
		}
		if err != nil {
			t.Fatal(err)
		}
		closeTo(t, c.Name+" mean", raw(mean), c.out(t, "mean").Data, 1e-9)
		closeTo(t, c.Name+" covariance", raw(cov), c.out(t, "cov").Data, 1e-9)
	}
}

func randomDense(r *linalg.Rand, n, m int, scale float64) *mat.Dense {
	d := mat.NewDense(n, m, nil)
	d.Apply(func(_, _ int, _ float64) float64 { return scale * r.Normal() }, d)
	return d
}

func randomFactors(r *linalg.Rand, dv, m int) []*mat.Dense {
	R := make([]*mat.Dense, dv)
	for j := range R {
		diag := make([]float64, m)
		for i := range diag {
			diag[i] = 0.3 * r.Normal()
		}
		R[j] = Whitened(randomDense(r, m, m, 0.5), diag)
	}
	return R
}

// With v = (K + s^2 I)^-1 y and S = K - K (K + s^2 I)^-1 K, standard SGPA is exact GP regression at any query.
func TestStandardIsExactRegression(t *testing.T) {
	r := linalg.NewRand(1)
	k := NewKernel(ARD, 1.3, 0.8, 2)
	X, Q, y := randomDense(r, 6, 2, 1), randomDense(r, 4, 2, 1), randomDense(r, 6, 1, 1)
	const s2 = 0.1
	K := k.Gram(X, X)
	noisy := mat.DenseCopyOf(K)
	addDiag(noisy, s2)
	c, err := linalg.Chol(noisy, linalg.JitterPolicy{})
	if err != nil {
		t.Fatal(err)
	}
	v := c.Solve(y)
	var S mat.Dense
	S.Mul(K, c.Solve(K))
	S.Sub(K, &S)
	// S = L R R' L': R is the factor of L^-1 S L^-T.
	cl, err := linalg.Chol(K, linalg.JitterPolicy{})
	if err != nil {
		t.Fatal(err)
	}
	white := cl.RightHalf(cl.Half(&S))
	cr, err := linalg.Chol(white, linalg.JitterPolicy{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := Standard(k, Q, X, v, []*mat.Dense{cr.L()}, 0)
	if err != nil {
		t.Fatal(err)
	}
	Kqx := k.Gram(Q, X)
	var mean, back, cov mat.Dense
	mean.Mul(Kqx, v)
	back.Mul(Kqx, c.Solve(mat.DenseCopyOf(Kqx.T())))
	cov.Sub(k.Gram(Q, Q), &back)
	closeTo(t, "mean of the regression", raw(p.Mean), raw(&mean), 1e-9)
	closeTo(t, "covariance of the regression", raw(p.Cov[0]), raw(&cov), 1e-9)
}

func TestDecoupledProperties(t *testing.T) {
	for seed := uint64(0); seed < 8; seed++ {
		r := linalg.NewRand(seed)
		kind := ARD
		if seed%2 == 1 {
			kind = Exponential
		}
		k := NewKernel(kind, 0.7, 1.5, 3)
		q, kg := randomDense(r, 7, 3, 1), randomDense(r, 4, 3, 1)
		va, vg := randomDense(r, 7, 2, 1), randomDense(r, 4, 2, 1)
		p, err := Decoupled(k, q, kg, va, vg, randomFactors(r, 2, 4), 1e-9)
		if err != nil {
			t.Fatal(err)
		}
		for j, cov := range p.Cov {
			var eig mat.EigenSym
			sym := mat.NewSymDense(7, nil)
			for a := 0; a < 7; a++ {
				for b := 0; b <= a; b++ {
					sym.SetSym(a, b, cov.At(a, b))
				}
			}
			if !eig.Factorize(sym, false) || eig.Values(nil)[0] < -1e-8 {
				t.Errorf("seed %d, channel %d: the covariance has eigenvalue %v", seed, j, eig.Values(nil)[0])
			}
			if p.KLa[j] < 0 || p.KLg[j] < 0 {
				t.Errorf("seed %d, channel %d: a divergence is negative: %v, %v", seed, j, p.KLa[j], p.KLg[j])
			}
		}
		// v = 0 and R = I give the prior back, at no cost.
		eye := []*mat.Dense{Whitened(mat.NewDense(4, 4, nil), make([]float64, 4))}
		prior, err := Decoupled(k, q, kg, mat.NewDense(7, 1, nil), mat.NewDense(4, 1, nil), eye, 0)
		if err != nil {
			t.Fatal(err)
		}
		closeTo(t, "prior covariance", raw(prior.Cov[0]), raw(k.Gram(q, q)), 1e-9)
		closeTo(t, "KL of the prior", []float64{prior.KL()}, []float64{0}, 1e-9)
		// One more global point never leaves more unexplained.
		zero := func(m int) []*mat.Dense {
			d := make([]float64, m)
			for i := range d {
				d[i] = -300
			}
			return []*mat.Dense{Whitened(mat.NewDense(m, m, nil), d)}
		}
		few, err := Decoupled(k, q, mat.DenseCopyOf(kg.Slice(0, 3, 0, 3)), mat.NewDense(7, 1, nil), mat.NewDense(3, 1, nil), zero(3), 1e-9)
		if err != nil {
			t.Fatal(err)
		}
		more, err := Decoupled(k, q, kg, mat.NewDense(7, 1, nil), mat.NewDense(4, 1, nil), zero(4), 1e-9)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < 7; i++ {
			if more.Var.At(i, 0) > few.Var.At(i, 0)+1e-9 {
				t.Errorf("seed %d: a fourth global point raises the variance left at token %d from %v to %v",
					seed, i, few.Var.At(i, 0), more.Var.At(i, 0))
			}
		}
	}
}

// Draws have the mean and the covariance they come from.
func TestSamplesHaveTheirMoments(t *testing.T) {
	r := linalg.NewRand(2)
	k := NewKernel(ARD, 1, 1, 2)
	q, kg := randomDense(r, 3, 2, 1), randomDense(r, 3, 2, 1)
	p, err := Decoupled(k, q, kg, randomDense(r, 3, 1, 1), randomDense(r, 3, 1, 1), randomFactors(r, 1, 3), 1e-9)
	if err != nil {
		t.Fatal(err)
	}
	const n = 20000
	var mean [3]float64
	var second [3][3]float64
	for i := 0; i < n; i++ {
		F, err := p.SampleFull(randomDense(r, 3, 1, 1), 0)
		if err != nil {
			t.Fatal(err)
		}
		for a := 0; a < 3; a++ {
			da := F.At(a, 0) - p.Mean.At(a, 0)
			mean[a] += da / n
			for b := 0; b < 3; b++ {
				second[a][b] += da * (F.At(b, 0) - p.Mean.At(b, 0)) / n
			}
		}
	}
	for a := 0; a < 3; a++ {
		sd := math.Sqrt(p.Var.At(a, 0))
		if math.Abs(mean[a]) > 5*sd/math.Sqrt(n) {
			t.Errorf("mean of the draws is off by %v at token %d", mean[a], a)
		}
		for b := 0; b < 3; b++ {
			if slack := 8 * sd * math.Sqrt(p.Var.At(b, 0)) / math.Sqrt(n); math.Abs(second[a][b]-p.Cov[0].At(a, b)) > slack {
				t.Errorf("covariance (%d,%d) of the draws is %v, want %v within %v", a, b, second[a][b], p.Cov[0].At(a, b), slack)
			}
		}
	}
}

func TestPlainErrors(t *testing.T) {
	r := linalg.NewRand(4)
	k := NewKernel(ARD, 1, 1, 2)
	q, kg := randomDense(r, 3, 2, 1), randomDense(r, 2, 2, 1)
	R := randomFactors(r, 1, 2)
	for _, c := range []struct {
		want string
		call func()
	}{
		{"3 dimensions, the kernel has 2", func() { k.Gram(randomDense(r, 3, 3, 1), q) }},
		{"3 queries but 2 values", func() { Decoupled(k, q, kg, randomDense(r, 2, 1, 1), randomDense(r, 2, 1, 1), R, 0) }},
		{"1 covariance factors for 2 channels", func() { Decoupled(k, q, kg, randomDense(r, 3, 2, 1), randomDense(r, 2, 2, 1), R, 0) }},
		{"factor 0 is 2 by 2 for 3", func() { Standard(k, q, q, randomDense(r, 3, 1, 1), R, 0) }},
		{"there is no kernel", func() { NewKernel("rbf", 1, 1, 2) }},
		{"both must be at least 1", func() { Correlated(k, q, q, q, q, 0.5, 1, 0) }},
	} {
		if err := linalg.Try(c.call); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v does not say %q", err, c.want)
		}
	}
	bad := randomDense(r, 2, 2, 1)
	bad.Set(0, 0, math.NaN())
	if _, err := Decoupled(k, q, bad, randomDense(r, 3, 1, 1), randomDense(r, 2, 1, 1), R, 1e-6); err == nil {
		t.Error("a NaN among the global keys gives no error")
	}
}
