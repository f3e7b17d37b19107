package linalg

import (
	"gonum.org/v1/gonum/mat"

	"github.com/priorlab/priorlab/linalg/internal/kernel"
	"github.com/priorlab/priorlab/linalg/internal/par"
)

// The functions below work on plain numbers, outside tensors and without gradients, at the speed of the tensor operations.
// dst and x have the same length and may be the same slice.

// ExpInto writes e^x.
func ExpInto(dst, x []float64) { mapInto("ExpInto", kernel.Exp, dst, x) }

// LogInto writes the natural logarithm.
func LogInto(dst, x []float64) { mapInto("LogInto", kernel.Log, dst, x) }

// SqrtInto writes the square root.
func SqrtInto(dst, x []float64) { mapInto("SqrtInto", kernel.Sqrt, dst, x) }

// SinInto writes the sine.
func SinInto(dst, x []float64) { mapInto("SinInto", kernel.Sin, dst, x) }

// CosInto writes the cosine.
func CosInto(dst, x []float64) { mapInto("CosInto", kernel.Cos, dst, x) }

// TanhInto writes the hyperbolic tangent.
func TanhInto(dst, x []float64) { mapInto("TanhInto", kernel.Tanh, dst, x) }

// ErfInto writes the error function.
func ErfInto(dst, x []float64) { mapInto("ErfInto", kernel.Erf, dst, x) }

// SigmoidInto writes 1/(1+e^-x).
func SigmoidInto(dst, x []float64) { mapInto("SigmoidInto", kernel.Sigmoid, dst, x) }

// SoftplusInto writes log(1+e^x).
func SoftplusInto(dst, x []float64) { mapInto("SoftplusInto", kernel.Softplus, dst, x) }

func mapInto(op string, f kernel.Op, dst, x []float64) {
	if len(dst) != len(x) {
		fail(op, "the destination has %d numbers, the argument %d", len(dst), len(x))
	}
	kernel.Map(f, dst, x)
}

// SquaredDistances writes into dst, n by m, the squared distances sum_c ((x_ic-y_jc) scale_c)^2 between the rows of x, n by
// d, and of y, m by d. They are made of differences, so that nothing is lost far from the origin.
func SquaredDistances(dst, x, y *mat.Dense, scale []float64) {
	const op = "SquaredDistances"
	n, d := x.Dims()
	m, dy := y.Dims()
	r, c := dst.Dims()
	if dy != d || r != n || c != m || len(scale) != d {
		fail(op, "x is [%d %d], y [%d %d], dst [%d %d], and there are %d scales: want [n d], [m d], [n m] and d", n, d, m, dy, r, c, len(scale))
	}
	// Columns of y lie together, so that the inner loops run along memory.
	xr, yr, out := x.RawMatrix(), y.RawMatrix(), dst.RawMatrix()
	yc := make([]float64, m*d)
	for j := 0; j < m; j++ {
		for k, v := range yr.Data[j*yr.Stride : j*yr.Stride+d] {
			yc[k*m+j] = v
		}
	}
	par.For(n, max(1, kernel.Grain/(m*d)), func(lo, hi int) {
		diff := make([]float64, m)
		for i := lo; i < hi; i++ {
			row := out.Data[i*out.Stride : i*out.Stride+m]
			clear(row)
			for k, s := range scale {
				kernel.ScalarZip(kernel.Sub, diff, xr.Data[i*xr.Stride+k], yc[k*m:(k+1)*m])
				kernel.ZipScalar(kernel.Mul, diff, diff, s)
				kernel.MulAdd(row, diff, diff)
			}
		}
	})
}

// RadialInto turns squared distances r2 into the covariance of KernelMatrix's stationary kinds with the given variance:
// k = variance h(r2) and, unless slope is nil, slope = dk/dr2. All have the same length; k or slope may be r2 itself. The
// slope of "matern12" at zero, where it has no limit, is given as zero.
func RadialInto(kind string, k, slope, r2 []float64, variance float64) {
	const op = "RadialInto"
	cov, ok := kernelKinds[kind]
	if !ok || cov == kernel.ExpDot {
		failHint(op, `use "rbf", "matern12", "matern32" or "matern52"`, "there is no stationary kind %q", kind)
	}
	if len(k) != len(r2) || slope != nil && len(slope) != len(r2) {
		fail(op, "there are %d squared distances, %d values and %d slopes", len(r2), len(k), len(slope))
	}
	kernel.Radial(cov, k, slope, r2, 1, variance, 1)
}
