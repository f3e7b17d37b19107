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

// inverse squared length-scales for d columns.
func (k *Radial) weights(d int) []float64 {
	w := make([]float64, d)
	n := k.Lengthscale.Len()
	if n != 1 && n != d {
		panic(fmt.Sprintf("gp: %s has %d length-scales, the inputs have %d columns", k.Family, n, d))
	}
	for i := range w {
		l := k.Lengthscale.At(min(i, n-1))
		w[i] = 1 / (l * l)
	}
	return w
}

// squared fills s with the scaled squared distances from a to rows 0..len(s)-1 of y.
func squared(s, a []float64, y *mat.Dense, w []float64) {
	yr := y.RawMatrix()
	if len(w) == 1 {
		w0, a0 := w[0], a[0]
		for j := range s {
			d := a0 - yr.Data[j*yr.Stride]
			s[j] = d * d * w0
		}
		return
	}
	for j := range s {
		b := yr.Data[j*yr.Stride : j*yr.Stride+len(w)]
		t := 0.0
		for c, wc := range w {
			d := a[c] - b[c]
			t += d * d * wc
		}
		s[j] = t
	}
}

// Matrix is K[i,j] = k(x_i, y_j).
func (k *Radial) Matrix(x, y *mat.Dense) *mat.Dense {
	n, d := x.Dims()
	m, _ := y.Dims()
	out := newMatrix(n, m)
	w, v := k.weights(d), k.Variance.Value()
	for i := 0; i < n && m > 0; i++ {
		r := row(out, i)
		if x == y {
			r = r[:i+1]
		}
		squared(r, row(x, i), y, w)
		k.shape(r)
		for j := range r {
			r[j] *= v
		}
	}
	if x == y {
		mirror(out)
	}
	return out
}

// mirror copies the lower triangle to the upper.
func mirror(a *mat.Dense) {
	r := a.RawMatrix()
	for i := 0; i < r.Rows; i++ {
		for j := 0; j < i; j++ {
			r.Data[j*r.Stride+i] = r.Data[i*r.Stride+j]
		}
	}
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

// Backward adds the gradient with respect to log variance, log length-scales
// and log alpha.
func (k *Radial) Backward(x, y, w *mat.Dense, grad []float64) { k.backward(x, y, w, grad, nil) }

// BackwardX is the gradient with respect to the rows of x.
func (k *Radial) BackwardX(x, y, w *mat.Dense) *mat.Dense {
	n, d := x.Dims()
	out := newMatrix(n, d)
	k.backward(x, y, w, nil, out)
	return out
}

// BackwardAll is Backward and BackwardX in one pass.
func (k *Radial) BackwardAll(x, y, w *mat.Dense, grad []float64) *mat.Dense {
	n, d := x.Dims()
	out := newMatrix(n, d)
	k.backward(x, y, w, grad, out)
	return out
}

// backward adds to grad and to dx, whichever is not nil.
func (k *Radial) backward(x, y, w *mat.Dense, grad []float64, dx *mat.Dense) {
	n, cols := x.Dims()
	m, _ := y.Dims()
	wt, v := k.weights(cols), k.Variance.Value()
	nl := k.Lengthscale.Len()
	s, h, d := make([]float64, m), make([]float64, m), make([]float64, m)
	value, alpha := 0.0, 0.0          // sums of w h and w dh/dalpha
	scale := make([]float64, len(wt)) // sums of w dh/ds u^2 by column
	for i := 0; i < n; i++ {
		xi, wi := row(x, i), row(w, i)
		squared(s, xi, y, wt)
		k.slopes(s, h, d)
		for j := range d {
			value += wi[j] * h[j]
			d[j] *= wi[j]
		}
		if grad != nil && k.Alpha != nil {
			for j := range s {
				alpha += wi[j] * k.dalpha(s[j])
			}
		}
		if nl == 1 && grad != nil {
			for j := range d {
				scale[0] += d[j] * s[j]
			}
			if dx == nil {
				continue
			}
		}
		if len(wt) == 1 {
			g := 0.0
			yr := y.RawMatrix()
			for j, dj := range d {
				g += dj * (xi[0] - yr.Data[j*yr.Stride])
			}
			dx.Set(i, 0, dx.At(i, 0)+2*v*wt[0]*g)
			continue
		}
		for j, dj := range d {
			yj := row(y, j)
			for c := range wt {
				u := xi[c] - yj[c]
				if dx != nil {
					dx.RawRowView(i)[c] += 2 * v * dj * u * wt[c]
				}
				if nl > 1 {
					scale[c] += dj * u * u * wt[c]
				}
			}
		}
	}
	if grad == nil {
		return
	}
	grad[0] += value * slope(k.Variance, 0)
	for c := 0; c < nl; c++ {
		grad[1+c] -= 2 * v * scale[c] / k.Lengthscale.At(c) * slope(k.Lengthscale, c)
	}
	if k.Alpha != nil {
		grad[1+nl] += v * alpha * slope(k.Alpha, 0)
	}
}

// BackwardDiag adds the gradient through the variance.
func (k *Radial) BackwardDiag(x *mat.Dense, w []float64, grad []float64) {
	for _, wi := range w {
		grad[0] += wi * slope(k.Variance, 0)
	}
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
	k.shape(out)
	for i := range out {
		out[i] *= v
	}
	return out
}

// LagGrad is dk(r)/d free parameter.
func (k *Radial) LagGrad(r []float64) [][]float64 {
	h := k.Lag(r)
	l, v := k.Lengthscale.Value(), k.Variance.Value()
	out := [][]float64{make([]float64, len(r)), make([]float64, len(r))}
	if k.Alpha != nil {
		out = append(out, make([]float64, len(r)))
	}
	for i, x := range r {
		s := x * x / (l * l)
		out[0][i] = h[i] / v * slope(k.Variance, 0)
		out[1][i] = -2 * v * k.dshape(s) * s / l * slope(k.Lengthscale, 0)
		if k.Alpha != nil {
			out[2][i] = v * k.dalpha(s) * slope(k.Alpha, 0)
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
