package param

import (
	"fmt"
	"math"
	"strings"
	"text/tabwriter"

	"gonum.org/v1/gonum/stat"
)

// Draws are what Sample returns: posterior draws of the trainable numbers.
type Draws struct {
	Names    []string
	Values   [][]float64 // one row for every draw, values (not free numbers)
	LogProb  []float64   // objective plus log priors at each
	StepSize float64
	Accept   float64 // mean acceptance after warm-up
	Diverged int     // draws whose energy ran away: look at the model when there are many
	set      Set
	free     [][]float64
}

// Use sets the parameters to draw i.
func (d *Draws) Use(i int) error { return d.set.SetFree(d.free[i]) }

// Mean is the average value of every number.
func (d *Draws) Mean() []float64 {
	out := make([]float64, len(d.Names))
	for _, v := range d.Values {
		for j := range out {
			out[j] += v[j] / float64(len(d.Values))
		}
	}
	return out
}

// String is a table of means, standard deviations and effective numbers.
func (d *Draws) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 8, 2, ' ', 0)
	fmt.Fprintf(w, "parameter\tmean\tsd\teffective draws\n")
	for j, n := range d.Names {
		col := make([]float64, len(d.Values))
		for i := range col {
			col[i] = d.Values[i][j]
		}
		m, sd := stat.MeanStdDev(col, nil)
		fmt.Fprintf(w, "%s\t%.4g\t%.4g\t%.0f\n", n, m, sd, effective(col))
	}
	w.Flush()
	fmt.Fprintf(&b, "%d draws, step %.3g, acceptance %.2f, %d diverged\n", len(d.Values), d.StepSize, d.Accept, d.Diverged)
	return b.String()
}

// effective is the number of independent draws, by Geyer's initial positive
// sequence.
func effective(x []float64) float64 {
	n := len(x)
	m, v := stat.MeanVariance(x, nil)
	if !(v > 0) {
		return float64(n)
	}
	rho := func(lag int) float64 {
		s := 0.0
		for i := 0; i+lag < n; i++ {
			s += (x[i] - m) * (x[i+lag] - m)
		}
		return s / (float64(n) * v)
	}
	tau := 1.0
	for lag := 1; lag+1 < n; lag += 2 {
		pair := rho(lag) + rho(lag+1)
		if pair < 0 {
			break
		}
		tau += 2 * pair
	}
	return math.Min(float64(n), float64(n)/tau)
}
