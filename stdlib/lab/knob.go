package lab

import (
	"fmt"
	"math"

	"github.com/priorlab/priorlab/stdlib/param"
	"gonum.org/v1/gonum/stat/distuv"
)

// A knob is a control for one number of a parameter, and a note of what it
// implies.
type knob struct {
	p      *param.Param
	i      int
	widget *Widget
	note   *Widget
}

// rename changes what the control of a parameter is called.
func (k *knob) rename(name string) { k.widget.With("description", numbered(name, k.p, k.i)) }

// numbered is the name of number i of a parameter.
func numbered(name string, p *param.Param, i int) string {
	if p.Len() > 1 {
		return fmt.Sprintf("%s %d", name, i+1)
	}
	return name
}

// knobsFor makes controls for every number of a set: a logarithmic slider over
// the prior's 1 to 99 % range for a positive one, a logit scale for one between
// two ends, a stepper for a whole number, a plain slider otherwise. Without a
// prior the range surrounds the value of now.
func knobsFor(set param.Set) []*knob {
	var out []*knob
	for _, p := range set {
		for i := range p.Len() {
			k := &knob{p: p, i: i, widget: knobWidget(numbered(p.Name, p, i), p, p.At(i)), note: HTMLBox("")}
			k.note.aside = true
			out = append(out, k)
		}
	}
	return out
}

func knobWidget(name string, p *param.Param, v float64) *Widget {
	switch t := p.Transform.(type) {
	case param.Log:
		lo, hi, ok := priorRange(p.Prior)
		if !ok || lo <= 0 {
			lo, hi = v/30, v*30
		}
		return FloatLogSlider(name, v, math.Min(lo, v), math.Max(hi, v))
	case param.Whole:
		return BoundedIntText(name, int(v), int(t.Lo), int(t.Hi))
	case param.Between:
		options := logitScale(t.Lo, t.Hi)
		return SelectionSlider(name, options, options[nearest(options, v)])
	}
	lo, hi, ok := priorRange(p.Prior)
	if !ok {
		d := math.Max(3, 3*math.Abs(v))
		lo, hi = v-d, v+d
	}
	return FloatSlider(name, v, math.Min(lo, v), math.Max(hi, v))
}

// priorRange is the interval from the 1 % to the 99 % quantile.
func priorRange(p param.Prior) (lo, hi float64, ok bool) {
	var q interface{ Quantile(float64) float64 }
	switch p := p.(type) {
	case param.LogNormal:
		q = distuv.LogNormal{Mu: p.Mu, Sigma: p.Sigma}
	case param.Gamma:
		q = distuv.Gamma{Alpha: p.Shape, Beta: p.Rate}
	case param.Normal:
		q = distuv.Normal{Mu: p.Mean, Sigma: p.SD}
	default:
		return 0, 0, false
	}
	lo, hi = q.Quantile(0.01), q.Quantile(0.99)
	return lo, hi, lo < hi && !math.IsInf(lo, 0) && !math.IsInf(hi, 0)
}

// logitScale lists 99 values between two ends, even in the logit from 0.5 %
// to 99.5 %.
func logitScale(lo, hi float64) []float64 {
	const n = 99
	top := math.Log(0.995 / 0.005)
	out := make([]float64, n)
	for i := range out {
		z := -top + 2*top*float64(i)/(n-1)
		out[i], _ = parseShort(lo + (hi-lo)/(1+math.Exp(-z)))
	}
	return out
}

// parseShort rounds to four digits, so that labels stay short.
func parseShort(v float64) (float64, error) {
	var out float64
	_, err := fmt.Sscanf(fmt.Sprintf("%.4g", v), "%g", &out)
	return out, err
}

func nearest(options []float64, v float64) int {
	best := 0
	for i, o := range options {
		if math.Abs(o-v) < math.Abs(options[best]-v) {
			best = i
		}
	}
	return best
}

// value is what the control stands at.
func (k *knob) value() float64 {
	v, _ := toFloat(k.widget.Value())
	return v
}

// move sets the control, on a scale to the nearest mark.
func (k *knob) move(v float64) error {
	if k.widget.kind == selectionSlider {
		var options []float64
		for _, o := range k.widget.options {
			f, _ := toFloat(o)
			options = append(options, f)
		}
		v = options[nearest(options, v)]
	}
	return k.widget.Set(v)
}

// apply gives the parameters the values of the controls.
func apply(knobs []*knob) error {
	for i := 0; i < len(knobs); {
		p := knobs[i].p
		values := make([]float64, p.Len())
		for j := range values {
			values[j] = knobs[i+j].value()
		}
		if err := p.Set(values...); err != nil {
			return err
		}
		i += len(values)
	}
	return nil
}
