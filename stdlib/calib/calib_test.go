package calib

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/priorlab/priorlab/linalg"
)

func TestClassificationGolden(t *testing.T) {
	var want struct {
		MeanProbs         array `json:"mean_probs"`
		Accuracy          float64
		Nll               float64
		MeanSampleNLL     float64 `json:"mean_sample_nll"`
		Brier             float64
		Entropy           array
		MutualInformation array                     `json:"mutual_information"`
		AllClass          struct{ Drop, Keep bins } `json:"ece_allclass10"`
		Top15             bins                      `json:"ece_top1_15"`
		Top10             bins                      `json:"ece_top1_10"`
		OODEntropy        array                     `json:"ood_entropy"`
		AUROC             float64
		APPos             float64 `json:"average_precision_ood_positive"`
		APIn              float64 `json:"average_precision_in_positive"`
		Trapezoid         float64 `json:"aupr_trapezoid_ood_positive"`
		FPR95             float64
	}
	in := goldenCase(t, "metrics.json", "main", &want)
	samples, y := in["sample_probs"].matrices(), in["labels"].ints()
	p := MeanProbs(samples)
	nearAll(t, "mean probabilities", p.RawMatrix().Data, want.MeanProbs.Data)
	near(t, "accuracy", Accuracy(p, y), want.Accuracy)
	near(t, "NLL", NLL(p, y), want.Nll)
	near(t, "Brier", Brier(p, y), want.Brier)
	nearAll(t, "entropy", Entropy(p), want.Entropy.Data)
	nearAll(t, "mutual information", MutualInfo(samples), want.MutualInformation.Data)
	mean := 0.0
	for _, s := range samples {
		mean += NLL(s, y) / float64(len(samples))
	}
	near(t, "mean of the samples' NLL", mean, want.MeanSampleNLL)
	if NLL(p, y) > mean {
		t.Error("the NLL of the mean exceeds the mean of the NLLs")
	}
	want.AllClass.Drop.check(t, AllClassDropped(p, y, 10))
	want.AllClass.Keep.check(t, AllClass(p, y, 10))
	want.Top15.check(t, Top1(p, y, 15))
	want.Top10.check(t, Top1(p, y, 10))

	out := Entropy(MeanProbs(in["ood_sample_probs"].matrices()))
	nearAll(t, "entropy outside", out, want.OODEntropy.Data)
	d := Detect(out, Entropy(p))
	near(t, "AUROC", d.AUROC, want.AUROC)
	near(t, "AUPR", d.AUPR, want.APPos)
	near(t, "AUPR of the inside", d.AUPRIn, want.APIn)
	near(t, "AUPR by trapezoids", d.AUPRTrapezoid(), want.Trapezoid)
	near(t, "FPR95", d.FPR95, want.FPR95)
}

func TestBinEdgesGolden(t *testing.T) {
	var want struct {
		AllClass struct{ Drop, Keep bins } `json:"ece_allclass10"`
		Top15    bins                      `json:"ece_top1_15"`
		Top10    bins                      `json:"ece_top1_10"`
		Entropy  array
		Brier    float64
		NLL      float64 `json:"nll_clipped_1e_12"`
	}
	in := goldenCase(t, "metrics.json", "edges_and_certainty", &want)
	p, y := in["probs"].matrices()[0], in["labels"].ints()
	want.AllClass.Drop.check(t, AllClassDropped(p, y, 10))
	want.AllClass.Keep.check(t, AllClass(p, y, 10))
	want.Top15.check(t, Top1(p, y, 15))
	want.Top10.check(t, Top1(p, y, 10))
	nearAll(t, "entropy", Entropy(p), want.Entropy.Data)
	near(t, "Brier", Brier(p, y), want.Brier)
	nll, clipped := NLLClipped(p, y)
	near(t, "NLL", nll, want.NLL)
	if clipped != 1 {
		t.Errorf("%d clipped probabilities, want 1", clipped)
	}
}

