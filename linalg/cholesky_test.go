package linalg

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// spd makes symmetric positive definite matrices of any input.
func spd(x *Tensor) *Tensor { return x.MatMul(x.T()).AddDiag(1) }

var _ = addCases(
	opCase{name: "Cholesky", shapes: [][]int{{7, 7}}, f: one(func(x *Tensor) *Tensor { return Cholesky(spd(x), 0.1) })},
	opCase{name: "Cholesky blocked", shapes: [][]int{{19, 19}}, f: one(func(x *Tensor) *Tensor { return Cholesky(spd(x), 0) })},
	opCase{name: "Cholesky batch", shapes: [][]int{{2, 3, 5, 5}}, f: one(func(x *Tensor) *Tensor { return Cholesky(spd(x), 0) })},
	opCase{name: "SolveTri", shapes: [][]int{{6, 6}, {6, 4}}, f: two(func(x, b *Tensor) *Tensor { return SolveTri(Cholesky(spd(x), 0), b, false) })},
	opCase{name: "SolveTri transposed", shapes: [][]int{{6, 6}, {6, 4}}, f: two(func(x, b *Tensor) *Tensor { return SolveTri(Cholesky(spd(x), 0), b, true) })},
	opCase{name: "SolveTri one for many", shapes: [][]int{{3, 3}, {2, 3, 4}}, f: two(func(x, b *Tensor) *Tensor { return SolveTri(Cholesky(spd(x), 0), b, true) })},
	opCase{name: "SolveTri many for one", shapes: [][]int{{2, 3, 3}, {3, 4}}, f: two(func(x, b *Tensor) *Tensor { return SolveTri(Cholesky(spd(x), 0), b, false) })},
	opCase{name: "LogDetChol", shapes: [][]int{{2, 5, 5}}, f: one(func(x *Tensor) *Tensor { return LogDetChol(Cholesky(spd(x), 0)) })},
	opCase{name: "CholSolve", shapes: [][]int{{5, 5}, {5, 1}}, f: two(func(x, b *Tensor) *Tensor { return CholSolve(Cholesky(spd(x), 0), b) })},
	opCase{name: "Diag", shapes: [][]int{{2, 4, 4}}, f: one(func(x *Tensor) *Tensor { return x.Diag().Square().DiagEmbed().Add(Tril(x)) })},
	opCase{name: "SumSquaresMatMul rows", shapes: [][]int{{3, 5, 4}, {3, 4, 7}}, f: two(func(a, b *Tensor) *Tensor { return SumSquaresMatMul(a, b, -2) })},
	opCase{name: "QuadraticForm", shapes: [][]int{{2, 5, 5}, {3, 1, 5, 7}}, f: two(func(a, b *Tensor) *Tensor { return QuadraticForm(a.MatMul(a.T()), b) })},
	opCase{name: "SumSquaresMatMul columns", shapes: [][]int{{5, 4}, {4, 7}}, f: two(func(a, b *Tensor) *Tensor { return SumSquaresMatMul(a, b, -1) })},
	opCase{name: "SumSquaresMatMul broadcast", shapes: [][]int{{3, 5, 4}, {2, 1, 4, 7}}, f: two(func(a, b *Tensor) *Tensor { return SumSquaresMatMul(a, b, -2) })},
	opCase{name: "KernelMatrix rbf", shapes: [][]int{{2, 5, 3}, {2, 4, 3}, {}, {3}}, f: four(func(x, y, v, s *Tensor) *Tensor { return KernelMatrix("rbf", x, y, v, s) })},
	opCase{name: "KernelMatrix rbf self", shapes: [][]int{{2, 5, 3}, {2}, {2, 3}}, f: three(func(x, v, s *Tensor) *Tensor { return KernelMatrix("ard", x, x, v, s) })},
	opCase{name: "KernelMatrix exp", shapes: [][]int{{2, 2, 5, 3}, {2, 4, 3}, {2}, {2, 3}}, f: four(func(x, y, v, s *Tensor) *Tensor {
		return KernelMatrix("exp", x.MulS(0.3), y.MulS(0.3), v, s.MulS(0.3))
	})},
	opCase{name: "KernelMatrix matern12", shapes: [][]int{{5, 3}, {4, 3}, {}, {}}, f: four(func(x, y, v, s *Tensor) *Tensor { return KernelMatrix("matern12", x, y, v, s) })},
	opCase{name: "KernelMatrix matern32", shapes: [][]int{{5, 3}, {4, 3}, {}, {3}}, f: four(func(x, y, v, s *Tensor) *Tensor { return KernelMatrix("matern32", x, y, v, s) })},
	opCase{name: "KernelMatrix matern52", shapes: [][]int{{5, 3}, {}, {3}}, f: three(func(x, v, s *Tensor) *Tensor { return KernelMatrix("matern52", x, x, v, s) })},
)

func four(f func(x, y, z, w *Tensor) *Tensor) func([]*Tensor) *Tensor {
	return func(x []*Tensor) *Tensor { return f(x[0], x[1], x[2], x[3]) }
}

