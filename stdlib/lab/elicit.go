package lab

import (
	"fmt"
	"math"

	"github.com/priorlab/priorlab/stdlib/param"
	"github.com/priorlab/priorlab/stdlib/plots"
	"gonum.org/v1/gonum/optimize"
	"gonum.org/v1/gonum/stat/distuv"
	"gonum.org/v1/plot"
)

// ElicitNormal is the normal prior that puts the share mass, such as 0.9, in
// the middle between lo and hi, and equal shares beyond them.
func ElicitNormal(lo, hi, mass float64) (param.Normal, error) {
	if err := checkInterval(lo, hi, mass); err != nil {
		return param.Normal{}, err
	}
	return param.Normal{Mean: (lo + hi) / 2, SD: (hi - lo) / (2 * twoSided(mass))}, nil
}

// ElicitLogNormal is the log-normal prior for which lo and hi, both positive,
// bound the middle share mass.
func ElicitLogNormal(lo, hi, mass float64) (param.LogNormal, error) {
	if err := checkInterval(lo, hi, mass); err != nil {
		return param.LogNormal{}, err
	}
	if lo <= 0 {
		return param.LogNormal{}, fmt.Errorf("a log-normal prior lives above 0, but the interval begins at %v", lo)
	}
	a, b := math.Log(lo), math.Log(hi)
	return param.LogNormal{Mu: (a + b) / 2, Sigma: (b - a) / (2 * twoSided(mass))}, nil
}

// ElicitGamma is the Gamma prior for which lo and hi, both positive, bound the
// middle share mass.
func ElicitGamma(lo, hi, mass float64) (param.Gamma, error) {
	start, err := ElicitLogNormal(lo, hi, mass)
	if err != nil {
		return param.Gamma{}, err
	}
	// The shape follows from hi/lo alone; the rate only scales. Begin where a
	// log-normal of the same width has its shape.
	tail := (1 - mass) / 2
	ratio := math.Log(hi / lo)
	miss := func(x []float64) float64 {
		g := distuv.Gamma{Alpha: math.Exp(x[0]), Beta: 1}
		d := math.Log(g.Quantile(1-tail)/g.Quantile(tail)) - ratio
		return d * d
	}
	r, err := optimize.Minimize(optimize.Problem{Func: miss}, []float64{-2 * math.Log(start.Sigma)},
		&optimize.Settings{FuncEvaluations: 500, Converger: &optimize.FunctionConverge{Absolute: 1e-14, Iterations: 40}}, &optimize.NelderMead{})
	if err != nil || r.F > 1e-6 {
		return param.Gamma{}, fmt.Errorf("no Gamma prior has %v of its mass between %v and %v; is the interval too wide?", mass, lo, hi)
	}
	shape := math.Exp(r.X[0])
	return param.Gamma{Shape: shape, Rate: distuv.Gamma{Alpha: shape, Beta: 1}.Quantile(1-tail) / hi}, nil
}

func checkInterval(lo, hi, mass float64) error {
	if !(lo < hi) || math.IsInf(lo, 0) || math.IsInf(hi, 0) {
		return fmt.Errorf("the interval from %v to %v is not one; give its lower end first", lo, hi)
	}
	if !(mass > 0 && mass < 1) {
		return fmt.Errorf("the share %v of the interval must lie between 0 and 1", mass)
	}
	return nil
}

// twoSided is the normal quantile beyond which (1-mass)/2 lies.
func twoSided(mass float64) float64 { return distuv.UnitNormal.Quantile(0.5 + mass/2) }

// Elicit lets the person say between which values a positive quantity almost
// surely (90 %) lies, by dragging a band over the range from lo to hi, and
// answers with the log-normal and the Gamma prior that say so: their densities
// and the Go code.
func Elicit(name string, lo, hi float64) {
	wantRange("Elicit", name, lo, lo, hi)
	if lo <= 0 {
		panic(fmt.Sprintf("lab: Elicit(%q): the lower end %v must be positive", name, lo))
	}
	a, b := math.Log10(lo), math.Log10(hi)
	ends := FloatRangeSlider("log₁₀ "+name, a+(b-a)*0.3, a+(b-a)*0.7, a, b).With("step", (b-a)/400)
	in := newBand(ends, false)
	in.interact(func(r [2]float64) (any, Bundle, error) {
		return in.shown(elicited(name, math.Pow(10, r[0]), math.Pow(10, r[1]), lo, hi))
	})
}

func elicited(name string, from, to, lo, hi float64) (*plots.Figure, string, error) {
	const mass = 0.9
	if to <= from*1.001 {
		to = from * 1.001 // both handles on one spot
	}
	ln, err := ElicitLogNormal(from, to, mass)
	if err != nil {
		return nil, "", err
	}
	ga, err := ElicitGamma(from, to, mass)
	if err != nil {
		return nil, "", err
	}
	x := make([]float64, 300)
	yl, yg := make([]float64, 300), make([]float64, 300)
	for i := range x { // densities of the logarithm, as the axis is logarithmic
		x[i] = lo * math.Pow(hi/lo, float64(i)/299)
		p, _ := ln.LogProb(x[i])
		q, _ := ga.LogProb(x[i])
		yl[i], yg[i] = x[i]*math.Exp(p), x[i]*math.Exp(q)
	}
	f := plots.New(fmt.Sprintf("%s: 90 %% between %.3g and %.3g", name, from, to)).LogX().
		Line(x, yl, "log-normal").Line(x, yg, "Gamma").VLine(from, "").VLine(to, "").Labels(name, "density over the logarithm").XRange(lo, hi)
	f.Plot().Y.Tick.Marker = plot.ConstantTicks{} // its shape is what matters, and the band keeps its place
	code := fmt.Sprintf("param.LogNormal{Mu: %.4g, Sigma: %.4g} // median %.3g\nparam.Gamma{Shape: %.4g, Rate: %.4g} // mean %.3g",
		ln.Mu, ln.Sigma, math.Exp(ln.Mu), ga.Shape, ga.Rate, ga.Shape/ga.Rate)
	return f, code, nil
}
