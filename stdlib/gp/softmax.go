package gp

import (
	"fmt"
	"math"

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
	dMean, dVar = mat.NewDense(n, c, nil), mat.NewDense(n, c, nil)
	f := make([]float64, c)
	share := 1 / float64(len(eps))
	for _, z := range eps {
		for i := range e {
			for k := range f {
				f[k] = mean.At(i, k) + math.Sqrt(variance.At(i, k))*z.At(i, k)
			}
			norm := logSumExp(f)
			e[i] += share * (f[labels[i]] - norm)
			for k := range f {
				g := -math.Exp(f[k] - norm)
				if k == labels[i] {
					g++
				}
				dMean.Set(i, k, dMean.At(i, k)+share*g)
				if s := math.Sqrt(variance.At(i, k)); s > 0 {
					dVar.Set(i, k, dVar.At(i, k)+share*g*z.At(i, k)/(2*s))
				}
			}
		}
	}
	return e, dMean, dVar, nil
}

// SoftmaxProbs are the predictive class probabilities E[softmax(f)], N by C,
// by Monte Carlo with given draws.
func SoftmaxProbs(mean, variance *mat.Dense, eps []*mat.Dense) *mat.Dense {
	n, c := mean.Dims()
	out := mat.NewDense(n, c, nil)
	f := make([]float64, c)
	for _, z := range eps {
		for i := 0; i < n; i++ {
			for k := range f {
				f[k] = mean.At(i, k) + math.Sqrt(variance.At(i, k))*z.At(i, k)
			}
			norm := logSumExp(f)
			for k := range f {
				out.Set(i, k, out.At(i, k)+math.Exp(f[k]-norm)/float64(len(eps)))
			}
		}
	}
	return out
}