func TestCholeskyAgainstGonum(t *testing.T) {
	r := NewRand(2)
	for _, n := range []int{1, 2, 15, 16, 17, 50, 100, 150} {
		a := spd(Normal(r, F64, n, n))
		l := Cholesky(a, 0.5)
		var c mat.Cholesky
		sym := mat.NewSymDense(n, a.AddDiag(0.5).Float64s())
		if !c.Factorize(sym) {
			t.Fatal("gonum cannot factor it")
		}
		var want mat.TriDense
		c.LTo(&want)
		near(t, "factor", l.Float64s(), FromDense(&want).Float64s(), 1e-10)
		if d := LogDetChol(l).Item(); math.Abs(d-c.LogDet()) > 1e-9*(1+math.Abs(d)) {
			t.Errorf("n %d: log determinant %g, want %g", n, d, c.LogDet())
		}
		b := Normal(r, F64, n, 3)
		near(t, "solve", a.AddDiag(0.5).MatMul(CholSolve(l, b)).Float64s(), b.Float64s(), 1e-9)
	}
	// A batch gives each matrix's own factor.
	a := spd(Normal(r, F64, 40, 20, 20))
	l := Cholesky(a, 0)
	for i := 0; i < 40; i++ {
		near(t, "batch", l.Select(0, i).Float64s(), Cholesky(a.Select(0, i), 0).Float64s(), 1e-12)
	}
}

func TestCholeskyErrors(t *testing.T) {
	a := Eye(F64, 4).Unsqueeze(0).BroadcastTo(3, 4, 4).Contiguous()
	x := a.Float64s()
	x[16+2*4+2] = -2
	mustFail(t, "matrix 1 of the batch of order 4 is not positive definite: pivot 2 is -2", func() { Cholesky(FromFloat64(x, 3, 4, 4), 0) })
	x[32+1*4+0] = math.NaN()
	x[16+2*4+2] = 1
	mustFail(t, "matrix 2 of the batch has the element NaN at row 1, column 0", func() { Cholesky(FromFloat64(x, 3, 4, 4), 0) })
	mustFail(t, "square", func() { Cholesky(Zeros(F64, 3, 4), 0) })
}

func TestKernelMatrixPlain(t *testing.T) {
	r := NewRand(6)
	zero := Zeros(F64)
	for _, far := range []float64{0, 1e4} {
		x, y := Normal(r, F64, 9, 2).AddS(far), Normal(r, F64, 5, 2).AddS(far)
		for kind, f := range map[string]func(r float64) float64{
			"rbf":      func(r float64) float64 { return math.Exp(-r * r / 2) },
			"matern12": func(r float64) float64 { return math.Exp(-r) },
			"matern32": func(r float64) float64 { return (1 + math.Sqrt(3)*r) * math.Exp(-math.Sqrt(3)*r) },
			"matern52": func(r float64) float64 { return (1 + math.Sqrt(5)*r + 5*r*r/3) * math.Exp(-math.Sqrt(5)*r) },
		} {
			k := KernelMatrix(kind, x, y, zero.AddS(0.3), zero.AddS(-0.2))
			for i := 0; i < 9; i++ {
				for j := 0; j < 5; j++ {
					d := math.Hypot(x.At(i, 0)-y.At(j, 0), x.At(i, 1)-y.At(j, 1)) * math.Exp(0.2)
					if want := math.Exp(0.3) * f(d); math.Abs(k.At(i, j)-want) > 1e-10 {
						t.Fatalf("%s at %g: (%d,%d) is %g, want %g", kind, far, i, j, k.At(i, j), want)
					}
				}
			}
			s := KernelMatrix(kind, x, x, zero.AddS(0.3), zero)
			for i := 0; i < 9; i++ {
				if s.At(i, i) != math.Exp(0.3) {
					t.Errorf("%s: diagonal element %d is %.17g, want %.17g", kind, i, s.At(i, i), math.Exp(0.3))
				}
			}
		}
	}
	mustFail(t, `no kind "cubic"`, func() { KernelMatrix("cubic", Zeros(F64, 2, 1), Zeros(F64, 2, 1), zero, zero) })
}

func TestSumSquaresWide(t *testing.T) {
	for _, rows := range []int{20, 45} { // fewer and more than columns
		sumSquaresWide(t, rows)
	}
}

func sumSquaresWide(t *testing.T, rows int) {
	r := NewRand(5)
	a, b := Normal(r, F64, rows, 30), Normal(r, F64, 30, 1500)
	want := a.MatMul(b).Square().Sum(0)
	pa, pb := Param(a), Param(b)
	y := SumSquaresMatMul(pa, pb, -2)
	near(t, "value", y.Float64s(), want.Float64s(), 1e-12)
	w := Normal(r, F64, 1500)
	y.Mul(w).Sum().Backward()
	qa, qb := Param(a), Param(b)
	qa.MatMul(qb).Square().Sum(0).Mul(w).Sum().Backward()
	near(t, "gradient of a", pa.Grad().Float64s(), qa.Grad().Float64s(), 1e-11)
	near(t, "gradient of b", pb.Grad().Float64s(), qb.Grad().Float64s(), 1e-11)
}

func TestQuadraticFormWide(t *testing.T) {
	r := NewRand(6)
	for _, k := range []int{7, 70} { // whole, and by triangles
		a, b := Normal(r, F64, k, k), Normal(r, F64, k, 700)
		w := Normal(r, F64, 700)
		pa, pb, qa, qb := Param(a), Param(b), Param(a), Param(b)
		y := QuadraticForm(pa.MatMul(pa.T()), pb)
		z := qb.Mul(qa.MatMul(qa.T()).MatMul(qb)).Sum(0)
		near(t, "value", y.Float64s(), z.Float64s(), 1e-11)
		NoGrad(func() { near(t, "value alone", QuadraticForm(a.MatMul(a.T()), b).Float64s(), y.Float64s(), 0) })
		y.Mul(w).Sum().Backward()
		z.Mul(w).Sum().Backward()
		near(t, "gradient of a", pa.Grad().Float64s(), qa.Grad().Float64s(), 1e-10)
		near(t, "gradient of b", pb.Grad().Float64s(), qb.Grad().Float64s(), 1e-10)
	}
}
