package ohsvgp

import (
	"context"
	"math"
	"testing"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
)

func TestGoldenLatentChannel(t *testing.T) {
	for _, c := range golden(t, "svgpvae") {
		var in struct {
			Kernel                string
			Variance, Lengthscale float64
			M                     int
			T                     float64
			X, Y_tilde, V_tilde   array
		}
		var want struct {
			Mu, A, Q_mean, Q_var, Cross_entropy_per_point array
			Kl, Hensman_bound                             float64
		}
		c.read(t, &in, &want)
		ch := &Latent{M: in.M, Kernel: kernelNamed(t, in.Kernel, in.Variance, []float64{in.Lengthscale}, 0), Jitter: -1}
		p, err := ch.Posterior(context.Background(), in.T, in.X.Data, in.Y_tilde.Data, in.V_tilde.Data)
		must(t, err)
		mu, A := p.Memory()
		near(t, "mu", mu, want.Mu.Data, c.Tolerance)
		nearM(t, "A", A, want.A, c.Tolerance)
		near(t, "q mean", p.Mean, want.Q_mean.Data, c.Tolerance)
		near(t, "q variance", p.Variance, want.Q_var.Data, c.Tolerance)
		near(t, "KL", []float64{p.KL}, []float64{want.Kl}, c.Tolerance)
		near(t, "cross entropy", p.CrossEntropy(), want.Cross_entropy_per_point.Data, c.Tolerance)
		near(t, "L_H", []float64{p.HensmanBound()}, []float64{want.Hensman_bound}, c.Tolerance)
	}
}

// The published objective computed as it is written agrees with -KL, without
// and with an old memory's absence; and gradients agree with differences in
// both modes.
func TestLatentGradients(t *testing.T) {
	ctx := context.Background()
	x, y := stream(30, 2, 0.1)
	r := linalg.NewRand(2)
	v := make([]float64, len(y))
	gm, gv := make([]float64, 15), make([]float64, 15)
	for i := range v {
		v[i] = 0.1 + 0.5*math.Abs(math.Sin(float64(i)))
	}
	for i := range gm {
		gm[i], gv[i] = r.Normal(), r.Normal()
	}
	for _, points := range []bool{false, true} {
		for _, amortised := range []bool{true, false} {
			ch := &Latent{M: 9, Kernel: gp.Matern52(1, 0.5), Amortised: amortised, Points: points}
			first, err := ch.Posterior(ctx, 1, x[:15], y[:15], v[:15])
			must(t, err)
			first.Accept()
			yt, vt := append([]float64(nil), y[15:]...), append([]float64(nil), v[15:]...)
			value := func() float64 {
				p, err := ch.Posterior(ctx, 2, x[15:], yt, vt)
				must(t, err)
				s := 0.7 * p.KL
				for i := range gm {
					s += gm[i]*p.Mean[i] + gv[i]*p.Variance[i]
				}
				return s
			}
			p, err := ch.Posterior(ctx, 2, x[15:], yt, vt)
			must(t, err)
			dy, dv := p.Backward(gm, gv, 0.7)
			for i := range yt {
				for a, g := range map[*float64]float64{&yt[i]: dy[i], &vt[i]: dv[i]} {
					at := *a
					*a = at + 1e-5
					hi := value()
					*a = at - 1e-5
					lo := value()
					*a = at
					near(t, "gradient", []float64{g}, []float64{(hi - lo) / 2e-5}, 1e-6)
				}
			}
			p.Accept()
			mean, _, err := ch.Predict(x[:5])
			must(t, err)
			remembered := RMSE(y[:5], mean)
			if amortised == (remembered < 0.4) {
				t.Errorf("amortised %v: RMSE %.3f on the first task after the second", amortised, remembered)
			}
		}
	}
}

func TestLatentErrors(t *testing.T) {
	ctx := context.Background()
	ch := &Latent{M: 5, Kernel: gp.SE(1, 0.5)}
	if _, _, err := ch.Predict([]float64{1}); err == nil {
		t.Error("predicted without a memory")
	}
	for _, c := range [][3][]float64{{{1}, {1}, {0}}, {{1}, {1}, {-1}}, {{1}, {1}, {1, 2}}, {{1, 2}, {1}, {1}}, {{1}, {math.NaN()}, {1}}} {
		if _, err := ch.Posterior(ctx, 2, c[0], c[1], c[2]); err == nil {
			t.Errorf("%v was accepted", c)
		}
	}
}
