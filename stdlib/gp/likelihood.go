package gp

import (
	"fmt"
	"math"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/param"
	"gonum.org/v1/gonum/stat/distuv"
)

// Likelihood is p(y | f) for one observation and one latent value. Expectations
// under f ~ N(m, v) are closed where they can be and by Gauss-Hermite
// quadrature otherwise; derivatives are E[l'] and E[l”]/2, which hold for small
// v too.
type Likelihood struct {
	Name   string
	Set    param.Set // its own parameters, live
	Points int       // Gauss-Hermite nodes; 0 means 20

	logp    func(y, f float64) (l, d1, d2 float64)        // log p, but for offset, and its derivatives by f
	offset  func(y float64) float64                       // the part of log p without f; nil means zero
	theta   func(y, f float64, out []float64)             // derivative by the free parameters
	check   func(y float64) error                         // whether y can be observed
	moments func(f float64) (mean, variance float64)      // of y given f
	draw    func(f float64, r *linalg.Rand) float64       // y given f
	closed  func(y, m, v float64) (e, dm, dv float64)     // the expectation, when closed
	all     func(y, m, v, dm, dv, grad []float64) float64 // expectAll, when quicker than one by one
	byTheta func(y, m, v float64, grad []float64)         // adds its derivative by the free parameters, when closed
	clone   func(s param.Set) *Likelihood                 // the same likelihood on other parameters
	density func(y, m, v float64) (logDensity float64)    // predictive, when closed
}

// Params are the likelihood's own parameters, live.
func (l *Likelihood) Params() param.Set { return l.Set }

// Clone is an independent copy.
func (l *Likelihood) Clone() *Likelihood {
	c := l.clone(l.Set.Clone())
	c.Points = l.Points
	return c
}

// String is the name with the parameters.
func (l *Likelihood) String() string {
	s := l.Name
	for _, p := range l.Set {
		s += ", " + p.String()
	}
	return s
}

// Check returns an error naming the first observation that cannot be.
func (l *Likelihood) Check(y []float64) error {
	if l.check == nil {
		return nil
	}
	for i, v := range y {
		if err := l.check(v); err != nil {
			return fmt.Errorf("y[%d] = %g: %w", i, v, err)
		}
	}
	return nil
}

// LogProb is log p(y | f).
func (l *Likelihood) LogProb(y, f float64) float64 {
	v, _, _ := l.logp(y, f)
	return v + l.constant(y)
}

func (l *Likelihood) constant(y float64) float64 {
	if l.offset == nil {
		return 0
	}
	return l.offset(y)
}

// Expect is E[log p(y|f)] under f ~ N(m, v), with its derivatives by m and v.
func (l *Likelihood) Expect(y, m, v float64) (e, dm, dv float64) {
	if l.closed != nil {
		return l.closed(y, m, v)
	}
	x, w := hermite(l.points())
	s := math.Sqrt(2 * v)
	for i := range x {
		a, b, c := l.logp(y, m+s*x[i])
		e += w[i] * a
		dm += w[i] * b
		dv += w[i] * c / 2
	}
	return e + l.constant(y), dm, dv
}

// ExpectGrad adds the derivative of E[log p(y|f)] by the free parameters.
func (l *Likelihood) ExpectGrad(y, m, v float64, grad []float64) {
	if l.byTheta != nil {
		l.byTheta(y, m, v, grad)
		return
	}
	if l.theta == nil {
		return
	}
	x, w := hermite(l.points())
	s := math.Sqrt(2 * v)
	out := make([]float64, len(grad))
	for i := range x {
		l.theta(y, m+s*x[i], out)
		for j := range grad {
			grad[j] += w[i] * out[j]
		}
	}
}

// expectAll is Expect for many observations: it returns the sum of the
// expectations, fills dm and dv and, unless grad is nil, adds to that as
// ExpectGrad does.
func (l *Likelihood) expectAll(y, m, v, dm, dv, grad []float64) (sum float64) {
	if l.all != nil {
		return l.all(y, m, v, dm, dv, grad)
	}
	for j := range y {
		var e float64
		e, dm[j], dv[j] = l.Expect(y[j], m[j], v[j])
		sum += e
		if grad != nil {
			l.ExpectGrad(y[j], m[j], v[j], grad)
		}
	}
	return sum
}

// LogDensity is the predictive log p(y) = log E[p(y|f)] under f ~ N(m, v).
func (l *Likelihood) LogDensity(y, m, v float64) float64 {
	if l.density != nil {
		return l.density(y, m, v)
	}
	x, w := hermite(l.points())
	s := math.Sqrt(2 * v)
	terms := make([]float64, len(x))
	for i := range x {
		v, _, _ := l.logp(y, m+s*x[i])
		terms[i] = v + math.Log(w[i])
	}
	return logSumExp(terms) + l.constant(y)
}

// Observation is the predictive mean and variance of y under f ~ N(m, v).
func (l *Likelihood) Observation(m, v float64) (mean, variance float64) {
	x, w := hermite(l.points())
	s := math.Sqrt(2 * v)
	second := 0.0
	for i := range x {
		a, b := l.moments(m + s*x[i])
		mean += w[i] * a
		second += w[i] * (b + a*a)
	}
	return mean, second - mean*mean
}

