package calib

import (
	"math"
	"sort"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

// MAE is the mean of |y - mean|.
func MAE(y, mean []float64) float64 {
	checkPair("MAE", "targets", "predictions", y, mean)
	sum := 0.0
	for i, v := range y {
		sum += math.Abs(v - mean[i])
	}
	return sum / float64(len(y))
}

// RMSE is the root of the mean of (y - mean)^2.
func RMSE(y, mean []float64) float64 {
	checkPair("RMSE", "targets", "predictions", y, mean)
	sum := 0.0
	for i, v := range y {
		sum += (v - mean[i]) * (v - mean[i])
	}
	return math.Sqrt(sum / float64(len(y)))
}

// GaussianNLL is the mean of -log N(y; mean, sd^2), in nats.
func GaussianNLL(y, mean, sd []float64) float64 {
	checkPair("GaussianNLL", "targets", "predictions", y, mean)
	checkSD("GaussianNLL", y, sd)
	sum := 0.0
	for i, v := range y {
		sum -= distuv.Normal{Mu: mean[i], Sigma: sd[i]}.LogProb(v)
	}
	return sum / float64(len(y))
}

// MixtureNLL is the mean of -log (1/S) sum_s N(y; mean_s, noise^2) over S Monte Carlo means (the rows of means, S x N)
// and one noise standard deviation.
func MixtureNLL(y []float64, means mat.Matrix, noise float64) float64 {
	if means == nil {
		fail("MixtureNLL", "", "there are no sample means")
	}
	s, n := means.Dims()
	if n != len(y) || n == 0 || s == 0 {
		fail("MixtureNLL", "one row a sample, one column a target", "the sample means are %d by %d for %d targets", s, n, len(y))
	}
	if !(noise > 0) {
		fail("MixtureNLL", "", "the noise standard deviation is %v: it must be positive", noise)
	}
	sum := 0.0
	logs := make([]float64, s)
	for i, v := range y {
		for k := range logs {
			logs[k] = distuv.Normal{Mu: means.At(k, i), Sigma: noise}.LogProb(v)
		}
		sum -= logMeanExp(logs)
	}
	return sum / float64(n)
}

func logMeanExp(x []float64) float64 {
	top := math.Inf(-1)
	for _, v := range x {
		top = math.Max(top, v)
	}
	sum := 0.0
	for _, v := range x {
		sum += math.Exp(v - top)
	}
	return top + math.Log(sum/float64(len(x)))
}

func checkSD(op string, y, sd []float64) {
	if len(sd) != len(y) {
		fail(op, "", "%d standard deviations for %d targets", len(sd), len(y))
	}
	for i, v := range sd {
		if !(v > 0) || math.IsInf(v, 0) {
			fail(op, "", "standard deviation %d is %v: it must be positive and finite", i, v)
		}
	}
}

// Coverage is the share of targets inside the central Gaussian interval of the given level: for level 0.95,
// |y - mean| <= 1.96 sd. A calibrated model covers as much as the level says.
func Coverage(y, mean, sd []float64, level float64) float64 {
	checkPair("Coverage", "targets", "predictions", y, mean)
	checkSD("Coverage", y, sd)
	if !(level > 0 && level < 1) {
		fail("Coverage", "", "the level is %v: it must lie between 0 and 1", level)
	}
	z := distuv.UnitNormal.Quantile(0.5 + level/2)
	in := 0
	for i, v := range y {
		if math.Abs(v-mean[i]) <= z*sd[i] {
			in++
		}
	}
	return float64(in) / float64(len(y))
}

// CoverageCurve is Coverage at many levels: the reliability diagram of a regression.
func CoverageCurve(y, mean, sd, levels []float64) []float64 {
	out := make([]float64, len(levels))
	for i, l := range levels {
		out[i] = Coverage(y, mean, sd, l)
	}
	return out
}

// SampleCoverage is the share of targets between the empirical quantiles (1-level)/2 and (1+level)/2 of S predictive
// samples (the rows of samples, S x N).
func SampleCoverage(y []float64, samples mat.Matrix, level float64) float64 {
	s, n := samples.Dims()
	if n != len(y) || n == 0 || s < 2 {
		fail("SampleCoverage", "one row a sample, one column a target", "the samples are %d by %d for %d targets", s, n, len(y))
	}
	if !(level > 0 && level < 1) {
		fail("SampleCoverage", "", "the level is %v: it must lie between 0 and 1", level)
	}
	in := 0
	col := make([]float64, s)
	for i, v := range y {
		mat.Col(col, i, samples)
		sort.Float64s(col)
		if v >= quantile(col, 0.5-level/2) && v <= quantile(col, 0.5+level/2) {
			in++
		}
	}
	return float64(in) / float64(n)
}

// quantile interpolates between the order statistics of sorted x, with the smallest at 0 and the largest at 1.
func quantile(x []float64, q float64) float64 {
	at := q * float64(len(x)-1)
	i := int(at)
	if i+1 >= len(x) {
		return x[len(x)-1]
	}
	return x[i] + (at-float64(i))*(x[i+1]-x[i])
}
