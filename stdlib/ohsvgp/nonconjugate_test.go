package ohsvgp

import (
	"context"
	"math"
	"testing"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
	"gonum.org/v1/gonum/mat"
)

func likelihoodNamed(t *testing.T, name string, dispersion float64, points int) *gp.Likelihood {
	t.Helper()
	l := map[string]*gp.Likelihood{"bernoulli_logit": gp.BernoulliLogit(), "bernoulli_probit": gp.BernoulliProbit(), "poisson": gp.Poisson()}[name]
	if name == "negative_binomial" {
		l = gp.NegativeBinomial(dispersion)
	}
	if l == nil {
		t.Fatalf("likelihood %q", name)
	}
	l.Points = points
	return l
}

func TestGoldenNonconjugate(t *testing.T) {
	for _, c := range golden(t, "nonconjugate") {
		t.Run(c.Name, func(t *testing.T) {
			if c.Name == "softmax_mc" {
				softmaxGolden(t, c)
				return
			}
			var in struct {
				Kernel                                string
				Variance, Lengthscale, T1, T2, Jitter float64
				M                                     int   `json:"M"`
				Mean                                  array `json:"m"`
				X, Y, S                               array
				Old                                   struct {
					M, S                  array
					Variance, Lengthscale float64
				}
				Gauss_hermite_points int
				Dispersion           float64
			}
			var want struct {
				Mu_whitened, G_whitened, Grad_mu_whitened, Grad_G_whitened array
				Grad_log_variance_log_lengthscale                          array
				Varexp, Kl, Correction, Elbo                               float64
				Fmean, Fvar, Q_a_mean, Q_a_cov                             array
			}
			c.read(t, &in, &want)
			lik := likelihoodNamed(t, c.Name, in.Dispersion, in.Gauss_hermite_points)
			k := kernelNamed(t, in.Kernel, in.Variance, []float64{in.Lengthscale}, 0)
			old := oldPosterior(t, in.Kernel, in.Old.Variance, in.Old.Lengthscale, in.M, in.T1, in.Jitter, in.Old.M.Data, in.Old.S.dense())
			x := gp.Column(in.X.Data)
			b := &legs{in.M, in.T2}
			bl, err := b.blocks(k, x, old.basis)
			must(t, err)
			e, err := newElbo(bl, in.Y.Data, lik, old, *fixedJitter(in.Jitter))
			must(t, err)
			mu, G := want.Mu_whitened.Data, want.G_whitened.dense()
			near(t, "whitened mean", e.L.HalfVec(in.Mean.Data), mu, 1e-7)
			gc, err := linalg.FactorFromLower(G, 0)
			must(t, err)
			S := linalg.SymProduct(G, false)
			v := e.at(mu, S, gc.LogDet())
			near(t, "varexp, kl, correction, elbo", []float64{e.varexp, e.kl, e.correction, v}, []float64{want.Varexp, want.Kl, want.Correction, want.Elbo}, c.Tolerance)
			near(t, "fmean", e.fmean, want.Fmean.Data, c.Tolerance)
			near(t, "fvar", e.fvar, want.Fvar.Data, c.Tolerance)
			dmu, dS, err := e.gradQ()
			must(t, err)
			near(t, "gradient by mu", dmu, want.Grad_mu_whitened.Data, 1e-5)
			var dG mat.Dense
			dG.Mul(dS, G)
			wantG := want.Grad_G_whitened.dense()
			for i := 0; i < in.M; i++ {
				for j := 0; j <= i; j++ {
					near(t, "gradient by G", []float64{2 * dG.At(i, j)}, []float64{wantG.At(i, j)}, 1e-5)
				}
			}
			g, _ := e.gradBlocks()
			grad := make([]float64, 2)
			if _, err := b.backward(k, x, old.basis, g, grad); err != nil {
				t.Fatal(err)
			}
			near(t, "gradient by hyper-parameters", grad, want.Grad_log_variance_log_lengthscale.Data, 1e-5)
		})
	}
}

// oldPosterior whitens a given q(a) = N(m, S).
func oldPosterior(t *testing.T, kernel string, variance, ls float64, M int, T, jitter float64, m []float64, S *mat.Dense) *posterior {
	t.Helper()
	a := &legs{M, T}
	k := kernelNamed(t, kernel, variance, []float64{ls}, 0)
	bl, err := a.blocks(k, gp.Column([]float64{0}), nil)
	must(t, err)
	L, err := linalg.Chol(bl.Kbb, *fixedJitter(jitter))
	must(t, err)
	c, err := linalg.Chol(S, linalg.JitterPolicy{})
	must(t, err)
	// D = L' S^-1 L, eta = L' S^-1 m
	q := &posterior{basis: a, kernel: k, L: L, Lam: linalg.SymProduct(c.Half(L.L()), true)}
	for i := 0; i < M; i++ {
		q.Lam.Set(i, i, q.Lam.At(i, i)-1)
	}
	q.eta = times(mat.DenseCopyOf(L.L().T()), c.SolveVec(m))
	must(t, q.finish())
	return q
}