// Every bin edge b/n belongs to the bin below for top-1 and to the bin above for all-class.
func TestBinEdgesBelongToOneSide(t *testing.T) {
	for _, n := range []int{10, 15} {
		for b := n/2 + 1; b < n; b++ {
			v := float64(b) / float64(n)
			p, y := mat.NewDense(1, 2, []float64{v, 1 - v}), []int{0}
			if r := Top1(p, y, n); r.Bins[b-1].Count != 1 {
				t.Errorf("top-1: the edge %d/%d is not in the bin below it", b, n)
			}
			if r := AllClass(p, y, n); r.Bins[b].Count != 1 {
				t.Errorf("all-class: the edge %d/%d is not in the bin above it", b, n)
			}
		}
	}
}

func TestTiesGolden(t *testing.T) {
	var want struct {
		AUROC, FPR95 float64
		AP           float64 `json:"average_precision"`
		Trapezoid    float64 `json:"aupr_trapezoid"`
	}
	in := goldenCase(t, "metrics.json", "ties", &want)
	d := Detect(in["positive"].Data, in["negative"].Data)
	near(t, "AUROC", d.AUROC, want.AUROC)
	near(t, "AUPR", d.AUPR, want.AP)
	near(t, "AUPR by trapezoids", d.AUPRTrapezoid(), want.Trapezoid)
	near(t, "FPR95", d.FPR95, want.FPR95)
}

// AUROC against its definition by pairs, and At against counting.
func TestDetectionAgainstPairs(t *testing.T) {
	r := linalg.NewRand(3)
	var pos, neg []float64
	for i := 0; i < 40; i++ {
		pos = append(pos, math.Round(4*(r.Normal()+1)))
	}
	for i := 0; i < 60; i++ {
		neg = append(neg, math.Round(4*r.Normal()))
	}
	wins := 0.0
	for _, a := range pos {
		for _, b := range neg {
			if a > b {
				wins++
			} else if a == b {
				wins += 0.5
			}
		}
	}
	d := Detect(pos, neg)
	near(t, "AUROC", d.AUROC, wins/float64(len(pos)*len(neg)))
	near(t, "AUROC the other way", Detect(neg, pos).AUROC, 1-d.AUROC)
	for _, at := range []float64{-100, -3, 0.5, 2, 100} {
		tp, fp := 0.0, 0.0
		for _, a := range pos {
			if a >= at {
				tp++
			}
		}
		for _, b := range neg {
			if b >= at {
				fp++
			}
		}
		precision, recall, fpr := d.At(at)
		if tp+fp > 0 {
			near(t, "precision", precision, tp/(tp+fp))
		}
		near(t, "recall", recall, tp/float64(len(pos)))
		near(t, "false positive rate", fpr, fp/float64(len(neg)))
	}
}

func TestMCC(t *testing.T) {
	var want struct {
		Mcc    float64
		AllOne float64 `json:"mcc_all_one_prediction"`
	}
	in := goldenCase(t, "metrics.json", "mcc", &want)
	y, guess := in["y"].ints(), in["yhat"].ints()
	near(t, "MCC", MCC(y, guess), want.Mcc)
	ones := make([]int, len(y))
	for i := range ones {
		ones[i] = 1
	}
	near(t, "MCC of a constant", MCC(y, ones), want.AllOne)

	// By the counts: TP 6, TN 3, FP 1, FN 2.
	y = []int{1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0}
	guess = []int{1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 1}
	near(t, "MCC by counts", MCC(y, guess), (6*3-1*2)/math.Sqrt(7*8*4*5))
	near(t, "MCC of the truth", MCC([]int{0, 1, 2, 2}, []int{0, 1, 2, 2}), 1)
}

