package gp

import (
	"fmt"
	"math"
	"slices"

	"github.com/priorlab/priorlab/linalg"
	"gonum.org/v1/gonum/mat"
)

// SoftmaxExpect is the Monte Carlo estimate, for every point, of
// E[f_y - log sum_c exp f_c] with independent f_c ~ N(mean, variance) and given
// standard normal draws: eps[s] is N by C like mean. It returns the estimates
// and their derivatives by mean and variance (N by C), by reparametrisation.
func SoftmaxExpect(mean, variance *mat.Dense, labels []int, eps []*mat.Dense) (e []float64, dMean, dVar *mat.Dense, err error) {
	n, c := mean.Dims()
	if len(labels) != n || len(eps) == 0 {
		return nil, nil, nil, fmt.Errorf("gp: softmax of %d points with %d labels and %d draws", n, len(labels), len(eps))
	}
	for i, l := range labels {
		if l < 0 || l >= c {
			return nil, nil, nil, fmt.Errorf("gp: label %d of point %d: classes are 0 to %d", l, i, c-1)
		}
	}
	e = make([]float64, n)
	m, sd := moments(mean, variance)
	dm, dv := make([]float64, n*c), make([]float64, n*c)
	p, norm := make([]float64, n*c), make([]float64, n)
	for _, z := range eps {
		noise := numbers(z)
		for i := range p {
			p[i] = m[i] + sd[i]*noise[i]
		}
		for i, l := range labels {
			e[i] += p[i*c+l]
		}
		softmaxRows(p, norm, c)
		for i, l := range labels {
			e[i] -= norm[i]
			p[i*c+l]--
		}
		for i, v := range p {
			dm[i] -= v
			dv[i] -= v * noise[i]
		}
	}
	share := 1 / float64(len(eps))
	for i := range e {
		e[i] *= share
	}
	for i, s := range sd {
		dm[i] *= share
		if s > 0 {
			dv[i] *= share / (2 * s)
		} else {
			dv[i] = 0
		}
	}
	return e, mat.NewDense(n, c, dm), mat.NewDense(n, c, dv), nil
}

// moments are the means and standard deviations, row by row.
func moments(mean, variance *mat.Dense) (m, sd []float64) {
	m, sd = numbers(mean), numbers(variance)
	for i, v := range sd {
		sd[i] = math.Sqrt(v)
	}
	return m, sd
}

// softmaxRows turns every c numbers of f into their softmax; norm is the
// logarithm of the sum of their exponentials.
func softmaxRows(f, norm []float64, c int) {
	for i := range norm {
		row := f[i*c : (i+1)*c]
		norm[i] = slices.Max(row)
		for k := range row {
			row[k] -= norm[i]
		}
	}
	linalg.ExpInto(f, f)
	for i := range norm {
		row, sum := f[i*c:(i+1)*c], 0.0
		for _, v := range row {
			sum += v
		}
		norm[i] += math.Log(sum)
		for k := range row {
			row[k] /= sum
		}
	}
}

// SoftmaxProbs are the predictive class probabilities E[softmax(f)], N by C,
// by Monte Carlo with given draws.
func SoftmaxProbs(mean, variance *mat.Dense, eps []*mat.Dense) *mat.Dense {
	n, c := mean.Dims()
	m, sd := moments(mean, variance)
	out, p, norm := make([]float64, n*c), make([]float64, n*c), make([]float64, n)
	for _, z := range eps {
		noise := numbers(z)
		for i := range p {
			p[i] = m[i] + sd[i]*noise[i]
		}
		softmaxRows(p, norm, c)
		for i, v := range p {
			out[i] += v / float64(len(eps))
		}
	}
	return mat.NewDense(n, c, out)
}
