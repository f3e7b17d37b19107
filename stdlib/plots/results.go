package plots

import (
	"fmt"
	"math"
	"sort"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Covariance shows a covariance matrix and, beside it, its eigenvalues on a
// logarithmic axis, largest first: how many directions it really has.
func Covariance(title string, k mat.Symmetric) *Figure {
	heat := New(title).Heat(k)
	var eig mat.EigenSym
	spectrum := New("eigenvalues").Labels("index", "").LogY()
	if k.SymmetricDim() > 0 && eig.Factorize(k, false) {
		values := eig.Values(nil)
		sort.Sort(sort.Reverse(sort.Float64Slice(values)))
		floor := values[0] * 1e-17
		x := make([]float64, len(values))
		for i := range values {
			x[i], values[i] = float64(i), math.Max(values[i], floor) // round-off may be negative
		}
		spectrum.Curve(x, values, "")
	}
	return Grid(2, heat, spectrum).Size(860, 380)
}

// Forgetting shows what errors[i][j], the error on task i after task j, does
// as tasks follow one another; entries with i > j are not looked at.
func Forgetting(title string, errors [][]float64) *Figure {
	n := len(errors)
	if n == 0 {
		panic("plots: Forgetting without tasks")
	}
	m := mat.NewDense(n, n, nil)
	for i, row := range errors {
		if len(row) != n {
			panic(fmt.Sprintf("plots: Forgetting: row %d has %d values for %d tasks", i, len(row), n))
		}
		for j, v := range row {
			if j < i {
				v = math.NaN()
			}
			m.Set(i, j, v)
		}
	}
	return New(title).Heat(m).HeatValues("%.2g").Labels("after task", "error on task").countFromOne(n)
}

// countFromOne labels rows and columns 1, 2, 3 instead of 0, 1, 2.
func (f *Figure) countFromOne(n int) *Figure {
	var x, y plot.ConstantTicks
	for i := range n {
		label := fmt.Sprint(i + 1)
		x = append(x, plot.Tick{Value: float64(i), Label: label})
		y = append(y, plot.Tick{Value: float64(n - 1 - i), Label: label})
	}
	f.p.X.Tick.Marker, f.p.Y.Tick.Marker = x, y
	return f
}

// Reliability compares how sure a classifier is with how often it is right,
// bin by bin: confidence, accuracy and weight (the share of cases) have one
// value for each bin. On the dashed line they agree; the shaded gap is the
// calibration error.
func Reliability(title string, confidence, accuracy, weight []float64) *Figure {
	same("Reliability", confidence, "accuracy", len(accuracy))
	same("Reliability", confidence, "weight", len(weight))
	total, ece := 0.0, 0.0
	for i, w := range weight {
		if w > 0 {
			total += w
			ece += w * math.Abs(confidence[i]-accuracy[i])
		}
	}
	f := New(title).Size(420, 420).Labels("confidence", "accuracy").XRange(0, 1).YRange(0, 1)
	f.Dashed([]float64{0, 1}, []float64{0, 1}, "calibrated")
	c := f.color("model")
	gap := fade(palette[1], 0.25)
	label := "model"
	if total > 0 {
		label = fmt.Sprintf("model, ECE %.3f", ece/total)
	}
	most := 0.0
	for _, w := range weight {
		most = math.Max(most, w)
	}
	return f.add(&layer{z: zPoint, label: label,
		paint: func(cv draw.Canvas, at func(x, y float64) vg.Point, _ *plot.Plot) {
			var line []vg.Point
			for i, w := range weight {
				if !(w > 0) {
					continue
				}
				p := at(confidence[i], accuracy[i])
				cv.StrokeLines(draw.LineStyle{Color: gap, Width: 7}, []vg.Point{at(confidence[i], confidence[i]), p})
				line = append(line, p)
			}
			cv.StrokeLines(draw.LineStyle{Color: c, Width: lineWidth}, line)
			k := 0
			for _, w := range weight {
				if w > 0 { // the area of a dot is its share of the cases
					cv.DrawGlyph(draw.GlyphStyle{Color: c, Radius: vg.Length(2 + 6*math.Sqrt(w/most)), Shape: draw.CircleGlyph{}}, line[k])
					k++
				}
			}
		},
		swatch: func(cv draw.Canvas) {
			cv.DrawGlyphNoClip(draw.GlyphStyle{Color: c, Radius: 4, Shape: draw.CircleGlyph{}}, cv.Center())
		}})
}

// Attention shows the mean of attention weights and, beside it, their standard
// deviation, queries down and keys across; tokens names both and may be nil.
func Attention(title string, mean, sd mat.Matrix, tokens []string) *Figure {
	one := New(title + ": mean").Heat(mean)
	two := New("standard deviation").Heat(sd)
	for _, f := range []*Figure{one, two} {
		f.Labels("key", "query")
		if tokens != nil {
			f.HeatNames(tokens, tokens)
		}
	}
	return Grid(2, one, two).Size(900, 420)
}

// Loss draws a training loss by step: the raw values thin, a running mean of
// them strong. The axis is logarithmic when all are positive and span more
// than a factor of 30.
func Loss(title string, loss []float64) *Figure {
	x := make([]float64, len(loss))
	for i := range x {
		x[i] = float64(i + 1)
	}
	f := New(title).Labels("step", "loss")
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, v := range loss {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			lo, hi = math.Min(lo, v), math.Max(hi, v)
		}
	}
	if lo > 0 && hi > 30*lo {
		f.LogY()
	}
	if len(loss) < 50 {
		return f.Line(x, loss, "loss")
	}
	f.color("loss")
	f.line(x, loss, "loss", fade(palette[0], 0.35), 0.9, nil)
	return f.line(x, smooth(loss, len(loss)/40), "running mean", palette[0], lineWidth, nil)
}

// smooth is a centred running mean over 2w+1 values, leaving out NaN.
func smooth(y []float64, w int) []float64 {
	out := make([]float64, len(y))
	for i := range y {
		sum, n := 0.0, 0.0
		for j := max(0, i-w); j <= min(len(y)-1, i+w); j++ {
			if !math.IsNaN(y[j]) && !math.IsInf(y[j], 0) {
				sum, n = sum+y[j], n+1
			}
		}
		out[i] = sum / n
	}
	return out
}

// Codebook shows how often each code is used, most used first, with the line
// that equal use would give. The title adds the perplexity: the number of
// codes that would be in equal use.
func Codebook(title string, counts []float64) *Figure {
	sorted := clone(counts)
	sort.Sort(sort.Reverse(sort.Float64Slice(sorted)))
	total, entropy := 0.0, 0.0
	for _, c := range sorted {
		total += c
	}
	for i, c := range sorted {
		if total > 0 {
			sorted[i] = c / total
		}
		if p := sorted[i]; p > 0 {
			entropy -= p * math.Log(p)
		}
	}
	f := New(fmt.Sprintf("%s: perplexity %.1f of %d", title, math.Exp(entropy), len(counts))).Labels("code, most used first", "share of use")
	f.bars(sorted, f.color("codes"), "", -0.5, 1)
	if len(counts) > 0 {
		f.HLine(1/float64(len(counts)), "equal use")
	}
	return f
}