func TestRegressionGolden(t *testing.T) {
	var want struct {
		Mae, Rmse float64
		NLL       float64 `json:"nll_mixture"`
	}
	in := goldenCase(t, "metrics.json", "regression", &want)
	means := in["sample_means"].matrices()[0]
	s, n := means.Dims()
	mean := make([]float64, n)
	for i := range mean {
		for k := 0; k < s; k++ {
			mean[i] += means.At(k, i) / float64(s)
		}
	}
	near(t, "MAE", MAE(in["y"].Data, mean), want.Mae)
	near(t, "RMSE", RMSE(in["y"].Data, mean), want.Rmse)
	near(t, "mixture NLL", MixtureNLL(in["y"].Data, means, in["noise_std"].Data[0]), want.NLL)
	one := mat.NewDense(1, n, mean)
	sd := make([]float64, n)
	for i := range sd {
		sd[i] = 0.5
	}
	near(t, "mixture of one", MixtureNLL(in["y"].Data, one, 0.5), GaussianNLL(in["y"].Data, mean, sd))
}

// Draws from the predictive distribution itself are covered as often as the level says.
func TestCoverageOfTheTruth(t *testing.T) {
	r := linalg.NewRand(5)
	const n, s = 4000, 200
	y, mean, sd := make([]float64, n), make([]float64, n), make([]float64, n)
	draws := mat.NewDense(s, n, nil)
	for i := range y {
		mean[i], sd[i] = 3*r.Normal(), math.Exp(0.5*r.Normal())
		y[i] = mean[i] + sd[i]*r.Normal()
		for k := 0; k < s; k++ {
			draws.Set(k, i, mean[i]+sd[i]*r.Normal())
		}
	}
	levels := []float64{0.5, 0.8, 0.95}
	for i, c := range CoverageCurve(y, mean, sd, levels) {
		if slack := 4 * math.Sqrt(levels[i]*(1-levels[i])/n); math.Abs(c-levels[i]) > slack {
			t.Errorf("coverage %v at level %v: off by more than %v", c, levels[i], slack)
		}
		if c := SampleCoverage(y, draws, levels[i]); math.Abs(c-levels[i]) > 0.03 {
			t.Errorf("coverage by samples %v at level %v", c, levels[i])
		}
	}
}

func TestTemperatureGolden(t *testing.T) {
	var want struct {
		Temperature float64
		Before      float64 `json:"nll_before"`
		After       float64 `json:"nll_after"`
	}
	in := goldenCase(t, "temperature.json", "temperature_scaling", &want)
	z, y := in["logits"].matrices()[0], in["labels"].ints()
	got := FitTemperature(z, y)
	near(t, "NLL before", got.NLLBefore, want.Before)
	near(t, "NLL after", got.NLLAfter, want.After)
	// The reference compares function values, so its own T is good to about the square root of the rounding error.
	if math.Abs(got.T-want.Temperature) > 1e-6*want.Temperature {
		t.Errorf("temperature %v, want %v", got.T, want.Temperature)
	}
	near(t, "NLL of the scaled probabilities", NLL(got.Apply(z), y), got.NLLAfter)
	for _, by := range []float64{0.99, 1.01} {
		if nll, _ := scaledNLL(z, y, by/got.T); nll < got.NLLAfter {
			t.Errorf("NLL %v at T/%v is below that at T, %v", nll, by, got.NLLAfter)
		}
	}
}

func TestErrorsSayWhatIsWrong(t *testing.T) {
	p := mat.NewDense(2, 2, []float64{0.5, 0.5, 0.1, 0.9})
	for _, c := range []struct {
		want string
		call func()
	}{
		{"3 labels for 2 inputs", func() { Accuracy(p, []int{0, 1, 1}) }},
		{"label 1 is 2, but there are 2 classes", func() { NLL(p, []int{0, 2}) }},
		{"row 0 adds to 1.5", func() { Brier(mat.NewDense(1, 2, []float64{1, 0.5}), []int{0}) }},
		{"which is not a probability", func() { Entropy(mat.NewDense(1, 2, []float64{math.NaN(), 1})) }},
		{"0 bins", func() { Top1(p, []int{0, 1}, 0) }},
		{"no samples", func() { MeanProbs(nil) }},
		{"sample 1 is 1 by 2", func() { MeanProbs([]*mat.Dense{p, mat.NewDense(1, 2, nil)}) }},
		{"0 positives and 1 negatives", func() { AUROC(nil, []float64{1}) }},
		{"negative score 0 is NaN", func() { AUPR([]float64{1}, []float64{math.NaN()}) }},
		{"2 predictions for 1 targets", func() { MAE([]float64{1}, []float64{1, 2}) }},
		{"standard deviation 0 is 0", func() { Coverage([]float64{1}, []float64{1}, []float64{0}, 0.9) }},
		{"the level is 1", func() { Coverage([]float64{1}, []float64{1}, []float64{1}, 1) }},
		{"logit of row 0, class 1", func() { FitTemperature(mat.NewDense(1, 2, []float64{0, math.Inf(1)}), []int{0}) }},
	} {
		err := linalg.Try(c.call)
		if err == nil {
			t.Errorf("no error where one should say %q", c.want)
			continue
		}
		if !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %q does not say %q", err, c.want)
		}
	}
	if _, err := Evaluate("net", p, []int{0}); err == nil || !strings.Contains(err.Error(), "net: ") {
		t.Errorf("Evaluate names the model in its error, got %v", err)
	}
	if _, err := Compare(); err == nil {
		t.Error("Compare of nothing gives no error")
	}
}

