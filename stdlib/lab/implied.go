package lab

import (
	"fmt"
	"math"

	"github.com/priorlab/priorlab/stdlib/gp"
	"gonum.org/v1/gonum/mat"
)

// impliedBy says what one setting of a process means before any data, and of
// the noise what it leaves the data to say.
func (p *processView) impliedBy(k *knob, menu *kernelMenu) string {
	if plain(k.p) == "noise" {
		text := fmt.Sprintf("sd %.3g", math.Sqrt(k.p.At(k.i)))
		if freedom, ok := p.freedom(k.p.At(k.i)); ok {
			text += fmt.Sprintf(" · %.1f of %d effective degrees of freedom", freedom, len(p.x))
		}
		return text
	}
	if menu == nil {
		return ""
	}
	part, _ := menu.partOf(k.p)
	if part == nil {
		return ""
	}
	switch plain(k.p) {
	case "variance", "offset":
		sd := 0.0
		for _, v := range part.Diag(column([]float64{p.lo, p.hi})) {
			sd = math.Max(sd, math.Sqrt(v))
		}
		return fmt.Sprintf("95 %% within ± %.3g", 1.96*sd)
	case "period":
		return fmt.Sprintf("%.3g turns in the picture", (p.hi-p.lo)/k.p.At(k.i))
	}
	text := fmt.Sprintf("%.3g zero crossings", expectedCrossings(part, p.lo, p.hi))
	if rho, ok := correlation(part, p.lo, p.lo+1); ok {
		text += fmt.Sprintf(" · correlation %.2f at one unit", rho)
	}
	return text
}

// freedom is tr K(K+s²I)⁻¹, the effective degrees of freedom: the sum of the
// posterior variances at the data over the noise variance.
func (p *processView) freedom(noise float64) (float64, bool) {
	if len(p.x) == 0 || noise <= 0 {
		return 0, false
	}
	_, v, err := p.m.Predict(column(p.x))
	if err != nil {
		return 0, false
	}
	sum := 0.0
	for _, s := range v {
		sum += s
	}
	return sum / noise, true
}

// expectedCrossings is the expected number of sign changes of a draw from the
// prior, seen at the points of the picture: two normals of correlation rho
// differ in sign with probability arccos(rho)/pi.
func expectedCrossings(k gp.Kernel, lo, hi float64) float64 {
	step := (hi - lo) / (gridPoints - 1)
	total := 0.0
	if _, err := gp.StationaryOf(k); err == nil {
		rho, _ := correlation(k, lo, lo+step)
		return math.Acos(rho) / math.Pi * (gridPoints - 1)
	}
	for i := range gridPoints - 1 {
		if rho, ok := correlation(k, lo+float64(i)*step, lo+float64(i+1)*step); ok {
			total += math.Acos(rho) / math.Pi
		}
	}
	return total
}

// correlation is that of the prior at two places; ok is false where the prior
// has no variance.
func correlation(k gp.Kernel, a, b float64) (rho float64, ok bool) {
	m := k.Matrix(mat.NewDense(2, 1, []float64{a, b}), mat.NewDense(2, 1, []float64{a, b}))
	scale := math.Sqrt(m.At(0, 0) * m.At(1, 1))
	if !(scale > 0) {
		return 0, false
	}
	return math.Max(-1, math.Min(1, m.At(0, 1)/scale)), true
}
