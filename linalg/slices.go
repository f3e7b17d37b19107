package linalg

import (
	"gonum.org/v1/gonum/mat"

	"github.com/priorlab/priorlab/linalg/internal/kernel"
	"github.com/priorlab/priorlab/linalg/internal/mem"
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

// AddInto writes x + y, all of the same length; dst may be x or y.
func AddInto(dst, x, y []float64) {
	if len(dst) != len(x) || len(y) != len(x) {
		fail("AddInto", "the destination has %d numbers, the arguments %d and %d", len(dst), len(x), len(y))
	}
	kernel.Zip(kernel.Add, dst, x, y)
}

func mapInto(op string, f kernel.Op, dst, x []float64) {
	if len(dst) != len(x) {
		fail(op, "the destination has %d numbers, the argument %d", len(dst), len(x))
	}
	kernel.Map(f, dst, x)
}

// SquaredDistances writes into dst, n by m, the squared distances sum_c ((x_ic-y_jc) scale_c)^2 between the rows of x, n by
// d, and of y, m by d. They are made of differences, so that nothing is lost far from the origin.
func SquaredDistances(dst, x, y *mat.Dense, scale []float64) {
	checkPairs("SquaredDistances", dst, x, y, scale)
	eachRow(x, y, func(i int, columns, work []float64) {
		squaredDistances(dst.RawRowView(i), x.RawRowView(i), columns, scale, work)
	})
}

// RadialMatrix writes into dst, n by m, the covariance of a stationary kind of KernelMatrix, with the given variance, between
// the rows of x, n by d, and of y, m by d, whose columns are multiplied by scale.
func RadialMatrix(kind string, dst, x, y *mat.Dense, scale []float64, variance float64) {
	const op = "RadialMatrix"
	cov := stationaryKind(op, kind)
	checkPairs(op, dst, x, y, scale)
	line := cov == kernel.RBF && len(scale) == 1
	eachRow(x, y, func(i int, columns, work []float64) {
		row := dst.RawRowView(i)
		if line {
			kernel.SquaredExp(row, columns, x.At(i, 0), -0.5*scale[0]*scale[0], variance)
			return
		}
		squaredDistances(row, x.RawRowView(i), columns, scale, work)
		kernel.Radial(cov, row, nil, row, 1, variance, 1)
	})
}

func checkPairs(op string, dst, x, y *mat.Dense, scale []float64) {
	n, d := x.Dims()
	m, dy := y.Dims()
	r, c := dst.Dims()
	if dy != d || r != n || c != m || len(scale) != d {
		fail(op, "x is [%d %d], y [%d %d], dst [%d %d], and there are %d scales: want [n d], [m d], [n m] and d", n, d, m, dy, r, c, len(scale))
	}
}

// eachRow calls f for every row of x, divided among threads, with the columns of y one after another and room for one more.
func eachRow(x, y *mat.Dense, f func(i int, columns, work []float64)) {
	n, d := x.Dims()
	m, _ := y.Dims()
	if n == 0 || m == 0 {
		return
	}
	yr := y.RawMatrix()
	columns := yr.Data
	if yr.Stride > 1 {
		columns = make([]float64, m*d)
		for j := 0; j < m; j++ {
			for k, v := range yr.Data[j*yr.Stride : j*yr.Stride+d] {
				columns[k*m+j] = v
			}
		}
	}
	par.For(n, max(1, kernel.Grain/(m*d)), func(lo, hi int) {
		raw, _ := mem.Get(8 * m)
		defer mem.Put(raw)
		for i := lo; i < hi; i++ {
			f(i, columns[:m*d], mem.Slice[float64](raw))
		}
	})
}

// squaredDistances writes those between one row x and the rows of y, whose columns lie one after another, with work as room.
func squaredDistances(dst, x, columns, scale, work []float64) {
	clear(dst)
	m := len(dst)
	for k, s := range scale {
		kernel.ScalarZip(kernel.Sub, work, x[k], columns[k*m:(k+1)*m])
		kernel.ZipScalar(kernel.Mul, work, work, s)
		kernel.MulAdd(dst, work, work)
	}
}

// stationaryKind is the kind of that name, or fails.
func stationaryKind(op, kind string) kernel.Covariance {
	cov, ok := kernelKinds[kind]
	if !ok || cov == kernel.ExpDot {
		failHint(op, `use "rbf", "matern12", "matern32" or "matern52"`, "there is no stationary kind %q", kind)
	}
	return cov
}

// ColumnDots adds to sums the inner products of the columns of x with those of y, sum_i x_ij y_ij.
func ColumnDots(sums []float64, x, y *mat.Dense) {
	n, m := x.Dims()
	if r, c := y.Dims(); r != n || c != m || len(sums) != m {
		fail("ColumnDots", "x is [%d %d], y [%d %d], and there are %d sums: want [n m], [n m] and m", n, m, r, c, len(sums))
	}
	for i := 0; i < n; i++ {
		kernel.MulAdd(sums, x.RawRowView(i), y.RawRowView(i))
	}
}

// LineSums writes into row i of dst, n by 3, the sums over j of p, p u and p u^2 with p = k_ij (w_ij a_j + s_i b_j) and
// u = z_i - x_j. With k a squared exponential kernel between z and x, they make the gradient of a scalar whose derivative by k is
// what stands in the parentheses.
func LineSums(dst, k, w *mat.Dense, a, b, s, z, x []float64) {
	n, m := k.Dims()
	r, c := w.Dims()
	if dn, d3 := dst.Dims(); r != n || c != m || dn != n || d3 != 3 || len(a) != m || len(b) != m || len(x) != m || len(s) != n || len(z) != n {
		fail("LineSums", "k is [%d %d], w [%d %d], dst [%d %d], and there are %d, %d, %d, %d and %d numbers: want [n m], [n m], [n 3], m, m, n, n and m",
			n, m, r, c, dn, d3, len(a), len(b), len(s), len(z), len(x))
	}
	par.For(n, max(1, kernel.Grain/max(1, m)), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			d := dst.RawRowView(i)
			d[0], d[1], d[2] = kernel.LineSums(k.RawRowView(i), w.RawRowView(i), a, b, x, s[i], z[i])
		}
	})
}

// RadialInto turns squared distances r2 into the covariance of KernelMatrix's stationary kinds with the given variance:
// k = variance h(r2) and, unless slope is nil, slope = dk/dr2. All have the same length; k or slope may be r2 itself. The
// slope of "matern12" at zero, where it has no limit, is given as zero.
func RadialInto(kind string, k, slope, r2 []float64, variance float64) {
	const op = "RadialInto"
	cov := stationaryKind(op, kind)
	if len(k) != len(r2) || slope != nil && len(slope) != len(r2) {
		fail(op, "there are %d squared distances, %d values and %d slopes", len(r2), len(k), len(slope))
	}
	kernel.Radial(cov, k, slope, r2, 1, variance, 1)
}
