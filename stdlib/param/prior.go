package param

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Prior is a density over the value of a parameter.
type Prior interface {
	// LogProb returns the log density at a value and its derivative there.
	LogProb(value float64) (logp, slope float64)
	// String names the prior for tables.
	String() string
}

// Normal is a Gaussian prior.
type Normal struct{ Mean, SD float64 }

// LogProb is the log density and its slope.
func (p Normal) LogProb(v float64) (float64, float64) {
	d := distuv.Normal{Mu: p.Mean, Sigma: p.SD}
	return d.LogProb(v), -(v - p.Mean) / (p.SD * p.SD)
}

// String is like N(0, 1).
func (p Normal) String() string { return fmt.Sprintf("N(%.4g, %.4g)", p.Mean, p.SD) }

// LogNormal is a Gaussian prior on the logarithm: median exp(Mu).
type LogNormal struct{ Mu, Sigma float64 }

// LogProb is the log density and its slope.
func (p LogNormal) LogProb(v float64) (float64, float64) {
	d := distuv.LogNormal{Mu: p.Mu, Sigma: p.Sigma}
	return d.LogProb(v), -(1 + (math.Log(v)-p.Mu)/(p.Sigma*p.Sigma)) / v
}

// String is like LogNormal(0, 1).
func (p LogNormal) String() string { return fmt.Sprintf("LogNormal(%.4g, %.4g)", p.Mu, p.Sigma) }

// Gamma is a Gamma prior with mean Shape/Rate.
type Gamma struct{ Shape, Rate float64 }

// LogProb is the log density and its slope.
func (p Gamma) LogProb(v float64) (float64, float64) {
	d := distuv.Gamma{Alpha: p.Shape, Beta: p.Rate}
	return d.LogProb(v), (p.Shape-1)/v - p.Rate
}

// String is like Gamma(2, 1).
func (p Gamma) String() string { return fmt.Sprintf("Gamma(%.4g, %.4g)", p.Shape, p.Rate) }
