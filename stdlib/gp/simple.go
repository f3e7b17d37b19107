package gp

import (
	"fmt"
	"math"

	"github.com/priorlab/priorlab/stdlib/param"
	"gonum.org/v1/gonum/mat"
)

// ConstantKernel is the same covariance everywhere: an unknown level.
type ConstantKernel struct{ Variance *param.Param }

// Constant is the covariance of an unknown constant.
func Constant(variance float64) *ConstantKernel {
	return &ConstantKernel{param.Positive("variance", variance)}
}

// Scale multiplies a kernel by a learned factor.
func Scale(factor float64, k Kernel) *ProductKernel { return Product(Constant(factor), k) }

// Params is the variance.
func (k *ConstantKernel) Params() param.Set { return param.Set{k.Variance} }

// Clone is an independent copy.
func (k *ConstantKernel) Clone() Kernel { return &ConstantKernel{k.Variance.Clone()} }

// String is like Constant(2).
func (k *ConstantKernel) String() string { return fmt.Sprintf("Constant(%.4g)", k.Variance.Value()) }

// Matrix is the variance everywhere.
func (k *ConstantKernel) Matrix(x, y *mat.Dense) *mat.Dense {
	return fill(x, y, func(_, _ []float64) float64 { return k.Variance.Value() })
}

// Diag is the variance everywhere.
func (k *ConstantKernel) Diag(x *mat.Dense) []float64 {
	n, _ := x.Dims()
	return k.Lag(make([]float64, n))
}

// Backward adds the gradient through the variance.
func (k *ConstantKernel) Backward(x, y, w *mat.Dense, grad []float64) {
	each(x, y, w, func(_, _ []float64, wt float64) { grad[0] += wt * k.Variance.Slope(0) })
}

// BackwardDiag adds the gradient through the variance.
func (k *ConstantKernel) BackwardDiag(x *mat.Dense, w []float64, grad []float64) {
	for _, v := range w {
		grad[0] += v * k.Variance.Slope(0)
	}
}

// BackwardX is zero.
func (k *ConstantKernel) BackwardX(x, y, w *mat.Dense) *mat.Dense {
	n, d := x.Dims()
	return newMatrix(n, d)
}

// Lag is the variance.
func (k *ConstantKernel) Lag(r []float64) []float64 {
	out := make([]float64, len(r))
	for i := range out {
		out[i] = k.Variance.Value()
	}
	return out
}

// LagGrad is the derivative of the variance by its free number.
func (k *ConstantKernel) LagGrad(r []float64) [][]float64 {
	out := make([]float64, len(r))
	for i := range out {
		out[i] = k.Variance.Slope(0)
	}
	return [][]float64{out}
}

// Scale is infinite: a constant changes nowhere.
func (k *ConstantKernel) Scale() float64 { return math.Inf(1) }

// Smooth is true.
func (k *ConstantKernel) Smooth() bool { return true }

// WhiteKernel is independent noise: k(x_i, x_j) = Variance when both are the
// same row of the same matrix, else 0. It has no memory, so it cannot be
// projected; give models on a stream their Noise instead.
type WhiteKernel struct{ Variance *param.Param }

// White is independent noise.
func White(variance float64) *WhiteKernel {
	return &WhiteKernel{param.Positive("variance", variance)}
}

// Params is the variance.
func (k *WhiteKernel) Params() param.Set { return param.Set{k.Variance} }

// Clone is an independent copy.
func (k *WhiteKernel) Clone() Kernel { return &WhiteKernel{k.Variance.Clone()} }

// String is like White(0.1).
func (k *WhiteKernel) String() string { return fmt.Sprintf("White(%.4g)", k.Variance.Value()) }

// Matrix is diagonal for x == y and zero otherwise.
func (k *WhiteKernel) Matrix(x, y *mat.Dense) *mat.Dense {
	n, _ := x.Dims()
	m, _ := y.Dims()
	out := newMatrix(n, m)
	if x == y {
		for i := 0; i < n; i++ {
			out.Set(i, i, k.Variance.Value())
		}
	}
	return out
}

// Diag is the variance everywhere.
func (k *WhiteKernel) Diag(x *mat.Dense) []float64 {
	n, _ := x.Dims()
	out := make([]float64, n)
	for i := range out {
		out[i] = k.Variance.Value()
	}
	return out
}

// Backward adds the gradient through the diagonal when x == y.
func (k *WhiteKernel) Backward(x, y, w *mat.Dense, grad []float64) {
	if x != y {
		return
	}
	n, _ := x.Dims()
	for i := 0; i < n; i++ {
		grad[0] += w.At(i, i) * k.Variance.Slope(0)
	}
}

