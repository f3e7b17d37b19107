package gp

import (
	"fmt"
	"math"

	"github.com/priorlab/priorlab/stdlib/param"
	"gonum.org/v1/gonum/mat"
)

// ActiveKernel sees some columns of the inputs only.
type ActiveKernel struct {
	Inner   Kernel
	Columns []int
}

// Active applies a kernel to the given input columns, counted from 0.
func Active(k Kernel, columns ...int) *ActiveKernel { return &ActiveKernel{k, columns} }

// pick copies the active columns; the same matrix gives the same copy, so that
// the inner kernel still sees x == y.
func (k *ActiveKernel) pick(x *mat.Dense) *mat.Dense {
	n, d := x.Dims()
	out := newMatrix(n, len(k.Columns))
	for i := 0; i < n; i++ {
		for j, c := range k.Columns {
			if c < 0 || c >= d {
				panic(fmt.Sprintf("gp: active column %d, the inputs have columns 0 to %d", c, d-1))
			}
			out.Set(i, j, x.At(i, c))
		}
	}
	return out
}

func (k *ActiveKernel) both(x, y *mat.Dense) (a, b *mat.Dense) {
	a = k.pick(x)
	if x == y {
		return a, a
	}
	return a, k.pick(y)
}

// Params are those of the inner kernel.
func (k *ActiveKernel) Params() param.Set { return k.Inner.Params() }

// Clone is an independent copy.
func (k *ActiveKernel) Clone() Kernel {
	return &ActiveKernel{k.Inner.Clone(), append([]int(nil), k.Columns...)}
}

// String is like SE(1, 1)[0 2].
func (k *ActiveKernel) String() string { return fmt.Sprintf("%s%v", k.Inner, k.Columns) }

// Matrix is the inner kernel's on the active columns.
func (k *ActiveKernel) Matrix(x, y *mat.Dense) *mat.Dense { return k.Inner.Matrix(k.both(x, y)) }

// Diag is the inner kernel's on the active columns.
func (k *ActiveKernel) Diag(x *mat.Dense) []float64 { return k.Inner.Diag(k.pick(x)) }

// Backward is the inner kernel's on the active columns.
func (k *ActiveKernel) Backward(x, y, w *mat.Dense, grad []float64) {
	a, b := k.both(x, y)
	k.Inner.Backward(a, b, w, grad)
}

// BackwardDiag is the inner kernel's on the active columns.
func (k *ActiveKernel) BackwardDiag(x *mat.Dense, w []float64, grad []float64) {
	k.Inner.BackwardDiag(k.pick(x), w, grad)
}

// BackwardX is zero in the columns that are not seen.
func (k *ActiveKernel) BackwardX(x, y, w *mat.Dense) *mat.Dense {
	a, b := k.both(x, y)
	g := k.Inner.BackwardX(a, b, w)
	n, d := x.Dims()
	out := newMatrix(n, d)
	for i := 0; i < n; i++ {
		for j, c := range k.Columns {
			out.Set(i, c, out.At(i, c)+g.At(i, j))
		}
	}
	return out
}

// ChangePointKernel passes from one kernel to another along the first input
// column: (1-s(x))(1-s(y)) Before + s(x)s(y) After, s(x) the logistic curve of
// (x-Location) Steepness.
type ChangePointKernel struct {
	Before, After       Kernel
	Location, Steepness *param.Param
}

// ChangePoint joins two kernels at a location.
func ChangePoint(before, after Kernel, location, steepness float64) *ChangePointKernel {
	named([]Kernel{before, after})
	return &ChangePointKernel{before, after, param.Real("location", location), param.Positive("steepness", steepness)}
}

// Params are those of both kernels, then location and steepness.
func (k *ChangePointKernel) Params() param.Set {
	return append(partParams([]Kernel{k.Before, k.After}), k.Location, k.Steepness)
}

// Clone is an independent copy.
func (k *ChangePointKernel) Clone() Kernel {
	return &ChangePointKernel{k.Before.Clone(), k.After.Clone(), k.Location.Clone(), k.Steepness.Clone()}
}

// String is like ChangePoint(SE(1, 1) | SE(2, 1) at 3).
func (k *ChangePointKernel) String() string {
	return fmt.Sprintf("ChangePoint(%s | %s at %.4g)", k.Before, k.After, k.Location.Value())
}

// gate is s(x) and its derivative by the argument of the logistic curve.
func (k *ChangePointKernel) gate(x *mat.Dense) (s, d []float64) {
	n, _ := x.Dims()
	s, d = make([]float64, n), make([]float64, n)
	for i := range s {
		s[i] = 1 / (1 + math.Exp(-(x.At(i, 0)-k.Location.Value())*k.Steepness.Value()))
		d[i] = s[i] * (1 - s[i])
	}
	return s, d
}

