package experiments

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
	"github.com/priorlab/priorlab/stdlib/param"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

// renewal is the epidemiological model that the counts are compared with. It is
// no online method: every task begins anew with all data so far. Infections of
// day d renew themselves with a reproduction number for every week,
//
//	i_d = R_w sum_s g_s i_{d-s},  deaths_d = share sum_s p_s i_{d-s},
//
// whose logarithm follows an autoregression of order two,
//
//	log R_w = mu + z_w,  z_w = rho1 z_{w-1} + rho2 z_{w-2} + sigma e_w,
//
// and deaths are counted with a negative binomial. All of it is drawn by NUTS.
type renewal struct {
	x, y     []float64
	generate []float64 // g, days from infection to infection; the last is one day
	die      []float64 // p times the share that dies, days from infection to death; the last is one day
	o        param.SampleOptions

	draws []renewalDraw
}

type renewalDraw struct {
	deaths     []float64 // expected, by days since the beginning
	dispersion float64
}

const (
	renewalLead   = 42 // days before the first datum, when infections begin
	renewalSeeded = 6  // days with the same unknown number of infections
)

// newRenewal takes times of the first pandemic wave: infection to infection with
// mean 6.5 days, infection to death with mean 5.1 + 17.8 days (Flaxman et al.
// 2020), one death in a hundred infections.
func newRenewal(o param.SampleOptions) *renewal {
	const days = 70
	fall, end, die := gammaDays(days, 5.1, 0.86), gammaDays(days, 17.8, 0.45), make([]float64, days)
	for a, p := range fall {
		for b, q := range end {
			if a+b < days {
				die[a+b] += 0.01 * p * q
			}
		}
	}
	r := &renewal{generate: gammaDays(30, 6.5, 0.62)[1:], die: die[1:], o: o}
	slices.Reverse(r.generate)
	slices.Reverse(r.die)
	return r
}

// gammaDays is a Gamma law with mean and coefficient of variation, cut into days.
func gammaDays(n int, mean, variation float64) []float64 {
	shape := 1 / (variation * variation)
	law := distuv.Gamma{Alpha: shape, Beta: shape / mean}
	out, total := make([]float64, n), law.CDF(float64(n)-0.5)
	for s := 1; s < n; s++ {
		lo := float64(s) - 0.5
		if s == 1 {
			lo = 0
		}
		out[s] = (law.CDF(float64(s)+0.5) - law.CDF(lo)) / total
	}
	return out
}

// epidemic is one set of parameters with what follows from them.
type epidemic struct {
	r                                       *renewal
	noise, mu, rho, sigma, seed, dispersion *param.Param
	z, R                                    []float64 // of weeks
	infections, deaths                      []float64 // of days
}

func (r *renewal) epidemic(days int) *epidemic {
	weeks := (days + 6) / 7
	return &epidemic{r: r,
		noise:      param.Real("e", make([]float64, weeks)...).WithPrior(param.Normal{SD: 1}),
		mu:         param.Real("mu", 0.1).WithPrior(param.Normal{SD: 0.5}),
		rho:        param.New("rho", param.Between{Lo: 0, Hi: 1}, 0.8, 0.1).WithPrior(param.Normal{Mean: 0.45, SD: 0.35}),
		sigma:      param.Positive("sigma", 0.1).WithPrior(param.Gamma{Shape: 2, Rate: 10}),
		seed:       param.Positive("seed", 20).WithPrior(param.LogNormal{Mu: 3, Sigma: 1.5}),
		dispersion: param.Positive("dispersion", 5).WithPrior(param.Gamma{Shape: 2, Rate: 0.2}),
		infections: make([]float64, days), deaths: make([]float64, days), z: make([]float64, weeks), R: make([]float64, weeks)}
}

func (e *epidemic) params() param.Set {
	return param.Set{e.noise, e.mu, e.rho, e.sigma, e.seed, e.dispersion}
}

// run computes infections and expected deaths.
func (e *epidemic) run() error {
	for w := range e.z {
		e.z[w] = e.sigma.Value() * e.noise.At(w)
		for k := 1; k <= min(2, w); k++ {
			e.z[w] += e.rho.At(k-1) * e.z[w-k]
		}
		e.R[w] = math.Exp(e.mu.Value() + e.z[w])
	}
	for d := range e.infections {
		if d < renewalSeeded {
			e.infections[d] = e.seed.Value()
			continue
		}
		e.infections[d] = e.R[d/7] * past(e.r.generate, e.infections, d)
	}
	for d := range e.deaths {
		e.deaths[d] = 1e-3 + past(e.r.die, e.infections, d)
		if v := e.deaths[d]; math.IsNaN(v) || v > 1e9 {
			return fmt.Errorf("the epidemic has %.3g deaths on day %d", v, d)
		}
	}
	return nil
}

// past is sum_s p_s x_{d-s}.
func past(p, x []float64, d int) float64 {
	n := min(len(p), d)
	return floats.Dot(p[len(p)-n:], x[d-n:d])
}

