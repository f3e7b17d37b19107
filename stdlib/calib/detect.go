package calib

import (
	"fmt"
	"math"
	"sort"

	"github.com/priorlab/priorlab/stdlib/plots"
)

// Detection says how well a score tells positives (inputs from elsewhere, by custom) from negatives: higher scores
// mean positive. Equal scores are counted together.
type Detection struct {
	AUROC    float64 // P(positive scores higher) + half of P(equal)
	AUPR     float64 // average precision with the positives as positive
	AUPRIn   float64 // average precision with the negatives as positive, scores negated
	FPR95    float64 // smallest false positive rate at a true positive rate of at least 0.95
	Pos, Neg int     // how many of each

	thresholds []float64
	tp, fp     []int // positives and negatives with score >= thresholds[i], thresholds falling
}

// Detect compares the scores of positives and negatives.
func Detect(positive, negative []float64) *Detection {
	if len(positive) == 0 || len(negative) == 0 {
		fail("Detect", "", "there are %d positives and %d negatives: both are needed", len(positive), len(negative))
	}
	checkFinite("Detect", "positive score", positive)
	checkFinite("Detect", "negative score", negative)
	d := &Detection{Pos: len(positive), Neg: len(negative)}
	d.count(positive, negative)
	d.AUROC = d.auroc()
	d.AUPR = d.averagePrecision()
	d.FPR95 = d.FPRAt(0.95)
	in := &Detection{Pos: len(negative), Neg: len(positive)}
	in.count(negated(negative), negated(positive))
	d.AUPRIn = in.averagePrecision()
	return d
}

// AUROC is the area under the ROC curve, with half credit for ties.
func AUROC(positive, negative []float64) float64 { return Detect(positive, negative).AUROC }

// AUPR is the average precision: the area under the precision-recall curve, as steps.
func AUPR(positive, negative []float64) float64 { return Detect(positive, negative).AUPR }

func negated(x []float64) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = -v
	}
	return y
}

// count fills thresholds, tp and fp: one entry for each distinct score, from the highest down.
func (d *Detection) count(positive, negative []float64) {
	pos, neg := sorted(positive), sorted(negative)
	i, j := 0, 0
	for i < len(pos) || j < len(neg) {
		t := math.Inf(-1)
		if i < len(pos) {
			t = pos[i]
		}
		if j < len(neg) {
			t = math.Max(t, neg[j])
		}
		for i < len(pos) && pos[i] == t {
			i++
		}
		for j < len(neg) && neg[j] == t {
			j++
		}
		d.thresholds, d.tp, d.fp = append(d.thresholds, t), append(d.tp, i), append(d.fp, j)
	}
}

// sorted is a copy, largest first.
func sorted(x []float64) []float64 {
	y := append([]float64(nil), x...)
	sort.Sort(sort.Reverse(sort.Float64Slice(y)))
	return y
}

// auroc is the area under the straight lines between the points, which gives ties half credit.
func (d *Detection) auroc() float64 {
	area, tp, fp := 0.0, 0, 0
	for i := range d.tp {
		area += float64(d.fp[i]-fp) * float64(d.tp[i]+tp) / 2
		tp, fp = d.tp[i], d.fp[i]
	}
	return area / (float64(d.Pos) * float64(d.Neg))
}

func (d *Detection) averagePrecision() float64 {
	area, tp := 0.0, 0
	for i := range d.tp {
		area += float64(d.tp[i]-tp) * float64(d.tp[i]) / float64(d.tp[i]+d.fp[i])
		tp = d.tp[i]
	}
	return area / float64(d.Pos)
}

// AUPRTrapezoid is the area under straight lines between the points of the precision-recall curve, from recall 0 and
// precision 1. It is too kind where scores tie; AUPR is the number to report.
func (d *Detection) AUPRTrapezoid() float64 {
	area, recall, precision := 0.0, 0.0, 1.0
	for i := range d.tp {
		r, p := float64(d.tp[i])/float64(d.Pos), float64(d.tp[i])/float64(d.tp[i]+d.fp[i])
		area += (r - recall) * (p + precision) / 2
		recall, precision = r, p
	}
	return area
}

// FPRAt is the smallest false positive rate of any threshold whose true positive rate is at least tpr.
func (d *Detection) FPRAt(tpr float64) float64 {
	for i := range d.tp {
		if float64(d.tp[i])/float64(d.Pos) >= tpr-1e-12 {
			return float64(d.fp[i]) / float64(d.Neg)
		}
	}
	return 1
}

// At counts what a threshold does: inputs with a score of at least t are called positive.
func (d *Detection) At(t float64) (precision, recall, fpr float64) {
	i := sort.Search(len(d.thresholds), func(i int) bool { return d.thresholds[i] < t }) - 1
	if i < 0 {
		return 1, 0, 0
	}
	return float64(d.tp[i]) / float64(d.tp[i]+d.fp[i]), float64(d.tp[i]) / float64(d.Pos), float64(d.fp[i]) / float64(d.Neg)
}

// ROC is the curve of true against false positive rate, from (0, 0) to (1, 1).
func (d *Detection) ROC() (fpr, tpr []float64) {
	fpr, tpr = []float64{0}, []float64{0}
	for i := range d.tp {
		fpr = append(fpr, float64(d.fp[i])/float64(d.Neg))
		tpr = append(tpr, float64(d.tp[i])/float64(d.Pos))
	}
	return fpr, tpr
}

// PR is the curve of precision against recall, one point for each distinct score.
func (d *Detection) PR() (recall, precision []float64) {
	for i := range d.tp {
		recall = append(recall, float64(d.tp[i])/float64(d.Pos))
		precision = append(precision, float64(d.tp[i])/float64(d.tp[i]+d.fp[i]))
	}
	return recall, precision
}

// String gives the numbers on one line.
func (d *Detection) String() string {
	return fmt.Sprintf("detection of %d among %d: AUROC %.4f, AUPR %.4f, AUPR of the rest %.4f, FPR at 95%% TPR %.4f",
		d.Pos, d.Pos+d.Neg, d.AUROC, d.AUPR, d.AUPRIn, d.FPR95)
}

// Figure draws the ROC and the precision-recall curve side by side.
func (d *Detection) Figure() *plots.Figure {
	fpr, tpr := d.ROC()
	recall, precision := d.PR()
	return plots.Grid(2,
		plots.New(fmt.Sprintf("AUROC %.3f", d.AUROC)).Line(fpr, tpr, "").XRange(0, 1).YRange(0, 1).
			Labels("false positive rate", "true positive rate"),
		plots.New(fmt.Sprintf("AUPR %.3f", d.AUPR)).Line(recall, precision, "").XRange(0, 1).YRange(0, 1).
			Labels("recall", "precision"))
}

// SVG is Figure as SVG text.
func (d *Detection) SVG() string { return d.Figure().SVG() }
