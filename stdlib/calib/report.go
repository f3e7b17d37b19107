package calib

import (
	"fmt"

	"gonum.org/v1/gonum/mat"

	"github.com/priorlab/priorlab/linalg"
)

// Bins of the two definitions of calibration error in a Report.
const (
	Top1Bins     = 15
	AllClassBins = 10
)

// Report is everything about one classifier on one set.
type Report struct {
	Name     string
	N        int
	Accuracy float64
	MCC      float64
	NLL      float64
	Clipped  int // labels whose probability was below 1e-12, counted as 1e-12 in NLL
	Brier    float64
	Top1     *Reliability // 15 bins
	AllClass *Reliability // 10 bins
	Entropy  float64      // mean predictive entropy, nats
	OOD      *Detection   // nil unless WithOOD was called
}

// Evaluate measures the probabilities p (N x C) of a model called name against the labels y.
func Evaluate(name string, p mat.Matrix, y []int) (r *Report, err error) {
	err = linalg.Try(func() {
		r = &Report{Name: name, N: len(y), Accuracy: Accuracy(p, y), Brier: Brier(p, y), MCC: MCC(y, Predicted(p)),
			Top1: Top1(p, y, Top1Bins), AllClass: AllClass(p, y, AllClassBins)}
		r.NLL, r.Clipped = NLLClipped(p, y)
		for _, h := range Entropy(p) {
			r.Entropy += h / float64(r.N)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return r, nil
}

// WithOOD adds how well the predictive entropy tells outside inputs (probabilities out) from inside ones (p), and
// returns r.
func (r *Report) WithOOD(p, out mat.Matrix) *Report {
	r.OOD = Detect(Entropy(out), Entropy(p))
	return r
}

// String is the report in a few lines.
func (r *Report) String() string {
	s := fmt.Sprintf("%s, %d inputs: accuracy %.4f, MCC %.4f, NLL %.4f, Brier %.4f, entropy %.4f\n"+
		"ECE %.4f, MCE %.4f (top-1, %d bins); ECE %.4f, MCE %.4f (all-class, %d bins)",
		r.Name, r.N, r.Accuracy, r.MCC, r.NLL, r.Brier, r.Entropy,
		r.Top1.ECE, r.Top1.MCE, len(r.Top1.Bins), r.AllClass.ECE, r.AllClass.MCE, len(r.AllClass.Bins))
	if r.Clipped > 0 {
		s += fmt.Sprintf("\n%d labels had a probability below 1e-12, counted as 1e-12", r.Clipped)
	}
	if r.OOD != nil {
		s += "\n" + r.OOD.String()
	}
	return s
}