// BackwardDiag adds the gradient through the variance.
func (k *WhiteKernel) BackwardDiag(x *mat.Dense, w []float64, grad []float64) {
	for _, v := range w {
		grad[0] += v * k.Variance.Slope(0)
	}
}

// BackwardX is zero.
func (k *WhiteKernel) BackwardX(x, y, w *mat.Dense) *mat.Dense {
	n, d := x.Dims()
	return newMatrix(n, d)
}

// PolynomialKernel is Variance (x'y + Offset)^Degree; degree 1 is the linear
// kernel, whose functions are straight lines.
type PolynomialKernel struct {
	Variance, Offset *param.Param
	Degree           int
}

// Linear is variance (x'y + offset): lines through a level of variance
// variance*offset.
func Linear(variance, offset float64) *PolynomialKernel { return Polynomial(variance, offset, 1) }

// Polynomial is variance (x'y + offset)^degree. Offset 0 stays 0.
func Polynomial(variance, offset float64, degree int) *PolynomialKernel {
	if degree < 1 {
		panic(fmt.Sprintf("gp: a polynomial kernel has degree at least 1, not %d", degree))
	}
	k := &PolynomialKernel{param.Positive("variance", variance), nil, degree}
	if offset == 0 {
		k.Offset = param.Real("offset", 0).Fix() // through the origin, and to stay so
	} else {
		k.Offset = param.Positive("offset", offset)
	}
	return k
}

// Params are variance and offset.
func (k *PolynomialKernel) Params() param.Set { return param.Set{k.Variance, k.Offset} }

// Clone is an independent copy.
func (k *PolynomialKernel) Clone() Kernel {
	return &PolynomialKernel{k.Variance.Clone(), k.Offset.Clone(), k.Degree}
}

// String is like Linear(1, 0.1) or Polynomial(1, 0.1, 3).
func (k *PolynomialKernel) String() string {
	if k.Degree == 1 {
		return fmt.Sprintf("Linear(%.4g, %.4g)", k.Variance.Value(), k.Offset.Value())
	}
	return fmt.Sprintf("Polynomial(%.4g, %.4g, %d)", k.Variance.Value(), k.Offset.Value(), k.Degree)
}

// base is x'y + offset, and that to the power degree-1.
func (k *PolynomialKernel) base(a, b []float64) (s, p float64) {
	s = k.Offset.Value()
	for i := range a {
		s += a[i] * b[i]
	}
	p = 1
	for i := 1; i < k.Degree; i++ {
		p *= s
	}
	return s, p
}

// Matrix is K[i,j] = k(x_i, y_j).
func (k *PolynomialKernel) Matrix(x, y *mat.Dense) *mat.Dense {
	return fill(x, y, func(a, b []float64) float64 { s, p := k.base(a, b); return k.Variance.Value() * s * p })
}

// Diag is k(x_i, x_i).
func (k *PolynomialKernel) Diag(x *mat.Dense) []float64 {
	n, _ := x.Dims()
	out := make([]float64, n)
	for i := range out {
		s, p := k.base(row(x, i), row(x, i))
		out[i] = k.Variance.Value() * s * p
	}
	return out
}

func (k *PolynomialKernel) add(a, b []float64, wt float64, grad []float64) {
	s, p := k.base(a, b)
	grad[0] += wt * s * p * k.Variance.Slope(0)
	grad[1] += wt * k.Variance.Value() * float64(k.Degree) * p * k.Offset.Slope(0)
}

// Backward adds the parameter gradient.
func (k *PolynomialKernel) Backward(x, y, w *mat.Dense, grad []float64) {
	each(x, y, w, func(a, b []float64, wt float64) { k.add(a, b, wt, grad) })
}

// BackwardDiag adds the parameter gradient of the diagonal.
func (k *PolynomialKernel) BackwardDiag(x *mat.Dense, w []float64, grad []float64) {
	for i, wt := range w {
		k.add(row(x, i), row(x, i), wt, grad)
	}
}

// BackwardX is the gradient with respect to the rows of x.
func (k *PolynomialKernel) BackwardX(x, y, w *mat.Dense) *mat.Dense {
	return eachX(x, y, w, func(a, b []float64, wt float64, out []float64) {
		_, p := k.base(a, b)
		c := wt * k.Variance.Value() * float64(k.Degree) * p
		for i := range b {
			out[i] += c * b[i]
		}
	})
}
