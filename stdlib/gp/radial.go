package gp

import (
	"fmt"
	"math"
	"strings"

	"github.com/priorlab/priorlab/stdlib/param"
	"gonum.org/v1/gonum/mat"
)

// Family names the shape of a radial kernel.
type Family string

// The families. With r the distance in units of the length-scale:
const (
	FamilySE       Family = "se"       // exp(-r^2/2)
	FamilyMatern12 Family = "matern12" // exp(-r)
	FamilyMatern32 Family = "matern32" // (1+sqrt3 r) exp(-sqrt3 r)
	FamilyMatern52 Family = "matern52" // (1+sqrt5 r+5r^2/3) exp(-sqrt5 r)
	FamilyRQ       Family = "rq"       // (1+r^2/(2 alpha))^-alpha
)

// Radial is a kernel Variance * h(s), s = sum_d ((x_d-y_d)/Lengthscale_d)^2.
// One length-scale serves all input columns; several are one for each (ARD).
type Radial struct {
	Family      Family
	Variance    *param.Param
	Lengthscale *param.Param
	Alpha       *param.Param // rational quadratic only
}

func newRadial(f Family, variance float64, ls []float64) *Radial {
	if len(ls) == 0 {
		ls = []float64{1}
	}
	return &Radial{Family: f, Variance: param.Positive("variance", variance), Lengthscale: param.Positive("lengthscale", ls...)}
}

// SE is the squared exponential kernel variance exp(-r^2/(2 ls^2)).
func SE(variance float64, lengthscales ...float64) *Radial {
	return newRadial(FamilySE, variance, lengthscales)
}

// Matern12 is the exponential (Ornstein-Uhlenbeck) kernel.
func Matern12(variance float64, lengthscales ...float64) *Radial {
	return newRadial(FamilyMatern12, variance, lengthscales)
}

// Matern32 is the once differentiable Matern kernel.
func Matern32(variance float64, lengthscales ...float64) *Radial {
	return newRadial(FamilyMatern32, variance, lengthscales)
}

// Matern52 is the twice differentiable Matern kernel.
func Matern52(variance float64, lengthscales ...float64) *Radial {
	return newRadial(FamilyMatern52, variance, lengthscales)
}

// RQ is the rational quadratic kernel: a mixture of SE kernels whose inverse
// squared length-scales are Gamma distributed with shape alpha.
func RQ(variance, alpha float64, lengthscales ...float64) *Radial {
	k := newRadial(FamilyRQ, variance, lengthscales)
	k.Alpha = param.Positive("alpha", alpha)
	return k
}

// Params are variance, lengthscale and, for the rational quadratic, alpha.
func (k *Radial) Params() param.Set {
	s := param.Set{k.Variance, k.Lengthscale}
	if k.Alpha != nil {
		s = append(s, k.Alpha)
	}
	return s
}

// Clone is an independent copy.
func (k *Radial) Clone() Kernel {
	c := &Radial{Family: k.Family, Variance: k.Variance.Clone(), Lengthscale: k.Lengthscale.Clone()}
	if k.Alpha != nil {
		c.Alpha = k.Alpha.Clone()
	}
	return c
}

// String is like SE(1, 0.2).
func (k *Radial) String() string {
	name := map[Family]string{FamilySE: "SE", FamilyMatern12: "Matern12", FamilyMatern32: "Matern32", FamilyMatern52: "Matern52", FamilyRQ: "RQ"}[k.Family]
	parts := []string{fmt.Sprintf("%.4g", k.Variance.Value())}
	if k.Alpha != nil {
		parts = append(parts, fmt.Sprintf("%.4g", k.Alpha.Value()))
	}
	for _, l := range k.Lengthscale.Values() {
		parts = append(parts, fmt.Sprintf("%.4g", l))
	}
	return name + "(" + strings.Join(parts, ", ") + ")"
}

// Diag is the variance at every point.
func (k *Radial) Diag(x *mat.Dense) []float64 {
	n, _ := x.Dims()
	out := make([]float64, n)
	for i := range out {
		out[i] = k.Variance.Value()
	}
	return out
}

// BackwardDiag adds the gradient through the variance.
func (k *Radial) BackwardDiag(x *mat.Dense, w []float64, grad []float64) {
	sum := 0.0
	for _, wi := range w {
		sum += wi
	}
	grad[0] += sum * slope(k.Variance, 0)
}

// stationary refuses several length-scales: those need several inputs.
func (k *Radial) stationary() error {
	if n := k.Lengthscale.Len(); n != 1 {
		return fmt.Errorf("gp: %s has %d length-scales, a kernel on the line has one", k, n)
	}
	return nil
}

// Lag is k(r).
func (k *Radial) Lag(r []float64) []float64 {
	out := make([]float64, len(r))
	l, v := k.Lengthscale.Value(), k.Variance.Value()
	for i, x := range r {
		x /= l
		out[i] = x * x
	}
	k.shape(out, v)
	return out
}

// LagGrad is dk(r)/d free parameter.
func (k *Radial) LagGrad(r []float64) [][]float64 {
	K := k.Lag(r)
	l, v := k.Lengthscale.Value(), k.Variance.Value()
	s, e := make([]float64, len(r)), make([]float64, len(r))
	for i, x := range r {
		s[i] = x * x / (l * l)
	}
	k.slopes(e, K, s)
	out := [][]float64{make([]float64, len(r)), e}
	for i := range r {
		out[0][i] = K[i] / v * slope(k.Variance, 0)
		e[i] *= -2 * s[i] / l * slope(k.Lengthscale, 0)
	}
	if k.Alpha != nil {
		out = append(out, make([]float64, len(r)))
		for i := range r {
			out[2][i] = K[i] * k.logByAlpha(s[i]) * slope(k.Alpha, 0)
		}
	}
	return out
}

// Scale is the length-scale (shortened for heavy rational quadratic tails).
func (k *Radial) Scale() float64 {
	l := k.Lengthscale.Value()
	if k.Alpha != nil {
		l *= math.Min(1, math.Sqrt(2*k.Alpha.Value()))
	}
	return l
}

// Smooth is false for the Matern family.
func (k *Radial) Smooth() bool { return k.Family == FamilySE || k.Family == FamilyRQ }
