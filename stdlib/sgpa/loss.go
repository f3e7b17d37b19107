package sgpa

import (
	"math"

	"github.com/priorlab/priorlab/linalg"
	"github.com/priorlab/priorlab/stdlib/nn"
)

// Loss is the negative ELBO as it is trained: the mean over batch and samples of the cross-entropy, plus beta times the
// sum of all penalties of the pass.
type Loss struct {
	Total *linalg.Tensor // differentiate this
	CE    float64        // the data term
	KL    float64        // the sum of the scaled penalties, before beta
}

// ClassLoss is the loss of a classifier: logits [B*S C] with S rows for each of the B labels.
func ClassLoss(logits *linalg.Tensor, labels []int, p *nn.Pass, beta float64) *Loss {
	rows := logits.Shape()[0]
	if len(labels) == 0 || rows%len(labels) != 0 {
		fail("ClassLoss", "", "%d labels for %d rows of logits", len(labels), rows)
	}
	S := rows / len(labels)
	all := make([]int, 0, rows)
	for _, y := range labels {
		for range S {
			all = append(all, y)
		}
	}
	return finish(nn.CrossEntropy(logits, all), p, beta)
}

// RegressionLoss is the Gaussian negative log-likelihood of targets under outputs [B*S 1] and a learned log noise
// standard deviation [1].
func RegressionLoss(out, logNoise *linalg.Tensor, targets []float64, p *nn.Pass, beta float64) *Loss {
	rows := out.Len()
	if len(targets) == 0 || rows%len(targets) != 0 {
		fail("RegressionLoss", "", "%d targets for %d outputs", len(targets), rows)
	}
	y := repeat(linalg.FromFloat64(targets).To(out.DType()), rows/len(targets))
	z := out.Reshape(rows).Sub(y).Mul(logNoise.Neg().Exp())
	nll := z.Square().MulS(0.5).Mean().Add(logNoise.Sum()).AddS(0.5 * math.Log(2*math.Pi))
	return finish(nll, p, beta)
}

func finish(data *linalg.Tensor, p *nn.Pass, beta float64) *Loss {
	l := &Loss{Total: data, CE: data.Item()}
	for _, t := range p.Penalties {
		l.KL += t.Scale * t.Value.Item()
		if w := beta * t.Scale; w != 0 {
			l.Total = l.Total.Add(t.Value.MulS(w).Reshape().To(data.DType()))
		}
	}
	return l
}
