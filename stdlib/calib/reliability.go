package calib

import (
	"fmt"
	"html"
	"math"
	"sort"
	"strings"

	"gonum.org/v1/gonum/mat"

	"github.com/priorlab/priorlab/stdlib/plots"
)

// Bin is one bin of a reliability diagram.
type Bin struct {
	From, To float64
	Count    int
	Conf     float64 // mean of the probabilities in the bin; 0 when it is empty
	Acc      float64 // share of them that came true; 0 when it is empty
}

// Gap is how far the bin's probabilities are from what came true, |Conf - Acc|.
func (b Bin) Gap() float64 { return math.Abs(b.Conf - b.Acc) }

// Reliability compares probabilities with frequencies, bin by bin. It shows itself as a diagram.
type Reliability struct {
	Definition string // "top-1", "all-class", or "all-class, certainties dropped"
	Bins       []Bin
	N          int     // predictions counted: N for top-1, N C for all-class
	ECE        float64 // mean gap, weighted by Count
	MCE        float64 // largest gap
}

// Top1 bins the winning probability of each row in equal bins (b/n, (b+1)/n]: the definition of Guo et al. (2017).
// The customary number of bins is 15.
func Top1(p mat.Matrix, y []int, bins int) *Reliability {
	n, c := checkProbs("Top1", p)
	checkLabels("Top1", y, n, c)
	r := newReliability("Top1", "top-1", bins)
	for i, k := range Predicted(p) {
		v := p.At(i, k)
		b := sort.Search(bins-1, func(b int) bool { return v <= r.Bins[b].To })
		r.put(b, v, k == y[i])
	}
	return r.close()
}

// AllClass bins all N C probabilities, each as a prediction of the event that its class is the label, in equal bins
// [b/n, (b+1)/n) of which the last is closed. The customary number of bins is 10.
func AllClass(p mat.Matrix, y []int, bins int) *Reliability {
	return allClass("all-class", p, y, bins, false)
}

// AllClassDropped is AllClass without the probabilities that are exactly 1: how the script behind published SGPA
// figures counts. It is here for comparison with those alone.
func AllClassDropped(p mat.Matrix, y []int, bins int) *Reliability {
	return allClass("all-class, certainties dropped", p, y, bins, true)
}

func allClass(definition string, p mat.Matrix, y []int, bins int, drop bool) *Reliability {
	n, c := checkProbs("AllClass", p)
	checkLabels("AllClass", y, n, c)
	r := newReliability("AllClass", definition, bins)
	for i := range y {
		for k := 0; k < c; k++ {
			v := p.At(i, k)
			if drop && v >= 1 {
				continue
			}
			b := sort.Search(bins-1, func(b int) bool { return v < r.Bins[b].To })
			r.put(b, v, k == y[i])
		}
	}
	return r.close()
}

func newReliability(op, definition string, bins int) *Reliability {
	if bins < 1 {
		fail(op, "15 is customary for top-1, 10 for all-class", "%d bins were asked for", bins)
	}
	r := &Reliability{Definition: definition, Bins: make([]Bin, bins)}
	for b := range r.Bins {
		r.Bins[b].From, r.Bins[b].To = float64(b)/float64(bins), float64(b+1)/float64(bins)
	}
	return r
}

// put adds one prediction; Conf and Acc hold sums until close.
func (r *Reliability) put(b int, v float64, came bool) {
	r.Bins[b].Count++
	r.Bins[b].Conf += v
	if came {
		r.Bins[b].Acc++
	}
	r.N++
}

func (r *Reliability) close() *Reliability {
	for i := range r.Bins {
		b := &r.Bins[i]
		if b.Count == 0 {
			continue
		}
		b.Conf /= float64(b.Count)
		b.Acc /= float64(b.Count)
		r.ECE += float64(b.Count) / float64(r.N) * b.Gap()
		r.MCE = math.Max(r.MCE, b.Gap())
	}
	return r
}

// String is the diagram as a text table.
func (r *Reliability) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "reliability, %s, %d bins: ECE %.4f, MCE %.4f\n", r.Definition, len(r.Bins), r.ECE, r.MCE)
	fmt.Fprintf(&s, "%13s %8s %8s %8s %8s", "bin", "count", "conf", "freq", "gap")
	for _, b := range r.Bins {
		if b.Count > 0 {
			fmt.Fprintf(&s, "\n  %.3f..%.3f %8d %8.4f %8.4f %8.4f", b.From, b.To, b.Count, b.Conf, b.Acc, b.Gap())
		}
	}
	return s.String()
}

// Figure draws frequency against confidence, with the share of predictions in each bin beneath.
func (r *Reliability) Figure() *plots.Figure {
	var conf, acc, mid, share []float64
	for _, b := range r.Bins {
		mid = append(mid, (b.From+b.To)/2)
		share = append(share, float64(b.Count)/math.Max(1, float64(r.N)))
		if b.Count > 0 {
			conf, acc = append(conf, b.Conf), append(acc, b.Acc)
		}
	}
	return plots.New(fmt.Sprintf("%s: ECE %.3f, MCE %.3f", r.Definition, r.ECE, r.MCE)).
		Size(420, 400).XRange(0, 1).YRange(0, 1).
		Dashed([]float64{0, 1}, []float64{0, 1}, "calibrated").
		Curve(conf, acc, "frequency").
		Between(mid, make([]float64, len(mid)), share, "share of predictions").
		Labels("confidence", "frequency")
}

// SVG is Figure as SVG text.
func (r *Reliability) SVG() string { return r.Figure().SVG() }

// HTML is the diagram beside its numbers.
func (r *Reliability) HTML() string {
	return r.SVG() + "<pre>" + html.EscapeString(r.String()) + "</pre>"
}