// Draw is one observation given f.
func (l *Likelihood) Draw(f float64, r *linalg.Rand) float64 { return l.draw(f, r) }

func (l *Likelihood) points() int {
	if l.Points > 0 {
		return l.Points
	}
	return 20
}

// Gaussian is N(y; f, noise).
func Gaussian(noise float64) *Likelihood {
	return gaussianOn(param.Set{param.Positive("noise", noise)})
}

func gaussianOn(s param.Set) *Likelihood {
	noise := s[0]
	return &Likelihood{
		Name: "Gaussian", Set: s, clone: gaussianOn,
		logp: func(y, f float64) (float64, float64, float64) {
			n := noise.Value()
			return -0.5*math.Log(2*math.Pi*n) - 0.5*(y-f)*(y-f)/n, (y - f) / n, -1 / n
		},
		byTheta: func(y, m, v float64, grad []float64) {
			n := noise.Value()
			grad[0] += (-0.5/n + 0.5*((y-m)*(y-m)+v)/(n*n)) * noise.Slope(0)
		},
		closed: func(y, m, v float64) (float64, float64, float64) {
			n := noise.Value()
			return -0.5*math.Log(2*math.Pi*n) - 0.5*((y-m)*(y-m)+v)/n, (y - m) / n, -0.5 / n
		},
		all: func(y, m, v, dm, dv, grad []float64) float64 {
			n, squares := noise.Value(), 0.0
			for j, f := range m {
				d := y[j] - f
				squares += d*d + v[j]
				dm[j], dv[j] = d/n, -0.5/n
			}
			if grad != nil {
				grad[0] += (-0.5*float64(len(y))/n + 0.5*squares/(n*n)) * noise.Slope(0)
			}
			return -0.5*float64(len(y))*math.Log(2*math.Pi*n) - 0.5*squares/n
		},
		density: func(y, m, v float64) float64 {
			n := noise.Value() + v
			return -0.5*math.Log(2*math.Pi*n) - 0.5*(y-m)*(y-m)/n
		},
		moments: func(f float64) (float64, float64) { return f, noise.Value() },
		draw:    func(f float64, r *linalg.Rand) float64 { return f + math.Sqrt(noise.Value())*r.Normal() },
	}
}

func binary(y float64) error {
	if y != 0 && y != 1 {
		return fmt.Errorf("classes are 0 and 1")
	}
	return nil
}

func toss(p float64, r *linalg.Rand) float64 {
	if r.Float64() < p {
		return 1
	}
	return 0
}

// BernoulliLogit is y in {0,1} with log odds f.
func BernoulliLogit() *Likelihood { return logitOn(nil) }

func logitOn(param.Set) *Likelihood {
	p := func(f float64) float64 { return 1 / (1 + math.Exp(-f)) }
	return &Likelihood{
		Name: "Bernoulli, logit", clone: logitOn, check: binary,
		logp: func(y, f float64) (float64, float64, float64) {
			q := p(f)
			if y > 0.5 {
				return -softplus(-f), 1 - q, -q * (1 - q)
			}
			return -softplus(f), -q, -q * (1 - q)
		},
		moments: func(f float64) (float64, float64) { q := p(f); return q, q * (1 - q) },
		draw:    func(f float64, r *linalg.Rand) float64 { return toss(p(f), r) },
	}
}

// BernoulliProbit is y in {0,1} with P(y=1) = Phi(f).
func BernoulliProbit() *Likelihood { return probitOn(nil) }

func probitOn(param.Set) *Likelihood {
	p := func(f float64) float64 { return 0.5 * math.Erfc(-f/math.Sqrt2) }
	return &Likelihood{
		Name: "Bernoulli, probit", clone: probitOn, check: binary,
		logp: func(y, f float64) (float64, float64, float64) {
			s := 1.0
			if y <= 0.5 {
				s = -1
			}
			l := logPhi(s * f)
			h := math.Exp(-0.5*f*f-0.5*math.Log(2*math.Pi)-l) * s // d log Phi(sf)/df
			return l, h, -h * (f + h)
		},
		density: func(y, m, v float64) float64 {
			z := m / math.Sqrt(1+v)
			if y <= 0.5 {
				z = -z
			}
			return logPhi(z)
		},
		moments: func(f float64) (float64, float64) { q := p(f); return q, q * (1 - q) },
		draw:    func(f float64, r *linalg.Rand) float64 { return toss(p(f), r) },
	}
}

func count(y float64) error {
	if y < 0 || y != math.Floor(y) {
		return fmt.Errorf("counts are 0, 1, 2, ...")
	}
	return nil
}

// Poisson is a count with mean exp(f).
func Poisson() *Likelihood { return poissonOn(nil) }

