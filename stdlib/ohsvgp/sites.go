package ohsvgp

import (
	"context"
	"fmt"
	"math"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
	"gonum.org/v1/gonum/mat"
)

// sites are Gaussian stand-ins for the likelihood of every datum: a precision
// lam and a linear term nu. Climbing the bound by natural gradients keeps q in
// the form Lam = W diag(lam) W' + T Lam_a T', eta = W nu + T eta_a
// (conjugate-computation variational inference, Khan and Lin 2017).
type sites struct{ lam, nu []float64 }

func (s *sites) clone() *sites {
	return &sites{append([]float64(nil), s.lam...), append([]float64(nil), s.nu...)}
}

const (
	siteSteps     = 2000
	siteTolerance = 1e-10
)

// fitSites climbs to the optimum for fixed hyper-parameters, from start (nil:
// from the old memory alone). A step that would lower the bound is halved.
func fitSites(ctx context.Context, e *elbo, start *sites) (*posterior, *sites, error) {
	s := start
	if s == nil || len(s.lam) != len(e.y) {
		s = &sites{make([]float64, len(e.y)), make([]float64, len(e.y))}
	}
	q, value, err := s.posterior(e)
	if err != nil || !finite(value) {
		// a start that does not fit here (other hyper-parameters): begin afresh
		s = &sites{make([]float64, len(e.y)), make([]float64, len(e.y))}
		if q, value, err = s.posterior(e); err != nil {
			return nil, nil, err
		}
		if !finite(value) {
			return nil, nil, fmt.Errorf("ohsvgp: the bound of %s is %v at the start", e.lik, value)
		}
	}
	rho := 0.5
	for step := 0; step < siteSteps; step++ {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		target, change := s.target(e)
		if change < siteTolerance {
			break
		}
		next, p, v, ok := s.toward(target, rho, e, value)
		for !ok && rho > 1e-8 {
			rho /= 2
			next, p, v, ok = s.toward(target, rho, e, value)
		}
		if !ok {
			break // no step gains: the optimum, to rounding
		}
		s, q, value = next, p, v
		rho = math.Min(0.8, 1.2*rho)
	}
	// leave e at the final q, for its gradients
	q, _, err = s.posterior(e)
	return q, s, err
}

// target is the sites that the current marginals ask for, and how far off the
// present ones are.
func (s *sites) target(e *elbo) (*sites, float64) {
	t, change := s.clone(), 0.0
	for j := range t.lam {
		t.lam[j] = math.Max(0, -2*e.dv[j])
		t.nu[j] = e.dm[j] + t.lam[j]*e.fmean[j]
		change = math.Max(change, math.Abs(t.lam[j]-s.lam[j])/(1+math.Abs(t.lam[j])))
		change = math.Max(change, math.Abs(t.nu[j]-s.nu[j])/(1+math.Abs(t.nu[j])))
	}
	return t, change
}

// toward moves a share rho of the way, if the bound does not fall.
func (s *sites) toward(t *sites, rho float64, e *elbo, value float64) (*sites, *posterior, float64, bool) {
	next := s.clone()
	for j := range next.lam {
		next.lam[j] += rho * (t.lam[j] - next.lam[j])
		next.nu[j] += rho * (t.nu[j] - next.nu[j])
	}
	q, v, err := next.posterior(e)
	if err != nil || !finite(v) || v < value-1e-9*(1+math.Abs(value)) {
		return nil, nil, 0, false
	}
	return next, q, v, true
}

// posterior is q for the sites, and the bound there.
func (s *sites) posterior(e *elbo) (*posterior, float64, error) {
	var WL mat.Dense
	WL.Apply(func(_, j int, v float64) float64 { return v * math.Sqrt(s.lam[j]) }, e.W)
	q := &posterior{L: e.L, Lam: linalg.SymProduct(&WL, false), eta: times(e.W, s.nu)}
	if e.old != nil {
		q.Lam.Add(q.Lam, e.carried)
		for i, v := range e.carriedEta {
			q.eta[i] += v
		}
	}
	if err := q.finish(); err != nil {
		return nil, 0, err
	}
	return q, e.at(q.v, q.D.Inverse(), -q.D.LogDet()), nil
}

// variational is the update for a likelihood that is not Gaussian.
func variational(ctx context.Context, b *blocks, y []float64, lik *gp.Likelihood, old *posterior, jitter linalg.JitterPolicy, start *sites) (*elbo, *posterior, *sites, error) {
	e, err := newElbo(b, y, lik, old, jitter)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("ohsvgp: covariance of the inducing variables: %w", err)
	}
	q, s, err := fitSites(ctx, e, start)
	if err != nil {
		return nil, nil, nil, err
	}
	return e, q, s, nil
}
