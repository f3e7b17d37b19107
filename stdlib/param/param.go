package param

import (
	"fmt"
	"math"
	"strings"
)

// Param is one named parameter: a number or a vector of numbers that share a
// transform, a prior and a training flag.
type Param struct {
	Name      string    // how it is called in tables and files
	Transform Transform // between free numbers and values
	Prior     Prior     // nil means flat
	Trainable bool      // whether optimisers may move it
	value     []float64
}

// New makes a parameter. The values must be allowed by the transform.
func New(name string, t Transform, values ...float64) *Param {
	p := &Param{Name: name, Transform: t, Trainable: true, value: make([]float64, len(values))}
	if err := p.Set(values...); err != nil {
		panic(err.Error())
	}
	return p
}

// Positive makes a positive parameter (variance, length-scale, noise).
func Positive(name string, values ...float64) *Param { return New(name, Log{}, values...) }

// Real makes an unconstrained parameter.
func Real(name string, values ...float64) *Param { return New(name, Identity{}, values...) }

// Len is how many numbers it holds.
func (p *Param) Len() int { return len(p.value) }

// Value is the first (for most parameters the only) number.
func (p *Param) Value() float64 { return p.value[0] }

// At is number i.
func (p *Param) At(i int) float64 { return p.value[i] }

// Values returns a copy of all numbers.
func (p *Param) Values() []float64 { return append([]float64(nil), p.value...) }

// Set gives the parameter new values: as many as it holds, or one for all.
// On an error nothing changes.
func (p *Param) Set(values ...float64) error {
	if len(values) != 1 && len(values) != len(p.value) {
		return fmt.Errorf("param: %s holds %d values, %d were given", p.Name, len(p.value), len(values))
	}
	for _, v := range values {
		if err := p.Transform.Check(v); err != nil {
			return fmt.Errorf("param: %s: %w", p.Name, err)
		}
	}
	for i := range p.value {
		p.value[i] = values[min(i, len(values)-1)]
	}
	return nil
}

// Fix stops optimisers from moving the parameter and returns it.
func (p *Param) Fix() *Param { p.Trainable = false; return p }

// WithPrior sets the prior and returns the parameter.
func (p *Param) WithPrior(prior Prior) *Param { p.Prior = prior; return p }

// Clone returns an independent copy.
func (p *Param) Clone() *Param {
	q := *p
	q.value = p.Values()
	return &q
}

// Slope is d value / d free of number i.
func (p *Param) Slope(i int) float64 { return p.Transform.Slope(p.value[i]) }

// LogPrior is the log prior density of the values; slope[i] is its derivative
// with respect to free number i. Flat priors give 0.
func (p *Param) LogPrior() (logp float64, slope []float64) {
	slope = make([]float64, len(p.value))
	if p.Prior == nil {
		return 0, slope
	}
	for i, v := range p.value {
		l, d := p.Prior.LogProb(v)
		logp += l
		slope[i] = d * p.Transform.Slope(v)
	}
	return logp, slope
}

// String is one line: name = value.
func (p *Param) String() string { return p.Name + " = " + number(p.value) }

func number(v []float64) string {
	if len(v) == 1 {
		return fmt.Sprintf("%.6g", v[0])
	}
	parts := make([]string, 0, 7)
	for i, x := range v {
		if i == 6 && len(v) > 7 {
			parts = append(parts, fmt.Sprintf("... %d in all", len(v)))
			break
		}
		parts = append(parts, fmt.Sprintf("%.4g", x))
	}
	return "[" + strings.Join(parts, " ") + "]"
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
