package calib

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// MeanProbs averages the class probabilities (each N x C) of several Monte Carlo passes or ensemble members.
func MeanProbs(samples []*mat.Dense) *mat.Dense {
	if len(samples) == 0 {
		fail("MeanProbs", "", "there are no samples to average")
	}
	n, c := samples[0].Dims()
	mean := mat.NewDense(n, c, nil)
	for s, p := range samples {
		if r, k := p.Dims(); r != n || k != c {
			fail("MeanProbs", "", "sample %d is %d by %d, sample 0 is %d by %d", s, r, k, n, c)
		}
		mean.Add(mean, p)
	}
	mean.Scale(1/float64(len(samples)), mean)
	return mean
}

// Predicted is the most probable class of each row; of equals the first.
func Predicted(p mat.Matrix) []int {
	n, c := checkProbs("Predicted", p)
	out := make([]int, n)
	for i := range out {
		for k := 1; k < c; k++ {
			if p.At(i, k) > p.At(i, out[i]) {
				out[i] = k
			}
		}
	}
	return out
}

// Accuracy is the share of rows whose most probable class is the label.
func Accuracy(p mat.Matrix, y []int) float64 {
	n, c := checkProbs("Accuracy", p)
	checkLabels("Accuracy", y, n, c)
	right := 0
	for i, k := range Predicted(p) {
		if k == y[i] {
			right++
		}
	}
	return float64(right) / float64(n)
}

// probFloor keeps the logarithm of a probability finite.
const probFloor = 1e-12

// NLL is the mean of -log p[y], in nats, with p held above 1e-12. NLLClipped also says how often that was needed.
func NLL(p mat.Matrix, y []int) float64 {
	v, _ := NLLClipped(p, y)
	return v
}

// NLLClipped is NLL and the number of rows whose label had a probability below 1e-12.
func NLLClipped(p mat.Matrix, y []int) (nll float64, clipped int) {
	n, c := checkProbs("NLL", p)
	checkLabels("NLL", y, n, c)
	for i, k := range y {
		v := p.At(i, k)
		if v < probFloor {
			v = probFloor
			clipped++
		}
		nll -= math.Log(v)
	}
	return nll / float64(n), clipped
}

// Brier is the mean over rows of sum_k (p_k - 1[y = k])^2, between 0 and 2.
func Brier(p mat.Matrix, y []int) float64 {
	n, c := checkProbs("Brier", p)
	checkLabels("Brier", y, n, c)
	sum := 0.0
	for i := range y {
		for k := 0; k < c; k++ {
			d := p.At(i, k)
			if y[i] == k {
				d--
			}
			sum += d * d
		}
	}
	return sum / float64(n)
}

// MCC is Matthews' correlation between labels and predictions. For two classes it is
// (TP TN - FP FN)/sqrt((TP+FP)(TP+FN)(TN+FP)(TN+FN)); for more it is the form of Gorodkin (2004). It is 0 when either
// side is constant. Papers on CoLA print it times 100.
func MCC(y, predicted []int) float64 {
	if len(y) != len(predicted) {
		fail("MCC", "", "%d predictions for %d labels", len(predicted), len(y))
	}
	if len(y) == 0 {
		fail("MCC", "", "an empty set has no score")
	}
	var right float64
	count, guess := map[int]float64{}, map[int]float64{}
	for i, k := range y {
		count[k]++
		guess[predicted[i]]++
		if k == predicted[i] {
			right++
		}
	}
	n := float64(len(y))
	var cross, cc, gg float64 // counts are whole numbers, so the order of a map's keys does not matter
	for k, v := range count {
		cross += v * guess[k]
		cc += v * v
	}
	for _, v := range guess {
		gg += v * v
	}
	den := (n*n - cc) * (n*n - gg)
	if den == 0 {
		return 0
	}
	return (right*n - cross) / math.Sqrt(den)
}

// Entropy is -sum_k p_k log p_k of each row, in nats: the total uncertainty of a prediction, and the usual score for
// finding inputs from elsewhere.
func Entropy(p mat.Matrix) []float64 {
	n, c := checkProbs("Entropy", p)
	h := make([]float64, n)
	for i := range h {
		for k := 0; k < c; k++ {
			if v := p.At(i, k); v > 0 {
				h[i] -= v * math.Log(v)
			}
		}
	}
	return h
}

// MutualInfo is, for each input, the entropy of the averaged prediction minus the average entropy of the samples: the
// part of the uncertainty about which the samples disagree. It is never negative.
func MutualInfo(samples []*mat.Dense) []float64 {
	mi := Entropy(MeanProbs(samples))
	for _, p := range samples {
		for i, h := range Entropy(p) {
			mi[i] -= h / float64(len(samples))
		}
	}
	for i, v := range mi {
		mi[i] = math.Max(v, 0)
	}
	return mi
}

// Confidence is the largest probability of each row.
func Confidence(p mat.Matrix) []float64 {
	out := make([]float64, 0)
	for i, k := range Predicted(p) {
		out = append(out, p.At(i, k))
	}
	return out
}