func softmaxGolden(t *testing.T, c goldenCase) {
	var in struct{ Mean, Var, Labels, Eps array }
	var want struct {
		Per_point array
		Sum       float64
	}
	c.read(t, &in, &want)
	labels := make([]int, len(in.Labels.Data))
	for i, v := range in.Labels.Data {
		labels[i] = int(v)
	}
	n, k := in.Eps.Shape[1], in.Eps.Shape[2]
	var eps []*mat.Dense
	for s := 0; s < in.Eps.Shape[0]; s++ {
		eps = append(eps, mat.NewDense(n, k, in.Eps.Data[s*n*k:(s+1)*n*k]))
	}
	e, _, _, err := gp.SoftmaxExpect(in.Mean.dense(), in.Var.dense(), labels, eps)
	must(t, err)
	near(t, "per point", e, want.Per_point.Data, c.Tolerance)
	near(t, "sum", []float64{sum(e)}, []float64{want.Sum}, c.Tolerance)
}

func TestGoldenNonconjugateFit(t *testing.T) {
	ctx := context.Background()
	for _, c := range golden(t, "nonconjugate_fit") {
		t.Run(c.Name, func(t *testing.T) {
			var in struct {
				Kernel                        string
				Variance, Lengthscale, Jitter float64
				M                             int
				Task_times                    array
				X1, X2, Y1, Y2, X_test        array
				Gauss_hermite_points          int
				Dispersion                    float64
			}
			var want struct {
				Tasks []struct {
					Elbo                             float64
					M, S, Pred_mean, Pred_var_latent array
				}
			}
			c.read(t, &in, &want)
			m, err := New(Options{M: in.M, Kernel: kernelNamed(t, in.Kernel, in.Variance, []float64{in.Lengthscale}, 0),
				Likelihood: likelihoodNamed(t, c.Name, in.Dispersion, in.Gauss_hermite_points), Hyper: HyperFixed})
			must(t, err)
			m.policy = fixedJitter(in.Jitter)
			xs, ys := []array{in.X1, in.X2}, []array{in.Y1, in.Y2}
			for i, w := range want.Tasks {
				must(t, m.UpdateTo(ctx, in.Task_times.Data[i], xs[i].Data, ys[i].Data))
				near(t, "elbo", []float64{m.History()[i].Bound}, []float64{w.Elbo}, c.Tolerance)
				mean, S, err := m.Memory()
				must(t, err)
				near(t, "m", mean, w.M.Data, c.Tolerance)
				nearM(t, "S", S, w.S, c.Tolerance)
				pm, pv, err := m.Predict(ctx, in.X_test.Data)
				must(t, err)
				near(t, "mean", pm, w.Pred_mean.Data, c.Tolerance)
				near(t, "variance", pv, w.Pred_var_latent.Data, c.Tolerance)
			}
		})
	}
}

// With a Gaussian likelihood the general route gives the closed form.
func TestSitesEqualTheClosedForm(t *testing.T) {
	x, y := stream(30, 2, 0.1)
	old, err := New(Options{M: 10, Kernel: gp.Matern32(1, 0.5), Noise: 0.05, Hyper: HyperFixed})
	must(t, err)
	must(t, old.Update(context.Background(), x[:15], y[:15]))
	b := &legs{10, 2}
	k := gp.Matern32(1.2, 0.6)
	bl, err := b.blocks(k, gp.Column(x[15:]), old.q.basis)
	must(t, err)
	u, err := conjugate(bl, y[15:], 0.04, old.q, *fixedJitter(1e-9))
	must(t, err)
	e, q, _, err := variational(context.Background(), bl, y[15:], gp.Gaussian(0.04), old.q, *fixedJitter(1e-9), nil)
	must(t, err)
	near(t, "bound", []float64{e.value()}, []float64{u.bound}, 1e-10)
	near(t, "Lam", flat(q.Lam), flat(u.new.Lam), 1e-8)
	near(t, "eta", q.eta, u.new.eta, 1e-8)
	g, ds2 := u.gradient()
	h, dlik := e.gradBlocks()
	near(t, "dKbb", flat(h.Kbb), flat(g.Kbb), 1e-7)
	near(t, "dKbf", flat(h.Kbf), flat(g.Kbf), 1e-7)
	near(t, "dKba", flat(h.Kba), flat(g.Kba), 1e-7)
	near(t, "dKaa", flat(h.Kaa), flat(g.Kaa), 1e-7)
	near(t, "dnoise", dlik, []float64{ds2 * 0.04}, 1e-7)
}

