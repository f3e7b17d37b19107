package ohsvgp

import (
	"fmt"
	"math"
	"sort"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/gp"
)

// RMSE is the root mean squared error of the mean.
func RMSE(y, mean []float64) float64 {
	s := 0.0
	for i := range y {
		s += (y[i] - mean[i]) * (y[i] - mean[i])
	}
	return math.Sqrt(s / float64(len(y)))
}

// NLPD is the mean negative log density of y under N(mean, variance). The
// variance is that of the observation: latent variance plus noise.
func NLPD(y, mean, variance []float64) float64 {
	s := 0.0
	for i := range y {
		d := y[i] - mean[i]
		s += 0.5*math.Log(2*math.Pi*variance[i]) + 0.5*d*d/variance[i]
	}
	return s / float64(len(y))
}

// drawObservations draws n sets of y from f ~ N(mean, variance) and the
// likelihood. Latent and observation noise come from separate streams.
func drawObservations(lik *gp.Likelihood, mean, variance []float64, n int, r *linalg.Rand) [][]float64 {
	latent, noise := linalg.NewRand(r.Uint64()), linalg.NewRand(r.Uint64())
	out := make([][]float64, n)
	for s := range out {
		out[s] = make([]float64, len(mean))
		for i := range mean {
			out[s][i] = lik.Draw(mean[i]+math.Sqrt(variance[i])*latent.Normal(), noise)
		}
	}
	return out
}

// ECE is the quantile calibration error: the mean over the levels 0.05, 0.15,
// ..., 0.95 of |share of y at or below the predictive quantile - level|.
// samples has one row for every draw of the observations.
func ECE(y []float64, samples [][]float64) (float64, error) {
	if len(samples) == 0 || len(samples[0]) != len(y) {
		return 0, fmt.Errorf("ohsvgp: ECE of %d targets needs rows of as many sampled observations", len(y))
	}
	below := make([]float64, 10)
	column := make([]float64, len(samples))
	for i, v := range y {
		for s := range samples {
			column[s] = samples[s][i]
		}
		sort.Float64s(column)
		for l := range below {
			if v <= quantile(column, 0.05+0.1*float64(l)) {
				below[l]++
			}
		}
	}
	e := 0.0
	for l, b := range below {
		e += math.Abs(b/float64(len(y)) - (0.05 + 0.1*float64(l)))
	}
	return e / 10, nil
}

// quantile interpolates linearly between order statistics.
func quantile(sorted []float64, p float64) float64 {
	h := p * float64(len(sorted)-1)
	i := int(math.Floor(h))
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (h-float64(i))*(sorted[i+1]-sorted[i])
}