func complement(s []float64) []float64 {
	out := make([]float64, len(s))
	for i, v := range s {
		out[i] = 1 - v
	}
	return out
}

// outer is w[i,j] a[i] b[j].
func outer(w *mat.Dense, a, b []float64) *mat.Dense {
	out := mat.DenseCopyOf(w)
	for i := range a {
		r := row(out, i)
		for j := range r {
			r[j] *= a[i] * b[j]
		}
	}
	return out
}

// Matrix is K[i,j] = k(x_i, y_j).
func (k *ChangePointKernel) Matrix(x, y *mat.Dense) *mat.Dense {
	n, _ := x.Dims()
	m, _ := y.Dims()
	if n == 0 || m == 0 {
		return newMatrix(n, m)
	}
	sx, _ := k.gate(x)
	sy, _ := k.gate(y)
	out := outer(k.Before.Matrix(x, y), complement(sx), complement(sy))
	out.Add(out, outer(k.After.Matrix(x, y), sx, sy))
	return out
}

// Diag is k(x_i, x_i).
func (k *ChangePointKernel) Diag(x *mat.Dense) []float64 {
	s, _ := k.gate(x)
	a, b := k.Before.Diag(x), k.After.Diag(x)
	for i := range a {
		a[i] = (1-s[i])*(1-s[i])*a[i] + s[i]*s[i]*b[i]
	}
	return a
}

// gateGrad adds the gradient through s(x_i), given dF/ds_i times ds/d argument.
func (k *ChangePointKernel) gateGrad(x *mat.Dense, g []float64, grad []float64) {
	n := len(grad)
	for i, v := range g {
		grad[n-2] -= v * k.Steepness.Value() * k.Location.Slope(0)
		grad[n-1] += v * (x.At(i, 0) - k.Location.Value()) * k.Steepness.Slope(0)
	}
}

// through is dF/d argument of the logistic curve, for rows and for columns.
func (k *ChangePointKernel) through(x, y, w *mat.Dense) (gx, gy []float64) {
	sx, dx := k.gate(x)
	sy, dy := k.gate(y)
	A, B := k.Before.Matrix(x, y), k.After.Matrix(x, y)
	gx, gy = make([]float64, len(sx)), make([]float64, len(sy))
	for i := range sx {
		for j := range sy {
			a, b := w.At(i, j)*A.At(i, j), w.At(i, j)*B.At(i, j)
			gx[i] += dx[i] * (b*sy[j] - a*(1-sy[j]))
			gy[j] += dy[j] * (b*sx[i] - a*(1-sx[i]))
		}
	}
	return gx, gy
}

// Backward adds the parameter gradient.
func (k *ChangePointKernel) Backward(x, y, w *mat.Dense, grad []float64) {
	sx, _ := k.gate(x)
	sy, _ := k.gate(y)
	p := pieces([]Kernel{k.Before, k.After}, grad)
	k.Before.Backward(x, y, outer(w, complement(sx), complement(sy)), p[0])
	k.After.Backward(x, y, outer(w, sx, sy), p[1])
	gx, gy := k.through(x, y, w)
	k.gateGrad(x, gx, grad)
	k.gateGrad(y, gy, grad)
}

// BackwardDiag adds the parameter gradient of the diagonal.
func (k *ChangePointKernel) BackwardDiag(x *mat.Dense, w []float64, grad []float64) {
	s, d := k.gate(x)
	a, b := k.Before.Diag(x), k.After.Diag(x)
	wa, wb, g := make([]float64, len(w)), make([]float64, len(w)), make([]float64, len(w))
	for i, v := range w {
		wa[i], wb[i] = v*(1-s[i])*(1-s[i]), v*s[i]*s[i]
		g[i] = 2 * v * d[i] * (s[i]*b[i] - (1-s[i])*a[i])
	}
	p := pieces([]Kernel{k.Before, k.After}, grad)
	k.Before.BackwardDiag(x, wa, p[0])
	k.After.BackwardDiag(x, wb, p[1])
	k.gateGrad(x, g, grad)
}

// BackwardX is the gradient with respect to the rows of x.
func (k *ChangePointKernel) BackwardX(x, y, w *mat.Dense) *mat.Dense {
	sx, _ := k.gate(x)
	sy, _ := k.gate(y)
	out := k.Before.BackwardX(x, y, outer(w, complement(sx), complement(sy)))
	out.Add(out, k.After.BackwardX(x, y, outer(w, sx, sy)))
	gx, _ := k.through(x, y, w)
	for i, g := range gx {
		out.Set(i, 0, out.At(i, 0)+g*k.Steepness.Value())
	}
	return out
}