func poissonOn(param.Set) *Likelihood {
	return &Likelihood{
		Name: "Poisson", clone: poissonOn, check: count,
		logp: func(y, f float64) (float64, float64, float64) {
			e := math.Exp(f)
			return y*f - e - lgamma(y+1), y - e, -e
		},
		closed: func(y, m, v float64) (float64, float64, float64) {
			e := math.Exp(m + v/2)
			return y*m - e - lgamma(y+1), y - e, -e / 2
		},
		moments: func(f float64) (float64, float64) { return math.Exp(f), math.Exp(f) },
		draw:    func(f float64, r *linalg.Rand) float64 { return poissonDraw(math.Exp(f), r) },
	}
}

func poissonDraw(mean float64, r *linalg.Rand) float64 {
	return distuv.Poisson{Lambda: mean, Src: r}.Rand()
}

// NegativeBinomial is a count with mean mu = exp(f) and variance mu + mu^2/r:
// log p = lgamma(y+r) - lgamma(r) - lgamma(y+1) + y(f-log r) - (y+r) log(1+e^f/r).
func NegativeBinomial(dispersion float64) *Likelihood {
	return negbinOn(param.Set{param.Positive("dispersion", dispersion)})
}

func negbinOn(s param.Set) *Likelihood {
	r := s[0]
	return &Likelihood{
		Name: "negative binomial", Set: s, clone: negbinOn, check: count,
		logp: func(y, f float64) (float64, float64, float64) {
			n := r.Value()
			g := f - math.Log(n)
			q := 1 / (1 + math.Exp(-g))
			return y*g - (y+n)*softplus(g), y - (y+n)*q, -(y + n) * q * (1 - q)
		},
		offset: func(y float64) float64 {
			n := r.Value()
			return lgamma(y+n) - lgamma(n) - lgamma(y+1)
		},
		theta: func(y, f float64, out []float64) {
			n := r.Value()
			g := f - math.Log(n)
			q := 1 / (1 + math.Exp(-g))
			out[0] = (digamma(y+n) - digamma(n) - y/n - softplus(g) + (y+n)*q/n) * r.Slope(0)
		},
		moments: func(f float64) (float64, float64) { e := math.Exp(f); return e, e + e*e/r.Value() },
		draw: func(f float64, rnd *linalg.Rand) float64 {
			n := r.Value()
			rate := distuv.Gamma{Alpha: n, Beta: n, Src: rnd}.Rand()
			return poissonDraw(math.Exp(f)*rate, rnd)
		},
	}
}

// StudentT is y = f + scale t with t Student distributed: outliers cost little.
func StudentT(freedom, scale float64) *Likelihood {
	return studentOn(param.Set{param.Positive("freedom", freedom), param.Positive("scale", scale)})
}

func studentOn(s param.Set) *Likelihood {
	nu, scale := s[0], s[1]
	return &Likelihood{
		Name: "Student t", Set: s, clone: studentOn,
		logp: func(y, f float64) (float64, float64, float64) {
			n, c := nu.Value(), scale.Value()
			d := y - f
			q := n*c*c + d*d
			return -(n + 1) / 2 * math.Log1p(d*d/(n*c*c)), (n + 1) * d / q, (n + 1) * (d*d - n*c*c) / (q * q)
		},
		offset: func(float64) float64 {
			n := nu.Value()
			return lgamma((n+1)/2) - lgamma(n/2) - 0.5*math.Log(n*math.Pi) - math.Log(scale.Value())
		},
		theta: func(y, f float64, out []float64) {
			n, c := nu.Value(), scale.Value()
			z := (y - f) / c
			u := z * z / n
			out[0] = 0.5 * (digamma((n+1)/2) - digamma(n/2) - 1/n - math.Log1p(u) + (n+1)/n*u/(1+u)) * nu.Slope(0)
			out[1] = (-1/c + (n+1)/c*u/(1+u)) * scale.Slope(0)
		},
		moments: func(f float64) (float64, float64) {
			n, c := nu.Value(), scale.Value()
			if n <= 2 {
				return f, math.Inf(1)
			}
			return f, c * c * n / (n - 2)
		},
		draw: func(f float64, r *linalg.Rand) float64 {
			return distuv.StudentsT{Mu: f, Sigma: scale.Value(), Nu: nu.Value(), Src: r}.Rand()
		},
	}
}

// CustomLikelihood makes a likelihood from log p(y|f) alone; derivatives by f
// are central differences. It can predict densities and be fitted, but not draw.
func CustomLikelihood(name string, logp func(y, f float64) float64) *Likelihood {
	var on func(param.Set) *Likelihood
	on = func(param.Set) *Likelihood {
		return &Likelihood{
			Name: name, clone: on,
			logp: func(y, f float64) (float64, float64, float64) {
				h := 1e-4 * (1 + math.Abs(f))
				a, b, c := logp(y, f-h), logp(y, f), logp(y, f+h)
				return b, (c - a) / (2 * h), (c - 2*b + a) / (h * h)
			},
			moments: func(f float64) (float64, float64) { return math.NaN(), math.NaN() },
			draw:    func(f float64, r *linalg.Rand) float64 { return math.NaN() },
		}
	}
	return on(nil)
}
