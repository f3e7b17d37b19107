package lab

import (
	"fmt"
	"math"

	"github.com/priorlab/priorlab/stdlib/gp"
	"github.com/priorlab/priorlab/stdlib/plots"
	"gonum.org/v1/gonum/mat"
)

// ElicitFunctions lets the person say what functions over a span of inputs are
// expected before there are data: between which values, from lo to hi at most,
// 95 % of them lie, by dragging the band in the picture, and how often, from and
// to, they cross their middle. It
// answers with the Gaussian process that says so: its prior predictive, each
// path with a length-scale of its own, and the Go code.
func ElicitFunctions(span, lo, hi float64) {
	wantRange("ElicitFunctions", "span", span, 0, span)
	wantRange("ElicitFunctions", "values", lo, lo, hi)
	b := newBand(FloatRangeSlider("95 % between", lo+(hi-lo)*0.25, lo+(hi-lo)*0.75, lo, hi).With("step", (hi-lo)/400), true)
	b.interact(func(band, crossings [2]float64) (any, Bundle, error) {
		return b.shown(elicitedFunctions(span, band, crossings, lo, hi))
	}, FloatRangeSlider("crossings", 3, 8, 0.5, 20))
}

// functionPrior is a Gaussian process prior that was asked for by what its
// functions do.
type functionPrior struct {
	mean, variance float64
	mu, sigma      float64 // of the logarithm of the length-scale
}

// functionsFor matches quantiles: the band holds 95 % of the values, and by
// Rice's formula a smooth process of length-scale l crosses its mean
// span/(pi l) times, so an interval of crossings is one of length-scales.
func functionsFor(span float64, band, crossings [2]float64) (functionPrior, error) {
	value, err := ElicitNormal(band[0], band[1], 0.95)
	if err != nil {
		return functionPrior{}, err
	}
	scale, err := ElicitLogNormal(span/(math.Pi*crossings[1]), span/(math.Pi*crossings[0]), 0.9)
	if err != nil {
		return functionPrior{}, err
	}
	return functionPrior{value.Mean, value.SD * value.SD, scale.Mu, scale.Sigma}, nil
}

func elicitedFunctions(span float64, band, crossings [2]float64, lo, hi float64) (*plots.Figure, string, error) {
	band[1] = math.Max(band[1], band[0]+1e-3*(hi-lo)) // both handles on one spot
	crossings[1] = math.Max(crossings[1], 1.001*crossings[0])
	p, err := functionsFor(span, band, crossings)
	if err != nil {
		return nil, "", err
	}
	const n, paths = 100, 20
	x := make([]float64, n)
	mean, sd := make([]float64, n), make([]float64, n)
	for i := range x {
		x[i], mean[i], sd[i] = span*float64(i)/(n-1), p.mean, math.Sqrt(p.variance)
	}
	normals := baseNormals(1, gridPoints) // the last column for the length-scale
	drawn := mat.NewDense(paths, n, nil)
	for i := range paths {
		k := gp.SE(p.variance, math.Exp(p.mu+p.sigma*normals.At(i, n)))
		f, err := gp.DrawNormal(mean, k.Matrix(column(x), column(x)), mat.NewDense(1, n, normals.RawRowView(i)[:n]))
		if err != nil {
			return nil, "", err
		}
		drawn.SetRow(i, f.RawRowView(0))
	}
	f := plots.New(fmt.Sprintf("95 %% between %.3g and %.3g, %.3g to %.3g crossings", band[0], band[1], crossings[0], crossings[1])).
		Band(x, mean, sd, "mean ± 2 sd").Samples(x, drawn.T(), "functions expected").YRange(lo, hi)
	code := fmt.Sprintf("k := gp.SE(%.4g, %.4g) // of y - %.4g\nk.Lengthscale.WithPrior(param.LogNormal{Mu: %.4g, Sigma: %.4g}) // median %.3g",
		p.variance, math.Exp(p.mu), p.mean, p.mu, p.sigma, math.Exp(p.mu))
	return f, code, nil
}