func TestCountsLearnTheirHyperparameters(t *testing.T) {
	x, _ := stream(60, 3, 0)
	r := linalg.NewRand(4)
	y := make([]float64, len(x))
	lik := gp.NegativeBinomial(5)
	for i, v := range x {
		y[i] = lik.Draw(1+v/2, r)
	}
	k := gp.SE(1, 1)
	k.Lengthscale.Fix()
	m, err := New(Options{M: 12, Kernel: gp.Sum(k, gp.Constant(1)), Likelihood: gp.NegativeBinomial(2), Hyper: HyperOnline})
	must(t, err)
	tasks(t, m, x, y, 3)
	if p, err := m.Params().Get("1.lengthscale"); err != nil || p.Value() != 1 {
		t.Errorf("a fixed length-scale moved to %v (%v)", p, err)
	}
	if p, err := m.Params().Get("dispersion"); err != nil || p.Value() == 2 {
		t.Errorf("the dispersion was not learned: %v (%v)", p, err)
	}
	mean, v, err := m.Predict(context.Background(), []float64{0.5, 2.5})
	must(t, err)
	for i, want := range []float64{1.25, 2.25} {
		if d := mean[i] - want; d*d > 16*v[i]+0.1 {
			t.Errorf("log mean %g, want about %g", mean[i], want)
		}
	}
	if err := m.Update(context.Background(), []float64{4}, []float64{-2}); err == nil {
		t.Error("a negative count was accepted")
	}
	if m.Tasks() != 3 {
		t.Error("the failed update counts as a task")
	}
}

func TestHugeCount(t *testing.T) {
	x, _ := stream(20, 2, 0)
	y := make([]float64, len(x))
	y[9] = 1e6
	m, err := New(Options{M: 10, Kernel: gp.SE(4, 0.5), Likelihood: gp.Poisson(), Hyper: HyperFixed})
	must(t, err)
	must(t, m.Update(context.Background(), x, y))
	mean, _, err := m.Predict(context.Background(), x)
	must(t, err)
	for _, v := range mean {
		if !finite(v) {
			t.Fatalf("mean %v after a count of a million", v)
		}
	}
}

// A large task of counts learned in batches ends near the optimum on all data,
// with the same numbers every time.
func TestBatchesReachTheOptimum(t *testing.T) {
	ctx := context.Background()
	const n = 1200
	r := linalg.NewRand(4)
	x, y := make([]float64, n), make([]float64, n)
	for i := range x {
		x[i] = 6 * float64(i+1) / n
		y[i] = gp.Poisson().Draw(1+math.Sin(2*x[i]), r)
	}
	learn := func(batch int) *Model {
		m, err := New(Options{M: 15, Kernel: gp.SE(1, 0.8), Likelihood: gp.Poisson(), Hyper: HyperFixed, Batch: batch, Seed: 2})
		must(t, err)
		must(t, m.Update(ctx, x[:700], y[:700]))
		must(t, m.Update(ctx, x[700:], y[700:]))
		return m
	}
	whole, parts, again := learn(0), learn(100), learn(100)
	if parts.Bound() != again.Bound() {
		t.Errorf("the same seed gives %v and %v", parts.Bound(), again.Bound())
	}
	if d := whole.Bound() - parts.Bound(); d < -1e-6 || d > 1 {
		t.Errorf("bound %.4f on all data, %.4f by batches", whole.Bound(), parts.Bound())
	}
	a, va, err := whole.Predict(ctx, x)
	must(t, err)
	b, _, err := parts.Predict(ctx, x)
	must(t, err)
	for i := range a {
		if math.Abs(a[i]-b[i]) > 0.5*math.Sqrt(va[i]) {
			t.Fatalf("at %g the mean is %.3f, by batches %.3f (sd %.3f)", x[i], a[i], b[i], math.Sqrt(va[i]))
		}
	}
	m, err := New(Options{M: 10, Kernel: gp.SE(1, 3), Likelihood: gp.Poisson(), Batch: 150, FitSteps: 20})
	must(t, err)
	before := m.String()
	if err := m.Update(&countdown{ctx, 60}, x, y); err == nil || m.String() != before {
		t.Errorf("cancelled among the batches: %v, %s", err, m)
	}
	must(t, m.Update(ctx, x, y))
	if l := m.Params()[1].Value(); l > 2 {
		t.Errorf("length-scale %g learned on a part of the data", l)
	}
}