func TestCompareAndShow(t *testing.T) {
	p := mat.NewDense(4, 2, []float64{0.9, 0.1, 0.2, 0.8, 0.6, 0.4, 0.3, 0.7})
	q := mat.NewDense(4, 2, []float64{0.6, 0.4, 0.4, 0.6, 0.45, 0.55, 0.5, 0.5})
	y := []int{0, 1, 0, 0}
	var reports []*Report
	for _, m := range []struct {
		name string
		p    *mat.Dense
	}{{"sharp", p}, {"flat <1>", q}, {"flat <1>", p}} {
		r, err := Evaluate(m.name, m.p, y)
		if err != nil {
			t.Fatal(err)
		}
		reports = append(reports, r.WithOOD(m.p, q))
	}
	tab, err := Compare(reports...)
	if err != nil {
		t.Fatal(err)
	}
	if len(tab.Rows) != 2 || tab.Rows[1].Runs != 2 {
		t.Fatalf("rows %+v: runs of one name belong in one row", tab.Rows)
	}
	near(t, "mean of two runs", tab.Rows[1].Mean[0], (Accuracy(q, y)+Accuracy(p, y))/2)
	near(t, "spread of two runs", tab.Rows[1].SD[0], math.Abs(Accuracy(q, y)-Accuracy(p, y))/math.Sqrt2)
	if s := tab.String(); !strings.Contains(s, "AUROC") || !strings.Contains(s, "±") || !strings.Contains(s, "0.7500*") {
		t.Errorf("table reads\n%s", s)
	}
	if h := tab.HTML(); !strings.Contains(h, "flat &lt;1&gt;") || !strings.Contains(h, "<b>") {
		t.Errorf("HTML reads %s", h)
	}
	if strings.Contains(tab.HTML(), "<svg") || !strings.Contains(tab.WithDiagrams().HTML(), "<svg") {
		t.Error("diagrams are shown when they are asked for, and only then")
	}
	if svg := tab.Diagrams().SVG(); !strings.Contains(svg, "<svg") {
		t.Error("the diagrams are not a picture")
	}
	if svg := reports[0].OOD.SVG(); !strings.Contains(svg, "<svg") {
		t.Error("the curves are not a picture")
	}
	if h := reports[0].Top1.HTML(); !strings.Contains(h, "<svg") || !strings.Contains(h, "top-1, 15 bins") {
		t.Error("a reliability diagram shows picture and numbers")
	}
}

func ExampleEvaluate() {
	probs := mat.NewDense(4, 2, []float64{0.9, 0.1, 0.2, 0.8, 0.6, 0.4, 0.3, 0.7})
	report, err := Evaluate("toy", probs, []int{0, 1, 0, 0})
	fmt.Println(report, err)
	// Output:
	// toy, 4 inputs: accuracy 0.7500, MCC 0.5774, NLL 0.5108, Brier 0.3500, entropy 0.5273
	// ECE 0.3500, MCE 0.7000 (top-1, 15 bins); ECE 0.3500, MCE 0.7000 (all-class, 10 bins) <nil>
}
