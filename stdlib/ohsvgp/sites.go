package ohsvgp

import (
	"context"
	"fmt"
	"math"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
	"github.com/priorlab/priorlab/stdlib/internal/scratch"
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

// siteBound is a bound over sites: of one latent function, or of several that meet
// in one likelihood.
type siteBound interface {
	parts() []*elbo
	// evaluate is q for the sites of every part, and the bound there; it leaves
	// the parts at that q.
	evaluate(s []*sites) ([]*posterior, float64, error)
}

// oneSite is the bound of one latent function.
type oneSite struct{ e *elbo }

func (o oneSite) parts() []*elbo { return []*elbo{o.e} }

func (o oneSite) evaluate(s []*sites) ([]*posterior, float64, error) {
	q, v, err := s[0].posterior(o.e)
	return []*posterior{q}, v, err
}

// noSites leave the prior and the old memory as they are.
func noSites(es []*elbo) []*sites {
	out := make([]*sites, len(es))
	for i, e := range es {
		out[i] = &sites{make([]float64, len(e.y)), make([]float64, len(e.y))}
	}
	return out
}

// fitSites climbs to the optimum for fixed hyper-parameters, from start (nil:
// from the old memory alone). A step that would lower the bound is halved.
func fitSites(ctx context.Context, f siteBound, start []*sites) ([]*posterior, []*sites, float64, error) {
	s := start
	if s == nil || len(s[0].lam) != len(f.parts()[0].y) {
		s = noSites(f.parts())
	}
	q, value, err := f.evaluate(s)
	if err != nil || !finite(value) {
		// a start that does not fit here (other hyper-parameters): begin afresh
		s = noSites(f.parts())
		if q, value, err = f.evaluate(s); err != nil {
			return nil, nil, 0, err
		}
		if !finite(value) {
			return nil, nil, 0, fmt.Errorf("ohsvgp: the bound is %v at the start", value)
		}
	}
	rho := 0.5
	for step := 0; step < siteSteps; step++ {
		if err := ctx.Err(); err != nil {
			return nil, nil, 0, err
		}
		target, change := targets(s, f.parts())
		if change < siteTolerance {
			break
		}
		next, p, v, ok := toward(s, target, rho, f, value)
		for !ok && rho > 1e-8 {
			rho /= 2
			next, p, v, ok = toward(s, target, rho, f, value)
		}
		if !ok {
			break // no step gains: the optimum, to rounding
		}
		s, q, value = next, p, v
		rho = math.Min(0.8, 1.2*rho)
	}
	// leave the parts at the final q, for their gradients
	q, value, err = f.evaluate(s)
	return q, s, value, err
}

// targets are the sites that the current marginals ask for, and how far off the
// present ones are.
func targets(s []*sites, es []*elbo) ([]*sites, float64) {
	out, change := make([]*sites, len(s)), 0.0
	for c, e := range es {
		t := s[c].clone()
		for j := range t.lam {
			t.lam[j] = math.Max(0, -2*e.dv[j])
			t.nu[j] = e.dm[j] + t.lam[j]*e.fmean[j]
			change = math.Max(change, math.Abs(t.lam[j]-s[c].lam[j])/(1+math.Abs(t.lam[j])))
			change = math.Max(change, math.Abs(t.nu[j]-s[c].nu[j])/(1+math.Abs(t.nu[j])))
		}
		out[c] = t
	}
	return out, change
}

// toward moves a share rho of the way, if the bound does not fall.
func toward(s, t []*sites, rho float64, f siteBound, value float64) ([]*sites, []*posterior, float64, bool) {
	next := make([]*sites, len(s))
	for c := range s {
		n := s[c].clone()
		for j := range n.lam {
			n.lam[j] += rho * (t[c].lam[j] - n.lam[j])
			n.nu[j] += rho * (t[c].nu[j] - n.nu[j])
		}
		next[c] = n
	}
	q, v, err := f.evaluate(next)
	if err != nil || !finite(v) || v < value-1e-9*(1+math.Abs(value)) {
		return nil, nil, 0, false
	}
	return next, q, v, true
}

// spread is q for the sites; it leaves e's marginals there.
func (s *sites) spread(e *elbo) (*posterior, error) {
	WL := scratch.Lease(e.W.Dims())
	defer scratch.Release(WL)
	n, _ := e.W.Dims()
	root := roots(s.lam)
	for i := 0; i < n; i++ {
		w, o := e.W.RawRowView(i), WL.RawRowView(i)
		for j, r := range root {
			o[j] = w[j] * r
		}
	}
	q := &posterior{L: e.L, Lam: linalg.SymProduct(WL, false), eta: times(e.W, s.nu)}
	if e.old != nil {
		q.Lam.Add(q.Lam, e.carried)
		for i, v := range e.carriedEta {
			q.eta[i] += v
		}
	}
	if err := q.finish(); err != nil {
		return nil, err
	}
	e.marginals(q.v, q.D.Inverse(), -q.D.LogDet())
	return q, nil
}

// posterior is q for the sites, and the bound there.
func (s *sites) posterior(e *elbo) (*posterior, float64, error) {
	q, err := s.spread(e)
	if err != nil {
		return nil, 0, err
	}
	return q, e.expect(), nil
}

func roots(x []float64) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = math.Sqrt(v)
	}
	return out
}

// variational is the update for a likelihood that is not Gaussian.
func variational(ctx context.Context, b *blocks, y []float64, lik *gp.Likelihood, old *posterior, jitter linalg.JitterPolicy, start *sites) (*elbo, *posterior, *sites, error) {
	e, err := newElbo(b, y, lik, old, jitter)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("ohsvgp: covariance of the inducing variables: %w", err)
	}
	var from []*sites
	if start != nil {
		from = []*sites{start}
	}
	q, s, _, err := fitSites(ctx, oneSite{e}, from)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("%w (%s)", err, lik)
	}
	return e, q[0], s[0], nil
}
