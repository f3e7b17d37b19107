package ohsvgp

import (
	"context"
	"testing"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
	"github.com/priorlab/priorlab/stdlib/hippo"
	"gonum.org/v1/gonum/mat"
)

// frozen is OHSVGP whose basis ends at one time for all tasks.
type frozen struct {
	hippoMethod
	end float64
}

func (f *frozen) begin(m *Model, k gp.Kernel, _ *mat.Dense, _ float64) (basis, error) {
	return &jittered{legs{M: m.opt.M, T: f.end}, m.policy.Start}, nil
}

// jittered has the jittered K_bb as its K_ba too: the same variables.
type jittered struct {
	legs
	amount float64
}

func (b *jittered) blocks(k gp.Kernel, x *mat.Dense, old basis) (*blocks, error) {
	out, err := b.legs.blocks(k, x, nil)
	if err == nil && old != nil {
		out.Kba, out.Kaa = addDiagonal(out.Kbb, b.amount), out.Kbb
	}
	return out, err
}

// view keeps the promoted one from going round blocks.
func (b *jittered) view(gp.Kernel, *mat.Dense, []float64, basis) (*blocks, error) { return nil, nil }

func TestGoldenLimits(t *testing.T) {
	ctx := context.Background()
	for _, c := range golden(t, "online_regression")[3:] {
		t.Run(c.Name, func(t *testing.T) {
			var in struct {
				Kernel                    string
				Variance, Lengthscale     float64
				Noise_variance, T, Jitter float64
				M                         int
				X, Y, X_test              array
				Task_times                []float64
				Task_sizes                []int
			}
			var want struct {
				Batch_bound             float64
				M, S, Pred_mean         array
				Pred_var_latent         array
				Log_marginal_likelihood float64
				Gp_mean, Gp_var_latent  array
				Sum_of_bounds           array
			}
			c.read(t, &in, &want)
			o := Options{Kernel: kernelNamed(t, in.Kernel, in.Variance, []float64{in.Lengthscale}, 0), Noise: in.Noise_variance, Hyper: HyperFixed}
			run := func(how method, M int) *Model {
				o.M = M
				m, err := newModel(o, how)
				must(t, err)
				m.policy = fixedJitter(in.Jitter)
				at := 0
				for i, n := range in.Task_sizes {
					x, y := in.X.Data[at:at+n], in.Y.Data[at:at+n]
					if in.Task_times != nil {
						must(t, m.UpdateTo(ctx, in.Task_times[i], x, y))
					} else {
						must(t, m.Update(ctx, x, y))
					}
					at += n
				}
				return m
			}
			if want.Sum_of_bounds.Data != nil {
				for i, M := range want.M.Data {
					m := run(&hippoMethod{}, int(M))
					near(t, "sum of bounds", []float64{m.Bound()}, want.Sum_of_bounds.Data[i:i+1], c.Tolerance)
				}
				r, err := NewReference(o)
				must(t, err)
				must(t, r.Update(ctx, in.X.Data, in.Y.Data))
				near(t, "log evidence", []float64{r.Bound()}, []float64{want.Log_marginal_likelihood}, 1e-9)
				mean, v, err := r.Predict(ctx, in.X_test.Data)
				must(t, err)
				near(t, "mean", mean, want.Gp_mean.Data, 1e-8)
				near(t, "variance", v, want.Gp_var_latent.Data, 1e-8)
				return
			}
			m := run(&frozen{end: in.T}, in.M)
			near(t, "sum of bounds", []float64{m.Bound()}, []float64{want.Batch_bound}, c.Tolerance)
			mean, cov, err := m.Memory()
			must(t, err)
			near(t, "m", mean, want.M.Data, c.Tolerance)
			nearM(t, "S", cov, want.S, c.Tolerance)
			pm, pv, err := m.Predict(ctx, in.X_test.Data)
			must(t, err)
			near(t, "mean", pm, want.Pred_mean.Data, c.Tolerance)
			near(t, "variance", pv, want.Pred_var_latent.Data, c.Tolerance)
		})
	}
}

