package gp

import (
	"fmt"
	"math"

	"github.com/priorlab/priorlab/stdlib/param"
	"gonum.org/v1/gonum/mat"
)

// PeriodicKernel is variance exp(-2 sum_d sin^2(pi (x_d-y_d)/period)/ls^2).
type PeriodicKernel struct {
	Variance, Lengthscale, Period *param.Param
}

// Periodic makes a periodic kernel.
func Periodic(variance, lengthscale, period float64) *PeriodicKernel {
	return &PeriodicKernel{param.Positive("variance", variance), param.Positive("lengthscale", lengthscale), param.Positive("period", period)}
}

// Params are variance, lengthscale and period.
func (k *PeriodicKernel) Params() param.Set {
	return param.Set{k.Variance, k.Lengthscale, k.Period}
}

// Clone is an independent copy.
func (k *PeriodicKernel) Clone() Kernel {
	return &PeriodicKernel{k.Variance.Clone(), k.Lengthscale.Clone(), k.Period.Clone()}
}

// String is like Periodic(1, 0.5, 11).
func (k *PeriodicKernel) String() string {
	return fmt.Sprintf("Periodic(%.4g, %.4g, %.4g)", k.Variance.Value(), k.Lengthscale.Value(), k.Period.Value())
}

// parts returns k at a lag vector and its derivative with respect to each
// free parameter.
func (k *PeriodicKernel) parts(a, b []float64) (value float64, d [3]float64) {
	l, p := k.Lengthscale.Value(), k.Period.Value()
	q, dq := 0.0, 0.0
	for c := range a {
		r := a[c] - b[c]
		s := math.Sin(math.Pi * r / p)
		q += s * s
		dq += math.Sin(2*math.Pi*r/p) * math.Pi * r / (p * p)
	}
	value = k.Variance.Value() * math.Exp(-2*q/(l*l))
	d[0] = value / k.Variance.Value() * slope(k.Variance, 0)
	d[1] = value * 4 * q / (l * l * l) * slope(k.Lengthscale, 0)
	d[2] = value * 2 / (l * l) * dq * slope(k.Period, 0)
	return value, d
}

// Matrix is K[i,j] = k(x_i, y_j).
func (k *PeriodicKernel) Matrix(x, y *mat.Dense) *mat.Dense {
	return fill(x, y, func(a, b []float64) float64 { v, _ := k.parts(a, b); return v })
}

// Diag is the variance at every point.
func (k *PeriodicKernel) Diag(x *mat.Dense) []float64 {
	n, _ := x.Dims()
	out := make([]float64, n)
	for i := range out {
		out[i] = k.Variance.Value()
	}
	return out
}

// Backward adds the parameter gradient.
func (k *PeriodicKernel) Backward(x, y, w *mat.Dense, grad []float64) {
	each(x, y, w, func(a, b []float64, wt float64) {
		_, d := k.parts(a, b)
		for i := range d {
			grad[i] += wt * d[i]
		}
	})
}

// BackwardDiag adds the gradient through the variance.
func (k *PeriodicKernel) BackwardDiag(x *mat.Dense, w []float64, grad []float64) {
	for _, wi := range w {
		grad[0] += wi * slope(k.Variance, 0)
	}
}

// BackwardX is the gradient with respect to the rows of x.
func (k *PeriodicKernel) BackwardX(x, y, w *mat.Dense) *mat.Dense {
	l, p := k.Lengthscale.Value(), k.Period.Value()
	return eachX(x, y, w, func(a, b []float64, wt float64, out []float64) {
		v, _ := k.parts(a, b)
		for c := range a {
			out[c] -= wt * v * 2 * math.Pi / (p * l * l) * math.Sin(2*math.Pi*(a[c]-b[c])/p)
		}
	})
}

// Lag is k(r).
func (k *PeriodicKernel) Lag(r []float64) []float64 {
	out := make([]float64, len(r))
	for i := range r {
		out[i], _ = k.parts(r[i:i+1], []float64{0})
	}
	return out
}

// LagGrad is dk(r)/d free parameter.
func (k *PeriodicKernel) LagGrad(r []float64) [][]float64 {
	out := [][]float64{make([]float64, len(r)), make([]float64, len(r)), make([]float64, len(r))}
	for i := range r {
		_, d := k.parts(r[i:i+1], []float64{0})
		for j := range d {
			out[j][i] = d[j]
		}
	}
	return out
}

// Scale is a quarter of the period, shortened for small length-scales.
func (k *PeriodicKernel) Scale() float64 {
	return k.Period.Value() / 4 * math.Min(1, k.Lengthscale.Value())
}

// Smooth is true.
func (k *PeriodicKernel) Smooth() bool { return true }
