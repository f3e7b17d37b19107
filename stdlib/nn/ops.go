package nn

import (
	"github.com/priorlab/priorlab/linalg"
)

// linear is x W' + b over the last axis.
func linear(x, w, b *linalg.Tensor) *linalg.Tensor {
	y := x.MatMul(w.T())
	if b != nil {
		y = y.Add(b)
	}
	return y
}

// normEps is what LayerNorm adds to the variance.
const normEps = 1e-5

// layerNorm normalises the last axis to mean 0 and variance 1 (the biased variance), then scales and shifts.
func layerNorm(x, gain, bias *linalg.Tensor) *linalg.Tensor {
	centred := x.Sub(x.Mean(-1).Unsqueeze(-1))
	variance := centred.Square().Mean(-1).Unsqueeze(-1)
	return centred.Mul(variance.AddS(normEps).Sqrt().Recip()).Mul(gain).Add(bias)
}

// softmax is over the last axis.
func softmax(x *linalg.Tensor) *linalg.Tensor {
	return x.Sub(x.LogSumExp(-1).Unsqueeze(-1)).Exp()
}

// dropout draws one uniform number an element.
func dropout(r *linalg.Rand, x *linalg.Tensor, rate float64) *linalg.Tensor {
	u := linalg.Uniform(r, x.DType(), x.Shape()...)
	keep := u.Less(linalg.Full(x.DType(), rate)).Not().To(x.DType())
	return x.Mul(keep.MulS(1 / (1 - rate)))
}

// CrossEntropy is the mean over rows of -log softmax(logits)[label], in nats: logits [N C], one label a row.
func CrossEntropy(logits *linalg.Tensor, labels []int) *linalg.Tensor {
	s := logits.Shape()
	if len(s) != 2 {
		fail("CrossEntropy", "one row of logits for each label", "the logits have shape %v", s)
	}
	if s[0] != len(labels) || s[0] == 0 {
		fail("CrossEntropy", "", "%d labels for %d rows of logits", len(labels), s[0])
	}
	pick := make([]float64, s[0]*s[1])
	for i, y := range labels {
		if y < 0 || y >= s[1] {
			fail("CrossEntropy", "number the classes from 0", "label %d is %d, but there are %d classes", i, y, s[1])
		}
		pick[i*s[1]+y] = 1
	}
	chosen := logits.Mul(linalg.FromFloat64(pick, s...).To(logits.DType())).Sum(-1)
	return logits.LogSumExp(-1).Sub(chosen).Mean()
}