// Properties that hold for every kernel.
func TestCovarianceProperties(t *testing.T) {
	kernels := []gp.Stationary{gp.SE(1.3, 0.3), gp.Matern12(0.9, 0.4), gp.Matern32(1, 0.5), gp.Matern52(1, 0.3), gp.RQ(1, 0.8, 0.4), gp.Periodic(1, 0.9, 0.6)}
	const M = 12
	x := []float64{-0.4, 0, 0.3, 0.99, 1.5, 2}
	for _, k := range kernels {
		b, err := (&legs{M, 1.5}).blocks(k, gp.Column(x), nil)
		must(t, err)
		for l := 0; l < M; l++ {
			for m := 0; m < M; m++ {
				if (l+m)%2 == 1 && b.Kbb.At(l, m) != 0 {
					t.Errorf("%s: K_uu[%d,%d] = %g, odd entries vanish", k, l, m, b.Kbb.At(l, m))
				}
			}
		}
		// conditional variances of f given u
		L, err := linalg.Chol(b.Kbb, linalg.JitterPolicy{Start: 1e-10, Max: 1e-6})
		must(t, err)
		W := L.Half(b.Kbf)
		for j := range x {
			v := b.kff[j]
			for i := 0; i < M; i++ {
				v -= W.At(i, j) * W.At(i, j)
			}
			if v < -1e-8*b.kff[j] {
				t.Errorf("%s: conditional variance %g at %g", k, v, x[j])
			}
		}
	}
	// K_uu depends on t/ls alone
	a, err := (&legs{M, 2}).blocks(gp.Matern32(1, 0.8), gp.Column(x), nil)
	must(t, err)
	c, err := (&legs{M, 1}).blocks(gp.Matern32(1, 0.4), gp.Column(x), nil)
	must(t, err)
	near(t, "scaling", flat(a.Kbb), flat(c.Kbb), 1e-14)
}

// The recurrence equals quadrature, derivatives too, for crowded, sparse,
// repeated and outlying points, few and many variables, and length-scales from
// far beyond the past to the smallest that is allowed.
func TestMaternRouteEqualsQuadrature(t *testing.T) {
	sets := map[string][]float64{"outlying": {-1e120, -3, -0.1, 0, 2, 2.0000001, 7, 1e120}, "repeated": {0.5, 0.5, 1.2, 1.2}, "one": {1}}
	for i := 0; i < 80; i++ {
		sets["crowded"] = append(sets["crowded"], 2*float64(i)/79)
	}
	for name, x := range sets {
		for _, M := range []int{1, 3, 40} {
			for _, k := range []*gp.Radial{gp.Matern12(1.2, 0.3), gp.Matern32(0.7, 0.05), gp.Matern52(1, 2)} {
				a, da := kufMatern(k, x, 2, M, true)
				b, db := kufQuadrature(k, x, 2, M, true)
				near(t, name+" "+k.String(), flat(a), flat(b), 2e-13)
				for p := range da {
					near(t, name+" derivative "+k.String(), flat(da[p]), flat(db[p]), 2e-12)
				}
			}
		}
	}
	for ls, M := range map[float64]int{1e8: 120, 100: 120, 0.5: 120, 0.01: 120, 0.0005: 12} {
		for _, k := range []*gp.Radial{gp.Matern12(1.2, ls), gp.Matern32(0.7, ls), gp.Matern52(1, ls)} {
			x := []float64{-ls, 0, 1e-9, 0.3 * ls, 0.7, 1.999, 2, 2 + ls}
			a, da := kufMatern(k, x, 2, M, true)
			b, db := kufQuadrature(k, x, 2, M, true)
			near(t, k.String(), flat(a), flat(b), 2e-13)
			near(t, "derivative "+k.String(), flat(da[1]), flat(db[1]), 2e-12)
			table := lagTableOf(M / 2)
			c, dc := table.moments(k, 2, true)
			d, dd := table.momentsQuadrature(k, 2, true)
			near(t, "moments "+k.String(), c, d, 1e-14)
			for p := range dc {
				near(t, "derivative of moments "+k.String(), dc[p], dd[p], 1e-14)
			}
		}
	}
}

func TestManyVariablesAgree(t *testing.T) {
	x := []float64{0.1, 0.7, 1.3}
	a, _ := kufSE(gp.SE(1, 0.05), x, 2, 100, true)
	b, _ := kufQuadrature(gp.SE(1, 0.05), x, 2, 100, false)
	near(t, "K_uf at M = 100", flat(a), flat(b), 1e-12)
	// K_uu is the projection of K_uf
	kappa, _ := lagTableOf(100).moments(gp.SE(1, 0.05), 2, false)
	K := lagTableOf(100).kuu(kappa)
	s, w := hippo.Panels(0, 2, 0.05, 40)
	p := hippo.Projection(s, 100, 2)
	u, _ := kufSE(gp.SE(1, 0.05), s, 2, 100, false)
	for _, lm := range [][2]int{{0, 0}, {3, 41}, {99, 99}, {60, 80}} {
		v := 0.0
		for q := range s {
			v += w[q] * u.At(lm[0], q) * p.At(q, lm[1])
		}
		near(t, "K_uu", []float64{K.At(lm[0], lm[1])}, []float64{v}, 1e-12)
	}
}
