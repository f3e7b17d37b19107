package gp

import (
	"fmt"

	"github.com/priorlab/priorlab/stdlib/param"
	"gonum.org/v1/gonum/mat"
)

// Kernel is a covariance function k(x, y).
//
// Gradients go backward: for a scalar F with dF/dK = w given, Backward adds
// dF/dtheta to grad, one entry for every number of Params (trainable or not,
// in order), with respect to the free (unconstrained) numbers.
type Kernel interface {
	// Params lists the parameters; they are live, setting them changes the kernel.
	Params() param.Set
	// Matrix is K[i,j] = k(x_i, y_j), rows of x by rows of y.
	Matrix(x, y *mat.Dense) *mat.Dense
	// Diag is k(x_i, x_i).
	Diag(x *mat.Dense) []float64
	// Backward adds sum_ij w[i,j] dK[i,j]/dtheta to grad.
	Backward(x, y, w *mat.Dense, grad []float64)
	// BackwardDiag adds sum_i w[i] dk(x_i,x_i)/dtheta to grad.
	BackwardDiag(x *mat.Dense, w []float64, grad []float64)
	// BackwardX is sum_j w[i,j] dk(x_i,y_j)/dx_i, rows of x by columns of x;
	// y is held fixed even when it is the same matrix.
	BackwardX(x, y, w *mat.Dense) *mat.Dense
	// Clone is an independent copy with the same values.
	Clone() Kernel
	// String shows the structure with values, like SE(1, 0.2).
	String() string
}

// Stationary is a kernel on the line that depends on the lag alone; it is what
// interdomain inducing variables need. Get it with StationaryOf.
type Stationary interface {
	Kernel
	// Lag is k(r) for every lag.
	Lag(r []float64) []float64
	// LagGrad is dk(r)/dtheta, one row for every number of Params, with
	// respect to the free numbers.
	LagGrad(r []float64) [][]float64
	// Scale is the shortest distance over which k changes markedly: the panel
	// length of quadratures.
	Scale() float64
	// Smooth reports whether k(r) is analytic at r = 0 (no kink).
	Smooth() bool
}

// BackwardAll adds the parameter gradient to grad and returns that by the rows
// of x, in one pass where the kernel can. K is k.Matrix(x, y) if that is at
// hand, or nil.
func BackwardAll(k Kernel, x, y, K, w *mat.Dense, grad []float64) *mat.Dense {
	if both, ok := k.(interface {
		BackwardAll(x, y, K, w *mat.Dense, grad []float64) *mat.Dense
	}); ok {
		return both.BackwardAll(x, y, K, w, grad)
	}
	k.Backward(x, y, w, grad)
	return k.BackwardX(x, y, w)
}

// StationaryOf returns k as a kernel of the lag on the line, or says which
// part of it is not one.
func StationaryOf(k Kernel) (Stationary, error) {
	if c, ok := k.(interface{ stationary() error }); ok {
		if err := c.stationary(); err != nil {
			return nil, err
		}
	}
	s, ok := k.(Stationary)
	if !ok {
		return nil, fmt.Errorf("gp: %s is not a function of the lag alone, as an integral over the past needs", k)
	}
	return s, nil
}

// Column makes the n by 1 input matrix of a series. The slice is shared.
func Column(x []float64) *mat.Dense {
	if len(x) == 0 {
		return &mat.Dense{}
	}
	return mat.NewDense(len(x), 1, x)
}

// column is the one column of x as a slice, shared where it lies without gaps.
func column(x *mat.Dense) []float64 {
	if r := x.RawMatrix(); r.Stride == 1 {
		return r.Data[:r.Rows]
	}
	return mat.Col(nil, 0, x)
}

// row is row i as a slice.
func row(x *mat.Dense, i int) []float64 { return x.RawRowView(i) }

func newMatrix(n, m int) *mat.Dense {
	if n == 0 || m == 0 {
		return &mat.Dense{}
	}
	return mat.NewDense(n, m, nil)
}

// slope turns a derivative by value into one by free number.
func slope(p *param.Param, i int) float64 { return p.Slope(i) }
