package nn

import (
	"math"

	"github.com/priorlab/priorlab/linalg"
)

// CrossEntropy is the mean over rows of -log softmax(logits)[label], in nats: logits [N C], one label a row.
func CrossEntropy(logits *linalg.Tensor, labels []int) *linalg.Tensor {
	s := logits.Shape()
	if len(s) != 2 {
		fail("CrossEntropy", "one row of logits for each label", "the logits have shape %v", s)
	}
	if s[0] != len(labels) || s[0] == 0 {
		fail("CrossEntropy", "", "%d labels for %d rows of logits", len(labels), s[0])
	}
	for i, y := range labels {
		if y < 0 || y >= s[1] {
			fail("CrossEntropy", "number the classes from 0", "label %d is %d, but there are %d classes", i, y, s[1])
		}
	}
	return linalg.CrossEntropy(logits, linalg.FromInts(labels))
}

// weigh is softmax(q k'/sqrt(d)) v for q, k, v [B H T d]. Padded keys (mask [B T], or nil) have no weight.
func weigh(q, k, v, mask *linalg.Tensor) *linalg.Tensor {
	s := q.Shape()
	scale := 1 / math.Sqrt(float64(s[3]))
	if mask == nil {
		return linalg.Attention(q, k, v, linalg.AttentionOptions{Scale: scale})
	}
	hide := mask.AddS(-1).MulS(maskedScore).Reshape(s[0], 1, 1, s[2])
	return q.MatMul(k.T()).MulS(scale).Add(hide).Softmax(-1).MatMul(v)
}

// maskedScore is subtracted from the score of a padded token: e to its power is zero in either precision.
const maskedScore = 1e4
