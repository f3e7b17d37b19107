package ohsvgp

import (
	"context"
	"testing"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
	"gonum.org/v1/gonum/mat"
)

type goldenTask struct {
	T, Variance, Lengthscale float64
	Noise_variance           float64
	X, Y, Z                  array
}

type goldenState struct {
	Bound                            float64
	M, S, Lam_whitened, Eta_whitened array
	Pred_mean, Pred_var_latent       array
	K_bb_jittered, K_ba              array
	Transition_singular_values       any
}

func fixedJitter(v float64) *linalg.JitterPolicy { return &linalg.JitterPolicy{Start: v} }

func TestGoldenOnlineRegression(t *testing.T) {
	ctx := context.Background()
	for _, c := range golden(t, "online_regression")[:3] {
		t.Run(c.Name, func(t *testing.T) {
			var in struct {
				Kernel string
				M      int
				Jitter float64
				X_test array
				Tasks  []goldenTask
			}
			var want struct{ Tasks []goldenState }
			c.read(t, &in, &want)
			m, err := New(Options{M: in.M, Kernel: kernelNamed(t, in.Kernel, 1, []float64{1}, 0), Noise: 1, Hyper: HyperFixed})
			if err != nil {
				t.Fatal(err)
			}
			m.policy = fixedJitter(in.Jitter)
			for i, task := range in.Tasks {
				set(t, m, task)
				if err := m.UpdateTo(ctx, task.T, task.X.Data, task.Y.Data); err != nil {
					t.Fatal(err)
				}
				w := want.Tasks[i]
				near(t, "bound", []float64{m.History()[i].Bound}, []float64{w.Bound}, c.Tolerance)
				mean, cov, _ := m.Memory()
				near(t, "m", mean, w.M.Data, c.Tolerance)
				nearM(t, "S", cov, w.S, c.Tolerance)
				nearM(t, "Lam", m.q.Lam, w.Lam_whitened, c.Tolerance)
				near(t, "eta", m.q.eta, w.Eta_whitened.Data, c.Tolerance)
				pm, pv, err := m.Predict(ctx, in.X_test.Data)
				if err != nil {
					t.Fatal(err)
				}
				near(t, "mean", pm, w.Pred_mean.Data, c.Tolerance)
				near(t, "variance", pv, w.Pred_var_latent.Data, c.Tolerance)
			}
		})
	}
}

// set puts a task's hyper-parameters into the model.
func set(t *testing.T, m *Model, task goldenTask) {
	t.Helper()
	for name, v := range map[string]float64{"variance": task.Variance, "lengthscale": task.Lengthscale, "noise": task.Noise_variance} {
		p, err := m.Params().Get(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Set(v); err != nil {
			t.Fatal(err)
		}
	}
}

func TestGoldenGradients(t *testing.T) {
	for _, c := range golden(t, "gradients") {
		t.Run(c.Name, func(t *testing.T) {
			var in struct {
				Kernel                     string
				M                          int
				Jitter, T                  float64
				Theta_log                  array
				X, Y, Rff_base_frequencies array
				Old                        *struct {
					T                              float64
					Theta_log                      array
					La, Lam_whitened, Eta_whitened array
				}
			}
			var want struct {
				Bound, Rff_bound float64
				Rff_grad         array
				Grad             array `json:"grad_log_variance_log_lengthscale_log_noise"`
			}
			c.read(t, &in, &want)
			k := kernelNamed(t, in.Kernel, 1, []float64{1}, 0)
			m, err := New(Options{M: in.M, Kernel: k, Noise: 1, Hyper: HyperFixed})
			if err != nil {
				t.Fatal(err)
			}
			m.policy = fixedJitter(in.Jitter)
			if in.Old != nil {
				L, err := linalg.FactorFromLower(in.Old.La.dense(), in.Jitter)
				if err != nil {
					t.Fatal(err)
				}
				m.q = &posterior{basis: &legs{in.M, in.Old.T}, L: L, Lam: in.Old.Lam_whitened.dense(), eta: in.Old.Eta_whitened.Data}
				if err := m.q.finish(); err != nil {
					t.Fatal(err)
				}
			}
			if err := m.Params().SetFree(in.Theta_log.Data); err != nil {
				t.Fatal(err)
			}
			l := &learner{m: m, k: m.kernel, noise: m.noise, x: gp.Column(in.X.Data), y: in.Y.Data, jitter: *m.policy}
			v, g, err := l.value(&legs{in.M, in.T}, true, false)
			if err != nil {
				t.Fatal(err)
			}
			near(t, "bound", []float64{v}, []float64{want.Bound}, c.Tolerance)
			near(t, "gradient", g, want.Grad.Data, c.Tolerance)
			if want.Rff_grad.Data == nil {
				return
			}
			// the same on fixed random features; the old memory is given by
			// its factor, whose basis is all features too
			base := in.Rff_base_frequencies.Data
			if m.q != nil {
				m.q.basis = &features{M: in.M, at: span{T: in.Old.T}, base: base}
			}
			v, g, err = l.value(&features{M: in.M, at: span{T: in.T}, base: base}, true, false)
			if err != nil {
				t.Fatal(err)
			}
			near(t, "bound on features", []float64{v}, []float64{want.Rff_bound}, c.Tolerance)
			near(t, "gradient on features", g, want.Rff_grad.Data, 1e-5)
		})
	}
}

func TestGoldenOSGPR(t *testing.T) {
	ctx := context.Background()
	for _, c := range golden(t, "baselines")[:2] {
		t.Run(c.Name, func(t *testing.T) {
			var in struct {
				Kernel string
				Jitter float64
				X_test array
				Tasks  []goldenTask
			}
			var want struct {
				Bound_1, Bound_2           float64
				M_1, S_1, M_2, S_2         array
				Pred_mean, Pred_var_latent array
			}
			c.read(t, &in, &want)
			how := &placed{}
			m, err := newModel(Options{Kernel: kernelNamed(t, in.Kernel, 1, []float64{1}, 0), Noise: 1, Hyper: HyperFixed, ZSteps: -1}, how)
			if err != nil {
				t.Fatal(err)
			}
			m.policy = fixedJitter(in.Jitter)
			bounds, ms, Ss := []float64{want.Bound_1, want.Bound_2}, []array{want.M_1, want.M_2}, []array{want.S_1, want.S_2}
			for i, task := range in.Tasks {
				set(t, m, task)
				how.Z = mat.NewDense(len(task.Z.Data), 1, task.Z.Data)
				if err := m.Update(ctx, task.X.Data, task.Y.Data); err != nil {
					t.Fatal(err)
				}
				near(t, "bound", []float64{m.History()[i].Bound}, bounds[i:i+1], c.Tolerance)
				mean, cov, _ := m.Memory()
				near(t, "m", mean, ms[i].Data, c.Tolerance)
				nearM(t, "S", cov, Ss[i], c.Tolerance)
			}
			pm, pv, err := m.Predict(ctx, in.X_test.Data)
			if err != nil {
				t.Fatal(err)
			}
			near(t, "mean", pm, want.Pred_mean.Data, c.Tolerance)
			near(t, "variance", pv, want.Pred_var_latent.Data, c.Tolerance)
		})
	}
}

// placed is OSGPR with Z given instead of learned.
type placed struct {
	pointMethod
	Z *mat.Dense
}

func (p *placed) begin(*Model, gp.Kernel, *mat.Dense, float64) (basis, error) {
	return &points{Z: p.Z}, nil
}