// spread is the derivative of past by x, added to dx.
func spread(p, dx []float64, d int, by float64) {
	n := min(len(p), d)
	floats.AddScaled(dx[d-n:d], by, p[len(p)-n:])
}

// logLikelihood is that of the counts but for what only they decide, with its
// gradient by the free numbers, in the order of params.
func (e *epidemic) logLikelihood() (float64, []float64, error) {
	if err := e.run(); err != nil {
		return 0, nil, err
	}
	k, value, dk := e.dispersion.Value(), 0.0, 0.0
	top := int(slices.Max(e.r.y))
	rising, slope := make([]float64, top+1), make([]float64, top+1) // log Gamma(y+k)/Gamma(k), and by k
	for y := 0; y < top; y++ {
		rising[y+1], slope[y+1] = rising[y]+math.Log(k+float64(y)), slope[y]+1/(k+float64(y))
	}
	di := make([]float64, len(e.infections))
	for j, y := range e.r.y {
		d := e.r.day(e.r.x[j])
		m := e.deaths[d]
		share := math.Log(k / (m + k))
		value += rising[int(y)] + y*math.Log(m/(m+k)) + k*share
		dk += slope[int(y)] + share + (m-y)/(m+k)
		spread(e.r.die, di, d, y/m-(y+k)/(m+k))
	}
	dlogR, dseed := make([]float64, len(e.R)), 0.0
	for d := len(di) - 1; d >= 0; d-- {
		if d < renewalSeeded {
			dseed += di[d]
			continue
		}
		dlogR[d/7] += di[d] * e.infections[d]
		spread(e.r.generate, di, d, di[d]*e.R[d/7])
	}
	dmu, dsigma, drho := 0.0, 0.0, []float64{0, 0}
	noise, dz := make([]float64, len(e.z)), dlogR
	for w := len(dz) - 1; w >= 0; w-- {
		dmu += dlogR[w] // before later weeks add what came through z
	}
	for w := len(dz) - 1; w >= 0; w-- {
		noise[w] = dz[w] * e.sigma.Value()
		dsigma += dz[w] * e.noise.At(w)
		for k := 1; k <= min(2, w); k++ {
			drho[k-1] += dz[w] * e.z[w-k]
			dz[w-k] += dz[w] * e.rho.At(k-1)
		}
	}
	grad := append(noise, dmu, drho[0]*e.rho.Slope(0), drho[1]*e.rho.Slope(1),
		dsigma*e.sigma.Slope(0), dseed*e.seed.Slope(0), dk*e.dispersion.Slope(0))
	return value, grad, nil
}

// day is the place of a time among the days of an epidemic.
func (r *renewal) day(x float64) int { return int(math.Round(x)) + renewalLead }

// Learn adds a task to the data and draws anew. On an error nothing changes.
func (r *renewal) Learn(ctx context.Context, t Task) error {
	if err := gp.Poisson().Check(t.Y); err != nil {
		return fmt.Errorf("renewal: %w", err)
	}
	x := mat.Col(nil, 0, t.X)
	for _, v := range x {
		if d := r.day(v); d < 0 || d > 10000 {
			return fmt.Errorf("renewal: %g is no day of the epidemic", v)
		}
	}
	next := *r
	next.x, next.y, next.draws = slices.Concat(r.x, x), slices.Concat(r.y, t.Y), nil
	e := next.epidemic(r.day(t.End) + 1)
	if _, err := e.params().Maximise(ctx, e.logLikelihood, 200); err != nil {
		return err
	}
	d, err := e.params().Sample(ctx, e.logLikelihood, r.o)
	if err != nil {
		return err
	}
	for i := range d.Values {
		if err := d.Use(i); err != nil {
			return err
		}
		if err := e.run(); err != nil {
			return err
		}
		next.draws = append(next.draws, renewalDraw{slices.Clone(e.deaths), e.dispersion.Value()})
	}
	*r = next
	return nil
}

func (r *renewal) Test(ctx context.Context, x *mat.Dense, y []float64) (mean, logp []float64, err error) {
	for i, v := range mat.Col(nil, 0, x) {
		d, m, density := r.day(v), 0.0, 0.0
		for _, w := range r.draws {
			m += w.deaths[d] / float64(len(r.draws))
			density += math.Exp(gp.NegativeBinomial(w.dispersion).LogProb(y[i], math.Log(w.deaths[d]))) / float64(len(r.draws))
		}
		mean, logp = append(mean, m), append(logp, math.Log(density))
	}
	return mean, logp, nil
}

func (r *renewal) Draw(ctx context.Context, x *mat.Dense, n int, seed uint64) ([][]float64, error) {
	rnd, out := linalg.NewRand(seed), make([][]float64, n)
	for s := range out {
		w := r.draws[s*len(r.draws)/n]
		count := gp.NegativeBinomial(w.dispersion)
		for _, v := range mat.Col(nil, 0, x) {
			out[s] = append(out[s], count.Draw(math.Log(w.deaths[r.day(v)]), rnd))
		}
	}
	return out, nil
}
