package calib

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Temperature is the one number of temperature scaling (Guo et al. 2017): softmax(logits/T). T > 1 softens.
type Temperature struct {
	T         float64
	NLLBefore float64 // on the validation set, at T = 1
	NLLAfter  float64 // on the validation set, at T
}

// FitTemperature finds the T that minimises the NLL of validation logits (N x C). The NLL is convex in a = 1/T, so the
// root of its derivative mean(E_p[z] - z_y) is bracketed and bisected. Logits that are right everywhere ask for T = 0
// and useless ones for an infinite T; the answer stays within 1e-3 and 1e3.
func FitTemperature(logits mat.Matrix, y []int) *Temperature {
	n, c := checkLogits("FitTemperature", logits)
	checkLabels("FitTemperature", y, n, c)
	lo, hi := 1e-3, 1e3
	for i := 0; i < 200 && hi-lo > 1e-15*hi; i++ {
		mid := math.Sqrt(lo * hi)
		if _, slope := scaledNLL(logits, y, mid); slope > 0 {
			hi = mid
		} else {
			lo = mid
		}
	}
	a := math.Sqrt(lo * hi)
	before, _ := scaledNLL(logits, y, 1)
	after, _ := scaledNLL(logits, y, a)
	return &Temperature{T: 1 / a, NLLBefore: before, NLLAfter: after}
}

// Apply gives the probabilities softmax(logits/T), N x C.
func (t *Temperature) Apply(logits mat.Matrix) *mat.Dense {
	checkLogits("Temperature.Apply", logits)
	var z mat.Dense
	z.Scale(1/t.T, logits)
	return Softmax(&z)
}

// String says what was found.
func (t *Temperature) String() string {
	return fmt.Sprintf("temperature %.4f: validation NLL %.4f -> %.4f", t.T, t.NLLBefore, t.NLLAfter)
}

// Softmax turns logits (N x C) into probabilities, row by row.
func Softmax(logits mat.Matrix) *mat.Dense {
	n, c := checkLogits("Softmax", logits)
	p := mat.NewDense(n, c, nil)
	for i := 0; i < n; i++ {
		row := p.RawRowView(i)
		lse := logSumExpRow(logits, i, 1)
		for k := range row {
			row[k] = math.Exp(logits.At(i, k) - lse)
		}
	}
	return p
}

func checkLogits(op string, z mat.Matrix) (n, c int) {
	if z == nil {
		fail(op, "", "there are no logits")
	}
	n, c = z.Dims()
	if n == 0 || c == 0 {
		fail(op, "", "the logits are %d by %d: an empty set has no score", n, c)
	}
	for i := 0; i < n; i++ {
		for k := 0; k < c; k++ {
			if v := z.At(i, k); math.IsNaN(v) || math.IsInf(v, 0) {
				fail(op, "", "the logit of row %d, class %d is %v", i, k, v)
			}
		}
	}
	return n, c
}

// scaledNLL is the mean NLL of a z and its derivative by a.
func scaledNLL(z mat.Matrix, y []int, a float64) (nll, slope float64) {
	_, c := z.Dims()
	for i, k := range y {
		lse := logSumExpRow(z, i, a)
		nll += lse - a*z.At(i, k)
		slope -= z.At(i, k)
		for j := 0; j < c; j++ {
			v := z.At(i, j)
			slope += v * math.Exp(a*v-lse)
		}
	}
	return nll / float64(len(y)), slope / float64(len(y))
}

func logSumExpRow(z mat.Matrix, i int, a float64) float64 {
	_, c := z.Dims()
	top := math.Inf(-1)
	for k := 0; k < c; k++ {
		top = math.Max(top, a*z.At(i, k))
	}
	sum := 0.0
	for k := 0; k < c; k++ {
		sum += math.Exp(a*z.At(i, k) - top)
	}
	return top + math.Log(sum)
}
