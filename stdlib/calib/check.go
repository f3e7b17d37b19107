package calib

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/priorlab/priorlab/linalg"
)

func fail(op, hint, format string, args ...any) {
	panic(&linalg.Error{Op: "calib." + op, Msg: fmt.Sprintf(format, args...), Hint: hint})
}

// sumSlack is how far a row of probabilities may be from one: rows computed in single precision pass.
const sumSlack = 1e-4

// checkProbs refuses anything but N >= 1 rows of probabilities.
func checkProbs(op string, p mat.Matrix) (n, c int) {
	if p == nil {
		fail(op, "pass one row of class probabilities for each input", "there are no probabilities")
	}
	n, c = p.Dims()
	if n == 0 || c == 0 {
		fail(op, "", "the probabilities are %d by %d: an empty set has no score", n, c)
	}
	for i := 0; i < n; i++ {
		sum := 0.0
		for k := 0; k < c; k++ {
			v := p.At(i, k)
			if !(v >= 0 && v <= 1+sumSlack) {
				fail(op, "pass probabilities, not logits", "row %d, class %d is %v, which is not a probability", i, k, v)
			}
			sum += v
		}
		if math.Abs(sum-1) > sumSlack {
			fail(op, "pass probabilities, not logits", "row %d adds to %v, not to 1", i, sum)
		}
	}
	return n, c
}

// checkLabels refuses labels that do not belong to n inputs and c classes.
func checkLabels(op string, y []int, n, c int) {
	if len(y) != n {
		fail(op, "", "%d labels for %d inputs", len(y), n)
	}
	for i, v := range y {
		if v < 0 || v >= c {
			fail(op, "number the classes from 0", "label %d is %d, but there are %d classes", i, v, c)
		}
	}
}

// checkPair refuses vectors of different or no length, and values that are not finite.
func checkPair(op, nameA, nameB string, a, b []float64) {
	if len(a) != len(b) {
		fail(op, "", "%d %s for %d %s", len(b), nameB, len(a), nameA)
	}
	if len(a) == 0 {
		fail(op, "", "an empty set has no score")
	}
	checkFinite(op, nameA, a)
	checkFinite(op, nameB, b)
}

func checkFinite(op, name string, x []float64) {
	for i, v := range x {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			fail(op, "", "%s %d is %v", name, i, v)
		}
	}
}
